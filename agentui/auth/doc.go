// Package auth knows who is signed in: passwords (argon2id), one-time links,
// server-side sessions whose token is a cookie or a bearer token, and
// single-use tickets for sockets.
//
// A session token is 256 random bits; the store sees only its SHA-256, which is
// also the name of the sign-in for the sockets (Identity.SignIn). Sessions live
// for one shift (Options.Lifetime) and are not prolonged. Disabling a user ends
// all of it at the next request, and at the next recheck of an open socket.
//
// Cookies are SameSite=Lax rather than Strict, so that a one-time link that is
// opened from a mail or a chat ends in a signed-in page; requests that change
// something are kept to the own origin by http.CrossOriginProtection, sockets
// by an Origin check.
//
// # Concurrency
//
// A Manager is safe for concurrent use and starts no goroutines. At most two
// passwords are hashed at once (64 MiB each); who waits longer than the
// request's deadline is refused as unavailable. Tickets (10,000) and throttled
// names (8,192) live in bounded memory of this process: a ticket is good only
// for the node that gave it.
package auth
