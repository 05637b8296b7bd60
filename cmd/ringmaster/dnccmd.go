package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/postgres"
)

// dncCmd are the commands on do-not-call lists.
type dncCmd struct {
	Import importDNCCmd `cmd:"" help:"Import a do-not-call file, such as a national registry's."`
	Add    addDNCCmd    `cmd:"" help:"Put a number, a prefix or a country on a list."`
	Remove removeDNCCmd `cmd:"" help:"Take a number, a prefix or a country off a list."`
	List   findDNCCmd   `cmd:"" help:"List the entries that cover a number."`
	Lists  listsDNCCmd  `cmd:"" help:"List the do-not-call lists, what they hold and how old they are."`
}

// dncList are the flags that name a list.
type dncList struct {
	List     string        `help:"Name of the list; made when absent." placeholder:"NAME"`
	Campaign string        `help:"The list binds this campaign alone. Default: all." placeholder:"NAME"`
	National bool          `help:"A national register's file: told as old after 31 days, and no calls where a rule bounds its age. Its list's name begins with the country: us-national."`
	MaxAge   time.Duration `help:"Told as old after this time, such as 744h." placeholder:"DURATION"`
}

func (l dncList) list() campaigns.DNCList {
	return campaigns.DNCList{Name: l.List, Campaign: l.Campaign, National: l.National, MaxAge: campaigns.Duration(l.MaxAge)}
}

type importDNCCmd struct {
	File    string `arg:"" help:"File with one number a line; of a CSV file the first column. Area code and number may be two columns." type:"path"`
	dncList `prefix:""`
	Region  string `help:"Country (ISO 3166) of numbers without a prefix. Default: the configuration's." placeholder:"XX"`
	Replace bool   `help:"The file replaces those that the list has. They count until it is there whole."`
	Expires string `help:"Last day of the entries. Default: they have no end." placeholder:"YYYY-MM-DD"`
	Rejects string `help:"Where lines go that are no numbers. Default: FILE.rejects.txt." type:"path" placeholder:"FILE"`
}

// Help shows an example.
func (importDNCCmd) Help() string {
	return "Example: ringmaster dnc import registry.txt --list us-national --national --region US --replace"
}

// Run imports the file and prints what became of it.
func (c *importDNCCmd) Run(ctx context.Context, io streams, all *cli) error {
	if strings.TrimSpace(c.List) == "" {
		return errors.New("--list: name the list, such as --list us-national")
	}
	until, err := lastDay("--expires", c.Expires)
	if err != nil {
		return err
	}
	region, err := all.regionOr(c.Region, io)
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		rejects := &lazyFile{path: c.Rejects}
		if rejects.path == "" {
			rejects.path = c.File + ".rejects.txt"
		}
		read := &dncFile{file: file, region: region, rejects: rejects}
		done, err := store.ImportDNC(ctx, postgres.DNCImport{
			List: c.list(), File: filepath.Base(c.File), Numbers: read.numbers(), Replace: c.Replace, Until: until,
			Rejected: func() int64 { return read.rejected }, Progress: dncProgress(io.err),
		})
		if closed := rejects.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		text := fmt.Sprintf("List %q: %d entries from %d lines in %.1f s (%.0f entries/s), %d repeated, %d rejected\n",
			c.List, done.Entries, read.line, done.Seconds, float64(done.Entries)/done.Seconds, done.Repeated, read.rejected)
		if read.rejected > 0 {
			text += fmt.Sprintf("first rejected: line %d: %s\nrejected lines: %s\n", read.firstLine, read.firstReason, rejects.path)
		}
		_, err = fmt.Fprint(io.out, text)
		return err
	})
}

// dncProgress shows progress where somebody is watching a terminal.
func dncProgress(w io.Writer) func(int64) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return func(entries int64) { _, _ = fmt.Fprintf(file, "\r%d entries ", entries) }
}

// regionOr gives the country for numbers without a prefix: the flag's, else the
// configuration's.
func (c *cli) regionOr(flag string, io streams) (string, error) {
	if flag != "" {
		if err := phone.CheckRegion(flag); err != nil {
			return "", fmt.Errorf("--region: %w", err)
		}
		return flag, nil
	}
	cfg, err := c.load(io)
	if err != nil {
		return "", err
	}
	return cfg.Phone.DefaultRegion, nil
}

// lastDay reads a day and gives its end in UTC; the zero time for nothing.
func lastDay(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %q is no day such as 2027-03-31", flag, text)
	}
	return day.AddDate(0, 0, 1), nil
}

// dncTarget says what an entry covers.
type dncTarget struct {
	Number  string `arg:"" optional:"" help:"Number, or a prefix with a star, such as '+1900*'."`
	Country string `help:"Every number of this country (ISO 3166)." placeholder:"XX"`
	Region  string `help:"Country of a number without a prefix. Default: the configuration's." placeholder:"XX"`
}

// read gives the number in E.164 or the pattern, one of which is empty.
func (t dncTarget) read(all *cli, io streams) (number phone.Number, pattern string, err error) {
	prefix, starred := strings.CutSuffix(t.Number, "*")
	switch {
	case (t.Number == "") == (t.Country == ""):
		return number, "", errors.New("name a number, a prefix such as '+1900*', or --country XX")
	case t.Country != "":
		return number, strings.ToUpper(t.Country), nil
	case starred:
		return number, prefix, nil
	}
	region, err := all.regionOr(t.Region, io)
	if err != nil {
		return number, "", err
	}
	number, err = phone.Parse(t.Number, region)
	return number, "", err
}

