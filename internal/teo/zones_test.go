package teo_test

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// byName requests all logs of sites by name from 2022-09-01.
func byName(names ...string) teo.Query {
	q := everything(0)
	q.Zones = names
	return q
}

func TestZonesAreFilteredByNameAndID(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		names, ids []string
		want       []string
		requests   int
	}{
		{name: "all", want: []string{"zone-2demo00001cn", "zone-2demo00002os", "zone-2demo00003og"}, requests: 1},
		{name: "a name of two", names: []string{"example.com"}, want: []string{"zone-2demo00001cn", "zone-2demo00002os"}, requests: 1},
		{name: "an ID", ids: []string{"zone-2demo00003og"}, want: []string{"zone-2demo00003og"}, requests: 1},
		{name: "both", names: []string{"example.com"}, ids: []string{"zone-2demo00002os", "zone-2demo00003og"}, want: []string{"zone-2demo00001cn", "zone-2demo00002os", "zone-2demo00003og"}, requests: 2},
		{name: "a name and an ID", names: []string{"example.org"}, ids: []string{"zone-2demo00001cn"}, want: []string{"zone-2demo00001cn", "zone-2demo00003og"}, requests: 2},
		{name: "twice", ids: []string{"zone-2demo00003og", "zone-2demo00003og"}, want: []string{"zone-2demo00003og"}, requests: 1},
		{name: "unknown", names: []string{"nothing.example"}, requests: 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			zones, err := newClient(t, sim, teo.Options{}).Zones(t.Context(), test.names, test.ids)
			if err != nil {
				t.Fatal(err)
			}
			if got := zoneIDs(zones); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			// An unknown name is looked for in the list of all zones.
			checkCount(t, sim, test.requests)
		})
	}
}

// Whichever of its requests fails, a list of zones is an error, and not a shorter list.
func TestAListOfZonesFailsWithEachOfItsRequests(t *testing.T) {
	t.Parallel()
	for skip := range 4 {
		sim := startSim(t, teosim.Options{})
		sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeZones", Skip: skip})
		// By name, all of them because one is unknown, and by ID.
		zones, err := newClient(t, sim, teo.Options{}).Zones(t.Context(), []string{"example.com", "nothing.example"}, []string{"zone-2demo00003og"})
		if failure := tcapi.AsError(err); (failure == nil) != (skip == 3) || (len(zones) > 0) != (skip == 3) {
			t.Errorf("after %d requests: got %d zones, %v", skip, len(zones), err)
		}
	}
}

// Zones are sorted by name, and by ID where they share a name. The simulator lists
// the latest zone first.
func TestZonesAreSortedByNameAndID(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Catalogue: teosim.Catalogue{Zones: []teosim.Zone{
		{ID: "zone-2", Name: "b.example"},
		{ID: "zone-5", Name: "a.example"},
		{ID: "zone-1", Name: "c.example"},
		{ID: "zone-4", Name: "b.example"},
		{ID: "zone-3", Name: "b.example"},
	}}})
	zones, err := newClient(t, sim, teo.Options{}).Zones(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := zoneIDs(zones), []string{"zone-5", "zone-2", "zone-3", "zone-4", "zone-1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func zoneIDs(zones []teo.Zone) []string {
	var ids []string
	for _, z := range zones {
		ids = append(ids, z.ID)
	}
	return ids
}

func TestAZoneHasEachFieldOfItsRow(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{})
	zones, err := newClient(t, sim, teo.Options{}).Zones(t.Context(), nil, []string{"zone-2demo00001cn"})
	if err != nil || len(zones) != 1 {
		t.Fatalf("got %v and %v, want a zone", zones, err)
	}
	z := zones[0]
	if z.Name != "example.com" || z.AliasName != "shop-cn" || z.Area != "global" || z.Type != "partial" ||
		z.Status != "active" || z.ActiveStatus != "active" || z.Paused == nil || *z.Paused {
		t.Errorf("got %+v", z)
	}
	if want := []teo.Tag{{"stage", "production"}, {"team", "shop"}}; !slices.Equal(z.Tags, want) {
		t.Errorf("the tags are %v, want %v", z.Tags, want)
	}
}

