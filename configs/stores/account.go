package stores

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// accounts are tried in this order when the process is root's: the one that
// PostgreSQL's packages make, then the one that every system has.
var accounts = [...]string{"postgres", "nobody"}

// account is the user that the servers run as.
type account struct {
	name     string
	uid, gid int
	// switched tells that it is another user than this process's.
	switched bool
}

// unprivileged is the current user, or for root the first of accounts.
func unprivileged() (account, error) {
	if os.Geteuid() != 0 {
		return account{name: strconv.Itoa(os.Geteuid()), uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range accounts {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr != nil || gidErr != nil || uid == 0 {
			continue
		}
		return account{name: name, uid: uid, gid: gid, switched: true}, nil
	}
	return account{}, errors.New("PostgreSQL refuses to run as root and neither user postgres nor nobody exists: start as another user")
}

// credential is what a child process needs to run as the account; nil: nothing.
func (a account) credential() *syscall.Credential {
	if !a.switched {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// own gives the file to the account.
func (a account) own(path string) error {
	if !a.switched {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// canEnter checks that the account may pass every folder down to path. The
// error names the folder that is closed, such as /root for anything below it.
func (a account) canEnter(path string) error {
	if !a.switched {
		return nil
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for folder := path; ; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		if err != nil {
			return err
		}
		if !a.passes(info) {
			return fmt.Errorf("user %s, which runs the private stores, may not enter %s (mode %v)", a.name, folder, info.Mode().Perm())
		}
		if folder == filepath.Dir(folder) {
			return nil
		}
	}
}

// passes tells whether the folder's mode lets the account through.
func (a account) passes(info os.FileInfo) bool {
	mode := info.Mode().Perm()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		switch {
		case int(stat.Uid) == a.uid:
			return mode&0o100 != 0
		case int(stat.Gid) == a.gid:
			return mode&0o010 != 0
		}
	}
	return mode&0o001 != 0
}
