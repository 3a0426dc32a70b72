package offlinelogs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// listRow is a row of the state in JSON.
type listRow struct{ host, area, name, start string }

// completeList checks that the rows of a list are those of the catalogue, each
// once and in order, and that each key has a URL if there are URLs.
type completeList struct {
	address, host string
	want          []listRow
	urls          bool
}

func (l completeList) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	for _, r := range req.State.Values.RootModule.Resources {
		if r.Address != l.address {
			continue
		}
		rows, _ := r.AttributeValues["logs"].([]any)
		urls, _ := r.AttributeValues["urls"].(map[string]any)
		if len(rows) != len(l.want) {
			resp.Error = fmt.Errorf("%d rows, want %d", len(rows), len(l.want))
			return
		}
		for i, want := range l.want {
			row, _ := rows[i].(map[string]any)
			got := listRow{fmt.Sprint(row[l.host]), fmt.Sprint(row["area"]), fmt.Sprint(row["log_packet_name"]), fmt.Sprint(row["log_start_time"])}
			if got != want || len(row) != 8 || row["key"] != want.host+"/"+want.area+"/"+want.name {
				resp.Error = fmt.Errorf("row %d is %v, want %v", i, row, want)
				return
			}
			if url, _ := urls[fmt.Sprint(row["key"])].(string); strings.Contains(url, "-"+want.host+"-") != l.urls {
				resp.Error = fmt.Errorf("the URL of row %d is %q", i, url)
				return
			}
		}
		return
	}
	resp.Error = fmt.Errorf("%s is not in the state", l.address)
}

// Several hundred packages over many pages, through a real Terraform, with and
// without URLs: every package is listed, in order.
func TestALongListIsCompleteAndInOrder(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Rates: teosim.Unlimited(), Catalogue: teosim.Generate(teosim.GenerateOptions{
		Slots: 168, Domains: 2, Proxies: 2, Start: time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC),
	})})
	rows := func(hosts ...string) (rows []listRow) {
		start := time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
		for hour := range 168 {
			at := start.Add(time.Duration(hour) * time.Hour)
			for _, host := range hosts {
				for _, area := range []string{"mainland", "overseas"} {
					rows = append(rows, listRow{host, area, teosim.PackageName(host, at, time.Hour), at.Format(time.RFC3339)})
				}
			}
		}
		return rows
	}
	config := providertest.ProviderBlock(sim, "requests_per_second = 100000") + `
data "teo_l7_offline_logs" "test" {
  start_time = "2022-05-01T00:00:00Z"
  end_time   = "2022-05-08T00:00:00Z"
  zone_ids   = ["zone-gen0000"]
  page_size  = 25
}

data "teo_l4_offline_logs" "test" {
  start_time = "2022-05-01T00:00:00Z"
  end_time   = "2022-05-08T00:00:00Z"
  zones      = ["site0.example"]
  proxy_ids  = ["sid-gen0000-1"]

  include_urls = false
}
`
	computed := func(pageSize, pages, count int, host string, hosts, zones, ids, include, urls knownvalue.Check) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{
			"start_time": knownvalue.StringExact("2022-05-01T00:00:00Z"), "end_time": knownvalue.StringExact("2022-05-08T00:00:00Z"),
			"zones": zones, "zone_ids": ids, host: hosts, "max_packages": providertest.Nothing, "timeouts": providertest.Nothing,
			"page_size": providertest.Number(pageSize), "pages": providertest.Number(pages), "total_count": providertest.Number(count), "total_bytes": knownvalue.NotNull(),
			"api_version": knownvalue.StringExact("2022-09-01"), "request_id": requestID, "logs": knownvalue.ListSizeExact(count),
			"include_urls": include, "urls": urls,
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					providertest.ExactAttributes("data.teo_l7_offline_logs.test", computed(25, 27, 672, "domains", providertest.Nothing, providertest.Nothing, providertest.Listed("zone-gen0000"), providertest.Nothing, knownvalue.MapSizeExact(672))),
					providertest.ExactAttributes("data.teo_l4_offline_logs.test", computed(300, 2, 336, "proxy_ids", providertest.Listed("sid-gen0000-1"), providertest.Listed("site0.example"), providertest.Nothing, knownvalue.Bool(false), providertest.Nothing)),
					completeList{"data.teo_l7_offline_logs.test", "domain", rows("www0.site0.example", "www1.site0.example"), true},
					completeList{"data.teo_l4_offline_logs.test", "proxy_id", rows("sid-gen0000-1"), false},
				},
			},
			{Config: config, ConfigPlanChecks: providertest.EmptyPlan},
		},
	})
}

// The same list with 2022-01-06, at a rate that the service limits: it is slower,
// but complete.
func TestAThrottledListIsComplete(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{
		Rates:     map[string]int{"2022-01-06/DownloadL7Logs": 30},
		Catalogue: teosim.Generate(teosim.GenerateOptions{Slots: 168, Domains: 2}),
	})
	sim.Inject(teosim.Fault{Name: teosim.BadGateway, Skip: 3, Times: 2})
	sim.Inject(teosim.Fault{Name: teosim.DropConnection, Skip: 6, Times: 2})
	w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(providertest.Arguments{"requests_per_second": 1000, "max_retries": 50}))
	state, diags := w.Read("teo_l7_offline_logs", providertest.Arguments{
		"start_time": "2022-05-01T00:00:00Z", "end_time": "2022-05-08T00:00:00Z", "page_size": 15,
	})
	providertest.Expect(t, diags)
	if state["total_count"] != int64(672) || len(state["logs"].([]any)) != 672 || state["pages"] != int64(45) {
		t.Errorf("%v of %v packages over %v pages, want 672 over 45", len(state["logs"].([]any)), state["total_count"], state["pages"])
	}
	limited := 0
	for _, r := range sim.Requests() {
		if r.Code == "RequestLimitExceeded" {
			limited++
		}
	}
	if limited == 0 {
		t.Error("no request was throttled, so the test proves nothing")
	}
}
