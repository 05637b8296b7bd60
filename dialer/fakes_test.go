package dialer

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/leg"
)

// fakeDialog is the far end of one dialog, driven by a script.
type fakeDialog struct {
	req            Invite
	id             string
	post           func(leg.Event)
	hung           chan struct{}
	once           sync.Once
	answered, rang chan struct{} // as server
	begun          time.Time
}

func newFakeDialog(id string) *fakeDialog {
	return &fakeDialog{id: id, hung: make(chan struct{}), answered: make(chan struct{}), rang: make(chan struct{}), begun: time.Now()}
}

func (f *fakeDialog) CallID() string      { return f.id }
func (f *fakeDialog) HangUp(int, string)  { f.once.Do(func() { close(f.hung) }) }
func (f *fakeDialog) Ring()               { close(f.rang) }
func (f *fakeDialog) Answer([]byte)       { close(f.answered) }
func (f *fakeDialog) say(k leg.EventKind) { f.post(leg.Event{Kind: k, At: time.Now()}) }
func (f *fakeDialog) code(k leg.EventKind, code int) {
	f.post(leg.Event{Kind: k, Code: code, At: time.Now()})
}

// wait lets time pass; false when we hung up meanwhile.
func (f *fakeDialog) wait(d time.Duration) bool {
	select {
	case <-f.hung:
		return false
	case <-time.After(d):
		return true
	}
}

type script func(*fakeDialog)

// answers rings for a while, talks for a while (0: until we hang up).
func answers(ring, talk time.Duration) script {
	return func(f *fakeDialog) {
		f.say(leg.Sent)
		f.code(leg.Provisional, 180)
		if !f.wait(ring) {
			f.code(leg.Cancelled, 487)
			return
		}
		f.say(leg.Answered)
		if talk == 0 {
			<-f.hung
		} else if f.wait(talk) {
			f.say(leg.RemoteBye)
			return
		}
		f.say(leg.LocalBye)
	}
}

// crosses answers although we cancelled.
func crosses(ring time.Duration) script {
	return func(f *fakeDialog) {
		f.say(leg.Sent)
		f.code(leg.Provisional, 180)
		<-f.hung
		f.say(leg.Answered)
		time.Sleep(ring)
		f.say(leg.LocalBye)
	}
}

// refuses gives a final answer at once.
func refuses(code int) script {
	return func(f *fakeDialog) {
		f.say(leg.Sent)
		f.code(leg.Failed, code)
	}
}

// fakePhones is the network: a script for each target.
type fakePhones struct {
	mu      sync.Mutex
	scripts map[string]script
	invites []Invite
	dialogs []*fakeDialog
	wg      sync.WaitGroup
}

func (p *fakePhones) Invite(req Invite, post func(leg.Event)) Dialog {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := newFakeDialog(fmt.Sprintf("sip-%d", len(p.invites)))
	f.req, f.post = req, post
	run, ok := p.scripts[req.Target]
	if !ok {
		run = refuses(404)
	}
	p.invites, p.dialogs = append(p.invites, req), append(p.dialogs, f)
	p.wg.Go(func() { run(f) })
	return f
}

func (p *fakePhones) set(target string, s script) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scripts[target] = s
}

func (p *fakePhones) count(target string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, i := range p.invites {
		if i.Target == target {
			n++
		}
	}
	return n
}

// fakeMedia counts legs and bridges.
type fakeMedia struct {
	mu            sync.Mutex
	open, bridges int
	messages      int
	defect        bool // playing fails
}

type fakeLeg struct {
	m    *fakeMedia
	cfg  MediaConfig
	once sync.Once
}

type fakeBridge struct {
	m    *fakeMedia
	once sync.Once
}

func (b *fakeBridge) Unbridge() {
	b.once.Do(func() { b.m.mu.Lock(); b.m.bridges--; b.m.mu.Unlock() })
}

func (m *fakeMedia) NewLeg(cfg MediaConfig) (MediaLeg, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open++
	return &fakeLeg{m: m, cfg: cfg}, nil
}

func (m *fakeMedia) Bridge(a, b MediaLeg) MediaBridge {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bridges++
	return &fakeBridge{m: m}
}

