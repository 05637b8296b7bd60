package leg

import "time"

// State says how far a dialog is.
type State string

// The states of a dialog.
const (
	// Idle: nothing was sent or answered yet.
	Idle State = "idle"
	// Trying: the INVITE was sent, or came in, and nobody's phone rings.
	Trying State = "trying"
	// Ringing: an 18x was received or sent.
	Ringing State = "ringing"
	// Up: answered and acknowledged.
	Up State = "up"
	// Ending: we asked for the end and wait for it.
	Ending State = "ending"
	// Ended is final.
	Ended State = "ended"
)

// StopReason says why we end a dialog.
type StopReason string

// Why a dialog is ended by us.
const (
	StopNone        StopReason = ""
	StopRingTimeout StopReason = "ring_timeout"
	StopSuperseded  StopReason = "superseded"
	StopBlocked     StopReason = "blocked"
	StopAgent       StopReason = "agent"
	StopSystem      StopReason = "system"
	StopDeadMedia   StopReason = "dead_media"
	// StopGivenUp: it rang for long enough, and no agent would be free.
	StopGivenUp StopReason = "given_up"
	// StopLinger: the end was asked for and never came.
	StopLinger StopReason = "linger"
)

// Facts are what is known of a dialog at its end; the outcome of an attempt is
// judged by them.
type Facts struct {
	// Sent is set once an INVITE left the machine.
	Sent bool
	// Saw18x is set once any 18x came: somebody's phone may have rung.
	Saw18x bool
	// Answered is set once the dialog was confirmed, LateAnswer if that was
	// after we had asked for its end.
	Answered, LateAnswer bool
	// Code is the final SIP status of an unanswered dialog, 0: none; Q850 the
	// cause of a Reason header; Local: the failure is ours, not the network's.
	Code, Q850 int
	Local      bool
	// WeCancelled is set when the dialog ended unanswered by our CANCEL; Stop
	// says why we asked for the end, also where another end was quicker.
	WeCancelled bool
	Stop        StopReason
	// Remote is set when the other side ended the answered dialog.
	Remote bool
	// Text is the reason phrase or the local failure in words, RetryAfter the
	// pause that a 503 asked for.
	Text       string
	RetryAfter time.Duration
	// Times are zero where the step did not happen.
	SentAt, RingingAt, AnsweredAt, EndedAt time.Time
}

// Input is what a Machine steps on: an Event of the network, Start, Stop or
// an expired timer.
type Input interface{ legInput() }

func (Event) legInput() {}

// Start begins the dialog. As client the INVITE follows; as server it is
// already there.
type Start struct {
	Server bool
	// RingTimeout ends a dialog that is not answered this long after its
	// first INVITE; zero: never.
	RingTimeout time.Duration
}

func (Start) legInput() {}

// Stop asks for the end of the dialog.
type Stop struct {
	Reason StopReason
	// Code is the refusal, as server only; 0: 480.
	Code int
}

func (Stop) legInput() {}

// RingExpired tells that the ring timer ran out.
type RingExpired struct{}

func (RingExpired) legInput() {}

// LingerExpired tells that the end we asked for did not come in time.
type LingerExpired struct{}

func (LingerExpired) legInput() {}

// CommandKind names what the owner of a dialog is to do or is told.
type CommandKind string

// The commands of a dialog's machine.
const (
	// HangUp ends the dialog in the network; Code as in Stop.
	HangUp CommandKind = "hang_up"
	// ArmRing and ArmLinger start a timer of After; a timer is stopped by
	// Disarm… exactly when it runs.
	ArmRing      CommandKind = "arm_ring"
	DisarmRing   CommandKind = "disarm_ring"
	ArmLinger    CommandKind = "arm_linger"
	DisarmLinger CommandKind = "disarm_linger"
	// TellSent, TellRinging (once), TellEarly (with SDP), TellUp (once, with
	// SDP) and TellDigit pass on what the owner acts upon.
	TellSent    CommandKind = "tell_sent"
	TellRinging CommandKind = "tell_ringing"
	TellEarly   CommandKind = "tell_early"
	TellUp      CommandKind = "tell_up"
	TellDigit   CommandKind = "tell_digit"
	// TellDown comes exactly once, last.
	TellDown CommandKind = "tell_down"
)

// Command is one thing to do.
type Command struct {
	Kind  CommandKind
	After time.Duration
	Code  int
	SDP   []byte
	Digit byte
}

// LingerLimit is how long the network may take to end a dialog: Timer B or F
// of RFC 3261, 64×T1 = 32 s, and a little for the last answer.
const LingerLimit = 36 * time.Second

// Machine is one dialog. The zero value is Idle.
type Machine struct {
	state        State
	facts        Facts
	ring, linger bool // the timers that run
	ringTimeout  time.Duration
	server       bool
}

// State gives the state.
func (m *Machine) State() State {
	if m.state == "" {
		return Idle
	}
	return m.state
}

// Facts gives what is known so far.
func (m *Machine) Facts() Facts { return m.facts }

