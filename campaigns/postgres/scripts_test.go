package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

func popFor(h *house, p postgrestest.Person, agent int64) postgres.PopFor {
	return postgres.PopFor{CampaignID: h.campaign.ID, CandidateID: p.CandidateID, ContactID: p.ContactID, NumberID: p.NumberID, AgentID: agent}
}

func amendment(id campaigns.CallID, disposition campaigns.Disposition, reason, why string) postgres.Amendment {
	return postgres.Amendment{CallID: id, Disposition: disposition, Reason: reason, Why: why}
}

// supervisor makes one.
func (h *house) supervisor(name string) int64 {
	h.t.Helper()
	u, err := h.store.CreateUser(h.t.Context(), campaigns.User{Name: name, Role: campaigns.RoleSupervisor}, "")
	h.must(err)
	return u.ID
}

// script gives a script that is valid as it is.
func script(name string) campaigns.Script {
	return campaigns.Script{
		Name: name, DefaultLanguage: "en",
		Texts: map[string]campaigns.ScriptText{
			"en": {
				Sections: []campaigns.ScriptSection{{Title: "Greeting", Text: "Hello {{first_name|there}}, this is {{agent_name}}."}, {Title: "Need", Text: "You have {{attr.plan}}?"}},
				Disclosures: []campaigns.Disclosure{
					{Code: "recorded", Text: "This call is recorded."},
					{Code: "withdrawal", Text: "You may withdraw for 14 days.", For: []campaigns.Disposition{campaigns.DispositionSale}},
				},
				Objections: []campaigns.ObjectionCard{{Kind: campaigns.ObjectionPrice, Title: "Too dear", Text: "Per day it is {{attr.daily|little}}."}},
			},
			"es": {Sections: []campaigns.ScriptSection{{Title: "Saludo", Text: "Hola {{first_name|amigo}}."}}},
		},
	}
}

func (h *house) scripted(s campaigns.Script) {
	h.t.Helper()
	_, err := h.store.ApplyScript(h.t.Context(), s, false)
	h.must(err)
}

func (h *house) campaignSays(name string) {
	h.t.Helper()
	h.exec(`update campaigns set settings = jsonb_set(settings, '{script}', to_jsonb($2::text)), revision = revision + 1 where id = $1`, h.campaign.ID, name)
}

func TestApplyingAScriptAppendsAndPublishesVersions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	apply := func(s campaigns.Script, dry bool, want ...campaigns.Change) {
		t.Helper()
		got, err := h.store.ApplyScript(t.Context(), s, dry)
		h.must(err)
		if len(got) != len(want) {
			t.Fatalf("changes %+v, want %+v", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("change %+v, want %+v", got[i], want[i])
			}
		}
	}
	s := script("hello")
	both := []campaigns.Change{{Language: "en", Version: 1, Changed: true}, {Language: "es", Version: 1, Changed: true}}
	apply(s, true, both...)
	if h.read(`select count(*) from scripts`) != "0" {
		t.Error("a dry run left a script")
	}
	apply(s, false, both...)
	apply(s, false, campaigns.Change{Language: "en", Version: 1}, campaigns.Change{Language: "es", Version: 1})
	spanish := s.Texts["es"]
	s.Texts["es"] = campaigns.ScriptText{Sections: []campaigns.ScriptSection{{Title: "Saludo", Text: "Buenos días."}}}
	apply(s, false, campaigns.Change{Language: "en", Version: 1}, campaigns.Change{Language: "es", Version: 2, Changed: true})
	if got := h.read(`select language, count(*) from script_publications where until_at is null group by 1 order by 1`); got != "en 1\nes 1" {
		t.Errorf("published: %s", got)
	}
	h.must(h.store.PublishScript(t.Context(), "hello", "es", 1))
	all, err := h.store.Scripts(t.Context())
	h.must(err)
	if len(all) != 2 || all[1].Version != 1 || all[1].Text.Sections[0] != spanish.Sections[0] {
		t.Errorf("in force: %+v", all)
	}
	if err := h.store.PublishScript(t.Context(), "hello", "es", 3); campaigns.CodeOf(err) != campaigns.CodeNotFound {
		t.Errorf("no such version: %v", err)
	}
	delete(s.Texts, "es")
	apply(s, false, campaigns.Change{Language: "en", Version: 1}, campaigns.Change{Language: "es", Changed: true})
	if versions, err := h.store.ScriptVersions(t.Context(), "hello"); err != nil || len(versions) != 3 || versions[1].Published || !versions[0].Published {
		t.Errorf("versions %+v, %v", versions, err)
	}
	for _, sql := range []string{`update script_versions set body = '{}'`, `delete from script_versions`} {
		if _, err := h.conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
}

func TestThePopShowsTheScriptInThePersonsLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, people := h.agent("ann"), h.queued(3)
	h.scripted(script("hello"))
	h.campaignSays("hello")
	h.exec(`update contacts set language = case id when $1 then 'es_AR' when $2 then 'fr' else language end, attributes = '{"plan": "gold"}'`,
		people[1].ContactID, people[2].ContactID)
	pop := h.pop(people[0], agent)
	shown := pop.ScriptShown
	if shown == nil || shown.Language != "en" || shown.Version != 1 || len(shown.Sections) != 2 || len(shown.Disclosures) != 2 || len(shown.Objections) != 1 {
		t.Fatalf("shown: %+v", shown)
	}
	if pop.Script != "Hello Ann, this is ann.\n\nYou have gold?" || shown.Sections[1].Text != "You have gold?" || shown.Objections[0].Text != "Per day it is little." {
		t.Errorf("merged: %q %+v", pop.Script, shown)
	}
	if got := fmt.Sprint(shown.Disclosures[0].For, shown.Disclosures[1].For); got != "[sale callback not_interested served] [sale]" {
		t.Errorf("needed for %s", got)
	}
	if got := h.pop(people[1], agent).ScriptShown; got.Language != "es" || got.Sections[0].Text != "Hola Ann." {
		t.Errorf("es_AR: %+v", got)
	}
	if got := h.pop(people[2], agent).ScriptShown; got.Language != "en" {
		t.Errorf("fr: %+v", got)
	}
	// Nobody is reserved yet while the phone rings.
	ringing := h.pop(people[0], 0)
	addressed := ringing.Addressed("Bob")
	if addressed.ScriptShown.Sections[0].Text != "Hello Ann, this is Bob." || ringing.ScriptShown.Sections[0].Text != "Hello Ann, this is {{agent_name}}." {
		t.Errorf("addressed %q, before %q", addressed.ScriptShown.Sections[0].Text, ringing.ScriptShown.Sections[0].Text)
	}
}

func TestTheCampaignsLanguageServesWhoHasNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, people := h.agent("ann"), h.queued(4)
	s := script("hello")
	spanish := s.Texts["es"]
	spanish.Disclosures = []campaigns.Disclosure{{Code: "grabada", Text: "Esta llamada se graba."}}
	s.Texts["es"] = spanish
	h.scripted(s)
	h.campaignSays("hello")
	h.offers(offer("half"))
	h.campaignOffers("half")
	speaks := func(language string) {
		h.exec(`update campaigns set settings = settings || jsonb_build_object('language', $2::text), revision = revision + 1,
			updated_at = updated_at - interval '1 day' where id = $1`, h.campaign.ID, language)
	}
	h.exec(`update contacts set language = case id when $1 then 'en' when $2 then 'fr' else '' end`, people[1].ContactID, people[2].ContactID)
	for _, c := range []struct {
		campaign string
		want     [3]string // of who has no language, who has en, and who has one without a text
	}{{"", [3]string{"en", "en", "en"}}, {"es-MX", [3]string{"es", "en", "es"}}, {"de", [3]string{"en", "en", "en"}}} {
		speaks(c.campaign)
		for i, want := range c.want {
			pop := h.pop(people[i], agent)
			if pop.ScriptShown.Language != want || pop.OfferShown.Language != want {
				t.Errorf("campaign %q, person %d: script in %q, offer in %q, want %q", c.campaign, i, pop.ScriptShown.Language, pop.OfferShown.Language, want)
			}
		}
	}
	speaks("es")
	h.exec(`update script_publications set from_at = from_at - interval '1 day'`)
	h.talked(people[3], agent, callID(40))
	result := h.result(agent, callID(40), campaigns.DispositionServed)
	if _, err := h.store.CommitResult(t.Context(), result); err == nil || !strings.Contains(err.Error(), "grabada") {
		t.Errorf("a result without the Spanish disclosure: %v", err)
	}
}

