package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/definition"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/postgres"
	"ringmaster/configs"
)

// demoSeed is what the demo's database holds before the first call.
type demoSeed struct {
	campaigns  []campaigns.Campaign
	bots       []campaigns.User
	guest      campaigns.User
	supervisor campaigns.User
	admin      campaigns.User
	imported   int
}

// demoCampaign is one campaign of the demo: who is in it and how it dials.
type demoCampaign struct {
	name  string
	kind  campaigns.Kind
	mode  campaigns.PacingMode
	ratio float64
	// from and until pick a share of the people; the shares overlap, so that
	// some persons are in both campaigns.
	from, until float64
	script      string
	offer       string
	// example names the file of configs/campaigns that says all the rest.
	example string
	// scriptNamed and offersNamed are examples that are published and used; the
	// first offer is the campaign's, the others follow it.
	scriptNamed string
	offersNamed []string
	settings    campaigns.Settings
	// settle changes the settings last, nil: nothing.
	settle func(*campaigns.Settings) error
}

// scenarioMixed is the scenario that shows everything at once.
const scenarioMixed = "mixed"

// demoScenarios are the campaigns of each scenario.
var demoScenarios = map[string][]demoCampaign{
	"win-back":    {{kind: campaigns.KindWinBack, until: 1, example: "win-back", scriptNamed: "win-back", offersNamed: []string{"half-price", "free-month"}}},
	"prospecting": {{kind: campaigns.KindProspecting, until: 1, example: "prospecting", scriptNamed: "prospecting", offersNamed: []string{"fibre"}}},
	"loyalty":     {{kind: campaigns.KindLoyalty, until: 1, example: "loyalty", scriptNamed: "loyalty", offersNamed: []string{"month-on-us"}}},
	"cross-sell":  {{kind: campaigns.KindCrossSell, until: 1, example: "cross-sell", scriptNamed: "cross-sell", offersNamed: []string{"tv-add-on"}}},
	scenarioPredictive: {{
		name: "Predictive", kind: campaigns.KindProspecting, mode: campaigns.PacingPredictive, ratio: 1, until: 1, settle: predicted,
		script: "Hello {{first_name|there}}, this is {{agent_name}} of Northwind Telecom.", offer: "First three months free",
	}},
	scenarioMixed: mixedCampaigns,
}

// mixedCampaigns are two campaigns that share some of the people.
var mixedCampaigns = []demoCampaign{
	{
		name: "Win-back", kind: campaigns.KindWinBack, mode: campaigns.PacingProgressive, ratio: 1, until: 0.6,
		script: "Hello {{first_name|there}}, this is {{agent_name}} of Northwind Telecom.\n" +
			"You left us over {{leaving_reason}}. We have changed that for {{product}}.\nMay I tell you what is new?",
		offer: "Six months of {{product}} at half the price",
	},
	{
		name: "Spring offer", kind: campaigns.KindProspecting, mode: campaigns.PacingPredictive, ratio: 1, from: 0.45, until: 1,
		script: "Hello {{first_name|there}}, this is {{agent_name}} of Northwind Telecom.\nWe have an offer for homes in {{region}}.",
		offer:  "First three months free",
	},
}

// seedDemo fills an empty database, or finds what an earlier run left.
func seedDemo(ctx context.Context, store *postgres.Store, house *demoHouse, c *demoCmd) (demoSeed, error) {
	var seed demoSeed
	people := demoPeople(house.state.Seed, store.Clock().Now())
	seed.imported = len(people)
	for _, plan := range demoScenarios[house.state.Scenario] {
		campaign, err := seedCampaign(ctx, store, plan, people)
		if err != nil {
			return seed, fmt.Errorf("demo campaign %s: %w", plan.name, err)
		}
		seed.campaigns = append(seed.campaigns, campaign)
	}
	if err := seedBlocks(ctx, store, people); err != nil {
		return seed, err
	}
	if err := seedUsers(ctx, store, house, c, &seed); err != nil {
		return seed, err
	}
	for i, campaign := range seed.campaigns {
		moved, err := store.MoveCampaign(ctx, campaign.ID, campaigns.CampaignRunning)
		if err != nil {
			return seed, err
		}
		seed.campaigns[i] = moved
	}
	return seed, nil
}

// seedCampaign makes a campaign and imports its share of the people, with the
// import that everybody uses.
func seedCampaign(ctx context.Context, store *postgres.Store, plan demoCampaign, people []demoPerson) (campaigns.Campaign, error) {
	if err := plan.complete(); err != nil {
		return campaigns.Campaign{}, err
	}
	found, err := store.CampaignByName(ctx, plan.name)
	if err == nil || campaigns.CodeOf(err) != campaigns.CodeNotFound {
		return found, err
	}
	if err := publishDemoTexts(ctx, store, plan); err != nil {
		return campaigns.Campaign{}, err
	}
	made, err := store.CreateCampaign(ctx, plan.name, plan.kind, plan.settings)
	if err != nil {
		return made, err
	}
	n := float64(len(people))
	var file bytes.Buffer
	if err := writeDemoList(&file, plan.kind, plan.example != "", people[int(plan.from*n):int(plan.until*n)]); err != nil {
		return made, err
	}
	_, err = ingest.Import(ctx, ingest.Options{
		Campaign: plan.name, List: "demo list", FileName: "demo.csv", File: bytes.NewReader(file.Bytes()), Region: "US",
	}, store)
	return made, err
}

