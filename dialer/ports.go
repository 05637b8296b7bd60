package dialer

import (
	"context"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/leg"
)

// Signalling places SIP dialogs; package sipua implements it.
type Signalling interface {
	// Invite starts a dialog and returns at once. What happens to it is given
	// to post, in order, never concurrently, until its last event. post must
	// not block.
	Invite(req Invite, post func(leg.Event)) Dialog
}

// Invite asks for one outbound dialog.
type Invite struct {
	// Target is the Request-URI, such as sip:+12125550100@carrier.example;user=phone.
	Target string
	// Destination is the host:port to send to; empty: from the Target.
	Destination string
	// From is the user part of the From header: the caller id.
	From        string
	DisplayName string
	// Asserted is the P-Asserted-Identity number; empty: none.
	Asserted string
	// Username and Password answer a digest challenge.
	Username, Password string
	// CallID is the SIP Call-ID to use; empty: one is made.
	CallID string
	SDP    []byte
	// DialBy is the last moment for the first INVITE (Failed, Local, Code 0
	// after it); zero: none.
	DialBy time.Time
	// Reoffer answers a re-INVITE's or UPDATE's SDP (nil: a late offer);
	// an error is answered 488.
	Reoffer func(sdp []byte) ([]byte, error)
}

// Dialog is one SIP dialog. Its methods return at once and may be called from
// any goroutine, also after its end, when they do nothing.
type Dialog interface {
	// CallID is the SIP Call-ID.
	CallID() string
	// HangUp ends the dialog in whatever state it is: CANCEL once a 1xx came,
	// BYE after the answer, a refusal with code as server (0: 480). A 2xx that
	// crosses it is acknowledged and ended by BYE.
	HangUp(code int, reason string)
	// Ring sends 180, as server only.
	Ring()
	// Answer sends 200 with the SDP, as server only.
	Answer(sdp []byte)
}

// Incoming is a call from a listed trunk.
type Incoming struct {
	// Trunk is the name of the allow-listed trunk.
	Trunk string
	// Caller and Called are the user parts of P-Asserted-Identity (or From)
	// and of the Request-URI, as sent.
	Caller, Called string
	// SDP is the offer, nil for a late offer.
	SDP    []byte
	Dialog Dialog
}

// TakeCall receives an incoming call; it returns the sink of the dialog's
// events and the answerer of later offers, or refuses by a SIP status above
// 399 with a nil sink. It must not block.
type TakeCall func(Incoming) (post func(leg.Event), reoffer func([]byte) ([]byte, error), refuse int)

// Gate reserves attempts: the gates of DESIGN.md section 4.5 in one
// transaction.
type Gate interface {
	// Reserve decides on the items and commits an attempt for each that
	// passed. It fails as a whole with CodeUnavailable when the store is away
	// or the node's lease on its epoch is not fresh.
	Reserve(ctx context.Context, req Reservation) ([]campaigns.Attempt, []campaigns.Refusal, error)
	// ReserveManual reserves one attempt for an agent's manual dial, by
	// contact or by number; CodeRefused names the gate that refused.
	ReserveManual(ctx context.Context, req ManualReservation) (campaigns.Attempt, error)
	// Skip lets a previewed candidate rest; CodeConflict when it has moved on.
	Skip(ctx context.Context, s campaigns.Skip) error
}

// Reservation is one batch of leased candidates of one campaign.
type Reservation struct {
	Node  string
	Epoch int64
	Items []campaigns.HopperItem
}

// ManualReservation is an agent's wish to call somebody.
type ManualReservation struct {
	Node       string
	Epoch      int64
	AgentID    int64
	CampaignID int64
	// ContactID or Number (E.164 or national) says whom.
	ContactID int64
	Number    string
}

// DropLedger shares the dropped calls that the law still allows out among the
// nodes.
type DropLedger interface {
	// DropBudgets gives this node's part for each of the campaigns, instead of what
	// it holds. It fails with CodeConflict when the node's lease is not fresh.
	DropBudgets(ctx context.Context, node string, holdings []campaigns.DropHolding) ([]campaigns.DropBudget, error)
}

// Recorder writes facts and results to the store.
type Recorder interface {
	// Record writes facts in their order in one transaction; a repetition
	// after an unknown commit changes nothing.
	Record(ctx context.Context, facts []campaigns.Event) error
	// CommitResult stores an agent's result once: call closed, history
	// written, candidate moved, in one transaction; a repetition of the same
	// command gives the stored reply with Replayed set, another body under
	// the same key CodeConflict.
	CommitResult(ctx context.Context, r campaigns.Result) (campaigns.ResultReply, error)
	// SaveDraft keeps an unfinished result.
	SaveDraft(ctx context.Context, d campaigns.Draft) error
}