func (m *fakeMedia) counts() (open, bridges int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open, m.bridges
}

func (m *fakeMedia) played() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.messages
}

func (l *fakeLeg) Offer() []byte                 { return []byte("offer") }
func (l *fakeLeg) Accept([]byte) ([]byte, error) { return []byte("answer"), nil }
func (l *fakeLeg) Agree([]byte, bool) error      { return nil }
func (l *fakeLeg) Sound() MediaSound             { return l }
func (l *fakeLeg) Confirm()                      {}
func (l *fakeLeg) Hush()                         {}
func (l *fakeLeg) SendDTMF(string)               {}
func (l *fakeLeg) Stats() campaigns.MediaStats   { return campaigns.MediaStats{Sent: 1, Received: 1} }
func (l *fakeLeg) Close() {
	l.once.Do(func() { l.m.mu.Lock(); l.m.open--; l.m.mu.Unlock() })
}

func (l *fakeLeg) Play(s Sound) <-chan struct{} {
	done := make(chan struct{})
	l.m.mu.Lock()
	defect := l.m.defect
	l.m.mu.Unlock()
	if defect {
		panic("a defect")
	}
	if s == SoundMessage {
		l.m.mu.Lock()
		l.m.messages++
		l.m.mu.Unlock()
		go func() { time.Sleep(6 * time.Second); close(done) }()
	}
	return done
}

// fakeStore is the store and the queues.
type fakeStore struct {
	mu        sync.Mutex
	campaigns []campaigns.Campaign
	hopper    map[int64][]campaigns.HopperItem
	numbers   map[int64]string // by candidate
	people    map[string][]campaigns.Contact
	facts     []campaigns.Event
	results   []campaigns.Result
	drafts    []campaigns.Draft
	away      bool
	attempts  int64
	epoch     int64
	renewable bool
	popDelay  time.Duration
	blocks    chan Block
	settled   []int64
	skips     []campaigns.Skip
	// earlier answers are in the ledger of dropped calls, without a drop.
	earlier float64
	silent  bool // the ledger does not answer
	// language of everybody who is called.
	language string
}

const dropLimit = 0.03

func newFakeStore() *fakeStore {
	return &fakeStore{
		hopper: make(map[int64][]campaigns.HopperItem), numbers: make(map[int64]string),
		people: make(map[string][]campaigns.Contact), blocks: make(chan Block), renewable: true,
	}
}

var errAway = campaigns.Errorf(campaigns.CodeUnavailable, "the store is away")

func (s *fakeStore) locked(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return errAway
	}
	return f()
}

func (s *fakeStore) reserved() int64 { s.mu.Lock(); defer s.mu.Unlock(); return s.attempts }
func (s *fakeStore) committed() int  { s.mu.Lock(); defer s.mu.Unlock(); return len(s.results) }

func (s *fakeStore) setAway(away bool) { s.mu.Lock(); s.away = away; s.mu.Unlock() }

func (s *fakeStore) add(campaignID int64, number string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := int64(len(s.numbers) + 1)
	s.numbers[id] = number
	s.hopper[campaignID] = append(s.hopper[campaignID], campaigns.HopperItem{
		CampaignID: campaignID, CandidateID: id, ContactID: 1000 + id, NumberID: 2000 + id,
	})
}

func (s *fakeStore) Reserve(_ context.Context, req Reservation) (out []campaigns.Attempt, _ []campaigns.Refusal, err error) {
	err = s.locked(func() error {
		for _, i := range req.Items {
			out = append(out, s.attempt(i, req.Epoch, 0))
		}
		return nil
	})
	return out, nil, err
}

func (s *fakeStore) attempt(i campaigns.HopperItem, epoch, agent int64) campaigns.Attempt {
	s.attempts++
	settings := campaigns.DefaultSettings(campaigns.KindProspecting)
	return campaigns.Attempt{
		ID: s.attempts, CampaignID: i.CampaignID, CandidateID: i.CandidateID, ContactID: i.ContactID, NumberID: i.NumberID,
		Number: s.numbers[i.CandidateID], Epoch: epoch, AgentID: agent,
		ReservedAt: time.Now(), DialBy: time.Now().Add(time.Second), Settings: settings, Language: s.language,
	}
}

