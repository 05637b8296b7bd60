package protocol

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
)

// Hello opens the conversation.
type Hello struct {
	// Client names the program and its version, for the log.
	Client string `json:"client,omitempty"`
}

// Validate names the first wrong field.
func (p *Hello) Validate() error { return text("client", p.Client, 100) }

// Empty is a payload without fields.
type Empty struct{}

// Validate accepts.
func (*Empty) Validate() error { return nil }

// StateSet asks for another state of the agent.
type StateSet struct {
	// State is ready, not_ready or offline (sign off).
	State campaigns.AgentState `json:"state"`
	// Reason of not_ready, such as lunch.
	Reason string `json:"reason,omitempty"`
	// AfterCall asks for the state after this call and its wrap-up, not now.
	AfterCall bool `json:"after_call,omitempty"`
}

// Validate names the first wrong field.
func (p *StateSet) Validate() error {
	wanted := []campaigns.AgentState{campaigns.AgentReady, campaigns.AgentNotReady, campaigns.AgentOffline}
	if !slices.Contains(wanted, p.State) {
		return campaigns.Invalid("state", "%.40q is not one of ready, not_ready, offline", p.State)
	}
	return text("reason", p.Reason, 100)
}

// CallRef names the agent's call.
type CallRef struct {
	CallID campaigns.CallID `json:"call_id"`
}

// Validate names the first wrong field.
func (p *CallRef) Validate() error { return callID(p.CallID) }

// CallMute mutes the agent's microphone towards the customer, or opens it.
type CallMute struct {
	CallID campaigns.CallID `json:"call_id"`
	Muted  bool             `json:"muted"`
}

// Validate names the first wrong field.
func (p *CallMute) Validate() error { return callID(p.CallID) }

// CallDTMF sends keys to the customer's side.
type CallDTMF struct {
	CallID campaigns.CallID `json:"call_id"`
	// Digits are 1 to 32 of 0-9, *, #, A-D.
	Digits string `json:"digits"`
}

// Validate names the first wrong field.
func (p *CallDTMF) Validate() error {
	if err := callID(p.CallID); err != nil {
		return err
	}
	if p.Digits == "" || len(p.Digits) > 32 || strings.Trim(p.Digits, "0123456789*#ABCD") != "" {
		return campaigns.Invalid("digits", "%.40q is not 1 to 32 keys of 0-9, *, #, A-D", p.Digits)
	}
	return nil
}

// CallDraft keeps the unfinished result on the server.
type CallDraft struct {
	CallID campaigns.CallID `json:"call_id"`
	// Body is the screen's own object; the server gives it back as it is in
	// CallView.draft.
	Body json.RawMessage `json:"body"`
}

// Validate names the first wrong field.
func (p *CallDraft) Validate() error {
	if err := callID(p.CallID); err != nil {
		return err
	}
	switch {
	case len(p.Body) == 0:
		return campaigns.Invalid("body", "missing")
	case len(p.Body) > maxDraft:
		return campaigns.Invalid("body", "%d bytes are more than %d", len(p.Body), maxDraft)
	case strings.Contains(string(p.Body), `\u0000`):
		return campaigns.Invalid("body", "holds a NUL character")
	}
	return nil
}

// CallResult commits the agent's word on a call.
type CallResult struct {
	CallID      campaigns.CallID      `json:"call_id"`
	Disposition campaigns.Disposition `json:"disposition"`
	Reason      string                `json:"reason,omitempty"`
	Notes       string                `json:"notes,omitempty"`
	// CallbackAt is required for the disposition callback.
	CallbackAt *time.Time `json:"callback_at,omitempty"`
	// CallbackPersonal keeps the callback for this agent.
	CallbackPersonal bool `json:"callback_personal,omitempty"`
	// ContactID binds an inbound call of an unknown or ambiguous caller.
	ContactID int64 `json:"contact_id,omitempty"`
	// ScriptVersion is the version_id of the script that the screen showed.
	ScriptVersion int64 `json:"script_version,omitempty"`
	// Disclosures are the codes of those that the agent confirms.
	Disclosures []string `json:"disclosures,omitempty"`
	// Offer that the customer took, with the disposition sale only.
	Offer *campaigns.OfferAccepted `json:"offer,omitempty"`
}

// maxDisclosures bounds what one result confirms.
const maxDisclosures = 50

// Validate names the first wrong field.
func (p *CallResult) Validate() error {
	if err := callID(p.CallID); err != nil {
		return err
	}
	switch {
	case p.Disposition == "":
		return campaigns.Invalid("disposition", "missing")
	case p.Disposition.System():
		return campaigns.Invalid("disposition", "%q is given by the system, not by agents", p.Disposition)
	case p.Disposition == campaigns.DispositionCallback && p.CallbackAt == nil:
		return campaigns.Invalid("callback_at", "a callback needs its time")
	case p.Disposition != campaigns.DispositionCallback && p.CallbackAt != nil:
		return campaigns.Invalid("callback_at", "only the disposition callback has a time")
	case p.ContactID < 0:
		return campaigns.Invalid("contact_id", "%d is no contact", p.ContactID)
	case p.ScriptVersion < 0:
		return campaigns.Invalid("script_version", "%d is no version's id", p.ScriptVersion)
	case len(p.Disclosures) > maxDisclosures:
		return campaigns.Invalid("disclosures", "%d are more than %d", len(p.Disclosures), maxDisclosures)
	case p.Offer != nil && p.Disposition != campaigns.DispositionSale:
		return campaigns.Invalid("offer", "is accepted with the disposition sale only")
	case p.Offer != nil && p.Offer.VersionID <= 0:
		return campaigns.Invalid("offer.version_id", "%d is no version's id", p.Offer.VersionID)
	case p.Offer != nil && !(p.Offer.Discount >= 0 && p.Offer.Discount <= 100):
		return campaigns.Invalid("offer.discount", "%v is not between 0 and 100 per cent", p.Offer.Discount)
	}
	for _, code := range p.Disclosures {
		if err := text("disclosures", code, 64); err != nil {
			return err
		}
	}
	return first(text("disposition", string(p.Disposition), 64), text("reason", p.Reason, 200), text("notes", p.Notes, 10_000))
}

