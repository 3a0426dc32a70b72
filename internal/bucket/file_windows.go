package bucket

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// renameNoReplace moves a file to a name that does not exist.
func renameNoReplace(from, to string) error {
	a, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	b, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(a, b, windows.MOVEFILE_WRITE_THROUGH)
}

// syncFileSystem reports that a file system cannot be flushed with one call.
func syncFileSystem(*os.File, map[string]bool) (bool, error) { return false, nil }

// isDiskFull reports whether an error is Windows' own for a full disk.
func isDiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