// Live reports whether the dialog was started and has not ended.
func (m *Machine) Live() bool { return m.State() != Idle && m.state != Ended }

// Step takes one input and gives the commands that follow, in order.
func (m *Machine) Step(now time.Time, in Input) []Command {
	if m.state == Ended {
		return nil
	}
	switch in := in.(type) {
	case Start:
		return m.start(in)
	case Stop:
		return m.stop(now, in)
	case RingExpired:
		if !m.ring {
			return nil
		}
		m.ring = false
		return m.stop(now, Stop{Reason: StopRingTimeout})
	case LingerExpired:
		if !m.linger {
			return nil
		}
		m.linger = false
		m.facts.Local = true
		return m.down(now)
	case Event:
		if m.State() == Idle {
			return nil
		}
		return m.happened(now, in)
	}
	return nil
}

func (m *Machine) start(in Start) []Command {
	if m.State() != Idle {
		return nil
	}
	m.state, m.server, m.ringTimeout = Trying, in.Server, in.RingTimeout
	return nil
}

// stop asks the network for the end; what was never started is down at once.
func (m *Machine) stop(now time.Time, in Stop) []Command {
	switch m.State() {
	case Idle:
		m.facts.Stop, m.facts.Local = in.Reason, true
		return m.down(now)
	case Ending:
		return nil
	}
	m.state, m.facts.Stop, m.linger = Ending, in.Reason, true
	out := m.disarmRing(nil)
	return append(out, Command{Kind: HangUp, Code: in.Code}, Command{Kind: ArmLinger, After: LingerLimit})
}

func (m *Machine) happened(now time.Time, e Event) []Command {
	switch e.Kind {
	case Sent:
		return m.sent(now)
	case Provisional:
		return m.provisional(now, e)
	case Answered:
		return m.answered(now, e)
	case Digit:
		if m.state != Up {
			return nil
		}
		return []Command{{Kind: TellDigit, Digit: e.Digit}}
	case Failed:
		m.facts.Code, m.facts.Q850, m.facts.Local, m.facts.Text = e.Code, e.Q850, e.Local, e.Text
		m.facts.RetryAfter = e.RetryAfter
		return m.down(now)
	case Cancelled:
		m.facts.Code, m.facts.Q850, m.facts.Text = e.Code, e.Q850, e.Text
		m.facts.WeCancelled = !m.server
		m.facts.Remote = m.server
		return m.down(now)
	case RemoteBye:
		m.facts.Remote, m.facts.Q850 = m.state != Ending, e.Q850
		return m.down(now)
	case LocalBye:
		return m.down(now)
	}
	return nil
}

func (m *Machine) sent(now time.Time) []Command {
	if m.facts.Sent {
		return nil
	}
	m.facts.Sent, m.facts.SentAt = true, now
	out := []Command{{Kind: TellSent}}
	if m.state == Trying || m.state == Ringing {
		out = m.armRing(out)
	}
	return out
}

// presumeSent makes up for a Sent that was never told: an answer proves it.
func (m *Machine) presumeSent(now time.Time) []Command {
	if m.server {
		return nil
	}
	return m.sent(now)
}

func (m *Machine) provisional(now time.Time, e Event) []Command {
	if e.Code < 180 || e.Code > 189 || m.facts.Answered {
		return nil
	}
	out := m.presumeSent(now)
	if !m.facts.Saw18x {
		m.facts.Saw18x, m.facts.RingingAt = true, now
		out = append(out, Command{Kind: TellRinging})
	}
	if m.state == Trying {
		m.state = Ringing
	}
	if len(e.SDP) > 0 && m.state != Ending {
		out = append(out, Command{Kind: TellEarly, SDP: e.SDP})
	}
	return out
}

func (m *Machine) answered(now time.Time, e Event) []Command {
	if m.facts.Answered {
		return nil
	}
	out := m.presumeSent(now)
	m.facts.Answered, m.facts.AnsweredAt = true, now
	if m.state == Ending {
		// The answer crossed our CANCEL: the signalling ends it by BYE, but
		// somebody did lift the phone.
		m.facts.LateAnswer = true
		return out
	}
	m.state = Up
	return append(m.disarmRing(out), Command{Kind: TellUp, SDP: e.SDP})
}

func (m *Machine) down(now time.Time) []Command {
	m.state, m.facts.EndedAt = Ended, now
	out := m.disarmRing(nil)
	if m.linger {
		m.linger = false
		out = append(out, Command{Kind: DisarmLinger})
	}
	return append(out, Command{Kind: TellDown})
}

func (m *Machine) armRing(out []Command) []Command {
	if m.ringTimeout <= 0 || m.ring {
		return out
	}
	m.ring = true
	return append(out, Command{Kind: ArmRing, After: m.ringTimeout})
}

func (m *Machine) disarmRing(out []Command) []Command {
	if !m.ring {
		return out
	}
	m.ring = false
	return append(out, Command{Kind: DisarmRing})
}
