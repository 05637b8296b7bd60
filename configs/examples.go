package configs

import (
	"embed"
	"fmt"
)

//go:embed campaigns/*.yaml
var campaignExamples embed.FS

//go:embed scripts/*.yaml offers/*.yaml
var textExamples embed.FS

// CampaignExample gives the example file of a campaign: win-back, prospecting,
// loyalty or cross-sell. The error names one that is not there.
func CampaignExample(name string) ([]byte, error) {
	text, err := campaignExamples.ReadFile("campaigns/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no example of a campaign %q", name)
	}
	return text, nil
}

// ScriptExample gives the example file of a script, called as that of its
// campaign. The error names one that is not there.
func ScriptExample(name string) ([]byte, error) {
	text, err := textExamples.ReadFile("scripts/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no example of a script %q", name)
	}
	return text, nil
}

// OfferExample gives the example file of an offer: half-price, free-month, fibre,
// month-on-us or tv-add-on. The error names one that is not there.
func OfferExample(name string) ([]byte, error) {
	text, err := textExamples.ReadFile("offers/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no example of an offer %q", name)
	}
	return text, nil
}
