package teo_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Zones and hosts of a query without a package are named. What is not certain is
// left out.
func TestGaps(t *testing.T) {
	t.Parallel()
	const com, cloud, org, pages = "zone-com", "zone-cloud", "zone-org", "zone-pages"
	zones := []teosim.Zone{
		{ID: com, Name: "Example.com"},
		{ID: cloud, Name: "cloud.example.com"},
		{ID: org, Name: "example.org"},
		{ID: pages, Name: "example.net", Type: "pages"},
	}
	for name, test := range map[string]struct {
		layer          teo.Layer
		query          teo.Query
		hosts          []string // of the packages
		resolved       bool     // the zones are known from the list
		want           teo.Gaps
		requestsOfName int
	}{
		"a zone name":                           {query: teo.Query{Zones: []string{"example.com", "example.org"}}, hosts: []string{"www.example.com"}, want: teo.Gaps{Zones: []string{"example.org"}}},
		"a zone name that was looked up":        {query: teo.Query{Zones: []string{"example.com", "example.org"}}, hosts: []string{"www.example.com"}, resolved: true, want: teo.Gaps{Zones: []string{"example.org"}}},
		"a zone ID":                             {query: teo.Query{ZoneIDs: []string{com, org}}, hosts: []string{"www.example.com"}, requestsOfName: 1, want: teo.Gaps{ZoneIDs: []string{org}}},
		"a zone ID beside a name":               {query: teo.Query{Zones: []string{"example.org"}, ZoneIDs: []string{com}}, hosts: []string{"example.org"}, requestsOfName: 1, want: teo.Gaps{ZoneIDs: []string{com}}},
		"a zone by name and one by ID":          {query: teo.Query{Zones: []string{"example.com", "example.org"}, ZoneIDs: []string{cloud}}, hosts: []string{"www.example.com"}, requestsOfName: 1, want: teo.Gaps{Zones: []string{"example.org"}, ZoneIDs: []string{cloud}}},
		"as many sites as zones":                {query: teo.Query{ZoneIDs: []string{com, org}}, hosts: []string{"www.example.com", "www.example.org"}},
		"as many sites as zones, by apex":       {query: teo.Query{ZoneIDs: []string{com, org}}, hosts: []string{"example.com", "other.com"}},
		"two domains of one site":               {query: teo.Query{ZoneIDs: []string{com, org}}, hosts: []string{"www.example.com", "a.example.com"}, requestsOfName: 1, want: teo.Gaps{ZoneIDs: []string{org}}},
		"a domain of one label":                 {query: teo.Query{ZoneIDs: []string{com, org}}, hosts: []string{"localhost"}, requestsOfName: 1},
		"an ID of no zone":                      {query: teo.Query{ZoneIDs: []string{com, org, "zone-none"}}, hosts: []string{"www.example.com"}, requestsOfName: 1, want: teo.Gaps{ZoneIDs: []string{org}}},
		"a name that ends alike":                {query: teo.Query{Zones: []string{"example.com", "example.org"}}, hosts: []string{"www.example.com", "notexample.org"}},
		"a zone below another":                  {query: teo.Query{Zones: []string{"cloud.example.com", "example.com"}}, hosts: []string{"www.cloud.example.com"}},
		"a zone above another":                  {query: teo.Query{Zones: []string{"cloud.example.com", "example.com"}}, hosts: []string{"www.example.com"}, want: teo.Gaps{Zones: []string{"cloud.example.com"}}},
		"domains of other names":                {query: teo.Query{ZoneIDs: []string{com, org, pages}}, hosts: []string{"www.example.com", "site.edgeone.app"}, requestsOfName: 1, want: teo.Gaps{ZoneIDs: []string{org}}},
		"a domain of no zone":                   {query: teo.Query{Zones: []string{"example.com", "example.org"}}, hosts: []string{"www.example.com", "site.edgeone.app"}},
		"a row without a domain":                {query: teo.Query{Zones: []string{"example.com", "example.org"}}, hosts: []string{"www.example.com", ""}},
		"one zone":                              {query: teo.Query{Zones: []string{"example.org"}}, hosts: []string{"www.example.com"}},
		"every zone of the account":             {hosts: []string{"www.example.com"}},
		"nothing":                               {query: teo.Query{Zones: []string{"example.com", "example.org"}, Hosts: []string{"www.example.com", "example.org"}}},
		"a domain":                              {query: teo.Query{Hosts: []string{"www.example.com", "www.nowhere.example"}}, hosts: []string{"www.example.com"}, want: teo.Gaps{Hosts: []string{"www.nowhere.example"}}},
		"a domain and its zone":                 {query: teo.Query{Zones: []string{"example.com", "example.org"}, Hosts: []string{"www.example.com", "example.org"}}, hosts: []string{"www.example.com"}, want: teo.Gaps{Zones: []string{"example.org"}, Hosts: []string{"example.org"}}},
		"a domain that was not asked for":       {query: teo.Query{Hosts: []string{"www.example.com", "example.com"}}, hosts: []string{"www.example.com", "a.example.com"}},
		"a wildcard":                            {query: teo.Query{Hosts: []string{"*.example.com", "*.example.org"}}, hosts: []string{"a.example.com"}, want: teo.Gaps{Hosts: []string{"*.example.org"}}},
		"the wildcard itself":                   {query: teo.Query{Hosts: []string{"*.example.com", "*.example.org"}}, hosts: []string{"*.example.com", "*.example.org"}},
		"a proxy":                               {layer: teo.L4, query: teo.Query{Zones: []string{"example.com", "example.org"}, Hosts: []string{"sid-1", "sid-2"}}, hosts: []string{"sid-2"}, want: teo.Gaps{Hosts: []string{"sid-1"}}},
		"zones of layer 4 cannot be told apart": {layer: teo.L4, query: teo.Query{ZoneIDs: []string{com, org}}, hosts: []string{"sid-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Catalogue: teosim.Catalogue{Zones: zones}})
			client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
			packages := make([]teo.Package, len(test.hosts))
			for i, host := range test.hosts {
				packages[i].Domain = host
			}
			if test.layer == "" {
				test.layer = teo.L7
			}
			if test.resolved {
				test.query.Start, test.query.End = everything(0).Start, everything(0).End
				list(t, client, test.query)
			}
			sim.ResetCounters()
			for range 2 {
				got := client.Gaps(t.Context(), test.layer, test.query, packages)
				if empty := fmt.Sprint(test.want) == fmt.Sprint(teo.Gaps{}); fmt.Sprint(got) != fmt.Sprint(test.want) || got.IsEmpty() != empty {
					t.Errorf("got %+v, empty: %t, want %+v", got, got.IsEmpty(), test.want)
				}
			}
			checkCount(t, sim, test.requestsOfName)
		})
	}
}

