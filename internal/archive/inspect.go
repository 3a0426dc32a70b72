package archive

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ProblemKind says in which way a destination is not as it should be.
type ProblemKind string

// The kinds of problems.
const (
	// Missing: a file that the manifest names is not there.
	Missing ProblemKind = "missing"
	// Resized: a file of the manifest has another length than when it was written.
	Resized ProblemKind = "resized"
	// Foreign: a file stands inside of a bag that the archive did not write. A
	// run leaves it there.
	Foreign ProblemKind = "foreign"
	// Changed: a tag file is missing, damaged, or not as it was written.
	Changed ProblemKind = "changed"
	// Unfinished: a run was interrupted; the next one goes on.
	Unfinished ProblemKind = "unfinished"
	// Unchained: a bag does not name the tagmanifest of the one before it.
	Unchained ProblemKind = "unchained"
)

// Problem is one difference between a destination and its manifests.
type Problem struct {
	Kind ProblemKind

	// Day is the bag, such as "2022-05-04".
	Day string

	// Path is the file, from the prefix on.
	Path string

	// Detail says more, in words.
	Detail string
}

// String is one line, for messages.
func (p Problem) String() string { return fmt.Sprintf("%s: %s (%s)", p.Path, p.Kind, p.Detail) }

// Report is what an inspection found.
type Report struct {
	// Summary of what the manifests name. PendingCount is that of the last run.
	Summary Summary

	// Scope is whose archive it is, StableAfter what it was last run with (0
	// where the destination does not say).
	Scope       Scope
	StableAfter time.Duration

	// Problems by day and path; none means that the bags are complete, as far
	// as names, lengths and tag files tell.
	Problems []Problem
}

// Inspect compares the manifests with a listing of the destination: names and
// lengths, and the hashes of tag files. Payload is not read, nothing is written.
// The error is ErrNoArchive where nothing is archived yet, a *ClashError, a
// *ForeignError or a *DestinationError.
func (a *Archive) Inspect(ctx context.Context) (*Report, error) {
	v, err := look(ctx, a.Store)
	if err != nil {
		return nil, err
	}
	if err := a.admit(v); err != nil {
		return nil, err
	}
	if v.owner() == nil {
		return nil, ErrNoArchive
	}
	return v.report(), nil
}

// Restore reads whole an archive that a destination holds, whoever's it is: its
// scope, its summary and its problems. It is the beginning of an import. The
// error is ErrNoArchive where there is none.
func Restore(ctx context.Context, store *Store) (*Report, error) {
	v, err := look(ctx, store)
	if err != nil {
		return nil, err
	}
	if v.owner() == nil {
		return nil, ErrNoArchive
	}
	return v.report(), nil
}

// admit tells whether the configured archive may work here.
func (a *Archive) admit(v *view) error {
	owner := v.owner()
	if owner == nil {
		if keys := v.unclaimed(); len(keys) > 0 {
			return &ForeignError{Destination: a.Store.String(), Keys: keys[:min(20, len(keys))], Count: len(keys)}
		}
		return nil
	}
	accepted := func(scope Scope) bool {
		id := scope.Identifier()
		return id == a.Scope.Identifier() || a.Former != nil && id == a.Former.Identifier()
	}
	known := accepted(*owner) || v.marker != nil && v.marker.Former != nil && accepted(*v.marker.Former)
	if !known {
		return &ClashError{Destination: a.Store.String(), Owner: *owner, Wanted: a.Scope}
	}
	if v.marker != nil {
		return nil
	}
	// Bags without a marker were moved here; they may come from two archives.
	for _, b := range v.bags {
		if b.info.identifier != "" && !accepted(b.info.scope) {
			return &ClashError{Destination: a.Store.String(), Owner: b.info.scope, Wanted: a.Scope}
		}
	}
	return nil
}

// report makes the findings of a view.
func (v *view) report() *Report {
	r := &Report{Summary: v.summary(), Scope: *v.owner()}
	if v.marker != nil {
		r.StableAfter, _ = time.ParseDuration(v.marker.StableAfter)
	}
	previous := ""
	for _, day := range v.days() {
		b := v.bags[day]
		r.Problems = append(r.Problems, b.problems...)
		r.Problems = append(r.Problems, v.damage(b)...)
		if len(b.records) == 0 {
			continue
		}
		if b.info.previous != previous {
			r.Problems = append(r.Problems, Problem{Unchained, day, bagFolder(day) + bagInfoTxt, "it does not name the tagmanifest of the bag before"})
		}
		previous = b.sealed[tagManifest]
	}
	for _, e := range v.entries {
		r.Problems = append(r.Problems, Problem{Unfinished, e.Record.day(), e.Record.key(), "it is archived, but in no manifest yet"})
	}
	r.Problems = append(r.Problems, v.foreign()...)
	slices.SortFunc(r.Problems, func(a, b Problem) int {
		return strings.Compare(a.Day+"/"+a.Path, b.Day+"/"+b.Path)
	})
	return r
}

// damage finds what is missing or resized of a bag's payload.
func (v *view) damage(b *bag) []Problem {
	var problems []Problem
	for i := range b.records {
		if problem := v.ailing(b, &b.records[i]); problem != nil {
			problems = append(problems, *problem)
		}
	}
	return problems
}

// ailing returns what is wrong with the bytes of a record, or nil.
func (v *view) ailing(b *bag, r *Record) *Problem {
	if e, ok := v.entries[r.identity()]; ok && e.Staged == "" {
		return nil // replaced already
	}
	if b.seal != nil && slices.ContainsFunc(b.seal.Moves, func(m move) bool {
		_, waits := v.sizes[m.From]
		return waits && m.To == r.key()
	}) {
		return nil // its bytes wait aside
	}
	size, stands := v.sizes[r.key()]
	switch {
	case !stands:
		return &Problem{Missing, b.day, r.key(), "the manifest names it"}
	case size != r.StoredBytes:
		return &Problem{Resized, b.day, r.key(), fmt.Sprintf("it has %d bytes, the manifest's has %d", size, r.StoredBytes)}
	}
	return nil
}

// foreign finds files in the archive's folders that are not its own.
func (v *view) foreign() []Problem {
	own := map[string]bool{}
	for _, b := range v.bags {
		for _, name := range tagFiles() {
			own[bagFolder(b.day)+name] = true
		}
		for i := range b.records {
			own[b.records[i].key()] = true
		}
		for i := range b.doubtful {
			own[bagFolder(b.day)+b.doubtful[i].Path] = true
		}
	}
	for _, e := range v.entries {
		own[e.at()] = true
	}
	var problems []Problem
	for key := range v.sizes {
		if ours(key) && !own[key] && !known(key) {
			first, _, _ := strings.Cut(key, "/")
			problems = append(problems, Problem{Foreign, strings.TrimPrefix(first, "dt="), key, "the archive did not write it"})
		}
	}
	return problems
}

func (v *view) summary() Summary {
	s := Summary{Bags: map[string]Bag{}}
	if v.marker != nil {
		s.PendingCount, s.LastRun = v.marker.PendingCount, v.marker.Updated
	}
	for day, b := range v.bags {
		if len(b.records) == 0 {
			continue
		}
		one := b.summary()
		s.Bags[day] = one
		s.PackageCount += one.PackageCount
		s.TotalBytes += one.TotalBytes
	}
	return s
}
