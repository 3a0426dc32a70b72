package bucket_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

func fileDestination(dir string) string { return "file://" + filepath.ToSlash(dir) }

func filePlace(t *testing.T, dir string) place {
	t.Helper()
	return place{
		open: func(t *testing.T, prefix string) bucket.Bucket {
			t.Helper()
			return open(t, fileDestination(dir)+"?prefix="+prefix, bucket.Options{})
		},
		unfinished: func(t *testing.T) int { t.Helper(); return len(temporaries(t, dir)) },
	}
}

// temporaries lists the files that are not finished.
func temporaries(t *testing.T, dir string) []string {
	t.Helper()
	return files(t, dir, func(path string) bool { return filepath.Base(filepath.Dir(path)) == ".tmp" })
}

func files(t *testing.T, dir string, want func(path string) bool) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && want(path) {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func everything(string) bool { return true }

func TestAnUnusableFolderIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	for more, want := range map[string]string{
		"/missing":                  "the folder does not exist; create it, or add create_dir=true",
		"/file":                     "it is a file, not a folder",
		"/file/x?create_dir=1":      "not a directory",
		"/file?create_dir=true":     "it is a file, not a folder",
		"/dangling?create_dir=true": "create_dir=true cannot create the folder; check the permissions of its parent, or create it yourself",
	} {
		_, err := bucket.Open(t.Context(), fileDestination(dir)+more, bucket.Options{})
		if !isError(err, nil) || !strings.Contains(err.Error(), fileDestination(dir)+strings.Split(more, "?")[0]+": cannot open the destination: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", more, err)
		}
	}
	for _, more := range []string{"", "/", "/made/here?create_dir=true", "?prefix=/a/b"} {
		b := open(t, fileDestination(dir)+more, bucket.Options{})
		if !strings.HasPrefix(b.String(), "file://") || strings.Contains(b.String(), "create_dir") {
			t.Errorf("%s", b)
		}
	}
	open(t, "file://localhost"+filepath.ToSlash(dir), bucket.Options{})
	if os.Getuid() != 0 && runtime.GOOS != "windows" {
		_ = os.Mkdir(filepath.Join(dir, "closed"), 0o500)
		_, err := bucket.Open(t.Context(), fileDestination(dir)+"/closed/x?create_dir=true", bucket.Options{})
		if !isError(err, fs.ErrPermission) || !strings.Contains(err.Error(), "creating the folder (create_dir=true)") {
			t.Errorf("%v", err)
		}
	}
}

// A folder that disappears, such as a disk that is unmounted, is neither an empty
// destination nor a missing object, and is not created again.
func TestAFolderThatDisappearsIsAnError(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "disk")
	b := open(t, fileDestination(dir)+"?create_dir=true&prefix=teo/", bucket.Options{})
	mustWrite(t, b, "a/b", nil)
	if err := os.Rename(dir, dir+".unmounted"); err != nil {
		t.Fatal(err)
	}
	_, errList := list(t.Context(), b, bucket.Range{})
	_, errOpen := b.Open(t.Context(), "a/b")
	_, errCreate := b.Create(t.Context(), "a/c", replace)
	for name, err := range map[string]error{"List": errList, "Open": errOpen, "Create": errCreate} {
		e, ok := errors.AsType[*bucket.Error](err)
		if !ok || errors.Is(err, bucket.ErrNotExist) || !e.Permanent() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was created again")
	}
}

func TestModesOfFilesCanBeChosen(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes")
	}
	for query, want := range map[string][2]fs.FileMode{
		"":                                   {0o750, 0o640},
		"&dir_file_mode=0700&file_mode=0600": {0o700, 0o600},
		"&dir_file_mode=700&file_mode=400":   {0o700, 0o400},
	} {
		root := t.TempDir()
		b := open(t, fileDestination(root)+"/made?create_dir=true&prefix=teo/"+query, bucket.Options{})
		mustWrite(t, b, "data/x", nil)
		if err := write(t, b, "data/y", nil, replace); err != nil {
			t.Fatal(err)
		}
		for path, mode := range map[string]fs.FileMode{"made": want[0], "made/teo": want[0], "made/teo/data": want[0], "made/teo/data/x": want[1], "made/teo/data/y": want[1]} {
			if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, mode)
			}
		}
	}
}

// The destination may be a symbolic link. A link in a folder that is read or
// written is an error that names it, wherever it leads.
func TestASymbolicLinkInsideAFolderIsAnError(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]string{"outside": "../../../outside", "inside": "dt=1", "missing": "nowhere", "absolute": os.TempDir()} {
		dir := t.TempDir()
		for _, path := range []string{"outside", "target/teo/dt=1"} {
			if err := os.MkdirAll(filepath.Join(dir, path), 0o750); err != nil {
				t.Fatal(err)
			}
		}
		link := filepath.Join(dir, "link")
		if err := os.Symlink("target", link); err != nil {
			t.Skip(err)
		}
		b := open(t, fileDestination(link)+"?prefix=teo/", bucket.Options{})
		mustWrite(t, b, "dt=1/x", []byte("1"))
		if err := os.Symlink(to, filepath.Join(dir, "target", "teo", "dt=2")); err != nil {
			t.Fatal(err)
		}
		_, errList := list(t.Context(), b, bucket.Range{Prefix: "dt="})
		_, errWithin := list(t.Context(), b, bucket.Range{Prefix: "dt=2/"})
		_, errStat := b.Stat(t.Context(), "dt=2")
		_, errOpen := b.Open(t.Context(), "dt=2/x")
		for op, err := range map[string]error{
			"List": errList, "List within": errWithin, "Stat": errStat, "Open": errOpen,
			"Create": write(t, b, "dt=2/y", nil, ifAbsent), "Replace": write(t, b, "dt=2/y", nil, replace),
			"Remove": b.Remove(t.Context(), "dt=2/x"), "Sync": b.Sync(t.Context(), []string{"dt=2/x"}),
		} {
			if !isError(err, nil) || errors.Is(err, bucket.ErrNotExist) || !strings.Contains(err.Error(), "dt=2") || !strings.Contains(err.Error(), "it is a symbolic link") {
				t.Errorf("%s, %s: %v", name, op, err)
			}
		}
		// Links that are not read do no harm.
		if got := keys(t, b, "dt=1"); !slices.Equal(got, []string{"dt=1/x"}) {
			t.Errorf("%s: %v", name, got)
		}
		if all := files(t, filepath.Join(dir, "outside"), everything); len(all) > 0 {
			t.Errorf("%s: %v", name, all)
		}
	}
}

