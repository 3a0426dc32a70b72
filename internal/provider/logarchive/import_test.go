package logarchive_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
)

func TestAnImportedArchiveHasAnEmptyPlanAndADestroyKeepsIt(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	e.Write(e.config("2022-05-03", `domains = ["www0.site0.example"]`, "recheck_days = 5", "stable_after = \"36h\"", "expire_after_days = 10000"))
	e.Apply()
	config := e.config("2022-05-03", `domains = ["www0.site0.example"]`, "recheck_days = 5", "stable_after = \"36h\"", "expire_after_days = 10000")
	w := providertest.NewWorkspace(t, config)
	_, head := e.Head()
	said := succeeds(w, "import", "-input=false", archiveName, fileURL(e.dir))
	contains(t, said, "Warning: Head of the archive is trusted", head)
	w.Unchanged()
	w.Apply()
	if ids := members(t, e.dir); len(ids) != 1 {
		t.Errorf("an import without a run has joined: %v", ids)
	}
	w.Write(strings.Replace(config, "recheck_days", "on_destroy = \"delete\"\n  recheck_days", 1))
	w.Apply()
	contains(t, succeeds(w, "destroy", "-auto-approve", "-input=false"), "Warning: Archive is kept")
	e.verified()
	e.Unchanged()
}

func TestAnImportJoinsWithItsFirstCommit(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	w := providertest.NewWorkspace(t, e.config("2022-05-04"))
	succeeds(w, "import", "-input=false", archiveName, fileURL(e.dir))
	w.Apply() // its scope is wider
	w.Unchanged()
	if ids := members(t, e.dir); len(ids) != 2 {
		t.Errorf("the members are %v", ids)
	}
	e.verified()
}

func TestAnImportOfNothingSaysWhatIsThere(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	empty := fileURL(t.TempDir())
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(empty, "2022-05-03")+
		fmt.Sprintf("resource \"teo_l4_log_archive\" \"test\" {\n  destination = %q\n  start_time = \"2022-05-01T00:00:00Z\"\n}\n", empty))
	for id, want := range map[string]string{empty: "Error: No archive at the destination", "nowhere": "Error: Invalid destination", "file://" + filepath.ToSlash(t.TempDir()) + "/none": "Error: No archive at the destination"} {
		_, stderr, err := w.Run("import", "-input=false", archiveName, id)
		if err == nil || !strings.Contains(providertest.Collapsed(stderr), want) {
			t.Errorf("%s: %v\n%s", id, err, stderr)
		}
	}
	e := newEvidence(t)
	_, stderr, err := w.Run("import", "-input=false", "teo_l4_log_archive.test", fileURL(e.dir))
	if err == nil || !strings.Contains(providertest.Collapsed(stderr), "Import it as teo_l7_log_archive") {
		t.Errorf("%v\n%s", err, stderr)
	}
}

// OpenTofu 1.12 and Terraform 1.12 import by identity. The test needs one of them.
func TestAnArchiveIsImportedByItsIdentity(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	tofu := os.Getenv("TOFU")
	if tofu == "" {
		tofu, _ = filepath.Abs(filepath.Join("..", "..", "..", "bin", "tools", "tofu"))
	}
	if _, err := os.Stat(tofu); err != nil {
		t.Skip("there is no OpenTofu: set TOFU, or run make bin/tools/tofu")
	}
	config := e.config("2022-05-03")
	w := providertest.NewWorkspaceOf(t, tofu, config+fmt.Sprintf("import {\n  to       = %s\n  identity = { destination = %q }\n}\n", archiveName, fileURL(e.dir)))
	contains(t, applied(w), "1 imported, 0 added, 0 changed, 0 destroyed")
	w.Write(config)
	w.Unchanged()
	e.verified()
}
