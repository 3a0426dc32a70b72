package teosim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var morning = time.Date(2022, 5, 4, 0, 0, 0, 0, time.UTC)

// counted is an account with one domain: three hours of packages, of which one
// is lost, one is not counted, and one was blocked by the protection.
func counted() Catalogue {
	zone := Zone{ID: "zone-1", Name: "example.com"}
	hour := func(n int) Package {
		at := morning.Add(time.Duration(n) * time.Hour)
		return Package{
			ZoneID: zone.ID, Host: "www.example.com", Area: "mainland", Name: PackageName("www.example.com", at, time.Hour),
			Start: at, End: at.Add(time.Hour), LinesPerMember: 10 * (n + 1),
		}
	}
	listed, lost, uncounted, mitigated := hour(0), hour(1), hour(2), hour(3)
	lost.Lost, uncounted.Uncounted, mitigated.Mitigated = true, true, true
	c := Catalogue{Zones: []Zone{zone}, L7: []Package{listed, lost, uncounted, mitigated}}
	for n := range 3 {
		at := morning.Add(time.Duration(n) * time.Hour)
		c.L4 = append(c.L4, Package{
			ZoneID: zone.ID, Host: "sid-1", Area: "mainland", Name: PackageName("sid-1", at, time.Hour), Start: at, End: at.Add(time.Hour),
		})
	}
	return c
}

// series are the points of the first integer series of a response.
func series(t *testing.T, r response) (points map[string]int64, sum int64) {
	t.Helper()
	if r.Error != nil {
		t.Fatal(r.Error)
	}
	var data []struct {
		TypeValue []struct {
			Sum    int64
			Detail []struct{ Timestamp, Value int64 }
		}
	}
	if err := json.Unmarshal(r.raw["Data"], &data); err != nil {
		t.Fatal(err)
	}
	points = map[string]int64{}
	for _, record := range data {
		for _, p := range record.TypeValue[0].Detail {
			points[time.Unix(p.Timestamp, 0).UTC().Format("02 15:04")] = p.Value
		}
		sum += record.TypeValue[0].Sum
	}
	return points, sum
}

// timing is the body of a request for hourly requests from 00:00 to 04:00.
func timing(more string) string {
	return `{"StartTime":"2022-05-04T00:00:00Z","EndTime":"2022-05-04T04:00:00Z","MetricNames":["l7Flow_request"],"ZoneIds":["zone-1"],"Interval":"hour"` + more + `}`
}

// The analytics count lost packages, but not blocked requests. The list has packages
// that the analytics do not count.
func TestAnalyticsCountTheCatalogue(t *testing.T) {
	t.Parallel()
	c := newCaller(t, start(t, Options{Catalogue: counted()}))
	points, sum := series(t, c.call(version20220901, "DescribeTimingL7AnalysisData", timing("")))
	if fmt.Sprint(points) != "map[04 00:00:10 04 01:00:20 04 02:00:0 04 03:00:0]" || sum != 30 {
		t.Errorf("%v, %d in all", points, sum)
	}
	blocked := `,"Filters":[{"Key":"mitigatedByWebSecurity","Operator":"equals","Value":["yes"]}]`
	if _, sum = series(t, c.call(version20220901, "DescribeTimingL7AnalysisData", timing(blocked))); sum != 40 {
		t.Errorf("%d blocked requests, want 40", sum)
	}
	list := c.call(version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"]`))
	if len(list.Data) != 2 || *list.TotalCount != 2 {
		t.Errorf("%d packages are listed, want 2", len(list.Data))
	}
}

// The buckets of +08:00 days are those of UTC, intervals are chosen by length,
// and options add a point at the end and gaps.
func TestBucketsOfTheAnalyticsAreThoseOfUTC(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options AnalyticsOptions
		body    string
		first   string
		points  int
	}{
		{name: "hours", body: timing(""), first: "04 00:00", points: 4},
		{name: "an offset", body: `{"StartTime":"2022-05-04T00:30:00+08:00","EndTime":"2022-05-04T10:00:00+08:00","MetricNames":["l7Flow_request"],"ZoneIds":["*"],"Interval":"hour"}`, first: "03 16:00", points: 10},
		{name: "a day", body: `{"StartTime":"2022-05-04T00:00:00+08:00","EndTime":"2022-05-04T10:00:00+08:00","MetricNames":["l7Flow_request"],"ZoneIds":["*"],"Interval":"day"}`, first: "03 00:00", points: 2},
		{name: "without an interval", body: `{"StartTime":"2022-05-04T00:00:00Z","EndTime":"2022-05-06T00:00:00Z","MetricNames":["l7Flow_request"],"ZoneIds":["*"]}`, first: "04 00:00", points: 576},
		{name: "a point at the end", options: AnalyticsOptions{PointAtEnd: true}, body: timing(""), first: "04 00:00", points: 5},
		{name: "sparse", options: AnalyticsOptions{Sparse: true}, body: timing(""), first: "04 00:00", points: 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, start(t, Options{Catalogue: counted(), Analytics: test.options}))
			points, _ := series(t, c.call(version20220901, "DescribeTimingL7AnalysisData", test.body))
			var times []string
			for at := range points {
				times = append(times, at)
			}
			if len(times) != test.points || slices.Min(times) != test.first {
				t.Errorf("%d points from %s", len(times), slices.Min(times))
			}
		})
	}
}

