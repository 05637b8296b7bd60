package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

func TestReserveCommitsWhatPassed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(3)
	h.exec(`update candidates set answer_probability = 0.4 where id = $1`, people[1].CandidateID)
	h.exec(`update contacts set language = 'es-MX', value = 1200 where id = $1`, people[1].ContactID)
	began := time.Now()
	attempts, refused := h.reserve(h.items(people...))
	if len(attempts) != 3 || len(refused) != 0 {
		t.Fatalf("attempts %v, refused %v", attempts, refused)
	}
	a := attempts[1]
	if a.ID == 0 || a.CandidateID != people[1].CandidateID || a.ContactID != people[1].ContactID || a.NumberID != people[1].NumberID ||
		a.Number != "+12125550001" || a.Node != "n1" || a.Epoch != h.owner.Epoch || a.AnswerProbability != 0.4 || a.Settings.MaxAttempts != 6 ||
		a.Language != "es-MX" || a.Tier != 3 {
		t.Errorf("attempt %+v", a)
	}
	if left := a.DialBy.Sub(began); left <= 0 || left > 2*time.Second {
		t.Errorf("to be dialed within %s", left)
	}
	if got := h.read(`select count(*), count(*) filter (where dial_by = reserved_at + interval '1 second'), min(epoch) from attempts where ended_at is null`); got != "3 3 1" {
		t.Errorf("attempts in the table: %s", got)
	}
	if got := h.read(`select distinct state, reason, queued_at is null from candidates`); got != "open  true" {
		t.Errorf("candidates: %s", got)
	}
}

// gateCase spoils one thing of a queued person and says what must follow.
type gateCase struct {
	name   string
	spoil  func(*house, *postgrestest.Person)
	reason campaigns.Reason
	// state and reason of the candidate afterwards; "number" stands for the
	// second number if next is set.
	state campaigns.CandidateState
	next  bool
	// until, if not zero, is how far off the refusal's end is.
	until time.Duration
}

