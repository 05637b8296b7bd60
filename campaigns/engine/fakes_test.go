package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"ringmaster/campaigns"
)

// errDown is what the fakes say while they are down.
var errDown = errors.New("down")

// hopper is the Redis side in memory.
type hopper struct {
	mu     sync.Mutex
	epoch  int
	ready  map[int64]map[int64]campaigns.HopperItem
	leased map[int64]map[int64]campaigns.HopperItem
	lapsed map[int64]int // leased ones that ran out, by campaign
	demand float64
	down   bool
	pushes int
}

func newHopper() *hopper {
	h := &hopper{}
	h.wipe()
	return h
}

func (h *hopper) wipe() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.epoch++
	h.ready, h.leased, h.lapsed = map[int64]map[int64]campaigns.HopperItem{}, map[int64]map[int64]campaigns.HopperItem{}, map[int64]int{}
}

func (h *hopper) set(change func(*hopper)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

func (h *hopper) Push(_ context.Context, id int64, items []campaigns.HopperItem) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return errDown
	}
	h.pushes++
	if h.ready[id] == nil {
		h.ready[id], h.leased[id] = map[int64]campaigns.HopperItem{}, map[int64]campaigns.HopperItem{}
	}
	for _, item := range items {
		if _, leased := h.leased[id][item.CandidateID]; !leased {
			h.ready[id][item.CandidateID] = item
		}
	}
	return nil
}

func (h *hopper) Depth(_ context.Context, id int64) (int, int, float64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return 0, 0, 0, errDown
	}
	return len(h.ready[id]), len(h.leased[id]), h.demand, nil
}

func (h *hopper) Recover(_ context.Context, id int64) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return 0, errDown
	}
	n := h.lapsed[id]
	h.lapsed[id] = 0
	for candidate, item := range h.leased[id] {
		if n > 0 {
			h.ready[id][candidate] = item
			delete(h.leased[id], candidate)
		}
	}
	return n, nil
}

func (h *hopper) Clear(_ context.Context, id int64) ([]int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return nil, errDown
	}
	var ids []int64
	for candidate := range h.ready[id] {
		ids = append(ids, candidate)
	}
	clear(h.ready[id])
	return ids, nil
}

func (h *hopper) Epoch(context.Context) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return "", errDown
	}
	return fmt.Sprint("epoch ", h.epoch), nil
}

func (h *hopper) Missing(_ context.Context, id int64, ids []int64) ([]int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return nil, errDown
	}
	return slices.DeleteFunc(slices.Clone(ids), func(candidate int64) bool {
		_, ready := h.ready[id][candidate]
		_, leased := h.leased[id][candidate]
		return ready || leased
	}), nil
}

// claim leases n items, as a dialer does.
func (h *hopper) claim(id int64, n int) []campaigns.HopperItem {
	h.mu.Lock()
	defer h.mu.Unlock()
	var items []campaigns.HopperItem
	for _, item := range h.ready[id] {
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b campaigns.HopperItem) int { return cmp.Compare(b.Score, a.Score) })
	items = items[:min(n, len(items))]
	for _, item := range items {
		delete(h.ready[id], item.CandidateID)
		h.leased[id][item.CandidateID] = item
	}
	return items
}

func (h *hopper) depth(id int64) (ready, leased int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.ready[id]), len(h.leased[id])
}

// ledger is the PostgreSQL side in memory: candidates by campaign.
type ledger struct {
	mu       sync.Mutex
	all      []campaigns.Campaign
	ready    map[int64][]campaigns.HopperItem
	due      []campaigns.HopperItem
	queued   map[int64]map[int64]queued
	down     bool
	refills  int
	promotes int
}

type queued struct {
	item campaigns.HopperItem
	at   time.Time
}

func newLedger(ids ...int64) *ledger {
	l := &ledger{ready: map[int64][]campaigns.HopperItem{}, queued: map[int64]map[int64]queued{}}
	for _, id := range ids {
		l.all = append(l.all, campaigns.Campaign{ID: id, Name: fmt.Sprint("c", id), State: campaigns.CampaignRunning,
			Settings: campaigns.DefaultSettings(campaigns.KindWinBack)})
		l.queued[id] = map[int64]queued{}
	}
	return l
}

// candidates makes n ready candidates, the best first.
func (l *ledger) candidates(id int64, n int) {
	for k := range n {
		l.ready[id] = append(l.ready[id], campaigns.HopperItem{CampaignID: id, CandidateID: id*100_000 + int64(k), Score: float64(n - k)})
	}
}

func (l *ledger) set(change func(*ledger)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

func (l *ledger) move(id int64, to campaigns.CampaignState) {
	l.set(func(l *ledger) {
		l.all = slices.Clone(l.all)
		for i := range l.all {
			if l.all[i].ID == id {
				l.all[i].State = to
			}
		}
	})
}

func (l *ledger) ActiveCampaigns(context.Context) ([]campaigns.Campaign, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errDown
	}
	return l.all, nil
}

func (l *ledger) running(id int64) bool {
	for _, c := range l.all {
		if c.ID == id {
			return c.State == campaigns.CampaignRunning
		}
	}
	return false
}

func (l *ledger) Refill(_ context.Context, id int64, n int) ([]campaigns.HopperItem, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errDown
	}
	l.refills++
	if !l.running(id) {
		return nil, nil
	}
	n = min(n, len(l.ready[id]))
	items := l.ready[id][:n:n]
	l.ready[id] = l.ready[id][n:]
	for _, item := range items {
		l.queued[id][item.CandidateID] = queued{item, time.Now()}
	}
	return items, nil
}

func (l *ledger) Promote(_ context.Context, limit int) (map[int64]int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errDown
	}
	l.promotes++
	by := map[int64]int{}
	n := min(limit, len(l.due))
	for _, item := range l.due[:n] {
		l.ready[item.CampaignID] = append(l.ready[item.CampaignID], item)
		by[item.CampaignID]++
	}
	l.due = l.due[n:]
	return by, nil
}

func (l *ledger) Queued(_ context.Context, id int64, since time.Duration) ([]campaigns.HopperItem, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errDown
	}
	var items []campaigns.HopperItem
	for _, q := range l.queued[id] {
		if time.Since(q.at) >= since {
			items = append(items, q.item)
		}
	}
	return items, nil
}

func (l *ledger) Requeue(_ context.Context, id int64, ids []int64) ([]campaigns.HopperItem, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errDown
	}
	var items []campaigns.HopperItem
	for _, candidate := range ids {
		if q, ok := l.queued[id][candidate]; ok {
			q.at = time.Now()
			l.queued[id][candidate] = q
			items = append(items, q.item)
		}
	}
	return items, nil
}

func (l *ledger) Unqueue(_ context.Context, id int64) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return 0, errDown
	}
	n := len(l.queued[id])
	for _, q := range l.queued[id] {
		l.ready[id] = append(l.ready[id], q.item)
	}
	clear(l.queued[id])
	return n, nil
}

// dialed takes candidates out of the queue, as the gate does.
func (l *ledger) dialed(id int64, items []campaigns.HopperItem) {
	l.set(func(l *ledger) {
		for _, item := range items {
			delete(l.queued[id], item.CandidateID)
		}
	})
}
