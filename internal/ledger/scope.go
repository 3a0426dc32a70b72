package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Scope is what an archive contains, and the policy for it.
type Scope struct {
	// Start and End bound the window, in whole seconds of UTC; the end is
	// exclusive. A nil End means that the archive is open-ended.
	Start time.Time  `json:"start"`
	End   *time.Time `json:"end,omitempty"`

	// Zones are names of sites, ZoneIDs their IDs, and Hosts sub-domains (layer 7)
	// or proxy IDs (layer 4). An empty set does not filter.
	Zones   []string `json:"zones,omitempty"`
	ZoneIDs []string `json:"zone_ids,omitempty"`
	Hosts   []string `json:"hosts,omitempty"`

	// Resolved are the IDs of the zones that were listed. It is empty with API
	// version 2022-01-06, which does not use IDs.
	Resolved []string `json:"resolved_zone_ids,omitempty"`

	// The policy. A change of it never lists sealed days again.
	StableAfter     int64      `json:"stable_after_seconds"` // after its end a package does not grow any more
	RecheckDays     int64      `json:"recheck_days"`         // a day is listed again for so long before it is sealed
	Retention       *Retention `json:"retention,omitempty"`
	ExpireAfterDays int64      `json:"expire_after_days,omitempty"` // 0: never
}

// Retention is the lock that objects are written with.
type Retention struct {
	Mode string `json:"mode"` // bucket.Governance or bucket.Compliance
	Days int64  `json:"days"` // from the end of a bag's day, or from the write
}

// Normal returns the scope in UTC, in whole seconds, with sorted sets.
func (s Scope) Normal() Scope {
	set := func(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }
	s.Zones, s.ZoneIDs, s.Hosts, s.Resolved = set(s.Zones), set(s.ZoneIDs), set(s.Hosts), set(s.Resolved)
	end := s.Start
	if s.End != nil {
		end = *s.End
	}
	start, end := teo.RoundWindow(s.Start.UTC(), end.UTC())
	s.Start = start
	if s.End != nil {
		s.End = &end
	}
	return s
}

func (s *Scope) check() error {
	switch {
	case s.Start.IsZero() || s.Start.Location() != time.UTC || s.End != nil && s.End.Location() != time.UTC:
		return errors.New("the window has no start, or is not in UTC")
	case s.Start.Nanosecond() != 0 || s.End != nil && s.End.Nanosecond() != 0:
		return errors.New("the window is not in whole seconds")
	case s.End != nil && !s.Start.Before(*s.End):
		return errors.New("the window does not end after it starts")
	case s.StableAfter < 0 || s.StableAfter > 7*86400:
		return errors.New("stable_after_seconds is not within 7 days")
	case s.RecheckDays < 0 || s.RecheckDays > 366:
		return errors.New("recheck_days is not within 366 days")
	case s.ExpireAfterDays < 0 || s.ExpireAfterDays > 36500:
		return errors.New("expire_after_days is not within 36500 days")
	case s.Retention != nil && (s.Retention.Days < 1 || s.Retention.Days > 36500):
		return errors.New("the retention is not within 36500 days")
	case s.Retention != nil && s.Retention.Mode != "GOVERNANCE" && s.Retention.Mode != "COMPLIANCE":
		return errors.New("the retention has an unknown mode")
	}
	for _, set := range [][]string{s.Zones, s.ZoneIDs, s.Hosts, s.Resolved} {
		if !isSet(set) {
			return errors.New("a filter is not a sorted set")
		}
	}
	return nil
}

// Same reports whether window, filters and zones are equal. The policy may differ.
func (s *Scope) Same(o *Scope) bool {
	return s.Start.Equal(o.Start) && sameEnd(s.End, o.End) && s.sameFilters(o)
}

