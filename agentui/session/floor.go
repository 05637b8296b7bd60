package session

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// floorDeadline limits one look at the floor.
const floorDeadline = 2 * time.Second

// broadcaster computes the floor once for all who watch it.
type broadcaster struct {
	source  FloorSource
	timing  Timing
	log     *slog.Logger
	metrics *metrics

	mu       sync.Mutex
	watchers map[*outbox][]protocol.Topic
	// kick asks for a floor soon, for a new watcher.
	kick chan struct{}
}

func newBroadcaster(source FloorSource, timing Timing, log *slog.Logger, m *metrics) *broadcaster {
	return &broadcaster{
		source: source, timing: timing, log: log, metrics: m,
		watchers: map[*outbox][]protocol.Topic{}, kick: make(chan struct{}, 1),
	}
}

// watch adds a watcher or changes its topics.
func (b *broadcaster) watch(o *outbox, topics []protocol.Topic) {
	sorted := slices.Clone(topics)
	slices.Sort(sorted)
	b.mu.Lock()
	b.watchers[o] = slices.Compact(sorted)
	b.metrics.watching.Set(float64(len(b.watchers)))
	b.mu.Unlock()
	select {
	case b.kick <- struct{}{}:
	default:
	}
}

func (b *broadcaster) unwatch(o *outbox) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.watchers, o)
	b.metrics.watching.Set(float64(len(b.watchers)))
}

// run sends the floor each Floor interval and on change or kick, but never
// more often than each FloorGap, until ctx ends.
func (b *broadcaster) run(ctx context.Context) {
	ticker := time.NewTicker(b.timing.Floor)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-b.source.Changed():
		case <-b.kick:
		}
		if !b.watched() {
			continue
		}
		err := b.send(ctx)
		if ctx.Err() == nil && (err != nil) != failing {
			failing = err != nil
			if failing {
				b.log.Warn("the floor cannot be computed; screens keep the last one", "error", err)
			} else {
				b.log.Info("the floor is computed again")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(b.timing.FloorGap):
		}
	}
}

func (b *broadcaster) watched() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.watchers) > 0
}

// send computes the floor and hands it to every watcher, encoded once for each
// set of topics.
func (b *broadcaster) send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, floorDeadline)
	defer cancel()
	floor, err := b.source.Floor(ctx)
	if err != nil {
		return err
	}
	encoded := map[string]json.RawMessage{}
	b.mu.Lock()
	defer b.mu.Unlock()
	for o, topics := range b.watchers {
		key := topicKey(topics)
		data, ok := encoded[key]
		if !ok {
			if data, err = encodeFloor(floor, topics); err != nil {
				return err
			}
			encoded[key] = data
		}
		o.push(frame{event: protocol.EventFloor, data: data, gauge: protocol.EventFloor})
	}
	return nil
}

func encodeFloor(floor campaigns.Floor, topics []protocol.Topic) (json.RawMessage, error) {
	return json.Marshal(protocol.WholeFloor(floor, topics))
}

func topicKey(topics []protocol.Topic) string {
	var key strings.Builder
	for _, t := range topics {
		key.WriteString(string(t))
		key.WriteByte(',')
	}
	return key.String()
}