func (s *fakeStore) ReserveManual(_ context.Context, req ManualReservation) (out campaigns.Attempt, err error) {
	err = s.locked(func() error {
		if req.Number == "+10000000000" {
			return campaigns.Errorf(campaigns.CodeRefused, "do_not_call")
		}
		out = s.attempt(campaigns.HopperItem{CampaignID: req.CampaignID, ContactID: 77, NumberID: 78}, req.Epoch, req.AgentID)
		out.Number = req.Number
		return nil
	})
	return out, err
}

func (s *fakeStore) Record(_ context.Context, facts []campaigns.Event) error {
	return s.locked(func() error { s.facts = append(s.facts, facts...); return nil })
}

func (s *fakeStore) CommitResult(_ context.Context, r campaigns.Result) (out campaigns.ResultReply, err error) {
	err = s.locked(func() error {
		for _, known := range s.results {
			if known.CommandID == r.CommandID {
				out = campaigns.ResultReply{CallID: r.CallID, Disposition: known.Disposition, Replayed: true}
				return nil
			}
		}
		ended := slices.ContainsFunc(s.facts, func(e campaigns.Event) bool {
			return e.Kind == campaigns.CallEnded && e.CallID == r.CallID
		})
		if !ended {
			return campaigns.Errorf(campaigns.CodeConflict, "call %s has not ended", r.CallID)
		}
		s.results = append(s.results, r)
		out = campaigns.ResultReply{CallID: r.CallID, Disposition: r.Disposition}
		return nil
	})
	return out, err
}

func (s *fakeStore) SaveDraft(_ context.Context, d campaigns.Draft) error {
	return s.locked(func() error { s.drafts = append(s.drafts, d); return nil })
}

func (s *fakeStore) Pop(_ context.Context, q PopQuery) (campaigns.Pop, error) {
	time.Sleep(s.popDelay)
	return campaigns.Pop{Contact: campaigns.Contact{ID: q.ContactID, FirstName: "Ada"}, Script: "Hello, {{agent_name}} here."}, nil
}

func (s *fakeStore) Identify(_ context.Context, caller string) (out Identity, err error) {
	err = s.locked(func() error {
		out = Identity{Contacts: s.people[caller], Priority: len(s.people[caller])}
		for id, n := range s.numbers {
			if n == caller {
				out.NumberID, out.CandidateID = 2000+id, id
			}
		}
		return nil
	})
	return out, err
}

func (s *fakeStore) FindContacts(context.Context, string) ([]campaigns.Contact, error) {
	return nil, nil
}
func (s *fakeStore) CreateContact(_ context.Context, c campaigns.Contact) (campaigns.Contact, error) {
	c.ID = 4711
	return c, nil
}

func (s *fakeStore) Campaigns(context.Context) (out []campaigns.Campaign, err error) {
	err = s.locked(func() error { out = slices.Clone(s.campaigns); return nil })
	return out, err
}

func (s *fakeStore) Join(context.Context, string, time.Duration) (epoch int64, err error) {
	err = s.locked(func() error { s.epoch++; epoch = s.epoch; return nil })
	return epoch, err
}

func (s *fakeStore) Renew(context.Context, string, int64, time.Duration) error {
	return s.locked(func() error {
		if !s.renewable {
			return errAway
		}
		return nil
	})
}
func (s *fakeStore) Reconcile(context.Context) (int, error) { return 0, nil }

func (s *fakeStore) Watch(ctx context.Context, f func(Block)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case b := <-s.blocks:
			f(b)
		}
	}
}

func (s *fakeStore) Claim(_ context.Context, id int64, n int) ([]campaigns.HopperItem, []float64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := s.hopper[id][:min(n, len(s.hopper[id]))]
	s.hopper[id] = s.hopper[id][len(items):]
	var next []float64
	for _, item := range s.hopper[id][:min(n, len(s.hopper[id]))] {
		next = append(next, item.AnswerProbability)
	}
	return slices.Clone(items), next, nil
}

