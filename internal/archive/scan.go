package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// maxTags bounds the bytes of a tags object and of a tag file.
const maxTags = 1 << 30

// view is what a scan found: a listing, and the state that the ledger describes.
type view struct {
	bucket  bucket.Bucket
	objects map[string]bucket.Object

	// days are the objects of the bag folders, by day and path.
	days map[string]map[string]bucket.Object

	chain *chain
	state *state // with sequence 0 if there is no ledger

	// broken says how the ledger contradicts itself, if it does. The state is
	// then what can be read.
	broken []string

	// tags are the tag files that were read, by day and tagmanifest hash.
	tags map[string]*tagFiles

	// badCopies are the days whose tags object cannot be used.
	badCopies map[string]bool
}

// maxScans is how often a bucket is listed again because entries were written
// meanwhile.
const maxScans = 5

// scan lists a bucket and reads the ledger as far back as its last snapshot. No
// entry was written between the listing and the state, so everything that the
// state names is in the listing unless it is lost.
func scan(ctx context.Context, b bucket.Bucket) (*view, error) {
	v := &view{bucket: b, chain: newChain(b), state: newState(), tags: map[string]*tagFiles{}, badCopies: map[string]bool{}}
	for range maxScans {
		if err := v.list(ctx); err != nil {
			return nil, err
		}
		listed := int64(0)
		for key := range v.objects {
			if n, ok := sequenceOf(key); ok {
				listed = max(listed, n)
			}
		}
		newest, err := v.chain.newest(ctx, listed)
		if err != nil {
			return nil, err
		}
		if newest > 0 {
			if v.state, v.broken, err = v.chain.fold(ctx, newest); err != nil {
				return nil, err
			}
		}
		if newest == listed {
			break
		}
	}
	return v, nil
}

func (v *view) list(ctx context.Context) error {
	list, err := v.bucket.List(ctx, "")
	if err != nil {
		return err
	}
	v.objects = make(map[string]bucket.Object, len(list))
	v.days = map[string]map[string]bucket.Object{}
	for _, o := range list {
		v.objects[o.Key] = o
		if day, path, ok := bagDay(o.Key); ok {
			if v.days[day] == nil {
				v.days[day] = map[string]bucket.Object{}
			}
			v.days[day][path] = o
		}
	}
	return nil
}

// fold returns the state after an entry. broken says how the ledger contradicts
// itself between the last snapshot and that entry.
func (c *chain) fold(ctx context.Context, newest int64) (s *state, broken []string, err error) {
	first := newest
	for n := newest; n > 0; n-- {
		e, err := c.read(ctx, n)
		switch {
		case errors.Is(err, bucket.ErrNotExist):
			broken = append(broken, fmt.Sprintf("entry %d is missing", n))
			continue
		case err != nil:
			return nil, nil, err
		case e.err != nil:
			broken = append(broken, fmt.Sprintf("entry %d cannot be used: %s", n, e.err))
			continue
		}
		first = n
		if e.entry.Snapshot || e.entry.Destroyed {
			break
		}
	}
	s = newState()
	for n := first; n <= newest; n++ {
		e, err := c.read(ctx, n)
		if err != nil && !errors.Is(err, bucket.ErrNotExist) {
			return nil, nil, err
		}
		if e.entry == nil {
			s.head = Head{Sequence: n, SHA256: e.sha256}
			continue
		}
		if fault := s.apply(e.entry, e.sha256); fault != nil && (n > first || !e.entry.Destroyed) {
			broken = append(broken, fault.Error())
		}
	}
	return s, broken, nil
}

