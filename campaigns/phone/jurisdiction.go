package phone

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Jurisdictions gives the jurisdictions whose calling rules may bind a call to
// the number (E.164) of a contact with that address: countries by ISO 3166, in
// the United States with the state ("US-FL"); sorted. Several bind together.
// They are what calling.LawQuery asks for.
//
// country is the number's; an address abroad adds its country. A known address
// beats the area code, as it does for the zone: region is that of the address,
// or of its postal code (RegionOf). Where neither tells the state, as for a
// toll-free number, "US-*" stands for all of them. None: not even the country is
// known. A result may be kept per country, region and area code.
func Jurisdictions(country, region, e164 string) []string {
	country = strings.ToUpper(country)
	if country == "001" { // a number of no country, such as a satellite's
		country = ""
	}
	region = strings.ToUpper(strings.TrimSpace(region))
	abroad := ""
	if before, after, explicit := strings.Cut(region, "-"); explicit && len(before) == 2 && after != "" && isCountry(before) {
		if before != country {
			abroad = before
		}
		region = after
		if abroad != "" {
			region = ""
		}
	} else if len(region) == 2 && region != country && country != "" {
		// A bare code is a part of the number's country, where it has that one.
		if _, part := findState(country, region); !part && isCountry(region) && !subdivided(country) {
			abroad = region
		}
	}
	var all []string
	switch {
	case country == "US":
		all = append(all, "US-"+usState(region, e164))
	case country != "":
		all = append(all, country)
	}
	if abroad != "" {
		if abroad == "US" {
			abroad = "US-*"
		}
		all = append(all, abroad)
	}
	slices.Sort(all)
	return all
}

// subdivided tells of countries whose addresses name a part by two letters, so
// that a bare code is no country: to a German number "BY" is Bavaria.
func subdivided(country string) bool {
	_, known := statesOf(country)
	return known || slices.Contains([]string{"DE", "AT", "CH", "IT", "ES", "BR", "MX", "IN"}, country)
}

// usState gives the code of the state by address, else by the number's area
// code, else "*". An address that names no state that is known may be a misspelt
// one with stricter rules, so that the area code does not speak for it.
func usState(region, e164 string) string {
	if code, ok := usStateCode(region); ok {
		return code
	}
	if region != "" && region != "US" && region != "USA" {
		return "*"
	}
	number, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return "*"
	}
	place, err := phonenumbers.GetGeocodingForNumber(number, "en")
	if err != nil {
		return "*"
	}
	if _, state, found := strings.Cut(place, ", "); found {
		place = state
	}
	place = strings.TrimSuffix(strings.ToUpper(strings.ReplaceAll(place, ".", "")), " STATE")
	if place == "WASHINGTON DC" {
		place = "DC"
	}
	if code, ok := usStateCode(place); ok {
		return code
	}
	return "*"
}

// usStateCode reads a state's code or name, in upper case.
func usStateCode(text string) (string, bool) {
	if code, named := stateNames["US"][text]; named {
		text = code
	}
	_, known := usStates[text]
	return text, known
}
