package protocol_test

import (
	"encoding/json"
	"time"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

const (
	sampleID   = "01JD8QZ3T5V7X9Z1B3D5F7H9K1"
	sampleCall = campaigns.CallID("01JD8QYW8E0000000000000001")
)

func sampleTime() time.Time { return time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC) }

// samplePayload gives a full payload for each message, sampleReply for each
// reply that has one.
func samplePayload(name string, dir protocol.Direction) any {
	if dir == protocol.FromServer {
		return sampleEvent(name)
	}
	callback := sampleTime().Add(26 * time.Hour)
	switch name {
	case protocol.CmdHello:
		return &protocol.Hello{Client: "ringmaster-web 1.0"}
	case protocol.CmdStateSet:
		return &protocol.StateSet{State: campaigns.AgentNotReady, Reason: "lunch", AfterCall: true}
	case protocol.CmdCallAnswer, protocol.CmdCallHangup, protocol.CmdCallHold, protocol.CmdCallResume:
		return &protocol.CallRef{CallID: sampleCall}
	case protocol.CmdCallMute:
		return &protocol.CallMute{CallID: sampleCall, Muted: true}
	case protocol.CmdCallDTMF:
		return &protocol.CallDTMF{CallID: sampleCall, Digits: "12#"}
	case protocol.CmdCallDraft:
		return &protocol.CallDraft{CallID: sampleCall, Body: json.RawMessage(`{"disposition":"callback","notes":"asked for Wed"}`)}
	case protocol.CmdCallResult:
		return &protocol.CallResult{
			CallID: sampleCall, Disposition: campaigns.DispositionCallback, Reason: "asked", Notes: "Call on Wednesday.",
			CallbackAt: &callback, CallbackPersonal: true, ContactID: 7, ScriptVersion: 31, Disclosures: []string{"recorded"},
		}
	case protocol.CmdContactFind:
		return &protocol.ContactFind{Text: "Rivera"}
	case protocol.CmdContactCreate:
		return &protocol.ContactCreate{CallID: sampleCall, FirstName: "Ana", LastName: "Rivera", Number: "+12125550142", Language: "es"}
	case protocol.CmdContactBind:
		return &protocol.ContactBind{CallID: sampleCall, ContactID: 7}
	case protocol.CmdDialManual:
		return &protocol.DialManual{CampaignID: 3, Number: "+12125550142"}
	case protocol.CmdPreviewDial:
		return &protocol.PreviewDial{CandidateID: 81}
	case protocol.CmdPreviewSkip:
		return &protocol.PreviewSkip{CandidateID: 81, Reason: "called yesterday"}
	case protocol.CmdWatch:
		return &protocol.Watch{Topics: []protocol.Topic{protocol.TopicCampaigns, protocol.TopicAgents}}
	case protocol.CmdCampaignStart, protocol.CmdCampaignPause, protocol.CmdCampaignClose:
		return &protocol.CampaignRef{CampaignID: 3}
	default:
		return &protocol.Empty{}
	}
}

func sampleReply(name string) any {
	due := sampleTime().Add(26 * time.Hour)
	switch name {
	case protocol.CmdPing:
		return &protocol.Pong{Now: sampleTime()}
	case protocol.CmdCallResult:
		return &campaigns.ResultReply{CallID: sampleCall, Disposition: campaigns.DispositionCallback, Candidate: campaigns.CandidateCallback, DueAt: &due}
	case protocol.CmdContactFind:
		return &protocol.ContactsFound{Contacts: []campaigns.Contact{sampleContact()}}
	case protocol.CmdContactCreate:
		c := sampleContact()
		return &c
	case protocol.CmdCampaignStart, protocol.CmdCampaignPause, protocol.CmdCampaignClose:
		return &protocol.CampaignMoved{CampaignID: 3, Name: "Win back autumn", State: campaigns.CampaignRunning}
	default:
		return nil
	}
}

func sampleEvent(name string) any {
	snapshot := sampleSnapshot()
	switch name {
	case protocol.EventWelcome:
		return &protocol.Welcome{
			Session: sampleID, Seq: 1, HeartbeatMS: protocol.HeartbeatMS, Snapshot: &snapshot,
			User: protocol.UserView{ID: 12, Name: "ana", DisplayName: "Ana", Role: campaigns.RoleAgent},
		}
	case protocol.EventResync:
		return &protocol.Resync{Snapshot: &snapshot}
	case protocol.EventFloor:
		floor := sampleFloor()
		return &floor
	case protocol.EventPreview:
		shown := *snapshot.Call
		snapshot.State, snapshot.Call = campaigns.AgentPreview, nil
		snapshot.Preview = &campaigns.PreviewView{
			CandidateID: 81, CampaignID: 3, Campaign: shown.Campaign, Number: shown.Number, Pop: shown.Pop,
			Until: sampleTime().Add(30 * time.Second), OnTimeOut: campaigns.PreviewDial,
		}
		return &protocol.AgentEvent{Snapshot: snapshot}
	case protocol.EventAgentMessage, protocol.EventCallbackDue:
		return &protocol.AgentEvent{Snapshot: snapshot, Text: "Luis Ortega asked to be called at 15:00."}
	default:
		return &protocol.AgentEvent{Snapshot: snapshot}
	}
}

func sampleContact() campaigns.Contact {
	return campaigns.Contact{
		ID: 7, ExternalID: "C-0007", FirstName: "Luis", LastName: "Ortega", Language: "en", TimeZone: "America/New_York",
		Region: "US", Value: 120.5, Attributes: map[string]string{"plan": "gold"},
		Numbers: []campaigns.ContactNumber{{NumberID: 70, E164: "+12125550107", Region: "US", Zones: []string{"America/New_York"}}},
	}
}

