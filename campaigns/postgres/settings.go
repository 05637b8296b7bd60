package postgres

import (
	"context"
	"sync"

	"ringmaster/campaigns"
)

// settingsCache holds parsed settings by campaign and revision, so that the
// gate does not parse JSON for each batch. It holds one entry per campaign.
type settingsCache struct {
	mu   sync.Mutex
	held map[int64]cachedSettings
}

type cachedSettings struct {
	revision int64
	settings *campaigns.Settings
}

func newSettingsCache() *settingsCache {
	return &settingsCache{held: map[int64]cachedSettings{}}
}

// get gives the settings of the revision, if they are held.
func (c *settingsCache) get(campaignID, revision int64) (*campaigns.Settings, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held, ok := c.held[campaignID]
	return held.settings, ok && held.revision == revision
}

func (c *settingsCache) put(campaignID, revision int64, settings *campaigns.Settings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[campaignID] = cachedSettings{revision: revision, settings: settings}
}

// settingsOf gives the campaign's settings and state inside the transaction q, and
// looks at the registers for who decides by them.
func (s *Store) settingsOf(ctx context.Context, q querier, campaignID int64) (*campaigns.Settings, campaigns.CampaignState, error) {
	if err := s.lookAtRegisters(ctx, q); err != nil {
		return nil, "", err
	}
	var revision int64
	var state campaigns.CampaignState
	if err := q.QueryRow(ctx, `select revision, state from campaigns where id = $1`, campaignID).Scan(&revision, &state); err != nil {
		return nil, "", err
	}
	if settings, ok := s.settings.get(campaignID, revision); ok {
		return settings, state, nil
	}
	c, err := scanCampaign(q.QueryRow(ctx, `select `+campaignColumns+` from campaigns where id = $1`, campaignID))
	if err != nil {
		return nil, "", err
	}
	s.settings.put(campaignID, c.Revision, &c.Settings)
	return &c.Settings, c.State, nil
}
