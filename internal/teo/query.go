package teo

import (
	"fmt"
	"strings"
	"time"
)

// The versions of TEO's API.
const (
	Version20220106 = "2022-01-06"
	Version20220901 = "2022-09-01"
)

// The bounds of a query.
const (
	// DefaultPageSize is the most that 2022-09-01 documents.
	DefaultPageSize = 300
	// MaxPageSize is what sibling actions of 2022-01-06 document; its own limit
	// is not documented.
	MaxPageSize = 1000
	// DefaultMaxPackages bounds a list that ends up in a state file.
	DefaultMaxPackages = 100_000
)

// Query asks for the log packages of a window.
type Query struct {
	// Start and End bound the window; End is after Start. On the wire they are
	// whole seconds: a fraction widens the window.
	Start, End time.Time

	// Zones are names of sites, ZoneIDs their IDs. Neither means every zone of
	// the account.
	Zones, ZoneIDs []string

	// Hosts are sub-domains (layer 7) or proxy IDs (layer 4); none means all.
	Hosts []string

	// PageSize is how many rows to ask for at once, 1 to MaxPageSize; the
	// service may give fewer. 0 means DefaultPageSize.
	PageSize int

	// MaxPackages makes a longer list an error, decided by the first page. 0
	// means DefaultMaxPackages.
	MaxPackages int
}

// Listing is a whole list of packages.
type Listing struct {
	// Packages are in the order of ByTime, each identity once, except for rows
	// without an area that are counted as two and differ in the URL's host.
	Packages []Package

	// TotalCount is the number of entries by the service's count, or the number
	// of packages where it gave none or too small a one.
	TotalCount int64

	// TotalBytes is the sum of the sizes that are known.
	TotalBytes int64

	// Pages is the number of pages that held rows, PageSize the size that the
	// service kept to.
	Pages, PageSize int

	APIVersion string

	// RequestID is that of the last page.
	RequestID string

	// ChangedOver is set once in a client's life: on the first list that was
	// read with Version20220901 because 2022-01-06 is gone.
	ChangedOver *ChangeOver

	// RootDomains are the queried domains that are names of sites, looked for
	// when the list is empty.
	RootDomains []string

	// Nameless is the number of rows without a package name.
	Nameless int
}

// ChangeOver says why the client went over to Version20220901.
type ChangeOver struct {
	Code, RequestID string
}

// IncompleteError means that the rows and the service's count did not agree, or
// that pages overlapped where there is no count to go by, each time that the list
// was read. There is no list then: a short one could pass for a whole one.
type IncompleteError struct {
	// Action is the name of the one that lists, such as "DownloadL7Logs", or
	// "DescribeZones" where the zones of a query were looked up.
	Action string
	// Read is the number of distinct entries that were read, the last time, and
	// Total the service's count; where it only counts its pages, the least that
	// those can hold.
	Read, Total int64
	Before      int64 // the service's count on an earlier page, where it changed, else -1
	// Overlap means that entries came on two pages, and that the service gave no
	// count, or too small a one, to tell whether others came on none.
	Overlap   bool
	Readings  int
	RequestID string
}

func (e *IncompleteError) Error() string {
	why := fmt.Sprintf("%d entries were read, but the service counts %d", e.Read, e.Total)
	switch {
	case e.Overlap:
		why = fmt.Sprintf("%d entries were read, some of them on two pages, and no count tells whether others were on none", e.Read)
	case e.Before >= 0:
		why = fmt.Sprintf("the service's count of the entries changed from %d to %d while the pages were read", e.Before, e.Total)
	}
	return fmt.Sprintf("%s; the list was read %d times (request ID %s)", why, e.Readings, e.RequestID)
}

// TooManyError means that a list is longer than Query.MaxPackages, or that the
// service counts more zones than an account can have.
type TooManyError struct {
	// Action is as in IncompleteError.
	Action string
	// Total is the service's count. AtLeast means that it gave none, or too small
	// a one: Total is then what was read until reading stopped.
	Total   int64
	AtLeast bool
	Most    int
}

func (e *TooManyError) Error() string {
	least := ""
	if e.AtLeast {
		least = "at least "
	}
	return fmt.Sprintf("the list has %s%d entries, more than the %d that are allowed", least, e.Total, e.Most)
}

// UnknownZonesError means that no zone of the account bears these names.
type UnknownZonesError struct {
	Names []string
	// Near are names of the account's zones that look like them.
	Near []string
}

func (e *UnknownZonesError) Error() string {
	text := "no zone of the account is named " + strings.Join(e.Names, ", ")
	if len(e.Near) > 0 {
		text += "; near names are " + strings.Join(e.Near, ", ")
	}
	return text
}

// wireTime gives an instant as the service reads it, in UTC and whole seconds.
func wireTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// wireWindow widens the window to whole seconds.
func (q *Query) wireWindow() (start, end string) {
	last := q.End.Truncate(time.Second)
	if last.Before(q.End) {
		last = last.Add(time.Second)
	}
	return wireTime(q.Start.Truncate(time.Second)), wireTime(last)
}
