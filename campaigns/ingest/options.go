package ingest

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
)

// Options of one import.
type Options struct {
	// Campaign is the name of the campaign that the candidates join.
	Campaign string
	// List is the name of the list; it is created when absent. Empty: FileName.
	List string
	// FileName is shown in the log of imports.
	FileName string
	// File holds the rows. A File that is also an io.Seeker is read in place.
	File io.Reader
	// Map gives the column of a field where their names differ.
	Map map[string]string
	// Region is the ISO 3166 country of numbers without a prefix; empty: the
	// campaign's default region.
	Region string
	// Preset names the system that has written the file; empty: none that is
	// known.
	Preset Preset
	// Statuses gives the meaning of a preset's statuses that centers make
	// themselves; see Meanings.
	Statuses map[string]string
	// Zone is the zone of a preset's times; nil: UTC.
	Zone *time.Location
	// DryRun does all the work and then takes it back.
	DryRun bool
	// Rejects takes the rejected rows as CSV; nil: they are counted only.
	Rejects io.Writer
	// Progress is called after every batch, never concurrently; may be nil.
	Progress func(Progress)
	// BatchRows is the number of rows per transaction; zero: 2000.
	BatchRows int
}

// Validate names the first option that is missing.
func (o *Options) Validate() error {
	switch {
	case o.Campaign == "":
		return campaigns.Invalid("campaign", "is missing: name the campaign that the list is for")
	case o.File == nil:
		return campaigns.Invalid("file", "is missing")
	case o.List == "" && o.FileName == "":
		return campaigns.Invalid("list", "is missing, and there is no file name to take instead")
	case o.BatchRows < 0:
		return campaigns.Invalid("batch_rows", "%d is below zero", o.BatchRows)
	case !slices.Contains([]Preset{"", PresetVICIdial}, o.Preset):
		return campaigns.Invalid("preset", "%q is not one of %s", o.Preset, PresetVICIdial)
	case len(o.Statuses) > 0 && o.Preset == "":
		return campaigns.Invalid("--status", "is for files of a preset")
	}
	for _, status := range sortedKeys(o.Statuses) {
		if !slices.Contains(Meanings(), o.Statuses[status]) {
			return campaigns.Invalid("--status", "%s=%s: is not one of %s", status, o.Statuses[status], strings.Join(Meanings(), ", "))
		}
	}
	return nil
}

// Progress says how far an import is.
type Progress struct {
	// Rows done of Total, rejected ones included.
	Rows, Total, Rejected int
	Elapsed               time.Duration
}

// Summary is the result of an import. Rows is the sum of Imported, Updated,
// Unchanged, Merged and Rejected.
type Summary struct {
	Rows int `json:"rows"`
	// Imported rows made a new candidate.
	Imported int `json:"imported"`
	// Updated rows changed a contact or a candidate that was there before.
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	// Merged rows are duplicates of an earlier row of the same file.
	Merged   int `json:"merged"`
	Rejected int `json:"rejected"`
	// Contacts is the number of new persons, SharedNumbers that of numbers found
	// to belong to several persons.
	Contacts      int `json:"contacts"`
	SharedNumbers int `json:"shared_numbers"`
	// Candidates made, by state, and the reasons of those that are not ready.
	Candidates map[campaigns.CandidateState]int `json:"candidates"`
	Reasons    map[campaigns.Reason]int         `json:"reasons,omitempty"`
	// Uncallable counts the new candidates whom no rule will ever let be called,
	// by reason: nobody knows the zone of their number, or the law that binds it.
	// UncallableExamples are the first of them.
	Uncallable         map[campaigns.Reason]int `json:"uncallable,omitempty"`
	UncallableExamples []Uncallable             `json:"uncallable_examples,omitempty"`
	// RejectedBy counts the rejected rows by column.
	RejectedBy map[string]int `json:"rejected_by,omitempty"`
	// UnnamedColumns have no name in the header and were left out.
	UnnamedColumns int `json:"unnamed_columns,omitempty"`
	// MissingColumns are attributes that the campaign goes by and the file has
	// not.
	MissingColumns []string `json:"missing_columns,omitempty"`
	// NoCallbackTime counts callbacks that were agreed elsewhere and of which the
	// file has no time: they are due at once.
	NoCallbackTime int     `json:"no_callback_time,omitempty"`
	DryRun         bool    `json:"dry_run,omitempty"`
	Seconds        float64 `json:"seconds"`
}

// Merged says what became of a batch; the fields are those of Summary.
type Merged struct {
	Imported, Updated, Unchanged, Merged int
	Contacts, SharedNumbers              int
	Candidates                           map[campaigns.CandidateState]int
	Reasons                              map[campaigns.Reason]int
	// Refused rows may not be stored; they count as rejected.
	Refused []Refused
	// Uncallable are the new candidates of the batch who will never be called.
	Uncallable []Uncallable
}

// Uncallable is a row whose candidate is stored and will never be called.
type Uncallable struct {
	Line int `json:"line"`
	// Number is masked.
	Number string           `json:"number"`
	Reason campaigns.Reason `json:"reason"`
}

// Refused is a row that may not be stored: its line, and why. Its cells are not
// kept, not even among the rejects.
type Refused struct {
	Line   int
	Reason campaigns.Reason
}

// Target names what a file is imported into.
type Target struct {
	Campaign, List, FileName string
	DryRun                   bool
}

// Store opens an import.
type Store interface {
	// BeginImport finds the campaign (CodeNotFound, naming it, where there is
	// none; CodeConflict where it is closed) and finds or makes the list.
	BeginImport(ctx context.Context, t Target) (Batches, error)
}

// Defaults are what a campaign says of the rows of its lists.
type Defaults struct {
	// Region is the country of numbers without a prefix.
	Region string
	// EventColumn, PropensityColumn and TierColumn name attributes that give the
	// event, the propensity and, by Tiers, the value of rows without their own.
	EventColumn, PropensityColumn, TierColumn string
	// Tiers gives the value of each tier.
	Tiers map[string]float64
	// Reads are the attributes that the campaign goes by.
	Reads []string
}

// Batches takes the rows of one import, in the order of the file.
type Batches interface {
	// Defaults are what the campaign says of rows.
	Defaults() Defaults
	// Merge stores a batch in one transaction. Which rows are the same person:
	// the same external id; else a number in common and the same name, or a name
	// on one side only; else the same e-mail address. Never the same person are
	// two different external ids.
	Merge(ctx context.Context, rows []Row) (Merged, error)
	// Finish writes the import's log entry, or takes a dry run back.
	Finish(ctx context.Context, s Summary) error
	// Close gives up what Finish has not finished. It may follow Finish.
	Close()
}
