package coverage

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The statuses of an hour.
const (
	Covered    = '#' // traffic and a package
	Missing    = '!' // traffic, but no package
	Quiet      = '.' // neither traffic nor a package
	Pending    = '~' // too recent to judge
	Uncounted  = '+' // a package, but no counted traffic
	Unverified = '?' // the count is unknown
	Outside    = ' ' // not in the window
)

// Unknown stands for a count that the second source did not return.
const Unknown = -1

// Window consists of whole UTC hours.
type Window struct{ Start, End time.Time }

// NewWindow returns the whole hours that a time range touches.
func NewWindow(start, end time.Time) Window {
	w := Window{start.UTC().Truncate(time.Hour), end.UTC().Truncate(time.Hour)}
	if w.End.Before(end) {
		w.End = w.End.Add(time.Hour)
	}
	return w
}

// Grow returns the window with n more hours on either side.
func (w Window) Grow(n int) Window {
	by := time.Duration(n) * time.Hour
	return Window{w.Start.Add(-by), w.End.Add(by)}
}

// Hours returns the number of hours.
func (w Window) Hours() int { return max(0, int(w.End.Sub(w.Start)/time.Hour)) }

// Hour returns the start of an hour.
func (w Window) Hour(i int) time.Time { return w.Start.Add(time.Duration(i) * time.Hour) }

// Host is a domain or a layer-4 proxy in a zone.
type Host struct{ ZoneID, Name string }

// Series holds the counts of a host, one for each hour of the grown window.
type Series struct {
	Host
	Counts []int64
}

// Packages records the hours of a window in which hosts have packages.
type Packages struct {
	window Window
	hours  map[Host][]bool
}

// NewPackages returns an empty set for a window, which is the grown one.
func NewPackages(w Window) *Packages { return &Packages{w, map[Host][]bool{}} }

