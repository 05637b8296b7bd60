package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// gateReasons are those of a candidate that a gate has sent to rest before it
// was dialed: a callback among them is a callback still.
var gateReasons = []campaigns.Reason{
	campaigns.ReasonOutsideWindow, campaigns.ReasonPersonCap, campaigns.ReasonNumberCap, campaigns.ReasonPersonInAttempt,
	campaigns.ReasonNumberInAttempt, campaigns.ReasonPersonInCall, campaigns.ReasonCallbackNotDue,
	campaigns.ReasonAgentAway, campaigns.ReasonDoNotCall, campaigns.ReasonConsentRefused, campaigns.ReasonHoliday, campaigns.ReasonCampaignCap,
	campaigns.ReasonOutsidePreferredHours, campaigns.ReasonRefusalPeriod, campaigns.ReasonRecallAfterDrop,
	campaigns.ReasonRegisterOld,
}

// due is a candidate whose time has come.
type due struct {
	id, campaignID int64
	state          campaigns.CandidateState
	reason         campaigns.Reason
	kind           string
	address        zoneQuestion
	byNumber       []string
	e164           string
}

// callback reports whether the candidate goes to the bucket of due callbacks.
func (d due) callback() bool {
	return d.state == campaigns.CandidateCallback || d.kind == bucketCallback && slices.Contains(gateReasons, d.reason)
}

// Promote makes up to limit candidates ready whose rest or callback is due,
// those due longest first, and gives their number by campaign. Each goes to the
// bucket of the number it is to be called at, which may be another one than
// before, and of the contact's present address.
//
// Candidates of campaigns that do not run are promoted too: they would
// otherwise stand before all others for ever.
func (s *Store) Promote(ctx context.Context, limit int) (map[int64]int, error) {
	var promoted map[int64]int
	err := s.tx(ctx, func(tx pgx.Tx) error {
		promoted = map[int64]int{}
		now := s.clock.Now()
		rows, err := tx.Query(ctx, `select c.id, c.campaign_id, c.state, c.reason, b.kind, coalesce(n.region, ''), coalesce(n.zones, '{}'),
				coalesce(n.e164, ''), p.region, p.postal_code, p.time_zone
			from candidates c join buckets b on b.id = c.bucket_id join contacts p on p.id = c.contact_id
			left join numbers n on n.id = c.number_id
			where c.state in ('resting', 'callback') and c.due_at <= $1
			order by c.due_at limit $2 for no key update of c skip locked`, now, limit)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (due, error) {
			var d due
			a := &d.address
			err := row.Scan(&d.id, &d.campaignID, &d.state, &d.reason, &d.kind, &a.country, &d.byNumber, &d.e164, &a.region, &a.postalCode, &a.timeZone)
			return d, err
		})
		if err != nil || len(all) == 0 {
			return err
		}
		for _, d := range all {
			promoted[d.campaignID]++
		}
		return s.promoteAll(ctx, tx, all, now)
	})
	return promoted, err
}

// promoteAll finds the bucket of each candidate and moves them all at once.
func (s *Store) promoteAll(ctx context.Context, tx pgx.Tx, all []due, now time.Time) error {
	type group struct {
		campaignID int64
		kind       string
	}
	zones := zoneCache{}
	keys := map[group][]string{}
	groupOf, keyOf := make([]group, len(all)), make([]string, len(all))
	for i, d := range all {
		groupOf[i] = group{d.campaignID, bucketRank}
		if d.callback() {
			groupOf[i].kind = bucketCallback
		}
		keyOf[i] = s.bucketKeyOf(zones, d.address, canonicalZones(d.byNumber), d.e164)
		if !slices.Contains(keys[groupOf[i]], keyOf[i]) {
			keys[groupOf[i]] = append(keys[groupOf[i]], keyOf[i])
		}
	}
	found := map[group]map[string]int64{}
	for g, wanted := range keys {
		ids, err := bucketsFor(ctx, tx, g.campaignID, g.kind, wanted)
		if err != nil {
			return err
		}
		found[g] = ids
	}
	ids, buckets := make([]int64, len(all)), make([]int64, len(all))
	for i, d := range all {
		ids[i], buckets[i] = d.id, found[groupOf[i]][keyOf[i]]
	}
	_, err := tx.Exec(ctx, `update candidates c set state = 'ready', reason = '', due_at = null, state_at = $3, bucket_id = m.bucket
		from unnest($1::bigint[], $2::bigint[]) as m (id, bucket)
		where c.id = m.id and c.state in ('resting', 'callback')`, ids, buckets, now)
	return err
}
