package postgres

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// CampaignChange is what a campaign is to become.
type CampaignChange struct {
	// ID and Revision are those that the change was made for; ID zero: the
	// campaign is new.
	ID, Revision int64
	Name         string
	Kind         campaigns.Kind
	// State to be in; empty: the present one, or draft.
	State    campaigns.CampaignState
	Settings campaigns.Settings
}

// ApplyCampaigns makes all of the changes or none of them. CodeStale names a
// campaign that was changed since its revision was read, CodeConflict one whose
// name is taken by now, or whose state does not allow the change; CodeInvalid
// names a wrong setting. The campaigns are given as they are then.
func (s *Store) ApplyCampaigns(ctx context.Context, changes []CampaignChange) ([]campaigns.Campaign, error) {
	for _, c := range changes {
		if err := c.Settings.ValidateFor(c.Kind); err != nil {
			return nil, err
		}
	}
	var applied []campaigns.Campaign
	err := s.tx(ctx, func(tx pgx.Tx) error {
		applied = applied[:0]
		if err := lockCampaigns(ctx, tx, changes); err != nil {
			return err
		}
		for _, c := range changes {
			made, err := s.applyCampaign(ctx, tx, c)
			if err != nil {
				return err
			}
			applied = append(applied, made)
		}
		return nil
	})
	return applied, err
}

// lockCampaigns locks those that are there, in the order of their ids.
func lockCampaigns(ctx context.Context, tx pgx.Tx, changes []CampaignChange) error {
	ids := make([]int64, 0, len(changes))
	for _, c := range changes {
		ids = append(ids, c.ID)
	}
	return exec(ctx, tx, `select from campaigns where id = any($1) order by id for update`, ids)
}

func (s *Store) applyCampaign(ctx context.Context, tx pgx.Tx, change CampaignChange) (campaigns.Campaign, error) {
	if change.ID == 0 {
		return s.addCampaign(ctx, tx, change)
	}
	current, err := scanCampaign(tx.QueryRow(ctx, `select `+campaignColumns+` from campaigns where id = $1`, change.ID))
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return current, campaigns.Errorf(campaigns.CodeNotFound, "no campaign %q", change.Name)
	case err != nil:
		return current, err
	case current.Revision != change.Revision:
		return current, stale(change.Name, change.Revision)
	case current.Kind != change.Kind:
		return current, campaigns.Errorf(campaigns.CodeConflict, "campaign %q is of kind %s and stays so; the results that it has are those of such a campaign", current.Name, current.Kind)
	}
	to := change.State
	if to == "" {
		to = current.State
	}
	if current.State == campaigns.CampaignClosed && to == campaigns.CampaignClosed {
		return current, campaigns.Errorf(campaigns.CodeConflict, "campaign %q is closed: nothing of it changes any more", current.Name)
	}
	return s.writeCampaign(ctx, tx, current, to, change.Settings)
}

func (s *Store) addCampaign(ctx context.Context, tx pgx.Tx, change CampaignChange) (campaigns.Campaign, error) {
	body, err := json.Marshal(change.Settings)
	if err != nil {
		return campaigns.Campaign{}, campaigns.Wrap(campaigns.CodeInternal, "settings", err)
	}
	made, err := scanCampaign(tx.QueryRow(ctx, `insert into campaigns (name, kind, settings) values ($1, $2, $3) returning `+campaignColumns,
		change.Name, change.Kind, body))
	switch {
	case violates(err, "campaigns_name_key"):
		return made, campaigns.Errorf(campaigns.CodeConflict, "a campaign %q exists already", change.Name)
	case err != nil || change.State == "" || change.State == made.State:
		return made, err
	}
	return s.writeCampaign(ctx, tx, made, change.State, change.Settings)
}
