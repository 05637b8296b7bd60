package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/scoring/model"
)

// modelsScoreCmd lists the registry.
type modelsScoreCmd struct {
	Name string `arg:"" optional:"" help:"Only the versions of this model."`
	JSON bool   `help:"Print as JSON."`
}

// Help shows an example.
func (modelsScoreCmd) Help() string { return "Example: ringmaster score models winback" }

// Run prints the models, the newest version of each first.
func (c *modelsScoreCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		records, err := store.Models(ctx, c.Name)
		if err != nil {
			return err
		}
		if c.JSON {
			if records == nil {
				records = []postgres.ModelRecord{}
			}
			return json.NewEncoder(io.out).Encode(records)
		}
		if len(records) == 0 {
			_, err := fmt.Fprintln(io.out, "No models yet. Train one: ringmaster score train --help")
			return err
		}
		table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "MODEL\tVERSION\tIN USE\tTRAINED\tROWS\tSUCCESSES") // Flush tells
		for _, r := range records {
			use := ""
			if r.InUse {
				use = "yes"
			}
			_, _ = fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%d\t%d\n", r.Name, r.Version, use, r.TrainedAt.Format("2006-01-02 15:04"), r.Rows, r.Successes)
		}
		return table.Flush()
	})
}

// useScoreCmd puts a version of a model into use.
type useScoreCmd struct {
	Name    string `arg:"" help:"Model of the registry."`
	Version int    `arg:"" help:"Its version."`
}

// Help shows an example.
func (useScoreCmd) Help() string { return "Example: ringmaster score use winback 3" }

// Run puts it into use.
func (c *useScoreCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		if err := store.UseModel(ctx, c.Name, c.Version); err != nil {
			return err
		}
		_, err := fmt.Fprintf(io.out, "Model %s version %d is in use: campaigns that name it (selection.model) score their candidates by it.\n", c.Name, c.Version)
		return err
	})
}

// explainScoreCmd explains a score.
type explainScoreCmd struct {
	Against string `name:"model" required:"true" help:"Model that score train --out wrote." type:"existingfile" placeholder:"FILE"`
	CSV     string `name:"csv" required:"true" help:"CSV file with the columns that the model was trained on." type:"existingfile" placeholder:"FILE"`
	Row     int    `default:"1" help:"Row of the file, without the header." placeholder:"N"`
	JSON    bool   `help:"Print as JSON."`
}

// Help shows an example.
func (explainScoreCmd) Help() string {
	return "Example: ringmaster score explain --model model.json --csv calls.csv --row 17\n\n" +
		"Points are doublings of the odds; they add up to log2(p / (1 - p)) of the propensity p."
}

// Run prints the propensity and what it is made of.
func (c *explainScoreCmd) Run(_ context.Context, io streams) error {
	m, err := readModel(c.Against)
	if err != nil {
		return err
	}
	f, err := os.Open(c.CSV)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was read only
	table, err := model.ReadCSV(f, model.CSV{})
	if err != nil {
		return fmt.Errorf("%s: %w", c.CSV, err)
	}
	if c.Row < 1 || c.Row > table.Len() {
		return campaigns.Invalid("--row", "%d is not among the %d rows of %s", c.Row, table.Len(), c.CSV)
	}
	row := table.Row(c.Row - 1)
	propensity, factors := m.Score(row), m.Explain(row)
	if c.JSON {
		return json.NewEncoder(io.out).Encode(struct {
			Propensity float64            `json:"propensity"`
			Factors    []campaigns.Factor `json:"factors"`
		}{propensity, factors})
	}
	out := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(out, "propensity\t%.4g %%\n", 100*propensity) // Flush tells
	sum := 0.0
	for _, f := range factors {
		sum += f.Points
		_, _ = fmt.Fprintf(out, "%+.3f\t%s\n", f.Points, f.Text)
	}
	_, _ = fmt.Fprintf(out, "%+.3f\tsum, in doublings of the odds\n", sum)
	return out.Flush()
}

// readModel reads a model from a file that --out wrote.
func readModel(path string) (*model.Model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := model.Unmarshal(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
