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

// Script runs commands of a POSIX shell in the working folder, and ends at the
// first that fails. The command line is on their PATH under both names,
// terraform and tofu. When ctx ends, Script ends as [Sandbox.Run] does.
func (s *Sandbox) Script(ctx context.Context, stdout, stderr io.Writer, script string) error {
	// Beside the configuration, which is one level of files.
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

// path is the PATH of the environment, of which the last entry counts.
func (s *Sandbox) path() string {
	for i := len(s.env) - 1; i >= 0; i-- {
		if value, found := strings.CutPrefix(s.env[i], "PATH="); found {
			return value
		}
	}
	return ""
}
