package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ringmaster/campaigns"
)

// txTries is how often a transaction is run when PostgreSQL asks for another try.
const txTries = 5

// tx runs f in a transaction and retries it when PostgreSQL asks for that.
func (s *Store) tx(ctx context.Context, f func(pgx.Tx) error) error {
	var err error
	for range txTries {
		if err = pgx.BeginFunc(ctx, s.pool, f); err == nil || !retriable(err) {
			break
		}
	}
	return classify(err)
}

// pipelined runs f on a connection of its own, where it begins and commits a
// transaction by itself, and retries it as tx does. What f leaves open is
// rolled back.
func (s *Store) pipelined(ctx context.Context, f func(*pgx.Conn) error) error {
	var err error
	for range txTries {
		err = s.onConnection(ctx, f)
		if err == nil || !retriable(err) {
			break
		}
	}
	return classify(err)
}

func (s *Store) onConnection(ctx context.Context, f func(*pgx.Conn) error) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	// A connection that is released within a transaction is thrown away.
	defer pooled.Release()
	conn := pooled.Conn()
	err = f(conn)
	if conn.PgConn().TxStatus() != 'I' && !conn.IsClosed() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = conn.Exec(within, "rollback")
	}
	return err
}

// retriable tells deadlocks and serialization failures from the rest.
func retriable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

// classify gives every error of the database its code: CodeInvalid for text
// that PostgreSQL cannot hold, CodeInternal for what another try cannot mend,
// CodeUnavailable for all others. An Error of the domain stays as it is.
func classify(err error) error {
	var domain *campaigns.Error
	var pg *pgconn.PgError
	var scan pgx.ScanArgError
	var syntax *json.SyntaxError
	switch {
	case err == nil || errors.As(err, &domain):
		return err
	case errors.As(err, &pg) && unstorable(pg.Code):
		return &campaigns.Error{Code: campaigns.CodeInvalid, Field: "text", Message: "holds a byte that is no text", Cause: err}
	case errors.As(err, &pg) && !passing(pg.Code), errors.As(err, &scan), errors.As(err, &syntax):
		return campaigns.Wrap(campaigns.CodeInternal, "database", err)
	default:
		return campaigns.Wrap(campaigns.CodeUnavailable, "database", err)
	}
}

// unstorable are the codes for invalid UTF-8 and for the zero byte, in text and
// in JSON.
func unstorable(code string) bool { return code == "22021" || code == "22P05" }

// passing tells the classes of errors that may be over at another try:
// connection, conflict of transactions, resources, state (locks), operator
// (shutdown, time-out), system; and a server that is read-only after a failover.
func passing(code string) bool {
	for _, class := range []string{"08", "40", "53", "55", "57", "58", "25006"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// violates tells which constraint or unique index a statement broke.
func violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && strings.HasPrefix(pg.Code, "23") && pg.ConstraintName == constraint
}
