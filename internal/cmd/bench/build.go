package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/cmd/demo/sandbox"
)

// gotool runs the go command in the module.
func (b *bench) gotool(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = b.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", args[0], err, out)
	}
	return nil
}

// build builds a command as `make build` does.
func (b *bench) build(ctx context.Context, binary, pkg string, more ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags", "-s -w -X main.version=" + sandbox.Version, "-o", binary}, more...)
	return b.gotool(ctx, append(args, pkg)...)
}

// installed is a build of the provider, or of what stands in for it, in a
// mirror of its own.
type installed struct {
	mirror sandbox.Mirror
	binary string
}

func (b *bench) install(ctx context.Context, name, pkg string) (installed, error) {
	dir := filepath.Join(b.temp, "mirrors", name)
	i := installed{
		mirror: sandbox.Mirror{Dir: dir},
		binary: executable(filepath.Join(dir, filepath.FromSlash(sandbox.Source), sandbox.Version, runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-teo_v"+sandbox.Version)),
	}
	return i, b.build(ctx, i.binary, pkg)
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

// withoutArchive builds the provider as it would be without the archive, and so
// without the drivers of buckets. An overlay leaves the files of the resource
// out, and the line that registers it.
func (b *bench) withoutArchive(ctx context.Context, binary string) error {
	const register = "newArchiveResource,"
	files, _ := filepath.Glob(filepath.Join(b.root, "internal", "provider", "*.go")) // the pattern is valid
	replace := map[string]string{}
	registered := false
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		switch {
		case strings.HasSuffix(file, "_test.go"):
		case strings.Contains(string(text), register):
			without := filepath.Join(b.temp, filepath.Base(file))
			if err := os.WriteFile(without, []byte(strings.Replace(string(text), register, "", 1)), 0o600); err != nil {
				return err
			}
			replace[file], registered = without, true
		case strings.Contains(filepath.Base(file), "_archive_"):
			replace[file] = "" // as if it were not there
		}
	}
	if !registered {
		return errors.New("the archive is not registered where it was")
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	file := filepath.Join(b.temp, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return err
	}
	return b.build(ctx, binary, ".", "-overlay", file)
}
