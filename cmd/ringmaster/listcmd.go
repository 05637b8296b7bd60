package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// listCmd are the commands on lists of candidates.
type listCmd struct {
	Ls     lsListsCmd    `cmd:"" help:"List the lists of a campaign, or of all, with how far they are."`
	Show   showListCmd   `cmd:"" help:"Show a list as JSON."`
	Create createListCmd `cmd:"" help:"Make an empty list; an import makes its own."`
	Set    setListCmd    `cmd:"" help:"Change priority, mix, expiry, source or provenance."`
	On     onListCmd     `cmd:"" help:"Call the list."`
	Off    offListCmd    `cmd:"" help:"Stop calling the list."`
	Expire expireListCmd `cmd:"" help:"End the list now, or after a day."`
	Reset  resetListCmd  `cmd:"" help:"Begin a new pass: who was not reached becomes ready again."`
}

// namedList names a list.
type namedList struct {
	Campaign string `arg:"" help:"Name of the campaign."`
	List     string `arg:"" help:"Name of the list."`
}

// find gives the list.
func (n namedList) find(ctx context.Context, store *postgres.Store) (campaigns.List, error) {
	campaign, err := store.CampaignByName(ctx, n.Campaign)
	if err != nil {
		return campaigns.List{}, err
	}
	return store.ListByName(ctx, campaign.ID, n.List)
}

// change changes the list and tells how it stands.
func (n namedList) change(ctx context.Context, io streams, all *cli, change func(*campaigns.ListSettings)) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		list, err := n.find(ctx, store)
		if err != nil {
			return err
		}
		if list, err = store.ChangeList(ctx, list.ID, change); err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "List %q is %s.\n", list.Name, listStanding(list, store.Clock().Now()))
		return err
	})
}

// listSettings are the flags of what a list may have.
type listSettings struct {
	Priority   *int    `help:"All of a list goes before lists of a lesser priority." placeholder:"N"`
	Mix        string  `help:"Share of the calls among lists of the same priority, such as 30%; 0: what the others leave." placeholder:"SHARE"`
	Expires    string  `help:"Last day of the list (UTC), or never." placeholder:"YYYY-MM-DD"`
	Source     *string `help:"What its people are to the seller: suspect, enquiry, lapsed, former, existing, referral, competitor_customer, competitor_enquiry, competitor_lapsed, competitor_former." placeholder:"SOURCE"`
	Provenance *string `help:"Who gave the data, when, and on what ground." placeholder:"TEXT"`
}

// over gives what the flags do to settings; the error names a wrong flag.
func (f listSettings) over() (func(*campaigns.ListSettings), error) {
	mix, err := readShare(f.Mix)
	if err != nil {
		return nil, err
	}
	var until *time.Time
	if f.Expires != "" && f.Expires != "never" {
		end, err := lastDay("--expires", f.Expires)
		if err != nil {
			return nil, err
		}
		until = &end
	}
	return func(s *campaigns.ListSettings) {
		if f.Priority != nil {
			s.Priority = *f.Priority
		}
		if f.Mix != "" {
			s.Mix = mix
		}
		if f.Expires != "" {
			s.ExpiresAt = until
		}
		if f.Source != nil {
			s.Source = campaigns.Source(*f.Source)
		}
		if f.Provenance != nil {
			s.Provenance = *f.Provenance
		}
	}, nil
}

// readShare reads 0.3 or 30%.
func readShare(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	share, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, fmt.Errorf("--mix %s: is no share such as 30%% or 0.3", text)
	}
	return share, nil
}

type createListCmd struct {
	namedList
	listSettings
	Off bool `help:"Not called until it is switched on."`
}

// Help shows an example.
func (createListCmd) Help() string {
	return "Example: ringmaster list create winback autumn --priority 10 --source lapsed --provenance 'own CRM, 2026-03-01'"
}

