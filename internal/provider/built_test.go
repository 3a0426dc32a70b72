package provider_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// build is the provider as a binary in a filesystem mirror, made once for all
// tests that need it.
type build struct {
	once sync.Once
	dir  string
	err  error
}

var builtProvider build

// mirror returns the folder of the mirror.
func (b *build) mirror(t testing.TB) string {
	t.Helper()
	b.once.Do(func() {
		if b.dir, b.err = os.MkdirTemp("", "teo-mirror-*"); b.err != nil { //nolint:usetesting // it outlives the test
			return
		}
		const version = "0.0.1"
		binary := filepath.Join(b.dir, "registry.terraform.io", "edgeone-community", "teo", version,
			runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-teo_v"+version)
		if runtime.GOOS == "windows" {
			binary += ".exe"
		}
		out, err := exec.Command("go", "build", "-o", binary, "../..").CombinedOutput() //nolint:noctx // not of one test
		if err != nil {
			b.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b.dir
}

func (b *build) remove() {
	if b.dir != "" {
		_ = os.RemoveAll(b.dir)
	}
}

// workspace is a folder with a configuration. The command line runs in it as for a
// user, with the provider as a separate process.
type workspace struct {
	t   testing.TB
	cli tfcli.CLI
	dir string
	env []string
}

const requireProvider = `
terraform {
  required_providers {
    teo = { source = "registry.terraform.io/edgeone-community/teo" }
  }
}
`

// newWorkspace writes a configuration and initializes it. The environment
// has only what a command line needs.
func newWorkspace(t testing.TB, config string) *workspace {
	t.Helper()
	cli, err := tfcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := &workspace{t: t, cli: cli, dir: dir, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "USERPROFILE=" + dir, "TMPDIR=" + os.Getenv("TMPDIR"),
		"SystemRoot=" + os.Getenv("SystemRoot"), "TF_CLI_CONFIG_FILE=" + os.DevNull, "CHECKPOINT_DISABLE=1",
	}}
	w.write(config)
	if out, err := w.command("init", "-no-color", "-input=false", "-plugin-dir="+builtProvider.mirror(t)).CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	return w
}

func (w *workspace) write(config string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(requireProvider+config), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// command prepares a run of the command line.
func (w *workspace) command(arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), w.cli.Path, arguments...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

// run runs a command and returns what it printed; err is not nil if it
// failed.
func (w *workspace) run(arguments ...string) (stdout, stderr string, err error) {
	w.t.Helper()
	var out, problems bytes.Buffer
	cmd := w.command(append(arguments, "-no-color")...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	err = cmd.Run()
	return out.String(), problems.String(), err
}

// apply runs apply, which must succeed.
func (w *workspace) apply() {
	w.t.Helper()
	stdout, stderr, err := w.run("apply", "-auto-approve", "-input=false")
	if err != nil {
		w.t.Fatalf("apply: %v\n%s\n%s", err, stdout, stderr)
	}
}

// file reads a file of the folder.
func (w *workspace) file(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(content)
}

// collapsed replaces white space by single spaces, because the command line wraps
// its output.
func collapsed(text string) string { return strings.Join(strings.Fields(text), " ") }
