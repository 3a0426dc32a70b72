package archive

import (
	"context"
	"slices"
	"strings"
)

// Delete removes exactly the files of the archive: payload and tag files of its
// bags, and its own folder. It can be repeated after an interruption. What else
// stands inside of the bags is left and returned, by key. Where nothing is
// archived, nothing happens. The error is a *ClashError or a *DestinationError.
func (a *Archive) Delete(ctx context.Context) (left []string, err error) {
	v, err := look(ctx, a.Store)
	if err != nil {
		return nil, err
	}
	if v.owner() == nil {
		return nil, nil
	}
	if err := a.admit(v); err != nil {
		return nil, err
	}
	var payload, tags, own []string
	add := func(keys *[]string, key string) {
		if _, stands := v.sizes[key]; stands {
			*keys = append(*keys, key)
		}
	}
	for _, b := range v.bags {
		for i := range b.records {
			add(&payload, b.records[i].key())
		}
		for i := range b.doubtful {
			add(&payload, bagFolder(b.day)+b.doubtful[i].Path)
		}
		if len(b.sealed) > 0 { // a folder without a bag is not the archive's
			for _, name := range tagFiles() {
				add(&tags, bagFolder(b.day)+name)
			}
		}
	}
	for _, e := range v.entries {
		add(&payload, e.at())
	}
	for key := range v.sizes {
		if strings.HasPrefix(key, ownFolder) && known(key) && key != markerKey {
			own = append(own, key)
		}
	}
	// What says which files are the archive's goes after those files.
	for _, keys := range [][]string{payload, tags, own, {markerKey}} {
		if err := a.Store.removeAll(ctx, keys); err != nil {
			return nil, err
		}
	}
	for _, p := range v.foreign() {
		left = append(left, p.Path)
	}
	slices.Sort(left)
	return left, a.Store.sweep(ctx)
}
