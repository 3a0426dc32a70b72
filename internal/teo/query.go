package teo

import "time"

// The versions of TEO's API.
const (
	Version20220106 = "2022-01-06"
	Version20220901 = "2022-09-01"
)

// The bounds of a query.
const (
	// DefaultPageSize is the documented maximum of 2022-09-01.
	DefaultPageSize = 300
	// MaxPageSize is the documented maximum of sibling actions of 2022-01-06; that
	// of DownloadL7Logs is not documented.
	MaxPageSize = 1000
	// DefaultMaxPackages bounds a list that is stored in a state file.
	DefaultMaxPackages = 100_000
)

// Query selects the log packages of a window.
type Query struct {
	// Start and End bound the window; End is after Start. Requests use whole
	// seconds: see RoundWindow.
	Start, End time.Time

	// Zones are names of sites in the form of DNSName, ZoneIDs IDs of zones. The
	// packages of all of them are listed. Without either, the packages of every zone
	// of the account are listed.
	Zones, ZoneIDs []string

	// Hosts are sub-domains in the form of DNSName (layer 7) or proxy IDs (layer 4).
	// Without any, all are listed.
	Hosts []string

	// AreaRequired selects 2022-09-01, unless the client has a pinned API version:
	// rows of 2022-01-06 may have no area.
	AreaRequired bool

	// PageSize is the number of rows to request at once, 1 to MaxPageSize; the
	// service may return fewer. 0 means DefaultPageSize.
	PageSize int

	// MaxPackages makes a longer list an error, usually after its first page. 0
	// means DefaultMaxPackages.
	MaxPackages int
}

// RoundWindow widens a window to whole seconds, which is what the service
// accepts: start is rounded down and end is rounded up.
func RoundWindow(start, end time.Time) (from, to time.Time) {
	from, to = start.Truncate(time.Second), end.Truncate(time.Second)
	if to.Before(end) {
		to = to.Add(time.Second)
	}
	return from, to
}

// wireWindow returns the window as the service reads it: whole seconds in UTC.
func (q *Query) wireWindow() (start, end string) {
	from, to := RoundWindow(q.Start, q.End)
	return from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)
}

func (q *Query) pageSize() int {
	if q.PageSize > 0 {
		return q.PageSize
	}
	return DefaultPageSize
}

func (q *Query) maxPackages() int {
	if q.MaxPackages > 0 {
		return q.MaxPackages
	}
	return DefaultMaxPackages
}
