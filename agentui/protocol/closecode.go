package protocol

// CloseCode says why the server closed a socket. From 4000 to 4499 a client
// connects again, with full jitter between 0.5 and 15 s; from 4500 to 4999 the
// end is final and the person has to do something.
type CloseCode int

// The close codes.
const (
	// CloseRestart: the server stops or restarts.
	CloseRestart CloseCode = 4001
	// CloseSlow: the client did not read its events.
	CloseSlow CloseCode = 4008
	// CloseNoPing: nothing was heard of the client for 25 s.
	CloseNoPing CloseCode = 4009
	// CloseTooMany: the client went on beyond 20 commands a second.
	CloseTooMany CloseCode = 4029
	// CloseJunk: the client sent what is no protocol.
	CloseJunk CloseCode = 4400
	// CloseUnavailable: the server could not set the session up just now.
	CloseUnavailable CloseCode = 4401
	// CloseBadSignIn: no session or a ticket that is unknown, used or too old.
	CloseBadSignIn CloseCode = 4500
	// CloseTakenOver: the agent opened another tab, which has the call now.
	CloseTakenOver CloseCode = 4503
	// CloseSignedOut: the session ended: signed out, too old, user disabled.
	CloseSignedOut CloseCode = 4504
)

// Final reports whether a client must not connect again by itself.
func (c CloseCode) Final() bool { return c >= 4500 }

// CloseCodes lists every close code with its constant's name on the screens'
// side and its meaning.
func CloseCodes() []NamedCloseCode {
	return []NamedCloseCode{
		{CloseRestart, "restart", "the server stops or restarts"},
		{CloseSlow, "slow", "the client did not read its events"},
		{CloseNoPing, "no_ping", "nothing was heard of the client for 25 s"},
		{CloseTooMany, "too_many", "the client went on beyond 20 commands a second"},
		{CloseJunk, "junk", "the client sent what is no protocol"},
		{CloseUnavailable, "unavailable", "the session could not be set up just now"},
		{CloseBadSignIn, "bad_sign_in", "no session, or a ticket that is unknown, used or too old"},
		{CloseTakenOver, "taken_over", "another tab of the same agent took over"},
		{CloseSignedOut, "signed_out", "the session ended: signed out, too old, or the user was disabled"},
	}
}

// NamedCloseCode is one entry of CloseCodes.
type NamedCloseCode struct {
	Code    CloseCode
	Name    string
	Meaning string
}