// Pages of 100 zones, filters of 20 values.
func TestZonesAreAskedForInPagesOf100AndFiltersOf20(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 45 {
		names = append(names, fmt.Sprintf("site%d.example", 5*i))
	}
	sim := startSim(t, teosim.Options{Catalogue: teosim.Generate(teosim.GenerateOptions{Zones: 250, Slots: 1})})
	client := newClient(t, sim, teo.Options{})
	for _, test := range []struct {
		names []string
		zones int
		sizes []int // values of the filter of each request
	}{
		{zones: 250, sizes: []int{0, 0, 0}},
		{names: names[:20], zones: 20, sizes: []int{20}},
		{names: names[:21], zones: 21, sizes: []int{20, 1}},
		{names: names, zones: 45, sizes: []int{20, 20, 5}},
	} {
		sim.ResetCounters()
		zones, err := client.Zones(t.Context(), test.names, nil)
		if err != nil || len(zones) != test.zones {
			t.Fatalf("got %d zones and %v, want %d", len(zones), err, test.zones)
		}
		var sizes []int
		for _, r := range requests(t, sim, teo.Version20220901, "DescribeZones") {
			n := 0
			for _, f := range r.Filters {
				n += len(f.Values)
			}
			if r.Limit != 100 {
				t.Errorf("the limit is %d, want 100", r.Limit)
			}
			sizes = append(sizes, n)
		}
		if !slices.Equal(sizes, test.sizes) {
			t.Errorf("the filters have %v values, want %v", sizes, test.sizes)
		}
	}
}

// The names of a query are looked up together, once, also if some are given twice.
func TestNamesAreLookedUpTogetherOnce(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 45 {
		names = append(names, fmt.Sprintf("site%d.example", i))
	}
	sim := startSim(t, teosim.Options{Catalogue: teosim.Generate(teosim.GenerateOptions{Zones: 60, Slots: 1})})
	client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
	for _, want := range []int{3, 0} {
		sim.ResetCounters()
		l := list(t, client, byName(slices.Concat(names, names)...))
		checkPackages(t, slices.DeleteFunc(sim.Catalogue().L7, func(p teosim.Package) bool { return !slices.Contains(names, p.ZoneName) }), l)
		if got := sim.Count("", "DescribeZones"); got != want {
			t.Errorf("%d requests of DescribeZones were sent, want %d", got, want)
		}
	}
}

// A name that two zones share selects both; names and IDs are combined; names
// are not case-sensitive.
func TestASharedNameSelectsBothZones(t *testing.T) {
	t.Parallel()
	cn, os, og := "zone-2demo00001cn", "zone-2demo00002os", "zone-2demo00003og"
	for _, test := range []struct{ names, ids, want []string }{
		{want: []string{cn, os, og}},
		{names: []string{"example.com"}, want: []string{cn, os}},
		{names: []string{"EXAMPLE.com", "example.com"}, want: []string{cn, os}},
		{names: []string{"example.org"}, ids: []string{os}, want: []string{os, og}},
		{ids: []string{og, cn, og}, want: []string{cn, og}},
	} {
		t.Run(fmt.Sprintf("%v,%v", test.names, test.ids), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			q := byName(test.names...)
			array := append(slices.Clone(test.ids), "beyond its length")
			q.ZoneIDs = array[:len(test.ids)]
			l := list(t, newClient(t, sim, teo.Options{APIVersion: teo.Version20220901}), q)
			if !slices.Equal(array, append(slices.Clone(test.ids), "beyond its length")) || !slices.Equal(q.Zones, test.names) {
				t.Errorf("the query became %v, %v", q.Zones, array)
			}
			checkPackages(t, slices.DeleteFunc(sim.Catalogue().L7, func(p teosim.Package) bool { return !slices.Contains(test.want, p.ZoneID) }), l)
			for _, r := range requests(t, sim, teo.Version20220901, logs) {
				if !slices.Equal(r.ZoneIds, test.want) {
					t.Errorf("sent the zones %v, want %v", r.ZoneIds, test.want)
				}
			}
		})
	}
}

