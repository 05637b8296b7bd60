package postgres

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// dropTally collects what a transaction adds to the ledger of dropped calls. It
// is booked once, at the transaction's end and in the order of the keys, so that
// the rows that all nodes write are held briefly and in one order.
type dropTally map[tallyKey]tallyCounts

// tallyKey says for which campaign, by which node and in which hour.
type tallyKey struct {
	campaignID int64
	node       string
	hour       time.Time
}

type tallyCounts struct{ answered, dropped, machines int64 }

// add counts an attempt's end, if its outcome is one that drop rates are made of.
func (d dropTally) add(campaignID int64, node string, outcome campaigns.Outcome, at time.Time) {
	key := tallyKey{campaignID, node, at.UTC().Truncate(time.Hour)}
	counts := d[key]
	switch outcome {
	case campaigns.OutcomeDropped:
		counts.answered++
		counts.dropped++
	case campaigns.OutcomeAnswered:
		counts.answered++
	case campaigns.OutcomeMachine:
		counts.machines++
	default:
		return
	}
	d[key] = counts
}

// book writes the tally to the ledger and to the shares of its nodes.
func (d dropTally) book(ctx context.Context, tx pgx.Tx) error {
	if len(d) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(d), func(a, b tallyKey) int {
		return cmp.Or(cmp.Compare(a.campaignID, b.campaignID), a.hour.Compare(b.hour), cmp.Compare(a.node, b.node))
	})
	var batch pgx.Batch
	for _, key := range keys {
		counts := d[key]
		batch.Queue(`insert into drop_ledger as l (campaign_id, hour, live_answered, dropped, machines) values ($1, $2, $3, $4, $5)
			on conflict (campaign_id, hour) do update set live_answered = l.live_answered + excluded.live_answered,
				dropped = l.dropped + excluded.dropped, machines = l.machines + excluded.machines`,
			key.campaignID, key.hour, counts.answered, counts.dropped, counts.machines)
	}
	for _, key := range keys {
		if counts := d[key]; counts.answered > 0 {
			batch.Queue(`update drop_shares set held = held + per_answer * $3 - $4 where campaign_id = $1 and node = $2`,
				key.campaignID, key.node, float64(counts.answered), float64(counts.dropped))
		}
	}
	return tx.SendBatch(ctx, &batch).Close()
}
