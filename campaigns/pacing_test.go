package campaigns_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"ringmaster/campaigns"
)

func TestCapsOnLines(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*campaigns.Settings){
		"max_lines":           func(s *campaigns.Settings) { s.MaxLines = -1 },
		"max_lines_per_agent": func(s *campaigns.Settings) { s.MaxLinesPerAgent = 0.5 },
		"mode":                func(s *campaigns.Settings) { s.Mode = "psychic" },
	} {
		s := campaigns.DefaultSettings(campaigns.KindProspecting)
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		spoil(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	s := campaigns.DefaultSettings(campaigns.KindProspecting)
	s.Mode, s.MaxLines, s.MaxLinesPerAgent = campaigns.PacingPredictive, 40, 2.5
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	if s.MaxLinesPerAgent = math.NaN(); s.Validate() == nil {
		t.Error("no number is a cap")
	}
}

func TestRingingCallsAreGivenUpUnlessForbidden(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{`{}`: true, `{"cancel_ringing":true}`: true, `{"cancel_ringing":false}`: false} {
		var s campaigns.Settings
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		if got := s.CancelsRinging(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
