package bucket

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

// moveNoReplace moves a file to a name that does not exist.
func moveNoReplace(root *os.Root, from, to string) error {
	a, err := windows.UTF16PtrFromString(filepath.Join(root.Name(), from))
	if err != nil {
		return err
	}
	b, err := windows.UTF16PtrFromString(filepath.Join(root.Name(), to))
	if err != nil {
		return err
	}
	return windows.MoveFileEx(a, b, windows.MOVEFILE_WRITE_THROUGH)
}

// syncFileSystem reports that a file system cannot be flushed with one call.
func syncFileSystem(*folder, map[string]bool) (bool, error) { return false, nil }

// systemMeaning says what an error number of Windows means: other programs, such
// as virus scanners, hold files open, and FAT and some shares lack links.
func systemMeaning(call systemCall, number syscall.Errno) meaning {
	switch number {
	case windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION:
		return again
	case windows.ERROR_INVALID_FUNCTION, windows.ERROR_NOT_SUPPORTED, windows.ERROR_INVALID_PARAMETER, windows.ERROR_TOO_MANY_LINKS:
		if call == callLink || call == callMove || call == callSync {
			return lacking
		}
	case windows.ERROR_ACCESS_DENIED:
		if call == callLink {
			return lacking
		}
	}
	return fatal
}

// isDiskFull reports whether an error is Windows' own for a full disk.
func isDiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
