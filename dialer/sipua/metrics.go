package sipua

import (
	"github.com/emiago/sipgo/sip"
	"github.com/prometheus/client_golang/prometheus"
)

// dropReason says why a message was not looked at.
type dropReason string

const (
	dropUnlisted  dropReason = "unlisted"
	dropOversize  dropReason = "oversize"
	dropKeepalive dropReason = "keepalive"
	dropJunk      dropReason = "junk"
	dropPeer      dropReason = "wrong_peer"
	dropOverload  dropReason = "overload"
)

var dropReasons = []dropReason{dropUnlisted, dropOversize, dropKeepalive, dropJunk, dropPeer, dropOverload}

// metrics of a UA; label values are a closed set.
type metrics struct {
	requests  *prometheus.CounterVec
	dropped   map[dropReason]prometheus.Counter
	responses [7]prometheus.Counter
	panics    prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ringmaster_sip_requests_total",
		Help: "SIP requests by method and direction: in with the repetitions received, out without those of transactions.",
	}, []string{"method", "direction"})
	dropped := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ringmaster_sip_dropped_total",
		Help: "SIP datagrams and messages dropped without an answer, by reason.",
	}, []string{"reason"})
	responses := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ringmaster_sip_responses_total",
		Help: "SIP responses received, by class.",
	}, []string{"class"})
	m := &metrics{
		requests: requests, dropped: make(map[dropReason]prometheus.Counter, len(dropReasons)),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ringmaster_sip_panics_total",
			Help: "Panics caught while handling SIP; each ended one call at most.",
		}),
	}
	for _, r := range dropReasons {
		m.dropped[r] = dropped.WithLabelValues(string(r))
	}
	for i, class := range []string{"other", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx"} {
		m.responses[i] = responses.WithLabelValues(class)
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{requests, dropped, responses, m.panics} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) drop(r dropReason) { m.dropped[r].Inc() }

func (m *metrics) response(code int) {
	class := code / 100
	if class < 1 || class > 6 {
		class = 0
	}
	m.responses[class].Inc()
}

func (m *metrics) request(method sip.RequestMethod, direction string) {
	label := "other"
	if _, known := knownMethods[method]; known {
		label = string(method)
	}
	m.requests.WithLabelValues(label, direction).Inc()
}

// knownMethods maps the methods of the RFCs to whether we serve them at all.
var knownMethods = map[sip.RequestMethod]bool{
	sip.INVITE: true, sip.ACK: true, sip.CANCEL: true, sip.BYE: true, sip.OPTIONS: true,
	sip.INFO: true, sip.UPDATE: true,
	sip.REGISTER: false, sip.SUBSCRIBE: false, sip.NOTIFY: false, sip.REFER: false,
	sip.MESSAGE: false, sip.PRACK: false, sip.PUBLISH: false,
}

// allowed is the Allow header's value.
const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE"
