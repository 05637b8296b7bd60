// Package postgrestest gives each test a migrated store in a schema of its own
// and seeds it. The test's package needs a TestMain that calls storestest.Run.
package postgrestest

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/configs/stores/storestest"
)

// Morning is a Tuesday, ten in the morning in New York.
var Morning = time.Date(2026, 3, 3, 15, 0, 0, 0, time.UTC)

var schemas atomic.Int64

// New gives a migrated store in a schema of its own whose business time is
// Morning now. The schema is dropped at the end of the test.
func New(t testing.TB) *postgres.Store {
	t.Helper()
	store, _ := NewWithURL(t)
	return store
}

// NewWithURL also gives a URL that reaches the schema.
func NewWithURL(t testing.TB) (*postgres.Store, string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	base := storestest.DatabaseURL(t)
	schema := fmt.Sprintf("t%d_%d", time.Now().UnixNano(), schemas.Add(1))
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "create schema "+schema); err != nil {
		t.Fatal(err)
	}
	separator := "?"
	if strings.Contains(base, "?") {
		separator = "&"
	}
	own := base + separator + "search_path=" + url.QueryEscape(schema)
	store, err := postgres.Open(ctx, postgres.Options{
		URL: own, ClockOffset: time.Until(Morning), NumberKey: []byte("a key for the tests only"), MaxConns: 8,
		StatementTimeout: 10 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		store.Close()
		conn, err := pgx.Connect(ctx, base)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close(ctx) }()
		if _, err := conn.Exec(ctx, "drop schema "+schema+" cascade"); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	return store, own
}

// Connect gives a bare connection to a store's schema, for set-up and for
// looking behind the store.
func Connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.WithoutCancel(t.Context()), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// Campaign makes a running win-back campaign.
func Campaign(t testing.TB, store *postgres.Store, name string) campaigns.Campaign {
	t.Helper()
	c, err := store.CreateCampaign(t.Context(), name, campaigns.KindWinBack, campaigns.DefaultSettings(campaigns.KindWinBack))
	if err != nil {
		t.Fatal(err)
	}
	if c, err = store.MoveCampaign(t.Context(), c.ID, campaigns.CampaignRunning); err != nil {
		t.Fatal(err)
	}
	return c
}

// Person is what Candidates makes of each number.
type Person struct {
	ContactID, NumberID, CandidateID int64
}

// Candidates makes n persons with one New York number each (+1212555 and four
// digits from first on) and a candidate of the campaign in the state.
func Candidates(t testing.TB, conn *pgx.Conn, store *postgres.Store, campaign campaigns.Campaign, first, n int, state campaigns.CandidateState) []Person {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	var list, bucket int64
	if err := conn.QueryRow(ctx, `insert into lists (campaign_id, name) values ($1, 'test')
		on conflict (campaign_id, name) do update set active = lists.active returning id`, campaign.ID).Scan(&list); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(ctx, `insert into buckets (campaign_id, kind, zones, region) values ($1, 'rank', '{America/New_York}', '')
		on conflict (campaign_id, kind, zones, region) do update set kind = 'rank' returning id`, campaign.ID).Scan(&bucket); err != nil {
		t.Fatal(err)
	}
	people := make([]Person, n)
	for i := range people {
		p, number := &people[i], fmt.Sprintf("+1212555%04d", first+i)
		if err := conn.QueryRow(ctx, `insert into contacts (first_name, last_name) values ('Ann', $1) returning id`, number).Scan(&p.ContactID); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(ctx, `insert into numbers (e164, hmac, prefix, region, zones) values ($1, $2, '+1212', 'US', '{America/New_York}') returning id`,
			number, store.NumberHMAC(number)).Scan(&p.NumberID); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(ctx, `insert into contact_numbers values ($1, $2, 1)`, p.ContactID, p.NumberID); err != nil {
			t.Fatal(err)
		}
		p.CandidateID = Candidate(t, conn, campaign.ID, list, bucket, *p, state)
	}
	return people
}

// Candidate makes a candidate of an existing person.
func Candidate(t testing.TB, conn *pgx.Conn, campaign, list, bucket int64, p Person, state campaigns.CandidateState) int64 {
	t.Helper()
	var due *time.Time
	if state == campaigns.CandidateResting || state == campaigns.CandidateCallback {
		due = &Morning
	}
	var id int64
	if err := conn.QueryRow(context.WithoutCancel(t.Context()), `insert into candidates
		(campaign_id, contact_id, list_id, number_id, bucket_id, rank, event_at, state, reason, due_at, state_at, queued_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, 'test', $9, $7, $7) returning id`,
		campaign, p.ContactID, list, p.NumberID, bucket, float64(p.NumberID), Morning, state, due).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// Items makes hopper items of the persons.
func Items(campaign campaigns.Campaign, people []Person) []campaigns.HopperItem {
	items := make([]campaigns.HopperItem, len(people))
	for i, p := range people {
		items[i] = campaigns.HopperItem{CampaignID: campaign.ID, CandidateID: p.CandidateID, ContactID: p.ContactID, NumberID: p.NumberID}
	}
	return items
}
