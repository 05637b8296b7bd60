package postgres_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
)

func TestListsAreMadeChangedAndFound(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	ctx := t.Context()
	made, err := i.store.CreateList(ctx, i.campaign.ID, "autumn", campaigns.ListSettings{Active: true, Priority: 3, Mix: 0.3, Source: campaigns.SourceLapsed, Provenance: "own CRM"})
	if err != nil {
		t.Fatal(err)
	}
	end := postgrestest.Morning.Add(time.Hour)
	changed, err := i.store.ChangeList(ctx, made.ID, func(s *campaigns.ListSettings) { s.Active, s.ExpiresAt = false, &end })
	if err != nil {
		t.Fatal(err)
	}
	found, err := i.store.ListByName(ctx, i.campaign.ID, "autumn")
	if err != nil || found.Active || found.Priority != 3 || found.Mix != 0.3 || found.Source != campaigns.SourceLapsed || found.Provenance != "own CRM" ||
		!found.ExpiresAt.Equal(end) || changed.ID != found.ID {
		t.Errorf("found %+v, %v", found, err)
	}
	for want, try := range map[string]func() error{
		`has a list "autumn" already`: func() error {
			_, err := i.store.CreateList(ctx, i.campaign.ID, "autumn", campaigns.ListSettings{})
			return err
		},
		"name: is empty": func() error {
			_, err := i.store.CreateList(ctx, i.campaign.ID, "", campaigns.ListSettings{})
			return err
		},
		"no campaign 999":     func() error { _, err := i.store.CreateList(ctx, 999, "x", campaigns.ListSettings{}); return err },
		`has no list "other"`: func() error { _, err := i.store.ListByName(ctx, i.campaign.ID, "other"); return err },
		"no list 999":         func() error { _, err := i.store.ChangeList(ctx, 999, func(*campaigns.ListSettings) {}); return err },
		`source: "found" is not one of`: func() error {
			_, err := i.store.ChangeList(ctx, made.ID, func(s *campaigns.ListSettings) { s.Source = "found" })
			return err
		},
		"mix: 1.5 is no share": func() error {
			_, err := i.store.CreateList(ctx, i.campaign.ID, "x", campaigns.ListSettings{Mix: 1.5})
			return err
		},
		"priority: 101 is not between": func() error {
			_, err := i.store.CreateList(ctx, i.campaign.ID, "x", campaigns.ListSettings{Priority: 101})
			return err
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestAListSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.do("external_id,phone\n1,2085550100\n2,2085550101\n3,2085550102\n4,2085550103\n")
	i.exec(`update candidates set attempts = 3, earlier_attempts = 2 where contact_id = 1`)
	i.exec(`update candidates set attempts = 2, state = 'done', reason = 'sale' where contact_id = 2`)
	all, err := i.store.ListFigures(t.Context(), i.campaign.ID)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	l := all[0]
	if l.Records != 4 || l.Tried != 2 || l.Attempts != 5 || l.AllAttempts != 7 || l.Penetration != 0.5 || l.Saturation != 1.25 ||
		l.ByState[campaigns.CandidateReady] != 3 || l.ByState[campaigns.CandidateDone] != 1 || l.Provenance != "leads.csv" {
		t.Errorf("figures %+v", l)
	}
	for name, want := range map[string]int64{"nobody's": 999, "all": 0} {
		if all, err := i.store.ListFigures(t.Context(), want); err != nil || len(all) != map[int64]int{999: 0, 0: 1}[want] {
			t.Errorf("%s lists %v, %v", name, all, err)
		}
	}
}

// pass is a list after a pass, one candidate for each standing, in order: state,
// reason and attempts.
var pass = []string{
	"done no_answer 3", "done max_attempts 6", "resting busy 1", "done machine 2", "ready - 2", "ready - 0",
	"done sale 1", "done not_interested 1", "done bad_number 1", "blocked do_not_call 1", "blocked open_complaint 1", "callback callback 1", "queued - 1",
	"resting person_cap 1",
}

// played is a store whose list has had that pass.
func played(t *testing.T) *imports {
	t.Helper()
	i := newImports(t)
	var text strings.Builder
	text.WriteString("external_id,phone,phone_2\n")
	for k := range pass {
		fmt.Fprintf(&text, "%d,20855501%02d,20855502%02d\n", k, k, k)
	}
	i.do(text.String())
	for k, standing := range pass {
		var state, reason string
		var attempts int
		if _, err := fmt.Sscan(standing, &state, &reason, &attempts); err != nil {
			t.Fatal(err)
		}
		i.exec(`update candidates set state = $2, reason = $3, attempts = $4, rank = rank + $4::int * log(2::numeric, 0.8)::float8,
			due_at = case when $2 in ('resting', 'callback') then state_at + interval '1 day' end,
			number_id = (select l.number_id from contact_numbers l where l.contact_id = candidates.contact_id and l.position = 2)
			where contact_id = (select id from contacts where external_id = $1)`, fmt.Sprint(k), state, strings.TrimPrefix(reason, "-"), attempts)
	}
	return i
}

func TestAResetBeginsANewPass(t *testing.T) {
	t.Parallel()
	i := played(t)
	list, err := i.store.ListByName(t.Context(), i.campaign.ID, "leads.csv")
	if err != nil {
		t.Fatal(err)
	}
	before := i.everything()
	wantReset := map[campaigns.Reason]int{"no_answer": 1, "max_attempts": 1, "busy": 1, "machine": 1, "ready": 1}
	wantKept := map[string]int{"ready": 1, "done sale": 1, "done not_interested": 1, "done bad_number": 1, "blocked do_not_call": 1,
		"blocked open_complaint": 1, "callback callback": 1, "queued": 1, "resting person_cap": 1}
	for _, dry := range []bool{true, false} {
		done, err := i.store.ResetList(t.Context(), list.ID, nil, dry)
		if err != nil || !maps.Equal(done.Reset, wantReset) || !maps.Equal(done.Kept, wantKept) {
			t.Errorf("dry %v: reset %v kept %v, %v", dry, done.Reset, done.Kept, err)
		}
		if dry && i.everything() != before {
			t.Error("a dry reset has changed something")
		}
	}
	got := i.rows(`select p.external_id, c.state, c.attempts, c.earlier_attempts, l.position, c.due_at is null, c.reset_at is not null,
			abs(c.rank - first_value(c.rank) over (order by c.id desc)) < 1e-9
		from candidates c join contacts p on p.id = c.contact_id join contact_numbers l on l.contact_id = c.contact_id and l.number_id = c.number_id
		where c.reset_at is not null or p.external_id = '5' order by c.id`)
	want := []string{"0 ready 0 3 1 true true", "1 ready 0 6 1 true true", "2 ready 0 1 1 true true", "3 ready 0 2 1 true true", "4 ready 0 2 1 true true", "5 ready 0 0 2 true false"}
	for k := range want {
		if k >= len(got) || !strings.HasPrefix(got[k], want[k]) || !strings.HasSuffix(got[k], "true") {
			t.Errorf("candidates %q, want %q and the rank of one never tried", got, want)
			break
		}
	}
	if got := i.rows(`select resets, reset_at is not null from lists`); got[0] != "1 true" {
		t.Errorf("list %q", got)
	}
	if again, err := i.store.ResetList(t.Context(), list.ID, nil, false); err != nil || len(again.Reset) != 0 {
		t.Errorf("the second reset has reset %v, %v", again, err)
	}
}

func TestAResetTakesTheReasonsAskedFor(t *testing.T) {
	t.Parallel()
	i := played(t)
	list, err := i.store.ListByName(t.Context(), i.campaign.ID, "leads.csv")
	if err != nil {
		t.Fatal(err)
	}
	done, err := i.store.ResetList(t.Context(), list.ID, []campaigns.Reason{"busy", "not_interested"}, false)
	if err != nil || !maps.Equal(done.Reset, map[campaigns.Reason]int{"busy": 1, "not_interested": 1}) {
		t.Errorf("reset %v, %v", done, err)
	}
	for _, reason := range []campaigns.Reason{"do_not_call", "sale", "open_complaint", "nonsense"} {
		if _, err := i.store.ResetList(t.Context(), list.ID, []campaigns.Reason{reason}, false); campaigns.CodeOf(err) != campaigns.CodeInvalid {
			t.Errorf("%s: %v", reason, err)
		}
	}
	if _, err := i.store.ResetList(t.Context(), 999, nil, true); campaigns.CodeOf(err) != campaigns.CodeNotFound {
		t.Errorf("no list: %v", err)
	}
	if _, err := i.store.MoveCampaign(t.Context(), i.campaign.ID, campaigns.CampaignClosed); err != nil {
		t.Fatal(err)
	}
	if _, err := i.store.ResetList(t.Context(), list.ID, nil, false); campaigns.CodeOf(err) != campaigns.CodeConflict {
		t.Errorf("closed: %v", err)
	}
}
