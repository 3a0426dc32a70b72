package offlinelogs_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Invalid arguments are errors on their attributes, and nothing is sent.
func TestInvalidArgumentsAreErrorsOnTheirAttributes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		provider providertest.Arguments
		config   providertest.Arguments
		want     []providertest.Want
	}{
		"time without an offset": {
			config: providertest.Arguments{"start_time": "2022-05-04T00:00:00"},
			want:   []providertest.Want{{Summary: "error start_time: Invalid time", Details: []string{`"2022-05-04T00:00:00" has no time zone. Add Z for UTC, or an offset such as +08:00.`}}},
		},
		"a date": {
			config: providertest.Arguments{"end_time": "2022-05-04"},
			want:   []providertest.Want{{Summary: "error end_time: Invalid time", Details: []string{`"2022-05-04" is a date without a time.`, `"2022-05-04T00:00:00Z"`}}},
		},
		"both times": {
			config: providertest.Arguments{"start_time": "yesterday", "end_time": ""},
			want: []providertest.Want{
				{Summary: "error start_time: Invalid time", Details: []string{`"yesterday" is not a time in RFC 3339.`}},
				{Summary: "error end_time: Invalid time", Details: nil},
			},
		},
		"end at the start": {
			config: providertest.Arguments{"end_time": "2022-05-04T00:00:00Z"},
			want:   []providertest.Want{{Summary: "error end_time: Invalid window", Details: []string{"(2022-05-04T00:00:00Z) must be after start_time (2022-05-04T00:00:00Z)"}}},
		},
		"the year 1": {
			config: providertest.Arguments{"start_time": "0001-01-01T00:00:00Z"},
			want:   []providertest.Want{{Summary: "error start_time: Invalid time", Details: []string{"is in year 1", "plantimestamp()"}}},
		},
		"end before the start": {
			config: providertest.Arguments{"end_time": "2022-05-03T00:00:00Z"},
			want:   []providertest.Want{{Summary: "error end_time: Invalid window", Details: []string{"2022-05-03T00:00:00Z"}}},
		},
		"end before the start by its offset": {
			config: providertest.Arguments{"start_time": "2022-05-04T00:00:00Z", "end_time": "2022-05-04T07:30:00+08:00"},
			want:   []providertest.Want{{Summary: "error end_time: Invalid window", Details: []string{"+08:00", "compared as instants"}}},
		},
		"page_size of 0": {
			config: providertest.Arguments{"page_size": 0},
			want:   []providertest.Want{{Summary: "error page_size: Invalid Attribute Value", Details: []string{"between 1 and 1000", "got: 0"}}},
		},
		"page_size of 1001": {
			config: providertest.Arguments{"page_size": 1001},
			want:   []providertest.Want{{Summary: "error page_size: Invalid Attribute Value", Details: []string{"between 1 and 1000", "got: 1001"}}},
		},
		"max_packages of 0": {
			config: providertest.Arguments{"max_packages": 0},
			want:   []providertest.Want{{Summary: "error max_packages: Invalid Attribute Value", Details: []string{"at least 1"}}},
		},
		"empty elements": {
			config: providertest.Arguments{"zones": []string{""}, "zone_ids": []string{" "}, "domains": []string{"www.example.com", ""}},
			want: []providertest.Want{
				{Summary: "error zones: Empty element in a set", Details: []string{"An element of zones is empty", "To select everything, remove zones."}},
				{Summary: "error zone_ids: Empty element in a set", Details: nil},
				{Summary: "error domains: Empty element in a set", Details: nil},
			},
		},
		"null in sets": {
			config: providertest.Arguments{"zones": []any{nil}, "domains": []any{"www.example.com", nil}},
			want: []providertest.Want{
				{Summary: "error zones: Null element in a set", Details: []string{"compact()"}},
				{Summary: "error domains: Null element in a set", Details: nil},
			},
		},
		"a zone ID among names": {
			config: providertest.Arguments{"zones": []string{"example.com", " zone-2demo00001cn"}},
			want:   []providertest.Want{{Summary: "error zones: Zone ID instead of a site name", Details: []string{`"zone-2demo00001cn" looks like the ID of a zone`, "zone_ids"}}},
		},
		"a name among zone IDs": {
			config: providertest.Arguments{"zone_ids": []string{"zone-2demo00001cn", "example.com"}},
			want:   []providertest.Want{{Summary: "error zone_ids: Site name instead of a zone ID", Details: []string{`"example.com" looks like the name of a site`, "Put names into zones"}}},
		},
		"timeout below zero": {
			config: providertest.Arguments{"timeouts": providertest.Arguments{"read": "-1m"}},
			want:   []providertest.Want{{Summary: "error timeouts: Invalid timeout", Details: []string{"-1m", "must be positive", "The default is 20m."}}},
		},
		"timeout of zero": {
			config: providertest.Arguments{"timeouts": providertest.Arguments{"read": "0s"}},
			want:   []providertest.Want{{Summary: "error timeouts: Invalid timeout", Details: []string{"The timeout is 0s, but must be positive"}}},
		},
		"timeout that is none": {
			config: providertest.Arguments{"timeouts": providertest.Arguments{"read": "soon"}},
			want:   []providertest.Want{{Summary: "error timeouts.read: Invalid Attribute Value Time Duration", Details: []string{"soon"}}},
		},
		"timeout in days": {
			config: providertest.Arguments{"timeouts": providertest.Arguments{"read": "1d"}},
			want:   []providertest.Want{{Summary: "error timeouts.read: Invalid Attribute Value Time Duration", Details: []string{`"1d"`, `Valid time units are`}}},
		},
		"zone_ids with 2022-01-06": {
			provider: providertest.Arguments{"api_version": "2022-01-06"},
			config:   providertest.Arguments{"zone_ids": []string{"zone-2demo00001cn"}},
			want:     []providertest.Want{{Summary: "error zone_ids: Zone IDs need API version 2022-09-01", Details: []string{"configured with api_version 2022-01-06", "Set zones to the names of the sites", "remove api_version"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{})
			w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(test.provider))
			_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(test.config))
			providertest.Expect(t, diags, test.want...)
			if test.config["timeouts"] == nil { // that of an ephemeral resource is called open
				diags := w.Open("teo_l7_offline_logs", providertest.AnHour.And(test.config))
				providertest.Expect(t, diags, test.want...)
			}
			if n := len(sim.Requests()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
			// A valid configuration sends requests, so their absence above is significant.
			if _, diags := w.Read("teo_l7_offline_logs", providertest.AnHour); diags.Failed() || len(sim.Requests()) == 0 {
				t.Errorf("a good configuration sent %d requests and returned %s", len(sim.Requests()), diags.Text())
			}
		})
	}
}

