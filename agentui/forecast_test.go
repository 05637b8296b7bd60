package agentui_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"ringmaster/agentui/rest"
)

// TestForecastOfThePages holds the forecast against the frames that the pages'
// own tests read, so that both sides name its fields alike.
func TestForecastOfThePages(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	figures := func(limit float64) rest.ForecastFigures {
		return rest.ForecastFigures{
			Occupancy: 0.812, DropRate: 0.0261, WorstSeedDropRate: 0.028, WorstHourDropRate: 0.041, Wait: 14.2, DialsPerAnswer: 3.25, Answers: 1210.5, Limit: limit,
		}
	}
	limit, agents := 0.02, 25
	want, err := json.MarshalIndent(map[string]any{
		"query": rest.ForecastQuery{Limit: &limit, Agents: &agents, Algorithm: "ratio:1.5"},
		"forecast": rest.Forecast{
			From: day, Until: day.AddDate(0, 0, 1), Calls: 4200, Answered: 1302, Algorithm: "predictive", Seeds: 3, Base: figures(0.03), Changed: figures(limit),
		},
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("web/test/forecast.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(got), want) {
		t.Errorf("web/test/forecast.json is\n%s\nwant\n%s", got, want)
	}
}
