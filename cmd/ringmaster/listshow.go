package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

type lsListsCmd struct {
	Campaign string `arg:"" optional:"" help:"Name of the campaign. Default: all that are not closed."`
	JSON     bool   `help:"As JSON."`
}

// Help explains the columns.
func (lsListsCmd) Help() string {
	return "Example: ringmaster list ls winback\n\nPENETRATION is records tried at least once ÷ records, SATURATION attempts ÷ records, both in the present pass."
}

// Run prints a table.
func (c *lsListsCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		found, err := store.Campaigns(ctx)
		if c.Campaign != "" {
			var one campaigns.Campaign
			one, err = store.CampaignByName(ctx, c.Campaign)
			found = []campaigns.Campaign{one}
		}
		if err != nil {
			return err
		}
		lists := []campaigns.ListFigures{}
		names := map[int64]string{}
		for _, campaign := range found {
			names[campaign.ID] = campaign.Name
			figures, err := store.ListFigures(ctx, campaign.ID)
			if err != nil {
				return err
			}
			lists = append(lists, figures...)
		}
		if c.JSON {
			return json.NewEncoder(io.out).Encode(lists)
		}
		return writeLists(io.out, lists, names, store.Clock().Now())
	})
}

func writeLists(w io.Writer, lists []campaigns.ListFigures, names map[int64]string, now time.Time) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "CAMPAIGN\tLIST\tSTANDING\tPRIORITY\tMIX\tRECORDS\tREADY\tDONE\tPENETRATION\tSATURATION\tSOURCE")
	for _, l := range lists {
		mix := "-"
		if l.Mix > 0 {
			mix = strconv.FormatFloat(l.Mix*100, 'f', -1, 64) + " %"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%d\t%d\t%d\t%.1f %%\t%.2f\t%s\n", names[l.CampaignID], l.Name, listStanding(l.List, now), l.Priority, mix,
			l.Records, l.ByState[campaigns.CandidateReady], l.ByState[campaigns.CandidateDone], 100*l.Penetration, l.Saturation, l.Source)
	}
	return table.Flush()
}

// listStanding says whether a list is called.
func listStanding(l campaigns.List, now time.Time) string {
	switch {
	case !l.Active:
		return "off"
	case l.ExpiresAt == nil:
		return "on"
	case l.Called(now):
		return "on until " + whyTime(l.ExpiresAt)
	default:
		return "expired since " + whyTime(l.ExpiresAt)
	}
}

type showListCmd struct {
	namedList
}

// Run shows the list with its figures.
func (c *showListCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		list, err := c.find(ctx, store)
		if err != nil {
			return err
		}
		figures, err := store.ListFigures(ctx, list.CampaignID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(figures, func(f campaigns.ListFigures) bool { return f.ID == list.ID })
		if at < 0 {
			return fmt.Errorf("list %q is gone", list.Name)
		}
		out := json.NewEncoder(io.out)
		out.SetIndent("", "  ")
		return out.Encode(figures[at])
	})
}