func gateCases() []gateCase {
	dnc := func(h *house, p *postgrestest.Person) {
		h.exec(`insert into suppressions (number_hmac, source, created_at) select hmac, 'test', now() from numbers where id = $1`, p.NumberID)
	}
	bad := func(h *house, p *postgrestest.Person) {
		h.exec(`update numbers set bad_at = now() where id = $1`, p.NumberID)
	}
	second := func(spoil func(*house, *postgrestest.Person)) func(*house, *postgrestest.Person) {
		return func(h *house, p *postgrestest.Person) { h.number(*p, "+12125559999", 2); spoil(h, p) }
	}
	zones := func(zones string) func(*house, *postgrestest.Person) {
		return func(h *house, p *postgrestest.Person) {
			h.exec(`update numbers set zones = $2 where id = $1`, p.NumberID, zones)
		}
	}
	day := 24 * time.Hour
	return []gateCase{
		{name: "nothing", spoil: func(*house, *postgrestest.Person) {}, state: campaigns.CandidateOpen},
		{name: "paused", spoil: func(h *house, _ *postgrestest.Person) {
			_, err := h.store.MoveCampaign(context.Background(), h.campaign.ID, campaigns.CampaignPaused)
			h.must(err)
		}, reason: campaigns.ReasonCampaignNotRunning, state: campaigns.CandidateReady},
		{name: "list inactive", spoil: func(h *house, _ *postgrestest.Person) { h.exec(`update lists set active = false`) },
			reason: campaigns.ReasonListInactive, state: campaigns.CandidateReady},
		{name: "do not call", spoil: dnc, reason: campaigns.ReasonDoNotCall, state: campaigns.CandidateBlocked},
		{name: "do not call, another number", spoil: second(dnc), reason: campaigns.ReasonDoNotCall, state: campaigns.CandidateReady, next: true},
		{name: "do not call, an earlier number", spoil: func(h *house, p *postgrestest.Person) { h.number(*p, "+12125559999", 0); dnc(h, p) },
			reason: campaigns.ReasonDoNotCall, state: campaigns.CandidateReady, next: true},
		{name: "do not call, the other number too", spoil: func(h *house, p *postgrestest.Person) {
			other := *p
			other.NumberID = h.number(*p, "+12125559999", 2)
			dnc(h, p)
			dnc(h, &other)
		}, reason: campaigns.ReasonDoNotCall, state: campaigns.CandidateBlocked},
		{name: "do not call in this campaign", spoil: func(h *house, p *postgrestest.Person) {
			dnc(h, p)
			h.exec(`update suppressions set campaign_id = $1`, h.campaign.ID)
		}, reason: campaigns.ReasonDoNotCall, state: campaigns.CandidateBlocked},
		{name: "do not call in another campaign", spoil: func(h *house, p *postgrestest.Person) {
			dnc(h, p)
			h.exec(`update suppressions set campaign_id = $1`, postgrestest.Campaign(h.t, h.store, "other").ID)
		}, state: campaigns.CandidateOpen},
		{name: "do not call until tomorrow", spoil: func(h *house, p *postgrestest.Person) {
			dnc(h, p)
			h.exec(`update suppressions set expires_at = $1`, h.ago(-day))
		}, reason: campaigns.ReasonDoNotCall, state: campaigns.CandidateResting, until: day},
		{name: "do not call until yesterday", spoil: func(h *house, p *postgrestest.Person) {
			dnc(h, p)
			h.exec(`update suppressions set expires_at = $1`, h.ago(day))
		}, state: campaigns.CandidateOpen},
		{name: "one of two entries never ends", spoil: func(h *house, p *postgrestest.Person) {
			dnc(h, p)
			h.exec(`update suppressions set expires_at = $1, source = 'other'`, h.ago(-day))
			dnc(h, p)
		}, reason: campaigns.ReasonDoNotCall, state: campaigns.CandidateBlocked},
		{name: "bad number", spoil: bad, reason: campaigns.ReasonNoNumber, state: campaigns.CandidateBlocked},
		{name: "bad number, another one", spoil: second(bad), reason: campaigns.ReasonNoNumber, state: campaigns.CandidateReady, next: true},
		{name: "complaint", spoil: func(h *house, p *postgrestest.Person) {
			h.exec(`insert into complaints (contact_id, opened_at) values ($1, now())`, p.ContactID)
		}, reason: campaigns.ReasonOpenComplaint, state: campaigns.CandidateBlocked},
		{name: "complaint that is closed", spoil: func(h *house, p *postgrestest.Person) {
			h.exec(`insert into complaints (contact_id, opened_at, closed_at) values ($1, now(), now())`, p.ContactID)
		}, state: campaigns.CandidateOpen},
		{name: "consent refused", spoil: func(h *house, p *postgrestest.Person) { h.consent(*p, true, 2*day); h.consent(*p, false, day) },
			reason: campaigns.ReasonConsentRefused, state: campaigns.CandidateBlocked},
		{name: "consent given again", spoil: func(h *house, p *postgrestest.Person) { h.consent(*p, false, 2*day); h.consent(*p, true, day) },
			state: campaigns.CandidateOpen},
		{name: "consent refused until tomorrow", spoil: func(h *house, p *postgrestest.Person) {
			h.exec(`insert into consents (contact_id, purpose, channel, granted, valid_from, valid_until) values ($1, 'marketing', 'phone', false, $2, $3)`,
				p.ContactID, h.ago(day), h.ago(-day))
		}, reason: campaigns.ReasonConsentRefused, state: campaigns.CandidateResting, until: day},
		{name: "attempts used up", spoil: func(h *house, p *postgrestest.Person) {
			h.exec(`update candidates set attempts = 6 where id = $1`, p.CandidateID)
		}, reason: campaigns.ReasonMaxAttempts, state: campaigns.CandidateDone},
		{name: "attempts used up, but an agreed callback", spoil: func(h *house, p *postgrestest.Person) {
			h.exec(`update candidates set attempts = 6 where id = $1`, p.CandidateID)
			h.exec(`update buckets set kind = 'callback'`)
		}, state: campaigns.CandidateOpen},
		{name: "person's cap in all campaigns", spoil: func(h *house, p *postgrestest.Person) {
			other := *p
			for i, hours := range []int{1, 2, 3, 4} {
				other.NumberID = h.number(*p, fmt.Sprintf("+1212555999%d", i), 2+i)
				h.past(other, h.ago(time.Duration(hours)*time.Hour), campaigns.OutcomeNoAnswer)
			}
			h.exec(`update attempts set campaign_id = $1`, postgrestest.Campaign(h.t, h.store, "other").ID)
		}, reason: campaigns.ReasonPersonCap, state: campaigns.CandidateResting, until: 20 * time.Hour},
		{name: "number's cap", spoil: func(h *house, p *postgrestest.Person) {
			other := h.queued(1)[0]
			other.NumberID = p.NumberID
			for _, hours := range []int{1, 2, 3} {
				h.past(other, h.ago(time.Duration(hours)*time.Hour), campaigns.OutcomeUnknown)
			}
		}, reason: campaigns.ReasonNumberCap, state: campaigns.CandidateResting, until: 21 * time.Hour},
		{name: "attempts that rang nobody do not count", spoil: func(h *house, p *postgrestest.Person) {
			for range 5 {
				h.past(*p, h.ago(time.Hour), campaigns.OutcomeCongestion)
			}
		}, state: campaigns.CandidateOpen},
		{name: "too early in one of the zones", spoil: zones("{America/New_York,America/Los_Angeles}"),
			reason: campaigns.ReasonOutsideWindow, state: campaigns.CandidateResting, until: time.Hour},
		{name: "a known address beats the number", spoil: func(h *house, p *postgrestest.Person) {
			zones("{America/Los_Angeles}")(h, p)
			h.exec(`update contacts set region = 'NY' where id = $1`, p.ContactID)
		}, state: campaigns.CandidateOpen},
		{name: "the address is where it is too early", spoil: func(h *house, p *postgrestest.Person) {
			h.exec(`update contacts set time_zone = 'America/Los_Angeles' where id = $1`, p.ContactID)
		}, reason: campaigns.ReasonOutsideWindow, state: campaigns.CandidateResting, until: time.Hour},
		{name: "ringing would outlast the window", spoil: func(h *house, _ *postgrestest.Person) {
			h.settings(func(s *campaigns.Settings) {
				for day := range s.Window.Days {
					s.Window.Days[day] = campaigns.Hours{From: 9 * 60, Until: 10*60 + 1}
				}
				s.RingTimeout = campaigns.Seconds(120)
			})
		}, reason: campaigns.ReasonOutsideWindow, state: campaigns.CandidateResting, until: 23 * time.Hour},
		{name: "the window never opens", spoil: func(h *house, _ *postgrestest.Person) {
			h.settings(func(s *campaigns.Settings) { s.Window = campaigns.Window{} })
		}, reason: campaigns.ReasonOutsideWindow, state: campaigns.CandidateResting, until: day},
		{name: "no zone", spoil: zones("{}"), reason: campaigns.ReasonZoneUnknown, state: campaigns.CandidateBlocked},
		{name: "unknown zone", spoil: zones("{America/New_York,Mars/Olympus}"), reason: campaigns.ReasonZoneUnknown, state: campaigns.CandidateBlocked},
		{name: "open attempt in another campaign", spoil: func(h *house, p *postgrestest.Person) {
			other := postgrestest.Campaign(h.t, h.store, "other")
			h.reserveIn(other, h.also(other, *p, campaigns.CandidateQueued))
		}, reason: campaigns.ReasonPersonInAttempt, state: campaigns.CandidateResting, until: time.Minute},
		{name: "open attempt of another person at the number", spoil: func(h *house, p *postgrestest.Person) { h.attempt(h.sharing(p)) },
			reason: campaigns.ReasonNumberInAttempt, state: campaigns.CandidateResting, until: time.Minute},
		{name: "open attempt at a shared number", spoil: func(h *house, p *postgrestest.Person) {
			h.exec(`update numbers set shared = true where id = $1`, p.NumberID)
			h.attempt(h.sharing(p))
		}, state: campaigns.CandidateOpen},
		{name: "in a live call", spoil: func(h *house, p *postgrestest.Person) {
			h.exec(`insert into calls (id, direction, contact_id, node, epoch, started_at) values ($1, 'inbound', $2, 'n2', 1, now())`, callID(1), p.ContactID)
		}, reason: campaigns.ReasonPersonInCall, state: campaigns.CandidateResting, until: 5 * time.Minute},
		{name: "not queued", spoil: func(h *house, p *postgrestest.Person) {
			h.exec(`update candidates set state = 'done', reason = 'sale', queued_at = null where id = $1`, p.CandidateID)
		}, reason: campaigns.ReasonNotQueued, state: campaigns.CandidateDone},
	}
}

