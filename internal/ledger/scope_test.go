package ledger

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Each change is made to a scope that filters by zones, IDs and hosts.
func TestScopesAreComparedByEachField(t *testing.T) {
	t.Parallel()
	start := time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	end := func(hours int) *time.Time { return new(start.Add(time.Duration(hours) * time.Hour)) }
	scope := func(change func(*Scope)) *Scope {
		s := &Scope{
			Start: start, End: end(48), Zones: []string{"example.com"}, ZoneIDs: []string{"zone-1"}, Hosts: []string{"a", "b"}, Resolved: []string{"zone-1", "zone-2"},
			StableAfter: 86400, RecheckDays: 3, Retention: &Retention{Mode: "GOVERNANCE", Days: 30}, ExpireAfterDays: 60,
		}
		change(s)
		return s
	}
	open := func(s *Scope) { s.End = nil }
	for name, test := range map[string]struct {
		old, new                        func(*Scope)
		equal, same, within, extendsEnd bool
	}{
		"no change": {new: func(*Scope) {}, equal: true, same: true, within: true},

		"a later end":                   {new: func(s *Scope) { s.End = end(49) }, extendsEnd: true},
		"no end":                        {new: open, extendsEnd: true},
		"an earlier end":                {new: func(s *Scope) { s.End = end(47) }, within: true},
		"an end after none":             {old: open, new: func(*Scope) {}, within: true},
		"no end as before":              {old: open, new: open, equal: true, same: true, within: true},
		"an earlier start":              {new: func(s *Scope) { s.Start = *end(-1) }},
		"a later start":                 {new: func(s *Scope) { s.Start = *end(1) }, within: true},
		"a window before":               {new: func(s *Scope) { s.Start, s.End = *end(-1), end(49) }},
		"a later window":                {new: func(s *Scope) { s.Start, s.End = *end(1), end(49) }},
		"more hosts":                    {new: func(s *Scope) { s.Hosts = []string{"a", "b", "c"} }},
		"other hosts":                   {new: func(s *Scope) { s.Hosts = []string{"a", "c"} }},
		"fewer hosts":                   {new: func(s *Scope) { s.Hosts = []string{"a"} }, within: true},
		"all hosts":                     {new: func(s *Scope) { s.Hosts = nil }},
		"hosts after all":               {old: func(s *Scope) { s.Hosts = nil }, new: func(*Scope) {}, within: true},
		"more hosts, later":             {new: func(s *Scope) { s.Hosts, s.End = []string{"a", "b", "c"}, end(49) }},
		"more hosts, no end":            {new: func(s *Scope) { s.Hosts, s.End = nil, nil }},
		"fewer hosts, later":            {new: func(s *Scope) { s.Hosts, s.End = []string{"a"}, end(49) }},
		"more resolved zones":           {new: func(s *Scope) { s.Resolved = []string{"zone-1", "zone-2", "zone-3"} }},
		"fewer resolved zones":          {new: func(s *Scope) { s.Resolved = []string{"zone-1"} }, within: true},
		"other zones with the same IDs": {new: func(s *Scope) { s.Zones, s.ZoneIDs = nil, []string{"zone-1", "zone-2"} }, within: true},
		"another name of the only zone": {old: func(s *Scope) { s.Resolved = s.ZoneIDs }, new: func(s *Scope) { s.Resolved, s.Zones = s.ZoneIDs, []string{"example.org"} }, within: true},
		"no resolved zones":             {new: func(s *Scope) { s.Resolved = nil }},
		"resolved zones after none":     {old: func(s *Scope) { s.Resolved = nil }, new: func(*Scope) {}},

		"no resolved zones before and after": {old: func(s *Scope) { s.Resolved = nil }, new: func(s *Scope) { s.Resolved = nil }, equal: true, same: true, within: true},
		"other unresolved zones":             {old: func(s *Scope) { s.Resolved = nil }, new: func(s *Scope) { s.Resolved, s.Zones = nil, nil }},
		"other unresolved IDs":               {old: func(s *Scope) { s.Resolved = nil }, new: func(s *Scope) { s.Resolved, s.ZoneIDs = nil, nil }},

		"stable_after":           {new: func(s *Scope) { s.StableAfter++ }, same: true, within: true},
		"recheck_days":           {new: func(s *Scope) { s.RecheckDays++ }, same: true, within: true},
		"expire_after_days":      {new: func(s *Scope) { s.ExpireAfterDays++ }, same: true, within: true},
		"no retention":           {new: func(s *Scope) { s.Retention = nil }, same: true, within: true},
		"a retention after none": {old: func(s *Scope) { s.Retention = nil }, new: func(*Scope) {}, same: true, within: true},
		"another retention":      {new: func(s *Scope) { s.Retention = &Retention{Mode: "COMPLIANCE", Days: 30} }, same: true, within: true},
		"a longer retention":     {new: func(s *Scope) { s.Retention = &Retention{Mode: "GOVERNANCE", Days: 31} }, same: true, within: true},
		"no retention as before": {old: func(s *Scope) { s.Retention = nil }, new: func(s *Scope) { s.Retention = nil }, equal: true, same: true, within: true},
	} {
		if test.old == nil {
			test.old = func(*Scope) {}
		}
		was, is := scope(test.old), scope(test.new)
		for what, pair := range map[string][2]bool{
			"Equal": {is.Equal(was), test.equal}, "Same": {is.Same(was), test.same}, "Within": {is.Within(was), test.within}, "ExtendsEnd": {is.ExtendsEnd(was), test.extendsEnd},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s is %t", name, what, pair[0])
			}
		}
	}
}

