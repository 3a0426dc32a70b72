//go:build !windows

package bucket

import "syscall"

// systemMeaning says what an error number of this system means, besides
// errorNumbers.
func systemMeaning(systemCall, syscall.Errno) meaning { return fatal }

// isDiskFull reports whether an error is a system's own for a full disk, besides
// ENOSPC.
func isDiskFull(error) bool { return false }
