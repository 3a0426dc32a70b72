package main

import (
	"os/exec"
	"runtime"
	"testing"
)

func TestAQuotedTextIsOneWordOfTheShell(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell")
	}
	for _, value := range []string{"/usr/bin/terraform", "/a b/$(id)/`id`", `it's "here"\`, ""} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "X="+quote(value)+`; printf %s "$X"`).Output()
		if err != nil || string(out) != value {
			t.Errorf("%q came back as %q, %v", value, out, err)
		}
	}
}
