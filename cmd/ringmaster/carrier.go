package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"time"

	"ringmaster/dialer/simcarrier"
)

// carrierCmd runs the simulated carrier as a process of its own.
type carrierCmd struct {
	Listen        string        `help:"SIP address of the carrier (UDP)." default:"127.0.0.1:5070"`
	PhonesListen  string        `help:"SIP address of the agents' phones (UDP), or off." default:"127.0.0.1:5072"`
	DialerAddr    string        `help:"SIP address of the dialer, for customers who call back." placeholder:"IP:PORT"`
	InboundNumber string        `help:"Number that customers call back; empty: the caller id that they saw." placeholder:"+1…"`
	Seed          uint64        `help:"Seed of the customers' behaviour." default:"1"`
	Mix           string        `help:"Shares of behaviours, such as answer=50,busy=10; empty: a usual mix."`
	Customers     string        `help:"CSV file (number,behaviour) that pins single numbers." type:"existingfile" placeholder:"FILE"`
	Log           string        `help:"Call log: one JSON line per INVITE." type:"path" placeholder:"FILE"`
	RingScale     float64       `help:"Multiplies every ring time." default:"1"`
	WaitScale     float64       `help:"Multiplies the delay before a call back and the patience of callers." default:"1"`
	TalkMean      time.Duration `help:"Mean talk time of a customer who hangs up first." default:"15s"`
	MaxCalls      int           `help:"Calls at a time; more are refused with 503." default:"500"`
}

// Help shows an example.
func (carrierCmd) Help() string {
	return "Example: ringmaster carrier --listen 127.0.0.1:5070 --dialer-addr 127.0.0.1:5060 --log calls.jsonl"
}

// carrierReady is the line that the carrier prints once it listens.
type carrierReady struct {
	SIP    string `json:"sip"`
	Phones string `json:"phones"`
	PID    int    `json:"pid"`
}

// Run runs the carrier until the context ends.
func (c *carrierCmd) Run(ctx context.Context, io streams) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	o.Logger = slog.New(slog.NewTextHandler(io.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if c.Log != "" {
		file, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("--log: %w", err)
		}
		defer func() { _ = file.Close() }()
		o.Log = file
	}
	carrier, err := simcarrier.New(o)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- carrier.Run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-carrier.Ready():
	}
	ready := carrierReady{SIP: carrier.Addr(), Phones: carrier.PhonesAddr(), PID: os.Getpid()}
	if err := json.NewEncoder(io.out).Encode(ready); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return <-done
}

func (c *carrierCmd) options() (simcarrier.Options, error) {
	o := simcarrier.Options{
		Listen: c.Listen, PhonesListen: c.PhonesListen, DialerAddr: c.DialerAddr, InboundNumber: c.InboundNumber,
		Seed: c.Seed, RingScale: c.RingScale, WaitScale: c.WaitScale, TalkMean: c.TalkMean, MaxCalls: c.MaxCalls,
	}
	if c.Mix != "" {
		mix, err := simcarrier.ParseMix(c.Mix)
		if err != nil {
			return o, fmt.Errorf("--mix: %w", err)
		}
		o.Mix = mix
	}
	if c.Customers != "" {
		file, err := os.Open(c.Customers)
		if err != nil {
			return o, fmt.Errorf("--customers: %w", err)
		}
		defer func() { _ = file.Close() }()
		if o.Customers, err = simcarrier.ReadCustomers(file); err != nil {
			return o, fmt.Errorf("--customers %s: %w", c.Customers, err)
		}
	}
	return o, nil
}
