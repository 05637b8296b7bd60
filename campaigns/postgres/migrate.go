package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"ringmaster/campaigns"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The lock of a migration is tried once a second, for five minutes.
const migrationLockTries = 300

// Migrate brings the schema to this version. Several processes may start it at
// once; one does the work and the others wait for it. A migration has no
// statement time-out.
func (s *Store) Migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("embedded migrations: %w", err)
	}
	var lockID int64
	if err := s.pool.QueryRow(ctx, `select hashtextextended('ringmaster migration of ' || current_schema(), 0)`).Scan(&lockID); err != nil {
		return campaigns.Wrap(campaigns.CodeUnavailable, "migration", err)
	}
	config := s.pool.Config().ConnConfig
	config.RuntimeParams["statement_timeout"] = "0"
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID), lock.WithLockTimeout(1, migrationLockTries))
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return campaigns.Wrap(campaigns.CodeOf(classify(err)), "migration", err)
	}
	for _, r := range results {
		s.log.Info("migrated", "version", r.Source.Version, "duration", r.Duration)
	}
	return nil
}
