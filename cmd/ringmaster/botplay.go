package main

import (
	"fmt"
	"time"

	"ringmaster/campaigns"
)

// react decides what the bot does in its present state; each step of a call is
// decided once.
func (b *bot) react() []botFrame {
	s := b.snapshot
	switch {
	case s.Call != nil && s.Call.Stage == campaigns.StageOffered && s.Phone == campaigns.PhoneOnDemand:
		return b.once("answer", func() botFrame {
			return b.command("call.answer", map[string]any{"call_id": s.Call.CallID}, 0)
		})
	case s.State == campaigns.AgentTalking && s.Call != nil && s.Call.Stage == campaigns.StageTalking:
		return b.talk(s.Call)
	case s.State == campaigns.AgentWrapUp && s.Call != nil:
		return b.wrapUp(s)
	case s.State == campaigns.AgentNotReady && !b.home && s.Reason != "phone_down":
		return b.once(fmt.Sprint("ready", s.Rev), func() botFrame {
			return b.command("state.set", map[string]any{"state": campaigns.AgentReady}, s.Rev)
		})
	case s.State == campaigns.AgentReady && b.home:
		return b.once(fmt.Sprint("home", s.Rev), func() botFrame {
			return b.command("state.set", map[string]any{"state": campaigns.AgentNotReady, "reason": "end_of_shift"}, s.Rev)
		})
	default:
		return nil
	}
}

// once runs a step of the present call, or of no call, a single time.
func (b *bot) once(step string, frame func() botFrame) []botFrame {
	key := step
	if b.snapshot.Call != nil {
		key = string(b.snapshot.Call.CallID) + step
	}
	if b.planned[key] {
		return nil
	}
	if len(b.planned) > 1000 {
		clear(b.planned)
	}
	b.planned[key] = true
	return []botFrame{frame()}
}

// later runs the step after a while, in the bot's own loop.
func (b *bot) later(wait time.Duration, step func()) {
	time.AfterFunc(wait, func() {
		select {
		case b.timers <- step:
		default:
		}
	})
}

// talk keeps a draft and sometimes is the side that hangs up.
func (b *bot) talk(call *campaigns.CallView) []botFrame {
	frames := b.once("draft", func() botFrame {
		return b.command("call.draft", map[string]any{"call_id": call.CallID, "body": map[string]any{"notes": "in conversation"}}, 0)
	})
	hangUp, now := string(call.CallID)+"hang up", string(call.CallID)+"now"
	switch {
	case b.home && !b.planned[hangUp+"home"]:
		// The shift is over: the conversation comes to its end.
		b.planned[hangUp+"home"] = true
		b.later(4*time.Second, func() { b.planned[now] = true })
	case !b.planned[hangUp]:
		b.planned[hangUp] = true
		if b.rng.Float64() < b.habits.hangUp {
			b.later(time.Duration(4+b.rng.IntN(8))*time.Second, func() { b.planned[now] = true })
		}
	}
	if b.planned[now] {
		frames = append(frames, b.once("hung up", func() botFrame {
			return b.command("call.hangup", map[string]any{"call_id": call.CallID}, 0)
		})...)
	}
	return frames
}

// wrapUp gives the result after a short while.
func (b *bot) wrapUp(s campaigns.AgentSnapshot) []botFrame {
	call := s.Call
	due, written := string(call.CallID)+"write", string(call.CallID)+"written"
	switch {
	case b.planned[written]:
		return nil
	case !b.planned[due]:
		b.planned[due] = true
		b.later(b.habits.wrapUp(b.rng), func() { b.planned[due+"now"] = true })
		return nil
	case !b.planned[due+"now"]:
		return nil
	}
	b.planned[written] = true
	return []botFrame{b.command("call.result", b.result(s), s.Rev)}
}

// result chooses one of the campaign's dispositions.
func (b *bot) result(s campaigns.AgentSnapshot) map[string]any {
	choices := campaigns.DefaultDispositions()
	if s.Call.Pop != nil && len(s.Call.Pop.Dispositions) > 0 {
		choices = s.Call.Pop.Dispositions
	}
	weights := map[campaigns.Disposition]int{
		campaigns.DispositionSale: 15, campaigns.DispositionNotInterested: 40, campaigns.DispositionNotAvailable: 20,
		campaigns.DispositionCallback: 10, campaigns.DispositionDoNotCall: 3, campaigns.DispositionComplaint: 2,
		campaigns.DispositionWrongPerson: 3, campaigns.DispositionServed: 7,
	}
	if s.Call.Direction == campaigns.Inbound {
		weights = map[campaigns.Disposition]int{campaigns.DispositionServed: 70, campaigns.DispositionSale: 20, campaigns.DispositionNotInterested: 10}
	}
	sum := 0
	for _, c := range choices {
		sum += weights[c.Code]
	}
	pick := b.rng.IntN(max(sum, 1))
	chosen := choices[0]
	for _, c := range choices {
		if pick -= weights[c.Code]; pick < 0 {
			chosen = c
			break
		}
	}
	body := map[string]any{"call_id": s.Call.CallID, "disposition": chosen.Code, "notes": "spoke with the customer"}
	if len(chosen.Reasons) > 0 {
		body["reason"] = chosen.Reasons[b.rng.IntN(len(chosen.Reasons))]
	}
	if chosen.Code == campaigns.DispositionCallback {
		// The same hour tomorrow lies in the window that is open now.
		body["callback_at"] = s.Now.Add(24 * time.Hour).UTC().Format(time.RFC3339)
	}
	if pop := s.Call.Pop; pop != nil {
		promise(body, pop, chosen.Code)
	}
	return body
}

// promise confirms all that the script asks for, and accepts the offer with a
// sale.
func promise(body map[string]any, pop *campaigns.Pop, result campaigns.Disposition) {
	if script := pop.ScriptShown; script != nil {
		codes := make([]string, 0, len(script.Disclosures))
		for _, d := range script.Disclosures {
			codes = append(codes, d.Code)
		}
		body["script_version"], body["disclosures"] = script.VersionID, codes
	}
	if pop.OfferShown != nil && result == campaigns.DispositionSale {
		body["offer"] = campaigns.OfferAccepted{VersionID: pop.OfferShown.VersionID}
	}
}
