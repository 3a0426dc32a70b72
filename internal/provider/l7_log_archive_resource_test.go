package provider_test

import (
	"fmt"
	"os"
	"os/exec"
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
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const archiveName = "teo_l7_log_archive.test"

// archiveBlock archives two days of a generated catalogue.
func archiveBlock(destination string, lines ...string) string {
	block := fmt.Sprintf("resource \"teo_l7_log_archive\" \"test\" {\n  start_time  = \"2022-05-01T00:00:00Z\"\n  end_time    = \"2022-05-03T00:00:00Z\"\n  destination = %q\n", destination)
	for _, line := range lines {
		block += "  " + line + "\n"
	}
	return block + "}\n"
}

// archiveSim simulates 96 packages: two days, an hour each, two areas.
func archiveSim(t *testing.T) *teosim.Sim {
	return simtest.Start(t, teosim.Options{Catalogue: teosim.Generate(teosim.GenerateOptions{Slots: 72})})
}

func expect(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(archiveName, tfjsonpath.New(attribute), value)
}

func TestArchiveLifeOfAnArchive(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	dir := t.TempDir()
	destination := "file://" + filepath.ToSlash(dir) + "?prefix=logs/"
	config := providerBlock(sim) + archiveBlock(destination)
	archived := int64(96)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					expect("package_count", knownvalue.Int64Exact(archived)),
					expect("pending_count", knownvalue.Int64Exact(0)),
					expect("bags", knownvalue.MapSizeExact(2)),
					expect("stable_after", knownvalue.StringExact("24h")),
					expect("on_destroy", knownvalue.StringExact("keep")),
				},
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				Check: func(*terraform.State) error {
					return verifyBags(dir, "logs/dt=2022-05-01", "logs/dt=2022-05-02")
				},
			},
			{
				// A second apply downloads nothing.
				PreConfig:        sim.ResetCounters,
				Config:           config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				Check:            downloads(sim, 0),
			},
			{
				// Two lost files show in the plan, and are mended by two downloads.
				PreConfig: func() { sim.ResetCounters(); removeSome(t, dir, 2) },
				Config:    config,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(archiveName, plancheck.ResourceActionUpdate)},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				Check: resource.ComposeTestCheckFunc(downloads(sim, 2), func(*terraform.State) error {
					return verifyBags(dir, "logs/dt=2022-05-01", "logs/dt=2022-05-02")
				}),
			},
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
	if err := verifyBags(dir, "logs/dt=2022-05-01", "logs/dt=2022-05-02"); err != nil {
		t.Errorf("after destroy: %s", err)
	}
}

func TestArchiveDestroyDeletes(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	dir := t.TempDir()
	stranger := filepath.Join(dir, "stranger.txt")
	if err := os.WriteFile(stranger, []byte("not ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(t, provider.Options{}),
		Steps: []resource.TestStep{{
			Config: providerBlock(sim) + archiveBlock("file://"+filepath.ToSlash(dir)+"?prefix=logs/", `on_destroy = "delete"`),
		}},
	})
	files := 0
	_ = filepath.WalkDir(dir, func(_ string, e os.DirEntry, _ error) error {
		if !e.IsDir() {
			files++
		}
		return nil
	})
	if _, err := os.Stat(stranger); err != nil || files != 1 {
		t.Errorf("%d files are left (%v), want the stranger alone", files, err)
	}
}

// As time goes by, pending packages become stable and the window ends.
func TestArchivePendingPackages(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	config := providerBlock(sim) + archiveBlock("file://"+filepath.ToSlash(t.TempDir()))
	var now atomic.Pointer[time.Time]
	at := func(text string) func() {
		return func() {
			value, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			now.Store(&value)
			sim.ResetCounters()
		}
	}
	at("2022-05-02T12:00:00Z")()
	update := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(archiveName, plancheck.ResourceActionUpdate)}}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(t, provider.Options{Now: func() time.Time { return *now.Load() }}),
		Steps: []resource.TestStep{
			{
				Config:             config,
				ExpectNonEmptyPlan: true,
				ConfigStateChecks: []statecheck.StateCheck{
					expect("package_count", knownvalue.Int64Exact(24)), // that ended by noon of the first day
					expect("pending_count", knownvalue.Int64Exact(72)),
				},
			},
			{
				PreConfig:          at("2022-05-03T12:00:00Z"),
				Config:             config,
				ConfigPlanChecks:   update,
				ExpectNonEmptyPlan: true,
				ConfigStateChecks:  []statecheck.StateCheck{expect("package_count", knownvalue.Int64Exact(72)), expect("pending_count", knownvalue.Int64Exact(24))},
				Check:              downloads(sim, 48),
			},
			{
				PreConfig:         at("2022-05-04T00:00:00Z"),
				Config:            config,
				ConfigPlanChecks:  update,
				ConfigStateChecks: []statecheck.StateCheck{expect("package_count", knownvalue.Int64Exact(96)), expect("pending_count", knownvalue.Int64Exact(0))},
				Check:             downloads(sim, 24),
			},
		},
	})
}

// No apply falls between the last packages and their becoming stable: the next
// one, long after, has to archive them all the same.
func TestArchivePlannedLongAfterTheWindow(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	config := providerBlock(sim) + archiveBlock("file://"+filepath.ToSlash(t.TempDir()))
	before, after := time.Date(2022, 4, 30, 0, 0, 0, 0, time.UTC), time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
	var now atomic.Pointer[time.Time]
	now.Store(&before)
	// Packages that have not begun are listed by no service.
	catalogue := teosim.Generate(teosim.GenerateOptions{Slots: 72})
	sim.Update(func(c *teosim.Catalogue) { c.L7 = nil })
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(t, provider.Options{Now: func() time.Time { return *now.Load() }}),
		Steps: []resource.TestStep{
			{
				Config:             config,
				ExpectNonEmptyPlan: true,
				ConfigStateChecks:  []statecheck.StateCheck{expect("package_count", knownvalue.Int64Exact(0)), expect("pending_count", knownvalue.Int64Exact(0))},
			},
			{
				PreConfig: func() {
					now.Store(&after)
					sim.Update(func(c *teosim.Catalogue) { c.L7 = catalogue.L7 })
				},
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(archiveName, plancheck.ResourceActionUpdate)},
					PostApplyPreRefresh:  []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				ConfigStateChecks: []statecheck.StateCheck{expect("package_count", knownvalue.Int64Exact(96))},
			},
		},
	})
}

