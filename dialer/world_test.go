package dialer

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"ringmaster/campaigns"
	"ringmaster/dialer/leg"
	"ringmaster/dialer/trunk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a dialer on fakes, inside a synctest bubble.
type world struct {
	t      *testing.T
	d      *Dialer
	store  *fakeStore
	phones *fakePhones
	media  *fakeMedia
	end    context.CancelFunc
	done   chan error
}

// screen is an agent's page.
type screen struct {
	w       *world
	id      int64
	session string
	mu      sync.Mutex
	last    campaigns.AgentSnapshot
	kinds   []string
	taken   bool
}

// inWorld runs f with a dialer that has one running campaign (1), and checks
// afterwards that nothing is left.
func inWorld(t *testing.T, change func(*Options), f func(*world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, store: newFakeStore(), media: &fakeMedia{}, done: make(chan error, 1),
			phones: &fakePhones{scripts: make(map[string]script)},
		}
		w.store.campaigns = []campaigns.Campaign{{
			ID: 1, Name: "Autumn", State: campaigns.CampaignRunning, Settings: campaigns.DefaultSettings(campaigns.KindProspecting),
		}}
		trunks, err := trunk.New([]trunk.Config{{Name: "alpha", Address: "carrier:5060", Channels: 50, CallsPerSecond: 500}})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{
			Node: "n1", Carriers: w.phones, Phones: w.phones, Trunks: trunks, Media: w.media, Gate: w.store, Drops: w.store, Recorder: w.store,
			Directory: w.store, Nodes: w.store, Hopper: w.store, Clock: w.store, Logger: slog.New(slog.DiscardHandler),
			Registerer: prometheus.NewRegistry(),
			Queues:     []QueueConfig{{Name: "service", Numbers: []string{"+18005550100"}}},
		}
		if change != nil {
			change(&o)
		}
		d, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		w.d = d
		ctx, cancel := context.WithCancel(t.Context())
		w.end = cancel
		go func() { w.done <- d.Run(ctx) }()
		synctest.Wait()
		f(w)
		w.finish()
	})
}

// finish ends the dialer and checks what it left.
func (w *world) finish() {
	w.t.Helper()
	w.end()
	if err := <-w.done; err != nil {
		w.t.Errorf("Run: %v", err)
	}
	w.phones.wg.Wait()
	time.Sleep(time.Minute) // what plays in fakes
	checkFacts(w.t, w.store)
	if open, bridges := w.media.counts(); open != 0 || bridges != 0 {
		w.t.Errorf("%d media legs and %d bridges left", open, bridges)
	}
	if live := w.d.o.Trunks.Live(); live[0].InUse != 0 {
		w.t.Errorf("%d trunk channels left", live[0].InUse)
	}
}

func number(n string) string { return "sip:" + n + "@carrier:5060;user=phone" }

func (w *world) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// allow puts answers of earlier days into the ledger of dropped calls, and waits
// until the dialer has heard of the drops that they allow.
func (w *world) allow(answers float64) {
	w.store.mu.Lock()
	w.store.earlier = answers
	w.store.mu.Unlock()
	w.after(2 * creditPeriod)
}

// agent signs an agent in whose nailed-up phone answers at once.
func (w *world) agent(id int64, ready bool) *screen {
	w.t.Helper()
	u := campaigns.User{ID: id, Name: "bob", DisplayName: "Bob", Role: campaigns.RoleAgent, Phone: phoneOf(id), PhoneMode: campaigns.PhoneNailed}
	w.phones.set(u.Phone, answers(time.Millisecond, 0))
	return w.attach(u, "s1", ready)
}

func phoneOf(id int64) string { return "sip:agent" + string(rune('0'+id)) + "@phones" }

func (w *world) attach(u campaigns.User, session string, ready bool) *screen {
	w.t.Helper()
	s := &screen{w: w, id: u.ID, session: session}
	snapshot, err := w.d.Attach(w.t.Context(), u, session, func(n campaigns.AgentNotice) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last = n.Snapshot
		s.kinds = append(s.kinds, n.Kind)
	}, func() { s.mu.Lock(); s.taken = true; s.mu.Unlock() })
	if err != nil {
		w.t.Fatalf("Attach: %v", err)
	}
	s.mu.Lock()
	if snapshot.Rev > s.last.Rev { // a notice may be quicker
		s.last = snapshot
	}
	s.mu.Unlock()
	w.after(10 * time.Millisecond)
	if ready {
		s.must(campaigns.AgentCommand{Kind: "state.set", State: campaigns.AgentReady})
		synctest.Wait()
	}
	return s
}

func (s *screen) do(cmd campaigns.AgentCommand) (campaigns.AgentReply, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return s.w.d.Command(ctx, s.id, s.session, cmd)
}

func (s *screen) must(cmd campaigns.AgentCommand) campaigns.AgentReply {
	s.w.t.Helper()
	r, err := s.do(cmd)
	if err != nil {
		s.w.t.Fatalf("%s: %v", cmd.Kind, err)
	}
	synctest.Wait()
	return r
}

func (s *screen) now() campaigns.AgentSnapshot {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *screen) result(id string) campaigns.AgentReply {
	s.w.t.Helper()
	return s.must(campaigns.AgentCommand{ID: id, Kind: "call.result", Result: campaigns.Result{Disposition: campaigns.DispositionSale}})
}

// expect compares the written facts of attempts and calls.
func (w *world) expect(want ...string) {
	w.t.Helper()
	synctest.Wait()
	if got := w.store.kinds(); !slices.Equal(got, want) {
		w.t.Errorf("facts:\n got %q\nwant %q", got, want)
	}
}

// incoming brings a caller who stays for at most patience.
func (w *world) incoming(caller string, patience time.Duration) (dialog *fakeDialog, refused int) {
	w.t.Helper()
	f := newFakeDialog("in-" + caller)
	post, _, refuse := w.d.TakeCall(Incoming{Trunk: "alpha", Caller: caller, Called: "18005550100", SDP: []byte("offer"), Dialog: f})
	if refuse != 0 {
		return f, refuse
	}
	f.post = func(e leg.Event) { post(e) }
	w.phones.wg.Go(func() {
		left := time.After(patience)
		select {
		case <-f.answered:
			f.say(leg.Answered)
		case <-left:
			f.say(leg.Cancelled)
			return
		case <-f.hung:
			f.say(leg.Cancelled)
			return
		}
		select {
		case <-left:
			f.say(leg.RemoteBye)
		case <-f.hung:
			f.say(leg.LocalBye)
		}
	})
	return f, 0
}