// A site that the service does not find by the normal form of its name is found in the list
// of all zones.
func TestASiteIsFoundByAnotherSpelling(t *testing.T) {
	t.Parallel()
	c := catalogue(2)
	c.Zones[0].Name = "bücher.example"
	sim := startSim(t, teosim.Options{Catalogue: c})
	for _, names := range [][]string{{"xn--bcher-kva.example"}, {"xn--bcher-kva.example", "none.example"}} {
		client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
		if zones, err := client.Zones(t.Context(), names, nil); err != nil || !slices.Equal(zoneIDs(zones), []string{c.Zones[0].ID}) {
			t.Errorf("got the zones %v, %v", zones, err)
		}
		l, err := client.L7Logs(t.Context(), byName(names...))
		var unknown *teo.UnknownZonesError
		switch {
		case len(names) == 1 && err != nil:
			t.Errorf("got %v, want a list", err)
		case len(names) == 1:
			checkExact(t, sim, l)
		case !errors.As(err, &unknown) || !slices.Equal(unknown.Names, names[1:]):
			t.Errorf("got %v, want that %s is unknown", err, names[1])
		}
	}
}

// An account without zones has no logs, and none are requested.
func TestAnAccountWithoutZonesHasNoLogs(t *testing.T) {
	t.Parallel()
	c := catalogue(1)
	c.Zones = nil
	sim := startSim(t, teosim.Options{Catalogue: c})
	l := list(t, newClient(t, sim, teo.Options{APIVersion: teo.Version20220901}), everything(0))
	if len(l.Packages) != 0 || l.APIVersion != teo.Version20220901 {
		t.Errorf("got %+v", l)
	}
	if got := sim.Count("", logs); got != 0 {
		t.Errorf("%d requests of %s were sent, want none", got, logs)
	}
}

func TestUnknownZonesAreAnErrorWithSimilarNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		asked, unknown, near []string
	}{
		{asked: []string{"exmaple.com"}, unknown: []string{"exmaple.com"}, near: []string{"example.com"}},
		{asked: []string{"www.example.org", "example.com"}, unknown: []string{"www.example.org"}, near: []string{"example.org"}},
		{asked: []string{"example"}, unknown: []string{"example"}, near: []string{"example.com", "example.org"}},
		{asked: []string{"exmaple.com", "zzz.invalid"}, unknown: []string{"exmaple.com", "zzz.invalid"}, near: []string{"example.com"}},
		{asked: []string{"zzz.invalid", "aaa.invalid"}, unknown: []string{"aaa.invalid", "zzz.invalid"}},
	} {
		t.Run(fmt.Sprint(test.asked), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
			for range 2 {
				l, err := client.L7Logs(t.Context(), byName(test.asked...))
				var unknown *teo.UnknownZonesError
				if !errors.As(err, &unknown) || l != nil {
					t.Fatalf("got %v and %v, want an UnknownZonesError", l, err)
				}
				if !slices.Equal(unknown.Names, test.unknown) || !slices.Equal(unknown.Similar, test.near) {
					t.Errorf("got %q near %q, want %q near %q", unknown.Names, unknown.Similar, test.unknown, test.near)
				}
				for _, name := range slices.Concat(test.unknown, test.near) {
					if !strings.Contains(err.Error(), name) {
						t.Errorf("%q does not name %s", err, name)
					}
				}
			}
			if got := sim.Count("", "DescribeZones"); got != 2 {
				t.Errorf("%d requests of DescribeZones were sent, want one for the names and one for near ones", got)
			}
			if got := sim.Count("", logs); got != 0 {
				t.Errorf("%d requests of %s were sent, want none", got, logs)
			}
		})
	}
}

