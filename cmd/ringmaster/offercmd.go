package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// offerCmd are the commands on offers and discounts.
type offerCmd struct {
	Apply   applyOfferCmd   `cmd:"" help:"Make offers what files say; what differs becomes a new version."`
	List    listOffersCmd   `cmd:"" help:"List the offers with what is left of them."`
	Show    showOfferCmd    `cmd:"" help:"Show an offer as a file, with its versions."`
	Limit   limitOfferCmd   `cmd:"" help:"Say how much discount a user or a role may give; without arguments: list the limits."`
	Approve approveOfferCmd `cmd:"" help:"Approve a discount above the agent's limit for one call."`
}

type applyOfferCmd struct {
	File   []string `arg:"" type:"existingfile" help:"Files (YAML), each with one offer." placeholder:"FILE.yaml"`
	DryRun bool     `help:"Tell what would change, and change nothing."`
}

// Help shows an example.
func (applyOfferCmd) Help() string {
	return "Example: ringmaster offer apply configs/offers/half-price.yaml --dry-run\n" +
		"A campaign uses an offer whose name is its setting offer. The offer that next names must be there, or among the files."
}

// Run applies the files, all or none of them.
func (c *applyOfferCmd) Run(ctx context.Context, io streams, all *cli) error {
	offers, files := make([]campaigns.Offer, len(c.File)), make([]*textFile, len(c.File))
	for i, path := range c.File {
		var err error
		if files[i], err = readTextFile(path, &offers[i]); err != nil {
			return err
		}
		if err := offers[i].Validate(); err != nil {
			return files[i].located(err)
		}
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		changes, err := store.ApplyOffers(ctx, offers, c.DryRun)
		if err != nil && len(changes) < len(files) {
			return files[len(changes)].located(err)
		}
		if err != nil {
			return err
		}
		for i, change := range changes {
			if _, err := fmt.Fprintf(io.out, "Offer %q: %s\n", offers[i].Name, told(change, c.DryRun)); err != nil {
				return err
			}
		}
		return nil
	})
}

type listOffersCmd struct {
	JSON bool `help:"Print JSON."`
}

// Run lists the offers.
func (c *listOffersCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		offers, err := store.Offers(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io, offers)
		}
		now := store.Clock().Now()
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "NAME\tVERSION\tPRICE\tACCEPTED\tSPENT\tEXPIRES\tNEXT\tSTATE")
		for _, o := range offers {
			state := "open"
			if unfit := o.Unfit(now); unfit != "" {
				state = unfit
			}
			expires := "never"
			if o.Offer.ExpiresAt != nil {
				expires = o.Offer.ExpiresAt.UTC().Format(time.RFC3339)
			}
			_, _ = fmt.Fprintf(w, "%s\t%d\t%s %s\t%s\t%s\t%s\t%s\t%s\n", o.Offer.Name, o.Version, o.Offer.Price, o.Offer.Currency,
				of(o.Accepted, o.Offer.Budget.Count), of(o.Spent, o.Offer.Budget.Amount), expires, o.Offer.Next, state)
		}
		return w.Flush()
	})
}

// of gives what is used of a budget; zero: it has no bound.
func of[T int64 | campaigns.Money](used, budget T) string {
	if budget == 0 {
		return fmt.Sprint(used)
	}
	return fmt.Sprintf("%v of %v", used, budget)
}

type showOfferCmd struct {
	Name string `arg:"" help:"Name of the offer."`
	JSON bool   `help:"Print every version as JSON."`
}

// Run prints the version in force as a file that can be applied.
func (c *showOfferCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		versions, err := store.OfferVersions(ctx, c.Name)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io, versions)
		}
		o := versions[0]
		if _, err := fmt.Fprintf(io.out, "# version %d of %d; accepted %s, spent %s %s\n", o.Version, len(versions),
			of(o.Accepted, o.Offer.Budget.Count), of(o.Spent, o.Offer.Budget.Amount), o.Offer.Currency); err != nil {
			return err
		}
		return printYAML(io, o.Offer)
	})
}

type limitOfferCmd struct {
	Percent *float64 `arg:"" optional:"" help:"Discount in per cent of the price."`
	User    string   `help:"Sign-in name of the user; their limit goes before that of the role." placeholder:"NAME"`
	Role    string   `help:"agent, supervisor or admin." placeholder:"ROLE"`
}

// Help shows an example.
func (limitOfferCmd) Help() string {
	return "Example: ringmaster offer limit 10 --role agent\n" +
		"Who has no limit gives no discount. What an offer allows (max_discount) binds everybody."
}

// Run sets a limit or lists them.
func (c *limitOfferCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		if c.Percent != nil {
			limit := campaigns.DiscountLimit{User: c.User, Role: campaigns.Role(c.Role), Percent: *c.Percent}
			if err := store.SetDiscountLimit(ctx, limit); err != nil {
				return err
			}
		}
		limits, err := store.DiscountLimits(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "WHO\tDISCOUNT UP TO")
		for _, l := range limits {
			who := "user " + l.User
			if l.User == "" {
				who = "every " + string(l.Role)
			}
			_, _ = fmt.Fprintf(w, "%s\t%v %%\n", who, l.Percent)
		}
		return w.Flush()
	})
}

type approveOfferCmd struct {
	Call    string  `arg:"" help:"Id of the call, as the refusal names it."`
	Percent float64 `arg:"" help:"Discount in per cent."`
	By      string  `required:"true" help:"Sign-in name of the supervisor who approves." placeholder:"NAME"`
	Why     string  `help:"Reason, kept with the approval."`
}

// Help shows an example.
func (approveOfferCmd) Help() string {
	return "Example: ringmaster offer approve 01JD8QYW8E0000000000000001 20 --by eve --why \"ten years with us\""
}

// Run approves the discount.
func (c *approveOfferCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		by, _, err := store.UserByName(ctx, c.By)
		if err != nil {
			return fmt.Errorf("--by: %w", err)
		}
		if err := store.ApproveDiscount(ctx, campaigns.CallID(c.Call), c.Percent, by.ID, c.Why); err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "A discount of up to %v %% is approved for call %s; the agent can save the result now.\n", c.Percent, c.Call)
		return err
	})
}
