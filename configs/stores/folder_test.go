package stores

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stranger is an account that owns nothing in a test.
func stranger() account { return account{name: "stranger", uid: 61234, gid: 61234, switched: true} }

// self is the account of the test process.
func self() account { return account{name: "self", uid: os.Geteuid(), gid: os.Getegid()} }

func TestClosedFolderIsNamed(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	closed := filepath.Join(dir, "closed")
	below := filepath.Join(closed, "a", "b")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := stranger().canEnter(below); err != nil {
		t.Errorf("an open folder: %v", err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	err := stranger().canEnter(below)
	if err == nil || !strings.Contains(err.Error(), "may not enter "+closed+" ") || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("error %v", err)
	}
	if _, err := openFolder(below, stranger()); err == nil || !strings.Contains(err.Error(), "choose a folder elsewhere") {
		t.Errorf("openFolder: %v", err)
	}
}

func TestTemporaryFolderAvoidsBadPlaces(t *testing.T) {
	dir := openDir(t)
	long := filepath.Join(dir, strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	f, err := openFolder("", self())
	if err != nil {
		t.Fatal(err)
	}
	if len(f.file(postgresSocket)) > socketLimit {
		t.Errorf("%s is too long for a socket", f.path)
	}
	if left, err := os.ReadDir(long); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if err := f.release(true); err != nil || exists(f.path) {
		t.Errorf("release: %v", err)
	}
	if _, err := openFolder(long, self()); err == nil || !strings.Contains(err.Error(), "too long a path") {
		t.Errorf("a given folder with too long a path: %v", err)
	}
}

func TestSweep(t *testing.T) {
	dir := openDir(t)
	t.Setenv("TMPDIR", dir)
	folderAt := func(name string, age time.Duration, locked bool) string {
		path := filepath.Join(dir, strings.Replace(folderPattern, "*", name, 1))
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if locked {
			if err := os.WriteFile(filepath.Join(path, lockName), []byte("1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dead, ancient := folderAt("dead", 0, true), folderAt("ancient", time.Hour, false)
	young, held := folderAt("young", 0, false), folderAt("held", time.Hour, false)
	lock, err := takeLock(held)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	link := filepath.Join(dir, strings.Replace(folderPattern, "*", "link", 1))
	if err := os.Symlink(openDir(t), link); err != nil {
		t.Fatal(err)
	}

	var warnings strings.Builder
	sweep(t.Context(), slog.New(slog.NewTextHandler(&warnings, &slog.HandlerOptions{Level: slog.LevelWarn})), programs{}, self())
	if strings.Contains(warnings.String(), dir) {
		t.Errorf("a folder in use is nothing to warn of: %s", &warnings)
	}

	for path, want := range map[string]bool{dead: false, ancient: false, young: true, held: true, link: true} {
		if exists(path) != want {
			t.Errorf("%s: exists %v, want %v", path, !want, want)
		}
	}
}

func TestSweepLeavesOthersFolders(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	if err := os.WriteFile(filepath.Join(dir, lockName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !sweepable(dir, self()) {
		t.Error("an own folder is left")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	if err := os.Chown(dir, 61234, 61234); err != nil {
		t.Fatal(err)
	}
	if sweepable(dir, self()) {
		t.Error("somebody else's folder is swept")
	}
}

func TestLockIsExclusive(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	lock, err := takeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := takeLock(dir); !errors.Is(err, errHeld) {
		t.Errorf("second lock: %v", err)
	}
	if err := freeLock(lock); err != nil {
		t.Fatal(err)
	}
	again, err := takeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
