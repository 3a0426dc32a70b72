package offlinelogs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// row is the expected row of a package in the state.
func row(hostAttribute, host, area, name string, size int, from, to string) map[string]knownvalue.Check {
	checked := map[string]knownvalue.Check{
		hostAttribute:     knownvalue.StringExact(host),
		"area":            knownvalue.StringExact(area),
		"log_packet_name": knownvalue.StringExact(name),
		"key":             knownvalue.StringExact(host + "/" + area + "/" + name),
		"log_time":        knownvalue.Int64Exact(time.Date(2022, 5, 4, 3, 1, 0, 0, time.UTC).Unix()),
		"log_start_time":  knownvalue.StringExact("2022-05-04T" + from + "Z"),
		"log_end_time":    knownvalue.StringExact("2022-05-04T" + to + "Z"),
		"size":            knownvalue.Int64Exact(int64(size)),
	}
	return checked
}

// urlsOf is the expected value of urls: one URL for each key.
func urlsOf(keys ...string) knownvalue.Check {
	checks := map[string]knownvalue.Check{}
	for _, key := range keys {
		host, _, _ := strings.Cut(key, "/")
		checks[key] = knownvalue.StringRegexp(regexp.MustCompile(
			`^http://127\.0\.0\.1:\d+/logs/1251234567/20220504/2022050403-` + regexp.QuoteMeta(host) + `-[0-9a-f]{16}\.log\.gz\?sign=[0-9a-f]{64}&t=\d+$`))
	}
	return knownvalue.MapExact(checks)
}

// smallKeys are the keys of all rows of the small account, in the order of the
// state.
var smallKeys = []string{
	"api.example.com/mainland/20220504-03-api.example.com",
	"example.org/overseas/20220504-03-example.org",
	"www.example.com/mainland/20220504-03-www.example.com",
	"www.example.com/overseas/20220504-03-www.example.com",
	"img.example.org/mainland/20220504-0315-img.example.org",
}

// smallRows are all rows of the small account, in the order of the state.
func smallRows() []map[string]knownvalue.Check {
	return []map[string]knownvalue.Check{
		row("domain", "api.example.com", "mainland", "20220504-03-api.example.com", 300, "03:00:00", "04:00:00"),
		row("domain", "example.org", "overseas", "20220504-03-example.org", 500, "03:00:00", "04:00:00"),
		row("domain", "www.example.com", "mainland", "20220504-03-www.example.com", 100, "03:00:00", "04:00:00"),
		row("domain", "www.example.com", "overseas", "20220504-03-www.example.com", 200, "03:00:00", "04:00:00"),
		row("domain", "img.example.org", "mainland", "20220504-0315-img.example.org", 400, "03:15:00", "03:29:59"),
	}
}

func exactRows(rows []map[string]knownvalue.Check) knownvalue.Check {
	var checks []knownvalue.Check
	for _, row := range rows {
		checks = append(checks, knownvalue.ObjectExact(row))
	}
	return knownvalue.ListExact(checks)
}

// sensitive checks what `terraform show -json` marks as sensitive, exactly.
type sensitive struct{ address, want string }

func (s sensitive) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	for _, r := range req.State.Values.RootModule.Resources {
		if r.Address != s.address {
			continue
		}
		var got, want any
		if resp.Error = json.Unmarshal(r.SensitiveValues, &got); resp.Error == nil {
			resp.Error = json.Unmarshal([]byte(s.want), &want)
		}
		if resp.Error == nil && !reflect.DeepEqual(got, want) {
			resp.Error = fmt.Errorf("sensitive in %s: %s, want %s", s.address, r.SensitiveValues, s.want)
		}
		return
	}
	resp.Error = fmt.Errorf("%s is not in the state", s.address)
}

