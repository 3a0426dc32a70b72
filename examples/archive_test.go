package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// The command in import.sh restores the whole state.
func TestArchiveIsImported(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	sim, env := simulator(t)
	b := newBox(t, "resources/teo_l7_log_archive", env...)
	b.complete()
	dir := t.TempDir()
	b.write("override.tf", archiveBlock("teo_l7_log_archive", "logs", dir))
	b.init()
	b.apply()
	before := b.outputs()
	sim.ResetCounters()

	b.must("state", "rm", "teo_l7_log_archive.logs")
	command, err := os.ReadFile(filepath.Join(b.Dir, "import.sh"))
	if err != nil {
		t.Fatal(err)
	}
	start, end := strings.Index(string(command), "'cos://"), strings.LastIndex(string(command), "'")
	if start < 0 || end <= start {
		t.Fatalf("no destination in %s", command)
	}
	b.script(string(command[:start]) + "'file://" + dir + string(command[end:]))
	b.must("apply", "-input=false", "-no-color", "-auto-approve")
	after := b.outputs()
	for _, outputs := range []map[string]any{before, after} {
		delete(outputs["archived"].(map[string]any), "pending") // only a run knows it
	}
	if len(sim.Downloads()) > 0 || !reflect.DeepEqual(before, after) {
		t.Errorf("%d downloads, outputs %v, before %v", len(sim.Downloads()), after, before)
	}
}

// What is erased is gone, is named by the ledger, and does not come back.
func TestRetentionErases(t *testing.T) {
	t.Parallel()
	sim, env := simulator(t)
	dir := t.TempDir()
	b := newBox(t, "patterns/retention", append(env, archiveIn(dir)...)...)
	b.init()
	b.apply()
	find := func() []string {
		found, err := filepath.Glob(filepath.Join(dir, "dt=*", "bag=*", "data", "domain=www.example.com", "*", "*", "*.log.gz"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	before := find()
	if len(before) == 0 {
		t.Fatal("there is nothing to erase")
	}
	day, _, _ := strings.Cut(strings.TrimPrefix(filepath.ToSlash(before[0]), filepath.ToSlash(dir)+"/"), "/")
	b.write("requests.auto.tfvars", fmt.Sprintf("erase = {\n  %q = \"Request 17 of a person.\"\n}\n", day+"/domain=www.example.com/"))
	sim.ResetCounters()
	b.apply()
	retention, _ := b.outputs()["retention"].(map[string]any)
	if erased := len(before) - len(find()); erased == 0 || retention["erased"] != float64(erased) || retention["locked"] != 0.0 || len(sim.Downloads()) > 0 {
		t.Errorf("%d of %d files are gone, %d downloads, the output is %v", erased, len(before), len(sim.Downloads()), retention)
	}
	b.must("plan", "-input=false", "-no-color", "-detailed-exitcode")
}

// verify.sh accepts an archive, and not a changed one.
func TestArchiveIsVerified(t *testing.T) {
	t.Parallel()
	needs(t, "sh", "sha256sum")
	_, env := simulator(t)
	dir := t.TempDir()
	b := newBox(t, "compliance", append(env, archiveIn(dir)...)...)
	b.init()
	b.apply()
	out := b.script(`sh verify.sh "$ARCHIVE"`)
	if !strings.Contains(out, "valid: ") {
		t.Fatalf("it said %q", out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "dt=*", "bag=*", "data", "*", "*", "*", "*.log.gz"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	tablesFind(t, b, dir, files)
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

// tablesFind checks that athena.sql refers to the paths of an archive. Athena and
// Trino themselves are not run.
func tablesFind(t *testing.T, b box, dir string, files []string) {
	t.Helper()
	ddl, err := os.ReadFile(filepath.Join(b.Dir, "athena.sql"))
	if err != nil {
		t.Fatal(err)
	}
	_, template, _ := strings.Cut(string(ddl), "'storage.location.template' = 's3://logs/edgeone/")
	template, _, _ = strings.Cut(template, "'")
	for _, file := range files {
		relative, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		key := filepath.ToSlash(relative)
		day, _, _ := strings.Cut(strings.TrimPrefix(key, "dt="), "/")
		if folder := os.Expand(template, func(string) string { return day }); folder != "dt="+day+"/" || !strings.HasPrefix(key, folder) {
			t.Fatalf("athena.sql looks into %q for %q", folder, key)
		}
	}
}
