package archive

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

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
	old := r.view.marker
	mark := newMarker(r.Scope, r.StableAfter)
	mark.PendingCount, mark.Updated = r.diff.pending, old.Updated
	// Once the window is over nothing can be missed any more: a run without work
	// then leaves the destination as it is.
	if len(r.failures) == 0 && !r.Scope.Over(old.Updated, r.StableAfter) {
		mark.Updated = r.started.UTC().Truncate(time.Second)
	}
	if old.Former == nil && old.PendingCount == mark.PendingCount && old.StableAfter == mark.StableAfter && old.Updated.Equal(mark.Updated) {
		return nil
	}
	r.view.marker = mark
	return mark.write(ctx, r.Store)
}
