package offlinelogs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const mayGrow = "warning end_time: Log packages may still be added"

// A window that ends less than 24 hours ago causes a warning.
func TestARecentWindowCausesAWarning(t *testing.T) {
	t.Parallel()
	end := time.Date(2022, 5, 4, 1, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		now  time.Time
		want []providertest.Want
	}{
		"a second short of a day ago": {end.Add(24*time.Hour - time.Second), []providertest.Want{{Summary: mayGrow, Details: []string{"ends at 2022-05-04T01:00:00Z", "less than 24 hours ago", "about 3 hours"}}}},
		"a day ago":                   {end.Add(24 * time.Hour), nil},
		"in the future":               {end.Add(-time.Hour), []providertest.Want{{Summary: mayGrow, Details: []string{"or in the future"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := providertest.Configured(t, provider.Options{Now: func() time.Time { return test.now }}, providertest.SignIn(simtest.Start(t, teosim.Options{})))
			_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour)
			providertest.Expect(t, diags, test.want...)
			diags = w.Open("teo_l4_offline_logs", providertest.AnHour)
			providertest.Expect(t, diags, test.want...)
		})
	}
}

// An empty list is valid. The warning lists the possible causes, and names
// filters that cannot match.
func TestAnEmptyListIsValidAndCausesAWarning(t *testing.T) {
	t.Parallel()
	const empty = "warning: No L7 offline logs found"
	const root = "1. example.com in domains is the name of a site. Set domains to its sub-domains, such as www.example.com."
	for name, test := range map[string]struct {
		config providertest.Arguments
		want   providertest.Want
	}{
		"2022-01-06": {
			providertest.Arguments{"zones": []string{"example.com"}, "domains": []string{"example.com"}},
			providertest.Want{Summary: empty, Details: []string{"(zones example.com; domains example.com) is empty", root, "2. There was no traffic"}},
		},
		"2022-09-01": {
			providertest.Arguments{"zone_ids": []string{"zone-2demo00001cn"}, "domains": []string{"example.com"}},
			providertest.Want{Summary: empty, Details: []string{"zone_ids zone-2demo00001cn", root}},
		},
		"a domain that is not a site": {
			providertest.Arguments{"domains": []string{"nobody.example.com"}},
			providertest.Want{Summary: empty, Details: []string{"1. domains names no sub-domain as it is served.", "2. There was no traffic"}},
		},
		"a domain of another zone": {
			providertest.Arguments{"zones": []string{"example.com"}, "domains": []string{"www.example.org"}},
			providertest.Want{Summary: empty, Details: []string{"1. None of the given zones contains www.example.org."}},
		},
		"a domain of no zone": {
			providertest.Arguments{"domains": []string{"www.nowhere.example"}},
			providertest.Want{Summary: empty, Details: []string{"1. No zone of the account contains www.nowhere.example."}},
		},
		"an unknown zone": {
			providertest.Arguments{"zones": []string{"nowhere.example"}},
			providertest.Want{Summary: empty, Details: []string{"1. No zone of the account is named nowhere.example."}},
		},
		"after the retention": {
			providertest.Arguments{"start_time": "2021-05-04T00:00:00Z", "end_time": "2021-05-05T00:00:00Z"},
			providertest.Want{Summary: empty, Details: []string{"1. The window ended 370 days ago, and logs are kept for at most 183 days."}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{})
			now := time.Date(2022, 5, 10, 0, 0, 0, 0, time.UTC)
			w := providertest.Configured(t, provider.Options{Now: func() time.Time { return now }}, providertest.SignIn(sim))
			state, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(test.config))
			var requestID string // of the last page, not of the requests for hints
			for _, r := range sim.Requests() {
				if r.Action == "DownloadL7Logs" {
					requestID = r.RequestID
				}
			}
			providertest.Expect(t, diags, providertest.Want{Summary: test.want.Summary, Details: append(test.want.Details, "Request ID "+requestID)})
			if logs, ok := state["logs"].([]any); !ok || len(logs) != 0 {
				t.Errorf("logs are %v, want an empty list", state["logs"])
			}
			for _, count := range []string{"total_count", "total_bytes", "pages"} {
				if state[count] != int64(0) {
					t.Errorf("%s is %v", count, state[count])
				}
			}
			if requestID == "" || state["request_id"] != requestID {
				t.Errorf("request_id is %v, want %q", state["request_id"], requestID)
			}
		})
	}
}

