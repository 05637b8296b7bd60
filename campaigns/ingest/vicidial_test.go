package ingest_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns/ingest"
)

// leads are rows of an export of VICIdial with its columns that matter.
func leads(rows ...string) string {
	for i, row := range rows {
		rows[i] += strings.Repeat("|", 13-strings.Count(row, "|"))
	}
	return "lead_id|status|vendor_lead_code|phone_code|phone_number|alt_phone|first_name|state|gmt_offset_now|date_of_birth|comments|called_count|last_local_call_time|callback_time\n" +
		strings.Join(rows, "\n") + "\n"
}

func vicidial(o *ingest.Options) {
	o.Preset = ingest.PresetVICIdial
	o.Statuses = map[string]string{"HUNGUP": "not_available"}
	o.Zone, _ = time.LoadLocation("America/New_York")
}

func TestLeadsOfVICIdialAreRead(t *testing.T) {
	t.Parallel()
	m, rejects, s, err := read(t, leads(
		`1|NA|c-1|1|2125550101|2125550191|Ann|NY|-5.00|0000-00-00|says "no|2|2026-03-01 10:00:00|`,
		`2|HUNGUP|NULL|44|2079460000|NULL|Bob||0.00|1970-01-02||0|2008-01-01 00:00:00|`,
		`3|CBHOLD||1|2125550103||Cid|||||1|2026-03-01 10:00:00|2026-03-05 09:30:00`,
		`4|DNCC||1|212555010x||||||||`,
		`5|B||1|2125550105|||||||many`,
		`6|B||1|2125550106|||||||1|yesterday`,
	), vicidial)
	if err != nil || len(m.rows) != 3 || s.Rejected != 3 {
		t.Fatalf("%v, %+v, %q", err, s, rejects)
	}
	ann, bob, cid := m.rows[0], m.rows[1], m.rows[2]
	if ann.ExternalID != "c-1" || ann.Region != "NY" || ann.Numbers[0].E164 != "+12125550101" || ann.Numbers[1].E164 != "+12125550191" || ann.TimeZone != "" {
		t.Errorf("Ann is %+v", ann)
	}
	if len(ann.Attributes) != 2 || ann.Attributes["lead_id"] != "1" || ann.Attributes["comments"] != `says "no` {
		t.Errorf("attributes %q", ann.Attributes)
	}
	if want := (ingest.Past{Did: "no_answer", Status: "NA", Attempts: 2, LastCall: time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC)}); *ann.Past != want {
		t.Errorf("past %+v, want %+v", *ann.Past, want)
	}
	if want := (ingest.Past{Did: "not_available", Status: "HUNGUP"}); *bob.Past != want || bob.Numbers[0].E164 != "+442079460000" {
		t.Errorf("Bob is %+v, %+v", bob, *bob.Past)
	}
	if cid.Past.Did != "callback" || !cid.Past.CallbackAt.Equal(time.Date(2026, 3, 5, 14, 30, 0, 0, time.UTC)) {
		t.Errorf("Cid is %+v", *cid.Past)
	}
	for i, want := range []string{"5 phone_number", "6 called_count", "7 last_local_call_time"} {
		if got := strings.Join(rejects[i+1][:2], " "); got != want {
			t.Errorf("rejected %q, want %q", got, want)
		}
	}
}

func TestStatusesThatAreNotKnownAreNamed(t *testing.T) {
	t.Parallel()
	row := "1|%|c|1|2125550101||Ann|||||||"
	m, _, _, err := read(t, leads(strings.ReplaceAll(row, "%", "XY"), strings.ReplaceAll(row, "%", "NEW"), strings.ReplaceAll(row, "%", "XY"), strings.ReplaceAll(row, "%", "ZZ")), vicidial)
	if err == nil || !strings.Contains(err.Error(), "--status: the file has statuses that are not known: XY (2 rows), ZZ (1 rows); say what each means by --status XY=MEANING") || m.begun {
		t.Errorf("%v", err)
	}
}

// TestEveryStatusHasAMeaning holds the table against what a status may mean.
func TestEveryStatusHasAMeaning(t *testing.T) {
	t.Parallel()
	for status := range strings.FieldsSeq("NEW QUEUE INCALL DROP XDROP PDROP NA AA A AM AL B AB DC ADC ADCT DNC DNCL DNCC CALLBK CBHOLD NI NP SALE XFER N PU LRERR DISPO PM ERI DONEM AFAX TIMEOT") {
		m, _, _, err := read(t, leads("1|"+status+"||1|2125550101||Ann|||||1||"), vicidial)
		if err != nil || len(m.rows) != 1 || m.rows[0].Past.Status != status {
			t.Fatalf("%s: %v", status, err)
		}
		if did := m.rows[0].Past.Did; !slices.Contains(ingest.Meanings(), did) {
			t.Errorf("%s means %q", status, did)
		}
	}
}

