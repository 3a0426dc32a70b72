package examples_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Conditions stop the run; a check only warns.
func TestCompletenessFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, env := simulator(t)
	b := newBox(t, "patterns/completeness", env...)
	b.init()
	for _, test := range []struct{ name, variable, says string }{
		{"too early", "end_time=" + time.Now().UTC().Format(time.RFC3339), "Error: Resource precondition failed"},
		{"nothing", "end_time=2026-04-30T00:00:00Z", "Error: "},
		{"a domain", `domains=["www.example.com","img.example.com"]`, "Domains without any package: img.example.com."},
	} {
		if out, err := b.run("plan", "-input=false", "-no-color", "-var", test.variable); err == nil || !strings.Contains(out, test.says) {
			t.Errorf("%s: %v\n%s", test.name, err, out)
		}
	}
	out := b.must("plan", "-input=false", "-no-color", "-var", `domains=["quiet.example.com"]`)
	if !strings.Contains(out, "Warning: Check block assertion failed") || !strings.Contains(out, `{"quiet.example.com":["2026-05-04T01:00:00Z",`) {
		t.Errorf("gaps are not warned of:\n%s", out)
	}
}

// Only a package that grew is downloaded again.
func TestOnlyAPackageThatGrewIsDownloadedAgain(t *testing.T) {
	t.Parallel()
	needsEphemeral(t)
	needs(t, "curl", "gzip", "sh")
	sim, env := simulator(t)
	b := newBox(t, "patterns/ephemeral-download", env...)
	b.init()
	b.apply()
	files, err := filepath.Glob(filepath.Join(b.Dir, "packages", "*", "*", "*.log.gz"))
	if err != nil || len(files) != 7 {
		t.Fatalf("%d files were downloaded (%v), want 7", len(files), err)
	}
	signature := regexp.MustCompile(`(?i)https?://[^"]+\.log\.gz|sign=|signature`)
	state, err := os.ReadFile(filepath.Join(b.Dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	if leak := signature.Find(state); leak != nil {
		t.Errorf("the state holds %s", leak)
	}

	sim.ResetCounters()
	b.apply()
	if again := len(sim.Downloads()); again != 0 {
		t.Errorf("a second apply downloaded %d packages", again)
	}

	grow(sim, "20260504-03-api.example.com")
	out := b.apply()
	if again := sim.Downloads(); len(again) != 1 || again[0].Name != "20260504-03-api.example.com" {
		t.Errorf("downloaded %+v, want the package that grew", again)
	}
	if !strings.Contains(out, "1 added, 0 changed, 1 destroyed") || signature.MatchString(out) {
		t.Errorf("the output is:\n%s", out)
	}
}

func TestForEachPackageFollowsGrowth(t *testing.T) {
	t.Parallel()
	sim, env := simulator(t)
	b := newBox(t, "patterns/for-each-package", env...)
	b.init()
	b.apply()
	grow(sim, "20260504-01-www.example.com") // of one area, the other stays
	if out := b.must("plan", "-input=false", "-no-color"); !strings.Contains(out, "1 to add, 0 to change, 1 to destroy") {
		t.Errorf("the plan is:\n%s", out)
	}
}

func TestSuiteWithMocksNeedsNoService(t *testing.T) {
	t.Parallel()
	b := newBox(t, "patterns/terraform-test")
	b.init()
	if out := b.must("test", "-no-color", "-filter=tests/mock.tftest.hcl"); !strings.Contains(out, "Success! 2 passed, 0 failed.") {
		t.Errorf("the output is:\n%s", out)
	}
}

func TestSuiteOnTheSimulator(t *testing.T) {
	t.Parallel()
	sim, env := simulator(t)
	b := newBox(t, "patterns/terraform-test", env...)
	b.init()
	if out := b.must("test", "-no-color"); !strings.Contains(out, "Success! 3 passed, 0 failed.") {
		t.Errorf("the output is:\n%s", out)
	}
	if len(answered(sim)) == 0 {
		t.Error("the simulator was not asked")
	}
}

// The scripts call terraform, as their users do.
func TestScriptsOfExamplesWork(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	t.Run("scheduled-export", func(t *testing.T) {
		t.Parallel()
		_, env := simulator(t)
		b := newBox(t, "patterns/scheduled-export", env...)
		if out := b.script("sh export.sh"); strings.Contains(out, "-www.example.com") {
			t.Errorf("it prints the list:\n%s", out)
		}
		files, err := filepath.Glob(filepath.Join(b.Dir, "edgeone-20??-??-??.jsonl"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v; want one export", files, err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		rows := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if len(rows) != 84 {
			t.Errorf("%d lines, want 84", len(rows))
		}
		var row struct {
			Name string `json:"log_packet_name"`
		}
		if err := json.Unmarshal([]byte(rows[0]), &row); err != nil || row.Name == "" {
			t.Errorf("the first line is %s (%v)", rows[0], err)
		}
	})
	t.Run("json-output", func(t *testing.T) {
		t.Parallel()
		needs(t, "jq")
		_, env := simulator(t)
		b := newBox(t, "patterns/json-output", env...)
		b.init()
		b.apply()
		out := b.script("sh report.sh")
		if !regexp.MustCompile(`^api\.example\.com 24 \d+ quiet\.example\.com 12 \d+ www\.example\.com 48 \d+$`).MatchString(out) {
			t.Errorf("the output is %q", out)
		}
	})
}

// The guide to large accounts says that -refresh=false saves no request of a data
// source.
func TestRefreshFalseStillReadsDataSources(t *testing.T) {
	t.Parallel()
	sim, env := simulator(t)
	b := newBox(t, "patterns/json-output", env...)
	b.init()
	b.apply()
	sim.ResetCounters()
	b.must("plan", "-input=false", "-no-color", "-refresh=false")
	if n := sim.Count("", ""); n == 0 {
		t.Error("no request was sent: the guide is wrong")
	}
}

func needs(t *testing.T, commands ...string) {
	t.Helper()
	for _, command := range commands {
		if _, err := exec.LookPath(command); err != nil {
			t.Skipf("%s is not on PATH", command)
		}
	}
}
