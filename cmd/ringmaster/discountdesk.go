package main

import (
	"context"
	"log/slog"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// discountDesk takes the approvals of discounts; who gave one stands with it in
// the store and in the log.
type discountDesk struct {
	store *postgres.Store
	log   *slog.Logger
}

// ApproveDiscount lets the agent of a call give more discount than their limit.
func (d discountDesk) ApproveDiscount(ctx context.Context, call campaigns.CallID, percent float64, by campaigns.User, why string) error {
	if err := d.store.ApproveDiscount(ctx, call, percent, by.ID, why); err != nil {
		return err
	}
	d.log.Info("discount approved", "call", call, "percent", percent, "by", by.ID)
	return nil
}
