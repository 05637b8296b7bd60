// Command with runs another command with a private PostgreSQL and Redis, named
// to it in RINGMASTER_DATABASE_URL and RINGMASTER_REDIS_URL, and ends with its
// exit code:
//
//	go run ./configs/stores/with -- go test ./...
//
// Servers that the environment names already are handed on as they are. The
// private ones run without fsync: they are for tests and benchmarks; --durable
// keeps it on. They are gone when the command ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"ringmaster/configs/stores"
)

// stopLimit bounds the stop of the servers.
const stopLimit = 30 * time.Second

func main() {
	os.Exit(run(os.Args[1:]))
}

// run is main with an exit code: the command's, 1 where the servers failed, 2
// for a wrong call.
func run(args []string) int {
	flags := flag.NewFlagSet("with", flag.ContinueOnError)
	durable := flags.Bool("durable", false, "keep fsync on, as benchmarks of writing need it")
	pgBin := flags.String("pg-bin", "", "folder of PostgreSQL's programs")
	flags.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: with [--durable] [--pg-bin DIR] -- command [argument …]")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() == 0 {
		flags.Usage()
		return 2
	}
	code, err := withStores(stores.Options{
		Fast: !*durable, PGBin: *pgBin,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}, flags.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "with:", err)
		code = max(code, 1)
	}
	return code
}

// withStores starts the servers, runs the command and stops the servers.
func withStores(o stores.Options, command []string) (code int, err error) {
	// Ctrl-C reaches the command by itself, being the terminal's for the whole
	// group; TERM is handed on. Both are caught from before the servers start, so
	// that these are always stopped.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	ctx := context.Background()
	s, err := stores.Start(ctx, o)
	if err != nil {
		return 1, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(ctx, stopLimit)
		defer cancel()
		err = errors.Join(err, s.Close(ctx))
	}()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = s.Environ(os.Environ())
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			if sig == syscall.SIGTERM {
				_ = cmd.Process.Signal(sig) // it may have ended in this instant
			}
		case err := <-ended:
			return exitCode(err)
		}
	}
}

// exitCode is the command's own, 128 and the signal's number where one ended it
// as shells have it; an error that is not about the command's end is returned.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		if err != nil {
			return 1, err
		}
		return 0, nil
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