// Without the permission for DescribeZones, zone IDs have no names, and it is asked
// only once.
func TestGapsWithoutPermission(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{})
	sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeZones"})
	client := newClient(t, sim, teo.Options{})
	q := teo.Query{ZoneIDs: []string{"zone-2demo00001cn", "zone-2demo00003og"}}
	for range 2 {
		if got := client.Gaps(t.Context(), teo.L7, q, []teo.Package{{Domain: "www.example.com"}}); !got.IsEmpty() {
			t.Errorf("got %+v, want none", got)
		}
	}
	checkCount(t, sim, 1)
}

// BenchmarkGaps measures what a long list costs.
func BenchmarkGaps(b *testing.B) {
	client := newClient(b, startSim(b, teosim.Options{}), teo.Options{})
	var q teo.Query
	packages := make([]teo.Package, 100_000)
	for i := range packages {
		site := i % 1000
		packages[i].Domain = fmt.Sprintf("www%d.site%d.example", i%10_000, site)
		packages[i].Start = teo.Time{Time: time.Unix(int64(i), 0)}
		if site == i {
			q.Zones = append(q.Zones, fmt.Sprintf("site%d.example", i))
		}
	}
	q.Zones = append(q.Zones, "example.org")
	for b.Loop() {
		if got := client.Gaps(b.Context(), teo.L7, q, packages); len(got.Zones) != 1 {
			b.Fatal(got)
		}
	}
}
