package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"ringmaster/campaigns"
	"ringmaster/configs"
)

// demoCmd runs everything on private stores with a simulated carrier.
type demoCmd struct {
	Agents   int           `default:"10" help:"Bot agents, 1 to 200."`
	For      time.Duration `help:"End by itself after this time. Default: until Ctrl-C, and 60s where standard output is no terminal."`
	Seed     uint64        `default:"1" help:"Seed of customers and bots."`
	Scenario string        `enum:"mixed,win-back,prospecting,loyalty,cross-sell,predictive" default:"mixed" help:"mixed; or one campaign of a kind by its example file, with its report: win-back, prospecting, loyalty, cross-sell; or predictive: one campaign paced by prediction, beside the simulation of the same work."`
	JSON     bool          `help:"Report as one JSON object on standard output; everything else goes to standard error."`
	Keep     string        `help:"Folder that keeps stores and carrier beyond the end, for going on later." type:"path" placeholder:"DIR"`
	HTTP     string        `default:"127.0.0.1:8080" help:"Address of the pages; another port where the default one is taken." placeholder:"IP:PORT"`
	Stop     bool          `help:"Stop what a kept demo left running, and end."`
	PgBin    string        `help:"Folder of PostgreSQL's programs. Default: searched for." type:"path" placeholder:"DIR"`
	Quiet    bool          `help:"No live lines."`
}

// Help shows an example.
func (demoCmd) Help() string {
	return "Example: ringmaster demo --agents 10 --for 60s --scenario win-back"
}

// homeLimit is how long the bots may take for their last call and result.
const homeLimit = 45 * time.Second

// Run sets the house up, lets it work, and reports.
func (c *demoCmd) Run(ctx context.Context, io streams) error {
	if c.Agents < 1 || c.Agents > 200 {
		return fmt.Errorf("--agents %d: is not between 1 and 200", c.Agents)
	}
	if c.For < 0 {
		return fmt.Errorf("--for %v: is negative", c.For)
	}
	if file, ok := io.out.(*os.File); c.For == 0 && (!ok || !term.IsTerminal(int(file.Fd()))) {
		c.For = time.Minute
	}
	say := io.out
	if c.JSON {
		say = io.err
	}
	logger := newLogger(io.err, configs.Log{Level: slog.LevelWarn, Format: "text"})
	if c.Stop {
		return c.stop(ctx, logger)
	}
	house, err := openDemoHouse(ctx, c, logger)
	if err != nil {
		return err
	}
	report, err := c.work(ctx, house, say, logger)
	if closed := house.close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if c.JSON {
		for _, line := range report.Told {
			_, _ = fmt.Fprintln(io.err, "!", line)
		}
		return report.writeJSON(io.out)
	}
	return report.writeText(io.out)
}

// stop ends the stores and the carrier of a kept demo; its data stays.
func (c *demoCmd) stop(ctx context.Context, logger *slog.Logger) error {
	if c.Keep == "" {
		return errors.New("--stop: needs --keep DIR, the folder of the kept demo")
	}
	house, err := openDemoHouse(ctx, c, logger)
	if err != nil {
		return err
	}
	return errors.Join(house.stopCarrier(), house.stores.Stop(ctx))
}

// work starts the app and the bots, waits for the end, sends the bots home,
// and measures.
func (c *demoCmd) work(ctx context.Context, house *demoHouse, say io.Writer, logger *slog.Logger) (demoReport, error) {
	started := time.Now()
	// The app outlives the wish to end, so that bots finish their calls.
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	if err := house.servesFrom(started); err != nil {
		return demoReport{}, err
	}
	a, err := newApp(serving, house.cfg, logger)
	if err != nil {
		return demoReport{}, err
	}
	seed, err := seedDemo(serving, a.store, house, c)
	if err != nil {
		a.close()
		return demoReport{}, err
	}
	appDone := make(chan error, 1)
	go func() { appDone <- a.run(serving) }()
	if err := house.startCarrier(ctx); err != nil {
		stopServing()
		return demoReport{}, errors.Join(err, <-appDone)
	}
	if err := c.greet(ctx, a, house, seed, say); err != nil {
		stopServing()
		return demoReport{}, errors.Join(err, <-appDone)
	}

	shift, endShift := context.WithCancel(context.WithoutCancel(ctx))
	defer endShift()
	goHome := make(chan struct{})
	var bots errgroup.Group
	for i, agent := range seed.bots {
		b := newBot(agent.Name, house.cfg.HTTP.PublicURL, func(ctx context.Context) (string, error) {
			return signInLink(ctx, a.store, house.cfg.HTTP.PublicURL, agent.ID, time.Minute)
		}, c.Seed+uint64(i), house.work.habits, logger)
		bots.Go(func() error { return b.run(shift, goHome) })
	}
	shiftBegan := a.store.Clock().Now()
	err = c.wait(ctx, a, say, appDone)
	shiftEnded := a.store.Clock().Now()
	if err != nil {
		endShift()
		_ = bots.Wait()
		return demoReport{}, err
	}
	_, _ = fmt.Fprintln(say, "Ending: no new dials, the last calls get their results.")
	for _, campaign := range seed.campaigns {
		if _, err := a.store.MoveCampaign(serving, campaign.ID, campaigns.CampaignPaused); err != nil {
			logger.Warn("campaign not paused", "error", err)
		}
		a.dialer.CampaignMoved(campaign.ID)
	}
	settle(serving, a)
	close(goHome)
	deadline := time.AfterFunc(homeLimit, endShift)
	_ = bots.Wait()
	deadline.Stop()
	if err := house.servesUntil(time.Now()); err != nil {
		logger.Warn("demo state not saved", "error", err)
	}
	stopServing()
	worked := time.Since(started)
	if err := <-appDone; err != nil {
		return demoReport{}, err
	}
	if err := house.stopCarrier(); err != nil {
		return demoReport{}, err
	}
	return measureDemo(context.WithoutCancel(ctx), house, a, seed, demoShift{from: shiftBegan, until: shiftEnded, worked: worked, seed: c.Seed})
}

