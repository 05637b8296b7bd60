package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/scoring"
)

// importing is one import under way. It is used by one goroutine.
type importing struct {
	store    *Store
	campaign campaigns.Campaign
	listID   int64
	target   ingest.Target
	rules    scoring.Rules
	// now is the business time of the import: the event of rows without one.
	now time.Time
	// dry is the transaction of a dry run, which is never committed.
	dry pgx.Tx
	// outer is the transaction that the import is a part of; nil: each batch is
	// one of its own.
	outer pgx.Tx
	// seen holds the contacts that earlier batches of this file named.
	seen idSet
	// made: the list is new, and the import has not been finished.
	made  bool
	zones zoneCache
	// places holds by bucketKey why nobody there will ever be called.
	places map[string]campaigns.Reason
}

// BeginImport finds the campaign and finds or makes the list: CodeNotFound
// names a missing campaign, CodeConflict a closed one.
//
// A dry run is one transaction from here to Finish. It changes no row that was
// there before, so that it holds up no dial; other imports of the same new
// numbers wait for its end.
func (s *Store) BeginImport(ctx context.Context, t ingest.Target) (ingest.Batches, error) {
	campaign, err := s.CampaignByName(ctx, t.Campaign)
	if err != nil {
		return nil, err
	}
	if campaign.State == campaigns.CampaignClosed {
		return nil, campaigns.Errorf(campaigns.CodeConflict, "campaign %q is closed", t.Campaign)
	}
	i := s.newImport(campaign, t)
	if t.DryRun {
		if i.dry, err = s.pool.Begin(ctx); err != nil {
			return nil, classify(err)
		}
	}
	if err := i.tx(ctx, func(tx pgx.Tx) error { return i.findList(ctx, tx) }); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

func (s *Store) newImport(campaign campaigns.Campaign, t ingest.Target) *importing {
	return &importing{store: s, campaign: campaign, target: t, rules: scoring.RulesOf(campaign.Settings),
		now: s.clock.Now().UTC().Truncate(time.Microsecond), seen: idSet{}, zones: zoneCache{}, places: map[string]campaigns.Reason{}}
}

func (i *importing) findList(ctx context.Context, tx pgx.Tx) error {
	source, provenance := origin(i.campaign.Settings, i.target.FileName)
	tag, err := tx.Exec(ctx, `insert into lists (campaign_id, name, source, provenance, created_at) values ($1, $2, $3, $4, $5)
		on conflict (campaign_id, name) do nothing`, i.campaign.ID, i.target.List, source, provenance, i.now)
	if err != nil {
		return err
	}
	i.made = tag.RowsAffected() > 0
	return tx.QueryRow(ctx, `select id from lists where campaign_id = $1 and name = $2`, i.campaign.ID, i.target.List).Scan(&i.listID)
}

// Defaults implements ingest.Batches.
func (i *importing) Defaults() ingest.Defaults {
	s := &i.campaign.Settings
	d := ingest.Defaults{Region: s.DefaultRegion, Reads: s.ReadAttributes()}
	if s.WinBack != nil {
		d.EventColumn = s.WinBack.LeftAtAttribute
	}
	if s.Loyalty != nil {
		d.PropensityColumn, d.TierColumn, d.Tiers = s.Loyalty.ChurnAttribute, s.Loyalty.TierAttribute, s.Loyalty.Tiers
	}
	return d
}

// tx runs f in a transaction of its own, or in a savepoint of the dry run or of
// the outer one.
func (i *importing) tx(ctx context.Context, f func(pgx.Tx) error) error {
	switch {
	case i.dry != nil:
		return classify(pgx.BeginFunc(ctx, i.dry, f))
	case i.outer != nil:
		return classify(pgx.BeginFunc(ctx, i.outer, f))
	default:
		return i.store.tx(ctx, f)
	}
}

// Merge implements ingest.Batches. Ids are drawn beforehand and new rows are
// copied straight into their tables, so a batch costs a dozen statements
// whatever its size. Somebody else may create the same number or external id
// between the look-up and the copy; the batch is then done again.
func (i *importing) Merge(ctx context.Context, rows []ingest.Row) (ingest.Merged, error) {
	const tries = 4
	var b *batch
	var refused []ingest.Refused
	for try := 1; ; try++ {
		b = newBatch(i)
		err := i.tx(ctx, func(tx pgx.Tx) error {
			kept, gone, err := i.store.withoutErased(ctx, tx, rows)
			if refused = gone; err != nil || len(kept) == 0 {
				return err
			}
			if err := b.look(ctx, tx, kept); err != nil {
				return fmt.Errorf("look up known persons: %w", err)
			}
			for _, row := range kept {
				b.merge(row)
			}
			if err := b.write(ctx, tx); err != nil {
				return fmt.Errorf("write lines %d to %d: %w", rows[0].Line, rows[len(rows)-1].Line, err)
			}
			return nil
		})
		if err == nil {
			break
		}
		var pg *pgconn.PgError
		again := errors.Is(err, errOvertaken) || errors.As(err, &pg) && pg.Code == "23505"
		if try == tries || !again {
			return ingest.Merged{}, err
		}
	}
	for _, p := range b.persons {
		if p.touched {
			i.seen.add(p.id)
		}
	}
	merged := b.count()
	merged.Refused = refused
	return merged, nil
}

// Finish implements ingest.Batches.
func (i *importing) Finish(ctx context.Context, s ingest.Summary) error {
	if i.dry != nil {
		err := i.dry.Rollback(ctx)
		i.dry = nil
		return classify(err)
	}
	_, err := i.store.pool.Exec(ctx, `insert into imports (list_id, file, rows, imported, rejected, finished_at) values ($1, $2, $3, $4, $5, $6)`,
		i.listID, i.target.FileName, s.Rows, s.Imported, s.Rejected, i.store.clock.Now())
	i.made = i.made && err != nil
	return classify(err)
}

// Close implements ingest.Batches.
func (i *importing) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if i.dry == nil {
		if i.made && i.outer == nil {
			i.leaveNoList(ctx)
		}
		return
	}
	if err := i.dry.Rollback(ctx); err != nil {
		i.store.log.Warn("dry run not rolled back; its connection was closed", "error", err)
	}
	i.dry = nil
}

// leaveNoList takes back the list that an import made which then failed before
// its first row.
func (i *importing) leaveNoList(ctx context.Context) {
	if _, err := i.store.pool.Exec(ctx, `delete from lists l where id = $1 and not exists (select from candidates c where c.list_id = l.id)`, i.listID); err != nil {
		i.store.log.Warn("empty list of a failed import not removed", "list", i.listID, "error", err)
	}
}

// idSet is a set of ids as a bitmap by pages: ids of one import lie close
// together, so ten million of them take little more than a megabyte.
type idSet map[int64]*[1 << 9]uint64

func (s idSet) add(id int64) {
	page := s[id>>15]
	if page == nil {
		page = new([1 << 9]uint64)
		s[id>>15] = page
	}
	page[id>>6&(1<<9-1)] |= 1 << (id & 63)
}

func (s idSet) has(id int64) bool {
	page := s[id>>15]
	return page != nil && page[id>>6&(1<<9-1)]&(1<<(id&63)) != 0
}
