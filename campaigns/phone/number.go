package phone

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"ringmaster/campaigns"
)

// Number is a phone number that can be dialed.
type Number struct {
	// E164 is the international form, such as +12085550123.
	E164 string
	// Region is the ISO 3166 country of the number, "001" for numbers of no
	// country, and of the calling code's main country for an unassigned range.
	Region string
	// Prefix is the calling code with the area code, such as +1208 or +4930;
	// the calling code alone where there is no area code.
	Prefix string
	// Zones are all IANA zones that the number may lie in, sorted; empty when
	// nothing is known of them.
	Zones []string
}

// longest is the longest text that is looked at; E.164 has 15 digits.
const longest = 64

// Parse reads a number as people write it. defaultRegion is the ISO 3166
// country of numbers without an international prefix; empty: such numbers are
// refused. The error is a campaigns.Error of CodeInvalid that says what is
// wrong with the number; it never repeats the number, since it goes to logs.
func Parse(text, defaultRegion string) (Number, error) {
	text, err := clean(text)
	if err != nil {
		return Number{}, err
	}
	region := strings.ToUpper(defaultRegion)
	if region == "" && !strings.HasPrefix(text, "+") {
		return Number{}, wrong("no country: write it with + and the country code, or name a default region")
	}
	if region != "" && phonenumbers.GetCountryCodeForRegion(region) == 0 {
		return Number{}, campaigns.Invalid("region", "%q is no ISO 3166 country such as US or DE", defaultRegion)
	}
	parsed, perr := phonenumbers.Parse(text, region)
	if perr != nil {
		return Number{}, wrong("%s", perr.Error())
	}
	if err := possible(parsed); err != nil {
		return Number{}, err
	}
	n := Number{E164: phonenumbers.Format(parsed, phonenumbers.E164)}
	n.Region = phonenumbers.GetRegionCodeForNumber(parsed)
	if n.Region == "" || n.Region == "ZZ" {
		n.Region = phonenumbers.GetRegionCodeForCountryCode(int(parsed.GetCountryCode()))
	}
	n.Prefix = prefix(parsed, n.E164)
	zones, perr := phonenumbers.GetTimezonesForPrefix(n.E164)
	if perr != nil {
		return Number{}, wrong("%s", perr.Error())
	}
	n.Zones = knownZones(zones)
	return n, nil
}

func wrong(format string, args ...any) error { return campaigns.Invalid("phone", format, args...) }

// clean strips what surrounds a number and refuses what is none. Spreadsheets
// turn long numbers into 1.2085550123E+10, which has lost digits, and into
// 12085550123.0, which has gained one.
func clean(text string) (string, error) {
	text = strings.TrimSpace(text)
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(text, "'"), "tel:"))
	if whole, zero := strings.CutSuffix(text, ".0"); zero && digitsOnly(whole) {
		text = whole
	}
	switch {
	case text == "":
		return "", wrong("empty")
	case len(text) > longest:
		return "", wrong("%d characters are too long for a number", len(text))
	}
	digits := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9', r >= '０' && r <= '９':
			digits++
		case strings.ContainsRune("+＋ ().-/\u00a0\u2010\u2011\u2012\u2013\u2014\u202f", r):
		default:
			if scientific(text) {
				return "", wrong("a spreadsheet has turned it into a rounded figure; export the column as text")
			}
			return "", wrong("holds %s, which is no part of a number", strconv.QuoteRune(r))
		}
	}
	if digits == 0 {
		return "", wrong("holds no digit")
	}
	if strings.LastIndexByte(text, '+') > 0 && strings.Count(text, "+") > 1 {
		return "", wrong("holds two numbers; use phone_2 and phone_3")
	}
	return text, nil
}

func digitsOnly(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// scientific reports whether the text is a figure such as 1.2E+10.
func scientific(text string) bool {
	if !strings.ContainsAny(text, "eE") {
		return false
	}
	_, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	return err == nil
}

// possible refuses numbers whose length their country does not have.
func possible(n *phonenumbers.PhoneNumber) error {
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.IS_POSSIBLE:
		return nil
	case phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return wrong("the area code is missing")
	case phonenumbers.INVALID_COUNTRY_CODE:
		return wrong("no country has the calling code %d", n.GetCountryCode())
	case phonenumbers.TOO_SHORT:
		return wrong("too short for a number of calling code +%d", n.GetCountryCode())
	case phonenumbers.TOO_LONG:
		return wrong("too long for a number of calling code +%d", n.GetCountryCode())
	default:
		return wrong("no number of calling code +%d has this length", n.GetCountryCode())
	}
}

// nanp is the calling code of the North American plan, whose area codes have
// three digits throughout.
const nanp = 1

func prefix(n *phonenumbers.PhoneNumber, e164 string) string {
	code := "+" + strconv.Itoa(int(n.GetCountryCode()))
	length := 3
	if n.GetCountryCode() != nanp {
		length = phonenumbers.GetLengthOfGeographicalAreaCode(n)
	}
	return e164[:min(len(code)+length, len(e164))]
}

func knownZones(zones []string) []string {
	known := make([]string, 0, len(zones))
	for _, z := range zones {
		if z != phonenumbers.UNKNOWN_TIMEZONE {
			known = append(known, z)
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
}
