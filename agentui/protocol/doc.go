// Package protocol is the wire format between Ringmaster and the screens of
// agents and supervisors: JSON text frames over one WebSocket with the
// subprotocol ringmaster.v1.json (DESIGN.md section 8).
//
//	event    {"t":"call.offered","seq":1042,"ts":"…","d":{…}}
//	command  {"t":"call.result","id":"<ULID>","rev":17,"d":{…}}
//	reply    {"re":"<ULID>","ok":true,"rev":18,"d":{…}}  |  {"re":"…","ok":false,"err":{…}}
//
// Messages is the one registry: the AsyncAPI document (asyncapi.json) and the
// TypeScript types (agentui/web/src/protocol.gen.ts) are generated from it by
// package gen, and a test there fails when they are stale. Golden frames in
// testdata hold Go and TypeScript to the same bytes.
//
// # Rules of the wire
//
// Every command with a readable id is answered by exactly one reply. hello is
// the first command of a connection; the event welcome comes before its reply.
// The command resync brings an event resync with the whole state before its
// reply. seq counts the events of one connection from 1 without gaps; a client
// that sees a gap sends resync. Unknown fields are ignored in both directions.
// Arrays and maps are never null.
//
// # Concurrency
//
// Everything here is plain data or a pure function.
package protocol

//go:generate go run ./gen
