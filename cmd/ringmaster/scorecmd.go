package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/scoring/model"
)

// scoreCmd are the commands on propensity models.
type scoreCmd struct {
	Train    trainScoreCmd    `cmd:"" help:"Train a propensity model on a campaign's results or on a CSV file."`
	Evaluate evaluateScoreCmd `cmd:"" help:"Judge what training gives, on rows that it has not seen."`
	Models   modelsScoreCmd   `cmd:"" help:"List the models of the registry."`
	Use      useScoreCmd      `cmd:"" help:"Put a version of a model into use."`
	Explain  explainScoreCmd  `cmd:"" help:"Say why a row of a CSV file scores as it does."`
}

// scoreRows are the flags that name labelled rows.
type scoreRows struct {
	Campaign string   `help:"Campaign whose results are the rows." placeholder:"NAME" xor:"rows" required:"true"`
	CSV      string   `name:"csv" help:"CSV file with a header row; separated by commas, semicolons or tabs." type:"existingfile" placeholder:"FILE" xor:"rows" required:"true"`
	Target   string   `help:"Column of the result, with --csv." placeholder:"COLUMN"`
	Positive string   `help:"Value of the target that is a success. Default: yes, true, 1, sale and the like." placeholder:"VALUE"`
	Exclude  []string `help:"Columns that the model must not read, such as those known only after the call." placeholder:"COLUMN"`
	Seed     uint64   `help:"Seed of the lot that deals the folds; the same seed gives the same result."`
}

// Attempts of a campaign that are read: those of half a year, at most so many.
const (
	scoreSpan = 180 * 24 * time.Hour
	scoreMost = 200_000
)

// validate asks for the target of a file.
func (r *scoreRows) validate() error {
	switch {
	case r.CSV != "" && r.Target == "":
		return campaigns.Invalid("--target", "is missing: which column of %s is the result?", r.CSV)
	case r.CSV == "" && (r.Target != "" || r.Positive != ""):
		return campaigns.Invalid("--target", "and --positive belong to --csv: a campaign's result is whether the call was a sale")
	}
	return nil
}

// file reads the CSV file, shows the table whole to look, and gives it without
// the columns excluded.
func (r *scoreRows) file(look func(*model.Table) error) (*model.Table, error) {
	f, err := os.Open(r.CSV)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read only
	table, err := model.ReadCSV(f, model.CSV{Target: r.Target, Positive: r.Positive})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.CSV, err)
	}
	if err := look(table); err != nil {
		return nil, fmt.Errorf("%s: %w", r.CSV, err)
	}
	for _, name := range r.Exclude {
		if name == r.Target {
			return nil, campaigns.Invalid("--exclude", "%s is the target", name)
		}
	}
	table, err = table.Without(r.Exclude...)
	if err != nil {
		return nil, fmt.Errorf("--exclude: %w", err)
	}
	return table, nil
}

// attempts reads the campaign's results.
func (r *scoreRows) attempts(ctx context.Context, store *postgres.Store) (campaigns.Campaign, *model.Table, error) {
	campaign, err := store.CampaignByName(ctx, r.Campaign)
	if err != nil {
		return campaign, nil, err
	}
	table, err := store.TrainingRows(ctx, []int64{campaign.ID}, scoreSpan, scoreMost)
	if err != nil {
		return campaign, nil, err
	}
	if table, err = table.Without(r.Exclude...); err != nil {
		return campaign, nil, fmt.Errorf("--exclude: campaign %s: %w", r.Campaign, err)
	}
	return campaign, table, nil
}

