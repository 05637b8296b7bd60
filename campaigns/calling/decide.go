package calling

import (
	"time"

	"ringmaster/campaigns"
)

// Facts are what the store knows of one candidate and its next number, read
// after the rows of the person and the number were locked.
type Facts struct {
	CampaignState campaigns.CampaignState
	ListActive    bool
	Settings      *campaigns.Settings
	// Zones in which the person may be when the number rings.
	Zones []string
	// Locations are the Zones, loaded; nil: they are loaded for each decision.
	Locations []*time.Location
	NumberBad bool
	DoNotCall bool
	// DoNotCallUntil is when DoNotCall ends by itself; zero: never.
	DoNotCallUntil time.Time
	OpenComplaint  bool
	ConsentRefused bool
	// ConsentRefusedUntil is when ConsentRefused ends by itself; zero: never.
	ConsentRefusedUntil time.Time
	// Attempts of this candidate that count.
	Attempts int
	// AgreedCallback is set for a callback that is due: it was agreed with the
	// person and is kept where the candidate's attempts are used up.
	AgreedCallback bool
	// PersonAttempts and NumberAttempts are the times of the attempts that
	// count within the caps' periods, over all campaigns, newest first.
	PersonAttempts []time.Time
	NumberAttempts []time.Time
	// CampaignAttempts are those of the PersonAttempts that this campaign made.
	CampaignAttempts []time.Time
	PersonInAttempt  bool
	NumberInAttempt  bool
	PersonInCall     bool
	// ListExpired is set when the list's time is over.
	ListExpired bool
	// Objected is set when the person used the right to object to marketing.
	Objected bool
	// ConsentGranted is set while a consent for the campaign's purpose and this
	// channel is on record.
	ConsentGranted bool
	// ConsentProven is set where that consent has a proof on record.
	ConsentProven bool
	// Registers are the files of national registers that were imported, and bind
	// the campaign.
	Registers []Register
	// PreferredHours are those that the person asked to be called in, in each
	// of the Zones; nil: none asked for.
	PreferredHours *campaigns.Window
	// LastRefusal is when the person last refused an offer, LastDrop when a call
	// to the person or the number was last dropped; zero: never, or too long
	// ago to matter.
	LastRefusal, LastDrop time.Time
	// LastConversation is when the person last spoke with an agent.
	LastConversation time.Time
	// AgentGuaranteed is set where an agent is on the line before the phone rings,
	// as when an agent dials by hand: such a call cannot be dropped.
	AgentGuaranteed bool
	// Law is what the rules of the person's jurisdictions ask for; nil: nothing
	// beyond the campaign's settings.
	Law *Law
}

// Verdict says whether the person may be called now.
type Verdict struct {
	Allowed bool
	Reason  campaigns.Reason
	// Rule is the id of the rule that refuses; empty: the campaign's own setting.
	Rule string
	// Until is when the reason lapses by itself; zero when it does not.
	Until time.Time
}

// retrySoon is how long a candidate rests behind something that is under way.
const retrySoon = time.Minute

// Decide gives the first reason against a call now. The order goes from what
// never lapses by itself to what lapses soonest, so that the reason told is the
// one that holds longest: campaign, list, DNC, objection, complaint, consent,
// number, attempts, zone, jurisdiction, consent that is
// missing, register, refusal, drop, caps, hours, and last
// what is under way.
func Decide(f Facts, now time.Time) Verdict {
	if f.Locations == nil {
		f.Locations = Locations(f.Zones)
	}
	// Named one by one, the checks leave the facts on the stack.
	if v, refused := lasting(&f); refused {
		return v
	}
	if v, refused := registerOld(&f, now); refused {
		return v
	}
	if v, refused := barred(&f, now); refused {
		return v
	}
	if v, refused := overCap(&f, now); refused {
		return v
	}
	if v, refused := closed(&f, now); refused {
		return v
	}
	if v, refused := underWay(&f, now); refused {
		return v
	}
	return Verdict{Allowed: true}
}