func TestAListOfAFolderIsCompleteOrAnError(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("every folder can be read")
	}
	dir := t.TempDir()
	b := open(t, fileDestination(dir), bucket.Options{})
	mustWrite(t, b, "a/x", nil)
	if err := os.Chmod(filepath.Join(dir, "a"), 0o300); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(dir, "a"), 0o700) //nolint:errcheck // to remove it
	if _, err := list(t.Context(), b, bucket.Range{}); !isError(err, fs.ErrPermission) {
		t.Errorf("%v", err)
	}
}

func TestASweepRemovesOldTemporaryFilesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, fileDestination(dir)+"?prefix=teo/", bucket.Options{TempFolder: ".archive/tmp/"})
	mustWrite(t, b, "dt=1/x.tmp", nil)
	for _, age := range []time.Duration{6 * 24 * time.Hour, 8 * 24 * time.Hour} {
		w, err := b.Create(t.Context(), "dt=1/y", ifAbsent)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Abort)
		for _, path := range files(t, filepath.Join(dir, "teo", ".archive", "tmp"), everything) {
			if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) < time.Hour {
				at := time.Now().Add(-age)
				if err := os.Chtimes(path, at, at); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"dt=1/x.tmp"}) {
		t.Errorf("unfinished writes are listed: %v", got)
	}
	if err := b.Sweep(t.Context(), 7*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if left := files(t, dir, everything); len(left) != 2 {
		t.Errorf("%v", left)
	}
}

// Remove removes the folders that it empties, up to the prefix, while others
// write to them.
func TestRemoveRemovesFoldersThatItEmpties(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, fileDestination(dir)+"?prefix=teo/", bucket.Options{TempFolder: ".archive/tmp/"})
	var g errgroup.Group
	for i := range 4 {
		g.Go(func() error {
			for range 100 {
				key := fmt.Sprintf(".archive/b/c/%d", i)
				if err := bucket.WriteAll(t.Context(), b, key, nil, ifAbsent); err != nil {
					return err
				}
				if err := b.Remove(t.Context(), key); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadDir(filepath.Join(dir, "teo")); err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
	// Folders of others are kept.
	mustWrite(t, b, "a/b/c", nil)
	if err := os.Mkdir(filepath.Join(dir, "teo", "a", "mine"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(t.Context(), "a/b/c"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadDir(filepath.Join(dir, "teo", "a")); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// A full disk leaves nothing under the name of the object, nor beside it.
func TestAFullDiskLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := mountSmall(t, 1<<20)
	b := open(t, fileDestination(dir), bucket.Options{})
	mustWrite(t, b, "kept", []byte("1"))
	for _, key := range []string{"new", "kept"} {
		for _, mode := range []bucket.WriteOptions{replace, ifAbsent, ifAbsentDurable} {
			err := write(t, b, key, pattern(2<<20, 0), mode)
			e, ok := errors.AsType[*bucket.Error](err)
			if !ok || !e.Permanent() || !strings.Contains(err.Error(), "cannot write "+key+": no space left on device") {
				t.Errorf("%v", err)
			}
		}
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"kept"}) || string(read(t, b, "kept")) != "1" {
		t.Errorf("%v", got)
	}
	if all := files(t, dir, everything); len(all) != 1 {
		t.Errorf("%v", all)
	}
}

// child runs in a process of its own: it writes objects until it is killed.
func child(destination string) {
	b, err := bucket.Open(context.Background(), destination, bucket.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	data := pattern(12<<20, 1)
	for i := 0; ; i++ {
		w, err := b.Create(context.Background(), fmt.Sprintf("data/%d", i), ifAbsent)
		if err == nil {
			_, err = w.Write(data[:len(data)/2])
		}
		fmt.Println("writing", i)
		if err == nil {
			_, err = w.Write(data[len(data)/2:])
		}
		if err == nil {
			err = w.Commit()
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// killWhileWriting starts a child process and kills it at a random moment of its
// third write. It returns the number of complete objects.
func killWhileWriting(t *testing.T, destination string, b bucket.Bucket) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "BUCKET_TEST_CHILD="+destination)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "writing 2" {
			break
		}
		if !strings.HasPrefix(lines.Text(), "writing ") {
			t.Error(lines.Text())
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	all := keys(t, b, "data/")
	for _, key := range all {
		if !holds(t, b, key, pattern(12<<20, 1)) {
			t.Errorf("%s is not complete", key)
		}
	}
	return len(all)
}

func TestAKilledWriteToAFolderIsInvisible(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, fileDestination(dir), bucket.Options{})
	n := killWhileWriting(t, fileDestination(dir), b)
	left := temporaries(t, dir)
	if n < 2 || n == 2 && len(left) != 1 {
		t.Errorf("%d objects, %v", n, left)
	}
	for _, path := range left {
		at := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Sweep(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if left := temporaries(t, dir); len(left) > 0 {
		t.Errorf("%v", left)
	}
}
