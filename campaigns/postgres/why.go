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

// Why counts the candidates of a campaign by what they wait for, most first. It
// reads maintained counts (candidate_counts in the schema) and judges each
// bucket once, so that its cost does not grow with the list.
// Ready ones are told apart by the same rules as the refill: campaign not
// running, list inactive or expired, zone unknown, outside the window.
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

// whyWaiting reads the counts of the candidates that are not ready, and looks up
// the first that is due behind each reason.
func whyWaiting(ctx context.Context, tx pgx.Tx, campaignID int64) ([]WhyLine, error) {
	rows, err := tx.Query(ctx, `select w.state, w.reason, w.n, (
			select c.due_at from candidates c where c.campaign_id = $1 and c.state = w.state and c.reason = w.reason
			and c.state in ('resting', 'callback') order by c.due_at limit 1)
		from (select state, reason, sum(n)::bigint as n from `+countedOf+` k where state <> 'ready'
			group by 1, 2 having sum(n) <> 0) w`, campaignID)
	if err != nil {
		return nil, err
	}
	var all whyLines
	var line WhyLine
	_, err = pgx.ForEachRow(rows, []any{&line.State, &line.Reason, &line.Count, &line.Next}, func() error {
		if line.State == campaigns.CandidateCallback {
			line.Reason = campaigns.ReasonCallbackNotDue
		}
		all.add(line)
		return nil
	})
	return all, err
}

// whyLines are the lines told apart so far.
type whyLines []WhyLine

// add counts a line in with the one of its state and reason.
func (w *whyLines) add(line WhyLine) {
	i := slices.IndexFunc(*w, func(l WhyLine) bool { return l.State == line.State && l.Reason == line.Reason })
	if i < 0 {
		*w = append(*w, line)
		return
	}
	known := &(*w)[i]
	known.Count += line.Count
	if line.Next != nil && (known.Next == nil || line.Next.Before(*known.Next)) {
		known.Next = line.Next
	}
}

// whyReady judges the ready candidates bucket by bucket.
func (s *Store) whyReady(ctx context.Context, tx pgx.Tx, campaignID int64, settings *campaigns.Settings, state campaigns.CampaignState, now time.Time) ([]WhyLine, error) {
	rows, err := tx.Query(ctx, `select b.zones, b.region, l.active, coalesce(l.expires_at <= $2, false), sum(c.n)::bigint from `+countedOf+` c
		join buckets b on b.id = c.bucket_id join lists l on l.id = c.list_id
		where c.state = 'ready' group by 1, 2, 3, 4 having sum(c.n) <> 0`, campaignID, now)
	if err != nil {
		return nil, err
	}
	var all whyLines
	var zones []string
	var jurisdictions string
	var active, expired bool
	var n int
	_, err = pgx.ForEachRow(rows, []any{&zones, &jurisdictions, &active, &expired, &n}, func() error {
		verdict := s.bucketVerdict(settings, state, active, zones, jurisdictions, now)
		if expired && state == campaigns.CampaignRunning && active {
			verdict = calling.Verdict{Reason: campaigns.ReasonListExpired}
		}
		all.add(WhyLine{State: campaigns.CandidateReady, Reason: verdict.Reason, Count: n, Next: optional(verdict.Until)})
		return nil
	})
	return all, err
}
