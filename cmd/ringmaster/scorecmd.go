package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/scoring/judge"
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

// file reads the CSV file, without the columns excluded.
func (r *scoreRows) file() (*model.Table, error) {
	f, err := os.Open(r.CSV)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read only
	table, err := model.ReadCSV(f, model.CSV{Target: r.Target, Positive: r.Positive})
	if err != nil {
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
	table, err = table.Without(r.Exclude...)
	return campaign, table, err
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
		table, err := c.file()
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

// evaluateScoreCmd judges training.
type evaluateScoreCmd struct {
	scoreRows `embed:""`

	Folds   int      `default:"10" help:"Deal the rows into so many parts by lot; each is scored by a model trained on the others."`
	Rolling int      `help:"Roll through time instead: train on so many rows before each block. The rows are in the order of time." placeholder:"ROWS"`
	Refit   int      `default:"500" help:"Rows of a block, with --rolling."`
	Last    float64  `default:"0.3" help:"Share of the rows at the end that are scored, with --rolling."`
	Day     []string `help:"Column with the date of the call, or columns that change with the day in a file in the order of time. Default: found by their content or names (date, day_of_week, month)." placeholder:"COLUMN"`
	Against string   `help:"Compare with the model of this file." type:"existingfile" placeholder:"FILE"`
	Model   string   `help:"Compare with the version in use of this model of the registry. Default with --campaign: the campaign's." placeholder:"MODEL"`
	JSON    bool     `help:"Print one JSON object; rates are fractions of 1, what is unknown is null."`
}

// Help shows examples.
func (evaluateScoreCmd) Help() string {
	return "Examples: ringmaster score evaluate --csv calls.csv --target sale --exclude duration --json\n" +
		"          ringmaster score evaluate --csv calls.csv --target sale --rolling 5000 --refit 500 --last 0.3 --day called_on\n" +
		"          ringmaster score evaluate --campaign winback --rolling 5000\n\n" +
		"auc: how often a sale scores above a failure (0.5 is chance); within_day_auc: the same among calls of one day,\n" +
		"which is what a list for today is ordered by; lift_top_decile: success among the best tenth over that of all;\n" +
		"calibration: successes predicted over those that happened (1 is right).\n" +
		"A plain logistic regression is judged on the same rows beside it."
}

// Run judges and prints the report.
func (c *evaluateScoreCmd) Run(ctx context.Context, io streams, all *cli) error {
	if err := c.validate(); err != nil {
		return err
	}
	var against *model.Model
	if c.Against != "" {
		m, err := readModel(c.Against)
		if err != nil {
			return err
		}
		against = m
	}
	if c.CSV != "" {
		table, err := c.file()
		if err != nil {
			return err
		}
		if c.Model == "" {
			return c.judge(ctx, io, table, against)
		}
		return all.withStore(ctx, io, func(store *postgres.Store) error {
			if against, _, err = store.Model(ctx, c.Model, 0); err != nil {
				return err
			}
			return c.judge(ctx, io, table, against)
		})
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		campaign, table, err := c.attempts(ctx, store)
		if err != nil {
			return err
		}
		c.Target = "sale"
		name := c.Model
		if name == "" {
			name = campaign.Settings.Selection.Model
		}
		if against == nil && name != "" {
			against, _, err = store.Model(ctx, name, 0)
			if err != nil && (c.Model != "" || campaigns.CodeOf(err) != campaigns.CodeNotFound) {
				return err
			}
		}
		return c.judge(ctx, io, table, against)
	})
}

func (c *evaluateScoreCmd) judge(ctx context.Context, io streams, table *model.Table, against *model.Model) error {
	began := time.Now()
	of := c.CSV
	if of == "" {
		of = "campaign " + c.Campaign
	}
	days := "the dates of the attempts"
	if table.Days == nil || len(c.Day) > 0 {
		var err error
		if table.Days, days, err = judge.DaysOf(table, c.Day...); err != nil {
			return fmt.Errorf("%s: %w", of, err)
		}
	}
	report, err := judge.Evaluate(ctx, table, judge.Options{
		Train: model.Options{Target: c.Target, Exclude: c.Exclude, Seed: c.Seed},
		Folds: c.Folds, Seed: c.Seed, Rolling: c.Rolling, Refit: c.Refit, Last: c.Last,
		Against: against, Workers: runtime.GOMAXPROCS(0),
	})
	if err != nil {
		return fmt.Errorf("%s: %w", of, err)
	}
	report.Seconds = time.Since(began).Seconds()
	if c.JSON {
		return json.NewEncoder(io.out).Encode(struct {
			*judge.Report
			Days string `json:"days"`
		}{report, days})
	}
	return writeReport(io.out, report, days)
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
