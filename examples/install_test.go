package examples_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/cmd/demo/sandbox"
)

// make install makes a filesystem mirror: init takes the provider from it.
func TestInstall(t *testing.T) {
	t.Parallel()
	needs(t, "make", "sh")
	_, env := simulator(t)
	b := newBox(t, "quick-start", env...)
	plugins := filepath.Join(b.Dir, "terraform.d", "plugins")
	cmd := exec.CommandContext(t.Context(), "make", "--no-print-directory", "install",
		"BIN="+binary(t), "INSTALL_DIR="+plugins, "INSTALL_VERSION=0.2.0")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make install: %v\n%s", err, out)
	}
	// Of the implied mirrors that Terraform looks in, the one beside the
	// configuration: ~ belongs to who runs the tests.
	b.write("cli.tfrc", "disable_checkpoint = true\n")
	b.init()
	b.apply()
}

// dev_overrides work without init.
func TestDevOverrides(t *testing.T) {
	t.Parallel()
	_, env := simulator(t)
	b := newBox(t, "quick-start", env...)
	b.write("cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n",
		sandbox.Source, filepath.ToSlash(filepath.Dir(binary(t)))))
	b.must("plan", "-input=false", "-no-color")
}

// binary is the provider's in the mirror.
func binary(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(built.mirror.Dir, filepath.FromSlash(sandbox.Source), sandbox.Version, runtime.GOOS+"_*", "terraform-provider-teo*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("binaries: %v, %v", found, err)
	}
	return found[0]
}