// Only another place replaces an archive; other windows and filters are refused.
func TestArchiveChangesInPlace(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	dir := filepath.ToSlash(t.TempDir())
	block := func(destination, end string, lines ...string) string {
		lines = append(lines, `on_destroy = "delete"`)
		return providerBlock(sim) + strings.Replace(archiveBlock(destination, lines...), "2022-05-03T", end+"T", 1)
	}
	planned := func(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(archiveName, action)}}
	}
	refused := regexp.MustCompile(`(?s)Archive cannot be changed in place.*a\s+prefix\s+of\s+its\s+own`)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{Config: block("file://"+dir+"?prefix=a/", "2022-05-03")},
			{
				PreConfig:        sim.ResetCounters,
				Config:           block("file://"+dir+"/?create_dir=true&prefix=a", "2022-05-03"),
				ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check:            downloads(sim, 0),
			},
			{
				Config:            block("file://"+dir+"?prefix=a/", "2022-05-04"),
				ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{expect("package_count", knownvalue.Int64Exact(144))},
				Check:             downloads(sim, 48),
			},
			{Config: block("file://"+dir+"?prefix=a/", "2022-05-02"), ExpectError: refused},
			{Config: block("file://"+dir+"?prefix=a/", "2022-05-04", `domains = ["www0.site0.example"]`), ExpectError: refused},
			{
				Config:           block("file://"+dir+"?prefix=b/", "2022-05-02"),
				ConfigPlanChecks: planned(plancheck.ResourceActionReplace),
				Check: func(*terraform.State) error {
					left, err := os.ReadDir(filepath.Join(dir, "a"))
					if err != nil {
						return err
					}
					if len(left) > 0 {
						return fmt.Errorf("%d entries are left of the replaced archive", len(left))
					}
					return verifyBags(dir, "b/dt=2022-05-01")
				},
			},
		},
	})
}

func TestArchivePartialFailureGoesOn(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	dir := t.TempDir()
	config := providerBlock(sim, "max_retries = 0") + archiveBlock("file://"+filepath.ToSlash(dir))
	name := teosim.PackageName("www0.site0.example", time.Date(2022, 5, 1, 3, 0, 0, 0, time.UTC), time.Hour)
	sim.Inject(teosim.Fault{Name: teosim.NotGzip, Action: teosim.DownloadAction, Package: name})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config:      config,
				ExpectError: regexp.MustCompile(`(?s)Archive is incomplete.*2 packages could not be archived.*` + name),
			},
			{
				// The rest is not downloaded again.
				PreConfig:         func() { sim.ClearFaults(); sim.ResetCounters() },
				Config:            config,
				ConfigStateChecks: []statecheck.StateCheck{expect("package_count", knownvalue.Int64Exact(96))},
				Check:             downloads(sim, 2),
			},
		},
	})
}

func TestArchiveBadInput(t *testing.T) {
	t.Parallel()
	sim := archiveSim(t)
	occupied := t.TempDir()
	if err := os.WriteFile(filepath.Join(occupied, "notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		config string
		want   string
	}{
		"scheme":       {archiveBlock("gs://bucket"), `Unable to use the destination`},
		"no folder":    {archiveBlock("file:///does/not/exist"), `the folder does not exist`},
		"occupied":     {archiveBlock("file://" + filepath.ToSlash(occupied)), `Destination is not empty`},
		"stable_after": {archiveBlock("file://"+filepath.ToSlash(t.TempDir()), `stable_after = "0s"`), `must be above zero`},
		"parallelism":  {archiveBlock("file://"+filepath.ToSlash(t.TempDir()), `parallelism = 0`), `between 1 and 256`},
		"on_destroy":   {archiveBlock("file://"+filepath.ToSlash(t.TempDir()), `on_destroy = "burn"`), `(?s)"keep".*"delete"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories(t, provider.Options{}),
				Steps:                    []resource.TestStep{{Config: providerBlock(sim) + test.config, ExpectError: regexp.MustCompile(test.want)}},
			})
		})
	}
}

// downloads checks how many packages were asked for.
func downloads(sim *teosim.Sim, want int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := len(sim.Downloads()); got != want {
			return fmt.Errorf("%d downloads, want %d", got, want)
		}
		return nil
	}
}

// verifyBags lets sha256sum verify each bag, as an auditor would.
func verifyBags(dir string, bags ...string) error {
	for _, bag := range bags {
		for _, manifest := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
			check := exec.Command("sha256sum", "--check", "--strict", "--quiet", manifest) //nolint:noctx // it is quick
			check.Dir = filepath.Join(dir, bag)
			if out, err := check.CombinedOutput(); err != nil {
				return fmt.Errorf("%s of %s: %w\n%s", manifest, bag, err, out)
			}
		}
	}
	return nil
}

// removeSome loses archived packages.
func removeSome(t *testing.T, dir string, n int) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "logs", "dt=*", "data", "*", "*", "*", "*.log.gz"))
	if err != nil || len(found) < n {
		t.Fatalf("%d packages found: %v", len(found), err)
	}
	for _, name := range found[:n] {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}
