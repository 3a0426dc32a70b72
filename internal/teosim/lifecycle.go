package teosim

import "time"

// Lifecycle makes packages appear, grow and expire with the clock of the service,
// and hides from the analytics what has not begun. The zero value lists and counts
// every package at any time. [Package.Late], [Package.Grows] and [Package.Kept]
// are the exceptions of single packages.
type Lifecycle struct {
	// Shown is how long after its end a package is listed for the first time.
	Shown time.Duration
	// Stable is how long after its end a package is appended to for the last time.
	// Until then its last member is missing; one with a single member is complete
	// from the beginning.
	Stable time.Duration
	// Retention is how long after its end a package is deleted.
	Retention time.Duration
}

// DocumentedLifecycle is what Tencent documents: packages are listed after about
// 3 hours, complete after about 24 hours, and kept for 31 days.
func DocumentedLifecycle() Lifecycle {
	return Lifecycle{Shown: 3 * time.Hour, Stable: 24 * time.Hour, Retention: 31 * 24 * time.Hour}
}

// span is a period of time, [from, until).
type span struct{ from, until time.Time }

// always is the period of an index that does not depend on the clock.
func always() span { return span{until: time.Unix(1<<40, 0)} }

func (s span) contains(t time.Time) bool { return !t.Before(s.from) && t.Before(s.until) }

// narrow shortens the period to the side of t on which now is.
func (s *span) narrow(now, t time.Time) {
	switch {
	case now.Before(t) && t.Before(s.until):
		s.until = t
	case !now.Before(t) && t.After(s.from):
		s.from = t
	}
}

// at returns the packages that are listed at a time and those that the analytics
// count, and the period during which nothing of that changes.
func (l Lifecycle) at(c Catalogue, now time.Time) (listed, counted Catalogue, valid span) {
	listed, counted = c, c
	valid = span{until: now.AddDate(100, 0, 0)}
	listed.L7, counted.L7 = l.layerAt(c.L7, now, &valid)
	listed.L4, counted.L4 = l.layerAt(c.L4, now, &valid)
	return listed, counted, valid
}

func (l Lifecycle) layerAt(list []Package, now time.Time, valid *span) (listed, counted []Package) {
	for _, pkg := range list {
		valid.narrow(now, pkg.Start)
		if !now.Before(pkg.Start) {
			counted = append(counted, pkg)
		}
		pkg, dates := pkg.grownTo(l, now)
		for _, date := range dates {
			valid.narrow(now, date)
		}
		if shown, deleted := dates[0], dates[2]; !now.Before(shown) && now.Before(deleted) {
			listed = append(listed, pkg)
		}
	}
	return listed, counted
}

// grownTo returns the package as it is at a time, and the times at which it is
// listed, complete and deleted.
func (p Package) grownTo(l Lifecycle, now time.Time) (Package, [3]time.Time) {
	stable, kept := l.Stable, l.Retention
	members := max(1, p.Members)
	if p.Grows > 0 {
		stable = p.Grows
		members = max(2, members)
	}
	if p.Kept > 0 {
		kept = p.Kept
	}
	dates := [3]time.Time{p.End.Add(l.Shown + p.Late), p.End.Add(stable), p.End.Add(kept)}
	if p.StoredBytes == 0 {
		if now.Before(dates[1]) {
			members = max(1, members-1)
		}
		p.Members = members
	}
	return p, dates
}
