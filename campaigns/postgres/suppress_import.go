package postgres

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"ringmaster/campaigns"
)

const (
	// dncKey is how many bytes of a number's HMAC a list's entry keeps.
	dncKey = 16
	// dncChunk is how many entries are copied in one transaction: enough to make
	// the round trips cheap, few enough to hold the locks of the numbers among
	// them that we know for a fraction of a second.
	dncChunk = 20_000
	// deleteBlocks is how many pages of entries one statement looks through.
	deleteBlocks = 4096
)

// DNCImport is a file of numbers on its way into a list.
type DNCImport struct {
	List campaigns.DNCList
	// File is the name that is kept with the entries.
	File string
	// Numbers are in E.164. An error ends the import; what came before stays.
	Numbers iter.Seq2[string, error]
	// Replace makes this file the list's only one. The old files count until
	// the new one is there whole.
	Replace bool
	// Until is when the entries end; zero: never.
	Until time.Time
	// Rejected is called at the end for the number of lines that were no numbers.
	Rejected func() int64
	// Progress, if set, is called with the entries so far.
	Progress func(int64)
}

// DNCImported says what became of a file.
type DNCImported struct {
	// Entries are new to the list; Repeated are numbers that the file held before.
	Entries, Repeated int64
	Seconds           float64
}

// ImportDNC streams a file into a do-not-call list, twenty thousand entries a
// transaction: each counts from its own commit on, cancels what rings and moves
// waiting candidates on. An interrupted import leaves the entries that it had,
// and the old file with Replace; the next one with Replace puts things right.
func (s *Store) ImportDNC(ctx context.Context, i DNCImport) (DNCImported, error) {
	if err := s.notOver(i.Until); err != nil {
		return DNCImported{}, err
	}
	started := time.Now()
	load := dncLoad{store: s, DNCImport: i}
	if err := s.tx(ctx, func(tx pgx.Tx) error { return load.begin(ctx, tx) }); err != nil {
		return DNCImported{}, err
	}
	chunks := make(chan [][]byte, 1)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(chunks)
		return load.read(ctx, chunks)
	})
	g.Go(func() error { return load.copyAll(ctx, chunks) })
	err := g.Wait()
	if err == nil && i.Replace && load.done.Entries+load.done.Repeated == 0 {
		err = campaigns.Invalid("file", "holds no number: the list stays as it was")
	}
	if err == nil {
		err = load.finish(context.WithoutCancel(ctx))
	}
	load.done.Seconds = time.Since(started).Seconds()
	return load.done, classify(err)
}

// dncLoad is one import under way.
type dncLoad struct {
	store *Store
	DNCImport
	list   heldList
	fileID int32
	done   DNCImported
}

func (l *dncLoad) begin(ctx context.Context, tx pgx.Tx) error {
	var err error
	if l.list, err = l.store.findDNCList(ctx, tx, l.List); err != nil {
		return err
	}
	return tx.QueryRow(ctx, `insert into dnc_files (list_id, file, started_at) values ($1, $2, $3) returning id`,
		l.list.id, l.File, l.store.clock.Now()).Scan(&l.fileID)
}