// settle waits until no phone rings any more, so that nobody answers into a
// floor that has gone home.
func settle(ctx context.Context, a *app) {
	limit := time.NewTimer(homeLimit)
	defer limit.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		lines := 0
		for _, row := range a.dialer.Live().Campaigns {
			lines += row.Dialing + row.Ringing + row.Waiting
		}
		if lines == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-limit.C:
			return
		case <-look.C:
		}
	}
}

// wait shows live lines until the time is up, Ctrl-C, or the app's failure.
func (c *demoCmd) wait(ctx context.Context, a *app, say io.Writer, appDone <-chan error) error {
	var over <-chan time.Time
	if c.For > 0 {
		timer := time.NewTimer(c.For)
		defer timer.Stop()
		over = timer.C
	}
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-over:
			return nil
		case err := <-appDone:
			if err == nil {
				err = errors.New("the dialer ended by itself")
			}
			return err
		case <-tick.C:
			if !c.Quiet {
				c.liveLine(ctx, a, say)
			}
		}
	}
}

// liveLine shows one line of the floor.
func (c *demoCmd) liveLine(ctx context.Context, a *app, say io.Writer) {
	floor, err := a.web.floor.Floor(ctx)
	if err != nil {
		return
	}
	var dialing, ringing, talking, attempts, answered, dropped, waiting, served int
	for _, row := range floor.Campaigns {
		dialing, ringing = dialing+row.Dialing, ringing+row.Ringing
		attempts, answered, dropped = attempts+row.Attempts, answered+row.Answered, dropped+row.Dropped
	}
	for _, q := range floor.Queues {
		waiting, served = waiting+q.Waiting, served+q.Answered
	}
	for _, agent := range floor.Agents {
		if agent.State == campaigns.AgentTalking {
			talking++
		}
	}
	_, _ = fmt.Fprintf(say, "%s  dialing %-3d ringing %-3d talking %-3d | attempts %-4d answered %-4d dropped %-3d | inbound waiting %-2d served %d\n",
		floor.At.In(time.UTC).Format("15:04:05"), dialing, ringing, talking, attempts, answered, dropped, waiting, served)
}

// greet prints the links.
func (c *demoCmd) greet(ctx context.Context, a *app, house *demoHouse, seed demoSeed, say io.Writer) error {
	base := house.cfg.HTTP.PublicURL
	agent, err := signInLink(ctx, a.store, base, seed.guest.ID, time.Hour)
	if err != nil {
		return err
	}
	supervisor, err := signInLink(ctx, a.store, base, seed.supervisor.ID, time.Hour)
	if err != nil {
		return err
	}
	api, err := signInLink(ctx, a.store, base, seed.admin.ID, time.Hour)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(say, `Ringmaster demo: %d fictional customers, %d bot agents, a simulated carrier. Nothing here calls a real person.

  %s
  take a seat as an agent (once):   %s
  watch as a supervisor (once):     %s
  API, described at %s/v1/openapi.json, sign in (once): %s

It is Tuesday, 10:00 in Chicago. %s

`, seed.imported, c.Agents, base, agent, supervisor, base, api, c.ending())
	return err
}

func (c *demoCmd) ending() string {
	if c.For > 0 {
		return fmt.Sprintf("The demo ends by itself after %v.", c.For)
	}
	return "Ctrl-C ends the demo with a report."
}
