package examples_test

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/sandbox"
)

// make install writes a filesystem mirror from which init installs the provider.
func TestMakeInstallWritesAFilesystemMirror(t *testing.T) {
	t.Parallel()
	needs(t, "make", "sh")
	_, env := simulator(t)
	b := newBox(t, "quick-start", env...)
	plugins := filepath.Join(b.Dir, "terraform.d", "plugins")
	// The tests have built the binary.
	cmd := exec.CommandContext(t.Context(), "make", "--no-print-directory", "--old-file=build", "install",
		"BIN="+binary(t), "INSTALL_DIR="+plugins, "INSTALL_VERSION=0.2.0")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make install: %v\n%s", err, out)
	}
	// Terraform also looks in terraform.d/plugins beside the configuration. The one
	// in the home folder belongs to the user who runs the tests.
	b.write("cli.tfrc", "disable_checkpoint = true\n")
	b.init()
	b.apply()
}

// The archive of a release can be stored in terraform.d/plugins as it is.
func TestAReleaseArchiveIsAFilesystemMirror(t *testing.T) {
	t.Parallel()
	_, env := simulator(t)
	b := newBox(t, "quick-start", env...)
	dir := filepath.Join(b.Dir, "terraform.d", "plugins", filepath.FromSlash(sandbox.Source))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "terraform-provider-teo_0.3.0_"+runtime.GOOS+"_"+runtime.GOARCH+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(file)
	header := &zip.FileHeader{Name: "terraform-provider-teo_v0.3.0", Method: zip.Store}
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(archive.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	b.write("cli.tfrc", "disable_checkpoint = true\n")
	b.init()
	if out := b.must("version"); !strings.Contains(out, "teo v0.3.0") {
		t.Errorf("installed is:\n%s", out)
	}
	b.must("plan", "-input=false", "-no-color")
}

// dev_overrides work without init.
func TestDevOverridesWorkWithoutInit(t *testing.T) {
	t.Parallel()
	_, env := simulator(t)
	b := newBox(t, "quick-start", env...)
	b.write("cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n",
		sandbox.Source, filepath.ToSlash(filepath.Dir(binary(t)))))
	b.must("plan", "-input=false", "-no-color")
}

// binary returns the path of the provider in the mirror.
func binary(t *testing.T) string {
	t.Helper()
	return shared.get(t).mirror.Binary()
}
