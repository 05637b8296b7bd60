package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring"
)

const (
	// hoursWithin is how long attempts count for the profile by hour, and
	// hoursRemade how old a profile may become.
	hoursWithin = 90 * 24 * time.Hour
	hoursRemade = time.Hour
	// hoursWeight is how many tries the broader level counts for in each hour of
	// the narrower one.
	hoursWeight = 50
)

// hourLevels reads what the profile by hour is made of: the tallies of all
// campaigns, of the campaign, and of each place of the campaign.
func (s *Store) hourLevels(ctx context.Context, campaignID int64) (all, own scoring.HourTallies, places map[string]*scoring.HourTallies, err error) {
	rows, err := s.pool.Query(ctx, `select campaign_id = $1, case when campaign_id = $1 then queue else '' end, bin, sum(n), sum(hits)
		from rollup_bins where measure = 'local_hour' and hour >= $2 and bin between 0 and 167 group by 1, 2, 3`,
		campaignID, s.clock.Now().Add(-hoursWithin))
	if err != nil {
		return all, own, nil, classify(err)
	}
	places = map[string]*scoring.HourTallies{}
	var mine bool
	var place string
	var bin int
	var tally scoring.Tally
	_, err = pgx.ForEachRow(rows, []any{&mine, &place, &bin, &tally.Tries, &tally.Reached}, func() error {
		all[bin/24][bin%24].AddAll(tally)
		if !mine {
			return nil
		}
		own[bin/24][bin%24].AddAll(tally)
		if place != "" { // one of a version that did not tell places apart
			if places[place] == nil {
				places[place] = &scoring.HourTallies{}
			}
			places[place][bin/24][bin%24] = tally
		}
		return nil
	})
	return all, own, places, classify(err)
}

// HourProfile estimates from the rolled-up attempts of the last 90 days how
// probable it is to reach a person of the campaign in each hour of their week,
// shrunk to the same hour of all campaigns and to the mean of all hours. Since
// the attempts are rolled up by the hour, it is up to date to an hour or so.
func (s *Store) HourProfile(ctx context.Context, campaignID int64) (scoring.HourProfile, error) {
	all, own, _, err := s.hourLevels(ctx, campaignID)
	if err != nil {
		return scoring.HourProfile{}, err
	}
	return scoring.Hours(hoursWeight, all, own)
}

// ProfileHours makes the profile by hour of each running campaign that wants one
// and has none younger than an hour, and gives how many it has made. Those that
// another process has made it takes over.
func (s *Store) ProfileHours(ctx context.Context) (int, error) {
	now := s.clock.Now()
	rows, err := s.pool.Query(ctx, `select c.id, coalesce(h.made_at, '-infinity') from campaigns c left join hour_profiles h on h.campaign_id = c.id
		where c.state = 'running' and (c.settings #>> '{selection,hour_profile}') = 'true' order by c.id`)
	if err != nil {
		return 0, classify(err)
	}
	type wanted struct {
		id   int64
		made pgtype.Timestamptz
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (wanted, error) {
		var w wanted
		return w, row.Scan(&w.id, &w.made)
	})
	if err != nil {
		return 0, classify(err)
	}
	made := 0
	for _, w := range all {
		stale := w.made.InfinityModifier != pgtype.Finite || !w.made.Time.After(now.Add(-hoursRemade))
		if !stale && s.hours.knows(w.id, w.made.Time) {
			continue
		}
		at := w.made.Time
		if stale {
			at = now.Truncate(time.Microsecond)
		}
		h, err := s.loadHours(ctx, w.id, at)
		if err != nil {
			return made, err
		}
		if !stale {
			continue
		}
		if _, err := s.pool.Exec(ctx, `insert into hour_profiles values ($1, $2, $3)
			on conflict (campaign_id) do update set offsets = excluded.offsets, made_at = excluded.made_at`, w.id, h.campaign, at); err != nil {
			return made, classify(err)
		}
		made++
	}
	return made, nil
}

// loadHours makes the offsets of a campaign and of its places, and keeps them as
// those of the profile made at a time.
func (s *Store) loadHours(ctx context.Context, campaignID int64, madeAt time.Time) (*hourOffsets, error) {
	all, own, places, err := s.hourLevels(ctx, campaignID)
	if err != nil {
		return nil, err
	}
	h := &hourOffsets{madeAt: madeAt, places: make(map[string][]float64, len(places))}
	if h.campaign, err = scoring.HourOffsets(hoursWeight, all, own); err != nil {
		return nil, err
	}
	for place, tallies := range places {
		if h.places[place], err = scoring.HourOffsets(hoursWeight, all, own, *tallies); err != nil {
			return nil, err
		}
	}
	s.hours.put(campaignID, h)
	return h, nil
}

