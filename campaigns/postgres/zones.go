package postgres

import (
	"sync"
	"time"

	"ringmaster/campaigns/calling"
)

// zoneBook remembers the zones of addresses and their loaded clocks for the
// gate, which decides thousands of times a second: loading a zone takes some
// ten microseconds. It is bounded and safe for concurrent use.
type zoneBook struct {
	mu        sync.Mutex
	addresses zoneCache
	clocks    map[string][]*time.Location
}

func newZoneBook() *zoneBook {
	return &zoneBook{addresses: zoneCache{}, clocks: map[string][]*time.Location{}}
}

// of gives the zones in which a person may be and their clocks; no clocks when
// one of the zones is unknown.
func (b *zoneBook) of(address zoneQuestion, byNumber []string) ([]string, []*time.Location) {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := b.addresses.of(address, byNumber)
	key := zoneKey(names)
	clocks, known := b.clocks[key]
	if !known {
		clocks = calling.Locations(names)
		if len(b.clocks) >= 10_000 {
			clear(b.clocks)
		}
		b.clocks[key] = clocks
	}
	return names, clocks
}
