package teo_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const (
	timingL7 = "DescribeTimingL7AnalysisData"
	topL7    = "DescribeTopL7AnalysisData"
	timingL4 = "DescribeTimingL4Data"
)

// visited is an account of one zone: packages of 10 requests an hour, for each host in
// the given hours.
func visited(hours map[string][]int) teosim.Catalogue {
	c := teosim.Catalogue{Zones: []teosim.Zone{{ID: "zone-1", Name: "example.com"}}}
	for host, list := range hours {
		for _, hour := range list {
			at := windowStart.Add(time.Duration(hour) * time.Hour)
			p := teosim.Package{
				ZoneID: "zone-1", Host: host, Area: "mainland", Name: teosim.PackageName(host, at, time.Hour),
				Start: at, End: at.Add(time.Hour), Requests: 10,
			}
			if host[:4] == "sid-" {
				c.L4 = append(c.L4, p)
			} else {
				c.L7 = append(c.L7, p)
			}
		}
	}
	return c
}

// l7Counts reads the counts of domains in the first hours of the window; no
// domains means all that are found.
func l7Counts(t *testing.T, sim *teosim.Sim, hours int, domains ...string) (*teo.Traffic, map[string][]int64) {
	t.Helper()
	traffic, err := newClient(t, sim, teo.Options{}).L7Traffic(t.Context(), "zone-1", windowStart, windowStart.Add(time.Duration(hours)*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if domains == nil {
		domains = traffic.Domains()
	}
	counts, err := traffic.Counts(t.Context(), domains)
	if err != nil {
		t.Fatal(err)
	}
	return traffic, counts
}

// The counts of an hour are the same for every form of a series. A domain that the
// analytics do not list had no requests.
func TestCountsOfADomainAreTheSameForEveryFormOfASeries(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]teosim.AnalyticsOptions{
		"as in samples": {}, "a point at the end": {PointAtEnd: true}, "sparse": {Sparse: true},
		"null data": {NullData: true}, "null detail": {NullDetail: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{
				Catalogue: visited(map[string][]int{"www.example.com": {0, 2, 4, 5}, "*.example.com": {3}}), Analytics: options,
			})
			traffic, counts := l7Counts(t, sim, 4, "WWW.example.com", "*.example.com", "none.example.com")
			want := map[string][]int64{
				"www.example.com": {10, 0, 10, 0}, "*.example.com": {0, 0, 0, 10}, "none.example.com": {0, 0, 0, 0},
			}
			if !reflect.DeepEqual(counts, want) {
				t.Errorf("got %v, want %v", counts, want)
			}
			if got := traffic.Domains(); !slices.Equal(got, []string{"*.example.com", "www.example.com"}) {
				t.Errorf("domains %v", got)
			}
			if sim.Count("", topL7) != 1 || sim.Count("", timingL7) != 2 {
				t.Errorf("%d and %d requests, want one for the zone and one for each domain with requests", sim.Count("", topL7), sim.Count("", timingL7))
			}
		})
	}
}

// With more domains than hours, the domains of each hour are read instead. An
// hour without any is compared with the series of the zone.
func TestMoreDomainsThanHoursAreCountedByTheHour(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]teosim.AnalyticsOptions{
		"as in samples": {}, "sparse": {Sparse: true}, "null data": {NullData: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hours := map[string][]int{}
			for i := range 5 {
				hours[fmt.Sprintf("www%d.example.com", i)] = []int{0, 0}
			}
			hours["www1.example.com"] = []int{0, 2}
			sim := startSim(t, teosim.Options{Catalogue: visited(hours), Analytics: options})
			_, counts := l7Counts(t, sim, 3)
			for i := range 5 {
				want := []int64{20, 0, 0}
				if i == 1 {
					want = []int64{10, 0, 10}
				}
				if got := counts[fmt.Sprintf("www%d.example.com", i)]; !slices.Equal(got, want) {
					t.Errorf("www%d: got %v, want %v", i, got, want)
				}
			}
			if sim.Count("", topL7) != 4 || sim.Count("", timingL7) != 1 {
				t.Errorf("%d and %d requests, want 4 for the domains and 1 for the zone", sim.Count("", topL7), sim.Count("", timingL7))
			}
		})
	}
}

