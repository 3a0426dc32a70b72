package logarchive_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
)

func TestADestroyKeepsTheArchiveByDefault(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	saved := files(t, e.dir)
	// Not applied: the state still says keep.
	e.Write(e.config("2022-05-03", `on_destroy = "delete"`))
	said, _ := e.Plan("-destroy")
	contains(t, said, "Warning: Archive is kept", `because on_destroy is "keep" in the state`, `run terraform apply with on_destroy = "delete" before the destroy`,
		"After the destroy, import the archive first with \"terraform import teo_l7_log_archive.NAME '"+fileURL(e.dir)+"'\"")
	succeeds(e.Workspace, "destroy", "-auto-approve", "-input=false")
	now := files(t, e.dir)
	for name := range saved {
		if now[name] != saved[name] {
			t.Errorf("%s was removed or changed", name)
		}
	}
	e.verified()
	if ids := members(t, e.dir); len(ids) > 0 {
		t.Errorf("the resource did not leave: %v", ids)
	}

	// The same configuration continues it.
	said = applied(e.Workspace)
	contains(t, said, "Warning: Archive exists")
	e.Unchanged()
}

func TestADestroyRemovesTheArchiveAndNothingElse(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "2022-05-02", `on_destroy = "delete"`))
	w.Apply()
	bags, err := filepath.Glob(filepath.Join(dir, "dt=2022-05-01", "bag=*"))
	if err != nil || len(bags) != 1 {
		t.Fatal(bags, err)
	}
	foreign := []string{filepath.Join(bags[0], "notes.txt"), filepath.Join(dir, ".teo-archive", "ledger", "notes.txt"), filepath.Join(dir, "notes.txt"), filepath.Join(dir, "-rf")}
	for _, name := range foreign {
		writeFile(t, name, []byte("mine"))
	}
	said, _ := w.Plan("-destroy")
	contains(t, said, "Warning: Archive is removed", "3 packages")
	succeeds(w, "destroy", "-auto-approve", "-input=false")
	left := files(t, dir)
	for _, name := range foreign {
		rel, _ := filepath.Rel(dir, name)
		if left[filepath.ToSlash(rel)] != "mine" {
			t.Errorf("%s was removed", name)
		}
	}
	for name := range left {
		if strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".jsonl") {
			t.Errorf("%s is left", name)
		}
	}
}

func TestADestroyChecksTheHead(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	e.Write(e.config("2022-05-03", `on_destroy = "delete"`))
	e.Apply()
	old := files(t, e.dir)
	e.Write(e.config("2022-05-04", `on_destroy = "delete"`))
	e.Apply()
	restore(t, e.dir, old)
	_, stderr, err := e.Run("destroy", "-auto-approve", "-input=false")
	if err == nil || !strings.Contains(providertest.Collapsed(stderr), "Error: Archive was rolled back") {
		t.Errorf("%v\n%s", err, stderr)
	}
	if now := files(t, e.dir); len(now) != len(old) {
		t.Errorf("%d of %d files are left", len(now), len(old))
	}
}

func TestADestroyedArchiveIsNoneAnyMore(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	e.Write(e.config("2022-05-03", `on_destroy = "delete"`))
	e.Apply()
	copied := e.another("2022-05-03")
	writeFile(t, filepath.Join(copied.Dir, "terraform.tfstate"), readFile(t, filepath.Join(e.Dir, "terraform.tfstate")))
	succeeds(e.Workspace, "destroy", "-auto-approve", "-input=false")
	copied.Finds("Warning: No archive at the destination")
	copied.Refused("Error: No archive at the destination")
	succeeds(copied, "destroy", "-auto-approve", "-input=false")
}