// underWay checks what is over soon.
func underWay(f *Facts, now time.Time) (Verdict, bool) {
	switch {
	case f.PersonInAttempt:
		return Verdict{Reason: campaigns.ReasonPersonInAttempt, Until: now.Add(retrySoon)}, true
	case f.NumberInAttempt:
		return Verdict{Reason: campaigns.ReasonNumberInAttempt, Until: now.Add(retrySoon)}, true
	case f.PersonInCall:
		return Verdict{Reason: campaigns.ReasonPersonInCall, Until: now.Add(5 * retrySoon)}, true
	}
	return Verdict{}, false
}

// closed checks the clocks, for as long as the phone may ring.
func closed(f *Facts, now time.Time) (Verdict, bool) {
	ring := f.Law.RingTimeout(f.Settings.RingTimeout.Std())
	law := f.Law.liftedBy(f)
	all := clocks{window: &f.Settings.Window, law: law, preferred: f.PreferredHours}
	open, next := all.open(f.Locations, now, ring)
	if open {
		return Verdict{}, false
	}
	v := Verdict{Reason: campaigns.ReasonOutsideWindow, Until: next}
	if f.PreferredHours != nil {
		if fits, _ := (clocks{window: all.window, law: law}).open(f.Locations, now, ring); fits {
			v.Reason = campaigns.ReasonOutsidePreferredHours
			return v, true
		}
	}
	if law == nil {
		return v, true
	}
	if fits, _ := (clocks{window: all.window}).open(f.Locations, now, ring); fits {
		v.Reason, v.Rule = law.closing(f.Locations, now, ring)
	}
	return v, true
}

// closing tells which rule is closed, and whether it is for a holiday, now or
// while the phone would ring.
func (l *Law) closing(locations []*time.Location, now time.Time, ring time.Duration) (campaigns.Reason, string) {
	for _, at := range [2]time.Time{now, now.Add(ring)} {
		for _, location := range locations {
			clock := readClock(location, at)
			for _, d := range l.dates[clock.date] {
				if d.holiday {
					return campaigns.ReasonHoliday, d.rule
				}
				if !d.hours.allow(clock.minute) {
					return campaigns.ReasonOutsideWindow, d.rule
				}
			}
			if id := l.closedBy(clock.weekday, clock.minute); id != "" {
				return campaigns.ReasonOutsideWindow, id
			}
		}
	}
	return campaigns.ReasonOutsideWindow, ""
}

// lasting checks what does not lapse with time, or only at a date of its own.
func lasting(f *Facts) (Verdict, bool) {
	refuse := func(r campaigns.Reason) (Verdict, bool) { return Verdict{Reason: r}, true }
	switch {
	case f.CampaignState != campaigns.CampaignRunning:
		return refuse(campaigns.ReasonCampaignNotRunning)
	case f.ListExpired:
		return refuse(campaigns.ReasonListExpired)
	case !f.ListActive:
		return refuse(campaigns.ReasonListInactive)
	case f.DoNotCall:
		return Verdict{Reason: campaigns.ReasonDoNotCall, Until: f.DoNotCallUntil}, true
	case f.Objected:
		return refuse(campaigns.ReasonObjected)
	case f.OpenComplaint:
		return refuse(campaigns.ReasonOpenComplaint)
	case f.ConsentRefused:
		return Verdict{Reason: campaigns.ReasonConsentRefused, Until: f.ConsentRefusedUntil}, true
	case f.NumberBad:
		return refuse(campaigns.ReasonNoNumber)
	case f.Attempts >= f.Settings.MaxAttempts && !f.AgreedCallback:
		return refuse(campaigns.ReasonMaxAttempts)
	case len(f.Locations) == 0:
		return refuse(campaigns.ReasonZoneUnknown)
	case f.Law != nil && f.Law.Unknown:
		return refuse(campaigns.ReasonJurisdictionUnknown)
	case f.ConsentGranted:
	case f.Settings.Compliance.RequireConsent:
		return refuse(campaigns.ReasonConsentMissing)
	case f.Law != nil && f.Law.ConsentRule != "":
		return Verdict{Reason: campaigns.ReasonConsentMissing, Rule: f.Law.ConsentRule}, true
	}
	return Verdict{}, false
}

