package calling

import (
	"strings"
	"time"

	"ringmaster/campaigns"
)

// RegisterLimit is a rule on the national register of those who want no calls:
// who calls has looked into it within MaxAge.
type RegisterLimit struct {
	// Country by ISO 3166.
	Country string
	MaxAge  time.Duration
	Rule    string
}

// Register is a national register's file as the store holds it.
type Register struct {
	// List is the name of the do-not-call list, Country the one whose register it
	// is (ISO 3166); empty: it may be that of any.
	List, Country string
	// CheckedAt is when its newest file was loaded whole.
	CheckedAt time.Time
}

// Of reports whether the file is one of the country's register.
func (r *Register) Of(country string) bool { return r.Country == "" || r.Country == country }

// addRegister keeps the shortest limit of each country.
func (l *Law) addRegister(r *rule) {
	if r.RegisterDays == 0 {
		return
	}
	country, _, _ := strings.Cut(r.Jurisdiction, "-")
	own := RegisterLimit{Country: country, MaxAge: time.Duration(r.RegisterDays) * day, Rule: r.ID}
	for i := range l.Registers {
		if known := &l.Registers[i]; known.Country == country {
			if own.MaxAge < known.MaxAge {
				*known = own
			}
			return
		}
	}
	l.Registers = append(l.Registers, own)
}

// registerOld checks the registers' files that were imported: each that may be
// the one of a country has to be young enough for its rule. A register that was
// never imported refuses nothing here: whether it is looked into elsewhere cannot
// be known, and campaign why warns of it.
func registerOld(f *Facts, now time.Time) (Verdict, bool) {
	if f.Law == nil || f.Settings.Compliance.RegistersCheckedElsewhere {
		return Verdict{}, false
	}
	for i := range f.Law.Registers {
		limit := &f.Law.Registers[i]
		for k := range f.Registers {
			if r := &f.Registers[k]; r.Of(limit.Country) && now.Sub(r.CheckedAt) > limit.MaxAge {
				return Verdict{Reason: campaigns.ReasonRegisterOld, Rule: limit.Rule}, true
			}
		}
	}
	return Verdict{}, false
}
