package main

import (
	"bytes"
	"context"
	"math"
	"time"

	"ringmaster/agentui/rest"
	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/report"
)

// reportCmd prints a report.
type reportCmd struct {
	Kind     string `arg:"" enum:"campaign,agents,sla,lists,scores" help:"campaign, agents, sla, lists or scores."`
	Campaign string `help:"Of this campaign only; report campaign needs one." placeholder:"NAME"`
	From     string `help:"First day, such as 2026-11-01. Default: today." placeholder:"DATE"`
	To       string `help:"Last day. Default: the first one." placeholder:"DATE"`
	Month    string `help:"A whole month, such as 2026-11, in place of days." placeholder:"MONTH"`
	Zone     string `default:"UTC" help:"Time zone of the days." placeholder:"ZONE"`
	Format   string `enum:"table,csv,json" default:"table" help:"table, csv or json."`

	CostAttempt    float64 `help:"Cost of a dial, for cost per sale." placeholder:"MONEY"`
	CostTalkMinute float64 `help:"Cost of a minute of talk." placeholder:"MONEY"`
	CostAgentHour  float64 `help:"Cost of an agent's hour." placeholder:"MONEY"`
	CostRecord     float64 `help:"Cost of a record." placeholder:"MONEY"`
	CostSale       float64 `help:"Cost of what is given with a sale." placeholder:"MONEY"`
}

// Help shows an example.
func (reportCmd) Help() string {
	return "Example: ringmaster report campaign --campaign winback --month 2026-11 --cost-agent-hour 24\n\n" +
		"Every figure comes with its numerator and its denominator."
}

// Run rolls up what is new and prints the report.
func (c *reportCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		span, err := parseSpan(c.From, c.To, c.Month, c.Zone, store.Clock().Now())
		if err != nil {
			return err
		}
		made, err := makeReport(ctx, store, reportQuery{
			kind: report.Kind(c.Kind), campaign: c.Campaign, span: span,
			costs: report.Costs{
				PerAttempt: c.CostAttempt, PerTalkMinute: c.CostTalkMinute, PerAgentHour: c.CostAgentHour, PerRecord: c.CostRecord, PerSale: c.CostSale,
			},
		})
		if err != nil {
			return err
		}
		return made.Write(io.out, report.Format(c.Format))
	})
}

// reportQuery says which report.
type reportQuery struct {
	kind     report.Kind
	campaign string
	span     span
	costs    report.Costs
}

// makeReport rolls up what is new and makes the report.
func makeReport(ctx context.Context, store *postgres.Store, q reportQuery) (report.Report, error) {
	made := report.Report{Kind: q.kind, Campaign: q.campaign, From: q.span.from, Until: q.span.until}
	if err := q.costs.Validate(); err != nil {
		return made, err
	}
	var campaign campaigns.Campaign
	switch {
	case q.campaign != "":
		var err error
		if campaign, err = store.CampaignByName(ctx, q.campaign); err != nil {
			return made, err
		}
	case q.kind == report.KindCampaign:
		return made, campaigns.Invalid("campaign", "is missing: a campaign's report is of one campaign")
	}
	if _, err := store.RollUp(ctx, rollUpAtOnce); err != nil {
		return made, err
	}
	var err error
	if made.Rolled, err = store.Rolled(ctx); err != nil {
		return made, err
	}
	if q.kind == report.KindSLA {
		made.Tables, err = slaTables(ctx, store, q.span)
		return made, err
	}
	counts, err := store.ReportCounts(ctx, campaign.ID, q.span.from, q.span.until)
	if err != nil {
		return made, err
	}
	switch q.kind {
	case report.KindCampaign:
		rate, err := dropRate(store.Rules(), campaign, q.span.until)
		if err != nil {
			return made, err
		}
		made.Tables = report.CampaignTables(counts, q.costs, rate)
	case report.KindAgents:
		made.Tables = report.AgentTables(counts)
	case report.KindLists:
		made.Tables = report.ListTables(counts)
	case report.KindScores:
		made.Tables = report.ScoreTables(counts)
	default:
		err = campaigns.Invalid("kind", "%q is not one of %v", q.kind, report.Kinds)
	}
	return made, err
}

// rollUpAtOnce is how many hours a report waits for; the engine does the rest.
const rollUpAtOnce = 100

// dropRate gives the drop rate by the rule that binds the campaign in the
// country that it calls.
func dropRate(book *calling.Book, campaign campaigns.Campaign, now time.Time) (func(drops, humans, machines float64) (float64, string), error) {
	law, err := book.Law(calling.LawQuery{
		Jurisdictions: []string{campaign.Settings.DefaultRegion}, Rules: campaign.Settings.Compliance.Rules,
		Purpose: campaign.Settings.Compliance.Purpose, Business: campaign.Settings.Compliance.Business,
	}, now)
	return func(drops, humans, machines float64) (float64, string) {
		rate, limit, found := law.DropRate(drops, humans, machines)
		if !found {
			return math.NaN(), ""
		}
		return rate, limit.Rule
	}, err
}

// reportDesk makes reports for the API.
type reportDesk struct{ store *postgres.Store }

// Report makes one report and writes it in the format that is asked for.
func (d reportDesk) Report(ctx context.Context, q rest.ReportQuery) ([]byte, error) {
	span, err := parseSpan(q.From, q.To, q.Month, q.Zone, d.store.Clock().Now())
	if err != nil {
		return nil, err
	}
	made, err := makeReport(ctx, d.store, reportQuery{kind: report.Kind(q.Kind), campaign: q.Campaign, span: span, costs: report.Costs{
		PerAttempt: q.CostAttempt, PerTalkMinute: q.CostTalkMinute, PerAgentHour: q.CostAgentHour, PerRecord: q.CostRecord, PerSale: q.CostSale,
	}})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = made.Write(&out, report.Format(q.Format))
	return out.Bytes(), err
}
