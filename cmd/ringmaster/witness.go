package main

import (
	"fmt"
	"slices"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/simcarrier"
)

// ledgerAttempt is one attempt as the database tells it, in business time.
type ledgerAttempt struct {
	ID         int64
	ContactID  int64
	Number     string
	Shared     bool
	SIPCallID  string
	SentAt     time.Time
	AnsweredAt time.Time
	Outcome    campaigns.Outcome
	// WindowOpen says whether the number's zones allowed a call at SentAt,
	// judged anew.
	WindowOpen bool
	// BlockedSince is when the number's DNC entry or the person's open
	// complaint was written; zero: none.
	BlockedSince time.Time
}

// ledgerCall is one call as the database tells it, in business time.
type ledgerCall struct {
	Direction campaigns.Direction
	SIPCallID string
	BridgedAt time.Time
	EndedAt   time.Time
	// AgentPhone is the user part of the agent's SIP URI.
	AgentPhone string
}

// violations are the counts of the demo's report; each must be zero.
type violations struct {
	PersonRungTwice       int `json:"person_rung_twice"`
	OutsideWindow         int `json:"outside_window"`
	DoNotCall             int `json:"do_not_call"`
	OpenAttempts          int `json:"open_attempts"`
	StatelessCandidates   int `json:"stateless_candidates"`
	AnsweredWithoutResult int `json:"answered_without_result"`
	CarrierMismatch       int `json:"carrier_mismatch"`
}

// total adds them up.
func (v violations) total() int {
	return v.PersonRungTwice + v.OutsideWindow + v.DoNotCall + v.OpenAttempts + v.StatelessCandidates +
		v.AnsweredWithoutResult + v.CarrierMismatch
}

// testimony compares the database with the carrier's log and explains each
// difference in words.
type testimony struct {
	violations
	Bridged       int
	HeardBothWays int
	// Complaints say each violation, and each call not heard, in words.
	Complaints []string
}

// agreeing lists, per outcome of the database, what the carrier may have seen.
// A killed dialer's attempts (unknown) and those that it cut off may have
// ended in any way.
var agreeing = map[campaigns.Outcome][]simcarrier.Result{
	campaigns.OutcomeAnswered:    {simcarrier.ResultAnswered},
	campaigns.OutcomeMachine:     {simcarrier.ResultAnswered},
	campaigns.OutcomeDropped:     {simcarrier.ResultAnswered},
	campaigns.OutcomeBusy:        {simcarrier.ResultBusy},
	campaigns.OutcomeNoAnswer:    {simcarrier.ResultCancelled, simcarrier.ResultNoAnswer},
	campaigns.OutcomeRejected:    {simcarrier.ResultRejected},
	campaigns.OutcomeBadNumber:   {simcarrier.ResultBadNumber},
	campaigns.OutcomeCongestion:  {simcarrier.ResultCongestion},
	campaigns.OutcomeUnreachable: {simcarrier.ResultNoResponse, simcarrier.ResultCancelled, simcarrier.ResultNoAnswer},
	campaigns.OutcomeFailed:      {simcarrier.ResultIncompatible, simcarrier.ResultFailed, simcarrier.ResultNoResponse},
	campaigns.OutcomeCancelled:   {simcarrier.ResultCancelled, simcarrier.ResultAnswered},
	campaigns.OutcomeSuperseded:  {simcarrier.ResultCancelled, simcarrier.ResultAnswered},
}

// heardEnough is how much of the other side's tone counts as heard.
const heardEnough = 300 // ms

// longEnough is the length from which a bridged call must be heard both ways.
const longEnough = 2 * time.Second

// testify compares attempts and calls with the carrier's records; away tells
// when the dialer was not there.
func testify(attempts []ledgerAttempt, calls []ledgerCall, records []simcarrier.Record, offset time.Duration, away func(time.Time) bool) testimony {
	t := testimony{}
	byCall := map[string]simcarrier.Record{}
	for _, r := range records {
		byCall[r.CallID] = r
	}
	known := map[string]bool{}
	for _, a := range attempts {
		if a.SIPCallID != "" {
			known[a.SIPCallID] = true
		}
		t.attempt(a, byCall)
	}
	for _, call := range calls {
		if call.Direction != campaigns.Inbound {
			continue
		}
		known[call.SIPCallID] = true
		if r, ok := byCall[call.SIPCallID]; !ok || r.Kind != simcarrier.KindInbound {
			t.mismatch("inbound call %s is unknown to the carrier", call.SIPCallID)
		} else if !call.BridgedAt.IsZero() && r.AnsweredAt.IsZero() {
			t.mismatch("inbound call %s was served, but the carrier saw no answer", call.SIPCallID)
		}
	}
	for _, r := range records {
		// A caller whom nobody answered while the dialer was away is known to
		// the carrier alone, by nature.
		unserved := r.Kind == simcarrier.KindInbound && r.AnsweredAt.IsZero() && away(r.InviteAt)
		if r.Kind != simcarrier.KindPhone && !known[r.CallID] && !unserved {
			t.mismatch("%s call %s to %s is unknown to the database", r.Kind, r.CallID, campaigns.MaskNumber(r.Number))
		}
	}
	t.rungTwice(attempts, byCall, records)
	t.heard(calls, byCall, records, offset)
	return t
}