// Names are similar if two letters, or a third of them, differ. At most five are listed,
// the most similar ones first.
func TestSimilarNamesAreTheNearestFive(t *testing.T) {
	t.Parallel()
	var c teosim.Catalogue
	for i, name := range []string{
		"shop1.example", "shop2.example", "shop3.example", "shop4.example", "shop5.example", "shop6.example", "ab.io", "warehouse.example.net",
	} {
		c.Zones = append(c.Zones, teosim.Zone{ID: fmt.Sprintf("zone-%d", i), Name: name})
	}
	sim := startSim(t, teosim.Options{Catalogue: c})
	client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
	for asked, want := range map[string][]string{
		"shop66.example":        {"shop6.example", "shop1.example", "shop2.example", "shop3.example", "shop4.example"},
		"xy.io":                 {"ab.io"},
		"b.jo":                  {"ab.io"},
		"axy.io":                {"ab.io"},
		"xyz.io":                nil,
		"zzzzzzzse.example.net": {"warehouse.example.net"},
		"zzzzzzzze.example.net": nil,
		"examplo.net":           nil,
	} {
		_, err := client.L7Logs(t.Context(), byName(asked))
		var unknown *teo.UnknownZonesError
		if !errors.As(err, &unknown) || !slices.Equal(unknown.Similar, want) {
			t.Errorf("%s: got %v, want the similar names %q", asked, err, want)
		}
	}
}

// Concurrent queries look up their zones once.
func TestConcurrentQueriesLookUpOnce(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{nil, {"example.com"}} {
		t.Run(fmt.Sprint(names), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					if _, err := client.L7Logs(t.Context(), byName(names...)); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if got := sim.Count("", "DescribeZones"); got != 1 {
				t.Errorf("%d requests of DescribeZones were sent, want 1", got)
			}
			if got := sim.Count("", logs); got < 20 {
				t.Errorf("%d requests of %s were sent, want 20 at least", got, logs)
			}
		})
	}
}

// A look-up that failed is not remembered.
func TestZonesAreRequestedAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{})
	client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
	sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeZones", Times: 1})
	_, err := client.L7Logs(t.Context(), byName("example.com"))
	if failure := tcapi.AsError(err); failure == nil || failure.Action != "DescribeZones" {
		t.Fatalf("got %v, want the error of DescribeZones", err)
	}
	list(t, client, byName("example.com"))
}

// Similar names are a hint: without the permission to list zones there are none.
func TestWithoutPermissionThereAreNoSimilarNames(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{})
	client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
	sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeZones", Skip: 1})
	_, err := client.L7Logs(t.Context(), byName("exmaple.com"))
	var unknown *teo.UnknownZonesError
	if !errors.As(err, &unknown) || len(unknown.Similar) != 0 {
		t.Errorf("got %v, want an UnknownZonesError without near names", err)
	}
}

// emptyList returns the hints about a list of layer 7, which must be empty.
func emptyList(t *testing.T, c *teo.Client, q teo.Query) teo.Hints {
	t.Helper()
	if l := list(t, c, q); len(l.Packages) != 0 {
		t.Errorf("got %d packages, want none", len(l.Packages))
	}
	return c.Hints(t.Context(), teo.L7, q)
}

// A zone that is known from a list, by name or with all others, is not looked up by its ID.
func TestAKnownZoneIsNotLookedUpByID(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{nil, {"example.org"}} {
		sim := startSim(t, teosim.Options{})
		client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
		list(t, client, byName(names...))
		q := byName()
		q.ZoneIDs = []string{"zone-2demo00003og"}
		if got := client.Hints(t.Context(), teo.L7, q); !reflect.DeepEqual(got, teo.Hints{Checked: true}) {
			t.Errorf("after a list of %q: got %+v, want none", names, got)
		}
		if got := sim.Count("", "DescribeZones"); got != 1 {
			t.Errorf("after a list of %q: %d requests of DescribeZones were sent, want 1", names, got)
		}
	}
}

