package examples_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/examples"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// expectation is what an example has to come to on the simulator.
type expectation struct {
	ephemeral bool // uses what older command lines do not have

	// moving says that a later plan may differ, since the example asks for
	// times relative to now.
	moving bool

	// env is added to the environment that leads to the simulator.
	env func(t *testing.T) []string

	// override replaces arguments that lead elsewhere than to the simulator.
	override func(t *testing.T) string

	// warns is a part of the only warning, "" for none.
	warns string

	// asks are the actions that the simulator must have answered.
	asks []string

	outputs func(t *testing.T, outputs map[string]any)
}

// TestExamples applies each folder of examples with a real command line, and
// plans it once more: nothing may have changed by itself.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, folder := range folders(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			want, ok := expected()[folder]
			if !ok {
				t.Fatal("no expectation for this folder")
			}
			if want.ephemeral {
				needsEphemeral(t)
			}
			sim, env := simulator(t)
			if want.env != nil {
				env = append(env, want.env(t)...)
			}
			b := newBox(t, folder, env...)
			b.complete()
			if want.override != nil {
				b.write("override.tf", want.override(t))
			}
			b.init()
			said := b.apply()
			if warned := strings.Contains(said, "Warning:"); warned != (want.warns != "") || !strings.Contains(said, want.warns) {
				t.Errorf("wanted the warning %q:\n%s", want.warns, said)
			}
			for _, action := range want.asks {
				assertAnswered(t, sim, action)
			}
			if len(want.asks) == 0 && sim.Count("", "") > 0 {
				t.Errorf("%d requests were sent", sim.Count("", ""))
			}
			if want.outputs != nil {
				want.outputs(t, b.outputs())
			}
			if !want.moving {
				b.must("plan", "-input=false", "-no-color", "-detailed-exitcode")
			}
		})
	}
}

// Every expectation is of a folder that there is.
func TestExpectationsHaveFolders(t *testing.T) {
	t.Parallel()
	all := folders(t)
	for folder := range expected() {
		if !slices.Contains(all, folder) {
			t.Errorf("%s is expected, but has no configuration", folder)
		}
	}
}

// folders are those with a configuration, without the modules that they call.
func folders(t *testing.T) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(examples.FS, ".", func(name string, entry fs.DirEntry, err error) error {
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

func assertAnswered(t *testing.T, sim *teosim.Sim, action string) {
	t.Helper()
	for _, r := range sim.Requests() {
		if r.Action == action && r.Code == "" && r.Status == 200 {
			return
		}
	}
	t.Errorf("%s was not answered; the simulator got %d requests", action, len(sim.Requests()))
}
