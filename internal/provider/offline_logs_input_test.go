package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// An hour of the simulator's catalogue, with 5 packages in it.
var anHour = arguments{"start_time": "2022-05-04T00:00:00Z", "end_time": "2022-05-04T01:00:00Z"}

// wantDiagnostic is an expected diagnostic.
type wantDiagnostic struct {
	summary string   // as in diagnostics.summaries
	details []string // parts of its detail
}

// expectDiagnostics compares diagnostics with the expected ones, in any order.
func expectDiagnostics(t *testing.T, diags diagnostics, want ...wantDiagnostic) {
	t.Helper()
	summaries := diags.summaries()
	wanted := []string{}
	for _, c := range want {
		wanted = append(wanted, c.summary)
	}
	sorted := slices.Sorted(slices.Values(summaries))
	slices.Sort(wanted)
	if !slices.Equal(sorted, wanted) {
		t.Fatalf("diagnostics\n  %s\nwant\n  %s\n\n%s", strings.Join(sorted, "\n  "), strings.Join(wanted, "\n  "), diags.all())
	}
	for _, c := range want {
		detail := diags[slices.Index(summaries, c.summary)].Detail
		for _, part := range c.details {
			if !strings.Contains(detail, part) {
				t.Errorf("%s\ndoes not contain %q:\n%s", c.summary, part, detail)
			}
		}
	}
}

// Invalid arguments are errors on their attributes, and nothing is sent.
func TestOfflineLogsBadArguments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		provider arguments
		config   arguments
		want     []wantDiagnostic
	}{
		"time without an offset": {
			config: arguments{"start_time": "2022-05-04T00:00:00"},
			want:   []wantDiagnostic{{"error start_time: Invalid time", []string{`"2022-05-04T00:00:00" has no time zone. Add Z for UTC, or an offset such as +08:00.`}}},
		},
		"a date": {
			config: arguments{"end_time": "2022-05-04"},
			want:   []wantDiagnostic{{"error end_time: Invalid time", []string{`"2022-05-04" is a date without a time.`, `"2022-05-04T00:00:00Z"`}}},
		},
		"both times": {
			config: arguments{"start_time": "yesterday", "end_time": ""},
			want: []wantDiagnostic{
				{"error start_time: Invalid time", []string{`"yesterday" is not a time in RFC 3339.`}},
				{"error end_time: Invalid time", nil},
			},
		},
		"end at the start": {
			config: arguments{"end_time": "2022-05-04T00:00:00Z"},
			want:   []wantDiagnostic{{"error end_time: Invalid window", []string{"(2022-05-04T00:00:00Z) must be after start_time (2022-05-04T00:00:00Z)"}}},
		},
		"the year 1": {
			config: arguments{"start_time": "0001-01-01T00:00:00Z"},
			want:   []wantDiagnostic{{"error start_time: Invalid time", []string{"is in year 1", "plantimestamp()"}}},
		},
		"end before the start": {
			config: arguments{"end_time": "2022-05-03T00:00:00Z"},
			want:   []wantDiagnostic{{"error end_time: Invalid window", []string{"2022-05-03T00:00:00Z"}}},
		},
		"end before the start by its offset": {
			config: arguments{"start_time": "2022-05-04T00:00:00Z", "end_time": "2022-05-04T07:30:00+08:00"},
			want:   []wantDiagnostic{{"error end_time: Invalid window", []string{"+08:00", "compared as instants"}}},
		},
		"page_size of 0": {
			config: arguments{"page_size": 0},
			want:   []wantDiagnostic{{"error page_size: Invalid Attribute Value", []string{"between 1 and 1000", "got: 0"}}},
		},
		"page_size of 1001": {
			config: arguments{"page_size": 1001},
			want:   []wantDiagnostic{{"error page_size: Invalid Attribute Value", []string{"between 1 and 1000", "got: 1001"}}},
		},
		"max_packages of 0": {
			config: arguments{"max_packages": 0},
			want:   []wantDiagnostic{{"error max_packages: Invalid Attribute Value", []string{"at least 1"}}},
		},
		"empty elements": {
			config: arguments{"zones": []string{""}, "zone_ids": []string{" "}, "domains": []string{"www.example.com", ""}},
			want: []wantDiagnostic{
				{"error zones: Empty element in a set", []string{"An element of zones is empty", "To select everything, remove zones."}},
				{"error zone_ids: Empty element in a set", nil},
				{"error domains: Empty element in a set", nil},
			},
		},
		"null in sets": {
			config: arguments{"zones": []any{nil}, "domains": []any{"www.example.com", nil}},
			want: []wantDiagnostic{
				{"error zones: Null element in a set", []string{"compact()"}},
				{"error domains: Null element in a set", nil},
			},
		},
		"a zone ID among names": {
			config: arguments{"zones": []string{"example.com", " zone-2demo00001cn"}},
			want:   []wantDiagnostic{{"error zones: Zone ID instead of a site name", []string{`"zone-2demo00001cn" looks like the ID of a zone`, "zone_ids"}}},
		},
		"a name among zone IDs": {
			config: arguments{"zone_ids": []string{"zone-2demo00001cn", "example.com"}},
			want:   []wantDiagnostic{{"error zone_ids: Site name instead of a zone ID", []string{`"example.com" looks like the name of a site`, "Put names into zones"}}},
		},
		"timeout below zero": {
			config: arguments{"timeouts": arguments{"read": "-1m"}},
			want:   []wantDiagnostic{{"error timeouts: Invalid timeout", []string{"-1m", "must be positive", "The default is 20m."}}},
		},
		"timeout that is none": {
			config: arguments{"timeouts": arguments{"read": "soon"}},
			want:   []wantDiagnostic{{"error timeouts.read: Invalid Attribute Value Time Duration", []string{"soon"}}},
		},
		"timeout in days": {
			config: arguments{"timeouts": arguments{"read": "1d"}},
			want:   []wantDiagnostic{{"error timeouts.read: Invalid Attribute Value Time Duration", []string{`"1d"`, `Valid time units are`}}},
		},
		"zone_ids with 2022-01-06": {
			provider: arguments{"api_version": "2022-01-06"},
			config:   arguments{"zone_ids": []string{"zone-2demo00001cn"}},
			want:     []wantDiagnostic{{"error zone_ids: Zone IDs need API version 2022-09-01", []string{"configured with api_version 2022-01-06", "Set zones to the names of the sites", "remove api_version"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{})
			w := configured(t, provider.Options{}, signIn(sim).and(test.provider))
			_, diags := w.read("teo_l7_offline_logs", anHour.and(test.config))
			expectDiagnostics(t, diags, test.want...)
			if test.config["timeouts"] == nil { // that of an ephemeral resource is called open
				diags := w.open("teo_l7_offline_logs", anHour.and(test.config))
				expectDiagnostics(t, diags, test.want...)
			}
			if n := len(sim.Requests()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
			// A valid configuration sends requests, so their absence above is significant.
			if _, diags := w.read("teo_l7_offline_logs", anHour); diags.failed() || len(sim.Requests()) == 0 {
				t.Errorf("a good configuration sent %d requests and returned %s", len(sim.Requests()), diags.all())
			}
		})
	}
}

// The same through a real Terraform, which shows them before it plans.
func TestOfflineLogsBadArgumentsInTerraform(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	step := func(lines string, want ...string) resource.TestStep {
		return resource.TestStep{
			Config:      providerBlock(sim) + "data \"teo_l7_offline_logs\" \"test\" {\n" + lines + "\n}\n",
			ExpectError: says(want...),
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			step("start_time = \"2022-05-04\"\nend_time = \"2022-05-04T00:00:00Z\"", "Error: Invalid time", "start_time"),
			step("start_time = \"2022-05-04T00:00:00Z\"\nend_time = \"2022-05-04T07:30:00+08:00\"", "Error: Invalid window", "end_time = ", "must be after start_time"),
			step("start_time = \"2022-05-04T00:00:00Z\"\nend_time = \"2022-05-05T00:00:00Z\"\npage_size = 0", "Error: Invalid Attribute Value", "page_size"),
			step("start_time = \"2022-05-04T00:00:00Z\"", "Error: Missing required argument", "end_time"),
		},
	})
	if n := len(sim.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// More packages than max_packages are an error after the first page.
func TestOfflineLogsMaxPackages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		provider arguments
		config   arguments
		total    int
	}{
		"2022-01-06": {config: arguments{"page_size": 2}, total: 5},
		"2022-09-01": {config: arguments{"page_size": 2, "zone_ids": []string{"zone-2demo00001cn"}}, total: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{})
			w := configured(t, provider.Options{}, signIn(sim))
			_, diags := w.read("teo_l7_offline_logs", anHour.and(test.config).and(arguments{"max_packages": test.total - 1}))
			expectDiagnostics(t, diags, wantDiagnostic{"error max_packages: Too many L7 offline logs", []string{
				"from 2022-05-04T00:00:00Z to 2022-05-04T01:00:00Z",
				fmt.Sprintf("has %d packages, and max_packages is %d.", test.total, test.total-1),
				"Narrow the window, the zones or domains", "provider::teo::windows", "raise max_packages",
			}})
			if n := len(sim.Requests()); n != 1 {
				t.Errorf("%d requests were sent, want 1", n)
			}
			if _, diags := w.read("teo_l7_offline_logs", anHour.and(test.config).and(arguments{"max_packages": test.total})); diags.failed() {
				t.Errorf("as many packages as max_packages: %s", diags.all())
			}
		})
	}
}

