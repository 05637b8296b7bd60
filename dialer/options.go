package dialer

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/dialer/trunk"
)

// Options are what a Dialer is made of.
type Options struct {
	// Node is this node's name in the store.
	Node string

	// Carriers places calls to customers over the trunks, Phones those to the
	// agents' phones.
	Carriers, Phones Signalling

	Trunks *trunk.Group
	Media  MediaFactory

	Gate      Gate
	Drops     DropLedger
	Recorder  Recorder
	Directory Directory
	Nodes     Nodes
	Hopper    Hopper
	// Waiting and Publisher may be nil: one node alone, no screens.
	Waiting   Waiting
	Publisher Publisher
	Clock     Clock

	Queues  []QueueConfig
	Limits  Limits
	Timings Timings
	// AgentCallerID is the user part of the From header when an agent's phone
	// is called; empty: ringmaster.
	AgentCallerID string

	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// QueueConfig is one entry for inbound calls.
type QueueConfig struct {
	Name string
	// Numbers are the called numbers of this queue, E.164; Default takes
	// every other number.
	Numbers []string
	Default bool
	// Campaigns lend their script and dispositions to callers without a recent
	// attempt: campaign name by called number.
	Campaigns map[string]string
	// Skill and Language are required of its agents; empty: none.
	Skill, Language string
	// ServiceLevel is the T of "answered within T"; zero: 20 s.
	ServiceLevel time.Duration
}

// Limits bound what one node takes on; zero values take the defaults.
type Limits struct {
	// Calls at once, 500; further inbound calls are refused with 503.
	Calls int
	// Facts waiting to be written at which nothing new is dialed, 20,000.
	Facts int
	// Published facts waiting for the screens; more are dropped; 4,096.
	Published int
}

// Timings of the dialer; zero values take the defaults.
type Timings struct {
	// Tick is the period of the pacing decision, 150 ms.
	Tick time.Duration
	// Lease is the ttl of the node's lease on its epoch, 15 s; LeaseMargin is
	// how long before its end no INVITE is sent any more, 3 s.
	Lease, LeaseMargin time.Duration
	// Reconcile is the period of the search for what lapsed nodes left, 5 s.
	Reconcile time.Duration
	// Campaigns is the period of reading the campaigns anew, 5 s.
	Campaigns time.Duration
	// Drain is how long live calls may go on after the end was asked for,
	// 60 s; Flush how long the last facts may take to be written, 10 s.
	Drain, Flush time.Duration
	// Reservation returns an agent whose call does not come, 5 s.
	Reservation time.Duration
	// ConnectLimit, RingTimeout stand in for those of calls without campaign
	// settings: 2 s, 25 s.
	ConnectLimit, RingTimeout time.Duration
	// AgentRing is how long an agent's phone rings, 25 s.
	AgentRing time.Duration
	// Message ends a safe-harbor message that does not end by itself, 30 s.
	Message time.Duration
	// Grace is how long an idle agent's screen may be away before the agent
	// is no longer ready, 30 s; Shift how long before the agent is signed
	// out, 15 min.
	Grace, Shift time.Duration
	// Redial and RedialMost bound the back-off of a lost nailed-up phone,
	// 1 s and 30 s.
	Redial, RedialMost time.Duration
	// Identify is the longest search for who calls before the call is
	// answered, 800 ms.
	Identify time.Duration
	// Store bounds one request to the store or the queues, 5 s.
	Store time.Duration
	// Ageing is the wait that lifts an inbound caller by one value tier, 60 s.
	Ageing time.Duration
}

// Validate names every option that is missing or wrong.
func (o *Options) Validate() error {
	var errs []error
	missing := func(name string, absent bool) {
		if absent {
			errs = append(errs, fmt.Errorf("dialer: %s is missing", name))
		}
	}
	missing("Node", o.Node == "")
	missing("Carriers", o.Carriers == nil)
	missing("Phones", o.Phones == nil)
	missing("Trunks", o.Trunks == nil)
	missing("Media", o.Media == nil)
	missing("Gate", o.Gate == nil)
	missing("Drops", o.Drops == nil)
	missing("Recorder", o.Recorder == nil)
	missing("Directory", o.Directory == nil)
	missing("Nodes", o.Nodes == nil)
	missing("Hopper", o.Hopper == nil)
	missing("Clock", o.Clock == nil)
	missing("Logger", o.Logger == nil)
	missing("Registerer", o.Registerer == nil)
	names := make(map[string]bool)
	defaults := 0
	for i, q := range o.Queues {
		if q.Name == "" || names[q.Name] {
			errs = append(errs, fmt.Errorf("dialer: queue %d: the name %q is empty or taken", i, q.Name))
		}
		names[q.Name] = true
		if q.Default {
			defaults++
		}
	}
	if defaults > 1 {
		errs = append(errs, errors.New("dialer: more than one queue is the default"))
	}
	if t := o.Timings; t.Lease != 0 && t.LeaseMargin >= t.Lease {
		errs = append(errs, fmt.Errorf("dialer: LeaseMargin %s is not below Lease %s", t.LeaseMargin, t.Lease))
	}
	if o.Limits.Calls < 0 || o.Limits.Facts < 0 || o.Limits.Published < 0 {
		errs = append(errs, errors.New("dialer: a limit is negative"))
	}
	return errors.Join(errs...)
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	count := func(p *int, n int) {
		if *p == 0 {
			*p = n
		}
	}
	count(&o.Limits.Calls, 500)
	count(&o.Limits.Facts, 20_000)
	count(&o.Limits.Published, 4096)
	t := &o.Timings
	for p, v := range map[*time.Duration]time.Duration{
		&t.Tick: 150 * time.Millisecond, &t.Lease: 15 * time.Second, &t.LeaseMargin: 3 * time.Second,
		&t.Reconcile: 5 * time.Second, &t.Campaigns: 5 * time.Second,
		&t.Drain: time.Minute, &t.Flush: 10 * time.Second, &t.Reservation: 5 * time.Second,
		&t.ConnectLimit: 2 * time.Second, &t.RingTimeout: 25 * time.Second, &t.AgentRing: 25 * time.Second,
		&t.Message: 30 * time.Second, &t.Grace: 30 * time.Second, &t.Shift: 15 * time.Minute,
		&t.Redial: time.Second, &t.RedialMost: 30 * time.Second, &t.Identify: 800 * time.Millisecond,
		&t.Store: 5 * time.Second, &t.Ageing: time.Minute,
	} {
		if *p == 0 {
			*p = v
		}
	}
	o.Queues = slices.Clone(o.Queues)
	for i := range o.Queues {
		if o.Queues[i].ServiceLevel == 0 {
			o.Queues[i].ServiceLevel = 20 * time.Second
		}
	}
	if o.AgentCallerID == "" {
		o.AgentCallerID = "ringmaster"
	}
	return o
}

// queueOf finds the queue of a called number.
func (o *Options) queueOf(called string) (QueueConfig, bool) {
	bare := digits(called)
	for _, q := range o.Queues {
		if slices.ContainsFunc(q.Numbers, func(n string) bool { return digits(n) == bare }) {
			return q, true
		}
	}
	for _, q := range o.Queues {
		if q.Default {
			return q, true
		}
	}
	return QueueConfig{}, false
}

// lends gives the campaign that a called number lends to unknown callers.
func (q QueueConfig) lends(called string) string {
	for number, name := range q.Campaigns {
		if digits(number) == digits(called) {
			return name
		}
	}
	return ""
}

// digits strips all but digits, so that +1 212… and 1212… compare equal.
func digits(number string) string {
	out := make([]byte, 0, len(number))
	for i := range len(number) {
		if c := number[i]; c >= '0' && c <= '9' {
			out = append(out, c)
		}
	}
	return string(out)
}
