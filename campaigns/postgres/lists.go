package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

const listColumns = `id, campaign_id, name, active, expires_at, priority, mix, source, provenance, created_at, resets, reset_at`

func scanList(row pgx.Row) (campaigns.List, error) {
	var l campaigns.List
	err := row.Scan(&l.ID, &l.CampaignID, &l.Name, &l.Active, &l.ExpiresAt, &l.Priority, &l.Mix, &l.Source, &l.Provenance, &l.CreatedAt, &l.Resets, &l.ResetAt)
	return l, err
}

// CreateList makes a list of a campaign; CodeInvalid names a wrong setting,
// CodeConflict a name that is taken or a campaign that is closed.
func (s *Store) CreateList(ctx context.Context, campaignID int64, name string, settings campaigns.ListSettings) (campaigns.List, error) {
	if name == "" {
		return campaigns.List{}, campaigns.Invalid("name", "is empty")
	}
	if err := settings.Validate(); err != nil {
		return campaigns.List{}, err
	}
	campaign, err := s.Campaign(ctx, campaignID)
	if err != nil {
		return campaigns.List{}, err
	}
	if campaign.State == campaigns.CampaignClosed {
		return campaigns.List{}, campaigns.Errorf(campaigns.CodeConflict, "campaign %q is closed", campaign.Name)
	}
	if settings.Source == "" && settings.Provenance == "" {
		settings.Source, settings.Provenance = origin(campaign.Settings, "")
	}
	made, err := scanList(s.pool.QueryRow(ctx, `insert into lists (campaign_id, name, active, expires_at, priority, mix, source, provenance, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning `+listColumns, campaignID, name, settings.Active, settings.ExpiresAt, settings.Priority,
		settings.Mix, settings.Source, settings.Provenance, s.clock.Now()))
	if violates(err, "lists_campaign_id_name_key") {
		return made, campaigns.Errorf(campaigns.CodeConflict, "campaign %q has a list %q already", campaign.Name, name)
	}
	return made, classify(err)
}

// origin gives a new list the source and provenance that its campaign names, or
// else the file as its provenance.
func origin(settings campaigns.Settings, file string) (campaigns.Source, string) {
	p := settings.Prospecting
	switch {
	case p == nil:
		return "", file
	case p.Provenance == "":
		return p.Source, file
	}
	return p.Source, p.Provenance
}

// ListByName finds a list of a campaign; CodeNotFound names what was asked for.
func (s *Store) ListByName(ctx context.Context, campaignID int64, name string) (campaigns.List, error) {
	l, err := scanList(s.pool.QueryRow(ctx, `select `+listColumns+` from lists where campaign_id = $1 and name = $2`, campaignID, name))
	if errors.Is(err, pgx.ErrNoRows) {
		return l, campaigns.Errorf(campaigns.CodeNotFound, "the campaign has no list %q", name)
	}
	return l, classify(err)
}

// ChangeList changes a list by what change makes of its settings; CodeNotFound
// when there is none, CodeInvalid names a wrong setting. It holds for the next
// pick, and for what is in the hopper at its gate.
func (s *Store) ChangeList(ctx context.Context, id int64, change func(*campaigns.ListSettings)) (campaigns.List, error) {
	var changed campaigns.List
	err := s.tx(ctx, func(tx pgx.Tx) error {
		var err error
		changed, err = scanList(tx.QueryRow(ctx, `select `+listColumns+` from lists where id = $1 for no key update`, id))
		if errors.Is(err, pgx.ErrNoRows) {
			return campaigns.Errorf(campaigns.CodeNotFound, "no list %d", id)
		}
		if err != nil {
			return err
		}
		change(&changed.ListSettings)
		if err := changed.ListSettings.Validate(); err != nil {
			return err
		}
		l := changed.ListSettings
		return exec(ctx, tx, `update lists set active = $2, expires_at = $3, priority = $4, mix = $5, source = $6, provenance = $7 where id = $1`,
			id, l.Active, l.ExpiresAt, l.Priority, l.Mix, l.Source, l.Provenance)
	})
	return changed, err
}

// ListFigures gives the lists of a campaign, or of all for zero, with how far
// each is: by campaign, then the order in which they are called. It reads each
// candidate.
func (s *Store) ListFigures(ctx context.Context, campaignID int64) ([]campaigns.ListFigures, error) {
	rows, err := s.pool.Query(ctx, `select `+listColumns+` from lists where $1::bigint in (0, campaign_id) order by campaign_id, priority desc, name`, campaignID)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.ListFigures, error) {
		l, err := scanList(row)
		return campaigns.ListFigures{List: l, ByState: map[campaigns.CandidateState]int{}}, err
	})
	if err != nil {
		return nil, classify(err)
	}
	at := make(map[int64]*campaigns.ListFigures, len(all))
	for i := range all {
		at[all[i].ID] = &all[i]
	}
	rows, err = s.pool.Query(ctx, `select list_id, state, count(*), count(*) filter (where attempts > 0), sum(attempts), sum(attempts + earlier_attempts)
		from candidates where $1::bigint in (0, campaign_id) group by list_id, state`, campaignID)
	if err != nil {
		return nil, classify(err)
	}
	var list int64
	var state campaigns.CandidateState
	var n, tried, attempts, everAttempts int
	_, err = pgx.ForEachRow(rows, []any{&list, &state, &n, &tried, &attempts, &everAttempts}, func() error {
		if l := at[list]; l != nil {
			l.Records, l.Tried, l.Attempts, l.AllAttempts = l.Records+n, l.Tried+tried, l.Attempts+attempts, l.AllAttempts+everAttempts
			l.ByState[state] += n
			l.Penetration, l.Saturation = float64(l.Tried)/float64(l.Records), float64(l.Attempts)/float64(l.Records)
		}
		return nil
	})
	return all, classify(err)
}
