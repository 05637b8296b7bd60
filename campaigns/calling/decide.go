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
	// PreferredHours are those that the person asked to be called in, in each
	// of the Zones; nil: none asked for.
	PreferredHours *campaigns.Window
	// LastRefusal is when the person last refused an offer, LastDrop when a call
	// to the person or the number was last dropped; zero: never, or too long
	// ago to matter.
	LastRefusal, LastDrop time.Time
}

// Verdict says whether the person may be called now.
type Verdict struct {
	Allowed bool
	Reason  campaigns.Reason
	// Until is when the reason lapses by itself; zero when it does not.
	Until time.Time
}

// retrySoon is how long a candidate rests behind something that is under way.
const retrySoon = time.Minute

// Decide gives the first reason against a call now. The order goes from what
// never lapses by itself to what lapses soonest, so that the reason told is the
// one that holds longest: campaign, list, DNC, complaint, consent, number,
// attempts, zone, caps, window, and last what is under way.
func Decide(f Facts, now time.Time) Verdict {
	if f.Locations == nil {
		f.Locations = Locations(f.Zones)
	}
	if v, refused := lasting(f); refused {
		return v
	}
	if until, hit := capped(f.Settings.PersonCap, f.PersonAttempts, now); hit {
		return Verdict{Reason: campaigns.ReasonPersonCap, Until: until}
	}
	if until, hit := capped(f.Settings.NumberCap, f.NumberAttempts, now); hit {
		return Verdict{Reason: campaigns.ReasonNumberCap, Until: until}
	}
	open, next := windowOpen(f.Settings.Window, f.Locations, now, f.Settings.RingTimeout.Std())
	if !open {
		return Verdict{Reason: campaigns.ReasonOutsideWindow, Until: next}
	}
	switch {
	case f.PersonInAttempt:
		return Verdict{Reason: campaigns.ReasonPersonInAttempt, Until: now.Add(retrySoon)}
	case f.NumberInAttempt:
		return Verdict{Reason: campaigns.ReasonNumberInAttempt, Until: now.Add(retrySoon)}
	case f.PersonInCall:
		return Verdict{Reason: campaigns.ReasonPersonInCall, Until: now.Add(5 * retrySoon)}
	}
	return Verdict{Allowed: true}
}

// lasting checks what does not lapse with time, or only at a date of its own.
func lasting(f Facts) (Verdict, bool) {
	refuse := func(r campaigns.Reason) (Verdict, bool) { return Verdict{Reason: r}, true }
	refuseUntil := func(r campaigns.Reason, until time.Time) (Verdict, bool) {
		return Verdict{Reason: r, Until: until}, true
	}
	switch {
	case f.CampaignState != campaigns.CampaignRunning:
		return refuse(campaigns.ReasonCampaignNotRunning)
	case !f.ListActive:
		return refuse(campaigns.ReasonListInactive)
	case f.DoNotCall:
		return refuseUntil(campaigns.ReasonDoNotCall, f.DoNotCallUntil)
	case f.OpenComplaint:
		return refuse(campaigns.ReasonOpenComplaint)
	case f.ConsentRefused:
		return refuseUntil(campaigns.ReasonConsentRefused, f.ConsentRefusedUntil)
	case f.NumberBad:
		return refuse(campaigns.ReasonNoNumber)
	case f.Attempts >= f.Settings.MaxAttempts && !f.AgreedCallback:
		return refuse(campaigns.ReasonMaxAttempts)
	case len(f.Locations) == 0:
		return refuse(campaigns.ReasonZoneUnknown)
	}
	return Verdict{}, false
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