// barred checks the periods after a refusal, a drop and a conversation. An
// agreed callback is the person's own wish and passes them.
func barred(f *Facts, now time.Time) (Verdict, bool) {
	if f.AgreedCallback {
		return Verdict{}, false
	}
	refusal := Period{Duration: f.Settings.Compliance.RefusalPeriod.Std()}
	var recall, conversation Period
	if f.Law != nil {
		if f.Law.RefusalPeriod.Duration > refusal.Duration {
			refusal = f.Law.RefusalPeriod
		}
		recall, conversation = f.Law.RecallAfterDrop, f.Law.AfterConversation
		if f.AgentGuaranteed || f.Settings.Mode == campaigns.PacingManual || f.Settings.Mode == campaigns.PacingPreview {
			recall = f.Law.RecallByAgent
		}
	}
	var v Verdict
	for _, bar := range [...]struct {
		since  time.Time
		period Period
		reason campaigns.Reason
	}{
		{f.LastRefusal, refusal, campaigns.ReasonRefusalPeriod}, {f.LastDrop, recall, campaigns.ReasonRecallAfterDrop},
		{f.LastConversation, conversation, campaigns.ReasonPersonCap},
	} {
		if until := bar.since.Add(bar.period.Duration); !bar.since.IsZero() && bar.period.Duration > 0 && until.After(now) && until.After(v.Until) {
			v = Verdict{Reason: bar.reason, Rule: bar.period.Rule, Until: until}
		}
	}
	return v, v.Reason != ""
}

// overCap checks the attempts that count; of several caps that are used up, the
// one that lapses last is told.
func overCap(f *Facts, now time.Time) (Verdict, bool) {
	var v Verdict
	refuse := func(reason campaigns.Reason, rule string, until time.Time) {
		if until.After(v.Until) {
			v = Verdict{Reason: reason, Rule: rule, Until: until}
		}
	}
	if until, hit := capped(f.Settings.PersonCap, f.PersonAttempts, now); hit {
		refuse(campaigns.ReasonPersonCap, "", until)
	}
	if until, hit := capped(f.Settings.NumberCap, f.NumberAttempts, now); hit {
		refuse(campaigns.ReasonNumberCap, "", until)
	}
	if f.Law == nil {
		return v, v.Reason != ""
	}
	for _, c := range f.Law.caps {
		attempts, reason := f.PersonAttempts, campaigns.ReasonPersonCap
		switch c.Scope {
		case CapNumber:
			attempts, reason = f.NumberAttempts, campaigns.ReasonNumberCap
		case CapCampaign:
			attempts, reason = f.CampaignAttempts, campaigns.ReasonCampaignCap
		}
		if c.per > 0 {
			if until, hit := capped(campaigns.Cap{Max: c.Max, Per: campaigns.Duration(c.per)}, attempts, now); hit {
				refuse(reason, c.rule, until)
			}
			continue
		}
		for _, location := range f.Locations {
			if until, hit := cappedToday(c.Max, attempts, location, now); hit {
				refuse(reason, c.rule, until)
			}
		}
	}
	return v, v.Reason != ""
}

// cappedToday reports whether most attempts were made on the present calendar
// day of the zone, and when that day ends.
func cappedToday(most int, newestFirst []time.Time, location *time.Location, now time.Time) (time.Time, bool) {
	local := now.In(location)
	year, month, day := local.Date()
	begin := time.Date(year, month, day, 0, 0, 0, 0, location)
	n := 0
	for _, at := range newestFirst {
		if at.Before(begin) {
			break
		}
		n++
	}
	return time.Date(year, month, day+1, 0, 0, 0, 0, location), n >= most
}

// ZonesKnown reports whether there is at least one zone and each is known.
func ZonesKnown(zones []string) bool { return len(Locations(zones)) > 0 }

// capped reports whether the cap is used up, and until when: the moment at
// which the oldest of the newest Max attempts leaves the period.
func capped(c campaigns.Cap, newestFirst []time.Time, now time.Time) (time.Time, bool) {
	if c.Max <= 0 {
		return time.Time{}, false
	}
	within := 0
	for _, at := range newestFirst {
		if now.Sub(at) >= c.Per.Std() {
			break
		}
		if within++; within == c.Max {
			return at.Add(c.Per.Std()), true
		}
	}
	return time.Time{}, false
}
