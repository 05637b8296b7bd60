package definition

import (
	"errors"
	"fmt"
	"slices"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/segment"
)

// check looks for what is wrong with a campaign whose keys and values have the
// right form.
func (p *parser) check(d *Definition) {
	s := &d.Settings
	if err := phone.CheckRegion(s.DefaultRegion); err != nil {
		p.report(d, "default_region", err)
	}
	for i, text := range s.CallerIDs {
		number, err := phone.Parse(text, s.DefaultRegion)
		if err != nil {
			p.report(d, fmt.Sprintf("caller_ids[%d]", i), err)
			continue
		}
		s.CallerIDs[i] = number.E164
	}
	for outcome := range s.Recycle {
		if !slices.Contains(campaigns.Outcomes, outcome) {
			key := "recycle." + string(outcome)
			p.add(p.line(key, d.Line), key, "is no outcome; the outcomes are %s", words(campaigns.Outcomes))
		}
	}
	if err := s.ValidateFor(d.Kind); err != nil {
		p.report(d, "", err)
	}
	p.segment(d)
	p.rules(d)
}

// rules holds the campaign against the rules that bind it: those that it names,
// and those of the country of its numbers. What other places of its list ask for
// shows at the gate.
func (p *parser) rules(d *Definition) {
	s := &d.Settings
	book := p.defaults.Rules
	if book == nil {
		var err error
		if book, err = calling.LoadBook(); err != nil {
			p.report(d, "compliance.rules", err)
			return
		}
	}
	law, err := book.Law(calling.LawQuery{Jurisdictions: []string{s.DefaultRegion}, Purpose: s.Compliance.Purpose, Business: s.Compliance.Business,
		Rules: s.Compliance.Rules}, p.defaults.Now)
	if err == nil {
		err = law.Check(s)
	}
	if err != nil {
		p.report(d, "", err)
	}
}

// report adds an error with the key that it names, or else with the given one.
func (p *parser) report(d *Definition, key string, err error) {
	text := err.Error()
	if named, ok := errors.AsType[*campaigns.Error](err); ok {
		if text = named.Message; named.Field != "" && key == "" {
			key = named.Field
		}
	}
	p.add(p.line(key, d.Line), key, "%s", text)
}

// segment adds the problems of the expression, each at its line of the file.
func (p *parser) segment(d *Definition) {
	const key = "selection.segment"
	err := segment.Check(d.Settings.Selection.Segment)
	if err == nil {
		return
	}
	wrong, ok := errors.AsType[*segment.Error](err)
	if !ok {
		p.report(d, key, err)
		return
	}
	for _, problem := range wrong.Problems {
		p.add(p.line(key, d.Line), key, "line %d, column %d of the expression: %s", problem.Line, problem.Column, problem.Message)
	}
}
