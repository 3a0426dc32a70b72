package bucket

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// renameNoReplace renames a file in one folder to a name in another one that does
// not exist.
func renameNoReplace(fromDir int, from string, toDir int, to string) error {
	return unix.Renameat2(fromDir, from, toDir, to, unix.RENAME_NOREPLACE)
}

// syncFileSystem flushes the file system of a folder and reports whether that made
// everything in some of its folders durable. It does so only where syncfs is known
// to wait for the disk and to report errors of delayed writes: on local file
// systems, with Linux 5.8 and later, and if none of them is on another file system.
func syncFileSystem(f *folder, dirs map[string]bool) (bool, error) {
	if !syncfsReportsErrors() {
		return false, nil
	}
	fd := int(f.handle.Fd())
	var system unix.Statfs_t
	ok := unix.Fstatfs(fd, &system) == nil
	switch uint32(system.Type) { // the type differs by architecture
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC:
	default:
		ok = false
	}
	var root unix.Stat_t
	ok = ok && unix.Fstat(fd, &root) == nil
	for dir := range dirs {
		info, err := f.root.Lstat(dir)
		if err != nil {
			return false, nil //nolint:nilerr // removed; what is there is flushed one by one
		}
		stat, known := info.Sys().(*syscall.Stat_t)
		ok = ok && known && stat.Dev == root.Dev
	}
	if !ok {
		return false, nil
	}
	err := systemDo(f, callSyncFS, ".", func() error { return unix.Syncfs(fd) })
	if errors.Is(err, errors.ErrUnsupported) {
		return false, nil
	}
	return true, err
}

// syncfsReportsErrors reports whether the kernel is Linux 5.8 or later.
var syncfsReportsErrors = sync.OnceValue(func() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	major, rest, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(strings.TrimRight(minor, "-+abcdefghijklmnopqrstuvwxyz"))
	return errA == nil && (a > 5 || a == 5 && errB == nil && b >= 8)
})
