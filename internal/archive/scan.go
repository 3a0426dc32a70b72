package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// scanner compares a destination with a ledger. It is the only reader of what an
// archive stores: plans, runs, verifications and deletions use it.
type scanner struct {
	bucket      bucket.Bucket
	log         *ledger.Log
	parallelism int
	payload     bool // hash every file

	gone map[string]map[string]ledger.File // lost and erased files, by folder
}

func newScanner(b bucket.Bucket, log *ledger.Log, parallelism int, payload bool) *scanner {
	s := &scanner{bucket: b, log: log, parallelism: parallelism, payload: payload, gone: map[string]map[string]ledger.File{}}
	for _, files := range []map[string]ledger.File{log.State.Lost, log.State.Erased} {
		for path, f := range files {
			folder, rel, ok := bag.Split(path)
			if !ok {
				continue
			}
			if s.gone[folder] == nil {
				s.gone[folder] = map[string]ledger.File{}
			}
			s.gone[folder][rel] = f
		}
	}
	return s
}

// objectsAtOnce is about how many objects one range of keys holds: a page of a
// listing.
const objectsAtOnce = 1000

// scan lists everything that the archive has, in ranges of keys that are listed at
// the same time and together cover all of "dt=".
func (s *scanner) scan(ctx context.Context) (*Drift, error) {
	d := &Drift{Bags: map[string]*BagDrift{}}
	entries := slices.Values(s.log.Absent)
	if s.payload && len(s.log.Absent) == 0 { // a reader needs the successor of each
		entries = s.log.Older()
	}
	for n := range entries {
		if bad, err := s.isBadEntry(ctx, n); err != nil {
			return nil, err
		} else if bad {
			d.Ledger = append(d.Ledger, n)
		}
	}
	if err := s.scanRecords(ctx, d); err != nil {
		return nil, err
	}
	folders := sortedKeys(s.log.State.Bags)
	type part struct {
		r       bucket.Range
		folders []string
	}
	parts := []part{{r: bucket.Range{Prefix: bag.Prefix}}}
	objects := int64(0)
	for _, folder := range folders {
		n := s.log.State.Bags[folder].Packages + int64(len(bag.TagNames()))
		last := &parts[len(parts)-1]
		if objects > 0 && objects+n > objectsAtOnce {
			last.r.Before = folder
			parts = append(parts, part{r: bucket.Range{Prefix: bag.Prefix, After: folder}})
			last, objects = &parts[len(parts)-1], 0
		}
		objects += n
		last.folders = append(last.folders, folder)
	}
	found := make([]*Drift, len(parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(s.parallelism, 1))
	for i, p := range parts {
		group.Go(func() (err error) {
			found[i], err = s.scanRange(ctx, p.r, p.folders, false)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, f := range found {
		d.add(f)
	}
	return d, nil
}

// again looks at what a plan has found once more.
func (s *scanner) again(ctx context.Context, data []byte) (*Drift, error) {
	var h handoff
	if err := json.Unmarshal(data, &h); err != nil {
		return s.scan(ctx)
	}
	d := &Drift{Bags: map[string]*BagDrift{}, Back: h.Back, Erased: h.Erased, Remains: h.Remains, Uncommitted: h.Uncommitted}
	for _, n := range h.Ledger {
		if bad, err := s.isBadEntry(ctx, n); err != nil {
			return nil, err
		} else if bad {
			d.Ledger = append(d.Ledger, n)
		}
	}
	for _, commit := range h.Records {
		r, ok := s.log.State.Records[commit]
		if !ok {
			continue
		}
		if _, err := s.recordsFile(ctx, commit, r.Records); errors.Is(err, errUnnamed) {
			d.Records = append(d.Records, commit)
		} else if err != nil {
			return nil, err
		}
	}
	for _, folder := range sortedKeys(h.Bags) {
		if _, ok := s.log.State.Bags[folder]; !ok {
			continue // it has expired since
		}
		part, err := s.scanBag(ctx, folder)
		if err != nil {
			return nil, err
		}
		if err := s.hashAgain(ctx, folder, h.Bags[folder], part); err != nil {
			return nil, err
		}
		d.add(part)
	}
	return d, nil
}

// scanBag lists one bag and compares it.
func (s *scanner) scanBag(ctx context.Context, folder string) (*Drift, error) {
	return s.scanRange(ctx, bucket.Range{Prefix: folder + "/"}, []string{folder}, true)
}

// hashAgain reads files that a plan has found to be damaged.
func (s *scanner) hashAgain(ctx context.Context, folder string, files []string, d *Drift) error {
	if len(files) == 0 {
		return nil
	}
	records, err := s.records(ctx, folder)
	if errors.Is(err, errUnnamed) {
		return nil
	}
	if err != nil {
		return err
	}
	b := d.Bags[folder]
	if b == nil {
		b = &BagDrift{Files: map[string]string{}, packages: len(records)}
	}
	for i := range records {
		r := &records[i]
		if b.Files[r.Path] != "" || !slices.Contains(files, r.Path) || s.log.State.Gone(r.Key()) {
			continue
		}
		why, err := s.hash(ctx, r)
		if err != nil {
			return err
		}
		if why != "" {
			b.Files[r.Path] = why
			d.Bags[folder] = b
		}
	}
	return nil
}

// isBadEntry reports whether an older entry is missing, or is not the one that its
// successor names.
func (s *scanner) isBadEntry(ctx context.Context, n int64) (bool, error) {
	is, _, err := hashObject(ctx, s.bucket, ledger.Key(n))
	if errors.Is(err, bucket.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	want, err := s.log.Hash(ctx, n)
	return want != "" && is != want, err
}

// scanRecords compares the records of the commits.
func (s *scanner) scanRecords(ctx context.Context, d *Drift) error {
	sizes := map[string]int64{}
	for o, err := range s.bucket.List(ctx, bucket.Range{Prefix: ledger.RecordsFolder}) {
		if err != nil {
			return err
		}
		sizes[o.Key] = o.Size
	}
	for _, commit := range sortedKeys(s.log.State.Records) {
		key, want := ledger.RecordsKey(commit), s.log.State.Records[commit]
		size, listed := sizes[key]
		_, lost := s.log.State.Lost[key]
		switch {
		case lost && listed && size == want.Bytes:
			d.Back = append(d.Back, key)
		case lost || listed && size == want.Bytes && !s.payload:
		default:
			why, err := s.byName(ctx, key, want.Bytes)
			if err == nil && why == "" && s.payload {
				why, err = s.hashByName(ctx, key, want.SHA256)
			}
			if err != nil {
				return err
			}
			if why != "" {
				d.Records = append(d.Records, commit)
			}
		}
	}
	return nil
}

// hashByName reads an object and says what is wrong with it; empty if nothing is.
func (s *scanner) hashByName(ctx context.Context, key, sha256 string) (why string, err error) {
	is, _, err := hashObject(ctx, s.bucket, key)
	if errors.Is(err, bucket.ErrNotExist) {
		return missingFile, nil
	}
	if err != nil || is == sha256 {
		return "", err
	}
	return "its SHA-256 is " + is, nil
}

// missingFile is what byName says of a file that does not exist.
const missingFile = "it is missing"

// byName asks for an object that a listing shows with another length or not at all.
// It says what is wrong with it; empty if nothing is.
func (s *scanner) byName(ctx context.Context, key string, size int64) (why string, err error) {
	o, err := s.bucket.Stat(ctx, key)
	switch {
	case errors.Is(err, bucket.ErrNotExist):
		return missingFile, nil
	case err != nil:
		return "", err
	case o.Size != size:
		return fmt.Sprintf("it has %d bytes instead of %d", o.Size, size), nil
	}
	return "", nil
}

// listedBag is what a listing shows of one folder.
type listedBag struct {
	folder string
	newest time.Time
	whole  bool // it has a tagmanifest

	// listing is the hash of a committed bag, made line by line: a listing is in the
	// order of the paths. lengths are kept only for a bag with lost or erased files,
	// and for one whose hash differed.
	committed bool
	listing   *bag.Listing
	lengths   map[string]int64
}

// open begins with a folder.
func (s *scanner) open(folder string, keep bool) listedBag {
	l := listedBag{folder: folder}
	if _, l.committed = s.log.State.Bags[folder]; !l.committed {
		return l
	}
	if l.listing = bag.NewListing(); keep || len(s.gone[folder]) > 0 {
		l.lengths = map[string]int64{}
	}
	return l
}

// scanRange compares the bags of a range of keys. folders are the committed ones. With
// keep, the lengths of all files are kept: a bag is listed again that way if its hash
// differs.
func (s *scanner) scanRange(ctx context.Context, r bucket.Range, folders []string, keep bool) (*Drift, error) {
	d := &Drift{Bags: map[string]*BagDrift{}}
	seen := map[string]bool{}
	var current listedBag
	finish := func() error {
		if current.folder == "" {
			return nil
		}
		seen[current.folder] = true
		return s.finish(ctx, &current, d)
	}
	for o, err := range s.bucket.List(ctx, r) {
		if err != nil {
			return nil, err
		}
		path, ok := strings.CutPrefix(o.Key, current.folder)
		if current.folder == "" || !ok || path == "" || path[0] != '/' {
			folder, _, ok := bag.Split(o.Key)
			if !ok {
				d.foreign(o.Key)
				continue
			}
			if err := finish(); err != nil {
				return nil, err
			}
			current = s.open(folder, keep)
			path = o.Key[len(folder):]
		}
		if !current.add(path[1:], &o) {
			d.foreign(o.Key)
		}
	}
	if err := finish(); err != nil {
		return nil, err
	}
	for _, folder := range folders {
		if !seen[folder] {
			l := s.open(folder, true)
			if err := s.compare(ctx, &l, d); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// add adds an object. It returns false for one that no bag has.
func (l *listedBag) add(path string, o *bucket.Object) bool {
	if o.Modified.After(l.newest) {
		l.newest = o.Modified
	}
	l.whole = l.whole || path == tagmanifest
	if !l.committed {
		return true
	}
	if !strings.HasPrefix(path, "data/") && !slices.Contains(bag.TagNames(), path) {
		return false
	}
	l.listing.Add(path, o.Size)
	if l.lengths != nil {
		l.lengths[path] = o.Size
	}
	return true
}

// finish sorts out a folder that was listed.
func (s *scanner) finish(ctx context.Context, l *listedBag, d *Drift) error {
	state := s.log.State
	switch {
	case state.IsExpired(bag.FolderDay(l.folder)), slices.Contains(state.GivenUp, l.folder):
		d.Remains = append(d.Remains, l.folder)
	case !l.committed:
		d.Uncommitted = append(d.Uncommitted, Uncommitted{Folder: l.folder, Newest: l.newest, Whole: l.whole})
	default:
		return s.compare(ctx, l, d)
	}
	return nil
}

// tagmanifest is the tag file that is written last.
const tagmanifest = "tagmanifest-sha256.txt"

// compare compares a committed bag with its line in the ledger.
func (s *scanner) compare(ctx context.Context, l *listedBag, d *Drift) error {
	b := s.log.State.Bags[l.folder]
	same := l.listing.SHA256() == b.ListingSHA256
	if gone := s.gone[l.folder]; len(gone) > 0 {
		if _, whole := gone[""]; whole {
			if same {
				d.Back = append(d.Back, l.folder+"/")
				for path := range gone {
					if key := l.folder + "/" + path; path != "" {
						d.Back = append(d.Back, key)
					}
				}
			}
			return nil
		}
		same = s.compareGone(l, gone, d) == b.ListingSHA256
	}
	switch {
	case !same && l.lengths == nil:
		again, err := s.scanRange(ctx, bucket.Range{Prefix: l.folder + "/"}, []string{l.folder}, true)
		if err != nil {
			return err
		}
		d.add(again)
		return nil
	case !same:
		return s.examine(ctx, l.folder, l.lengths, d)
	}
	if !s.payload {
		return nil
	}
	records, err := s.records(ctx, l.folder)
	if errors.Is(err, errUnnamed) {
		d.Bags[l.folder] = &BagDrift{Nameless: true}
		return nil
	}
	if err != nil {
		return err
	}
	return s.hashAll(ctx, l.folder, records, &BagDrift{Files: map[string]string{}, packages: len(records)}, d)
}

// compareGone notes lost files that are back and erased files that are still there,
// and returns the hash of the listing with what the ledger says of them.
func (s *scanner) compareGone(l *listedBag, gone map[string]ledger.File, d *Drift) string {
	for path, f := range gone {
		size, listed := l.lengths[path]
		key := l.folder + "/" + path
		if _, erased := s.log.State.Erased[key]; erased && listed {
			d.Erased = append(d.Erased, key)
		} else if listed && size == f.Bytes && f.ReplacedBy == "" {
			d.Back = append(d.Back, key)
		}
		l.lengths[path] = f.Bytes
	}
	return bag.ListingSHA256(l.lengths)
}

// examine finds out which files of a bag differ.
func (s *scanner) examine(ctx context.Context, folder string, lengths map[string]int64, d *Drift) error {
	records, err := s.records(ctx, folder)
	if errors.Is(err, errUnnamed) {
		d.Bags[folder] = &BagDrift{Nameless: true}
		return nil
	}
	if err != nil {
		return err
	}
	tags, err := bag.NewTagFiles(records)
	if err != nil {
		return err
	}
	found := &BagDrift{Files: map[string]string{}, packages: len(records)}
	want := map[string]int64{}
	for i := range records {
		want[records[i].Path] = records[i].StoredBytes
	}
	for name, data := range tags.Files() {
		want[name] = int64(len(data))
	}
	for _, path := range sortedKeys(lengths) {
		if _, ok := want[path]; !ok {
			d.foreign(folder + "/" + path)
		}
	}
	differ := make([]string, 0, len(want))
	for path, size := range want {
		if is, listed := lengths[path]; !listed || is != size {
			differ = append(differ, path)
		}
	}
	slices.Sort(differ)
	whys := make([]string, len(differ))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(max(s.parallelism, 1))
	for i, path := range differ {
		group.Go(func() (err error) {
			whys[i], err = s.byName(inner, folder+"/"+path, want[path])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, path := range differ {
		switch {
		case whys[i] == "":
		case bag.IsPayload(path):
			found.Files[path] = whys[i]
		default:
			found.Tags = append(found.Tags, path)
		}
	}
	if s.payload {
		return s.hashAll(ctx, folder, records, found, d)
	}
	if len(found.Files)+len(found.Tags) > 0 {
		d.Bags[folder] = found
	}
	return nil
}

// hashAll reads the files of a bag that have the right length.
func (s *scanner) hashAll(ctx context.Context, folder string, records []bag.Record, found *BagDrift, d *Drift) error {
	for i := range records {
		r := &records[i]
		if found.Files[r.Path] != "" || s.log.State.Gone(r.Key()) {
			continue
		}
		why, err := s.hash(ctx, r)
		if err != nil {
			return err
		}
		if why != "" {
			found.Files[r.Path] = why
		}
	}
	tags, err := bag.NewTagFiles(records)
	if err != nil {
		return err
	}
	for _, name := range bag.TagNames() {
		data := tags.Files()[name]
		if slices.Contains(found.Tags, name) {
			continue
		}
		is, err := readAll(ctx, s.bucket, folder+"/"+name, int64(len(data)))
		if err != nil && !errors.Is(err, bucket.ErrNotExist) && !errors.Is(err, errTooLarge) {
			return err
		}
		if !bytes.Equal(is, data) {
			found.Tags = append(found.Tags, name)
		}
	}
	slices.Sort(found.Tags)
	if len(found.Files)+len(found.Tags) > 0 {
		d.Bags[folder] = found
	}
	return nil
}

// hash reads a stored package. It says what is wrong with it; empty if nothing is.
func (s *scanner) hash(ctx context.Context, r *bag.Record) (why string, err error) {
	sha, n, err := hashObject(ctx, s.bucket, r.Key())
	switch {
	case errors.Is(err, bucket.ErrNotExist):
		return missingFile, nil
	case err != nil:
		return "", err
	case n != r.StoredBytes:
		return fmt.Sprintf("it has %d bytes instead of %d", n, r.StoredBytes), nil
	case sha != r.SHA256:
		return "its SHA-256 is not the recorded one", nil
	}
	return "", nil
}

// errUnnamed means that records are missing or not those that the ledger names.
var errUnnamed = errors.New("the records are missing or damaged")

// records returns the records of a committed bag: from packages.jsonl, or from the
// records of its commit. The ledger's hashes vouch for them. The error is errUnnamed
// if neither can be used.
func (s *scanner) records(ctx context.Context, folder string) ([]bag.Record, error) {
	b := s.log.State.Bags[folder]
	r, err := s.bucket.Open(ctx, folder+"/packages.jsonl")
	switch {
	case errors.Is(err, bucket.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		records, err := decode(io.LimitReader(r, ledger.MaxRecords), b.Packages)
		r.Close()
		if err != nil {
			var failure *bucket.Error
			if errors.As(err, &failure) || ctx.Err() != nil {
				return nil, err
			}
		} else if tags, err := bag.NewTagFiles(records); err == nil && tags.SHA256() == b.TagmanifestSHA256 {
			return records, nil
		}
	}
	return s.recordsOf(ctx, folder)
}

// recordsOf returns the records of a bag from those of its commit, or errUnnamed.
func (s *scanner) recordsOf(ctx context.Context, folder string) ([]bag.Record, error) {
	commit := s.log.State.Bags[folder].Commit
	all, err := s.recordsFile(ctx, commit, s.log.State.Records[commit].Records)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(r bag.Record) bool { return r.Bag != folder }), nil
}

// recordsFile returns the records of a commit, or errUnnamed.
func (s *scanner) recordsFile(ctx context.Context, commit string, want ledger.Records) ([]bag.Record, error) {
	data, err := readAll(ctx, s.bucket, ledger.RecordsKey(commit), want.Bytes)
	if errors.Is(err, bucket.ErrNotExist) || errors.Is(err, errTooLarge) {
		return nil, errUnnamed
	}
	if err != nil {
		return nil, err
	}
	if int64(len(data)) != want.Bytes || hashOf(data) != want.SHA256 {
		return nil, errUnnamed
	}
	records, err := decode(bytes.NewReader(data), -1)
	if err != nil {
		return nil, errUnnamed
	}
	return records, nil
}

// decode reads records, most of which there may be.
func decode(from io.Reader, most int64) ([]bag.Record, error) {
	var records []bag.Record
	for r, err := range bag.Decode(from) {
		if err != nil {
			return nil, err
		}
		if most >= 0 && int64(len(records)) == most {
			return nil, errTooLarge
		}
		records = append(records, r)
	}
	return records, nil
}

// strike removes from a drift what newer entries explain: the ledger has advanced
// since the destination was listed.
func (s *scanner) strike(ctx context.Context, d *Drift) error {
	before := s.log.Head
	if err := s.log.Advance(ctx, nil); err != nil {
		return err
	}
	if s.log.Head == before {
		return nil
	}
	state := s.log.State
	for folder, b := range d.Bags {
		for path := range b.Files {
			if state.Gone(folder + "/" + path) {
				delete(b.Files, path)
			}
		}
		_, committed := state.Bags[folder]
		_, whole := state.Lost[folder+"/"]
		if !committed || whole || !b.Nameless && len(b.Files)+len(b.Tags) == 0 {
			delete(d.Bags, folder)
		}
	}
	d.Uncommitted = slices.DeleteFunc(d.Uncommitted, func(u Uncommitted) bool {
		_, committed := state.Bags[u.Folder]
		return committed || slices.Contains(state.GivenUp, u.Folder) || state.IsExpired(bag.FolderDay(u.Folder))
	})
	d.Records = slices.DeleteFunc(d.Records, func(commit string) bool {
		_, known := state.Records[commit]
		return !known || state.Gone(ledger.RecordsKey(commit))
	})
	d.Back = slices.DeleteFunc(d.Back, func(path string) bool { _, lost := state.Lost[path]; return !lost })
	d.Erased = slices.DeleteFunc(d.Erased, func(path string) bool { _, erased := state.Erased[path]; return !erased })
	return nil
}
