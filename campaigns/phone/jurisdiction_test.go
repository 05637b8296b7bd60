package phone_test

import (
	"strings"
	"testing"

	"ringmaster/campaigns/phone"
)

func TestJurisdictions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ country, region, number, want string }{
		{"US", "", "+12125550100", "US-NY"},
		{"US", "", "+13055550100", "US-FL"},
		{"US", "", "+12065550100", "US-WA"},
		{"US", "", "+12025550100", "US-DC"},
		{"US", "", "+18005550100", "US-*"},
		{"US", "TX", "+13055550100", "US-TX"},
		{"US", "florida", "+12125550100", "US-FL"},
		{"US", "US-OK", "+12125550100", "US-OK"},
		{"US", "nowhere", "+12125550100", "US-NY"},
		{"US", "FR-75", "+13055550100", "FR US-FL"},
		{"DE", "BY", "+498912345678", "DE"},
		{"DE", "DE-BY", "+498912345678", "DE"},
		{"GB", "", "+442071234567", "GB"},
		{"GB", "FR", "+442071234567", "FR GB"},
		{"GB", "US-TX", "+442071234567", "GB US-*"},
		{"CA", "CA", "+14165550100", "CA"},
		{"001", "", "+870773111632", ""},
	} {
		if got := strings.Join(phone.Jurisdictions(c.country, c.region, c.number), " "); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
