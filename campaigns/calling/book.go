package calling

import (
	"bytes"
	_ "embed" // the rulebook is data
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
)

//go:embed rules/rules.json
var rulebook []byte

// Book holds the calling rules of all jurisdictions that are known. It does not
// change once it is read.
type Book struct {
	rules     []rule
	calendars map[string][]holiday
}

// rule is one rule as the book writes it.
type rule struct {
	ID string `json:"id"`
	// Jurisdiction is a country (US) or a part of one (US-FL).
	Jurisdiction string `json:"jurisdiction"`
	// OnlyByID: it binds only campaigns that name it.
	OnlyByID bool `json:"only_by_id"`
	// Purposes that it binds; none: marketing.
	Purposes      []campaigns.Purpose `json:"purposes"`
	ConsumersOnly bool                `json:"consumers_only"`
	// ValidFrom and ValidUntil are dates, the first and the last day.
	ValidFrom  string `json:"valid_from"`
	ValidUntil string `json:"valid_until"`
	// Hours by weekday or a range of them; a day that is not named is closed. No
	// hours at all leave the clock to other rules.
	Hours map[string][]string `json:"hours"`
	// Holidays names a calendar on whose days nobody is called.
	Holidays string     `json:"holidays"`
	Caps     []bookCap  `json:"caps"`
	RingMin  textPeriod `json:"ring_min"`
	RingMax  textPeriod `json:"ring_max"`
	Connect  *struct {
		Limit textPeriod  `json:"limit"`
		From  ConnectFrom `json:"from"`
	} `json:"connect"`
	Drop *DropLimit `json:"drop"`
	// RecallAfterDrop bars calls after a dropped one, RefusalDays after a refusal,
	// AfterConversation after a conversation.
	RecallAfterDrop   textPeriod `json:"recall_after_drop"`
	RefusalDays       int        `json:"refusal_days"`
	AfterConversation textPeriod `json:"after_conversation"`
	Consent           bool       `json:"consent"`
	RetentionDays     int        `json:"retention_days"`
	Records           []string   `json:"records"`
	Sources           []string   `json:"sources"`
	Verified          string     `json:"verified"`

	week        week
	from, until time.Time
}

// bookCap is an attempts cap: Per is a duration, or "day" for the calendar day
// of the called party.
type bookCap struct {
	Scope CapScope `json:"scope"`
	Max   int      `json:"max"`
	Per   string   `json:"per"`
}

// textPeriod is a duration as the book writes it.
type textPeriod = campaigns.Duration

// LoadBook reads the rules that come with the program.
func LoadBook() (*Book, error) { return ParseBook(rulebook) }

// ParseBook reads a book of rules (see rules/rules.json). The error names the
// rule and the field that are wrong.
func ParseBook(text []byte) (*Book, error) {
	var file struct {
		Note      string               `json:"note"`
		Calendars map[string][]holiday `json:"calendars"`
		Rules     []rule               `json:"rules"`
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&file); err != nil {
		return nil, campaigns.Invalid("rules", "%v", err)
	}
	b := &Book{rules: file.Rules, calendars: file.Calendars}
	for name, calendar := range b.calendars {
		for i := range calendar {
			if err := calendar[i].check(); err != nil {
				return nil, campaigns.Invalid("calendars."+name, "entry %d: %v", i+1, err)
			}
		}
	}
	seen := map[string]bool{}
	for i := range b.rules {
		r := &b.rules[i]
		if r.ID == "" || seen[r.ID] {
			return nil, campaigns.Invalid("rules", "rule %d: id %q is missing or there twice", i+1, r.ID)
		}
		seen[r.ID] = true
		if field, err := r.check(b.calendars); err != nil {
			return nil, campaigns.Invalid("rules."+r.ID+"."+field, "%v", err)
		}
	}
	return b, nil
}

