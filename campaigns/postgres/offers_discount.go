package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// SetDiscountLimit says how much discount a user, or everybody of a role, may
// give. Who has no limit of either kind gives none. CodeInvalid names a wrong
// field, CodeNotFound an unknown user.
func (s *Store) SetDiscountLimit(ctx context.Context, l campaigns.DiscountLimit) error {
	switch {
	case (l.User == "") == (l.Role == ""):
		return campaigns.Invalid("user", "name either a user or a role")
	case !(l.Percent >= 0 && l.Percent <= 100):
		return campaigns.Invalid("percent", "%v is not between 0 and 100", l.Percent)
	case l.Role != "":
		roles := []campaigns.Role{campaigns.RoleAgent, campaigns.RoleSupervisor, campaigns.RoleAdmin}
		if !slices.Contains(roles, l.Role) {
			return campaigns.Invalid("role", "%q is not one of %v", l.Role, roles)
		}
		_, err := s.pool.Exec(ctx, `insert into discount_limits (role, percent) values ($1, $2)
			on conflict (role) do update set percent = excluded.percent`, l.Role, l.Percent)
		return classify(err)
	}
	user, _, err := s.UserByName(ctx, l.User)
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `insert into discount_limits (user_id, percent) values ($1, $2)
		on conflict (user_id) do update set percent = excluded.percent`, user.ID, l.Percent)
	return classify(err)
}

// DiscountLimits gives the limits: of roles, then of users by name.
func (s *Store) DiscountLimits(ctx context.Context) ([]campaigns.DiscountLimit, error) {
	rows, err := s.pool.Query(ctx, `select coalesce(u.name, ''), coalesce(l.role, ''), l.percent from discount_limits l
		left join users u on u.id = l.user_id order by u.name nulls first, l.role`)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[campaigns.DiscountLimit])
	return all, classify(err)
}

// discountLimit is how much discount, in per cent, the user may give; that of
// the role agent for user 0, who is not known yet.
func discountLimit(ctx context.Context, q querier, userID int64) (float64, error) {
	var percent float64
	err := q.QueryRow(ctx, `select coalesce(
		(select percent from discount_limits where user_id = $1),
		(select percent from discount_limits where role = coalesce((select role from users where id = $1), 'agent')), 0)`, userID).Scan(&percent)
	return percent, err
}

// ApproveDiscount lets the agent of a call give up to so much discount, in per
// cent, with its result. by must be a supervisor or admin: else CodeForbidden.
// CodeNotFound names an unknown call, CodeConflict one that has its result.
func (s *Store) ApproveDiscount(ctx context.Context, call campaigns.CallID, percent float64, by int64, why string) error {
	if !(percent > 0 && percent <= 100) {
		return campaigns.Invalid("percent", "%v is not above 0 and up to 100", percent)
	}
	user, err := s.User(ctx, by)
	if err != nil {
		return err
	}
	if user.Role == campaigns.RoleAgent {
		return campaigns.Errorf(campaigns.CodeForbidden, "%s is an agent: a supervisor approves discounts", user.Name)
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		var closed bool
		err := tx.QueryRow(ctx, `select closed_at is not null from calls where id = $1 for no key update`, call).Scan(&closed)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return campaigns.Errorf(campaigns.CodeNotFound, "no call %s", call)
		case err != nil:
			return err
		case closed:
			return campaigns.Errorf(campaigns.CodeConflict, "call %s has its result already", call)
		}
		return exec(ctx, tx, `insert into discount_approvals (call_id, percent, approved_by, why, approved_at) values ($1, $2, $3, $4, $5)`,
			call, percent, by, why, s.clock.Now())
	})
}
