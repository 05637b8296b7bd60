package phone

const (
	eastern  = "America/New_York"
	central  = "America/Chicago"
	mountain = "America/Denver"
	pacific  = "America/Los_Angeles"
	arizona  = "America/Phoenix"
	boise    = "America/Boise"
	detroit  = "America/Detroit"
	alaska   = "America/Anchorage"
	aleutian = "America/Adak"
)

// statesOf gives the subdivisions of a country with several zones whose
// subdivisions are known here.
func statesOf(country string) (map[string]state, bool) {
	switch country {
	case "US":
		return usStates, true
	case "CA":
		return canadianProvinces, true
	case "AU":
		return australianStates, true
	default:
		return nil, false
	}
}

func in(zones ...string) state { return state{zones: zones} }

// divided is a state of two zones, most of it in main. The prefixes in other
// lie in the second one, those in either are cut by the line, so that both
// zones hold.
func divided(main, second, low, high string, other, either []string) state {
	s := state{zones: []string{main, second}, low: low, high: high, postal: map[string][]string{}}
	for _, p := range other {
		s.postal[p] = []string{second}
	}
	for _, p := range either {
		s.postal[p] = s.zones
	}
	return s
}

// usStates follows 49 CFR part 71 (the boundaries of the standard time zones).
// Where a three-digit ZIP area is cut by a boundary, or in doubt, both zones
// are given: a call is then made inside the window of both.
var usStates = map[string]state{
	"AL": in(central), "AR": in(central), "CA": in(pacific), "CO": in(mountain), "CT": in(eastern),
	"DC": in(eastern), "DE": in(eastern), "GA": in(eastern), "HI": in("Pacific/Honolulu"), "IA": in(central),
	"IL": in(central), "LA": in(central), "MA": in(eastern), "MD": in(eastern), "ME": in(eastern),
	"MN": in(central), "MO": in(central), "MS": in(central), "MT": in(mountain), "NC": in(eastern),
	"NH": in(eastern), "NJ": in(eastern), "NM": in(mountain), "NY": in(eastern), "OH": in(eastern),
	"OK": in(central), "PA": in(eastern), "RI": in(eastern), "SC": in(eastern), "UT": in(mountain),
	"VA": in(eastern), "VT": in(eastern), "WA": in(pacific), "WI": in(central), "WV": in(eastern),
	"WY": in(mountain), "PR": in("America/Puerto_Rico"), "VI": in("America/St_Thomas"), "GU": in("Pacific/Guam"),
	"AS": in("Pacific/Pago_Pago"), "MP": in("Pacific/Saipan"),

	"AK": divided(alaska, aleutian, "995", "999", nil, []string{"995"}),
	"AZ": divided(arizona, mountain, "850", "865", nil, []string{"859", "860", "865"}),
	"FL": divided(eastern, central, "320", "349", []string{"325"}, []string{"324"}),
	"ID": divided(boise, pacific, "832", "838", []string{"838"}, []string{"835"}),
	"IN": divided(eastern, central, "460", "479", []string{"463", "464", "477"}, []string{"465", "469", "475", "476", "479"}),
	"KS": divided(central, mountain, "660", "679", nil, []string{"677", "678", "679"}),
	"KY": divided(eastern, central, "400", "427", []string{"420", "421", "422", "423", "424"}, []string{"401", "425", "426", "427"}),
	"MI": divided(detroit, central, "480", "499", nil, []string{"498", "499"}),
	"ND": divided(central, mountain, "580", "588", nil, []string{"585", "586", "587", "588"}),
	"NE": divided(central, mountain, "680", "693", []string{"693"}, []string{"690", "691", "692"}),
	"NV": divided(pacific, mountain, "889", "898", nil, []string{"898"}),
	"OR": divided(pacific, boise, "970", "979", nil, []string{"979"}),
	"SD": divided(central, mountain, "570", "577", []string{"577"}, []string{"575", "576"}),
	"TN": divided(central, eastern, "370", "385", []string{"374", "376", "377", "378", "379"}, []string{"373", "385"}),
	"TX": divided(central, mountain, "750", "799", []string{"799"}, []string{"798"}),
}