// Quarters of an hour add up, and a bucket has its part of a package.
func TestAnalyticsDividePackages(t *testing.T) {
	t.Parallel()
	cat := Catalogue{Zones: []Zone{{ID: "zone-1", Name: "example.com"}}}
	for n := range 4 {
		at := morning.Add(time.Duration(n) * 15 * time.Minute)
		cat.L7 = append(cat.L7, Package{
			ZoneID: "zone-1", Host: "www.example.com", Name: PackageName("www.example.com", at, 15*time.Minute),
			Start: at, End: at.Add(15*time.Minute - time.Second), Requests: 30,
		})
	}
	c := newCaller(t, start(t, Options{Catalogue: cat}))
	points, _ := series(t, c.call(version20220901, "DescribeTimingL7AnalysisData", timing("")))
	if points["04 00:00"] != 120 || points["04 01:00"] != 0 {
		t.Errorf("%v", points)
	}
	points, _ = series(t, c.call(version20220901, "DescribeTimingL7AnalysisData", strings.Replace(timing(""), `"hour"`, `"min"`, 1)))
	if len(points) != 240 || points["04 00:07"] != 2 {
		t.Errorf("%d points, %v", len(points), points["04 00:07"])
	}
}

// Series without traffic and of an unknown domain.
func TestASeriesWithoutTrafficHasTheFormOfTheOptions(t *testing.T) {
	t.Parallel()
	quiet := `{"StartTime":"2022-05-05T00:00:00Z","EndTime":"2022-05-05T02:00:00Z","MetricNames":["l7Flow_request"],"ZoneIds":["zone-1"],"Interval":"hour"}`
	unknown := timing(`,"Filters":[{"Key":"domain","Operator":"equals","Value":["none.example.com"]}]`)
	for _, test := range []struct {
		options AnalyticsOptions
		body    string
		want    string
	}{
		{AnalyticsOptions{}, quiet, `"Detail":[{`},
		{AnalyticsOptions{Sparse: true}, quiet, `"Detail":[],`},
		{AnalyticsOptions{NullDetail: true}, quiet, `"Detail":null`},
		{AnalyticsOptions{NullData: true}, quiet, `null`},
		{AnalyticsOptions{}, unknown, `[]`},
	} {
		c := newCaller(t, start(t, Options{Catalogue: counted(), Analytics: test.options}))
		if data := string(c.call(version20220901, "DescribeTimingL7AnalysisData", test.body).raw["Data"]); !strings.Contains(data, test.want) {
			t.Errorf("%+v: %s, want %s", test.options, data, test.want)
		}
	}
}