// ContactFind searches by name, number or external id.
type ContactFind struct {
	Text string `json:"text"`
}

// Validate names the first wrong field.
func (p *ContactFind) Validate() error {
	if len(strings.TrimSpace(p.Text)) < 2 {
		return campaigns.Invalid("text", "at least two characters are needed")
	}
	return text("text", p.Text, 200)
}

// ContactCreate makes a person of an unknown caller.
type ContactCreate struct {
	// CallID binds the call to the new person, where it is given.
	CallID    campaigns.CallID `json:"call_id,omitempty"`
	FirstName string           `json:"first_name,omitempty"`
	LastName  string           `json:"last_name,omitempty"`
	Company   string           `json:"company,omitempty"`
	Email     string           `json:"email,omitempty"`
	Language  string           `json:"language,omitempty"`
	// Number in E.164; absent: the caller's.
	Number string `json:"number,omitempty"`
}

// Validate names the first wrong field.
func (p *ContactCreate) Validate() error {
	if strings.TrimSpace(p.FirstName+p.LastName+p.Company) == "" {
		return campaigns.Invalid("last_name", "a person needs a name or a company")
	}
	if p.CallID == "" && p.Number == "" {
		return campaigns.Invalid("number", "a person without a call needs a number")
	}
	return first(text("first_name", p.FirstName, 100), text("last_name", p.LastName, 100), text("company", p.Company, 200),
		text("email", p.Email, 200), text("language", p.Language, 20), text("number", p.Number, 40), text("call_id", string(p.CallID), 64))
}

// ContactBind says who an inbound caller is.
type ContactBind struct {
	CallID    campaigns.CallID `json:"call_id"`
	ContactID int64            `json:"contact_id"`
}

// Validate names the first wrong field.
func (p *ContactBind) Validate() error {
	return first(callID(p.CallID), id("contact_id", p.ContactID))
}

// DialManual calls a person or a number; the gates decide.
type DialManual struct {
	CampaignID int64 `json:"campaign_id"`
	// Either Number, E.164 or national, or ContactID is given.
	Number    string `json:"number,omitempty"`
	ContactID int64  `json:"contact_id,omitempty"`
}

// Validate names the first wrong field.
func (p *DialManual) Validate() error {
	if err := id("campaign_id", p.CampaignID); err != nil {
		return err
	}
	switch {
	case p.Number == "" && p.ContactID == 0:
		return campaigns.Invalid("number", "give a number or a contact_id")
	case p.Number != "" && p.ContactID != 0:
		return campaigns.Invalid("number", "give a number or a contact_id, not both")
	case p.ContactID < 0:
		return campaigns.Invalid("contact_id", "%d is no contact", p.ContactID)
	}
	return text("number", p.Number, 40)
}

// PreviewDial calls the candidate that is shown; the gates decide.
type PreviewDial struct {
	CandidateID int64 `json:"candidate_id"`
}

// Validate names the first wrong field.
func (p *PreviewDial) Validate() error { return id("candidate_id", p.CandidateID) }

// PreviewSkip lets the candidate that is shown rest, and asks for the next one.
type PreviewSkip struct {
	CandidateID int64 `json:"candidate_id"`
	// Reason is the agent's own word.
	Reason string `json:"reason,omitempty"`
}

// Validate names the first wrong field.
func (p *PreviewSkip) Validate() error {
	return first(id("candidate_id", p.CandidateID), text("reason", p.Reason, 100))
}

// Topic is a part of the floor.
type Topic string

// The topics of watch.
const (
	TopicCampaigns Topic = "campaigns"
	TopicQueues    Topic = "queues"
	TopicAgents    Topic = "agents"
	TopicTrunks    Topic = "trunks"
)

// Topics lists every topic.
func Topics() []Topic { return []Topic{TopicCampaigns, TopicQueues, TopicAgents, TopicTrunks} }

// Watch asks for the event floor, once a second and on change, until unwatch.
type Watch struct {
	// Topics to fill; the others stay empty. None: all.
	Topics []Topic `json:"topics,omitempty"`
}

// Validate names the first wrong field.
func (p *Watch) Validate() error {
	for _, t := range p.Topics {
		if !slices.Contains(Topics(), t) {
			return campaigns.Invalid("topics", "%.40q is not one of campaigns, queues, agents, trunks", t)
		}
	}
	return nil
}

// CampaignRef names a campaign.
type CampaignRef struct {
	CampaignID int64 `json:"campaign_id"`
}

// Validate names the first wrong field.
func (p *CampaignRef) Validate() error { return id("campaign_id", p.CampaignID) }
