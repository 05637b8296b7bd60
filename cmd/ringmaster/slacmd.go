package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/report"
)

// slaCmd keeps service level agreements.
type slaCmd struct {
	Apply applySLACmd `cmd:"" help:"Create or change agreements from a YAML file."`
	List  listSLACmd  `cmd:"" help:"List the agreements."`
}

type applySLACmd struct {
	File string `arg:"" help:"YAML file: one agreement, or several parted by ---." placeholder:"FILE.yaml"`
}

// Help shows an example.
func (applySLACmd) Help() string {
	return `Example: ringmaster sla apply sla.yaml, with

  name: inbound 80/20
  objective: service_level   # or abandonment, drop_rate, contact_rate
  queue: sales
  within: 20s
  target: 0.8
  window: day                # or month
  credits: [{miss: 0.8, percent: 1}, {miss: 0.7, percent: 3}]
  credit_cap: 10             # percent of the month's fee
  critical: 0.5              # a day below it breaches at once
  review: 2027-01-31`
}

// Run checks every agreement of the file before it keeps the first.
func (c *applySLACmd) Run(ctx context.Context, io streams, all *cli) error {
	agreements, err := readAgreements(c.File)
	if err != nil {
		return err
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		for _, a := range agreements {
			if err := store.SaveAgreement(ctx, a); err != nil {
				return fmt.Errorf("%s: %s: %w", c.File, a.Name, err)
			}
			if _, err := fmt.Fprintf(io.out, "Agreement %q kept.\n", a.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

func readAgreements(name string) ([]report.Agreement, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was read only
	in := yaml.NewDecoder(file)
	var all []report.Agreement
	for {
		var document any
		err := in.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		var a report.Agreement
		if err == nil {
			err = asJSON(document, &a)
		}
		if err == nil {
			err = a.Validate()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: agreement %d: %w", name, len(all)+1, err)
		}
		all = append(all, a)
	}
	if len(all) == 0 {
		return nil, campaigns.Invalid("sla", "%s holds no agreement", name)
	}
	return all, nil
}

// asJSON reads a document of YAML as if it were JSON, with its names and its
// checks.
func asJSON(document, into any) error {
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	return strictJSON(text, into)
}

type listSLACmd struct{}

// Run lists the agreements.
func (listSLACmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		agreements, err := store.Agreements(ctx)
		if err != nil {
			return err
		}
		now := store.Clock().Now()
		made := report.Report{Kind: report.KindSLA, From: now, Until: now,
			Tables: []report.Table{report.SLATable(agreements, make([]report.Verdict, len(agreements)))}}
		return made.Write(io.out, report.FormatTable)
	})
}

func slaTables(ctx context.Context, store *postgres.Store, s span) ([]report.Table, error) {
	agreements, err := store.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	verdicts := make([]report.Verdict, len(agreements))
	for i := range agreements {
		days, err := store.Measure(ctx, agreements[i], s.from, s.until)
		if err != nil {
			return nil, err
		}
		verdicts[i] = agreements[i].Judge(days)
	}
	return []report.Table{report.SLATable(agreements, verdicts)}, nil
}