func TestEachGateRefusesAndTheCandidateGoesOn(t *testing.T) {
	t.Parallel()
	for _, c := range gateCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			p := h.queued(1)[0]
			c.spoil(h, &p)
			before := h.read(`select number_id from candidates where id = $1`, p.CandidateID)
			attempts, refused := h.reserve(h.items(p))
			if c.reason == "" {
				if len(attempts) != 1 || len(refused) != 0 {
					t.Fatalf("attempts %v, refused %v", attempts, refused)
				}
			} else if len(attempts) != 0 || len(refused) != 1 || refused[0].Reason != c.reason {
				t.Fatalf("attempts %v, refused %v", attempts, refused)
			}
			var state, reason, due string
			var number int64
			h.must(h.conn.QueryRow(t.Context(), `select state, reason, number_id, coalesce(due_at::text, '') from candidates where id = $1`,
				p.CandidateID).Scan(&state, &reason, &number, &due))
			if state != string(c.state) || (c.next == (fmt.Sprint(number) == before)) || (due != "") != (c.state == campaigns.CandidateResting) {
				t.Errorf("candidate is %s (%s) at number %d (was %s), due %q", state, reason, number, before, due)
			}
			if c.state == campaigns.CandidateResting || c.state == campaigns.CandidateBlocked {
				if reason != string(c.reason) {
					t.Errorf("reason kept: %q", reason)
				}
			}
			if c.until == 0 {
				if len(refused) == 1 && !refused[0].Until.IsZero() {
					t.Errorf("until %s", refused[0].Until)
				}
				return
			}
			if left := refused[0].Until.Sub(h.store.Clock().Now()); left > c.until || left < c.until-time.Minute {
				t.Errorf("lapses in %s, want about %s", left, c.until)
			}
		})
	}
}

