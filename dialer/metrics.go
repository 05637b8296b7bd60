package dialer

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/campaigns"
)

// metrics of the dialer. Every label set is closed.
type metrics struct {
	attempts       *prometheus.CounterVec
	calls          *prometheus.CounterVec
	dropped        prometheus.Counter
	abandoned      prometheus.Counter
	mailboxFull    *prometheus.CounterVec
	factsRefused   prometheus.Counter
	publishDropped prometheus.Counter
	// observationsLost counts statistics of pacing for which there was no room.
	observationsLost prometheus.Counter

	claimToInvite  prometheus.Histogram
	answerToBridge prometheus.Histogram
	answerToPop    prometheus.Histogram
	resultCommit   prometheus.Histogram
}

func newMetrics(r prometheus.Registerer, d *Dialer) (*metrics, error) {
	seconds := func(name, help string) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringmaster_attempts_total", Help: "Attempts ended, by outcome.",
		}, []string{"outcome"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringmaster_calls_total", Help: "Calls opened, by direction.",
		}, []string{"direction"}),
		dropped:   counter("ringmaster_dropped_total", "Outbound calls answered by a person without an agent in time."),
		abandoned: counter("ringmaster_abandoned_total", "Inbound calls whose caller hung up waiting."),
		mailboxFull: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ringmaster_mailbox_full_total", Help: "Posts refused for want of room, by kind of actor.",
		}, []string{"actor"}),
		factsRefused:     counter("ringmaster_facts_refused_total", "Facts that the store refused for good."),
		publishDropped:   counter("ringmaster_publish_dropped_total", "Facts not shown to screens for want of room or of the stream."),
		observationsLost: counter("ringmaster_pacing_observations_lost_total", "Statistics of rings and agents dropped for want of room; never answers or drops."),
		claimToInvite:    seconds("ringmaster_claim_to_invite_seconds", "From claiming a candidate to its INVITE."),
		answerToBridge:   seconds("ringmaster_answer_to_bridge_seconds", "From the customer's answer, or the reservation of an inbound call, to the bridge."),
		answerToPop:      seconds("ringmaster_answer_to_pop_seconds", "From the customer's answer, or the reservation of an inbound call, to the screen pop's hand-over."),
		resultCommit:     seconds("ringmaster_result_commit_seconds", "From an agent's result to its commit."),
	}
	for _, o := range campaigns.Outcomes {
		m.attempts.WithLabelValues(string(o))
	}
	gauge := func(name, help string, labels prometheus.Labels, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, f)
	}
	collectors := []prometheus.Collector{
		m.attempts, m.calls, m.dropped, m.abandoned, m.mailboxFull, m.factsRefused, m.publishDropped, m.observationsLost,
		m.claimToInvite, m.answerToBridge, m.answerToPop, m.resultCommit, newPacingCollector(d.book),
		gauge("ringmaster_dialing", "INVITEs without a 18x yet.", nil, func() float64 { return float64(d.total().dialing) }),
		gauge("ringmaster_ringing", "Customers' phones that ring.", nil, func() float64 { return float64(d.total().ringing) }),
		gauge("ringmaster_talking", "Bridged calls.", nil, func() float64 { return float64(d.total().talking) }),
		gauge("ringmaster_waiting", "Answered customers and callers without an agent.", nil, func() float64 { return float64(d.total().waiting) }),
		gauge("ringmaster_facts_waiting", "Facts not written to the store yet.", nil, func() float64 { return float64(d.facts.waiting()) }),
	}
	for _, s := range []campaigns.AgentState{
		campaigns.AgentNotReady, campaigns.AgentReady, campaigns.AgentPreview,
		campaigns.AgentReserved, campaigns.AgentTalking, campaigns.AgentWrapUp,
	} {
		collectors = append(collectors, gauge("ringmaster_agents", "Signed-in agents, by state.",
			prometheus.Labels{"state": string(s)}, func() float64 { return float64(d.agents.inState(s)) }))
	}
	var errs []error
	for _, c := range collectors {
		errs = append(errs, r.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("dialer: metrics: %w", err)
	}
	return m, nil
}
