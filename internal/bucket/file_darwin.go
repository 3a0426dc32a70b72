package bucket

import "golang.org/x/sys/unix"

// renameNoReplace renames a file in one folder to a name in another one that does
// not exist.
func renameNoReplace(fromDir int, from string, toDir int, to string) error {
	return unix.RenameatxNp(fromDir, from, toDir, to, unix.RENAME_EXCL)
}
