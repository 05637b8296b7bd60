package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/postgres"
)

// paceCmd changes how a campaign dials, also while it runs.
type paceCmd struct {
	Name             string   `arg:"" help:"Name of the campaign."`
	Mode             string   `help:"manual, preview, progressive, ratio or predictive." placeholder:"MODE"`
	Ratio            *float64 `help:"Lines for each ready agent in mode ratio." placeholder:"N"`
	DropLimit        *string  `help:"The campaign's own limit on dropped calls, such as 2%; those of the law bind besides." placeholder:"SHARE"`
	MaxLines         *int     `help:"Most lines of the campaign at once on a node; 0: no cap." placeholder:"N"`
	MaxLinesPerAgent *float64 `help:"The same for each agent who is ready or busy; 0: no cap." placeholder:"N"`
	CancelRinging    *bool    `negatable:"" help:"Give ringing calls up when fewer agents come free than was expected."`
}

// Help shows an example.
func (paceCmd) Help() string {
	return "Examples: ringmaster campaign pace winback --mode predictive --drop-limit 2%\n          ringmaster campaign pace winback --max-lines 40"
}

// Run makes the change, and tells how the campaign dials.
func (c *paceCmd) Run(ctx context.Context, io streams, all *cli) error {
	change := campaigns.PacingChange{Ratio: c.Ratio, MaxLines: c.MaxLines, MaxLinesPerAgent: c.MaxLinesPerAgent, CancelRinging: c.CancelRinging}
	if c.Mode != "" {
		mode := campaigns.PacingMode(c.Mode)
		change.Mode = &mode
	}
	if c.DropLimit != nil {
		limit, err := share("--drop-limit", *c.DropLimit)
		if err != nil {
			return err
		}
		change.DropLimit = limit
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		found, err := store.CampaignByName(ctx, c.Name)
		if err != nil {
			return err
		}
		changed, err := store.ChangePacing(ctx, found.ID, change)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(io.out, "Campaign %q %s.\n", changed.Name, pacingText(&changed.Settings)); err != nil {
			return err
		}
		return writeDrops(ctx, io.out, store, changed.ID)
	})
}

// pacingText says how a campaign dials.
func pacingText(s *campaigns.Settings) string {
	parts := []string{"dials in mode " + string(s.Mode)}
	if s.Mode == campaigns.PacingRatio {
		parts[0] += fmt.Sprintf(" with %g lines for each ready agent", s.Ratio)
	}
	if s.MaxLines > 0 {
		parts = append(parts, fmt.Sprintf("%d lines at most", s.MaxLines))
	}
	if s.MaxLinesPerAgent > 0 {
		parts = append(parts, fmt.Sprintf("%g lines at most for each agent", s.MaxLinesPerAgent))
	}
	if s.Mode == campaigns.PacingPredictive && !s.CancelsRinging() {
		parts = append(parts, "ringing calls are not given up")
	}
	return strings.Join(parts, ", ")
}

// writeDrops tells how the campaign stands with the nearest limit on dropped calls.
func writeDrops(ctx context.Context, w io.Writer, store *postgres.Store, campaignID int64) error {
	d, err := store.DropState(ctx, campaignID)
	if err != nil {
		return err
	}
	windows := map[calling.DropWindow]string{calling.DropOver30Days: "over 30 days", calling.DropOverDay: "of the day", calling.DropOverMonth: "of the month"}
	by := "the campaign's own limit"
	if d.Rule != "" {
		by = "rule " + d.Rule
	}
	_, err = fmt.Fprintf(w, "Dropped calls: %.4g of %.6g answers %s, %s; %s allows %s, %.1f more now.\n",
		d.Drops, d.Answers, windows[d.Window], percent(d.Rate), by, percent(d.Limit), max(0, d.Credit))
	return err
}
