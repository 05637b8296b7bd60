package main

import (
	"log/slog"
	"strings"
	"testing"

	"ringmaster/agentui/rest"
	"ringmaster/campaigns"
)

// TestTheDeskKeepsDoNotCallLists does over the API what dnc add and dnc remove
// do, and reads it back by the number.
func TestTheDeskKeepsDoNotCallLists(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	ctx, by := t.Context(), campaigns.User{ID: 1, Role: campaigns.RoleSupervisor}
	desk := rightsDesk{o.store(), "US", slog.New(slog.DiscardHandler)}
	covered := func() string {
		t.Helper()
		entries, err := desk.DoNotCall(ctx, "(212) 555-0100")
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range entries {
			all = append(all, strings.TrimSpace(strings.Join([]string{e.List, e.Campaign, e.Pattern}, " ")))
		}
		return strings.Join(all, ", ")
	}
	number, prefix, country := rest.DNCEntry{Number: "212-555-0100", Reason: "asked"}, rest.DNCEntry{Pattern: "+1212"}, rest.DNCEntry{Pattern: "US"}
	own, ofCampaign, other := campaigns.DNCList{Name: "own"}, campaigns.DNCList{Name: "own", Campaign: "winback"}, campaigns.DNCList{Name: "us-national"}
	want := func(err error, covers string) {
		t.Helper()
		if got := covered(); err != nil || got != covers {
			t.Errorf("covered by %q, want %q, %v", got, covers, err)
		}
	}
	want(desk.SetDNCList(ctx, campaigns.DNCList{Name: "us-national", National: true}, by), "")
	want(desk.AddDNCEntry(ctx, own, number, by), "own")
	want(desk.RemoveDNCEntry(ctx, "own", number, by), "")
	want(desk.AddDNCEntry(ctx, ofCampaign, number, by), "own winback")
	want(desk.RemoveDNCEntry(ctx, "own", number, by), "")
	want(desk.AddDNCEntry(ctx, other, number, by), "us-national")
	want(desk.RemoveDNCEntry(ctx, "us-national", number, by), "")
	want(desk.AddDNCEntry(ctx, ofCampaign, prefix, by), "own of winback winback +1212")
	want(desk.RemoveDNCEntry(ctx, "own of winback", prefix, by), "")
	want(desk.AddDNCEntry(ctx, other, country, by), "us-national  US")
	want(desk.RemoveDNCEntry(ctx, "us-national", country, by), "")
	lists, err := desk.DNCLists(ctx)
	if err != nil || len(lists) != 3 || lists[2].Name != "us-national" || !lists[2].National || lists[2].MaxAge.Std().Hours() != 31*24 {
		t.Errorf("lists %+v, %v", lists, err)
	}
	for name, c := range map[string]struct {
		err  error
		code campaigns.Code
	}{
		"no number":      {desk.AddDNCEntry(ctx, own, rest.DNCEntry{Number: "12"}, by), campaigns.CodeInvalid},
		"no country":     {desk.AddDNCEntry(ctx, own, rest.DNCEntry{Pattern: "ZZ"}, by), campaigns.CodeInvalid},
		"no campaign":    {desk.AddDNCEntry(ctx, campaigns.DNCList{Name: "own", Campaign: "nowhere"}, number, by), campaigns.CodeNotFound},
		"not on it":      {desk.RemoveDNCEntry(ctx, "us-national", prefix, by), campaigns.CodeNotFound},
		"national own":   {desk.SetDNCList(ctx, campaigns.DNCList{Name: "own", National: true}, by), campaigns.CodeInvalid},
		"another's list": {desk.SetDNCList(ctx, campaigns.DNCList{Name: "us-national", Campaign: "winback"}, by), campaigns.CodeConflict},
	} {
		if campaigns.CodeOf(c.err) != c.code {
			t.Errorf("%s: %v, want %s", name, c.err, c.code)
		}
	}
}
