package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/postgres"
)

// importCmd reads a list of candidates from a CSV file, or what another system
// has exported.
type importCmd struct {
	File     string   `arg:"" help:"CSV file with a header row; cells are parted by comma, semicolon, tab or bar." type:"path"`
	Campaign string   `help:"Campaign that the candidates join." placeholder:"NAME"`
	List     string   `help:"List to import into; made when absent. Default: the file's name." placeholder:"NAME"`
	Map      []string `help:"Column of a field: --map phone=Telephone. May be repeated." placeholder:"field=Column" sep:"none"`
	Region   string   `help:"Country (ISO 3166) of numbers without a prefix. Default: the campaign's." placeholder:"XX"`
	Preset   string   `help:"Export of another system: vicidial (leads), vicidial-log (calls), vicidial-dnc." placeholder:"NAME"`
	Status   []string `help:"Meaning of a status that is the preset's users' own: --status HUNGUP=not_available. May be repeated." placeholder:"STATUS=MEANING" sep:"none"`
	Zone     string   `help:"Zone of a preset's times, such as America/New_York. Default: UTC." placeholder:"ZONE"`
	DryRun   bool     `help:"Do everything, then take it back."`
	Rejects  string   `help:"Where rejected rows go. Default: FILE.rejects.csv." type:"path" placeholder:"FILE"`
}

// The presets of the command.
const (
	presetLog = "vicidial-log"
	presetDNC = "vicidial-dnc"
)

// Help shows examples and the known fields.
func (importCmd) Help() string {
	return "Examples: ringmaster import --campaign winback --map phone=Telephone list.csv\n" +
		"          ringmaster import --campaign winback --preset vicidial --zone America/New_York list_101.txt\n\nFields: " +
		strings.Join(ingest.Fields(), ", ") + ". All other columns become attributes.\n\nMeanings of statuses: " + strings.Join(ingest.Meanings(), ", ") + "."
}

// Validate names a flag that is wrong or missing.
func (c *importCmd) Validate() error {
	switch {
	case !slices.Contains([]string{"", string(ingest.PresetVICIdial), presetLog, presetDNC}, c.Preset):
		return fmt.Errorf("--preset %s: is not one of %s, %s, %s", c.Preset, ingest.PresetVICIdial, presetLog, presetDNC)
	case c.Campaign == "" && c.Preset != presetDNC:
		return errors.New("missing flags: --campaign=NAME")
	case c.Preset == presetDNC && (c.DryRun || len(c.Map) > 0):
		return fmt.Errorf("--preset %s: has no --dry-run and no --map", presetDNC)
	}
	return nil
}

// options reads the flags.
func (c *importCmd) options() (ingest.Options, error) {
	o := ingest.Options{Campaign: c.Campaign, List: c.List, FileName: filepath.Base(c.File), Region: c.Region, DryRun: c.DryRun}
	var err error
	if o.Map, err = pairs("--map", "field=Column", c.Map); err != nil {
		return o, err
	}
	if o.Statuses, err = pairs("--status", "STATUS=MEANING", c.Status); err != nil {
		return o, err
	}
	if c.Region != "" {
		if err := phone.CheckRegion(c.Region); err != nil {
			return o, fmt.Errorf("--region: %w", err)
		}
	}
	if c.Preset != "" {
		o.Preset = ingest.PresetVICIdial
	}
	if c.Zone != "" {
		if o.Zone, err = time.LoadLocation(c.Zone); err != nil || c.Preset == "" {
			return o, fmt.Errorf("--zone %s: is no IANA time zone such as America/New_York, or the file is of no preset", c.Zone)
		}
	}
	return o, nil
}

// pairs reads flags of the form a=b.
func pairs(flag, form string, texts []string) (map[string]string, error) {
	all := map[string]string{}
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("%s %s: is not %s", flag, text, form)
		}
		all[key] = value
	}
	return all, nil
}

