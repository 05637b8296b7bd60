package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// The kinds of a bucket.
const (
	bucketRank     = "rank"
	bucketCallback = "callback"
)

// bucketKey names what the members of a bucket have in common for the clocks:
// the zones in which all of them may be, and the jurisdictions that may bind a
// call to them. No zone's name holds a comma or a bar.
func bucketKey(zones []string, jurisdictions string) string {
	return zoneKey(zones) + "|" + jurisdictions
}

// bucketKeyOf gives the key for a number of a person with the address.
func (s *Store) bucketKeyOf(zones zoneCache, address zoneQuestion, byNumber []string, e164 string) string {
	return bucketKey(zones.of(address, byNumber), s.laws.jurisdictions(address, e164))
}

// bucketsFor finds or makes the campaign's buckets of the kind and gives their
// ids by bucketKey.
func bucketsFor(ctx context.Context, tx pgx.Tx, campaignID int64, kind string, keys []string) (map[string]int64, error) {
	zones, regions := make([]string, len(keys)), make([]string, len(keys))
	for i, key := range keys {
		zones[i], regions[i], _ = strings.Cut(key, "|")
	}
	ids := make(map[string]int64, len(keys))
	for range 2 {
		rows, err := tx.Query(ctx, `select id, array_to_string(zones, ',') || '|' || region from buckets
			where campaign_id = $1 and kind = $2 and array_to_string(zones, ',') || '|' || region = any($3)`, campaignID, kind, keys)
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
		if _, err := tx.Exec(ctx, `insert into buckets (campaign_id, kind, zones, region)
			select $1, $2, string_to_array(zones, ','), region from unnest($3::text[], $4::text[]) as b (zones, region)
			on conflict do nothing`, campaignID, kind, zones, regions); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// bucketVerdict says why the refill leaves a ready candidate of these zones and
// jurisdictions (joined by commas), or nothing: what is true of the whole
// bucket, and so decided once for all of it. A person's own consent is left to
// the gate: agreed hours that lift those of a rule let an agent dial by hand then,
// while the refill keeps to the rule's. A bucket without jurisdictions is one of an earlier version, whose
// members the gate judges one by one until they have moved.
func (s *Store) bucketVerdict(settings *campaigns.Settings, state campaigns.CampaignState, active bool, zones []string, jurisdictions string, now time.Time) calling.Verdict {
	f := s.bucketFacts(settings, zones, jurisdictions, now)
	f.CampaignState, f.ListActive, f.Registers = state, active, s.laws.registers.of(0)
	return calling.Decide(f, now)
}

// hoursVerdict says whether a call to people of these zones and jurisdictions may
// be agreed for a time to come. How old a register will be then is not known.
func (s *Store) hoursVerdict(settings *campaigns.Settings, zones []string, jurisdictions string, at time.Time) calling.Verdict {
	return calling.Decide(s.bucketFacts(settings, zones, jurisdictions, at), at)
}

// bucketFacts are what is true of a whole bucket in a campaign that runs.
func (s *Store) bucketFacts(settings *campaigns.Settings, zones []string, jurisdictions string, now time.Time) calling.Facts {
	f := calling.Facts{CampaignState: campaigns.CampaignRunning, ListActive: true, Settings: settings, ConsentGranted: true}
	f.Zones, f.Locations = s.zones.of(zoneQuestion{}, zones)
	if jurisdictions != "" {
		f.Law = s.laws.law(jurisdictions, &settings.Compliance, now)
	}
	return f
}
