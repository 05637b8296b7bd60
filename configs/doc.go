// Package configs is Ringmaster's configuration: one struct, its defaults, its
// loader and its checks, and beside them the example file and the service unit.
//
// Values come from, in rising order: the defaults of Default, the YAML file, and
// the environment, where RINGMASTER_SIP_LISTEN stands for the key sip.listen.
// Lists of text are separated by commas there; trunks and inbound entries are
// set in the file only.
//
// # Errors
//
// An unknown key or variable, a value of the wrong type and a value that fails a
// check are each an *Error that names the key in full, where it was set (file
// and line, or variable), and the nearest known key where there is one. All of
// them are reported at once, joined.
//
// # Secrets
//
// Passwords and keys do not belong in the configuration file, which is shown
// around and checked in: they are read from files of their own (the keys that
// end in _file) or from the environment. Relative paths in the file are relative
// to the file's folder; paths from the environment to the working directory.
//
// # Concurrency
//
// The package holds no state. A Config is plain data, not safe for concurrent
// change; nothing changes it after Load.
package configs
