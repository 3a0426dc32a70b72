//go:build !unix

package sandbox

import "os/exec"

// supervise gives cmd time to end by itself when its context ends: the console
// has sent the Ctrl-C to it too. There is no other way to interrupt a process
// here.
func supervise(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return nil }
	cmd.WaitDelay = stopTime
}

// endAll does nothing: without groups of processes there is nothing to hold on
// to.
func endAll(*exec.Cmd) {}
