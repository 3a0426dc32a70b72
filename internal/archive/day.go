package archive

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// dayView is what an archive has of one day: every version of every package.
type dayView struct {
	day      string
	packages map[string]*packageView // by path, which all versions share
}

// packageView is one package. Its versions are in the order of their commits.
type packageView struct {
	path     string
	versions []bag.Record
	gone     []bool // lost or erased
	erased   bool   // a version was erased
}

// current is the version that was committed last; nil if that is lost or erased.
func (p *packageView) current() *bag.Record {
	last := len(p.versions) - 1
	if last < 0 || p.gone[last] {
		return nil
	}
	return &p.versions[last]
}

// isCurrent reports whether a stored file is the current version.
func (p *packageView) isCurrent(key string) bool {
	c := p.current()
	return c != nil && c.Key() == key
}

// newDayView sorts the records of a day's bags. bags are in the order of commits.
func newDayView(day string, state *ledger.State, bags [][]bag.Record) *dayView {
	v := &dayView{day: day, packages: map[string]*packageView{}}
	for _, records := range bags {
		for i := range records {
			r := records[i]
			p := v.packages[r.Path]
			if p == nil {
				p = &packageView{path: r.Path}
				v.packages[r.Path] = p
			}
			_, erased := state.Erased[r.Key()]
			p.versions, p.gone, p.erased = append(p.versions, r), append(p.gone, state.Gone(r.Key())), p.erased || erased
		}
	}
	return v
}

// place finds the path of each listed row: that of the package it is a version of,
// or a new one. Rows that share an identity are told apart by the path of their URL.
func (v *dayView) place(layer teo.Layer, rows []teo.Package) []string {
	count := map[bag.Identity]int{}
	for i := range rows {
		count[bag.IdentityOf(layer, &rows[i])]++
	}
	known := map[bag.Identity][]*packageView{}
	for _, path := range sortedKeys(v.packages) {
		p := v.packages[path]
		id := p.versions[0].Identity()
		known[id] = append(known[id], p)
	}
	paths := make([]string, len(rows))
	for i := range rows {
		id := bag.IdentityOf(layer, &rows[i])
		_, _, source := bag.Source(rows[i].URL)
		paths[i] = id.Path()
		if count[id] > 1 {
			paths[i] = id.PathOf(source)
		}
		candidates := known[id]
		same := slices.IndexFunc(candidates, func(p *packageView) bool { return p.versions[len(p.versions)-1].SourcePath == source })
		switch {
		case same >= 0:
			paths[i] = candidates[same].path
		case count[id] == 1 && len(candidates) > 0:
			paths[i] = candidates[0].path
		}
	}
	return paths
}

// byCommit orders the bags of a day as they were committed. Two bags of one commit
// have no package in common.
func byCommit(state *ledger.State, folders []string) {
	slices.SortFunc(folders, func(a, b string) int {
		first, second := state.Bags[a], state.Bags[b]
		return cmp.Or(cmp.Compare(state.Records[first.Commit].Sequence, state.Records[second.Commit].Sequence), strings.Compare(a, b))
	})
}

// readDay reads what the archive has of a day.
func readDay(ctx context.Context, s *scanner, day string) (*dayView, error) {
	var folders []string
	for folder := range s.log.State.Bags {
		if bag.FolderDay(folder) == day {
			folders = append(folders, folder)
		}
	}
	byCommit(s.log.State, folders)
	bags := make([][]bag.Record, len(folders))
	for i, folder := range folders {
		records, err := s.records(ctx, folder)
		if err != nil && !errors.Is(err, errUnnamed) {
			return nil, err
		}
		bags[i] = records
	}
	return newDayView(day, s.log.State, bags), nil
}

// erase describes the versions of a package that are not erased yet.
func (p *packageView) erase(state *ledger.State, reason string) (files []ledger.File) {
	for i := range p.versions {
		r := &p.versions[i]
		if _, erased := state.Erased[r.Key()]; erased {
			continue
		}
		f := ledger.File{Path: r.Key(), SHA256: r.SHA256, Bytes: r.StoredBytes, Reason: reason}
		if p.isCurrent(r.Key()) {
			f.Current = 1
		}
		files = append(files, f)
	}
	return files
}