var requestID = knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f-]{27}$`))

// Every attribute of the data source, by both versions of the API and both ways
// to count pages; then a plan that has nothing to do.
func TestTheDataSourceOfLayer7HasEveryAttribute(t *testing.T) {
	t.Parallel()
	noArea := func(rows []map[string]knownvalue.Check, keys ...string) []map[string]knownvalue.Check {
		for i, row := range rows {
			row["area"], row["key"] = providertest.Nothing, knownvalue.StringExact(keys[i])
		}
		return rows
	}
	// Rows of 2022-01-06 have no times: those of a quarter are from its name.
	exclusive := func(rows []map[string]knownvalue.Check) []map[string]knownvalue.Check {
		rows[4]["log_end_time"] = knownvalue.StringExact("2022-05-04T03:30:00Z")
		return rows
	}
	all := map[string]knownvalue.Check{
		"start_time": knownvalue.StringExact("2022-05-04T11:00:00+08:00"), "end_time": knownvalue.StringExact("2022-05-04T04:00:00Z"),
		"zones": providertest.Nothing, "zone_ids": providertest.Nothing, "domains": providertest.Nothing, "max_packages": providertest.Nothing, "include_urls": providertest.Nothing, "timeouts": providertest.Nothing,
		"page_size": providertest.Number(300), "pages": providertest.Number(1), "total_count": providertest.Number(5), "total_bytes": providertest.Number(1500),
		"api_version": knownvalue.StringExact("2022-01-06"), "request_id": requestID, "urls": urlsOf(smallKeys...),
	}
	for name, test := range map[string]struct {
		sim       teosim.Options
		provider  string
		arguments string
		want      map[string]knownvalue.Check // in place of those in all
	}{
		"2022-01-06 counted from 0": {
			arguments: "page_size = 2",
			sim:       teosim.Options{PageBase: 0},
			want:      map[string]knownvalue.Check{"page_size": providertest.Number(2), "pages": providertest.Number(3), "logs": exactRows(exclusive(smallRows()))},
		},
		"2022-01-06 counted from 1": {
			arguments: "page_size = 2\n max_packages = 5\n timeouts = { read = \"1m\" }",
			sim:       teosim.Options{PageBase: 1, StrictPage: true},
			want: map[string]knownvalue.Check{
				"page_size": providertest.Number(2), "pages": providertest.Number(3), "logs": exactRows(exclusive(smallRows())), "max_packages": providertest.Number(5),
				"timeouts": knownvalue.ObjectExact(map[string]knownvalue.Check{"read": knownvalue.StringExact("1m")}),
			},
		},
		"2022-01-06 with a smaller page than asked for": {
			arguments: "page_size = 1000\n zones = []",
			sim:       teosim.Options{MaxPageSize: 3},
			want:      map[string]knownvalue.Check{"page_size": providertest.Number(3), "pages": providertest.Number(2), "logs": exactRows(exclusive(smallRows())), "zones": providertest.Listed()},
		},
		"2022-01-06 by names, without areas": {
			sim:       teosim.Options{OldRowsWithoutArea: true},
			arguments: "zones = [\" example.com\", \"example.org \"]\n domains = [\"api.example.com\", \" example.org\"]\n include_urls = true",
			want: map[string]knownvalue.Check{
				"zones": providertest.Listed(" example.com", "example.org "), "domains": providertest.Listed("api.example.com", " example.org"), "include_urls": knownvalue.Bool(true),
				"logs":        exactRows(noArea(smallRows()[:2], "api.example.com/unknown/20220504-03-api.example.com", "example.org/unknown/20220504-03-example.org")),
				"urls":        urlsOf("api.example.com/unknown/20220504-03-api.example.com", "example.org/unknown/20220504-03-example.org"),
				"total_count": providertest.Number(2), "total_bytes": providertest.Number(800),
			},
		},
		"2022-09-01 by IDs": {
			arguments: "zone_ids = [\"zone-2\", \"zone-1\"]\n page_size = 2",
			want: map[string]knownvalue.Check{
				"zone_ids": providertest.Listed("zone-1", "zone-2"), "api_version": knownvalue.StringExact("2022-09-01"),
				"page_size": providertest.Number(2), "pages": providertest.Number(3), "logs": exactRows(smallRows()),
			},
		},
		"2022-09-01 by names, without URLs": {
			provider:  `api_version = "2022-09-01"`,
			arguments: "zones = [\"example.org\"]\n page_size = 1000\n include_urls = false",
			want: func() map[string]knownvalue.Check {
				rows := smallRows()
				rows = []map[string]knownvalue.Check{rows[1], rows[4]}
				return map[string]knownvalue.Check{
					"zones": providertest.Listed("example.org"), "api_version": knownvalue.StringExact("2022-09-01"), "include_urls": knownvalue.Bool(false),
					"logs": exactRows(rows), "urls": providertest.Nothing, "total_count": providertest.Number(2), "total_bytes": providertest.Number(900),
				}
			}(),
		},
		"2022-09-01 with a smaller limit than documented": {
			provider: `api_version = "2022-09-01"`,
			sim:      teosim.Options{MaxLimit: 100},
			want:     map[string]knownvalue.Check{"api_version": knownvalue.StringExact("2022-09-01"), "page_size": providertest.Number(100), "logs": exactRows(smallRows())},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.sim.Catalogue = providertest.SmallAccount()
			sim := simtest.Start(t, test.sim)
			want := map[string]knownvalue.Check{}
			for _, from := range []map[string]knownvalue.Check{all, test.want} {
				for attribute, check := range from {
					want[attribute] = check
				}
			}
			config := providertest.ProviderBlock(sim, test.provider) + "data \"teo_l7_offline_logs\" \"test\" {" + providertest.SmallWindow + test.arguments + "\n}\n"
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
				Steps: []resource.TestStep{
					{Config: config, ConfigStateChecks: []statecheck.StateCheck{providertest.ExactAttributes("data.teo_l7_offline_logs.test", want)}},
					{Config: config, ConfigPlanChecks: providertest.EmptyPlan},
				},
			})
		})
	}
}

// Only the URLs are sensitive. An output of URLs must be marked as sensitive; the
// rows can be used everywhere.
func TestOnlyURLsAreSensitive(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
	config := providertest.ProviderBlock(sim) + "data \"teo_l7_offline_logs\" \"test\" {" + providertest.SmallWindow + "domains = [\"www.example.com\"]\n}\n"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			// First, because the last configuration is also the one that is destroyed.
			{
				Config:      config + "output \"urls\" {\n  value = data.teo_l7_offline_logs.test.urls\n}\n",
				ExpectError: providertest.Says("Error: Output refers to sensitive values"),
			},
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					sensitive{"data.teo_l7_offline_logs.test", `{"domains": [false], "logs": [{}, {}], "urls": true}`},
				},
			},
			{
				Config: config + "output \"rows\" {\n  value = data.teo_l7_offline_logs.test.logs\n}\n",
			},
		},
	})
}

// A window that is known only after apply is read during apply. Values that depend on
// it are unknown in the plan.
func TestAnUnknownWindowIsReadDuringApply(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
	const address = "data.teo_l7_offline_logs.test"
	config := providertest.ProviderBlock(sim) + `
