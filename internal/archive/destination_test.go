package archive

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "x")
	for destination, want := range map[string]string{
		"":                                    "must begin with",
		"/srv/logs":                           "must begin with",
		"gs://bucket":                         "must begin with",
		"mem://":                              "must begin with",
		"file://":                             "names no folder",
		"file://srv/logs":                     "three slashes",
		"file:///%zz":                         "invalid URL escape",
		"file://" + dir + "/missing":          "create_dir=true",
		"file://" + dir + "/file":             "not a directory",
		"file://" + dir + "?prefix=../up/":    "not a folder's name",
		"file://" + dir + "?prefix=a//b/":     "not a folder's name",
		"file://" + dir + "?prefix=a%00b/":    "not a folder's name",
		"file://" + dir + "?metadata=":        "cannot be changed",
		"file://" + dir + "?base_url=x":       "unknown",
		"file://" + dir + "?create_dir=maybe": "true or false",
		"s3://bucket/path?region=x":           "?prefix=path/",
		"s3://bucket?colour=blue":             "colour",
		"s3://bucket?endpoint=cos.example":    "endpoint must be a URL",
		"s3://?region=us-east-1":              "bucketName",
		"s3://id:hunter2@bucket":              "keys come from the environment",
		"s3://id:hunter2":                     "not a URL",
		"file://" + dir + "?prefix=a../b/":    "not a folder's name",
		"file://" + dir + "?prefix=a/b../":    "not a folder's name",

		"s3://bucket?region=x&secret_key=hunter2&prefix=a/":   `s3://bucket?prefix=a/: cannot open it: the query parameter "secret_key" is unknown`,
		"s3://bucket?endpoint=https://id:hunter2@cos.example": "without keys",
		"s3://bucket?endpoint=https://cos.example?k=hunter2":  "without keys",
		"s3://bucket?region=hunter2&endpoint=%zz":             "parse the query",
		"s3://bucket?region=x&prefix=..&profile=hunter2":      "not a folder's name",
		"gs://bucket?token=hunter2":                           "must begin with",
		"file://" + dir + "?token=hunter2":                    "unknown",
		"file://id:hunter2%zz@x/":                             "parse",
	} {
		_, err := Open(t.Context(), destination)
		if _, ok := errors.AsType[*DestinationError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", destination, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
	for _, destination := range []string{
		"file://" + dir, "file://localhost" + dir + "/", "file://" + dir + "/made/here?create_dir=true",
		"file://" + dir + "?no_tmp_dir=true&metadata=skip&prefix=/a/b",
	} {
		store, err := Open(t.Context(), destination)
		if err != nil || !strings.HasPrefix(store.String(), "file://") || strings.Contains(store.String(), "create_dir") {
			t.Errorf("%s: %v", destination, err)
			continue
		}
		_ = store.Close()
	}
}

func TestSamePlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"file:///srv/logs?prefix=a/", "file:///srv/logs?prefix=a/", true},
		{"file:///srv/logs?prefix=a/", "file:///srv/logs/?create_dir=true&prefix=/a", true},
		{"file:///srv/logs", "file://localhost/srv/./logs?dir_file_mode=0750", true},
		{"file:///srv/logs?prefix=a/", "file:///srv/logs?prefix=b/", false},
		{"file:///srv/logs", "file:///srv/Logs", false},
		{"file:///srv/logs", "file://./srv/logs", false},
		{"file:///logs", "s3://logs", false},
		{"s3://b?region=x&prefix=a", "s3://b?prefix=a/&use_path_style=true&region=x", true},
		{"s3://b?endpoint=https://COS.example/", "s3://b?region=y&endpoint=https%3A%2F%2Fcos.example", true},
		{"s3://b?endpoint=https://cos.example", "s3://b", false},
		{"s3://b?endpoint=https://cos.example", "s3://b?endpoint=http://cos.example", false},
		{"s3://b", "s3://c", false},
		{"gs://b", "gs://b", true},
		{"gs://b", "gs://b?x=y", false},
	} {
		if got := SamePlace(test.a, test.b); got != test.want {
			t.Errorf("%s and %s: %t", test.a, test.b, got)
		}
	}
}

func TestUnwritable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Log("root may write anywhere: a file in the place of a folder stands for it")
	}
	w := newWorld(t, 2, nil)
	store, dir := newFolderStore(t)
	write(t, dir, "a file where the prefix belongs")
	_, err := w.archive(store, nil).Run(t.Context(), w.listed())
	if _, ok := errors.AsType[*DestinationError](err); !ok {
		t.Errorf("%v", err)
	}
	if n := w.downloads(); n > 0 {
		t.Errorf("%d downloads", n)
	}
}

func TestPermissionIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 96, nil)
	store, dir := newFolderStore(t)
	w.now = time.Date(2022, 5, 2, 12, 0, 0, 0, time.UTC)
	w.run(w.archive(store, nil))
	before := onDisk(t, dir)
	w.now = time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
	w.downloads()
	lost := newFaulty(store, 20_000, fs.ErrPermission)
	s, err := w.archive(lost, nil).Run(t.Context(), w.listed())
	failed, ok := errors.AsType[*RunError](err)
	if !ok || !errors.Is(err, fs.ErrPermission) || failed.Skipped == 0 || s == nil || s.PackageCount < 24 {
		t.Fatalf("%+v, %v", s, err)
	}
	after := onDisk(t, dir)
	for key, text := range before {
		if after[key] != text {
			t.Errorf("%s has changed", key)
		}
	}
	w.run(w.archive(store, nil))
	checkBags(t, onDisk(t, dir))
}

func TestClash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, nil)
	store, dir := newFolderStore(t)
	w.run(w.archive(store, nil))
	before := onDisk(t, dir)
	other := func(c *Config) { c.Scope.Domains = []string{"www.example.com"} }
	clash := func(title string) {
		t.Helper()
		a := w.archive(store, other)
		_, err := a.Run(t.Context(), w.listed())
		_, err2 := a.Inspect(t.Context())
		_, err3 := a.Delete(t.Context())
		_, err4 := a.Plan(t.Context(), w.listed())
		for _, err := range []error{err, err2, err3, err4} {
			if _, ok := errors.AsType[*ClashError](err); !ok || !strings.Contains(err.Error(), "a prefix of its own") {
				t.Errorf("%s: %v", title, err)
			}
		}
	}
	clash("with a marker")
	if !maps.Equal(before, onDisk(t, dir)) {
		t.Error("files have changed")
	}
	_ = os.RemoveAll(filepath.Join(dir, ".teo-archive"))
	clash("bags only")
	write(t, filepath.Join(dir, ".teo-archive", "archive.json"), "{")
	clash("a damaged marker")

	// The same scope in another order is the same archive.
	same := func(c *Config) { c.Scope.ZoneIDs = []string{"zone-gen0000", "zone-gen0000"} }
	w.run(w.archive(store, same))
	if n := w.downloads(); n != 4 {
		t.Errorf("%d downloads", n)
	}
}

func TestScopeChangesInPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 96, nil)
	store, dir := newFolderStore(t)
	w.run(w.archive(store, nil))
	w.downloads()
	wider := func(c *Config) {
		former := c.Scope
		c.Former, c.Scope.End = &former, c.Scope.End.AddDate(0, 0, 7)
	}
	for n := int64(0); ; n++ { // killed at every write on the way
		dying := &Store{objects: &mortal{objects: store.objects}, name: store.name}
		dying.objects.(*mortal).left.Store(1)
		if _, err := w.archive(dying, wider).Run(t.Context(), w.listed()); err == nil {
			break
		} else if n > 50 {
			t.Fatal(err)
		}
		// A state of before still finds the archive, and so does the wider one.
		for _, change := range []func(*Config){nil, wider} {
			if r, err := w.archive(store, change).Inspect(t.Context()); err != nil || r.Summary.PackageCount != 96 {
				t.Fatalf("after %d writes: %+v, %v", n, r, err)
			}
		}
	}
	checkBags(t, onDisk(t, dir))
	if n := w.downloads(); n != 0 {
		t.Errorf("%d downloads", n)
	}
	if _, err := w.archive(store, nil).Inspect(t.Context()); err == nil {
		t.Error("the former scope must clash now")
	}
	r, err := Restore(t.Context(), store)
	if err != nil || !r.Scope.End.Equal(may().End.AddDate(0, 0, 7)) || r.Summary.PackageCount != 96 || len(r.Problems) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	// The bags alone say the same.
	_ = os.RemoveAll(filepath.Join(dir, ".teo-archive"))
	r2, err := Restore(t.Context(), store)
	if err != nil || r2.Scope.String() != r.Scope.String() || !maps.Equal(r.Summary.Bags, r2.Summary.Bags) || len(r2.Problems) > 0 {
		t.Errorf("%+v, %v", r2, err)
	}
}

