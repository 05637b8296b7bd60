package main

import (
	"context"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"ringmaster/campaigns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(cleanup{m}) }

// TestServeWithSIPp is the README's section "Run it for real" with SIPp as the
// carrier and as the agent's phone: one call out, one call in.
func TestServeWithSIPp(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.setUp("Grace,(212) 555-0101\n", "ann")
	v := startVoice(t)
	phone := o.sipp("phone", o.handset, "-m", "1", "-key", "voice_port", strconv.Itoa(v.port()))
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

	// Out: the customer answers, hears, is heard, and hangs up.
	call := ann.talks(campaigns.Outbound)
	if call.Number != "+12125550101" || call.Pop == nil || call.Pop.Contact.FirstName != "Grace" {
		t.Errorf("the pop is not Grace's: %s", ann.now())
	}
	v.hears(t, 25)
	ann.state(campaigns.AgentWrapUp)
	if ann.snapshot.Call.EndedBy != campaigns.EndedByCustomer {
		t.Errorf("ended by %s", ann.snapshot.Call.EndedBy)
	}
	ann.onCall("call.result", map[string]any{"disposition": "not_interested", "reason": "price"})
	ann.state(campaigns.AgentReady)
	v.silent(t)

	// In: the same person calls back, and the agent hangs up. Junk meanwhile
	// costs nothing.
	caller := o.sipp("caller", o.caller, "-rtp_echo", "-mp", strconv.Itoa(freePorts(t, 1)[0]), "-m", "1",
		"-s", ourNumber, "-key", "caller", "+12125550101", o.sip)
	call = ann.talks(campaigns.Inbound)
	if call.Queue != "service" || call.Pop == nil || call.Pop.Contact.FirstName != "Grace" || len(call.Pop.History) != 1 {
		t.Errorf("the pop is not Grace's with her call before: %s", ann.now())
	}
	v.hears(t, 25)
	sendJunk(t, o)
	v.hears(t, 25)
	ann.onCall("call.draft", map[string]any{"body": map[string]any{"notes": "still here"}})
	ann.onCall("call.hangup", nil)
	ann.state(campaigns.AgentWrapUp)
	caller.over(1)
	ann.onCall("call.result", map[string]any{"disposition": "served"})
	ann.state(campaigns.AgentReady)

	seesTheDay(t, o.seat("sue"))
	stop()
	select {
	case code := <-served:
		if code != exitDone {
			t.Errorf("serve ended with %d", code)
		}
	case <-time.After(seatLimit):
		t.Fatal("serve does not end")
	}
	phone.over(1)
	carrier.stop(1)

	integrity, err := o.store().CheckIntegrity(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if integrity.OpenAttempts+integrity.StatelessCandidates+integrity.AnsweredWithoutResult != 0 {
		t.Errorf("left over: %+v", integrity)
	}
	// Four seconds out and one in are 250 packets each way.
	if integrity.Sent < 100 || integrity.Received < 100 {
		t.Errorf("RTP to and from customers: %d sent, %d received", integrity.Sent, integrity.Received)
	}
}

// seesTheDay looks at the floor as a supervisor, after one call out and one in.
func seesTheDay(t *testing.T, sue *seat) {
	t.Helper()
	var floor campaigns.Floor
	sue.get("/v1/floor", &floor)
	if len(floor.Campaigns) != 1 || len(floor.Queues) != 1 {
		t.Fatalf("%d campaigns, %d queues", len(floor.Campaigns), len(floor.Queues))
	}
	campaign, queue := floor.Campaigns[0], floor.Queues[0]
	if campaign.Attempts != 1 || campaign.Answered != 1 || campaign.Candidates[campaigns.CandidateDone] != 1 ||
		campaign.Results["not_interested"] != 1 || campaign.Talking+campaign.Dialing+campaign.Waiting != 0 {
		t.Errorf("campaign %+v", campaign)
	}
	if queue.Name != "service" || queue.Offered != 1 || queue.Answered != 1 || queue.ServiceLevel != 1 || queue.Talking+queue.Waiting != 0 {
		t.Errorf("queue %+v", queue)
	}
}

// sendJunk throws what no peer would send at every door.
func sendJunk(t *testing.T, o *office) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1400)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	invite := "INVITE sip:" + ourNumber + "@" + o.sip + " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKjunk\r\n"
	junk := [][]byte{
		{0}, noise, []byte("\r\n\r\n"), []byte(invite), []byte(invite + "Content-Length: 99999\r\n\r\nx"),
		[]byte(invite + "From: <sip:\r\nTo: ,\r\nCall-ID:\r\nCSeq: 99999999999 INVITE\r\n\r\n"),
		[]byte("BYE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKj\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n" +
			"Call-ID: nobody\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"),
		[]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP " + o.sip + ";branch=z9hG4bKj\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n" +
			"Call-ID: nobody\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"),
		[]byte("GET / HTTP/1.1\r\n\r\n"), []byte(strings.Repeat("A", 60000)),
	}
	var dialer net.Dialer
	for _, to := range []string{o.sip, o.phones} {
		conn, err := dialer.DialContext(t.Context(), "udp", to)
		if err != nil {
			t.Fatal(err)
		}
		for _, packet := range junk {
			if _, err := conn.Write(packet); err != nil {
				t.Logf("%s: %v", to, err) // the kernel's word on an earlier packet
			}
		}
		_ = conn.Close()
	}
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(o.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(noise); err != nil {
		t.Error(err)
	}
	_ = conn.Close()

	sue := o.seat("sue")
	for range 10 {
		for _, frame := range []string{"", "{", "[]", `{"t":"call.hangup","id":"x","d":{"call_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}}`, string(noise)} {
			// It may have been closed by now, which is as it should be.
			_ = sue.ws.WriteMessage(websocket.BinaryMessage, []byte(frame))
			_ = sue.ws.WriteMessage(websocket.TextMessage, []byte(frame))
		}
	}
	for limit := time.After(seatLimit); ; {
		select {
		case <-sue.frames:
			continue
		case err := <-sue.broken:
			t.Logf("the socket full of junk: %v", err)
			return
		case <-limit:
			t.Fatal("a socket full of junk stays open")
		}
	}
}

