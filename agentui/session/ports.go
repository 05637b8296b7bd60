package session

import (
	"context"
	"net/http"

	"ringmaster/campaigns"
)

// Agents owns the agents; the dialer implements it.
type Agents interface {
	// Attach makes the session the agent's one screen and gives the whole
	// state. notify is called for each change after that, in order; it does
	// not block and keeps nothing of its argument. takenOver is called once
	// when another session attaches; it does not block.
	Attach(ctx context.Context, user campaigns.User, session string, notify func(campaigns.AgentNotice), takenOver func()) (campaigns.AgentSnapshot, error)
	// Detach ends the session; nothing happens when it is not the agent's.
	Detach(agentID int64, session string)
	// Alive says whether the session's pings come in time.
	Alive(agentID int64, session string, alive bool)
	// Command carries out a command once per its ID. With an error of
	// CodeStale the reply's Body may be the current campaigns.AgentSnapshot.
	Command(ctx context.Context, agentID int64, session string, cmd campaigns.AgentCommand) (campaigns.AgentReply, error)
}

// FloorSource gives what supervisors watch.
type FloorSource interface {
	Floor(ctx context.Context) (campaigns.Floor, error)
	// Changed wakes the watchers before the second is over; nil: never.
	Changed() <-chan struct{}
}

// CampaignControl starts, pauses and closes campaigns.
type CampaignControl interface {
	MoveCampaign(ctx context.Context, id int64, to campaigns.CampaignState, by campaigns.User) (campaigns.Campaign, error)
}

// Authenticator knows who is signed in; package auth implements it.
type Authenticator interface {
	// SocketUser tells who opens a socket, and the session that vouches for
	// it; protocol.CodeUnauthorized when nobody does.
	SocketUser(r *http.Request) (user campaigns.User, signIn string, err error)
	// Valid reports whether the sign-in still stands for the user in the same
	// role.
	Valid(ctx context.Context, user campaigns.User, signIn string) (bool, error)
}
