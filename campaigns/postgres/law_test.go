package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// country is where a test's person lives, and what the law there says, written
// down once more, apart from the rulebook.
type country struct {
	name, number, region, zone string
	// open gives the hours of a weekday in minutes.
	open    func(time.Weekday) [][2]int
	consent bool
	// perDay bounds the attempts at a number on a calendar day, perPeriod those at
	// a person within period.
	perDay, perPeriod int
	period            time.Duration
	refusal, drop     time.Duration
	unknown           bool
}

func daily(from, until int) func(time.Weekday) [][2]int {
	return func(time.Weekday) [][2]int { return [][2]int{{from * 60, until * 60}} }
}

func workdays(hours [][2]int, saturday, sunday [][2]int) func(time.Weekday) [][2]int {
	return func(day time.Weekday) [][2]int {
		switch day {
		case time.Saturday:
			return saturday
		case time.Sunday:
			return sunday
		}
		return hours
	}
}

const dayLong = 24 * time.Hour

var countries = []country{
	{name: "New York", number: "+1212555%04d", region: "US", zone: "America/New_York", open: daily(8, 21)},
	{name: "Florida", number: "+1305555%04d", region: "US", zone: "America/New_York", open: daily(8, 20), perPeriod: 3, period: dayLong},
	{name: "Washington", number: "+1206555%04d", region: "US", zone: "America/Los_Angeles", open: daily(8, 20), refusal: 366 * dayLong},
	{name: "Kentucky", number: "+1502555%04d", region: "US", zone: "America/New_York", open: daily(10, 21)},
	{name: "Alabama", number: "+1205555%04d", region: "US", zone: "America/Chicago", open: workdays([][2]int{{480, 1200}}, [][2]int{{480, 1200}}, nil)},
	{name: "toll-free", number: "+1800555%04d", region: "US", zone: "America/New_York",
		open: workdays([][2]int{{600, 1200}}, [][2]int{{600, 1200}}, nil), perPeriod: 3, period: dayLong, refusal: 366 * dayLong},
	{name: "Germany", number: "+493012%05d", region: "DE", zone: "Europe/Berlin", consent: true, perDay: 3, perPeriod: 15, period: 7 * dayLong,
		open: workdays([][2]int{{480, 1200}}, [][2]int{{540, 1080}}, nil)},
	{name: "France", number: "+3314012%04d", region: "FR", zone: "Europe/Paris", consent: true, perPeriod: 4, period: 30 * dayLong, refusal: 36500 * dayLong,
		open: workdays([][2]int{{600, 780}, {840, 1200}}, nil, nil)},
	{name: "Britain", number: "+442079460%03d", region: "GB", zone: "Europe/London", open: daily(8, 21), drop: 3 * dayLong},
	{name: "Canada", number: "+1416555%04d", region: "CA", zone: "America/Toronto", open: workdays([][2]int{{540, 1290}}, [][2]int{{600, 1080}}, [][2]int{{600, 1080}})},
	{name: "Japan", number: "+8131234%04d", region: "JP", zone: "Asia/Tokyo", open: daily(0, 24), unknown: true},
}

// subject is a person with the history that the law asks about.
type subject struct {
	country
	person             postgrestest.Person
	attempts           []time.Time
	refusedAt, dropped time.Time
	consented          bool
}

// breaks names what a call at now, ringing for half a minute, would break.
func (s *subject) breaks(now time.Time) string {
	zone, _ := time.LoadLocation(s.zone)
	for _, at := range []time.Time{now, now.Add(25 * time.Second)} {
		local := at.In(zone)
		minute := local.Hour()*60 + local.Minute()
		if !slices.ContainsFunc(s.open(local.Weekday()), func(h [2]int) bool { return h[0] <= minute && minute < h[1] }) {
			return "hours"
		}
	}
	within, today := 0, 0
	for _, at := range s.attempts {
		if now.Sub(at) < s.period {
			within++
		}
		y, m, d := at.In(zone).Date()
		if ny, nm, nd := now.In(zone).Date(); y == ny && m == nm && d == nd {
			today++
		}
	}
	switch {
	case s.unknown:
		return "unknown jurisdiction"
	case s.consent && !s.consented:
		return "consent"
	case s.perPeriod > 0 && within >= s.perPeriod:
		return "cap"
	case s.perDay > 0 && today >= s.perDay:
		return "cap of the day"
	case !s.refusedAt.IsZero() && now.Sub(s.refusedAt) < s.refusal:
		return "refusal"
	case !s.dropped.IsZero() && now.Sub(s.dropped) < s.drop:
		return "recall after a drop"
	}
	return ""
}

