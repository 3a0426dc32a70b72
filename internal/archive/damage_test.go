package archive

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// TestDamage breaks an archive in one way each, and wants it found by Inspect
// and mended by Run with exactly the downloads that are needed.
func TestDamage(t *testing.T) {
	t.Parallel()
	const (
		bag = "dt=2022-05-01/"
		pkg = bag + "data/domain=www0.site0.example/area=mainland/hour=03/20220501-03-www0.site0.example.log.gz"
	)
	cut := func(dir, key string) {
		data, _ := os.ReadFile(filepath.Join(dir, key))
		_ = os.WriteFile(filepath.Join(dir, key), data[:len(data)/2], 0o600)
	}
	edit := func(dir, key, old, replacement string) {
		data, _ := os.ReadFile(filepath.Join(dir, key))
		_ = os.WriteFile(filepath.Join(dir, key), []byte(strings.Replace(string(data), old, replacement, 1)), 0o600)
	}
	remove := func(dir, key string) { _ = os.RemoveAll(filepath.Join(dir, key)) }
	tests := map[string]struct {
		do        func(dir string)
		want      []string // of what Inspect finds
		downloads int
		fault     string // what Run says
	}{
		"a package is missing":    {do: func(dir string) { remove(dir, pkg) }, want: []string{"missing " + pkg}, downloads: 1},
		"a package is cut":        {do: func(dir string) { cut(dir, pkg) }, want: []string{"resized " + pkg}, downloads: 1},
		"the payload is missing":  {do: func(dir string) { remove(dir, bag+"data") }, want: []string{"missing " + pkg}, downloads: 48},
		"the manifest is cut":     {do: func(dir string) { cut(dir, bag+manifestTxt) }, want: []string{"changed " + bag + manifestTxt}},
		"the manifest is gone":    {do: func(dir string) { remove(dir, bag+manifestTxt) }, want: []string{"unfinished " + bag + manifestTxt}},
		"packages.jsonl is cut":   {do: func(dir string) { cut(dir, bag+packagesTxt) }, want: []string{"changed " + bag + packagesTxt}},
		"bag-info is edited":      {do: func(dir string) { edit(dir, bag+bagInfoTxt, "2022", "2023") }, want: []string{"changed " + bag + bagInfoTxt}},
		"bagit.txt is edited":     {do: func(dir string) { edit(dir, bag+bagitTxt, "1.0", "0.97") }, want: []string{"changed " + bag + bagitTxt}},
		"a hash is edited":        {do: func(dir string) { edit(dir, bag+manifestTxt, "a", "b") }, want: []string{"changed " + bag + manifestTxt}},
		"the tagmanifest is gone": {do: func(dir string) { remove(dir, bag+tagManifest) }, want: []string{"unfinished " + bag + tagManifest}},
		"all tag files are gone": {do: func(dir string) {
			for _, name := range tagFiles() {
				remove(dir, bag+name)
			}
		}, want: []string{"unfinished " + bag + manifestTxt}},
		"a bag is gone":        {do: func(dir string) { remove(dir, bag) }, want: []string{"missing " + pkg}, downloads: 48},
		"the seal is cut":      {do: func(dir string) { cut(dir, sealKey("2022-05-01")) }, want: []string{"changed " + sealKey("2022-05-01")}},
		"no folder of its own": {do: func(dir string) { remove(dir, ownFolder) }},
		"no seal, manifest cut": {do: func(dir string) {
			remove(dir, ownFolder)
			cut(dir, bag+manifestTxt)
		}, want: []string{"changed " + bag + manifestTxt}},
		"no seal, packages.jsonl cut": {do: func(dir string) {
			remove(dir, ownFolder)
			cut(dir, bag+packagesTxt)
		}, want: []string{"changed " + bag + packagesTxt}, downloads: 0},
		"no seal, package and line gone": {do: func(dir string) {
			remove(dir, ownFolder)
			edit(dir, bag+manifestTxt, "area=mainland/hour=03", "area=mainland/hour=33")
			remove(dir, pkg)
		}, want: []string{"changed " + bag + manifestTxt}, downloads: 1, fault: "hour=33"},
		"no seal, a hash is edited": {do: func(dir string) {
			remove(dir, ownFolder)
			data, _ := os.ReadFile(filepath.Join(dir, pkg))
			edit(dir, bag+packagesTxt, hashOf(data), strings.Repeat("0", 64))
		}, want: []string{"changed " + bag + packagesTxt}},
		"no seal, bytes and hash are edited": {do: func(dir string) {
			remove(dir, ownFolder)
			data, _ := os.ReadFile(filepath.Join(dir, pkg))
			edit(dir, bag+packagesTxt, hashOf(data), strings.Repeat("0", 64))
			edit(dir, pkg, string(data[20:21]), "~")
		}, want: []string{"changed " + bag + packagesTxt}, downloads: 1},
		"a foreign file": {do: func(dir string) {
			_ = os.WriteFile(filepath.Join(dir, bag, "data", "mine"), []byte("mine"), 0o600)
		}, want: []string{"foreign " + bag + "data/mine"}, fault: bag + "data/mine"},
		"a foreign bag": {do: func(dir string) {
			_ = os.MkdirAll(filepath.Join(dir, "dt=2020-01-01"), 0o700)
			_ = os.WriteFile(filepath.Join(dir, "dt=2020-01-01", "part-0.parquet"), []byte("mine"), 0o600)
		}, want: []string{"foreign dt=2020-01-01/part-0.parquet"}, fault: "part-0.parquet"},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 96, nil)
			store, dir := newFolderStore(t)
			a := w.archive(store, nil)
			w.run(a)
			before := onDisk(t, dir)
			w.downloads()
			test.do(dir)
			broken := onDisk(t, dir)

			r, err := a.Inspect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !slices.Contains(kinds(r), want) {
					t.Errorf("found %q, want %q", kinds(r), want)
				}
			}
			if len(test.want) == 0 && len(r.Problems) > 0 {
				t.Errorf("found %q", kinds(r))
			}
			if !maps.Equal(broken, onDisk(t, dir)) {
				t.Error("Inspect has changed files")
			}

			s, err := a.Run(t.Context(), w.listed())
			if (err != nil) != (test.fault != "") || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Fatalf("%v", err)
			}
			if n := w.downloads(); n != test.downloads {
				t.Errorf("%d downloads, want %d", n, test.downloads)
			}
			if s.PackageCount != 96 {
				t.Errorf("%+v", s)
			}
			after := onDisk(t, dir)
			for key := range broken {
				if strings.HasSuffix(key, "mine") || strings.HasSuffix(key, ".parquet") {
					if after[key] != "mine" {
						t.Errorf("%s was touched", key)
					}
					_ = os.Remove(filepath.Join(dir, key))
				}
			}
			after = onDisk(t, dir)
			checkBags(t, after)
			for _, key := range keysUnder(before, "dt=") {
				if strings.HasSuffix(key, ".gz") && before[key] != after[key] {
					t.Errorf("%s is not as it was", key)
				}
			}
			if r, err := a.Inspect(t.Context()); err != nil || len(r.Problems) > 0 {
				t.Errorf("still %q, %v", kinds(r), err)
			}
		})
	}
}

func TestLostForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, nil)
	store, dir := newFolderStore(t)
	a := w.archive(store, nil)
	w.run(a)
	key := keysUnder(onDisk(t, dir), "dt=2022-05-01/data/")[0]
	_ = os.Remove(filepath.Join(dir, key))
	before := onDisk(t, dir)
	p, err := a.Plan(t.Context(), nil)
	if err != nil || len(p.Failures) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	s, err := a.Run(t.Context(), nil)
	if !errors.Is(err, ErrSourceGone) || !strings.Contains(err.Error(), "only a copy of the archive") {
		t.Errorf("%v", err)
	}
	if s.PackageCount != 4 || !maps.Equal(before, onDisk(t, dir)) {
		t.Errorf("what was archived must stay as it is: %+v", s)
	}
	// It is listed, but cannot be downloaded: the same.
	w.sim.Update(func(c *teosim.Catalogue) {
		for i := range c.L7 {
			c.L7[i].Gone = true
		}
	})
	if _, err = a.Run(t.Context(), w.listed()); !errors.Is(err, ErrSourceGone) {
		t.Errorf("%v", err)
	}
	if !maps.Equal(before, onDisk(t, dir)) {
		t.Error("what was archived must stay as it is")
	}
}

// TestMoveChecksBytes: bytes that waited aside replace archived ones only if
// they are still those that were verified.
func TestMoveChecksBytes(t *testing.T) {
	t.Parallel()
	store, dir := newFolderStore(t)
	write(t, filepath.Join(dir, "to"), "archived")
	write(t, filepath.Join(dir, "from"), "verified")
	m := move{From: "from", To: "to", SHA256: hashOf([]byte("verifieD"))}
	if err := store.move(t.Context(), m); err == nil || onDisk(t, dir)["to"] != "archived" {
		t.Errorf("%v, %v", err, onDisk(t, dir))
	}
	m.SHA256 = hashOf([]byte("verified"))
	if err := store.move(t.Context(), m); err != nil || onDisk(t, dir)["to"] != "verified" {
		t.Errorf("%v, %v", err, onDisk(t, dir))
	}
}
