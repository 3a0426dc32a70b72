package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// listed is a package of a listing, with what follows from its identity.
type listed struct {
	pkg  teo.Package
	id   identity
	day  string
	path string // of the first version
}

// byDay sorts a listing into days. Packages outside of the window are left out.
// If two rows are the same package, the larger one counts.
func (s *Scope) byDay(listing []teo.Package) (days map[string]map[string]listed, failures []Failure) {
	days = map[string]map[string]listed{}
	for _, pkg := range listing {
		l := listed{pkg: pkg, id: identityOf(s.Layer, &pkg)}
		if pkg.Start.IsZero() {
			failures = append(failures, Failure{Package: l.id.label(), Err: errors.New("neither the row nor the name of the package says when it starts")})
			continue
		}
		if !s.Contains(pkg.Start.Time) {
			continue
		}
		l.day, l.path = dayOf(pkg.Start.Time), l.id.path()
		if days[l.day] == nil {
			days[l.day] = map[string]listed{}
		}
		if other, ok := days[l.day][l.path]; ok && sizeOf(other.pkg.Size) >= sizeOf(pkg.Size) {
			continue
		}
		days[l.day][l.path] = l
	}
	return days, failures
}

func sizeOf(size *int64) int64 {
	if size == nil {
		return -1
	}
	return *size
}

// difference is what a listing has that the archive does not.
type difference struct {
	tasks    []task
	waiting  map[string]int // packages that are not stable yet, by day
	failures []Failure
}

// compare finds what to download. adopted are verified packages that are not in
// a manifest yet, by day and first path; conditions are the days that are not as
// the ledger says.
func (v *view) compare(ctx context.Context, scope Scope, stable time.Duration, t time.Time, listing []teo.Package,
	conditions map[string]*condition, adopted map[string]map[string]Record,
) (*difference, error) {
	days, failures := scope.byDay(listing)
	d := &difference{waiting: map[string]int{}, failures: failures}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		rows := days[day]
		c := conditions[day]
		b, exists := v.state.bags[day]
		if exists && !c.readable() {
			continue // its bag cannot be changed before the loss of its tag files is accepted
		}
		if exists && (c == nil || len(c.missing) == 0) {
			sizes := make(map[string]*int64, len(rows))
			for path, l := range rows {
				sizes[path] = l.pkg.Size
			}
			if sizesHash(sizes) == b.SourceSHA256 {
				continue
			}
		}
		var records map[string]*Record
		if exists {
			tags, lost, err := v.readTags(ctx, day, b.TagmanifestSHA256)
			if err != nil {
				return nil, err
			}
			if lost != nil {
				d.failures = append(d.failures, Failure{Package: "the packages of " + day, Err: lost})
				continue
			}
			records = recordsByFirst(tags.records)
		}
		for _, path := range slices.Sorted(maps.Keys(rows)) {
			l := rows[path]
			t, waits := v.taskFor(l, records[path], c, adopted[day], endOf(&l.pkg).Add(stable).After(t))
			if waits {
				d.waiting[day]++
			}
			if t != nil {
				d.tasks = append(d.tasks, *t)
			}
		}
	}
	slices.SortFunc(d.tasks, func(a, b task) int { return cmp.Or(strings.Compare(a.day, b.day), strings.Compare(a.path, b.path)) })
	return d, nil
}

// readable reports whether the tag files of a day can be read, as far as is
// known.
func (c *condition) readable() bool { return c == nil || c.lost == nil }

// taskFor returns what to download for a listed package, if anything. waits means
// that it may still grow and is not archived with its listed size yet.
func (v *view) taskFor(l listed, committed *Record, c *condition, adopted map[string]Record, unstable bool) (t *task, waits bool) {
	damaged := committed != nil && c != nil && c.missing[committed.Path] != ""
	if committed != nil && !damaged && (l.pkg.Size == nil || equalSize(l.pkg.Size, committed.listedSize())) {
		return nil, false
	}
	if a, ok := adopted[l.path]; ok && a.SHA256 != "" && equalSize(l.pkg.Size, a.Size) && !damaged {
		return nil, false
	}
	if unstable && !damaged {
		return nil, true
	}
	t = &task{pkg: l.pkg, id: l.id, day: l.day, path: l.path, damaged: damaged, versioned: committed != nil}
	if committed != nil {
		r := *committed
		t.committed = &r
	}
	if _, taken := v.days[l.day][l.path]; taken || v.wasLost(l.day, l.path) {
		t.versioned = true
	}
	return t, false
}

// wasLost reports whether a version of a package was lost. Its path is not used
// again for other bytes.
func (v *view) wasLost(day, first string) bool {
	for _, l := range v.state.lost {
		if d, path, ok := bagDay(l.Path); ok && d == day && firstPath(path) == first {
			return true
		}
	}
	return false
}

// obstacles are the days that cannot be sealed: pending are those with packages
// that are not archived, damaged those with a loss or damage that is not
// accepted.
type obstacles struct {
	pending, damaged map[string]bool
}

// sealed returns the last day up to which every day of the window is sealed, and
// whether all days are: those whose end plus stable is not after t and that have
// no obstacle. Without pending packages it never falls behind what the ledger
// says: a clock that is slow changes nothing, and neither does a loss that a
// backup may undo.
func (s *state) sealed(scope Scope, stable time.Duration, t time.Time, o obstacles) (through string, complete bool) {
	same := s.scope() != nil && s.scope().Equal(scope)
	for day := dayStart(dayOf(scope.Start)); scope.End.IsZero() || day.Before(scope.End); day = day.AddDate(0, 0, 1) {
		end := day.AddDate(0, 0, 1)
		if !scope.End.IsZero() && scope.End.Before(end) {
			end = scope.End
		}
		name := dayOf(day)
		known := same && name <= s.sealedThrough
		if o.pending[name] || (!known && (o.damaged[name] || end.Add(stable).After(t))) {
			return through, false
		}
		through = name
	}
	return through, true
}

// lower takes damaged days out of what a summary says is sealed.
func (sum *Summary) lower(scope Scope, o obstacles) {
	for day := range o.damaged {
		if !o.damaged[day] || day < dayOf(scope.Start) || day > sum.SealedThrough {
			continue
		}
		sum.Complete = false
		if sum.SealedThrough = dayOf(dayStart(day).AddDate(0, 0, -1)); sum.SealedThrough < dayOf(scope.Start) {
			sum.SealedThrough = ""
		}
	}
}

// String describes a task for messages.
func (t *task) String() string { return fmt.Sprintf("%s of %s", t.id.label(), t.day) }
