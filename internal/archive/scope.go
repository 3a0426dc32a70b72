package archive

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Scope is what an archive contains: a window and filters.
type Scope struct {
	Layer teo.Layer

	// Start and End bound the window; the end is exclusive. A zero End means
	// that the archive is open-ended.
	Start, End time.Time

	// Zones are names of sites, ZoneIDs their IDs, and Hosts sub-domains (layer
	// 7) or proxy IDs (layer 4). An empty set does not filter.
	Zones, ZoneIDs, Hosts []string
}

func (s Scope) check() error {
	if s.Layer != teo.L7 && s.Layer != teo.L4 {
		return fmt.Errorf("an archive needs a layer, %q or %q", teo.L7, teo.L4)
	}
	if s.Start.IsZero() {
		return errors.New("the window of an archive needs a start")
	}
	if !s.End.IsZero() && !s.Start.Before(s.End) {
		return errors.New("the window of an archive must end after it starts")
	}
	return nil
}

// normal returns the scope in UTC, with sorted sets and whole seconds.
func (s Scope) normal() Scope {
	set := func(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }
	s.Zones, s.ZoneIDs, s.Hosts = set(s.Zones), set(s.ZoneIDs), set(s.Hosts)
	s.Start = s.Start.UTC().Truncate(time.Second)
	if end := s.End.UTC().Truncate(time.Second); s.End.IsZero() || end.Equal(s.End) {
		s.End = end
	} else {
		s.End = end.Add(time.Second)
	}
	if s.End.IsZero() {
		s.End = time.Time{}
	}
	return s
}

// Equal reports whether two scopes contain the same packages.
func (s Scope) Equal(o Scope) bool {
	s, o = s.normal(), o.normal()
	return s.Layer == o.Layer && s.Start.Equal(o.Start) && s.End.Equal(o.End) && slices.Equal(s.Zones, o.Zones) &&
		slices.Equal(s.ZoneIDs, o.ZoneIDs) && slices.Equal(s.Hosts, o.Hosts)
}

// Contains reports whether a package that starts at t lies within the window.
func (s Scope) Contains(t time.Time) bool {
	return !t.Before(s.Start) && (s.End.IsZero() || t.Before(s.End))
}

// String describes the scope for messages.
func (s Scope) String() string {
	end := "no end"
	if !s.End.IsZero() {
		end = "until " + s.End.Format(time.RFC3339)
	}
	text := fmt.Sprintf("layer %s, from %s, %s", s.Layer, s.Start.Format(time.RFC3339), end)
	hosts := "domains"
	if s.Layer == teo.L4 {
		hosts = "proxy_ids"
	}
	for _, filter := range []struct {
		name   string
		values []string
	}{{"zones", s.Zones}, {"zone_ids", s.ZoneIDs}, {hosts, s.Hosts}} {
		if len(filter.values) > 0 {
			text += ", " + filter.name + " " + strings.Join(filter.values, " ")
		}
	}
	return text
}
