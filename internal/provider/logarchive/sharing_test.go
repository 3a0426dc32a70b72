package logarchive_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// another returns a second resource of the archive, with a state of its own.
func (e *evidence) another(end string, lines ...string) *providertest.Workspace {
	e.T.Helper()
	return providertest.NewWorkspace(e.T, e.config(end, lines...))
}

func TestACreateJoinsAnArchiveOfTheSameScopeAndThePlanSaysSo(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	other := e.another("2022-05-03")
	_, head := e.Head()
	said, _ := other.Plan()
	contains(t, said, "Warning: Archive exists", "of the same scope", head)
	other.Apply()
	other.Unchanged()
	said, changes := e.Plan()
	contains(t, said, "Warning: Archive changed elsewhere", "joined: resource")
	if changes && !strings.Contains(said, "Changes to Outputs") {
		t.Errorf("the first resource has to change something:\n%s", said)
	}
	e.Apply()
	e.Unchanged() // it is said once
	e.verified()
}

func TestACreateOnAnArchiveOfAnotherScopeMentionsTheImport(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	for name, other := range map[string]*providertest.Workspace{
		"window": e.another("2022-05-04"), "filter": e.another("2022-05-03", `domains = ["www0.site0.example"]`), "expiry": e.another("2022-05-03", "expire_after_days = 10000"),
	} {
		_, stderr, err := other.Run("plan", "-input=false")
		said := providertest.Collapsed(stderr)
		if err == nil || !strings.Contains(said, "Error: Destination contains another archive") || !strings.Contains(said, "terraform import teo_l7_log_archive.NAME") {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
	}
	e.Unchanged()
}

func TestTwoAppliesAtTheSameTimeLoseNothing(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	other := &evidence{sim: e.sim, dir: e.dir, Workspace: e.another("2022-05-03")}
	other.Apply()
	e.Apply()
	// Only one of them changes the scope.
	e.sim.Inject(teosim.Fault{Name: teosim.Slow, Action: teosim.DownloadAction, Value: "20000"})
	for _, w := range []*evidence{e, other} {
		remove(t, w.payload("2022-05-01"))
		remove(t, w.payload("2022-05-02"))
		break
	}
	var runs sync.WaitGroup
	for _, w := range []*evidence{e, other} {
		runs.Go(func() {
			stdout, stderr, err := w.Run("apply", "-auto-approve", "-input=false")
			if err != nil && !strings.Contains(providertest.Collapsed(stderr), "another run") {
				t.Errorf("%v\n%s\n%s", err, stdout, stderr)
			}
		})
	}
	runs.Wait()
	e.sim.ClearFaults()
	for _, w := range []*evidence{e, other} {
		w.Apply()
		w.Unchanged()
	}
	e.verified()
}

func TestWhatAnotherResourceAddedIsSaidAndALossOfItIsAFinding(t *testing.T) {
	t.Parallel()
	sim := clocked(t, "2022-05-04T12:00:00Z")
	e := &evidence{sim: sim, dir: t.TempDir()}
	config := func(lines ...string) string {
		return providertest.ProviderBlock(sim) + archiveBlock(fileURL(e.dir), "", append(lines, "recheck_days = 0")...)
	}
	e.Workspace = providertest.NewWorkspace(t, config())
	e.Apply()
	other := providertest.NewWorkspace(t, config())
	other.Apply()
	e.Apply()
	sim.SetClock(at(t, "2022-05-05T12:00:00Z"))
	e.Apply()
	said, _ := other.Plan()
	contains(t, said, "Warning: Archive was extended elsewhere", "added 1 bag")
	other.Apply()
	other.Unchanged()

	// The first accepts a loss. The second has to accept it, too.
	remove(t, e.payload("2022-05-01"))
	delist(sim, "2022-05-01")
	token := tokenIn(t, e.Refused("are lost"))
	e.Write(config(accepts(token, "ticket 1")))
	e.Apply()
	other.Finds("Warning: Another run changed the archive")
	said, _ = other.Plan()
	if tokenIn(t, said) != token {
		t.Errorf("the finding has another token than %s:\n%s", token, said)
	}
	other.Refused("Error: Another run changed the archive")
	other.Write(config(accepts(token, "ticket 1")))
	other.Apply()
	other.Unchanged()
	e.Unchanged()
	e.verified()
}

func TestErasuresAndExpiriesOfAnotherResourceAreFindings(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	other := e.another("2022-05-03")
	other.Apply()
	e.Apply()
	key := strings.Replace(e.key(e.payload("2022-05-01")), "/"+filepath.Base(e.bag("2022-05-01"))+"/data/", "/", 1)
	erases := fmt.Sprintf("erase = { %q = \"Request 7.\" }", key)
	e.Write(e.config("2022-05-03", erases))
	e.Apply()
	other.Finds("Warning: Another run changed the archive")
	said, _ := other.Plan()
	contains(t, said, "erased 1 file", fmt.Sprintf("%q = \"Request 7.\"", key))
	other.Refused("Error: Another run changed the archive")
	other.Write(e.config("2022-05-03", erases))
	other.Apply()
	other.Unchanged()
}

func TestTheScopeOfAnotherResourceIsReplacedWithATokenOnly(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	other := e.another("2022-05-03")
	other.Apply()
	other.Write(e.config("2022-05-04"))
	other.Apply()
	e.Finds("Warning: Another resource set the scope of the archive")
	said := e.Refused("Error: Another resource set the scope of the archive")
	token := tokenIn(t, said)
	contains(t, token, "scope:")
	e.Write(e.config("2022-05-03", accepts(token, "We decided.")))
	e.Apply()
	e.Unchanged()
	e.Write(e.config("2022-05-03"))
	e.Apply()
	e.Unchanged()
	other.Refused("Error: Another resource set the scope of the archive")
}

func TestAReplacementNeverRemovesTheLivingArchive(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	config := strings.Replace(e.config("2022-05-03", `on_destroy = "delete"`), "\n}\n\noutput", "\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n\noutput", 1)
	e.Write(config)
	e.Apply()
	saved := files(t, e.dir)
	succeeds(e.Workspace, "taint", archiveName)
	said := applied(e.Workspace)
	contains(t, said, "deposed object", "Warning: Archive is kept", "This resource has left it")
	now := files(t, e.dir)
	for name := range saved {
		if now[name] != saved[name] {
			t.Errorf("%s was removed or changed", name)
		}
	}
	e.Apply()
	e.Unchanged()
	e.verified()

	// Alone again, it removes it.
	succeeds(e.Workspace, "destroy", "-auto-approve", "-input=false")
	if left := files(t, e.dir); len(left) > 0 {
		t.Errorf("left is %d files", len(left))
	}
}

func TestADestroyKeepsWhatOthersManageUntilTheyHaveLeft(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	gone := e.another("2022-05-03")
	gone.Apply() // its state is lost
	last := e.another("2022-05-03", `on_destroy = "delete"`)
	last.Apply()
	e.Write(e.config("2022-05-03", `on_destroy = "delete"`))
	e.Apply()
	said := succeeds(e.Workspace, "destroy", "-auto-approve", "-input=false")
	contains(t, said, "Warning: Archive is kept", "left:")
	e.verified()

	said = succeeds(last, "plan", "-input=false")
	contains(t, said, "left: resource")
	last.Apply()
	ids := members(t, e.dir)
	if len(ids) != 2 {
		t.Fatalf("the members are %v", ids)
	}
	var tokens []string
	for _, id := range ids {
		tokens = append(tokens, fmt.Sprintf("%q = \"Its state is lost.\"", "left:"+id))
	}
	last.Write(e.config("2022-05-03", `on_destroy = "delete"`, "accept = { "+strings.Join(tokens, ", ")+" }"))
	last.Apply()
	if ids := members(t, e.dir); len(ids) != 1 {
		t.Errorf("the members are %v", ids)
	}
	succeeds(last, "destroy", "-auto-approve", "-input=false")
	if left := files(t, e.dir); len(left) > 0 {
		t.Errorf("left is %d files", len(left))
	}
}
