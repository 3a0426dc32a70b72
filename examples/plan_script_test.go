package examples_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// plan.sh tells new packages from each finding of the guide's table.
func TestThePlanScriptTellsPackagesFromFindings(t *testing.T) {
	t.Parallel()
	needs(t, "sh", "jq")
	sim := simtest.Start(t, teosim.Options{
		Lifecycle: teosim.DocumentedLifecycle(), ServiceTime: time.Date(2022, 5, 6, 12, 0, 0, 0, time.UTC), PageBase: 1,
	})
	script, err := filepath.Abs(filepath.Join("compliance", "plan.sh"))
	if err != nil {
		t.Fatal(err)
	}
	b := newBox(t, "exercise", append(simtest.Environment(sim), "PLAN="+script, "TF_INPUT=0")...)
	b.init()
	// says runs plan.sh, which has to print a line that begins with want, with the
	// status 2 if it is not one of the harmless results.
	says := func(want string) {
		t.Helper()
		harmless := want == "new packages" || want == "nothing to do"
		var out strings.Builder
		err := b.Script(t.Context(), &out, &out, `status=0; sh "$PLAN" || status=$?; echo "status $status"`)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		said := slices.ContainsFunc(lines, func(line string) bool { return line == want || strings.HasPrefix(line, want+": ") })
		if status := lines[len(lines)-1]; err != nil || !said || (status == "status 0") != harmless || !harmless && status != "status 2" {
			t.Errorf("plan.sh says, %v\n%s\nwant %s", err, &out, want)
		}
	}
	lost := func(name string, is bool) {
		sim.Update(func(c *teosim.Catalogue) {
			for i := range c.L7 {
				if c.L7[i].Name == name {
					c.L7[i].Lost = is
				}
			}
		})
	}

	says("new packages")
	const failing = "20220504-05-example.org"
	sim.Inject(teosim.Fault{Name: teosim.Forbidden403, Action: teosim.DownloadAction, Package: failing})
	b.apply()
	sim.ClearFaults()
	lost(failing, true)
	says("Packages were never archived")
	lost(failing, false)
	says("new packages")
	b.apply()
	says("nothing to do")
	dir, state := filepath.Join(b.Dir, "archive"), filepath.Join(b.Dir, "terraform.tfstate")
	older := tree(t, dir)
	sim.MoveClock(48 * time.Hour)
	says("new packages")
	b.apply()

	before, stateBefore := tree(t, dir), read(t, state)
	restore := func(files map[string]string) {
		t.Helper()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			write(t, name, text)
		}
	}
	names := slices.Sorted(maps.Keys(before))
	find := func(part string) string {
		t.Helper()
		i := slices.IndexFunc(names, func(name string) bool { return strings.Contains(filepath.ToSlash(name), part) })
		if i < 0 {
			t.Fatalf("no file %s", part)
		}
		return names[i]
	}
	remove := func(part string) func() {
		return func() {
			if err := os.Remove(find(part)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const day, entry = "dt=2022-05-05/", ".teo-archive/ledger/0000000002.json"
	payload := find(day + "bag=")
	payload = find(strings.TrimPrefix(filepath.ToSlash(filepath.Dir(payload)), filepath.ToSlash(dir)+"/") + "/data/")
	for _, test := range []struct {
		name, want string
		change     func()
	}{
		{"a missing package that EdgeOne serves", "Archived files are missing or damaged", func() {
			if err := os.Remove(payload); err != nil {
				t.Fatal(err)
			}
		}},
		{"a missing package that EdgeOne no longer serves", "Archived files are missing or damaged", func() {
			if err := os.Remove(payload); err != nil {
				t.Fatal(err)
			}
			lost(strings.TrimSuffix(filepath.Base(payload), ".log.gz"), true)
		}},
		{"a missing tag file", "Archived files are missing or damaged", remove("/bag-info.txt")},
		{"missing records", "Archived files are missing or damaged", remove(".teo-archive/records/")},
		{"an older copy", "Archive was rolled back", func() { restore(older) }},
		{"no folder", "No archive at the destination", func() { restore(nil) }},
		{"an empty folder", "No archive at the destination", func() {
			restore(nil)
			if err := os.Mkdir(dir, 0o750); err != nil {
				t.Fatal(err)
			}
		}},
		{"a damaged entry", "Ledger of the archive is damaged", func() { write(t, find(entry), "{}\n") }},
		{"a missing entry", "Ledger of the archive is damaged", remove(entry)},
		{"an erasure by another run", "Another run changed the archive", func() {
			b.write("override.tf", "resource \"teo_l7_log_archive\" \"logs\" {\n  erase = { \""+day+"\" = \"Request 17.\" }\n}\n")
			b.apply()
		}},
		{"the scope of another resource", "Another resource set the scope of the archive", func() {
			b.write("override.tf", "resource \"teo_l7_log_archive\" \"logs\" {\n  recheck_days = 4\n}\n")
			b.must("state", "rm", "teo_l7_log_archive.logs")
			b.must("import", "-input=false", "-no-color", "teo_l7_log_archive.logs", "file://"+filepath.ToSlash(dir))
			b.apply()
		}},
	} {
		test.change()
		b.write("override.tf", "")
		write(t, state, stateBefore)
		t.Log(test.name)
		says(test.want)
		restore(before)
		lost(strings.TrimSuffix(filepath.Base(payload), ".log.gz"), false)
	}
	says("nothing to do")
}

// tree reads all files of a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files[path] = read(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
