package postgres_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

func TestThePopTellsTheWholeStory(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ada")
	h.exec(`update users set display_name = 'Ada L.'`)
	other := postgrestest.Campaign(t, h.store, "other")
	h.settings(func(s *campaigns.Settings) {
		s.Script = "Hello {{first_name}}, {{ agent_name }} of {{campaign}} here. Your {{plan|present plan}}, {{car}}, {{missing|}}, {{last_name|friend}}."
		s.Offer = "Half price for {{first_name|you}}"
	})
	p := h.queued(1)[0]
	h.exec(`update contacts set last_name = '', attributes = '{"plan": "Gold"}' where id = $1`, p.ContactID)
	h.exec(`update candidates set value = 8, propensity = 0.5, attempts = 2, event_at = $1`, h.ago(24*time.Hour))
	h.consent(p, true, 48*time.Hour)
	h.past(p, h.ago(72*time.Hour), campaigns.OutcomeBusy)
	h.exec(`update attempts set campaign_id = $1`, other.ID)
	h.talked(p, agent, callID(1))
	h.exec(`insert into calls (id, direction, contact_id, node, epoch, started_at, ended_at, ended_by, notes, talk_ms, disposition, closed_at)
		values ($1, 'inbound', $2, 'n1', 1, $3, $3, 'customer', 'asked for the bill', 61000, 'served', $3)`, callID(2), p.ContactID, h.ago(time.Hour))

	pop, err := h.store.Pop(t.Context(), postgres.PopFor{
		CampaignID: h.campaign.ID, CandidateID: p.CandidateID, ContactID: p.ContactID, NumberID: p.NumberID, AgentID: agent,
	})
	h.must(err)
	if want := "Hello Ann, Ada L. of first here. Your Gold, [ask car], [ask missing], friend."; pop.Script != want {
		t.Errorf("script %q, want %q", pop.Script, want)
	}
	if pop.Offer != "Half price for Ann" || len(pop.Dispositions) == 0 || len(pop.Factors) == 0 || len(pop.Consents) != 1 || !pop.Consents[0].Granted {
		t.Errorf("pop %+v", pop)
	}
	if !strings.HasPrefix(pop.LocalTime, "2026-03-03T10:") || pop.CallsAllowedUntil != "2026-03-03T21:00:00-05:00" {
		t.Errorf("it is %s there, calls are allowed until %s", pop.LocalTime, pop.CallsAllowedUntil)
	}
	var story []string
	for _, i := range pop.History {
		story = append(story, strings.Join([]string{string(i.Direction), i.Campaign, i.Agent, string(i.Outcome), string(i.Disposition), i.Notes}, "|"))
	}
	if want := []string{"outbound|first|Ada L.|answered||", "inbound||||served|asked for the bill", "outbound|other||busy||"}; !slices.Equal(story, want) {
		t.Errorf("history %q", story)
	}
	if pop.History[1].TalkSeconds != 61 {
		t.Errorf("talked %d s", pop.History[1].TalkSeconds)
	}
}

func TestThePopOfAnUnknownCallerIsEmptyNotNull(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pop, err := h.store.Pop(t.Context(), postgres.PopFor{})
	h.must(err)
	if pop.Consents == nil || pop.Factors == nil || pop.History == nil || pop.Dispositions == nil || pop.LocalTime != "" {
		t.Errorf("pop %+v", pop)
	}
	nobody, err := h.store.CreateContact(t.Context(), campaigns.Contact{FirstName: "No", LastName: "Phone"})
	h.must(err)
	pop, err = h.store.Pop(t.Context(), postgres.PopFor{ContactID: nobody.ID, CandidateID: 999})
	h.must(err)
	if pop.Consents == nil || pop.Factors == nil || pop.History == nil || pop.Contact.Numbers == nil {
		t.Errorf("pop %+v", pop)
	}
	_, err = h.store.Pop(t.Context(), postgres.PopFor{ContactID: 999})
	h.code(err, campaigns.CodeNotFound, "no contact 999")
}

