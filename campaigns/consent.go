package campaigns

import (
	"slices"
	"time"
)

// ConsentEntry is one entry of the consent ledger, which is appended to and
// never changed. The newest entry in force for a purpose decides.
type ConsentEntry struct {
	ID        int64   `json:"id"`
	ContactID int64   `json:"contact_id"`
	Purpose   Purpose `json:"purpose"`
	// Channel is phone, or any.
	Channel string `json:"channel"`
	// Granted is false for a consent that was refused or revoked.
	Granted bool `json:"granted"`
	// Source says where it was given: a form, a call, a shop.
	Source string `json:"source,omitempty"`
	// Proof refers to what shows it: a recording, a document, a form's id.
	Proof string `json:"proof,omitempty"`
	// From and Until bound its time; without Until it has no end.
	From  time.Time  `json:"from"`
	Until *time.Time `json:"until,omitempty"`
	// Hours are those that the person asked to be called in, by their own clock.
	Hours      *Window   `json:"hours,omitempty"`
	RecordedAt time.Time `json:"recorded_at"`
	// RecordedBy is the user who recorded it; zero: the command line or another
	// system.
	RecordedBy int64 `json:"recorded_by,omitempty"`
}

// Validate names the first wrong field.
func (c *ConsentEntry) Validate() error {
	switch {
	case !slices.Contains([]Purpose{PurposeMarketing, PurposeService}, c.Purpose):
		return Invalid("purpose", "%q is not one of marketing, service", c.Purpose)
	case c.Channel != "phone" && c.Channel != "any":
		return Invalid("channel", "%q is not one of phone, any", c.Channel)
	case c.Granted && c.Source == "":
		return Invalid("source", "is missing: a consent has to say where it was given")
	case c.Until != nil && !c.Until.After(c.From):
		return Invalid("until", "%s is not after the beginning", c.Until.Format(time.RFC3339))
	case c.Hours != nil:
		return c.Hours.Validate("hours")
	}
	return nil
}

// Validate names the first day whose hours are no interval.
func (w *Window) Validate(field string) error {
	for day, h := range w.Days {
		if h.From < 0 || h.Until > 24*60 || h.From > h.Until {
			return Invalid(field, "%s: %d to %d minutes is no interval of a day", time.Weekday(day), h.From, h.Until)
		}
	}
	return nil
}

// Objection is a person's use of the right to object to marketing (GDPR art.
// 21(2)).
type Objection struct {
	ContactID int64  `json:"contact_id"`
	Source    string `json:"source"`
	Proof     string `json:"proof,omitempty"`
}

// DoNotCall is one do-not-call entry that covers a number.
type DoNotCall struct {
	// List is the name of the list, own for what was asked of us.
	List string `json:"list"`
	// Campaign is the name of the one campaign that it binds; empty: all.
	Campaign string `json:"campaign,omitempty"`
	// Source says where it came from: agent, api, or the file of a list.
	Source string `json:"source,omitempty"`
	// Pattern is the prefix or country that covers the number, if it is one.
	Pattern string     `json:"pattern,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	Since   time.Time  `json:"since"`
	Until   *time.Time `json:"until,omitempty"`
}

// DNCList names a do-not-call list and says what binds it.
type DNCList struct {
	Name string `json:"name"`
	// Campaign is the name of the one campaign that the list binds; empty: all.
	Campaign string `json:"campaign,omitempty"`
	// National marks a registry's file, which grows old: after 31 days unless
	// MaxAge says otherwise.
	National bool `json:"national,omitempty"`
	// MaxAge is after how long the newest file is told as old; zero: never.
	MaxAge Duration `json:"max_age,omitempty"`
}

// DNCListState is a do-not-call list with what it holds.
type DNCListState struct {
	DNCList
	Entries  int64 `json:"entries"`
	Patterns int64 `json:"patterns"`
	// File is the newest file that was loaded whole, and when; Loading is set
	// while one is being loaded, or was left half-way.
	File     string     `json:"file,omitempty"`
	LoadedAt *time.Time `json:"loaded_at,omitempty"`
	Loading  bool       `json:"loading,omitempty"`
	// Old is set when the list has a MaxAge and no file that is younger.
	Old bool `json:"old,omitempty"`
}

// Erased says what an erasure removed.
type Erased struct {
	Contacts int `json:"contacts"`
	// Numbers are suppressed and cannot be imported again; Shared are those that
	// stay because they are other persons' too, who may still be called.
	Numbers    int `json:"numbers"`
	Shared     int `json:"shared"`
	Candidates int `json:"candidates"`
	Calls      int `json:"calls"`
}
