package session

import (
	"context"
	"encoding/json"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// hello attaches an agent and sends welcome.
func (c *conn) hello(ctx context.Context, p *protocol.Hello) error {
	if c.greeted {
		return campaigns.Errorf(campaigns.CodeConflict, "hello was said already; resync gives the state again")
	}
	welcome := protocol.Welcome{
		Session: c.session, Seq: 1, HeartbeatMS: int(c.hub.opts.Timing.Heartbeat.Milliseconds()), User: protocol.ViewOf(c.user),
	}
	if c.agent() {
		snapshot, err := c.hub.opts.Agents.Attach(ctx, c.user, c.session, c.notify, c.takenOver)
		if err != nil {
			// The owner may have attached it in spite of the error.
			c.hub.opts.Agents.Detach(c.user.ID, c.session)
			return err
		}
		snapshot = protocol.WholeSnapshot(snapshot)
		welcome.Snapshot = &snapshot
	}
	data, err := json.Marshal(welcome)
	if err != nil {
		return err
	}
	c.greeted = true
	c.log.Info("hello", "client", p.Client)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.welcomed = true
	c.out.push(frame{event: protocol.EventWelcome, data: data})
	if welcome.Snapshot == nil {
		return nil
	}
	c.attached = true
	if c.last, err = json.Marshal(welcome.Snapshot); err != nil {
		return err
	}
	c.lastRev = welcome.Snapshot.Rev
	for _, n := range c.held {
		if n.Snapshot.Rev > welcome.Snapshot.Rev {
			c.tell(n)
		}
	}
	c.held = nil
	return nil
}

// resync sends the newest state again: every notice carried the whole of it.
func (c *conn) resync() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, err := json.Marshal(struct {
		Snapshot json.RawMessage `json:"snapshot,omitempty"`
	}{c.last})
	if err != nil {
		return err
	}
	c.out.push(frame{event: protocol.EventResync, data: data})
	return nil
}

// notify takes a notice of the agent's owner; it never blocks. The notice is
// encoded here, so that the owner may go on changing what it points to.
func (c *conn) notify(n campaigns.AgentNotice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.welcomed {
		// Attach is quick, and the newest notice says all: a few are enough.
		if len(c.held) == jobLimit {
			c.held = c.held[1:]
		}
		c.held = append(c.held, n)
		return
	}
	c.tell(n)
}

// tell sends a notice; c.mu is held.
func (c *conn) tell(n campaigns.AgentNotice) {
	snapshot, err := json.Marshal(protocol.WholeSnapshot(n.Snapshot))
	if err != nil {
		c.log.Error("notice cannot be encoded", "kind", n.Kind, "error", err)
		return
	}
	c.last, c.lastRev = snapshot, n.Snapshot.Rev
	data, err := json.Marshal(struct {
		Snapshot json.RawMessage `json:"snapshot"`
		Text     string          `json:"text,omitempty"`
	}{snapshot, n.Text})
	if err != nil {
		c.log.Error("notice cannot be encoded", "kind", n.Kind, "error", err)
		return
	}
	c.out.push(frame{event: n.Kind, data: data})
}

// takenOver ends this session for another tab's; it never blocks.
func (c *conn) takenOver() {
	c.out.close(protocol.CloseTakenOver, "another tab took over")
}