// A zone without any point is unknown, one whose points are all zero is quiet.
func TestAZoneWithoutPointsIsUnknownAndOneOfZerosIsQuiet(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options teosim.AnalyticsOptions
		visit   int
		want    []int64
	}{
		"zeros": {visit: 5, want: []int64{0, 0}},
		"empty": {visit: 5, options: teosim.AnalyticsOptions{Sparse: true}, want: []int64{teo.Unknown, teo.Unknown}},
		"null":  {visit: 5, options: teosim.AnalyticsOptions{NullData: true}, want: []int64{teo.Unknown, teo.Unknown}},
		// The point at the end says nothing about the hours before it.
		"a point at the end": {visit: 2, options: teosim.AnalyticsOptions{Sparse: true, PointAtEnd: true}, want: []int64{teo.Unknown, teo.Unknown}},
	} {
		sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"www.example.com": {test.visit}}), Analytics: test.options})
		if _, counts := l7Counts(t, sim, 2, "www.example.com"); !slices.Equal(counts["www.example.com"], test.want) {
			t.Errorf("%s: got %v, want %v", name, counts["www.example.com"], test.want)
		}
	}
}

// A domain whose series is empty although the list of domains counts it is
// unknown, not quiet.
func TestAnEmptySeriesOfACountedDomainIsUnknown(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"www.example.com": {0}})})
	sim.Inject(teosim.Fault{Name: teosim.NullField, Action: timingL7, Value: "Data"})
	sim.Inject(teosim.Fault{Name: teosim.SetField, Action: topL7, Value: "Data.DetailData.Value=1"})
	if _, counts := l7Counts(t, sim, 2); !slices.Equal(counts["www.example.com"], []int64{teo.Unknown, teo.Unknown}) {
		t.Errorf("got %v", counts)
	}
}

// A zone whose series has requests in an hour, although its list of domains is empty, is
// quiet in the other hours only.
func TestAnHourWithoutListedDomainsIsUnknownIfTheZoneHasRequests(t *testing.T) {
	t.Parallel()
	for _, options := range []teosim.AnalyticsOptions{{}, {Sparse: true}} {
		sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"www.example.com": {0}}), Analytics: options})
		sim.Inject(teosim.Fault{Name: teosim.NullField, Action: topL7, Value: "Data"})
		if _, counts := l7Counts(t, sim, 3, "www.example.com"); !slices.Equal(counts["www.example.com"], []int64{teo.Unknown, 0, 0}) {
			t.Errorf("sparse is %t: got %v", options.Sparse, counts)
		}
	}
}

// Windows of more than 31 days are divided.
func TestALongWindowOfTrafficIsDivided(t *testing.T) {
	t.Parallel()
	const days = 70
	sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"www.example.com": {0, 31*24 - 1, 31 * 24, days*24 - 1}})})
	_, counts := l7Counts(t, sim, days*24)
	var hours []int
	for hour, n := range counts["www.example.com"] {
		if n == 10 {
			hours = append(hours, hour)
		} else if n != 0 {
			t.Errorf("hour %d has %d", hour, n)
		}
	}
	if !slices.Equal(hours, []int{0, 743, 744, days*24 - 1}) {
		t.Errorf("hours %v", hours)
	}
	if sim.Count("", topL7) != 3 || sim.Count("", timingL7) != 3 {
		t.Errorf("%d and %d requests", sim.Count("", topL7), sim.Count("", timingL7))
	}
}

