package stores

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// newFolderAge protects a folder that its process has made but not locked yet.
const newFolderAge = time.Minute

// sweep removes the temporary folders whose process died, and ends what still
// runs in them. What cannot be removed is logged and left for the next time.
func sweep(ctx context.Context, log *slog.Logger, found programs, as account) {
	places := temporaryPlaces()
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		paths, _ := filepath.Glob(filepath.Join(place, folderPattern)) // a constant, well-formed pattern
		for _, path := range paths {
			if !sweepable(path, as) {
				continue
			}
			switch err := sweepFolder(ctx, path, found, as); {
			case errors.Is(err, errHeld):
			case err != nil:
				log.Warn("left-over private stores could not be removed", "dir", path, "error", err)
			default:
				log.Info("left-over private stores removed", "dir", path)
			}
		}
	}
}

// sweepable tells whether the path is a folder, not a link, that this user or
// the servers' account owns (anybody may make folders of that name in /tmp) and
// that has a lock or is too old to be still waiting for one.
func sweepable(path string, as account) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != as.uid && int(stat.Uid) != os.Geteuid() {
		return false
	}
	return exists(filepath.Join(path, lockName)) || time.Since(info.ModTime()) > newFolderAge
}

// sweepFolder takes the folder over, stops its servers and removes it. It fails
// with errHeld when the folder's process lives.
func sweepFolder(ctx context.Context, path string, found programs, as account) error {
	lock, err := takeLock(path)
	if err != nil {
		return err
	}
	f := &folder{path: path, temporary: true, as: as, lock: lock}
	db := &postgres{bin: found.pgBin, folder: f}
	if exists(f.file(postgresSocket)) {
		if found.pgBin == "" {
			return errors.Join(errors.New("PostgreSQL's programs are needed to stop it"), f.release(false))
		}
		if db.answer(ctx) != absent {
			if err := db.control(ctx, "immediate"); err != nil {
				return errors.Join(err, f.release(false))
			}
		}
	}
	return errors.Join((&redis{folder: f}).stop(ctx), f.release(true))
}
