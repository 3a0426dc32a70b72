package logarchive_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const archiveName = "teo_l7_log_archive.test"

func expectArchive(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(archiveName, tfjsonpath.New(attribute), value)
}

var (
	archiveEmptyPlan  = resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	archiveUpdatePlan = resource.ConfigPlanChecks{
		PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(archiveName, plancheck.ResourceActionUpdate)},
		PostApplyPreRefresh:  []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
)

func TestLogArchiveLife(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	destination := fileURL(dir) + "?prefix=logs/"
	config := providertest.ProviderBlock(sim) + archiveBlock(destination, "2022-05-03")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					expectArchive("package_count", knownvalue.Int64Exact(6)),
					expectArchive("pending_count", knownvalue.Int64Exact(0)),
					expectArchive("bag_count", knownvalue.Int64Exact(2)),
					expectArchive("total_bytes", knownvalue.NotNull()),
					expectArchive("complete", knownvalue.Bool(true)),
					expectArchive("sealed_through", knownvalue.StringExact("2022-05-02")),
					expectArchive("head", knownvalue.ObjectPartial(map[string]knownvalue.Check{"sha256": knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f]{64}$`))})),
					expectArchive("stable_after", knownvalue.StringExact("24h")),
					expectArchive("verify", knownvalue.StringExact("listing")),
					expectArchive("on_destroy", knownvalue.StringExact("keep")),
				},
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PostApplyPreRefresh:  []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				Check: func(*terraform.State) error {
					if out, err := verifyScript(t, filepath.Join(dir, "logs")); err != nil {
						return fmt.Errorf("%w\n%s", err, out)
					}
					return nil
				},
			},
			{
				// Nothing is downloaded again.
				PreConfig:        sim.ResetCounters,
				Config:           config,
				ConfigPlanChecks: archiveEmptyPlan,
				Check:            downloads(sim, 0),
			},
			{
				// Settings on which no run depends change in the state alone.
				PreConfig:        sim.ResetCounters,
				Config:           providertest.ProviderBlock(sim) + archiveBlock(destination, "2022-05-03", "parallelism = 2"),
				ConfigPlanChecks: archiveUpdatePlan,
				ConfigStateChecks: []statecheck.StateCheck{
					expectArchive("parallelism", knownvalue.Int64Exact(2)),
					expectArchive("package_count", knownvalue.Int64Exact(6)),
				},
				Check: downloads(sim, 0),
			},
			{Config: config},
			{
				ResourceName:                         archiveName,
				ImportState:                          true,
				ImportStateId:                        destination,
				ImportStateVerify:                    true,
				ImportStateVerifyIdentifierAttribute: "destination",
			},
		},
	})
	// Destroyed, and kept.
	if out, err := verifyScript(t, filepath.Join(dir, "logs")); err != nil {
		t.Errorf("after destroy: %v\n%s", err, out)
	}
}

// downloads checks how many packages were downloaded.
func downloads(sim *teosim.Sim, want int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := len(sim.Downloads()); got != want {
			return fmt.Errorf("%d downloads, want %d", got, want)
		}
		return nil
	}
}

func TestL4LogArchive(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	config := providertest.ProviderBlock(sim) + fmt.Sprintf("resource \"teo_l4_log_archive\" \"test\" {\n  destination = %q\n  start_time = \"2022-05-01T00:00:00Z\"\n  end_time = \"2022-05-02T00:00:00Z\"\n  proxy_ids = [\"sid-gen0000-0\"]\n}\n", fileURL(dir))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("teo_l4_log_archive.test", tfjsonpath.New("package_count"), knownvalue.Int64Exact(3)),
					statecheck.ExpectKnownValue("teo_l4_log_archive.test", tfjsonpath.New("proxy_ids"), knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("sid-gen0000-0")})),
				},
			},
			{ResourceName: "teo_l4_log_archive.test", ImportState: true, ImportStateId: fileURL(dir), ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "destination"},
			{
				Config:      config + strings.Replace(archiveBlock(fileURL(dir), "2022-05-02"), "output", "output", 1),
				ExpectError: providertest.Says("Destination contains another archive"),
			},
		},
	})
	if found, err := filepath.Glob(filepath.Join(dir, "dt=2022-05-01", "data", "proxy=sid-gen0000-0", "area=mainland", "hour=*", "*.log.gz")); err != nil || len(found) != 3 {
		t.Errorf("%v (%v)", found, err)
	}
}

// As time passes, packages become stable. Without an end the archive goes on.
func TestLogArchiveOpenEnd(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	config := providertest.ProviderBlock(sim) + archiveBlock(fileURL(t.TempDir()), "")
	var now atomic.Pointer[time.Time]
	at := func(text string) func() {
		return func() {
			value, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Error(err)
			}
			now.Store(&value)
			sim.ResetCounters()
		}
	}
	at("2022-05-02T12:00:00Z")()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{Now: func() time.Time { return *now.Load() }}),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					expectArchive("package_count", knownvalue.Int64Exact(2)), // 00:00 and 08:00 of the first day
					expectArchive("complete", knownvalue.Bool(false)),
					expectArchive("sealed_through", knownvalue.Null()),
				},
			},
			{
				// An hour later nothing has become stable.
				PreConfig:        at("2022-05-02T13:00:00Z"),
				Config:           config,
				ConfigPlanChecks: archiveEmptyPlan,
			},
			{
				PreConfig:        at("2022-05-03T12:00:00Z"),
				Config:           config,
				ConfigPlanChecks: archiveUpdatePlan,
				ConfigStateChecks: []statecheck.StateCheck{
					expectArchive("package_count", knownvalue.Int64Exact(5)),
					expectArchive("sealed_through", knownvalue.StringExact("2022-05-01")),
				},
				Check: downloads(sim, 3),
			},
			{
				// A clock that is ahead changes nothing for later runs.
				PreConfig:         at("2022-06-01T00:00:00Z"),
				Config:            config,
				ConfigPlanChecks:  archiveUpdatePlan,
				ConfigStateChecks: []statecheck.StateCheck{expectArchive("package_count", knownvalue.Int64Exact(12))},
			},
			{
				PreConfig: func() {
					at("2022-05-20T00:00:00Z")()
					sim.Update(func(c *teosim.Catalogue) {
						late := c.L7[0]
						late.Start = time.Date(2022, 5, 10, 0, 0, 0, 0, time.UTC)
						late.End, late.Name = late.Start.Add(time.Hour), teosim.PackageName(late.Host, late.Start, time.Hour)
						c.L7 = append(c.L7, late)
					})
				},
				Config:            config,
				ConfigStateChecks: []statecheck.StateCheck{expectArchive("package_count", knownvalue.Int64Exact(13))},
			},
		},
	})
}

// Only another place replaces an archive.
func TestLogArchiveOtherDestination(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	dir := filepath.ToSlash(t.TempDir())
	planned := func(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(archiveName, action)}}
	}
	config := func(destination string) string {
		return providertest.ProviderBlock(sim) + archiveBlock(destination, "2022-05-02", `on_destroy = "delete"`)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{Config: config("file://" + dir + "?prefix=a/")},
			{
				PreConfig:        sim.ResetCounters,
				Config:           config("file://" + dir + "/?create_dir=true&prefix=a"),
				ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check:            downloads(sim, 0),
			},
			{
				Config:           config("file://" + dir + "?prefix=b/"),
				ConfigPlanChecks: planned(plancheck.ResourceActionReplace),
				Check: func(*terraform.State) error {
					if left := files(t, filepath.FromSlash(dir)); len(left) == 0 {
						return fmt.Errorf("nothing is left")
					}
					if left, _ := filepath.Glob(filepath.Join(dir, "a", "*")); len(left) > 0 {
						return fmt.Errorf("left of the replaced archive: %v", left)
					}
					return nil
				},
			},
		},
	})
}

func TestLogArchiveFailedPackage(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim, "max_retries = 0")+archiveBlock(fileURL(dir), "2022-05-03"))
	name := teosim.PackageName("www0.site0.example", time.Date(2022, 5, 1, 8, 0, 0, 0, time.UTC), time.Hour)
	sim.Inject(teosim.Fault{Name: teosim.NotGzip, Action: teosim.DownloadAction, Package: name})
	said := w.Refused("Error: Archive is incomplete")
	for _, want := range []string{name, "Archive exists without a state", "SHA-256"} {
		if !strings.Contains(said, want) {
			t.Errorf("the error does not contain %q:\n%s", want, said)
		}
	}
	sim.ClearFaults()
	sim.ResetCounters()
	stdout, stderr, err := w.Run("apply", "-auto-approve", "-input=false")
	if err != nil || !strings.Contains(providertest.Collapsed(stdout+stderr), "trust") {
		t.Errorf("the head that is trusted is not named: %v\n%s", err, stdout)
	}
	if got := len(sim.Downloads()); got != 1 {
		t.Errorf("%d downloads, want that of the failed package", got)
	}
	w.Unchanged()
	if out, err := verifyScript(t, dir); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if !strings.Contains(fmt.Sprint(files(t, filepath.Join(dir, ".teo-archive", "ledger"))), `"joined": true`) {
		t.Error("the ledger does not record that the run had no head to compare with")
	}
}

// An archive that Terraform does not know is continued if it is the same, and
// otherwise an error that says what to do.
func TestLogArchiveExisting(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	other := providertest.NewWorkspace(t, e.config("2022-05-03"))
	stdout, stderr, err := other.Run("apply", "-auto-approve", "-input=false")
	_, head := other.Head()
	if err != nil || !strings.Contains(providertest.Collapsed(stdout+stderr), "trust") {
		t.Errorf("%v (head %s)\n%s\n%s", err, head, stdout, stderr)
	}
	wider := providertest.NewWorkspace(t, e.config("2022-05-04"))
	if said := wider.Refused("Error: Destination contains another archive"); !strings.Contains(said, "terraform import teo_l7_log_archive") {
		t.Errorf("it does not mention terraform import:\n%s", said)
	}
	stdout, stderr, err = wider.Run("import", "-input=false", archiveName, fileURL(e.dir))
	if err != nil || !strings.Contains(providertest.Collapsed(stdout+stderr), "is trusted") {
		t.Errorf("%v\n%s\n%s", err, stdout, stderr)
	}
	wider.Apply()
	wider.Unchanged()
	e.verified()
}

func TestLogArchiveBadInput(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	occupied := t.TempDir()
	writeFile(t, filepath.Join(occupied, "notes.txt"), []byte("mine"))
	good := fileURL(t.TempDir())
	for name, test := range map[string]struct {
		config string
		want   *regexp.Regexp
	}{
		"scheme":       {archiveBlock("gs://bucket", ""), providertest.Says("Invalid destination")},
		"no folder":    {archiveBlock("file:///does/not/exist", ""), providertest.Says("Unable to use the destination", "create_dir")},
		"occupied":     {archiveBlock(fileURL(occupied), ""), providertest.Says("Destination is not empty", "notes.txt")},
		"stable_after": {archiveBlock(good, "", `stable_after = "0s"`), providertest.Says("Invalid stable_after", "duration above zero")},
		"days":         {archiveBlock(good, "", `stable_after = "1d"`), providertest.Says("Invalid stable_after", "There is no unit for days")},
		"parallelism":  {archiveBlock(good, "", `parallelism = 0`), providertest.Says("between 1 and 256")},
		"on_destroy":   {archiveBlock(good, "", `on_destroy = "burn"`), providertest.Says(`"keep"`, `"delete"`)},
		"verify":       {archiveBlock(good, "", `verify = "all"`), providertest.Says(`"listing"`, `"payload"`)},
		"window":       {archiveBlock(good, "2022-04-30"), providertest.Says("Invalid window")},
		"timeouts":     {archiveBlock(good, "", "timeouts = {\n create = \"-1s\"\n}"), providertest.Says("Invalid timeout")},
		"reason":       {archiveBlock(good, "", "accept = {\n x = \"\"\n}"), providertest.Says("accept")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
				Steps:                    []resource.TestStep{{Config: providertest.ProviderBlock(sim) + test.config, ExpectError: test.want}},
			})
		})
	}
}

// Lists of archives have an area, so that two packages of one name never mix.
func TestLogArchiveAPIVersion(t *testing.T) {
	t.Parallel()
	for pinned, want := range map[string]string{"": "2022-09-01", "2022-01-06": "2022-01-06"} {
		t.Run("pinned "+pinned, func(t *testing.T) {
			t.Parallel()
			sim := archiveSim(t)
			var lines []string
			if pinned != "" {
				lines = append(lines, fmt.Sprintf("api_version = %q", pinned))
			}
			w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim, lines...)+archiveBlock(fileURL(t.TempDir()), "2022-05-02"))
			w.Apply()
			for _, r := range sim.Requests() {
				if r.Action == "DownloadL7Logs" && r.Version != want {
					t.Errorf("%s was requested with %s", r.Action, r.Version)
				}
			}
			w.Unchanged()
		})
	}
}

// A local clock that is ahead makes no package stable: the clock of the service
// counts as well.
func TestLogArchiveLocalClockAhead(t *testing.T) {
	t.Parallel()
	start := time.Now().UTC().Truncate(time.Hour).Add(-6 * time.Hour)
	sim := simtest.Start(t, teosim.Options{
		Catalogue: teosim.Generate(teosim.GenerateOptions{Start: start, Slots: 3, Areas: []string{"mainland"}}), Rates: teosim.Unlimited(),
	})
	config := strings.Replace(archiveBlock(fileURL(t.TempDir()), ""), "2022-05-01T00:00:00Z", start.Format(time.RFC3339), 1)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{Now: func() time.Time { return time.Now().Add(10 * 24 * time.Hour) }}),
		Steps: []resource.TestStep{{
			Config:            providertest.ProviderBlock(sim) + config,
			ConfigStateChecks: []statecheck.StateCheck{expectArchive("package_count", knownvalue.Int64Exact(0)), expectArchive("pending_count", knownvalue.Int64Exact(3))},
		}},
	})
}
