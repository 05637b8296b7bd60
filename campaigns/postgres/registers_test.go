package postgres_test

import (
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// A file of the national register that was imported once and is older than the
// rule of the place allows (31 days, 16 CFR 310.4(b)(3)(iv)) stops the calls
// there until a fresh one is there; one that never was stops nothing.
func TestAnOldRegisterStopsTheCallsOfItsCountry(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	people := h.queued(5)
	person := func(n int) postgrestest.Person { return people[n] }
	refusedBy := func(n int) campaigns.Reason {
		t.Helper()
		attempts, refused := h.reserve(h.items(person(n)))
		if len(attempts) == 1 {
			return ""
		}
		return refused[0].Reason
	}
	load := func(name string) {
		t.Helper()
		h.load(postgres.DNCImport{List: campaigns.DNCList{Name: name, National: true}, File: "file", Numbers: file("+13105550000"), Replace: true})
	}
	if got := refusedBy(0); got != "" {
		t.Errorf("never imported: refused by %s", got)
	}
	h.exec(`update buckets set region = 'US-NY'`)
	checks, err := h.store.RegisterChecks(ctx, h.campaign.ID)
	h.must(err)
	if len(checks) != 1 || checks[0].Country != "US" || checks[0].Rule != "us-tsr" || checks[0].List != "" || checks[0].Old || checks[0].CheckedAt != nil ||
		checks[0].MaxAge.Std() != 31*dayLong {
		t.Errorf("never imported: %+v", checks)
	}
	load("gb-tps")
	load("us-national")
	h.exec(`update dnc_files set loaded_at = loaded_at - interval '32 days'`)
	if got := refusedBy(1); got != campaigns.ReasonRegisterOld {
		t.Errorf("a file of 32 days ago: refused by %q", got)
	}
	if got := h.read(`select state, reason, round(extract(epoch from due_at - state_at))::int from candidates where id = $1`, person(1).CandidateID); got != "resting register_old 3600" {
		t.Errorf("the candidate is %s", got)
	}
	if checks, err = h.store.RegisterChecks(ctx, h.campaign.ID); err != nil || len(checks) != 1 || checks[0].List != "us-national" || !checks[0].Old {
		t.Errorf("old: %+v, %v", checks, err)
	}
	why, err := h.store.WhyContact(ctx, h.campaign.ID, person(1).ContactID)
	h.must(err)
	found := false
	for _, g := range why.Numbers[0].Gates {
		found = found || g.Gate == campaigns.ReasonRegisterOld && !g.Passed && g.Rule == "us-tsr" && len(g.Sources) > 0
	}
	if !found || why.Numbers[0].Allowed {
		t.Errorf("why: %+v", why.Numbers[0])
	}
	// The refill leaves them too, rather than have the gate refuse one by one.
	h.exec(`update candidates set state = 'ready', reason = '', queued_at = null where state = 'queued'`)
	items, err := h.store.Refill(ctx, h.campaign.ID, 10)
	h.must(err)
	if len(items) != 0 {
		t.Errorf("the refill took %v", items)
	}
	h.exec(`update candidates set state = 'queued', queued_at = now() where state = 'ready'`)

	h.settings(func(s *campaigns.Settings) { s.Compliance.RegistersCheckedElsewhere = true })
	if got := refusedBy(2); got != "" {
		t.Errorf("looked into elsewhere: refused by %s", got)
	}
	h.settings(func(s *campaigns.Settings) { s.Compliance.RegistersCheckedElsewhere = false })
	if got := refusedBy(3); got != campaigns.ReasonRegisterOld {
		t.Errorf("no more elsewhere: refused by %q", got)
	}
	load("us-national") // that of Britain stays old, and is not asked for here
	if got := refusedBy(4); got != "" {
		t.Errorf("a fresh file: refused by %s", got)
	}
	_, err = h.store.RegisterChecks(ctx, 999)
	h.code(err, campaigns.CodeNotFound, "no campaign 999")
}

// A list that names no country may be the register of any, and a list of one
// campaign binds no other.
func TestWhoseRegisterAListIs(t *testing.T) {
	t.Parallel()
	for name, stops := range map[string]bool{"us": true, "US national": true, "registry": true, "us_dnc": true, "uk-tps": false, "ca-dncl": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.load(postgres.DNCImport{List: campaigns.DNCList{Name: name, National: true}, File: "file", Numbers: file("+13105550000")})
			h.exec(`update dnc_files set loaded_at = loaded_at - interval '32 days'`)
			attempts, _ := h.reserve(h.items(h.queued(1)...))
			if stopped := len(attempts) == 0; stopped != stops {
				t.Errorf("stopped %v, want %v", stopped, stops)
			}
		})
	}
	h := newHouse(t)
	other := postgrestest.Campaign(t, h.store, "other")
	h.load(postgres.DNCImport{List: campaigns.DNCList{Name: "us-other", National: true, Campaign: "other"}, File: "file", Numbers: file("+13105550000")})
	h.exec(`update dnc_files set loaded_at = loaded_at - interval '32 days'`)
	p := h.queued(1)[0]
	theirs := h.also(other, p, campaigns.CandidateQueued)
	if _, refused := h.reserve(postgrestest.Items(other, []postgrestest.Person{theirs})); len(refused) != 1 || refused[0].Reason != campaigns.ReasonRegisterOld {
		t.Errorf("the list's campaign: refused %v", refused)
	}
	if attempts, refused := h.reserve(h.items(p)); len(attempts) != 1 {
		t.Errorf("another campaign: refused %v", refused)
	}
}

