// Package stores runs a private PostgreSQL and a private Redis for the demo and
// for tests, on unix sockets in a folder of their own.
//
// # Purpose
//
// RINGMASTER_DATABASE_URL and RINGMASTER_REDIS_URL, where set, are used as they
// are. What they leave open is started from the programs found on the machine:
// Options.PGBin, pg_config --bindir, PATH, the usual folders (newest first).
// Nothing is downloaded; a missing program is a MissingError that holds the
// exact command to install it. Started by root, the servers run as an
// unprivileged user, because PostgreSQL refuses to run as root.
//
// # Lifetime
//
// The servers end with Close, or with their parent: on Linux the kernel signals
// them when it dies (Pdeathsig), on other systems the next Start does. A folder
// is held by a file lock for as long as its process lives, so that the next
// Start knows by the kernel's word, not by a process id that may have been used
// again, which folders nobody holds; it stops what still runs in them and
// removes them.
//
// With Options.Keep the servers are daemons: they outlive this process and even
// its death by SIGKILL, and the next Start on the same folder finds them running
// or starts them again on the same data. Redis keeps no data on disk at all;
// it is rebuilt from PostgreSQL.
//
// # Concurrency and shutdown
//
// Both servers start at the same time. Each server that is not kept has one
// goroutine, on an operating-system thread of its own (Pdeathsig fires when the
// thread that forked ends), which ends with the server; Close waits for both.
// Methods of Stores may be called from any goroutine.
//
// Unix systems only.
package stores
