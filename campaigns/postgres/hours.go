package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

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

// HourProfile estimates from the rolled-up attempts of the last 90 days how
// probable it is to reach a person of the campaign in each hour of their week,
// shrunk to the same hour of all campaigns and to the mean of all hours. Since
// the attempts are rolled up by the hour, it is up to date to an hour or so.
func (s *Store) HourProfile(ctx context.Context, campaignID int64) (scoring.HourProfile, error) {
	rows, err := s.pool.Query(ctx, `select bin, sum(n), sum(hits), coalesce(sum(n) filter (where campaign_id = $1), 0),
			coalesce(sum(hits) filter (where campaign_id = $1), 0)
		from rollup_bins where measure = 'local_hour' and hour >= $2 and bin between 0 and 167 group by bin`,
		campaignID, s.clock.Now().Add(-hoursWithin))
	if err != nil {
		return scoring.HourProfile{}, classify(err)
	}
	var all, own scoring.HourTallies
	var bin int
	var tally, ownTally scoring.Tally
	if _, err := pgx.ForEachRow(rows, []any{&bin, &tally.Tries, &tally.Reached, &ownTally.Tries, &ownTally.Reached}, func() error {
		all[bin/24][bin%24], own[bin/24][bin%24] = tally, ownTally
		return nil
	}); err != nil {
		return scoring.HourProfile{}, classify(err)
	}
	return scoring.Hours(hoursWeight, all, own)
}

// ProfileHours makes the profile by hour of each running campaign that wants one
// and has none younger than an hour, and gives how many it has made.
func (s *Store) ProfileHours(ctx context.Context) (int, error) {
	now := s.clock.Now()
	rows, err := s.pool.Query(ctx, `select c.id from campaigns c left join hour_profiles h on h.campaign_id = c.id
		where c.state = 'running' and (c.settings #>> '{selection,hour_profile}') = 'true' and (h.made_at is null or h.made_at <= $1)
		order by c.id`, now.Add(-hoursRemade))
	if err != nil {
		return 0, classify(err)
	}
	stale, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, classify(err)
	}
	for made, id := range stale {
		profile, err := s.HourProfile(ctx, id)
		if err != nil {
			return made, err
		}
		offsets := make([]float64, 0, 168)
		for day := range profile {
			for hour := range profile[day] {
				offsets = append(offsets, profile[day][hour].Offset)
			}
		}
		if _, err := s.pool.Exec(ctx, `insert into hour_profiles values ($1, $2, $3)
			on conflict (campaign_id) do update set offsets = excluded.offsets, made_at = excluded.made_at`, id, offsets, now); err != nil {
			return made, classify(err)
		}
	}
	return len(stale), nil
}

// hourOffsets are a campaign's offsets by hour of the week; none: it has no
// profile.
type hourOffsets []float64

// readHourOffsets reads them where the campaign wants them.
func readHourOffsets(ctx context.Context, q querier, campaignID int64, settings *campaigns.Settings) (hourOffsets, error) {
	if !settings.Selection.HourProfile {
		return nil, nil
	}
	var offsets hourOffsets
	err := q.QueryRow(ctx, `select offsets from hour_profiles where campaign_id = $1`, campaignID).Scan(&offsets)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return offsets, err
}

// at gives the offset at a time in the zones in which a person may be: the mean
// of theirs.
func (o hourOffsets) at(now time.Time, clocks []*time.Location) float64 {
	if len(o) == 0 || len(clocks) == 0 {
		return 0
	}
	sum := 0.0
	for _, clock := range clocks {
		local := now.In(clock)
		sum += o[24*int(local.Weekday())+local.Hour()]
	}
	return sum / float64(len(clocks))
}

// HourFactor says what the hour adds to the ranks of a campaign's candidates in
// the zones now; nil where the campaign has no profile by hour.
func (s *Store) HourFactor(ctx context.Context, campaignID int64, zones []string, now time.Time) (*campaigns.Factor, error) {
	var factor *campaigns.Factor
	err := s.reading(ctx, func(tx pgx.Tx) error {
		settings, _, err := s.settingsOf(ctx, tx, campaignID)
		if err != nil {
			return noCampaign(err, campaignID)
		}
		offsets, err := readHourOffsets(ctx, tx, campaignID, settings)
		_, clocks := s.zones.of(zoneQuestion{}, zones)
		if err != nil || len(offsets) == 0 || len(clocks) == 0 {
			return err
		}
		local := now.In(clocks[0])
		factor = &campaigns.Factor{Name: "hour", Points: offsets.at(now, clocks),
			Text: fmt.Sprintf("reached on a %s at %d h", local.Weekday(), local.Hour())}
		return nil
	})
	return factor, err
}
