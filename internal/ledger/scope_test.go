package ledger

import (
	"testing"
	"time"
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
		"no resolved zones":             {new: func(s *Scope) { s.Resolved = nil }},

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
