package zones_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// zoneRow is the expected row of a zone of the simulator's demo in the state; the
// alias "" is null.
func zoneRow(id, name, alias, area, kind string, tags map[string]string) knownvalue.Check {
	checked := map[string]knownvalue.Check{}
	for key, value := range tags {
		checked[key] = knownvalue.StringExact(value)
	}
	aliasCheck := knownvalue.Check(providertest.Nothing)
	if alias != "" {
		aliasCheck = knownvalue.StringExact(alias)
	}
	return knownvalue.ObjectExact(map[string]knownvalue.Check{
		"zone_id": knownvalue.StringExact(id), "zone_name": knownvalue.StringExact(name), "alias_zone_name": aliasCheck,
		"area": knownvalue.StringExact(area), "type": knownvalue.StringExact(kind), "status": knownvalue.StringExact("active"),
		"active_status": knownvalue.StringExact("active"), "paused": knownvalue.Bool(false), "tags": knownvalue.MapExact(checked),
	})
}

// All zones, by name (which two of them share), by ID, and by both: a zone must then
// match both.
func TestZonesAreSelectedByNameAndByID(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	shop := zoneRow("zone-2demo00001cn", "example.com", "shop-cn", "global", "partial", map[string]string{"team": "shop", "stage": "production"})
	overseas := zoneRow("zone-2demo00002os", "example.com", "shop-overseas", "overseas", "partial", map[string]string{"team": "shop"})
	org := zoneRow("zone-2demo00003og", "example.org", "", "global", "full", nil)
	zones := func(names, ids knownvalue.Check, rows ...knownvalue.Check) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{"names": names, "zone_ids": ids, "timeouts": providertest.Nothing, "zones": knownvalue.ListExact(rows)}
	}
	config := providertest.ProviderBlock(sim) + `
data "teo_zones" "all" {}

data "teo_zones" "by_name" {
  names = ["example.com"]
}

data "teo_zones" "by_id" {
  zone_ids = ["zone-2demo00003og", "zone-2demo00001cn"]
}

data "teo_zones" "both" {
  names    = ["Example.ORG."]
  zone_ids = ["zone-2demo00002os"]
}

data "teo_zones" "empty" {
  names = []
}

data "teo_l7_offline_logs" "of_zones" {
  start_time = "2022-05-04T00:00:00Z"
  end_time   = "2022-05-04T01:00:00Z"
  zone_ids   = [for zone in data.teo_zones.by_name.zones : zone.zone_id if zone.alias_zone_name == "shop-overseas"]
}
`
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					providertest.ExactAttributes("data.teo_zones.all", zones(providertest.Nothing, providertest.Nothing, shop, overseas, org)),
					providertest.ExactAttributes("data.teo_zones.by_name", zones(providertest.Listed("example.com"), providertest.Nothing, shop, overseas)),
					providertest.ExactAttributes("data.teo_zones.by_id", zones(providertest.Nothing, providertest.Listed("zone-2demo00001cn", "zone-2demo00003og"), shop, org)),
					providertest.ExactAttributes("data.teo_zones.both", zones(providertest.Listed("Example.ORG."), providertest.Listed("zone-2demo00002os"), overseas, org)),
					providertest.ExactAttributes("data.teo_zones.empty", zones(providertest.Listed(), providertest.Nothing, shop, overseas, org)),
				},
			},
			{Config: config, ConfigPlanChecks: providertest.EmptyPlan},
		},
	})
}

// A name or an ID without a zone causes a warning, and the other zones are listed.
func TestANameOrIDWithoutAZoneCausesAWarning(t *testing.T) {
	t.Parallel()
	w := providertest.Configured(t, provider.Options{}, providertest.SignIn(simtest.Start(t, teosim.Options{})))
	state, diags := w.Read("teo_zones", providertest.Arguments{"names": []string{"example.org", "zzz.test", "aaa.test"}, "zone_ids": []string{"zone-2demo00003og", "zone-none"}})
	providertest.Expect(t, diags,
		providertest.Want{Summary: "warning names: Zones not found", Details: []string{"no zone with these names: aaa.test, zzz.test."}},
		providertest.Want{Summary: "warning zone_ids: Zones not found", Details: []string{"no zone with these zone_ids: zone-none."}},
	)
	if n := len(state["zones"].([]any)); n != 1 {
		t.Errorf("%d zones", n)
	}
}

// More names than one filter accepts, and more zones than one page.
func TestManyNamesAreListedCompletely(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Rates: teosim.Unlimited(), Catalogue: teosim.Generate(teosim.GenerateOptions{Zones: 250, Slots: 1})})
	w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(providertest.Arguments{"requests_per_second": 10000}))
	names := []string{}
	for i := range 45 {
		names = append(names, fmt.Sprintf("site%d.example", i*5))
	}
	for _, test := range []struct {
		config          providertest.Arguments
		zones, requests int
	}{
		{nil, 250, 3},
		{providertest.Arguments{"names": names}, 45, 3},
	} {
		sim.ResetCounters()
		state, diags := w.Read("teo_zones", test.config)
		providertest.Expect(t, diags)
		if n := len(state["zones"].([]any)); n != test.zones {
			t.Errorf("%d zones, want %d", n, test.zones)
		}
		if n := len(sim.Requests()); n != test.requests {
			t.Errorf("%d requests, want %d", n, test.requests)
		}
	}
}

// Failures and invalid arguments.
func TestFailuresAndInvalidArgumentsAreErrors(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Times: 1})
	w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim))
	_, diags := w.Read("teo_zones", nil)
	providertest.Expect(t, diags, providertest.Want{Summary: "error: Unable to read zones", Details: []string{
		"DescribeZones (teo 2022-09-01): UnauthorizedOperation.CamUnauthorized", "request ID " + sim.Requests()[0].RequestID, "Allow the CAM action teo:DescribeZones",
	}})
	_, diags = w.Read("teo_zones", providertest.Arguments{"names": []string{""}, "zone_ids": []any{nil}})
	providertest.Expect(t, diags, providertest.Want{Summary: "error names: Empty element in a set", Details: nil}, providertest.Want{Summary: "error zone_ids: Null element in a set", Details: nil})
	_, diags = w.Read("teo_zones", providertest.Arguments{"names": []string{"zone-2demo00001cn"}, "zone_ids": []string{"example.com"}})
	providertest.Expect(t, diags,
		providertest.Want{Summary: "error names: Zone ID instead of a site name", Details: []string{"Put IDs into zone_ids"}},
		providertest.Want{Summary: "error zone_ids: Site name instead of a zone ID", Details: []string{"Put names into names"}},
	)
	if n := len(sim.Requests()); n != 1 {
		t.Errorf("%d requests were sent, want 1", n)
	}
}

// Looking up a name for the logs requires a separate permission, which the error
// names.
func TestAMissingPermissionForNamesIsNamed(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeZones"})
	w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(providertest.Arguments{"api_version": "2022-09-01"}))
	_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(providertest.Arguments{"zones": []string{"example.com"}}))
	providertest.Expect(t, diags, providertest.Want{Summary: providertest.UnableToRead, Details: []string{"Allow the CAM action teo:DescribeZones"}})
}
