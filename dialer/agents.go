package dialer

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"ringmaster/campaigns"
)

// agents is the registry of the agents signed in at this node, with copies of
// what others may know of them.
type agents struct {
	mu      sync.Mutex
	actors  map[int64]*agentActor
	copies  map[int64]campaigns.AgentLive
	paces   map[int64]agentPace
	settle  chan struct{} // closed when nobody owes a result, nil while nobody waits
	closing bool
}

func newAgents() *agents {
	return &agents{
		actors: make(map[int64]*agentActor), copies: make(map[int64]campaigns.AgentLive), paces: make(map[int64]agentPace),
	}
}

func (r *agents) get(id int64) (*agentActor, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.actors[id]
	return a, ok
}

// obtain gives the agent's actor, starting one where there is none.
func (r *agents) obtain(d *Dialer, u campaigns.User) (*agentActor, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, ok := r.actors[u.ID]; ok {
		return a, nil
	}
	if r.closing {
		return nil, campaigns.Errorf(campaigns.CodeUnavailable, "the node is stopping")
	}
	a := newAgent(d, u)
	if !d.spawn(a.run) {
		return nil, campaigns.Errorf(campaigns.CodeUnavailable, "the node is stopping")
	}
	r.actors[u.ID] = a
	return a, nil
}

// remove forgets an actor, if it is still the agent's.
func (r *agents) remove(a *agentActor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.actors[a.id] == a {
		delete(r.actors, a.id)
		delete(r.copies, a.id)
		delete(r.paces, a.id)
	}
	r.checkSettled()
}

// publish renews the copies of an agent.
func (r *agents) publish(a *agentActor, live campaigns.AgentLive, pace agentPace) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.actors[a.id] == a {
		r.copies[a.id], r.paces[a.id] = live, pace
	}
	r.checkSettled()
}

func (r *agents) checkSettled() {
	if r.settle != nil && r.owed() == 0 {
		close(r.settle)
		r.settle = nil
	}
}

func (r *agents) owed() int {
	n := 0
	for _, c := range r.copies {
		if c.State == campaigns.AgentWrapUp || c.State == campaigns.AgentTalking {
			n++
		}
	}
	return n
}

// owing counts the agents who talk or owe a result.
func (r *agents) owing() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.owed()
}

// settled gives a channel that is closed when no agent owes a result.
func (r *agents) settled() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owed() == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if r.settle == nil {
		r.settle = make(chan struct{})
	}
	return r.settle
}

func (r *agents) each(f func(*agentActor)) {
	r.mu.Lock()
	all := make([]*agentActor, 0, len(r.actors))
	for _, a := range r.actors {
		all = append(all, a)
	}
	r.mu.Unlock()
	for _, a := range all {
		f(a)
	}
}

// live gives the copies, by id.
func (r *agents) live() []campaigns.AgentLive {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]campaigns.AgentLive, 0, len(r.copies))
	for _, c := range r.copies {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b campaigns.AgentLive) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// paced appends the copies for pacing.
func (r *agents) paced(into []agentPace) []agentPace {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.paces {
		into = append(into, p)
	}
	return into
}

func (r *agents) inState(s campaigns.AgentState) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, c := range r.copies {
		if c.State == s {
			n++
		}
	}
	return n
}

// stop refuses further sign-ins.
func (r *agents) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closing = true
}

// Attach signs an agent in, or connects a signed-in agent's new screen. A
// second session takes over: takenOver of the first is called. notify and
// takenOver are called from the agent's goroutine and must not block; a first
// notice may come before Attach returns, the greater Rev is the newer. The
// error is CodeUnavailable while the node is not running.
func (d *Dialer) Attach(ctx context.Context, user campaigns.User, session string, notify func(campaigns.AgentNotice), takenOver func()) (campaigns.AgentSnapshot, error) {
	if !d.running.Load() || d.draining() {
		return campaigns.AgentSnapshot{}, campaigns.Errorf(campaigns.CodeUnavailable, "the node takes no agents now")
	}
	for {
		a, err := d.agents.obtain(d, user)
		if err != nil {
			return campaigns.AgentSnapshot{}, err
		}
		type attached struct {
			snapshot campaigns.AgentSnapshot
			ok       bool
		}
		reply := make(chan attached, 1)
		posted := a.mail.postFinal(func() {
			snapshot, ok := a.attach(user, session, notify, takenOver)
			reply <- attached{snapshot, ok}
		})
		if posted {
			select {
			case r := <-reply:
				if r.ok {
					return r.snapshot, nil
				}
			case <-a.done:
			case <-ctx.Done():
				return campaigns.AgentSnapshot{}, campaigns.Wrap(campaigns.CodeUnavailable, "signing in took too long", ctx.Err())
			}
		}
		// The actor was just signing out: wait for its end and begin anew.
		select {
		case <-a.done:
		case <-ctx.Done():
			return campaigns.AgentSnapshot{}, campaigns.Wrap(campaigns.CodeUnavailable, "signing in took too long", ctx.Err())
		}
	}
}

// Detach tells that the session's screen is gone. The agent stays signed in.
func (d *Dialer) Detach(agentID int64, session string) {
	if a, ok := d.agents.get(agentID); ok {
		a.mail.postFinal(func() { a.detach(session) })
	}
}

// Alive tells whether the session's screen answers; an agent whose screen is
// overdue is not reserved for calls.
func (d *Dialer) Alive(agentID int64, session string, alive bool) {
	if a, ok := d.agents.get(agentID); ok {
		a.mail.postFinal(func() { a.setAlive(session, alive) })
	}
}

// Command carries out what an agent asks for and waits for the reply. A
// repetition of a command that succeeded gives the same reply. Errors have the
// codes of package campaigns: stale for an old revision, conflict where the
// state does not allow it, unavailable when the store is away; those may be
// sent again under the same id.
func (d *Dialer) Command(ctx context.Context, agentID int64, session string, cmd campaigns.AgentCommand) (campaigns.AgentReply, error) {
	a, ok := d.agents.get(agentID)
	if !ok {
		return campaigns.AgentReply{}, campaigns.Errorf(campaigns.CodeConflict, "the agent is not signed in")
	}
	type result struct {
		reply campaigns.AgentReply
		err   error
	}
	answer := make(chan result, 1)
	posted := a.mail.post(func() {
		a.command(session, cmd, func(r campaigns.AgentReply, err error) { answer <- result{r, err} })
	})
	if !posted {
		return campaigns.AgentReply{}, campaigns.Errorf(campaigns.CodeUnavailable, "the agent's session is busy or ended")
	}
	select {
	case r := <-answer:
		return r.reply, r.err
	case <-a.done:
		select {
		case r := <-answer:
			return r.reply, r.err
		default:
		}
		return campaigns.AgentReply{}, campaigns.Errorf(campaigns.CodeConflict, "the agent was signed out")
	case <-ctx.Done():
		return campaigns.AgentReply{}, campaigns.Wrap(campaigns.CodeUnavailable, "the command took too long", ctx.Err())
	}
}
