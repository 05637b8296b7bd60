package campaigns

import (
	"slices"
	"strings"
	"time"
)

// ExperimentSubject is what the arms of an experiment differ in.
type ExperimentSubject string

// The subjects of experiments.
const (
	SubjectScript ExperimentSubject = "script"
	SubjectOffer  ExperimentSubject = "offer"
	// SubjectScore gives the persons of each arm their propensity by the arm's
	// model.
	SubjectScore ExperimentSubject = "score"
)

// ExperimentSubjects lists them; the schema repeats them.
var ExperimentSubjects = []ExperimentSubject{SubjectScript, SubjectOffer, SubjectScore}

// ExperimentState says how far an experiment is.
type ExperimentState string

// The states of an experiment.
const (
	ExperimentDraft   ExperimentState = "draft"
	ExperimentRunning ExperimentState = "running"
	// ExperimentFinished has reached its horizon and has its result.
	ExperimentFinished ExperimentState = "finished"
	// ExperimentStopped was given up before; it never has a result.
	ExperimentStopped ExperimentState = "stopped"
)

// ExperimentMoves is the transition table of experiments.
var ExperimentMoves = map[ExperimentState][]ExperimentState{
	ExperimentDraft:    {ExperimentRunning, ExperimentStopped},
	ExperimentRunning:  {ExperimentFinished, ExperimentStopped},
	ExperimentFinished: {},
	ExperimentStopped:  {},
}

// Experiment compares two arms by the share of sales, at a horizon that is fixed
// before it starts.
type Experiment struct {
	ID         int64             `json:"id"`
	Name       string            `json:"name"`
	CampaignID int64             `json:"campaign_id"`
	Subject    ExperimentSubject `json:"subject"`
	// Salt is drawn once, so that the arms of two experiments are independent.
	Salt string `json:"-"`
	// Arms are two: what is as it was, and what is tried.
	Arms []ExperimentArm `json:"arms"`
	// Baseline is the share of sales expected without a change, Effect the least
	// difference worth finding, both fractions of 1.
	Baseline float64 `json:"baseline"`
	Effect   float64 `json:"effect"`
	Alpha    float64 `json:"alpha"`
	Power    float64 `json:"power"`
	// PerArm is the horizon: so many persons of each arm who were talked to.
	PerArm int `json:"per_arm"`
	// Within is how long after the conversation a sale still counts; zero: that
	// conversation alone.
	Within    Duration          `json:"within"`
	State     ExperimentState   `json:"state"`
	CreatedAt time.Time         `json:"created_at"`
	StartedAt *time.Time        `json:"started_at,omitempty"`
	EndedAt   *time.Time        `json:"ended_at,omitempty"`
	Progress  []int             `json:"progress"`
	Result    *ExperimentResult `json:"result,omitempty"`
}

// ExperimentArm is one way of doing it.
type ExperimentArm struct {
	Name string `json:"name"`
	// Value names the arm's script, offer or model.
	Value string `json:"value"`
}

// ExperimentResult is what the experiment showed at its horizon.
type ExperimentResult struct {
	Arms []ExperimentShare `json:"arms"`
	// Difference of the second arm's share to the first's, with its interval at
	// 1 − alpha.
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	// PValue of the two-sided test of two proportions.
	PValue      float64 `json:"p_value"`
	Significant bool    `json:"significant"`
}

// ExperimentShare is an arm's numerator and denominator.
type ExperimentShare struct {
	Arm     string `json:"arm"`
	Sales   int    `json:"sales"`
	Persons int    `json:"persons"`
}

// Validate names the first thing that is wrong.
func (e *Experiment) Validate() error {
	switch {
	case !nameForm.MatchString(e.Name):
		return Invalid("name", "%q is no name of small letters, digits, - and _", e.Name)
	case !slices.Contains(ExperimentSubjects, e.Subject):
		return Invalid("subject", "%q is not one of %v", e.Subject, ExperimentSubjects)
	case len(e.Arms) != 2:
		return Invalid("arm", "%d given: an experiment compares two, NAME=%s each", len(e.Arms), strings.ToUpper(string(e.Subject)))
	case e.Arms[0].Name == e.Arms[1].Name:
		return Invalid("arm", "%q is there twice", e.Arms[0].Name)
	case e.Arms[0].Value == e.Arms[1].Value:
		return Invalid("arm", "both arms are %q: there is nothing to compare", e.Arms[0].Value)
	case e.Within < 0:
		return Invalid("within", "%v is below zero", e.Within)
	}
	for _, a := range e.Arms {
		if !codeForm.MatchString(a.Name) || a.Value == "" {
			return Invalid("arm", "%q=%q is no NAME=%s", a.Name, a.Value, strings.ToUpper(string(e.Subject)))
		}
	}
	return nil
}

// CanMove reports whether the experiment may go from s to next.
func (s ExperimentState) CanMove(next ExperimentState) bool {
	return slices.Contains(ExperimentMoves[s], next)
}