// TestServeDrains ends the process by SIGTERM in the middle of a call.
func TestServeDrains(t *testing.T) {
	t.Parallel()
	t.Run("the call goes on to its end", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, "limits: { drain: 20s }\n")
		o.setUp("Grace,212-555-0101\nAda,212-555-0102\n", "ann", "bob")
		v := startVoice(t)
		phone := o.sipp("phone", o.handset, "-m", "2", "-key", "voice_port", strconv.Itoa(v.port()))
		carrier := o.sipp("customer", o.carrier, "-rtp_echo", "-mp", strconv.Itoa(freePorts(t, 1)[0]), "-d", "5000")
		command, _, said := start(t, "serve", "--config", o.config)
		ended := follow(said, func(line string) { t.Log(line) })
		o.ready(200)
		ann, bob := o.seat("ann"), o.seat("bob")
		for _, s := range []*seat{ann, bob} {
			s.until("phone", func(s campaigns.AgentSnapshot) bool { return s.Phone == campaigns.PhoneUp })
		}
		ann.do("state.set", map[string]any{"state": "ready"})
		ann.talks(campaigns.Outbound)

		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		o.ready(503)
		// Ada would be called for Bob at once, were it not the end.
		bob.do("state.set", map[string]any{"state": "ready"})
		v.hears(t, 50)
		ann.state(campaigns.AgentWrapUp)
		if ann.snapshot.Call.EndedBy != campaigns.EndedByCustomer {
			t.Errorf("ended by %s, not by the customer", ann.snapshot.Call.EndedBy)
		}
		ann.onCall("call.result", map[string]any{"disposition": "sale"})
		within(t, ended, seatLimit, "end of serve")
		if err := command.Wait(); err != nil {
			t.Errorf("serve: %v", err)
		}
		phone.over(2)
		carrier.stop(1)
		results, err := o.store().Dispositions(t.Context(), time.Time{})
		if err != nil || len(results) != 1 || results["sale"] != 1 {
			t.Errorf("results %v, %v", results, err)
		}
	})
	t.Run("the limit ends it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, "limits: { drain: 1s }\n")
		o.setUp("Grace,212-555-0101\n", "ann")
		v := startVoice(t)
		phone := o.sipp("phone", o.handset, "-m", "1", "-key", "voice_port", strconv.Itoa(v.port()))
		ringing := o.sipp("ringing", o.carrier, "-m", "1")
		command, _, said := start(t, "serve", "--config", o.config)
		ended := follow(said, func(line string) { t.Log(line) })
		o.ready(200)
		ann, sue := o.seat("ann"), o.seat("sue")
		ann.until("phone", func(s campaigns.AgentSnapshot) bool { return s.Phone == campaigns.PhoneUp })
		ann.do("state.set", map[string]any{"state": "ready"})
		o.eventually("ringing customer", func() bool {
			var floor campaigns.Floor
			sue.get("/v1/floor", &floor)
			return len(floor.Campaigns) == 1 && floor.Campaigns[0].Ringing == 1
		})
		caller := o.sipp("caller", o.caller, "-rtp_echo", "-mp", strconv.Itoa(freePorts(t, 1)[0]), "-m", "1",
			"-s", ourNumber, "-key", "caller", "+12125550109", o.sip)
		ann.talks(campaigns.Inbound)
		v.hears(t, 10)
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		within(t, ended, seatLimit, "end of serve")
		if err := command.Wait(); err != nil {
			t.Errorf("serve: %v", err)
		}
		caller.over(1)
		ringing.over(1)
		phone.over(1)
		store := o.store()
		integrity, err := store.CheckIntegrity(t.Context(), time.Time{})
		if err != nil || integrity.OpenAttempts+integrity.StatelessCandidates+integrity.AnsweredWithoutResult != 0 {
			t.Errorf("left over: %+v, %v", integrity, err)
		}
		results, err := store.Dispositions(t.Context(), time.Time{})
		if err != nil || len(results) != 1 || results[campaigns.SystemAgentLost] != 1 {
			t.Errorf("results %v, %v", results, err)
		}
	})
}
