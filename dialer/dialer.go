package dialer

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
)

// Dialer owns the calls and agents of one node. It is made by New and works
// while Run runs.
type Dialer struct {
	o       Options
	log     *slog.Logger
	metrics *metrics

	lease  *lease
	blocks *blocks
	facts  *ledger
	screen *announcer
	floor  *floor
	calls  *calls
	agents *agents
	book   *book
	tally  *tally
	// observed waits for the pacer; drops are those the store may not know of.
	observed *observations
	drops    *droppedCalls

	changed chan struct{}
	news    chan struct{}
	pace    chan struct{}
	reread  chan struct{}
	stopped chan struct{} // closed when everything must end

	running  atomic.Bool
	drained  atomic.Bool
	mu       sync.Mutex // guards closing against spawn
	closing  bool
	wg       sync.WaitGroup
	entropy  sync.Mutex
	monotone *ulid.MonotonicEntropy
}

// New makes a Dialer; the error names what is wrong with the options.
func New(o Options) (*Dialer, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	d := &Dialer{
		o: o, log: o.Logger,
		lease:  newLease(o.Nodes, o.Node, o.Timings, o.Logger),
		blocks: newBlocks(), floor: newFloor(o.Timings.Ageing), calls: newCalls(), agents: newAgents(),
		book: newBook(), tally: newTally(o.Queues), drops: newDroppedCalls(),
		changed: make(chan struct{}, 1), news: make(chan struct{}, 1), pace: make(chan struct{}, 1), reread: make(chan struct{}, 1),
		stopped: make(chan struct{}), monotone: ulid.Monotonic(rand.Reader, 0),
	}
	m, err := newMetrics(o.Registerer, d)
	if err != nil {
		return nil, err
	}
	d.metrics = m
	d.observed = newObservations(statsKept, m.observationsLost)
	d.facts = newLedger(o.Recorder, o.Limits.Facts, o.Timings.Store, o.Logger, m)
	d.screen = newAnnouncer(o.Publisher, o.Limits.Published, o.Timings.Store, m)
	return d, nil
}

// Run works until ctx ends. Then it stops dialing at once, lets live calls go
// on for at most the drain limit, hangs up what is left, signs the agents out,
// writes the last facts, and returns when nothing of it runs any more. The
// error, if any, is that of facts which could not be written in time. Run is
// called once.
func (d *Dialer) Run(ctx context.Context) error {
	// What must outlive the wish to end gets a context of its own.
	loops, endLoops := context.WithCancel(context.WithoutCancel(ctx))
	writing, endWriting := context.WithCancel(context.WithoutCancel(ctx))
	defer endWriting()
	defer endLoops()
	var outer, writers sync.WaitGroup
	writers.Go(func() { d.facts.run(writing) })
	writers.Go(func() { d.screen.run(writing) })
	outer.Go(func() { d.lease.run(loops) })
	d.running.Store(true)
	select {
	case <-d.lease.joined:
		outer.Go(func() { d.watchBlocks(loops) })
		outer.Go(func() { d.readCampaigns(loops) })
		outer.Go(func() { d.runLive(loops) })
		var pacer sync.WaitGroup
		pacer.Go(func() { newPacer(d).run(ctx) })
		<-ctx.Done()
		d.drained.Store(true)
		pacer.Wait()
		d.drain()
	case <-ctx.Done():
		d.drained.Store(true)
	}
	d.agents.stop()
	d.agents.each(func(a *agentActor) { a.leave() })
	d.close()
	// A caller who slipped in just before the end is not left on the line.
	d.calls.each(func(c *callActor, _ callNote) { c.step(call.Input{Kind: call.Shut}) })
	d.wg.Wait()
	endLoops()
	outer.Wait()
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.o.Timings.Flush)
	defer cancel()
	err := d.facts.flush(flush)
	if err != nil {
		d.log.Error("facts not written at the end", "facts", d.facts.waiting(), "error", err)
	}
	endWriting()
	writers.Wait()
	return err
}

// drain lets live calls end by themselves, then ends them.
func (d *Dialer) drain() {
	d.log.Info("draining", "calls", d.calls.len(), "limit", d.o.Timings.Drain)
	limit := time.NewTimer(d.o.Timings.Drain)
	defer limit.Stop()
	for d.calls.len() > 0 || d.agents.owing() > 0 {
		select {
		case <-d.calls.idle():
			// Agents in wrap-up finish within the same limit.
			select {
			case <-d.agents.settled():
			case <-limit.C:
				return
			}
		case <-limit.C:
			d.calls.each(func(c *callActor, _ callNote) { c.step(call.Input{Kind: call.Shut}) })
			<-d.calls.idle()
			return
		}
	}
}

// close refuses new goroutines and ends those that only wait.
func (d *Dialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = true
	close(d.stopped)
}

// spawn runs f on a goroutine that Run waits for; false once the end has come.
func (d *Dialer) spawn(f func()) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closing {
		return false
	}
	d.wg.Go(f)
	return true
}

// background carries out one bounded request whose failure is only logged.
func (d *Dialer) background(f func(context.Context) error, request string) {
	d.spawn(func() {
		ctx, cancel := context.WithTimeout(context.Background(), d.o.Timings.Store)
		defer cancel()
		if err := f(ctx); err != nil {
			d.log.Warn("background request failed", "request", request, "error", err)
		}
	})
}

// Ready reports whether the node has joined, knows the campaigns, and is not
// draining.
func (d *Dialer) Ready() bool {
	select {
	case <-d.lease.joined:
		return !d.draining() && d.book.read()
	default:
		return false
	}
}

func (d *Dialer) draining() bool { return d.drained.Load() }

// now is business time, for facts.
func (d *Dialer) now() time.Time { return d.o.Clock.Now() }

// record hands a fact to the store and to the screens, and gives its number in the
// order of what is written.
func (d *Dialer) record(e campaigns.Event) int64 {
	number := d.facts.put(e)
	d.screen.put(e)
	return number
}

// touch tells that live figures changed.
func (d *Dialer) touch() {
	signal(d.changed)
	signal(d.news)
}

// wakePacer asks for a pacing decision now.
func (d *Dialer) wakePacer() { signal(d.pace) }

// CampaignMoved reads the campaigns anew; the id is of interest to the log
// only.
func (d *Dialer) CampaignMoved(campaignID int64) {
	d.log.Debug("campaign moved", "campaign", campaignID)
	signal(d.reread)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// mintID makes the id of a call.
func (d *Dialer) mintID() campaigns.CallID {
	d.entropy.Lock()
	defer d.entropy.Unlock()
	id, err := ulid.New(ulid.Timestamp(time.Now()), d.monotone)
	if err != nil {
		// Only an overflow within one millisecond gets here.
		return campaigns.CallID(ulid.Make().String())
	}
	return campaigns.CallID(id.String())
}
