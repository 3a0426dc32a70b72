package archive

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 120, func(g *teosim.GenerateOptions) { g.Members, g.LinesPerMember = 3, 7 })
	store, dir := newFolderStore(t)
	a := w.archive(store, nil)
	if _, err := a.Inspect(t.Context()); !errors.Is(err, ErrNoArchive) {
		t.Errorf("before the first run: %v", err)
	}
	s := w.run(a)
	files := onDisk(t, dir)
	checkBags(t, files)
	if s.PackageCount != 120 || s.PendingCount != 0 || len(s.Bags) != 3 {
		t.Errorf("%+v", s)
	}
	if got, want := slices.Sorted(maps.Keys(s.Bags)), []string{"2022-05-01", "2022-05-02", "2022-05-03"}; !slices.Equal(got, want) {
		t.Errorf("days %v", got)
	}
	var total int64
	for day, bag := range s.Bags {
		total += bag.TotalBytes
		if bag.Path != "dt="+day+"/" || bag.ManifestSHA256 != hashOf([]byte(files[bag.Path+"manifest-sha256.txt"])) {
			t.Errorf("%s: %+v", day, bag)
		}
	}
	if total != s.TotalBytes {
		t.Errorf("total %d, want %d", s.TotalBytes, total)
	}
	want := "dt=2022-05-01/data/domain=www0.site0.example/area=mainland/hour=03/20220501-03-www0.site0.example.log.gz"
	if files[want] == "" {
		t.Errorf("%s is missing; there are %v", want, keysUnder(files, "dt=2022-05-01/data/")[:3])
	}
	line, _, _ := strings.Cut(files["dt=2022-05-01/packages.jsonl"], "\n")
	var fields map[string]any
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{
		"layer": "l7", "domain": "www0.site0.example", "area": "mainland", "log_packet_name": "20220501-00-www0.site0.example",
		"log_start_time": "2022-05-01T00:00:00Z", "log_end_time": "2022-05-01T01:00:00Z", "lines": 21.0, "gzip_members": 3.0,
		"path": "data/domain=www0.site0.example/area=mainland/hour=00/20220501-00-www0.site0.example.log.gz",
	} {
		if fields[name] != value {
			t.Errorf("%s is %v, want %v", name, fields[name], value)
		}
	}
	if fields["size"] != fields["uncompressed_bytes"] || fields["source_host"] == "" || fields["request_id"] == "" {
		t.Errorf("%v", fields)
	}
	for key, text := range files {
		if strings.Contains(text, "?") && !strings.Contains(key, "/data/") {
			t.Errorf("%s holds the query of a URL", key)
		}
	}
	if n := w.downloads(); n != 120 {
		t.Errorf("%d downloads", n)
	}

	// A second run, and a third by a new process, find nothing to do.
	before := files
	for range 2 {
		w.run(w.archive(store, nil))
	}
	if after := onDisk(t, dir); !maps.Equal(before, after) {
		t.Error("a run without work has changed files")
	}
	if n := w.downloads(); n != 0 {
		t.Errorf("%d downloads in a run without work", n)
	}
	r, err := a.Inspect(t.Context())
	if err != nil || len(r.Problems) > 0 || r.Summary.PackageCount != 120 {
		t.Errorf("%+v, %v", r, err)
	}
	p, err := a.Plan(t.Context(), w.listed())
	if err != nil || !p.Empty() || p.Kept != 120 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestSha256sumAgrees(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("sha256sum is not on PATH")
	}
	w := newWorld(t, 4, nil)
	w.sim.Update(func(c *teosim.Catalogue) { c.L7[0].Name = "20220501-00-100% \\ odd\n.example" })
	store, dir := newFolderStore(t)
	w.run(w.archive(store, nil))
	bag := filepath.Join(dir, "dt=2022-05-01")
	for _, name := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
		cmd := exec.CommandContext(t.Context(), tool, "--strict", "-c", name)
		cmd.Dir = bag
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	// The same tool finds one changed bit.
	path := filepath.Join(dir, keysUnder(onDisk(t, dir), "dt=2022-05-01/data/")[0])
	data, _ := os.ReadFile(path)
	data[len(data)/2] ^= 1
	write(t, path, string(data))
	cmd := exec.CommandContext(t.Context(), tool, "--strict", "-c", "manifest-sha256.txt")
	cmd.Dir = bag
	if cmd.Run() == nil {
		t.Error("a changed bit was not found")
	}
}

func TestPendingIsArchivedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 96, nil) // 48 hours
	store, _ := newFolderStore(t)
	w.now = time.Date(2022, 5, 2, 12, 0, 0, 0, time.UTC)
	s := w.run(w.archive(store, nil))
	// A package is stable 24 hours after its end; the clock has gone on a little.
	if s.PackageCount != 24 || s.PendingCount != 72 {
		t.Errorf("%+v", s)
	}
	checkBags(t, contents(t, store))
	r, err := Restore(t.Context(), store)
	if err != nil || r.Summary.PendingCount != 72 || r.StableAfter != 24*time.Hour || r.Scope.String() != may().String() {
		t.Errorf("%+v, %v", r, err)
	}
	w.now = time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
	if s = w.run(w.archive(store, nil)); s.PackageCount != 96 || s.PendingCount != 0 {
		t.Errorf("%+v", s)
	}
	checkBags(t, contents(t, store))
	if n := w.downloads(); n != 96 {
		t.Errorf("%d downloads", n)
	}
}

func TestGrownIsArchivedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 96, nil)
	store, _ := newFolderStore(t)
	w.run(w.archive(store, nil))
	key := "dt=2022-05-01/data/domain=www0.site0.example/area=mainland/hour=00/20220501-00-www0.site0.example.log.gz"
	before := contents(t, store)
	w.sim.Update(func(c *teosim.Catalogue) { c.L7[0].Members = 2 })
	w.downloads()
	p, err := w.archive(store, nil).Plan(t.Context(), w.listed())
	if err != nil || p.Grown != 1 || p.New+p.Mended != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	w.run(w.archive(store, nil))
	after := contents(t, store)
	checkBags(t, after)
	if n := w.downloads(); n != 1 {
		t.Errorf("%d downloads", n)
	}
	if !strings.HasPrefix(after[key], before[key]) || len(after[key]) <= len(before[key]) {
		t.Error("the package has not grown")
	}
	if !strings.Contains(after["dt=2022-05-01/packages.jsonl"], `"supersedes":["`+hashOf([]byte(before[key]))+`"]`) {
		t.Error("the old hash is lost")
	}
	if left := keysUnder(after, incomingFolder); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	// The payload of the second day is as it was; its chain is not.
	for _, k := range keysUnder(before, "dt=2022-05-02/data/") {
		if before[k] != after[k] {
			t.Errorf("%s has changed", k)
		}
	}
}

func TestExpiredStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, nil)
	store, _ := newFolderStore(t)
	w.run(w.archive(store, nil))
	before := contents(t, store)
	s, err := w.archive(store, nil).Run(t.Context(), nil)
	if err != nil || s.PackageCount != 4 {
		t.Errorf("%+v, %v", s, err)
	}
	if !maps.Equal(before, contents(t, store)) {
		t.Error("files have changed")
	}
}

func TestEmptyWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, nil)
	store, dir := newFolderStore(t)
	s, err := w.archive(store, nil).Run(t.Context(), nil)
	if err != nil || s.PackageCount != 0 || len(s.Bags) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if keys := keysUnder(onDisk(t, dir), "dt="); len(keys) > 0 {
		t.Errorf("%v", keys)
	}
	if r, err := w.archive(store, nil).Inspect(t.Context()); err != nil || len(r.Problems) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 96, nil)
	store, dir := newFolderStore(t)
	w.run(w.archive(store, nil))
	write(t, filepath.Join(dir, "dt=2022-05-01", "notes.txt"), "mine")
	write(t, filepath.Join(dir, "readme.txt"), "mine")
	write(t, filepath.Join(dir, "dt=2021-01-01", "part.parquet"), "mine")
	left, err := w.archive(store, nil).Delete(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"dt=2021-01-01/part.parquet", "dt=2022-05-01/notes.txt"}; !slices.Equal(left, want) {
		t.Errorf("left %v", left)
	}
	if got := slices.Sorted(maps.Keys(onDisk(t, dir))); len(got) != 3 {
		t.Errorf("there are %v", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "dt=2022-05-02")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder of an empty bag is still there")
	}
	if left, err = w.archive(store, nil).Delete(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("again: %v, %v", left, err)
	}
}
