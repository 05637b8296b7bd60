package postgres_test

import (
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/postgres"
)

// vicidial imports leads of VICIdial: lead_id, status, number, alternate number,
// calls, last call, agreed callback.
func (i *imports) vicidial(rows ...string) ingest.Summary {
	i.t.Helper()
	return i.do("lead_id|status|phone_number|alt_phone|called_count|last_local_call_time|callback_time\n"+strings.Join(rows, "\n")+"\n",
		func(o *ingest.Options) { o.Preset = ingest.PresetVICIdial })
}

// TestCandidatesStandWhereTheyWereLeft: it is Tuesday, 2026-03-03 15:00 UTC.
func TestCandidatesStandWhereTheyWereLeft(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	s := i.vicidial(
		"0|NEW|2085550100||0|2008-01-01 00:00:00|",
		"1|NA|2085550101||2|2026-03-03 14:30:00|", // two hours of rest by the campaign's rule
		"2|NA|2085550102||2|2026-03-01 10:00:00|", // over
		"3|NA|2085550103||6|2026-03-01 10:00:00|", // as often as the campaign tries
		"4|SALE|2085550104||1|2026-03-01 10:00:00|",
		"5|NI|2085550105||1|2026-03-01 10:00:00|",
		"6|ADC|2085550106||1|2026-03-01 10:00:00|",
		"7|ADC|2085550107|2085550197|1|2026-03-01 10:00:00|", // there is another number
		"8|CBHOLD|2085550108||1|2026-03-01 10:00:00|2026-03-05 10:00:00",
		"9|CALLBK|2085550109||1|2026-03-01 10:00:00|",
		"10|DNC|2085550110|2085550190|1|2026-03-01 10:00:00|",
		"11|DROP|2085550111||1|2026-03-02 10:00:00|", // three days of rest
		"12|INCALL|2085550112||1|2026-03-03 14:59:00|",
		"13|NEW|2085550113||9|2026-03-01 10:00:00|",
	)
	if s.Imported != 14 || s.NoCallbackTime != 1 {
		t.Errorf("summary %+v", s)
	}
	got := i.rows(`select p.attributes->>'lead_id', c.state, c.reason, coalesce(to_char(c.due_at at time zone 'UTC', 'MM-DD HH24:MI'), '-'), c.attempts, right(n.e164, 3)
		from candidates c join contacts p on p.id = c.contact_id join numbers n on n.id = c.number_id order by c.id`)
	want := []string{
		"0 ready  - 0 100", "1 resting no_answer 03-03 16:30 2 101", "2 ready  - 2 102", "3 done max_attempts - 6 103", "4 done sale - 1 104",
		"5 done not_interested - 1 105", "6 done bad_number - 1 106", "7 ready  - 1 197", "8 callback callback 03-05 10:00 1 108",
		"9 callback callback 03-03 15:0", "10 blocked do_not_call - 1 110", "11 resting dropped 03-05 10:00 1 111", "12 resting unknown 03-03 18:59 1 112",
		"13 done max_attempts - 9 113",
	}
	for k := range want {
		if k >= len(got) || !strings.HasPrefix(got[k], want[k]) {
			t.Errorf("candidates\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			break
		}
	}
	if got := i.rows(`select right(e164, 3) from numbers where bad_at is not null order by 1`); strings.Join(got, " ") != "106 107" {
		t.Errorf("bad numbers %q", got)
	}
	if got := i.rows(`select campaign_id is null, source, reason, (select right(n.e164, 3) from numbers n where n.hmac = number_hmac) from suppressions`); len(got) != 1 || got[0] != "true import status DNC 110" {
		t.Errorf("do-not-call %q", got)
	}
	// The attempts lower the rank as our own do.
	if got := i.rows(`select abs(a.rank - b.rank - 2 * ln(0.8) / ln(2)) < 0.01 from candidates a, candidates b where a.attempts = 2 and a.state = 'ready' and b.attempts = 0`); got[0] != "true" {
		t.Errorf("rank %q", got)
	}
	before := i.everything()
	if s := i.vicidial("3|NEW|2085550103||0||", "4|NEW|2085550104||0||"); s.Imported != 0 || i.everything() != before {
		t.Errorf("a second import has moved candidates: %+v", s)
	}
}

func TestANumberFoundBadElsewhereIsBadHere(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.do("external_id,phone\n1,2085550101\n2,2085550102\n")
	other, err := i.store.CreateCampaign(t.Context(), "other", campaigns.KindLoyalty, campaigns.DefaultSettings(campaigns.KindLoyalty))
	if err != nil {
		t.Fatal(err)
	}
	i.do("vendor_lead_code|status|phone_number\n1|DC|2085550101\n2|B|2085550102\n", func(o *ingest.Options) {
		o.Preset, o.Campaign = ingest.PresetVICIdial, other.Name
	})
	if got := i.rows(`select right(e164, 3), bad_at is not null, shared from numbers order by 1`); strings.Join(got, "; ") != "101 true false; 102 false false" {
		t.Errorf("numbers %q", got)
	}
}

func TestKindsReadTheirColumns(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	settings := campaigns.DefaultSettings(campaigns.KindLoyalty)
	settings.Loyalty.Tiers = map[string]float64{"gold": 900}
	loyal, err := i.store.CreateCampaign(t.Context(), "loyal", campaigns.KindLoyalty, settings)
	if err != nil {
		t.Fatal(err)
	}
	s := i.do("external_id,phone,value_tier,churn_score\n1,2085550101,gold,0.6\n", func(o *ingest.Options) { o.Campaign = loyal.Name })
	if strings.Join(s.MissingColumns, " ") != "need" {
		t.Errorf("missing %q", s.MissingColumns)
	}
	if got := i.rows(`select value, propensity from candidates`); got[0] != "900 0.6" {
		t.Errorf("candidate %q", got)
	}
	s = i.do("external_id,phone,left_at,defector_reason\n2,2085550102,2026-02-20,price\n3,2085550103,2026-13-01,price\n")
	if got := i.rows(`select to_char(event_at at time zone 'UTC', 'YYYY-MM-DD') from candidates where campaign_id = $1`, i.campaign.ID); s.Rejected != 1 || s.RejectedBy["left_at"] != 1 || got[0] != "2026-02-20" {
		t.Errorf("event %q, %+v", got, s)
	}
}

func TestPastCallsAreHistoryAndCountUnderTheCaps(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.vicidial("1|NEW|2085550101||||", "2|NEW|2085550102||||")
	log := "uniqueid|lead_id|call_date|length_in_sec|status|phone_number|user|call_notes\n" +
		"u1|1|2026-03-03 12:00:00|20|NA|2085550101|VDAD|\n" +
		"u2|1|2026-03-03 13:00:00|300|CALLBK|2085550101|1001|wants it in blue\n" +
		"u3|1|2026-03-03 14:00:00|30|DROP|2085550101|VDAD|\n" +
		"u4|9|2026-03-03 14:00:00|30|NA|2085550199|VDAD|\n" +
		"u5|2|2026-03-03 16:00:00|30|NA|2085550102|VDAD|\n"
	do := func(dry bool) ingest.HistorySummary {
		t.Helper()
		s, err := ingest.ImportHistory(t.Context(), ingest.Options{Campaign: "spring", FileName: "log", File: strings.NewReader(log), Preset: ingest.PresetVICIdial, DryRun: dry, BatchRows: 2}, i.store)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := do(true); s.Stored != 3 || s.Rejected != 2 || len(i.rows(`select from attempts`)) != 0 {
		t.Errorf("dry %+v", s)
	}
	if s := do(false); s.Rows != 5 || s.Stored != 3 || s.RejectedBy["phone_number"] != 1 || s.RejectedBy["call_date"] != 1 || s.Outcomes[campaigns.OutcomeDropped] != 1 {
		t.Errorf("summary %+v", s)
	}
	if s := do(false); s.Stored != 0 || s.Known != 3 {
		t.Errorf("again %+v", s)
	}
	found, err := i.store.FindContacts(t.Context(), "2085550101")
	if err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	pop, err := i.store.Pop(t.Context(), postgres.PopFor{CampaignID: i.campaign.ID, ContactID: found[0].ID})
	if err != nil || len(pop.History) != 3 {
		t.Fatalf("%v %v", pop.History, err)
	}
	if h := pop.History[1]; h.Disposition != campaigns.DispositionCallback || h.Notes != "wants it in blue" || h.TalkSeconds != 300 || !h.At.Equal(time.Date(2026, 3, 3, 13, 0, 0, 0, time.UTC)) {
		t.Errorf("history %+v", h)
	}
	why, err := i.store.WhyContact(t.Context(), i.campaign.ID, found[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	refused := false
	for _, gate := range why.Numbers[0].Gates {
		refused = refused || !gate.Passed
	}
	if !refused {
		t.Errorf("three calls today and one dropped an hour ago refuse nothing: %+v", why)
	}
}
