package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// faults answers system calls in the place of the file system.
type faults struct {
	*folder
	dir string

	mu      sync.Mutex
	numbers map[systemCall]error
	times   int // how often each call fails; 0 for always
	counts  map[systemCall]int
	paths   []string
}

func openFaulty(t *testing.T) *faults {
	t.Helper()
	f := &faults{dir: t.TempDir(), counts: map[systemCall]int{}}
	d, err := parse("file://" + filepath.ToSlash(f.dir) + "?prefix=teo/")
	if err != nil {
		t.Fatal(err)
	}
	if f.folder, err = openFolder(t.Context(), d, Options{TempFolder: ".archive/tmp/"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	for _, key := range []string{"dt=1/x", "dt=2/y"} {
		if err := WriteAll(t.Context(), f, key, []byte("old"), WriteOptions{IfAbsent: true}); err != nil {
			t.Fatal(err)
		}
	}
	f.fault = func(call systemCall, path string) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.counts[call]++
		f.paths = append(f.paths, path)
		if f.times > 0 && f.counts[call] > f.times {
			return nil
		}
		return f.numbers[call]
	}
	return f
}

func (f *faults) read(t *testing.T, key string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(f.dir, "teo", filepath.FromSlash(key)))
	if err != nil {
		return ""
	}
	return string(data)
}

func (f *faults) list(ctx context.Context) ([]string, error) {
	var all []string
	for o, err := range f.List(ctx, Range{Prefix: "dt="}) {
		if err != nil {
			return nil, err
		}
		all = append(all, o.Key)
	}
	return all, nil
}

