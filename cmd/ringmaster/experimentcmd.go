package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/trial"
)

// experimentCmd are the commands on experiments.
type experimentCmd struct {
	Size   sizeExperimentCmd   `cmd:"" help:"Tell how many persons an experiment would need."`
	Create createExperimentCmd `cmd:"" help:"Create an experiment (as draft) and tell how many persons it needs."`
	Start  startExperimentCmd  `cmd:"" help:"Begin to assign persons to the arms."`
	List   listExperimentsCmd  `cmd:"" help:"List experiments with their progress."`
	Show   showExperimentCmd   `cmd:"" help:"Show an experiment: its progress, and its result from the horizon on."`
	Stop   stopExperimentCmd   `cmd:"" help:"Give an experiment up; it never has a result."`
}

// plan is what the size of an experiment follows from.
type plan struct {
	Baseline float64 `required:"true" help:"Share of sales expected without a change, a fraction of 1." placeholder:"0.05"`
	Effect   float64 `required:"true" help:"Least difference worth finding, a fraction of 1." placeholder:"0.01"`
	Power    float64 `default:"0.8" help:"Probability to find that difference."`
	Alpha    float64 `default:"0.05" help:"Probability to find one where there is none."`
}

// words tells the plan and what it needs.
func (p *plan) words(perArm int) string {
	return fmt.Sprintf("To find %s → %s with power %s at alpha %s it needs %s persons talked to in each arm, %s in all.",
		percent(p.Baseline), percent(p.Baseline+p.Effect), percent(p.Power), percent(p.Alpha), thousands(perArm), thousands(2*perArm))
}

// percent writes a fraction of 1.
func percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }

// thousands parts the digits by commas.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

type sizeExperimentCmd struct{ plan }

// Help shows an example.
func (sizeExperimentCmd) Help() string {
	return "Example: ringmaster experiment size --baseline 0.05 --effect 0.01"
}

// Run tells the size.
func (c *sizeExperimentCmd) Run(io streams) error {
	perArm, err := trial.Size(c.Baseline, c.Effect, c.Alpha, c.Power)
	if err != nil {
		return fmt.Errorf("--%w", err)
	}
	_, err = fmt.Fprintln(io.out, c.words(perArm))
	return err
}

type createExperimentCmd struct {
	Name     string             `arg:"" help:"Name of the experiment."`
	Campaign string             `required:"true" help:"Campaign whose persons take part." placeholder:"NAME"`
	Subject  string             `enum:"script,offer,score" required:"true" help:"What the arms differ in: script, offer or score."`
	Arm      []string           `required:"true" sep:"none" help:"An arm: its name, and the script, offer or model that it uses. Two: first as it was, then what is tried." placeholder:"NAME=VALUE"`
	Within   campaigns.Duration `default:"0s" help:"How long after the conversation a sale still counts, such as 7d; 0s: in that conversation only."`
	plan
}

// Help shows an example.
func (createExperimentCmd) Help() string {
	return "Example: ringmaster experiment create gifts --campaign winback --subject offer --arm as_it_was=half-price --arm tried=gift --baseline 0.05 --effect 0.01"
}

// Run creates the experiment.
func (c *createExperimentCmd) Run(ctx context.Context, io streams, all *cli) error {
	e := campaigns.Experiment{
		Name: c.Name, Subject: campaigns.ExperimentSubject(c.Subject), Within: c.Within,
		Baseline: c.Baseline, Effect: c.Effect, Power: c.Power, Alpha: c.Alpha,
	}
	for _, arm := range c.Arm {
		name, value, _ := strings.Cut(arm, "=")
		e.Arms = append(e.Arms, campaigns.ExperimentArm{Name: name, Value: value})
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		campaign, err := store.CampaignByName(ctx, c.Campaign)
		if err != nil {
			return fmt.Errorf("--campaign: %w", err)
		}
		e.CampaignID = campaign.ID
		made, err := store.CreateExperiment(ctx, e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "Experiment %q created as %s. %s\nThe result is told once both arms have them, not before. Next: ringmaster experiment start %s\n",
			made.Name, made.State, c.words(made.PerArm), made.Name)
		return err
	})
}

type startExperimentCmd struct {
	Name string `arg:"" help:"Name of the experiment."`
}

// Run starts the experiment.
func (c *startExperimentCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		e, err := store.StartExperiment(ctx, c.Name)
		if err != nil {
			return err
		}
		return printExperiment(io, e)
	})
}

type stopExperimentCmd struct {
	Name string `arg:"" help:"Name of the experiment."`
}

// Run stops the experiment.
func (c *stopExperimentCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		e, err := store.StopExperiment(ctx, c.Name)
		if err != nil {
			return err
		}
		return printExperiment(io, e)
	})
}

type listExperimentsCmd struct {
	JSON bool `help:"Print JSON."`
}

// Run lists the experiments.
func (c *listExperimentsCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		experiments, err := store.Experiments(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io, experiments)
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "NAME\tSUBJECT\tSTATE\tPERSONS\tNEEDED PER ARM")
		for _, e := range experiments {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", e.Name, e.Subject, e.State, progress(e), thousands(e.PerArm))
		}
		return w.Flush()
	})
}

type showExperimentCmd struct {
	Name string `arg:"" help:"Name of the experiment."`
	JSON bool   `help:"Print JSON."`
}

// Run shows the experiment.
func (c *showExperimentCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		e, err := store.Experiment(ctx, c.Name)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io, e)
		}
		return printExperiment(io, e)
	})
}

// progress gives the persons of each arm so far.
func progress(e campaigns.Experiment) string {
	var arms []string
	for i, a := range e.Arms {
		arms = append(arms, fmt.Sprintf("%s %s", a.Name, thousands(e.Progress[i])))
	}
	return strings.Join(arms, ", ")
}

// printExperiment shows how far it is, and its result where it has one.
func printExperiment(io streams, e campaigns.Experiment) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Experiment %q is %s.\n", e.Name, e.State)
	for _, a := range e.Arms {
		fmt.Fprintf(&b, "  arm %s: %s %s\n", a.Name, e.Subject, a.Value)
	}
	p := plan{Baseline: e.Baseline, Effect: e.Effect, Power: e.Power, Alpha: e.Alpha}
	fmt.Fprintf(&b, "  %s\n  Persons so far: %s.\n", p.words(e.PerArm), progress(e))
	switch {
	case e.Result != nil:
		writeResult(&b, e)
	case e.State == campaigns.ExperimentStopped:
		fmt.Fprintf(&b, "  No result: it was stopped before its horizon, at %s.\n", e.EndedAt.UTC().Format(time.DateTime))
	default:
		b.WriteString("  The result is told at the horizon, not before.\n")
	}
	_, err := fmt.Fprint(io.out, b.String())
	return err
}

func writeResult(b *strings.Builder, e campaigns.Experiment) {
	r := e.Result
	for _, a := range r.Arms {
		fmt.Fprintf(b, "  %s: %s of %s bought, %s\n", a.Arm, thousands(a.Sales), thousands(a.Persons), percent(float64(a.Sales)/float64(a.Persons)))
	}
	verdict := "no difference is shown"
	if r.Significant {
		verdict = "the arms differ"
	}
	fmt.Fprintf(b, "  Difference %+.4g points (%s interval %+.4g to %+.4g), p = %.4g: %s.\n",
		100*r.Difference, percent(1-e.Alpha), 100*r.Low, 100*r.High, r.PValue, verdict)
}
