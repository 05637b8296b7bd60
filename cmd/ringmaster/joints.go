package main

import (
	"context"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/postgres"
	"ringmaster/dialer"
)

// dialerStore gives the store the shape that the dialer asks for.
type dialerStore struct {
	*postgres.Store
	region string
}

// Reserve gates a batch and commits its attempts.
func (s dialerStore) Reserve(ctx context.Context, r dialer.Reservation) ([]campaigns.Attempt, []campaigns.Refusal, error) {
	return s.Store.Reserve(ctx, postgres.Owner{Node: r.Node, Epoch: r.Epoch}, r.Items)
}

// ReserveManual gates one manual dial; a number is read as the agent typed it.
func (s dialerStore) ReserveManual(ctx context.Context, r dialer.ManualReservation) (campaigns.Attempt, error) {
	dial := postgres.ManualDial{AgentID: r.AgentID, CampaignID: r.CampaignID, ContactID: r.ContactID}
	if r.Number != "" {
		number, err := phone.Parse(r.Number, s.region)
		if err != nil {
			return campaigns.Attempt{}, campaigns.Invalid("number", "%v", err)
		}
		dial.Number = number.E164
	}
	return s.Store.ReserveManual(ctx, postgres.Owner{Node: r.Node, Epoch: r.Epoch}, dial)
}

// Pop builds the screen pop.
func (s dialerStore) Pop(ctx context.Context, q dialer.PopQuery) (campaigns.Pop, error) {
	return s.Store.Pop(ctx, postgres.PopFor(q))
}

// Identify finds who may be calling.
func (s dialerStore) Identify(ctx context.Context, caller string) (dialer.Identity, error) {
	who, err := s.Store.Identify(ctx, caller, s.region)
	return dialer.Identity{
		Contacts: who.Contacts, CampaignID: who.CampaignID, CandidateID: who.CandidateID, NumberID: who.NumberID, Priority: who.Priority,
	}, err
}

// Watch tells of suppressions and complaints as they are committed.
func (s dialerStore) Watch(ctx context.Context, f func(dialer.Block)) error {
	return s.Store.Watch(ctx, func(b postgres.Block) { f(dialer.Block(b)) })
}
