package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"ringmaster/campaigns"
)

// defaultBatch is the number of rows per transaction: large enough that round
// trips do not count, small enough that no lock is held for long.
const defaultBatch = 2000

// Import reads the file into the campaign. It returns the summary of what was
// done also with an error that ended it half-way. The error is a
// campaigns.Error of CodeInvalid where the file or an option is wrong, and then
// nothing was written.
func Import(ctx context.Context, o Options, store Store) (s Summary, err error) {
	if err := o.Validate(); err != nil {
		return Summary{}, err
	}
	start := time.Now()
	file, done, err := seekable(ctx, o.File)
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, done()) }()
	h, total, err := scan(contextReader(ctx, file), o)
	if err != nil {
		return Summary{}, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return Summary{}, fmt.Errorf("read the file again: %w", err)
	}
	list := o.List
	if list == "" {
		list = filepath.Base(o.FileName)
	}
	batches, err := store.BeginImport(ctx, Target{Campaign: o.Campaign, List: list, FileName: o.FileName, DryRun: o.DryRun})
	if err != nil {
		return Summary{}, err
	}
	defer batches.Close()
	defaults := batches.Defaults()
	if o.Region == "" {
		o.Region = defaults.Region
	}
	h.derive(defaults)
	run := &run{options: o, header: h, total: total, start: start, batches: batches,
		rejects: newRejectsWriter(o.Rejects, h),
		summary: Summary{Candidates: map[campaigns.CandidateState]int{}, Reasons: map[campaigns.Reason]int{},
			RejectedBy: map[string]int{}, Uncallable: map[campaigns.Reason]int{}, UnnamedColumns: h.unnamed, MissingColumns: h.missing(defaults.Reads), DryRun: o.DryRun}}
	err = run.pipeline(ctx, file)
	run.summary.Seconds = time.Since(start).Seconds()
	if err != nil {
		return run.summary, err
	}
	err = batches.Finish(ctx, run.summary)
	run.summary.Seconds = time.Since(start).Seconds()
	return run.summary, err
}

// seekable gives the file in a form that can be read twice, and what to do
// with it in the end.
func seekable(ctx context.Context, r io.Reader) (io.ReadSeeker, func() error, error) {
	nothing := func() error { return nil }
	if s, ok := r.(io.ReadSeeker); ok {
		// A pipe is an *os.File too, which cannot seek.
		if _, err := s.Seek(0, io.SeekCurrent); err == nil {
			return s, nothing, nil
		}
	}
	copied, err := os.CreateTemp("", "ringmaster-import-*.csv")
	if err != nil {
		return nil, nothing, fmt.Errorf("copy the input: %w", err)
	}
	done := func() error { return errors.Join(copied.Close(), os.Remove(copied.Name())) }
	if _, err := io.Copy(copied, contextReader(ctx, r)); err != nil {
		return nil, nothing, errors.Join(fmt.Errorf("copy the input: %w", err), done())
	}
	if _, err := copied.Seek(0, io.SeekStart); err != nil {
		return nil, nothing, errors.Join(fmt.Errorf("copy the input: %w", err), done())
	}
	return copied, done, nil
}

