//go:build !linux && !windows

package bucket

import (
	"errors"
	"os"
)

// renameNoReplace reports that there is no such call.
func renameNoReplace(_, _ string) error { return errors.ErrUnsupported }

// syncFileSystem reports that a file system cannot be flushed with one call.
func syncFileSystem(*os.File, map[string]bool) (bool, error) { return false, nil }

// isDiskFull reports whether an error is a system's own for a full disk, besides
// ENOSPC.
func isDiskFull(error) bool { return false }