// consent writes an entry of the consent ledger.
func (h *house) consent(p postgrestest.Person, granted bool, ago time.Duration) {
	h.t.Helper()
	h.exec(`insert into consents (contact_id, purpose, channel, granted, valid_from) values ($1, 'marketing', 'phone', $2, $3)`,
		p.ContactID, granted, h.ago(ago))
}

// sharing makes another person with the same number.
func (h *house) sharing(p *postgrestest.Person) postgrestest.Person {
	h.t.Helper()
	other := h.queued(1)[0]
	h.exec(`insert into contact_numbers values ($1, $2, 2)`, other.ContactID, p.NumberID)
	h.exec(`update candidates set number_id = $2 where id = $1`, other.CandidateID, p.NumberID)
	other.NumberID = p.NumberID
	return other
}

// reserveIn reserves in a campaign other than the first.
func (h *house) reserveIn(campaign campaigns.Campaign, p postgrestest.Person) {
	h.t.Helper()
	if attempts, refused := h.reserve(postgrestest.Items(campaign, []postgrestest.Person{p})); len(attempts) != 1 {
		h.t.Fatalf("refused: %v", refused)
	}
}

// callID makes the nth id of a call.
func callID(n int) campaigns.CallID {
	return campaigns.CallID(fmt.Sprintf("01HZZZZZZZZZZZZZZZZZZZ%04d", n))
}

func TestOnePersonTwiceInABatch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	other := postgrestest.Campaign(t, h.store, "other")
	twin := h.also(other, p, campaigns.CandidateQueued)
	neighbour := h.sharing(&p)
	items := append(h.items(p, p, neighbour), postgrestest.Items(other, []postgrestest.Person{twin})...)
	attempts, refused := h.reserve(items)
	if len(attempts) != 1 || attempts[0].CandidateID != p.CandidateID {
		t.Fatalf("attempts %v", attempts)
	}
	if len(refused) != 2 || refused[0].Reason != campaigns.ReasonNumberInAttempt || refused[1].Reason != campaigns.ReasonPersonInAttempt {
		t.Fatalf("refused %v", refused)
	}
	if got := h.read(`select state from candidates order by id`); got != "open\nresting\nresting" {
		t.Errorf("states %q", got)
	}
}

func TestAnItemThatIsOutOfDateIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(2)
	wrongNumber, wrongPerson, wrongCampaign, nobody := h.items(p[0])[0], h.items(p[0])[0], h.items(p[0])[0], h.items(p[0])[0]
	wrongNumber.NumberID = p[1].NumberID
	wrongPerson.ContactID = p[1].ContactID
	wrongCampaign.CampaignID = postgrestest.Campaign(t, h.store, "other").ID
	nobody.CandidateID = 1 << 40
	for _, item := range []campaigns.HopperItem{wrongNumber, wrongPerson, wrongCampaign, nobody} {
		attempts, refused := h.reserve([]campaigns.HopperItem{item})
		if len(attempts) != 0 || len(refused) != 1 || refused[0].Reason != campaigns.ReasonNotQueued {
			t.Errorf("%+v: attempts %v, refused %v", item, attempts, refused)
		}
	}
	if got := h.read(`select distinct state from candidates`); got != "queued" {
		t.Errorf("states %q", got)
	}
}

func TestReserveNeedsAFreshLease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)
	stale := h.owner
	h.owner = h.join("n1", time.Hour)
	lapsed := h.join("n2", -time.Second)
	unknown := lapsed
	unknown.Node = "n3"
	for _, owner := range []postgres.Owner{stale, lapsed, unknown} {
		_, _, err := h.store.Reserve(t.Context(), owner, h.items(p...))
		h.code(err, campaigns.CodeConflict, "no fresh lease")
	}
	if got := h.read(`select count(*), (select min(state) from candidates) from attempts`); got != "0 queued" {
		t.Errorf("attempts and state: %s", got)
	}
	h.attempt(p[0])
	if none, refused, err := h.store.Reserve(t.Context(), h.owner, nil); none != nil || refused != nil || err != nil {
		t.Errorf("nothing gave %v, %v, %v", none, refused, err)
	}
}
