package session

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/agentui/protocol"
)

// metrics of the sockets. The label sets are closed: commands are those of the
// registry or "unknown", results "ok" or an error's code.
type metrics struct {
	open     prometheus.Gauge
	watching prometheus.Gauge
	commands *prometheus.HistogramVec
	refused  *prometheus.CounterVec
	closed   *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ringmaster_sockets_open", Help: "Open WebSockets of agents and supervisors."}),
		watching: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ringmaster_sockets_watching", Help: "WebSockets that watch the floor."}),
		commands: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ringmaster_socket_command_seconds", Help: "Time to carry out a command, by command and result.",
			Buckets: []float64{.001, .005, .02, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"command", "result"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringmaster_socket_refused_total", Help: "WebSockets refused at the door, by reason."}, []string{"reason"}),
		closed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringmaster_socket_closed_total", Help: "WebSockets that ended, by close code; 0: by the client."}, []string{"code"}),
	}
	reg.MustRegister(m.open, m.watching, m.commands, m.refused, m.closed)
	return m
}

func (m *metrics) ended(e *ending) {
	code := protocol.CloseCode(0)
	if e != nil {
		code = e.code
	}
	m.closed.WithLabelValues(strconv.Itoa(int(code))).Inc()
}

func (m *metrics) command(name string, err error, seconds float64) {
	result := "ok"
	if err != nil {
		result = string(protocol.ProblemOf(err).Code)
	}
	if _, ok := protocol.Lookup(name); !ok {
		name = "unknown"
	}
	m.commands.WithLabelValues(name, result).Observe(seconds)
}
