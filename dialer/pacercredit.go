package dialer

import (
	"context"
	"time"

	"ringmaster/campaigns"
)

const (
	// creditPeriod is how often the ledger of dropped calls is asked,
	// creditSilence the silence after which there is no credit.
	creditPeriod, creditSilence = 2 * time.Second, 10 * time.Second
)

// credits is how the pacer asks the ledger of dropped calls, once at a time.
type credits struct {
	asking  bool
	asked   time.Time
	silent  bool
	answers chan creditAnswer
}

type creditAnswer struct {
	budgets []campaigns.DropBudget
	asked   time.Time
	err     error
}

// askCredits asks what the running campaigns may still drop.
func (p *pacer) askCredits(now time.Time, running []campaigns.Campaign) {
	if p.credits.asking || now.Sub(p.credits.asked) < creditPeriod || len(running) == 0 {
		return
	}
	p.d.drops.settle(p.d.facts.through())
	holdings := make([]campaigns.DropHolding, 0, len(running))
	for _, c := range running {
		holdings = append(holdings, campaigns.DropHolding{
			CampaignID: c.ID, Held: max(0, p.lines[c.ID].predictor.Credit()) + float64(p.d.drops.open(c.ID)),
		})
	}
	p.credits.asked, p.credits.asking = now, p.d.spawn(func() {
		ctx, cancel := context.WithTimeout(context.Background(), p.d.o.Timings.Store)
		defer cancel()
		budgets, err := p.d.o.Drops.DropBudgets(ctx, p.d.o.Node, holdings)
		p.credits.answers <- creditAnswer{budgets: budgets, asked: now, err: err}
	})
}

// granted takes in what the ledger allows, and adds what it cannot know yet:
// answers of calls that go on, which are recorded at their end, and drops that
// are not recorded. The order of the three looks errs on the side of the law.
func (p *pacer) granted(a creditAnswer) {
	p.credits.asking = false
	if silent := a.err != nil; silent != p.credits.silent {
		p.credits.silent = silent
		if silent {
			p.d.log.Warn("the ledger of dropped calls does not answer: no drop is risked", "after", creditSilence, "error", a.err)
		} else {
			p.d.log.Info("the ledger of dropped calls answers again")
		}
	}
	if a.err != nil {
		return
	}
	lines := p.d.calls.byCampaign()
	p.learn()
	for _, b := range a.budgets {
		l := p.lines[b.CampaignID]
		if l == nil {
			continue
		}
		answers, drops := float64(lines[b.CampaignID].answered()), float64(p.d.drops.open(b.CampaignID))
		b.Credit, b.Answers, b.Drops = b.Credit+b.Limit*answers-drops, b.Answers+answers, b.Drops+drops
		l.budget, l.granted = b, a.asked
		l.predictor.Grant(b.Credit, b.Answers, b.Drops)
	}
}