// The hints about an empty list are the domains and zones that cannot match anything.
func TestAnEmptyListNamesWhatCannotMatch(t *testing.T) {
	t.Parallel()
	const zoneID = "zone-2demo00003og" // example.org
	for name, test := range map[string]struct {
		zones, zoneIDs, hosts []string
		version               string
		want                  teo.Hints
	}{
		"a domain of another zone": {
			zones: []string{"example.com"}, hosts: []string{"www.example.org"}, want: teo.Hints{OtherDomains: []string{"www.example.org"}},
		},
		"a domain of another zone, by ID": {
			zoneIDs: []string{zoneID}, hosts: []string{"www.example.com"}, want: teo.Hints{OtherDomains: []string{"www.example.com"}},
		},
		"a name that ends alike":       {zoneIDs: []string{zoneID}, hosts: []string{"notexample.org"}, want: teo.Hints{OtherDomains: []string{"notexample.org"}}},
		"a domain of one of the zones": {zones: []string{"example.com"}, zoneIDs: []string{zoneID}, hosts: []string{"none.example.org"}, version: teo.Version20220901},
		"a domain of an unknown zone":  {zoneIDs: []string{"zone-0none"}, hosts: []string{"www.example.com"}, want: teo.Hints{UnknownZoneIDs: []string{"zone-0none"}}},
		"a domain beside an unknown zone ID": {
			zones: []string{"example.com"}, zoneIDs: []string{"zone-0none"}, hosts: []string{"www.example.org"}, version: teo.Version20220901,
			want: teo.Hints{UnknownZoneIDs: []string{"zone-0none"}, OtherDomains: []string{"www.example.org"}},
		},
		"an unknown zone ID":   {zoneIDs: []string{"zone-0none"}, want: teo.Hints{UnknownZoneIDs: []string{"zone-0none"}}},
		"an unknown zone name": {zones: []string{"example.net"}, version: teo.Version20220106, want: teo.Hints{UnknownZones: []string{"example.net"}}},
		"several domains, in any order": {
			zones: []string{"example.com"}, hosts: []string{"www.example.org", "example.org", "example.com", "api.example.org", "www.example.org"},
			want: teo.Hints{RootDomains: []string{"example.com", "example.org"}, OtherDomains: []string{"api.example.org", "www.example.org"}},
		},
		"several zone names, in any order": {
			zones: []string{"b.example", "a.example", "b.example"}, version: teo.Version20220106, want: teo.Hints{UnknownZones: []string{"a.example", "b.example"}},
		},
		"several zone IDs, in any order": {
			zoneIDs: []string{"zone-0b", "zone-0a", "zone-0b"}, want: teo.Hints{UnknownZoneIDs: []string{"zone-0a", "zone-0b"}},
		},
		"no zones": {hosts: []string{"none.example.net"}, want: teo.Hints{OtherDomains: []string{"none.example.net"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			client := newClient(t, sim, teo.Options{APIVersion: test.version})
			test.want.Checked = true
			q := byName(test.zones...)
			q.ZoneIDs, q.Hosts = test.zoneIDs, test.hosts
			if len(q.Hosts) == 0 {
				q.Start, q.End = q.Start.AddDate(-1, 0, 0), q.End.AddDate(-1, 0, 0)
			}
			var before int
			for n := range 2 {
				if h := emptyList(t, client, q); !reflect.DeepEqual(h, test.want) {
					t.Errorf("got %+v, want %+v", h, test.want)
				}
				if got := sim.Count("", "DescribeZones"); n > 0 && got != before {
					t.Errorf("%d requests of DescribeZones were sent, want %d as after the first list", got, before)
				} else {
					before = got
				}
			}
		})
	}
}

// Zones and domains are looked up if there are at most 100 of them, whichever they
// are. Layer 4 has no domains.
func TestAtMost100ZonesAreLookedUpForHints(t *testing.T) {
	t.Parallel()
	names := func(kind string, n int) []string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("%s%d.example.net", kind, i))
		}
		return all
	}
	for _, test := range []struct {
		zones, ids, domains int
		layer               teo.Layer
		want                bool
	}{
		{ids: 100, want: true},
		{ids: 101},
		{zones: 50, domains: 50, want: true},
		{zones: 50, domains: 51},
		{zones: 1, domains: 99, want: true},
		{zones: 1, domains: 100},
		{ids: 1, domains: 101, layer: teo.L4, want: true},
	} {
		t.Run(fmt.Sprintf("%d,%d,%d,%s", test.zones, test.ids, test.domains, test.layer), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			client := newClient(t, sim, teo.Options{})
			q := byName(names("zone", test.zones)...)
			q.ZoneIDs, q.Hosts = names("id", test.ids), names("domain", test.domains)
			h := client.Hints(t.Context(), cmp.Or(test.layer, teo.L7), q)
			if got := sim.Count("", "DescribeZones") > 0; h.Checked != test.want || got != test.want {
				t.Errorf("looked up: %t, reported: %t, want %t", got, h.Checked, test.want)
			}
		})
	}
}

