package teo

import "slices"

// Listing is a complete list of packages.
type Listing struct {
	// Packages are in the order of ByTime, each identity once. Rows without an
	// area can share an identity if the service counts them as two and the hosts
	// of their URLs differ.
	Packages []Package

	// TotalCount is the number of entries by the service's count, or the number of
	// packages if it returned none or too small a count.
	TotalCount int64

	// TotalBytes is the sum of the sizes that are known.
	TotalBytes int64

	// Pages is the number of pages with rows, PageSize the page size that the
	// service applied.
	Pages, PageSize int

	APIVersion string

	// RequestID is that of the last page.
	RequestID string

	// SwitchedVersion is set once for each client: on the first list that was read with
	// Version20220901 because 2022-01-06 is no longer served.
	SwitchedVersion *VersionSwitch

	// Nameless is the number of rows without a package name.
	Nameless int

	// Unreadable is the number of rows whose LogTime or Size is not a whole number.
	Unreadable int
}

// VersionSwitch says why the client switched to Version20220901.
type VersionSwitch struct {
	Code, RequestID string
}

func newListing(r *reading[Package], version string) *Listing {
	if r.total != nil && r.raw == *r.total {
		r.rows = restoreOtherHosts(r.rows, r.duplicates)
	}
	l := &Listing{
		Packages: r.rows, TotalCount: int64(len(r.rows)), Pages: r.pages, PageSize: r.size,
		APIVersion: version, RequestID: r.requestID,
	}
	if r.total != nil {
		l.TotalCount = max(l.TotalCount, *r.total)
	}
	l.summarize()
	return l
}

// summarize sets what follows from the packages.
func (l *Listing) summarize() {
	l.TotalBytes, l.Nameless, l.Unreadable = 0, 0, 0
	for i := range l.Packages {
		l.TotalBytes += max(0, l.Packages[i].size())
		if l.Packages[i].Name == "" {
			l.Nameless++
		}
		if l.Packages[i].Unreadable {
			l.Unreadable++
		}
	}
}

// restoreOtherHosts adds duplicates that may be packages of their own: rows
// without an area, counted as two by the service, with URLs on different hosts.
// Without an area nothing else may distinguish the packages of two areas. The host
// is not part of the identity, because it may change from one day to the next.
func restoreOtherHosts(rows, duplicates []Package) []Package {
	listed := len(rows)
	for _, row := range duplicates {
		at, found := slices.BinarySearchFunc(rows[:listed], row, ByTime)
		if !found || row.Area != "" || row.sourceHost() == rows[at].sourceHost() {
			continue
		}
		known := func(p Package) bool { return samePackage(p, row) && p.sourceHost() == row.sourceHost() }
		if !slices.ContainsFunc(rows[listed:], known) {
			rows = append(rows, row)
		}
	}
	if len(rows) > listed {
		slices.SortStableFunc(rows, ByTime)
	}
	return rows
}

// merge joins the lists of different zones.
func merge(lists []*Listing) *Listing {
	merged := *lists[0]
	for _, l := range lists[1:] {
		merged.Packages = append(merged.Packages, l.Packages...)
		merged.TotalCount += l.TotalCount
		merged.Pages += l.Pages
		merged.PageSize = min(merged.PageSize, l.PageSize)
		merged.RequestID = l.RequestID
	}
	if len(lists) > 1 {
		order := packageOrder
		order.same = func(a, b Package) bool {
			return samePackage(a, b) && (a.Area != "" || a.sourceHost() == b.sourceHost())
		}
		merged.Packages, _ = order.sortAndDeduplicate(merged.Packages)
		merged.summarize()
	}
	return &merged
}
