package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/postgres"
)

// rulesCmd tells of the rulebook, which comes with the program: it needs neither
// a database nor a configuration, but for the check of a campaign.
type rulesCmd struct {
	List  listRulesCmd  `cmd:"" help:"List the rules with their sources."`
	Show  showRulesCmd  `cmd:"" help:"Show what binds a call to a place, and by which rule."`
	Check checkRulesCmd `cmd:"" help:"Check a file of rules, or how a campaign stands to the national registers."`
}

type listRulesCmd struct {
	JSON bool `help:"As JSON."`
}

// Help shows an example.
func (listRulesCmd) Help() string { return "Example: ringmaster rules list" }

// Run prints the rules.
func (c *listRulesCmd) Run(io streams) error {
	book, err := calling.LoadBook()
	if err != nil {
		return err
	}
	entries := book.Entries()
	if c.JSON {
		return json.NewEncoder(io.out).Encode(entries)
	}
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "RULE\tPLACE\tVALID\tSOURCES\tVERIFIED")
	for _, e := range entries {
		valid := "-"
		if e.ValidFrom != "" || e.ValidUntil != "" {
			valid = e.ValidFrom + " to " + e.ValidUntil
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", e.ID, cmp.Or(e.Jurisdiction, "(by name)"), strings.TrimSuffix(valid, " to "),
			strings.Join(e.Sources, "; "), e.Verified)
	}
	return table.Flush()
}

type showRulesCmd struct {
	Places   []string `arg:"" help:"Countries (ISO 3166) and states, such as DE or US-FL; US-* is any state."`
	Rule     []string `help:"Add a rule by its id, such as us-regf." placeholder:"ID"`
	Service  bool     `help:"Calls about a running contract, not marketing."`
	Business bool     `help:"Calls to companies, not consumers."`
	Contract bool     `help:"Calls to customers about their running contract."`
	Date     string   `help:"The rules of this day. Default: today." placeholder:"YYYY-MM-DD"`
	JSON     bool     `help:"As JSON."`
}

// Help shows an example.
func (showRulesCmd) Help() string {
	return "Examples: ringmaster rules show US-FL\n          ringmaster rules show FR --date 2026-08-01"
}

// Run prints what the rules ask for together. A place without rules is an error:
// nobody is called there.
func (c *showRulesCmd) Run(io streams) error {
	at := time.Now()
	if c.Date != "" {
		var err error
		if at, err = time.Parse(time.DateOnly, c.Date); err != nil {
			return fmt.Errorf("--date: %q is no date such as 2026-08-11", c.Date)
		}
	}
	book, err := calling.LoadBook()
	if err != nil {
		return err
	}
	query := calling.LawQuery{Rules: c.Rule, Purpose: campaigns.PurposeMarketing, Business: c.Business, RunningContract: c.Contract}
	if c.Service {
		query.Purpose = campaigns.PurposeService
	}
	for _, place := range c.Places {
		query.Jurisdictions = append(query.Jurisdictions, strings.ToUpper(place))
	}
	law, err := book.Law(query, at)
	if err != nil {
		return err
	}
	if law.Unknown {
		return fmt.Errorf("no rules are known for all of %s: nobody is called there", strings.Join(query.Jurisdictions, ", "))
	}
	restrictions := law.Restrictions(at)
	if c.JSON {
		return json.NewEncoder(io.out).Encode(restrictions)
	}
	if len(restrictions) == 0 {
		_, err := fmt.Fprintln(io.out, "No rule binds such calls; the campaign's own settings do.")
		return err
	}
	table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "WHAT\tVALUE\tRULE")
	for _, r := range restrictions {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", r.What, r.Value, r.Rule)
	}
	return table.Flush()
}

type checkRulesCmd struct {
	File     string `arg:"" optional:"" help:"File of rules (JSON), in the form of the book that comes with the program." type:"path"`
	Campaign string `help:"Tell for this campaign which national registers its rules want looked into, and how old their files are." placeholder:"NAME"`
}

// Help shows examples.
func (checkRulesCmd) Help() string {
	return "Examples: ringmaster rules check my-rules.json\n          ringmaster rules check --campaign winback"
}

// Run reads the file and says how many rules it holds, or looks at the campaign.
func (c *checkRulesCmd) Run(ctx context.Context, io streams, all *cli) error {
	switch {
	case (c.File == "") == (c.Campaign == ""):
		return errors.New("name a file of rules, or --campaign NAME")
	case c.Campaign != "":
		return all.withStore(ctx, io, func(store *postgres.Store) error { return c.checkCampaign(ctx, io, store) })
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	book, err := calling.ParseBook(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	_, err = fmt.Fprintf(io.out, "Rules: %d, each with its source.\n", len(book.Entries()))
	return err
}

// checkCampaign tells of the registers. One that is old, and so stops the calls
// of its country, is an error.
func (c *checkRulesCmd) checkCampaign(ctx context.Context, io streams, store *postgres.Store) error {
	campaign, err := store.CampaignByName(ctx, c.Campaign)
	if err != nil {
		return err
	}
	checks, err := store.RegisterChecks(ctx, campaign.ID)
	if err != nil {
		return err
	}
	if len(checks) == 0 {
		_, err = fmt.Fprintln(io.out, "No rule wants a national register looked into for the candidates of this campaign.")
		return err
	}
	var old []error
	for _, check := range checks {
		if _, err := fmt.Fprintln(io.out, registerText(check)); err != nil {
			return err
		}
		if check.Old && !check.Elsewhere {
			old = append(old, fmt.Errorf("nobody is called in %s: the register's file is old", check.Country))
		}
	}
	return errors.Join(old...)
}

// registerText says in one line how the campaign stands to a register.
func registerText(c postgres.RegisterCheck) string {
	wants := fmt.Sprintf("Register of %s (rule %s, %d days): ", c.Country, c.Rule, int(c.MaxAge.Std().Hours()/24))
	var state string
	switch {
	case c.List == "":
		state = "no file was ever imported; bring it by: ringmaster dnc import FILE --national --list " + strings.ToLower(c.Country) + "-national"
	case c.Old:
		state = fmt.Sprintf("list %q is of %s and too old; bring a fresh file with --replace", c.List, whyTime(c.CheckedAt))
	default:
		state = fmt.Sprintf("list %q is of %s", c.List, whyTime(c.CheckedAt))
	}
	switch {
	case c.Elsewhere:
		state += "; looked into elsewhere (compliance.registers_checked_elsewhere)"
	case c.Old:
		state += ", nobody is called there meanwhile (register_old)"
	case c.List == "":
		state += "; calls go on unchecked, or set compliance.registers_checked_elsewhere"
	}
	return wants + state + "."
}
