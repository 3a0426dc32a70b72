package archive

import (
	"context"
	"maps"
	"slices"
	"time"
)

// keepTemporary is the age, by the store's clock, from which on temporary
// objects of other runs are removed.
const keepTemporary = 7 * 24 * time.Hour

// cleanUp removes what no entry needs any more. A removal that is refused is not
// an error.
func (r *run) cleanUp(ctx context.Context) error {
	if err := r.advance(ctx); err != nil {
		return err
	}
	named, err := r.namedBy(ctx)
	if err != nil {
		return err
	}
	removed := map[string]bool{}
	for _, key := range slices.Compact(slices.Sorted(slices.Values(r.removable))) {
		if !named(key, "") {
			removed[key] = r.removeQuietly(ctx, key)
		}
	}
	if r.settled(named, removed) {
		for _, key := range r.checkpoints.keys {
			r.removeQuietly(ctx, key)
		}
	}
	old := r.view.storeTime().Add(-keepTemporary)
	for _, key := range slices.Sorted(maps.Keys(r.found)) {
		// A checkpoint that cannot be read is what a loss of power has left.
		obsolete := r.found[key] == nil || r.view.objects[key].Modified.Before(old)
		if !obsolete {
			obsolete = !slices.ContainsFunc(r.found[key], func(record Record) bool {
				return !named(record.Key(), record.SHA256) && !removed[record.Key()]
			})
		}
		if obsolete {
			r.removeQuietly(ctx, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.view.objects)) {
		if incomingName.MatchString(key) && r.view.objects[key].Modified.Before(old) {
			r.removeQuietly(ctx, key)
		}
	}
	if err := r.config.Bucket.Sweep(ctx, keepTemporary, bagPrefix, ownFolder); ctx.Err() != nil {
		return err
	}
	return context.Cause(ctx)
}

// namedBy returns a function that reports whether the newest bags name a key,
// and a hash if one is given.
func (r *run) namedBy(ctx context.Context) (func(key, sha256 string) bool, error) {
	days := map[string]bool{}
	for _, key := range r.removable {
		day, _, _ := bagDay(key)
		days[day] = true
	}
	for _, records := range r.found {
		for i := range records {
			days[records[i].Day()] = true
		}
	}
	for day := range r.days {
		days[day] = true
	}
	hashes := map[string]string{}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		b, ok := r.view.state.bags[day]
		if !ok {
			continue
		}
		t, lost, err := r.view.readTags(ctx, day, b.TagmanifestSHA256)
		if err != nil {
			return nil, err
		}
		if lost != nil {
			continue
		}
		for i := range t.records {
			hashes[t.records[i].Key()] = t.records[i].SHA256
		}
		for _, name := range tagNames() {
			hashes[bagFolder(day)+name] = name
		}
	}
	return func(key, sha256 string) bool {
		is, ok := hashes[key]
		return ok && (sha256 == "" || is == sha256)
	}, nil
}

// settled reports whether nothing depends on the checkpoints of this run any
// more: each of its packages is named by the newest entries, or superseded.
func (r *run) settled(named func(key, sha256 string) bool, removed map[string]bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.failures) > 0 || r.skipped > 0 {
		return false
	}
	for _, d := range r.days {
		for _, c := range d.candidates {
			if !named(c.record.Key(), c.record.SHA256) && !removed[c.record.Key()] {
				return false
			}
		}
	}
	return true
}

// removeIncoming removes the temporary objects of this run.
func (r *run) removeIncoming(ctx context.Context) {
	for _, key := range slices.Sorted(slices.Values(r.incoming)) {
		r.removeQuietly(ctx, key)
	}
}

// removeQuietly removes an object if the store permits, and reports whether it
// is gone.
func (r *run) removeQuietly(ctx context.Context, key string) bool {
	return r.config.Bucket.Remove(ctx, key) == nil
}
