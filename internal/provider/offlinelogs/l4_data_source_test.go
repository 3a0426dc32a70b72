package offlinelogs_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Every attribute of the data source. It uses 2022-09-01 even if the
// provider is pinned to another version.
func TestTheDataSourceOfLayer4HasEveryAttribute(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
	rows := []map[string]knownvalue.Check{
		row("proxy_id", "sid-1", "mainland", "20220504-03-sid-1", 10, "03:00:00", "04:00:00"),
		row("proxy_id", "sid-2", "overseas", "20220504-03-sid-2", 20, "03:00:00", "04:00:00"),
	}
	want := func(more map[string]knownvalue.Check) map[string]knownvalue.Check {
		all := map[string]knownvalue.Check{
			"start_time": knownvalue.StringExact("2022-05-04T11:00:00+08:00"), "end_time": knownvalue.StringExact("2022-05-04T04:00:00Z"),
			"zones": providertest.Nothing, "zone_ids": providertest.Nothing, "proxy_ids": providertest.Nothing, "max_packages": providertest.Nothing, "include_urls": providertest.Nothing, "timeouts": providertest.Nothing,
			"page_size": providertest.Number(300), "pages": providertest.Number(1), "total_count": providertest.Number(2), "total_bytes": providertest.Number(30),
			"api_version": knownvalue.StringExact("2022-09-01"), "request_id": requestID, "logs": exactRows(rows),
			"urls": urlsOf("sid-1/mainland/20220504-03-sid-1", "sid-2/overseas/20220504-03-sid-2"),
		}
		for attribute, check := range more {
			all[attribute] = check
		}
		return all
	}
	config := providertest.ProviderBlock(sim, `api_version = "2022-01-06"`) + `
data "teo_l4_offline_logs" "all" {` + providertest.SmallWindow + `}

data "teo_l4_offline_logs" "one" {` + providertest.SmallWindow + `
  zone_ids  = ["zone-2"]
  proxy_ids = ["sid-2"]
}

data "teo_l4_offline_logs" "named" {` + providertest.SmallWindow + `
  zones     = ["example.com"]
  page_size = 1
}
`
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					providertest.ExactAttributes("data.teo_l4_offline_logs.all", want(nil)),
					providertest.ExactAttributes("data.teo_l4_offline_logs.one", want(map[string]knownvalue.Check{
						"zone_ids": providertest.Listed("zone-2"), "proxy_ids": providertest.Listed("sid-2"), "logs": exactRows(rows[1:]),
						"urls": urlsOf("sid-2/overseas/20220504-03-sid-2"), "total_count": providertest.Number(1), "total_bytes": providertest.Number(20),
					})),
					providertest.ExactAttributes("data.teo_l4_offline_logs.named", want(map[string]knownvalue.Check{
						"zones": providertest.Listed("example.com"), "page_size": providertest.Number(1), "logs": exactRows(rows[:1]),
						"urls": urlsOf("sid-1/mainland/20220504-03-sid-1"), "total_count": providertest.Number(1), "total_bytes": providertest.Number(10),
					})),
					sensitive{"data.teo_l4_offline_logs.all", `{"logs": [{}, {}], "urls": true}`},
				},
			},
			{Config: config, ConfigPlanChecks: providertest.EmptyPlan},
		},
	})
}
