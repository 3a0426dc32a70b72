package logcoverage_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
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

// day is the day that the tests of coverage compare, and later is when all of it
// can be classified.
var (
	day   = time.Date(2022, 5, 4, 0, 0, 0, 0, time.UTC)
	later = provider.Options{Now: func() time.Time { return day.AddDate(0, 0, 3) }}
)

// hourPackage is the package of one hour of a host, in zone-1 for names of
// example.com and in zone-2 for others, with 10 requests.
func hourPackage(host string, hour int) teosim.Package {
	at := day.Add(time.Duration(hour) * time.Hour)
	zone := "zone-2"
	if strings.HasSuffix(host, "example.com") || host == "sid-1" {
		zone = "zone-1"
	}
	return teosim.Package{
		ZoneID: zone, Host: host, Area: "mainland", Name: teosim.PackageName(host, at, time.Hour), Start: at, End: at.Add(time.Hour), Requests: 10,
	}
}

// hours is what happens to a host in each hour: letters as in the result, with
// "b" for requests that were blocked, "q" for two quarters of an hour, and "o"
// for a package of the other area.
func hours(host, letters string) []teosim.Package {
	var list []teosim.Package
	for hour, letter := range letters {
		p := hourPackage(host, hour)
		switch letter {
		case '#':
			list = append(list, p)
		case '!':
			p.Lost = true
			list = append(list, p)
		case '+':
			p.Uncounted = true
			list = append(list, p)
		case 'b':
			p.Mitigated = true
			list = append(list, p)
		case 'o':
			p.Area = "overseas"
			list = append(list, p)
		case 'q':
			for _, minutes := range []int{15, 45} {
				q := p
				q.Start = p.Start.Add(time.Duration(minutes) * time.Minute)
				q.End, q.Name, q.Requests = q.Start.Add(15*time.Minute-time.Second), teosim.PackageName(host, q.Start, 15*time.Minute), 5
				list = append(list, q)
			}
		}
	}
	return list
}

// coveredAccount has two zones and a proxy in each.
func coveredAccount(l7 ...[]teosim.Package) teosim.Catalogue {
	return teosim.Catalogue{
		Zones: []teosim.Zone{{ID: "zone-1", Name: "example.com"}, {ID: "zone-2", Name: "example.org"}},
		L7:    slices.Concat(l7...),
		L4:    slices.Concat(hours("sid-1", "##!..!!#"), hours("sid-2", "#")),
	}
}

// eightHours is the window of most tests.
var eightHours = providertest.Arguments{"start_time": "2022-05-04T00:00:00Z", "end_time": "2022-05-04T08:00:00Z"}

// coverageRows are the letters of each row by domain.
func coverageRows(state map[string]any) map[string]string {
	found := map[string]string{}
	list, _ := state["hosts"].([]any)
	for _, row := range list {
		attributes := row.(map[string]any)
		letters := attributes["days"].(map[string]any)["2022-05-04"].(string)
		found[attributes["host"].(string)] = strings.TrimRight(letters, " ")
	}
	return found
}

