package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
)

// PastCall is one call that another system has made.
type PastCall struct {
	Line int
	// Key tells the call from every other one of that system.
	Key    string
	Number phone.Number
	// Lead is that system's own id of the lead; empty: the file does not say.
	Lead string
	At   time.Time
	// Length of the call, waiting and ringing included.
	Length  time.Duration
	Outcome campaigns.Outcome
	// Disposition is empty where no agent spoke to anybody.
	Disposition campaigns.Disposition
	// Status is the other system's word for the result, Agent the name of who
	// gave it, Notes what they wrote.
	Status, Agent, Notes string
}

// HistorySummary is the result of an import of calls. Rows is the sum of Stored,
// Known and Rejected.
type HistorySummary struct {
	Rows   int `json:"rows"`
	Stored int `json:"stored"`
	// Known calls were imported before.
	Known      int                       `json:"known"`
	Rejected   int                       `json:"rejected"`
	RejectedBy map[string]int            `json:"rejected_by,omitempty"`
	Outcomes   map[campaigns.Outcome]int `json:"outcomes"`
	DryRun     bool                      `json:"dry_run,omitempty"`
	Seconds    float64                   `json:"seconds"`
}

// HistoryMerged says what became of a batch of calls.
type HistoryMerged struct {
	Stored, Known int
	Refused       []RefusedCall
	Outcomes      map[campaigns.Outcome]int
}

// RefusedCall is a call that cannot be stored, by its place in the batch.
type RefusedCall struct {
	Index          int
	Column, Reason string
}

// HistoryStore takes past calls.
type HistoryStore interface {
	// BeginHistory finds the campaign that the calls are counted to: CodeNotFound
	// where there is none.
	BeginHistory(ctx context.Context, t Target) (HistoryBatches, error)
}

// HistoryBatches takes the calls of one import, in the order of the file.
type HistoryBatches interface {
	// Region is the campaign's country of numbers without a prefix.
	Region() string
	// Merge stores a batch in one transaction. A call that is there already, by
	// its key, is left out.
	Merge(ctx context.Context, calls []PastCall) (HistoryMerged, error)
}

// ImportHistory reads the calls of another system into the history of the
// persons who have the numbers, so that agents see them and they count under the
// caps. The persons have to be there. As with Import, a file that is wrong as a
// whole changes nothing, and a row that is wrong is rejected alone.
func ImportHistory(ctx context.Context, o Options, store HistoryStore) (s HistorySummary, err error) {
	s = HistorySummary{RejectedBy: map[string]int{}, Outcomes: map[campaigns.Outcome]int{}, DryRun: o.DryRun}
	if err := o.Validate(); err != nil {
		return s, err
	}
	start := time.Now()
	file, done, err := seekable(ctx, o.File)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, done()) }()
	h, total, err := scan(contextReader(ctx, file), o)
	if err != nil {
		return s, err
	}
	columns, err := newHistoryColumns(h)
	if err != nil {
		return s, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return s, fmt.Errorf("read the file again: %w", err)
	}
	batches, err := store.BeginHistory(ctx, Target{Campaign: o.Campaign, FileName: o.FileName, DryRun: o.DryRun})
	if err != nil {
		return s, err
	}
	if o.Region == "" {
		o.Region = batches.Region()
	}
	r := &history{summary: &s, parser: newParser(h, o), columns: columns, batches: batches, rejects: newRejectsWriter(o.Rejects, h)}
	err = r.read(ctx, file, o, total, start)
	s.Seconds = time.Since(start).Seconds()
	return s, err
}

// historyColumns says where the columns of a log of calls stand.
type historyColumns struct {
	at, key, lead, length, agent, notes int
}

func newHistoryColumns(h *header) (historyColumns, error) {
	find := func(names ...string) int {
		for _, name := range names {
			for i, column := range h.names {
				if fieldName(column) == name {
					return i
				}
			}
		}
		return -1
	}
	c := historyColumns{at: find("call_date"), key: find("uniqueid"), lead: find("lead_id"), length: find("length_in_sec"), agent: find("user"),
		notes: find("call_notes", "comments")}
	switch {
	case c.at < 0:
		return c, fileError("no column call_date: the columns are %s", h.list())
	case h.foreign.status < 0:
		return c, fileError("no column status: the columns are %s", h.list())
	}
	return c, nil
}

