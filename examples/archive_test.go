package examples_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// The command in import.sh brings the whole state back.
func TestArchiveIsImported(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	sim, env := simulator(t)
	b := newBox(t, "resources/teo_l7_log_archive", env...)
	b.complete()
	dir := t.TempDir()
	b.write("override.tf", archiveOverride(dir))
	b.init()
	b.apply()
	before := b.outputs()
	sim.ResetCounters()

	b.must("state", "rm", "teo_l7_log_archive.may")
	command, err := os.ReadFile(filepath.Join(b.Dir, "import.sh"))
	if err != nil {
		t.Fatal(err)
	}
	start, end := strings.Index(string(command), "'s3://"), strings.LastIndex(string(command), "'")
	if start < 0 || end <= start {
		t.Fatalf("no destination in %s", command)
	}
	b.script(string(command[:start]) + "'file://" + dir + string(command[end:]))
	b.must("apply", "-input=false", "-no-color", "-auto-approve")
	if after := b.outputs(); len(sim.Downloads()) > 0 || !reflect.DeepEqual(before, after) {
		t.Errorf("%d downloads, outputs %v, before %v", len(sim.Downloads()), after, before)
	}
}

// verify.sh accepts what was archived, and nothing else.
func TestArchiveIsVerified(t *testing.T) {
	t.Parallel()
	needs(t, "sh", "sha256sum")
	_, env := simulator(t)
	dir := t.TempDir()
	b := newBox(t, "compliance", append(env, archiveIn(dir)...)...)
	b.init()
	b.apply()
	out := b.script(`sh verify.sh "$ARCHIVE"`)
	if !strings.Contains(out, "packages are as they were archived") {
		t.Fatalf("it said %q", out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "edgeone", "*", "dt=*", "data", "*", "*", "*", "*.log.gz"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(files[0], content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Script(t.Context(), t.Output(), t.Output(), `sh verify.sh "$ARCHIVE"`); err == nil {
		t.Errorf("a changed file passes")
	}
}
