package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"ringmaster/agentui"
	"ringmaster/configs"
	"ringmaster/configs/stores"
)

// demoNumber is the demo's own number for inbound calls and caller ids.
const demoNumber = "+13125550199"

// demoState is what a kept demo remembers between its runs.
type demoState struct {
	Offset    time.Duration `json:"offset"`
	Seed      uint64        `json:"seed"`
	Scenario  string        `json:"scenario"`
	NumberKey string        `json:"number_key"`
	HTTP      string        `json:"http"`
	SIP       string        `json:"sip"`
	Phones    string        `json:"phones"`
	Carrier   string        `json:"carrier"`
	Desk      string        `json:"desk"` // the agents' phones at the carrier
	// CarrierPID is the carrier's process, zero while none runs.
	CarrierPID int `json:"carrier_pid"`
	// Served are the times at which the dialer was there.
	Served []period `json:"served"`
}

// period is an interval of the wall clock; a killed run's has no end.
type period struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until,omitzero"`
}

// demoHouse is what a demo stands on: a folder, stores, addresses, and the
// carrier's process.
type demoHouse struct {
	dir    string
	keep   bool
	log    *slog.Logger
	stores *stores.Stores
	state  demoState
	cfg    *configs.Config
	agents int
	http   string
	work   demoWork
	// carrier is the process, if this run started it.
	carrier *os.Process
	exited  chan error
}

// openDemoHouse makes or finds the folder and starts the stores.
func openDemoHouse(ctx context.Context, c *demoCmd, logger *slog.Logger) (*demoHouse, error) {
	h := &demoHouse{dir: c.Keep, keep: c.Keep != "", log: logger, agents: c.Agents, http: c.HTTP}
	var err error
	if h.keep {
		// The store's own user must be able to enter it.
		err = os.MkdirAll(h.dir, 0o755)
	} else {
		h.dir, err = os.MkdirTemp("", "ringmaster-demo-")
	}
	if err != nil {
		return nil, fmt.Errorf("demo folder: %w", err)
	}
	if err := h.loadState(c.Seed, c.Scenario); err != nil {
		return nil, errors.Join(err, h.close())
	}
	if h.work, err = workOf(h.state.Scenario, c.Agents); err != nil {
		return nil, errors.Join(err, h.close())
	}
	options := stores.Options{PGBin: c.PgBin, Keep: h.keep, Logger: logger}
	if h.keep {
		options.Dir = h.dir
	}
	if h.stores, err = stores.Start(ctx, options); err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.cfg = h.config()
	if err := h.cfg.Validate(); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// loadState reads what an earlier run left, or makes it anew.
func (h *demoHouse) loadState(seed uint64, scenario string) error {
	body, err := os.ReadFile(h.path("demo.json"))
	if err == nil {
		if err := json.Unmarshal(body, &h.state); err != nil {
			return fmt.Errorf("%s: %w", h.path("demo.json"), err)
		}
		if h.state.Scenario == "" { // kept by a version without scenarios
			h.state.Scenario = scenarioMixed
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	h.state = demoState{Seed: seed, Scenario: scenario, NumberKey: rand.Text() + rand.Text()}
	if h.state.Offset, err = demoClockOffset(time.Now()); err != nil {
		return err
	}
	for _, address := range []*string{&h.state.SIP, &h.state.Phones, &h.state.Carrier, &h.state.Desk} {
		if *address, err = freeUDP(); err != nil {
			return err
		}
	}
	if h.state.HTTP, err = freeTCP(h.http); err != nil {
		return fmt.Errorf("--http: %w", err)
	}
	return h.saveState()
}

// servesFrom notes that the dialer is there from now on.
func (h *demoHouse) servesFrom(at time.Time) error {
	h.state.Served = append(h.state.Served, period{From: at})
	return h.saveState()
}

// servesUntil notes that the dialer leaves.
func (h *demoHouse) servesUntil(at time.Time) error {
	h.state.Served[len(h.state.Served)-1].Until = at
	return h.saveState()
}

// away tells whether the dialer was surely or possibly not there: before it
// served, after it left, and from the start of a run that was killed, since
// nobody knows when, until the next one.
func (h *demoHouse) away(at time.Time) bool {
	for i, p := range h.state.Served {
		killed := p.Until.IsZero() && i < len(h.state.Served)-1
		if !killed && !at.Before(p.From) && (p.Until.IsZero() || at.Before(p.Until)) {
			return false
		}
	}
	return true
}

// saveState writes the state in one step, so that a kill leaves the old or the
// new one.
func (h *demoHouse) saveState() error {
	body, err := json.MarshalIndent(h.state, "", "  ")
	if err != nil {
		return fmt.Errorf("demo state: %w", err)
	}
	temporary := h.path("demo.json.new")
	if err := os.WriteFile(temporary, body, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, h.path("demo.json"))
}

func (h *demoHouse) path(name string) string { return filepath.Join(h.dir, name) }

// config is the demo's configuration.
func (h *demoHouse) config() *configs.Config {
	cfg := configs.Default()
	cfg.Node = "demo"
	cfg.Database.URL, cfg.Redis.URL = h.stores.DatabaseURL(), h.stores.RedisURL()
	cfg.Clock.Offset = h.state.Offset
	cfg.HTTP.Listen = h.state.HTTP
	cfg.SIP.Listen, cfg.SIP.PhonesListen = h.state.SIP, h.state.Phones
	// The simulated carrier's audio ports start at 24000.
	cfg.Media.PortMin, cfg.Media.PortMax, cfg.Media.MaxLegs = 16000, 23999, 2000
	cfg.Trunks = []configs.Trunk{{
		Name: "simulated", Address: h.state.Carrier, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Channels: max(60, 4*h.agents), CallsPerSecond: max(20, 2*float64(h.agents)),
	}}
	cfg.Inbound = []configs.Inbound{{Number: demoNumber, Queue: "service", ServiceLevelSeconds: 20}}
	cfg.Limits.Drain = 30 * time.Second
	cfg.Secrets.NumberKey = configs.Secret(h.state.NumberKey)
	cfg.Log = configs.Log{Level: slog.LevelWarn, Format: "text"}
	cfg.Derive()
	return cfg
}

// close stops what must not outlive the demo and removes a folder that is not
// kept.
func (h *demoHouse) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := h.stopCarrier()
	if h.stores != nil {
		if h.keep {
			err = errors.Join(err, h.stores.Detach())
		} else {
			err = errors.Join(err, h.stores.Close(ctx))
		}
	}
	if !h.keep {
		err = errors.Join(err, os.RemoveAll(h.dir))
	}
	return err
}

// freeUDP finds a free UDP port on loopback; somebody else may take it before
// it is used, which the one who binds it then reports.
func freeUDP() (string, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return "", fmt.Errorf("free port: %w", err)
	}
	address := socket.LocalAddr().String()
	return address, socket.Close()
}

// freeTCP gives the preferred address if it is free, else a free port there.
func freeTCP(preferred string) (string, error) {
	host, _, err := net.SplitHostPort(preferred)
	if err != nil {
		return "", err
	}
	for _, address := range []string{preferred, net.JoinHostPort(host, strconv.Itoa(0))} {
		listener, err := agentui.Listen(context.Background(), address)
		if err != nil {
			continue
		}
		found := listener.Addr().String()
		return found, listener.Close()
	}
	return "", fmt.Errorf("no free port on %s", host)
}