// Proxies of an empty list are looked up in the queried zones, or in every zone.
func TestHintsOfProxies(t *testing.T) {
	t.Parallel()
	const first, second = "sid-2demo0000001", "sid-2demo0000002" // both in zones named example.com
	for name, test := range map[string]struct {
		query  teo.Query
		denied string // the action that is denied
		want   teo.Hints
		lists  int // of proxies that are requested
	}{
		"unknown":            {query: teo.Query{Hosts: []string{"sid-none", first}}, want: teo.Hints{Checked: true, OtherProxies: []string{"sid-none"}}, lists: 3},
		"of another zone":    {query: teo.Query{Zones: []string{"example.org"}, Hosts: []string{first}}, want: teo.Hints{Checked: true, OtherProxies: []string{first}}, lists: 1},
		"of two zones":       {query: teo.Query{Zones: []string{"example.com"}, Hosts: []string{first, second}}, want: teo.Hints{Checked: true}, lists: 2},
		"of an unknown zone": {query: teo.Query{ZoneIDs: []string{"zone-none"}, Hosts: []string{first}}, want: teo.Hints{Checked: true, UnknownZoneIDs: []string{"zone-none"}}},
		"without permission": {query: teo.Query{Hosts: []string{"sid-none"}}, denied: "DescribeL4Proxy", lists: 1},
		"of two unknown zones": {
			query: teo.Query{Zones: []string{"none.example"}, ZoneIDs: []string{"zone-none"}, Hosts: []string{first}},
			want:  teo.Hints{Checked: true, UnknownZones: []string{"none.example"}, UnknownZoneIDs: []string{"zone-none"}},
		},
		"without permission for the zones": {query: teo.Query{Hosts: []string{"sid-none"}}, denied: "DescribeZones"},
		"without any filters":              {want: teo.Hints{Checked: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			if test.denied != "" {
				sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: test.denied})
			}
			if got := newClient(t, sim, teo.Options{}).Hints(t.Context(), teo.L4, test.query); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if got := sim.Count("", "DescribeL4Proxy"); got != test.lists {
				t.Errorf("%d requests of DescribeL4Proxy were sent, want %d", got, test.lists)
			}
		})
	}
}

