package main

import (
	"context"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/configs"
)

// publishDemoTexts publishes the example script and offers of a demo campaign.
func publishDemoTexts(ctx context.Context, store *postgres.Store, plan demoCampaign) error {
	if plan.scriptNamed != "" {
		text, err := configs.ScriptExample(plan.scriptNamed)
		if err != nil {
			return err
		}
		var script campaigns.Script
		if _, err := parseTextFile(plan.scriptNamed+".yaml", text, &script); err != nil {
			return err
		}
		if _, err := store.ApplyScript(ctx, script, false); err != nil {
			return err
		}
	}
	var offers []campaigns.Offer
	for _, name := range plan.offersNamed {
		text, err := configs.OfferExample(name)
		if err != nil {
			return err
		}
		var offer campaigns.Offer
		if _, err := parseTextFile(name+".yaml", text, &offer); err != nil {
			return err
		}
		offers = append(offers, offer)
	}
	if len(offers) == 0 {
		return nil
	}
	_, err := store.ApplyOffers(ctx, offers, false)
	return err
}