func sameEnd(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func (s *Scope) sameFilters(o *Scope) bool {
	return slices.Equal(s.Zones, o.Zones) && slices.Equal(s.ZoneIDs, o.ZoneIDs) && slices.Equal(s.Hosts, o.Hosts) &&
		slices.Equal(s.Resolved, o.Resolved)
}

// Equal reports whether the policies are equal, too.
func (s *Scope) Equal(o *Scope) bool {
	same := s.Retention == nil && o.Retention == nil || s.Retention != nil && o.Retention != nil && *s.Retention == *o.Retention
	return same && s.Same(o) && s.StableAfter == o.StableAfter && s.RecheckDays == o.RecheckDays && s.ExpireAfterDays == o.ExpireAfterDays
}

// Within reports whether every package of the scope is one of o as well.
func (s *Scope) Within(o *Scope) bool {
	if s.Start.Before(o.Start) || o.End != nil && (s.End == nil || s.End.After(*o.End)) {
		return false
	}
	if !subset(s.Hosts, o.Hosts) {
		return false
	}
	if len(s.Resolved) > 0 && len(o.Resolved) > 0 {
		return subset(s.Resolved, o.Resolved)
	}
	return len(s.Resolved) == len(o.Resolved) && slices.Equal(s.Zones, o.Zones) && slices.Equal(s.ZoneIDs, o.ZoneIDs)
}

// subset reports whether filter a selects nothing that filter b does not. An empty
// filter selects everything.
func subset(a, b []string) bool {
	if len(b) == 0 {
		return true
	}
	return len(a) > 0 && !slices.ContainsFunc(a, func(v string) bool { return !slices.Contains(b, v) })
}

// ExtendsEnd reports whether the scope differs from o only by a later end.
func (s *Scope) ExtendsEnd(o *Scope) bool {
	return s.Start.Equal(o.Start) && s.sameFilters(o) && o.End != nil && (s.End == nil || s.End.After(*o.End))
}

// Contains reports whether a package that starts at t lies within the window.
func (s *Scope) Contains(t time.Time) bool {
	return !t.Before(s.Start) && (s.End == nil || t.Before(*s.End))
}

// ContainsDay reports whether a part of a UTC day lies within the window.
func (s *Scope) ContainsDay(day string) bool {
	start, err := time.Parse(time.DateOnly, day)
	return err == nil && start.Add(24*time.Hour).After(s.Start) && (s.End == nil || start.Before(*s.End))
}

// DayEnd is the end of a UTC day, or of the window if that is earlier.
func (s *Scope) DayEnd(day string) time.Time {
	start, _ := time.Parse(time.DateOnly, day)
	end := start.Add(24 * time.Hour)
	if s.End != nil && s.End.Before(end) {
		return *s.End
	}
	return end
}

// Stable is the time from which on a day does not change any more.
func (s *Scope) Stable(day string) time.Time {
	return s.DayEnd(day).Add(time.Duration(s.StableAfter) * time.Second)
}

// Sealable is the time from which on a run seals a day.
func (s *Scope) Sealable(day string) time.Time {
	return s.Stable(day).Add(time.Duration(s.RecheckDays) * 24 * time.Hour)
}

// Expires is the time from which on a day is expired; zero for never.
func (s *Scope) Expires(day string) time.Time {
	if s.ExpireAfterDays == 0 {
		return time.Time{}
	}
	start, _ := time.Parse(time.DateOnly, day)
	return start.AddDate(0, 0, 1+int(s.ExpireAfterDays))
}

// String describes window and filters for messages.
func (s *Scope) String() string {
	end := "no end"
	if s.End != nil {
		end = "until " + s.End.Format(time.RFC3339)
	}
	text := fmt.Sprintf("from %s, %s", s.Start.Format(time.RFC3339), end)
	for _, filter := range []struct {
		name   string
		values []string
	}{{"zones", s.Zones}, {"zone_ids", s.ZoneIDs}, {"hosts", s.Hosts}} {
		if len(filter.values) > 0 {
			text += ", " + filter.name + " " + strings.Join(filter.values, " ")
		}
	}
	return text
}
