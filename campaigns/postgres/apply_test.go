package postgres_test

import (
	"strings"
	"testing"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// change is the change that leaves a campaign as it is.
func change(c campaigns.Campaign) postgres.CampaignChange {
	return postgres.CampaignChange{ID: c.ID, Revision: c.Revision, Name: c.Name, Kind: c.Kind, Settings: c.Settings}
}

func TestCampaignsAreAppliedTogether(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	one := change(i.campaign)
	one.Settings.Offer = "tea"
	two := postgres.CampaignChange{Name: "loyal", Kind: campaigns.KindLoyalty, State: campaigns.CampaignRunning, Settings: campaigns.DefaultSettings(campaigns.KindLoyalty)}
	applied, err := i.store.ApplyCampaigns(t.Context(), []postgres.CampaignChange{one, two})
	if err != nil || len(applied) != 2 {
		t.Fatalf("%v, %v", applied, err)
	}
	if a := applied[0]; a.Revision != i.campaign.Revision+1 || a.Settings.Offer != "tea" || a.State != campaigns.CampaignRunning {
		t.Errorf("changed to %+v", a)
	}
	if a := applied[1]; a.State != campaigns.CampaignRunning || a.Kind != campaigns.KindLoyalty {
		t.Errorf("made %+v", a)
	}
}

func TestNothingIsAppliedWhereOneChangeCannotBe(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	fine := postgres.CampaignChange{Name: "fine", Kind: campaigns.KindLoyalty, Settings: campaigns.DefaultSettings(campaigns.KindLoyalty)}
	paused := fine
	paused.Name, paused.State = "paused", campaigns.CampaignPaused
	stale, otherKind, gone, wrong, taken := change(i.campaign), change(i.campaign), change(i.campaign), change(i.campaign), fine
	stale.Revision--
	otherKind.Kind, otherKind.Settings = campaigns.KindLoyalty, fine.Settings
	gone.ID = 999
	wrong.Settings.Ratio, wrong.Settings.Mode = 99, campaigns.PacingRatio
	taken.Name = i.campaign.Name
	for want, c := range map[string]postgres.CampaignChange{
		"not at revision":                       stale,
		"is of kind win_back and stays so":      otherKind,
		`no campaign "spring"`:                  gone,
		"ratio: 99 is not between":              wrong,
		`a campaign "spring" exists`:            taken,
		"is draft and cannot become paused":     paused,
		"nothing of it changes any more":        closed(t, i),
		"prospecting: is for campaigns of that": {Name: "x", Kind: campaigns.KindLoyalty, Settings: campaigns.DefaultSettings(campaigns.KindProspecting)},
	} {
		_, err := i.store.ApplyCampaigns(t.Context(), []postgres.CampaignChange{fine, c})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := i.store.CampaignByName(t.Context(), "fine"); campaigns.CodeOf(err) != campaigns.CodeNotFound {
			t.Errorf("%s: the other change was applied: %v", want, err)
		}
	}
}

func closed(t *testing.T, i *imports) postgres.CampaignChange {
	t.Helper()
	c, err := i.store.CreateCampaign(t.Context(), "over", campaigns.KindLoyalty, campaigns.DefaultSettings(campaigns.KindLoyalty))
	if err != nil {
		t.Fatal(err)
	}
	if c, err = i.store.MoveCampaign(t.Context(), c.ID, campaigns.CampaignClosed); err != nil {
		t.Fatal(err)
	}
	return change(c)
}
