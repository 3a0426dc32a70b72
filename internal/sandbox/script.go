package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Script runs the commands of a POSIX shell in the working folder and stops at the
// first failure. The command line is on their PATH as terraform and as tofu. If
// ctx ends, Script behaves as [Sandbox.Run].
func (s *Sandbox) Script(ctx context.Context, stdout, stderr io.Writer, script string) error {
	// Terraform does not read subfolders as a configuration.
	bin := filepath.Join(s.Dir, ".bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"terraform", "tofu"} {
		if err := os.Symlink(s.CLI.Path, filepath.Join(bin, name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, "sh", "-eu", "-c", script)
	cmd.Dir = s.Dir
	cmd.Env = append(s.env[:len(s.env):len(s.env)], "PATH="+bin+string(os.PathListSeparator)+s.path())
	cmd.Stdout, cmd.Stderr = stdout, stderr
	supervise(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		endAll(cmd)
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("sh: %w", err)
	}
	return nil
}

// path returns the PATH of the environment. The last entry is in effect.
func (s *Sandbox) path() string {
	for i := len(s.env) - 1; i >= 0; i-- {
		if value, found := strings.CutPrefix(s.env[i], "PATH="); found {
			return value
		}
	}
	return ""
}
