package session

import (
	"encoding/json"
	"sync"

	"ringmaster/agentui/protocol"
)

// outboxLimit is the number of frames that may wait for a slow reader.
const outboxLimit = 256

// frame is one thing to send: an event, which gets its seq as it is sent, or
// the finished bytes of a reply.
type frame struct {
	event string
	data  json.RawMessage
	// gauge is the key under which a newer frame replaces this one.
	gauge string
}

// ending is the close frame to send.
type ending struct {
	code protocol.CloseCode
	text string
}

// outbox is the bounded send queue of one connection. Its methods never block.
type outbox struct {
	mu     sync.Mutex
	queue  []*frame
	gauges map[string]*frame
	end    *ending
	// wake holds one token while there may be something to take.
	wake chan struct{}
}

func newOutbox() *outbox {
	return &outbox{gauges: map[string]*frame{}, wake: make(chan struct{}, 1)}
}

// push queues a frame; after close it does nothing. A full outbox drops gauges
// and is closed by anything else.
func (o *outbox) push(f frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end != nil {
		return
	}
	if f.gauge != "" {
		if waiting := o.gauges[f.gauge]; waiting != nil {
			waiting.data = f.data
			return
		}
	}
	if len(o.queue) >= outboxLimit {
		if f.gauge == "" {
			// What waits is lost to this connection: the next one's snapshot
			// brings it back.
			o.queue, o.end = nil, &ending{protocol.CloseSlow, "events were not read in time"}
		}
		o.signal()
		return
	}
	o.queue = append(o.queue, &f)
	if f.gauge != "" {
		o.gauges[f.gauge] = &f
	}
	o.signal()
}

// close asks for the close frame after what is queued; the first one counts.
func (o *outbox) close(code protocol.CloseCode, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil {
		o.end = &ending{code, text}
	}
	o.signal()
}

// closing reports whether the end is decided.
func (o *outbox) closing() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.end != nil
}

// take gives the next frame, or the ending once nothing else is left, or
// neither when there is nothing to do yet.
func (o *outbox) take() (*frame, *ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return nil, o.end
	}
	f := o.queue[0]
	o.queue[0] = nil
	o.queue = o.queue[1:]
	if f.gauge != "" {
		delete(o.gauges, f.gauge)
	}
	return f, nil
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}