// complete fills in the settings: the example's, or the kind's with what the
// plan says.
func (p *demoCampaign) complete() error {
	if p.example == "" {
		p.settings = campaigns.DefaultSettings(p.kind)
		p.settings.Mode, p.settings.Ratio = p.mode, p.ratio
		p.settings.Script, p.settings.Offer = p.script, p.offer
	} else {
		text, err := configs.CampaignExample(p.example)
		if err != nil {
			return err
		}
		all, err := definition.Parse(text, definition.Defaults{Region: "US"})
		if err != nil {
			return err
		}
		p.name, p.settings = all[0].Name, all[0].Settings
	}
	if p.scriptNamed != "" {
		p.settings.Script = p.scriptNamed
	}
	if len(p.offersNamed) > 0 {
		p.settings.Offer = p.offersNamed[0]
		if p.settings.WinBack != nil {
			// The example's offers by reason are texts; published ones have budgets.
			p.settings.WinBack.Offers = nil
		}
	}
	p.settings.CallerIDs = []string{demoNumber}
	// The least ring time of the law lets a minute show unanswered calls.
	p.settings.RingTimeout = campaigns.Seconds(15)
	if p.settle != nil {
		return p.settle(&p.settings)
	}
	return nil
}

// seedBlocks puts the chosen people on the DNC list or gives them an open
// complaint.
func seedBlocks(ctx context.Context, store *postgres.Store, people []demoPerson) error {
	for _, p := range people {
		switch {
		case p.doNotCall:
			number, err := phone.Parse(p.phone, "US")
			if err != nil {
				return fmt.Errorf("demo number: %w", err)
			}
			if err := store.AddSuppression(ctx, number.E164, 0, "demo", "asked not to be called", time.Time{}); err != nil {
				return err
			}
		case p.complaint:
			found, err := store.FindContacts(ctx, fmt.Sprintf("demo-%d", p.id))
			if err != nil {
				return err
			}
			if len(found) == 0 || len(found[0].Numbers) > 0 && found[0].Numbers[0].DoNotCall {
				continue
			}
			if open, err := store.HasOpenComplaint(ctx, found[0].ID); err != nil || open {
				return err
			}
			if err := store.OpenComplaint(ctx, found[0].ID, "wrong bill"); err != nil {
				return err
			}
		}
	}
	return nil
}

// seedUsers makes the bots, a seat for a guest, a supervisor and an admin.
// Three of five agents work for the first campaign, the others for the second;
// all take inbound calls.
func seedUsers(ctx context.Context, store *postgres.Store, house *demoHouse, c *demoCmd, seed *demoSeed) error {
	ensure := func(u campaigns.User) (campaigns.User, error) {
		found, _, err := store.UserByName(ctx, u.Name)
		if campaigns.CodeOf(err) == campaigns.CodeNotFound && err != nil {
			return store.CreateUser(ctx, u, "")
		}
		return found, err
	}
	line := func(user string) string {
		return (&url.URL{Scheme: "sip", Opaque: user + "@" + house.state.Desk}).String()
	}
	for i := range c.Agents {
		campaign := seed.campaigns[0]
		if i%5 >= 3 && len(seed.campaigns) > 1 {
			campaign = seed.campaigns[1]
		}
		name := fmt.Sprintf("agent%d", i+1)
		bot, err := ensure(campaigns.User{
			Name: name, DisplayName: "Bot " + demoFirstNames[i%len(demoFirstNames)], Role: campaigns.RoleAgent,
			Phone: line(name), CampaignIDs: []int64{campaign.ID},
		})
		if err != nil {
			return err
		}
		seed.bots = append(seed.bots, bot)
	}
	var err error
	if seed.guest, err = ensure(campaigns.User{
		Name: "guest", DisplayName: "Robin", Role: campaigns.RoleAgent, Phone: line("agent999"), CampaignIDs: []int64{seed.campaigns[0].ID},
	}); err != nil {
		return err
	}
	if seed.supervisor, err = ensure(campaigns.User{Name: "supervisor", DisplayName: "Supervisor", Role: campaigns.RoleSupervisor}); err != nil {
		return err
	}
	seed.admin, err = ensure(campaigns.User{Name: "admin", DisplayName: "Admin", Role: campaigns.RoleAdmin})
	return err
}