resource "terraform_data" "window" {
  input = { start = "2022-05-04T03:00:00Z", zones = ["example.com"], size = 2 }
}

data "teo_l7_offline_logs" "test" {
  start_time = terraform_data.window.output.start
  end_time   = timeadd(terraform_data.window.output.start, "1h")
  zones      = terraform_data.window.output.zones
  page_size  = terraform_data.window.output.size
}
`
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionRead),
					plancheck.ExpectUnknownValue(address, tfjsonpath.New("start_time")),
					plancheck.ExpectUnknownValue(address, tfjsonpath.New("logs")),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("total_count"), providertest.Number(3)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("page_size"), providertest.Number(2)),
				},
			},
			{Config: config, ConfigPlanChecks: providertest.EmptyPlan},
		},
	})
}

// The number of requests of a read: the base of the pages is determined once for all
// data sources of a provider, with at most one additional request.
func TestThePageBaseIsFoundOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sim           teosim.Options
		config        providertest.Arguments
		first, second int
	}{
		"counted from 0":          {teosim.Options{}, providertest.Arguments{"page_size": 2}, 4, 3},
		"counted from 1":          {teosim.Options{PageBase: 1}, providertest.Arguments{"page_size": 2}, 3, 3},
		"clamped":                 {teosim.Options{MaxPageSize: 2}, providertest.Arguments{"page_size": 1000}, 4, 3},
		"one page, from 1":        {teosim.Options{PageBase: 1}, nil, 1, 1},
		"by offset":               {teosim.Options{}, providertest.Arguments{"page_size": 2, "zone_ids": []string{"zone-1", "zone-2"}}, 3, 3},
		"by offset, one page":     {teosim.Options{}, providertest.Arguments{"zone_ids": []string{"zone-1", "zone-2"}}, 1, 1},
		"a limit that is refused": {teosim.Options{MaxLimit: 200}, providertest.Arguments{"zone_ids": []string{"zone-1", "zone-2"}}, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.sim.Catalogue = providertest.SmallAccount()
			sim := simtest.Start(t, test.sim)
			w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim))
			for i, want := range []int{test.first, test.second, test.second} {
				sim.ResetCounters()
				state, diags := w.Read("teo_l7_offline_logs", providertest.Arguments{"start_time": "2022-05-04T03:00:00Z", "end_time": "2022-05-04T04:00:00Z"}.And(test.config))
				providertest.Expect(t, diags)
				if n := len(state["logs"].([]any)); n != 5 {
					t.Errorf("%d packages", n)
				}
				if n := len(sim.Requests()); n != want {
					t.Errorf("read %d sent %d requests, want %d", i+1, n, want)
				}
			}
		})
	}
}

// Times are sent in UTC and in whole seconds. Fractions widen the window.
func TestTimesAreSentInWholeSecondsOfUTC(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
	w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim))
	_, diags := w.Read("teo_l7_offline_logs", providertest.Arguments{"start_time": "2022-05-04T11:00:00.9+08:00", "end_time": "2022-05-04T03:59:59.1Z"})
	providertest.Expect(t, diags)
	body := string(sim.Requests()[0].Body)
	for _, want := range []string{`"StartTime":"2022-05-04T03:00:00Z"`, `"EndTime":"2022-05-04T04:00:00Z"`} {
		if !strings.Contains(body, want) {
			t.Errorf("sent %s, want %s in it", body, want)
		}
	}
}
