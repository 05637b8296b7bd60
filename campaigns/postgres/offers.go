package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// offersLock is the advisory lock under which the order of offers changes.
const offersLock = "offers"

// ApplyOffer makes an offer what is given: where it differs from the version in
// force it becomes a new one. What was accepted counts on. It tells what changes;
// dry: and changes nothing. CodeInvalid names what is wrong.
func (s *Store) ApplyOffer(ctx context.Context, offer campaigns.Offer, dry bool) (campaigns.Change, error) {
	var change campaigns.Change
	if err := offer.Validate(); err != nil {
		return change, err
	}
	if offer.ExpiresAt != nil {
		// As it comes back from the store.
		at := offer.ExpiresAt.UTC()
		offer.ExpiresAt = &at
	}
	body, err := json.Marshal(offer)
	if err != nil {
		return change, campaigns.Wrap(campaigns.CodeInternal, "offer", err)
	}
	err = s.tried(ctx, dry, func(tx pgx.Tx) error {
		change = campaigns.Change{}
		if err := exec(ctx, tx, `select pg_advisory_xact_lock(hashtextextended($1, 0))`, offersLock); err != nil {
			return err
		}
		if err := checkSuccession(ctx, tx, offer); err != nil {
			return err
		}
		now := s.clock.Now()
		var id int64
		if err := tx.QueryRow(ctx, `insert into offers (name, budget_count, budget_amount, created_at) values ($1, nullif($2::bigint, 0), nullif($3::bigint, 0), $4)
			on conflict (name) do update set budget_count = excluded.budget_count, budget_amount = excluded.budget_amount returning id`,
			offer.Name, offer.Budget.Count, int64(offer.Budget.Amount), now).Scan(&id); err != nil {
			return err
		}
		var same bool
		err := tx.QueryRow(ctx, `select version, body = $2::jsonb from offer_versions where offer_id = $1 order by version desc limit 1`, id, body).
			Scan(&change.Version, &same)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) || same {
			return err
		}
		change.Changed, change.Version = true, change.Version+1
		return exec(ctx, tx, `insert into offer_versions (offer_id, version, body, created_at) values ($1, $2, $3, $4)`, id, change.Version, body, now)
	})
	return change, err
}

// checkSuccession refuses a next offer that does not exist or leads back.
func checkSuccession(ctx context.Context, tx pgx.Tx, offer campaigns.Offer) error {
	path := []string{offer.Name}
	for next := offer.Next; next != ""; {
		if slices.Contains(path, next) {
			return campaigns.Invalid("next", "leads in a circle: %v and again %s", path, next)
		}
		path = append(path, next)
		standing, found, err := standingOf(ctx, tx, next)
		if err != nil {
			return err
		}
		if !found {
			return campaigns.Invalid("next", "there is no offer %q", next)
		}
		next = standing.Offer.Next
	}
	return nil
}

// offerColumns select an offer o with its version v.
const offerColumns = `o.id, v.id, v.version, v.body, o.accepted, o.spent`

func scanOffer(row pgx.Row) (campaigns.OfferStanding, error) {
	var o campaigns.OfferStanding
	var body []byte
	if err := row.Scan(&o.ID, &o.VersionID, &o.Version, &body, &o.Accepted, &o.Spent); err != nil {
		return o, err
	}
	return o, json.Unmarshal(body, &o.Offer)
}

// standingOf finds an offer's version in force; false where there is none of
// the name.
func standingOf(ctx context.Context, q querier, name string) (campaigns.OfferStanding, bool, error) {
	o, err := scanOffer(q.QueryRow(ctx, `select `+offerColumns+` from offers o join offer_versions v on v.offer_id = o.id
		where o.name = $1 order by v.version desc limit 1`, name))
	if errors.Is(err, pgx.ErrNoRows) {
		return o, false, nil
	}
	return o, err == nil, err
}

// Offers gives every offer as it stands, by name.
func (s *Store) Offers(ctx context.Context) ([]campaigns.OfferStanding, error) {
	return s.queryOffers(ctx, `select distinct on (o.name) `+offerColumns+` from offers o join offer_versions v on v.offer_id = o.id
		order by o.name, v.version desc`)
}

// OfferVersions gives every version of an offer, newest first; CodeNotFound when
// there is none of the name.
func (s *Store) OfferVersions(ctx context.Context, name string) ([]campaigns.OfferStanding, error) {
	all, err := s.queryOffers(ctx, `select `+offerColumns+` from offers o join offer_versions v on v.offer_id = o.id
		where o.name = $1 order by v.version desc`, name)
	if err == nil && len(all) == 0 {
		return nil, campaigns.Errorf(campaigns.CodeNotFound, "no offer %q", name)
	}
	return all, err
}

func (s *Store) queryOffers(ctx context.Context, sql string, args ...any) ([]campaigns.OfferStanding, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.OfferStanding, error) { return scanOffer(row) })
	return all, classify(err)
}
