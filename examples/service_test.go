package examples_test

import (
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// account is what the examples refer to: the demo's account, and a zone with
// packages of the days in the examples and of the last three days.
func account() teosim.Catalogue {
	c := teosim.Demo()
	shop := teosim.Zone{
		ID: "zone-27q0p0bali16", Name: "example.com", Alias: "shop", Area: "global", Type: "partial",
		Tags: map[string]string{"team": "shop"},
	}
	c.Zones = append(c.Zones, shop)
	may := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	recent := time.Now().UTC().Truncate(time.Hour).Add(-72 * time.Hour)
	for _, first := range []time.Time{may, recent} {
		for n := range 72 {
			start := first.Add(time.Duration(n) * time.Hour)
			c.L7 = append(c.L7,
				hour(shop, "www.example.com", "mainland", start),
				hour(shop, "www.example.com", "overseas", start),
				hour(shop, "api.example.com", "mainland", start),
			)
			if n%2 == 0 {
				c.L7 = append(c.L7, hour(shop, "quiet.example.com", "mainland", start))
			}
			c.L4 = append(c.L4,
				hour(shop, "sid-xs82kshs", "mainland", start),
				hour(shop, "sid-xs82kshs", "overseas", start),
			)
		}
	}
	return c
}

func hour(zone teosim.Zone, host, area string, start time.Time) teosim.Package {
	return teosim.Package{
		ZoneID: zone.ID, Host: host, Area: area,
		Name:  teosim.PackageName(host, start, time.Hour),
		Start: start, End: start.Add(time.Hour), LogTime: start.Unix(),
	}
}

// simulator starts a simulated EdgeOne and returns it with the environment in which
// the provider finds it.
func simulator(t *testing.T) (*teosim.Sim, []string) {
	t.Helper()
	sim := simtest.Start(t, teosim.Options{
		Catalogue: account(), Rates: teosim.Unlimited(), STS: teosim.STSOptions{ReusableMFACodes: true},
	})
	return sim, simtest.Environment(sim)
}

// grow appends to the first package of a name, as the service does for about 24
// hours.
func grow(sim *teosim.Sim, name string) {
	sim.Update(func(c *teosim.Catalogue) {
		for i := range c.L7 {
			if c.L7[i].Name == name {
				c.L7[i].Members = 2
				return
			}
		}
	})
}
