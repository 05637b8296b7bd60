package postgres

import (
	"context"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/trial"
)

// shown is what an agent is to say and to offer to a person: names of scripts
// and offers, or texts of their own.
type shown struct {
	script, offer string
	arms          []campaigns.PopArm
}

// shownTo gives the campaign's script and offer for the person, as their arms of
// the running experiments change them. A person who is not known has no arms.
func shownTo(ctx context.Context, q querier, campaignID int64, settings *campaigns.Settings, person *campaigns.Contact) (shown, error) {
	w := shown{script: settings.Script, offer: settings.OfferFor(person)}
	if campaignID == 0 || person.ID == 0 {
		return w, nil
	}
	running, err := runningExperiments(ctx, q, campaignID)
	if err != nil {
		return w, err
	}
	for _, e := range running {
		arm := e.Arms[trial.Arm(e.Salt, person.ID, len(e.Arms))]
		switch e.Subject {
		case campaigns.SubjectScript:
			w.script = arm.Value
		case campaigns.SubjectOffer:
			w.offer = arm.Value
		}
		w.arms = append(w.arms, campaigns.PopArm{Experiment: e.Name, Subject: e.Subject, Arm: arm.Name})
	}
	return w, nil
}

// popTexts fills in script, offer and arms.
func (s *Store) popTexts(ctx context.Context, pop *campaigns.Pop, campaign *campaigns.Campaign, agentID int64, agent string, now time.Time) error {
	w, err := shownTo(ctx, s.pool, campaign.ID, &campaign.Settings, &pop.Contact)
	if err != nil {
		return classify(err)
	}
	pop.Arms = w.arms
	values := campaigns.MergeValues{Contact: &pop.Contact, Agent: agent, Campaign: campaign.Name}
	pop.Script, pop.Offer = campaigns.Merge(w.script, values), campaigns.Merge(w.offer, values)
	version, found, err := scriptInForce(ctx, s.pool, w.script, []string{pop.Contact.Language, campaign.Settings.Language}, time.Time{})
	if err != nil {
		return classify(err)
	}
	if found {
		pop.ScriptShown = popScript(&version, values, campaign.Settings.Dispositions)
		pop.Script = ""
		for i, section := range pop.ScriptShown.Sections {
			if i > 0 {
				pop.Script += "\n\n"
			}
			pop.Script += section.Text
		}
	}
	choice, err := chooseOffer(ctx, s.pool, w.offer, &pop.Contact, campaign.Settings.Selection.OwnedAttribute, now)
	if err != nil || !choice.known {
		return classify(err)
	}
	pop.Offer, pop.OfferNote = "", choice.note
	if choice.standing == nil {
		return nil
	}
	limit, err := discountLimit(ctx, s.pool, agentID)
	if err != nil {
		return classify(err)
	}
	pop.OfferShown = popOffer(choice.standing, values, campaign.Settings.Language, limit)
	pop.Offer = pop.OfferShown.Title
	return nil
}

// popScript fills the fields of a script's text, and names for each disclosure
// those of the results that need it.
func popScript(v *campaigns.ScriptVersion, values campaigns.MergeValues, results []campaigns.DispositionChoice) *campaigns.PopScript {
	p := &campaigns.PopScript{
		VersionID: v.ID, Name: v.Script, Version: v.Version, Language: v.Language,
		Sections: []campaigns.ScriptSection{}, Disclosures: []campaigns.Disclosure{}, Objections: []campaigns.ObjectionCard{},
	}
	for _, section := range v.Text.Sections {
		p.Sections = append(p.Sections, campaigns.ScriptSection{Title: campaigns.Merge(section.Title, values), Text: campaigns.Merge(section.Text, values)})
	}
	for _, d := range v.Text.Disclosures {
		var binds []campaigns.Disposition
		for _, result := range results {
			if d.Binds(result.Code) {
				binds = append(binds, result.Code)
			}
		}
		d.Text, d.For = campaigns.Merge(d.Text, values), binds
		p.Disclosures = append(p.Disclosures, d)
	}
	for _, card := range v.Text.Objections {
		card.Title, card.Text = campaigns.Merge(card.Title, values), campaigns.Merge(card.Text, values)
		p.Objections = append(p.Objections, card)
	}
	return p
}