// readTags returns the tag files that the ledger names for a day: from the tags
// object, or from the bag itself if the tags object is gone or damaged. lost
// says why neither can be used.
func (v *view) readTags(ctx context.Context, day, sha256 string) (t *tagFiles, lost, err error) {
	if t, ok := v.tags[day+sha256]; ok {
		return t, nil, nil
	}
	data, err := bucket.ReadAll(ctx, v.bucket, tagsKey(day, sha256), maxTags)
	if err == nil {
		t, lost = decodeTags(day, sha256, data)
	} else if lost = err; !errors.Is(err, bucket.ErrNotExist) {
		return nil, nil, err
	}
	if lost != nil {
		v.badCopies[day] = true
		files := map[string][]byte{}
		for _, name := range tagNames() {
			data, err := bucket.ReadAll(ctx, v.bucket, bagFolder(day)+name, maxTags)
			if err != nil && !errors.Is(err, bucket.ErrNotExist) {
				return nil, nil, err
			}
			if err == nil {
				files[name] = data
			}
		}
		var bagErr error
		if t, bagErr = decodeTagFiles(day, sha256, files); bagErr != nil {
			return nil, fmt.Errorf("the tag files of %s are lost: the copy %s cannot be used (%w), and neither can those of the bag (%w)",
				day, tagsKey(day, sha256), lost, bagErr), nil
		}
	}
	v.tags[day+sha256] = t
	return t, nil, nil
}

// staleFiles reports whether a bag has other tag files than the ledger names.
func (v *view) staleFiles(ctx context.Context, day string, b Bag) (bool, error) {
	t, lost, err := v.readTags(ctx, day, b.TagmanifestSHA256)
	if err != nil || lost != nil {
		return false, err // a loss is a finding of its own
	}
	for _, name := range tagNames() {
		data, err := bucket.ReadAll(ctx, v.bucket, bagFolder(day)+name, maxTags)
		if err != nil && !errors.Is(err, bucket.ErrNotExist) {
			return false, err
		}
		if !bytes.Equal(data, t.files[name]) {
			return true, nil
		}
	}
	return false, nil
}

// staleManifest reports whether a bag has another tagmanifest than the ledger
// names.
func (v *view) staleManifest(ctx context.Context, day string, b Bag) (bool, error) {
	data, err := bucket.ReadAll(ctx, v.bucket, bagFolder(day)+tagManifest, maxTags)
	if errors.Is(err, bucket.ErrNotExist) {
		return true, nil
	}
	return err == nil && hashOf(data) != b.TagmanifestSHA256, err
}

// condition is what is known of one day: what the ledger names and what exists.
type condition struct {
	day string
	bag *Bag // nil if the ledger names none

	// tags are read only if the day needs it; lost says why they cannot be.
	tags *tagFiles
	lost error

	// missing are packages of the bag whose payload is absent or damaged, by
	// path; the value says what is wrong.
	missing map[string]string

	// staleTags means that tag files of the bag are missing or have another
	// length than the ledger says.
	staleTags bool

	// staleCopy means that the tags object is missing or damaged.
	staleCopy bool

	// extra are objects in the bag's folder that the bag does not name.
	extra []bucket.Object
}

// inspectDay compares the listing of one day with the ledger.
func (v *view) inspectDay(ctx context.Context, day string) (*condition, error) {
	c := &condition{day: day, missing: map[string]string{}}
	objects := v.days[day]
	b, ok := v.state.bags[day]
	if !ok {
		for _, path := range slices.Sorted(maps.Keys(objects)) {
			c.extra = append(c.extra, objects[path])
		}
		return c, nil
	}
	c.bag = &b
	lengths := make(map[string]int64, len(objects))
	for path, o := range objects {
		lengths[path] = o.Size
	}
	_, copied := v.objects[tagsKey(day, b.TagmanifestSHA256)]
	c.staleCopy = !copied
	if listingHash(lengths) == b.ListingSHA256 {
		return c, nil
	}
	var err error
	if c.tags, c.lost, err = v.readTags(ctx, day, b.TagmanifestSHA256); err != nil || c.lost != nil {
		return c, err
	}
	named := map[string]bool{}
	for i := range c.tags.records {
		r := &c.tags.records[i]
		named[r.Path] = true
		if o, ok := objects[r.Path]; !ok {
			c.missing[r.Path] = "it is missing"
		} else if o.Size != r.StoredBytes {
			c.missing[r.Path] = fmt.Sprintf("it has %d bytes instead of %d", o.Size, r.StoredBytes)
		}
	}
	for _, name := range tagNames() {
		named[name] = true
		if o, ok := objects[name]; !ok || o.Size != int64(len(c.tags.files[name])) {
			c.staleTags = true
		}
	}
	for _, path := range slices.Sorted(maps.Keys(objects)) {
		if !named[path] {
			c.extra = append(c.extra, objects[path])
		}
	}
	return c, nil
}

