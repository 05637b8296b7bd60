package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"

	"ringmaster/campaigns"
)

// seatLimit bounds every wait for the server.
const seatLimit = 10 * time.Second

// seat is an agent or supervisor of a test at the real WebSocket, who does what
// the test says.
type seat struct {
	t        *testing.T
	base     string
	cookie   string
	ws       *websocket.Conn
	frames   chan botFrame
	broken   chan error
	snapshot campaigns.AgentSnapshot
}

// openSeat signs in by a one-time link and says hello.
func openSeat(t *testing.T, base, link string) *seat {
	t.Helper()
	cookie, err := openSignInLink(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	dialer := websocket.Dialer{HandshakeTimeout: seatLimit, Subprotocols: []string{"ringmaster.v1.json"}}
	ws, response, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/v1/socket",
		http.Header{"Cookie": {cookie}, "Origin": {base}})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	s := &seat{t: t, base: base, cookie: cookie, ws: ws, frames: make(chan botFrame, 64), broken: make(chan error, 1)}
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		readBotFrames(ws, s.frames, s.broken, done)
	}()
	t.Cleanup(func() {
		close(done)
		_ = ws.Close()
		<-ended
	})
	s.send(botFrame{Type: "hello", ID: ulid.Make().String(), Data: json.RawMessage(`{"client":"test"}`)})
	for greeting := ""; greeting != "welcome"; {
		greeting = s.next("welcome").Type
	}
	return s
}

func (s *seat) send(frame botFrame) {
	s.t.Helper()
	if err := s.ws.WriteJSON(frame); err != nil {
		s.t.Fatal(err)
	}
}

// next takes one frame and keeps its snapshot.
func (s *seat) next(waitingFor string) botFrame {
	s.t.Helper()
	select {
	case frame := <-s.frames:
		var body struct {
			Snapshot *campaigns.AgentSnapshot `json:"snapshot"`
		}
		if len(frame.Data) > 0 {
			if err := json.Unmarshal(frame.Data, &body); err != nil {
				s.t.Fatalf("%s: %v", frame.Data, err)
			}
		}
		if body.Snapshot != nil && body.Snapshot.Rev >= s.snapshot.Rev {
			s.snapshot = *body.Snapshot
		}
		return frame
	case err := <-s.broken:
		s.t.Fatalf("socket: %v, waiting for %s; %s", err, waitingFor, s.now())
	case <-time.After(seatLimit):
		s.t.Fatalf("no %s within %v; %s", waitingFor, seatLimit, s.now())
	}
	return botFrame{}
}

// now says where the agent is.
func (s *seat) now() string {
	text, err := json.Marshal(s.snapshot)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// until takes frames until the snapshot is as wished.
func (s *seat) until(what string, wished func(campaigns.AgentSnapshot) bool) {
	s.t.Helper()
	for limit := time.Now().Add(seatLimit); !wished(s.snapshot); {
		if time.Now().After(limit) {
			s.t.Fatalf("no %s within %v; %s", what, seatLimit, s.now())
		}
		s.next(what)
	}
}

// state waits for a state of the agent.
func (s *seat) state(want campaigns.AgentState) {
	s.t.Helper()
	s.until(string(want), func(now campaigns.AgentSnapshot) bool { return now.State == want })
}

// do sends a command, guarded by the present revision where the protocol asks
// for it, and waits until it is done. A stale one is sent again from what is
// known by then.
func (s *seat) do(kind string, data map[string]any) {
	s.t.Helper()
	text, err := json.Marshal(data)
	if err != nil {
		s.t.Fatal(err)
	}
	for {
		command := botFrame{Type: kind, ID: ulid.Make().String(), Data: text}
		if kind == "state.set" || kind == "call.result" {
			command.Rev = s.snapshot.Rev
		}
		s.send(command)
		reply := s.next("reply to " + kind)
		for reply.Re != command.ID {
			reply = s.next("reply to " + kind)
		}
		if reply.OK {
			return
		}
		if !strings.Contains(string(reply.Err), `"code":"stale"`) || s.snapshot.Rev == command.Rev {
			s.t.Fatalf("%s %s: %s; %s", kind, text, reply.Err, s.now())
		}
	}
}

// onCall does a command for the present call.
func (s *seat) onCall(kind string, data map[string]any) {
	s.t.Helper()
	if s.snapshot.Call == nil {
		s.t.Fatalf("%s without a call; %s", kind, s.now())
	}
	if data == nil {
		data = map[string]any{}
	}
	data["call_id"] = s.snapshot.Call.CallID
	s.do(kind, data)
}

// talks waits until the agent talks in a call of the direction, and gives it.
func (s *seat) talks(direction campaigns.Direction) *campaigns.CallView {
	s.t.Helper()
	s.until("conversation", func(now campaigns.AgentSnapshot) bool {
		return now.State == campaigns.AgentTalking && now.Call != nil && now.Call.Stage == campaigns.StageTalking
	})
	if got := s.snapshot.Call.Direction; got != direction {
		s.t.Fatalf("an %s call, want %s", got, direction)
	}
	return s.snapshot.Call
}

// get reads a resource of the REST interface.
func (s *seat) get(path string, into any) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Cookie", s.cookie)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s %v %s", path, response.Status, err, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		s.t.Fatalf("GET %s: %v\n%s", path, err, body)
	}
}
