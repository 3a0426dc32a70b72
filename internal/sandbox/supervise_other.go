//go:build !unix

package sandbox

import "os/exec"

// supervise lets cmd finish by itself when its context ends. The console has sent
// the Ctrl-C to it as well, and there is no other way to interrupt a process on
// this system.
func supervise(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return nil }
	cmd.WaitDelay = stopTime
}

// endAll does nothing, because there are no process groups on this system.
func endAll(*exec.Cmd) {}
