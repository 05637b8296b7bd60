// Package session serves the WebSocket of agents and supervisors: it checks who
// connects, turns frames into commands for their owners, and pushes what the
// owners tell. It owns no state of calls or agents; what it needs of others is
// declared in ports.go and joined in cmd.
//
// # Concurrency
//
// Each connection has three goroutines: the reader (the HTTP handler's own),
// one writer, and one worker. Commands of protocol.LaneLive are carried out by
// the reader, so that hang-up and mute wait for nobody; those of LaneStored
// queue for the worker (32; when full they are refused as unavailable). What
// goes out waits in the outbox (256 frames): a gauge replaces the one of its
// key that still waits and is dropped when the outbox is full; anything else
// that does not fit closes the connection with protocol.CloseSlow. One more
// goroutine, Hub.Run, computes the floor once for all who watch it.
//
// # Liveness
//
// Any frame counts as a sign of life. After two heartbeats without one the
// owner is told Alive(false), so that it reserves no call for the agent; after
// two and a half the connection is closed.
//
// # Order
//
// A notice that arrives while Attach is under way is held until welcome is
// sent, and dropped where its revision is not newer than the snapshot's.
//
// # Shutdown
//
// When the context of Run ends, new connections are refused and open ones
// closed with protocol.CloseRestart; commands under way are finished, and the
// agent is detached after the last of them. Run returns when every goroutine of
// every connection has stopped, at most about 12 s later.
package session