// What was sealed for a window and filters would not be what other ones say.
func TestScopeIsOnlyWidenedInPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 96, nil)
	store, dir := newFolderStore(t)
	w.run(w.archive(store, nil))
	before := onDisk(t, dir)
	for name, change := range map[string]func(*Scope){
		"later start":  func(s *Scope) { s.Start = s.Start.Add(time.Hour) },
		"earlier end":  func(s *Scope) { s.End = s.End.Add(-time.Hour) },
		"moved":        func(s *Scope) { s.Start, s.End = s.Start.AddDate(0, 0, 1), s.End.AddDate(0, 0, 1) },
		"other zones":  func(s *Scope) { s.ZoneIDs = append(s.ZoneIDs, "zone-2") },
		"fewer zones":  func(s *Scope) { s.ZoneIDs = nil },
		"zone by name": func(s *Scope) { s.Zones = []string{"site.example"} },
		"domains":      func(s *Scope) { s.Domains = []string{"www0.site0.example"} },
	} {
		_, err := w.archive(store, func(c *Config) {
			former := may()
			c.Former = &former
			change(&c.Scope)
		}).Run(t.Context(), w.listed())
		clash, ok := errors.AsType[*ClashError](err)
		if !ok || !clash.InPlace || !strings.Contains(err.Error(), "a prefix of its own") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !maps.Equal(before, onDisk(t, dir)) {
		t.Error("files have changed")
	}
}

// Files of a newer format are neither taken for damaged nor overwritten.
func TestNewerFormat(t *testing.T) {
	t.Parallel()
	for _, key := range []string{markerKey, sealKey("2022-05-01")} {
		w := newWorld(t, 4, nil)
		store, dir := newFolderStore(t)
		w.run(w.archive(store, nil))
		write(t, filepath.Join(dir, key), `{"format":2,"files":[],"scope":"another shape"}`)
		before := onDisk(t, dir)
		a := w.archive(store, nil)
		_, err := a.Run(t.Context(), w.listed())
		_, err2 := a.Inspect(t.Context())
		_, err3 := a.Delete(t.Context())
		_, err4 := Restore(t.Context(), store)
		for _, err := range []error{err, err2, err3, err4} {
			d, ok := errors.AsType[*DestinationError](err)
			if !ok || d.Key != key || !strings.Contains(err.Error(), "newer version") {
				t.Errorf("%s: %v", key, err)
			}
		}
		if !maps.Equal(before, onDisk(t, dir)) {
			t.Errorf("%s: files have changed", key)
		}
	}
}

// What could not be read again is not written.
func TestTooLargeToReadAgain(t *testing.T) {
	t.Parallel()
	store, dir := newFolderStore(t)
	err := store.put(t.Context(), sealKey("2022-05-01"), make([]byte, maxSmall+1))
	if _, ok := errors.AsType[*DestinationError](err); !ok || !strings.Contains(err.Error(), "fewer packages") {
		t.Errorf("%v", err)
	}
	if files := onDisk(t, dir); len(files) > 0 {
		t.Errorf("%d files were written", len(files))
	}
}

func TestForeignDestination(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"hello.txt", "dt=2022-05-01/part-0.parquet", "dt=2022-05-01/bag-info.txt", "some/where/else"} {
		w := newWorld(t, 2, nil)
		store, dir := newFolderStore(t)
		write(t, filepath.Join(dir, key), "External-Identifier: somebody's\n")
		before := onDisk(t, dir)
		_, err := w.archive(store, nil).Run(t.Context(), w.listed())
		if _, ok := errors.AsType[*ForeignError](err); !ok || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
		if left, err := w.archive(store, nil).Delete(t.Context()); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %v", key, left, err)
		}
		if !maps.Equal(before, onDisk(t, dir)) {
			t.Errorf("%s: files have changed", key)
		}
	}
}

// TestInTheWay: a stranger's file stands where a package belongs.
func TestInTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, nil)
	store, dir := newFolderStore(t)
	if _, err := w.archive(store, nil).Run(t.Context(), nil); err != nil { // claimed, still empty
		t.Fatal(err)
	}
	key := "dt=2022-05-01/data/domain=www0.site0.example/area=mainland/hour=00/20220501-00-www0.site0.example.log.gz"
	write(t, filepath.Join(dir, key), "mine")
	s, err := w.archive(store, nil).Run(t.Context(), w.listed())
	if !errors.Is(err, ErrInTheWay) || s.PackageCount != 3 || onDisk(t, dir)[key] != "mine" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestUnreadableIsNotAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, nil)
	store, _ := newFolderStore(t)
	w.run(w.archive(store, nil))
	blind := &Store{objects: &unreadable{store.objects}, name: store.name}
	a := w.archive(blind, nil)
	if _, err := a.Inspect(t.Context()); err == nil {
		t.Error("an archive that cannot be read was taken for none")
	}
	if _, err := a.Run(t.Context(), w.listed()); err == nil {
		t.Error("an archive that cannot be read was written to")
	}
}

type unreadable struct{ objects }

func (u *unreadable) list(context.Context) ([]object, error) {
	return nil, &DestinationError{Destination: "x", Op: "list it", Err: fs.ErrPermission}
}

func TestTwoClaimAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, nil)
	store, dir := newFolderStore(t)
	listed := w.listed()
	errs := make(chan error, 8)
	for i := range cap(errs) {
		go func() {
			a := w.archive(store, func(c *Config) { c.Scope.End = c.Scope.End.AddDate(0, 0, i) })
			_, err := a.Run(t.Context(), listed)
			errs <- err
		}()
	}
	won := 0
	for range cap(errs) {
		err := <-errs
		if err == nil {
			won++
		} else if _, ok := errors.AsType[*ClashError](err); !ok {
			t.Errorf("%v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d archives on one prefix", won)
	}
	checkBags(t, onDisk(t, dir))
}

func TestNamesAreData(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long", 100)
	names := []string{
		"../../../../etc/passwd", "..", ".", "/abs", `..\..\win`, "a/b", "a%2Fb", "a~2Fb", "tab\tand\nline\r", "\x00nul",
		"日本語.example", "日本語", "UPPER.example", "upper.example", long + "1", long + "2", "con", "trailing.", " space ", "data", "dt=2022-05-02",
		".hidden", "x.log.gz", "x", "~", "~-0123456789abcdef", "*.example.com", "'\"$(rm)`", "x.16f45612d2ed9400.tmp",
	}
	w := newWorld(t, 1, nil)
	w.sim.Update(func(c *teosim.Catalogue) {
		first := c.L7[0]
		c.L7 = nil
		for _, name := range names {
			for _, area := range []string{"mainland", "overseas", ""} {
				p := first
				p.Name, p.Area = name, area
				c.L7 = append(c.L7, p)
				p.Host = "h-" + name
				c.L7 = append(c.L7, p)
			}
		}
		// One name, one area, two quarters of one hour.
		p := first
		p.Name = "quarter"
		c.L7 = append(c.L7, p)
		p.Start, p.End = p.Start.Add(15*time.Minute), p.Start.Add(30*time.Minute)
		c.L7 = append(c.L7, p)
	})
	store, dir := newFolderStore(t)
	listed := w.listed()
	want := len(names)*6 + 2
	if len(listed) != want {
		t.Fatalf("%d listed", len(listed))
	}
	s := w.run(w.archive(store, nil))
	files := onDisk(t, filepath.Dir(filepath.Dir(dir)))
	if s.PackageCount != want {
		t.Errorf("%d of %d packages", s.PackageCount, want)
	}
	folded := map[string]bool{}
	for key := range files {
		inside, ok := strings.CutPrefix(key, "logs/teo/")
		if !ok {
			t.Errorf("%q is outside", key)
		}
		if !strings.HasSuffix(inside, ".gz") {
			continue
		}
		parts := strings.Split(inside, "/")
		if len(parts) != 6 || parts[0] != "dt=2022-05-01" || parts[1] != "data" || !strings.HasPrefix(parts[2], "domain=") {
			t.Errorf("%q is not where it belongs", inside)
		}
		for _, part := range parts {
			if len(part) > 230 {
				t.Errorf("%q is too long", part)
			}
		}
		if folded[strings.ToLower(inside)] {
			t.Errorf("%q is another file's name on some file systems", inside)
		}
		folded[strings.ToLower(inside)] = true
	}
	if len(folded) != want {
		t.Errorf("%d files of %d packages", len(folded), want)
	}
	checkBags(t, onDisk(t, dir))
	w.downloads()
	w.run(w.archive(store, nil))
	if n := w.downloads(); n != 0 {
		t.Errorf("%d downloads by a second run", n)
	}
}

func TestSegmentsAreReversible(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"www.example.com", ".x", "x..", ".", "a/b", "~", "%", "日本", "\n", strings.Repeat("a", 160)} {
		if got := plainSegment(segment(text)); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if s := segment("www.Example-1_2.com"); s != "www.Example-1_2.com" {
		t.Errorf("an ordinary name became %q", s)
	}
}

func TestManifestPaths(t *testing.T) {
	t.Parallel()
	hashes := map[string]string{}
	for i, path := range []string{"data/a b", "data/100%", "data/a\nb", "data/a\rb", "data/%0A", "data/ü"} {
		hashes[path] = strings.Repeat(string(rune('0'+i)), 64)
	}
	text := encodeManifest(hashes)
	if n := strings.Count(string(text), "\n"); n != len(hashes) || strings.Contains(string(text), "\r") {
		t.Errorf("%q", text)
	}
	if got, err := decodeManifest(text); err != nil || !maps.Equal(got, hashes) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"x  data/a\n", strings.Repeat("0", 64) + "\n", string(text) + string(text), string(text[:len(text)-1])} {
		if _, err := decodeManifest([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
