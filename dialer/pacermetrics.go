package dialer

import (
	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/campaigns"
)

// pacingFigure is one figure of why a campaign is dialed as it is.
type pacingFigure struct {
	desc *prometheus.Desc
	of   func(*campaigns.PacingLive) float64
}

func figure(name, help string, of func(*campaigns.PacingLive) float64) pacingFigure {
	return pacingFigure{prometheus.NewDesc("ringmaster_pacing_"+name, help, []string{"campaign"}, nil), of}
}

// pacingCollector shows the last decisions, by campaign.
type pacingCollector struct {
	book    *book
	figures []pacingFigure
}

func newPacingCollector(b *book) *pacingCollector {
	return &pacingCollector{book: b, figures: []pacingFigure{
		figure("staffed_agents", "Agents ready or busy for the campaign.", func(p *campaigns.PacingLive) float64 { return float64(p.Staffed) }),
		figure("free_soon_agents", "Busy agents expected to be free shortly.", func(p *campaigns.PacingLive) float64 { return p.FreeSoon }),
		figure("ringing_calls", "Calls in the air.", func(p *campaigns.PacingLive) float64 { return float64(p.Ringing) }),
		figure("expected_answers", "Answers that the calls in the air are expected to bring.", func(p *campaigns.PacingLive) float64 { return p.ExpectedAnswers }),
		figure("drop_rate", "Dropped calls over the window of the nearest limit, as a fraction of live answers.", func(p *campaigns.PacingLive) float64 { return p.DropRate }),
		figure("drop_limit", "The nearest limit on dropped calls, as a fraction.", func(p *campaigns.PacingLive) float64 { return p.DropLimit }),
		figure("drop_credit", "Calls that this node may still drop.", func(p *campaigns.PacingLive) float64 { return p.Credit }),
		figure("risk", "Risk that one more answer finds no agent.", func(p *campaigns.PacingLive) float64 { return p.Risk }),
		figure("accepted_risk", "Highest such risk that is taken.", func(p *campaigns.PacingLive) float64 { return p.Accepted }),
		figure("fallback", "1 while nothing can be predicted and each ready agent gets one call.", func(p *campaigns.PacingLive) float64 {
			if p.Fallback {
				return 1
			}
			return 0
		}),
	}}
}

// Describe is prometheus's.
func (c *pacingCollector) Describe(out chan<- *prometheus.Desc) {
	for _, f := range c.figures {
		out <- f.desc
	}
}

// Collect is prometheus's.
func (c *pacingCollector) Collect(out chan<- prometheus.Metric) {
	for _, campaign := range c.book.list() {
		live := c.book.reason(campaign.ID).pacing
		if live == nil {
			continue
		}
		for _, f := range c.figures {
			out <- prometheus.MustNewConstMetric(f.desc, prometheus.GaugeValue, f.of(live), campaign.Name)
		}
	}
}
