// Command ringmaster is a call-center campaign dialer: one binary with a command
// for each job. app.go joins the parts and owns the order of start and stop;
// demo*.go, bot*.go and witness.go are the demo, its agents and its audit.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// cli is the command line.
type cli struct {
	// Config is no path to the parser, which would make an empty variable the
	// working directory.
	Config string `help:"Configuration file (YAML). Environment variables RINGMASTER_… override it." placeholder:"FILE" env:"RINGMASTER_CONFIG"`

	Serve      serveCmd      `cmd:"" help:"Run the dialer: engine, calls, agents and pages."`
	Demo       demoCmd       `cmd:"" help:"Run everything on private stores with a simulated carrier and bot agents."`
	Carrier    carrierCmd    `cmd:"" help:"Run the simulated carrier with its customers and agents' phones."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database to this version's schema."`
	Import     importCmd     `cmd:"" help:"Import a list of candidates from a CSV file."`
	List       listCmd       `cmd:"" help:"Lists of candidates: switch, prioritise, mix, end and reset them."`
	Campaign   campaignCmd   `cmd:"" help:"Create, list, start, pause, close and explain campaigns."`
	Report     reportCmd     `cmd:"" help:"Print figures with numerator and denominator: campaign, agents, sla, lists, scores."`
	Simulate   simulateCmd   `cmd:"" help:"Simulate a day of dialing: pacing algorithms side by side, and what a change would do."`
	SLA        slaCmd        `cmd:"" name:"sla" help:"Keep service level agreements."`
	Event      eventCmd      `cmd:"" help:"Tell what happened to a person: a contract ended, a cart was abandoned."`
	Script     scriptCmd     `cmd:"" help:"Apply, list, show and publish scripts."`
	Offer      offerCmd      `cmd:"" help:"Apply, list and show offers; discounts."`
	Experiment experimentCmd `cmd:"" help:"Compare two scripts, offers or scores, with a horizon fixed in advance."`
	DNC        dncCmd        `cmd:"" name:"dnc" help:"Import and change do-not-call lists."`
	Consent    consentCmd    `cmd:"" help:"Record consents and refusals in the ledger."`
	Rules      rulesCmd      `cmd:"" help:"Show the calling rules of countries and states, and their sources."`
	Contact    contactCmd    `cmd:"" help:"A person's rights: object to marketing, erase."`
	Score      scoreCmd      `cmd:"" help:"Train propensity models, judge them, and explain scores."`
	User       userCmd       `cmd:"" help:"Add and list users, set passwords, make sign-in links."`
}

// streams are where a command writes and what it was started with.
type streams struct {
	out, err io.Writer
	environ  []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{out: os.Stdout, err: os.Stderr, environ: os.Environ()})
	stop()
	os.Exit(code)
}

// run parses and runs one command line and gives its exit code.
func run(ctx context.Context, args []string, io streams) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("ringmaster"),
		kong.Description("A call-center campaign dialer. Try: ringmaster demo"),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		_, _ = fmt.Fprintln(io.err, "ringmaster:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	switch {
	case exited >= 0:
		return exited
	case err != nil:
		_, _ = fmt.Fprintln(io.err, "ringmaster:", err)
		return exitUsage
	}
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(io, &c); err != nil && !errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintln(io.err, "ringmaster:", err)
		return exitFailed
	}
	return exitDone
}
