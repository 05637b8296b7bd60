package dialer

import (
	"fmt"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
	"ringmaster/dialer/leg"
)

// startPhone brings the agent's phone into use: a nailed-up one is dialed for
// the whole shift, the other waits for calls.
func (a *agentActor) startPhone() {
	a.redial = 0
	if a.user.PhoneMode == campaigns.PhonePerCall {
		a.phoneState = campaigns.PhoneOnDemand
		a.comeBack()
		return
	}
	a.dialPhone()
}

// comeBack makes an agent ready again who only waited for the phone.
func (a *agentActor) comeBack() {
	if a.wantReady && a.state == campaigns.AgentNotReady && a.reason == reasonPhoneDown {
		a.wantReady = false
		a.become(campaigns.AgentReady, "")
	}
}

// dialPhone calls the nailed-up phone.
func (a *agentActor) dialPhone() {
	if a.gone || a.phone.Live() || a.user.PhoneMode == campaigns.PhonePerCall {
		return
	}
	if a.user.Phone == "" {
		a.log.Warn("agent has no phone")
		a.phoneState = campaigns.PhoneDown
		return
	}
	media, err := a.d.o.Media.NewLeg(MediaConfig{
		Label: fmt.Sprintf("agent %d", a.id), KeepAlive: true,
		OnDead: func() { a.mail.postFinal(a.phoneDead) },
	})
	if err != nil {
		a.log.Warn("no media port for the agent's phone", "error", err)
		a.scheduleRedial()
		return
	}
	a.phoneTry++
	try := a.phoneTry
	a.phone = leg.Machine{}
	a.phoneLeg = callLeg{media: media}
	a.phoneState = campaigns.PhoneRinging
	a.phoneStep(leg.Start{RingTimeout: a.d.o.Timings.AgentRing})
	a.phoneLeg.dialog = a.d.o.Phones.Invite(Invite{
		Target: a.user.Phone, From: a.d.o.AgentCallerID, SDP: media.Offer(), Reoffer: media.Accept,
	}, func(e leg.Event) {
		a.mail.postFinal(func() {
			if try == a.phoneTry {
				a.phoneStep(e)
			}
		})
	})
	a.tell("phone.changed")
}

func (a *agentActor) phoneStep(in leg.Input) {
	for _, c := range a.phone.Step(time.Now(), in) {
		switch c.Kind {
		case leg.HangUp:
			if a.phoneLeg.dialog != nil {
				a.phoneLeg.dialog.HangUp(0, "")
			}
		case leg.ArmRing:
			a.alarms.start(alarmPhoneRing, c.After)
		case leg.DisarmRing:
			a.alarms.stop(alarmPhoneRing)
		case leg.ArmLinger:
			a.alarms.start(alarmPhoneLinger, c.After)
		case leg.DisarmLinger:
			a.alarms.stop(alarmPhoneLinger)
		case leg.TellUp:
			a.phoneUp(c.SDP)
		case leg.TellDown:
			a.phoneDown()
		}
	}
}

func (a *agentActor) phoneUp(sdp []byte) {
	if err := a.phoneLeg.media.Agree(sdp, false); err != nil {
		a.log.Warn("no common media with the agent's phone", "error", err)
		a.phoneStep(leg.Stop{Reason: leg.StopDeadMedia})
		return
	}
	a.phoneLeg.media.Sound().Confirm()
	a.phoneState, a.redial = campaigns.PhoneUp, 0
	a.comeBack()
	a.tell("phone.changed")
}

// phoneDead ends a phone that sends nothing any more; it is dialed again.
func (a *agentActor) phoneDead() {
	a.log.Warn("no sound from the agent's phone")
	a.phoneLost()
	a.phoneStep(leg.Stop{Reason: leg.StopDeadMedia})
}

// phoneDown is the end of the nailed-up phone's dialog.
func (a *agentActor) phoneDown() {
	if a.phoneLeg.media != nil {
		a.phoneLeg.media.Close()
	}
	facts := a.phone.Facts()
	a.phoneLeg = callLeg{}
	if a.gone {
		return
	}
	a.log.Info("agent's phone is down", "sip", facts.Code, "text", facts.Text)
	a.phoneLost()
	if a.user.PhoneMode == campaigns.PhonePerCall {
		// The agent has changed to a phone that is rung per call.
		a.startPhone()
		a.tell("phone.changed")
		return
	}
	a.scheduleRedial()
}

// phoneLost takes the agent out of what needs the phone.
func (a *agentActor) phoneLost() {
	if a.phoneState == campaigns.PhoneDown || a.gone {
		return
	}
	a.phoneState = campaigns.PhoneDown
	if a.call != nil {
		a.call.step(call.Input{Kind: call.AgentLost, AgentID: a.id})
	} else if a.state == campaigns.AgentReady || a.state == campaigns.AgentPreview {
		a.wantReady = true
		a.setState(campaigns.AgentNotReady, reasonPhoneDown)
	}
	a.tell("phone.changed")
}

func (a *agentActor) scheduleRedial() {
	a.redial = min(max(2*a.redial, a.d.o.Timings.Redial), a.d.o.Timings.RedialMost)
	a.alarms.start(alarmRedial, a.redial)
}
