package postgres_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
	"ringmaster/configs/stores/storestest"
)

var key = []byte("a key for the tests only")

func TestOpenSaysWhatIsWrongAndNoPassword(t *testing.T) {
	t.Parallel()
	const password = "s3cret-word"
	for _, c := range []struct {
		name, url string
		key       []byte
		code      campaigns.Code
		text      string
	}{
		{"no URL", "postgres://user:" + password + "@host:port/x", key, campaigns.CodeInvalid, "database.url"},
		{"not a URL", "what " + password, key, campaigns.CodeInvalid, "database.url"},
		{"nobody listens", "postgres://user:" + password + "@127.0.0.1:1/calls", key, campaigns.CodeUnavailable, `database "calls" at 127.0.0.1:1`},
		{"no socket", "postgres://user:" + password + "@/calls?host=/nonexistent", key, campaigns.CodeUnavailable, `database "calls" at /nonexistent`},
		{"no such database", strings.Replace(storestest.DatabaseURL(t), "/ringmaster?", "/nothing_here?", 1), key, campaigns.CodeUnavailable, "nothing_here"},
		{"short key", "postgres://user:" + password + "@127.0.0.1:1/calls", key[:15], campaigns.CodeInvalid, "secrets.number_key: 15 bytes"},
	} {
		store, err := postgres.Open(t.Context(), postgres.Options{URL: c.url, NumberKey: c.key})
		if store != nil || err == nil || campaigns.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.name, err)
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), password) {
			t.Errorf("%s: the error shows the password: %v", c.name, err)
		}
	}
}

func TestMigrateTwiceAndAtTheSameTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(h.store.Migrate(t.Context()))

	schema := fmt.Sprintf("m%d", time.Now().UnixNano())
	h.exec("create schema " + schema)
	t.Cleanup(func() { h.exec("drop schema " + schema + " cascade") })
	var nodes sync.WaitGroup
	for range 4 {
		nodes.Go(func() {
			store, err := postgres.Open(t.Context(), postgres.Options{URL: storestest.DatabaseURL(t), Schema: schema, NumberKey: key})
			if err != nil {
				t.Error(err)
				return
			}
			defer store.Close()
			if err := store.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := store.CreateCampaign(t.Context(), "one of four", campaigns.KindLoyalty, campaigns.DefaultSettings(campaigns.KindLoyalty)); err != nil &&
				campaigns.CodeOf(err) != campaigns.CodeConflict {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
	files, err := os.ReadDir("migrations")
	h.must(err)
	want := fmt.Sprintf("%d %[1]d", len(files)+1) // and the version zero
	if got := h.read("select count(*), count(distinct version_id) from " + schema + ".goose_db_version where is_applied"); got != want {
		t.Errorf("versions applied: %s", got)
	}
}

func TestTheClockIsTheDatabasesWithTheOffset(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	if left := store.Clock().Now().Sub(postgrestest.Morning); left < -time.Minute || left > time.Minute {
		t.Errorf("business time is %s off", left)
	}
	if offset := store.Clock().Offset(); time.Now().Add(offset).Sub(store.Clock().Now()).Abs() > time.Second {
		t.Errorf("offset %s", offset)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Run(ctx); err == nil {
		t.Error("Run ended without the context's error")
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCampaignsMoveByTheirTable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for from, allowed := range campaigns.CampaignMoves {
		for to := range campaigns.CampaignMoves {
			name := fmt.Sprintf("%s to %s", from, to)
			id := h.id(`insert into campaigns (name, kind, state, settings, closed_at) select $1, kind, $2, settings, case when $2 = 'closed' then now() end
				from campaigns where id = $3 returning id`, name, from, h.campaign.ID)
			moved, err := h.store.MoveCampaign(t.Context(), id, to)
			if !slices.Contains(allowed, to) && to != from {
				h.code(err, campaigns.CodeConflict, "cannot become "+string(to))
				continue
			}
			if err != nil || moved.State != to {
				t.Errorf("%s: %s, %v", name, moved.State, err)
			}
			if got := h.read(`select closed_at is not null from campaigns where id = $1`, id); got != fmt.Sprint(to == campaigns.CampaignClosed) {
				t.Errorf("%s: has a closing time: %s", name, got)
			}
		}
	}
}

func TestCampaignsAreMadeAndChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, settings := t.Context(), campaigns.DefaultSettings(campaigns.KindProspecting)
	_, err := h.store.CreateCampaign(ctx, "", campaigns.KindProspecting, settings)
	h.code(err, campaigns.CodeInvalid, "name")
	_, err = h.store.CreateCampaign(ctx, "x", "nonsense", settings)
	h.code(err, campaigns.CodeInvalid, "kind")
	_, err = h.store.CreateCampaign(ctx, "first", campaigns.KindProspecting, settings)
	h.code(err, campaigns.CodeConflict, `"first" exists`)
	wrong := settings
	wrong.PersonCap = campaigns.Cap{Max: 101, Per: campaigns.Seconds(60)}
	_, err = h.store.CreateCampaign(ctx, "x", campaigns.KindProspecting, wrong)
	h.code(err, campaigns.CodeInvalid, "person_cap")
	wrong.PersonCap = campaigns.Cap{Max: 1}
	_, err = h.store.UpdateSettings(ctx, h.campaign.ID, h.campaign.Revision, wrong)
	h.code(err, campaigns.CodeInvalid, "person_cap")
	_, err = h.store.UpdateSettings(ctx, h.campaign.ID, h.campaign.Revision, settings)
	h.code(err, campaigns.CodeInvalid, "prospecting: is for campaigns of that kind; this one is win_back")
	settings = h.campaign.Settings
	_, err = h.store.UpdateSettings(ctx, h.campaign.ID, h.campaign.Revision-1, settings)
	h.code(err, campaigns.CodeStale, "not at revision")
	_, err = h.store.UpdateSettings(ctx, 999, 1, settings)
	h.code(err, campaigns.CodeNotFound, "no campaign 999")
	settings.Script = "new words"
	changed, err := h.store.UpdateSettings(ctx, h.campaign.ID, h.campaign.Revision, settings)
	h.must(err)
	if changed.Revision != h.campaign.Revision+1 || changed.Settings.Script != "new words" {
		t.Errorf("changed to %+v", changed)
	}
	// The gate sees the new settings at once.
	if a := h.attempt(h.queued(1)[0]); a.Settings.Script != "new words" {
		t.Errorf("the gate has the script %q", a.Settings.Script)
	}
	_, err = h.store.CampaignByName(ctx, "nobody")
	h.code(err, campaigns.CodeNotFound, `"nobody"`)
	_, err = h.store.MoveCampaign(ctx, 999, campaigns.CampaignRunning)
	h.code(err, campaigns.CodeNotFound, "999")
	closed, err := h.store.CreateCampaign(ctx, "closed", campaigns.KindLoyalty, campaigns.DefaultSettings(campaigns.KindLoyalty))
	h.must(err)
	_, err = h.store.MoveCampaign(ctx, closed.ID, campaigns.CampaignClosed)
	h.must(err)
	open, err := h.store.Campaigns(ctx)
	h.must(err)
	all, err := h.store.AllCampaigns(ctx)
	h.must(err)
	if len(open) != 1 || len(all) != 2 || all[0].Name != "closed" {
		t.Errorf("open %v, all %v", open, all)
	}
}
