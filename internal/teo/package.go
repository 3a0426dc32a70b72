package teo

import (
	"cmp"
	"strings"
	"time"
)

// Layer tells the two families of offline logs apart.
type Layer string

// The layers that EdgeOne keeps offline logs of.
const (
	L7 Layer = "l7" // HTTP(S) requests, by sub-domain
	L4 Layer = "l4" // connections of layer-4 proxies, by proxy instance
)

// Package is one log package: the gzipped JSON lines of one domain or proxy, in
// one area, over one slot of an hour or a quarter of an hour. It is decoded
// straight from a page of either API version; a field that the service left out
// or answered null is empty, zero or nil.
type Package struct {
	// Domain is the sub-domain as served (layer 7).
	Domain string `json:"Domain"`

	// ProxyID is the layer-4 proxy instance, such as "sid-xs82kshs" (layer 4).
	ProxyID string `json:"ProxyId"`

	// Area is "mainland" or "overseas"; rows of 2022-01-06 may have none.
	Area string `json:"Area"`

	// Name is the package's name, such as "20220811-02-www.example.com". It
	// names the slot in UTC, but not the area.
	Name string `json:"LogPacketName"`

	// URL is where the package is downloaded. It is signed and short-lived: a
	// secret.
	URL string `json:"Url"`

	// LogTime is in unix seconds, deprecated, and known to contradict the name.
	LogTime *int64 `json:"LogTime"`

	// Start and End of the slot, from the row, else from the name; zero where
	// neither says. Hourly slots end exclusively (07:00:00), quarter-hour slots
	// of the service inclusively (07:14:59).
	Start Time `json:"LogStartTime"`
	End   Time `json:"LogEndTime"`

	// Size is in bytes: of the uncompressed log for layer 7, of "the log" for
	// layer 4. It grows while lines are still appended.
	Size *int64 `json:"Size"`

	// RequestID is that of the answer that listed the package.
	RequestID string `json:"-"`
}

// Host is the domain or the proxy ID, whichever the layer has.
func (p *Package) Host() string {
	if p.Domain != "" {
		return p.Domain
	}
	return p.ProxyID
}

// Identity is what makes a package itself, within its layer: the name alone
// does not tell the areas apart. A row without a name has no identity.
type Identity struct {
	Area, Host, Name string
	Start            int64 // unix seconds

	// Source is the path of the package's URL. It stands in for the area in
	// rows that have none: packages of two areas then differ in nothing else.
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

// SourcePath is the path of the package's URL as the service writes it, without
// host and query, so that nothing of it is secret.
func (p *Package) SourcePath() string {
	_, path := p.splitURL()
	return path
}

func (p *Package) sourceHost() string {
	host, _ := p.splitURL()
	return host
}

// splitURL gives host and path of the URL, as they are written.
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
	// Most pairs are told apart by start and host; to cut up the URLs of all of
	// them would take most of the time of sorting.
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

// fill takes from the name what the row does not say.
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

// Time is an instant as the service writes it: RFC 3339, in UTC or with an
// offset. What cannot be read counts as not given, for the name of a package
// says the same and one odd row must not hide all others.
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
