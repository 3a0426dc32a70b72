package bucket

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The ways to move a file to a name that does not exist, for file systems with
// links and without.
func TestMove(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(from, to string) error{
		"link":   moveNoReplace,
		"rename": renameNoReplace,
		"check":  moveIfAbsent,
	} {
		dir := t.TempDir()
		path := func(name string) string { return filepath.Join(dir, name) }
		create := func(name string) {
			t.Helper()
			if err := os.WriteFile(path(name), []byte(name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		create("a")
		err := move(path("a"), path("x"))
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		create("b")
		if err := move(path("b"), path("x")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
		if err := move(path("none"), path("y")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		if data, err := os.ReadFile(path("x")); err != nil || string(data) != "a" {
			t.Errorf("%s: %s, %v", name, data, err)
		}
		if _, err := os.Stat(path("a")); err == nil {
			t.Errorf("%s: the temporary name remains", name)
		}
	}
	// A link that took effect is requested again.
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(from, to); err != nil {
		t.Skip(err)
	}
	if err := moveNoReplace(from, to); err != nil {
		t.Errorf("a repeated link: %v", err)
	}
}
