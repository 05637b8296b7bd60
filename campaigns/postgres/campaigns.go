package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

const campaignColumns = `id, name, kind, state, settings, revision, created_at`

func scanCampaign(row pgx.Row) (campaigns.Campaign, error) {
	var c campaigns.Campaign
	var settings []byte
	if err := row.Scan(&c.ID, &c.Name, &c.Kind, &c.State, &settings, &c.Revision, &c.CreatedAt); err != nil {
		return c, err
	}
	return c, json.Unmarshal(settings, &c.Settings)
}

// CreateCampaign stores a new campaign as draft; CodeInvalid names a wrong
// setting, CodeConflict a name that is taken.
func (s *Store) CreateCampaign(ctx context.Context, name string, kind campaigns.Kind, settings campaigns.Settings) (campaigns.Campaign, error) {
	if name == "" {
		return campaigns.Campaign{}, campaigns.Invalid("name", "is empty")
	}
	if err := settings.ValidateFor(kind); err != nil {
		return campaigns.Campaign{}, err
	}
	body, err := json.Marshal(settings)
	if err != nil {
		return campaigns.Campaign{}, campaigns.Wrap(campaigns.CodeInternal, "settings", err)
	}
	var made campaigns.Campaign
	err = s.tx(ctx, func(tx pgx.Tx) error {
		row := tx.QueryRow(ctx, `insert into campaigns (name, kind, settings) values ($1, $2, $3) returning `+campaignColumns, name, kind, body)
		made, err = scanCampaign(row)
		if violates(err, "campaigns_name_key") {
			return campaigns.Errorf(campaigns.CodeConflict, "a campaign %q exists already", name)
		}
		return err
	})
	return made, err
}

// CampaignByName finds a campaign; CodeNotFound names what was asked for.
func (s *Store) CampaignByName(ctx context.Context, name string) (campaigns.Campaign, error) {
	c, err := scanCampaign(s.pool.QueryRow(ctx, `select `+campaignColumns+` from campaigns where name = $1`, name))
	if errors.Is(err, pgx.ErrNoRows) {
		return c, campaigns.Errorf(campaigns.CodeNotFound, "no campaign %q", name)
	}
	return c, classify(err)
}

// Campaign finds a campaign by id; CodeNotFound when there is none.
func (s *Store) Campaign(ctx context.Context, id int64) (campaigns.Campaign, error) {
	c, err := scanCampaign(s.pool.QueryRow(ctx, `select `+campaignColumns+` from campaigns where id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return c, campaigns.Errorf(campaigns.CodeNotFound, "no campaign %d", id)
	}
	return c, classify(err)
}

// AllCampaigns gives every campaign, closed ones too, by name.
func (s *Store) AllCampaigns(ctx context.Context) ([]campaigns.Campaign, error) {
	return s.queryCampaigns(ctx, `select `+campaignColumns+` from campaigns order by name`)
}

// Campaigns gives every campaign that is not closed, by name.
func (s *Store) Campaigns(ctx context.Context) ([]campaigns.Campaign, error) {
	return s.queryCampaigns(ctx, `select `+campaignColumns+` from campaigns where state <> 'closed' order by name`)
}

func (s *Store) queryCampaigns(ctx context.Context, sql string) ([]campaigns.Campaign, error) {
	rows, err := s.pool.Query(ctx, sql)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.Campaign, error) { return scanCampaign(row) })
	return all, classify(err)
}

// MoveCampaign starts, pauses or closes a campaign; CodeConflict names the
// states when the move is not allowed. Moving to the present state does
// nothing.
func (s *Store) MoveCampaign(ctx context.Context, id int64, to campaigns.CampaignState) (campaigns.Campaign, error) {
	var moved campaigns.Campaign
	err := s.tx(ctx, func(tx pgx.Tx) error {
		current, err := lockCampaign(ctx, tx, id)
		if err != nil {
			return err
		}
		if moved = current; current.State == to {
			return nil
		}
		moved, err = s.writeCampaign(ctx, tx, current, to, current.Settings)
		return err
	})
	return moved, err
}

// ChangePacing changes how the campaign dials, and nothing else of it. CodeInvalid
// names a wrong setting, CodeConflict says that the campaign is closed,
// CodeNotFound that there is none.
func (s *Store) ChangePacing(ctx context.Context, id int64, change campaigns.PacingChange) (campaigns.Campaign, error) {
	var changed campaigns.Campaign
	err := s.tx(ctx, func(tx pgx.Tx) error {
		current, err := lockCampaign(ctx, tx, id)
		if err != nil {
			return err
		}
		if changed = current; change.Empty() {
			return nil
		}
		if current.State == campaigns.CampaignClosed {
			return campaigns.Errorf(campaigns.CodeConflict, "campaign %q is closed: nothing of it changes any more", current.Name)
		}
		settings := change.On(current.Settings)
		if err := settings.ValidateFor(current.Kind); err != nil {
			return err
		}
		changed, err = s.writeCampaign(ctx, tx, current, current.State, settings)
		return err
	})
	return changed, err
}

func lockCampaign(ctx context.Context, tx pgx.Tx, id int64) (campaigns.Campaign, error) {
	current, err := scanCampaign(tx.QueryRow(ctx, `select `+campaignColumns+` from campaigns where id = $1 for update`, id))
	return current, noCampaign(err, id)
}

// writeCampaign gives a locked campaign a new state, where it is another one,
// and new settings.
func (s *Store) writeCampaign(ctx context.Context, tx pgx.Tx, c campaigns.Campaign, to campaigns.CampaignState, settings campaigns.Settings) (campaigns.Campaign, error) {
	if c.State != to && !c.State.CanMove(to) {
		return c, campaigns.Errorf(campaigns.CodeConflict, "campaign %q is %s and cannot become %s", c.Name, c.State, to)
	}
	body, err := json.Marshal(settings)
	if err != nil {
		return c, campaigns.Wrap(campaigns.CodeInternal, "settings", err)
	}
	var closedAt *time.Time
	if to == campaigns.CampaignClosed {
		now := s.clock.Now()
		closedAt = &now
	}
	return scanCampaign(tx.QueryRow(ctx, `update campaigns set state = $2, closed_at = $3, settings = $4, revision = revision + 1, updated_at = now()
		where id = $1 returning `+campaignColumns, c.ID, to, closedAt, body))
}

// UpdateSettings replaces the settings if the campaign still has the revision;
// CodeStale when it does not, CodeNotFound when there is no such campaign.
func (s *Store) UpdateSettings(ctx context.Context, id, revision int64, settings campaigns.Settings) (campaigns.Campaign, error) {
	current, err := s.Campaign(ctx, id)
	if err != nil {
		return campaigns.Campaign{}, err
	}
	if err := settings.ValidateFor(current.Kind); err != nil {
		return campaigns.Campaign{}, err
	}
	body, err := json.Marshal(settings)
	if err != nil {
		return campaigns.Campaign{}, campaigns.Wrap(campaigns.CodeInternal, "settings", err)
	}
	c, err := scanCampaign(s.pool.QueryRow(ctx, `update campaigns set settings = $3, revision = revision + 1, updated_at = now()
		where id = $1 and revision = $2 returning `+campaignColumns, id, revision, body))
	if errors.Is(err, pgx.ErrNoRows) {
		return c, stale(current.Name, revision)
	}
	return c, classify(err)
}

func stale(name string, revision int64) error {
	return campaigns.Errorf(campaigns.CodeStale, "campaign %q was changed meanwhile: it is not at revision %d any more", name, revision)
}
