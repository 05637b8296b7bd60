package postgres

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/scoring"
)

// person is a contact as a batch sees it: as stored, with the rows merged in.
type person struct {
	id         int64 // zero until drawn for a new one
	isNew      bool
	externalID string
	firstName  string
	lastName   string
	company    string
	email      string
	language   string
	timeZone   string
	region     string
	postalCode string
	value      float64
	attributes map[string]string
	// numbers in the order to try; the first stored of them are linked already.
	numbers []*number
	stored  int
	// key is the normalised name; empty without one.
	key string

	candidate *candidate
	complaint bool
	updatedAt time.Time
	// changed says that the stored contact row differs now; touched that a row
	// of this batch is this person; first that it is the file's first such row.
	changed, touched, first bool
	// merged counts the rows after the file's first one.
	merged int
}

// number is a phone number as a batch sees it.
type number struct {
	id        int64 // zero until drawn for a new one
	e164      string
	prefix    string
	region    string
	zones     []string
	hmac      []byte
	shared    bool
	wasShared bool
	isNew     bool
	bad       bool
	// wentBad is set where the file says that the number does not exist, and the
	// store did not know.
	wentBad    bool
	suppressed bool
	// owners have the number, in the order of their ids, new ones last.
	owners []*person
}

// candidate is a person's candidate in this campaign.
type candidate struct {
	id         int64 // zero for a new one
	state      campaigns.CandidateState
	reason     campaigns.Reason
	due        *time.Time
	value      float64
	propensity float64
	eventAt    time.Time
	attempts   int
	changed    bool
	number     *number
	bucketID   int64
	rank       float64
	// past is what another system has done with a new one; nil: nothing.
	past *ingest.Past
	// line of the file that made a new one.
	line int
	// pastNumber is the one that the other system called.
	pastNumber *number
}

func (c *candidate) score(r scoring.Rules) float64 {
	return scoring.Rank(scoring.Candidate{Value: c.value, Propensity: c.propensity, EventAt: c.eventAt, Attempts: c.attempts}, r)
}

// nameKey normalises a name for comparison: letters and digits in lower case,
// without accents. A contact without a person's name goes by its company.
func nameKey(first, last, company string) string {
	name := first + last
	if name == "" {
		name = company
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// compatible reports whether the row may be this person as far as external ids
// go: two different ones are two persons.
func (p *person) compatible(row *ingest.Row) bool {
	return p.externalID == "" || row.ExternalID == "" || p.externalID == row.ExternalID
}

// take merges a row into the person. The file's first row of a person
// overrules what is stored, later ones fill empty texts only, so that the order
// in which an import is repeated makes no difference.
func (p *person) take(row *ingest.Row, fillOnly bool) {
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&p.firstName, row.FirstName}, {&p.lastName, row.LastName}, {&p.company, row.Company}, {&p.email, row.Email},
		{&p.language, row.Language}, {&p.timeZone, row.TimeZone}, {&p.region, row.Region}, {&p.postalCode, row.PostalCode},
	} {
		if f.from == "" || f.from == *f.to || fillOnly && *f.to != "" {
			continue
		}
		*f.to, p.changed = f.from, true
	}
	// An external id is given once and then stays.
	if p.externalID == "" && row.ExternalID != "" {
		p.externalID, p.changed = row.ExternalID, true
	}
	if row.Value != 0 && !fillOnly {
		worth := row.Value
		if worth <= scoring.LeastValue {
			worth = 0
		}
		p.changed = p.changed || worth != p.value
		p.value = worth
	}
	for name, text := range row.Attributes {
		stored, known := p.attributes[name]
		if known && (fillOnly || stored == text) {
			continue
		}
		p.attributes[name], p.changed = text, true
	}
	p.key = nameKey(p.firstName, p.lastName, p.company)
}

func (p *person) has(n *number) bool { return slices.Contains(p.numbers, n) }

// callable is the number to call first: the first one that is neither bad nor
// on a do-not-call list. Without one, the reason why, and the first number.
func (p *person) callable() (*number, campaigns.Reason) {
	reason := campaigns.ReasonNoNumber
	for _, n := range p.numbers {
		if n.suppressed {
			reason = campaigns.ReasonDoNotCall
			continue
		}
		if !n.bad {
			return n, ""
		}
	}
	return p.numbers[0], reason
}