// What an error number of NFS, SMB or FUSE means for each system call.
func TestErrorNumbersHaveTheirMeaning(t *testing.T) {
	t.Parallel()
	ifAbsent, durable, replace := WriteOptions{IfAbsent: true}, WriteOptions{IfAbsent: true, Durable: true}, WriteOptions{}
	write := func(key string, o WriteOptions) func(*faults, context.Context) error {
		return func(f *faults, ctx context.Context) error { return WriteAll(ctx, f, key, []byte("new"), o) }
	}
	list := func(f *faults, ctx context.Context) error {
		all, err := f.list(ctx)
		if err == nil && !slices.Equal(all, []string{"dt=1/x", "dt=2/y"}) {
			err = fmt.Errorf("%v", all)
		}
		return err
	}
	open := func(f *faults, ctx context.Context) error {
		data, err := ReadAll(ctx, f, "dt=1/x")
		if err == nil && string(data) != "old" {
			err = fmt.Errorf("%q", data)
		}
		return err
	}
	stat := func(f *faults, ctx context.Context) error { _, err := f.Stat(ctx, "dt=1/x"); return err }
	remove := func(f *faults, ctx context.Context) error { return f.Remove(ctx, "dt=1/x") }
	flush := func(f *faults, ctx context.Context) error { return f.Sync(ctx, []string{"dt=1/x"}) }

	flushMany := func(f *faults, ctx context.Context) error {
		keys := make([]string, minFilesForSyncfs)
		for i := range keys {
			keys[i] = fmt.Sprintf("dt=3/%d", i)
			if err := WriteAll(ctx, f, keys[i], nil, ifAbsent); err != nil {
				return err
			}
		}
		err := f.Sync(ctx, keys)
		if err == nil && f.counts[callSync] < len(keys) {
			err = fmt.Errorf("%d files were flushed", f.counts[callSync])
		}
		return err
	}

	const power, alone, oneSystem = "cannot flush files (fsync)", "run one apply at a time", "both folders must be on one file system"
	for _, test := range []struct {
		name    string
		numbers map[systemCall]error
		times   int
		op      func(*faults, context.Context) error
		want    error  // the cause; nil for success
		text    string // in the error or the warning
		written string // what dt=1/new is then
	}{
		// Not durable, but written.
		{"fsync EOPNOTSUPP", map[systemCall]error{callSync: syscall.EOPNOTSUPP}, 0, write("dt=1/new", durable), nil, power, "new"},
		{"fsync ENOTSUP", map[systemCall]error{callSync: syscall.ENOTSUP}, 0, write("dt=1/new", durable), nil, power, "new"},
		{"fsync ENOSYS", map[systemCall]error{callSync: syscall.ENOSYS}, 0, write("dt=1/new", durable), nil, power, "new"},
		{"fsync EINVAL", map[systemCall]error{callSync: syscall.EINVAL}, 0, write("dt=1/new", durable), nil, power, "new"},
		{"fsync of a group", map[systemCall]error{callSync: syscall.EINVAL}, 0, flush, nil, power, ""},
		// Lost, and never tried again.
		{"fsync EIO", map[systemCall]error{callSync: syscall.EIO}, 1, write("dt=1/new", durable), syscall.EIO, "cannot write dt=1/new: input/output error", ""},
		{"fsync ENOSPC", map[systemCall]error{callSync: syscall.ENOSPC}, 1, write("dt=1/new", durable), syscall.ENOSPC, "", ""},
		{"fsync of a group EIO", map[systemCall]error{callSync: syscall.EIO}, 1, flush, syscall.EIO, "cannot flush", ""},
		{"write ENOSPC", map[systemCall]error{callWrite: syscall.ENOSPC}, 1, write("dt=1/new", ifAbsent), syscall.ENOSPC, "", ""},
		{"close EDQUOT", map[systemCall]error{callClose: syscall.EDQUOT}, 1, write("dt=1/new", ifAbsent), syscall.EDQUOT, "", ""},
		// The next way to publish.
		{"link EPERM", map[systemCall]error{callLink: syscall.EPERM}, 0, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link EACCES", map[systemCall]error{callLink: syscall.EACCES}, 0, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link EOPNOTSUPP", map[systemCall]error{callLink: syscall.EOPNOTSUPP}, 0, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link ENOSYS", map[systemCall]error{callLink: syscall.ENOSYS}, 0, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link EMLINK", map[systemCall]error{callLink: syscall.EMLINK}, 0, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link EXDEV", map[systemCall]error{callLink: syscall.EXDEV}, 0, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link EIO", map[systemCall]error{callLink: syscall.EIO}, 0, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link EINVAL", map[systemCall]error{callLink: syscall.EINVAL}, 0, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link ENOENT", map[systemCall]error{callLink: syscall.ENOENT}, 0, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link ENOENT once", map[systemCall]error{callLink: syscall.ENOENT}, 1, write("dt=3/new", ifAbsent), nil, "", ""},
		{"link EPERM of a name that exists", map[systemCall]error{callLink: syscall.EPERM}, 0, write("dt=1/x", ifAbsent), ErrExist, "", ""},
		// No way that keeps an existing file.
		{"renameat2 ENOSYS", map[systemCall]error{callLink: syscall.EPERM, callMove: syscall.ENOSYS}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EINVAL", map[systemCall]error{callLink: syscall.EMLINK, callMove: syscall.EINVAL}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EOPNOTSUPP", map[systemCall]error{callLink: syscall.ENOENT, callMove: syscall.EOPNOTSUPP}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EPERM after link EPERM", map[systemCall]error{callLink: syscall.EPERM, callMove: syscall.EPERM}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EXDEV after link EPERM", map[systemCall]error{callLink: syscall.EPERM, callMove: syscall.EXDEV}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EACCES after link EPERM", map[systemCall]error{callLink: syscall.EPERM, callMove: syscall.EACCES}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 ENOENT after link EPERM", map[systemCall]error{callLink: syscall.EPERM, callMove: syscall.ENOENT}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EPERM after link EXDEV", map[systemCall]error{callLink: syscall.EXDEV, callMove: syscall.EPERM}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EXDEV after link EXDEV", map[systemCall]error{callLink: syscall.EXDEV, callMove: syscall.EXDEV}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EACCES after link EXDEV", map[systemCall]error{callLink: syscall.EXDEV, callMove: syscall.EACCES}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 ENOENT after link EXDEV", map[systemCall]error{callLink: syscall.EXDEV, callMove: syscall.ENOENT}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EPERM after link EACCES", map[systemCall]error{callLink: syscall.EACCES, callMove: syscall.EPERM}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EXDEV after link EACCES", map[systemCall]error{callLink: syscall.EACCES, callMove: syscall.EXDEV}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EACCES after link EACCES", map[systemCall]error{callLink: syscall.EACCES, callMove: syscall.EACCES}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 ENOENT after link EACCES", map[systemCall]error{callLink: syscall.EACCES, callMove: syscall.ENOENT}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EPERM after link ENOENT", map[systemCall]error{callLink: syscall.ENOENT, callMove: syscall.EPERM}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EXDEV after link ENOENT", map[systemCall]error{callLink: syscall.ENOENT, callMove: syscall.EXDEV}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 EACCES after link ENOENT", map[systemCall]error{callLink: syscall.ENOENT, callMove: syscall.EACCES}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"renameat2 ENOENT after link ENOENT", map[systemCall]error{callLink: syscall.ENOENT, callMove: syscall.ENOENT}, 0, write("dt=1/new", ifAbsent), nil, alone, "new"},
		{"link EPERM, renameat2 ENOENT once", map[systemCall]error{callLink: syscall.EPERM, callMove: syscall.ENOENT}, 1, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"renameat2 ENOSYS of a name that exists", map[systemCall]error{callLink: syscall.EIO, callMove: syscall.ENOSYS}, 0, write("dt=1/x", ifAbsent), ErrExist, "", ""},
		{"renameat2 EACCES of a name that exists", map[systemCall]error{callLink: syscall.EIO, callMove: syscall.EACCES}, 0, write("dt=1/x", ifAbsent), ErrExist, "", ""},
		// A rename shows that it is not for lack of a way.
		{"rename EACCES", map[systemCall]error{callLink: syscall.EACCES, callMove: syscall.EACCES, callRename: syscall.EACCES}, 0, write("dt=1/new", ifAbsent), ErrDenied, "permission denied", ""},
		{"rename EXDEV", map[systemCall]error{callLink: syscall.EXDEV, callMove: syscall.EXDEV, callRename: syscall.EXDEV}, 0, write("dt=1/new", ifAbsent), syscall.EXDEV, oneSystem, ""},
		{"rename EXDEV of a replacement", map[systemCall]error{callRename: syscall.EXDEV}, 0, write("dt=1/new", replace), syscall.EXDEV, oneSystem, ""},
		// Only ENOENT says that the folder of the destination is gone.
		{"stat ENOENT", map[systemCall]error{callStat: syscall.ENOENT}, 0, write("dt=1/new", ifAbsent), ErrNotMounted, "not mounted", ""},
		{"stat ESTALE", map[systemCall]error{callStat: syscall.ESTALE, callCreate: syscall.ENOENT}, 2, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"stat EACCES", map[systemCall]error{callStat: syscall.EACCES, callCreate: syscall.ENOENT}, 2, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"stat EACCES and mkdir EACCES", map[systemCall]error{callStat: syscall.EACCES, callCreate: syscall.ENOENT, callMkdir: syscall.EACCES}, 0, write("dt=1/new", ifAbsent), ErrDenied, "permission denied", ""},
		// One file after the other.
		{"syncfs ENOSYS", map[systemCall]error{callSyncFS: syscall.ENOSYS}, 0, flushMany, nil, "", ""},
		// A full or read-only disk is one, whatever the way.
		{"link ENOSPC", map[systemCall]error{callLink: syscall.ENOSPC}, 0, write("dt=1/new", ifAbsent), syscall.ENOSPC, "", ""},
		{"link EDQUOT", map[systemCall]error{callLink: syscall.EDQUOT}, 0, write("dt=1/new", ifAbsent), syscall.EDQUOT, "", ""},
		{"link EROFS", map[systemCall]error{callLink: syscall.EROFS}, 0, write("dt=1/new", ifAbsent), syscall.EROFS, "", ""},
		{"renameat2 EIO", map[systemCall]error{callLink: syscall.EIO, callMove: syscall.EIO}, 0, write("dt=1/new", ifAbsent), syscall.EIO, "", ""},
		{"mkdir EACCES", map[systemCall]error{callMkdir: syscall.EACCES}, 0, write("dt=3/new", ifAbsent), ErrDenied, "", ""},
		{"create EACCES", map[systemCall]error{callCreate: syscall.EACCES}, 0, write("dt=1/new", ifAbsent), ErrDenied, "", ""},
		// Tried again.
		{"create ESTALE", map[systemCall]error{callCreate: syscall.ESTALE}, 2, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"create ENOENT", map[systemCall]error{callCreate: syscall.ENOENT}, 2, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"link ESTALE", map[systemCall]error{callLink: syscall.ESTALE}, 2, write("dt=1/new", ifAbsent), nil, "", "new"},
		{"mkdir EBUSY", map[systemCall]error{callMkdir: syscall.EBUSY}, 2, write("dt=3/new", ifAbsent), nil, "", ""},
		{"rename ETXTBSY", map[systemCall]error{callRename: syscall.ETXTBSY}, 2, write("dt=1/new", replace), nil, "", "new"},
		{"lstat EINTR", map[systemCall]error{callLstat: syscall.EINTR}, 2, list, nil, "", ""},
		{"readdir ESTALE", map[systemCall]error{callReadDir: syscall.ESTALE}, 2, list, nil, "", ""},
		{"open EBUSY", map[systemCall]error{callOpen: syscall.EBUSY}, 2, open, nil, "", ""},
		{"open EAGAIN", map[systemCall]error{callOpen: syscall.EAGAIN}, 2, list, nil, "", ""},
		{"unlink EBUSY", map[systemCall]error{callRemove: syscall.EBUSY}, 2, remove, nil, "", ""},
		{"readdir ESTALE for ever", map[systemCall]error{callReadDir: syscall.ESTALE}, 0, list, syscall.ESTALE, "", ""},
		// Absent, or not.
		{"open ENOENT", map[systemCall]error{callOpen: syscall.ENOENT}, 1, open, ErrNotExist, "", ""},
		{"lstat ENOTDIR", map[systemCall]error{callLstat: syscall.ENOTDIR}, 0, stat, ErrNotExist, "", ""},
		{"lstat EACCES", map[systemCall]error{callLstat: syscall.EACCES}, 0, stat, ErrDenied, "", ""},
		{"lstat ENOTCONN", map[systemCall]error{callLstat: syscall.ENOTCONN}, 0, stat, syscall.ENOTCONN, "", ""},
		{"readdir EIO", map[systemCall]error{callReadDir: syscall.EIO}, 0, list, syscall.EIO, "", ""},
		{"unlink ENOENT", map[systemCall]error{callRemove: syscall.ENOENT}, 0, remove, nil, "", ""},
		{"unlink EROFS", map[systemCall]error{callRemove: syscall.EROFS}, 0, remove, ErrDenied, "", ""},
		{"unlink EPERM", map[systemCall]error{callRemove: syscall.EPERM}, 0, remove, ErrDenied, "", ""},
		{"unlink EIO", map[systemCall]error{callRemove: syscall.EIO}, 0, remove, syscall.EIO, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS != "linux" && strings.HasPrefix(test.name, "link ") {
				t.Skip("there is no renameat2")
			}
			f := openFaulty(t)
			f.numbers, f.times = test.numbers, test.times
			err := test.op(f, t.Context())
			if test.want == nil && err != nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			said := fmt.Sprint(err, f.Warnings())
			if !strings.Contains(said, test.text) || test.text != power && test.text != alone && len(f.Warnings()) > 0 {
				t.Errorf("%s", said)
			}
			if got := f.read(t, "dt=1/new"); got != test.written {
				t.Errorf("%q was written", got)
			}
			if test.want != nil && f.counts[callSync] > 1 && f.numbers[callSync] != nil && strings.HasPrefix(test.name, "fsync E") {
				t.Errorf("%d calls of fsync", f.counts[callSync])
			}
			f.numbers = nil
			if left, err := os.ReadDir(filepath.Join(f.dir, "teo", ".archive", "tmp")); len(left) > 0 && err == nil {
				t.Errorf("%v are left", left)
			}
		})
	}
}

// The response to a link that took effect can be lost, and the request repeated.
func TestALinkMayBeRepeated(t *testing.T) {
	t.Parallel()
	f := openFaulty(t)
	inner := f.fault
	f.fault = func(call systemCall, path string) error {
		if call != callLink {
			return inner(call, path)
		}
		temp, err := os.ReadDir(filepath.Join(f.dir, "teo", ".archive", "tmp"))
		if err != nil || len(temp) != 1 {
			t.Fatal(temp, err)
		}
		if err := f.root.Link(filepath.Join("teo", ".archive", "tmp", temp[0].Name()), path); err != nil {
			t.Fatal(err)
		}
		return syscall.EEXIST
	}
	if err := WriteAll(t.Context(), f, "dt=1/new", []byte("new"), WriteOptions{IfAbsent: true}); err != nil || f.read(t, "dt=1/new") != "new" {
		t.Error(err)
	}
}

// What does not belong to the archive is not read: it may be unreadable, or on
// another disk that does not answer.
func TestAListReadsItsFoldersOnly(t *testing.T) {
	t.Parallel()
	f := openFaulty(t)
	for _, name := range []string{"lost+found", ".Trash-1000", ".snapshot/dt=1", "stale", "dt/x", "du=1", "dt=9"} {
		if err := os.MkdirAll(filepath.Join(f.dir, "teo", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/nowhere", filepath.Join(f.dir, "teo", "latest")); err != nil {
		t.Log(err)
	}
	inner := f.fault
	f.fault = func(call systemCall, path string) error {
		for _, name := range []string{"lost+found", ".Trash", ".snapshot", "stale", "latest", "dt=9", filepath.FromSlash("teo/dt/")} {
			if strings.Contains(path, name) {
				t.Errorf("%s %s", call, path)
			}
		}
		return inner(call, path)
	}
	var all []string
	for o, err := range f.List(t.Context(), Range{Prefix: "dt=", Before: "dt=3"}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o.Key)
	}
	if !slices.Equal(all, []string{"dt=1/x", "dt=2/y"}) {
		t.Errorf("%v", all)
	}
	// An error names the folder.
	f.fault = func(call systemCall, path string) error {
		if call == callReadDir && strings.HasSuffix(path, "dt=2") {
			return syscall.EACCES
		}
		return nil
	}
	if _, err := f.list(t.Context()); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "cannot list dt=2/: permission denied") {
		t.Errorf("%v", err)
	}
}
