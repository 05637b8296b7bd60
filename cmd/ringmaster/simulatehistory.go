package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/postgres"
	"ringmaster/dialer/pacing/simulation"
)

const (
	// hourPrior is how many calls the day's share of answers counts for in an
	// hour's.
	hourPrior = 20
	// shortestPart is the least width in seconds of a part of a measured
	// distribution.
	shortestPart = 0.01
	// quantileStep is how many percentiles one part spans.
	quantileStep = 4
)

// historyScenario is the work of a campaign as one of its days was; what it has
// no figures for is the campaign's settings. The limit of drops is a fraction of 1;
// 1: none binds it, and that of the default holds.
func historyScenario(campaign campaigns.Campaign, limit float64, h postgres.History) (simulation.Scenario, error) {
	s := simulation.Default()
	s.Name = fmt.Sprintf("%s on %s", campaign.Name, h.From.UTC().Format(time.DateOnly))
	first, last := worked(h.Agents)
	perHour := int(time.Hour / postgres.HistorySlot)
	hour := first / perHour
	counts := h.Agents[hour*perHour : last+1]
	s.Hours, s.Agents = float64(len(counts))/float64(perHour), 0
	s.Shifts = shiftsOf(counts)
	if len(s.Shifts) == 0 {
		// Never as much as half an agent at a time.
		s.Shifts = []simulation.Shift{{Agents: 1, To: s.Hours}}
	}
	s.Answer = float64(h.Answers) / float64(h.Calls)
	for i := hour; i < len(h.Hours) && i <= last/perHour; i++ {
		s.AnswerByHour = append(s.AnswerByHour, (float64(h.Hours[i].Answers)+hourPrior*s.Answer)/(float64(h.Hours[i].Calls)+hourPrior))
	}
	s.Talk, s.Wrap = measured(h.Talk), measured(h.WrapUp)
	if len(h.Answered) > 0 {
		s.AnsweredRing = measured(h.Answered)
		s.RingLimit = h.Answered[99] + 0.1
	}
	rings(&s, h.Unanswered)
	s.Connect = campaign.Settings.ConnectLimit.Std().Seconds()
	if limit < 1 {
		s.DropLimit = limit
	}
	err := s.Validate()
	return s, err
}

// worked gives the first and last slot with agents; History holds one.
func worked(agents []float64) (first, last int) {
	first = -1
	for i, n := range agents {
		if n > 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return max(0, first), last
}

// rings takes in how long calls rang that nobody answered: those near the longest
// rang until the limit, the others failed.
func rings(s *simulation.Scenario, unanswered postgres.Quantiles) {
	const near = 1.5 // seconds
	if len(unanswered) == 0 {
		s.RingLimit = min(600, max(1, s.RingLimit))
		return
	}
	s.RingLimit = min(600, max(1, s.RingLimit, unanswered[95]))
	failed := 0
	for failed < len(unanswered) && unanswered[failed] < s.RingLimit-near {
		failed++
	}
	s.RingOut = 1 - float64(failed)/float64(len(unanswered))
	if failed > 1 {
		s.Fail = measured(unanswered[:failed])
	}
}

// measured is the distribution that has these quantiles, which lie at equal
// distances: even between each two of them.
func measured(q postgres.Quantiles) simulation.Distribution {
	d := simulation.Distribution{Kind: simulation.Mixture}
	for i := 0; i+1 < len(q); {
		next := min(i+quantileStep, len(q)-1)
		from := max(0, q[i])
		d.Of = append(d.Of, simulation.Part{
			Share:        float64(next - i),
			Distribution: simulation.Distribution{Kind: simulation.Uniform, Min: from, Max: math.Max(q[next], from+shortestPart)},
		})
		i = next
	}
	return d
}

// historyOf reads a day of a campaign: that one, or the last one with enough
// calls.
func historyOf(ctx context.Context, store *postgres.Store, campaign campaigns.Campaign, from time.Time) (simulation.Scenario, postgres.History, error) {
	if from.IsZero() {
		var err error
		if from, err = store.LastDayOfCalls(ctx, campaign.ID); err != nil {
			return simulation.Scenario{}, postgres.History{}, err
		}
	}
	h, err := store.History(ctx, campaign.ID, from, from.AddDate(0, 0, 1))
	if err != nil {
		return simulation.Scenario{}, h, err
	}
	limit, err := strictestDrops(store.Rules(), campaign, h.Until)
	if err != nil {
		return simulation.Scenario{}, h, err
	}
	s, err := historyScenario(campaign, limit, h)
	return s, h, err
}

// strictestDrops is the lowest limit of drops that binds the campaign in the
// country that it calls; 1: none.
func strictestDrops(book *calling.Book, campaign campaigns.Campaign, now time.Time) (float64, error) {
	law, err := book.Law(calling.LawQuery{
		Jurisdictions: []string{campaign.Settings.DefaultRegion}, Rules: campaign.Settings.Compliance.Rules,
		Purpose: campaign.Settings.Compliance.Purpose, Business: campaign.Settings.Compliance.Business,
	}, now)
	if err != nil {
		return 0, err
	}
	limit := 1.0
	for _, d := range law.Drops {
		limit = min(limit, d.Limit)
	}
	return limit, nil
}
