package archive

import (
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// What was archived without an area, for API version 2022-01-06 names none, is
// not archived again when the service begins to name it.
func TestAreaIsNamedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 48, nil)
	store, dir := newFolderStore(t)
	named := w.listed()
	bare := make([]teo.Package, len(named))
	for i, pkg := range named {
		pkg.Area = ""
		bare[i] = pkg
	}
	run := func(listed []teo.Package, downloads, packages int) {
		t.Helper()
		s, err := w.archive(store, nil).Run(t.Context(), listed)
		if err != nil || s.PackageCount != packages {
			t.Fatalf("%+v, %v", s, err)
		}
		if n := w.downloads(); n != downloads {
			t.Fatalf("%d downloads, want %d", n, downloads)
		}
		checkBags(t, onDisk(t, dir))
	}
	run(bare, 48, 48)
	run(named, 0, 48)

	// One that has grown takes the place of the old one, and has an area then.
	grown := append([]teo.Package(nil), named...)
	size := *grown[0].Size + 1
	grown[0].Size = &size
	run(grown, 1, 48)
	run(grown, 0, 48)
	for key := range onDisk(t, dir) {
		if strings.Contains(key, "/data/") && !strings.Contains(key, "/area=unknown/") {
			t.Errorf("%s: there are two", key)
		}
	}
}

func TestHeirs(t *testing.T) {
	t.Parallel()
	start := may().Start
	size := func(n int64) *int64 { return &n }
	record := func(path string, n int64) Record {
		return Record{Domain: "h", Name: "n", Start: start, SourcePath: path, Size: size(n)}
	}
	pkg := func(area, path string, n int64) teo.Package {
		return teo.Package{Domain: "h", Area: area, Name: "n", Start: teo.Time{Time: start}, URL: "https://x" + path + "?q", Size: size(n)}
	}
	for name, test := range map[string]struct {
		archived []Record
		listed   []teo.Package
		want     map[string]string // area to path
	}{
		"by path":            {[]Record{record("/a", 1), record("/b", 1)}, []teo.Package{pkg("m", "/b", 2), pkg("o", "/a", 1)}, map[string]string{"m": "/b", "o": "/a"}},
		"by size":            {[]Record{record("/a", 1)}, []teo.Package{pkg("m", "/z", 1)}, map[string]string{"m": "/a"}},
		"the rest by size":   {[]Record{record("/a", 1), record("/b", 1)}, []teo.Package{pkg("m", "/a", 1), pkg("o", "/z", 1)}, map[string]string{"m": "/a", "o": "/b"}},
		"another size":       {[]Record{record("/a", 1)}, []teo.Package{pkg("m", "/z", 2)}, nil},
		"two are listed":     {[]Record{record("/a", 1)}, []teo.Package{pkg("m", "/z", 1), pkg("o", "/y", 1)}, nil},
		"two are archived":   {[]Record{record("/a", 1), record("/b", 1)}, []teo.Package{pkg("m", "/z", 1)}, nil},
		"still without area": {[]Record{record("/a", 1)}, []teo.Package{pkg("", "/z", 1)}, nil},
	} {
		archived := map[teo.Identity]*Record{}
		for i := range test.archived {
			archived[test.archived[i].identity()] = &test.archived[i]
		}
		got := heirs(&view{}, archived, test.listed)
		if len(got) != len(test.want) {
			t.Errorf("%s: %v", name, got)
		}
		for id, old := range got {
			if test.want[id.Area] != old.Source {
				t.Errorf("%s: %v is %v", name, id, old)
			}
		}
	}
}
