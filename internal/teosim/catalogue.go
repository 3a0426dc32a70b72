package teosim

import (
	"slices"
	"time"
)

// Catalogue is an account: its zones and the log packages of both layers. The
// order of the slices does not matter.
type Catalogue struct {
	Zones  []Zone
	L7, L4 []Package
}

func (c Catalogue) isEmpty() bool { return len(c.Zones)+len(c.L7)+len(c.L4) == 0 }

func (c Catalogue) clone() Catalogue {
	c.Zones, c.L7, c.L4 = slices.Clone(c.Zones), slices.Clone(c.L7), slices.Clone(c.L4)
	return c
}

// Zone is a site. Names are not unique: two zones of one name differ by Alias.
type Zone struct {
	ID, Name, Alias string
	// Area is global, mainland or overseas; Type full, partial, dnsPodAccess or
	// noDomainAccess; Status active, pending, moved or deactivated;
	// ActiveStatus active, inactive or paused.
	Area, Type, Status, ActiveStatus string
	Paused                           bool
	// LogsOff zones have traffic, but offline logs are switched off: their packages
	// are counted by the analytics and never listed.
	LogsOff bool
	Tags    map[string]string
	// CreatedOn orders DescribeZones, the latest first. The zero value is a day
	// that follows from the place in the catalogue.
	CreatedOn time.Time
}

// Package is a log package: the lines of one domain (or L4 proxy), area and
// slot of time. Its content follows from its identity (layer, area, host,
// start, name) and its numbers, so it is the same each time. If a package
// gets more Members, its previous content is a prefix of the new one.
type Package struct {
	ZoneID string
	// ZoneName may be empty: it is then the name of the zone with that ID.
	ZoneName string
	// Host is the domain, or in L4 the ID of the proxy.
	Host string
	// Area is mainland or overseas; empty leaves it out of the row.
	Area string
	// Name is the LogPacketName.
	Name string
	// Start and End are LogStartTime and LogEndTime. A window lists a package
	// that it overlaps, both taken as [start, end).
	Start, End time.Time
	// LogTime is in Unix seconds and may be wrong.
	LogTime int64
	// Size is the size in the row, in bytes. 0 means the real one: the length of the
	// content before compression.
	Size int64
	// Members is the number of gzip members, default 1, and LinesPerMember the
	// lines in each, default 20.
	Members, LinesPerMember int
	// StoredBytes, if set, replaces Members and LinesPerMember by values that result
	// in a download of about that many bytes.
	StoredBytes int64
	// Uncompressed stores the lines without compression, still as gzip: a
	// large download that costs little to make and to read.
	Uncompressed bool
	// Gone packages are listed, but their download fails with 404. The download of
	// Forbidden ones always fails with 403.
	Gone, Forbidden bool
	// Requests is what the analytics count for the package, in layer 4
	// connections; 0 is the number of its lines.
	Requests int64
	// Lost packages are counted by the analytics, but never listed. Uncounted
	// ones are listed, but the analytics know of no request in them.
	Lost, Uncounted bool
	// With a [Lifecycle], Late is how much later than others the package is listed.
	// Grows and Kept, if not 0, are how long after its end it gets its last member (a
	// second one, if it has one) and how long after its end it is deleted.
	Late, Grows, Kept time.Duration
	// Mitigated requests were blocked by the protection: no package has them,
	// and the analytics count them only where a filter asks for them.
	Mitigated bool
}

// PackageName returns the name as the service builds it: date and hour, with
// the minutes where the slot is shorter than an hour, then the host; UTC.
func PackageName(host string, start time.Time, slot time.Duration) string {
	layout := "20060102-15"
	if slot < time.Hour {
		layout = "20060102-1504"
	}
	return start.UTC().Format(layout) + "-" + host
}