// hourOffsets are a campaign's offsets by hour of the week (24 × weekday + hour)
// and those of its places, shrunk to them; nil: it has no profile.
type hourOffsets struct {
	madeAt   time.Time
	campaign []float64
	places   map[string][]float64
}

// hourPlace names the place of a bucket: what the law and the clock have in
// common there. The roll-up of attempts by local hour goes by the same.
func hourPlace(zones []string, jurisdictions string) string {
	if jurisdictions == "" && len(zones) > 0 {
		return zones[0]
	}
	return jurisdictions
}

// at gives the offset of a place at a time in the zones in which a person may
// be: the mean of theirs. A place of which nothing is known goes by its campaign.
func (h *hourOffsets) at(place string, now time.Time, clocks []*time.Location) float64 {
	if h == nil || len(clocks) == 0 {
		return 0
	}
	offsets, known := h.places[place]
	if !known {
		offsets = h.campaign
	}
	sum := 0.0
	for _, clock := range clocks {
		local := now.In(clock)
		sum += offsets[24*int(local.Weekday())+local.Hour()]
	}
	return sum / float64(len(clocks))
}

// readHourOffsets reads them where the campaign wants them. Its places are known
// to the process that keeps the profiles; to another one, until it asks for them
// (loadHours), they are the campaign.
func (s *Store) readHourOffsets(ctx context.Context, q querier, campaignID int64, settings *campaigns.Settings) (*hourOffsets, error) {
	if !settings.Selection.HourProfile {
		return nil, nil //nolint:nilnil // none is no error
	}
	h := &hourOffsets{}
	err := q.QueryRow(ctx, `select offsets, made_at from hour_profiles where campaign_id = $1`, campaignID).Scan(&h.campaign, &h.madeAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // the same
	}
	if err != nil {
		return nil, err
	}
	if held := s.hours.get(campaignID); held != nil && held.madeAt.Equal(h.madeAt) {
		return held, nil
	}
	return h, nil
}

// hourBook holds the offsets that were made or read last, by campaign. Its zero
// value is empty and ready, and it is safe for concurrent use. It is bounded.
type hourBook struct {
	mu   sync.Mutex
	held map[int64]*hourOffsets
}

// mostHourOffsets bounds the campaigns whose offsets are held.
const mostHourOffsets = 1000

func (b *hourBook) get(campaignID int64) *hourOffsets {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held[campaignID]
}

func (b *hourBook) knows(campaignID int64, madeAt time.Time) bool {
	h := b.get(campaignID)
	return h != nil && h.madeAt.Equal(madeAt)
}

func (b *hourBook) put(campaignID int64, h *hourOffsets) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held == nil || len(b.held) >= mostHourOffsets {
		b.held = map[int64]*hourOffsets{}
	}
	b.held[campaignID] = h
}

// HourFactor says what the hour adds to the ranks of a campaign's candidates in
// the zones and jurisdictions (joined by commas) now; nil where the campaign has
// no profile by hour.
func (s *Store) HourFactor(ctx context.Context, campaignID int64, zones []string, jurisdictions string, now time.Time) (*campaigns.Factor, error) {
	settings, _, err := s.settingsOf(ctx, s.pool, campaignID)
	if err != nil {
		return nil, classify(noCampaign(err, campaignID))
	}
	h, err := s.readHourOffsets(ctx, s.pool, campaignID, settings)
	if err != nil {
		return nil, classify(err)
	}
	_, clocks := s.zones.of(zoneQuestion{}, zones)
	if h == nil || len(clocks) == 0 {
		return nil, nil //nolint:nilnil // no profile, or no clock to go by
	}
	if h.places == nil {
		if h, err = s.loadHours(ctx, campaignID, h.madeAt); err != nil {
			return nil, err
		}
	}
	local := now.In(clocks[0])
	return &campaigns.Factor{Name: "hour", Points: h.at(hourPlace(zones, jurisdictions), now, clocks),
		Text: fmt.Sprintf("reached on a %s at %d h", local.Weekday(), local.Hour())}, nil
}
