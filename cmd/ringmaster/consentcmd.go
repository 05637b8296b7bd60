package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/postgres"
)

// consentCmd are the commands on the consent ledger.
type consentCmd struct {
	Grant  grantCmd        `cmd:"" help:"Record that a person agreed to be called."`
	Revoke revokeCmd       `cmd:"" help:"Record that a person refused, or took an agreement back."`
	List   listConsentsCmd `cmd:"" help:"List a person's ledger."`
}

// consentFlags are what both kinds of entry say.
type consentFlags struct {
	Contact string `arg:"" help:"External id, or contact id; id:6 is the contact id alone."`
	Purpose string `enum:"marketing,service" default:"marketing" help:"marketing or service."`
	Channel string `enum:"phone,any" default:"phone" help:"phone or any."`
	Source  string `help:"Where it was said: a form, a call, a shop."`
	Proof   string `help:"What shows it: a recording, a document, a form's id."`
	From    string `help:"First day. Default: now." placeholder:"YYYY-MM-DD"`
	Until   string `help:"Last day. Default: it has no end." placeholder:"YYYY-MM-DD"`
}

func (c consentFlags) record(ctx context.Context, io streams, all *cli, granted bool, hours *campaigns.Window) error {
	entry := campaigns.ConsentEntry{Purpose: campaigns.Purpose(c.Purpose), Channel: c.Channel, Granted: granted, Source: c.Source, Proof: c.Proof, Hours: hours}
	until, err := lastDay("--until", c.Until)
	if err != nil {
		return err
	}
	if !until.IsZero() {
		entry.Until = &until
	}
	if c.From != "" {
		if entry.From, err = time.Parse(time.DateOnly, c.From); err != nil {
			return fmt.Errorf("--from: %q is no day such as 2027-03-31", c.From)
		}
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		if entry.ContactID, err = contactNamed(ctx, store, c.Contact, io.err); err != nil {
			return err
		}
		kept, err := store.RecordConsent(ctx, entry)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "Entry %d of contact %d recorded.\n", kept.ID, kept.ContactID)
		return err
	})
}

type grantCmd struct {
	consentFlags `prefix:""`
	Hours        string `help:"Hours that the person asked for, by their own clock: 17:00-20:00, or mon-fri 17:00-20:00,sat 10:00-14:00." placeholder:"HOURS"`
}

// Help shows an example.
func (grantCmd) Help() string {
	return "Example: ringmaster consent grant crm-4711 --source 'web form' --proof form/98231 --until 2028-12-31 --hours 'mon-fri 17:00-20:00'"
}

// Run records the consent.
func (c *grantCmd) Run(ctx context.Context, io streams, all *cli) error {
	hours, err := readHours(c.Hours)
	if err != nil {
		return err
	}
	return c.record(ctx, io, all, true, hours)
}

type revokeCmd struct {
	consentFlags `prefix:""`
}

// Help shows an example.
func (revokeCmd) Help() string { return "Example: ringmaster consent revoke crm-4711 --source letter" }

// Run records the refusal.
func (c *revokeCmd) Run(ctx context.Context, io streams, all *cli) error {
	return c.record(ctx, io, all, false, nil)
}

// contactNamed finds a contact by external id, or else by id; id:6 is the id
// alone. Where a text is the external id of one person and the id of another, it
// says on notes whom it took.
func contactNamed(ctx context.Context, store *postgres.Store, text string, notes io.Writer) (int64, error) {
	if digits, byID := strings.CutPrefix(text, "id:"); byID {
		id, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no contact id such as id:6", text)
		}
		return id, nil
	}
	found, err := store.FindContacts(ctx, text)
	if err != nil {
		return 0, err
	}
	id, notID := strconv.ParseInt(text, 10, 64)
	for _, contact := range found {
		if contact.ExternalID != text {
			continue
		}
		if notID == nil && id != contact.ID {
			if _, err := store.Contact(ctx, id); err == nil {
				_, _ = fmt.Fprintf(notes, "note: %s is the external id of contact %d, who is meant here; contact %d is id:%d\n", text, contact.ID, id, id)
			}
		}
		return contact.ID, nil
	}
	if notID != nil {
		return 0, fmt.Errorf("no contact has the external id %q", text)
	}
	return id, nil
}

