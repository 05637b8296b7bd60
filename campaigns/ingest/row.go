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
	// Value and Propensity are above zero where given.
	Value, Propensity float64
	// EventAt is in UTC, to the microsecond.
	EventAt    time.Time
	Attributes map[string]string
}

// reject is a row that cannot be imported.
type reject struct {
	line   int
	column string
	reason string
	cells  []string
}
