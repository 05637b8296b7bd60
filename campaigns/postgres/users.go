package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

const userColumns = `id, name, display_name, role, phone, phone_mode, languages, skills, campaign_ids, queues`

func scanUser(row pgx.Row) (campaigns.User, error) {
	var u campaigns.User
	err := row.Scan(&u.ID, &u.Name, &u.DisplayName, &u.Role, &u.Phone, &u.PhoneMode, &u.Languages, &u.Skills, &u.CampaignIDs, &u.Queues)
	if u.DisplayName == "" {
		u.DisplayName = u.Name
	}
	return u, err
}

// CreateUser stores a new user; CodeInvalid names a wrong field, CodeConflict
// tells that the name is taken.
func (s *Store) CreateUser(ctx context.Context, u campaigns.User, passwordHash string) (campaigns.User, error) {
	roles := []campaigns.Role{campaigns.RoleAgent, campaigns.RoleSupervisor, campaigns.RoleAdmin}
	if u.PhoneMode == "" {
		u.PhoneMode = campaigns.PhoneNailed
	}
	switch {
	case u.Name == "":
		return u, campaigns.Invalid("name", "is empty")
	case !slices.Contains(roles, u.Role):
		return u, campaigns.Invalid("role", "%q is not one of %v", u.Role, roles)
	case u.PhoneMode != campaigns.PhoneNailed && u.PhoneMode != campaigns.PhonePerCall:
		return u, campaigns.Invalid("phone_mode", "%q is neither %s nor %s", u.PhoneMode, campaigns.PhoneNailed, campaigns.PhonePerCall)
	}
	made, err := scanUser(s.pool.QueryRow(ctx, `insert into users (name, display_name, role, phone, phone_mode, languages, skills, campaign_ids, queues, password_hash)
		values ($1, $2, $3, $4, $5, coalesce($6, '{}'::text[]), coalesce($7, '{}'::text[]), coalesce($8, '{}'::bigint[]), coalesce($9, '{}'::text[]), nullif($10, ''))
		returning `+userColumns, u.Name, u.DisplayName, u.Role, u.Phone, u.PhoneMode, u.Languages, u.Skills, u.CampaignIDs, u.Queues, passwordHash))
	if violates(err, "users_name_key") {
		return u, campaigns.Errorf(campaigns.CodeConflict, "a user %q exists already", u.Name)
	}
	return made, classify(err)
}

// Users gives all users that are not disabled, by name.
func (s *Store) Users(ctx context.Context) ([]campaigns.User, error) {
	rows, err := s.pool.Query(ctx, `select `+userColumns+` from users where disabled_at is null order by name`)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.User, error) { return scanUser(row) })
	return all, classify(err)
}

// User finds a user that is not disabled; CodeNotFound when there is none.
func (s *Store) User(ctx context.Context, id int64) (campaigns.User, error) {
	u, err := scanUser(s.pool.QueryRow(ctx, `select `+userColumns+` from users where id = $1 and disabled_at is null`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return u, campaigns.Errorf(campaigns.CodeNotFound, "no user %d", id)
	}
	return u, classify(err)
}

// UserByName finds a user that is not disabled with the hash of the password,
// empty where none is set; CodeNotFound when there is none.
func (s *Store) UserByName(ctx context.Context, name string) (campaigns.User, string, error) {
	var id int64
	var hash *string
	err := s.pool.QueryRow(ctx, `select id, password_hash from users where name = $1 and disabled_at is null`, name).Scan(&id, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return campaigns.User{}, "", campaigns.Errorf(campaigns.CodeNotFound, "no user %q", name)
	}
	if err != nil {
		return campaigns.User{}, "", classify(err)
	}
	u, err := s.User(ctx, id)
	if hash == nil {
		hash = new(string)
	}
	return u, *hash, err
}

// SetPasswordHash replaces a user's password.
func (s *Store) SetPasswordHash(ctx context.Context, id int64, hash string) error {
	_, err := s.pool.Exec(ctx, `update users set password_hash = $2 where id = $1`, id, hash)
	return classify(err)
}

// AddSignInLink stores a one-time sign-in token by its hash.
func (s *Store) AddSignInLink(ctx context.Context, userID int64, token string, expires time.Time) error {
	hash := sha256.Sum256([]byte(token))
	_, err := s.pool.Exec(ctx, `insert into sign_in_links (token_hash, user_id, expires_at) values ($1, $2, $3)`, hash[:], userID, expires)
	return classify(err)
}

// UseSignInLink exchanges a token for its user, once; CodeForbidden when it is
// unknown, used or expired. Links expire by the wall clock, not by business
// time.
func (s *Store) UseSignInLink(ctx context.Context, token string) (campaigns.User, error) {
	hash := sha256.Sum256([]byte(token))
	var id int64
	err := s.pool.QueryRow(ctx, `update sign_in_links set used_at = now() where token_hash = $1 and used_at is null and expires_at > now() returning user_id`, hash[:]).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return campaigns.User{}, campaigns.Errorf(campaigns.CodeForbidden, "this sign-in link was used or has expired")
	}
	if err != nil {
		return campaigns.User{}, classify(err)
	}
	return s.User(ctx, id)
}

// FindSession gives the data of a session that has not expired.
func (s *Store) FindSession(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := s.pool.QueryRow(ctx, `select data from web_sessions where token = $1 and expiry > now()`, token).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, classify(err)
}

// CommitSession stores a session's data and expiry.
func (s *Store) CommitSession(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, err := s.pool.Exec(ctx, `insert into web_sessions (token, data, expiry) values ($1, $2, $3)
		on conflict (token) do update set data = excluded.data, expiry = excluded.expiry`, token, data, expiry)
	return classify(err)
}

// DeleteSession forgets a session.
func (s *Store) DeleteSession(ctx context.Context, token string) error {
	_, err := s.pool.Exec(ctx, `delete from web_sessions where token = $1`, token)
	return classify(err)
}
