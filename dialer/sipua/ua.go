package sipua

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

// UA is the user agent: it implements dialer.Signalling towards the trunks.
type UA struct {
	opts    Options
	log     *slog.Logger
	metrics *metrics
	trunks  *endpoint
	phone   *endpoint
	late    chan lateResponse

	takeCall atomic.Pointer[dialer.TakeCall]

	// kill is closed when what still lives ends at once.
	kill chan struct{}
	mu   sync.Mutex
	// closing: no new dialogs; closed: no new work.
	closing, closed bool
	dialogs, work   sync.WaitGroup
}

// New checks the options and binds both sockets. Run must be called to release
// them.
func New(opts Options) (*UA, error) {
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	opts.defaults()
	m, err := newMetrics(opts.Registerer)
	if err != nil {
		return nil, fmt.Errorf("sip: metrics: %w", err)
	}
	u := &UA{
		opts: opts, log: opts.Logger, metrics: m, late: make(chan lateResponse, lateLimit),
		kill: make(chan struct{}),
	}
	if opts.TakeCall != nil {
		u.SetTakeCall(opts.TakeCall)
	}
	if u.trunks, err = newEndpoint(u, false, "listen", opts.Listen, opts.AdvertisedHost); err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	host := opts.PhonesAdvertisedHost
	if host == "" && netip.MustParseAddrPort(opts.PhonesListen).Addr().IsUnspecified() {
		host = opts.AdvertisedHost
	}
	if u.phone, err = newEndpoint(u, true, "phones_listen", opts.PhonesListen, host); err != nil {
		_ = u.trunks.sock.Close()
		return nil, fmt.Errorf("sip: %w", err)
	}
	return u, nil
}

// SetTakeCall sets the receiver of inbound calls; call it before Run.
func (u *UA) SetTakeCall(f dialer.TakeCall) { u.takeCall.Store(&f) }

// Addr is the trunk endpoint's bound address.
func (u *UA) Addr() *net.UDPAddr { return u.trunks.sock.local() }

// PhonesAddr is the phone endpoint's bound address.
func (u *UA) PhonesAddr() *net.UDPAddr { return u.phone.sock.local() }

// Invite implements dialer.Signalling on the trunk endpoint. After the end of
// Run, and when MaxCalls dialogs are live, it posts Failed before it returns.
func (u *UA) Invite(req dialer.Invite, post func(leg.Event)) dialer.Dialog {
	return u.trunks.invite(req, post)
}

// Phones gives the signalling towards agents' phones, on their own endpoint.
func (u *UA) Phones() dialer.Signalling { return phones{u.phone} }

type phones struct{ *endpoint }

// Invite implements dialer.Signalling on the phones' endpoint.
func (p phones) Invite(req dialer.Invite, post func(leg.Event)) dialer.Dialog {
	return p.invite(req, post)
}

// Run serves both endpoints until ctx ends, then hangs up what lives and
// returns when all goroutines have stopped.
func (u *UA) Run(ctx context.Context) error {
	var readers, sweeper sync.WaitGroup
	for _, e := range []*endpoint{u.trunks, u.phone} {
		readers.Go(e.serve)
	}
	sweeper.Go(u.serveLate)
	<-ctx.Done()

	u.mu.Lock()
	u.closing = true
	u.mu.Unlock()
	for _, e := range []*endpoint{u.trunks, u.phone} {
		for _, d := range e.all() {
			d.HangUp(0, "")
		}
	}
	done := make(chan struct{})
	go func() {
		u.dialogs.Wait()
		close(done)
	}()
	limit := time.NewTimer(u.opts.HangUpLimit)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
	}
	close(u.kill)
	<-done
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	u.work.Wait()
	sweeper.Wait()
	for _, e := range []*endpoint{u.trunks, u.phone} {
		_ = e.sock.Close()
	}
	readers.Wait()
	// The transport layer stays unclosed: it owns nothing but our sockets, and a
	// message that it still handles must find the closed one, not open another.
	for _, e := range []*endpoint{u.trunks, u.phone} {
		e.txl.Close()
	}
	return nil
}

// spawn runs f in a goroutine that Run waits for; false at the end of Run.
func (u *UA) spawn(f func()) bool {
	if !u.begin() {
		return false
	}
	go func() {
		defer u.work.Done()
		f()
	}()
	return true
}

// begin counts a piece of work that Run waits for; each true is followed by
// work.Done.
func (u *UA) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return false
	}
	u.work.Add(1)
	return true
}

// beginDialog counts a dialog that Run hangs up and waits for; each true is
// followed by dialogs.Done.
func (u *UA) beginDialog() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closing {
		return false
	}
	u.dialogs.Add(1)
	return true
}

// caught counts and logs a panic; the value may quote a message and is told at
// debug only.
func (u *UA) caught(where string, value any) {
	u.metrics.panics.Inc()
	u.log.Error("sip: panic caught", "in", where)
	u.log.Debug("sip: panic value", "in", where, "value", fmt.Sprint(value))
}
