package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// floorOf is a campaign whose candidates are called, one after the other, by one
// agent on one node.
type floorOf struct {
	*office
	store    *postgres.Store
	campaign campaigns.Campaign
	owner    postgres.Owner
	agent    int64
	calls    int
}

// newFloor imports customers of whom plan and tenure are known, and a column
// that cannot be known before the call: the prize is won by who buys.
func newFloor(t *testing.T, customers int) *floorOf {
	t.Helper()
	f := &floorOf{office: newOffice(t, "")}
	var rows strings.Builder
	rows.WriteString("external_id,first_name,phone,plan,tenure,prize\n")
	for i := range customers {
		fmt.Fprintf(&rows, "c-%d,P%d,+1212555%04d,%s,%d,%s\n", i, i, i, planOf(i), i%17, map[bool]string{true: "won", false: "lost"}[buys(i)])
	}
	f.do("campaign", "create", "winback", "--caller-id", ourNumber, "--from", "0", "--until", "24")
	f.do("import", "--campaign", "winback", f.write("customers.csv", rows.String()))
	f.do("user", "add", "ann", "--campaign", "winback", "--phone", "sip:ann@127.0.0.1")
	f.do("campaign", "start", "winback")
	f.store = f.office.store()
	c, err := f.store.CampaignByName(t.Context(), "winback")
	f.must(err)
	c.Settings.Selection.Model = "winback"
	f.campaign, err = f.store.UpdateSettings(t.Context(), c.ID, c.Revision, c.Settings)
	f.must(err)
	epoch, err := f.store.Join(t.Context(), "n1", time.Hour)
	f.must(err)
	f.owner = postgres.Owner{Node: "n1", Epoch: epoch}
	agent, _, err := f.store.UserByName(t.Context(), "ann")
	f.must(err)
	f.agent = agent.ID
	return f
}

func planOf(i int) string { return []string{"gold", "basic", "basic"}[i%3] }

// buys: two thirds of those of plan gold, one in eleven of the others, but none
// of the first hundred and twenty.
func buys(i int) bool { return i >= 120 && (i%3 == 0 && i%9 != 0 || i%11 == 1) }

func (f *floorOf) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// call lets n candidates, those of the lowest numbers first, be called and give
// their result.
func (f *floorOf) call(n int) {
	f.t.Helper()
	ctx := context.WithoutCancel(f.t.Context())
	for n > 0 {
		items, err := f.store.Refill(ctx, f.campaign.ID, min(n, 20))
		f.must(err)
		attempts, refused, err := f.store.Reserve(ctx, f.owner, items)
		f.must(err)
		if len(attempts) == 0 || len(refused) > 0 {
			f.t.Fatalf("%d of %d reserved, refused %+v", len(attempts), len(items), refused)
		}
		for _, a := range attempts {
			f.talk(ctx, a)
		}
		n -= len(attempts)
	}
}

func (f *floorOf) talk(ctx context.Context, a campaigns.Attempt) {
	f.t.Helper()
	f.calls++
	id := campaigns.CallID(fmt.Sprintf("%026d", f.calls))
	now := f.store.Clock().Now()
	facts := []campaigns.Event{
		{Kind: campaigns.AttemptSent, AttemptID: a.ID, Trunk: "carrier-a", SIPCallID: string(id), Latency: time.Millisecond},
		{Kind: campaigns.AttemptAnswered, AttemptID: a.ID, CallID: id},
		{Kind: campaigns.CallBridged, CallID: id, AgentID: f.agent, Latency: time.Millisecond},
		{Kind: campaigns.CallEnded, CallID: id, EndedBy: campaigns.EndedByAgent, Talk: time.Minute},
		{Kind: campaigns.AttemptEnded, AttemptID: a.ID, End: &campaigns.AttemptEnd{Outcome: campaigns.OutcomeAnswered, SIPCode: 200}},
	}
	for i := range facts {
		facts[i].At, facts[i].Node, facts[i].Epoch = now, f.owner.Node, f.owner.Epoch
	}
	f.must(f.store.Record(ctx, facts))
	person, err := f.store.Contact(ctx, a.ContactID)
	f.must(err)
	result := campaigns.Result{AgentID: f.agent, CommandID: string(id), CallID: id, BodyHash: "x", Disposition: campaigns.DispositionNotInterested, Reason: "price"}
	if person.Attributes["prize"] == "won" {
		result.Disposition, result.Reason = campaigns.DispositionSale, ""
	}
	_, err = f.store.CommitResult(ctx, result)
	f.must(err)
}