// history is one import of calls under way.
type history struct {
	summary *HistorySummary
	parser  *parser
	columns historyColumns
	batches HistoryBatches
	rejects *rejectsWriter
}

func (h *history) read(ctx context.Context, file io.Reader, o Options, total int, start time.Time) error {
	size := o.BatchRows
	if size == 0 {
		size = defaultBatch
	}
	source, err := newSource(contextReader(ctx, file), o.Preset)
	if err != nil {
		return err
	}
	if _, err := source.next(); err != nil { // the header
		return err
	}
	for end := false; !end; {
		var calls []PastCall
		var records []record
		var rejected []reject
		for len(calls)+len(rejected) < size {
			rec, err := source.next()
			if errors.Is(err, io.EOF) {
				end = true
				break
			}
			if err != nil {
				return err
			}
			call, bad := h.call(rec)
			if bad != nil {
				rejected = append(rejected, *bad)
				continue
			}
			calls, records = append(calls, call), append(records, rec)
		}
		if err := h.merge(ctx, calls, records, rejected); err != nil {
			return err
		}
		if o.Progress != nil {
			o.Progress(Progress{Rows: h.summary.Rows, Total: total, Rejected: h.summary.Rejected, Elapsed: time.Since(start)})
		}
	}
	return nil
}

func (h *history) merge(ctx context.Context, calls []PastCall, records []record, rejected []reject) error {
	if len(calls) > 0 {
		m, err := h.batches.Merge(ctx, calls)
		if err != nil {
			return err
		}
		for _, r := range m.Refused {
			rejected = append(rejected, reject{line: calls[r.Index].Line, column: r.Column, reason: r.Reason, cells: records[r.Index].cells})
		}
		h.summary.Stored += m.Stored
		h.summary.Known += m.Known
		for outcome, n := range m.Outcomes {
			h.summary.Outcomes[outcome] += n
		}
		h.summary.Rows -= len(m.Refused)
	}
	h.summary.Rows += len(calls) + len(rejected)
	h.summary.Rejected += len(rejected)
	for _, bad := range rejected {
		h.summary.RejectedBy[bad.column]++
	}
	return h.rejects.write(rejected)
}

// call reads one row. The reject names the first column that is wrong.
func (h *history) call(rec record) (PastCall, *reject) {
	c, f := h.columns, h.parser.header.foreign
	wrong := func(column string, err error) (PastCall, *reject) {
		return PastCall{}, &reject{line: rec.line, column: column, reason: err.Error(), cells: rec.cells}
	}
	row, bad := h.parser.row(rec)
	if bad != nil {
		return PastCall{}, bad
	}
	call := PastCall{Line: rec.line, Number: row.Numbers[0], Lead: cellAt(rec.cells, c.lead), Key: cellAt(rec.cells, c.key), Status: row.Past.Status,
		Agent: cellAt(rec.cells, c.agent), Notes: strings.ReplaceAll(cellAt(rec.cells, c.notes), "!N", "\n")}
	var err error
	if call.At, err = f.time(cellAt(rec.cells, c.at)); err != nil {
		return wrong("call_date", err)
	}
	if call.At.IsZero() {
		return wrong("call_date", errors.New("is empty"))
	}
	if text := cellAt(rec.cells, c.length); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || !(seconds >= 0) || seconds > 86400 {
			return wrong("length_in_sec", fmt.Errorf("%q is no length of a call in seconds", text))
		}
		call.Length = time.Duration(seconds * float64(time.Second))
	}
	if call.Key == "" {
		call.Key = fmt.Sprintf("%s %s", call.At.Format(time.RFC3339), call.Number.E164)
	}
	call.end(row.Past.Did)
	return call, nil
}

// end tells outcome and disposition from the meaning of a status.
func (c *PastCall) end(did string) {
	c.Outcome = campaigns.OutcomeAnswered
	switch did {
	case PastReady:
		c.Outcome = campaigns.OutcomeUnknown
	case PastDoNotCall, PastDoNotCallCampaign:
		c.Disposition = campaigns.DispositionDoNotCall
	default:
		if o := campaigns.Outcome(did); o.Valid() {
			c.Outcome = o
			return
		}
		c.Disposition = campaigns.Disposition(did)
	}
}
