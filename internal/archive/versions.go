package archive

import (
	"slices"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// event is what one entry says about the files of one day.
type event struct {
	entry                   *ledger.Entry
	bags                    []string
	lost, recovered, erased []ledger.File
}

// versionCheck compares what the entries say about the files of a day with the records
// of its bags: which version was current when.
type versionCheck struct {
	day      string
	records  map[string][]bag.Record // by bag; nil for one that is lost with its records
	problems *problems

	known    map[string]*bag.Record // by key
	packages map[string]*versionsOf // by path
}

func newVersionCheck(day string, records map[string][]bag.Record, p *problems) *versionCheck {
	return &versionCheck{day: day, records: records, problems: p, known: map[string]*bag.Record{}, packages: map[string]*versionsOf{}}
}

// replay follows the entries in their order.
func (c *versionCheck) replay(history []event) {
	for _, e := range history {
		for _, folder := range e.bags {
			c.add(&e, folder)
		}
		c.losses(&e)
	}
}

// isUnknown reports whether a file was in a bag that is lost with its records.
func (c *versionCheck) isUnknown(key string) bool {
	folder, _, _ := bag.Split(key)
	records, committed := c.records[folder]
	return committed && records == nil
}

// add compares a bag that an entry adds with what was current.
func (c *versionCheck) add(e *event, folder string) {
	superseding, uncertain := int64(0), int64(0)
	records := c.records[folder]
	for i := range records {
		r := &records[i]
		if c.known[r.Key()] = r; c.packages[r.Path] == nil {
			c.packages[r.Path] = &versionsOf{}
		}
		p := c.packages[r.Path]
		current := p.current()
		switch {
		case p.erased:
			c.problem(r.Key(), "entry %d adds a package that was erased", e.entry.Sequence)
		case current != nil && (r.Supersedes == nil || r.Supersedes.Path != current.Key() || r.Supersedes.SHA256 != current.SHA256):
			c.problem(r.Key(), "it does not supersede %s, the current version at entry %d", current.Key(), e.entry.Sequence)
		case current == nil && r.Supersedes != nil && c.isUnknown(r.Supersedes.Path):
			uncertain++
		case current == nil && r.Supersedes != nil && c.known[r.Supersedes.Path] == nil:
			c.problem(r.Key(), "it supersedes %s, which the archive does not have", r.Supersedes.Path)
		}
		if current != nil {
			superseding++
		}
		for _, other := range p.versions {
			if other.SHA256 == r.SHA256 && !p.gone[other.Key()] && !replaces(e.lost, other.Key(), r.Key()) {
				c.problem(r.Key(), "it has the same bytes as %s", other.Key())
			}
		}
		p.versions = append(p.versions, r)
	}
	if says := e.entry.Bags[folder].Superseding; records != nil && (says < superseding || says > superseding+uncertain) {
		c.problem(folder, "entry %d says that %d packages replace current versions, the records say %d", e.entry.Sequence, says, superseding)
	}
}

func (c *versionCheck) problem(path, format string, args ...any) {
	c.problems.add(ProblemVersion, c.day, path, format, args...)
}

// losses compares lost, recovered and erased files with the records.
func (c *versionCheck) losses(e *event) {
	check := func(f *ledger.File, verb string) *versionsOf {
		r := c.known[f.Path]
		if r == nil {
			folder, path, ok := bag.Split(f.Path)
			if ok && path != "" && c.records[folder] != nil {
				c.problem(f.Path, "entry %d %s it, and no bag has it", e.entry.Sequence, verb)
			}
			return nil
		}
		if r.SHA256 != f.SHA256 || r.StoredBytes != f.Bytes {
			c.problem(f.Path, "entry %d %s it with another hash or length than its record has", e.entry.Sequence, verb)
		}
		return c.packages[r.Path]
	}
	current := func(f *ledger.File, is bool, verb string) {
		if is != (f.Current == 1) {
			c.problem(f.Path, "entry %d %s it and counts %d current versions", e.entry.Sequence, verb, f.Current)
		}
	}
	for i := range e.lost {
		f := &e.lost[i]
		p := check(f, "loses")
		if p == nil {
			continue
		}
		now := p.current()
		current(f, now != nil && now.Key() == f.Path, "loses")
		if by := c.known[f.ReplacedBy]; f.ReplacedBy != "" && (by == nil || by.SHA256 != f.SHA256 || !slices.Contains(e.bags, by.Bag)) {
			c.problem(f.Path, "entry %d replaces it by %s, which has other bytes or is not of the same entry", e.entry.Sequence, f.ReplacedBy)
		}
		p.set(f.Path, true)
	}
	for i := range e.recovered {
		f := &e.recovered[i]
		if p := check(f, "recovers"); p != nil {
			p.set(f.Path, false)
			now := p.current()
			current(f, now != nil && now.Key() == f.Path, "recovers")
		}
	}
	for i := range e.erased {
		f := &e.erased[i]
		p := check(f, "erases")
		if p == nil {
			continue
		}
		now := p.current()
		current(f, now != nil && now.Key() == f.Path, "erases")
		p.set(f.Path, true)
		p.erased = true
	}
}

func replaces(lost []ledger.File, old, by string) bool {
	return slices.ContainsFunc(lost, func(f ledger.File) bool { return f.Path == old && f.ReplacedBy == by })
}

// versionsOf are the versions of one package, in the order of their commits.
type versionsOf struct {
	versions []*bag.Record
	gone     map[string]bool
	erased   bool
}

func (p *versionsOf) current() *bag.Record {
	if len(p.versions) == 0 {
		return nil
	}
	last := p.versions[len(p.versions)-1]
	if p.gone[last.Key()] {
		return nil
	}
	return last
}

func (p *versionsOf) set(key string, gone bool) {
	if p.gone == nil {
		p.gone = map[string]bool{}
	}
	p.gone[key] = gone
}
