package protocol

import (
	"maps"
	"slices"
	"time"

	"ringmaster/campaigns"
)

// Welcome is the first event of a connection.
type Welcome struct {
	// Session names this connection in the server's log.
	Session string `json:"session"`
	// Seq is the sequence number of this event.
	Seq int64 `json:"seq"`
	// HeartbeatMS is the interval in which the client sends ping.
	HeartbeatMS int `json:"heartbeat_ms"`
	// User who is signed in.
	User UserView `json:"user"`
	// Snapshot is the whole state of an agent; supervisors have none.
	Snapshot *campaigns.AgentSnapshot `json:"snapshot,omitempty"`
}

// UserView is what a screen needs of the signed-in user.
type UserView struct {
	ID          int64          `json:"id"`
	Name        string         `json:"name"`
	DisplayName string         `json:"display_name"`
	Role        campaigns.Role `json:"role"`
}

// ViewOf gives what a screen needs of the user.
func ViewOf(u campaigns.User) UserView {
	return UserView{ID: u.ID, Name: u.Name, DisplayName: u.DisplayName, Role: u.Role}
}

// AgentEvent tells an agent what changed; screens render from the snapshot.
type AgentEvent struct {
	Snapshot campaigns.AgentSnapshot `json:"snapshot"`
	// Text is a message for the person, where there is one.
	Text string `json:"text,omitempty"`
}

// Resync is the whole state again.
type Resync struct {
	// Snapshot of an agent; supervisors have none.
	Snapshot *campaigns.AgentSnapshot `json:"snapshot,omitempty"`
}

// Pong answers ping.
type Pong struct {
	// Now is the server's wall clock.
	Now time.Time `json:"now"`
}

// CampaignMoved answers campaign.start, campaign.pause and campaign.close.
type CampaignMoved struct {
	CampaignID int64                   `json:"campaign_id"`
	Name       string                  `json:"name"`
	State      campaigns.CampaignState `json:"state"`
}

// ContactsFound answers contact.find.
type ContactsFound struct {
	// Contacts, best first, at most 20.
	Contacts []campaigns.Contact `json:"contacts"`
}

// WholeSnapshot gives the snapshot with empty arrays where it had none, so
// that no screen meets null. The argument is left as it is.
func WholeSnapshot(s campaigns.AgentSnapshot) campaigns.AgentSnapshot {
	s.Campaigns = whole(s.Campaigns)
	if s.Call != nil && s.Call.Pop != nil {
		call, pop := *s.Call, *s.Call.Pop
		pop.Contact = WholeContact(pop.Contact)
		pop.Consents, pop.Factors = whole(pop.Consents), whole(pop.Factors)
		pop.Dispositions, pop.History = whole(pop.Dispositions), whole(pop.History)
		pop.Candidates = WholeContacts(pop.Candidates)
		if pop.ScriptShown != nil {
			script := *pop.ScriptShown
			script.Sections, script.Disclosures, script.Objections = whole(script.Sections), whole(script.Disclosures), whole(script.Objections)
			pop.ScriptShown = &script
		}
		call.Pop, s.Call = &pop, &call
	}
	return s
}

// WholeContact gives the contact with an empty array where it had none.
func WholeContact(c campaigns.Contact) campaigns.Contact {
	c.Numbers = whole(c.Numbers)
	return c
}

// WholeContacts gives the contacts with empty arrays where they had none.
func WholeContacts(list []campaigns.Contact) []campaigns.Contact {
	list = slices.Clone(whole(list))
	for i := range list {
		list[i] = WholeContact(list[i])
	}
	return list
}

// WholeFloor gives the topics of the floor, none meaning all, with empty
// arrays and maps where it had none.
func WholeFloor(f campaigns.Floor, topics []Topic) campaigns.Floor {
	has := func(t Topic) bool { return len(topics) == 0 || slices.Contains(topics, t) }
	if !has(TopicCampaigns) {
		f.Campaigns = nil
	}
	if !has(TopicQueues) {
		f.Queues = nil
	}
	if !has(TopicAgents) {
		f.Agents = nil
	}
	if !has(TopicTrunks) {
		f.Trunks = nil
	}
	f.Campaigns, f.Queues = slices.Clone(whole(f.Campaigns)), whole(f.Queues)
	f.Agents, f.Trunks = whole(f.Agents), whole(f.Trunks)
	for i := range f.Campaigns {
		c := &f.Campaigns[i]
		c.Outcomes, c.Results, c.Candidates = wholeMap(c.Outcomes), wholeMap(c.Results), wholeMap(c.Candidates)
	}
	return f
}

func whole[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func wholeMap[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}
