package stores

import "syscall"

// setLastWill has the kernel send the signal to the child when this process
// dies, however it dies.
func setLastWill(attr *syscall.SysProcAttr, signal syscall.Signal) {
	attr.Pdeathsig = signal
}
