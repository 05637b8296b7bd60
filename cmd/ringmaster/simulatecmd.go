package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/dialer/pacing/simulation"
)

// simulateCmd simulates a day of dialing.
type simulateCmd struct {
	Agents   *int     `help:"Agents. Default: 20, or the scenario's." placeholder:"N"`
	Answer   *float64 `help:"Chance that a person answers a call. Default: 0.3, or the scenario's." placeholder:"SHARE"`
	Hours    *float64 `help:"Hours of the day. Default: 8, or the scenario's." placeholder:"HOURS"`
	Seeds    int      `default:"5" help:"How many days to simulate of each algorithm."`
	Seed     uint64   `default:"1" help:"Seed of the first day; the same seeds give the same days."`
	Scenario *string  `help:"Scenario file (YAML), or an example by its name: table, shift-change, drift, outage, two-classes, mixed-candidates, heavy-tail, screen-signs." placeholder:"FILE" xor:"work"`
	Campaign *string  `help:"Work as on a day of this campaign." placeholder:"NAME" xor:"work"`
	Day      string   `help:"Which day, in UTC, with --campaign. Default: the last one with enough calls." placeholder:"DATE"`

	Algorithm string  `default:"all" help:"all, or some of progressive, ratio:R, vicidial, erlang, predictive, oracle with commas between." placeholder:"NAME,…"`
	WhatIf    *string `help:"Changes to compare with the work as it is: limit, agents, answer, talk, wrap, ring_timeout, cancel_after, connect." placeholder:"KEY=VALUE,…"`

	JSON  bool   `help:"Print the figures as JSON." name:"json"`
	Chart string `help:"Draw occupancy, drop rate and waits over the day (SVG)." type:"path" placeholder:"FILE"`
}

// mostSeeds bounds a comparison.
const mostSeeds = 1000

// Help shows examples.
func (simulateCmd) Help() string {
	return "Examples: ringmaster simulate --agents 20 --answer 0.3 --hours 8 --seeds 5\n" +
		"          ringmaster simulate --scenario shift-change --algorithm predictive,vicidial --chart day.svg\n" +
		"          ringmaster simulate --campaign winback --day 2026-11-20 --what-if limit=2%,agents=25\n\n" +
		"Occupancy is the share of the time signed in that agents spend in calls and wrap-up. A drop is an answered\n" +
		"call that finds no agent in time; an asterisk marks a day's drop rate above the limit."
}

// simulateOutcome is what the command prints; Base is the work as it is, beside the
// changed one of --what-if.
type simulateOutcome struct {
	*simulation.Report
	Base *simulation.Report `json:"base,omitempty"`
}

// Run simulates, and prints and draws the figures.
func (c *simulateCmd) Run(ctx context.Context, io streams, all *cli) error {
	if c.Seeds < 1 || c.Seeds > mostSeeds {
		return campaigns.Invalid("--seeds", "%d is not between 1 and %d", c.Seeds, mostSeeds)
	}
	names, err := simulation.Algorithms(c.Algorithm)
	if err != nil {
		return fmt.Errorf("--algorithm: %w", err)
	}
	var change whatIf
	if c.WhatIf != nil {
		if change, err = parseWhatIf(*c.WhatIf); err != nil {
			return err
		}
	}
	scenario, err := c.scenario(ctx, io, all)
	if err != nil {
		return err
	}
	var base *simulation.Report
	work := scenario
	if c.WhatIf != nil {
		if work, err = change.apply(scenario); err != nil {
			return err
		}
		if base, err = simulation.Compare(ctx, scenario, names, c.Seed, c.Seeds); err != nil {
			return err
		}
	}
	report, err := simulation.Compare(ctx, work, names, c.Seed, c.Seeds)
	if err != nil {
		return err
	}
	if c.Chart != "" {
		if err := c.draw(work, report); err != nil {
			return err
		}
	}
	if c.JSON {
		return json.NewEncoder(io.out).Encode(simulateOutcome{report, base})
	}
	return c.table(io.out, scenario, work, base, report)
}

