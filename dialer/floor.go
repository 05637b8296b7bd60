package dialer

import (
	"sync"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/acd"
)

// floor brings waiting calls and ready agents together. It keeps a copy of who
// waits and who is ready, matches at every change, and proposes each pair to
// the agent, whose own compare-and-set decides. A pair that was proposed is
// out of the matching until the agent took or declined it.
//
// Its lock is held while proposals are posted; nothing that it calls comes
// back into it.
type floor struct {
	ageing time.Duration

	mu      sync.Mutex
	ready   map[int64]readyAgent
	waiting map[campaigns.CallID]waitingCall
}

type readyAgent struct {
	view  acd.Agent
	agent *agentActor
	// proposed is the call that the agent was offered, empty: none.
	proposed campaigns.CallID
}

type waitingCall struct {
	view     acd.Waiting
	call     *callActor
	proposed int64
}

func newFloor(ageing time.Duration) *floor {
	return &floor{ageing: ageing, ready: make(map[int64]readyAgent), waiting: make(map[campaigns.CallID]waitingCall)}
}

// agentReady puts an agent on the floor, or renews the copy of one.
func (f *floor) agentReady(a *agentActor, view acd.Agent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.ready[view.ID]
	f.ready[view.ID] = readyAgent{view: view, agent: a, proposed: old.proposed}
	f.match()
}

// agentGone takes an agent off the floor; a proposal under way is declined by
// the agent itself.
func (f *floor) agentGone(id int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ready, id)
}

// seek puts a call on the floor.
func (f *floor) seek(c *callActor, view acd.Waiting) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting[view.CallID] = waitingCall{view: view, call: c}
	f.match()
}

// unseek takes a call off the floor.
func (f *floor) unseek(id campaigns.CallID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.waiting, id)
}

// taken tells that the agent reserved itself for the call.
func (f *floor) taken(agentID int64, id campaigns.CallID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ready, agentID)
	delete(f.waiting, id)
}

// declined tells that the agent did not take the call: both are free again,
// as far as they are still there.
func (f *floor) declined(agentID int64, id campaigns.CallID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a, ok := f.ready[agentID]; ok && a.proposed == id {
		a.proposed = ""
		f.ready[agentID] = a
	}
	if w, ok := f.waiting[id]; ok && w.proposed == agentID {
		w.proposed = 0
		f.waiting[id] = w
	}
	f.match()
}

func (f *floor) match() {
	var waiting []acd.Waiting
	for _, w := range f.waiting {
		if w.proposed == 0 {
			waiting = append(waiting, w.view)
		}
	}
	if len(waiting) == 0 {
		return
	}
	var agents []acd.Agent
	for _, a := range f.ready {
		if a.proposed == "" {
			agents = append(agents, a.view)
		}
	}
	for _, p := range acd.Match(waiting, agents, time.Now(), f.ageing) {
		a, w := f.ready[p.AgentID], f.waiting[p.CallID]
		c := w.call
		agent := a.agent
		if !agent.mail.postFinal(func() { agent.proposal(c) }) {
			// The agent's actor is gone, or drowned: it does not get calls.
			delete(f.ready, p.AgentID)
			continue
		}
		a.proposed, w.proposed = p.CallID, p.AgentID
		f.ready[p.AgentID], f.waiting[p.CallID] = a, w
	}
}

// snapshot gives the agents who may be reserved now and who waits, for pacing.
func (f *floor) snapshot() (agents []acd.Agent, inbound []acd.Waiting) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.ready {
		if a.proposed == "" {
			agents = append(agents, a.view)
		}
	}
	for _, w := range f.waiting {
		if !w.view.Outbound && w.proposed == 0 {
			inbound = append(inbound, w.view)
		}
	}
	return agents, inbound
}
