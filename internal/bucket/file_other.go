//go:build !linux && !windows

package bucket

import (
	"errors"
	"os"
	"syscall"
)

// moveNoReplace reports that there is no such call.
func moveNoReplace(*os.Root, string, string) error { return errors.ErrUnsupported }

// syncFileSystem reports that a file system cannot be flushed with one call.
func syncFileSystem(*folder, map[string]bool) (bool, error) { return false, nil }

// systemMeaning says what an error number of this system means, besides
// errorNumbers.
func systemMeaning(systemCall, syscall.Errno) meaning { return fatal }

// isDiskFull reports whether an error is a system's own for a full disk, besides
// ENOSPC.
func isDiskFull(error) bool { return false }
