package teo_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Packages are sorted by start, host, area, name, and path if they have no area, in
// this order: each of these rows comes before the next by one field, and after it by all
// later fields.
func TestPackagesAreSortedByStartHostAreaNameAndPath(t *testing.T) {
	t.Parallel()
	var rows []string
	for i, p := range []struct{ start, host, area, name, path string }{
		{"2022-05-01T00:00:00Z", "z.example", "overseas", "20220501-09-z", "/"},
		{"2022-05-01T01:00:00Z", "a.example", "overseas", "20220501-08-z", "/"},
		{"2022-05-01T01:00:00Z", "b.example", "mainland", "20220501-07-z", "/"},
		{"2022-05-01T01:00:00Z", "b.example", "overseas", "20220501-05-a", "/"},
		{"2022-05-01T01:00:00Z", "b.example", "overseas", "20220501-06-a", "/"},
		{"2022-05-01T02:00:00Z", "c.example", "", "20220501-03-a", "/3"},
		{"2022-05-01T02:00:00Z", "c.example", "", "20220501-04-a", "/1"},
		{"2022-05-01T02:00:00Z", "c.example", "", "20220501-04-a", "/2"},
	} {
		rows = append(rows, fmt.Sprintf(`{"LogStartTime":%q,"Domain":%q,"Area":%q,"LogPacketName":%q,"Url":"https://a.example%s","Size":%d}`, p.start, p.host, p.area, p.name, p.path, i))
	}
	slices.Reverse(rows)
	client, _ := replayed(fmt.Sprintf(`{"Response":{"Data":[%s],"TotalCount":8,"RequestId":"r"}}`, strings.Join(rows, ",")), teo.Version20220901)
	for i, p := range list(t, client, everythingByID(10)).Packages {
		if *p.Size != int64(i) {
			t.Errorf("package %d is the one expected at %d: %+v", i, *p.Size, p.Identity())
		}
	}
}

// The identity of a package is its area, host, name and start. Without an area it is the
// path of the URL instead.
func TestTheIdentityOfAPackageIsAreaHostNameAndStart(t *testing.T) {
	t.Parallel()
	start := teo.Time{Time: windowStart}
	for want, p := range map[teo.Identity]teo.Package{
		{Area: "mainland", Host: "a.example", Name: "n", Start: windowStart.Unix()}: {Area: "mainland", Domain: "a.example", Name: "n", Start: start, URL: "https://b.example/c?d"},
		{Area: "overseas", Host: "sid-1", Name: "n", Start: windowStart.Unix()}:     {Area: "overseas", ProxyID: "sid-1", Name: "n", Start: start, URL: "https://b.example/c?d"},
		{Host: "a.example", Name: "n", Start: windowStart.Unix(), Source: "/c"}:     {Domain: "a.example", Name: "n", Start: start, URL: "https://b.example/c?d"},
	} {
		if got := p.Identity(); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// The path of a URL has neither its host nor its query, which contains the signature.
func TestThePathOfAURLHasNeitherHostNorQuery(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://log.example/2022/a.gz?sign=s/e": "/2022/a.gz",
		"log.example/a.gz":                       "/a.gz",
		"/a.gz?sign=s":                           "/a.gz",
		"https://log.example/":                   "/",
		"https://log.example?sign=s":             "",
		"":                                       "",
	} {
		if got := (&teo.Package{URL: url}).SourcePath(); got != want {
			t.Errorf("%s: the path is %q, want %q", url, got, want)
		}
	}
}

// Proxies are sorted by ID, whatever order the service lists them in.
func TestProxiesAreSortedByID(t *testing.T) {
	t.Parallel()
	client, _ := replayed(`{"Response":{"TotalCount":3,"L4Proxies":[`+
		`{"ProxyId":"sid-3","ProxyName":"a"},{"ProxyId":"sid-1","ProxyName":"c"},{"ProxyId":"sid-2","ProxyName":"b"}],"RequestId":"r"}}`, "")
	proxies, err := client.L4Proxies(t.Context(), "zone-1")
	if err != nil || len(proxies) != 3 || proxies[0].ID != "sid-1" || proxies[1].ID != "sid-2" || proxies[2].ID != "sid-3" {
		t.Errorf("got %+v, %v", proxies, err)
	}
}

// Proxies are asked for in pages of 1000.
func TestProxiesAreAskedForInPagesOf1000(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Catalogue: teosim.Generate(teosim.GenerateOptions{Proxies: 1001, Slots: 1, Areas: []string{"mainland"}})})
	proxies, err := newClient(t, sim, teo.Options{}).L4Proxies(t.Context(), "zone-gen0000")
	if err != nil || len(proxies) != 1001 {
		t.Errorf("got %d proxies, %v, want 1001", len(proxies), err)
	}
	checkCount(t, sim, 2)
}

// An incomplete list of proxies says which request had the last count.
func TestAnIncompleteListOfProxiesIsAnError(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{})
	sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: "3", Action: "DescribeL4Proxy"})
	_, err := newClient(t, sim, teo.Options{}).L4Proxies(t.Context(), "zone-2demo00001cn")
	var incomplete *teo.IncompleteError
	if !errors.As(err, &incomplete) || incomplete.Action != "DescribeL4Proxy" || incomplete.RequestID == "" || incomplete.Total != 3 {
		t.Errorf("got %v, want an IncompleteError with a request ID", err)
	}
}

// Proxies that the service lists twice are one. Of those without an ID it is not known.
func TestProxiesThatAreListedTwiceAreOne(t *testing.T) {
	t.Parallel()
	client, _ := replayed(`{"Response":{"TotalCount":5,"L4Proxies":[{"ProxyId":"sid-2"},{"ProxyName":"a"},{"ProxyId":"sid-1"},{"ProxyName":"b"},{"ProxyId":"sid-2"}],"RequestId":"r"}}`, "")
	proxies, err := client.L4Proxies(t.Context(), "zone-1")
	var ids []string
	for _, p := range proxies {
		ids = append(ids, p.ID)
	}
	if want := []string{"", "", "sid-1", "sid-2"}; err != nil || !slices.Equal(ids, want) {
		t.Errorf("got %q, %v, want %q", ids, err, want)
	}
}

// A row that is listed because its URL is on another host has its place by time.
func TestRowsOfTwoHostsAreInOrderOfTime(t *testing.T) {
	t.Parallel()
	var rows []string
	for _, p := range []struct{ hour, host string }{{"02", "cn"}, {"03", "cn"}, {"02", "os"}} {
		rows = append(rows, fmt.Sprintf(`{"LogPacketName":"20220501-%s-a.example","Domain":"a.example","Url":"https://%s.example/%[1]s"}`, p.hour, p.host))
	}
	client, _ := replayed(fmt.Sprintf(`{"Response":{"Data":[%s],"TotalSize":3,"RequestId":"r"}}`, strings.Join(rows, ",")), "")
	l := list(t, client, everything(10))
	if len(l.Packages) != 3 || !slices.IsSortedFunc(l.Packages, teo.ByTime) {
		t.Errorf("got %+v, want three packages in order", listed(l))
	}
}
