package teosim

import "time"

// Demo returns a small account, the same each time: three zones, two of which have
// the same name, and some 800 packages from 2022-05-04 to 2022-05-10 UTC, hourly
// ones with an exclusive end and quarter-hourly ones with an inclusive end. One
// domain is the root name of its zone. A domain in both areas has packages of the
// same name in both.
func Demo() Catalogue {
	first := time.Date(2022, 5, 4, 0, 0, 0, 0, time.UTC)
	const week = 7 * 24
	c := Catalogue{Zones: []Zone{
		{
			ID: "zone-2demo00001cn", Name: "example.com", Alias: "shop-cn", Area: "global", Type: "partial",
			Tags: map[string]string{"team": "shop", "stage": "production"},
		},
		{
			ID: "zone-2demo00002os", Name: "example.com", Alias: "shop-overseas", Area: "overseas", Type: "partial",
			Tags: map[string]string{"team": "shop"},
		},
		{
			ID: "zone-2demo00003og", Name: "example.org", Area: "global", Type: "full",
			Tags: map[string]string{},
		},
	}}
	cn, overseas, org := c.Zones[0], c.Zones[1], c.Zones[2]
	c.L7 = append(c.L7, hourly(cn, "www.example.com", "mainland", first, week, 1)...)
	c.L7 = append(c.L7, hourly(cn, "www.example.com", "overseas", first, week, 1)...)
	// An hour without a request has no package.
	c.L7 = append(c.L7, hourly(cn, "api.example.com", "mainland", first, week, 2)...)
	c.L7 = append(c.L7, hourly(overseas, "shop.example.com", "overseas", first, week, 1)...)
	c.L7 = append(c.L7, hourly(org, "example.org", "overseas", first, 2*24, 1)...)
	c.L7 = append(c.L7, quarterly(org, "img.example.org", "mainland", first.AddDate(0, 0, 2), 24*4)...)
	c.L4 = append(c.L4, hourly(cn, "sid-2demo0000001", "mainland", first, 2*24, 1)...)
	c.L4 = append(c.L4, hourly(overseas, "sid-2demo0000002", "overseas", first, 2*24, 1)...)
	return c
}

// hourly returns a package for every step-th hour.
func hourly(z Zone, host, area string, first time.Time, hours, step int) []Package {
	var list []Package
	for n := 0; n < hours; n += step {
		start := first.Add(time.Duration(n) * time.Hour)
		list = append(list, newPackage(z, host, area, start, time.Hour, n))
	}
	return list
}

// quarterly returns a package for each quarter of an hour. Its end is its last
// second, as in a documented sample.
func quarterly(z Zone, host, area string, first time.Time, quarters int) []Package {
	var list []Package
	for n := range quarters {
		start := first.Add(time.Duration(n) * 15 * time.Minute)
		pkg := newPackage(z, host, area, start, 15*time.Minute, n)
		pkg.End = pkg.End.Add(-time.Second)
		list = append(list, pkg)
	}
	return list
}

// newPackage returns package n of a host. Every fourth was appended to, and every
// fifth has a LogTime that contradicts its name.
func newPackage(z Zone, host, area string, start time.Time, slot time.Duration, n int) Package {
	pkg := Package{
		ZoneID: z.ID, ZoneName: z.Name, Host: host, Area: area,
		Name:  PackageName(host, start, slot),
		Start: start, End: start.Add(slot),
		LogTime: start.Unix(),
		Members: 1, LinesPerMember: 10 + n%7,
	}
	if n%4 == 3 {
		pkg.Members = 3
	}
	if n%5 == 4 {
		pkg.LogTime += 8 * 60 * 60
	}
	return pkg
}
