package examples_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// lose makes the packages of a name disappear from the list, of both areas. The
// traffic remains.
func lose(sim *teosim.Sim, name string) {
	sim.Update(func(c *teosim.Catalogue) {
		for i := range c.L7 {
			c.L7[i].Lost = c.L7[i].Lost || c.L7[i].Name == name
		}
	})
}

// The script passes while nothing is missing. Then it fails and prints the hour.
func TestLogCoverageFailsAPipeline(t *testing.T) {
	t.Parallel()
	needs(t, "sh", "jq")
	sim, env := simulator(t)
	b := newBox(t, "patterns/log-coverage", env...)
	b.init()
	if out := b.script("sh check.sh"); strings.Contains(out, "Warning:") {
		t.Errorf("a warning:\n%s", out)
	}
	lose(sim, "20260504-03-www.example.com")
	var out, problems bytes.Buffer
	err := b.Script(t.Context(), &out, &problems, "sh check.sh")
	want := `Hours with requests, but no log package: {"www.example.com":["2026-05-04T03:00:00Z"]}. Hours that the analytics could not answer: 0.` + "\n"
	if err == nil || problems.String() != want {
		t.Errorf("%v\n%s\nwant %s\n%s", err, &problems, want, &out)
	}
	if text := plain(out.String()); !strings.Contains(text, "Warning: Check block assertion failed") || !strings.Contains(text, "| www.example.com | 960 | 23 | 1 |") {
		t.Errorf("it said:\n%s", text)
	}
}