func (t *testimony) mismatch(format string, args ...any) {
	t.CarrierMismatch++
	t.complain(format, args...)
}

func (t *testimony) complain(format string, args ...any) {
	t.Complaints = append(t.Complaints, fmt.Sprintf(format, args...))
}

// attempt checks one attempt's window, blocks and end.
func (t *testimony) attempt(a ledgerAttempt, byCall map[string]simcarrier.Record) {
	r, seen := byCall[a.SIPCallID]
	switch {
	case a.SentAt.IsZero() && a.Outcome != campaigns.OutcomeUnknown:
		if seen && a.SIPCallID != "" {
			t.mismatch("attempt %d was never sent, but the carrier saw it", a.ID)
		}
		return
	case !seen && a.Outcome == campaigns.OutcomeUnknown:
		return
	case !seen:
		t.mismatch("attempt %d (%s) was sent, but the carrier never saw it", a.ID, a.Outcome)
		return
	}
	if !a.WindowOpen {
		t.OutsideWindow++
		t.complain("attempt %d was dialed outside the window", a.ID)
	}
	if !a.BlockedSince.IsZero() && a.SentAt.After(a.BlockedSince.Add(time.Second)) {
		t.DoNotCall++
		t.complain("attempt %d was dialed after a DNC entry or complaint", a.ID)
	}
	if a.Outcome == "" || a.Outcome == campaigns.OutcomeUnknown || r.Result == simcarrier.ResultOpen {
		return
	}
	if slices.Contains(agreeing[a.Outcome], r.Result) {
		return
	}
	t.mismatch("attempt %d ended %s, the carrier says %s", a.ID, a.Outcome, r.Result)
}

// rungTwice counts persons, and numbers that are not shared, with two INVITEs
// at once.
func (t *testimony) rungTwice(attempts []ledgerAttempt, byCall map[string]simcarrier.Record, records []simcarrier.Record) {
	shared := map[string]bool{}
	byContact := map[int64][]simcarrier.Record{}
	for _, a := range attempts {
		shared[a.Number] = shared[a.Number] || a.Shared
		if r, ok := byCall[a.SIPCallID]; ok {
			byContact[a.ContactID] = append(byContact[a.ContactID], r)
		}
	}
	for _, pair := range simcarrier.Overlaps(records) {
		if !shared[pair.First.Number] {
			t.PersonRungTwice++
			t.complain("%s was rung twice at once (%s, %s)", campaigns.MaskNumber(pair.First.Number), pair.First.CallID, pair.Second.CallID)
		}
	}
	for contact, calls := range byContact {
		for i := range calls {
			// One number for all of a person's calls lets the same comparison
			// find overlaps between their several numbers.
			calls[i].Number = fmt.Sprint("contact ", contact)
		}
		for _, pair := range simcarrier.Overlaps(calls) {
			if byCall[pair.First.CallID].Number != byCall[pair.Second.CallID].Number {
				t.PersonRungTwice++
				t.complain("contact %d was rung at two numbers at once", contact)
			}
		}
	}
}

// heard counts the bridged calls in which each side heard the other's tone.
func (t *testimony) heard(calls []ledgerCall, byCall map[string]simcarrier.Record, records []simcarrier.Record, offset time.Duration) {
	phones := map[string][]simcarrier.Record{}
	for _, r := range records {
		if r.Kind == simcarrier.KindPhone {
			phones[r.Number] = append(phones[r.Number], r)
		}
	}
	for _, call := range calls {
		r, ok := byCall[call.SIPCallID]
		lasted := call.EndedAt.Sub(call.BridgedAt)
		if !ok || call.BridgedAt.IsZero() || lasted < longEnough || r.RTPSent == 0 {
			continue
		}
		t.Bridged++
		customer, agent := false, false
		for _, phone := range phones[call.AgentPhone] {
			customer = customer || r.HeardMS(phone.ToneHz) >= heardEnough
			agent = agent || heardBetween(phone, r.ToneHz, call.BridgedAt.Add(-offset), call.EndedAt.Add(-offset))
		}
		if customer && agent {
			t.HeardBothWays++
		} else {
			t.complain("%s call %s: bridged %v, customer heard the agent: %v, agent heard the customer: %v",
				call.Direction, call.SIPCallID, lasted.Round(time.Millisecond), customer, agent)
		}
	}
}

// heardBetween reports whether the phone heard the tone within the interval,
// give or take a second.
func heardBetween(phone simcarrier.Record, hz int, from, until time.Time) bool {
	ms := 0
	for _, h := range phone.Heard {
		if h.Hz == hz && h.LastAt.After(from.Add(-time.Second)) && h.FirstAt.Before(until.Add(time.Second)) {
			ms += h.MS
		}
	}
	return ms >= heardEnough
}
