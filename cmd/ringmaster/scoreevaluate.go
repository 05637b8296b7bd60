package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/scoring/judge"
	"ringmaster/campaigns/scoring/model"
)

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
	if c.CSV == "" && len(c.Day) > 0 {
		return campaigns.Invalid("--day", "belongs to --csv: the days of a campaign's attempts are known")
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
		days := ""
		table, err := c.file(func(whole *model.Table) (err error) {
			whole.Days, days, err = judge.DaysOf(whole, c.Day...)
			return err
		})
		if err != nil {
			return err
		}
		if c.Model == "" {
			return c.judge(ctx, io, table, days, against)
		}
		return all.withStore(ctx, io, func(store *postgres.Store) error {
			if against, _, err = store.Model(ctx, c.Model, 0); err != nil {
				return err
			}
			return c.judge(ctx, io, table, days, against)
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
		return c.judge(ctx, io, table, "the dates of the attempts", against)
	})
}

func (c *evaluateScoreCmd) judge(ctx context.Context, io streams, table *model.Table, days string, against *model.Model) error {
	began := time.Now()
	of := c.CSV
	if of == "" {
		of = "campaign " + c.Campaign
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