// conditions inspects all days, and returns those that are not exactly as the
// ledger says.
func (v *view) conditions(ctx context.Context) (map[string]*condition, error) {
	all := map[string]*condition{}
	days := map[string]bool{}
	for day := range v.days {
		days[day] = true
	}
	for day := range v.state.bags {
		days[day] = true
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		c, err := v.inspectDay(ctx, day)
		if err != nil {
			return nil, err
		}
		if c.lost != nil || c.staleTags || c.staleCopy || len(c.missing)+len(c.extra) > 0 {
			all[day] = c
		}
	}
	return all, nil
}

// strangers returns the objects that no archive writes, or that only an archive
// with a ledger can account for.
func (v *view) strangers() []string {
	var keys []string
	for key := range v.objects {
		if !isOwn(key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// isOwn reports whether a key below ownFolder is one that archives use.
func isOwn(key string) bool {
	_, entry := sequenceOf(key)
	return entry || tagsName.MatchString(key) || checkpointName.MatchString(key) || incomingName.MatchString(key) || supersededName.MatchString(key)
}

// storeTime is the time by the store's clock, as far as the listing knows it.
func (v *view) storeTime() time.Time {
	var newest time.Time
	for _, o := range v.objects {
		if o.Modified.After(newest) {
			newest = o.Modified
		}
	}
	return newest
}

// verify reads every committed byte: payload, tag files and tags objects. What
// is damaged is added to the conditions.
func (v *view) verify(ctx context.Context, parallelism int, conditions map[string]*condition) error {
	type result struct {
		day, path, text string
	}
	var (
		group   errgroup.Group
		results = make([][]result, 0, len(v.state.bags))
	)
	group.SetLimit(parallelism)
	for _, day := range slices.Sorted(maps.Keys(v.state.bags)) {
		c := conditions[day]
		if c == nil {
			b := v.state.bags[day]
			c = &condition{day: day, bag: &b, missing: map[string]string{}}
			conditions[day] = c
		}
		if c.lost != nil {
			continue
		}
		var err error
		c.tags, c.lost, err = v.readTags(ctx, day, c.bag.TagmanifestSHA256)
		if err != nil {
			_ = group.Wait()
			return err
		}
		if c.lost != nil {
			continue
		}
		c.staleCopy = c.staleCopy || v.badCopies[day]
		for _, name := range tagNames() {
			data, err := bucket.ReadAll(ctx, v.bucket, bagFolder(day)+name, maxTags)
			if err != nil && !errors.Is(err, bucket.ErrNotExist) {
				_ = group.Wait()
				return err
			}
			c.staleTags = c.staleTags || !bytes.Equal(data, c.tags.files[name])
		}
		found := make([]result, len(c.tags.records))
		results = append(results, found)
		for i := range c.tags.records {
			r := &c.tags.records[i]
			if c.missing[r.Path] != "" {
				continue
			}
			group.Go(func() error {
				body, err := v.bucket.Open(ctx, r.Key())
				if errors.Is(err, bucket.ErrNotExist) {
					found[i] = result{day, r.Path, "it is missing"}
					return nil
				}
				if err != nil {
					return err
				}
				defer body.Close()
				sha, _, err := hashAll(body)
				if err == nil && sha != r.SHA256 {
					found[i] = result{day, r.Path, "its SHA-256 is not the recorded one"}
				}
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, found := range results {
		for _, f := range found {
			if f.text != "" {
				conditions[f.day].missing[f.path] = f.text
			}
		}
	}
	return nil
}
