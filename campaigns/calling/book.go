package calling

import (
	"bytes"
	"cmp"
	_ "embed" // the rulebook is data
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
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
	// Holidays names a calendar on whose days nobody is called, and on their eves
	// within EveHours, where there are any, only.
	Holidays string     `json:"holidays"`
	EveHours []string   `json:"eve_hours"`
	Caps     []bookCap  `json:"caps"`
	RingMin  textPeriod `json:"ring_min"`
	RingMax  textPeriod `json:"ring_max"`
	Connect  *struct {
		Limit textPeriod  `json:"limit"`
		From  ConnectFrom `json:"from"`
	} `json:"connect"`
	Drop *DropLimit `json:"drop"`
	// RecallAfterDrop bars calls after a dropped one, unless AgentLiftsRecall and
	// an agent is on the line already; RefusalDays bar them after a refusal, and
	// AfterConversation after a conversation.
	RecallAfterDrop   textPeriod `json:"recall_after_drop"`
	AgentLiftsRecall  bool       `json:"agent_lifts_recall"`
	RefusalDays       int        `json:"refusal_days"`
	AfterConversation textPeriod `json:"after_conversation"`
	Consent           bool       `json:"consent"`
	// ContractForConsent: who is called about a running contract need not have
	// consented.
	ContractForConsent bool `json:"contract_for_consent"`
	// HoursLiftedBy says which consent of a person relieves of the hours and the
	// holidays: agreed_hours, one that names the hours, or proven_agreed_hours, one
	// that has a proof besides. The agreed hours take their place.
	HoursLiftedBy string `json:"hours_lifted_by"`
	// RegisterDays is how old the newest look into the country's register of those
	// who want no calls may be; zero: no rule was found.
	RegisterDays  int      `json:"register_days"`
	RetentionDays int      `json:"retention_days"`
	Records       []string `json:"records"`
	Sources       []string `json:"sources"`
	// Verified says how well the sources were checked.
	Verified string `json:"verified"`

	week        week
	eve         dayHours
	lift        lift
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

// ParseBook reads a book of rules (see rules/rules.json). The error, CodeInvalid,
// names the rule and the field that are wrong.
func ParseBook(text []byte) (*Book, error) {
	var file struct {
		Note      string                     `json:"note"`
		Calendars map[string]json.RawMessage `json:"calendars"`
		Rules     []json.RawMessage          `json:"rules"`
	}
	if err := strictly(text, &file); err != nil {
		return nil, campaigns.Invalid("rules", "%v", err)
	}
	b := &Book{rules: make([]rule, len(file.Rules)), calendars: map[string][]holiday{}}
	for name, text := range file.Calendars {
		calendar, err := parseCalendar(text)
		if err != nil {
			return nil, campaigns.Invalid("calendars."+name, "%v", err)
		}
		b.calendars[name] = calendar
	}
	for i, text := range file.Rules {
		var name struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(text, &name); err != nil || name.ID == "" {
			return nil, campaigns.Invalid("rules", "rule %d has no id", i+1)
		}
		if b.Known(name.ID) {
			return nil, campaigns.Invalid("rules", "rule %d: %s is there twice", i+1, name.ID)
		}
		r := &b.rules[i]
		if err := strictly(text, r); err != nil {
			return nil, campaigns.Invalid("rules."+name.ID, "%v", err)
		}
		if field, err := r.check(b.calendars); err != nil {
			return nil, campaigns.Invalid("rules."+name.ID+"."+field, "%v", err)
		}
	}
	return b, nil
}

// strictly reads JSON that has no unknown keys and nothing behind it; an error of
// the syntax names the line.
func strictly(text []byte, into any) error {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	err := in.Decode(into)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("line %d: %w", 1+bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n")), err)
	}
	if err == nil && in.More() {
		return errors.New("more text follows the end")
	}
	return err
}

func parseCalendar(text []byte) ([]holiday, error) {
	var calendar []holiday
	if err := strictly(text, &calendar); err != nil {
		return nil, err
	}
	for i := range calendar {
		if err := calendar[i].check(); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return calendar, nil
}

// jurisdictionForm is a country by ISO 3166, or a part of one.
var jurisdictionForm = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

// check completes the rule and names the field that is wrong.
func (r *rule) check(calendars map[string][]holiday) (string, error) {
	if field, err := r.checkReach(); err != nil {
		return field, err
	}
	if field, err := r.checkPeriods(); err != nil {
		return field, err
	}
	var err error
	if r.week, err = weekOf(r.Hours); err != nil {
		return "hours", err
	}
	if r.lift, err = liftOf(r.HoursLiftedBy); err != nil {
		return "hours_lifted_by", err
	}
	if r.Holidays != "" && calendars[r.Holidays] == nil {
		return "holidays", fmt.Errorf("no calendar %q", r.Holidays)
	}
	if r.eve, err = hoursOf(r.EveHours); err != nil || len(r.eve) > 0 && r.Holidays == "" {
		return "eve_hours", cmp.Or(err, errors.New("needs holidays"))
	}
	for _, c := range r.Caps {
		if err := c.check(); err != nil {
			return "caps", err
		}
	}
	if r.Connect != nil && (r.Connect.Limit <= 0 || !slices.Contains(connectFroms, r.Connect.From)) {
		return "connect", fmt.Errorf("needs a limit, and from, one of %v", connectFroms)
	}
	if r.ContractForConsent && !r.Consent {
		return "contract_for_consent", errors.New("needs consent")
	}
	if r.RegisterDays > 0 && r.OnlyByID {
		return "register_days", errors.New("is for rules that bind by place")
	}
	if r.Drop != nil {
		return "drop", r.Drop.check(r.ID)
	}
	return "", nil
}

// checkReach checks whom the rule binds, when, and on whose word.
func (r *rule) checkReach() (string, error) {
	switch {
	case (r.Jurisdiction == "") != r.OnlyByID:
		return "jurisdiction", errors.New("is for rules that bind by place, and is needed there")
	case !r.OnlyByID && !jurisdictionForm.MatchString(r.Jurisdiction):
		return "jurisdiction", fmt.Errorf("%q is no country such as US, nor a part such as US-FL", r.Jurisdiction)
	case len(r.Sources) == 0 || slices.Contains(r.Sources, ""):
		return "sources", errors.New("a rule names its source")
	case r.Verified == "":
		return "verified", errors.New("says how well the sources were checked")
	}
	for _, p := range r.Purposes {
		if p != campaigns.PurposeMarketing && p != campaigns.PurposeService {
			return "purposes", fmt.Errorf("%q is not one of marketing, service", p)
		}
	}
	var err error
	if r.from, err = date(r.ValidFrom); err != nil {
		return "valid_from", err
	}
	if r.until, err = date(r.ValidUntil); err != nil {
		return "valid_until", err
	}
	if !r.until.IsZero() && r.until.Before(r.from) {
		return "valid_until", fmt.Errorf("%s is before valid_from", r.ValidUntil)
	}
	return "", nil
}

// checkPeriods checks the times that the rule asks for.
func (r *rule) checkPeriods() (string, error) {
	for _, p := range []struct {
		field string
		value int64
	}{
		{"ring_min", int64(r.RingMin)}, {"ring_max", int64(r.RingMax)}, {"recall_after_drop", int64(r.RecallAfterDrop)},
		{"after_conversation", int64(r.AfterConversation)}, {"refusal_days", int64(r.RefusalDays)}, {"retention_days", int64(r.RetentionDays)}, {"register_days", int64(r.RegisterDays)},
	} {
		if p.value < 0 {
			return p.field, errors.New("is below zero")
		}
	}
	if r.RingMax > 0 && r.RingMin > r.RingMax {
		return "ring_max", fmt.Errorf("%v is below ring_min", r.RingMax)
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
