package logarchive_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
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

func TestAnArchiveFromCreateToImport(t *testing.T) {
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
				Check: func(*terraform.State) error { verified(t, filepath.Join(dir, "logs")); return nil },
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
	verified(t, filepath.Join(dir, "logs"))
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

func TestAnArchiveOfLayer4(t *testing.T) {
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
	if found, err := filepath.Glob(filepath.Join(dir, "dt=2022-05-01", "bag=*", "data", "proxy=sid-gen0000-0", "area=mainland", "hour=*", "*.log.gz")); err != nil || len(found) != 3 {
		t.Errorf("%v (%v)", found, err)
	}
}

// Only another place replaces an archive.
func TestOnlyAnotherPlaceReplacesAnArchive(t *testing.T) {
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

func TestBadInputIsAnErrorOnItsAttribute(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	good := fileURL(t.TempDir())
	for name, test := range map[string]struct {
		config string
		want   *regexp.Regexp
	}{
		"scheme":       {archiveBlock("gs://bucket", ""), providertest.Says("Invalid destination")},
		"no folder":    {archiveBlock("file:///does/not/exist", ""), providertest.Says("Unable to use the destination", "create_dir")},
		"longer":       {archiveBlock(good, "", `stable_after = "169h"`), providertest.Says("Invalid stable_after", "7 days")},
		"max_run_time": {archiveBlock(good, "", `max_run_time = "0s"`), providertest.Says("Invalid max_run_time")},
		"recheck_days": {archiveBlock(good, "", `recheck_days = -1`), providertest.Says("between 0 and 366")},
		"erase":        {archiveBlock(good, "", "erase = {\n \"2022-05-01/x\" = \"y\"\n}"), providertest.Says("Invalid key of erase")},
		"expiry":       {archiveBlock(good, "", "expire_after_days = 5"), providertest.Says("Archive expires before it is sealed")},
		"locked":       {archiveBlock(good, "", "expire_after_days = 50", "retention = {\n mode = \"COMPLIANCE\"\n days = 51\n}"), providertest.Says("Archive expires while it is locked")},
		"mode":         {archiveBlock(good, "", "retention = {\n mode = \"LEGAL\"\n days = 1\n}"), providertest.Says(`"COMPLIANCE"`, `"GOVERNANCE"`)},
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
func TestAListOfAnArchiveHasAreas(t *testing.T) {
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

func TestDownloadsAreRepeatedAsOftenAsMaxRetries(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	sim.Inject(teosim.Fault{Name: teosim.BadGateway, Action: teosim.DownloadAction, Package: "20220501-00-www0.site0.example", Times: 2})
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim, "max_retries = 1")+archiveBlock(fileURL(t.TempDir()), "2022-05-02", "parallelism = 1"))
	contains(t, applied(w), "Archive is incomplete")
	if got := len(sim.Downloads()); got != 4 {
		t.Errorf("%d downloads of 3 packages, want 4: the first package fails twice", got)
	}
}

// A local clock that is ahead makes no package stable: the clock of the service
// counts as well.
func TestALocalClockAheadMakesNothingStable(t *testing.T) {
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
