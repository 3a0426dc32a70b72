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

// versions replays what the entries say about the files of a day, and compares it
// with the records: which version was current when.
func (v *verifier) versions(day string, all map[string][]bag.Record) {
	// The records of a bag that is lost with them are not known.
	unknown := func(key string) bool {
		folder, _, _ := bag.Split(key)
		records, committed := all[folder]
		return committed && records == nil
	}
	known := map[string]*bag.Record{}    // by key
	packages := map[string]*versionsOf{} // by path
	for _, e := range v.history[day] {
		for _, folder := range e.bags {
			superseding, uncertain := int64(0), int64(0)
			for i := range all[folder] {
				r := &all[folder][i]
				if known[r.Key()] = r; packages[r.Path] == nil {
					packages[r.Path] = &versionsOf{}
				}
				p := packages[r.Path]
				current := p.current()
				switch {
				case p.erased:
					v.problem(ProblemVersion, day, r.Key(), "entry %d adds a package that was erased", e.entry.Sequence)
				case current != nil && (r.Supersedes == nil || r.Supersedes.Path != current.Key() || r.Supersedes.SHA256 != current.SHA256):
					v.problem(ProblemVersion, day, r.Key(), "it does not supersede %s, the current version at entry %d", current.Key(), e.entry.Sequence)
				case current == nil && r.Supersedes != nil && unknown(r.Supersedes.Path):
					uncertain++
				case current == nil && r.Supersedes != nil && known[r.Supersedes.Path] == nil:
					v.problem(ProblemVersion, day, r.Key(), "it supersedes %s, which the archive does not have", r.Supersedes.Path)
				}
				if current != nil {
					superseding++
				}
				for _, other := range p.versions {
					if other.SHA256 == r.SHA256 && !p.gone[other.Key()] && !replaces(e.lost, other.Key(), r.Key()) {
						v.problem(ProblemVersion, day, r.Key(), "it has the same bytes as %s", other.Key())
					}
				}
				p.versions = append(p.versions, r)
			}
			if says := e.entry.Bags[folder].Superseding; all[folder] != nil && (says < superseding || says > superseding+uncertain) {
				v.problem(ProblemVersion, day, folder, "entry %d says that %d packages replace current versions, the records say %d", e.entry.Sequence, e.entry.Bags[folder].Superseding, superseding)
			}
		}
		v.losses(day, &e, known, packages, all)
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

// losses compares lost, recovered and erased files with the records.
func (v *verifier) losses(day string, e *event, known map[string]*bag.Record, packages map[string]*versionsOf, all map[string][]bag.Record) {
	check := func(f *ledger.File, verb string) *versionsOf {
		r := known[f.Path]
		if r == nil {
			folder, path, ok := bag.Split(f.Path)
			if ok && path != "" && all[folder] != nil {
				v.problem(ProblemVersion, day, f.Path, "entry %d %s it, and no bag has it", e.entry.Sequence, verb)
			}
			return nil
		}
		if r.SHA256 != f.SHA256 || r.StoredBytes != f.Bytes {
			v.problem(ProblemVersion, day, f.Path, "entry %d %s it with another hash or length than its record has", e.entry.Sequence, verb)
		}
		return packages[r.Path]
	}
	current := func(f *ledger.File, is bool, verb string) {
		if is != (f.Current == 1) {
			v.problem(ProblemVersion, day, f.Path, "entry %d %s it and counts %d current versions", e.entry.Sequence, verb, f.Current)
		}
	}
	for i := range e.lost {
		f := &e.lost[i]
		p := check(f, "loses")
		if p == nil {
			continue
		}
		c := p.current()
		current(f, c != nil && c.Key() == f.Path, "loses")
		if by := known[f.ReplacedBy]; f.ReplacedBy != "" && (by == nil || by.SHA256 != f.SHA256 || !slices.Contains(e.bags, by.Bag)) {
			v.problem(ProblemVersion, day, f.Path, "entry %d replaces it by %s, which has other bytes or is not of the same entry", e.entry.Sequence, f.ReplacedBy)
		}
		p.set(f.Path, true)
	}
	for i := range e.recovered {
		f := &e.recovered[i]
		if p := check(f, "recovers"); p != nil {
			p.set(f.Path, false)
			c := p.current()
			current(f, c != nil && c.Key() == f.Path, "recovers")
		}
	}
	for i := range e.erased {
		f := &e.erased[i]
		p := check(f, "erases")
		if p == nil {
			continue
		}
		c := p.current()
		current(f, c != nil && c.Key() == f.Path, "erases")
		p.set(f.Path, true)
		p.erased = true
	}
}
