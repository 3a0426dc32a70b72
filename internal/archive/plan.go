package archive

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Plan is what a run would do, given a listing.
type Plan struct {
	Report Report

	// New, Grown and Mended are counts of packages that a run would download:
	// never archived, listed with another size than when they were archived, and
	// archived but missing or resized at the destination.
	New, Grown, Mended int

	// Kept is archived already, Pending is listed but not stable yet.
	Kept, Pending int

	// Failures are packages that no download can mend or archive.
	Failures []Failure
}

// Empty tells whether a run would change nothing.
func (p *Plan) Empty() bool {
	return p.New+p.Grown+p.Mended == 0 && len(p.Failures) == 0 && len(p.Report.Problems) == 0
}

// Plan compares a listing of the scope with the destination. Nothing is written
// and no payload is read. Where nothing is archived yet, everything is new.
func (a *Archive) Plan(ctx context.Context, listed []teo.Package) (*Plan, error) {
	v, err := look(ctx, a.Store)
	if err != nil {
		return nil, err
	}
	if err := a.admit(v); err != nil {
		return nil, err
	}
	work := a.diff(v, listed)
	p := &Plan{Pending: work.pending, Kept: work.kept, Failures: work.failures}
	if v.owner() != nil {
		p.Report = *v.report()
	}
	for _, t := range work.tasks {
		switch t.why {
		case isNew:
			p.New++
		case hasGrown:
			p.Grown++
		case isDamaged:
			p.Mended++
		}
	}
	return p, nil
}

// reason is why a package is downloaded.
type reason int

const (
	isNew reason = iota
	hasGrown
	isDamaged
)

// task is a package to download.
type task struct {
	pkg  teo.Package
	why  reason
	old  *Record // what is archived of it; nil for a new one
	path string  // inside of the bag

	// aside: bytes of the archive stand under the path until the bag is sealed.
	aside bool
}

func (t *task) day() string { return dayOf(t.pkg.Start.Time) }

// diff is the work that a listing makes.
type diff struct {
	tasks         []task // by start
	kept, pending int
	failures      []Failure
}

// diff compares a listing with a view.
func (a *Archive) diff(v *view, listed []teo.Package) *diff {
	d := new(diff)
	archived, damaged := map[teo.Identity]*Record{}, map[teo.Identity]bool{}
	taken := map[string]bool{} // keys, in lower case
	for _, b := range v.bags {
		for i := range b.records {
			r := &b.records[i]
			archived[r.identity()] = r
			taken[strings.ToLower(r.key())] = true
			damaged[r.identity()] = v.ailing(b, r) != nil
		}
		for _, r := range b.doubtful {
			taken[strings.ToLower(bagFolder(b.day)+r.Path)] = true
		}
	}
	for _, e := range v.entries {
		taken[strings.ToLower(e.Record.key())] = true
	}
	now, seen, heir := a.Now(), map[teo.Identity]bool{}, heirs(v, archived, listed)
	for _, pkg := range slices.SortedStableFunc(slices.Values(listed), teo.ByTime) {
		id := pkg.Identity()
		if old, ok := heir[id]; ok {
			id = old // its area was not named when it was archived
		}
		if bare := id; archived[id] == nil {
			bare.Source = ""
			if archived[bare] != nil && !seen[bare] {
				id = bare // what was rescued has lost its source
			}
		}
		if seen[id] {
			// A list holds each package once: these are two, of which one would
			// be lost without a word.
			d.failures = append(d.failures, Failure{Package: label(id), Err: errAlike})
			continue
		}
		seen[id] = true
		if pkg.Start.IsZero() || pkg.Name == "" {
			d.failures = append(d.failures, Failure{Package: label(id), Err: errors.New("the service says neither in the row nor in the name when it began")})
			continue
		}
		t := task{pkg: pkg, old: archived[id]}
		stable := !latest(pkg).Add(a.StableAfter).After(now)
		e, finished := v.entries[id]
		switch {
		case damaged[id]:
			t.why = isDamaged
		case finished && sameSize(&e.Record, pkg.Size):
			d.kept++
			continue
		case t.old != nil && !finished && sameSize(t.old, pkg.Size):
			d.kept++
			continue
		case !stable:
			d.pending++
			continue
		case t.old != nil || finished:
			t.why = hasGrown
		}
		if finished {
			t.old = &e.Record
		}
		if t.old != nil {
			t.path = t.old.Path
			_, stands := v.sizes[t.old.key()]
			t.aside = stands
		} else {
			folder := bagFolder(t.day())
			t.path = payloadPath(id, func(path string) bool { return taken[strings.ToLower(folder+path)] })
			if _, stands := v.sizes[folder+t.path]; stands {
				d.failures = append(d.failures, Failure{Package: label(id), Path: folder + t.path, Err: ErrInTheWay})
				continue
			}
			taken[strings.ToLower(folder+t.path)] = true
		}
		d.tasks = append(d.tasks, t)
	}
	for id, is := range damaged {
		if r := archived[id]; is && !seen[id] {
			d.failures = append(d.failures, Failure{Package: label(id), Path: r.key(), Err: errGoneForGood})
		}
	}
	slices.SortFunc(d.failures, func(a, b Failure) int { return strings.Compare(a.Path+a.Package, b.Path+b.Package) })
	return d
}

// errAlike is the failure of a package that differs from another one in nothing
// but the host of its URL, which may change from day to day.
var errAlike = errors.New("the service lists two packages that it does not tell apart: API version 2022-09-01, which names the area, does")

// errGoneForGood is the failure of a mend without a source.
var errGoneForGood = &goneError{}

type goneError struct{}

func (*goneError) Error() string {
	return "it was archived, its file is missing or damaged now, and the service lists it no more: only a copy of the archive can bring it back"
}

func (*goneError) Unwrap() error { return ErrSourceGone }

// latest is when a package's last line can have been logged.
func latest(pkg teo.Package) time.Time {
	if pkg.End.IsZero() {
		return pkg.Start.Add(time.Hour)
	}
	return pkg.End.Time
}

// sameSize tells whether a listing gives no reason to archive again. A size that
// is not said is none; one that was not said is taken from the content, for the
// service counts the log before compression.
func sameSize(archived *Record, listed *int64) bool {
	switch {
	case listed == nil:
		return true
	case archived.Size == nil:
		return archived.UncompressedBytes == *listed
	}
	return *archived.Size == *listed
}
