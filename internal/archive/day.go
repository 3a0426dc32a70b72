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

// dayVersions is what an archive has of one day: every version of every package. It has
// nothing of a bag that the ledger has lost as a whole, even if the records of the bag
// can be read.
type dayVersions struct {
	day      string
	packages map[string]*packageVersions // by path, which all versions share
	erased   map[string]bool             // paths of packages of which a version was erased

	// nameless means that the records of a bag of the day are missing. Until its loss is
	// accepted, a package may have a version that is not known.
	nameless bool
}

// packageVersions is one package. Its versions are in the order of their commits.
type packageVersions struct {
	path     string
	versions []bag.Record
	gone     []bool // lost or erased

	// hidden means that a later version was lost or erased, and afterwards its whole
	// bag was lost.
	hidden bool
}

// current is the version that was committed last; nil if that is lost or erased. A
// version in a bag that is lost as a whole does not count, because its record cannot be read.
func (p *packageVersions) current() *bag.Record {
	last := len(p.versions) - 1
	if last < 0 || p.gone[last] || p.hidden {
		return nil
	}
	return &p.versions[last]
}

// isCurrent reports whether a stored file is the current version.
func (p *packageVersions) isCurrent(key string) bool {
	c := p.current()
	return c != nil && c.Key() == key
}

// isLast reports whether a stored file is the version that was committed last, lost or
// not.
func (p *packageVersions) isLast(key string) bool {
	return len(p.versions) > 0 && !p.hidden && p.versions[len(p.versions)-1].Key() == key
}

// add adds the records of a bag. Bags are added in the order of their commits.
func (v *dayVersions) add(state *ledger.State, records []bag.Record) {
	for i := range records {
		r := records[i]
		p := v.packages[r.Path]
		if p == nil {
			p = &packageVersions{path: r.Path}
			v.packages[r.Path] = p
		}
		_, lost := state.Lost[r.Key()]
		_, erased := state.Erased[r.Key()]
		p.versions, p.gone, p.hidden = append(p.versions, r), append(p.gone, lost || erased), false
		if erased {
			v.erased[r.Path] = true
		}
	}
}

// hide notes what the ledger says about packages of a bag that is lost as a whole: some
// were lost or erased before.
func (v *dayVersions) hide(state *ledger.State, folder string) {
	for _, files := range []map[string]ledger.File{state.Lost, state.Erased} {
		for key := range files {
			path, ok := strings.CutPrefix(key, folder+"/")
			if !ok || path == "" {
				continue
			}
			if p := v.packages[path]; p != nil {
				p.hidden = true
			}
			if _, erased := state.Erased[key]; erased {
				v.erased[path] = true
			}
		}
	}
}

// count is the number of packages that have a current version.
func (v *dayVersions) count() (n int64) {
	for _, p := range v.packages {
		if p.current() != nil {
			n++
		}
	}
	return n
}

// place finds the path of each listed row: that of the package it is a version of,
// or a new one. Rows that share an identity are distinguished by the path of their URL,
// and by its host as well if the paths are equal.
func (v *dayVersions) place(layer teo.Layer, rows []teo.Package) []string {
	type source struct {
		id   bag.Identity
		path string
	}
	count, samePath := map[bag.Identity]int{}, map[source]int{}
	for i := range rows {
		_, _, path := bag.Source(rows[i].URL)
		id := bag.IdentityOf(layer, &rows[i])
		count[id]++
		samePath[source{id, path}]++
	}
	known := map[bag.Identity][]*packageVersions{}
	for _, path := range sortedKeys(v.packages) {
		p := v.packages[path]
		id := p.versions[0].Identity()
		known[id] = append(known[id], p)
	}
	paths := make([]string, len(rows))
	for i := range rows {
		id := bag.IdentityOf(layer, &rows[i])
		_, host, path := bag.Source(rows[i].URL)
		byHost := samePath[source{id, path}] > 1
		switch {
		case byHost:
			paths[i] = id.PathOf(host + path)
		case count[id] > 1:
			paths[i] = id.PathOf(path)
		default:
			paths[i] = id.Path()
		}
		from := func(host string) int {
			return slices.IndexFunc(known[id], func(p *packageVersions) bool {
				last := &p.versions[len(p.versions)-1]
				return last.SourcePath == path && (host == "" || last.SourceHost == host)
			})
		}
		same := from(host)
		if same < 0 && !byHost {
			same = from("")
		}
		switch {
		case same >= 0:
			paths[i] = known[id][same].path
		case count[id] == 1 && len(known[id]) > 0:
			paths[i] = known[id][0].path
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

// readDay reads what the archive has of a day. back are lost bags that it has again.
func readDay(ctx context.Context, s *scanner, day string, back ...string) (*dayVersions, error) {
	state := s.log.State
	var folders []string
	for folder := range state.Bags {
		if bag.FolderDay(folder) == day {
			folders = append(folders, folder)
		}
	}
	byCommit(state, folders)
	v := &dayVersions{day: day, packages: map[string]*packageVersions{}, erased: map[string]bool{}}
	for _, folder := range folders {
		if state.Gone(folder+"/") && !slices.Contains(back, folder) {
			v.hide(state, folder)
			continue
		}
		records, err := s.records(ctx, folder)
		switch {
		case errors.Is(err, errUnnamed):
			v.nameless = true
			v.hide(state, folder)
		case err != nil:
			return nil, err
		}
		v.add(state, records)
	}
	return v, nil
}

// erase describes the versions of a package that are not erased yet.
func (p *packageVersions) erase(state *ledger.State, reason string) (files []ledger.File) {
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