func expectRows(t *testing.T, got, want map[string]string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// Every attribute of the data source, and a plan without changes.
func TestEveryAttributeIsSetAndThePlanIsEmpty(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: coveredAccount(hours("www.example.com", "##!.q+o#"), hours("example.org", "#"))})
	text := knownvalue.StringExact
	sums := func(covered, missing, quiet, uncounted int) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{
			"covered_hours": providertest.Number(covered), "missing_hours": providertest.Number(missing), "quiet_hours": providertest.Number(quiet),
			"uncounted_hours": providertest.Number(uncounted), "pending_hours": providertest.Number(0), "unverified_hours": providertest.Number(0),
		}
	}
	row := func(domain, zone string, requests int, days string, missing []knownvalue.Check, sums map[string]knownvalue.Check) knownvalue.Check {
		sums["host"], sums["zone_id"], sums["requests"] = text(domain), text(zone), providertest.Number(requests)
		sums["missing"], sums["days"] = knownvalue.ListExact(missing), knownvalue.MapExact(map[string]knownvalue.Check{"2022-05-04": text(days)})
		return knownvalue.ObjectExact(sums)
	}
	all := sums(6, 1, 8, 1)
	for name, check := range map[string]knownvalue.Check{
		"start_time": text("2022-05-04T08:10:00+08:00"), "end_time": text("2022-05-04T08:00:00Z"), "complete": knownvalue.Bool(false), "total_requests": providertest.Number(70),
		"zones": providertest.Nothing, "zone_ids": providertest.Nothing, "domains": providertest.Nothing, "archive": providertest.Nothing, "stable_after": providertest.Nothing, "min_requests": providertest.Nothing, "max_hosts": providertest.Nothing, "timeouts": providertest.Nothing,
		"hosts": knownvalue.ListExact([]knownvalue.Check{
			row("example.org", "zone-2", 10, "#......."+strings.Repeat(" ", 16), nil, sums(1, 0, 7, 0)),
			row("www.example.com", "zone-1", 60, "##!.#+##"+strings.Repeat(" ", 16), []knownvalue.Check{text("2022-05-04T02:00:00Z")}, sums(5, 1, 1, 1)),
		}),
	} {
		all[name] = check
	}
	config := providertest.ProviderBlock(sim) + `
data "teo_l7_log_coverage" "all" {
  start_time = "2022-05-04T08:10:00+08:00"
  end_time   = "2022-05-04T08:00:00Z"
}

output "chart" {
  value = provider::teo::coverage_chart(data.teo_l7_log_coverage.all.hosts, "text")
}

output "one" {
  value = provider::teo::coverage_chart([for d in data.teo_l7_log_coverage.all.hosts : d if d.missing_hours > 0], "svg")
}
`
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, later),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					providertest.ExactAttributes("data.teo_l7_log_coverage.all", all),
					statecheck.ExpectKnownOutputValue("chart", knownvalue.StringFunc(func(chart string) error {
						if !strings.Contains(chart, "\n  2022-05-04  ##!.#+ ##\n") || !strings.Contains(chart, "1 hour with traffic has no log package.") {
							return fmt.Errorf("the chart is\n%s", chart)
						}
						return nil
					})),
				},
			},
			{Config: config, ConfigPlanChecks: providertest.EmptyPlan},
		},
	})
}

// Filters, wildcards, and what a row means.
func TestFiltersAndWildcardsSelectTheRows(t *testing.T) {
	t.Parallel()
	wildcard := hours("*.example.com", "!!!.")
	under := hours("a.example.com", "+")
	under = append(under, hours("b.example.com", ".+")...)
	account := coveredAccount(hours("www.example.com", "##!.bb.#"), hours("img.example.org", "#.#"), hours("old.example.org", "+"), wildcard, under)
	for name, test := range map[string]struct {
		config providertest.Arguments
		want   map[string]string
	}{
		"everything": {want: map[string]string{
			"www.example.com": "##!....#", "*.example.com": "##!.....", "img.example.org": "#.#.....", "old.example.org": "+.......",
		}},
		"a zone":           {providertest.Arguments{"zone_ids": []string{"zone-2"}}, map[string]string{"img.example.org": "#.#.....", "old.example.org": "+......."}},
		"a name of a zone": {providertest.Arguments{"zones": []string{"example.org"}}, map[string]string{"img.example.org": "#.#.....", "old.example.org": "+......."}},
		"domains": {providertest.Arguments{"domains": []string{"WWW.example.com", "quiet.example.org", "Old.Example.org."}}, map[string]string{
			"www.example.com": "##!....#", "quiet.example.org": "........", "old.example.org": "+.......",
		}},
		"a wildcard":        {providertest.Arguments{"domains": []string{"*.example.com"}}, map[string]string{"*.example.com": "##!....."}},
		"under a wildcard":  {providertest.Arguments{"domains": []string{"a.example.com", "c.example.com"}}, map[string]string{"a.example.com": "????????", "c.example.com": "????????"}},
		"few requests":      {providertest.Arguments{"min_requests": 11, "domains": []string{"www.example.com"}}, map[string]string{"www.example.com": "##.....#"}},
		"part of an hour":   {providertest.Arguments{"end_time": "2022-05-04T02:00:01Z", "domains": []string{"www.example.com"}}, map[string]string{"www.example.com": "##!"}},
		"stable after days": {providertest.Arguments{"stable_after": "67h", "domains": []string{"www.example.com"}}, map[string]string{"www.example.com": "##!..~~~"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{Catalogue: account})
			state, diags := providertest.Configured(t, later, providertest.SignIn(sim)).Read("teo_l7_log_coverage", eightHours.And(test.config))
			if diags.Failed() {
				t.Fatal(diags.Text())
			}
			expectRows(t, coverageRows(state), test.want)
		})
	}
}

