package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Scope is what an archive holds: the window and the filters of its packages.
// It is written into every bag, and two archives of different scopes cannot
// share a prefix.
type Scope struct {
	// Start and End of the window, whole seconds, UTC; End is exclusive.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`

	// Zones (site names), ZoneIDs and Domains are sets; empty means all.
	Zones   []string `json:"zones,omitempty"`
	ZoneIDs []string `json:"zone_ids,omitempty"`
	Domains []string `json:"domains,omitempty"`
}

// Identifier names the scope: equal scopes, in whatever order their sets are
// written, have equal identifiers.
func (s Scope) Identifier() string {
	// Times, strings and slices of them always marshal, unless the year has
	// more than four digits, which no window of the service has.
	canonical, _ := json.Marshal(s.normal())
	sum := sha256.Sum256(canonical)
	return "teo-l7-log-archive/" + hex.EncodeToString(sum[:16])
}

// Over tells whether nothing of the window can change any more at now: it has
// ended, and its last package is older than stableAfter.
func (s Scope) Over(now time.Time, stableAfter time.Duration) bool {
	return !s.End.Add(stableAfter).After(now)
}

// Widens tells whether a scope holds all that another one does and has the same
// filters, so that an archive of the other can become one of it.
func (s Scope) Widens(other Scope) bool {
	s, other = s.normal(), other.normal()
	return !s.Start.After(other.Start) && !s.End.Before(other.End) &&
		slices.Equal(s.Zones, other.Zones) && slices.Equal(s.ZoneIDs, other.ZoneIDs) && slices.Equal(s.Domains, other.Domains)
}

// String describes the scope in one line, for messages.
func (s Scope) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s", s.Start.UTC().Format(time.RFC3339), s.End.UTC().Format(time.RFC3339))
	for _, set := range []struct {
		name   string
		values []string
	}{{"zones", s.Zones}, {"zone_ids", s.ZoneIDs}, {"domains", s.Domains}} {
		if len(set.values) > 0 {
			fmt.Fprintf(&b, ", %s %s", set.name, strings.Join(set.values, " "))
		}
	}
	return b.String()
}

// normal returns the scope with UTC times of whole seconds and ordered sets.
func (s Scope) normal() Scope {
	set := func(values []string) []string {
		if len(values) == 0 {
			return nil
		}
		return slices.Compact(slices.Sorted(slices.Values(values)))
	}
	return Scope{
		Start: s.Start.UTC().Truncate(time.Second), End: s.End.UTC().Truncate(time.Second),
		Zones: set(s.Zones), ZoneIDs: set(s.ZoneIDs), Domains: set(s.Domains),
	}
}
