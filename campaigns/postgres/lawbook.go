package postgres

import (
	"strings"
	"sync"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/phone"
)

// lawBook remembers for the gate which jurisdictions may bind a call, and what
// their rules ask for together. It is bounded and safe for concurrent use.
type lawBook struct {
	book *calling.Book

	mu     sync.Mutex
	places map[place]string
	laws   map[lawKey]*calling.Law

	registers registerBook
}

// place is what jurisdictions depend on: the country of the number, the region
// of the address, and of a North American number its area code.
type place struct{ country, region, area string }

// lawKey is what a law depends on; rules begin and end by the day.
type lawKey struct {
	jurisdictions, rules string
	purpose              campaigns.Purpose
	business, contract   bool
	day                  int64
}

// lawsKept bounds both memories.
const lawsKept = 10_000

// Rules gives the book of calling rules that the store decides by.
func (s *Store) Rules() *calling.Book { return s.laws.book }

func newLawBook(book *calling.Book) *lawBook {
	return &lawBook{book: book, places: map[place]string{}, laws: map[lawKey]*calling.Law{}}
}

// areaDigits is the length of a North American number up to its area code.
const areaDigits = len("+1212")

// jurisdictions names those that may bind a call to a number of a person with
// the address, parted by commas; empty: not even the country is known.
func (b *lawBook) jurisdictions(address zoneQuestion, e164 string) string {
	region := phone.RegionOf(address.country, address.region, address.postalCode)
	at := place{country: address.country, region: region}
	if strings.HasPrefix(e164, "+1") && len(e164) >= areaDigits {
		at.area = e164[:areaDigits]
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	names, known := b.places[at]
	if !known {
		names = strings.Join(phone.Jurisdictions(address.country, region, e164), ",")
		if len(b.places) >= lawsKept {
			clear(b.places)
		}
		b.places[at] = names
	}
	return names
}

// law gives what the jurisdictions' rules, and those that the campaign names,
// ask for. A rule that the campaign names and the book does not have is as good
// as an unknown jurisdiction: nobody is called.
func (b *lawBook) law(jurisdictions string, c *campaigns.Compliance, now time.Time) *calling.Law {
	key := lawKey{jurisdictions: jurisdictions, rules: strings.Join(c.Rules, ","), purpose: c.Purpose, business: c.Business, contract: c.RunningContract, day: now.Unix() / 86400}
	b.mu.Lock()
	defer b.mu.Unlock()
	law, known := b.laws[key]
	if !known {
		query := calling.LawQuery{Rules: c.Rules, Purpose: c.Purpose, Business: c.Business, RunningContract: c.RunningContract}
		if jurisdictions != "" {
			query.Jurisdictions = strings.Split(jurisdictions, ",")
		}
		var err error
		if law, err = b.book.Law(query, now); err != nil {
			law = &calling.Law{Unknown: true}
		}
		if len(b.laws) >= lawsKept {
			clear(b.laws)
		}
		b.laws[key] = law
	}
	return law
}
