//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// supervise interrupts cmd when its context ends.
//
// cmd gets a process group of its own, so that the Ctrl-C of a terminal does not
// reach it as a second interrupt. After two, Terraform exits at once and can
// leave its provider running.
func supervise(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = stopTime
}

// endAll kills what remains of cmd and of the processes that it has started.
func endAll(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
