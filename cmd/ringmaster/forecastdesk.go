package main

import (
	"context"
	"errors"
	"time"

	"ringmaster/agentui/rest"
	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/dialer/pacing/simulation"
)

const (
	// forecastTime bounds a forecast: it shares its processors with the calls.
	forecastTime  = 10 * time.Second
	forecastSeeds = 3
	// forecastFirst is the seed of the first day: the same question gets the same
	// answer.
	forecastFirst = 1
)

// forecastDesk makes forecasts for the API, one at a time.
type forecastDesk struct {
	store *postgres.Store
	// busy holds a token while a forecast is being made.
	busy chan struct{}
	// within bounds one forecast.
	within time.Duration
}

func newForecastDesk(store *postgres.Store) *forecastDesk {
	return &forecastDesk{store: store, busy: make(chan struct{}, 1), within: forecastTime}
}

// Forecast simulates the campaign's last day, as it was and changed.
func (d *forecastDesk) Forecast(ctx context.Context, campaignID int64, q rest.ForecastQuery) (rest.Forecast, error) {
	select {
	case d.busy <- struct{}{}:
		defer func() { <-d.busy }()
	default:
		return rest.Forecast{}, campaigns.Errorf(campaigns.CodeUnavailable, "another forecast is being made; ask again in some seconds")
	}
	bounded, cancel := context.WithTimeout(ctx, d.within)
	defer cancel()
	f, err := d.forecast(bounded, campaignID, q)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = campaigns.Errorf(campaigns.CodeUnavailable, "the forecast took longer than %v; ask for fewer seeds or agents", d.within)
	}
	return f, err
}

func (d *forecastDesk) forecast(ctx context.Context, campaignID int64, q rest.ForecastQuery) (rest.Forecast, error) {
	f := rest.Forecast{Algorithm: q.Algorithm, Seeds: q.Seeds}
	if f.Algorithm == "" {
		f.Algorithm = "predictive"
	}
	if f.Seeds == 0 {
		f.Seeds = forecastSeeds
	}
	names, err := simulation.Algorithms(f.Algorithm)
	if err != nil {
		return f, campaigns.Invalid("algorithm", "%v", err)
	}
	if len(names) != 1 {
		return f, campaigns.Invalid("algorithm", "%q is more than one", f.Algorithm)
	}
	campaign, err := d.store.Campaign(ctx, campaignID)
	if err != nil {
		return f, err
	}
	was, h, err := historyOf(ctx, d.store, campaign, time.Time{})
	if err != nil {
		return f, err
	}
	f.From, f.Until, f.Calls, f.Answered = h.From, h.Until, h.Calls, h.Answers
	change := whatIf{
		Limit: q.Limit, Agents: q.Agents, Answer: q.Answer, Talk: q.Talk, Wrap: q.Wrap,
		RingTimeout: q.RingTimeout, CancelAfter: q.CancelAfter, Connect: q.Connect,
	}
	work, err := change.apply(was)
	if err != nil {
		return f, forecastField(err)
	}
	if f.Base, err = forecastFigures(ctx, was, names, f.Seeds); err != nil {
		return f, err
	}
	f.Changed = f.Base
	if change != (whatIf{}) {
		f.Changed, err = forecastFigures(ctx, work, names, f.Seeds)
	}
	return f, err
}

// forecastField names the body in place of the flag.
func forecastField(err error) error {
	if wrong, ok := errors.AsType[*campaigns.Error](err); ok {
		return campaigns.Invalid("body", "%s", wrong.Message)
	}
	return err
}

func forecastFigures(ctx context.Context, s simulation.Scenario, names []string, seeds int) (rest.ForecastFigures, error) {
	report, err := simulation.Compare(ctx, s, names, forecastFirst, seeds)
	if err != nil {
		return rest.ForecastFigures{}, err
	}
	a := report.Algorithms[0]
	return rest.ForecastFigures{
		Occupancy: a.Occupancy, DropRate: a.DropRate, WorstSeedDropRate: a.WorstSeedDropRate, WorstHourDropRate: a.WorstHourDropRate,
		Wait: a.Wait, DialsPerAnswer: a.DialsPerAnswer, Answers: float64(a.Answers) / float64(seeds), Limit: s.DropLimit,
	}, nil
}
