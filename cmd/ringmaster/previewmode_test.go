package main

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
)

// TestServePreview skips one customer and calls the other, on real stores and
// real SIP.
func TestServePreview(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.setUp("Grace,(212) 555-0101\nHenry,(212) 555-0102\n", "ann")
	o.do("campaign", "apply", o.write("preview.yaml", `
name: winback
kind: win_back
mode: preview
preview: { time_out: 5m, on_time_out: skip }
`))
	v := startVoice(t)
	o.sipp("phone", o.handset, "-m", "1", "-key", "voice_port", strconv.Itoa(v.port()))
	carrier := o.sipp("customer", o.carrier, "-rtp_echo", "-mp", strconv.Itoa(freePorts(t, 1)[0]), "-d", "4000")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan int, 1)
	go func() {
		served <- run(ctx, []string{"--config", o.config, "serve"}, streams{out: t.Output(), err: t.Output()})
	}()
	o.ready(200)
	ann := o.seat("ann")
	ann.until("phone", func(s campaigns.AgentSnapshot) bool { return s.Phone == campaigns.PhoneUp })
	ann.do("state.set", map[string]any{"state": "ready"})

	ann.state(campaigns.AgentPreview)
	first := ann.snapshot.Preview
	if first.Pop == nil || first.Number == "" || first.Campaign != "winback" || first.OnTimeOut != campaigns.PreviewSkip {
		t.Fatalf("the preview is not whole: %s", ann.now())
	}
	ann.do("preview.skip", map[string]any{"candidate_id": first.CandidateID, "reason": "later"})
	ann.until("next candidate", func(s campaigns.AgentSnapshot) bool {
		return s.Preview != nil && s.Preview.CandidateID != first.CandidateID
	})
	second := ann.snapshot.Preview
	ann.do("preview.dial", map[string]any{"candidate_id": second.CandidateID})
	call := ann.talks(campaigns.Outbound)
	if call.Number != second.Number || call.Pop.Contact.FirstName != second.Pop.Contact.FirstName {
		t.Errorf("not the candidate of the preview was called: %s", ann.now())
	}
	v.hears(t, 25)
	ann.state(campaigns.AgentWrapUp)
	ann.onCall("call.result", map[string]any{"disposition": "not_interested", "reason": "price"})
	ann.state(campaigns.AgentReady)

	if why := o.do("campaign", "why", "winback"); !strings.Contains(why, "skipped") {
		t.Errorf("nothing is told of the skip:\n%s", why)
	}
	stop()
	select {
	case code := <-served:
		if code != exitDone {
			t.Errorf("serve ended with %d", code)
		}
	case <-time.After(seatLimit):
		t.Fatal("serve does not end")
	}
	carrier.stop(1)
}
