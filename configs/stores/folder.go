package stores

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	// folderPattern names temporary folders; sweep knows them by it.
	folderPattern = "ringmaster-stores-*"
	// keptFolder is the servers' folder below a given Options.Dir.
	keptFolder = "stores"
	// lockName is the file whose lock a folder's process holds while it lives.
	lockName = "lock"
	// socketLimit is the longest path of a unix socket: sun_path holds 108
	// bytes with the final zero on Linux, 104 elsewhere.
	socketLimit = 103
)

// folder is the place of one pair of servers, locked for its process.
type folder struct {
	path      string
	temporary bool
	as        account
	lock      *os.File
}

// openFolder makes (or opens) and locks the folder, owned by the account. An
// empty dir asks for a temporary one, in the first place that the account can
// enter and whose path is short enough for a socket.
func openFolder(dir string, as account) (*folder, error) {
	if dir != "" {
		return openGiven(dir, as)
	}
	var problems []error
	for _, place := range temporaryPlaces() {
		f, err := openTemporary(place, as)
		if err == nil {
			return f, nil
		}
		problems = append(problems, err)
	}
	return nil, fmt.Errorf("no folder for the private stores: %w", errors.Join(problems...))
}

// temporaryPlaces are where temporary folders may lie: TMPDIR first, which may
// be closed to the account or have too long a path.
func temporaryPlaces() []string {
	return []string{os.TempDir(), "/tmp", "/var/tmp"}
}

// openTemporary makes a folder below place. Another process's sweep may take
// the lock of a folder in the instant after it is made; then a new one is made.
func openTemporary(place string, as account) (*folder, error) {
	if err := as.canEnter(place); err != nil {
		return nil, err
	}
	for range 3 {
		path, err := os.MkdirTemp(place, folderPattern)
		if err != nil {
			return nil, err
		}
		f := &folder{path: path, temporary: true, as: as}
		err = f.prepare()
		if err == nil {
			return f, nil
		}
		if releaseErr := f.release(true); !errors.Is(err, errHeld) {
			return nil, errors.Join(err, releaseErr)
		}
	}
	return nil, fmt.Errorf("%s: new folders are taken away at once", place)
}

// openGiven makes the servers' folder below dir. The folder that was named keeps
// its owner and mode: it may be one that others use too.
func openGiven(dir string, as account) (*folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, keptFolder)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	if err := as.canEnter(dir); err != nil {
		return nil, fmt.Errorf("%w: choose a folder elsewhere, such as below /tmp", err)
	}
	f := &folder{path: path, as: as}
	if err := f.prepare(); err != nil {
		return nil, errors.Join(err, f.release(false))
	}
	return f, nil
}

// prepare takes the lock and gives the folder to the account.
func (f *folder) prepare() error {
	if longest := filepath.Join(f.path, postgresSocket); len(longest) > socketLimit {
		return fmt.Errorf("%s is too long a path for a unix socket (%d bytes, %d at most): choose a shorter one",
			f.path, len(longest), socketLimit)
	}
	lock, err := takeLock(f.path)
	if err != nil {
		return err
	}
	f.lock = lock
	if err := f.as.own(f.path); err != nil {
		return err
	}
	return os.Chmod(f.path, 0o700)
}

// errHeld says that a living process holds the folder.
var errHeld = errors.New("in use")

// takeLock locks a folder, with the process id in the lock file for a human
// reader. It fails with errHeld while another process holds it. The kernel gives
// the lock free when the process ends, however it ends.
func takeLock(path string) (*os.File, error) {
	name := filepath.Join(path, lockName)
	lock, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(name) // only the message needs it
		closeErr := lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errHeld
		}
		return nil, errors.Join(fmt.Errorf("folder %s of process %s: %w", path, strings.TrimSpace(string(holder)), err), closeErr)
	}
	if err := lock.Truncate(0); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// freeLock gives the lock free at once, also while a process that is just being
// started still has a copy of the open file.
func freeLock(lock *os.File) error {
	return errors.Join(syscall.Flock(int(lock.Fd()), syscall.LOCK_UN), lock.Close())
}

// release removes a temporary folder (only when remove is set) and then gives
// the lock free. A nil folder has nothing to release.
func (f *folder) release(remove bool) error {
	if f == nil {
		return nil
	}
	var err error
	if f.temporary && remove {
		err = os.RemoveAll(f.path)
	}
	if f.lock != nil {
		err = errors.Join(err, freeLock(f.lock))
	}
	return err
}

// file is the path of a file in the folder.
func (f *folder) file(name string) string { return filepath.Join(f.path, name) }