func TestBarsAndTabsPartCells(t *testing.T) {
	t.Parallel()
	for _, comma := range []string{",", ";", "\t", "|"} {
		m, _, _, err := read(t, strings.ReplaceAll("phone,first_name,note\n2085550123,Ada,\"a,b\"\n", ",", comma), nil)
		if err != nil || len(m.rows) != 1 || m.rows[0].FirstName != "Ada" || m.rows[0].Attributes["note"] != "a"+comma+"b" {
			t.Errorf("%q: %v %+v", comma, err, m.rows)
		}
	}
}

func TestACampaignNamesColumnsForFields(t *testing.T) {
	t.Parallel()
	text := "phone,left_at,churn,tier,value\n2085550101,2026-03-01,35%,Gold,\n2085550102,,0,silver,7\n2085550103,someday,,,\n2085550104,,2,,\n2085550105,,,tin,\n"
	o := ingest.Options{Campaign: "spring", FileName: "l.csv", File: strings.NewReader(text)}
	m := &memory{defaults: ingest.Defaults{EventColumn: "left_at", PropensityColumn: "churn", TierColumn: "tier",
		Tiers: map[string]float64{"gold": 900, "silver": 400}, Reads: []string{"left_at", "need"}}}
	s, err := ingest.Import(t.Context(), o, m)
	if err != nil || len(m.rows) != 3 {
		t.Fatalf("%v %+v", err, s)
	}
	if r := m.rows[0]; r.Value != 900 || r.Propensity != 0.35 || !r.EventAt.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) || r.Attributes["churn"] != "35%" {
		t.Errorf("derived %+v", r)
	}
	if r := m.rows[1]; r.Value != 7 || r.Propensity != 0.001 || !r.EventAt.IsZero() {
		t.Errorf("derived %+v", r)
	}
	if r := m.rows[2]; r.Value != 0 || r.Propensity != 0 {
		t.Errorf("derived %+v", r)
	}
	if s.RejectedBy["left_at"] != 1 || s.RejectedBy["churn"] != 1 || len(s.MissingColumns) != 1 || s.MissingColumns[0] != "need" {
		t.Errorf("summary %+v", s)
	}
}

// past takes calls.
type past struct {
	calls []ingest.PastCall
}

func (p *past) Region() string { return "US" }
func (p *past) Merge(_ context.Context, calls []ingest.PastCall) (ingest.HistoryMerged, error) {
	p.calls = append(p.calls, calls...)
	return ingest.HistoryMerged{Stored: len(calls)}, nil
}
func (p *past) BeginHistory(context.Context, ingest.Target) (ingest.HistoryBatches, error) {
	return p, nil
}

func TestCallsOfVICIdialAreRead(t *testing.T) {
	t.Parallel()
	text := "uniqueid,call_date,length_in_sec,status,phone_code,phone_number,phone_number_dialed,user,lead_id,call_notes\n" +
		"u1,2026-03-01 10:00:00,90,SALE,1,2125550101,2125550191,1001,7,two!Nlines\n" +
		",2026-03-01 11:00:00,20,NA,1,2125550101,2125550101,VDAD,7,\n" +
		"u3,,20,NA,1,2125550101,2125550101,VDAD,7,\n" +
		"u4,2026-03-01 11:00:00,-1,NA,1,2125550101,2125550101,VDAD,7,\n"
	o := ingest.Options{Campaign: "spring", FileName: "log.csv", File: strings.NewReader(text), Preset: ingest.PresetVICIdial}
	p := &past{}
	s, err := ingest.ImportHistory(t.Context(), o, p)
	if err != nil || s.Rows != 4 || s.Stored != 2 || s.RejectedBy["call_date"] != 1 || s.RejectedBy["length_in_sec"] != 1 {
		t.Fatalf("%v %+v", err, s)
	}
	if c := p.calls[0]; c.Key != "u1" || c.Number.E164 != "+12125550191" || c.Outcome != "answered" || c.Disposition != "sale" || c.Length != 90*time.Second ||
		c.Agent != "1001" || c.Lead != "7" || c.Notes != "two\nlines" {
		t.Errorf("call %+v", c)
	}
	if c := p.calls[1]; c.Key == "" || c.Outcome != "no_answer" || c.Disposition != "" {
		t.Errorf("call %+v", c)
	}
	for text, want := range map[string]string{
		"status,phone_number\nNA,2125550101\n":              "no column call_date",
		"call_date,phone_number\n2026-03-01,2125550101\n":   "no column status",
		"call_date,status,number\n2026-03-01,NA,21255501\n": "no column phone",
	} {
		o.File = strings.NewReader(text)
		if _, err := ingest.ImportHistory(t.Context(), o, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