// read hashes the numbers and hands them on in sorted chunks, which touch the
// index in its order.
func (l *dncLoad) read(ctx context.Context, chunks chan<- [][]byte) error {
	mac := hmac.New(sha256.New, l.store.numberKey)
	var chunk [][]byte
	send := func() error {
		slices.SortFunc(chunk, bytes.Compare)
		select {
		case chunks <- chunk:
			chunk = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for number, err := range l.Numbers {
		if err != nil {
			return err
		}
		if chunk == nil {
			chunk = make([][]byte, 0, dncChunk)
		}
		mac.Reset()
		mac.Write([]byte(number))
		chunk = append(chunk, mac.Sum(make([]byte, 0, sha256.Size)))
		if len(chunk) == dncChunk {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(chunk) == 0 {
		return nil
	}
	return send()
}

// copyAll copies the chunks on one connection, whose temporary table takes each
// of them.
func (l *dncLoad) copyAll(ctx context.Context, chunks <-chan [][]byte) error {
	conn, err := l.store.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `create temporary table if not exists dnc_incoming (hmac bytea not null) on commit delete rows`); err != nil {
		return err
	}
	// After a mass import of persons the planner knows nothing of their numbers
	// yet, and would look for those of a chunk by reading all.
	if _, err := conn.Exec(ctx, `analyze numbers, dnc_entries`); err != nil {
		return err
	}
	for chunk := range chunks {
		var added int64
		for range txTries {
			if err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
				added, err = l.copyChunk(ctx, tx, chunk)
				return err
			}); err == nil || !retriable(err) {
				break
			}
		}
		if err != nil {
			return err
		}
		l.done.Entries += added
		l.done.Repeated += int64(len(chunk)) - added
		if l.Progress != nil {
			l.Progress(l.done.Entries + l.done.Repeated)
		}
	}
	return nil
}

func (l *dncLoad) copyChunk(ctx context.Context, tx pgx.Tx, chunk [][]byte) (int64, error) {
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"dnc_incoming"}, []string{"hmac"}, pgx.CopyFromSlice(len(chunk), func(i int) ([]any, error) {
		return []any{chunk[i]}, nil
	})); err != nil {
		return 0, err
	}
	tag, err := tx.Exec(ctx, `insert into dnc_entries (file_id, key, expires_at) select $1, substr(hmac, 1, 16), $2 from dnc_incoming
		on conflict do nothing`, l.fileID, optional(l.Until))
	if err != nil {
		return 0, err
	}
	if err := exec(ctx, tx, `update dnc_files set entries = entries + $2 where id = $1`, l.fileID, tag.RowsAffected()); err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, `select n.id from numbers n where n.hmac in (select hmac from dnc_incoming) order by n.id for no key update`)
	if err != nil {
		return 0, err
	}
	known, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(known) == 0 {
		return tag.RowsAffected(), err
	}
	if err := leaveNumbers(ctx, tx, known, l.list.campaignID, l.Until, l.store.clock.Now()); err != nil {
		return 0, err
	}
	return tag.RowsAffected(), cancelDials(ctx, tx, known, l.list.campaignID)
}

// finish marks the file as whole, and throws out those that it replaces.
func (l *dncLoad) finish(ctx context.Context) error {
	s := l.store
	var retired []int32
	if err := s.tx(ctx, func(tx pgx.Tx) error {
		rejected := int64(0)
		if l.Rejected != nil {
			rejected = l.Rejected()
		}
		now := s.clock.Now()
		if err := exec(ctx, tx, `update dnc_files set loaded_at = $2, rejected = $3 where id = $1`, l.fileID, now, rejected); err != nil || !l.Replace {
			return err
		}
		rows, err := tx.Query(ctx, `update dnc_files set retired_at = coalesce(retired_at, $3)
			where list_id = $1 and id < $2 and file <> $4 and (retired_at is null or entries > 0) returning id`, l.list.id, l.fileID, now, byHand)
		if err != nil {
			return err
		}
		retired, err = pgx.CollectRows(rows, pgx.RowTo[int32])
		return err
	}); err != nil {
		return err
	}
	s.laws.registers.forget()
	if len(retired) == 0 {
		return nil
	}
	if err := s.freeAll(ctx); err != nil {
		return err
	}
	return s.deleteEntries(ctx, retired)
}

// deleteEntries deletes what retired files held, page by page in the order of
// the table: they count no longer, so that it may take its time.
func (s *Store) deleteEntries(ctx context.Context, files []int32) error {
	var blocks int64
	if err := s.pool.QueryRow(ctx, `select pg_relation_size('dnc_entries') / current_setting('block_size')::bigint`).Scan(&blocks); err != nil {
		return err
	}
	for from := int64(0); from < blocks; from += deleteBlocks {
		if _, err := s.pool.Exec(ctx, `delete from dnc_entries where file_id = any($1) and ctid >= $2::text::tid and ctid < $3::text::tid`,
			files, fmt.Sprintf("(%d,0)", from), fmt.Sprintf("(%d,0)", from+deleteBlocks)); err != nil {
			return err
		}
	}
	_, err := s.pool.Exec(ctx, `update dnc_files set entries = 0 where id = any($1)`, files)
	return err
}