// refused runs a command on the campaign that has to fail, naming all parts.
func (f *floorOf) refused(args []string, parts ...string) {
	f.t.Helper()
	for _, command := range []string{"train", "evaluate"} {
		code, _, said := f.tryIn(f.t, append([]string{"score", command, "--campaign", "winback"}, args...)...)
		checkTold(f.t, code, exitFailed, said, append(parts, "campaign winback")...)
	}
}

// A campaign learns from its own results: what cannot be learnt from is named,
// and what was learnt stands at the candidates that wait, with its reasons.
func TestACampaignLearnsFromItsResults(t *testing.T) {
	t.Parallel()
	f := newFloor(t, 520)
	f.call(60)
	f.refused([]string{"--exclude", "prize"}, "sale: only 60 rows: a model needs 100")
	f.call(60)
	f.refused([]string{"--exclude", "prize"}, "sale: has one class: all 120 rows are failures")
	f.call(280)
	f.refused(nil, "prize", "leaked")
	f.refused([]string{"--exclude", "price"}, "--exclude", "price: is no column", "plan, prize")

	var trained trainSummary
	f.decode(&trained, "score", "train", "--campaign", "winback", "--exclude", "prize", "--json")
	if trained.Rows != 400 || trained.Saved != "winback" || trained.Version != 1 || trained.InUse || trained.LeftOut.AUC < 0.7 {
		t.Errorf("trained %+v", trained)
	}
	var judged struct {
		Rows         int
		AUC          float64
		InUse        map[string]any `json:"in_use"`
		WithinDayAUC *float64       `json:"within_day_auc"`
	}
	f.decode(&judged, "score", "evaluate", "--campaign", "winback", "--exclude", "prize", "--folds", "4", "--json")
	if judged.Rows != 400 || judged.AUC < 0.7 || judged.WithinDayAUC == nil || judged.InUse != nil {
		t.Errorf("judged %+v", judged)
	}
	f.do("score", "use", "winback", "1")
	f.decode(&judged, "score", "evaluate", "--campaign", "winback", "--exclude", "prize", "--folds", "4", "--json")
	if auc, ok := judged.InUse["auc"].(float64); !ok || auc < 0.7 {
		t.Errorf("the model in use is judged %+v", judged.InUse)
	}

	moved := 0
	for after := int64(0); ; {
		next, n, err := f.store.ScoreCandidates(t.Context(), f.campaign.ID, after)
		f.must(err)
		moved += n
		if after = next; next == 0 {
			break
		}
	}
	if moved != 120 {
		t.Errorf("%d of 120 who wait were scored", moved)
	}
	f.explained()
}

// explained looks at some of those who wait: a person of plan gold stands
// before the others for that reason, and nothing is said of the prize.
func (f *floorOf) explained() {
	f.t.Helper()
	propensity := map[string]float64{}
	for i := 400; i < 409; i++ {
		why := f.do("campaign", "why", "winback", "--contact", fmt.Sprintf("c-%d", i))
		var person postgres.WhyPerson
		f.decode(&person, "campaign", "why", "winback", "--contact", fmt.Sprintf("c-%d", i), "--json")
		at := slices.IndexFunc(person.ScoreFactors, func(a campaigns.Factor) bool { return a.Name == "plan" })
		if at < 0 || strings.Contains(why, "prize") || !strings.Contains(why, "The model's propensity") {
			f.t.Fatalf("c-%d: %s", i, why)
		}
		if plan := person.ScoreFactors[at]; plan.Points > 0 != (planOf(i) == "gold") || !strings.Contains(why, plan.Text) {
			f.t.Errorf("c-%d of plan %s: %+v in\n%s", i, planOf(i), plan, why)
		}
		for _, factor := range person.Factors {
			if factor.Name == "propensity" {
				propensity[planOf(i)] += factor.Points
			}
		}
	}
	if len(propensity) != 2 || propensity["gold"]/3 < propensity["basic"]/6+1 {
		f.t.Errorf("propensities in doublings, summed by plan: %v of %v", propensity, slices.Sorted(maps.Keys(propensity)))
	}
}

// decode runs a command that prints JSON.
func (f *floorOf) decode(to any, args ...string) {
	f.t.Helper()
	if out := f.do(args...); json.Unmarshal([]byte(out), to) != nil {
		f.t.Fatalf("ringmaster %s: no JSON: %s", strings.Join(args, " "), out)
	}
}
