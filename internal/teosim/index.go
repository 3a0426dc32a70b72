package teosim

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// layer is a family of logs. It is part of a package's identity.
type layer string

const (
	layer7 layer = "l7"
	layer4 layer = "l4"
)

// entry is a package as the index keeps it.
type entry struct {
	Package
	layer layer
	id    uint64 // of the identity
	path  string // of the download
}

// index is the sorted catalogue. It is immutable and replaced when the catalogue
// changes.
type index struct {
	zones  []Zone // latest first
	layers map[layer]*packages
	byID   map[uint64]*entry
	valid  span // of the clock of the service

	counted  map[layer][]Package // what the analytics count from
	counting sync.Mutex          // guards traffic
	traffic  map[layer]traffic
}

func newIndex(c Catalogue) *index {
	ix := &index{
		layers:  map[layer]*packages{},
		byID:    make(map[uint64]*entry, len(c.L7)+len(c.L4)),
		counted: map[layer][]Package{layer7: c.L7, layer4: c.L4},
		valid:   always(),
	}
	ix.zones = sortedZones(c.Zones)
	names, off := map[string]string{}, map[string]bool{}
	for _, zone := range c.Zones {
		names[zone.ID] = zone.Name
		off[zone.ID] = zone.LogsOff
	}
	for l, list := range map[layer][]Package{layer7: c.L7, layer4: c.L4} {
		entries := make([]entry, 0, len(list))
		for _, pkg := range list {
			if pkg.Lost || pkg.Mitigated || off[pkg.ZoneID] {
				continue
			}
			if pkg.ZoneName == "" {
				pkg.ZoneName = names[pkg.ZoneID]
			}
			entries = append(entries, newEntry(l, pkg))
		}
		ix.layers[l] = newPackages(entries)
		for i := range ix.layers[l].sorted {
			e := &ix.layers[l].sorted[i]
			if _, taken := ix.byID[e.id]; !taken {
				ix.byID[e.id] = e
			}
		}
	}
	return ix
}

func newEntry(l layer, pkg Package) entry {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%s\x00%s\x00%s\x00%d\x00%s", l, pkg.Area, pkg.Host, pkg.Start.Unix(), pkg.Name)
	e := entry{Package: pkg, layer: l, id: hash.Sum64()}
	e.path = downloadPath(&e)
	return e
}

// packages are the packages of one layer, latest first. New ones appear at the
// front and shift the pages of a client that is reading.
type packages struct {
	sorted  []entry
	longest time.Duration // of a slot

	mu         sync.Mutex
	selections map[string][]int32
}

func newPackages(entries []entry) *packages {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(
			b.Start.Compare(a.Start),
			cmp.Compare(a.Host, b.Host),
			cmp.Compare(a.Area, b.Area),
			cmp.Compare(b.Name, a.Name),
		)
	})
	p := &packages{sorted: entries, selections: map[string][]int32{}}
	for i := range entries {
		p.longest = max(p.longest, entries[i].End.Sub(entries[i].Start))
	}
	return p
}

// selection is the filter of a request. Nil sets select everything.
type selection struct {
	start, end time.Time
	zoneNames  map[string]bool
	zoneIDs    map[string]bool
	hosts      map[string]bool
}

func (s selection) matches(e *entry) bool {
	return e.Start.Before(s.end) && e.End.After(s.start) &&
		(s.zoneNames == nil || s.zoneNames[e.ZoneName]) &&
		(s.zoneIDs == nil || s.zoneIDs[e.ZoneID]) &&
		(s.hosts == nil || s.hosts[e.Host])
}

func (s selection) key() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d", s.start.Unix(), s.end.Unix())
	for _, set := range []map[string]bool{s.zoneNames, s.zoneIDs, s.hosts} {
		if set == nil {
			b.WriteString(" *")
			continue
		}
		fmt.Fprintf(&b, " %q", sortedKeys(set))
	}
	return b.String()
}

// maxSelections bounds the cache of selections.
const maxSelections = 64

// find returns the indexes of the selected packages, in order. All pages of a list
// have the same selection, so the result is cached.
func (p *packages) find(s selection) []int32 {
	key := s.key()
	p.mu.Lock()
	found, ok := p.selections[key]
	p.mu.Unlock()
	if ok {
		return found
	}
	first, _ := slices.BinarySearchFunc(p.sorted, s.end, func(e entry, end time.Time) int {
		if e.Start.Before(end) {
			return 1
		}
		return -1
	})
	earliest := s.start.Add(-p.longest)
	for i := first; i < len(p.sorted) && !p.sorted[i].Start.Before(earliest); i++ {
		if s.matches(&p.sorted[i]) {
			found = append(found, int32(i))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.selections) >= maxSelections {
		clear(p.selections)
	}
	p.selections[key] = found
	return found
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

func set(values []string) map[string]bool {
	if len(values) == 0 {
		return nil
	}
	m := make(map[string]bool, len(values))
	for _, value := range values {
		m[value] = true
	}
	return m
}
