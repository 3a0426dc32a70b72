package teosim

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestInvalidOptionsAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options Options
		want    string
	}{
		"every interface": {Options{Listen: "0.0.0.0:0"}, "not a loopback"},
		"no host":         {Options{Listen: ":0"}, "not a loopback"},
		"a name":          {Options{Listen: "example.com:0"}, "not a loopback"},
		"no port":         {Options{Listen: "127.0.0.1"}, "missing port"},
		"half a key":      {Options{SecretID: "AKID"}, "belong together"},
		"rate":            {Options{Rates: map[string]int{"2022-09-01/DescribeZones": 0}}, "DescribeZones is 0"},
		"page base":       {Options{PageBase: 2}, "want 0 or 1"},
		"page size":       {Options{MaxPageSize: -1}, "cannot be negative"},
		"zone IDs":        {Options{MaxZoneIDs: -1}, "cannot be negative"},
		"undercount":      {Options{Undercount: -1}, "cannot be negative"},
		"URL lifetime":    {Options{URLLifetime: time.Millisecond}, "at least a second"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, err := Start(test.options)
			if err == nil {
				sim.Close()
				t.Fatal("it starts")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want %q", err, test.want)
			}
		})
	}
}

func TestAClosedSimulatorAnswersNothing(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{Listen: "localhost:0", SecretID: "AKIDmine", SecretKey: "mine", Token: "bound"})
	if sim.SecretID() != "AKIDmine" || sim.SecretKey() != "mine" || sim.Token() != "bound" {
		t.Error("other keys than were asked for")
	}
	c := newCaller(t, sim)
	if got := c.call(version20220901, "DescribeZones", "{}").code(); got != "" {
		t.Errorf("code %q", got)
	}
	sim.Close()
	sim.Close()
	var dialer net.Dialer
	if conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(sim.URL(), "http://")); err == nil {
		conn.Close()
		t.Error("it listens after Close")
	}
}

func TestDemoIsAsDescribed(t *testing.T) {
	t.Parallel()
	c := Demo()
	if len(c.Zones) != 3 || c.Zones[0].Name != c.Zones[1].Name || c.Zones[0].Alias == c.Zones[1].Alias || c.Zones[0].ID == c.Zones[1].ID {
		t.Errorf("zones %+v", c.Zones)
	}
	if len(c.L7) < 500 || len(c.L7) > 900 || len(c.L4) == 0 {
		t.Errorf("%d L7 and %d L4 packages", len(c.L7), len(c.L4))
	}
	has := func(what string, is func(Package) bool) {
		t.Helper()
		if !slices.ContainsFunc(c.L7, is) {
			t.Errorf("no %s", what)
		}
	}
	has("exclusive hour", func(p Package) bool { return p.End.Sub(p.Start) == time.Hour })
	has("inclusive quarter", func(p Package) bool { return p.End.Sub(p.Start) == 15*time.Minute-time.Second })
	has("root domain", func(p Package) bool { return p.Host == p.ZoneName })
	has("members", func(p Package) bool { return p.Members > 1 })
	names := map[string]int{}
	for _, p := range c.L7 {
		names[p.Name]++
		if p.Start.Month() != time.May || p.Start.Year() != 2022 {
			t.Errorf("%s is not of May 2022", p.Name)
		}
	}
	if names["20220504-03-www.example.com"] != 2 {
		t.Error("the areas share no name")
	}
	if !slices.Equal(c.L7, Demo().L7) {
		t.Error("another one the second time")
	}
}

func TestAGeneratedCatalogueIsAsDescribed(t *testing.T) {
	t.Parallel()
	c := Generate(GenerateOptions{Count: 1001, Zones: 2, Domains: 5, Proxies: 1})
	if len(c.L7) != 1001 || len(c.Zones) != 2 || len(c.L4) != 51*4 {
		t.Errorf("%d L7, %d L4, %d zones", len(c.L7), len(c.L4), len(c.Zones))
	}
	if n := len(newIndex(c).byID); n != 1001+51*4 {
		t.Errorf("%d identities", n)
	}
	quarters := Generate(GenerateOptions{Slot: 15 * time.Minute, Slots: 3, Areas: []string{"overseas"}, Start: slot})
	if len(quarters.L7) != 3 || quarters.L7[2].Name != "20220504-0630-www0.site0.example" || quarters.L7[2].Area != "overseas" {
		t.Errorf("%+v", quarters.L7)
	}
	if got := len(Generate(GenerateOptions{}).L7); got != 48 {
		t.Errorf("%d packages by default", got)
	}
}
