package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
)

func near(t *testing.T, what string, got any, want float64) {
	t.Helper()
	v, ok := got.(float64)
	if !ok || math.Abs(v-want) > 1e-9*math.Max(1, math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// fixture is a day that was counted by hand.
func fixture() Counts {
	attempt := func(o campaigns.Outcome, n, first int64) AttemptCount {
		return AttemptCount{ListID: 1, CallerID: "+12125550100", Outcome: o, Attempts: n, Sent: n, First: first}
	}
	call := func(agent int64, d campaigns.Disposition, n int64, talk, expected float64) CallCount {
		return CallCount{ListID: 1, AgentID: agent, Direction: campaigns.Outbound, Disposition: d, Calls: n, Bridged: n,
			Talk: time.Duration(talk) * time.Second, WrapUp: time.Duration(n) * 20 * time.Second, Expected: expected}
	}
	minutes := func(id int64, state campaigns.AgentState, n int) AgentTime {
		return AgentTime{AgentID: id, Name: map[int64]string{1: "ada", 2: "bob"}[id], State: state, Spent: time.Duration(n) * time.Minute}
	}
	return Counts{
		Attempts: []AttemptCount{
			attempt(campaigns.OutcomeAnswered, 38, 20), attempt(campaigns.OutcomeDropped, 2, 1), attempt(campaigns.OutcomeNoAnswer, 50, 30),
			attempt(campaigns.OutcomeBusy, 10, 9), {ListID: 1, Outcome: campaigns.OutcomeFailed, Attempts: 5},
		},
		Calls: []CallCount{
			call(1, campaigns.DispositionSale, 6, 1200, 3), call(1, campaigns.DispositionNotInterested, 14, 600, 4),
			call(2, campaigns.DispositionSale, 2, 300, 2), call(2, campaigns.DispositionCallback, 4, 200, 2),
			call(2, campaigns.DispositionWrongPerson, 2, 40, 0.5), call(2, campaigns.DispositionDoNotCall, 1, 20, 0.5),
			{Direction: campaigns.Outbound, Disposition: campaigns.SystemDropped, Calls: 2},
			{Queue: "sales", Direction: campaigns.Inbound, AgentID: 1, Disposition: campaigns.DispositionServed, Calls: 9, Bridged: 9},
		},
		Agents: []AgentTime{
			minutes(1, campaigns.AgentTalking, 30), minutes(1, campaigns.AgentWrapUp, 10), minutes(1, campaigns.AgentReady, 10),
			minutes(1, campaigns.AgentNotReady, 600), minutes(2, campaigns.AgentTalking, 20), minutes(2, campaigns.AgentReady, 20),
		},
		Lists:  []ListCount{{1, "first", "spring", 240}, {2, "first", "untouched", 60}},
		Manned: 90 * time.Minute,
	}
}

func cell(t *testing.T, tables []Table, table, row, column string) any {
	t.Helper()
	for _, tb := range tables {
		if tb.Name != table {
			continue
		}
		for i, name := range tb.Columns {
			for _, r := range tb.Rows {
				if name == column && r[0] == row {
					return r[i]
				}
			}
		}
	}
	t.Fatalf("no cell %s/%s/%s", table, row, column)
	return nil
}

func TestCampaignFiguresAreThoseCountedByHand(t *testing.T) {
	t.Parallel()
	rate := func(drops, humans, _ float64) (float64, string) { return drops / (drops + humans), "test" }
	tables := CampaignTables(fixture(), Costs{PerAttempt: 0.01, PerTalkMinute: 0.05, PerAgentHour: 20, PerRecord: 0.1, PerSale: 5}, rate)
	for figure, want := range map[string]float64{
		"contact_rate": 40.0 / 100, "right_party_rate": 27.0 / 40, "conversion": 8.0 / 40, "response": 12.0 / 60, "penetration": 60.0 / 300,
		"saturation": 105.0 / 300, "sales_per_agent_hour": 8 / 1.5, "handling_time": (2360 + 29*20) / 29.0, "opt_out_rate": 1.0 / 27,
		"cost_per_sale": (1 + 0.05*2360/60 + 30 + 6 + 40) / 8, "drop_rate (test)": 2.0 / 40,
	} {
		near(t, figure, cell(t, tables, "figures", figure, "value"), want)
	}
	near(t, "share of busy", cell(t, tables, "outcomes", "busy", "share"), 10.0/105)
}

func TestAgentAndListFigures(t *testing.T) {
	t.Parallel()
	c := fixture()
	tables := append(AgentTables(c), ListTables(c)...)
	near(t, "occupancy of ada", cell(t, tables, "agents", "ada", "occupancy"), 40.0/50)
	near(t, "occupancy of all", cell(t, tables, "agents", "all", "occupancy"), 60.0/90)
	near(t, "ada's sales per hour", cell(t, tables, "agents", "ada", "sales_per_hour"), 6/(50.0/60))
	// Ada sold 6 where 7 were expected, the team 8 of 12.
	near(t, "ada adjusted", cell(t, tables, "agents", "ada", "adjusted"), (6+5*8.0/12)/12)
	near(t, "penetration", cell(t, tables, "lists", "spring", "penetration"), 60.0/240)
	near(t, "untouched", cell(t, tables, "lists", "untouched", "penetration"), 0)
}

func TestDecayIsFoundAgain(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(1, 2))
	var bins []Bin
	for day := range 60 {
		b := Bin{At: day, N: 400}
		for range b.N {
			if draw.Float64() < 0.3*math.Exp2(-(float64(day)+0.5)/10.5) {
				b.Hits++
			}
		}
		bins = append(bins, b)
	}
	d, ok := FitDecay(bins)
	if !ok || d.Low > 10.5 || d.High < 10.5 || d.HalfLifeDays < 9 || d.HalfLifeDays > 12 {
		t.Errorf("half-life %+v, want about 10.5 days", d)
	}
	if want := math.Exp2(21 / d.HalfLifeDays); math.Abs(d.WeekRatio-want) > 1e-6 {
		t.Errorf("week ratio %v, want %v", d.WeekRatio, want)
	}
	if _, ok := FitDecay([]Bin{{At: 3, N: 100, Hits: 50}}); ok {
		t.Error("one age tells a decay")
	}
	if d, ok := FitDecay([]Bin{{At: 0, N: 100, Hits: 30}, {At: 30, N: 100, Hits: 60}}); !ok || !math.IsInf(d.HalfLifeDays, 1) {
		t.Errorf("a rise is told as %+v", d)
	}
}

func TestScoresAreJudged(t *testing.T) {
	t.Parallel()
	bins := []Bin{{At: 80, N: 10, Hits: 8, Weight: 8}, {At: 20, N: 30, Hits: 6, Weight: 6}, {At: 10, N: 60, Hits: 6, Weight: 6}}
	// Pairs won: 8·24 + 8·54 + 6·54, ties halved: 8·2, 6·24, 6·54.
	auc, ok := AUC(bins)
	if want := (8.0*24 + 8*54 + 6*54 + (8*2+6*24+6*54)/2.0) / (20 * 80); !ok || math.Abs(auc-want) > 1e-12 {
		t.Errorf("AUC %v, want %v", auc, want)
	}
	groups := Groups(bins, 10)
	if len(groups) != 3 || groups[0].N != 10 || math.Abs(groups[0].Lift-4) > 1e-12 {
		t.Errorf("groups %+v", groups)
	}
	near(t, "calibration", cell(t, ScoreTables(Counts{Bins: map[string][]Bin{"score": bins}}), "figures", "calibration", "value"), 1)
}

func TestQuantilesOfTheFirstCall(t *testing.T) {
	t.Parallel()
	bins := []Bin{{At: 0, N: 50}, {At: 12, N: 49}, {At: 40, N: 1}}
	for q, want := range map[float64]float64{0.5: 1, 0.9: 8, 0.999: 1024} {
		if got, ok := FirstCallQuantile(bins, q); !ok || got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if _, ok := FirstCallQuantile(nil, 0.5); ok {
		t.Error("nothing has a quantile")
	}
}

// An invented November under two agreements.
func TestCreditsOfAMonth(t *testing.T) {
	t.Parallel()
	critical := 0.5
	daily := Agreement{Name: "80/20", Objective: ObjectiveServiceLevel, Within: campaigns.Seconds(20), Target: 0.8, Window: "day",
		Credits: []Credit{{0.8, 1}, {0.7, 3}}, CreditCap: 6, Critical: &critical}
	day := func(n int, answered, offered float64) Measured {
		return Measured{Day: time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC), Numerator: answered, Denominator: offered}
	}
	days := []Measured{day(1, 90, 100), day(2, 79, 100), day(3, 65, 100), day(4, 0, 0), day(5, 40, 100)}
	v := daily.Judge(days)
	if v.Missed != 3 || v.Windows != 4 || v.Credit != 6 || len(v.Critical) != 1 || v.Critical[0].Day() != 5 || v.Numerator != 274 {
		t.Errorf("by day: %+v", v) // 1 + 3 + 3, capped at 6
	}
	monthly := daily
	monthly.Window = "month"
	if v := monthly.Judge(days); v.Missed != 1 || v.Windows != 1 || v.Credit != 3 {
		t.Errorf("by month: %+v", v) // 274 of 400 is 68.5 %
	}
	drops := Agreement{Name: "drops", Objective: ObjectiveDropRate, Target: 0.03, Window: "month", Credits: []Credit{{0.03, 2}}, CreditCap: 10}
	if v := drops.Judge([]Measured{day(1, 3, 100)}); v.Missed != 0 || v.Credit != 0 {
		t.Errorf("just met: %+v", v)
	}
	if v := drops.Judge([]Measured{day(1, 4, 100)}); v.Missed != 1 || v.Credit != 2 {
		t.Errorf("missed: %+v", v)
	}
}

func TestAWrongAgreementIsNamed(t *testing.T) {
	t.Parallel()
	good := Agreement{Name: "a", Objective: ObjectiveServiceLevel, Within: campaigns.Seconds(20), Target: 0.8, Window: "day", CreditCap: 10}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*Agreement){
		"name": func(a *Agreement) { a.Name = "" }, "objective": func(a *Agreement) { a.Objective = "x" },
		"within": func(a *Agreement) { a.Within = 0 }, "target": func(a *Agreement) { a.Target = 80 },
		"window": func(a *Agreement) { a.Window = "year" }, "credit_cap": func(a *Agreement) { a.CreditCap = 101 },
		"campaign": func(a *Agreement) { a.Campaign = "c" }, "review": func(a *Agreement) { a.Review = "soon" },
		"credits[0].miss":    func(a *Agreement) { a.Credits = []Credit{{0.9, 1}} },
		"credits[0].percent": func(a *Agreement) { a.Credits = []Credit{{0.7, 0}} },
	} {
		a := good
		spoil(&a)
		if e, ok := errors.AsType[*campaigns.Error](a.Validate()); !ok || e.Field != field {
			t.Errorf("%s: %v", field, e)
		}
	}
}

func TestAReportIsWrittenInThreeForms(t *testing.T) {
	t.Parallel()
	r := Report{Kind: KindLists, Tables: ListTables(fixture())}
	for format, want := range map[Format]string{
		FormatTable: "untouched  first     60 ", FormatCSV: "lists,spring,first,240,60,0.25,105,0.4375", FormatJSON: `"penetration"`,
	} {
		var out bytes.Buffer
		if err := r.Write(&out, format); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v\n%s", format, err, out.String())
		}
		if format == FormatJSON && !json.Valid(out.Bytes()) {
			t.Error("not JSON")
		}
	}
	if err := r.Write(&bytes.Buffer{}, "pdf"); campaigns.CodeOf(err) != campaigns.CodeInvalid {
		t.Errorf("pdf: %v", err)
	}
}
