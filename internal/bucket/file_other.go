//go:build !linux && !windows && !darwin

package bucket

import (
	"errors"
	"os"
)

// moveNoReplace reports that there is no such call.
func moveNoReplace(*os.Root, string, string) error { return errors.ErrUnsupported }
