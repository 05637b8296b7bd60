package phone

import (
	"strings"
	"time"

	_ "time/tzdata" // the zones must be there on machines without a zone database
)

// ZonesForAddress gives the zones of a known address, and false when the
// address does not tell. country is the ISO 3166 country of the contact's
// number: it decides whether a region "CA" is California or Canada. region is
// a state by code, by name or as ISO 3166-2 ("ID", "Idaho", "US-ID", "DE-BY"),
// or a country by code. timeZone is an explicit IANA name and beats all others
// when it is a known one.
//
// A bare code is read as a country only where it is the number's own or the
// number has none: to a German number "BY" is Bavaria, not Belarus, and a
// wrong guess would ring somebody at night.
//
// The result may hold several zones: an address in a divided state without a
// telling postal code lies in any of them.
func ZonesForAddress(country, region, postalCode, timeZone string) ([]string, bool) {
	if zone, ok := ValidZone(timeZone); ok {
		return []string{zone}, true
	}
	region = strings.ToUpper(strings.TrimSpace(region))
	country = strings.ToUpper(country)
	before, after, explicit := strings.Cut(region, "-")
	explicit = explicit && len(before) == 2 && after != "" && isCountry(before)
	if explicit {
		country, region = before, after
	}
	if s, ok := findState(country, region); ok {
		return s.zonesAt(postalCode), true
	}
	noCountry := country == "" || country == "001"
	if explicit || region == country || noCountry && len(region) == 2 {
		if noCountry {
			country = region
		}
		if zone, ok := countryZones[country]; ok {
			return []string{zone}, true
		}
	}
	return nil, false
}

func findState(country, region string) (state, bool) {
	states, ok := statesOf(country)
	if !ok {
		return state{}, false
	}
	if code, named := stateNames[country][region]; named {
		region = code
	}
	s, ok := states[region]
	return s, ok
}

// ValidZone gives the name when it is a known IANA zone with a place; "Local"
// and fixed abbreviations such as EST are none, since they do not say where a
// person is.
func ValidZone(name string) (string, bool) {
	name = strings.TrimSpace(name)
	if !strings.Contains(name, "/") || strings.HasPrefix(name, "Etc/") {
		return "", false
	}
	if _, err := time.LoadLocation(name); err != nil {
		return "", false
	}
	return name, true
}

func isCountry(code string) bool {
	_, single := countryZones[code]
	_, states := statesOf(code)
	return single || states
}

// state is one subdivision of a country with several zones.
type state struct {
	zones []string
	// postal maps three-digit postal prefixes of a divided state to zones;
	// other prefixes from low to high lie in zones[0].
	postal    map[string][]string
	low, high string
}

// zonesAt narrows a divided state by postal code. A code that does not belong
// to the state tells nothing, so all zones of the state hold then.
func (s state) zonesAt(postalCode string) []string {
	if s.postal == nil {
		return s.zones
	}
	postalCode = strings.TrimSpace(postalCode)
	if len(postalCode) == 4 {
		postalCode = "0" + postalCode
	}
	if len(postalCode) < 5 || !digitsOnly(postalCode[:5]) {
		return s.zones
	}
	three := postalCode[:3]
	if three < s.low || three > s.high {
		return s.zones
	}
	if zones, ok := s.postal[three]; ok {
		return zones
	}
	return s.zones[:1]
}