// Layer 4 allows for packages that are an hour off.
func TestLayer4AllowsForAnHour(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: coveredAccount()})
	w := providertest.Configured(t, later, providertest.SignIn(sim))
	state, diags := w.Read("teo_l4_log_coverage", eightHours)
	providertest.Expect(t, diags)
	expectRows(t, coverageRows(state), map[string]string{"sid-1": "###..!##", "sid-2": "#......."})
	if state["complete"] != false || state["missing_hours"] != int64(1) || state["total_requests"] != int64(7*500_000) {
		t.Errorf("complete %v, %v missing, %v bytes", state["complete"], state["missing_hours"], state["total_requests"])
	}
	// The rows have the attributes of layer 7. Their requests are bytes.
	want := map[string]any{
		"host": "sid-2", "zone_id": "zone-2", "requests": int64(500_000), "missing": []any{}, "days": map[string]any{"2022-05-04": "#......." + strings.Repeat(" ", 16)},
		"covered_hours": int64(1), "missing_hours": int64(0), "quiet_hours": int64(7), "pending_hours": int64(0), "uncounted_hours": int64(0), "unverified_hours": int64(0),
	}
	if rows := state["hosts"].([]any); !reflect.DeepEqual(rows[1], want) {
		t.Errorf("got  %v\nwant %v", rows[1], want)
	}
	state, diags = w.Read("teo_l4_log_coverage", eightHours.And(providertest.Arguments{"min_requests": 500_001}))
	providertest.Expect(t, diags)
	if state["complete"] != true {
		t.Errorf("%v hours are missing with fewer bytes than min_requests", state["missing_hours"])
	}
	state, diags = w.Read("teo_l4_log_coverage", eightHours.And(providertest.Arguments{"proxy_ids": []string{"sid-2"}}))
	providertest.Expect(t, diags)
	if rows := coverageRows(state); len(rows) != 1 || state["complete"] != true {
		t.Errorf("%v, complete %v", rows, state["complete"])
	}
}

// What cannot be classified, and what makes a comparison incomplete.
func TestAnIncompleteComparisonCausesAWarning(t *testing.T) {
	t.Parallel()
	account := coveredAccount(hours("www.example.com", "########"))
	many := []teosim.Package{}
	for i := range 1000 {
		many = append(many, hourPackage(fmt.Sprintf("www%d.example.com", i), 0))
	}
	rare := hourPackage("rare.example.com", 0)
	rare.Requests = 1
	for name, test := range map[string]struct {
		account   teosim.Catalogue
		analytics teosim.AnalyticsOptions
		now       time.Time
		config    providertest.Arguments
		want      map[string]string
		complete  bool
		diags     []providertest.Want
	}{
		"nothing": {account: account, want: map[string]string{"www.example.com": "########"}, complete: true},
		"too recent": {
			account: account, now: day.Add(30 * time.Hour), complete: true, want: map[string]string{"www.example.com": "######~~"},
			diags: []providertest.Want{{Summary: "warning end_time: Some hours are too recent to judge", Details: []string{"ended less than 24h ago", "(~): 2."}}},
		},
		"in the future": {
			account: account, now: day.Add(-time.Hour), complete: true, want: map[string]string{"www.example.com": "~~~~~~~~"},
			diags: []providertest.Want{{Summary: "warning end_time: Some hours are too recent to judge", Details: []string{"(~): 8."}}},
		},
		"before the look-back": {
			account: account, analytics: teosim.AnalyticsOptions{LookBack: 24 * time.Hour}, want: map[string]string{"www.example.com": "????????"},
			diags: []providertest.Want{{Summary: "warning start_time: Traffic of some hours is no longer available", Details: []string{"zone-1, zone-2", "complete is false"}}},
		},
		"no answer": {
			account: account, analytics: teosim.AnalyticsOptions{Sparse: true}, config: providertest.Arguments{"zone_ids": []string{"zone-2"}, "domains": []string{"www.example.org"}},
			want: map[string]string{"www.example.org": "????????"},
		},
		"a thousand domains": {
			account: teosim.Catalogue{Zones: account.Zones, L7: many}, config: providertest.Arguments{"max_hosts": 1000, "end_time": "2022-05-04T01:00:00Z"},
			diags: []providertest.Want{{Summary: "warning: Domains may be missing from the comparison", Details: []string{"1,000 domains", "domains"}}},
		},
		"a domain that the list of a thousand leaves out": {
			account: teosim.Catalogue{Zones: account.Zones, L7: slices.Concat(many, hours("*.example.com", "#"), []teosim.Package{rare})},
			config:  providertest.Arguments{"domains": []string{"rare.example.com"}}, complete: true, want: map[string]string{"rare.example.com": "#......."},
		},
		"no zones": {
			account: teosim.Catalogue{L7: hours("www.example.com", "#")}, want: map[string]string{},
			diags: []providertest.Want{{Summary: "warning: Nothing to compare", Details: []string{"The account has no zone."}}},
		},
		"a zone that the account does not have": {
			account: account, config: providertest.Arguments{"zone_ids": []string{"zone-3"}}, want: map[string]string{},
			diags: []providertest.Want{{Summary: "warning: Nothing to compare", Details: []string{"Nothing in zone-3 has traffic or log packages from 2022-05-04T00:00:00Z to 2022-05-04T08:00:00Z.", `data "teo_zones"`}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{Catalogue: test.account, Analytics: test.analytics, Rates: teosim.Unlimited()})
			options := later
			if !test.now.IsZero() {
				options.Now = func() time.Time { return test.now }
			}
			state, diags := providertest.Configured(t, options, providertest.SignIn(sim).And(providertest.Arguments{"requests_per_second": 10000})).Read("teo_l7_log_coverage", eightHours.And(test.config))
			providertest.Expect(t, diags, test.diags...)
			if test.want != nil {
				expectRows(t, coverageRows(state), test.want)
			}
			complete := any(test.complete)
			if test.want != nil && len(test.want) == 0 {
				complete = nil // nothing was compared
			}
			if state["complete"] != complete {
				t.Errorf("complete is %v", state["complete"])
			}
		})
	}
}

