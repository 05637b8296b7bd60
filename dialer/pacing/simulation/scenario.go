package simulation

// Scenario is the work of a day. Times of day are in hours from its start, other
// durations in seconds, rates and shares in fractions of 1. Every key has the value
// of Default unless it is given.
type Scenario struct {
	Name  string  `yaml:"name" json:"name,omitempty"`
	Hours float64 `yaml:"hours" json:"hours"`
	// Agents who work all day; with Classes or Shifts it is not used.
	Agents  int     `yaml:"agents" json:"agents"`
	Classes []Class `yaml:"classes" json:"classes,omitempty"`
	Shifts  []Shift `yaml:"shifts" json:"shifts,omitempty"`
	// Turnovers are when some of the agents leave and come back, or others do.
	Turnovers []Turnover `yaml:"turnovers" json:"turnovers,omitempty"`
	Pause     Pause      `yaml:"pause" json:"pause,omitzero"`

	// Answer is the chance that a person answers a call. AnswerByHour gives it by
	// hour of the day, its last value until the end. Candidates are mixed from
	// several kinds; then the kinds have their own chances, which follow the hours
	// in proportion to Answer, or to their mean if Answer is zero.
	Answer       float64      `yaml:"answer" json:"answer"`
	AnswerByHour []float64    `yaml:"answer_by_hour" json:"answer_by_hour,omitempty"`
	Candidates   []Candidates `yaml:"candidates" json:"candidates,omitempty"`
	// Known tells the pacer each candidate's own chance at this hour.
	Known   bool     `yaml:"known" json:"known,omitempty"`
	Drift   []Drift  `yaml:"drift" json:"drift,omitempty"`
	Outages []Outage `yaml:"outages" json:"outages,omitempty"`

	// AnsweredRing is how long a call rings that a person answers, drawn anew
	// until it is under RingLimit. Of the others RingOut ring until RingLimit, the
	// rest fail after Fail.
	AnsweredRing Distribution `yaml:"answered_ring" json:"answered_ring"`
	RingLimit    float64      `yaml:"ring_limit" json:"ring_limit"`
	RingOut      float64      `yaml:"ring_out" json:"ring_out"`
	Fail         Distribution `yaml:"fail" json:"fail"`
	Talk         Distribution `yaml:"talk" json:"talk"`
	Wrap         Distribution `yaml:"wrap" json:"wrap"`
	Signs        Signs        `yaml:"signs" json:"signs,omitzero"`

	Trunks Trunks `yaml:"trunks" json:"trunks,omitzero"`
	// DropLimit is the highest share of answers that may be dropped, Connect how
	// long an answered customer waits. CancelAfter is after how many seconds a
	// ringing call may be given up; zero: never.
	DropLimit   float64 `yaml:"drop_limit" json:"drop_limit"`
	Connect     float64 `yaml:"connect" json:"connect"`
	CancelAfter float64 `yaml:"cancel_after" json:"cancel_after"`
}

// Class is a number of agents alike; what is nil is the scenario's.
type Class struct {
	Name   string        `yaml:"name" json:"name"`
	Agents int           `yaml:"agents" json:"agents"`
	Talk   *Distribution `yaml:"talk" json:"talk,omitempty"`
	Wrap   *Distribution `yaml:"wrap" json:"wrap,omitempty"`
	Pause  *Pause        `yaml:"pause" json:"pause,omitempty"`
	// Shifts are when the class works; none: all day.
	Shifts []Shift `yaml:"shifts" json:"shifts,omitempty"`
}

// Shift is when a number of agents work, in hours of the day. Within a class zero
// agents are all of them.
type Shift struct {
	Agents int     `yaml:"agents" json:"agents,omitempty"`
	From   float64 `yaml:"from" json:"from"`
	To     float64 `yaml:"to" json:"to"`
}

// Turnover is when a share of the agents leave, within so many seconds after At,
// and are back after Away.
type Turnover struct {
	At     float64      `yaml:"at" json:"at"`
	Share  float64      `yaml:"share" json:"share"`
	Within float64      `yaml:"within" json:"within"`
	Away   Distribution `yaml:"away" json:"away"`
}

// Pause is the share of wrap-ups that a pause follows, and its length.
type Pause struct {
	Share  float64      `yaml:"share" json:"share"`
	Length Distribution `yaml:"length" json:"length"`
}

// Candidates is a kind of candidates: its share, and its chance of an answer.
type Candidates struct {
	Share  float64 `yaml:"share" json:"share"`
	Answer float64 `yaml:"answer" json:"answer"`
}

// Drift multiplies the chance of an answer and the length of talks for some hours,
// unknown to the pacer; zero stands for 1. Several at once multiply.
type Drift struct {
	From   float64 `yaml:"from" json:"from"`
	To     float64 `yaml:"to" json:"to"`
	Answer float64 `yaml:"answer" json:"answer,omitempty"`
	Talk   float64 `yaml:"talk" json:"talk,omitempty"`
}

// Outage is a time in which no call that is placed is answered.
type Outage struct {
	From float64 `yaml:"from" json:"from"`
	To   float64 `yaml:"to" json:"to"`
}

// Trunks bound the calls at a time and the dials in any second; zero: no bound.
type Trunks struct {
	Channels       int `yaml:"channels" json:"channels,omitempty"`
	CallsPerSecond int `yaml:"calls_per_second" json:"calls_per_second,omitempty"`
}

// Signs are what an agent's screen tells: the share of talks in which a result is
// chosen, and how long before the end; and the same of wrap-ups said to be ending.
type Signs struct {
	Results      float64      `yaml:"results" json:"results"`
	ResultBefore Distribution `yaml:"result_before" json:"result_before"`
	Wraps        float64      `yaml:"wraps" json:"wraps"`
	WrapBefore   Distribution `yaml:"wrap_before" json:"wrap_before"`
}

// Default is the work on which pacers are compared: 20 agents for 8 hours, three
// calls in ten answered, and a drop limit of 3 %.
func Default() Scenario {
	return Scenario{
		Hours: 8, Agents: 20, Answer: 0.3,
		AnsweredRing: Distribution{Kind: Lognormal, Mean: 12, CV: 0.5},
		RingLimit:    25, RingOut: 0.85,
		Fail:      Distribution{Kind: Uniform, Min: 2, Max: 6},
		Talk:      Distribution{Kind: Lognormal, Mean: 120, CV: 1},
		Wrap:      Distribution{Kind: Gamma, Mean: 20, CV: 0.7},
		DropLimit: 0.03, Connect: 2, CancelAfter: 15,
	}
}
