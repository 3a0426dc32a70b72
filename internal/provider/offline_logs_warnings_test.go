package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const mayGrow = "warning end_time: Log packages may still be added"

// A window that ends less than 24 hours ago is told of, by the injected clock.
func TestOfflineLogsRecentWindow(t *testing.T) {
	t.Parallel()
	end := time.Date(2022, 5, 4, 1, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		now  time.Time
		want []complaint
	}{
		"a second short of a day ago": {end.Add(24*time.Hour - time.Second), []complaint{{mayGrow, []string{"ends at 2022-05-04T01:00:00Z", "less than 24 hours ago", "about 3 hours"}}}},
		"a day ago":                   {end.Add(24 * time.Hour), nil},
		"in the future":               {end.Add(-time.Hour), []complaint{{mayGrow, []string{"or in the future"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := configured(t, provider.Options{Now: func() time.Time { return test.now }}, signIn(simulator(t, teosim.Options{})))
			_, said := w.read("teo_l7_offline_logs", anHour)
			expectSaid(t, said, test.want...)
			said = w.open("teo_l4_offline_logs", anHour)
			expectSaid(t, said, test.want...)
		})
	}
}

// An empty list is valid; the warning has the ladder of causes, and names a
// domain that is the root of a site.
func TestOfflineLogsEmpty(t *testing.T) {
	t.Parallel()
	const empty = "warning: No L7 offline logs found"
	ladder := []string{"too recent", "no traffic", `data "teo_zones"`, "not enabled", "2026-01-20", "31 days"}
	root := "domains names a site where the sub-domain as served is wanted (such as www.example.com): example.com."
	for name, test := range map[string]struct {
		config arguments
		want   complaint
	}{
		"2022-01-06": {
			arguments{"zones": []string{"example.com"}, "domains": []string{"example.com"}},
			complaint{empty, append([]string{"(zones example.com; domains example.com) is empty", "1. " + root}, ladder...)},
		},
		"2022-09-01": {
			arguments{"zone_ids": []string{"zone-2demo00001cn"}, "domains": []string{"example.com"}},
			complaint{empty, append([]string{"zone_ids zone-2demo00001cn", "1. " + root}, ladder...)},
		},
		"a domain that is no site": {
			arguments{"domains": []string{"nobody.example.com"}},
			complaint{empty, append([]string{"1. domains names a site (example.com) where"}, ladder...)},
		},
		"no traffic": {
			arguments{"zones": []string{"nowhere.example"}},
			complaint{empty, append([]string{"1. there was no traffic", "there is none of that name"}, ladder...)},
		},
		"past its time": {
			arguments{"start_time": "2021-05-04T00:00:00Z", "end_time": "2021-05-05T00:00:00Z"},
			complaint{empty, append([]string{"1. the window ended 370 days ago: the logs are older"}, ladder...)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simulator(t, teosim.Options{})
			now := time.Date(2022, 5, 10, 0, 0, 0, 0, time.UTC)
			w := configured(t, provider.Options{Now: func() time.Time { return now }}, signIn(sim))
			state, said := w.read("teo_l7_offline_logs", anHour.and(test.config))
			for _, r := range sim.Requests() {
				if r.Action == "DownloadL7Logs" && r.RequestID == state["request_id"] {
					test.want.details = append(test.want.details, "Request ID "+r.RequestID)
				}
			}
			expectSaid(t, said, test.want)
			if logs, ok := state["logs"].([]any); !ok || len(logs) != 0 {
				t.Errorf("logs are %v, want an empty list", state["logs"])
			}
			for _, count := range []string{"total_count", "total_bytes", "pages"} {
				if state[count] != int64(0) {
					t.Errorf("%s is %v", count, state[count])
				}
			}
			if state["request_id"] == nil {
				t.Error("there is no request_id")
			}
		})
	}
}

// A window that ends less than three hours ago has that as a cause.
func TestOfflineLogsEmptyAndRecent(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2021, 5, 5, 2, 0, 0, 0, time.UTC) }
	w := configured(t, provider.Options{Now: now}, signIn(simulator(t, teosim.Options{})))
	_, said := w.read("teo_l4_offline_logs", arguments{"start_time": "2021-05-04T00:00:00Z", "end_time": "2021-05-05T00:00:00Z"})
	expectSaid(t, said,
		complaint{"warning: No L4 offline logs found", []string{"1. the window ends less than 3 hours ago"}},
		complaint{mayGrow, nil},
	)
}

// When 2022-01-06 is gone the provider goes over, for good, and says so once.
func TestOfflineLogsChangeOver(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ActionOffline", "InvalidAction", "NoSuchVersion", "UnsupportedOperation"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			sim := simulator(t, teosim.Options{Gone: code})
			w := configured(t, provider.Options{}, signIn(sim))
			_, said := w.read("teo_l7_offline_logs", anHour)
			refused := sim.Requests()[0]
			expectSaid(t, said, complaint{"warning: API version 2022-01-06 is gone", []string{
				fmt.Sprintf("answered %s (request ID %s)", code, refused.RequestID), `Set api_version = "2022-09-01"`,
			}})
			for range 2 {
				state, said := w.read("teo_l7_offline_logs", anHour.and(arguments{"zones": []string{"example.com"}}))
				expectSaid(t, said)
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

// Rows without a name are listed, and told of.
func TestOfflineLogsNameless(t *testing.T) {
	t.Parallel()
	sim := simulator(t, teosim.Options{})
	sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "Data.LogPacketName"})
	w := configured(t, provider.Options{}, signIn(sim))
	state, said := w.read("teo_l7_offline_logs", anHour.and(arguments{"zone_ids": []string{"zone-2demo00001cn"}}))
	expectSaid(t, said, complaint{"warning: Log packages without a name", []string{"3 of 3 rows", fmt.Sprint("request ID ", state["request_id"])}})
	for _, row := range state["logs"].([]any) {
		if name := row.(map[string]any)["log_packet_name"]; name != nil {
			t.Errorf("a name: %v", name)
		}
	}
}
