package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"ringmaster/campaigns"
)

// CheckRegion is CodeInvalid when the text is no ISO 3166 country with a
// telephone code.
func CheckRegion(region string) error {
	if phonenumbers.GetCountryCodeForRegion(strings.ToUpper(region)) == 0 {
		return campaigns.Invalid("region", "%q is no ISO 3166 country such as US or DE", region)
	}
	return nil
}