// Hours before the look-back are unknown. The first day with data is searched for.
func TestHoursBeforeTheLookBackAreUnknown(t *testing.T) {
	t.Parallel()
	for _, since := range []int{0, 1, 2, 3, 10, 15, 16, 29, 30, 31, 32, 40, 43, 44, 45} {
		t.Run(fmt.Sprint(since, " days"), func(t *testing.T) {
			t.Parallel()
			var every []int
			for hour := range 45 * 24 {
				every = append(every, hour)
			}
			sim := startSim(t, teosim.Options{
				Catalogue: visited(map[string][]int{"www.example.com": every}),
				Analytics: teosim.AnalyticsOptions{LookBack: time.Since(windowStart.AddDate(0, 0, since)) + time.Hour},
			})
			traffic, err := newClient(t, sim, teo.Options{}).L7Traffic(t.Context(), "zone-1", windowStart, windowStart.AddDate(0, 0, 45))
			if err != nil {
				t.Fatal(err)
			}
			if want := windowStart.AddDate(0, 0, since); !traffic.Since.Equal(want) {
				t.Errorf("since %s, want %s", traffic.Since, want)
			}
			counts, err := traffic.Counts(t.Context(), []string{"www.example.com"})
			if err != nil {
				t.Fatal(err)
			}
			for hour, n := range counts["www.example.com"] {
				if want := int64(10); hour < since*24 && n != teo.Unknown || hour >= since*24 && n != want {
					t.Fatalf("hour %d of day %d has %d", hour%24, hour/24, n)
				}
			}
		})
	}
}

// A series may be kept for less time than the list of domains. Its hours are then
// unknown.
func TestASeriesBeyondTheLookBackIsUnknown(t *testing.T) {
	t.Parallel()
	const refused = "LimitExceeded.QueryTimeLimitExceeded: too early"
	unknown := []int64{teo.Unknown, teo.Unknown}
	t.Run("series of a domain", func(t *testing.T) {
		t.Parallel()
		sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"www.example.com": {0}})})
		sim.Inject(teosim.Fault{Name: teosim.APIError, Action: timingL7, Value: refused})
		_, counts := l7Counts(t, sim, 2, "www.example.com", "none.example.com")
		if want := map[string][]int64{"www.example.com": unknown, "none.example.com": {0, 0}}; !reflect.DeepEqual(counts, want) {
			t.Errorf("got %v, want %v", counts, want)
		}
	})
	t.Run("series of a zone without domains", func(t *testing.T) {
		t.Parallel()
		sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"www.example.com": {30}})})
		sim.Inject(teosim.Fault{Name: teosim.APIError, Action: timingL7, Value: refused})
		_, counts := l7Counts(t, sim, 2, "www.example.com")
		if want := map[string][]int64{"www.example.com": unknown}; !reflect.DeepEqual(counts, want) {
			t.Errorf("got %v, want %v", counts, want)
		}
	})
	t.Run("domains of an hour", func(t *testing.T) {
		t.Parallel()
		sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{
			"a.example.com": {0, 1}, "b.example.com": {0, 1}, "c.example.com": {1},
		})})
		sim.Inject(teosim.Fault{Name: teosim.APIError, Action: topL7, Value: refused, Skip: 1, Times: 2})
		_, counts := l7Counts(t, sim, 2)
		if want := map[string][]int64{"a.example.com": unknown, "b.example.com": unknown, "c.example.com": unknown}; !reflect.DeepEqual(counts, want) {
			t.Errorf("got %v, want %v", counts, want)
		}
	})
	t.Run("series of a proxy", func(t *testing.T) {
		t.Parallel()
		sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"sid-1": {0}})})
		sim.Inject(teosim.Fault{Name: teosim.APIError, Action: timingL4, Value: refused, Skip: 1})
		traffic, err := newClient(t, sim, teo.Options{}).L4Traffic(t.Context(), "zone-1", windowStart, windowStart.Add(2*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		counts, err := traffic.Counts(t.Context(), []string{"sid-1"})
		if err != nil || !slices.Equal(counts["sid-1"], unknown) {
			t.Errorf("got %v, %v, want %v", counts, err, unknown)
		}
	})
}

