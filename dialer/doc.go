// Package dialer is the engine room: actors that own calls and agents, pacing,
// connection, limits and recovery. It knows no SIP library; package sipua gives
// it signalling through the interfaces of ports.go.
package dialer
