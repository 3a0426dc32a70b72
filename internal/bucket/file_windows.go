package bucket

import (
	"os"
	"path/filepath"

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
