package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// whyCmd tells what a campaign's candidates wait for.
type whyCmd struct {
	Name    string `arg:"" help:"Name of the campaign."`
	Contact string `help:"Explain this person: external id, or contact id; id:6 is the contact id alone." placeholder:"ID"`
	JSON    bool   `help:"As JSON."`
}

// Help shows an example.
func (whyCmd) Help() string {
	return "Examples: ringmaster campaign why winback\n          ringmaster campaign why winback --contact crm-4711"
}

// Run prints the reasons.
func (c *whyCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		campaign, err := store.CampaignByName(ctx, c.Name)
		if err != nil {
			return err
		}
		if c.Contact == "" {
			lines, err := store.Why(ctx, campaign.ID)
			if err != nil {
				return err
			}
			if c.JSON {
				return json.NewEncoder(io.out).Encode(lines)
			}
			if err := writeWhy(io.out, campaign, lines); err != nil {
				return err
			}
			if err := writeDrops(ctx, io.out, store, campaign.ID); err != nil {
				return err
			}
			checks, err := store.RegisterChecks(ctx, campaign.ID)
			if err != nil {
				return err
			}
			for _, check := range checks {
				if !check.Elsewhere && (check.Old || check.List == "") {
					_, _ = fmt.Fprintln(io.out, registerText(check))
				}
			}
			exhausted, err := store.Exhausted(ctx, campaign.ID)
			for _, l := range exhausted {
				_, _ = fmt.Fprintf(io.out, "List %q is exhausted: of its %d candidates %d are done and %d blocked.\n", l.List, l.Done+l.Blocked, l.Done, l.Blocked)
			}
			return err
		}
		id, err := contactNamed(ctx, store, c.Contact, io.err)
		if err != nil {
			return fmt.Errorf("--contact: %w", err)
		}
		person, err := store.WhyContact(ctx, campaign.ID, id)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(io.out).Encode(person)
		}
		return writeWhyPerson(io.out, person)
	})
}

// writeWhy prints the counts as a table.
func writeWhy(w io.Writer, campaign campaigns.Campaign, lines []postgres.WhyLine) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "Campaign %q is %s.\n", campaign.Name, campaign.State)
	_, _ = fmt.Fprintln(table, "CANDIDATES\tSTATE\tREASON\tNEXT\t")
	total := 0
	for _, line := range lines {
		total += line.Count
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%s\t\n", line.Count, line.State, cmp.Or(string(line.Reason), "-"), whyTime(line.Next))
	}
	_, _ = fmt.Fprintf(table, "%d\tin all\t\t\t\n", total)
	return table.Flush()
}

// writeWhyPerson prints one person's story.
func writeWhyPerson(w io.Writer, p postgres.WhyPerson) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (contact %d): %s", p.Name, p.ContactID, p.State)
	if p.Reason != "" {
		fmt.Fprintf(&b, " because of %s", p.Reason)
	}
	if p.Due != nil {
		fmt.Fprintf(&b, ", due %s", whyTime(p.Due))
	}
	worth := 0.0
	for _, f := range p.Factors {
		worth += f.Points
	}
	fmt.Fprintf(&b, "; %d attempts; rank %.3f: %.3f for today's date and %+.3f for\n", p.Attempts, p.Rank, p.Rank-worth, worth)
	for _, f := range p.Factors {
		fmt.Fprintf(&b, "  %+.2f  %s: %s\n", f.Points, f.Name, f.Text)
	}
	if len(p.ScoreFactors) > 0 {
		b.WriteString("The model's propensity, in doublings of the odds:\n")
	}
	for _, f := range p.ScoreFactors {
		fmt.Fprintf(&b, "  %+.2f  %s: %s\n", f.Points, f.Name, f.Text)
	}
	for _, n := range p.Numbers {
		verdict := "may not be called now"
		if n.Allowed {
			verdict = "may be called now"
		}
		next := ""
		if n.Next {
			next = " (next)"
		}
		fmt.Fprintf(&b, "%s%s %s; zones %s; rules %s\n", n.E164, next, verdict, strings.Join(n.Zones, ", "),
			cmp.Or(strings.Join(n.Rules, ", "), "none known for "+cmp.Or(strings.Join(n.Jurisdictions, ", "), "this number")))
		for _, g := range n.Gates {
			mark := "pass  "
			if !g.Passed {
				mark = "REFUSE"
			}
			fmt.Fprintf(&b, "  %s  %s %s", mark, g.Gate, strings.TrimPrefix(whyTime(g.Until), "-"))
			if g.Rule != "" {
				fmt.Fprintf(&b, " by rule %s (%s)", g.Rule, strings.Join(g.Sources, "; "))
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func whyTime(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
