package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// WhyLine says how many of a campaign's candidates stand behind one reason now.
// The counts of all lines add up to the campaign's candidates.
type WhyLine struct {
	State campaigns.CandidateState `json:"state"`
	// Reason is empty for ready candidates that may be dialed now, and for
	// queued and open ones.
	Reason campaigns.Reason `json:"reason,omitempty"`
	Count  int              `json:"count"`
	// Next is when the first of them is due or its window opens; nil when that
	// does not come by itself.
	Next *time.Time `json:"next,omitempty"`
}

// Why counts the candidates of a campaign by what they wait for, most first.
// Ready ones are told apart by the same rules as the refill: campaign not
// running, list inactive, zone unknown, outside the window.
func (s *Store) Why(ctx context.Context, campaignID int64) ([]WhyLine, error) {
	var lines []WhyLine
	err := s.reading(ctx, func(tx pgx.Tx) error {
		settings, state, err := s.settingsOf(ctx, tx, campaignID)
		if err != nil {
			return noCampaign(err, campaignID)
		}
		if lines, err = whyWaiting(ctx, tx, campaignID); err != nil {
			return err
		}
		ready, err := s.whyReady(ctx, tx, campaignID, settings, state, s.clock.Now())
		lines = append(lines, ready...)
		return err
	})
	slices.SortFunc(lines, func(a, b WhyLine) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.State, b.State), cmp.Compare(a.Reason, b.Reason))
	})
	return lines, err
}

// reading runs f in one snapshot, so that the counts add up.
func (s *Store) reading(ctx context.Context, f func(pgx.Tx) error) error {
	return classify(pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f))
}

// whyWaiting counts the candidates that are not ready.
func whyWaiting(ctx context.Context, tx pgx.Tx, campaignID int64) ([]WhyLine, error) {
	rows, err := tx.Query(ctx, `select state, case state when 'callback' then 'callback_not_due' when 'queued' then '' when 'open' then '' else reason end,
			count(*), min(due_at)
		from candidates where campaign_id = $1 and state <> 'ready' group by 1, 2`, campaignID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (WhyLine, error) {
		var l WhyLine
		return l, row.Scan(&l.State, &l.Reason, &l.Count, &l.Next)
	})
}

// whyReady judges the ready candidates bucket by bucket.
func (s *Store) whyReady(ctx context.Context, tx pgx.Tx, campaignID int64, settings *campaigns.Settings, state campaigns.CampaignState, now time.Time) ([]WhyLine, error) {
	rows, err := tx.Query(ctx, `select b.zones, l.active, sum(c.n)::bigint
		from (select bucket_id, list_id, count(*) as n from candidates
		      where campaign_id = $1 and state = 'ready' group by 1, 2) c
		join buckets b on b.id = c.bucket_id join lists l on l.id = c.list_id group by 1, 2`, campaignID)
	if err != nil {
		return nil, err
	}
	byReason := map[campaigns.Reason]*WhyLine{}
	var zones []string
	var active bool
	var n int
	_, err = pgx.ForEachRow(rows, []any{&zones, &active, &n}, func() error {
		verdict := s.bucketVerdict(settings, state, active, zones, now)
		l := byReason[verdict.Reason]
		if l == nil {
			l = &WhyLine{State: campaigns.CandidateReady, Reason: verdict.Reason}
			byReason[verdict.Reason] = l
		}
		l.Count += n
		if next := verdict.Until; !next.IsZero() && (l.Next == nil || next.Before(*l.Next)) {
			l.Next = &next
		}
		return nil
	})
	lines := make([]WhyLine, 0, len(byReason))
	for _, l := range byReason {
		lines = append(lines, *l)
	}
	return lines, err
}

// bucketVerdict says why the refill leaves a ready candidate of these zones, or
// nothing.
func (s *Store) bucketVerdict(settings *campaigns.Settings, state campaigns.CampaignState, active bool, zones []string, now time.Time) calling.Verdict {
	f := calling.Facts{CampaignState: state, ListActive: active, Settings: settings}
	f.Zones, f.Locations = s.zones.of(zoneQuestion{}, zones)
	return calling.Decide(f, now)
}
