package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/scoring"
)

// PopFor says for which call a pop is built; what is unknown is zero.
type PopFor struct {
	CampaignID, CandidateID, ContactID, NumberID, AgentID int64
}

// Pop builds the screen pop; parts that are unknown stay empty.
func (s *Store) Pop(ctx context.Context, q PopFor) (campaigns.Pop, error) {
	now := s.clock.Now()
	pop := campaigns.Pop{Consents: []campaigns.Consent{}, Factors: []campaigns.Factor{}, History: []campaigns.Interaction{}}
	settings := campaigns.DefaultSettings(campaigns.KindLoyalty)
	campaign := campaigns.Campaign{Settings: settings}
	var err error
	if q.CampaignID != 0 {
		if campaign, err = s.Campaign(ctx, q.CampaignID); err != nil {
			return pop, err
		}
		settings = campaign.Settings
	}
	pop.Dispositions = settings.Dispositions
	if q.ContactID != 0 {
		if err := s.popPerson(ctx, q, settings, now, &pop); err != nil {
			return pop, err
		}
	}
	if q.CandidateID != 0 {
		if err := s.popReasons(ctx, q, settings, now, &pop); err != nil {
			return pop, err
		}
	}
	agent := ""
	if q.AgentID != 0 {
		user, err := s.User(ctx, q.AgentID)
		if err != nil {
			return pop, err
		}
		agent = user.DisplayName
	}
	err = s.popTexts(ctx, &pop, &campaign, q.AgentID, agent, now)
	return pop, err
}

// popPerson fills in who it is, their clock, consents and history.
func (s *Store) popPerson(ctx context.Context, q PopFor, settings campaigns.Settings, now time.Time, pop *campaigns.Pop) error {
	var err error
	if pop.Contact, err = s.Contact(ctx, q.ContactID); err != nil {
		return err
	}
	if consents, err := s.consents(ctx, q.ContactID, now); err != nil {
		return err
	} else if consents != nil {
		pop.Consents = consents
	}
	if history, err := s.history(ctx, q.ContactID); err != nil {
		return err
	} else if history != nil {
		pop.History = history
	}
	address, byNumber, e164 := placeOf(pop.Contact, q.NumberID)
	zones := zoneCache{}.of(address, byNumber)
	if len(zones) == 0 {
		return nil
	}
	location, err := time.LoadLocation(zones[0])
	if err != nil {
		return nil //nolint:nilerr // an unknown zone leaves the clock off the screen
	}
	pop.LocalTime = now.In(location).Format(time.RFC3339)
	law := s.laws.law(s.laws.jurisdictions(address, e164), &settings.Compliance, now)
	if until := calling.LawAllowsUntil(settings.Window, law, zones, now); !until.IsZero() && !law.Unknown && until.Sub(now) < 24*time.Hour {
		pop.CallsAllowedUntil = until.In(location).Format(time.RFC3339)
	}
	return nil
}

// placeOf gives what the gate judges a person's place by: the address, and the
// zones and text of the number called or, where none is named, of the first.
func placeOf(c campaigns.Contact, numberID int64) (address zoneQuestion, byNumber []string, e164 string) {
	at := zoneQuestion{region: c.Region, postalCode: c.PostalCode, timeZone: c.TimeZone}
	for _, n := range c.Numbers {
		if n.NumberID == numberID || numberID == 0 {
			at.country = n.Region
			return at, n.Zones, n.E164
		}
	}
	return at, nil, ""
}

// popModelReasons is how many of the model's reasons an agent is shown.
const popModelReasons = 3

// popReasons explains why this candidate comes now: its rank, the hour at its
// place, and the strongest reasons of the model, where one scored it.
func (s *Store) popReasons(ctx context.Context, q PopFor, settings campaigns.Settings, now time.Time, pop *campaigns.Pop) error {
	var c scoring.Candidate
	var zones []string
	var region string
	var scored bool
	err := s.pool.QueryRow(ctx, `select c.value, c.propensity, c.event_at, c.attempts, c.model_id is not null, b.zones, b.region
		from candidates c join buckets b on b.id = c.bucket_id where c.id = $1`, q.CandidateID).
		Scan(&c.Value, &c.Propensity, &c.EventAt, &c.Attempts, &scored, &zones, &region)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return classify(err)
	}
	pop.Factors = scoring.Explain(c, scoring.RulesOf(settings), now)
	hour, err := s.HourFactor(ctx, q.CampaignID, zones, region, now)
	if err != nil {
		return err
	}
	if hour != nil {
		pop.Factors = append(pop.Factors, *hour)
	}
	if !scored {
		return nil
	}
	reasons, err := s.ScoreFactors(ctx, q.CandidateID)
	pop.ScoreFactors = reasons[:min(popModelReasons, len(reasons))]
	return err
}
