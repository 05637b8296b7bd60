package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// dropRules are the limits on the dropped calls of one campaign.
type dropRules struct {
	campaignID int64
	// limits are those of the law, and the campaign's own last, with no rule's id.
	limits []calling.DropLimit
	// zone is where the days of the rules begin: that of all the campaign's
	// candidates if they have one in common, else UTC.
	zone *time.Location
}

// perAnswer is what one answer adds to the credit at least: nothing where the
// formula weighs the drops that there are by the answers.
func (r *dropRules) perAnswer() float64 {
	least := 1.0
	for _, limit := range r.limits {
		if limit.Formula != calling.OfLiveAnswers {
			return 0
		}
		least = min(least, limit.Limit)
	}
	return least
}

// boundCampaign is what the limits of a campaign depend on.
type boundCampaign struct {
	id, revision   int64
	regions, zones []string
}

// dropRulesOf finds the limits that bind each of the campaigns at a time, in the
// order of their ids: those of the jurisdictions in which a person may be who is
// or was its candidate, those of the rules that it names, and its own. A campaign
// without candidates is bound as in its default region. Campaigns that are not
// there are left out.
func (s *Store) dropRulesOf(ctx context.Context, q querier, campaignIDs []int64, now time.Time) ([]dropRules, error) {
	rows, err := q.Query(ctx, `select c.id, c.revision,
			array(select distinct b.region from buckets b where b.campaign_id = c.id and b.region <> ''),
			array(select distinct z from buckets b, unnest(b.zones) z where b.campaign_id = c.id limit 2)
		from campaigns c where c.id = any($1) order by c.id`, campaignIDs)
	if err != nil {
		return nil, err
	}
	bound, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (boundCampaign, error) {
		var b boundCampaign
		return b, row.Scan(&b.id, &b.revision, &b.regions, &b.zones)
	})
	if err != nil {
		return nil, err
	}
	all := make([]dropRules, 0, len(bound))
	for _, b := range bound {
		settings, known := s.settings.get(b.id, b.revision)
		if !known {
			c, err := scanCampaign(q.QueryRow(ctx, `select `+campaignColumns+` from campaigns where id = $1`, b.id))
			if err != nil {
				return nil, err
			}
			s.settings.put(b.id, c.Revision, &c.Settings)
			settings = &c.Settings
		}
		all = append(all, s.dropRulesBy(settings, b, now))
	}
	return all, nil
}

func (s *Store) dropRulesBy(settings *campaigns.Settings, b boundCampaign, now time.Time) dropRules {
	r := dropRules{campaignID: b.id, zone: time.UTC}
	if len(b.regions) == 0 && settings.DefaultRegion != "" {
		b.regions = []string{strings.ToUpper(settings.DefaultRegion)}
	}
	slices.Sort(b.regions)
	for _, jurisdictions := range append(b.regions, "") {
		for _, limit := range s.laws.law(jurisdictions, &settings.Compliance, now).Drops {
			if !slices.ContainsFunc(r.limits, func(known calling.DropLimit) bool { return known.Rule == limit.Rule }) {
				r.limits = append(r.limits, limit)
			}
		}
	}
	r.limits = append(r.limits, calling.DropLimit{Limit: settings.OwnDropLimit(), Formula: calling.OfLiveAnswers, Window: calling.DropOver30Days})
	if len(b.zones) == 1 {
		if _, clocks := s.zones.of(zoneQuestion{}, b.zones); len(clocks) == 1 {
			r.zone = clocks[0]
		}
	}
	return r
}

// DropLimits gives the limits that bind a campaign's dropped calls now: those of
// the law, and its own last, with no rule's id. CodeNotFound when there is no
// such campaign.
func (s *Store) DropLimits(ctx context.Context, campaignID int64) ([]calling.DropLimit, error) {
	rules, err := s.dropRulesOf(ctx, s.pool, []int64{campaignID}, s.clock.Now())
	if err != nil {
		return nil, classify(err)
	}
	if len(rules) == 0 {
		return nil, noCampaign(pgx.ErrNoRows, campaignID)
	}
	return rules[0].limits, nil
}
