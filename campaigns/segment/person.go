package segment

import (
	"time"

	"ringmaster/campaigns"
)

// Person is a contact with what the store knows of its history, as an
// evaluation in memory needs it. A zero time is a missing one.
//
// The store asks by SQL alone, also for one person, and so reads nobody into a
// Person: it is what the tests make up and write into the tables, to hold the
// SQL against an evaluation that shares none of it.
type Person struct {
	campaigns.Contact

	CreatedAt, UpdatedAt time.Time

	// OpenComplaint is set while a complaint is open; Complaints counts all.
	OpenComplaint bool
	Complaints    int
	// DoNotCall is set while one of the numbers is on a do-not-call list that
	// holds for all campaigns.
	DoNotCall bool
	// Consent to marketing by phone at the time of the evaluation: granted,
	// refused or, without an entry, empty. Objected is set while the contact
	// objects to marketing, which refuses whatever was granted.
	Consent  string
	Objected bool

	// Attempts counts over all campaigns those that count under the caps.
	Attempts      int
	LastAttemptAt time.Time
	LastOutcome   campaigns.Outcome

	// Calls counts the conversations with agents.
	Calls           int
	LastContactAt   time.Time
	LastDisposition campaigns.Disposition
	Sales           int
	LastSaleAt      time.Time
}
