package rest

import (
	"context"
	"net/http"
	"time"
)

// ForecastQuery asks what a change would do to a campaign. What is nil stays as
// it was on the day that the forecast is made from.
type ForecastQuery struct {
	Limit       *float64 `json:"limit,omitempty" minimum:"0" maximum:"1" doc:"Highest share of answers that may be dropped, a fraction of 1."`
	Agents      *int     `json:"agents,omitempty" minimum:"1" maximum:"2000" doc:"The most agents at a time; the day keeps its shape."`
	Answer      *float64 `json:"answer,omitempty" minimum:"0" maximum:"1" doc:"Chance that a person answers, a fraction of 1."`
	Talk        *float64 `json:"talk,omitempty" minimum:"1" maximum:"7200" doc:"Mean talk in seconds."`
	Wrap        *float64 `json:"wrap,omitempty" minimum:"1" maximum:"7200" doc:"Mean wrap-up in seconds."`
	RingTimeout *float64 `json:"ring_timeout,omitempty" minimum:"15" maximum:"120" doc:"Longest ring in seconds."`
	CancelAfter *float64 `json:"cancel_after,omitempty" minimum:"0" maximum:"120" doc:"After how many seconds a ringing call may be given up; 0: never."`
	Connect     *float64 `json:"connect,omitempty" minimum:"0" maximum:"10" doc:"Longest wait of an answered customer in seconds."`

	Algorithm string `json:"algorithm,omitempty" maxLength:"40" doc:"predictive (where absent), progressive, ratio:R and the others of the simulation; one."`
	Seeds     int    `json:"seeds,omitempty" minimum:"1" maximum:"5" doc:"How many days to simulate; 3 where absent."`
}

// ForecastFigures are what a day is expected to come to. Rates are fractions of 1.
type ForecastFigures struct {
	Occupancy         float64 `json:"occupancy" doc:"Share of the time signed in that agents spend in calls and wrap-up."`
	DropRate          float64 `json:"drop_rate"`
	WorstSeedDropRate float64 `json:"worst_seed_drop_rate" doc:"That of the worst simulated day."`
	WorstHourDropRate float64 `json:"worst_hour_drop_rate"`
	Wait              float64 `json:"wait_s" doc:"How long an agent waits for a call, in seconds."`
	DialsPerAnswer    float64 `json:"dials_per_answer"`
	Answers           float64 `json:"answers" doc:"Answered calls of a day."`
	Limit             float64 `json:"limit" doc:"Drop limit that was held."`
}

// Forecast is the base, the day as it was, beside what the change makes of it.
type Forecast struct {
	From      time.Time       `json:"from" doc:"Beginning of the day that the forecast is made from."`
	Until     time.Time       `json:"until"`
	Calls     int             `json:"calls" doc:"Calls of that day that came to an end."`
	Answered  int             `json:"answered" doc:"Those that a person answered."`
	Algorithm string          `json:"algorithm"`
	Seeds     int             `json:"seeds"`
	Base      ForecastFigures `json:"base"`
	Changed   ForecastFigures `json:"changed" doc:"The same as base where nothing was changed."`
}

// Forecasts simulates campaigns.
type Forecasts interface {
	// Forecast simulates the campaign's last day with enough calls, as it was and
	// changed. CodeInvalid names a wrong field, CodeNotFound an unknown campaign;
	// CodeConflict says how many calls there are when they are too few,
	// CodeUnavailable that another forecast is being made or this one took too
	// long.
	Forecast(ctx context.Context, campaignID int64, q ForecastQuery) (Forecast, error)
}

type forecastRequest struct {
	ID   int64 `path:"id" minimum:"1" doc:"The campaign's id."`
	Body ForecastQuery
}

// forecastRoutes declare the forecast.
func (a *api) forecastRoutes() {
	register(a, operation{http.MethodPost, "/v1/campaigns/{id}/forecast", "forecast-campaign", "What a change of limit, agents or others would do, simulated from the campaign's last day; changes nothing", supervisors()},
		func(ctx context.Context, in *forecastRequest) (*body[Forecast], error) {
			f, err := a.opts.Forecasts.Forecast(ctx, in.ID, in.Body)
			return &body[Forecast]{f}, err
		})
}
