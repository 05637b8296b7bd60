package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/definition"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/postgres"
)

// campaignCmd are the commands on campaigns.
type campaignCmd struct {
	Apply   applyCampaignsCmd `cmd:"" help:"Create or change campaigns as YAML files say."`
	Create  createCampaignCmd `cmd:"" help:"Create a campaign (as draft)."`
	List    listCampaignsCmd  `cmd:"" help:"List campaigns."`
	Show    showCampaignCmd   `cmd:"" help:"Show a campaign's settings."`
	Start   startCampaignCmd  `cmd:"" help:"Start dialing."`
	Pause   pauseCampaignCmd  `cmd:"" help:"Stop dialing for now."`
	Close   closeCampaignCmd  `cmd:"" help:"Stop dialing for good."`
	Preview previewCmd        `cmd:"" help:"Tell whom it would call, and who falls out where; nobody is called."`
	Pace    paceCmd           `cmd:"" help:"Change how a campaign dials, also while it runs, and tell of its dropped calls."`
	Why     whyCmd            `cmd:"" help:"Tell how many candidates stand behind each reason now, or explain one person."`
}

type createCampaignCmd struct {
	Name         string        `arg:"" help:"Name of the campaign."`
	Kind         string        `enum:"win_back,prospecting,loyalty,cross_sell" default:"win_back" help:"win_back, prospecting, loyalty or cross_sell."`
	Mode         string        `enum:"manual,preview,progressive,ratio,predictive" default:"progressive" help:"Pacing: manual, preview, progressive, ratio or predictive."`
	Ratio        float64       `default:"1" help:"Lines for each ready agent in mode ratio."`
	CallerID     []string      `help:"Number shown to customers, in E.164; may be repeated." placeholder:"+1…"`
	RingTimeout  time.Duration `default:"25s" help:"How long a phone rings."`
	ConnectLimit time.Duration `default:"2s" help:"How long an answered customer waits for an agent."`
	From         int           `default:"8" help:"First hour of calling, in the customer's time."`
	Until        int           `default:"21" help:"Hour at which calling ends, in the customer's time."`
	Script       string        `help:"Script for agents, with fields such as {{first_name|there}}."`
	Offer        string        `help:"Offer shown with the script."`
	Product      string        `help:"What a cross-sell campaign offers, as the contacts' attribute owned_products names it."`
	Region       string        `help:"Country (ISO 3166) of numbers without a prefix. Default: phone.default_region." placeholder:"XX"`
}

// Help shows an example.
func (createCampaignCmd) Help() string {
	return "Example: ringmaster campaign create winback --mode ratio --ratio 1.5 --caller-id +12125550100"
}

// Run creates the campaign.
func (c *createCampaignCmd) Run(ctx context.Context, io streams, all *cli) error {
	named := "--region"
	if c.Region == "" {
		cfg, err := all.load(io)
		if err != nil {
			return err
		}
		named, c.Region = "phone.default_region", cfg.Phone.DefaultRegion
	}
	if err := phone.CheckRegion(c.Region); err != nil {
		return fmt.Errorf("%s: %w", named, err)
	}
	settings := campaigns.DefaultSettings(campaigns.Kind(c.Kind))
	settings.Mode, settings.Ratio = campaigns.PacingMode(c.Mode), c.Ratio
	settings.RingTimeout, settings.ConnectLimit = campaigns.Duration(c.RingTimeout), campaigns.Duration(c.ConnectLimit)
	settings.Window = campaigns.DailyWindow(c.From, c.Until)
	settings.DefaultRegion, settings.Offer = c.Region, c.Offer
	if c.Product != "" {
		settings.Selection.OwnedAttribute, settings.Selection.Product = "owned_products", c.Product
	}
	if c.Script != "" {
		settings.Script = c.Script
	}
	for _, id := range c.CallerID {
		number, err := phone.Parse(id, c.Region)
		if err != nil {
			return fmt.Errorf("--caller-id %s: %w", id, err)
		}
		settings.CallerIDs = append(settings.CallerIDs, number.E164)
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		made, err := store.CreateCampaign(ctx, c.Name, campaigns.Kind(c.Kind), settings)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "Campaign %q created as %s. Next: ringmaster import --campaign %q FILE.csv\n", made.Name, made.State, made.Name)
		return err
	})
}

type listCampaignsCmd struct{}

// Run lists the campaigns with their candidates.
func (listCampaignsCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		list, err := store.AllCampaigns(ctx)
		if err != nil {
			return err
		}
		figures, err := store.Figures(ctx, store.Clock().Now().Truncate(24*time.Hour))
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "NAME\tKIND\tSTATE\tMODE\tCANDIDATES\tATTEMPTS TODAY")
		for _, c := range list {
			f := figures[c.ID]
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", c.Name, c.Kind, c.State, c.Settings.Mode, counts(f.Candidates), f.Attempts())
		}
		return w.Flush()
	})
}

type showCampaignCmd struct {
	Name string `arg:"" help:"Name of the campaign."`
	YAML bool   `name:"yaml" help:"As a file for campaign apply."`
}

// Help shows an example.
func (showCampaignCmd) Help() string {
	return "Example: ringmaster campaign show winback --yaml > winback.yaml"
}

// Run shows the campaign as JSON or YAML.
func (c *showCampaignCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		found, err := store.CampaignByName(ctx, c.Name)
		if err != nil {
			return err
		}
		if c.YAML {
			text, err := definition.Marshal(found)
			if err != nil {
				return err
			}
			_, err = io.out.Write(text)
			return err
		}
		out := json.NewEncoder(io.out)
		out.SetIndent("", "  ")
		return out.Encode(found)
	})
}

type startCampaignCmd struct {
	Name string `arg:"" help:"Name of the campaign."`
}

// Run starts the campaign.
func (c *startCampaignCmd) Run(ctx context.Context, io streams, all *cli) error {
	return moveCampaign(ctx, io, all, c.Name, campaigns.CampaignRunning)
}

type pauseCampaignCmd struct {
	Name string `arg:"" help:"Name of the campaign."`
}

// Run pauses the campaign.
func (c *pauseCampaignCmd) Run(ctx context.Context, io streams, all *cli) error {
	return moveCampaign(ctx, io, all, c.Name, campaigns.CampaignPaused)
}

type closeCampaignCmd struct {
	Name string `arg:"" help:"Name of the campaign."`
}

// Run closes the campaign.
func (c *closeCampaignCmd) Run(ctx context.Context, io streams, all *cli) error {
	return moveCampaign(ctx, io, all, c.Name, campaigns.CampaignClosed)
}

func moveCampaign(ctx context.Context, io streams, all *cli, name string, to campaigns.CampaignState) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		found, err := store.CampaignByName(ctx, name)
		if err != nil {
			return err
		}
		moved, err := store.MoveCampaign(ctx, found.ID, to)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "Campaign %q is %s.\n", moved.Name, moved.State)
		return err
	})
}