// A thousand domains may not be all, so that an absent one is asked for by name.
func TestADomainThatACutOffListLacksIsAskedForByName(t *testing.T) {
	t.Parallel()
	for _, domains := range []int{999, 1000, 1001} {
		hours := map[string][]int{}
		for i := range domains {
			hours[fmt.Sprintf("www%d.example.com", i)] = []int{0}
		}
		sim := startSim(t, teosim.Options{Catalogue: visited(hours)})
		traffic, err := newClient(t, sim, teo.Options{}).L7Traffic(t.Context(), "zone-1", windowStart, windowStart.Add(48*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if traffic.CutOff() != (domains >= 1000) || len(traffic.Domains()) != min(domains, 1000) {
			t.Errorf("%d domains: %d were listed, cut off is %t", domains, len(traffic.Domains()), traffic.CutOff())
		}
		counts, err := traffic.Counts(t.Context(), []string{"www7.example.com", "www999.example.com", "none.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		last := int64(0)
		if domains >= 1000 {
			last = 10 // the first to be cut off: names are sorted as texts
		}
		if counts["www7.example.com"][0] != 10 || counts["www999.example.com"][0] != last || counts["none.example.com"][0] != 0 {
			t.Errorf("%d domains: %v, %v", domains, counts["www999.example.com"][:3], counts["none.example.com"][:3])
		}
	}
}

// By the hour, a domain that is absent from a thousand may have requests.
func TestADomainThatACutOffHourLacksIsUnknown(t *testing.T) {
	t.Parallel()
	hours := map[string][]int{}
	for i := range 1001 {
		hours[fmt.Sprintf("www%d.example.com", i)] = []int{0}
	}
	sim := startSim(t, teosim.Options{Catalogue: visited(hours)})
	sim.Inject(teosim.Fault{Name: teosim.SetField, Action: topL7, Value: "Data.DetailData.Value=1"})
	_, counts := l7Counts(t, sim, 2, "www7.example.com", "www999.example.com", "none.example.com")
	want := map[string][]int64{"www7.example.com": {1, 0}, "www999.example.com": {teo.Unknown, 0}, "none.example.com": {teo.Unknown, 0}}
	if !reflect.DeepEqual(counts, want) {
		t.Errorf("got %v, want %v", counts, want)
	}
}

func TestProxiesAreCountedInBytes(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]teosim.AnalyticsOptions{"a point at the end": {PointAtEnd: true}, "sparse": {Sparse: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{
				Catalogue: visited(map[string][]int{"sid-1": {0, 3}, "sid-2": {30}}), Analytics: options,
			})
			client := newClient(t, sim, teo.Options{})
			proxies, err := client.L4Proxies(t.Context(), "zone-1")
			if err != nil || len(proxies) != 2 || proxies[0] != (teo.L4Proxy{ID: "sid-1", ZoneID: "zone-1", Name: "proxy-sid-1", Area: "global", Status: "online"}) {
				t.Errorf("%+v, %v", proxies, err)
			}
			traffic, err := client.L4Traffic(t.Context(), "zone-1", windowStart, windowStart.Add(3*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			counts, err := traffic.Counts(t.Context(), []string{"sid-1", "sid-2"})
			want := map[string][]int64{"sid-1": {500_000, 0, 0}, "sid-2": {0, 0, 0}}
			if err != nil || !reflect.DeepEqual(counts, want) {
				t.Errorf("got %v, %v, want %v", counts, err, want)
			}
			if n := sim.Count("", timingL4); n != 3 {
				t.Errorf("%d requests, want one for the zone and one for each proxy", n)
			}
		})
	}
}

// What a zone of layer 4 has says whether the series of its proxies are requested, and what
// their hours are without: an hour of the zone without a value is unknown, not quiet.
func TestProxiesAreCountedWhereTheirZoneIsNotQuiet(t *testing.T) {
	t.Parallel()
	const null = "Data.TypeValue.Detail.Value=null"
	unknown := []int64{teo.Unknown, teo.Unknown}
	for name, test := range map[string]struct {
		visit    int
		fault    teosim.Fault
		want     []int64
		requests int
	}{
		"quiet":                     {visit: 30, want: []int64{0, 0}, requests: 1},
		"no series":                 {visit: 0, fault: teosim.Fault{Name: teosim.NullField, Value: "Data"}, want: unknown, requests: 1},
		"no values of the zone":     {visit: 0, fault: teosim.Fault{Name: teosim.SetField, Value: null, Times: 1}, want: []int64{500_000, 0}, requests: 2},
		"no values of zone or host": {visit: 0, fault: teosim.Fault{Name: teosim.SetField, Value: null}, want: unknown, requests: 2},
	} {
		sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"sid-1": {test.visit}})})
		if test.fault.Name != "" {
			sim.Inject(test.fault)
		}
		traffic, err := newClient(t, sim, teo.Options{}).L4Traffic(t.Context(), "zone-1", windowStart, windowStart.Add(2*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		counts, err := traffic.Counts(t.Context(), []string{"sid-1"})
		if err != nil || !slices.Equal(counts["sid-1"], test.want) {
			t.Errorf("%s: got %v, %v, want %v", name, counts, err, test.want)
		}
		checkCount(t, sim, test.requests)
	}
}

// Analytics are limited and retried like all calls, and their errors are typed.
func TestErrorsOfTheAnalyticsAreTypedAndRetried(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Catalogue: visited(map[string][]int{"www.example.com": {0}})})
	sim.Inject(teosim.Fault{Name: teosim.Throttled, Action: topL7, Times: 1})
	sim.Inject(teosim.Fault{Name: teosim.BadGateway, Action: timingL7, Times: 1})
	if _, counts := l7Counts(t, sim, 1); counts["www.example.com"][0] != 10 {
		t.Errorf("got %v", counts)
	}
	for _, action := range []string{topL7, timingL7} {
		sim.ClearFaults()
		sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: action})
		traffic, err := newClient(t, sim, teo.Options{}).L7Traffic(t.Context(), "zone-1", windowStart, windowStart.Add(time.Hour))
		if err == nil {
			_, err = traffic.Counts(t.Context(), []string{"www.example.com"})
		}
		if failure := tcapi.AsError(err); failure == nil || failure.Action != action || failure.Code != "UnauthorizedOperation.CamUnauthorized" {
			t.Errorf("%s: %v", action, err)
		}
	}
}