// Directory answers who somebody is.
type Directory interface {
	// Pop builds the screen pop; parts that are unknown stay empty.
	Pop(ctx context.Context, q PopQuery) (campaigns.Pop, error)
	// Identify finds the persons behind an inbound caller's number.
	Identify(ctx context.Context, caller string) (Identity, error)
	// FindContacts searches by name, number or external id, best first, at
	// most 20.
	FindContacts(ctx context.Context, text string) ([]campaigns.Contact, error)
	// CreateContact makes a person of an unknown caller.
	CreateContact(ctx context.Context, c campaigns.Contact) (campaigns.Contact, error)
	// Campaigns gives every campaign that is not closed.
	Campaigns(ctx context.Context) ([]campaigns.Campaign, error)
}

// PopQuery says for which call a pop is built.
type PopQuery struct {
	CampaignID  int64
	CandidateID int64
	ContactID   int64
	NumberID    int64
	AgentID     int64
}

// Identity is who may be calling.
type Identity struct {
	// Contacts that have this number, most recent attempt first; none: unknown.
	Contacts []campaigns.Contact
	// CampaignID, CandidateID of the most recent attempt to the number, 0: none.
	CampaignID, CandidateID int64
	NumberID                int64
	// Priority of the caller by value tier: 0 unknown, 1 to 3.
	Priority int
}

// Nodes keeps this node's lease on its epoch in the store.
type Nodes interface {
	// Join takes a new epoch for the node and reconciles what an earlier
	// epoch of it left open: attempts as unknown, calls as ended.
	Join(ctx context.Context, node string, ttl time.Duration) (epoch int64, err error)
	// Renew prolongs the lease; CodeConflict when another epoch took over.
	Renew(ctx context.Context, node string, epoch int64, ttl time.Duration) error
	// Reconcile ends what nodes with a lapsed lease left open and gives the
	// number of attempts closed as unknown.
	Reconcile(ctx context.Context) (int, error)
	// Watch calls f for each DNC entry and complaint as it is committed, and
	// with Resync after a reconnect; it returns when ctx ends.
	Watch(ctx context.Context, f func(Block)) error
}

// Block is a number or person that may no longer be called.
type Block struct {
	NumberID  int64
	ContactID int64
	// Resync asks to check everything that rings.
	Resync bool
}

// Hopper hands out candidates; package queue implements it.
type Hopper interface {
	// Claim moves up to n items of the campaign, best first, to the lease set
	// for ten seconds. next are the answer probabilities of the n items after
	// them, as far as there are so many.
	Claim(ctx context.Context, campaignID int64, n int) (items []campaigns.HopperItem, next []float64, err error)
	// Hold prolongs a candidate's lease to d from now; false when it is gone.
	Hold(ctx context.Context, campaignID, candidateID int64, d time.Duration) (bool, error)
	// Settle drops leases whose candidates PostgreSQL has moved on.
	Settle(ctx context.Context, campaignID int64, candidateIDs []int64) error
	// Return puts leased items back, unharmed.
	Return(ctx context.Context, campaignID int64, items []campaigns.HopperItem) error
	// Demand tells the engine how many dials per second the campaign makes.
	Demand(ctx context.Context, campaignID int64, perSecond float64) error
}

// Waiting shares the inbound calls that wait for an agent.
type Waiting interface {
	// Offer publishes a waiting call.
	Offer(ctx context.Context, w campaigns.WaitingCall) error
	// Claim takes a waiting call for this node's agent; false when another
	// was quicker or it is gone.
	Claim(ctx context.Context, queue string, id campaigns.CallID) (bool, error)
	// Withdraw removes a call that ended or was served.
	Withdraw(ctx context.Context, queue string, id campaigns.CallID) error
	// List gives the waiting calls of all nodes.
	List(ctx context.Context, queue string) ([]campaigns.WaitingCall, error)
}

// Publisher shows facts and copies to screens and other nodes, best effort.
type Publisher interface {
	Publish(ctx context.Context, facts []campaigns.Event) error
	PublishLive(ctx context.Context, live campaigns.NodeLive) error
}

// Clock gives business time.
type Clock interface {
	Now() time.Time
}