func TestTheTopDomainsAreSortedByRequests(t *testing.T) {
	t.Parallel()
	c := newCaller(t, start(t, Options{Rates: Unlimited()}))
	top := func(more string) string {
		return `{"StartTime":"2022-05-04T00:00:00Z","EndTime":"2022-05-11T00:00:00Z","MetricName":"l7Flow_request_domain","ZoneIds":["*"]` + more + `}`
	}
	var data []struct{ DetailData []struct{ Key string } }
	names := func(more string) (all []string) {
		r := c.call(version20220901, "DescribeTopL7AnalysisData", top(more))
		if err := json.Unmarshal(r.raw["Data"], &data); err != nil || r.Error != nil {
			t.Fatal(err, r.Error)
		}
		for _, d := range data[0].DetailData {
			all = append(all, d.Key)
		}
		return all
	}
	if got := names(""); len(got) != 5 || got[0] != "www.example.com" {
		t.Errorf("%v", got)
	}
	if got := names(`,"Limit":2,"Interval":"min"`); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestTheAnalyticsOfLayer4CountBytes(t *testing.T) {
	t.Parallel()
	c := newCaller(t, start(t, Options{Catalogue: counted()}))
	request := `{"StartTime":"2022-05-04T00:00:00Z","EndTime":"2022-05-04T04:00:00Z","MetricNames":["l4Flow_flux","l4Flow_newConnectionsRate"],"ZoneIds":["zone-1"],"Interval":"hour","ProxyIds":["sid-1"]}`
	points, _ := series(t, c.call(version20220901, "DescribeTimingL4Data", request))
	if points["04 00:00"] != 1_000_000 || points["04 03:00"] != 0 {
		t.Errorf("%v", points)
	}
	r := c.call(version20220901, "DescribeL4Proxy", `{"ZoneId":"zone-1","Limit":1000}`)
	if !strings.Contains(string(r.raw["L4Proxies"]), `"ProxyId":"sid-1"`) || *r.TotalCount != 1 {
		t.Errorf("%s", r.raw["L4Proxies"])
	}
	r = c.call(version20220901, "DescribeL4Proxy", `{"ZoneId":"zone-1","Filters":[{"Name":"proxy-id","Values":["sid-2"]}]}`)
	if *r.TotalCount != 0 {
		t.Errorf("%d proxies", *r.TotalCount)
	}
}

// Requests that the analytics reject.
func TestAnalyticsAreStrict(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return morning.AddDate(0, 0, 10) }
	c := newCaller(t, start(t, Options{Catalogue: counted(), Now: now, Rates: Unlimited(), Analytics: AnalyticsOptions{LookBack: 31 * 24 * time.Hour}}))
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf("zone-%d", i)
	}
	list, _ := json.Marshal(many)
	const timingL7, topL7, timingL4, proxies = "DescribeTimingL7AnalysisData", "DescribeTopL7AnalysisData", "DescribeTimingL4Data", "DescribeL4Proxy"
	top := strings.Replace(timing(""), `"MetricNames":["l7Flow_request"]`, `"MetricName":"l7Flow_request_domain"`, 1)
	for _, test := range []struct{ name, action, body, code string }{
		{"an unknown parameter", timingL7, timing(`,"Zones":["a"]`), "UnknownParameter"},
		{"no zones", timingL7, strings.Replace(timing(""), `"ZoneIds":["zone-1"],`, "", 1), "MissingParameter"},
		{"empty zones", timingL7, strings.Replace(timing(""), `["zone-1"]`, "[]", 1), "MissingParameter"},
		{"no metric", timingL7, strings.Replace(timing(""), `"MetricNames":["l7Flow_request"],`, "", 1), "MissingParameter"},
		{"101 zones", timingL7, strings.Replace(timing(""), `["zone-1"]`, string(list), 1), "InvalidParameterValue"},
		{"a star and a zone", timingL7, strings.Replace(timing(""), `["zone-1"]`, `["*","zone-1"]`, 1), "InvalidParameterValue"},
		{"32 days", timingL7, strings.Replace(timing(""), "2022-05-04T04", "2022-06-05T00", 1), "InvalidParameter"},
		{"an empty window", timingL7, strings.Replace(timing(""), "2022-05-04T04", "2022-05-04T00", 1), "InvalidParameter"},
		{"an unknown metric", timingL7, strings.Replace(timing(""), "l7Flow_request", "l7Flow_requests", 1), "InvalidParameterValue"},
		{"an unknown interval", timingL7, strings.Replace(timing(""), `"hour"`, `"1h"`, 1), "InvalidParameterValue"},
		{"an unknown key", timingL7, timing(`,"Filters":[{"Key":"host","Operator":"equals","Value":["a"]}]`), "InvalidParameterValue"},
		{"an unknown operator", timingL7, timing(`,"Filters":[{"Key":"domain","Operator":"is","Value":["a"]}]`), "InvalidParameterValue"},
		{"a filter without a value", timingL7, timing(`,"Filters":[{"Key":"domain","Operator":"equals"}]`), "MissingParameter"},
		{"beyond the look-back", timingL7, strings.Replace(timing(""), "2022-05-04T00", "2022-04-12T00", 1), "LimitExceeded.QueryTimeLimitExceeded"},
		{"metrics of layer 7", timingL4, timing(""), "InvalidParameterValue"},
		{"top", topL7, top, ""},
		{"several metrics", topL7, timing(""), "UnknownParameter"},
		{"a limit of 1001", topL7, strings.TrimSuffix(top, "}") + `,"Limit":1001}`, "InvalidParameterValue"},
		{"proxies without a zone", proxies, `{}`, "MissingParameter"},
		{"1001 proxies", proxies, `{"ZoneId":"zone-1","Limit":1001}`, "InvalidParameterValue"},
		{"an unknown filter", proxies, `{"ZoneId":"zone-1","Filters":[{"Name":"name","Values":["a"]}]}`, "InvalidParameterValue"},
	} {
		if got := c.call(version20220901, test.action, test.body).code(); got != test.code {
			t.Errorf("%s: %q, want %q", test.name, got, test.code)
		}
	}
}
