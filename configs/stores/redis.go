package stores

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"
)

const (
	redisSocket = "redis.sock"
	redisLog    = "redis.log"
	// redisPatience bounds one exchange with a server on the same machine.
	redisPatience = time.Second
)

// redis is one private Redis, without TCP and without data on disk.
type redis struct {
	program string
	folder  *folder
	keep    bool

	// process is nil for a server that outlives us.
	process *process
}

// url is how go-redis's ParseURL reads a unix socket.
func (r *redis) url() string { return "unix://" + r.folder.file(redisSocket) }

// start brings the server up; a kept one that runs is used.
func (r *redis) start(ctx context.Context) error {
	if r.ping(ctx) == nil {
		if r.keep {
			return nil
		}
		if err := r.shutdown(ctx); err != nil { // left by a parent that died
			return err
		}
	}
	args := []string{
		"--port", "0", "--unixsocket", r.folder.file(redisSocket), "--unixsocketperm", "700",
		"--save", "", "--appendonly", "no", "--dir", r.folder.path, "--loglevel", "warning",
	}
	if r.keep {
		args = append(args, "--daemonize", "yes", "--logfile", r.folder.file(redisLog))
		if err := r.folder.run(ctx, redisLog, r.program, args...); err != nil {
			return err
		}
		return r.await(ctx, nil)
	}
	log, err := r.folder.openLog(redisLog)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own copy
	r.process, err = startProcess("Redis", r.folder.command(context.WithoutCancel(ctx), log, r.program, args...), syscall.SIGTERM)
	if err != nil {
		return err
	}
	return r.await(ctx, r.process.done)
}

// await waits until the server answers, ends (a nil channel: it is not our
// child), or ctx ends.
func (r *redis) await(ctx context.Context, ended <-chan struct{}) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for r.ping(ctx) != nil {
		select {
		case <-ended:
			return r.folder.failure(ctx, redisLog, fmt.Errorf("Redis ended while starting: %w", r.process.err))
		case <-ctx.Done():
			return r.folder.failure(ctx, redisLog, errors.New("Redis did not start"))
		case <-tick.C:
		}
	}
	return nil
}

// ping fails unless the server answers PONG.
func (r *redis) ping(ctx context.Context) error {
	line, err := r.say(ctx, "PING")
	if err == nil && line != "+PONG" {
		err = fmt.Errorf("Redis answers %q to PING", line)
	}
	return err
}

// say sends one inline command and returns the first line of the answer.
func (r *redis) say(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", r.folder.file(redisSocket))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	if _, err := conn.Write([]byte(command + "\r\n")); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line), err
}

// stop ends the server; there is nothing to save.
func (r *redis) stop(ctx context.Context) error {
	if r.process != nil {
		return r.process.stop(ctx, syscall.SIGTERM)
	}
	if r.ping(ctx) == nil {
		return r.shutdown(ctx)
	}
	return nil
}

// shutdown ends a server that is not our child and waits until it answers no
// more. It closes the connection instead of answering, so that the error of say
// is its success.
func (r *redis) shutdown(ctx context.Context) error {
	if refusal, err := r.say(ctx, "SHUTDOWN NOSAVE"); err == nil {
		return fmt.Errorf("Redis does not shut down: %s", refusal)
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for r.ping(ctx) == nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("Redis did not stop in time: %w", ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}
