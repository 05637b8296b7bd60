package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// house is a store with a running campaign and a node that holds its lease.
type house struct {
	t        testing.TB
	store    *postgres.Store
	url      string
	conn     *pgx.Conn
	campaign campaigns.Campaign
	owner    postgres.Owner
	people   int       // made so far
	began    time.Time // business time
}

func newHouse(t testing.TB) *house {
	t.Helper()
	store, url := postgrestest.NewWithURL(t)
	h := &house{t: t, store: store, url: url, conn: postgrestest.Connect(t, url), campaign: postgrestest.Campaign(t, store, "first")}
	h.owner, h.began = h.join("n1", time.Hour), store.Clock().Now().Truncate(time.Microsecond)
	return h
}

func (h *house) join(node string, ttl time.Duration) postgres.Owner {
	h.t.Helper()
	epoch, err := h.store.Join(context.Background(), node, ttl)
	h.must(err)
	return postgres.Owner{Node: node, Epoch: epoch}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// queued makes n persons with a queued candidate of the first campaign each.
func (h *house) queued(n int) []postgrestest.Person {
	h.t.Helper()
	people := postgrestest.Candidates(h.t, h.conn, h.store, h.campaign, h.people, n, campaigns.CandidateQueued)
	h.people += n
	return people
}

// also makes a candidate of the same person in another campaign.
func (h *house) also(campaign campaigns.Campaign, p postgrestest.Person, state campaigns.CandidateState) postgrestest.Person {
	h.t.Helper()
	list := h.id(`insert into lists (campaign_id, name) values ($1, 'also') on conflict (campaign_id, name) do update set active = true returning id`, campaign.ID)
	bucket := h.id(`insert into buckets (campaign_id, kind, zones) values ($1, 'rank', '{America/New_York}')
		on conflict (campaign_id, kind, zones, region) do update set kind = 'rank' returning id`, campaign.ID)
	p.CandidateID = postgrestest.Candidate(h.t, h.conn, campaign.ID, list, bucket, p, state)
	return p
}

// number gives a person one more number.
func (h *house) number(p postgrestest.Person, e164 string, position int) int64 {
	h.t.Helper()
	id := h.id(`insert into numbers (e164, hmac, prefix, region, zones) values ($1, $2, '+1212', 'US', '{America/New_York}') returning id`,
		e164, h.store.NumberHMAC(e164))
	h.exec(`insert into contact_numbers values ($1, $2, $3)`, p.ContactID, id, position)
	return id
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	_, err := h.conn.Exec(context.Background(), sql, args...)
	h.must(err)
}

func (h *house) id(sql string, args ...any) int64 {
	h.t.Helper()
	var id int64
	h.must(h.conn.QueryRow(context.Background(), sql, args...).Scan(&id))
	return id
}

// read gives the first row as text, its columns parted by a blank.
func (h *house) read(sql string, args ...any) string {
	h.t.Helper()
	rows, err := h.conn.Query(context.Background(), sql, args...)
	h.must(err)
	defer rows.Close()
	var text []string
	for rows.Next() {
		values, err := rows.Values()
		h.must(err)
		var line []string
		for _, v := range values {
			line = append(line, fmt.Sprint(v))
		}
		text = append(text, strings.Join(line, " "))
	}
	h.must(rows.Err())
	return strings.Join(text, "\n")
}

func (h *house) items(people ...postgrestest.Person) []campaigns.HopperItem {
	return postgrestest.Items(h.campaign, people)
}

func (h *house) reserve(items []campaigns.HopperItem) ([]campaigns.Attempt, []campaigns.Refusal) {
	h.t.Helper()
	attempts, refused, err := h.store.Reserve(context.Background(), h.owner, items)
	h.must(err)
	return attempts, refused
}

// attempt reserves one attempt that must pass.
func (h *house) attempt(p postgrestest.Person) campaigns.Attempt {
	h.t.Helper()
	attempts, refused := h.reserve(h.items(p))
	if len(attempts) != 1 {
		h.t.Fatalf("no attempt: %v", refused)
	}
	return attempts[0]
}

func (h *house) settings(change func(*campaigns.Settings)) {
	h.t.Helper()
	c, err := h.store.Campaign(context.Background(), h.campaign.ID)
	h.must(err)
	change(&c.Settings)
	_, err = h.store.UpdateSettings(context.Background(), c.ID, c.Revision, c.Settings)
	h.must(err)
}

// ago is a business time before now.
func (h *house) ago(d time.Duration) time.Time { return h.store.Clock().Now().Add(-d) }

// past writes an ended attempt of a person.
func (h *house) past(p postgrestest.Person, at time.Time, outcome campaigns.Outcome) {
	h.t.Helper()
	h.exec(`insert into attempts (campaign_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by, ended_at, outcome)
		values ($1, $2, $3, false, 'old', 1, $4, $4, $4, $5)`, h.campaign.ID, p.ContactID, p.NumberID, at, outcome)
}

func (h *house) code(err error, want campaigns.Code, text string) {
	h.t.Helper()
	if err == nil || campaigns.CodeOf(err) != want || !strings.Contains(err.Error(), text) {
		h.t.Errorf("error %v (%s), want %s with %q", err, campaigns.CodeOf(err), want, text)
	}
}