// weekdays in the order of time.Weekday.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// readHours reads hours such as "mon-fri 17:00-20:00,sat 10:00-14:00"; without
// days they are those of every day. Days that are not named are closed.
func readHours(text string) (*campaigns.Window, error) {
	if text == "" {
		return nil, nil
	}
	var w campaigns.Window
	for part := range strings.SplitSeq(text, ",") {
		days, hours, ok := strings.Cut(strings.TrimSpace(part), " ")
		if !ok {
			days, hours = "sun-sat", days
		}
		first, last, ranged := strings.Cut(days, "-")
		if !ranged {
			last = first
		}
		from, until, ok := strings.Cut(strings.TrimSpace(hours), "-")
		a, b := dayOf(first), dayOf(last)
		start, errStart := minuteOf(from)
		end, errEnd := minuteOf(until)
		if a < 0 || b < 0 || !ok || errStart != nil || errEnd != nil || start >= end {
			return nil, fmt.Errorf("--hours: %q is not like 17:00-20:00 or mon-fri 17:00-20:00", strings.TrimSpace(part))
		}
		for day := a; ; day = (day + 1) % len(weekdays) {
			w.Days[day] = campaigns.Hours{From: start, Until: end}
			if day == b {
				break
			}
		}
	}
	return &w, nil
}

func dayOf(name string) int {
	for i, day := range weekdays {
		if strings.EqualFold(name, day) {
			return i
		}
	}
	return -1
}

// minuteOf reads a time of day; 24:00 is the end of the day.
func minuteOf(text string) (int, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

type listConsentsCmd struct {
	Contact string `arg:"" help:"External id, or contact id; id:6 is the contact id alone."`
	JSON    bool   `help:"As JSON."`
}

// Run prints the ledger.
func (c *listConsentsCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		id, err := contactNamed(ctx, store, c.Contact, io.err)
		if err != nil {
			return err
		}
		ledger, err := store.Consents(ctx, id)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(io.out).Encode(ledger)
		}
		table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "FROM\tUNTIL\tPURPOSE\tCHANNEL\tWORD\tSOURCE\tPROOF")
		for _, e := range ledger {
			word := "refused"
			if e.Granted {
				word = "granted"
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", whyTime(&e.From), whyTime(e.Until), e.Purpose, e.Channel, word, e.Source, e.Proof)
		}
		return table.Flush()
	})
}

// contactCmd are the commands on a person's rights.
type contactCmd struct {
	Object objectCmd `cmd:"" help:"Record that a person objects to marketing: every campaign that markets leaves them alone at once."`
	Erase  eraseCmd  `cmd:"" help:"Erase a person's data; keyed hashes keep their numbers from being called and imported."`
}

type objectCmd struct {
	Contact  string `arg:"" help:"External id, or contact id; id:6 is the contact id alone."`
	Source   string `default:"command line" help:"How the person objected."`
	Proof    string `help:"What shows it."`
	Withdraw bool   `help:"The person takes the objection back."`
}

// Run records the objection, or its end.
func (c *objectCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		id, err := contactNamed(ctx, store, c.Contact, io.err)
		if err != nil {
			return err
		}
		word := "objects to marketing and is left alone"
		if c.Withdraw {
			word = "does not object any more"
			err = store.WithdrawObjection(ctx, id)
		} else {
			err = store.Object(ctx, campaigns.Objection{ContactID: id, Source: c.Source, Proof: c.Proof})
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "Contact %d %s.\n", id, word)
		return err
	})
}

type eraseCmd struct {
	Contact string `arg:"" optional:"" help:"External id, or contact id; id:6 is the contact id alone."`
	Number  string `help:"The person of this number." placeholder:"NUMBER"`
	Region  string `help:"Country of a number without a prefix. Default: the configuration's." placeholder:"XX"`
}

// Help shows examples.
func (eraseCmd) Help() string {
	return "Examples: ringmaster contact erase crm-4711\n          ringmaster contact erase --number +12125550100"
}

// Run erases the person.
func (c *eraseCmd) Run(ctx context.Context, io streams, all *cli) error {
	if (c.Contact == "") == (c.Number == "") {
		return errors.New("name the contact, or --number")
	}
	var number phone.Number
	if c.Number != "" {
		region, err := all.regionOr(c.Region, io)
		if err != nil {
			return err
		}
		if number, err = phone.Parse(c.Number, region); err != nil {
			return fmt.Errorf("--number: %w", err)
		}
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		var done campaigns.Erased
		var err error
		if c.Number != "" {
			done, err = store.EraseNumber(ctx, number.E164)
		} else {
			var id int64
			if id, err = contactNamed(ctx, store, c.Contact, io.err); err == nil {
				done, err = store.EraseContact(ctx, id)
			}
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "Erased %d contact, %d candidates and what %d calls told of them; %d numbers are suppressed for good, %d shared ones stay with the others.\n",
			done.Contacts, done.Candidates, done.Calls, done.Numbers, done.Shared)
		return err
	})
}