// canadianProvinces; a divided province keeps all of its zones, since postal
// codes there do not follow them closely enough.
var canadianProvinces = map[string]state{
	"AB": in("America/Edmonton"), "MB": in("America/Winnipeg"), "NB": in("America/Moncton"),
	"NS": in("America/Halifax"), "PE": in("America/Halifax"), "SK": in("America/Regina", "America/Edmonton"),
	"NT": in("America/Edmonton"), "YT": in("America/Whitehorse"),
	"BC": in("America/Vancouver", "America/Edmonton", "America/Fort_Nelson"),
	"ON": in("America/Toronto", "America/Winnipeg"), "QC": in("America/Toronto", "America/Halifax"),
	"NL": in("America/St_Johns", "America/Goose_Bay"),
	"NU": in("America/Iqaluit", "America/Rankin_Inlet", "America/Cambridge_Bay"),
}

// australianStates; Broken Hill keeps the time of South Australia.
var australianStates = map[string]state{
	"ACT": in("Australia/Sydney"), "NSW": in("Australia/Sydney", "Australia/Broken_Hill"), "VIC": in("Australia/Melbourne"),
	"QLD": in("Australia/Brisbane"), "TAS": in("Australia/Hobart"), "SA": in("Australia/Adelaide"),
	"NT": in("Australia/Darwin"), "WA": in("Australia/Perth"),
}

// stateNames maps full names to codes, by country.
var stateNames = map[string]map[string]string{
	"US": {
		"ALABAMA": "AL", "ALASKA": "AK", "ARIZONA": "AZ", "ARKANSAS": "AR", "CALIFORNIA": "CA", "COLORADO": "CO",
		"CONNECTICUT": "CT", "DELAWARE": "DE", "DISTRICT OF COLUMBIA": "DC", "FLORIDA": "FL", "GEORGIA": "GA",
		"HAWAII": "HI", "IDAHO": "ID", "ILLINOIS": "IL", "INDIANA": "IN", "IOWA": "IA", "KANSAS": "KS",
		"KENTUCKY": "KY", "LOUISIANA": "LA", "MAINE": "ME", "MARYLAND": "MD", "MASSACHUSETTS": "MA",
		"MICHIGAN": "MI", "MINNESOTA": "MN", "MISSISSIPPI": "MS", "MISSOURI": "MO", "MONTANA": "MT",
		"NEBRASKA": "NE", "NEVADA": "NV", "NEW HAMPSHIRE": "NH", "NEW JERSEY": "NJ", "NEW MEXICO": "NM",
		"NEW YORK": "NY", "NORTH CAROLINA": "NC", "NORTH DAKOTA": "ND", "OHIO": "OH", "OKLAHOMA": "OK",
		"OREGON": "OR", "PENNSYLVANIA": "PA", "PUERTO RICO": "PR", "RHODE ISLAND": "RI", "SOUTH CAROLINA": "SC",
		"SOUTH DAKOTA": "SD", "TENNESSEE": "TN", "TEXAS": "TX", "UTAH": "UT", "VERMONT": "VT", "VIRGINIA": "VA",
		"WASHINGTON": "WA", "WEST VIRGINIA": "WV", "WISCONSIN": "WI", "WYOMING": "WY",
	},
	"CA": {
		"ALBERTA": "AB", "BRITISH COLUMBIA": "BC", "MANITOBA": "MB", "NEW BRUNSWICK": "NB",
		"NEWFOUNDLAND AND LABRADOR": "NL", "NORTHWEST TERRITORIES": "NT", "NOVA SCOTIA": "NS", "NUNAVUT": "NU",
		"ONTARIO": "ON", "PRINCE EDWARD ISLAND": "PE", "QUEBEC": "QC", "QUÉBEC": "QC", "SASKATCHEWAN": "SK", "YUKON": "YT",
	},
	"AU": {
		"AUSTRALIAN CAPITAL TERRITORY": "ACT", "NEW SOUTH WALES": "NSW", "VICTORIA": "VIC", "QUEENSLAND": "QLD",
		"TASMANIA": "TAS", "SOUTH AUSTRALIA": "SA", "NORTHERN TERRITORY": "NT", "WESTERN AUSTRALIA": "WA",
	},
}