// A list that is not empty warns about each zone and each host without a package. The
// filter is the first cause.
func TestOfflineLogsOfSomeZones(t *testing.T) {
	t.Parallel()
	const l7, l4 = "No L7 offline logs of some zones or domains", "No L4 offline logs of some zones or proxy_ids"
	// In this hour, example.org has no package.
	hour := providertest.Arguments{"start_time": "2022-05-08T00:00:00Z", "end_time": "2022-05-08T01:00:00Z"}
	for name, test := range map[string]struct {
		version string
		config  providertest.Arguments
		want    *providertest.Want
	}{
		"names, 2022-01-06": {
			"", hour.And(providertest.Arguments{"zones": []string{"example.com", "example.org"}}),
			&providertest.Want{Summary: "warning zones: " + l7, Details: []string{
				"(zones example.com, example.org) has 4 packages, but none of these: zones example.org.", "1. The zones do not exist in this account.", "2. There was no traffic.",
			}},
		},
		"names, 2022-09-01": {
			"2022-09-01", hour.And(providertest.Arguments{"zones": []string{"example.com", "example.org"}}),
			&providertest.Want{Summary: "warning zones: " + l7, Details: []string{"none of these: zones example.org.", "1. There was no traffic."}},
		},
		"IDs": {
			"", hour.And(providertest.Arguments{"zone_ids": []string{"zone-2demo00001cn", "zone-2demo00003og"}}),
			&providertest.Want{Summary: "warning zone_ids: " + l7, Details: []string{"none of these: zone_ids zone-2demo00003og.", "1. There was no traffic."}},
		},
		"a domain of no zone": {
			"", providertest.AnHour.And(providertest.Arguments{"domains": []string{"www.example.com", "WWW.Nowhere.Example"}}),
			&providertest.Want{Summary: "warning domains: " + l7, Details: []string{
				"none of these: domains www.nowhere.example.", "1. domains contains a name that is in no zone of the account, or the name of a site", "2. There was no traffic.",
			}},
		},
		"a zone and its domain": {
			"2022-09-01", hour.And(providertest.Arguments{"zones": []string{"example.com", "example.org"}, "domains": []string{"www.example.com", "img.example.org"}}),
			&providertest.Want{Summary: "warning domains: " + l7, Details: []string{
				"none of these: zones example.org; domains img.example.org.", "1. domains contains a name that is in none of the given zones",
			}},
		},
		"a proxy": {
			"", providertest.AnHour.And(providertest.Arguments{"proxy_ids": []string{"sid-2demo0000001", "sid-none"}}),
			&providertest.Want{Summary: "warning proxy_ids: " + l4, Details: []string{
				"none of these: proxy_ids sid-none.", "1. proxy_ids contains an instance that is in no zone of the account.", "2. There was no traffic.",
			}},
		},
		"zones with packages":   {"", providertest.AnHour.And(providertest.Arguments{"zones": []string{"example.com", "example.org"}}), nil},
		"domains with packages": {"", providertest.AnHour.And(providertest.Arguments{"domains": []string{"www.example.com", "api.example.com"}}), nil},
		"proxies with packages": {"", providertest.AnHour.And(providertest.Arguments{"proxy_ids": []string{"sid-2demo0000001", "sid-2demo0000002"}}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2022, 5, 10, 0, 0, 0, 0, time.UTC)
			sim := simtest.Start(t, teosim.Options{})
			signIn := providertest.SignIn(sim)
			if test.version != "" {
				signIn["api_version"] = test.version
			}
			w := providertest.Configured(t, provider.Options{Now: func() time.Time { return now }}, signIn)
			var want []providertest.Want
			if test.want != nil {
				want = append(want, *test.want)
			}
			entity := "teo_l7_offline_logs"
			if _, ok := test.config["proxy_ids"]; ok {
				entity = "teo_l4_offline_logs"
			}
			_, diags := w.Read(entity, test.config)
			providertest.Expect(t, diags, want...)
			providertest.Expect(t, w.Open(entity, test.config), want...)
		})
	}
}

// Terraform shows the warnings of both kinds, each on the argument with the filter.
func TestTerraformWarnsOfFilters(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	const window = "start_time = \"2022-05-08T00:00:00Z\"\n  end_time = \"2022-05-08T01:00:00Z\"\n"
	for name, test := range map[string]struct {
		block string
		want  []string
	}{
		"a zone": {
			"data \"teo_l7_offline_logs\" \"test\" {\n" + window + "  zone_ids = [\"zone-2demo00001cn\", \"zone-2demo00003og\"]\n}\n",
			[]string{"Warning: No L7 offline logs of some zones or domains", "zone_ids = [", "none of these: zone_ids zone-2demo00003og."},
		},
		"a domain": {
			"data \"teo_l7_offline_logs\" \"test\" {\n" + window + "  domains = [\"www.example.com\", \"www.nowhere.example\"]\n}\n",
			[]string{"Warning: No L7 offline logs of some zones or domains", "domains = [", "none of these: domains www.nowhere.example.", "1. domains contains a name that is in no zone of the account"},
		},
		"a proxy": {
			"data \"teo_l4_offline_logs\" \"test\" {\n" + window + "  proxy_ids = [\"sid-none\"]\n}\n",
			[]string{"Warning: No L4 offline logs found", "1. No zone of the account has the layer-4 proxy sid-none."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+test.block)
			if said, _ := w.Plan(); !providertest.Says(test.want...).MatchString(strings.ReplaceAll(said, "│ ", "")) {
				t.Errorf("the plan does not say %q:\n%s", test.want, said)
			}
		})
	}
}

