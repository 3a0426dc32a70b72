package teo_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Every package of a generated catalogue begins within this window.
var (
	windowStart = time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	windowEnd   = windowStart.AddDate(2, 0, 0)
)

// everything is a query for all packages with a page size.
func everything(pageSize int) teo.Query {
	return teo.Query{Start: windowStart, End: windowEnd, PageSize: pageSize}
}

// catalogue has one zone and n packages: two domains, two areas, hour by hour,
// so that mainland and overseas packages have the same names.
func catalogue(n int) teosim.Catalogue {
	c := teosim.Generate(teosim.GenerateOptions{Domains: 2, Count: max(1, n)})
	c.L7 = c.L7[:n]
	return c
}

// startSim starts a simulator without rate limits, unless the options have some.
func startSim(t testing.TB, o teosim.Options) *teosim.Sim {
	t.Helper()
	if o.Rates == nil {
		o.Rates = teosim.Unlimited()
	}
	return simtest.Start(t, o)
}

// newClient returns a client without a rate limit in practice.
func newClient(t testing.TB, sim *teosim.Sim, o teo.Options) *teo.Client {
	t.Helper()
	return teo.New(simtest.Client(t, sim), o)
}

// newCaller returns a client with a maximum rate in requests per second; 0 means 0.9
// times the documented limit.
func newCaller(t testing.TB, sim *teosim.Sim, perSecond float64) *tcapi.Client {
	t.Helper()
	return simtest.Client(t, sim, func(c *tcapi.Config) { c.Limiters = &tcapi.Limiters{PerSecond: perSecond} })
}

// row has the fields of a listing that distinguish packages.
type row struct {
	Start            time.Time
	Host, Area, Name string
}

func compareRows(a, b row) int {
	return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Area, b.Area), cmp.Compare(a.Name, b.Name))
}

// catalogued is the expected listing of packages: each once, in order of start, host,
// area and name.
func catalogued(packages []teosim.Package, areas bool) []row {
	rows := make([]row, 0, len(packages))
	for _, p := range packages {
		r := row{p.Start, p.Host, p.Area, p.Name}
		if !areas {
			r.Area = ""
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, compareRows)
	return rows
}

// listed returns the rows of a listing.
func listed(l *teo.Listing) []row {
	rows := make([]row, 0, len(l.Packages))
	for i := range l.Packages {
		p := &l.Packages[i]
		rows = append(rows, row{p.Start.Time, p.Host(), p.Area, p.Name})
	}
	return rows
}

// checkExact fails unless a listing has exactly the layer-7 packages of the
// simulator. Rows of 2022-01-06 have no area, so packages of two areas are
// distinguished by their URLs only.
func checkExact(t *testing.T, sim *teosim.Sim, l *teo.Listing) {
	t.Helper()
	checkPackages(t, sim.Catalogue().L7, l)
}

func checkPackages(t *testing.T, want []teosim.Package, l *teo.Listing) {
	t.Helper()
	areas := len(l.Packages) > 0 && l.Packages[0].Area != ""
	checkRows(t, catalogued(want, areas), listed(l))
	urls := map[string]bool{}
	for _, p := range l.Packages {
		if p.URL != "" && urls[p.URL] {
			t.Errorf("%s is listed twice with the same URL", p.Name)
		}
		urls[p.URL] = true
		if p.RequestID == "" {
			t.Errorf("%s came without the ID of its request", p.Name)
		}
	}
}

func checkRows(t *testing.T, want, got []row) {
	t.Helper()
	if slices.Equal(want, got) {
		return
	}
	t.Errorf("%d packages are listed, want %d", len(got), len(want))
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			t.Fatalf("the first one missing is %v", want[i])
		case i >= len(want):
			t.Fatalf("the first one too many is %v", got[i])
		case want[i] != got[i]:
			t.Fatalf("package %d is %v, want %v", i, got[i], want[i])
		}
	}
}

// sent are the parameters of a request that are checked.
type sent struct {
	PageSize, PageNo, Limit, Offset int
	ZoneIds, Domains, ProxyIds      []string // as on the wire
	Filters                         []struct {
		Name   string
		Values []string
	}
}

// requests are those of an action that arrived, in order.
func requests(t testing.TB, sim *teosim.Sim, version, action string) []sent {
	t.Helper()
	var all []sent
	for _, r := range sim.Requests() {
		if r.Version != version || r.Action != action {
			continue
		}
		var s sent
		if err := json.Unmarshal(r.Body, &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// requestID returns the ID of the only log request that matches.
func requestID(t testing.TB, sim *teosim.Sim, matches func(sent) bool) string {
	t.Helper()
	var found []string
	for _, r := range sim.Requests() {
		var s sent
		if err := json.Unmarshal(r.Body, &s); err != nil {
			t.Fatal(err)
		}
		if r.Action == logs && matches(s) {
			found = append(found, r.RequestID)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d requests match, want 1", len(found))
	}
	return found[0]
}

// countingTransport counts the requests that are sent.
type countingTransport struct {
	next http.RoundTripper
	sent atomic.Int32
}

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent.Add(1)
	return c.next.RoundTrip(r)
}

// checkCount checks the total number of requests.
func checkCount(t testing.TB, sim *teosim.Sim, want int) {
	t.Helper()
	if got := sim.Count("", ""); got != want {
		t.Errorf("%d requests were sent, want %d", got, want)
	}
}

// list lists layer 7 or fails.
func list(t testing.TB, c *teo.Client, q teo.Query) *teo.Listing {
	t.Helper()
	l, err := c.L7Logs(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
