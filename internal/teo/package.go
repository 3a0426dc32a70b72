package teo

import (
	"cmp"
	"strings"
	"time"
)

// Layer is a family of offline logs.
type Layer string

// The layers that EdgeOne keeps offline logs of.
const (
	L7 Layer = "l7" // HTTP(S) requests, by sub-domain
	L4 Layer = "l4" // connections of layer-4 proxies, by proxy instance
)

// Package is one log package: the gzipped JSON lines of one domain or proxy, in
// one area, for one slot of an hour or a quarter of an hour, as either API version
// lists it. A field that is missing or null is empty, zero or nil.
type Package struct {
	// Domain is the sub-domain as served (layer 7), in the form of DNSName.
	Domain string

	// ProxyID is the layer-4 proxy instance, such as "sid-xs82kshs" (layer 4).
	ProxyID string

	// Area is "mainland" or "overseas"; rows of 2022-01-06 may not have it.
	Area string

	// Name is the name of the package, such as "20220811-02-www.example.com". It
	// contains the slot in UTC, but not the area.
	Name string

	// URL is the signed, short-lived URL of the package. It is a secret.
	URL string

	// LogTime is in Unix seconds. It is deprecated and can contradict the name.
	LogTime *int64

	// Start and End of the slot, from the row or else from the name; zero if
	// neither has them. The service ends hourly slots exclusively (07:00:00) and
	// quarter-hour slots inclusively (07:14:59).
	Start Time
	End   Time

	// Size is in bytes: of the uncompressed log for layer 7, of "the log" for
	// layer 4. It grows while lines are still appended.
	Size *int64

	// Unreadable means that the row has a LogTime or a Size that is not a whole
	// number, which is nil here.
	Unreadable bool

	// RequestID is the ID of the request that listed the package.
	RequestID string
}

// Host returns the domain (layer 7) or the proxy ID (layer 4).
func (p *Package) Host() string {
	if p.Domain != "" {
		return p.Domain
	}
	return p.ProxyID
}

// Identity identifies a package within its layer. The name alone does not
// distinguish the areas. A row without a name has no identity.
type Identity struct {
	Area, Host, Name string
	Start            int64 // Unix seconds

	// Source is the path of the package's URL. It replaces the area in rows that
	// have none: packages of two areas then differ in nothing else.
	Source string
}

// Identity returns the package's identity.
func (p *Package) Identity() Identity {
	return Identity{Area: p.Area, Host: p.Host(), Name: p.Name, Start: p.Start.Unix(), Source: p.source()}
}

func (p *Package) source() string {
	if p.Area != "" {
		return ""
	}
	return p.SourcePath()
}

// SourcePath returns the path of the package's URL as the service writes it. It
// has no host and no query, so it contains no secret.
func (p *Package) SourcePath() string {
	_, path := p.splitURL()
	return path
}

func (p *Package) sourceHost() string {
	host, _ := p.splitURL()
	return host
}

// splitURL returns host and path of the URL, as they are written.
func (p *Package) splitURL() (host, path string) {
	rest, _, _ := strings.Cut(p.URL, "?")
	if _, after, found := strings.Cut(rest, "://"); found {
		rest = after
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[:i], rest[i:]
	}
	return rest, ""
}

// ByTime orders packages by start, host, area and name, so that rows of one
// identity are neighbours.
func ByTime(a, b Package) int {
	// Start and host decide most comparisons. Splitting the URLs of all packages
	// would take most of the time of sorting.
	if c := a.Start.Compare(b.Start.Time); c != 0 {
		return c
	}
	if c := strings.Compare(a.Host(), b.Host()); c != 0 {
		return c
	}
	if c := cmp.Or(strings.Compare(a.Area, b.Area), strings.Compare(a.Name, b.Name)); c != 0 {
		return c
	}
	return strings.Compare(a.source(), b.source())
}

// samePackage reports whether two rows have the same identity.
func samePackage(a, b Package) bool { return a.Identity() == b.Identity() }

// packageOrder sorts packages by time. Of two rows of one package the larger one is
// newer, because packages grow.
var packageOrder = rowOrder[Package]{
	compare:    ByTime,
	same:       samePackage,
	identified: func(p Package) bool { return p.Name != "" },
	newer:      func(a, b Package) bool { return a.size() > b.size() },
}

// size returns the size of the log, or -1 if it is unknown.
func (p *Package) size() int64 {
	if p.Size == nil {
		return -1
	}
	return *p.Size
}

// fill sets times that are missing in the row from the name.
func (p *Package) fill() {
	if !p.Start.IsZero() && !p.End.IsZero() {
		return
	}
	slot, err := ParsePacketName(p.Name)
	if err != nil {
		return
	}
	if p.Start.IsZero() {
		p.Start = Time{slot.Start}
	}
	if p.End.IsZero() {
		p.End = Time{slot.End}
	}
}

// Time is a time as the service writes it: RFC 3339, in UTC or with an offset.
// An invalid time counts as missing, because the name of the package says the same
// and one invalid row must not hide all others.
type Time struct{ time.Time }

// UnmarshalJSON reads a JSON string or null. It never fails.
func (t *Time) UnmarshalJSON(b []byte) error {
	*t = Time{}
	if len(b) > 2 && b[0] == '"' {
		if parsed, err := time.Parse(time.RFC3339, string(b[1:len(b)-1])); err == nil {
			t.Time = parsed.UTC()
		}
	}
	return nil
}
