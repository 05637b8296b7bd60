package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// execute carries out a command that was checked.
func (c *conn) execute(ctx context.Context, j job) (campaigns.AgentReply, error) {
	switch p := j.payload.(type) {
	case *protocol.Hello:
		return campaigns.AgentReply{}, c.hello(ctx, p)
	case *protocol.Watch:
		return campaigns.AgentReply{}, nil // carryOut begins it after the reply
	case *protocol.CampaignRef:
		return c.moveCampaign(ctx, j.cmd.T, p.CampaignID)
	}
	switch j.cmd.T {
	case protocol.CmdPing:
		return campaigns.AgentReply{Body: protocol.Pong{Now: time.Now().UTC()}}, nil
	case protocol.CmdUnwatch:
		c.hub.floor.unwatch(c.out)
		return campaigns.AgentReply{}, nil
	case protocol.CmdResync:
		return campaigns.AgentReply{}, c.resync()
	}
	cmd, err := agentCommand(c.user.ID, j)
	if err != nil {
		return campaigns.AgentReply{}, err
	}
	return c.hub.opts.Agents.Command(ctx, c.user.ID, c.session, cmd)
}

// moveCampaign starts, pauses or closes a campaign.
func (c *conn) moveCampaign(ctx context.Context, command string, id int64) (campaigns.AgentReply, error) {
	to := map[string]campaigns.CampaignState{
		protocol.CmdCampaignStart: campaigns.CampaignRunning,
		protocol.CmdCampaignPause: campaigns.CampaignPaused,
		protocol.CmdCampaignClose: campaigns.CampaignClosed,
	}[command]
	moved, err := c.hub.opts.Campaigns.MoveCampaign(ctx, id, to, c.user)
	if err != nil {
		return campaigns.AgentReply{}, err
	}
	return campaigns.AgentReply{Body: protocol.CampaignMoved{CampaignID: moved.ID, Name: moved.Name, State: moved.State}}, nil
}

// agentCommand maps a payload to the command of the agent's owner. The text of
// contact.find goes into Number; the person of contact.create goes, as the JSON
// of a campaigns.Contact, into Draft.
func agentCommand(agentID int64, j job) (campaigns.AgentCommand, error) {
	cmd := campaigns.AgentCommand{ID: j.cmd.ID, Kind: j.cmd.T, Rev: j.cmd.Rev}
	switch p := j.payload.(type) {
	case *protocol.StateSet:
		cmd.State, cmd.Reason, cmd.Next = p.State, p.Reason, p.AfterCall
	case *protocol.CallRef:
		cmd.CallID = p.CallID
	case *protocol.CallMute:
		cmd.CallID, cmd.Muted = p.CallID, p.Muted
	case *protocol.CallDTMF:
		cmd.CallID, cmd.Digits = p.CallID, p.Digits
	case *protocol.CallDraft:
		cmd.CallID, cmd.Draft = p.CallID, p.Body
	case *protocol.CallResult:
		cmd.CallID, cmd.Result = p.CallID, result(agentID, j, p)
	case *protocol.ContactFind:
		cmd.Number = p.Text
	case *protocol.ContactCreate:
		person := campaigns.Contact{FirstName: p.FirstName, LastName: p.LastName, Company: p.Company, Email: p.Email, Language: p.Language}
		if p.Number != "" {
			person.Numbers = []campaigns.ContactNumber{{E164: p.Number}}
		}
		data, err := json.Marshal(person)
		if err != nil {
			return cmd, err
		}
		cmd.CallID, cmd.Draft = p.CallID, data
	case *protocol.ContactBind:
		cmd.CallID, cmd.Contact = p.CallID, p.ContactID
	case *protocol.PreviewDial:
		cmd.Candidate = p.CandidateID
	case *protocol.PreviewSkip:
		cmd.Candidate, cmd.Reason = p.CandidateID, p.Reason
	case *protocol.DialManual:
		cmd.Campaign, cmd.Number, cmd.Contact = p.CampaignID, p.Number, p.ContactID
	default:
		return cmd, campaigns.Errorf(campaigns.CodeInternal, "the command %s has no owner", j.cmd.T)
	}
	return cmd, nil
}

// result maps a call.result; its hash is that of the payload's own bytes,
// which a client that resends the command repeats.
func result(agentID int64, j job, p *protocol.CallResult) campaigns.Result {
	sum := sha256.Sum256(j.cmd.D)
	r := campaigns.Result{
		AgentID: agentID, CommandID: j.cmd.ID, CallID: p.CallID, BodyHash: hex.EncodeToString(sum[:]),
		Disposition: p.Disposition, Reason: p.Reason, Notes: p.Notes,
		CallbackPersonal: p.CallbackPersonal, ContactID: p.ContactID,
		ScriptVersion: p.ScriptVersion, Disclosures: p.Disclosures, Offer: p.Offer,
	}
	if p.CallbackAt != nil {
		r.CallbackAt = *p.CallbackAt
	}
	return r
}
