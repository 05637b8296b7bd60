package configs

import (
	"embed"
	"fmt"
)

//go:embed campaigns/*.yaml
var campaignExamples embed.FS

// CampaignExample gives the example file of a campaign: win-back, prospecting,
// loyalty or cross-sell. The error names one that is not there.
func CampaignExample(name string) ([]byte, error) {
	text, err := campaignExamples.ReadFile("campaigns/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no example of a campaign %q", name)
	}
	return text, nil
}
