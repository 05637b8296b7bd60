package postgres

import "context"

// Prune deletes what has expired and is of no use any more: sessions of
// browsers, and sign-in links a day after their end, so that their late user is
// still told that they have expired. Both go by the wall clock.
func (s *Store) Prune(ctx context.Context) (sessions, links int64, err error) {
	tag, err := s.pool.Exec(ctx, `delete from web_sessions where expiry < now()`)
	if err != nil {
		return 0, 0, classify(err)
	}
	sessions = tag.RowsAffected()
	tag, err = s.pool.Exec(ctx, `delete from sign_in_links where expires_at < now() - interval '1 day'`)
	return sessions, tag.RowsAffected(), classify(err)
}