func TestACallerIsIdentified(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(3)
	for i, value := range []float64{50, 2000, 150} {
		h.exec(`update contacts set value = $2 where id = $1`, p[i].ContactID, value)
		if i > 0 {
			h.exec(`insert into contact_numbers values ($1, $2, 2)`, p[i].ContactID, p[0].NumberID)
		}
	}
	other := postgrestest.Campaign(t, h.store, "other")
	h.past(p[0], h.ago(3*time.Hour), campaigns.OutcomeBusy)
	h.past(p[2], h.ago(time.Hour), campaigns.OutcomeNoAnswer)
	h.exec(`insert into attempts (campaign_id, candidate_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by, ended_at, outcome)
		values ($1, 77, $2, $3, true, 'old', 1, $4, $4, $4, 'no_answer')`, other.ID, p[2].ContactID, p[0].NumberID, h.ago(2*time.Hour))
	who, err := h.store.Identify(t.Context(), "(212) 555-0000", "US")
	h.must(err)
	var ids []int64
	for _, c := range who.Contacts {
		ids = append(ids, c.ID)
	}
	if !slices.Equal(ids, []int64{p[2].ContactID, p[0].ContactID, p[1].ContactID}) {
		t.Errorf("most recently called first: %v", ids)
	}
	if who.NumberID != p[0].NumberID || who.CampaignID != other.ID || who.CandidateID != 77 || who.Priority != 3 {
		t.Errorf("identity %+v", who)
	}
	for _, caller := range []string{"anonymous", "", "+12125559999"} {
		if who, err := h.store.Identify(t.Context(), caller, "US"); err != nil || len(who.Contacts) != 0 || who.NumberID != 0 || who.Priority != 0 {
			t.Errorf("%q: %+v, %v", caller, who, err)
		}
	}
}

func TestContactsAreFoundByTheirOwnWords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	person := func(c campaigns.Contact) int64 {
		made, err := h.store.CreateContact(t.Context(), c)
		h.must(err)
		return made.ID
	}
	number := func(e164 string) []campaigns.ContactNumber { return []campaigns.ContactNumber{{E164: e164}} }
	percent := person(campaigns.Contact{FirstName: "Odd", LastName: "100%_\\", ExternalID: "A-1"})
	plain := person(campaigns.Contact{FirstName: "Odd", LastName: "100 percent", Company: "Acme", Numbers: number("+12125550123"), Value: 5})
	rich := person(campaigns.Contact{FirstName: "odd", LastName: "Other", Value: 500})
	for text, want := range map[string][]int64{
		"100%":           {percent},
		"100%_\\":        {percent},
		"%":              nil,
		"_":              nil,
		"\\":             nil,
		"100":            {plain, percent},
		"ODD":            {rich, plain, percent},
		"odd o":          {rich},
		"acm":            {plain},
		"A-1":            {percent},
		"(212) 555-0123": {plain},
		"":               nil,
		"   ":            nil,
	} {
		found, err := h.store.FindContacts(t.Context(), text)
		h.must(err)
		var ids []int64
		for _, c := range found {
			ids = append(ids, c.ID)
		}
		if found == nil || !slices.Equal(ids, want) {
			t.Errorf("%q found %v, want %v", text, ids, want)
		}
	}
	_, err := h.store.FindContacts(t.Context(), "a\x00b")
	h.code(err, campaigns.CodeInvalid, "no text")
	_, err = h.store.FindContacts(t.Context(), "a\xffb")
	h.code(err, campaigns.CodeInvalid, "no text")
}

