package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns/phone"
)

// zoneCache remembers the zones of addresses; its user empties it by making a
// new one. It is bounded.
type zoneCache map[zoneQuestion][]string

type zoneQuestion struct{ country, region, postalCode, timeZone string }

// of gives the zones in which a contact may be when this number rings: those
// of a known address, else all that the number may lie in; sorted.
func (c zoneCache) of(q zoneQuestion, byNumber []string) []string {
	if q.timeZone == "" && q.region == "" {
		return byNumber
	}
	zones, known := c[q]
	if !known {
		zones, _ = phone.ZonesForAddress(q.country, q.region, q.postalCode, q.timeZone)
		zones = canonicalZones(zones)
		if len(c) > 10_000 {
			clear(c)
		}
		c[q] = zones
	}
	if len(zones) == 0 {
		return byNumber
	}
	return zones
}

// canonicalZones gives a set of zones the one form under which it is stored.
func canonicalZones(zones []string) []string {
	sorted := slices.Clone(zones)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	if sorted == nil {
		sorted = []string{}
	}
	return sorted
}

// zoneKey names a set of zones; no zone's name holds a comma.
func zoneKey(zones []string) string { return strings.Join(zones, ",") }

// The kinds of a bucket.
const (
	bucketRank     = "rank"
	bucketCallback = "callback"
)

// bucketsFor finds or makes the campaign's buckets of the kind and gives their
// ids by zoneKey.
func bucketsFor(ctx context.Context, tx pgx.Tx, campaignID int64, kind string, keys []string) (map[string]int64, error) {
	ids := make(map[string]int64, len(keys))
	for range 2 {
		rows, err := tx.Query(ctx, `select id, array_to_string(zones, ',') from buckets
			where campaign_id = $1 and kind = $2 and region = '' and array_to_string(zones, ',') = any($3)`, campaignID, kind, keys)
		if err != nil {
			return nil, err
		}
		var id int64
		var key string
		if _, err := pgx.ForEachRow(rows, []any{&id, &key}, func() error { ids[key] = id; return nil }); err != nil {
			return nil, err
		}
		if len(ids) == len(keys) {
			break
		}
		if _, err := tx.Exec(ctx, `insert into buckets (campaign_id, kind, zones)
			select $1, $2, string_to_array(key, ',') from unnest($3::text[]) as key on conflict do nothing`, campaignID, kind, keys); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