// The same through a real Terraform, which shows them before it plans.
func TestTerraformShowsInvalidArgumentsBeforeThePlan(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	step := func(lines string, want ...string) resource.TestStep {
		return resource.TestStep{
			Config:      providertest.ProviderBlock(sim) + "data \"teo_l7_offline_logs\" \"test\" {\n" + lines + "\n}\n",
			ExpectError: providertest.Says(want...),
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
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
func TestMorePackagesThanMaxPackagesAreAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		provider providertest.Arguments
		config   providertest.Arguments
		total    int
	}{
		"2022-01-06": {config: providertest.Arguments{"page_size": 2}, total: 5},
		"2022-09-01": {config: providertest.Arguments{"page_size": 2, "zone_ids": []string{"zone-2demo00001cn"}}, total: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{})
			w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim))
			_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(test.config).And(providertest.Arguments{"max_packages": test.total - 1}))
			providertest.Expect(t, diags, providertest.Want{Summary: "error max_packages: Too many L7 offline logs", Details: []string{
				"from 2022-05-04T00:00:00Z to 2022-05-04T01:00:00Z",
				fmt.Sprintf("has %d packages, and max_packages is %d.", test.total, test.total-1),
				"Narrow the window, the zones or domains", "provider::teo::windows", "raise max_packages",
			}})
			if n := len(sim.Requests()); n != 1 {
				t.Errorf("%d requests were sent, want 1", n)
			}
			if _, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(test.config).And(providertest.Arguments{"max_packages": test.total})); diags.Failed() {
				t.Errorf("as many packages as max_packages: %s", diags.Text())
			}
		})
	}
}

// A name without a zone is an error that lists similar names. No logs are
// requested.
func TestANameWithoutAZoneIsAnErrorWithSimilarNames(t *testing.T) {
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
			w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(providertest.Arguments{"api_version": "2022-09-01"}))
			_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(providertest.Arguments{"zones": test.zones}))
			providertest.Expect(t, diags, providertest.Want{Summary: "error zones: Unknown zone name", Details: test.diags})
			if logs, zones := sim.Count("", "DownloadL7Logs"), sim.Count("", "DescribeZones"); logs != 0 || zones != 2 {
				t.Errorf("%d requests for logs and %d for zones, want 0 and 2 (by name, and all for the near ones)", logs, zones)
			}
			_, diags = w.Read("teo_l4_offline_logs", providertest.AnHour.And(providertest.Arguments{"zones": test.zones}))
			providertest.Expect(t, diags, providertest.Want{Summary: "error zones: Unknown zone name", Details: test.diags})
			if n := sim.Count("", "DescribeZones"); n != 2 {
				t.Errorf("the second list asked for zones again: %d requests", n)
			}
		})
	}
}