// subject makes a queued person of the country with a random history before now.
func (h *house) subject(r *rand.Rand, c country, list, bucket int64, n int, now time.Time) *subject {
	h.t.Helper()
	s := &subject{country: c, consented: r.IntN(2) == 0}
	number := fmt.Sprintf(c.number, n)
	s.person.ContactID = h.id(`insert into contacts (first_name) values ('P') returning id`)
	s.person.NumberID = h.id(`insert into numbers (e164, hmac, prefix, region, zones) values ($1, $2, left($1, 5), $3, array[$4]) returning id`,
		number, h.store.NumberHMAC(number), c.region, c.zone)
	h.exec(`insert into contact_numbers values ($1, $2, 1)`, s.person.ContactID, s.person.NumberID)
	s.person.CandidateID = postgrestest.Candidate(h.t, h.conn, h.campaign.ID, list, bucket, s.person, campaigns.CandidateQueued)
	for range r.IntN(8) {
		at := now.Add(-time.Duration(r.Int64N(int64(2 * dayLong)))).Truncate(time.Microsecond)
		if r.IntN(3) == 0 {
			at = now.Add(-time.Duration(r.Int64N(int64(40 * dayLong)))).Truncate(time.Microsecond)
		}
		outcome := campaigns.OutcomeNoAnswer
		if r.IntN(6) == 0 {
			outcome = campaigns.OutcomeDropped
			if at.After(s.dropped) {
				s.dropped = at
			}
		}
		h.past(s.person, at, outcome)
		s.attempts = append(s.attempts, at)
	}
	if r.IntN(4) == 0 {
		s.refusedAt = now.Add(-time.Duration(r.Int64N(int64(500 * dayLong)))).Truncate(time.Microsecond)
		h.exec(`insert into calls (id, direction, campaign_id, contact_id, node, epoch, started_at, ended_at, ended_by, closed_at, disposition)
			values ($1, 'inbound', $2, $3, 'n1', 1, $4, $4, 'agent', $4, 'not_interested')`, callID(n), h.campaign.ID, s.person.ContactID, s.refusedAt)
	}
	if s.consented {
		h.exec(`insert into consents (contact_id, purpose, channel, granted, source, valid_from) values ($1, 'marketing', 'phone', true, 'form', $2)`,
			s.person.ContactID, now.Add(-dayLong))
	}
	return s
}

// No attempt breaks the law of any of the places its person may be in, whatever
// the hour and the history; and nobody whom nothing protects is held back.
func TestNoReservedAttemptBreaksItsLaw(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settings(func(s *campaigns.Settings) {
		s.Window, s.PersonCap, s.NumberCap, s.MaxAttempts = campaigns.DailyWindow(0, 24), campaigns.Cap{}, campaigns.Cap{}, 1000
	})
	list := h.id(`insert into lists (campaign_id, name) values ($1, 'test') returning id`, h.campaign.ID)
	bucket := h.id(`insert into buckets (campaign_id, kind, zones) values ($1, 'rank', '{}') returning id`, h.campaign.ID)
	r := rand.New(rand.NewPCG(3, 14))
	n, allowed, broken := 0, 0, map[string]int{}
	for range 30 {
		// A week without a holiday in any of the countries.
		now := time.Date(2026, 9, 14, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(int64(7 * dayLong)))).Truncate(time.Second)
		store, err := postgres.Open(t.Context(), postgres.Options{URL: h.url, ClockOffset: time.Until(now), NumberKey: key})
		h.must(err)
		var people []*subject
		var items []campaigns.HopperItem
		for _, c := range countries {
			n++
			s := h.subject(r, c, list, bucket, n, now)
			people = append(people, s)
			items = append(items, h.items(s.person)...)
		}
		attempts, refused, err := store.Reserve(context.WithoutCancel(t.Context()), h.owner, items)
		h.must(err)
		for _, s := range people {
			breaks := s.breaks(now)
			called := slices.ContainsFunc(attempts, func(a campaigns.Attempt) bool { return a.ContactID == s.person.ContactID })
			switch {
			case called && breaks != "":
				t.Errorf("%s at %s: called against %s", s.name, now.Format(time.RFC3339), breaks)
			case !called && breaks == "":
				i := slices.IndexFunc(refused, func(r campaigns.Refusal) bool { return r.CandidateID == s.person.CandidateID })
				t.Errorf("%s at %s: held back by %+v", s.name, now.Format(time.RFC3339), refused[i])
			case called:
				allowed++
			}
			broken[breaks]++
		}
		store.Close()
	}
	t.Logf("%d called; held back by %v", allowed, broken)
	for _, reason := range []string{"hours", "unknown jurisdiction", "consent", "cap", "refusal", "recall after a drop"} {
		if broken[reason] == 0 {
			t.Errorf("nobody was ever held back by %s", reason)
		}
	}
	if allowed < 30 {
		t.Errorf("only %d were called", allowed)
	}
}

