package dialer

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"ringmaster/campaigns"
)

// book is the node's copy of the campaigns that are not closed.
type book struct {
	mu    sync.Mutex
	all   map[int64]campaigns.Campaign
	why   map[int64]reason
	known bool
}

// reason is why a campaign is dialed as it is, in words and figures.
type reason struct {
	words  string
	pacing *campaigns.PacingLive // nil: it is not dialed; never changed
}

func newBook() *book {
	return &book{all: make(map[int64]campaigns.Campaign), why: make(map[int64]reason)}
}

func (b *book) set(list []campaigns.Campaign) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = true
	clear(b.all)
	for _, c := range list {
		b.all[c.ID] = c
	}
	maps.DeleteFunc(b.why, func(id int64, _ reason) bool { _, ok := b.all[id]; return !ok })
}

// read reports whether the campaigns were read once.
func (b *book) read() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known
}

func (b *book) get(id int64) (campaigns.Campaign, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.all[id]
	return c, ok
}

func (b *book) name(id int64) string {
	c, _ := b.get(id)
	return c.Name
}

// named gives the id of the campaign with the name, 0 where there is none that
// is not closed.
func (b *book) named(name string) int64 {
	for _, c := range b.list() {
		if c.Name == name {
			return c.ID
		}
	}
	return 0
}

// list gives the campaigns by id.
func (b *book) list() []campaigns.Campaign {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.SortedFunc(maps.Values(b.all), func(x, y campaigns.Campaign) int { return int(x.ID - y.ID) })
}

// explain notes why the campaign is dialed as it is; true when the words changed.
func (b *book) explain(id int64, words string, figures *campaigns.PacingLive) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := b.why[id].words != words
	b.why[id] = reason{words: words, pacing: figures}
	return changed
}

func (b *book) reason(id int64) reason {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.why[id]
}

// serving names the campaigns that an agent works for.
func (b *book) serving(ids []int64) []campaigns.NamedID {
	named := []campaigns.NamedID{}
	for _, c := range b.list() {
		if len(ids) == 0 || slices.Contains(ids, c.ID) {
			named = append(named, campaigns.NamedID{ID: c.ID, Name: c.Name})
		}
	}
	return named
}

// readCampaigns keeps the book until ctx ends.
func (d *Dialer) readCampaigns(ctx context.Context) {
	tick := time.NewTicker(d.o.Timings.Campaigns)
	defer tick.Stop()
	told := make(map[string]bool)
	for {
		within, cancel := context.WithTimeout(ctx, d.o.Timings.Store)
		list, err := d.o.Directory.Campaigns(within)
		cancel()
		wait := tick.C
		switch {
		case err == nil:
			d.book.set(list)
			d.missLent(told)
			d.wakePacer()
			d.touch()
		case ctx.Err() != nil:
			return
		default:
			d.log.Warn("campaigns not read", "error", err)
			if !d.book.read() {
				wait = time.After(500 * time.Millisecond)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-wait:
		case <-d.reread:
		}
	}
}
