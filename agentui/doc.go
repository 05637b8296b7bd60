// Package agentui serves everything that people and programs reach by HTTP: the
// pages, the API under /v1, the WebSocket of agents and supervisors at
// /v1/socket, and the pages for machines (/healthz, /readyz, /metrics).
//
//	protocol   the messages of the WebSocket; errors as problem+json
//	session    the open sockets
//	auth       who is signed in
//	rest       the API
//	web        the browser application, embedded
//
// It owns no state of calls, agents or campaigns: what it needs of their owners
// is declared by the sub-packages and joined in cmd.
//
// # Shutdown
//
// When the context of Server.Run ends, the listener is closed, sockets are
// closed with code 4001 (clients connect again), requests under way get ten
// seconds; then Run returns and nothing of it is left. Whoever wants agents to
// finish their calls ends that context after the calls.
package agentui
