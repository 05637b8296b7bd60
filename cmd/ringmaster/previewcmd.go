package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/segment"
)

// previewCmd tells whom a campaign would call.
type previewCmd struct {
	Name    string  `arg:"" optional:"" help:"Name of the campaign."`
	Segment *string `help:"Try this expression in place of the campaign's own." placeholder:"EXPR"`
	Sample  int     `default:"5" help:"How many persons to show."`
	Fields  bool    `help:"Print the fields and functions of expressions, and end."`
	JSON    bool    `help:"As JSON."`
}

// maxSample bounds the persons that a preview shows.
const maxSample = 1000

// Help shows an example.
func (previewCmd) Help() string {
	return "Example: ringmaster campaign preview winback --segment 'contact.value > 300.0 && days_since(contact.left_at) < 60'"
}

// Run counts whom the campaign would call; it calls nobody.
func (c *previewCmd) Run(ctx context.Context, io streams, all *cli) error {
	switch {
	case c.Fields:
		return writeFields(io.out)
	case c.Name == "":
		return campaigns.Invalid("name", "is missing: name the campaign")
	case c.Sample < 0 || c.Sample > maxSample:
		return campaigns.Invalid("--sample", "%d is not between 0 and %d", c.Sample, maxSample)
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		campaign, err := store.CampaignByName(ctx, c.Name)
		if err != nil {
			return err
		}
		preview, err := store.Preview(ctx, campaign.ID, postgres.PreviewOptions{Segment: c.Segment, Sample: c.Sample})
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(io.out).Encode(preview)
		}
		return writePreview(io.out, preview)
	})
}

// writeFields tells what expressions may be made of.
func writeFields(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "FIELD\tTYPE\tWHAT IT HOLDS")
	for _, f := range segment.Fields() {
		_, _ = fmt.Fprintf(w, "contact.%s\t%v\t%s\n", f.Name, f.Type, f.Doc)
	}
	_, _ = fmt.Fprintln(w, "\nFUNCTION\tWHAT IT GIVES")
	for _, f := range segment.Functions() {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", f.Usage, f.Doc)
	}
	_, _ = fmt.Fprintln(w, "\nOperators: == != < <= > >= && || ! + - * / ?: and in, as in contact.region in [\"NY\", \"NJ\"]. Texts stand in quotes.")
	return w.Flush()
}

func writePreview(out io.Writer, p postgres.Preview) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "Campaign %q (%s), nobody is called.\n", p.Campaign, p.State)
	if p.Segment != "" {
		_, _ = fmt.Fprintf(w, "Segment: %s\n", p.Segment)
	}
	_, _ = fmt.Fprintln(w, "\nSTEP\tLEFT\tFELL OUT")
	for _, step := range p.Steps {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\n", step.Step, step.Kept, previewLines(step.FellOut))
	}
	_, _ = fmt.Fprintf(w, "\nCallable now\t%d\n", p.CallableNow)
	_, _ = fmt.Fprintf(w, "Later\t%s\n", previewLines(p.Later))
	_, _ = fmt.Fprintf(w, "Under way\t%d\n", p.UnderWay)
	if len(p.Sample) > 0 {
		_, _ = fmt.Fprintln(w, "\nCONTACT\tNAME\tNUMBER\tVALUE\tSTATE")
	}
	for _, person := range p.Sample {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%g\t%s %s\n", person.ContactID, person.Name, person.Number, person.Value, person.State, person.Reason)
	}
	return w.Flush()
}

func previewLines(lines []postgres.PreviewLine) string {
	if len(lines) == 0 {
		return "-"
	}
	texts := make([]string, 0, len(lines))
	for _, l := range lines {
		text := fmt.Sprintf("%s %d", l.Reason, l.Count)
		if l.Next != nil {
			text += " (next " + l.Next.UTC().Format(time.DateTime) + ")"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}
