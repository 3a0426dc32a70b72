package archive

import (
	"cmp"
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

	// unsure means that the records of a bag are not known. The current version at each
	// entry is then known only from the ledger's counts.
	unsure bool

	known    map[string]*bag.Record // by key
	packages map[string]*versionsOf // by path
	absent   map[string]bool        // bags that are lost as a whole, up to here
}

func newVersionCheck(day string, records map[string][]bag.Record, p *problems) *versionCheck {
	c := &versionCheck{day: day, records: records, problems: p, known: map[string]*bag.Record{}, packages: map[string]*versionsOf{}, absent: map[string]bool{}}
	for _, known := range records {
		c.unsure = c.unsure || known == nil
	}
	return c
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
	superseding := int64(0)
	records := c.records[folder]
	for i := range records {
		r := &records[i]
		if c.known[r.Key()] = r; c.packages[r.Path] == nil {
			c.packages[r.Path] = &versionsOf{}
		}
		p := c.packages[r.Path]
		current := c.current(p)
		switch was := r.Supersedes; {
		case p.erased:
			c.problem(r.Key(), "entry %d adds a package that was erased", e.entry.Sequence)
		case was != nil && c.known[was.Path] == nil && !c.isUnknown(was.Path):
			c.problem(r.Key(), "it supersedes %s, which the archive does not have", was.Path)
		case c.unsure:
		case current != nil && (was == nil || was.Path != current.Key() || was.SHA256 != current.SHA256):
			c.problem(r.Key(), "it does not supersede %s, the current version at entry %d", current.Key(), e.entry.Sequence)
		}
		if current != nil {
			superseding++
		}
		for _, other := range p.versions {
			if other.SHA256 == r.SHA256 && !p.gone[other.Key()] && !c.absent[other.Bag] && !replaces(e.lost, other.Key(), r.Key()) {
				c.problem(r.Key(), "it has the same bytes as %s", other.Key())
			}
		}
		p.versions = append(p.versions, r)
	}
	if says := e.entry.Bags[folder].Superseding; says != superseding && !c.unsure {
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
		if is != (f.Current == 1) && !c.unsure {
			c.problem(f.Path, "entry %d %s it and counts %d current versions", e.entry.Sequence, verb, f.Current)
		}
	}
	for i := range e.lost {
		f := &e.lost[i]
		p := check(f, "loses")
		if p == nil {
			continue
		}
		now := c.current(p)
		current(f, now != nil && now.Key() == f.Path, "loses")
		if by := c.known[f.ReplacedBy]; f.ReplacedBy != "" && (by == nil || by.SHA256 != f.SHA256 || !slices.Contains(e.bags, by.Bag)) {
			c.problem(f.Path, "entry %d replaces it by %s, which has other bytes or is not of the same entry", e.entry.Sequence, f.ReplacedBy)
		}
		p.set(f.Path, true)
	}
	c.whole(e, e.lost, true)
	for i := range e.recovered {
		f := &e.recovered[i]
		if p := check(f, "recovers"); p != nil {
			p.set(f.Path, false)
			now := c.current(p)
			current(f, now != nil && now.Key() == f.Path, "recovers")
		}
	}
	c.whole(e, e.recovered, false)
	for i := range e.erased {
		f := &e.erased[i]
		p := check(f, "erases")
		if p == nil {
			continue
		}
		now := c.current(p)
		current(f, now != nil && now.Key() == f.Path, "erases")
		p.set(f.Path, true)
		p.erased = true
	}
	c.whole(e, e.erased, true)
}

// whole compares bags that are lost, recovered or erased as a whole with the records.
func (c *versionCheck) whole(e *event, files []ledger.File, absent bool) {
	before, counted, first := c.count(), int64(0), ""
	for i := range files {
		if folder, ok := isWhole(&files[i]); ok {
			c.absent[folder] = absent
			counted += files[i].Current
			first = cmp.Or(first, files[i].Path)
		}
	}
	change := c.count() - before
	if absent {
		change = -change
	}
	if first != "" && change != counted && !c.unsure {
		c.problem(first, "entry %d counts %d current versions in whole bags, the records say %d", e.entry.Sequence, counted, change)
	}
}

// current is the current version of a package; nil if it has none. See
// packageVersions.current.
func (c *versionCheck) current(p *versionsOf) *bag.Record {
	for _, r := range slices.Backward(p.versions) {
		switch {
		case p.gone[r.Key()]:
			return nil
		case !c.absent[r.Bag]:
			return r
		}
	}
	return nil
}

// count is the number of packages that have a current version.
func (c *versionCheck) count() (n int64) {
	for _, p := range c.packages {
		if c.current(p) != nil {
			n++
		}
	}
	return n
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

func (p *versionsOf) set(key string, gone bool) {
	if p.gone == nil {
		p.gone = map[string]bool{}
	}
	p.gone[key] = gone
}
