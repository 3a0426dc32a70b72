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

func TestErasedPackagesAreRemovedCountedAndNeverDownloadedAgain(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	prefix := "dt=2022-05-01/domain=www0.site0.example/"
	matched, err := filepath.Glob(filepath.Join(e.bag("2022-05-01"), "data", "domain=www0.site0.example", "*", "*", "*"))
	if err != nil || len(matched) == 0 {
		t.Fatal(matched, err)
	}
	erase := fmt.Sprintf("erase = {\n    %q = \"Request 7.\"\n    \"dt=2022-05-02/domain=nobody/\" = \"x\"\n  }", prefix)
	e.Write(e.config("2022-05-03", erase))
	said, changes := e.Plan()
	contains(t, said, "Warning: Key of erase matches nothing", "dt=2022-05-02/domain=nobody/")
	if !changes {
		t.Error("the plan has no changes")
	}
	e.sim.ResetCounters()
	e.Apply()
	for _, path := range matched {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
	if n := fmt.Sprint(attribute(e.Workspace, "erased_count")); n != fmt.Sprint(len(matched)) {
		t.Errorf("erased_count is %s", n)
	}
	if got := len(e.sim.Downloads()); got != 0 {
		t.Errorf("%d downloads", got)
	}
	if _, changes := e.Plan(); changes {
		t.Error("the second plan has changes")
	}
	e.Write(e.config("2022-05-03")) // taking a key away changes nothing
	e.Apply()
	e.Unchanged()
	if v := verified(t, e.dir); v.ErasedCount != int64(len(matched)) || v.LostCount != 0 {
		t.Errorf("erased %d, lost %d", v.ErasedCount, v.LostCount)
	}
	contains(t, fmt.Sprint(files(t, filepath.Join(e.dir, ".teo-archive", "ledger"))), "Request 7.")
}

func TestExpiredDaysAreRemovedAndNoLoss(t *testing.T) {
	t.Parallel()
	sim, dir := clocked(t, "2022-05-12T12:00:00Z"), t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "", "expire_after_days = 9"))
	w.Apply()
	sim.SetClock(at(t, "2022-05-12T18:00:00Z"))
	w.Unchanged()
	sim.SetClock(at(t, "2022-05-13T12:00:00Z"))
	said, changes := w.Plan()
	if !changes {
		t.Errorf("nothing expires:\n%s", said)
	}
	w.Apply()
	w.Unchanged()
	for day, want := range map[string]int{"2022-05-01": 0, "2022-05-02": 0, "2022-05-03": 0, "2022-05-04": 1} {
		if found, _ := filepath.Glob(filepath.Join(dir, "dt="+day, "bag=*", "data")); len(found) != want {
			t.Errorf("%s has %d bags, want %d", day, len(found), want)
		}
	}
	if v := verified(t, dir); v.LostCount != 0 {
		t.Errorf("%d packages are lost", v.LostCount)
	}
}

func TestMaxRunTimeLeavesTheRestToTheNextApply(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	sim.Inject(teosim.Fault{Name: teosim.Slow, Action: teosim.DownloadAction, Delay: 1500e6, Value: "10000000"})
	config := func(lines ...string) string {
		return providertest.ProviderBlock(sim) + archiveBlock(fileURL(dir), "2022-05-05", append(lines, "parallelism = 1")...)
	}
	w := providertest.NewWorkspace(t, config(`max_run_time = "2s"`))
	w.Apply()
	if pending := attribute(w, "pending_count").(float64); pending < 1 {
		t.Errorf("pending_count is %v", pending)
	}
	sim.ClearFaults()
	w.Write(config())
	w.Apply()
	w.Unchanged()
	if pending := attribute(w, "pending_count"); fmt.Sprint(pending) != "0" {
		t.Errorf("pending_count is %v", pending)
	}
}

func TestADayIsListedAgainForRecheckDays(t *testing.T) {
	t.Parallel()
	sim, dir := clocked(t, "2022-05-03T12:00:00Z"), t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "2022-05-02", "recheck_days = 2"))
	w.Apply()
	if got := attribute(w, "sealed_through"); got != nil {
		t.Errorf("sealed through %v", got)
	}
	w.Unchanged()
	sim.Update(func(c *teosim.Catalogue) {
		late := c.L7[0]
		late.Start = at(t, "2022-05-01T05:00:00Z")
		late.End, late.Name = late.Start.Add(3600e9), teosim.PackageName(late.Host, late.Start, 3600e9)
		c.L7 = append(c.L7, late)
	})
	if _, changes := w.Plan(); !changes {
		t.Error("a late package makes no changes")
	}
	w.Apply()
	if got := fmt.Sprint(attribute(w, "package_count"), attribute(w, "bag_count")); got != "4 2" {
		t.Errorf("packages and bags: %s", got)
	}
	sim.SetClock(at(t, "2022-05-05T01:00:00Z"))
	w.Apply()
	w.Unchanged()
	if got := fmt.Sprint(attribute(w, "sealed_through"), attribute(w, "complete")); got != "2022-05-01true" {
		t.Errorf("sealed through and complete: %s", got)
	}
}

func TestAnArchiveWithoutAPackageSaysWhenItBegins(t *testing.T) {
	t.Parallel()
	sim, dir := clocked(t, "2022-05-01T20:00:00Z"), t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), ""))
	for range 2 {
		said, _ := w.Plan()
		contains(t, said, "Warning: Nothing to archive yet", "The first day, 2022-05-01, is archived from 2022-05-03T00:00:00Z on")
		w.Apply()
	}
	if _, changes := w.Plan(); changes {
		t.Error("the second plan has changes")
	}
	sim.SetClock(at(t, "2022-05-03T01:00:00Z"))
	w.Apply()
	w.Unchanged()

	empty := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(t.TempDir()), "", `domains = ["nobody.site0.example"]`))
	for range 2 {
		said, _ := empty.Plan()
		contains(t, said, "Warning: Nothing was ever archived", "zones: zone-")
		empty.Apply()
	}
	if attribute(empty, "sealed_through") != nil {
		t.Error("a day without a package is sealed")
	}
}

func TestAFolderCannotLock(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(t.TempDir()), "2022-05-03", "retention = {\n    mode = \"COMPLIANCE\"\n    days = 1\n  }"))
	_, stderr, err := w.Run("plan", "-input=false")
	if said := providertest.Collapsed(stderr); err == nil || !strings.Contains(said, "Error: Store without object lock") {
		t.Errorf("%v\n%s", err, said)
	}
}