// Proxies are looked up in at most 20 zones, because each costs a request.
func TestProxiesAreLookedUpInAtMost20ZonesForHints(t *testing.T) {
	t.Parallel()
	for zones, want := range map[int]teo.Hints{20: {Checked: true, OtherProxies: []string{"sid-none"}}, 21: {}} {
		sim := startSim(t, teosim.Options{Catalogue: teosim.Generate(teosim.GenerateOptions{Zones: zones, Slots: 1})})
		if got := newClient(t, sim, teo.Options{}).Hints(t.Context(), teo.L4, teo.Query{Hosts: []string{"sid-none"}}); !reflect.DeepEqual(got, want) {
			t.Errorf("in %d zones: got %+v, want %+v", zones, got, want)
		}
		if got, want := sim.Count("", "DescribeL4Proxy"), len(want.OtherProxies)*zones; got != want {
			t.Errorf("in %d zones: %d requests of DescribeL4Proxy were sent, want %d", zones, got, want)
		}
	}
}

// The domains of a zone without domain access need not end in its name.
func TestWithoutDomainAccessADomainMayHaveAnyName(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string][]string{"noDomainAccess": nil, "full": {"www.example.net"}} {
		sim := startSim(t, teosim.Options{Catalogue: teosim.Catalogue{Zones: []teosim.Zone{{ID: "zone-1", Name: "example.com", Type: kind}}}})
		q := byName("example.com")
		q.Hosts = []string{"www.example.net"}
		if h := emptyList(t, newClient(t, sim, teo.Options{}), q); !slices.Equal(h.OtherDomains, want) {
			t.Errorf("%s: the domains of other zones are %v, want %v", kind, h.OtherDomains, want)
		}
	}
}

// The names of sites among the domains are reported if nothing is listed.
func TestNamesOfSitesAmongTheDomainsAreReported(t *testing.T) {
	t.Parallel()
	for _, version := range []string{teo.Version20220106, teo.Version20220901} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			client := newClient(t, sim, teo.Options{APIVersion: version})
			q := byName("example.com")
			q.Hosts = []string{"example.com"}
			if h := emptyList(t, client, q); !slices.Equal(h.RootDomains, q.Hosts) {
				t.Errorf("got the sites %v, want %v", h.RootDomains, q.Hosts)
			}
			q.Hosts = []string{"none.example.com"}
			if h := emptyList(t, client, q); h.RootDomains != nil {
				t.Errorf("got the sites %v, want none", h.RootDomains)
			}
		})
	}
}

// DescribeZones is paged like the log actions, and its counts are checked like
// theirs.
func TestZonesArePagedAndCheckedLikeLogs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault    teosim.Fault
		complete bool
	}{
		{fault: teosim.Fault{Name: teosim.NullField, Value: "TotalCount"}, complete: true},
		{fault: teosim.Fault{Name: teosim.NullField, Value: "Zones", Times: 1}, complete: true},
		{fault: teosim.Fault{Name: teosim.NullField, Value: "Zones"}},
		{fault: teosim.Fault{Name: teosim.NullField, Value: "Zones.Tags"}, complete: true},
		{fault: teosim.Fault{Name: teosim.NullField, Value: "Zones.AliasZoneName"}, complete: true},
		{fault: teosim.Fault{Name: teosim.EmptyPage, Page: new(1), Times: 1}, complete: true},
		{fault: teosim.Fault{Name: teosim.EmptyPage, Page: new(1)}},
		{fault: teosim.Fault{Name: teosim.DuplicateRows}, complete: true},
		{fault: teosim.Fault{Name: teosim.WrongTotal, Value: "1"}, complete: true},
		{fault: teosim.Fault{Name: teosim.WrongTotal, Value: "251"}},
		{fault: teosim.Fault{Name: teosim.WrongTotal, Value: strconv.Itoa(1 << 50)}},
		{fault: teosim.Fault{Name: teosim.TotalChanges, Page: new(2), Times: 1}, complete: true},
		{fault: teosim.Fault{Name: teosim.BadGateway, Times: 2}, complete: true},
	} {
		t.Run(fmt.Sprintf("%s/%s/%d", test.fault.Name, test.fault.Value, test.fault.Times), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Catalogue: teosim.Generate(teosim.GenerateOptions{Zones: 250, Slots: 1})})
			sim.Inject(test.fault)
			zones, err := newClient(t, sim, teo.Options{}).Zones(t.Context(), nil, nil)
			switch {
			case !test.complete && (err == nil || zones != nil):
				t.Errorf("got %d zones and %v, want an error", len(zones), err)
			case test.complete && (err != nil || len(zones) != 250):
				t.Errorf("got %d zones and %v, want 250", len(zones), err)
			}
		})
	}
}