// Arguments that cannot be right, and failures of the service.
func TestInvalidArgumentsAndFailuresAreErrors(t *testing.T) {
	t.Parallel()
	account := coveredAccount(hours("www.example.com", "########"), hours("img.example.com", "#"))
	for name, test := range map[string]struct {
		source string
		config providertest.Arguments
		fault  teosim.Fault
		want   []providertest.Want
	}{
		"no permission for the series": {
			fault: teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeTimingL7AnalysisData"},
			want: []providertest.Want{{Summary: "error: Unable to read L7 log coverage", Details: []string{
				"UnauthorizedOperation.CamUnauthorized", "teo:DescribeTimingL7AnalysisData and teo:DescribeTopL7AnalysisData", `data "teo_l7_offline_logs", needs only teo:DownloadL7Logs`,
			}}},
		},
		"no permission for the domains": {
			fault: teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeTopL7AnalysisData"},
			want:  []providertest.Want{{Summary: "error: Unable to read L7 log coverage", Details: []string{"teo:DescribeTimingL7AnalysisData and teo:DescribeTopL7AnalysisData"}}},
		},
		"no permission for layer 4": {
			source: "teo_l4_log_coverage", fault: teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeL4Proxy"},
			want: []providertest.Want{{Summary: "error: Unable to read L4 log coverage", Details: []string{"teo:DescribeTimingL4Data and teo:DescribeL4Proxy"}}},
		},
		"a domain in no zone": {
			config: providertest.Arguments{"domains": []string{"www.example.net", "www.example.com", "example.co"}},
			want:   []providertest.Want{{Summary: "error domains: Domains in none of the zones", Details: []string{"contains example.co, www.example.net,", `data "teo_zones"`}}},
		},
		"a proxy in no zone": {
			source: "teo_l4_log_coverage", config: providertest.Arguments{"proxy_ids": []string{"sid-1", "sid-3"}},
			want: []providertest.Want{{Summary: "error proxy_ids: Proxies in none of the zones", Details: []string{"contains sid-3,"}}},
		},
		"too many domains": {
			config: providertest.Arguments{"max_hosts": 1},
			want:   []providertest.Want{{Summary: "error max_hosts: Too many domains", Details: []string{"has 2 domains, and max_hosts is 1", "domains"}}},
		},
		"too many proxies": {
			source: "teo_l4_log_coverage", config: providertest.Arguments{"max_hosts": 1},
			want: []providertest.Want{{Summary: "error max_hosts: Too many proxies", Details: []string{"has 2 proxies, and max_hosts is 1", "proxy_ids"}}},
		},
		"an unknown zone": {
			config: providertest.Arguments{"zones": []string{"example.co"}},
			want:   []providertest.Want{{Summary: "error zones: Unknown zone name", Details: []string{"example.co"}}},
		},
		"an empty window": {
			config: providertest.Arguments{"end_time": "2022-05-04T00:00:00Z"},
			want:   []providertest.Want{{Summary: "error end_time: Invalid window", Details: nil}},
		},
		"many years": {
			config: providertest.Arguments{"end_time": "9999-05-04T00:00:00Z"},
			want:   []providertest.Want{{Summary: "error end_time: Window too long to compare", Details: []string{"more than 732 days", "provider::teo::windows"}}},
		},
		"no requests": {
			config: providertest.Arguments{"min_requests": 0, "max_hosts": 0},
			want:   []providertest.Want{{Summary: "error min_requests: Invalid Attribute Value", Details: nil}, {Summary: "error max_hosts: Invalid Attribute Value", Details: nil}},
		},
		"a negative duration": {
			config: providertest.Arguments{"stable_after": "-1h"},
			want:   []providertest.Want{{Summary: "error stable_after: Negative stable_after", Details: nil}},
		},
		"an empty archive": {
			config: providertest.Arguments{"archive": ""},
			want:   []providertest.Want{{Summary: "error archive: Empty archive", Details: nil}},
		},
		"too slow": {
			config: providertest.Arguments{"timeouts": providertest.Arguments{"read": "1ns"}},
			want:   []providertest.Want{{Summary: "error timeouts: Timeout while reading L7 log coverage", Details: []string{"windows"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{Catalogue: account})
			if test.fault.Name != "" {
				sim.Inject(test.fault)
			}
			source := test.source
			if source == "" {
				source = "teo_l7_log_coverage"
			}
			w := providertest.Configured(t, later, providertest.SignIn(sim))
			state, diags := w.Read(source, eightHours.And(test.config))
			providertest.Expect(t, diags, test.want...)
			if state["complete"] != nil {
				t.Errorf("there is a result: %v", state)
			}
			if test.fault.Name != "" && source == "teo_l7_log_coverage" {
				// Without the analytics, the list is there as ever.
				if _, diags := w.Read("teo_l7_offline_logs", eightHours); diags.Failed() {
					t.Error(diags.Text())
				}
			}
		})
	}
}

// The series are requested only for domains with requests, and too many domains
// cost nothing.
func TestSeriesAreRequestedOnlyForDomainsWithRequests(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: coveredAccount(hours("www.example.com", "########"), hours("img.example.com", "#"), hours("old.example.com", "+"))})
	w := providertest.Configured(t, later, providertest.SignIn(sim).And(providertest.Arguments{"api_version": "2022-01-06"}))
	_, diags := w.Read("teo_l7_log_coverage", eightHours.And(providertest.Arguments{"zones": []string{"example.com"}}))
	providertest.Expect(t, diags)
	for action, want := range map[string]int{"DownloadL7Logs": 1, "DescribeTopL7AnalysisData": 1, "DescribeTimingL7AnalysisData": 2, "DescribeZones": 1} {
		if got := sim.Count("2022-09-01", action); got != want {
			t.Errorf("%d requests of %s, want %d", got, action, want)
		}
	}
	sim.ResetCounters()
	_, _ = w.Read("teo_l7_log_coverage", eightHours.And(providertest.Arguments{"max_hosts": 1}))
	if got := sim.Count("", "DescribeTimingL7AnalysisData"); got != 0 {
		t.Errorf("%d series were requested", got)
	}
}

