package postgres

import (
	"fmt"
	"io/fs"
)

// subMigrations gives the embedded migrations as goose wants them.
func subMigrations() (fs.FS, error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("embedded migrations: %w", err)
	}
	return sub, nil
}