type addDNCCmd struct {
	dncTarget `prefix:""`
	dncList   `prefix:""`
	Reason    string `help:"Why; kept with the entry."`
	Expires   string `help:"Last day of the entry. Default: it has no end." placeholder:"YYYY-MM-DD"`
}

// Help shows examples.
func (addDNCCmd) Help() string {
	return "Examples: ringmaster dnc add +12125550100 --reason 'asked by letter'\n          ringmaster dnc add '+1900*'\n" +
		"          ringmaster dnc add --country KP --list sanctions\n\nWithout --list the entry goes to the own list."
}

// Run adds the entry.
func (c *addDNCCmd) Run(ctx context.Context, io streams, all *cli) error {
	number, pattern, err := c.read(all, io)
	if err != nil {
		return err
	}
	until, err := lastDay("--expires", c.Expires)
	if err != nil {
		return err
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		list := c.list()
		switch {
		case pattern != "":
			if list.Name == "" {
				list.Name = ownListOf(list.Campaign)
			}
			err = store.SuppressPattern(ctx, list, pattern, c.Reason, until)
		case list.Name != "" && list.Name != postgres.OwnList:
			err = store.AddToDNCList(ctx, list, number.E164, until)
		default:
			var campaignID int64
			if campaignID, err = campaignIDOf(ctx, store, c.Campaign); err == nil {
				err = store.AddSuppression(ctx, number.E164, campaignID, "command line", c.Reason, until)
			}
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "%s%s added: nobody is called there any more, and what rang was cancelled.\n", number.E164, pattern)
		return err
	})
}

// ownListOf names the own list of prefixes of one campaign, or of all.
func ownListOf(campaign string) string {
	if campaign == "" {
		return postgres.OwnList
	}
	return postgres.OwnList + " of " + campaign
}

// campaignIDOf finds a campaign by name; zero for none.
func campaignIDOf(ctx context.Context, store *postgres.Store, name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	campaign, err := store.CampaignByName(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("--campaign: %w", err)
	}
	return campaign.ID, nil
}

type removeDNCCmd struct {
	dncTarget `prefix:""`
	List      string `help:"List to take it off. Default: the own list." placeholder:"NAME"`
	Campaign  string `help:"The own list's entries of this campaign alone. Default: all of them." placeholder:"NAME"`
}

// Help shows examples.
func (removeDNCCmd) Help() string {
	return "Examples: ringmaster dnc remove +12125550100\n          ringmaster dnc remove '+1900*'"
}

// Run removes the entry.
func (c *removeDNCCmd) Run(ctx context.Context, io streams, all *cli) error {
	number, pattern, err := c.read(all, io)
	if err != nil {
		return err
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		list := c.List
		if list == "" {
			list = ownListOf(c.Campaign)
		}
		switch {
		case pattern != "":
			err = store.LiftPattern(ctx, list, pattern)
		case c.List != "" && c.List != postgres.OwnList:
			err = store.RemoveFromDNCList(ctx, list, number.E164)
		default:
			var campaignID int64
			if campaignID, err = campaignIDOf(ctx, store, c.Campaign); err == nil {
				err = store.LiftSuppression(ctx, number.E164, campaignID)
			}
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "%s%s removed. Other entries may cover it still: ringmaster dnc list NUMBER tells.\n", number.E164, pattern)
		return err
	})
}

type findDNCCmd struct {
	Number string `arg:"" help:"Number."`
	Region string `help:"Country of a number without a prefix. Default: the configuration's." placeholder:"XX"`
}

// Help shows an example.
func (findDNCCmd) Help() string { return "Example: ringmaster dnc list +12125550100" }

// Run lists what covers the number.
func (c *findDNCCmd) Run(ctx context.Context, io streams, all *cli) error {
	number, _, err := dncTarget{Number: c.Number, Region: c.Region}.read(all, io)
	if err != nil {
		return err
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		entries, err := store.Suppressions(ctx, number.E164, number.Region)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			_, err = fmt.Fprintf(io.out, "No do-not-call entry covers %s.\n", number.E164)
			return err
		}
		table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "LIST\tCAMPAIGN\tSOURCE\tSINCE\tUNTIL\tREASON")
		for _, e := range entries {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", e.List, orElse(e.Campaign, "all"), orElse(e.Source, e.Pattern), whyTime(&e.Since), whyTime(e.Until), e.Reason)
		}
		return table.Flush()
	})
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

type listsDNCCmd struct{}

// Run lists the lists and warns of old files.
func (listsDNCCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		lists, err := store.DNCLists(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "LIST\tCAMPAIGN\tENTRIES\tPREFIXES\tFILE\tLOADED\tAGE")
		var old []string
		for _, l := range lists {
			age := "-"
			if l.LoadedAt != nil {
				age = fmt.Sprintf("%d d", int(store.Clock().Now().Sub(*l.LoadedAt).Hours()/24))
			}
			if l.Loading {
				age += ", another file is loading or was left half-way"
			}
			if l.Old {
				age += ", OLD"
				old = append(old, fmt.Sprintf("list %q has no file younger than %d days: import a fresh one with --replace", l.Name, int(l.MaxAge.Std().Hours()/24)))
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", l.Name, orElse(l.Campaign, "all"), l.Entries, l.Patterns, orElse(l.File, "-"), whyTime(l.LoadedAt), age)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		for _, warning := range old {
			_, _ = fmt.Fprintln(io.err, "warning:", warning)
		}
		return nil
	})
}
