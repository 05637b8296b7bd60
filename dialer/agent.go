package dialer

import (
	"log/slog"
	"runtime/debug"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
	"ringmaster/dialer/leg"
)

// Mailbox sizes of one agent: commands use the ordinary slots, calls and
// phones the reserved ones.
const (
	agentMail        = 64
	agentMailReserve = 128
)

// Reasons of not_ready that the dialer gives itself.
const (
	reasonSignedIn         = "signed_in"
	reasonPhoneDown        = "phone_down"
	reasonPhoneNotAnswered = "phone_not_answered"
	reasonConnectionLost   = "connection_lost"
	reasonBreak            = "break"
	reasonManual           = "manual"
	reasonSignedOut        = "signed_out"
)

// agentAlarm names a timer of an agent.
type agentAlarm string

const (
	alarmGrace       agentAlarm = "grace"
	alarmShift       agentAlarm = "shift"
	alarmReservation agentAlarm = "reservation"
	alarmRedial      agentAlarm = "redial"
	alarmPhoneRing   agentAlarm = "phone_ring"
	alarmPhoneLinger agentAlarm = "phone_linger"
	alarmCommit      agentAlarm = "commit"
	alarmLeave       agentAlarm = "leave"
	alarmPreview     agentAlarm = "preview"
)

// agentActor owns one signed-in agent: state, phone, and what is owed. It
// outlives calls and screens. One goroutine runs it; everyone else posts.
type agentActor struct {
	d      *Dialer
	id     int64
	user   campaigns.User
	mail   *mailbox
	alarms *alarms[agentAlarm]
	log    *slog.Logger
	done   chan struct{}
	gone   bool // signed out; only the phone is still going down

	// The screen.
	session          string
	notify           func(campaigns.AgentNotice)
	takenOver        func()
	connected, alive bool
	away             bool // the screen was away for longer than the grace

	// The state.
	rev        int64
	state      campaigns.AgentState
	reason     string
	since      time.Time // business time
	entered    time.Time // monotonic
	next       campaigns.AgentState
	nextReason string
	// before is where an agent goes back to whose manual dial came to nothing.
	before       campaigns.AgentState
	beforeReason string
	// wantReady brings the agent back when the phone is up again.
	wantReady bool
	today     campaigns.AgentFigures

	// The nailed-up phone.
	phone      leg.Machine
	phoneTry   int
	phoneLeg   callLeg
	phoneState campaigns.PhoneState
	redial     time.Duration

	// work is how far the agent is with a call and its wrap-up.
	work phaseClock

	// The call, and what is owed for it.
	call       *callActor
	view       *campaigns.CallView
	viewEpoch  int64 // under which the store knows the call
	talk, hold time.Duration
	pending    *campaigns.Result // given while talking
	committing bool
	retry      time.Duration
	draft      draftKeeper
	preview    previewDesk
	replies    *replies
}

func newAgent(d *Dialer, u campaigns.User) *agentActor {
	return &agentActor{
		d: d, id: u.ID, user: u, alarms: newAlarms[agentAlarm](), done: make(chan struct{}),
		mail: newMailbox(agentMail, agentMailReserve, d.metrics.mailboxFull.WithLabelValues("agent").Inc),
		log:  d.log.With("agent", u.ID), state: campaigns.AgentOffline, entered: time.Now(),
		next: campaigns.AgentReady, phoneState: campaigns.PhoneDown, replies: newReplies(),
	}
}

// run is the agent's goroutine, until sign-out and the end of the phone.
func (a *agentActor) run() {
	defer close(a.done)
	defer a.finish()
	for !a.gone || a.phone.Live() {
		select {
		case <-a.mail.wake:
			for _, f := range a.mail.take() {
				a.guard(f)
			}
		case <-a.alarms.wait():
			for k, ok := a.alarms.due(); ok; k, ok = a.alarms.due() {
				a.guard(func() { a.alarm(k) })
			}
		}
	}
}

