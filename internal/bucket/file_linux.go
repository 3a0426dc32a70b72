package bucket

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// renameNoReplace moves a file to a name that does not exist.
func renameNoReplace(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return errors.ErrUnsupported
	}
	return err
}

// syncFileSystem flushes the file system of handle and reports whether that made
// everything in the folders durable. It does so only where syncfs is known to wait
// for the disk and to report errors of delayed writes: on local file systems, with
// Linux 5.8 and later, and if no folder is on another file system.
func syncFileSystem(handle *os.File, dirs map[string]bool) (bool, error) {
	if !syncfsReportsErrors() {
		return false, nil
	}
	fd := int(handle.Fd())
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
		var info unix.Stat_t
		ok = ok && unix.Stat(dir, &info) == nil && info.Dev == root.Dev
	}
	if !ok {
		return false, nil
	}
	return true, unix.Syncfs(fd)
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

// isDiskFull reports whether an error is a system's own for a full disk, besides
// ENOSPC.
func isDiskFull(error) bool { return false }
