//go:build !linux

package stores

import "syscall"

// setLastWill does nothing where the kernel cannot do it: the next Start sweeps.
func setLastWill(*syscall.SysProcAttr, syscall.Signal) {}
