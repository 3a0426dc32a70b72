package examples_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// sourceBlock matches a fenced block whose first line is a comment with the name of
// a file.
var sourceBlock = regexp.MustCompile("(?m)^```(go|diff|terraform)\n(?://|#) (\\S+)\n((?s:.*?))^```$")

// contributed returns the files that the example of CONTRIBUTING.md adds or changes,
// by their path in the checkout.
func contributed(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, match := range sourceBlock.FindAllStringSubmatch(string(text), -1) {
		language, name, content := match[1], match[2], match[3]
		if language != "diff" {
			files[name] = content
			continue
		}
		before, known := files[name]
		if !known {
			source, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			before = string(source)
		}
		var from, to strings.Builder
		for line := range strings.Lines(content) {
			if line[0] != '+' {
				from.WriteString(line[1:])
			}
			if line[0] != '-' {
				to.WriteString(line[1:])
			}
		}
		if n := strings.Count(before, from.String()); n != 1 {
			t.Errorf("CONTRIBUTING.md: these lines are %d times in %s:\n%s", n, name, &from)
		}
		files[name] = strings.Replace(before, from.String(), to.String(), 1)
	}
	return files
}

// The example of CONTRIBUTING.md compiles, and its tests pass, exactly as it is
// written.
func TestTheExampleOfContributingWorks(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join("..", "internal", "provider", "origingroups")); err == nil {
		t.Skip("the checkout has the data source of the example")
	}
	files := contributed(t)
	if !json.Valid([]byte(files["examples/provider/policy.json"])) {
		t.Errorf("the policy is not JSON:\n%s", files["examples/provider/policy.json"])
	}
	if testing.Short() {
		t.Skip("it compiles the provider once more")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for name, content := range files {
		if filepath.Ext(name) != ".go" {
			continue
		}
		copied := filepath.Join(dir, strings.ReplaceAll(name, "/", "-"))
		if err := os.WriteFile(copied, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = copied
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	cli, err := tfcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "TF_ACC_TERRAFORM_PATH="+cli.Path)
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "no tests to run") {
			t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
	}
	run("go", "test", "-overlay", file, "-run", "OriginGroups", "./internal/teo")
	// go test runs a test in its folder, which an overlay does not make.
	binary := filepath.Join(dir, "origingroups.test")
	run("go", "test", "-overlay", file, "-vet=off", "-c", "-o", binary, "./internal/provider/origingroups")
	run(binary, "-test.run", "OriginGroups")
}
