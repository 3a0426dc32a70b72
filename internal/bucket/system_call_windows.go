package bucket

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

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
