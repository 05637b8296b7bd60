package session

import (
	"fmt"
	"testing"

	"ringmaster/agentui/protocol"
)

func TestOutboxCoalescesGaugesOnly(t *testing.T) {
	t.Parallel()
	o := newOutbox()
	for i := range 3 {
		o.push(frame{event: "floor", gauge: "floor", data: fmt.Appendf(nil, "%d", i)})
		o.push(frame{event: "call.updated", data: fmt.Appendf(nil, "%d", i)})
	}
	want := []string{"floor 2", "call.updated 0", "call.updated 1", "call.updated 2"}
	for _, w := range want {
		f, _ := o.take()
		if f == nil || f.event+" "+string(f.data) != w {
			t.Fatalf("took %+v, want %s", f, w)
		}
	}
	// One that was taken is not replaced any more.
	o.push(frame{event: "floor", gauge: "floor", data: []byte("3")})
	if f, end := o.take(); f == nil || string(f.data) != "3" || end != nil {
		t.Errorf("took %+v, %+v", f, end)
	}
	if f, end := o.take(); f != nil || end != nil {
		t.Errorf("took %+v, %+v of nothing", f, end)
	}
}

func TestFullOutboxDropsGaugesAndClosesForEvents(t *testing.T) {
	t.Parallel()
	o := newOutbox()
	for range outboxLimit {
		o.push(frame{event: "call.updated"})
	}
	o.push(frame{event: "floor", gauge: "floor"})
	if o.closing() || len(o.queue) != outboxLimit {
		t.Fatalf("a gauge closed a full outbox, or was queued: %d", len(o.queue))
	}
	o.push(frame{event: "call.updated"})
	if f, end := o.take(); f != nil || end == nil || end.code != protocol.CloseSlow {
		t.Errorf("took %+v, %+v; want the slow close", f, end)
	}
	o.close(protocol.CloseRestart, "")
	if _, end := o.take(); end.code != protocol.CloseSlow {
		t.Errorf("the first end does not count: %+v", end)
	}
}

func TestCloseComesAfterWhatIsQueued(t *testing.T) {
	t.Parallel()
	o := newOutbox()
	o.push(frame{data: []byte("reply")})
	o.close(protocol.CloseRestart, "")
	o.push(frame{data: []byte("late")})
	if f, _ := o.take(); f == nil || string(f.data) != "reply" {
		t.Errorf("took %+v first", f)
	}
	if f, end := o.take(); f != nil || end == nil {
		t.Errorf("took %+v, %+v; want the end", f, end)
	}
}
