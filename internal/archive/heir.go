package archive

import "github.com/edgeone-community/terraform-provider-teo/internal/teo"

// slot is what a package keeps when the service begins to name its area, which
// API version 2022-01-06 does not.
type slot struct {
	host, name string
	start      int64 // unix seconds
}

// heirs finds, for listed packages of an area that are not archived, those that
// were archived without one and are the same: by the path of their URL, or else
// where one package of a slot and one of its size remain on either side. Bytes
// would otherwise be stored twice.
func heirs(v *view, archived map[teo.Identity]*Record, listed []teo.Package) map[teo.Identity]teo.Identity {
	bare := map[slot][]*Record{}
	add := func(r *Record) {
		if r.Area == "" {
			s := slot{r.Domain, r.Name, r.Start.Unix()}
			bare[s] = append(bare[s], r)
		}
	}
	for id, r := range archived {
		if _, again := v.entries[id]; !again {
			add(r)
		}
	}
	for _, e := range v.entries {
		add(&e.Record)
	}
	if len(bare) == 0 {
		return nil
	}
	found := map[teo.Identity]teo.Identity{}
	claimed := map[*Record]bool{}
	left := map[slot][]*teo.Package{}
	for i := range listed {
		pkg := &listed[i]
		id := pkg.Identity()
		s := slot{id.Host, id.Name, id.Start}
		if _, twice := found[id]; twice {
			continue
		}
		if _, finished := v.entries[id]; id.Area == "" || archived[id] != nil || finished || len(bare[s]) == 0 {
			continue
		}
		if r := only(bare[s], func(r *Record) bool { return r.SourcePath != "" && r.SourcePath == pkg.SourcePath() }); r != nil && !claimed[r] {
			found[id], claimed[r] = r.identity(), true
			continue
		}
		left[s] = append(left[s], pkg)
	}
	for s, packages := range left {
		r := only(bare[s], func(r *Record) bool { return !claimed[r] })
		if len(packages) == 1 && r != nil && packages[0].Size != nil && sameSize(r, packages[0].Size) {
			found[packages[0].Identity()] = r.identity()
		}
	}
	return found
}

// only returns the one record that fits, or nil.
func only(records []*Record, fits func(*Record) bool) *Record {
	var found *Record
	for _, r := range records {
		switch {
		case !fits(r):
		case found != nil:
			return nil
		default:
			found = r
		}
	}
	return found
}