// Run makes the list.
func (c *createListCmd) Run(ctx context.Context, io streams, all *cli) error {
	over, err := c.over()
	if err != nil {
		return err
	}
	settings := campaigns.ListSettings{Active: !c.Off}
	over(&settings)
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		campaign, err := store.CampaignByName(ctx, c.Campaign)
		if err != nil {
			return err
		}
		made, err := store.CreateList(ctx, campaign.ID, c.List, settings)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "List %q made. Next: ringmaster import --campaign %q --list %q FILE.csv\n", made.Name, campaign.Name, made.Name)
		return err
	})
}

type setListCmd struct {
	namedList
	listSettings
}

// Help shows an example.
func (setListCmd) Help() string {
	return "Example: ringmaster list set winback autumn --priority 10 --mix 70% --expires 2026-12-31"
}

// Run changes the list.
func (c *setListCmd) Run(ctx context.Context, io streams, all *cli) error {
	if c.listSettings == (listSettings{}) {
		return errors.New("nothing to set: give --priority, --mix, --expires, --source or --provenance")
	}
	over, err := c.over()
	if err != nil {
		return err
	}
	return c.change(ctx, io, all, over)
}

type onListCmd struct {
	namedList
}

// Run switches the list on.
func (c *onListCmd) Run(ctx context.Context, io streams, all *cli) error {
	return c.change(ctx, io, all, func(s *campaigns.ListSettings) { s.Active = true })
}

type offListCmd struct {
	namedList
}

// Run switches the list off.
func (c *offListCmd) Run(ctx context.Context, io streams, all *cli) error {
	return c.change(ctx, io, all, func(s *campaigns.ListSettings) { s.Active = false })
}

type expireListCmd struct {
	namedList
	After string `help:"Last day of the list (UTC). Default: it ends now." placeholder:"YYYY-MM-DD"`
}

// Help shows an example.
func (expireListCmd) Help() string {
	return "Example: ringmaster list expire winback autumn --after 2026-12-31\n\nTo take an end back: ringmaster list set winback autumn --expires never"
}

// Run ends the list.
func (c *expireListCmd) Run(ctx context.Context, io streams, all *cli) error {
	end, err := lastDay("--after", c.After)
	if err != nil {
		return err
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		list, err := c.find(ctx, store)
		if err != nil {
			return err
		}
		now := store.Clock().Now()
		if end.IsZero() {
			end = now
		}
		list, err = store.ChangeList(ctx, list.ID, func(s *campaigns.ListSettings) { s.ExpiresAt = &end })
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "List %q is %s.\n", list.Name, listStanding(list, now))
		return err
	})
}

type resetListCmd struct {
	namedList
	Reason []string `help:"Reset those that wait or are done for this reason alone; may be repeated. Default: all that the network said, machines, and attempts used up." placeholder:"REASON" sep:","`
	DryRun bool     `help:"Tell what would be reset."`
}

// Help says what a reset does.
func (resetListCmd) Help() string {
	return "Examples: ringmaster list reset winback autumn --dry-run\n          ringmaster list reset winback autumn --reason no_answer,busy\n\n" +
		"Who was not reached becomes ready, with the attempts of the campaign at zero. Caps, windows and do-not-call lists hold as before;\n" +
		"who is blocked, complained, bought, refused or agreed on a callback stays as they are."
}

// Run resets the list and tells what was.
func (c *resetListCmd) Run(ctx context.Context, io streams, all *cli) error {
	var reasons []campaigns.Reason
	for _, text := range c.Reason {
		reasons = append(reasons, campaigns.Reason(text))
	}
	if err := campaigns.CheckReset(reasons); err != nil {
		return fmt.Errorf("--reason: %w", err)
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		list, err := c.find(ctx, store)
		if err != nil {
			return err
		}
		done, err := store.ResetList(ctx, list.ID, reasons, c.DryRun)
		did := "Reset"
		if c.DryRun {
			did = "Would reset"
		}
		_, printed := fmt.Fprintf(io.out, "%s %d candidates of list %q: %s\nKept %d: %s\n", did, sum(done.Reset), list.Name, orNone(counts(done.Reset)),
			sum(done.Kept), orNone(counts(done.Kept)))
		if err != nil {
			return err
		}
		return printed
	})
}

func sum[K comparable](m map[K]int) int {
	n := 0
	for v := range maps.Values(m) {
		n += v
	}
	return n
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
