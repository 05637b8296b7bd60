package main

import (
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/simcarrier"
)

// story is one agreeing pair of a database and a carrier's log, which each
// test spoils in one way.
func story() ([]ledgerAttempt, []ledgerCall, []simcarrier.Record) {
	at := func(s int) time.Time { return time.Date(2026, 3, 3, 16, 0, s, 0, time.UTC) }
	attempts := []ledgerAttempt{
		{ID: 1, ContactID: 1, Number: "+12125550100", SIPCallID: "a", SentAt: at(1), AnsweredAt: at(4), Outcome: campaigns.OutcomeAnswered, WindowOpen: true},
		{ID: 2, ContactID: 2, Number: "+12125550101", SIPCallID: "b", SentAt: at(1), Outcome: campaigns.OutcomeBusy, WindowOpen: true},
	}
	calls := []ledgerCall{
		{Direction: campaigns.Outbound, SIPCallID: "a", BridgedAt: at(4), EndedAt: at(14), AgentPhone: "agent1"},
		{Direction: campaigns.Inbound, SIPCallID: "in"},
	}
	records := []simcarrier.Record{
		{
			Kind: simcarrier.KindCustomer, Number: "+12125550100", CallID: "a", InviteAt: at(1), AnsweredAt: at(4), EndedAt: at(14),
			Result: simcarrier.ResultAnswered, ToneHz: 500, RTPSent: 500, Heard: []simcarrier.Heard{{Hz: 2150, MS: 8000, FirstAt: at(4), LastAt: at(13)}},
		},
		{Kind: simcarrier.KindCustomer, Number: "+12125550101", CallID: "b", InviteAt: at(1), EndedAt: at(2), Result: simcarrier.ResultBusy},
		{Kind: simcarrier.KindInbound, Number: "+12125550102", CallID: "in", InviteAt: at(3), EndedAt: at(9), Result: simcarrier.ResultAbandoned},
		{
			Kind: simcarrier.KindPhone, Number: "agent1", CallID: "p", InviteAt: at(0), AnsweredAt: at(0), Result: simcarrier.ResultOpen,
			ToneHz: 2150, Heard: []simcarrier.Heard{{Hz: 500, MS: 8000, FirstAt: at(4), LastAt: at(13)}},
		},
	}
	return attempts, calls, records
}

// present is a dialer that is always there.
func present(time.Time) bool { return false }

func TestAnAgreeingStoryHasNoViolation(t *testing.T) {
	t.Parallel()
	attempts, calls, records := story()
	got := testify(attempts, calls, records, 0, present)
	if got.total() != 0 || got.Bridged != 1 || got.HeardBothWays != 1 || len(got.Complaints) != 0 {
		t.Fatalf("%+v", got)
	}
}

func TestEachSpoiltStoryIsTold(t *testing.T) {
	t.Parallel()
	type spoil func(a []ledgerAttempt, c []ledgerCall, r []simcarrier.Record) ([]ledgerAttempt, []ledgerCall, []simcarrier.Record)
	cases := map[string]struct {
		spoil spoil
		want  violations
	}{
		"the carrier says otherwise": {func(a []ledgerAttempt, c []ledgerCall, r []simcarrier.Record) ([]ledgerAttempt, []ledgerCall, []simcarrier.Record) {
			r[1].Result = simcarrier.ResultCancelled
			return a, c, r
		}, violations{CarrierMismatch: 1}},
		"only the carrier knows": {func(a []ledgerAttempt, c []ledgerCall, r []simcarrier.Record) ([]ledgerAttempt, []ledgerCall, []simcarrier.Record) {
			return a[:1], c, r
		}, violations{CarrierMismatch: 1}},
		"only the database knows": {func(a []ledgerAttempt, c []ledgerCall, r []simcarrier.Record) ([]ledgerAttempt, []ledgerCall, []simcarrier.Record) {
			return a, c, append(r[:1:1], r[2:]...)
		}, violations{CarrierMismatch: 1}},
		"an inbound call is lost": {func(a []ledgerAttempt, c []ledgerCall, r []simcarrier.Record) ([]ledgerAttempt, []ledgerCall, []simcarrier.Record) {
			return a, c[:1], r
		}, violations{CarrierMismatch: 1}},
		"one number twice at once": {func(a []ledgerAttempt, c []ledgerCall, r []simcarrier.Record) ([]ledgerAttempt, []ledgerCall, []simcarrier.Record) {
			a[1].Number, r[1].Number = a[0].Number, r[0].Number
			return a, c, r
		}, violations{PersonRungTwice: 1}},
		"one person at two numbers": {func(a []ledgerAttempt, c []ledgerCall, r []simcarrier.Record) ([]ledgerAttempt, []ledgerCall, []simcarrier.Record) {
			a[1].ContactID = 1
			return a, c, r
		}, violations{PersonRungTwice: 1}},
		"outside the window": {func(a []ledgerAttempt, c []ledgerCall, r []simcarrier.Record) ([]ledgerAttempt, []ledgerCall, []simcarrier.Record) {
			a[1].WindowOpen = false
			return a, c, r
		}, violations{OutsideWindow: 1}},
		"do not call": {func(a []ledgerAttempt, c []ledgerCall, r []simcarrier.Record) ([]ledgerAttempt, []ledgerCall, []simcarrier.Record) {
			a[1].BlockedSince = a[1].SentAt.Add(-2 * time.Second)
			return a, c, r
		}, violations{DoNotCall: 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attempts, calls, records := c.spoil(story())
			got := testify(attempts, calls, records, 0, present)
			if got.violations != c.want {
				t.Errorf("%+v, want %+v: %v", got.violations, c.want, got.Complaints)
			}
		})
	}
}

func TestACallerWhileTheDialerWasAwayIsNoMismatch(t *testing.T) {
	t.Parallel()
	attempts, calls, records := story()
	records[2].AnsweredAt = time.Time{}
	got := testify(attempts, calls[:1], records, 0, func(time.Time) bool { return true })
	if got.CarrierMismatch != 0 {
		t.Fatalf("%+v", got)
	}
	records[2].AnsweredAt = records[2].InviteAt
	if got = testify(attempts, calls[:1], records, 0, func(time.Time) bool { return true }); got.CarrierMismatch != 1 {
		t.Fatalf("an answered call must be known: %+v", got)
	}
}

func TestADeafCallIsTold(t *testing.T) {
	t.Parallel()
	attempts, calls, records := story()
	records[3].Heard = nil
	got := testify(attempts, calls, records, 0, present)
	if got.Bridged != 1 || got.HeardBothWays != 0 || len(got.Complaints) != 1 {
		t.Fatalf("%+v", got)
	}
}

func TestDemoClockIsTuesdayTenInChicago(t *testing.T) {
	t.Parallel()
	for day := range 9 {
		now := time.Date(2026, 3, 5+day, 3, 30, 0, 0, time.UTC)
		offset, err := demoClockOffset(now)
		if err != nil {
			t.Fatal(err)
		}
		chicago, err := time.LoadLocation("America/Chicago")
		if err != nil {
			t.Fatal(err)
		}
		if got := now.Add(offset).In(chicago).Format("Mon 15:04"); got != "Tue 10:00" || offset > 0 || offset < -8*24*time.Hour {
			t.Errorf("%v: %s, offset %v", now, got, offset)
		}
	}
}