// guard keeps a defect in one step from ending the agent.
func (a *agentActor) guard(f func()) {
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("agent actor failed", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	f()
}

func (a *agentActor) finish() {
	for _, f := range a.mail.close() {
		a.guard(f)
	}
	a.alarms.end()
	if a.phoneLeg.media != nil {
		a.phoneLeg.media.Close()
	}
	a.d.floor.agentGone(a.id)
	a.d.agents.remove(a)
	a.d.touch()
}

func (a *agentActor) alarm(k agentAlarm) {
	switch k {
	case alarmGrace:
		a.graceOver()
	case alarmShift:
		a.shiftOver()
	case alarmLeave:
		a.leaveNow()
	case alarmReservation:
		a.reservationOver()
	case alarmRedial:
		a.dialPhone()
	case alarmPhoneRing:
		a.phoneStep(leg.RingExpired{})
	case alarmPhoneLinger:
		a.phoneStep(leg.LingerExpired{})
	case alarmCommit:
		a.commitPending()
	case alarmPreview:
		a.previewAlarm()
	}
}

// attach connects a screen; false when the agent is signing out.
func (a *agentActor) attach(u campaigns.User, session string, notify func(campaigns.AgentNotice), takenOver func()) (campaigns.AgentSnapshot, bool) {
	if a.gone {
		return campaigns.AgentSnapshot{}, false
	}
	if a.session != "" && a.session != session && a.takenOver != nil {
		a.takenOver()
	}
	a.session, a.notify, a.takenOver = session, notify, takenOver
	a.connected, a.alive, a.away = true, true, false
	a.alarms.stop(alarmGrace)
	a.alarms.stop(alarmShift)
	phoneMoved := u.Phone != a.user.Phone || u.PhoneMode != a.user.PhoneMode
	a.user = u
	if a.state == campaigns.AgentOffline {
		a.setState(campaigns.AgentNotReady, reasonSignedIn)
		a.startPhone()
	} else if phoneMoved && a.call == nil {
		a.phoneStep(leg.Stop{Reason: leg.StopAgent})
		if !a.phone.Live() {
			a.startPhone()
		}
	}
	a.rev++
	a.publish()
	return a.snapshot(), true
}

// detach tells that the session's screen is gone.
func (a *agentActor) detach(session string) {
	if session != a.session || a.gone {
		return
	}
	a.connected, a.alive, a.notify, a.takenOver = false, false, nil, nil
	a.session = ""
	a.alarms.start(alarmGrace, a.d.o.Timings.Grace)
	a.alarms.start(alarmShift, a.d.o.Timings.Shift)
	a.publish()
}

func (a *agentActor) setAlive(session string, alive bool) {
	if session != a.session || a.alive == alive {
		return
	}
	a.alive = alive
	if alive {
		a.away = false
		a.alarms.stop(alarmGrace)
	} else {
		a.alarms.start(alarmGrace, a.d.o.Timings.Grace)
	}
	a.publish()
}

// graceOver makes an idle agent whose screen stayed away not ready.
func (a *agentActor) graceOver() {
	a.away = true
	if a.state == campaigns.AgentReady || a.state == campaigns.AgentPreview {
		a.setState(campaigns.AgentNotReady, reasonConnectionLost)
		a.tell("state.changed")
	}
}

// shiftOver signs out an agent whose screen never came back; a conversation is
// not ended for it.
func (a *agentActor) shiftOver() {
	switch {
	case a.connected:
	case a.call != nil:
		a.alarms.start(alarmShift, a.d.o.Timings.Grace)
	default:
		a.leaveNow()
	}
}

// leave asks the agent to sign out because the node stops.
func (a *agentActor) leave() {
	a.mail.postFinal(a.leaveNow)
}

// leaveNow signs the agent out whatever the state. A conversation is ended; a
// result that is owed becomes a system disposition, and the agent may still
// complete it later.
func (a *agentActor) leaveNow() {
	if a.gone {
		return
	}
	if a.call != nil {
		// The call's end brings the agent back here.
		a.call.step(call.Input{Kind: call.Shut})
		a.alarms.start(alarmLeave, time.Second)
		return
	}
	if a.committing {
		a.alarms.start(alarmLeave, 100*time.Millisecond)
		return
	}
	if a.view != nil && a.state == campaigns.AgentWrapUp {
		a.d.record(campaigns.Event{
			Kind: campaigns.CallClosed, At: a.d.now(), Node: a.d.o.Node, Epoch: a.viewEpoch, CallID: a.view.CallID,
			CampaignID: a.view.CampaignID, AgentID: a.id, Direction: a.view.Direction,
			Disposition: campaigns.SystemAgentLost,
		})
		a.view = nil
	}
	a.signOut()
}

// signOut ends the shift: the phone goes down, the actor with it.
func (a *agentActor) signOut() {
	a.setState(campaigns.AgentOffline, reasonSignedOut)
	a.gone = true
	a.wantReady = false
	a.tell("state.changed")
	a.d.floor.agentGone(a.id)
	a.d.agents.remove(a)
	a.alarms.stop(alarmRedial)
	if a.phone.Live() {
		a.phoneStep(leg.Stop{Reason: leg.StopAgent})
	}
}

func (a *agentActor) epoch() int64 {
	epoch, _ := a.d.lease.fresh()
	return epoch
}
