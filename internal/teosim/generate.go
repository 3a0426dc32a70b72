package teosim

import (
	"fmt"
	"time"
)

// GenerateOptions configure [Generate]. Every zero value has a default.
type GenerateOptions struct {
	Zones   int       // default 1
	Domains int       // of each zone, default 1
	Proxies int       // L4 proxies of each zone, default none
	Areas   []string  // default mainland and overseas
	Start   time.Time // of the first slot, default 2022-05-01T00:00:00Z
	// Slot is the length of a slot, default an hour. Slots is their number, default
	// as many as Count needs, or 24.
	Slot  time.Duration
	Slots int
	// Count limits the L7 packages; 0 is one for every domain, area and slot.
	Count int
	// Members, LinesPerMember, StoredBytes and Uncompressed apply to each package.
	Members, LinesPerMember int
	StoredBytes             int64
	Uncompressed            bool
}

func (o GenerateOptions) withDefaults() GenerateOptions {
	o.Zones, o.Domains = max(1, o.Zones), max(1, o.Domains)
	if len(o.Areas) == 0 {
		o.Areas = []string{"mainland", "overseas"}
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Slot <= 0 {
		o.Slot = time.Hour
	}
	if o.Slots <= 0 {
		o.Slots = 24
		if each := o.Zones * o.Domains * len(o.Areas); o.Count > 0 {
			o.Slots = (o.Count + each - 1) / each
		}
	}
	return o
}

// Generate returns a catalogue of any size, equal for equal options: zones
// zone-gen0000, … named site0.example, …; domains www0.site0.example, …;
// proxies sid-gen0000-0, ….
func Generate(o GenerateOptions) Catalogue {
	o = o.withDefaults()
	var c Catalogue
	for z := range o.Zones {
		c.Zones = append(c.Zones, Zone{ID: fmt.Sprintf("zone-gen%04d", z), Name: fmt.Sprintf("site%d.example", z)})
	}
	for slot := range o.Slots {
		start := o.Start.Add(time.Duration(slot) * o.Slot)
		for z, zone := range c.Zones {
			for d := range o.Domains {
				c.L7 = o.packages(c.L7, zone, fmt.Sprintf("www%d.%s", d, zone.Name), start)
			}
			for p := range o.Proxies {
				c.L4 = o.packages(c.L4, zone, fmt.Sprintf("sid-gen%04d-%d", z, p), start)
			}
		}
	}
	if o.Count > 0 && len(c.L7) > o.Count {
		c.L7 = c.L7[:o.Count]
	}
	return c
}

// packages appends those of one host and slot.
func (o GenerateOptions) packages(list []Package, zone Zone, host string, start time.Time) []Package {
	name := PackageName(host, start, o.Slot)
	for _, area := range o.Areas {
		list = append(list, Package{
			ZoneID: zone.ID, ZoneName: zone.Name, Host: host, Area: area,
			Name: name, Start: start, End: start.Add(o.Slot), LogTime: start.Unix(),
			Members: o.Members, LinesPerMember: o.LinesPerMember,
			StoredBytes: o.StoredBytes, Uncompressed: o.Uncompressed,
		})
	}
	return list
}