func TestTheLawBoundsHowLongAPhoneRings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settings(func(s *campaigns.Settings) {
		s.RingTimeout, s.ConnectLimit = campaigns.Seconds(60), campaigns.Seconds(8)
	})
	p := h.queued(1)[0]
	h.exec(`update numbers set region = 'DE', zones = '{Europe/Berlin}', e164 = '+493012345678' where id = $1`, p.NumberID)
	h.recordConsent(campaigns.ConsentEntry{ContactID: p.ContactID, Granted: true})
	h.exec(`update candidates set state = 'queued', queued_at = now()`)
	if a := h.attempt(p); a.Settings.RingTimeout != campaigns.Seconds(40) {
		t.Errorf("rings for %s in Germany", a.Settings.RingTimeout)
	}
	american := h.queued(1)[0]
	if a := h.attempt(american); a.Settings.ConnectLimit != campaigns.Seconds(2) || a.Settings.RingTimeout != campaigns.Seconds(60) {
		t.Errorf("rings for %s and waits for %s in New York", a.Settings.RingTimeout, a.Settings.ConnectLimit)
	}
}

func TestBucketsAreJudgedByTheirJurisdictions(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	// At ten in New York: half past eight hours later in Berlin it is four.
	i.do("phone,first_name\n+12125550100,Ann\n+493012345678,Bea\n+81312345678,Cho\n")
	got := i.rows(`select p.first_name, b.region from candidates c join buckets b on b.id = c.bucket_id join contacts p on p.id = c.contact_id order by 1`)
	if want := []string{"Ann US-NY", "Bea DE", "Cho JP"}; !slices.Equal(got, want) {
		t.Errorf("buckets %v", got)
	}
	items, err := i.store.Refill(t.Context(), i.campaign.ID, 10)
	if err != nil || len(items) != 2 {
		t.Fatalf("refilled %v, %v", items, err)
	}
	lines, err := i.store.Why(t.Context(), i.campaign.ID)
	if err != nil || !slices.ContainsFunc(lines, func(l postgres.WhyLine) bool {
		return l.State == campaigns.CandidateReady && l.Reason == campaigns.ReasonJurisdictionUnknown && l.Count == 1
	}) {
		t.Errorf("why: %+v, %v", lines, err)
	}
}

