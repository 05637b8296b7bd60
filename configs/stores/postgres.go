package stores

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	postgresUser   = "ringmaster"
	postgresData   = "postgres"
	postgresLog    = "postgres.log"
	postgresSocket = ".s.PGSQL.5432"
	// postgresMade marks data that initdb and createdb have finished.
	postgresMade = "postgres.made"
	// settingsFile is written before each start, included by postgresql.conf.
	settingsFile = "ringmaster.conf"
	// pollInterval is between two looks at a server that is starting.
	pollInterval = 10 * time.Millisecond
)

// postgres is one private PostgreSQL.
type postgres struct {
	bin        string
	folder     *folder
	keep, fast bool

	// process is nil for a server that outlives us.
	process *process
}

// url is how pgx, database/sql and psql reach the server. It names the port so
// that a PGPORT in the environment does not.
func (p *postgres) url() string {
	host := strings.ReplaceAll(url.QueryEscape(p.folder.path), "%2F", "/") // legible, and as valid
	return "postgres://" + postgresUser + "@/" + postgresUser + "?host=" + host + "&port=5432"
}

// start brings the server up: a kept one that runs is used; else it is started
// on the data that is there, or on new data.
func (p *postgres) start(ctx context.Context) error {
	answer, err := p.settled(ctx)
	if err != nil {
		return err
	}
	made := exists(p.folder.file(postgresMade))
	if answer == accepting {
		if p.keep && made {
			return nil
		}
		// Left by a parent that died, perhaps half made.
		if err := p.control(ctx, "immediate"); err != nil {
			return err
		}
	}
	if !made {
		if err := p.initialise(ctx); err != nil {
			return err
		}
	}
	if err := p.launch(ctx); err != nil {
		return err
	}
	if made {
		return nil
	}
	if err := p.folder.run(ctx, postgresLog, p.program("createdb"), "-h", p.folder.path, "-U", postgresUser, postgresUser); err != nil {
		return err
	}
	return os.WriteFile(p.folder.file(postgresMade), nil, 0o600)
}

// initialise makes the data folder, without a password: the folder that holds
// the socket is open to its owner alone.
func (p *postgres) initialise(ctx context.Context) error {
	data := p.folder.file(postgresData)
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	locale := "C"
	if runtime.GOOS == "linux" {
		locale = "C.UTF-8" // sorts by code point, knows the case of all letters
	}
	err := p.folder.run(ctx, postgresLog, p.program("initdb"), "-D", data, "-U", postgresUser, "-A", "trust",
		"-E", "UTF8", "--locale", locale, "--no-sync", "--no-instructions")
	if err != nil {
		return err
	}
	conf, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conf, "\ninclude = '%s'\n", settingsFile)
	return errors.Join(err, conf.Close())
}

// settings are the contents of settingsFile.
func (p *postgres) settings() string {
	quoted := strings.ReplaceAll(p.folder.path, "'", "''")
	lines := []string{
		"listen_addresses = ''",
		"unix_socket_directories = '" + quoted + "'",
		"port = 5432",
		"shared_buffers = 128MB",
		"max_connections = 200",
		"timezone = 'UTC'",
		"log_timezone = 'UTC'",
		"log_min_messages = warning",
	}
	if p.fast {
		lines = append(lines, "fsync = off", "full_page_writes = off", "synchronous_commit = off")
	}
	return strings.Join(lines, "\n") + "\n"
}

// launch starts the server and waits until it accepts connections.
func (p *postgres) launch(ctx context.Context) error {
	data := p.folder.file(postgresData)
	settings := filepath.Join(data, settingsFile)
	if err := os.WriteFile(settings, []byte(p.settings()), 0o600); err != nil {
		return err
	}
	if err := p.folder.as.own(settings); err != nil {
		return err
	}
	if p.keep {
		return p.folder.run(ctx, postgresLog, p.program("pg_ctl"), "start", "-D", data, "-l", p.folder.file(postgresLog), "-w")
	}
	log, err := p.folder.openLog(postgresLog)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own copy
	cmd := p.folder.command(context.WithoutCancel(ctx), log, p.program("postgres"), "-D", data)
	p.process, err = startProcess("PostgreSQL", cmd, syscall.SIGINT)
	if err != nil {
		return err
	}
	return p.await(ctx)
}

// await waits until the server accepts connections, ends, or ctx ends.
func (p *postgres) await(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for p.answer(ctx) != accepting {
		select {
		case <-p.process.done:
			return p.folder.failure(ctx, postgresLog, fmt.Errorf("PostgreSQL ended while starting: %w", p.process.err))
		case <-ctx.Done():
			return p.folder.failure(ctx, postgresLog, errors.New("PostgreSQL did not start"))
		case <-tick.C:
		}
	}
	return nil
}

// answer is what a server says to a connection.
type answer int

const (
	absent    answer = iota // nobody listens
	rejecting               // it is starting or stopping
	accepting
)

// answer asks the server by pg_isready, whose exit codes are documented: 0
// accepting, 1 rejecting, 2 no answer.
func (p *postgres) answer(ctx context.Context) answer {
	if !exists(p.folder.file(postgresSocket)) {
		return absent
	}
	err := p.folder.command(ctx, nil, p.program("pg_isready"), "-q", "-h", p.folder.path, "-t", "3").Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return accepting
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return rejecting
	default:
		return absent
	}
}

// settled is the server's answer once it is neither starting nor stopping.
func (p *postgres) settled(ctx context.Context) (answer, error) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		answer := p.answer(ctx)
		if answer != rejecting {
			return answer, nil
		}
		select {
		case <-ctx.Done():
			return answer, errors.New("the PostgreSQL in " + p.folder.path + " neither comes up nor ends")
		case <-tick.C:
		}
	}
}

// stop ends the server in PostgreSQL's fast mode: sessions are closed, data is
// written; what has not ended with ctx is ended at once.
func (p *postgres) stop(ctx context.Context) error {
	if p.process != nil {
		return p.process.stop(ctx, syscall.SIGINT, syscall.SIGQUIT)
	}
	if p.answer(ctx) == absent {
		return nil
	}
	return p.control(ctx, "fast")
}

// control stops a server that is not our child, in one of pg_ctl's modes.
func (p *postgres) control(ctx context.Context, mode string) error {
	return p.folder.run(ctx, postgresLog, p.program("pg_ctl"), "stop", "-D", p.folder.file(postgresData), "-m", mode, "-w")
}

func (p *postgres) program(name string) string { return filepath.Join(p.bin, name) }

// exists tells whether there is a file of that name.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
