package leg

import "time"

// EventKind names what happened to one SIP dialog.
type EventKind string

// What a signalling endpoint posts of a dialog. After Failed, RemoteBye,
// Cancelled or LocalBye nothing more comes.
const (
	// Sent: the first INVITE left this machine.
	Sent EventKind = "sent"
	// Provisional: a 1xx above 100; Code, and SDP of early media if any.
	Provisional EventKind = "provisional"
	// Answered: the 2xx was acknowledged (as client) or the ACK came (as
	// server); SDP of the answer if any.
	Answered EventKind = "answered"
	// Failed: a final refusal or a local failure; Code, Q850, Text. Local is
	// set when no such response came from the network (Timer B: Code 408;
	// transport error: Code 503; dial_by passed: Code 0).
	Failed EventKind = "failed"
	// Cancelled: the dialog ended unanswered after our Cancel, or (as server)
	// the caller's CANCEL came.
	Cancelled EventKind = "cancelled"
	// RemoteBye: the other side ended the answered dialog.
	RemoteBye EventKind = "remote_bye"
	// LocalBye: our BYE was answered or timed out.
	LocalBye EventKind = "local_bye"
	// Digit: a DTMF digit by SIP INFO.
	Digit EventKind = "digit"
)

// Event is one happening of a dialog, posted in order by one goroutine at a
// time.
type Event struct {
	Kind EventKind
	At   time.Time
	// Code is the SIP status, Q850 the cause of a Reason header.
	Code int
	Q850 int
	// Text is the reason phrase or the local failure in words.
	Text  string
	Local bool
	SDP   []byte
	Digit byte
	// RetryAfter of a 503, zero where absent.
	RetryAfter time.Duration
}