// The logs of a zone without an ID cannot be requested, and without them the list
// would be incomplete. Nothing of such a response is remembered.
func TestAZoneWithoutAnIDIsAnError(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.Fault{
		{Name: teosim.NullRow, Action: "DescribeZones", Times: 1},
		{Name: teosim.NullField, Action: "DescribeZones", Value: "Zones.ZoneId", Times: 1},
		{Name: teosim.OmitField, Action: "DescribeZones", Value: "Zones.ZoneId", Times: 1},
	} {
		for _, names := range [][]string{nil, {"example.com", "example.org"}} {
			t.Run(fmt.Sprintf("%s/%v", fault.Name, names), func(t *testing.T) {
				t.Parallel()
				sim := startSim(t, teosim.Options{})
				sim.Inject(fault)
				client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
				l, err := client.L7Logs(t.Context(), byName(names...))
				if l != nil || err == nil || !contains(err.Error(), "DescribeZones listed a zone without an ID") {
					t.Errorf("there is a list: %t, and the error %v; want an error of zones without an ID", l != nil, err)
				}
				if got := sim.Count("", logs); got != 0 {
					t.Errorf("%d requests of %s were sent, want none", got, logs)
				}
				checkExact(t, sim, list(t, client, byName(names...)))
			})
		}
	}
}

// Whether a domain is the name of a site is looked up, once; without the permission
// there is no hint.
func TestRootDomainsAreLookedUpOnce(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{})
	client := newClient(t, sim, teo.Options{})
	q := everything(0)
	q.Hosts = []string{"Example.com", "none.example.com"}
	for range 2 {
		if h := emptyList(t, client, q); !slices.Equal(h.RootDomains, q.Hosts[:1]) {
			t.Errorf("got the sites %v, want %v", h.RootDomains, q.Hosts[:1])
		}
	}
	// By name, and all zones, because none.example.com may belong to any.
	if got := sim.Count("", "DescribeZones"); got != 2 {
		t.Errorf("%d requests of DescribeZones were sent, want 2", got)
	}
	q.Zones = nil
	sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeZones"})
	if h := emptyList(t, newClient(t, sim, teo.Options{}), q); h.RootDomains != nil {
		t.Errorf("got the sites %v, want none", h.RootDomains)
	}
	q.Hosts = nil
	q.End = q.Start.Add(1)
	sim.ResetCounters()
	emptyList(t, newClient(t, sim, teo.Options{}), q)
	checkCount(t, sim, 1)
}

// A failed look-up of zones names its action: the logs were not requested.
func TestFailedLookUpNamesItsAction(t *testing.T) {
	t.Parallel()
	for count, want := range map[string]any{
		"4":               &teo.IncompleteError{Action: "DescribeZones", Read: 3, Total: 4, Before: -1, Readings: 4},
		"100001":          &teo.TooManyError{Action: "DescribeZones", Total: 100_001, Most: 100_000},
		"999999999999999": &teo.TooManyError{Action: "DescribeZones", Total: 999_999_999_999_999, Most: 100_000},
	} {
		t.Run(count, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: count, Action: "DescribeZones"})
			_, err := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901}).L7Logs(t.Context(), everything(0))
			var incomplete *teo.IncompleteError
			if errors.As(err, &incomplete) {
				if incomplete.RequestID == "" {
					t.Error("there is no request ID")
				}
				incomplete.RequestID = ""
			}
			if !reflect.DeepEqual(any(err), want) {
				t.Errorf("got %+v, want %+v", err, want)
			}
		})
	}
}
