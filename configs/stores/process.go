package stores

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// killPatience is how long a server has after each signal once the caller's
// patience is over, before the next, harder one.
const killPatience = 2 * time.Second

// process is a server that lives and dies with this process.
type process struct {
	name string
	cmd  *exec.Cmd
	// done is closed when the process has ended and was reaped; err is set then.
	done chan struct{}
	err  error
}

// startProcess starts cmd so that the kernel sends it lastWill when this process
// dies. The goroutine keeps its thread until the child's end, because the
// kernel counts the death of the thread that forked, not of the process.
func startProcess(name string, cmd *exec.Cmd, lastWill syscall.Signal) (*process, error) {
	setLastWill(cmd.SysProcAttr, lastWill)
	p := &process{name: name, cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// ended tells whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop sends the first signal and waits for the end. When ctx ends first it
// sends the harder ones in turn; the error then says that the process had to be
// forced.
func (p *process) stop(ctx context.Context, gentle syscall.Signal, harder ...syscall.Signal) error {
	if p.ended() {
		return nil
	}
	// A process that ended in this instant cannot be signalled; done tells.
	_ = p.cmd.Process.Signal(gentle)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	for _, signal := range append(harder, syscall.SIGKILL) {
		_ = p.cmd.Process.Signal(signal)
		select {
		case <-p.done:
			return fmt.Errorf("%s did not stop in time and was ended by %v: %w", p.name, signal, ctx.Err())
		case <-time.After(killPatience):
		}
	}
	return fmt.Errorf("%s does not end, not even by SIGKILL", p.name)
}

// command prepares a program to run as the account, in the folder, in a session
// of its own (the terminal's Ctrl-C is for this process, which stops the servers
// when it is ready to), with output to a log file in the folder (nil: nowhere).
func (f *folder) command(ctx context.Context, log *os.File, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = f.path
	cmd.Env = environment()
	if log != nil {
		cmd.Stdout, cmd.Stderr = log, log
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // its children too
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: f.as.credential()}
	return cmd
}

// environment keeps only what programs need to be found and loaded: PGDATA,
// PGHOST and the like of the caller are for another server.
func environment() []string {
	env := []string{"LC_ALL=C"}
	for _, name := range [...]string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// openLog opens a log file of the folder for appending, owned by the account.
func (f *folder) openLog(name string) (*os.File, error) {
	path := f.file(name)
	log, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return nil, err
	}
	if err := f.as.own(path); err != nil {
		_ = log.Close() // nothing was written
		return nil, err
	}
	return log, nil
}

// run runs a short program to its end; the error holds what the log says.
func (f *folder) run(ctx context.Context, logName, program string, args ...string) error {
	log, err := f.openLog(logName)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := f.command(ctx, log, program, args...).Run(); err != nil {
		return f.failure(ctx, logName, fmt.Errorf("%s: %w", program, err))
	}
	return nil
}

// failure adds the last lines of a log to an error, and the end of the context
// where that was the cause.
func (f *folder) failure(ctx context.Context, logName string, err error) error {
	if ctx.Err() != nil {
		err = fmt.Errorf("%w (%w)", err, context.Cause(ctx))
	}
	const lines = 8
	content, readErr := os.ReadFile(f.file(logName))
	text := strings.TrimSpace(string(content))
	if readErr != nil || text == "" {
		return err
	}
	tail := strings.Split(text, "\n")
	if len(tail) > lines {
		tail = tail[len(tail)-lines:]
	}
	return fmt.Errorf("%w; its log ends:\n  %s", err, strings.Join(tail, "\n  "))
}
