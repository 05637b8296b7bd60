package postgres_test

import (
	"testing"

	"ringmaster/configs/stores/storestest"
)

func TestMain(m *testing.M) { storestest.Run(m, storestest.PostgresOnly) }
