package postgres

import (
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// gate is one check of the reserve transaction and how to lift it.
type gate struct {
	reason campaigns.Reason
	lift   func(*factRow)
}

// gates in the order in which they refuse.
func gates() []gate {
	fact := func(reason campaigns.Reason, lift func(*calling.Facts)) gate {
		return gate{reason, func(row *factRow) { lift(&row.facts) }}
	}
	openAll := func(f *calling.Facts) { f.Settings, f.Law, f.PreferredHours = alwaysOpen(f.Settings), nil, nil }
	return []gate{
		fact(campaigns.ReasonCampaignNotRunning, func(f *calling.Facts) { f.CampaignState = campaigns.CampaignRunning }),
		fact(campaigns.ReasonListExpired, func(f *calling.Facts) { f.ListExpired = false }),
		fact(campaigns.ReasonListInactive, func(f *calling.Facts) { f.ListActive = true }),
		fact(campaigns.ReasonDoNotCall, func(f *calling.Facts) { f.DoNotCall = false }),
		fact(campaigns.ReasonObjected, func(f *calling.Facts) { f.Objected = false }),
		fact(campaigns.ReasonOpenComplaint, func(f *calling.Facts) { f.OpenComplaint = false }),
		fact(campaigns.ReasonConsentRefused, func(f *calling.Facts) { f.ConsentRefused = false }),
		fact(campaigns.ReasonNoNumber, func(f *calling.Facts) { f.NumberBad = false }),
		fact(campaigns.ReasonMaxAttempts, func(f *calling.Facts) { f.Attempts = 0 }),
		fact(campaigns.ReasonZoneUnknown, func(f *calling.Facts) {
			f.Zones, f.Locations = []string{"Etc/UTC"}, nil
			openAll(f)
		}),
		fact(campaigns.ReasonJurisdictionUnknown, func(f *calling.Facts) { f.Law = nil }),
		fact(campaigns.ReasonConsentMissing, func(f *calling.Facts) { f.ConsentGranted = true }),
		fact(campaigns.ReasonRegisterOld, func(f *calling.Facts) { f.Registers = nil }),
		fact(campaigns.ReasonRefusalPeriod, func(f *calling.Facts) { f.LastRefusal = time.Time{} }),
		fact(campaigns.ReasonRecallAfterDrop, func(f *calling.Facts) { f.LastDrop = time.Time{} }),
		fact(campaigns.ReasonPersonCap, func(f *calling.Facts) { f.PersonAttempts, f.LastConversation = nil, time.Time{} }),
		fact(campaigns.ReasonNumberCap, func(f *calling.Facts) { f.NumberAttempts = nil }),
		fact(campaigns.ReasonCampaignCap, func(f *calling.Facts) { f.CampaignAttempts = nil }),
		fact(campaigns.ReasonHoliday, openAll),
		fact(campaigns.ReasonOutsideWindow, openAll),
		fact(campaigns.ReasonOutsidePreferredHours, func(f *calling.Facts) { f.PreferredHours = nil }),
		fact(campaigns.ReasonPersonInAttempt, func(f *calling.Facts) { f.PersonInAttempt = false }),
		fact(campaigns.ReasonNumberInAttempt, func(f *calling.Facts) { f.NumberInAttempt = false }),
		fact(campaigns.ReasonPersonInCall, func(f *calling.Facts) { f.PersonInCall = false }),
		{campaigns.ReasonAgentAway, func(row *factRow) { row.agentReady = true }},
	}
}

// alwaysOpen gives the settings with every hour of every day open.
func alwaysOpen(s *campaigns.Settings) *campaigns.Settings {
	open := *s
	open.Window, open.RingTimeout = campaigns.DailyWindow(0, 24), 0
	return &open
}

// allGates gives every gate's verdict, although the first refusal decides: each
// is lifted in turn and the facts are decided again.
func (s *Store) allGates(row factRow, now time.Time) []WhyGate {
	all := gates()
	verdicts := make([]WhyGate, len(all))
	for i, g := range all {
		verdicts[i] = WhyGate{Gate: g.reason, Passed: true}
	}
	for range all {
		v := row.decide(now)
		if v.Allowed {
			break
		}
		for i, g := range all {
			if g.reason != v.Reason {
				continue
			}
			gate := &verdicts[i]
			if gate.Passed {
				gate.Passed, gate.Until, gate.Rule = false, optional(v.Until), v.Rule
				gate.Sources, _ = s.laws.book.Sources(v.Rule)
			}
			g.lift(&row)
		}
	}
	return verdicts
}
