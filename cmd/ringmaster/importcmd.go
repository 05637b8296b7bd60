package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/postgres"
)

// importCmd reads a list of candidates from a CSV file.
type importCmd struct {
	File     string   `arg:"" help:"CSV file with a header row." type:"path"`
	Campaign string   `required:"true" help:"Campaign that the candidates join." placeholder:"NAME"`
	List     string   `help:"List to import into; made when absent. Default: the file's name." placeholder:"NAME"`
	Map      []string `help:"Column of a field: --map phone=Telephone. May be repeated." placeholder:"field=Column" sep:"none"`
	Region   string   `help:"Country (ISO 3166) of numbers without a prefix. Default: the campaign's." placeholder:"XX"`
	DryRun   bool     `help:"Do everything, then take it back."`
	Rejects  string   `help:"Where rejected rows go. Default: FILE.rejects.csv." type:"path" placeholder:"FILE"`
}

// Help shows an example and the known fields.
func (importCmd) Help() string {
	return "Example: ringmaster import --campaign winback --map phone=Telephone list.csv\n\nFields: " +
		strings.Join(ingest.Fields(), ", ") + ". All other columns become attributes."
}

// Run imports the file and prints the summary.
func (c *importCmd) Run(ctx context.Context, io streams, all *cli) error {
	columns := map[string]string{}
	for _, pair := range c.Map {
		field, column, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("--map %s: is not field=Column", pair)
		}
		columns[field] = column
	}
	if c.Region != "" {
		if err := phone.CheckRegion(c.Region); err != nil {
			return fmt.Errorf("--region: %w", err)
		}
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		rejects := &lazyFile{path: c.Rejects}
		if rejects.path == "" {
			rejects.path = c.File + ".rejects.csv"
		}
		if c.Rejects == "" && c.DryRun {
			rejects.path = ""
		}
		summary, err := ingest.Import(ctx, ingest.Options{
			Campaign: c.Campaign, List: c.List, FileName: filepath.Base(c.File), File: file, Map: columns, Region: c.Region,
			DryRun: c.DryRun, Rejects: rejects, Progress: progressOn(io.err),
		}, store)
		if closed := rejects.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		return writeImportSummary(io.out, summary, rejects)
	})
}

// writeImportSummary tells what became of the rows.
func writeImportSummary(w io.Writer, s ingest.Summary, rejects *lazyFile) error {
	did := "Imported"
	if s.DryRun {
		did = "Would import"
	}
	rate := 0.0
	if s.Seconds > 0 {
		rate = float64(s.Rows) / s.Seconds
	}
	text := fmt.Sprintf("%s %d of %d rows in %.1f s (%.0f rows/s): %d updated, %d unchanged, %d duplicates merged, %d rejected\n"+
		"%d new contacts, %d numbers shared by several persons; new candidates: %s\n",
		did, s.Imported, s.Rows, s.Seconds, rate, s.Updated, s.Unchanged, s.Merged, s.Rejected, s.Contacts, s.SharedNumbers, counts(s.Candidates))
	if len(s.Reasons) > 0 {
		text += "not ready because: " + counts(s.Reasons) + "\n"
	}
	if s.Rejected > 0 {
		// A row whose cells do not fit the header is no single column's fault.
		by := maps.Clone(s.RejectedBy)
		if rows := by[""]; rows > 0 {
			delete(by, "")
			by["whole row"] = rows
		}
		text += "rejected by column: " + counts(by) + "\n"
		if rejects.opened {
			text += "rejected rows, with reasons: " + rejects.path + "\n"
		}
	}
	_, err := io.WriteString(w, text)
	return err
}

// progressOn shows progress where somebody is watching a terminal.
func progressOn(w io.Writer) func(ingest.Progress) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return func(p ingest.Progress) {
		share := ""
		if p.Total > 0 {
			share = fmt.Sprintf(" of %d (%d %%)", p.Total, 100*p.Rows/p.Total)
		}
		end := ""
		if p.Rows == p.Total {
			end = "\n"
		}
		_, _ = fmt.Fprintf(file, "\r%d rows%s, %d rejected, %v %s", p.Rows, share, p.Rejected, p.Elapsed.Round(100*time.Millisecond), end)
	}
}

// lazyFile is made when first written to, so that an import without rejects
// leaves no file.
type lazyFile struct {
	path   string
	file   *os.File
	opened bool
}

// Write makes the file if need be; without a path it discards.
func (f *lazyFile) Write(p []byte) (int, error) {
	if f.path == "" {
		return len(p), nil
	}
	if f.file == nil {
		file, err := os.OpenFile(f.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return 0, fmt.Errorf("rejects file: %w", err)
		}
		f.file, f.opened = file, true
	}
	return f.file.Write(p)
}

// Close closes the file if there is one.
func (f *lazyFile) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}
