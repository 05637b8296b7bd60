package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/definition"
	"ringmaster/campaigns/postgres"
)

// applyCampaignsCmd makes campaigns what files say that they are.
type applyCampaignsCmd struct {
	Files  []string `arg:"" name:"file" help:"YAML file with one or more campaigns; - is standard input."`
	DryRun bool     `help:"Show the differences and change nothing."`
}

// Help shows examples.
func (applyCampaignsCmd) Help() string {
	return "Examples: ringmaster campaign apply --dry-run configs/campaigns/win-back.yaml\n" +
		"          ringmaster campaign show winback --yaml | sed 's/^ratio: .*/ratio: 2/' | ringmaster campaign apply -\n\n" +
		"What a file does not name is as by default of the campaign's kind. Either all of the files are applied or nothing is."
}

// Run shows the differences, and applies them.
func (c *applyCampaignsCmd) Run(ctx context.Context, io streams, all *cli) error {
	cfg, err := all.load(io)
	if err != nil {
		return err
	}
	book, err := ruleBook(cfg)
	if err != nil {
		return err
	}
	definitions, err := readDefinitions(c.Files, definition.Defaults{Region: cfg.Phone.DefaultRegion, Now: time.Now().Add(cfg.Clock.Offset), Rules: book})
	if err != nil {
		return err
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		plan, err := planCampaigns(ctx, store, definitions)
		if err != nil {
			return err
		}
		if err := plan.write(io.out); err != nil {
			return err
		}
		if c.DryRun {
			_, err := fmt.Fprintln(io.out, "Dry run: nothing was changed.")
			return err
		}
		if _, err := store.ApplyCampaigns(ctx, plan.changes()); err != nil {
			return err
		}
		_, err = fmt.Fprintln(io.out, plan.summary())
		return err
	})
}

// placed is a definition with the file that it is from.
type placed struct {
	definition.Definition
	file string
}

// readDefinitions reads all the files, and gives all that is wrong with them.
func readDefinitions(files []string, d definition.Defaults) ([]placed, error) {
	var all []placed
	var problems []string
	seen := map[string]string{}
	for _, name := range files {
		data, err := readInput(name)
		if err != nil {
			return nil, err
		}
		definitions, err := definition.Parse(data, d)
		if wrong, ok := errors.AsType[*definition.Error](err); ok {
			for _, problem := range wrong.Problems {
				problems = append(problems, fmt.Sprintf("%s: %s", name, problem))
			}
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, found := range definitions {
			if before, twice := seen[found.Name]; twice {
				problems = append(problems, fmt.Sprintf("%s: line %d: name: campaign %q stands in %s already", name, found.Line, found.Name, before))
			}
			seen[found.Name] = name
			all = append(all, placed{found, name})
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("nothing was applied\n%s", strings.Join(problems, "\n"))
	}
	return all, nil
}

func readInput(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(os.Stdin, 4<<20))
	}
	return os.ReadFile(name)
}

// planned is a definition beside the campaign that is there.
type planned struct {
	placed
	// have is nil for a new campaign.
	have        *campaigns.Campaign
	differences []definition.Difference
}

type campaignPlan []planned

// planCampaigns finds what differs, and refuses what cannot be.
func planCampaigns(ctx context.Context, store *postgres.Store, definitions []placed) (campaignPlan, error) {
	var plan campaignPlan
	var problems []string
	for _, d := range definitions {
		p := planned{placed: d}
		have, err := store.CampaignByName(ctx, d.Name)
		switch {
		case err == nil:
			p.have = &have
			p.differences = definition.Diff(have.Settings, d.Settings)
		case campaigns.CodeOf(err) == campaigns.CodeNotFound:
			p.differences = definition.Diff(campaigns.DefaultSettings(d.Kind), d.Settings)
		default:
			return nil, err
		}
		if problem := p.refused(); problem != "" {
			problems = append(problems, fmt.Sprintf("%s: line %d: campaign %q: %s", d.file, d.Line, d.Name, problem))
		}
		plan = append(plan, p)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("nothing was applied\n%s", strings.Join(problems, "\n"))
	}
	return plan, nil
}

// refused says why the campaign cannot become what the file says.
func (p *planned) refused() string {
	from := campaigns.CampaignDraft
	if p.have != nil {
		from = p.have.State
	}
	switch {
	case p.have != nil && p.have.Kind != p.Kind:
		return fmt.Sprintf("kind: is %s and cannot become %s; give the new campaign a name of its own", p.have.Kind, p.Kind)
	case p.State != "" && p.State != from && !from.CanMove(p.State):
		return fmt.Sprintf("state: is %s and cannot become %s", from, p.State)
	case from == campaigns.CampaignClosed && len(p.differences) > 0:
		return "state: is closed; nothing of it changes any more"
	}
	return ""
}

// changed reports whether there is anything to do.
func (p *planned) changed() bool {
	return p.have == nil || len(p.differences) > 0 || p.State != "" && p.State != p.have.State
}

func (plan campaignPlan) changes() []postgres.CampaignChange {
	var all []postgres.CampaignChange
	for _, p := range plan {
		if !p.changed() {
			continue
		}
		change := postgres.CampaignChange{Name: p.Name, Kind: p.Kind, State: p.State, Settings: p.Settings}
		if p.have != nil {
			change.ID, change.Revision = p.have.ID, p.have.Revision
		}
		all = append(all, change)
	}
	return all
}

// write prints the differences.
func (plan campaignPlan) write(w io.Writer) error {
	var b strings.Builder
	for _, p := range plan {
		switch {
		case p.have == nil:
			fmt.Fprintf(&b, "Campaign %q (%s) is new; beyond the defaults of its kind:\n", p.Name, p.Kind)
		case !p.changed():
			fmt.Fprintf(&b, "Campaign %q (%s) is unchanged at revision %d.\n", p.Name, p.Kind, p.have.Revision)
		default:
			fmt.Fprintf(&b, "Campaign %q (%s) changes from revision %d:\n", p.Name, p.Kind, p.have.Revision)
		}
		for _, d := range p.differences {
			b.WriteString(differenceLine(d, p.have == nil))
		}
		switch {
		case p.State == "":
		case p.have == nil:
			fmt.Fprintf(&b, "  + state: %s\n", p.State)
		case p.State != p.have.State:
			fmt.Fprintf(&b, "  ~ state: %s → %s\n", p.have.State, p.State)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// differenceLine shows one difference: + for what is added, - for what goes, ~
// for what changes.
func differenceLine(d definition.Difference, fresh bool) string {
	switch {
	case d.Before == "":
		return fmt.Sprintf("  + %s: %s\n", d.Key, oneLine(d.After))
	case d.After == "":
		return fmt.Sprintf("  - %s: %s\n", d.Key, oneLine(d.Before))
	case fresh:
		return fmt.Sprintf("  + %s: %s (default %s)\n", d.Key, oneLine(d.After), oneLine(d.Before))
	default:
		return fmt.Sprintf("  ~ %s: %s → %s\n", d.Key, oneLine(d.Before), oneLine(d.After))
	}
}

// oneLine shows a text in one line of bearable length.
func oneLine(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > 100 {
		return string(runes[:99]) + "…"
	}
	return string(runes)
}

func (plan campaignPlan) summary() string {
	created, changed, unchanged := 0, 0, 0
	for _, p := range plan {
		switch {
		case p.have == nil:
			created++
		case p.changed():
			changed++
		default:
			unchanged++
		}
	}
	return fmt.Sprintf("Applied: %d created, %d changed, %d unchanged.", created, changed, unchanged)
}
