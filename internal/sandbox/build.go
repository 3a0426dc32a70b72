package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Source is the provider's source address, as required_providers spells it.
// OpenTofu would look for an address without a host in its own registry.
const Source = "registry.terraform.io/edgeone-community/teo"

// Version is the version of the local build in the mirror. It is not a
// pre-release, because version constraints do not match those.
const Version = "0.1.0"

// Mirror is a folder from which Terraform and OpenTofu install the provider
// without a registry.
type Mirror struct {
	// Dir is the absolute path of the folder.
	Dir string
}

// Binary is the path of the provider in the mirror.
func (m Mirror) Binary() string {
	name := "terraform-provider-teo_v" + Version
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(m.Dir, filepath.FromSlash(Source), Version, runtime.GOOS+"_"+runtime.GOARCH, name)
}

// Build builds the provider of the module that contains the working folder into
// a filesystem mirror at dir, which is created if it does not exist. It needs a
// Go toolchain. It takes seconds, or a minute if nothing has been compiled yet.
func Build(ctx context.Context, dir string) (Mirror, error) {
	return BuildPackage(ctx, dir, ".")
}

// BuildPackage is [Build] for another command of the module that serves as the
// provider.
func BuildPackage(ctx context.Context, dir, pkg string) (Mirror, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Mirror{}, err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return Mirror{}, err
	}
	mirror := Mirror{Dir: dir}
	// With -trimpath, so that the build cache is shared with `make build` and
	// `make install`.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+Version, "-o", mirror.Binary(), pkg)
	cmd.Dir = root
	supervise(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return Mirror{}, ctx.Err()
		}
		return Mirror{}, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return mirror, readSources(root)
}

// readSources reads the folders with the sources of what was built, so that go
// test does not reuse a cached result after they have changed: it does not see
// what a compiler reads that a test has started.
func readSources(root string) error {
	if _, err := os.ReadDir(root); err != nil {
		return err
	}
	return filepath.WalkDir(filepath.Join(root, "internal"), func(_ string, _ os.DirEntry, err error) error { return err })
}

// moduleRoot is the folder of the go.mod in use.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == os.DevNull {
		return "", errors.New("run this in a checkout of the provider")
	}
	return filepath.Dir(file), nil
}

// writeConfig writes a CLI configuration that installs providers from the mirror
// only.
func (m Mirror) writeConfig(file string) error {
	// A backslash would be an escape. Slashes work on every system.
	text := fmt.Sprintf("disable_checkpoint = true\n\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(m.Dir))
	return os.WriteFile(file, []byte(text), 0o600)
}