// scenario is the work to simulate: the flags go over the file's or the
// campaign's.
func (c *simulateCmd) scenario(ctx context.Context, io streams, all *cli) (simulation.Scenario, error) {
	s := simulation.Default()
	var err error
	switch {
	case c.Scenario != nil:
		s, err = readScenario(*c.Scenario)
	case c.Campaign != nil:
		s, err = c.campaign(ctx, io, all)
	case c.Day != "":
		err = campaigns.Invalid("--day", "needs --campaign")
	}
	if err != nil {
		return s, err
	}
	if c.Agents != nil {
		if *c.Agents < 1 || *c.Agents > mostWhatIf {
			return s, campaigns.Invalid("--agents", "%d is not between 1 and %d", *c.Agents, mostWhatIf)
		}
		s = withAgents(s, *c.Agents)
	}
	if c.Answer != nil {
		if !(*c.Answer > 0 && *c.Answer <= 1) {
			return s, campaigns.Invalid("--answer", "%v is not above 0 and at most 1", *c.Answer)
		}
		s = withAnswer(s, *c.Answer)
	}
	if c.Hours != nil {
		s.Hours = *c.Hours
	}
	if err := s.Validate(); err != nil {
		return s, fmt.Errorf("--%w", err)
	}
	return s, nil
}

// campaign reads the work of a day from the store.
func (c *simulateCmd) campaign(ctx context.Context, io streams, all *cli) (simulation.Scenario, error) {
	var day time.Time
	if c.Day != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, c.Day); err != nil {
			return simulation.Scenario{}, campaigns.Invalid("--day", "%q is no date such as 2026-11-20", c.Day)
		}
	}
	var s simulation.Scenario
	err := all.withStore(ctx, io, func(store *postgres.Store) error {
		campaign, err := store.CampaignByName(ctx, *c.Campaign)
		if err != nil {
			return err
		}
		s, _, err = historyOf(ctx, store, campaign, day)
		return err
	})
	return s, err
}

// draw writes the chart.
func (c *simulateCmd) draw(s simulation.Scenario, report *simulation.Report) error {
	f, err := os.Create(c.Chart)
	if err != nil {
		return fmt.Errorf("--chart: %w", err)
	}
	err = writeChart(f, chartOf(s, report))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("--chart: %w", err)
	}
	return nil
}

// table prints the figures, and beside them those of the work as it is.
func (c *simulateCmd) table(out io.Writer, was, work simulation.Scenario, base, report *simulation.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if work.Name != "" {
		_, _ = fmt.Fprintln(out, work.Name)
	}
	if c.WhatIf != nil {
		_, _ = fmt.Fprintf(out, "%v hours, %d seeds; what if %s (drop limit %s, was %s)\n\n", work.Hours, c.Seeds, *c.WhatIf, percentage(work.DropLimit), percentage(was.DropLimit))
	} else {
		_, _ = fmt.Fprintf(out, "%v hours, %d seeds, drop limit %s\n\n", work.Hours, c.Seeds, percentage(work.DropLimit))
	}
	_, _ = fmt.Fprintln(w, "algorithm\toccupancy\tdropped\tworst day\tworst hour\tagent waits\tdials/answer\tanswers\t")
	broken := false
	for i, a := range report.Algorithms {
		if base != nil {
			broken = figures(w, base.Algorithms[i].Name, base.Algorithms[i], was.DropLimit) || broken
			a.Name = "… changed"
		}
		broken = figures(w, a.Name, a, work.DropLimit) || broken
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if broken {
		_, err := fmt.Fprintln(out, "\n* above the drop limit")
		return err
	}
	return nil
}

// figures prints a line, and reports whether its limit is broken.
func figures(w io.Writer, name string, a simulation.Summary, limit float64) bool {
	mark := func(rate float64) string {
		if rate > limit {
			return percentage(rate) + " *"
		}
		return percentage(rate) + "  "
	}
	_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%.1f s\t%.2f\t%d\t\n", name, percentage(a.Occupancy), mark(a.DropRate), mark(a.WorstSeedDropRate),
		percentage(a.WorstHourDropRate), a.Wait, a.DialsPerAnswer, a.Answers)
	return max(a.DropRate, a.WorstSeedDropRate) > limit
}

// percentage has two decimals below 10 %.
func percentage(x float64) string {
	decimals := 1
	if x < 0.1 {
		decimals = 2
	}
	return strconv.FormatFloat(100*x, 'f', decimals, 64) + " %"
}