// DropBudgets gives the whole credit by what was written.
func (s *fakeStore) DropBudgets(_ context.Context, _ string, holdings []campaigns.DropHolding) ([]campaigns.DropBudget, error) {
	var budgets []campaigns.DropBudget
	err := s.locked(func() error {
		if s.silent {
			return errAway
		}
		for _, h := range holdings {
			b := campaigns.DropBudget{CampaignID: h.CampaignID, Limit: dropLimit, Answers: s.earlier}
			for _, e := range s.facts {
				if e.Kind != campaigns.AttemptEnded || e.CampaignID != h.CampaignID {
					continue
				}
				switch e.End.Outcome {
				case campaigns.OutcomeDropped:
					b.Answers++
					b.Drops++
				case campaigns.OutcomeAnswered:
					b.Answers++
				}
			}
			b.Credit = max(0, b.Limit*b.Answers-b.Drops)
			budgets = append(budgets, b)
		}
		return nil
	})
	return budgets, err
}

func (s *fakeStore) Hold(context.Context, int64, int64, time.Duration) (bool, error) {
	return true, nil
}

func (s *fakeStore) Skip(_ context.Context, skip campaigns.Skip) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skips = append(s.skips, skip)
	return nil
}

func (s *fakeStore) Settle(_ context.Context, _ int64, ids []int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settled = append(s.settled, ids...)
	return nil
}

func (s *fakeStore) Return(_ context.Context, id int64, items []campaigns.HopperItem) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hopper[id] = append(items, s.hopper[id]...)
	return nil
}
func (s *fakeStore) Demand(context.Context, int64, float64) error { return nil }
func (s *fakeStore) Now() time.Time                               { return time.Now() }

func (s *fakeStore) written() []campaigns.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.facts)
}

// kinds gives the written facts of attempts and calls as kind[:detail].
func (s *fakeStore) kinds() []string {
	var out []string
	for _, e := range s.written() {
		text := string(e.Kind)
		switch {
		case e.Kind == campaigns.AgentChanged:
			continue
		case e.End != nil:
			text += ":" + string(e.End.Outcome)
		case e.Disposition != "":
			text += ":" + string(e.Disposition)
		case e.EndedBy != "":
			text += ":" + string(e.EndedBy)
		}
		out = append(out, text)
	}
	return out
}

// agentStates gives the states that an agent went through.
func (s *fakeStore) agentStates(id int64) []string {
	var out []string
	for _, e := range s.written() {
		if e.Kind == campaigns.AgentChanged && e.AgentID == id {
			text := string(e.AgentState)
			if e.Reason != "" {
				text += ":" + e.Reason
			}
			out = append(out, text)
		}
	}
	return out
}

// checkFacts holds what must be true of any run's facts: each attempt ends
// once, each opened call ends once and has one disposition or an agent who
// gave a result, nothing follows the end.
func checkFacts(t *testing.T, s *fakeStore) {
	t.Helper()
	ended := make(map[int64]int)
	seen := make(map[int64]bool)
	opened, over := make(map[campaigns.CallID]bool), make(map[campaigns.CallID]int)
	closed, bridged := make(map[campaigns.CallID]int), make(map[campaigns.CallID]bool)
	for _, e := range s.written() {
		if e.AttemptID != 0 {
			seen[e.AttemptID] = true
		}
		switch e.Kind {
		case campaigns.AttemptEnded:
			ended[e.AttemptID]++
		case campaigns.AttemptAnswered, campaigns.CallArrived:
			opened[e.CallID] = true
		case campaigns.CallBridged:
			bridged[e.CallID] = true
			if over[e.CallID] > 0 {
				t.Errorf("call %s bridged after its end", e.CallID)
			}
		case campaigns.CallEnded:
			over[e.CallID]++
		case campaigns.CallClosed:
			closed[e.CallID]++
			if over[e.CallID] == 0 {
				t.Errorf("call %s closed before its end", e.CallID)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.results {
		closed[r.CallID]++
	}
	for id := int64(1); id <= s.attempts; id++ {
		if ended[id] != 1 {
			t.Errorf("attempt %d ended %d times (seen %v)", id, ended[id], seen[id])
		}
	}
	for id := range opened {
		if over[id] != 1 || closed[id] != 1 {
			t.Errorf("call %s ended %d times, closed %d times", id, over[id], closed[id])
		}
	}
}