// trainScoreCmd trains a model.
type trainScoreCmd struct {
	scoreRows `embed:""`

	TimeOrder bool   `help:"The rows of the file are in the order of time, the newest last: newer ones count more. A campaign's always are."`
	Window    int    `help:"Use only so many rows, the last ones. Default: all." placeholder:"ROWS"`
	Out       string `help:"Write the model to a file (JSON)." type:"path" placeholder:"FILE"`
	Save      string `help:"Save it in the registry under this name. Default with --campaign and no --out: the campaign's model, or its name." placeholder:"MODEL"`
	Use       bool   `help:"Put it into use at once; otherwise: ringmaster score use MODEL VERSION."`
	JSON      bool   `help:"Print the summary as JSON."`
}

// Help shows examples.
func (trainScoreCmd) Help() string {
	return "Examples: ringmaster score train --campaign winback --use\n" +
		"          ringmaster score train --csv calls.csv --target sale --exclude duration --time-order --out model.json\n\n" +
		"Columns that name what the law protects (race, religion, health, gender, …) are refused, and columns\n" +
		"that tell the result are found. The same rows and flags give the same model."
}

// Run trains, writes or saves the model, and prints a summary.
func (c *trainScoreCmd) Run(ctx context.Context, io streams, all *cli) error {
	if err := c.validate(); err != nil {
		return err
	}
	if c.Window < 0 {
		return campaigns.Invalid("--window", "%d is no number of rows", c.Window)
	}
	if c.CSV != "" {
		table, err := c.file(func(*model.Table) error { return nil })
		if err != nil {
			return err
		}
		if c.Save == "" {
			if c.Use {
				return campaigns.Invalid("--use", "needs --save: only a model of the registry can be in use")
			}
			return c.train(ctx, io, table, nil, campaigns.Campaign{})
		}
		return all.withStore(ctx, io, func(store *postgres.Store) error {
			return c.train(ctx, io, table, store, campaigns.Campaign{})
		})
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		campaign, table, err := c.attempts(ctx, store)
		if err != nil {
			return err
		}
		c.Target, c.TimeOrder = "sale", true
		if c.Save == "" && (c.Out == "" || c.Use) {
			if c.Save = campaign.Settings.Selection.Model; c.Save == "" {
				c.Save = campaign.Name
			}
		}
		return c.train(ctx, io, table, store, campaign)
	})
}

func (c *trainScoreCmd) train(ctx context.Context, io streams, table *model.Table, store *postgres.Store, campaign campaigns.Campaign) error {
	began := time.Now()
	m, err := model.Train(ctx, table, model.Options{
		Target: c.Target, Exclude: c.Exclude, TimeOrder: c.TimeOrder, Window: c.Window, Seed: c.Seed,
	})
	if err != nil {
		if c.CSV != "" {
			return fmt.Errorf("%s: %w", c.CSV, err)
		}
		return fmt.Errorf("campaign %s: %w", c.Campaign, err)
	}
	summary := trainSummary{
		Rows: m.Rows, Successes: m.Successes, Columns: len(m.Columns()), Seconds: time.Since(began).Seconds(),
		LeftOut: m.LeftOut, Warnings: append([]string{}, m.Warnings...), Strongest: m.Strongest(), Out: c.Out,
	}
	m.TrainedAt = began.UTC()
	if store != nil {
		m.TrainedAt = store.Clock().Now().UTC()
	}
	if c.Out != "" {
		data, err := model.Marshal(m)
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.Out, append(data, '\n'), 0o600); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
	}
	if c.Save != "" {
		record, err := store.SaveModel(ctx, c.Save, campaign.ID, m, map[string]float64{"auc_left_out": m.LeftOut.AUC})
		if err != nil {
			return err
		}
		if c.Use {
			if err := store.UseModel(ctx, record.Name, record.Version); err != nil {
				return err
			}
			record.InUse = true
		}
		summary.Saved, summary.Version, summary.InUse = record.Name, record.Version, record.InUse
		summary.unnamed = campaign.Name != "" && campaign.Settings.Selection.Model != record.Name
	}
	if c.JSON {
		return json.NewEncoder(io.out).Encode(summary)
	}
	return summary.write(io.out, campaign.Name)
}
