package campaigns

// Reason says why a candidate may not be dialed now, or why it is done.
type Reason string

// The reasons of a refusal by a gate, of resting and of blocked candidates.
const (
	ReasonCampaignNotRunning Reason = "campaign_not_running"
	ReasonListInactive       Reason = "list_inactive"
	ReasonOutsideWindow      Reason = "outside_window"
	ReasonZoneUnknown        Reason = "zone_unknown"
	ReasonDoNotCall          Reason = "do_not_call"
	ReasonOpenComplaint      Reason = "open_complaint"
	ReasonConsentRefused     Reason = "consent_refused"
	ReasonPersonCap          Reason = "person_cap"
	ReasonNumberCap          Reason = "number_cap"
	ReasonPersonInAttempt    Reason = "person_in_attempt"
	ReasonNumberInAttempt    Reason = "number_in_attempt"
	ReasonPersonInCall       Reason = "person_in_call"
	ReasonNotQueued          Reason = "not_queued"
	// ReasonSkipped: an agent skipped the candidate at its preview.
	ReasonSkipped        Reason = "skipped"
	ReasonFutureEvent    Reason = "future_event"
	ReasonNoNumber       Reason = "no_number"
	ReasonCallbackNotDue Reason = "callback_not_due"
	ReasonMaxAttempts    Reason = "max_attempts"
	// ReasonAgentAway: a personal callback waits for its agent.
	ReasonAgentAway   Reason = "agent_away"
	ReasonListExpired Reason = "list_expired"
	ReasonCampaignCap Reason = "campaign_cap"
	// ReasonJurisdictionUnknown: no rule is known for where the person may be.
	ReasonJurisdictionUnknown Reason = "jurisdiction_unknown"
	ReasonHoliday             Reason = "holiday"
	ReasonConsentMissing      Reason = "consent_missing"
	// ReasonObjected: the person used the right to object to marketing.
	ReasonObjected              Reason = "objected"
	ReasonOutsidePreferredHours Reason = "outside_preferred_hours"
	ReasonRefusalPeriod         Reason = "refusal_period"
	// ReasonRecallAfterDrop: a dropped call bars the next one for a time.
	ReasonRecallAfterDrop Reason = "recall_after_drop"
	// ReasonRegisterOld: the newest file of a national register is older than the
	// rule of the place allows.
	ReasonRegisterOld Reason = "register_old"
	// ReasonErased: the person's data was erased on their demand.
	ReasonErased         Reason = "erased"
	ReasonNotInSegment   Reason = "not_in_segment"
	ReasonBelowCutOff    Reason = "below_cut_off"
	ReasonControlGroup   Reason = "control_group"
	ReasonAlreadyOwned   Reason = "already_owned"
	ReasonOfferExhausted Reason = "offer_exhausted"
)

// Reasons of a resting or done candidate after an attempt are the outcome or
// the disposition that caused it.

// ReasonOf gives the reason that names an outcome.
func ReasonOf(o Outcome) Reason { return Reason(o) }
