package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Every attribute of the data source. It uses 2022-09-01 even if the
// provider is pinned to another version.
func TestL4OfflineLogsDataSource(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: smallAccount()})
	rows := []map[string]knownvalue.Check{
		row("proxy_id", "sid-1", "mainland", "20220504-03-sid-1", 10, "03:00:00", "04:00:00"),
		row("proxy_id", "sid-2", "overseas", "20220504-03-sid-2", 20, "03:00:00", "04:00:00"),
	}
	want := func(more map[string]knownvalue.Check) map[string]knownvalue.Check {
		all := map[string]knownvalue.Check{
			"start_time": knownvalue.StringExact("2022-05-04T11:00:00+08:00"), "end_time": knownvalue.StringExact("2022-05-04T04:00:00Z"),
			"zones": nothing, "zone_ids": nothing, "proxy_ids": nothing, "max_packages": nothing, "include_urls": nothing, "timeouts": nothing,
			"page_size": number(300), "pages": number(1), "total_count": number(2), "total_bytes": number(30),
			"api_version": knownvalue.StringExact("2022-09-01"), "request_id": requestID, "logs": exactRows(rows),
			"urls": urlsOf("sid-1/mainland/20220504-03-sid-1", "sid-2/overseas/20220504-03-sid-2"),
		}
		for attribute, check := range more {
			all[attribute] = check
		}
		return all
	}
	config := providerBlock(sim, `api_version = "2022-01-06"`) + `
data "teo_l4_offline_logs" "all" {` + smallWindow + `}

data "teo_l4_offline_logs" "one" {` + smallWindow + `
  zone_ids  = ["zone-2"]
  proxy_ids = ["sid-2"]
}

data "teo_l4_offline_logs" "named" {` + smallWindow + `
  zones     = ["example.com"]
  page_size = 1
}
`
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					exactAttributes("data.teo_l4_offline_logs.all", want(nil)),
					exactAttributes("data.teo_l4_offline_logs.one", want(map[string]knownvalue.Check{
						"zone_ids": listed("zone-2"), "proxy_ids": listed("sid-2"), "logs": exactRows(rows[1:]),
						"urls": urlsOf("sid-2/overseas/20220504-03-sid-2"), "total_count": number(1), "total_bytes": number(20),
					})),
					exactAttributes("data.teo_l4_offline_logs.named", want(map[string]knownvalue.Check{
						"zones": listed("example.com"), "page_size": number(1), "logs": exactRows(rows[:1]),
						"urls": urlsOf("sid-1/mainland/20220504-03-sid-1"), "total_count": number(1), "total_bytes": number(10),
					})),
					sensitive{"data.teo_l4_offline_logs.all", `{"logs": [{}, {}], "urls": true}`},
				},
			},
			{Config: config, ConfigPlanChecks: emptyPlan},
		},
	})
}