// Each gate of the law is red for the reason and green without it.
func TestTheGatesOfTheLaw(t *testing.T) {
	t.Parallel()
	german := func(h *house, p postgrestest.Person) {
		h.exec(`update numbers set region = 'DE', zones = '{Europe/Berlin}', e164 = '+493012345678' where id = $1`, p.NumberID)
	}
	talked := func(disposition string, ago time.Duration) func(*house, postgrestest.Person) {
		return func(h *house, p postgrestest.Person) {
			h.exec(`insert into calls (id, direction, campaign_id, contact_id, node, epoch, started_at, bridged_at, ended_at, ended_by, closed_at, disposition)
				values ($1, 'inbound', $2, $3, 'n1', 1, $4, $4, $4, 'agent', $4, $5)`, callID(1), h.campaign.ID, p.ContactID, h.ago(ago), disposition)
		}
	}
	for _, c := range []struct {
		name   string
		rules  func(*campaigns.Settings)
		spoil  func(*house, postgrestest.Person)
		reason campaigns.Reason
		state  campaigns.CandidateState
		until  time.Duration
	}{
		{name: "consent missing in Germany", spoil: german, reason: campaigns.ReasonConsentMissing, state: campaigns.CandidateBlocked},
		{name: "consent on record in Germany", spoil: func(h *house, p postgrestest.Person) { german(h, p); h.consent(p, true, dayLong) }, state: campaigns.CandidateOpen},
		{name: "consent of another purpose", spoil: func(h *house, p postgrestest.Person) {
			german(h, p)
			h.exec(`insert into consents (contact_id, purpose, channel, granted, valid_from) values ($1, 'service', 'any', true, $2)`, p.ContactID, h.ago(dayLong))
		}, reason: campaigns.ReasonConsentMissing, state: campaigns.CandidateBlocked},
		{name: "a service call in Germany needs none", rules: func(s *campaigns.Settings) { s.Compliance.Purpose = campaigns.PurposeService }, spoil: german, state: campaigns.CandidateOpen},
		{name: "consent asked for by the campaign", rules: func(s *campaigns.Settings) { s.Compliance.RequireConsent = true },
			reason: campaigns.ReasonConsentMissing, state: campaigns.CandidateBlocked},
		{name: "objection", spoil: func(h *house, p postgrestest.Person) {
			h.exec(`insert into objections (contact_id, objected_at) values ($1, $2)`, p.ContactID, h.ago(dayLong))
		}, reason: campaigns.ReasonObjected, state: campaigns.CandidateBlocked},
		{name: "objection withdrawn", spoil: func(h *house, p postgrestest.Person) {
			h.exec(`insert into objections (contact_id, objected_at, withdrawn_at) values ($1, $2, $2)`, p.ContactID, h.ago(dayLong))
		}, state: campaigns.CandidateOpen},
		{name: "unknown jurisdiction", spoil: func(h *house, p postgrestest.Person) {
			h.exec(`update numbers set region = 'JP', e164 = '+81312345678' where id = $1`, p.NumberID)
		}, reason: campaigns.ReasonJurisdictionUnknown, state: campaigns.CandidateBlocked},
		{name: "a rule that nobody knows", rules: func(s *campaigns.Settings) { s.Compliance.Rules = []string{"xx-none"} },
			reason: campaigns.ReasonJurisdictionUnknown, state: campaigns.CandidateBlocked},
		{name: "refused last week", rules: func(s *campaigns.Settings) { s.Compliance.RefusalPeriod = campaigns.Duration(30 * dayLong) },
			spoil: talked("not_interested", 7*dayLong), reason: campaigns.ReasonRefusalPeriod, state: campaigns.CandidateResting, until: 23 * dayLong},
		{name: "refused long ago", rules: func(s *campaigns.Settings) { s.Compliance.RefusalPeriod = campaigns.Duration(30 * dayLong) },
			spoil: talked("not_interested", 31*dayLong), state: campaigns.CandidateOpen},
		{name: "spoke with us, seven days of silence", rules: func(s *campaigns.Settings) { s.Compliance.Rules = []string{"us-regf"} },
			spoil: talked("served", 2*dayLong), reason: campaigns.ReasonPersonCap, state: campaigns.CandidateResting, until: 5 * dayLong},
		{name: "dropped in Britain", spoil: func(h *house, p postgrestest.Person) {
			h.exec(`update numbers set region = 'GB', zones = '{Europe/London}', e164 = '+442079460123' where id = $1`, p.NumberID)
			h.past(p, h.ago(dayLong), campaigns.OutcomeDropped)
		}, reason: campaigns.ReasonRecallAfterDrop, state: campaigns.CandidateResting, until: 2 * dayLong},
		{name: "hours that the person asked for", spoil: func(h *house, p postgrestest.Person) {
			evening := campaigns.DailyWindow(18, 20)
			h.recordConsent(campaigns.ConsentEntry{ContactID: p.ContactID, Granted: true, Hours: &evening, From: h.ago(dayLong)})
		}, reason: campaigns.ReasonOutsidePreferredHours, state: campaigns.CandidateResting, until: 8 * time.Hour},
		{name: "the list is over", spoil: func(h *house, _ postgrestest.Person) { h.exec(`update lists set expires_at = $1`, h.ago(time.Second)) },
			reason: campaigns.ReasonListExpired, state: campaigns.CandidateReady},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if c.rules != nil {
				h.settings(c.rules)
			}
			p := h.queued(1)[0]
			if c.spoil != nil {
				c.spoil(h, p)
			}
			attempts, refused := h.reserve(h.items(p))
			if c.reason == "" {
				if len(attempts) != 1 {
					t.Fatalf("refused %v", refused)
				}
			} else if len(refused) != 1 || refused[0].Reason != c.reason {
				t.Fatalf("attempts %d, refused %v", len(attempts), refused)
			} else if left := refused[0].Until.Sub(h.store.Clock().Now()); c.until != 0 && (left > c.until || left < c.until-time.Minute) {
				t.Errorf("lapses in %s, want about %s", left, c.until)
			}
			if got := h.read(`select state from candidates`); got != string(c.state) {
				t.Errorf("candidate is %s, want %s", got, c.state)
			}
		})
	}
}