// A scope says which packages it has, and from when on a day is stable, sealed and
// expired.
func TestAScopeSaysWhatItContainsAndWhen(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	s := &Scope{Start: at("2022-05-01T06:00:00Z"), End: new(at("2022-05-03T06:00:00Z")), StableAfter: 3600, RecheckDays: 2, ExpireAfterDays: 10}
	open := *s
	open.End, open.ExpireAfterDays = nil, 0
	for text, want := range map[string][2]bool{
		"2022-05-01T05:59:59Z": {false, false}, "2022-05-01T06:00:00Z": {true, true}, "2022-05-03T05:59:59Z": {true, true}, "2022-05-03T06:00:00Z": {false, true},
	} {
		if got := [2]bool{s.Contains(at(text)), open.Contains(at(text))}; got != want {
			t.Errorf("%s is in the window, in the open one: %t", text, got)
		}
	}
	for day, want := range map[string][2]bool{
		"2022-04-30": {false, false}, "2022-05-01": {true, true}, "2022-05-03": {true, true}, "2022-05-04": {false, true}, "x": {false, false},
	} {
		if got := [2]bool{s.ContainsDay(day), open.ContainsDay(day)}; got != want {
			t.Errorf("%s is in the window, in the open one: %t", day, got)
		}
	}
	whole := *s
	whole.Start, whole.End = at("2022-05-02T00:00:00Z"), new(at("2022-05-03T00:00:00Z"))
	if whole.ContainsDay("2022-05-01") || whole.ContainsDay("2022-05-03") {
		t.Error("a window of one day contains another one")
	}
	for day, want := range map[string][4]string{
		"2022-05-02": {"2022-05-03T00:00:00Z", "2022-05-03T01:00:00Z", "2022-05-05T01:00:00Z", "2022-05-13T00:00:00Z"},
		"2022-05-03": {"2022-05-03T06:00:00Z", "2022-05-03T07:00:00Z", "2022-05-05T07:00:00Z", "2022-05-14T00:00:00Z"},
	} {
		for i, got := range []time.Time{s.DayEnd(day), s.Stable(day), s.Sealable(day), s.Expires(day)} {
			if !got.Equal(at(want[i])) {
				t.Errorf("%s: got %s, want %s", day, got, want[i])
			}
		}
	}
	if got := open.DayEnd("2022-05-03"); !got.Equal(at("2022-05-04T00:00:00Z")) || !open.Expires("2022-05-03").IsZero() {
		t.Errorf("an open window: the day ends at %s, and expires at %s", got, open.Expires("2022-05-03"))
	}
	for want, s := range map[string]*Scope{
		"from 2022-05-01T06:00:00Z, no end": &open,
		"from 2022-05-01T06:00:00Z, until 2022-05-03T06:00:00Z, zones a b, zone_ids c, hosts d": {
			Start: s.Start, End: s.End, Zones: []string{"a", "b"}, ZoneIDs: []string{"c"}, Hosts: []string{"d"},
		},
	} {
		if got := s.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// Normal returns whole seconds of UTC and sorted sets, and leaves the given scope as it is.
func TestANormalScopeIsInWholeSecondsOfUTC(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 2*3600)
	given := Scope{
		Start: time.Date(2022, 5, 1, 2, 0, 0, 5, zone), End: new(time.Date(2022, 5, 2, 2, 0, 0, 5, zone)),
		Zones: []string{"b", "a", "b"}, ZoneIDs: []string{"d", "c"}, Hosts: []string{"f", "e", "f"}, Resolved: []string{"h", "g"},
	}
	start, end := teo.RoundWindow(given.Start.UTC(), given.End.UTC())
	want := Scope{Start: start, End: &end, Zones: []string{"a", "b"}, ZoneIDs: []string{"c", "d"}, Hosts: []string{"e", "f"}, Resolved: []string{"g", "h"}}
	if got := given.Normal(); !reflect.DeepEqual(got, want) || got.check() != nil || end.Nanosecond() != 0 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	given.End = nil
	if got := given.Normal(); got.End != nil || !got.Start.Equal(start) {
		t.Errorf("got %+v", got)
	}
	if !slices.Equal(given.Zones, []string{"b", "a", "b"}) {
		t.Errorf("the given zones are %q now", given.Zones)
	}
}

// The limits of a scope, one below and one above each.
func TestAScopeHasLimits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		change func(s *Scope)
		ok     bool
	}{
		{func(s *Scope) { s.StableAfter = 0 }, true},
		{func(s *Scope) { s.StableAfter = -1 }, false},
		{func(s *Scope) { s.StableAfter = 604800 }, true},
		{func(s *Scope) { s.StableAfter = 604801 }, false},
		{func(s *Scope) { s.RecheckDays = 0 }, true},
		{func(s *Scope) { s.RecheckDays = -1 }, false},
		{func(s *Scope) { s.RecheckDays = 366 }, true},
		{func(s *Scope) { s.RecheckDays = 367 }, false},
		{func(s *Scope) { s.ExpireAfterDays = 0 }, true},
		{func(s *Scope) { s.ExpireAfterDays = -1 }, false},
		{func(s *Scope) { s.ExpireAfterDays = 36500 }, true},
		{func(s *Scope) { s.ExpireAfterDays = 36501 }, false},
		{func(s *Scope) { s.Retention = &Retention{"GOVERNANCE", 1} }, true},
		{func(s *Scope) { s.Retention = &Retention{"GOVERNANCE", 0} }, false},
		{func(s *Scope) { s.Retention = &Retention{"COMPLIANCE", 36500} }, true},
		{func(s *Scope) { s.Retention = &Retention{"COMPLIANCE", 36501} }, false},
		{func(s *Scope) { s.Retention = &Retention{"LEGAL", 1} }, false},
		{func(s *Scope) { s.End = new(s.Start.Add(time.Second)) }, true},
		{func(s *Scope) { s.End = new(s.Start) }, false},
		{func(s *Scope) { s.End = new(s.Start.Add(time.Hour + 1)) }, false},
		{func(s *Scope) { s.Start = s.Start.Add(1) }, false},
		{func(s *Scope) { s.Start = s.Start.Local().In(time.FixedZone("", 0)) }, false},
		{func(s *Scope) { s.Start = time.Time{} }, false},
		{func(s *Scope) { s.Hosts = []string{"a", "b"} }, true},
		{func(s *Scope) { s.Hosts = []string{"b", "a"} }, false},
		{func(s *Scope) { s.Zones = []string{"a", "a"} }, false},
		{func(s *Scope) { s.ZoneIDs = []string{"b", "a"} }, false},
		{func(s *Scope) { s.Resolved = []string{"b", "a"} }, false},
	} {
		s := window()
		test.change(&s)
		if err := s.check(); (err == nil) != test.ok {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
