package dialer

import (
	"math"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/pacing"
)

// decision is what one campaign does now, and why.
type decision struct {
	dials int
	why   string
}

// plan decides for one campaign, whose view is up to date. What can be predicted
// is worked out in every mode, for those who watch.
func (p *pacer) plan(c *campaigns.Campaign, l *line, s *scene) decision {
	if s.now.Sub(l.granted) > creditSilence {
		// The ledger has not answered: answers earn nothing either.
		l.predictor.Grant(0, l.budget.Answers, l.budget.Drops)
	}
	p.limit(c, l)
	predicted := l.predictor.Decide(&l.view)
	l.told = predicted.Why
	var d decision
	stop := s.stop
	if stop == "" && s.now.Before(l.until) {
		stop = l.stop
	}
	if c.Settings.Mode != campaigns.PacingPredictive {
		fixed := pacing.Decide(pacing.Snapshot{
			Mode: c.Settings.Mode, Ratio: c.Settings.Ratio, Ready: s.shares[c.ID],
			InFlight: l.counts.paced + l.claiming, Waiting: l.counts.waiting,
			Inbound: min(s.callers, s.shares[c.ID]), Overdials: overdials(predicted.Why.Credit),
			Capacity: s.capacity, Room: p.room(c, l, s), Stop: stop,
		})
		d.dials, d.why = fixed.Dials, fixed.Why
	} else {
		d.dials, d.why = predicted.Dials, predicted.Why.String()
		for _, i := range predicted.Cancel {
			p.d.calls.giveUp(l.calls[i])
		}
		if stop != "" {
			d.dials, d.why = 0, stop
		}
	}
	l.capped = l.view.Most == 0
	if i := s.pool.find(c.ID); d.dials > 0 && i >= 0 && s.pool.yields(i) {
		d.dials, d.why = 0, "the campaign has its part of the agents, another has not"
	}
	if stop == "" && s.now.Before(l.emptyUntil) && l.staffed() > 0 {
		// A campaign without candidates is dealt no agents.
		d.why = "the hopper is empty"
	}
	return d
}

// overdials is the number of lines beyond the ready agents that may all be
// answered at once without passing the limit on drops.
func overdials(credit float64) int {
	return int(math.Floor(max(0, min(credit, math.MaxInt32))))
}

// limit hands the limits of law and settings to the predictor.
func (p *pacer) limit(c *campaigns.Campaign, l *line) {
	limits := pacing.Limits{Drops: l.budget.Limit, Connect: c.Settings.ConnectLimit.Std().Seconds()}
	if l.granted.IsZero() {
		limits.Drops = c.Settings.OwnDropLimit()
	}
	if c.Settings.CancelsRinging() {
		limits.CancelAfter = campaigns.LeastRing.Seconds()
	}
	if limits != l.limits {
		l.limits = limits
		l.predictor.SetLimits(limits)
	}
}

// room is the number of calls that this node and the campaign's caps still take.
func (p *pacer) room(c *campaigns.Campaign, l *line, s *scene) int {
	room, taken := s.room, l.counts.taken()+l.claiming
	if most := c.Settings.MaxLines; most > 0 {
		room = min(room, most-taken)
	}
	if most := c.Settings.MaxLinesPerAgent; most > 0 {
		room = min(room, int(most*float64(l.staffed()))-taken)
	}
	return max(0, room)
}

// pacingLog is what was logged last of a campaign's pacing.
type pacingLog struct {
	mode   campaigns.PacingMode
	reason pacing.Reason
	stop   string
	at     time.Time
}

// logGap is the least time between two lines of the log on one campaign's pacing.
const logGap = 10 * time.Second

// tell shows the decision to those who watch, and logs it when its nature has
// changed.
func (p *pacer) tell(c *campaigns.Campaign, l *line, d decision, now time.Time) {
	live := &campaigns.PacingLive{
		Staffed: l.told.Staffed, Ready: l.told.Ready, FreeSoon: l.told.FreeSoon, SoonSeconds: l.told.Soon,
		Ringing: l.told.Ringing, ExpectedAnswers: l.told.Expected,
		DropRate: l.told.Rate(), DropLimit: l.told.Limit, DropRule: l.budget.Rule, Credit: max(0, l.told.Credit),
		Risk: l.told.Risk, Accepted: l.told.Accepted, Reason: string(l.told.Reason), Fallback: l.told.Fallback,
	}
	predictive := c.Settings.Mode == campaigns.PacingPredictive
	words := pacingLog{mode: c.Settings.Mode, at: now}
	if predictive {
		words.reason = l.told.Reason
	}
	if !predictive || d.why != l.told.String() {
		words.stop = d.why
	}
	if p.d.book.explain(c.ID, d.why, live) && words.stop != l.logged.stop {
		p.d.touch()
	}
	same := words.mode == l.logged.mode && words.reason == l.logged.reason && words.stop == l.logged.stop
	if same || now.Sub(l.logged.at) < logGap {
		return
	}
	l.logged = words
	p.d.log.Info("pacing", "campaign", c.Name, "mode", c.Settings.Mode, "dials", d.dials, "why", d.why, "figures", l.told.String())
}