// Run imports the file and prints the summary.
func (c *importCmd) Run(ctx context.Context, io streams, all *cli) error {
	if c.Preset == presetDNC {
		list := c.List
		if list == "" {
			list = presetDNC
		}
		dnc := importDNCCmd{File: c.File, dncList: dncList{List: list, Campaign: c.Campaign}, Region: c.Region, Rejects: c.Rejects}
		return dnc.Run(ctx, io, all)
	}
	o, err := c.options()
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
			rejects.path = c.File + ".rejects.csv"
		}
		if c.Rejects == "" && c.DryRun {
			rejects.path = ""
		}
		if same, err := sameFile(rejects.path, file); err != nil || same {
			if same {
				err = fmt.Errorf("--rejects %s: is the file that is imported", rejects.path)
			}
			return err
		}
		o.File, o.Rejects, o.Progress = file, rejects, progressOn(io.err)
		text, err := c.read(ctx, o, store, rejects)
		if closed := rejects.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		_, err = fmt.Fprint(io.out, text)
		return err
	})
}

// sameFile reports whether the path, which may lead nowhere, is that of the file.
func sameFile(path string, file *os.File) (bool, error) {
	at, err := os.Stat(path)
	if path == "" || errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	is, err := file.Stat()
	return err == nil && os.SameFile(at, is), err
}

// read imports leads or calls, and gives the summary as text.
func (c *importCmd) read(ctx context.Context, o ingest.Options, store *postgres.Store, rejects *lazyFile) (string, error) {
	if c.Preset == presetLog {
		s, err := ingest.ImportHistory(ctx, o, store)
		return historySummary(s, rejects), err
	}
	s, err := ingest.Import(ctx, o, store)
	return importSummary(s, rejects), err
}

// importSummary tells what became of the rows.
func importSummary(s ingest.Summary, rejects *lazyFile) string {
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
	text += uncallableText(s)
	if s.NoCallbackTime > 0 {
		text += fmt.Sprintf("%d agreed callbacks have no time in the file and are due at once; a column callback_time would give it\n", s.NoCallbackTime)
	}
	if len(s.MissingColumns) > 0 {
		text += "the campaign goes by columns that the file has not: " + strings.Join(s.MissingColumns, ", ") + "\n"
	}
	return text + rejectedText(s.Rejected, s.RejectedBy, rejects)
}

// uncallableText tells of candidates whom nobody will ever call, and what to do.
func uncallableText(s ingest.Summary) string {
	if len(s.Uncallable) == 0 {
		return ""
	}
	examples := make([]string, len(s.UncallableExamples))
	for i, u := range s.UncallableExamples {
		examples[i] = fmt.Sprintf("line %d (%s, %s)", u.Line, u.Number, u.Reason)
	}
	text := fmt.Sprintf("never to be called, for nobody knows where they are: %s, such as %s\n", counts(s.Uncallable), strings.Join(examples, ", "))
	if s.Uncallable[campaigns.ReasonZoneUnknown] > 0 {
		text += "a column time_zone, or region with postal_code, would tell their zone\n"
	}
	return text
}

// historySummary tells what became of the calls.
func historySummary(s ingest.HistorySummary, rejects *lazyFile) string {
	did := "Imported"
	if s.DryRun {
		did = "Would import"
	}
	text := fmt.Sprintf("%s %d of %d calls in %.1f s: %d were there before, %d rejected\n", did, s.Stored, s.Rows, s.Seconds, s.Known, s.Rejected)
	if s.Stored > 0 {
		text += "by outcome: " + counts(s.Outcomes) + "\n"
	}
	return text + rejectedText(s.Rejected, s.RejectedBy, rejects)
}

// rejectedText tells of rejected rows.
func rejectedText(rejected int, rejectedBy map[string]int, rejects *lazyFile) string {
	text := ""
	if rejected > 0 {
		// A row whose cells do not fit the header is no single column's fault.
		by := maps.Clone(rejectedBy)
		if rows := by[""]; rows > 0 {
			delete(by, "")
			by["whole row"] = rows
		}
		text += "rejected by column: " + counts(by) + "\n"
		if rejects.opened {
			text += "rejected rows, with reasons: " + rejects.path + "\n"
		}
	}
	return text
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