// An archive is compared after the service has deleted its packages. Its packages
// do not name their zones.
func TestAnArchiveIsComparedAfterTheServiceHasDeletedItsPackages(t *testing.T) {
	t.Parallel()
	account := coveredAccount(
		hours("www.example.com", "##!.q+o#"), hours("example.org", "#"), hours("a.example.org", "+"), hours("*.example.org", "!!"), hours("www.example.net", "#"), hours("old.example.com", "+"),
	)
	sim := simtest.Start(t, teosim.Options{Catalogue: account})
	l7, l4 := folderURL(t.TempDir()), folderURL(t.TempDir())
	config := func(sources string) string {
		return providertest.ProviderBlock(sim) + fmt.Sprintf(`
resource "teo_l7_log_archive" "all" {
  destination = %q
  start_time  = "2022-05-04T00:00:00Z"
  end_time    = "2022-05-04T08:00:00Z"
}

resource "teo_l4_log_archive" "all" {
  destination = %q
  start_time  = "2022-05-04T00:00:00Z"
  end_time    = "2022-05-04T08:00:00Z"
}
`, l7, l4) + sources
	}
	source := func(kind, name string, lines ...string) string {
		return fmt.Sprintf("\ndata %q %q {\n  start_time = \"2022-05-04T00:00:00Z\"\n  end_time   = \"2022-05-04T08:00:00Z\"\n  %s\n}\n", kind, name, strings.Join(lines, "\n  "))
	}
	sources := source("teo_l7_log_coverage", "live") +
		source("teo_l7_log_coverage", "archived", "archive = "+fmt.Sprintf("%q", l7)) +
		source("teo_l7_log_coverage", "one_zone", "archive = "+fmt.Sprintf("%q", l7), `zone_ids = ["zone-1"]`) +
		source("teo_l7_log_coverage", "one_domain", "archive = "+fmt.Sprintf("%q", l7), `domains = ["example.org"]`) +
		source("teo_l7_log_coverage", "gone", "archive = "+fmt.Sprintf("%q", l7), `domains = ["www.example.net"]`) +
		source("teo_l4_log_coverage", "archived", "archive = "+fmt.Sprintf("%q", l4)) + `
output "letters" {
  value = {
    live       = { for d in data.teo_l7_log_coverage.live.hosts : d.host => trimspace(d.days["2022-05-04"]) }
    archived   = { for d in data.teo_l7_log_coverage.archived.hosts : d.host => trimspace(d.days["2022-05-04"]) }
    one_zone   = { for d in data.teo_l7_log_coverage.one_zone.hosts : d.host => trimspace(d.days["2022-05-04"]) }
    one_domain = { for d in data.teo_l7_log_coverage.one_domain.hosts : d.host => trimspace(d.days["2022-05-04"]) }
    gone       = { for d in data.teo_l7_log_coverage.gone.hosts : d.host => trimspace(d.days["2022-05-04"]) }
    l4         = { for d in data.teo_l4_log_coverage.archived.hosts : d.host => trimspace(d.days["2022-05-04"]) }
  }
}
`
	letters := func(values map[string]map[string]string) statecheck.StateCheck {
		checks := map[string]knownvalue.Check{}
		for name, rows := range values {
			row := map[string]knownvalue.Check{}
			for host, text := range rows {
				row[host] = knownvalue.StringExact(text)
			}
			checks[name] = knownvalue.ObjectExact(row)
		}
		return statecheck.ExpectKnownOutputValue("letters", knownvalue.ObjectExact(checks))
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, later),
		Steps: []resource.TestStep{
			{Config: config("")},
			{
				PreConfig: func() {
					sim.Update(func(c *teosim.Catalogue) {
						for _, list := range [][]teosim.Package{c.L7, c.L4} {
							for i := range list {
								list[i].Lost = true
							}
						}
						// The last zone of www.example.net is gone.
						c.L7 = slices.DeleteFunc(c.L7, func(p teosim.Package) bool { return p.Host == "www.example.net" })
					})
				},
				Config: config(sources),
				ConfigStateChecks: []statecheck.StateCheck{letters(map[string]map[string]string{
					"live":     {"www.example.com": "!!!.!.!!", "example.org": "!.......", "*.example.org": "!!......"},
					"archived": {"www.example.com": "##!.#+##", "example.org": "#.......", "*.example.org": "#!......", "old.example.com": "+.......", "www.example.net": "????????"},
					// The archive has packages of other zones, which are left out.
					"one_zone":   {"www.example.com": "##!.#+##", "old.example.com": "+......."},
					"one_domain": {"example.org": "#......."},
					"gone":       {"www.example.net": "????????"},
					"l4":         {"sid-1": "###..!##", "sid-2": "#......."},
				})},
			},
			{
				Config:      config(source("teo_l4_log_coverage", "other", "archive = "+fmt.Sprintf("%q", l7))),
				ExpectError: providertest.Says("Archive of another layer", "teo_l7_log_coverage"),
			},
		},
	})
}

func TestAComparisonWithoutItsArchiveIsAnError(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: coveredAccount(hours("www.example.com", "#"))})
	w := providertest.Configured(t, later, providertest.SignIn(sim))
	for destination, want := range map[string]providertest.Want{
		folderURL(t.TempDir()):           {Summary: "error archive: No archive to compare", Details: []string{"with its prefix"}},
		folderURL(t.TempDir()) + "/gone": {Summary: "error archive: Unable to read the archive", Details: []string{"gone"}},
		"ftp://example.com":              {Summary: "error archive: Unable to read the archive", Details: []string{"ftp"}},
	} {
		_, diags := w.Read("teo_l7_log_coverage", eightHours.And(providertest.Arguments{"archive": destination}))
		providertest.Expect(t, diags, want)
	}
}

func folderURL(dir string) string { return "file://" + filepath.ToSlash(dir) }