// check completes the rule and names the field that is wrong.
func (r *rule) check(calendars map[string][]holiday) (string, error) {
	if (r.Jurisdiction == "") != r.OnlyByID {
		return "jurisdiction", fmt.Errorf("is for rules that bind by place, and is needed there")
	}
	if len(r.Sources) == 0 || slices.Contains(r.Sources, "") {
		return "sources", fmt.Errorf("a rule names its source")
	}
	if r.Holidays != "" && calendars[r.Holidays] == nil {
		return "holidays", fmt.Errorf("no calendar %q", r.Holidays)
	}
	var err error
	if r.from, err = date(r.ValidFrom); err != nil {
		return "valid_from", err
	}
	if r.until, err = date(r.ValidUntil); err != nil {
		return "valid_until", err
	}
	if r.week, err = weekOf(r.Hours); err != nil {
		return "hours", err
	}
	for _, c := range r.Caps {
		if err := c.check(); err != nil {
			return "caps", err
		}
	}
	switch {
	case r.RingMin < 0 || r.RingMax < 0 || r.RingMax > 0 && r.RingMin > r.RingMax:
		return "ring_max", fmt.Errorf("%v to %v is no ring time", r.RingMin, r.RingMax)
	case r.Connect != nil && (r.Connect.Limit <= 0 || !slices.Contains(connectFroms, r.Connect.From)):
		return "connect", fmt.Errorf("needs a limit, and from, one of %v", connectFroms)
	case r.RecallAfterDrop < 0 || r.AfterConversation < 0:
		return "recall_after_drop", fmt.Errorf("is below zero")
	case r.RefusalDays < 0 || r.RetentionDays < 0:
		return "refusal_days", fmt.Errorf("is below zero")
	case r.Drop != nil:
		return "drop", r.Drop.check(r.ID)
	}
	return "", nil
}

func (c bookCap) check() error {
	if !slices.Contains([]CapScope{CapPerson, CapNumber, CapCampaign}, c.Scope) || c.Max < 1 {
		return fmt.Errorf("%+v: needs a scope, one of person, number, campaign, and a max above zero", c)
	}
	if _, err := c.period(); err != nil {
		return err
	}
	return nil
}

// perDay is the period of a cap by the calendar day.
const perDay = "day"

func (c bookCap) period() (time.Duration, error) {
	if c.Per == perDay {
		return 0, nil
	}
	d, err := time.ParseDuration(c.Per)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is neither day nor a duration", c.Per)
	}
	return d, nil
}

func date(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, text)
}

// week holds the hours of each weekday, Sunday first; nil says nothing of them.
type week []dayHours

// dayHours are disjoint and in order; none: closed.
type dayHours []campaigns.Hours

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// weekOf reads hours by weekday.
func weekOf(hours map[string][]string) (week, error) {
	if len(hours) == 0 {
		return nil, nil
	}
	w := make(week, 7)
	for days, texts := range hours {
		first, last, isRange := strings.Cut(days, "-")
		if !isRange {
			last = first
		}
		from, until := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if from < 0 || until < 0 {
			return nil, fmt.Errorf("%q names no days such as mon-fri or sun", days)
		}
		for day := from; ; day = (day + 1) % 7 {
			if w[day] != nil {
				return nil, fmt.Errorf("%s is there twice", weekdays[day])
			}
			for _, text := range texts {
				var fh, fm, uh, um int
				if n, err := fmt.Sscanf(text, "%d:%d-%d:%d", &fh, &fm, &uh, &um); n != 4 || err != nil {
					return nil, fmt.Errorf("%q is no time such as 08:00-21:00", text)
				}
				h := campaigns.Hours{From: fh*60 + fm, Until: uh*60 + um}
				if h.From < 0 || h.Until > minutesPerDay || h.From >= h.Until || len(w[day]) > 0 && w[day][len(w[day])-1].Until > h.From {
					return nil, fmt.Errorf("%q is no time of the day after those before it", text)
				}
				w[day] = append(w[day], h)
			}
			if day == until {
				break
			}
		}
	}
	return w, nil
}
