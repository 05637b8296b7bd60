package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// offersLock is the advisory lock under which the order of offers changes.
const offersLock = "offers"

// ApplyOffers makes offers what is given, all or none of them: each that differs
// from its version in force becomes a new one. What was accepted counts on. It
// tells what changes, in the order of the offers; dry: and changes nothing.
// CodeInvalid names what is wrong; the changes are then those of the offers
// before the one that is.
func (s *Store) ApplyOffers(ctx context.Context, offers []campaigns.Offer, dry bool) ([]campaigns.Change, error) {
	var changes []campaigns.Change
	for i := range offers {
		if err := offers[i].Validate(); err != nil {
			return make([]campaigns.Change, i), err
		}
	}
	err := s.tried(ctx, dry, func(tx pgx.Tx) error {
		changes = nil
		if err := exec(ctx, tx, `select pg_advisory_xact_lock(hashtextextended($1, 0))`, offersLock); err != nil {
			return err
		}
		now := s.clock.Now()
		for _, offer := range offers {
			change, err := applyOffer(ctx, tx, offer, now)
			if err != nil {
				return err
			}
			changes = append(changes, change)
		}
		// An offer may name one that comes after it.
		for i, offer := range offers {
			if err := checkSuccession(ctx, tx, offer); err != nil {
				changes = changes[:i]
				return err
			}
		}
		return nil
	})
	return changes, err
}

// applyOffer appends a version where it differs from the one in force.
func applyOffer(ctx context.Context, tx pgx.Tx, offer campaigns.Offer, now time.Time) (campaigns.Change, error) {
	var change campaigns.Change
	if offer.ExpiresAt != nil {
		// One instant has one form, so that the same offer is the same again.
		at := offer.ExpiresAt.UTC()
		offer.ExpiresAt = &at
	}
	body, err := json.Marshal(offer)
	if err != nil {
		return change, campaigns.Wrap(campaigns.CodeInternal, "offer", err)
	}
	var id int64
	if err := tx.QueryRow(ctx, `insert into offers (name, budget_count, budget_amount, created_at) values ($1, nullif($2::bigint, 0), nullif($3::bigint, 0), $4)
		on conflict (name) do update set budget_count = excluded.budget_count, budget_amount = excluded.budget_amount returning id`,
		offer.Name, offer.Budget.Count, int64(offer.Budget.Amount), now).Scan(&id); err != nil {
		return change, err
	}
	var same bool
	err = tx.QueryRow(ctx, `select version, body = $2::jsonb from offer_versions where offer_id = $1 order by version desc limit 1`, id, body).
		Scan(&change.Version, &same)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) || same {
		return change, err
	}
	change.Changed, change.Version = true, change.Version+1
	return change, exec(ctx, tx, `insert into offer_versions (offer_id, version, body, created_at) values ($1, $2, $3, $4)`, id, change.Version, body, now)
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
		if !found && next != offer.Next {
			// That is the fault of the offer before.
			return nil
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
