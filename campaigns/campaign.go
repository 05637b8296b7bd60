package campaigns

import "time"

// Kind is one of the four CRM campaign kinds.
type Kind string

// The kinds of a campaign.
const (
	KindWinBack     Kind = "win_back"
	KindProspecting Kind = "prospecting"
	KindLoyalty     Kind = "loyalty"
	KindCrossSell   Kind = "cross_sell"
)

// PacingMode says how dials are started.
type PacingMode string

// The pacing modes.
const (
	PacingManual      PacingMode = "manual"
	PacingPreview     PacingMode = "preview"
	PacingProgressive PacingMode = "progressive"
	PacingRatio       PacingMode = "ratio"
	PacingPredictive  PacingMode = "predictive"
)

// Campaign is one calling effort.
type Campaign struct {
	ID        int64         `json:"id"`
	Name      string        `json:"name"`
	Kind      Kind          `json:"kind"`
	State     CampaignState `json:"state"`
	Settings  Settings      `json:"settings"`
	Revision  int64         `json:"revision"`
	CreatedAt time.Time     `json:"created_at"`
}

// Cap allows Max attempts in any window of the length Per; Max zero: no cap.
type Cap struct {
	Max int      `json:"max"`
	Per Duration `json:"per"`
}

// Window is the calling window: minutes after midnight, local time of the
// called party, for each weekday (Sunday is 0).
type Window struct {
	Days [7]Hours `json:"days"`
}

// Hours is the half-open interval [From, Until) of one day in minutes after
// midnight; an empty one (From == Until) means closed.
type Hours struct {
	From  int `json:"from"`
	Until int `json:"until"`
}

// DispositionChoice is one result that agents of the campaign may choose.
type DispositionChoice struct {
	Code  Disposition `json:"code"`
	Label string      `json:"label"`
	// Reasons to choose from; a reason is required when there are any.
	Reasons []string `json:"reasons,omitempty"`
	// Then says what follows for the candidate; a callback's time overrides it.
	Then RecycleRule `json:"then"`
}

// DailyWindow gives a window with the same hours on each weekday.
func DailyWindow(fromHour, untilHour int) Window {
	var w Window
	for i := range w.Days {
		w.Days[i] = Hours{From: fromHour * 60, Until: untilHour * 60}
	}
	return w
}