// A name without a zone is an error that lists similar names. No logs are
// requested.
func TestOfflineLogsUnknownZones(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		zones []string
		diags []string
	}{
		"slip of the pen": {[]string{"exmaple.com"}, []string{"No zone of the account is named exmaple.com.", "Did you mean example.com?", "data source teo_zones"}},
		"a sub-domain":    {[]string{"www.example.org", "example.com"}, []string{"is named www.example.org.", "Did you mean example.org?", "not www.example.com"}},
		"nothing like it": {[]string{"zzz.test", "yyy.test"}, []string{"is named yyy.test, zzz.test."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{})
			w := configured(t, provider.Options{}, signIn(sim).and(arguments{"api_version": "2022-09-01"}))
			_, diags := w.read("teo_l7_offline_logs", anHour.and(arguments{"zones": test.zones}))
			expectDiagnostics(t, diags, wantDiagnostic{"error zones: Unknown zone name", test.diags})
			if logs, zones := sim.Count("", "DownloadL7Logs"), sim.Count("", "DescribeZones"); logs != 0 || zones != 2 {
				t.Errorf("%d requests for logs and %d for zones, want 0 and 2 (by name, and all for the near ones)", logs, zones)
			}
			_, diags = w.read("teo_l4_offline_logs", anHour.and(arguments{"zones": test.zones}))
			expectDiagnostics(t, diags, wantDiagnostic{"error zones: Unknown zone name", test.diags})
			if n := sim.Count("", "DescribeZones"); n != 2 {
				t.Errorf("the second list asked for zones again: %d requests", n)
			}
		})
	}
}
