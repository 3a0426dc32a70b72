package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
		mark := newMarker(a.Scope, a.StableAfter, 0, a.Now())
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

// complete seals the bag of a day if anything about it is new, and returns the
// hash of its tagmanifest, or nothing where there is no bag.
func (r *run) complete(ctx context.Context, day, previous string) (string, error) {
	b := r.view.bags[day]
	if b == nil {
		b = &bag{day: day, standing: map[string]string{}}
	}
	records := map[string]Record{} // by path
	for _, record := range b.records {
		records[record.Path] = record
	}
	fresh := map[teo.Identity]entry{}
	for id, e := range r.view.entries {
		if e.Record.day() == day {
			fresh[id] = e
		}
	}
	r.mu.Lock()
	for _, e := range r.finished[day] {
		fresh[e.Record.identity()] = e
	}
	r.mu.Unlock()
	var moves []move
	var keys []string
	for _, e := range fresh {
		records[e.Record.Path] = e.Record
		if e.Staged != "" {
			moves = append(moves, move{From: e.Staged, To: e.Record.key(), SHA256: e.Record.SHA256})
		}
		keys = append(keys, e.at())
	}
	if len(records) == 0 {
		return "", nil
	}
	if len(fresh) == 0 && len(b.problems) == 0 && b.info.previous == previous && b.info.identifier == r.Scope.Identifier() {
		return b.sealed[tagManifest], nil
	}
	info := bagInfo{date: b.info.date, agent: r.Agent, identifier: r.Scope.Identifier(), scope: r.Scope, previous: previous}
	if len(fresh) > 0 || info.date == "" {
		info.date = r.started.UTC().Format(time.DateOnly)
	}
	s, err := newSeal(day, slices.Collect(maps.Values(records)), info)
	if err != nil {
		return "", err
	}
	slices.SortFunc(moves, func(a, b move) int { return strings.Compare(a.To, b.To) })
	s.Was, s.Moves = b.standing, moves
	if err := r.Store.settle(ctx, keys); err != nil {
		return "", err
	}
	if err := s.write(ctx, r.Store, day); err != nil {
		return "", err
	}
	waiting := map[string]int64{}
	for _, m := range moves {
		waiting[m.From] = 0
	}
	if err := s.apply(ctx, r.Store, day, b.standing, waiting); err != nil {
		return "", err
	}
	b.records, b.info = ordered(slices.Collect(maps.Values(records))), info
	b.sealed, b.standing, b.seal, b.problems, b.doubtful = s.hashes(), s.hashes(), s, nil, nil
	r.seal(b)
	return b.sealed[tagManifest], nil
}

// seal notes a completed bag.
func (r *run) seal(b *bag) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.view.bags[b.day] = b
	r.Progress(Event{Kind: EventSealed, Day: b.day, Done: r.done, Total: r.total})
}

// finish removes what only an interrupted run would have needed, and writes down
// what is pending.
func (r *run) finish(ctx context.Context) error {
	var spent []string
	for key := range r.view.sizes {
		if strings.HasPrefix(key, checkpointFolder) || strings.HasPrefix(key, incomingFolder) {
			spent = append(spent, key)
		}
	}
	for _, c := range r.journal.held {
		spent = append(spent, c.key)
	}
	if err := r.Store.removeAll(ctx, spent); err != nil {
		return err
	}
	mark := newMarker(r.Scope, r.StableAfter, r.diff.pending, r.started)
	if old := r.view.marker; old != nil && old.PendingCount == mark.PendingCount && old.StableAfter == mark.StableAfter {
		return nil
	}
	return mark.write(ctx, r.Store)
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