func TestContactsAreCreated(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	given := campaigns.Contact{
		ExternalID: "X", FirstName: "Ann", Attributes: map[string]string{"plan": "Gold"},
		Numbers: []campaigns.ContactNumber{{E164: "+12125550101"}, {E164: "(312) 555-0102"}, {E164: "+12125550101"}},
	}
	made, err := h.store.CreateContact(t.Context(), given)
	h.must(err)
	if made.Value != 1 || made.Attributes["plan"] != "Gold" || len(made.Numbers) != 2 || made.Numbers[1].E164 != "+13125550102" || len(made.Numbers[0].Zones) == 0 {
		t.Errorf("made %+v", made)
	}
	_, err = h.store.CreateContact(t.Context(), given)
	h.code(err, campaigns.CodeConflict, `"X" exists`)
	given.ExternalID, given.Numbers = "Y", []campaigns.ContactNumber{{E164: "12"}}
	_, err = h.store.CreateContact(t.Context(), given)
	h.code(err, campaigns.CodeInvalid, "number")
	given.Numbers = []campaigns.ContactNumber{{E164: "+12125550101"}}
	second, err := h.store.CreateContact(t.Context(), given)
	h.must(err)
	if !second.Numbers[0].Shared {
		t.Error("a number of two persons is not shared")
	}
	if got := h.read(`select count(*) from contacts`); got != "2" {
		t.Errorf("%s contacts", got)
	}
	h.must(h.store.AddSuppression(t.Context(), "+12125550101", 0, "test", "", time.Time{}))
	h.exec(`update numbers set bad_at = now() where e164 = '+13125550102'`)
	made, err = h.store.Contact(t.Context(), made.ID)
	h.must(err)
	if !made.Numbers[0].DoNotCall || made.Numbers[0].Bad || made.Numbers[1].DoNotCall || !made.Numbers[1].Bad {
		t.Errorf("numbers %+v", made.Numbers)
	}
}

func TestUsersSignInOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	u, err := h.store.CreateUser(ctx, campaigns.User{Name: "ada", Role: campaigns.RoleAgent, Languages: []string{"en"}, CampaignIDs: []int64{h.campaign.ID}}, "hash")
	h.must(err)
	if u.DisplayName != "ada" || u.PhoneMode != campaigns.PhoneNailed || !slices.Equal(u.CampaignIDs, []int64{h.campaign.ID}) {
		t.Errorf("made %+v", u)
	}
	_, err = h.store.CreateUser(ctx, campaigns.User{Name: "ada", Role: campaigns.RoleAgent}, "")
	h.code(err, campaigns.CodeConflict, `"ada" exists`)
	for field, wrong := range map[string]campaigns.User{
		"name": {Role: campaigns.RoleAgent}, "role": {Name: "x", Role: "boss"}, "phone_mode": {Name: "x", Role: campaigns.RoleAdmin, PhoneMode: "both"},
	} {
		_, err = h.store.CreateUser(ctx, wrong, "")
		h.code(err, campaigns.CodeInvalid, field)
	}
	h.must(h.store.SetPasswordHash(ctx, u.ID, "other"))
	if found, hash, err := h.store.UserByName(ctx, "ada"); err != nil || found.ID != u.ID || hash != "other" {
		t.Errorf("found %+v, %q, %v", found, hash, err)
	}

	h.must(h.store.AddSignInLink(ctx, u.ID, "token", time.Now().Add(time.Minute)))
	h.must(h.store.AddSignInLink(ctx, u.ID, "late", time.Now().Add(-time.Minute)))
	var used sync.WaitGroup
	signedIn := make(chan int64, 20)
	for range 20 {
		used.Go(func() {
			if who, err := h.store.UseSignInLink(ctx, "token"); err == nil {
				signedIn <- who.ID
			} else if campaigns.CodeOf(err) != campaigns.CodeForbidden {
				t.Error(err)
			}
		})
	}
	used.Wait()
	if len(signedIn) != 1 || <-signedIn != u.ID {
		t.Error("a link was used more than once, or never")
	}
	for _, token := range []string{"late", "unknown", ""} {
		_, err := h.store.UseSignInLink(ctx, token)
		h.code(err, campaigns.CodeForbidden, "used or has expired")
	}
	if got := h.read(`select count(*) from sign_in_links where encode(token_hash, 'escape') like '%token%'`); got != "0" {
		t.Error("a token is stored as it is")
	}
	h.exec(`update users set disabled_at = now()`)
	_, err = h.store.User(ctx, u.ID)
	h.code(err, campaigns.CodeNotFound, "no user")
	_, _, err = h.store.UserByName(ctx, "ada")
	h.code(err, campaigns.CodeNotFound, `"ada"`)
	if all, err := h.store.Users(ctx); err != nil || len(all) != 0 {
		t.Errorf("users %v, %v", all, err)
	}
}

func TestWebSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.must(h.store.CommitSession(ctx, "a", []byte("one"), time.Now().Add(time.Hour)))
	h.must(h.store.CommitSession(ctx, "a", []byte("two"), time.Now().Add(time.Hour)))
	h.must(h.store.CommitSession(ctx, "b", []byte("old"), time.Now().Add(-time.Second)))
	if data, found, err := h.store.FindSession(ctx, "a"); string(data) != "two" || !found || err != nil {
		t.Errorf("found %q, %v, %v", data, found, err)
	}
	if _, found, err := h.store.FindSession(ctx, "b"); found || err != nil {
		t.Errorf("an expired session was found, %v", err)
	}
	h.must(h.store.DeleteSession(ctx, "a"))
	if _, found, _ := h.store.FindSession(ctx, "a"); found {
		t.Error("a deleted session was found")
	}
}

func TestFiguresOfTheDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, since := t.Context(), h.ago(time.Hour)
	agent := h.agent("ada")
	p := h.queued(8)
	for i, outcome := range []campaigns.Outcome{campaigns.OutcomeBusy, campaigns.OutcomeDropped, campaigns.OutcomeDropped} {
		h.record(h.ended(h.attempt(p[i]), outcome))
	}
	for i := 3; i < 6; i++ {
		h.talked(p[i], agent, callID(i))
	}
	h.commit(h.result(agent, callID(3), campaigns.DispositionSale))
	h.past(p[7], h.ago(2*time.Hour), campaigns.OutcomeBusy) // before
	figures, err := h.store.Figures(ctx, since)
	h.must(err)
	f := figures[h.campaign.ID]
	if f.Attempts() != 6 || f.Outcomes[campaigns.OutcomeBusy] != 1 || f.Outcomes[campaigns.OutcomeAnswered] != 3 || f.DropRate() != 0.4 ||
		f.Results[campaigns.DispositionSale] != 1 || f.Candidates[campaigns.CandidateOpen] != 2 || f.Candidates[campaigns.CandidateQueued] != 2 ||
		f.Candidates[campaigns.CandidateResting] != 3 || f.Candidates[campaigns.CandidateDone] != 1 {
		t.Errorf("figures %+v, drop rate %v", f, f.DropRate())
	}
	if (postgres.CampaignFigures{}).DropRate() != 0 {
		t.Error("a drop rate of nothing")
	}
	for i, seconds := range []int{5, 30, 0} {
		h.exec(`insert into calls (id, direction, queue, node, epoch, started_at, bridged_at, ended_at, ended_by, abandoned)
			values ($1, 'inbound', 'service', 'n1', 1, $2, case when $3 > 0 then $2::timestamptz + $3 * interval '1 second' end, $2, 'customer', $3 = 0)`,
			callID(10+i), h.ago(time.Minute), seconds)
	}
	queues, err := h.store.QueueFigures(ctx, since, 20*time.Second)
	h.must(err)
	if want := (postgres.QueueFigures{Offered: 3, Answered: 2, Abandoned: 1, InTime: 1}); queues["service"] != want || len(queues) != 1 {
		t.Errorf("queues %+v", queues)
	}
	toInvite, toBridge, _, err := h.store.Latencies(ctx, since)
	h.must(err)
	if toInvite.P50 != 1 || toBridge.P99 != 2 {
		t.Errorf("to INVITE %+v, to bridge %+v", toInvite, toBridge)
	}
	results, err := h.store.Dispositions(ctx, since)
	h.must(err)
	if results[campaigns.DispositionSale] != 1 || len(results) != 1 {
		t.Errorf("results %v", results)
	}
	i, err := h.store.CheckIntegrity(ctx, since)
	h.must(err)
	// Two that talked and three of the queue have ended without a result.
	if i.OpenAttempts != 0 || i.StatelessCandidates != 0 || i.AnsweredWithoutResult != 5 {
		t.Errorf("integrity %+v", i)
	}
	h.attempt(p[6])
	h.exec(`update candidates set state = 'open', queued_at = null where id = $1`, p[7].CandidateID)
	h.exec(`update calls set rtp_sent = 5, rtp_received = 4, rtp_lost = 1 where id = $1`, callID(3))
	if i, err = h.store.CheckIntegrity(ctx, since); err != nil || i.OpenAttempts != 1 || i.StatelessCandidates != 1 || i.Sent != 5 || i.Received != 4 || i.Lost != 1 {
		t.Errorf("integrity %+v, %v", i, err)
	}
}