// The proxies of an empty list are looked up.
func TestOfflineLogsEmptyOfProxies(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	now := time.Date(2022, 5, 10, 0, 0, 0, 0, time.UTC)
	w := providertest.Configured(t, provider.Options{Now: func() time.Time { return now }}, providertest.SignIn(sim))
	config := providertest.AnHour.And(providertest.Arguments{"proxy_ids": []string{"sid-none"}})
	want := providertest.Want{Summary: "warning: No L4 offline logs found", Details: []string{"1. No zone of the account has the layer-4 proxy sid-none.", "2. There was no traffic."}}
	_, diags := w.Read("teo_l4_offline_logs", config)
	providertest.Expect(t, diags, want)
	providertest.Expect(t, w.Open("teo_l4_offline_logs", config), want)
}

// When 2022-01-06 is no longer served, the provider switches permanently and warns once.
func TestTheVersionIsSwitchedWithOneWarning(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ActionOffline", "InvalidAction", "NoSuchVersion", "UnsupportedOperation"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{Gone: code})
			w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim))
			_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour)
			refused := sim.Requests()[0]
			providertest.Expect(t, diags, providertest.Want{Summary: "warning: API version 2022-01-06 is no longer available", Details: []string{
				fmt.Sprintf("answered %s (request ID %s)", code, refused.RequestID), `Set api_version = "2022-09-01"`,
			}})
			for range 2 {
				state, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(providertest.Arguments{"zones": []string{"example.com"}}))
				providertest.Expect(t, diags)
				if state["api_version"] != "2022-09-01" || state["total_count"] != int64(4) {
					t.Errorf("%v packages by version %v", state["total_count"], state["api_version"])
				}
			}
			if n := sim.Count("2022-01-06", ""); n != 1 {
				t.Errorf("2022-01-06 was asked %d times", n)
			}
			if n := sim.Count("", "DescribeZones"); n != 1 {
				t.Errorf("DescribeZones was asked %d times, want once: all zones are known then", n)
			}
		})
	}
}

// Rows without a name are listed, and cause a warning.
func TestRowsWithoutANameAreListedWithAWarning(t *testing.T) {
	t.Parallel()
	t.Run("one of them", func(t *testing.T) {
		t.Parallel()
		sim := simtest.Start(t, teosim.Options{})
		sim.Inject(teosim.Fault{Name: teosim.NullRow})
		w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim))
		_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(providertest.Arguments{"zone_ids": []string{"zone-2demo00001cn"}}))
		providertest.Expect(t, diags, providertest.Want{Summary: "warning: Log packages without a name", Details: []string{"1 of 3 rows have no log_packet_name"}})
	})
	sim := simtest.Start(t, teosim.Options{})
	sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "Data.LogPacketName"})
	w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim))
	state, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(providertest.Arguments{"zone_ids": []string{"zone-2demo00001cn"}}))
	providertest.Expect(t, diags, providertest.Want{Summary: "warning: Log packages without a name", Details: []string{"3 of 3 rows", fmt.Sprint("request ID ", state["request_id"])}})
	for _, row := range state["logs"].([]any) {
		row := row.(map[string]any)
		if row["log_packet_name"] != nil {
			t.Errorf("a name: %v", row["log_packet_name"])
		}
		key, _ := row["key"].(string)
		if url := state["urls"].(map[string]any)[key]; !strings.Contains(key, "/~") || url == nil {
			t.Errorf("the key %q has the URL %v", key, url)
		}
	}
}

// A number in another notation is that number. One that is not whole is null in its
// row, with a warning, and hides no other value.
func TestANumberThatIsNotWholeIsNullWithAWarning(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]any{"1500.0": int64(1500), `"1500"`: int64(1500), "2.5": nil, `"1.5 kB"`: nil} {
		sim := simtest.Start(t, teosim.Options{})
		sim.Inject(teosim.Fault{Name: teosim.SetField, Value: "Data.Size=" + value})
		w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim))
		state, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(providertest.Arguments{"zone_ids": []string{"zone-2demo00001cn"}}))
		if want == nil {
			providertest.Expect(t, diags, providertest.Want{Summary: "warning: Log packages with unreadable numbers", Details: []string{"3 of 3 rows", fmt.Sprint("request ID ", state["request_id"])}})
		} else {
			providertest.Expect(t, diags)
		}
		for _, row := range state["logs"].([]any) {
			if row := row.(map[string]any); row["size"] != want || row["log_time"] == nil || row["log_start_time"] == nil {
				t.Errorf("%s: %v", value, row)
			}
		}
	}
}
