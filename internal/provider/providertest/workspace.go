package providertest

import (
	"bytes"
	"context"
	"encoding/json"
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
		out, err := exec.Command("go", "build", "-o", binary, "github.com/edgeone-community/terraform-provider-teo").CombinedOutput() //nolint:noctx // not of one test
		if err != nil {
			b.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b.dir
}

// Main runs the tests of a package and returns their exit code. It lets plain
// `go test` use the same command line as `make test`, and removes the provider that
// was built for the tests. Without a command line, the tests that need one fail.
func Main(m *testing.M) int {
	if cli, err := tfcli.Find(context.Background()); err == nil {
		for _, variable := range cli.TestEnv() {
			name, value, _ := strings.Cut(variable, "=")
			_ = os.Setenv(name, value)
		}
	}
	code := m.Run()
	if builtProvider.dir != "" {
		_ = os.RemoveAll(builtProvider.dir)
	}
	return code
}

// skipShort skips a test with -short: a command line takes seconds to start. It does
// not skip benchmarks, which have small sizes then.
func skipShort(t testing.TB) {
	t.Helper()
	if _, isTest := t.(*testing.T); isTest && testing.Short() {
		t.Skip("it starts a real command line")
	}
}

// Workspace is a folder with a configuration. The command line runs in it as for a
// user, with the provider as a separate process.
type Workspace struct {
	T   testing.TB
	Dir string
	Env []string // of the command line

	cli tfcli.CLI
}

const requireProvider = `
terraform {
  required_providers {
    teo = { source = "registry.terraform.io/edgeone-community/teo" }
  }
}
`

// NewWorkspace writes a configuration and initializes it. The environment
// has only what a command line needs.
func NewWorkspace(t testing.TB, config string) *Workspace {
	t.Helper()
	skipShort(t)
	cli, err := tfcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return newWorkspace(t, cli, config)
}

// NewWorkspaceOf is NewWorkspace with the command line at a path, for what only some
// versions can do.
func NewWorkspaceOf(t testing.TB, path, config string) *Workspace {
	t.Helper()
	skipShort(t)
	return newWorkspace(t, tfcli.CLI{Path: path}, config)
}

func newWorkspace(t testing.TB, cli tfcli.CLI, config string) *Workspace {
	t.Helper()
	dir := t.TempDir()
	w := &Workspace{T: t, cli: cli, Dir: dir, Env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "USERPROFILE=" + dir, "TMPDIR=" + os.Getenv("TMPDIR"),
		"SystemRoot=" + os.Getenv("SystemRoot"), "TF_CLI_CONFIG_FILE=" + os.DevNull, "CHECKPOINT_DISABLE=1",
	}}
	w.Write(config)
	if out, err := w.Command("init", "-no-color", "-input=false", "-plugin-dir="+builtProvider.mirror(t)).CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	return w
}

// Write writes the configuration.
func (w *Workspace) Write(config string) {
	w.T.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, "main.tf"), []byte(requireProvider+config), 0o600); err != nil {
		w.T.Fatal(err)
	}
}

// Command prepares a run of the command line.
func (w *Workspace) Command(arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.T.Context(), w.cli.Path, arguments...)
	cmd.Dir, cmd.Env = w.Dir, w.Env
	return cmd
}

// Run runs a command and returns what it printed; err is not nil if it
// failed.
func (w *Workspace) Run(arguments ...string) (stdout, stderr string, err error) {
	w.T.Helper()
	var out, problems bytes.Buffer
	cmd := w.Command(append(arguments, "-no-color")...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	err = cmd.Run()
	return out.String(), problems.String(), err
}

// Apply runs apply, which must succeed.
func (w *Workspace) Apply() {
	w.T.Helper()
	stdout, stderr, err := w.Run("apply", "-auto-approve", "-input=false")
	if err != nil {
		w.T.Fatalf("apply: %v\n%s\n%s", err, stdout, stderr)
	}
}

// File reads a file of the folder.
func (w *Workspace) File(name string) string {
	w.T.Helper()
	content, err := os.ReadFile(filepath.Join(w.Dir, name))
	if err != nil {
		w.T.Fatal(err)
	}
	return string(content)
}

// Collapsed replaces white space by single spaces, because the command line wraps
// its output.
func Collapsed(text string) string { return strings.Join(strings.Fields(text), " ") }

// Plan returns what a plan prints, and whether it has changes.
func (w *Workspace) Plan(arguments ...string) (said string, changes bool) {
	w.T.Helper()
	stdout, stderr, err := w.Run(append([]string{"plan", "-input=false", "-detailed-exitcode"}, arguments...)...)
	said = Collapsed(stdout + stderr)
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 2 { //nolint:errorlint // of this command
		return said, true
	}
	if err != nil {
		w.T.Fatalf("plan: %v\n%s\n%s", err, stdout, stderr)
	}
	return said, false
}

// Unchanged asserts that there is nothing to do and nothing to say.
func (w *Workspace) Unchanged() {
	w.T.Helper()
	if said, changes := w.Plan(); changes || strings.Contains(said, "Warning:") {
		w.T.Errorf("the plan is not empty:\n%s", said)
	}
}

// Finds asserts that a plan, with and without a refresh, has changes and warns.
func (w *Workspace) Finds(want string) {
	w.T.Helper()
	for _, arguments := range [][]string{nil, {"-refresh=false"}} {
		if said, changes := w.Plan(arguments...); !changes || !strings.Contains(said, want) {
			w.T.Errorf("plan %v does not find %q (changes: %t):\n%s", arguments, want, changes, said)
		}
	}
}

// Refused asserts that an apply fails, and returns what it says.
func (w *Workspace) Refused(want string) string {
	w.T.Helper()
	stdout, stderr, err := w.Run("apply", "-auto-approve", "-input=false")
	if err == nil || !strings.Contains(Collapsed(stderr), want) {
		w.T.Fatalf("apply does not fail with %q: %v\n%s\n%s", want, err, stdout, stderr)
	}
	return Collapsed(stdout + stderr)
}

// Head is the head in the state.
func (w *Workspace) Head() (sequence int64, sha256 string) {
	w.T.Helper()
	out, stderr, err := w.Run("output", "-json", "head")
	if err != nil {
		w.T.Fatalf("output: %v\n%s", err, stderr)
	}
	var head struct {
		Sequence int64
		SHA256   string
	}
	if err := json.Unmarshal([]byte(out), &head); err != nil {
		w.T.Fatal(err)
	}
	return head.Sequence, head.SHA256
}
