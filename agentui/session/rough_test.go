package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ringmaster/agentui/protocol"
	"ringmaster/agentui/session"
	"ringmaster/campaigns"
)

func TestJunkIsAnsweredThenClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c, _ := h.hello(t, "agent")
	// A wrong command is no junk and may come as often as it likes.
	for range 10 {
		c.raw(`{"t":"call.fly","id":"01JD8QZ3T5V7X9Z1B3D5F7H9K1"}`)
		in := c.refused("01JD8QZ3T5V7X9Z1B3D5F7H9K1", campaigns.CodeInvalid)
		if in.Err.Field != "t" || !strings.Contains(in.Err.Detail, "call.fly") {
			t.Fatalf("problem %+v", in.Err)
		}
	}
	for _, junk := range []string{"", "\x00\xff\xfe", "[]", "GET / HTTP/1.1"} {
		c.raw(junk)
		c.refused("", campaigns.CodeInvalid)
	}
	if err := c.ws.WriteMessage(websocket.BinaryMessage, []byte(`{"t":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	c.refused("", campaigns.CodeInvalid)
	c.closed(protocol.CloseJunk)
	within(t, h.agents.detached)
}

func TestOversizedFrameEndsTheSocket(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c, _ := h.hello(t, "agent")
	c.raw(`{"t":"` + strings.Repeat("x", protocol.ReadLimit) + `"}`)
	if _, err := c.next(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Errorf("got %v, want close code 1009", err)
	}
	within(t, h.agents.detached)
}

func TestCommandsBeforeHelloAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c := h.dial(t, "agent")
	c.ok(c.send("ping", protocol.Empty{}, 0))
	c.refused(c.send("call.hangup", protocol.CallRef{CallID: call}, 0), campaigns.CodeConflict)
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c, _ := h.hello(t, "agent")
	limited := 0
	var last incoming
	for range 80 {
		c.send("ping", protocol.Empty{}, 0)
	}
	for range 80 {
		if in := c.must(); in.Err != nil {
			limited++
			last = in
		}
	}
	// 40 at once, and those of the time that it took.
	if limited == 0 || limited > 41 {
		t.Fatalf("%d of 80 were refused", limited)
	}
	if last.Err.Code != protocol.CodeRateLimited || *last.Re == "" {
		t.Errorf("refused by %+v", last.Err)
	}
	for range 300 {
		if err := c.ws.WriteMessage(websocket.TextMessage, []byte(`{"t":"ping"}`)); err != nil {
			break // closed meanwhile
		}
	}
	c.closed(protocol.CloseTooMany)
}

// TestSlowClientIsClosed pushes more than the client reads and the outbox and
// the kernel hold; an event is big enough that the latter is soon full.
func TestSlowClientIsClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *session.Options) { o.Timing.Write = 200 * time.Millisecond })
	c, _ := h.hello(t, "agent")
	notice := campaigns.AgentNotice{Kind: "agent.message", Text: strings.Repeat("x", 100_000)}
	for range 400 {
		notice.Snapshot.Rev++
		h.agents.mu.Lock()
		at, ok := h.agents.attached[12]
		h.agents.mu.Unlock()
		if !ok {
			break
		}
		at.notify(notice)
	}
	within(t, h.agents.detached)
	// What arrived has no gap, then the connection is gone.
	for seq := int64(2); ; seq++ {
		in, err := c.next()
		if err != nil {
			var timeout interface{ Timeout() bool }
			if errors.As(err, &timeout) && timeout.Timeout() {
				t.Error("the socket is still open")
			}
			return
		}
		if in.Seq != seq {
			t.Fatalf("seq %d, want %d", in.Seq, seq)
		}
	}
}

func TestSilentClientIsDropped(t *testing.T) {
	t.Parallel()
	// The ping has to come within half a beat, on a busy machine too.
	h := newHouse(t, func(o *session.Options) { o.Timing.Heartbeat = 500 * time.Millisecond })
	c, _ := h.hello(t, "agent")
	// Two pings overdue: not reservable; a ping heals that.
	if within(t, h.agents.alive) {
		t.Error("alive was told first")
	}
	c.send("ping", protocol.Empty{}, 0)
	if !within(t, h.agents.alive) {
		t.Error("the ping was not told")
	}
	c.closed(protocol.CloseNoPing)
	within(t, h.agents.detached)

	// Who never says hello is dropped too.
	h = newHouse(t, func(o *session.Options) { o.Timing.Hello = 20 * time.Millisecond })
	h.dial(t, "agent").closed(protocol.CloseNoPing)
}

func TestFloorIsComputedOnceForAll(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *session.Options) {
		// Only change and kick; many changes in one gap make one floor.
		o.Timing.Floor, o.Timing.FloorGap = time.Hour, 20*time.Millisecond
	})
	a, _ := h.hello(t, "supervisor")
	b, _ := h.hello(t, "supervisor")
	// One waits in the channel; with the third in it, the first has been dealt
	// with, for nobody.
	for range 3 {
		h.floor.changed <- struct{}{}
	}
	if h.floor.count() != 0 {
		t.Error("the floor is computed for nobody")
	}
	a.ok(a.send("watch", protocol.Watch{Topics: []protocol.Topic{protocol.TopicAgents}}, 0))
	var seen campaigns.Floor
	a.event("floor", &seen)
	if len(seen.Agents) != 1 || len(seen.Campaigns) != 0 || seen.Trunks == nil {
		t.Errorf("topics: %+v", seen)
	}
	b.ok(b.send("watch", protocol.Watch{}, 0))
	b.event("floor", &seen)
	a.event("floor", nil)
	if len(seen.Agents) != 1 || len(seen.Campaigns) != 1 {
		t.Errorf("all topics: %+v", seen)
	}
	before := h.floor.count()
	h.floor.changed <- struct{}{}
	a.event("floor", nil)
	b.event("floor", nil)
	if got := h.floor.count() - before; got != 1 {
		t.Errorf("%d computations for two watchers", got)
	}
	a.ok(a.send("unwatch", protocol.Empty{}, 0))
	h.floor.changed <- struct{}{}
	b.event("floor", nil)
	// a's next frame is its ping's reply, not a floor.
	a.ok(a.send("ping", protocol.Empty{}, 0))
	// Who is gone watches no more.
	if got := h.watching(t); got != 1 {
		t.Errorf("%v watch, want 1", got)
	}
	_ = b.ws.Close()
	for deadline := time.Now().Add(10 * time.Second); h.watching(t) != 0; {
		if time.Now().After(deadline) {
			t.Fatal("the watcher that is gone is kept")
		}
		time.Sleep(time.Millisecond)
	}
}