// Add adds a package. Its end may be exclusive (07:00:00), as for an hour, or
// the last second (07:14:59), as for a quarter of an hour. A package without an
// end counts for the hour of its start. A host without a zone ID stands for the
// host in every zone.
func (p *Packages) Add(host Host, start, end time.Time) {
	if !end.After(start) {
		end = start.Add(time.Second)
	}
	covered := NewWindow(start, end)
	for at := later(covered.Start, p.window.Start); at.Before(covered.End) && at.Before(p.window.End); at = at.Add(time.Hour) {
		hours := p.hours[host]
		if hours == nil {
			hours = make([]bool, p.window.Hours())
			p.hours[host] = hours
		}
		hours[int(at.Sub(p.window.Start)/time.Hour)] = true
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Hosts returns the hosts with packages in the window, sorted.
func (p *Packages) Hosts() []Host {
	var all []Host
	for host := range p.hours {
		all = append(all, host)
	}
	slices.SortFunc(all, compareHosts)
	return all
}

// Rename moves the packages of a host to another one.
func (p *Packages) Rename(from, to Host) {
	moved := p.hours[from]
	delete(p.hours, from)
	if p.hours[to] == nil {
		p.hours[to] = moved
		return
	}
	for i, has := range moved {
		p.hours[to][i] = p.hours[to][i] || has
	}
}

// has reports whether a host has a package within grace hours of hour i, which is at
// least grace.
func (p *Packages) has(host Host, i, grace int) bool {
	for _, h := range []Host{host, {Name: host.Name}} {
		hours := p.hours[h]
		for at := i - grace; at <= i+grace && at < len(hours); at++ {
			if hours[at] {
				return true
			}
		}
	}
	return false
}

// Wildcard returns the nearest wildcard among known names that covers a domain:
// *.example.com for www.example.com. The second source counts the requests of a
// wildcard domain under that name, while its packages can have either name.
func Wildcard(domain string, known func(string) bool) (string, bool) {
	for _, rest, found := strings.Cut(domain, "."); found; _, rest, found = strings.Cut(rest, ".") {
		if name := "*." + rest; name != domain && known(name) {
			return name, true
		}
	}
	return "", false
}

// Options say how an hour is classified.
type Options struct {
	// Now is the time of the comparison. An hour that ended less than StableAfter
	// before it is pending. With WholeDays, that is every hour of a UTC day that
	// ended less than StableAfter before: an archive adds whole days.
	Now         time.Time
	StableAfter time.Duration
	WholeDays   bool

	// Min is the count below which an hour is quiet, at least 1.
	Min int64

	// Grace is the number of hours by which a package may be early or late.
	Grace int
}

// Sums counts hours by status.
type Sums struct {
	Covered, Missing, Quiet, Pending, Uncounted, Unverified int64
}

func (s *Sums) count(status rune) {
	switch status {
	case Covered:
		s.Covered++
	case Missing:
		s.Missing++
	case Quiet:
		s.Quiet++
	case Pending:
		s.Pending++
	case Uncounted:
		s.Uncounted++
	case Unverified:
		s.Unverified++
	}
}

func (s *Sums) add(other Sums) {
	s.Covered += other.Covered
	s.Missing += other.Missing
	s.Quiet += other.Quiet
	s.Pending += other.Pending
	s.Uncounted += other.Uncounted
	s.Unverified += other.Unverified
}

// Row is the result for one host.
type Row struct {
	Host
	Sums

	// Count is the sum of the known counts in the window.
	Count int64

	// MissingHours are the starts of the missing hours.
	MissingHours []time.Time

	// Days has a status for each hour of a UTC date, as 24 characters.
	Days map[string]string
}

// Report is the result of a comparison.
type Report struct {
	Sums

	Count int64
	Rows  []Row // by name and zone
}

// Complete reports whether nothing is missing or unverified.
func (r *Report) Complete() bool { return r.Missing == 0 && r.Unverified == 0 }

// Compare classifies each hour of a window. Packages and series are those of the
// window grown by o.Grace. Hosts without a series are left out.
func Compare(w Window, o Options, packages *Packages, series []Series) *Report {
	report := new(Report)
	for _, s := range series {
		row := compareHost(w, o, packages, s)
		report.add(row.Sums)
		report.Count += row.Count
		report.Rows = append(report.Rows, row)
	}
	slices.SortFunc(report.Rows, func(a, b Row) int { return compareHosts(a.Host, b.Host) })
	return report
}

func compareHost(w Window, o Options, packages *Packages, s Series) Row {
	row := Row{Host: s.Host, Days: map[string]string{}}
	var (
		day  []byte
		date string
	)
	for i := range w.Hours() {
		at := w.Hour(i)
		if i == 0 || at.Hour() == 0 {
			date, day = at.Format(time.DateOnly), []byte(strings.Repeat(string(Outside), 24))
		}
		status := classify(o, packages, s, at, i+o.Grace)
		day[at.Hour()] = byte(status)
		row.count(status)
		if status == Missing {
			row.MissingHours = append(row.MissingHours, at)
		}
		row.Count += max(0, s.Counts[i+o.Grace])
		if at.Hour() == 23 || i == w.Hours()-1 {
			row.Days[date] = string(day)
		}
	}
	return row
}

// classify returns the status of hour i of the grown window.
func classify(o Options, packages *Packages, s Series, at time.Time, i int) rune {
	count, end := s.Counts[i], at.Add(time.Hour)
	if o.WholeDays {
		end = at.Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	switch {
	case end.Add(o.StableAfter).After(o.Now):
		return Pending
	case count == Unknown:
		return Unverified
	case count > 0 && packages.has(s.Host, i, o.Grace):
		return Covered
	case count >= max(1, o.Min):
		return Missing
	case !packages.has(s.Host, i, 0):
		return Quiet
	}
	for _, near := range s.Counts[i-o.Grace : i+o.Grace+1] {
		if near > 0 {
			return Covered
		}
	}
	return Uncounted
}

func compareHosts(a, b Host) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ZoneID, b.ZoneID))
}