// Whichever of its requests fails, traffic is an error, and not a part of the counts.
func TestTrafficFailsWithEachOfItsRequests(t *testing.T) {
	t.Parallel()
	several := map[string][]int{}
	for i := range 5 {
		several[fmt.Sprintf("www%d.example.com", i)] = []int{0, 2}
	}
	for name, test := range map[string]struct {
		visits   map[string][]int
		hours    int
		layer    teo.Layer
		refused  int // requests of windows that are beyond the look-back
		requests int // besides those
	}{
		"by the domain":         {visits: map[string][]int{"www.example.com": {0}, "api.example.com": {1}}, hours: 3, requests: 1 + 2},
		"by the hour":           {visits: several, hours: 3, requests: 1 + 3 + 1},
		"each hour has domains": {visits: map[string][]int{"www.example.com": {0, 1}, "api.example.com": {0, 1}, "cdn.example.com": {0}}, hours: 2, requests: 1 + 2},
		"without domains":       {visits: map[string][]int{"www.example.com": {30}}, hours: 2, requests: 1 + 1},
		"beyond the look-back":  {visits: map[string][]int{"www.example.com": {30}}, hours: 48, refused: 1, requests: 1 + 1},
		"by the proxy":          {visits: map[string][]int{"sid-1": {0}, "sid-2": {1}}, hours: 3, layer: teo.L4, requests: 1 + 2},
		"proxies, looking back": {visits: map[string][]int{"sid-1": {30}}, hours: 48, layer: teo.L4, refused: 1, requests: 1 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for skip := range test.requests + 1 {
				sim := startSim(t, teosim.Options{Catalogue: visited(test.visits)})
				if test.refused > 0 {
					sim.Inject(teosim.Fault{Name: teosim.APIError, Value: "LimitExceeded.QueryTimeLimitExceeded: too early", Times: test.refused})
				}
				sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Skip: skip})
				client := newClient(t, sim, teo.Options{})
				read := client.L7Traffic
				if test.layer == teo.L4 {
					read = client.L4Traffic
				}
				traffic, err := read(t.Context(), "zone-1", windowStart, windowStart.Add(time.Duration(test.hours)*time.Hour))
				var counts map[string][]int64
				if err == nil {
					counts, err = traffic.Counts(t.Context(), slices.Collect(maps.Keys(test.visits)))
				}
				complete := skip == test.requests
				if failure := tcapi.AsError(err); (failure == nil) != complete || (counts != nil) != complete {
					t.Errorf("after %d requests: got %v, %v", skip, counts, err)
				}
			}
		})
	}
}

