package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// eventCmd tells what happened to persons outside of Ringmaster.
type eventCmd struct {
	Type       string            `arg:"" optional:"" help:"What happened: contract_ended, cart_abandoned, usage_dropped, purchase, complaint_opened, complaint_closed, …"`
	Contact    int64             `help:"The person, by id." placeholder:"ID"`
	ExternalID string            `help:"The person, by the id of the other system." placeholder:"ID"`
	Phone      string            `help:"The person, by number; a trigger that adds makes an unknown one known." placeholder:"+1…"`
	FirstName  string            `help:"First name of an unknown person."`
	LastName   string            `help:"Last name of an unknown person."`
	ID         string            `help:"Key of the event; told again under it, it changes nothing. Default: a new one." placeholder:"KEY"`
	At         time.Time         `help:"When it happened (RFC 3339). Default: now." placeholder:"TIME"`
	Value      float64           `help:"Value of the person."`
	Propensity float64           `help:"Propensity of the person, in (0, 1]."`
	Set        map[string]string `help:"Attribute of the person; may be repeated." placeholder:"NAME=TEXT"`
	Data       map[string]string `help:"Kept with the event; may be repeated." placeholder:"NAME=TEXT"`
	File       string            `help:"Events as lines of JSON, as POST /v1/events takes them; - is standard input." placeholder:"FILE.ndjson"`
	JSON       bool              `help:"Print the receipts as JSON, a line each."`
}

// Help shows an example.
func (eventCmd) Help() string {
	return "Example: ringmaster event contract_ended --external-id C-1001 --set reason=price\n" +
		"What an event does is said by the triggers of the campaigns (ringmaster campaign apply)."
}

// Run tells the event, or those of the file.
func (c *eventCmd) Run(ctx context.Context, io streams, all *cli) error {
	if (c.Type == "") == (c.File == "") {
		return campaigns.Invalid("event", "needs either a type or --file")
	}
	cfg, err := all.load(io)
	if err != nil {
		return err
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		tell := func(event campaigns.CustomerEvent) error {
			receipt, err := store.TellEvent(ctx, event, cfg.Phone.DefaultRegion)
			if err != nil {
				return err
			}
			return c.print(io.out, receipt)
		}
		if c.File != "" {
			return c.tellFile(tell)
		}
		return tell(c.event())
	})
}

// event is the one of the flags.
func (c *eventCmd) event() campaigns.CustomerEvent {
	event := campaigns.CustomerEvent{
		Key: c.ID, Type: c.Type, At: c.At, Source: "command", Value: c.Value, Propensity: c.Propensity, Data: c.Data,
		Contact: campaigns.EventContact{
			ID: c.Contact, ExternalID: c.ExternalID, Phone: c.Phone, FirstName: c.FirstName, LastName: c.LastName, Attributes: c.Set,
		},
	}
	if event.Key == "" {
		event.Key = rand.Text()
	}
	return event
}

// longestEvent bounds a line of a file, in bytes.
const longestEvent = 64 << 10

// tellFile tells the events of the file until the first one that is refused.
// Those before it are told; the whole file may be told again.
func (c *eventCmd) tellFile(tell func(campaigns.CustomerEvent) error) error {
	var from io.Reader = os.Stdin
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // it was read only
		from = file
	}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, longestEvent)
	number := 0
	for lines.Scan() {
		number++
		if len(lines.Bytes()) == 0 {
			continue
		}
		var event campaigns.CustomerEvent
		if err := strictJSON(lines.Bytes(), &event); err != nil {
			return fmt.Errorf("%s: line %d: %w", c.File, number, err)
		}
		if err := tell(event); err != nil {
			return fmt.Errorf("%s: line %d: %w", c.File, number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: line %d: %w", c.File, number+1, err)
	}
	return nil
}

// strictJSON reads one object and refuses keys that it does not know.
func strictJSON(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("goes on after the object")
	}
	return nil
}

// print tells what the event did.
func (c *eventCmd) print(out io.Writer, r campaigns.EventReceipt) error {
	if c.JSON {
		return json.NewEncoder(out).Encode(r)
	}
	again := ""
	if r.Replayed {
		again = " (told before)"
	}
	who := fmt.Sprintf("contact %d", r.ContactID)
	if r.ContactID == 0 {
		who = "nobody is known by that number, and no campaign adds them"
	}
	if _, err := fmt.Fprintf(out, "Event %s: %s%s\n", r.Key, who, again); err != nil {
		return err
	}
	if r.Complaint != "" {
		_, err := fmt.Fprintf(out, "  the person's complaint is %s\n", r.Complaint)
		if err != nil {
			return err
		}
	}
	if len(r.Effects) == 0 && r.ContactID != 0 && r.Complaint == "" {
		_, err := fmt.Fprintln(out, "  no campaign has a trigger for it that concerns this person")
		return err
	}
	for _, e := range r.Effects {
		hot := ""
		if e.Hot {
			hot = ", handed to the hopper at once"
		}
		if _, err := fmt.Fprintf(out, "  %s: %s, candidate %d is %s %s%s\n", e.Campaign, e.Action, e.CandidateID, e.State, e.Reason, hot); err != nil {
			return err
		}
	}
	return nil
}
