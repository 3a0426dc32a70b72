package logarchive_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func TestAWiderWindowArchivesTheNewDaysOnly(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	before := map[string]os.FileInfo{}
	for name := range files(t, e.dir) {
		info, err := os.Stat(filepath.Join(e.dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		before[name] = info
	}
	e.sim.ResetCounters()
	e.Write(e.config("2022-05-04"))
	if said, changes := e.Plan(); !changes || strings.Contains(said, "must be replaced") {
		t.Errorf("the plan of a wider window:\n%s", said)
	}
	e.Apply()
	if got := len(e.sim.Downloads()); got != 3 {
		t.Errorf("%d downloads, want the 3 packages of the new day", got)
	}
	for name, was := range before {
		is, err := os.Stat(filepath.Join(e.dir, filepath.FromSlash(name)))
		if err != nil || !os.SameFile(was, is) || !is.ModTime().Equal(was.ModTime()) {
			t.Errorf("%s was written again (%v)", name, err)
		}
	}
	e.Unchanged()
	e.verified()
}

func TestANarrowerWindowAndOtherFiltersRemoveNothing(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	kept := files(t, e.dir)
	e.Write(e.config("2022-05-02", `domains = ["other.site0.example"]`, `on_destroy = "keep"`))
	e.Apply()
	e.Unchanged()
	now := files(t, e.dir)
	for name := range kept {
		if now[name] != kept[name] {
			t.Errorf("%s was removed or changed", name)
		}
	}
	e.verified()
}

// A package that grew gets a new version in a new bag. Both remain.
func TestAPackageThatGrewHasTwoVersions(t *testing.T) {
	t.Parallel()
	sim, dir := clocked(t, "2022-05-04T12:00:00Z"), t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), ""))
	w.Apply()
	sim.Update(func(c *teosim.Catalogue) {
		for i := range c.L7 {
			if c.L7[i].Start.Equal(at(t, "2022-05-02T08:00:00Z")) {
				c.L7[i].Members = max(2, 2*c.L7[i].Members)
			}
		}
	})
	w.Apply()
	w.Unchanged()
	found, err := filepath.Glob(filepath.Join(dir, "dt=2022-05-02", "bag=*", "data", "*", "*", "hour=08", "*"))
	if err != nil || len(found) != 2 {
		t.Errorf("%v (%v)", found, err)
	}
	if n := fmt.Sprint(attribute(w, "package_count")); n != "6" {
		t.Errorf("package_count is %s", n)
	}
	verified(t, dir)
}

// What is not known at plan time is planned as an update, and the apply does it.
func TestUnknownArgumentsArePlannedAsKnownAfterApply(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	config := func(end string) string {
		return providertest.ProviderBlock(sim) + fmt.Sprintf("resource \"terraform_data\" \"later\" {\n  input = %q\n}\n\n", end) +
			strings.Replace(archiveBlock(fileURL(dir), "2022-05-03"), `"2022-05-03T00:00:00Z"`, "terraform_data.later.output", 1)
	}
	w := providertest.NewWorkspace(t, config("2022-05-03T00:00:00Z"))
	said, _ := w.Plan()
	contains(t, said, "(known after apply)")
	w.Apply()
	if _, changes := w.Plan(); changes {
		t.Error("the second plan has changes")
	}
	w.Write(config("2022-05-04T00:00:00Z"))
	said, _ = w.Plan()
	contains(t, said, "(known after apply)")
	lacks(t, said, "must be replaced")
	w.Apply()
	w.Unchanged()
	if n := fmt.Sprint(attribute(w, "package_count")); n != "9" {
		t.Errorf("package_count is %s", n)
	}
	verified(t, dir)
}
