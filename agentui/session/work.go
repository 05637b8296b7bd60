package session

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// drainLimit is how long the worker goes on after the end of the connection.
const drainLimit = 5 * time.Second

// job is a command for the worker.
type job struct {
	cmd     protocol.Command
	message protocol.Message
	payload protocol.Payload
}

// dispatch checks the command and carries it out, or queues it.
func (c *conn) dispatch(cmd protocol.Command) {
	message, ok := protocol.Lookup(cmd.T)
	switch {
	case !ok:
		c.fail(cmd, campaigns.Invalid("t", "%.60q is no command", cmd.T))
		return
	case !c.greeted && cmd.T != protocol.CmdHello && cmd.T != protocol.CmdPing:
		c.fail(cmd, campaigns.Errorf(campaigns.CodeConflict, "hello comes first"))
		return
	case !message.May(c.user.Role):
		c.fail(cmd, campaigns.Errorf(campaigns.CodeForbidden, "%s is not for the role %s", cmd.T, c.user.Role))
		return
	}
	payload := message.NewPayload()
	if err := cmd.Decode(payload); err != nil {
		c.fail(cmd, err)
		return
	}
	j := job{cmd, message, payload}
	c.owed.Add(1)
	if message.Lane == protocol.LaneLive {
		c.carryOut(context.Background(), j, c.hub.opts.Timing.Live)
		return
	}
	select {
	case c.jobs <- j:
	default:
		c.owed.Add(-1)
		c.fail(cmd, campaigns.Errorf(campaigns.CodeUnavailable, "%d commands are waiting already", jobLimit))
	}
}

// work is the worker: it carries out queued commands, also those that were
// queued when the connection ended, and checks the sign-in now and then.
func (c *conn) work(ctx context.Context) {
	recheck := time.NewTicker(c.hub.opts.Timing.Recheck)
	defer recheck.Stop()
	for {
		select {
		case <-recheck.C:
			c.recheck(ctx)
		case j, ok := <-c.jobs:
			if !ok {
				return
			}
			c.carryOut(ctx, j, c.hub.opts.Timing.Stored)
		}
	}
}

// carryOut runs one command under its deadline and answers it.
func (c *conn) carryOut(ctx context.Context, j job, limit time.Duration) {
	defer c.owed.Add(-1)
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reply, err := c.safely(ctx, j)
	c.hub.metrics.command(j.cmd.T, err, time.Since(start).Seconds())
	if err != nil {
		if internal(err) {
			c.log.Error("command failed", "command", j.cmd.T, "id", j.cmd.ID, "error", err)
		}
		c.failWith(j.cmd, err, reply)
		if j.cmd.T == protocol.CmdHello && !c.greeted {
			// The client tries again with a new connection, later.
			c.out.close(protocol.CloseUnavailable, "the session cannot be set up just now")
		}
		return
	}
	data, err := protocol.OKFrame(j.cmd.ID, reply.Rev, wholeBody(reply.Body))
	if err != nil {
		c.log.Error("reply cannot be encoded", "command", j.cmd.T, "error", err)
		c.fail(j.cmd, err)
		return
	}
	c.out.push(frame{data: data})
	if watch, ok := j.payload.(*protocol.Watch); ok {
		// Only now, so that the reply comes before the first floor.
		c.hub.floor.watch(c.out, watch.Topics)
	}
}

// safely turns a panic of a command into an error: one command fails, the
// process and its calls go on.
func (c *conn) safely(ctx context.Context, j job) (reply campaigns.AgentReply, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("command panicked", "command", j.cmd.T, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = campaigns.Errorf(campaigns.CodeInternal, "command panicked")
		}
	}()
	return c.execute(ctx, j)
}

// wholeBody gives a reply's payload the form that the registry names.
func wholeBody(body any) any {
	switch body := body.(type) {
	case []campaigns.Contact:
		return protocol.ContactsFound{Contacts: protocol.WholeContacts(body)}
	case campaigns.Contact:
		return protocol.WholeContact(body)
	default:
		return body
	}
}

// fail answers a command by an error.
func (c *conn) fail(cmd protocol.Command, err error) { c.failWith(cmd, err, campaigns.AgentReply{}) }

// failWith answers a command by an error; a stale one gets the agent's state,
// the owner's or else the newest that this session saw.
func (c *conn) failWith(cmd protocol.Command, err error, reply campaigns.AgentReply) {
	var current any
	rev := reply.Rev
	if campaigns.CodeOf(err) == campaigns.CodeStale {
		c.mu.Lock()
		if snapshot, ok := reply.Body.(campaigns.AgentSnapshot); ok {
			current, rev = protocol.WholeSnapshot(snapshot), snapshot.Rev
		} else if c.last != nil {
			current, rev = c.last, c.lastRev
		}
		c.mu.Unlock()
	}
	data, encodeErr := protocol.ErrFrame(cmd.ID, err, rev, current)
	if encodeErr != nil {
		c.log.Error("reply cannot be encoded", "command", cmd.T, "error", encodeErr)
		return
	}
	c.out.push(frame{data: data})
}