// The points of an hour are added up. One without a value makes its hour unknown,
// whichever comes first. Points of other metrics and outside of the window do not count.
func TestTheCountOfAnHourIsThatOfItsPoints(t *testing.T) {
	t.Parallel()
	point := func(minutes int, value string) string {
		return fmt.Sprintf(`{"Timestamp":%d,"Value":%s}`, windowStart.Add(time.Duration(minutes)*time.Minute).Unix(), value)
	}
	detail := strings.Join([]string{
		point(-1, "1"), point(0, "10"), point(59, "3"), point(60, "null"), point(61, "5"), point(120, "5"), point(121, "null"), point(180, "-4"), point(240, "1"),
	}, ",")
	client, _ := replayed(`{"Response":{"Data":[{"DetailData":[{"Key":"www.example.com","Value":1},{"Key":"WWW.example.com","Value":-5},{"Key":"api.example.com","Value":0},{"Key":"","Value":1}]}],"RequestId":"r-1"}}`+"\n"+
		fmt.Sprintf(`{"Response":{"Data":[{"TypeValue":[{"MetricName":"l7Flow_outFlux","Detail":[%s]},{"MetricName":"l7Flow_request","Detail":[%s]}]}],"RequestId":"r-2"}}`,
			point(0, "1000"), detail), "")
	traffic, err := client.L7Traffic(t.Context(), "zone-1", windowStart, windowStart.Add(4*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	counts, err := traffic.Counts(t.Context(), traffic.Domains())
	if want := map[string][]int64{"www.example.com": {13, teo.Unknown, teo.Unknown, 0}, "api.example.com": {0, 0, 0, 0}}; err != nil || !reflect.DeepEqual(counts, want) {
		t.Errorf("got %v, %v, want %v", counts, err, want)
	}
}

// A list that is longer than the query allows is read in parts, each package
// once. Packages across two parts are not visited twice.
func TestALongListIsWalkedInPartsWithEachPackageOnce(t *testing.T) {
	t.Parallel()
	const hours = 100
	c := teosim.Generate(teosim.GenerateOptions{Slots: hours})
	for n := range hours - 1 {
		// One that crosses an hour.
		at := windowStart.Add(time.Duration(n)*time.Hour + 30*time.Minute)
		c.L7 = append(c.L7, teosim.Package{
			ZoneID: "zone-gen0000", Host: "odd.site0.example", Name: teosim.PackageName("odd.site0.example", at, time.Minute), Start: at, End: at.Add(time.Hour),
		})
	}
	for most, test := range map[int]struct{ pageSize, limit, requests int }{
		1000: {pageSize: teo.MaxPageSize, limit: 300, requests: 1},
		120:  {limit: 300, requests: 1 + 3}, // a third of the window for a third of the 299 packages
		10:   {pageSize: 7, limit: 7},
		4:    {limit: 300},
		3:    {limit: 300},
	} {
		sim := startSim(t, teosim.Options{Catalogue: c})
		seen := map[string]int{}
		err := newClient(t, sim, teo.Options{APIVersion: teo.Version20220106}).WalkPackages(t.Context(), teo.L7, "zone-gen0000", teo.Query{
			Start: windowStart, End: windowStart.Add(hours * time.Hour), MaxPackages: most, PageSize: test.pageSize,
		}, func(p *teo.Package) { seen[p.Area+p.Name]++ })
		if first := requests(t, sim, teo.Version20220901, logs)[0]; first.Limit != test.limit {
			t.Errorf("at most %d: the limit is %d, want %d", most, first.Limit, test.limit)
		}
		if test.requests > 0 {
			checkCount(t, sim, test.requests)
		}
		if most == 3 {
			// An hour has up to four packages, and cannot be divided.
			var many *teo.TooManyError
			if !errors.As(err, &many) {
				t.Errorf("at most %d: %v", most, err)
			}
			continue
		}
		if err != nil || len(seen) != 2*hours+hours-1 {
			t.Errorf("at most %d: %d packages, %v", most, len(seen), err)
		}
		for name, times := range seen {
			if times != 1 {
				t.Fatalf("at most %d: %s was visited %d times", most, name, times)
			}
		}
	}
}
