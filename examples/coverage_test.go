package examples_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// archiveOfMay archives May 2026 into a folder and returns its destination.
func archiveOfMay(t *testing.T, env []string) string {
	t.Helper()
	b := newBox(t, "resources/teo_l7_log_archive", env...)
	b.complete()
	destination := "file://" + filepath.ToSlash(t.TempDir())
	b.write("override.tf", "resource \"teo_l7_log_archive\" \"logs\" {\n  destination = \""+destination+"\"\n}\n")
	b.init()
	b.apply()
	return destination
}

// The report is of the archive, also after EdgeOne has deleted the packages.
func TestMonthlyReportOfAnArchive(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	sim, env := simulator(t)
	lose(sim, "20260505-07-api.example.com")
	destination := archiveOfMay(t, env)
	for n := range 72 {
		lose(sim, time.Date(2026, 5, 4, n, 0, 0, 0, time.UTC).Format("20060102-15")+"-www.example.com")
	}
	b := newBox(t, "patterns/coverage-report", append(env, "TF_VAR_archive="+destination)...)
	b.init()
	b.apply()
	summary := b.outputs()["summary"].(map[string]any)
	// Three days of www and api, and every other hour of quiet.
	if summary["archived"] != 72+71+36.0 || summary["missing"] != 1.0 || summary["complete"] != false {
		t.Errorf("the summary is %v", summary)
	}
	b.script("terraform output -raw report >report.html")
	report, err := os.ReadFile(filepath.Join(b.Dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<!DOCTYPE html>", "2026-05-01 to 2026-05-31 (UTC)", "1 hour with traffic has no log package.", "api.example.com, 2026-05-05 07:00 to 08:00 UTC: missing"} {
		if !strings.Contains(string(report), want) {
			t.Errorf("the report does not contain %q", want)
		}
	}
}

// The compliance example warns about requests that are not in the archive.
func TestComplianceComparesTheArchive(t *testing.T) {
	t.Parallel()
	sim, env := simulator(t)
	lost := time.Now().UTC().Truncate(time.Hour).Add(-73 * time.Hour) // before the first package
	b := newBox(t, "compliance", append(env, archiveIn(t.TempDir())...)...)
	b.init()
	if out := b.apply(); strings.Contains(out, "Check block assertion failed") {
		t.Errorf("the check fails:\n%s", out)
	}
	sim.Update(func(c *teosim.Catalogue) {
		p := hour(c.Zones[len(c.Zones)-1], "www.example.com", "mainland", lost)
		p.Lost = true
		c.L7 = append(c.L7, p)
	})
	out := b.apply()
	want := `Hours with requests that are not in the archive: {"www.example.com":["` + lost.Format(time.RFC3339) + `"]}.`
	if !strings.Contains(out, want) {
		t.Errorf("without %s:\n%s", want, out)
	}
}
