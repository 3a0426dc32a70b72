//go:build linux || darwin

package bucket

import (
	"os"
	"path/filepath"
)

// moveNoReplace moves a file to a name that does not exist.
func moveNoReplace(root *os.Root, from, to string) error {
	a, err := root.Open(filepath.Dir(from))
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := root.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer b.Close()
	return renameNoReplace(int(a.Fd()), filepath.Base(from), int(b.Fd()), filepath.Base(to))
}