func TestAResultNeedsTheDisclosuresOfItsScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ann")
	s := script("hello")
	h.scripted(s)
	h.campaignSays("hello")
	// What an agent who talks already has not seen binds nobody.
	h.talked(h.queued(1)[0], agent, callID(30))
	unseen := h.result(agent, callID(30), campaigns.DispositionServed)
	h.commit(unseen)
	h.long(`update script_publications set from_at = from_at - interval '1 hour'`, `update campaigns set updated_at = updated_at - interval '1 hour'`)
	version := h.pop(h.queued(1)[0], agent).ScriptShown.VersionID
	// A later version that asks for more binds later calls only.
	more := s.Texts["en"]
	commit := func(i int, d campaigns.Disposition, version int64, confirmed ...string) error {
		t.Helper()
		r := h.result(agent, callID(i), d)
		r.ScriptVersion, r.Disclosures = version, confirmed
		if d == campaigns.DispositionNotInterested {
			r.Reason = "price"
		}
		_, err := h.store.CommitResult(t.Context(), r)
		return err
	}
	for i, c := range []struct {
		disposition campaigns.Disposition
		confirmed   []string
		refused     string
	}{
		{campaigns.DispositionSale, []string{"recorded"}, "disclosures: withdrawal is not confirmed: the result sale needs that the customer was told \"You may withdraw for 14 days.\""},
		{campaigns.DispositionNotInterested, nil, "disclosures: recorded is not confirmed"},
		{campaigns.DispositionSale, []string{"recorded", "withdrawal", "more"}, `disclosures: "more" is no disclosure of the script`},
		{campaigns.DispositionSale, []string{"recorded", "withdrawal"}, ""},
		{campaigns.DispositionNotInterested, []string{"recorded"}, ""},
		{campaigns.DispositionNotAvailable, nil, ""},
		{campaigns.DispositionWrongPerson, nil, ""},
		{campaigns.DispositionDoNotCall, nil, ""},
		{campaigns.DispositionComplaint, nil, ""},
	} {
		h.talked(h.queued(1)[0], agent, callID(i))
		for _, shown := range []int64{0, version} {
			err := commit(i, c.disposition, shown, c.confirmed...)
			if c.refused == "" && err != nil && campaigns.CodeOf(err) != campaigns.CodeConflict {
				t.Errorf("%s with %v: %v", c.disposition, c.confirmed, err)
			}
			if c.refused != "" && (campaigns.CodeOf(err) != campaigns.CodeInvalid || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("%s with %v: %v", c.disposition, c.confirmed, err)
			}
			if c.refused == "" {
				break
			}
		}
	}
	if got := h.read(`select code, version_id = $2, agent_id = $3 from call_disclosures where call_id = $1 order by code`, callID(3), version, agent); got !=
		"recorded true true\nwithdrawal true true" {
		t.Errorf("kept with the call: %q", got)
	}
	h.talked(h.queued(1)[0], agent, callID(20))
	more.Disclosures = append(more.Disclosures, campaigns.Disclosure{Code: "more", Text: "One more."})
	s.Texts["en"] = more
	h.scripted(s)
	if err := commit(20, campaigns.DispositionNotInterested, version, "recorded"); err != nil {
		t.Errorf("under the version that was shown: %v", err)
	}
	h.talked(h.queued(1)[0], agent, callID(21))
	h.long(`update script_publications set from_at = from_at - interval '1 hour', until_at = until_at - interval '1 hour'`)
	if err := commit(21, campaigns.DispositionNotInterested, 0, "recorded"); campaigns.CodeOf(err) != campaigns.CodeInvalid || !strings.Contains(err.Error(), "more is not confirmed") {
		t.Errorf("under the version in force: %v", err)
	}
	if err := commit(21, campaigns.DispositionNotInterested, version, "recorded"); campaigns.CodeOf(err) != campaigns.CodeInvalid || !strings.Contains(err.Error(), "script_version: ") {
		t.Errorf("under a version long withdrawn: %v", err)
	}
	h.campaignSays("Say hello.")
	h.exec(`update campaigns set updated_at = now()`)
	if err := commit(21, campaigns.DispositionNotInterested, version+1000, "recorded"); campaigns.CodeOf(err) != campaigns.CodeInvalid || !strings.Contains(err.Error(), "script_version: ") {
		t.Errorf("under no version: %v", err)
	}
	if err := commit(21, campaigns.DispositionNotInterested, 0, "recorded"); campaigns.CodeOf(err) != campaigns.CodeInvalid || !strings.Contains(err.Error(), "has no script that asks for any") {
		t.Errorf("without a script: %v", err)
	}
}

// long puts what happened into the past, by statements.
func (h *house) long(statements ...string) {
	h.t.Helper()
	for _, sql := range statements {
		h.exec(sql)
	}
}

func TestPruneDeletesWhatHasExpired(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	user := h.agent("ann")
	h.exec(`insert into web_sessions (token, data, expiry) values ('old', '', now() - interval '1 second'), ('new', '', now() + interval '1 hour')`)
	h.exec(`insert into sign_in_links (token_hash, user_id, expires_at) values ('old', $1, now() - interval '25 hours'), ('late', $1, now() - interval '1 hour')`, user)
	sessions, links, err := h.store.Prune(t.Context())
	h.must(err)
	if got := h.read(`select string_agg(token, ' ') from web_sessions`) + " " + h.read(`select string_agg(convert_from(token_hash, 'UTF8'), ' ') from sign_in_links`); got != "new late" || sessions != 1 || links != 1 {
		t.Errorf("%q is left, %d sessions and %d links went", got, sessions, links)
	}
}
