//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// supervise makes the end of cmd's context an interrupt, followed by the end
// of everything that cmd started.
//
// A group of its own keeps the Ctrl-C of a terminal from cmd, which would be a
// second interrupt: Terraform then ends at once, and can leave its provider
// behind.
func supervise(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = stopTime
}

// endAll kills what is left of cmd and of everything that it started.
func endAll(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
