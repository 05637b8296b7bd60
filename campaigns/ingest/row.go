package ingest

import (
	"time"

	"ringmaster/campaigns/phone"
)

// Row is one row of the file, checked. Empty texts, zero figures and a zero
// time mean that the file says nothing.
type Row struct {
	// Line of the file on which the row starts.
	Line                                     int
	ExternalID, FirstName, LastName, Company string
	// Email is in lower case.
	Email, Language, TimeZone, Region, PostalCode string
	// Numbers are distinct and in the order to try; at least one.
	Numbers []phone.Number
	// Value and Propensity are above zero where given; a value of nothing is
	// scoring.LeastValue.
	Value, Propensity float64
	// EventAt is in UTC, to the microsecond.
	EventAt    time.Time
	Attributes map[string]string
	// Past is what another system has done with the lead; nil: nothing.
	Past *Past
}

// Past is what a candidate brings along from another system.
type Past struct {
	// Did says where it stands: PastReady, an outcome of the network, after which
	// the campaign's rules go on, or a disposition, which is final but for
	// callback and not_available.
	Did string
	// Status is the other system's word for it.
	Status   string
	Attempts int
	// LastCall and CallbackAt are zero where the file does not say.
	LastCall, CallbackAt time.Time
	// BadNumber is set where the network said that the number does not exist.
	BadNumber bool
}

// What Past.Did may be besides outcomes and dispositions.
const (
	// PastReady has not been called, or may be again.
	PastReady = "ready"
	// PastDoNotCall binds all campaigns, PastDoNotCallCampaign the one of the
	// import.
	PastDoNotCall         = "do_not_call"
	PastDoNotCallCampaign = "do_not_call_campaign"
)

// reject is a row that cannot be imported.
type reject struct {
	line   int
	column string
	reason string
	cells  []string
}
