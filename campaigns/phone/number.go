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
	return NewParser(defaultRegion).Parse(text)
}

// Parser reads many numbers. It remembers the countries of the North American
// area codes it has met. It is not safe for concurrent use.
type Parser struct {
	region, as string
	// regions by area code, such as "208".
	regions map[string]string
}

// NewParser makes a Parser; see Parse for the meaning of the region.
func NewParser(defaultRegion string) *Parser {
	return &Parser{region: strings.ToUpper(defaultRegion), as: defaultRegion, regions: map[string]string{}}
}

// Parse is the function Parse for the parser's region.
func (p *Parser) Parse(text string) (Number, error) {
	text, err := clean(text)
	if err != nil {
		return Number{}, err
	}
	if p.region == "" && !strings.HasPrefix(text, "+") {
		return Number{}, wrong("no country: write it with + and the country code, or name a default region")
	}
	code := phonenumbers.GetCountryCodeForRegion(p.region)
	if p.region != "" && code == 0 {
		return Number{}, campaigns.Invalid("region", "%q is no ISO 3166 country such as US or DE", p.as)
	}
	parsed, ok := northAmerican(text, code)
	if !ok {
		if parsed, err = phonenumbers.Parse(text, p.region); err != nil {
			return Number{}, wrong("%s", err.Error())
		}
		if err := possible(parsed); err != nil {
			return Number{}, err
		}
	}
	n := Number{E164: phonenumbers.Format(parsed, phonenumbers.E164)}
	n.Prefix = prefix(parsed, n.E164)
	n.Region = p.regionOf(parsed, n.Prefix)
	zones, err := phonenumbers.GetTimezonesForPrefix(n.E164)
	if err != nil {
		return Number{}, wrong("%s", err.Error())
	}
	n.Zones = knownZones(zones)
	return n, nil
}

// regionOf gives the number's country, that of its calling code for a range
// that is not assigned. All assigned numbers of a North American area code lie
// in the same country.
func (p *Parser) regionOf(n *phonenumbers.PhoneNumber, prefix string) string {
	if known := p.regions[prefix]; known != "" {
		return known
	}
	region := phonenumbers.GetRegionCodeForNumber(n)
	if region == "" || region == "ZZ" {
		return phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))
	}
	if n.GetCountryCode() == nanp {
		p.regions[prefix] = region
	}
	return region
}

// northAmerican reads the plain form of a North American number, ten digits of
// which the first is no 0 or 1, with or without the 1 in front. It saves nine
// tenths of the time of a general parse, and says nothing of all other forms.
func northAmerican(text string, defaultCode int) (*phonenumbers.PhoneNumber, bool) {
	var digits [11]byte
	n, national := 0, uint64(0)
	plus := strings.HasPrefix(text, "+")
	if plus {
		text = text[1:]
	}
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9':
			if n == len(digits) {
				return nil, false
			}
			digits[n] = c
			n++
		case c != ' ' && c != '-' && c != '.' && c != '(' && c != ')':
			return nil, false
		}
	}
	first := n - 10
	switch {
	case !plus && defaultCode != nanp, plus && n != 11, n < 10, n == 11 && digits[0] != '1', digits[first] < '2':
		return nil, false
	}
	for _, c := range digits[first:n] {
		national = national*10 + uint64(c-'0')
	}
	code := int32(nanp)
	return &phonenumbers.PhoneNumber{CountryCode: &code, NationalNumber: &national}, true
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
