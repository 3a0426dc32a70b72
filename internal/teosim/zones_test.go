package teosim

import (
	"fmt"
	"strings"
	"testing"
)

func TestFiltersSelectZones(t *testing.T) {
	t.Parallel()
	catalogue := Demo()
	catalogue.Zones = append(catalogue.Zones, Zone{ID: "zone-paused", Name: "paused.example", Type: "noDomainAccess", Status: "pending", ActiveStatus: "paused", Paused: true, Area: "mainland"})
	sim := start(t, Options{Catalogue: catalogue, Rates: Unlimited()})
	const cn, os, org, paused = "zone-2demo00001cn", "zone-2demo00002os", "zone-2demo00003og", "zone-paused"
	filter := func(name string, values ...string) string {
		return fmt.Sprintf(`{"Name":%q,"Values":["%s"]}`, name, strings.Join(values, `","`))
	}
	tests := map[string]struct{ request, want string }{
		"all, latest first": {`{}`, paused + " " + org + " " + os + " " + cn},
		"a page":            {`{"Offset":1,"Limit":2}`, org + " " + os},
		"after the end":     {`{"Offset":9}`, ""},
		"name of two":       {`{"Filters":[` + filter("zone-name", "example.com") + `]}`, os + " " + cn},
		"part of a name":    {`{"Filters":[` + filter("zone-name", "example") + `]}`, ""},
		"ids":               {`{"Filters":[` + filter("zone-id", cn, paused, "zone-unknown") + `]}`, paused + " " + cn},
		"both filters":      {`{"Filters":[` + filter("zone-name", "example.com") + `,` + filter("zone-id", os, org) + `]}`, os},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newCaller(t, sim).call(version20220901, "DescribeZones", test.request)
			var got []string
			for _, zone := range r.Zones {
				got = append(got, fmt.Sprint(zone["ZoneId"]))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%v, want %s", got, test.want)
			}
		})
	}
}

func TestAZoneRowHasTheDocumentedForm(t *testing.T) {
	t.Parallel()
	r := newCaller(t, start(t, Options{})).call(version20220901, "DescribeZones", `{"Filters":[{"Name":"zone-id","Values":["zone-2demo00001cn"]}]}`)
	if *r.TotalCount != 1 || len(r.Zones) != 1 {
		t.Fatalf("%s", r.raw)
	}
	zone := r.Zones[0]
	want := map[string]any{
		"ZoneId": "zone-2demo00001cn", "ZoneName": "example.com", "AliasZoneName": "shop-cn", "Area": "global", "Type": "partial",
		"Status": "active", "ActiveStatus": "active", "Paused": false, "CreatedOn": "2022-01-01T08:00:00Z", "NSDetail": nil,
	}
	for field, value := range want {
		if got, ok := zone[field]; !ok || got != value {
			t.Errorf("%s: %v, want %v", field, got, value)
		}
	}
	if got := fmt.Sprint(zone["Tags"]); got != "[map[TagKey:stage TagValue:production] map[TagKey:team TagValue:shop]]" {
		t.Errorf("Tags %s", got)
	}
	if len(zone) != 25 {
		t.Errorf("%d fields, want the 25 of the definition", len(zone))
	}
}
