package postgres

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/phone"
)

// registersFresh is how long a reading of the registers' ages serves the gates:
// they are told in days, and a file that another process imported counts after
// that time.
const registersFresh = 10 * time.Second

// registerBook remembers for the gates how old the files of the national
// registers are. It is safe for concurrent use.
type registerBook struct {
	mu     sync.Mutex
	readAt time.Time
	// common bind all campaigns, own one each, with the common ones.
	common []calling.Register
	own    map[int64][]calling.Register
}

// registersSelect reads the newest whole file of each national list. Entries by
// hand are no look into a register.
const registersSelect = `select d.name, coalesce(d.campaign_id, 0), max(f.loaded_at) from dnc_lists d join dnc_files f on f.list_id = d.id
	where d.national and f.loaded_at is not null and f.file <> '` + byHand + `' group by d.id order by d.name`

// fresh reports whether the book need not be read again.
func (b *registerBook) fresh() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.readAt.IsZero() && time.Since(b.readAt) < registersFresh
}

// forget has the next one who asks read the book again.
func (b *registerBook) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readAt = time.Time{}
}

// of gives the registers' files that bind a campaign, or (zero) all campaigns.
func (b *registerBook) of(campaignID int64) []calling.Register {
	b.mu.Lock()
	defer b.mu.Unlock()
	if own, ok := b.own[campaignID]; ok {
		return own
	}
	return b.common
}

// take keeps the rows of registersSelect.
func (b *registerBook) take(rows pgx.Rows) error {
	var common []calling.Register
	own := map[int64][]calling.Register{}
	var r calling.Register
	var campaignID int64
	if _, err := pgx.ForEachRow(rows, []any{&r.List, &campaignID, &r.CheckedAt}, func() error {
		if r.Country = registerCountry(r.List); campaignID == 0 {
			common = append(common, r)
		} else {
			own[campaignID] = append(own[campaignID], r)
		}
		return nil
	}); err != nil {
		return err
	}
	for id := range own {
		own[id] = append(own[id], common...)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.common, b.own, b.readAt = common, own, time.Now()
	return nil
}

// registerCountry gives the country whose register a list is, by the beginning
// of its name: us, us-national, gb-tps. Another name may stand for the register
// of any country.
func registerCountry(list string) string {
	first, _, _ := strings.Cut(strings.NewReplacer("_", "-", " ", "-").Replace(list), "-")
	country := strings.ToUpper(first)
	if country == "UK" {
		return "GB"
	}
	if len(country) != 2 || phone.CheckRegion(country) != nil {
		return ""
	}
	return country
}

// lookAtRegisters reads the ages again where the last reading is old.
func (s *Store) lookAtRegisters(ctx context.Context, q querier) error {
	if s.laws.registers.fresh() {
		return nil
	}
	rows, err := q.Query(ctx, registersSelect)
	if err != nil {
		return err
	}
	return s.laws.registers.take(rows)
}

// RegisterCheck says how a campaign stands to a rule on a national register.
type RegisterCheck struct {
	Country string             `json:"country"`
	Rule    string             `json:"rule"`
	MaxAge  campaigns.Duration `json:"max_age"`
	// List holds the register's file, the newest of CheckedAt; empty: none was ever
	// imported.
	List      string     `json:"list,omitempty"`
	CheckedAt *time.Time `json:"checked_at,omitempty"`
	// Old files refuse every call to the country, unless Elsewhere: the campaign
	// states that the register is looked into elsewhere.
	Old       bool `json:"old,omitempty"`
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// RegisterChecks tells of each register into which the rules that bind the
// campaign's candidates want a look.
// CodeNotFound for an unknown campaign.
func (s *Store) RegisterChecks(ctx context.Context, campaignID int64) ([]RegisterCheck, error) {
	checks := []RegisterCheck{}
	err := s.reading(ctx, func(tx pgx.Tx) error {
		settings, _, err := s.settingsOf(ctx, tx, campaignID)
		if err != nil {
			return noCampaign(err, campaignID)
		}
		rows, err := tx.Query(ctx, `select distinct region from buckets where campaign_id = $1 and region <> '' order by region`, campaignID)
		if err != nil {
			return err
		}
		places, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		now := s.clock.Now()
		for _, place := range places {
			for _, limit := range s.laws.law(place, &settings.Compliance, now).Registers {
				if !slices.ContainsFunc(checks, func(c RegisterCheck) bool { return c.Country == limit.Country }) {
					checks = append(checks, s.checksOf(campaignID, limit, &settings.Compliance, now)...)
				}
			}
		}
		return nil
	})
	return checks, err
}

// checksOf gives one check for each file that may be the country's, or one
// without a list.
func (s *Store) checksOf(campaignID int64, limit calling.RegisterLimit, c *campaigns.Compliance, now time.Time) []RegisterCheck {
	none := RegisterCheck{Country: limit.Country, Rule: limit.Rule, MaxAge: campaigns.Duration(limit.MaxAge), Elsewhere: c.RegistersCheckedElsewhere}
	var checks []RegisterCheck
	for _, r := range s.laws.registers.of(campaignID) {
		if r.Of(limit.Country) {
			check := none
			check.List, check.CheckedAt, check.Old = r.List, &r.CheckedAt, now.Sub(r.CheckedAt) > limit.MaxAge
			checks = append(checks, check)
		}
	}
	if len(checks) == 0 {
		return []RegisterCheck{none}
	}
	return checks
}
