package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Run archives what is stable of a listing and not archived yet, mends what is
// damaged, and completes the bags. It goes on from where an interrupted run has
// stopped.
//
// The summary is valid with and without an error, unless it is nil. The error is
// a *RunError where single packages failed or the run ended early; a
// *ClashError, *ForeignError or *DestinationError where it did not begin.
func (a *Archive) Run(ctx context.Context, listed []teo.Package) (*Summary, error) {
	if a.Transport == nil {
		return nil, errors.New("an archive needs a transport for its downloads")
	}
	v, err := a.claim(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{Archive: a, view: v, started: a.Now()}
	r.listing.archive = a
	r.journal = newJournal(a.Store, r.started)
	if err := a.Store.sweep(ctx); err != nil {
		return nil, err
	}
	if err := r.restore(ctx); err != nil {
		return nil, err
	}
	r.diff = a.diff(v, listed)
	r.failures = append(r.failures, r.diff.failures...)
	r.total = len(r.diff.tasks)
	broken := r.work(ctx)
	if broken == nil {
		broken = r.finish(ctx)
	}
	summary := v.summary()
	summary.PendingCount = r.diff.pending
	return &summary, r.result(broken)
}

// run is one run of an archive.
type run struct {
	*Archive
	view    *view
	diff    *diff
	journal *journal
	listing listing
	started time.Time

	mu       sync.Mutex
	aside    int
	done     int
	total    int
	skipped  int
	failures []Failure
	finished map[string][]entry // by day
}

// claim makes sure that the prefix is this archive's, and marks it.
func (a *Archive) claim(ctx context.Context) (*view, error) {
	for tries := 0; ; tries++ {
		v, err := look(ctx, a.Store)
		if err != nil {
			return nil, err
		}
		if err := a.admit(v); err != nil {
			return nil, err
		}
		if v.marker != nil && v.marker.Identifier == a.Scope.Identifier() {
			return v, nil
		}
		if owner := v.owner(); owner != nil && !a.Scope.Widens(*owner) {
			return nil, &ClashError{Destination: a.Store.String(), Owner: *owner, Wanted: a.Scope, InPlace: true}
		}
		mark := newMarker(a.Scope, a.StableAfter)
		mark.Former = v.former()
		if _, stands := v.sizes[markerKey]; stands {
			// A former scope's, or one that cannot be read.
			v.marker = mark
			return v, mark.write(ctx, a.Store)
		}
		data, err := mark.encode()
		if err != nil {
			return nil, err
		}
		err = a.Store.claim(ctx, markerKey, data)
		if errors.Is(err, errExists) && tries < 5 {
			continue // another archive was faster: look whose it is
		}
		v.marker = mark
		return v, a.Store.failed(ctx, "write", markerKey, err)
	}
}

// restore completes bags that an interrupted run has left, and brings damaged
// tag files back from their seals.
func (r *run) restore(ctx context.Context) error {
	for _, day := range r.view.days() {
		b := r.view.bags[day]
		if b.unapplied {
			if err := b.seal.apply(ctx, r.Store, day, b.standing, r.view.sizes); err != nil {
				return err
			}
			b.standing, b.unapplied, b.problems = b.seal.hashes(), false, nil
			for _, m := range b.seal.Moves {
				if _, waited := r.view.sizes[m.From]; waited {
					delete(r.view.sizes, m.From)
					r.view.moved(b, m)
				}
			}
		}
		if err := r.rescue(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// moved notes that bytes have come to their place.
func (v *view) moved(b *bag, m move) {
	for i := range b.records {
		if b.records[i].key() == m.To {
			v.sizes[m.To] = b.records[i].StoredBytes
		}
	}
}

// work copies all tasks, several at once and in order of time, and seals each
// bag as soon as it and those before it are complete. It returns what ended it
// early.
func (r *run) work(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.finished = map[string][]entry{}
	pending := map[string]*sync.WaitGroup{}
	for i := range r.diff.tasks {
		day := r.diff.tasks[i].day()
		if pending[day] == nil {
			pending[day] = new(sync.WaitGroup)
		}
		pending[day].Add(1)
	}
	days := map[string]bool{}
	for day := range pending {
		days[day] = true
	}
	for day := range r.view.bags {
		days[day] = true
	}
	for _, e := range r.view.entries {
		days[e.Record.day()] = true
	}

	queue := make(chan *task)
	var workers sync.WaitGroup
	for range min(r.Parallelism, len(r.diff.tasks)) {
		workers.Go(func() {
			tools := newReader()
			for t := range queue {
				r.one(ctx, stop, tools, t)
				pending[t.day()].Done()
			}
		})
	}
	workers.Go(func() {
		defer close(queue)
		for i := range r.diff.tasks {
			queue <- &r.diff.tasks[i]
		}
	})
	defer workers.Wait()

	previous := ""
	for _, day := range slices.Sorted(maps.Keys(days)) {
		if pending[day] != nil {
			pending[day].Wait()
		}
		if ctx.Err() != nil {
			break
		}
		sum, err := r.complete(ctx, day, previous)
		if err != nil {
			stop(err)
			break
		}
		previous = cmp.Or(sum, previous)
	}
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// one copies a package and notes the outcome. A destination that fails for all
// ends the run.
func (r *run) one(ctx context.Context, stop context.CancelCauseFunc, tools *reader, t *task) {
	var e *entry
	err := context.Cause(ctx)
	if err == nil {
		e, err = r.archive(ctx, tools, t)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	event := Event{Day: t.day(), Package: label(t.pkg.Identity()), Done: r.done, Total: r.total, Err: err}
	if d, ok := errors.AsType[*DestinationError](err); ok && d.hopeless() {
		stop(err)
	}
	switch {
	case err == nil:
		r.finished[t.day()] = append(r.finished[t.day()], *e)
		event.Kind, event.Bytes = EventArchived, e.Record.StoredBytes
	case ctx.Err() != nil:
		r.skipped++
		return
	default:
		r.failures = append(r.failures, Failure{Package: label(t.pkg.Identity()), Path: bagFolder(t.day()) + t.path, Err: err})
		event.Kind = EventFailed
	}
	r.Progress(event)
}

// result is the error of the run, if it has one.
func (r *run) result(broken error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &RunError{Failures: r.failures, Skipped: r.skipped, Err: broken}
	for _, p := range r.view.foreign() {
		e.Foreign = append(e.Foreign, p.Path)
	}
	slices.Sort(e.Foreign)
	if e.Err == nil && len(e.Failures)+len(e.Foreign) == 0 {
		return nil
	}
	return e
}

func (r *run) asideKey() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.aside++
	return fmt.Sprintf("%s%s-%06d", incomingFolder, r.journal.run, r.aside)
}

func (r *run) event(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Done, e.Total = r.done, r.total
	r.Progress(e)
}