// readerFunc is a function that reads.
type readerFunc func([]byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// contextReader gives a reader of r that fails once the context has ended, so
// that a long read ends with it.
func contextReader(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

// run is one import under way; its methods are called by Import's goroutine,
// but for read and parse.
type run struct {
	options Options
	header  *header
	total   int
	start   time.Time
	batches Batches
	rejects *rejectsWriter
	summary Summary
}

// chunk is one batch on its way: read, then parsed, then merged.
type chunk struct {
	records []record
	rows    []Row
	rejects []reject
	parsed  chan struct{}
}

// pipeline reads, parses and merges. Chunks are handed to the parsers and, in
// the order of the file, to the merger, which waits for each to be parsed.
func (r *run) pipeline(ctx context.Context, file io.Reader) error {
	workers := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	toParse := make(chan *chunk, workers)
	toMerge := make(chan *chunk, workers)
	g.Go(func() error {
		defer close(toParse)
		defer close(toMerge)
		return r.read(ctx, file, toParse, toMerge)
	})
	for range workers {
		g.Go(func() error {
			p := newParser(r.header, r.options)
			for c := range toParse {
				p.chunk(c)
			}
			return nil
		})
	}
	g.Go(func() error { return r.merge(ctx, toMerge) })
	return g.Wait()
}

func (r *run) read(ctx context.Context, file io.Reader, toParse, toMerge chan<- *chunk) error {
	size := r.options.BatchRows
	if size == 0 {
		size = defaultBatch
	}
	source, err := newSource(file, r.options.Preset)
	if err != nil {
		return err
	}
	if _, err := source.next(); err != nil { // the header
		return err
	}
	for end := false; !end; {
		c := &chunk{records: make([]record, 0, size), parsed: make(chan struct{})}
		for len(c.records) < size {
			rec, err := source.next()
			if errors.Is(err, io.EOF) {
				end = true
				break
			}
			if err != nil {
				return err
			}
			c.records = append(c.records, rec)
		}
		for _, to := range []chan<- *chunk{toMerge, toParse} {
			select {
			case to <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

func (p *parser) chunk(c *chunk) {
	c.rows = make([]Row, 0, len(c.records))
	for _, rec := range c.records {
		row, bad := p.row(rec)
		if bad != nil {
			c.rejects = append(c.rejects, *bad)
			continue
		}
		c.rows = append(c.rows, row)
	}
	c.records = nil
	close(c.parsed)
}

func (r *run) merge(ctx context.Context, toMerge <-chan *chunk) error {
	for c := range toMerge {
		select {
		case <-c.parsed:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := r.rejects.write(c.rejects); err != nil {
			return fmt.Errorf("write the rejects: %w", err)
		}
		if len(c.rows) > 0 {
			m, err := r.batches.Merge(ctx, c.rows)
			if err != nil {
				return err
			}
			r.summary.add(m)
			r.summary.NoCallbackTime += withoutTime(c.rows)
			r.summary.Rows -= len(m.Refused)
			if err := r.refuse(c, m.Refused); err != nil {
				return err
			}
		}
		r.summary.Rows += len(c.rows) + len(c.rejects)
		r.summary.Rejected += len(c.rejects)
		for _, bad := range c.rejects {
			r.summary.RejectedBy[bad.column]++
		}
		if r.options.Progress != nil {
			r.options.Progress(Progress{Rows: r.summary.Rows, Total: r.total, Rejected: r.summary.Rejected, Elapsed: time.Since(r.start)})
		}
	}
	return ctx.Err()
}

// mostExamples is how many rows a summary names of a kind.
const mostExamples = 5

// refuse adds the rows that the store refused to the chunk's rejects, without
// their cells.
func (r *run) refuse(c *chunk, refused []Refused) error {
	rejects := make([]reject, len(refused))
	for i, row := range refused {
		rejects[i] = reject{line: row.Line, column: "phone", reason: string(row.Reason)}
	}
	c.rejects = append(c.rejects, rejects...)
	if err := r.rejects.write(rejects); err != nil {
		return fmt.Errorf("write the rejects: %w", err)
	}
	return nil
}

// withoutTime counts the rows with a callback of which no time is known.
func withoutTime(rows []Row) int {
	n := 0
	for _, row := range rows {
		if row.Past != nil && row.Past.Did == string(campaigns.DispositionCallback) && row.Past.CallbackAt.IsZero() {
			n++
		}
	}
	return n
}

func (s *Summary) add(m Merged) {
	s.Imported += m.Imported
	s.Updated += m.Updated
	s.Unchanged += m.Unchanged
	s.Merged += m.Merged
	s.Contacts += m.Contacts
	s.SharedNumbers += m.SharedNumbers
	for state, n := range m.Candidates {
		s.Candidates[state] += n
	}
	for reason, n := range m.Reasons {
		s.Reasons[reason] += n
	}
	for _, u := range m.Uncallable {
		s.Uncallable[u.Reason]++
		if len(s.UncallableExamples) < mostExamples {
			s.UncallableExamples = append(s.UncallableExamples, u)
		}
	}
}