func sampleSnapshot() campaigns.AgentSnapshot {
	answered, bridged := sampleTime().Add(-3*time.Second), sampleTime().Add(-2900*time.Millisecond)
	return campaigns.AgentSnapshot{
		AgentID: 12, Name: "Ana", Rev: 17, State: campaigns.AgentTalking, Since: bridged, Next: campaigns.AgentReady,
		Phone: campaigns.PhoneUp, Campaigns: []campaigns.NamedID{{ID: 3, Name: "Win back autumn"}},
		Today: campaigns.AgentFigures{Calls: 4, Results: 3}, Now: sampleTime(),
		Call: &campaigns.CallView{
			CallID: sampleCall, Direction: campaigns.Outbound, Stage: campaigns.StageTalking, Campaign: "Win back autumn",
			CampaignID: 3, Number: "+12125550107", AnsweredAt: &answered, BridgedAt: &bridged,
			Draft: json.RawMessage(`{"notes":"asked"}`),
			Pop: &campaigns.Pop{
				Contact:   sampleContact(),
				Consents:  []campaigns.Consent{{Purpose: "marketing", Channel: "voice", Granted: true, From: sampleTime().Add(-240 * time.Hour)}},
				LocalTime: "2026-11-24T10:00:00-05:00", CallsAllowedUntil: "2026-11-24T21:00:00-05:00",
				Factors: []campaigns.Factor{{Name: "recency", Text: "left 4 days ago", Points: 1.5}},
				Script:  "Hello Luis, this is Ana.", Offer: "20 % off for a year",
				ScriptShown: &campaigns.PopScript{
					VersionID: 31, Name: "win-back", Version: 4, Language: "en",
					Sections:    []campaigns.ScriptSection{{Title: "Greeting", Text: "Hello Luis, this is Ana."}},
					Disclosures: []campaigns.Disclosure{{Code: "recorded", Text: "This call is recorded.", For: []campaigns.Disposition{campaigns.DispositionSale}}},
					Objections:  []campaigns.ObjectionCard{{Kind: campaigns.ObjectionPrice, Title: "Too dear", Text: "It is less than a coffee a week."}},
				},
				OfferShown: &campaigns.PopOffer{
					VersionID: 52, Name: "a-fifth", Version: 2, Language: "en", Title: "20 % off for a year", Terms: "Then the list price.",
					Price: "19.90", Currency: "USD", Period: "month", Remaining: new(int64(42)), RemainingAmount: "880.00",
					ExpiresAt: new(sampleTime().Add(240 * time.Hour)), DiscountLimit: 5, MaxDiscount: 15,
				},
				OfferNote: "half is used up: 100 of 100; a-fifth takes its place",
				Arms:      []campaigns.PopArm{{Experiment: "gifts", Subject: campaigns.SubjectOffer, Arm: "tried"}},
				Dispositions: []campaigns.DispositionChoice{{
					Code: campaigns.DispositionNotInterested, Label: "Not interested", Reasons: []string{"price", "moved"},
					Then: campaigns.RecycleRule{Delay: campaigns.Seconds(0), Growth: 1},
				}},
				History: []campaigns.Interaction{{At: sampleTime().Add(-72 * time.Hour), Direction: campaigns.Outbound, Campaign: "Loyalty", Outcome: campaigns.OutcomeNoAnswer}},
			},
		},
	}
}

func sampleFloor() campaigns.Floor {
	return campaigns.Floor{
		At: sampleTime(),
		Campaigns: []campaigns.CampaignLive{{
			ID: 3, Name: "Win back autumn", State: campaigns.CampaignRunning, Mode: campaigns.PacingPredictive,
			Dialing: 2, Ringing: 3, Waiting: 0, Talking: 4, Hopper: 120, Attempts: 400, Answered: 100, Dropped: 1,
			Outcomes: map[campaigns.Outcome]int{campaigns.OutcomeAnswered: 99, campaigns.OutcomeDropped: 1},
			Results:  map[campaigns.Disposition]int{campaigns.DispositionSale: 12}, DropRate: 0.01,
			Candidates: map[campaigns.CandidateState]int{campaigns.CandidateReady: 1500},
			Pacing: &campaigns.PacingLive{
				Staffed: 12, Ready: 1, FreeSoon: 2.5, SoonSeconds: 8, Ringing: 9, ExpectedAnswers: 2.7, DropRate: 0.021, DropLimit: 0.03,
				DropRule: "us-tsr", Credit: 1.4, Risk: 0.02, Accepted: 0.018, Reason: "the campaign has just started", Fallback: true,
			},
			Why: "12 agents, 1 ready, 2.5 free within 8 s, 9 ringing expect 2.7 answers, drops 2.1 % of 3.0 %, 1.4 more allowed; one call for each ready agent: the campaign has just started",
		}},
		Queues: []campaigns.QueueLive{{Name: "main", Waiting: 1, LongestSeconds: 4.5, Offered: 9, Answered: 8, ServiceLevel: 0.875, ServiceLevelSeconds: 20}},
		Agents: []campaigns.AgentLive{{ID: 12, Name: "Ana", Node: "n1", State: campaigns.AgentTalking, Since: sampleTime(), Phone: campaigns.PhoneUp, Campaign: "Win back autumn", Customer: "Luis Ortega", Connected: true, Calls: 4}},
		Trunks: []campaigns.TrunkLive{{Name: "carrier", InUse: 9, Channels: 30, Healthy: true, Sent: 400, Answered: 100, Failed: 2}},
	}
}
