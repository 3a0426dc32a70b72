package examples_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/edgeone-community/terraform-provider-teo/examples"
	"github.com/edgeone-community/terraform-provider-teo/internal/sandbox"
	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// box is an example in a folder of its own.
type box struct {
	*sandbox.Sandbox

	t *testing.T
}

func newBox(t *testing.T, folder string, env ...string) box {
	t.Helper()
	with := shared.get(t)
	files, err := fs.Sub(examples.FS, folder)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.New(with.cli, with.mirror, files, filepath.Join(t.TempDir(), "work"), env...)
	if err != nil {
		t.Fatal(err)
	}
	return box{s, t}
}

// complete adds the terraform block, which the pages of the documentation omit.
func (b box) complete() {
	b.t.Helper()
	sources, err := filepath.Glob(filepath.Join(b.Dir, "*.tf"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			b.t.Fatal(err)
		}
		if bytes.Contains(text, []byte("required_providers")) {
			return
		}
	}
	b.write("terraform.tf", "terraform {\n  required_providers {\n    teo = {\n      source = \""+sandbox.Source+"\"\n    }\n  }\n}\n")
}

func (b box) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.Dir, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// run runs the command line and returns its output.
func (b box) run(args ...string) (string, error) {
	b.t.Helper()
	var out bytes.Buffer
	err := b.Run(b.t.Context(), &out, &out, args...)
	return plain(out.String()), err
}

// must is run for commands that have to succeed.
func (b box) must(args ...string) string {
	b.t.Helper()
	out, err := b.run(args...)
	if err != nil {
		b.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

func (b box) init() { b.t.Helper(); b.must("init", "-input=false", "-no-color") }
func (b box) apply() string {
	b.t.Helper()
	return b.must("apply", "-input=false", "-no-color", "-auto-approve")
}

// outputs returns the values of all outputs.
func (b box) outputs() map[string]any {
	b.t.Helper()
	var named map[string]struct{ Value any }
	if err := json.Unmarshal([]byte(b.must("output", "-json", "-no-color")), &named); err != nil {
		b.t.Fatal(err)
	}
	values := map[string]any{}
	for name, output := range named {
		values[name] = output.Value
	}
	return values
}

// plain removes the frames of diagnostics and line breaks.
func plain(text string) string {
	text = strings.NewReplacer("│", "", "╷", "", "╵", "").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

// needsEphemeral skips the test if the command line has no ephemeral resources.
func needsEphemeral(t *testing.T) {
	t.Helper()
	cli := shared.get(t).cli
	first := map[tfcli.Product]string{tfcli.Terraform: "1.10.0", tfcli.OpenTofu: "1.11.0"}[cli.Product]
	if version.Must(version.NewVersion(cli.Version)).Core().LessThan(version.Must(version.NewVersion(first))) {
		t.Skipf("%s %s has no ephemeral resources", cli.Product, cli.Version)
	}
}

// script runs shell commands that have to succeed, and returns their output.
func (b box) script(commands string) string {
	b.t.Helper()
	var out bytes.Buffer
	if err := b.Script(b.t.Context(), &out, &out, commands); err != nil {
		b.t.Fatalf("%v\n%s\n%s", err, commands, &out)
	}
	return plain(out.String())
}
