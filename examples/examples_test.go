package examples_test

import (
	"io/fs"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/examples"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// TestEveryExampleApplies applies each folder of examples with a real command line, without
// a warning and with a value for each output. A second plan must be empty,
// unless the example has times relative to now or a data source in a check block.
// What else it needs or must come to is in [special].
func TestEveryExampleApplies(t *testing.T) {
	t.Parallel()
	for _, folder := range folders(t) {
		if strings.HasPrefix(folder, "zh/") {
			continue // TestATranslatedExampleDiffersInCommentsOnly compares them
		}
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			example, configuration := special()[folder], configurationOf(t, folder)
			if strings.Contains(configuration, "\nephemeral \"") {
				needsEphemeral(t)
			}
			sim, env := simulator(t)
			if example.env != nil {
				env = append(env, example.env(t)...)
			}
			b := newBox(t, folder, env...)
			b.complete()
			if example.override != nil {
				b.write("override.tf", example.override(t))
			}
			b.init()
			if example.elsewhere != "" {
				b.must("validate", "-no-color")
				return
			}
			out := b.apply()
			if warned := strings.Contains(out, "Warning:"); warned != (example.warning != "") || !strings.Contains(out, example.warning) {
				t.Errorf("want the warning %q:\n%s", example.warning, out)
			}
			outputs := b.outputs()
			for name, value := range outputs {
				if isEmpty(value) && !example.emptyOutputs {
					t.Errorf("output %s is %v", name, value)
				}
			}
			if example.outputs != nil {
				example.outputs(t, outputs)
			}
			checkActions(t, sim, folder)
			// Terraform plans to read the data source of a check block again.
			if !strings.Contains(configuration, "plantimestamp()") && !strings.Contains(configuration, "\n  data \"") {
				b.must("plan", "-input=false", "-no-color", "-detailed-exitcode")
			}
		})
	}
}

// Every special case is of a folder that exists.
func TestSpecialCasesHaveFolders(t *testing.T) {
	t.Parallel()
	all := folders(t)
	for folder := range special() {
		if !slices.Contains(all, folder) {
			t.Errorf("%s has no configuration", folder)
		}
	}
}

// A translated example differs from its original only in comments and
// descriptions, a translated script in comments.
func TestATranslatedExampleDiffersInCommentsOnly(t *testing.T) {
	t.Parallel()
	text := regexp.MustCompile(`(?m)\s*#.*$|^\s*description\s*=.*$`)
	found := 0
	for _, folder := range folders(t) {
		original, ok := strings.CutPrefix(folder, "zh/")
		if !ok {
			continue
		}
		found++
		got, want := text.ReplaceAllString(configurationOf(t, folder), ""), text.ReplaceAllString(configurationOf(t, original), "")
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
			t.Errorf("%s differs from %s:\n%s", folder, original, got)
		}
	}
	if found == 0 {
		t.Error("there are no translations")
	}
	scripts, err := fs.Glob(examples.FS, "zh/*/*/*.sh")
	if err != nil || len(scripts) == 0 {
		t.Errorf("%d translated scripts, %v", len(scripts), err)
	}
	comment := regexp.MustCompile(`(?m)^#[^!].*\n`)
	for _, name := range scripts {
		got, err := fs.ReadFile(examples.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := fs.ReadFile(examples.FS, strings.TrimPrefix(name, "zh/"))
		if err != nil || comment.ReplaceAllString(string(got), "") != comment.ReplaceAllString(string(want), "") {
			t.Errorf("%s differs from its original, %v:\n%s", name, err, got)
		}
	}
}

// folders have a configuration that is not a module of another one.
func folders(t *testing.T) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(examples.FS, ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".tf" && !strings.Contains(name, "/modules/") && !slices.Contains(found, path.Dir(name)) {
			found = append(found, path.Dir(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// configurationOf returns the .tf files of a folder and of its modules.
func configurationOf(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(examples.FS, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != folder && !strings.Contains(name, "/modules") {
			return fs.SkipDir // an example of its own
		}
		if path.Ext(name) != ".tf" {
			return nil
		}
		text, err := fs.ReadFile(examples.FS, name)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// isEmpty is true of null, zero, and an empty string or collection.
func isEmpty(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Bool:
		return false
	}
	return !v.IsValid() || v.IsZero()
}

// answered returns the actions that the simulator answered without an error.
func answered(sim *teosim.Sim) []string {
	var actions []string
	for _, r := range sim.Requests() {
		if r.Code == "" && r.Status == 200 && !slices.Contains(actions, r.Action) {
			actions = append(actions, r.Action)
		}
	}
	return actions
}
