package archive

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// view is a destination as it was found: one listing, and the small files.
type view struct {
	store  *Store
	sizes  map[string]int64 // of every object, whoever wrote it
	marker *marker          // nil where there is none that can be read
	bags   map[string]*bag  // by day

	// entries are packages that are finished, but in no manifest.
	entries map[teo.Identity]entry
}

// readers is how many small files are read at once.
const readers = 16

// look reads a destination. No payload is read.
func look(ctx context.Context, store *Store) (*view, error) {
	objects, err := store.list(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{store: store, sizes: make(map[string]int64, len(objects)), bags: map[string]*bag{}, entries: map[teo.Identity]entry{}}
	days := map[string]bool{}
	var checkpoints []string
	for _, o := range objects {
		v.sizes[o.key] = o.size
		first, _, _ := strings.Cut(o.key, "/")
		if strings.HasPrefix(o.key, sealFolder) {
			first = strings.TrimSuffix(strings.TrimPrefix(o.key, sealFolder), ".json")
		}
		if isBag(first) {
			days[strings.TrimPrefix(first, "dt=")] = true
		}
		if strings.HasPrefix(o.key, checkpointFolder) {
			checkpoints = append(checkpoints, o.key)
		}
	}
	if _, ok := v.sizes[markerKey]; ok {
		data, err := store.get(ctx, markerKey)
		if err != nil {
			return nil, err
		}
		if v.marker, err = decodeMarker(data); err != nil {
			return nil, store.failed(ctx, "use", markerKey, err)
		}
	}
	if err := v.readBags(ctx, days); err != nil {
		return nil, err
	}
	return v, v.readCheckpoints(ctx, checkpoints)
}

func (v *view) readBags(ctx context.Context, days map[string]bool) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for day := range days {
		g.Go(func() error {
			b, err := v.readBag(ctx, day)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			v.bags[day] = b
			return nil
		})
	}
	return g.Wait()
}

func (v *view) readCheckpoints(ctx context.Context, keys []string) error {
	sealed := map[teo.Identity]*Record{}
	for _, b := range v.bags {
		for i := range b.records {
			sealed[b.records[i].identity()] = &b.records[i]
		}
	}
	for _, key := range keys {
		data, err := v.store.get(ctx, key)
		if err != nil {
			return err
		}
		// A line that was cut by a loss of power is a package that is
		// downloaded again.
		lines, _ := decodeLines[entry](data)
		for _, e := range lines {
			id := e.Record.identity()
			size, stands := v.sizes[e.at()]
			if !stands || size != e.Record.StoredBytes || !e.Record.credible(e.Record.day()) ||
				e.Staged != "" && !strings.HasPrefix(e.Staged, incomingFolder) {
				continue // it was recorded, but never became visible
			}
			if r := sealed[id]; r != nil && !e.Record.RetrievedAt.After(r.RetrievedAt) {
				continue // the bag knows it already
			}
			if other, ok := v.entries[id]; ok && other.Record.RetrievedAt.After(e.Record.RetrievedAt) {
				continue
			}
			v.entries[id] = e
		}
	}
	return nil
}

// days are all for which something stands, in order.
func (v *view) days() []string { return slices.Sorted(maps.Keys(v.bags)) }

// owner finds whose archive this is: the marker says it, else the first bag
// that does. Nil means nobody's.
func (v *view) owner() *Scope {
	if v.marker != nil {
		return &v.marker.Scope
	}
	for _, day := range v.days() {
		if info := v.bags[day].info; info.identifier != "" && info.identifier == info.scope.Identifier() {
			scope := info.scope.normal()
			return &scope
		}
	}
	return nil
}

// former is the scope that the state may still know after a run of another one
// has begun: nil in a new archive.
func (v *view) former() *Scope {
	if v.marker != nil && v.marker.Former != nil {
		return v.marker.Former
	}
	return v.owner()
}

// unclaimed are the files of a destination that has no owner; of the archive's
// own folder only what a first run that was killed can have left is excused.
func (v *view) unclaimed() []string {
	finished := map[string]bool{}
	for _, e := range v.entries {
		finished[e.at()] = true
	}
	var keys []string
	for key := range v.sizes {
		if !known(key) && !finished[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// known tells whether a key in the archive's own folder is one it writes.
func known(key string) bool {
	if key == markerKey {
		return true
	}
	for _, folder := range []string{sealFolder, checkpointFolder, incomingFolder} {
		if rest, ok := strings.CutPrefix(key, folder); ok && !strings.Contains(rest, "/") {
			return true
		}
	}
	return false
}
