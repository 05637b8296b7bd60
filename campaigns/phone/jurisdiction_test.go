package phone_test

import (
	"strings"
	"testing"

	"ringmaster/campaigns/phone"
)

func TestJurisdictions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ country, region, postal, number, want string }{
		{"US", "", "", "+12125550100", "US-NY"},
		{"US", "", "", "+13055550100", "US-FL"},
		{"US", "", "", "+12065550100", "US-WA"},
		{"US", "", "", "+12025550100", "US-DC"},
		{"US", "", "", "+18005550100", "US-*"},
		{"US", "TX", "", "+13055550100", "US-TX"},
		{"US", "florida", "", "+12125550100", "US-FL"},
		{"US", "US-OK", "", "+12125550100", "US-OK"},
		{"US", "Florda", "", "+12125550100", "US-*"},
		{"US", "us", "", "+12125550100", "US-NY"},
		{"US", "FR-75", "", "+13055550100", "FR US-FL"},
		{"US", "", "33101", "+12125550100", "US-FL"},
		{"US", "", "33101-1234", "+12125550100", "US-FL"},
		{"US", "", "2116", "+12125550100", "US-MA"},
		{"US", "", "20190", "+12125550100", "US-VA"},
		{"US", "", "34001", "+12125550100", "US-NY"},
		{"US", "", "99950", "+12125550100", "US-AK"},
		{"US", "", "00501", "+12125550100", "US-NY"},
		{"US", "TX", "33101", "+12125550100", "US-TX"},
		{"US", "FR-75", "75001", "+13055550100", "FR US-FL"},
		{"GB", "US-TX", "33101", "+442071234567", "GB US-*"},
		{"DE", "BY", "", "+498912345678", "DE"},
		{"DE", "DE-BY", "", "+498912345678", "DE"},
		{"GB", "", "", "+442071234567", "GB"},
		{"GB", "FR", "", "+442071234567", "FR GB"},
		{"GB", "US-TX", "", "+442071234567", "GB US-*"},
		{"CA", "CA", "", "+14165550100", "CA"},
		{"001", "", "", "+870773111632", ""},
	} {
		if got := strings.Join(phone.Jurisdictions(c.country, phone.RegionOf(c.country, c.region, c.postal), c.number), " "); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// A number of each state's most telling form must not lose its rules to a name
// that the geocoder spells otherwise.
func TestStatesOfAreaCodes(t *testing.T) {
	t.Parallel()
	for areaCode, state := range map[string]string{
		"205": "AL", "318": "LA", "502": "KY", "203": "CT", "405": "OK", "509": "WA", "813": "FL", "907": "AK", "808": "HI",
		"304": "WV", "701": "ND", "605": "SD", "603": "NH", "505": "NM", "704": "NC", "803": "SC", "401": "RI", "212": "NY",
	} {
		if got := phone.Jurisdictions("US", "", "+1"+areaCode+"5550100"); len(got) != 1 || got[0] != "US-"+state {
			t.Errorf("%s lies in %s, got %v", areaCode, state, got)
		}
	}
}
