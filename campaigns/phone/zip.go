package phone

import (
	"slices"
	"strings"
)

// zipRange are the three-digit ZIP areas from low to high, which lie in state.
type zipRange struct{ low, high, state string }

// zipStates follows the L002 list of the United States Postal Service, in order.
// Areas of the forces abroad and of single offices are left out: they tell of no
// state. 063 holds an island of New York, which the address names.
var zipStates = []zipRange{
	{"006", "007", "PR"}, {"008", "008", "VI"}, {"009", "009", "PR"}, {"010", "027", "MA"}, {"028", "029", "RI"},
	{"030", "038", "NH"}, {"039", "049", "ME"}, {"050", "054", "VT"}, {"055", "055", "MA"}, {"056", "059", "VT"},
	{"060", "069", "CT"}, {"070", "089", "NJ"}, {"100", "149", "NY"}, {"150", "196", "PA"}, {"197", "199", "DE"},
	{"200", "200", "DC"}, {"201", "201", "VA"}, {"202", "205", "DC"}, {"206", "219", "MD"}, {"220", "246", "VA"},
	{"247", "268", "WV"}, {"270", "289", "NC"}, {"290", "299", "SC"}, {"300", "319", "GA"}, {"320", "339", "FL"},
	{"341", "342", "FL"}, {"344", "344", "FL"}, {"346", "347", "FL"}, {"349", "349", "FL"}, {"350", "352", "AL"},
	{"354", "369", "AL"}, {"370", "385", "TN"}, {"386", "397", "MS"}, {"398", "399", "GA"}, {"400", "427", "KY"},
	{"430", "459", "OH"}, {"460", "479", "IN"}, {"480", "499", "MI"}, {"500", "528", "IA"}, {"530", "549", "WI"},
	{"550", "567", "MN"}, {"570", "577", "SD"}, {"580", "588", "ND"}, {"590", "599", "MT"}, {"600", "629", "IL"},
	{"630", "658", "MO"}, {"660", "679", "KS"}, {"680", "693", "NE"}, {"700", "714", "LA"}, {"716", "729", "AR"},
	{"730", "732", "OK"}, {"734", "749", "OK"}, {"750", "799", "TX"}, {"800", "816", "CO"}, {"820", "831", "WY"},
	{"832", "838", "ID"}, {"840", "847", "UT"}, {"850", "865", "AZ"}, {"870", "884", "NM"}, {"885", "885", "TX"},
	{"889", "898", "NV"}, {"900", "961", "CA"}, {"967", "968", "HI"}, {"970", "979", "OR"}, {"980", "994", "WA"},
	{"995", "999", "AK"},
}

// RegionOf gives the region of an address for Jurisdictions: as it is written, or
// where it is empty and the number American, the state of the ZIP code.
func RegionOf(country, region, postalCode string) string {
	if strings.TrimSpace(region) == "" && strings.EqualFold(country, "US") {
		if state, ok := stateOfZIP(postalCode); ok {
			return state
		}
	}
	return region
}

// stateOfZIP gives the state of a ZIP code with or without its four further
// digits. A spreadsheet takes leading zeros away: 2116 is read as 02116.
func stateOfZIP(postalCode string) (string, bool) {
	zip, _, _ := strings.Cut(strings.TrimSpace(postalCode), "-")
	if len(zip) == 4 {
		zip = "0" + zip
	}
	if len(zip) != 5 || !digitsOnly(zip) {
		return "", false
	}
	i, _ := slices.BinarySearchFunc(zipStates, zip[:3], func(r zipRange, three string) int { return strings.Compare(r.high, three) })
	if i == len(zipStates) || zip[:3] < zipStates[i].low {
		return "", false
	}
	return zipStates[i].state, true
}