// Agreed hours with a proof stand in for those of France (D. 223-9).
func TestAProvenConsentWithHoursOpensThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t) // Tuesday at 16:00 in Paris, on the third of March 2026
	h.settings(func(s *campaigns.Settings) { s.Window = campaigns.DailyWindow(0, 24) })
	p := h.queued(1)[0]
	h.exec(`update numbers set e164 = '+33140120001', region = 'FR', zones = '{Europe/Paris}' where id = $1`, p.NumberID)
	var hours campaigns.Window
	hours.Days[time.Sunday] = campaigns.Hours{From: 600, Until: 1200}
	grant := func(proof string) {
		t.Helper()
		_, err := h.store.RecordConsent(t.Context(), campaigns.ConsentEntry{ContactID: p.ContactID, Purpose: campaigns.PurposeMarketing, Channel: "phone",
			Granted: true, Source: "form", Proof: proof, Hours: &hours, From: h.ago(time.Hour)})
		h.must(err)
	}
	grant("")
	why := func() string {
		t.Helper()
		w, err := h.store.WhyContact(t.Context(), h.campaign.ID, p.ContactID)
		h.must(err)
		for _, g := range w.Numbers[0].Gates {
			if !g.Passed && g.Until != nil {
				return g.Until.UTC().Format("Mon 15:04 ") + string(g.Gate)
			}
		}
		return ""
	}
	// Sundays are closed by the rule, and all else by what was agreed: never.
	if got := why(); got != "" {
		t.Errorf("without a proof the gate opens at %s", got)
	}
	grant("recording 7")
	if got := why(); got != "Sun 09:00 outside_preferred_hours" {
		t.Errorf("with a proof the gate opens at %q", got)
	}
}

// A callback is agreed by the hours of its day, however old the register's file
// will be then.
func TestACallbackIsAgreedByTheHoursOfItsDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	h.load(postgres.DNCImport{List: campaigns.DNCList{Name: "us", National: true}, File: "file", Numbers: file("+13105550000")})
	call := callID(1)
	h.talked(p, agent, call)
	night := time.Date(2026, 4, 28, 7, 0, 0, 0, time.UTC) // three in the morning in New York, eight weeks ahead
	agree := func(at time.Time) error {
		_, err := h.store.CommitResult(t.Context(), campaigns.Result{CommandID: at.String(), CallID: call, AgentID: agent,
			Disposition: campaigns.DispositionCallback, CallbackAt: at})
		return err
	}
	h.code(agree(night), campaigns.CodeInvalid, "outside the customer's calling hours")
	h.must(agree(night.Add(9 * time.Hour)))
}
