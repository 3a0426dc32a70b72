package archive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Depth says how much Verify reads.
type Depth string

// The depths of a verification.
const (
	// DepthLedger reads the ledger, the tag files, the records and the listing.
	DepthLedger Depth = "ledger"

	// DepthPayload also reads every package.
	DepthPayload Depth = "payload"
)

// MaxProblems is the number of problems, and of changes, that a Verification keeps.
const MaxProblems = 1000

// VerifyOptions control a verification. The zero value verifies everything.
type VerifyOptions struct {
	// Depth is DepthPayload if empty.
	Depth Depth

	// ExpectedHead is the hash of an entry that the ledger must contain; empty for
	// none.
	ExpectedHead string

	// Parallelism is the number of bags that are read at the same time; 0 means
	// DefaultParallelism.
	Parallelism int

	// Signed says what the newest signed head is checked with.
	Signed SignedOptions

	// Now is the reader's clock; nil means time.Now.
	Now func() time.Time
}

// VerifiedBag is a committed bag.
type VerifiedBag struct {
	Day               string
	PackageCount      int64
	TotalBytes        int64
	TagmanifestSHA256 string

	// RetainedUntil is the earliest end of the locks of the files that were read;
	// zero if one of them has none.
	RetainedUntil time.Time
}

// Verification is the result of Verify.
type Verification struct {
	Archive string
	Layer   teo.Layer
	Head    *ledger.Head // nil without a ledger

	// WrittenAt is when the head was written.
	WrittenAt time.Time

	PackageCount, LostCount, ErasedCount, ExpiredCount, UncommittedCount, MissedCount int64
	TotalBytes                                                                        int64

	Bags map[string]VerifiedBag // by folder

	// Changes are what the entries after the expected head say, in their order. There
	// are at most MaxProblems.
	Changes []ledger.Change

	// Problems are sorted by day, path and kind. There are at most MaxProblems;
	// ProblemCount is the number of all.
	Problems     []Problem
	ProblemCount int64

	// Signed is the newest signed head; nil if none was asked for or none is valid.
	Signed *SignedHead

	// Warnings name objects that are no problem and that a person should look at.
	Warnings []Warning
}

// Verify checks the archive in a bucket: it replays the ledger from its first entry,
// and compares every bag with it. Everything that is wrong with the archive is a
// problem in the result. The error is for a bucket that cannot be read, and for a
// context that ends. A verification may run at the same time as runs.
func Verify(ctx context.Context, b bucket.Bucket, o VerifyOptions) (*Verification, error) {
	o.Depth = cmp.Or(o.Depth, DepthPayload)
	o.Parallelism = cmp.Or(o.Parallelism, DefaultParallelism)
	if o.Now == nil {
		o.Now = time.Now
	}
	v := &verifier{
		bucket: b, options: o, result: &Verification{Bags: map[string]VerifiedBag{}}, history: map[string][]event{},
	}
	v.locks = lockCheck{bucket: b, now: o.Now(), policies: map[int64]policy{}, problems: &v.problems}
	log, err := v.replay(ctx)
	if err != nil {
		return nil, err
	}
	if log != nil {
		if err := v.bags(ctx, log); err != nil {
			return nil, err
		}
		if err := v.locks.ledger(ctx, log.State, o.Parallelism); err != nil {
			return nil, err
		}
		if err := v.excuse(ctx); err != nil {
			return nil, err
		}
		c := &signedCheck{bucket: b, options: o.Signed, parallelism: o.Parallelism, log: log, trees: v.trees, problems: &v.problems}
		if v.result.Signed, err = c.run(ctx); err != nil {
			return nil, err
		}
	}
	return v.finish(), nil
}

// verifier is a verification in progress.
type verifier struct {
	bucket  bucket.Bucket
	options VerifyOptions
	result  *Verification

	// history is what the entries say about the files of each day.
	history map[string][]event

	// trees are the heads that can be signed.
	trees trees

	// gap means that an entry is missing or invalid, so that history is incomplete.
	gap bool

	locks    lockCheck
	problems problems

	mu       sync.Mutex
	retained map[string]time.Time // the earliest end of the locks of a bag

	complete []string // bags that no entry names
}

// replay reads the ledger. It returns no log if there is nothing to compare with.
func (v *verifier) replay(ctx context.Context) (*ledger.Log, error) {
	found := false
	r := v.result
	log, err := ledger.Read(ctx, v.bucket, ledger.ReadOptions{
		Now: v.options.Now().UTC().Truncate(time.Second), All: true,
		Later: func(before *ledger.State, e *ledger.Entry) {
			if found && len(r.Changes) < MaxProblems {
				r.Changes = append(r.Changes, e.Changes(before)...)
			}
			v.note(before, e)
		},
		Each: func(r *ledger.Replay) {
			found = found || r.Head.SHA256 == v.options.ExpectedHead
			v.trees.add(r)
			v.locks.add(r)
		},
		Skipped: func(_ *ledger.Entry, sha256 string) { found = found || sha256 == v.options.ExpectedHead },
		Resumed: func(before, after *ledger.State, first, last int64) {
			if found && len(r.Changes) < MaxProblems {
				r.Changes = append(r.Changes, before.Changes(after, first, last)...)
			}
		},
		Problem: func(err *ledger.EntryError) {
			v.gap = true
			v.problems.add(ProblemLedger, "", ledger.Key(err.Sequence), "%s", err)
		},
	})
	var (
		destroyed *ledger.DestroyedError
		entry     *ledger.EntryError
	)
	switch {
	case errors.As(err, &destroyed):
		r.Archive, r.Layer = destroyed.Entry.Archive, destroyed.Entry.Layer
		v.problems.add(ProblemDestroyed, "", ledger.Key(destroyed.Entry.Sequence), "%s", destroyed)
		return nil, nil //nolint:nilnil // there is nothing to compare with
	case errors.Is(err, ledger.ErrNoArchive):
		v.problems.add(ProblemNoLedger, "", "", "%s", err)
		return nil, nil //nolint:nilnil // as above
	case errors.As(err, &entry):
		v.problems.add(ProblemLedger, "", ledger.Key(entry.Sequence), "%s", err)
		return nil, nil //nolint:nilnil // as above
	case err != nil:
		return nil, err
	}
	if v.options.ExpectedHead != "" && !found {
		v.problems.add(ProblemHead, "", "", "no entry has the SHA-256 %s: the archive was rolled back or rewritten, or this is a different archive", v.options.ExpectedHead)
	}
	// An older entry whose loss is accepted is no problem, if its successor has the
	// hash that was accepted.
	var unread error
	v.problems.list = slices.DeleteFunc(v.problems.list, func(p Problem) bool {
		lost, gone := log.State.Lost[p.Path]
		if p.Kind != ProblemLedger || !gone {
			return false
		}
		sequence, _ := ledger.Sequence(p.Path)
		hash, err := log.Hash(ctx, sequence)
		if unread == nil {
			unread = err
		}
		return hash == "" || hash == lost.SHA256
	})
	if unread != nil {
		return nil, unread
	}
	s := log.State
	head := log.Head
	r.Archive, r.Layer, r.Head, r.WrittenAt = log.Archive, log.Layer, &head, log.WrittenAt
	r.PackageCount, r.LostCount, r.ErasedCount, r.MissedCount, r.TotalBytes = s.PackageCount(), s.LostCount(), s.ErasedCount(), int64(len(s.Missed)), s.TotalBytes()
	for folder, b := range s.Bags {
		r.Bags[folder] = VerifiedBag{Day: bag.FolderDay(folder), PackageCount: b.Packages, TotalBytes: b.Bytes, TagmanifestSHA256: b.TagmanifestSHA256}
	}
	r.Changes = r.Changes[:min(len(r.Changes), MaxProblems)]
	r.Warnings = foreignObjects(v.bucket.String(), log)
	return log, nil
}

// note keeps what an entry says about files, day by day.
func (v *verifier) note(before *ledger.State, e *ledger.Entry) {
	days := map[string]*event{}
	at := func(day string) *event {
		if days[day] == nil {
			days[day] = &event{entry: e}
		}
		return days[day]
	}
	for _, folder := range sortedKeys(e.Bags) {
		d := at(bag.FolderDay(folder))
		d.bags = append(d.bags, folder)
	}
	for _, f := range e.Lost {
		d := at(ledger.DayOf(f.Path))
		d.lost = append(d.lost, f)
	}
	for _, f := range e.Recovered {
		d := at(ledger.DayOf(f.Path))
		d.recovered = append(d.recovered, f)
	}
	for _, f := range e.Erased {
		d := at(ledger.DayOf(f.Path))
		d.erased = append(d.erased, f)
	}
	for day, d := range days {
		v.history[day] = append(v.history[day], *d)
	}
	if e.ExpiredThrough != "" {
		for folder, b := range before.Bags {
			if bag.FolderDay(folder) <= e.ExpiredThrough {
				v.result.ExpiredCount += b.Packages
			}
		}
		maps.DeleteFunc(v.history, func(day string, _ []event) bool { return day <= e.ExpiredThrough })
	}
}

// bags compares every bag and every file of records with the ledger.
func (v *verifier) bags(ctx context.Context, log *ledger.Log) error {
	s := newScanner(v.bucket, log, v.options.Parallelism, false)
	d, err := s.scan(ctx)
	if err != nil {
		return err
	}
	d.sortOut()
	for _, u := range d.Uncommitted {
		v.result.UncommittedCount++
		if u.Whole {
			v.complete = append(v.complete, u.Folder)
		}
	}
	for _, key := range d.Foreign {
		if folder, _, ok := bag.Split(key); ok && log.State.Bags[folder].Packages > 0 {
			v.problems.add(ProblemForeign, bag.FolderDay(folder), key, "the bag does not have it")
		}
	}
	for _, commit := range sortedKeys(log.State.Records) {
		if err := v.records(ctx, s, commit); err != nil {
			return err
		}
	}
	days := map[string][]string{}
	for folder := range log.State.Bags {
		days[bag.FolderDay(folder)] = append(days[bag.FolderDay(folder)], folder)
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(v.options.Parallelism)
	for _, day := range sortedKeys(days) {
		group.Go(func() error {
			m := bag.NewMeter()
			return v.day(inner, s, m, d, day, days[day])
		})
	}
	return group.Wait()
}

// records checks the records of a commit: their hash, and that they describe the bags
// that the entry names.
func (v *verifier) records(ctx context.Context, s *scanner, commit string) error {
	key, want := ledger.RecordsKey(commit), s.log.State.Records[commit]
	if s.log.State.Gone(key) {
		return nil
	}
	records, err := s.recordsFile(ctx, commit, want.Records)
	if errors.Is(err, errUnnamed) {
		v.problems.add(ProblemRecords, "", key, "the records of entry %d are missing or not those that the ledger names", want.Sequence)
		return nil
	}
	if err != nil {
		return err
	}
	byBag := map[string][]bag.Record{}
	last := ""
	for _, r := range records {
		if r.Bag < last {
			v.problems.add(ProblemRecords, "", key, "its lines are not in the order of the bags")
		}
		last = r.Bag
		byBag[r.Bag] = append(byBag[r.Bag], r)
	}
	for folder, b := range s.log.State.Bags {
		if b.Commit != commit {
			continue
		}
		tags, err := bag.NewTagFiles(byBag[folder])
		if err != nil || tags.SHA256() != b.TagmanifestSHA256 || int64(tags.Packages()) != b.Packages || tags.Bytes() != b.Bytes || tags.ListingSHA256() != b.ListingSHA256 {
			v.problems.add(ProblemRecords, bag.FolderDay(folder), key, "its lines for %s are not those of the bag that the ledger names", folder)
		}
		delete(byBag, folder)
	}
	for folder := range byBag {
		if !s.log.State.IsExpired(bag.FolderDay(folder)) {
			v.problems.add(ProblemRecords, bag.FolderDay(folder), key, "it has lines for %s, which the entry does not name", folder)
		}
	}
	return nil
}

// day checks the bags of a day.
func (v *verifier) day(ctx context.Context, s *scanner, m *bag.Meter, d *Drift, day string, folders []string) error {
	byCommit(s.log.State, folders)
	all := map[string][]bag.Record{}
	for _, folder := range folders {
		records, err := v.tagFiles(ctx, s, folder)
		if err != nil {
			return err
		}
		all[folder] = records
	}
	if !v.gap {
		newVersionCheck(day, all, &v.problems).replay(v.history[day])
	}
	earlier := map[string]*bag.Record{}
	for _, folder := range folders {
		for i := range all[folder] {
			earlier[all[folder][i].Key()] = &all[folder][i]
		}
	}
	for _, folder := range folders {
		if s.log.State.Gone(folder + "/") {
			continue
		}
		for i := range all[folder] {
			if err := v.file(ctx, s, m, d, folder, &all[folder][i], earlier); err != nil {
				return err
			}
		}
	}
	return nil
}

// tagFiles checks the tag files of a bag, and returns its records. A bag that is lost as
// a whole is not checked; its records are nil, unless those of its commit are back.
func (v *verifier) tagFiles(ctx context.Context, s *scanner, folder string) ([]bag.Record, error) {
	day, b := bag.FolderDay(folder), s.log.State.Bags[folder]
	if s.log.State.Gone(folder + "/") {
		records, err := s.recordsOf(ctx, folder)
		if errors.Is(err, errUnnamed) {
			return nil, nil
		}
		return records, err
	}
	records, err := s.records(ctx, folder)
	if errors.Is(err, errUnnamed) {
		v.problems.add(ProblemTagFile, day, folder+"/packages.jsonl", "neither it nor the records of the commit say which packages the bag has")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	tags, err := bag.NewTagFiles(records)
	if err != nil {
		return nil, err
	}
	if tags.SHA256() != b.TagmanifestSHA256 || tags.ListingSHA256() != b.ListingSHA256 || int64(tags.Packages()) != b.Packages || tags.Bytes() != b.Bytes {
		v.problems.add(ProblemTagFile, day, folder, "its records are not those that the ledger names")
	}
	for _, name := range bag.TagNames() {
		key := folder + "/" + name
		want := tags.Files()[name]
		r, err := v.bucket.Open(ctx, key)
		if errors.Is(err, bucket.ErrNotExist) {
			v.problems.add(ProblemTagFile, day, key, "it is missing")
			continue
		}
		if err != nil {
			return nil, err
		}
		is, err := io.ReadAll(io.LimitReader(r, int64(len(want))+1))
		r.Close()
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(is, want) {
			v.problems.add(ProblemTagFile, day, key, "it is not the one that the records of the bag give")
		}
		v.lock(s.log, folder, key, r.Object.Lock)
	}
	return records, nil
}

// file checks a package.
func (v *verifier) file(ctx context.Context, s *scanner, m *bag.Meter, d *Drift, folder string, r *bag.Record, earlier map[string]*bag.Record) error {
	key := r.Key()
	if s.log.State.Gone(key) {
		return nil
	}
	if b := d.Bags[folder]; b != nil {
		switch why := b.Files[r.Path]; why {
		case "":
		case missingFile:
			v.problems.add(ProblemMissing, r.Day(), key, "%s", why)
			return nil
		default:
			v.problems.add(ProblemLength, r.Day(), key, "%s", why)
			return nil
		}
	}
	if v.options.Depth == DepthLedger {
		return nil
	}
	body, err := v.bucket.Open(ctx, key)
	if errors.Is(err, bucket.ErrNotExist) {
		v.problems.add(ProblemMissing, r.Day(), key, missingFile)
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	v.lock(s.log, folder, key, body.Object.Lock)
	var before *bag.Earlier
	if was := r.Supersedes; was != nil && earlier[was.Path] != nil && earlier[was.Path].ContentSHA256 != "" {
		before = &bag.Earlier{UncompressedBytes: earlier[was.Path].UncompressedBytes, SHA256: earlier[was.Path].ContentSHA256}
	}
	measure, err := m.Copy(nil, body, before)
	if failed, ok := errors.AsType[*bag.ReadError](err); ok {
		return failed.Err
	}
	switch text := measure.Differs(r); {
	case text == "":
	case measure.StoredBytes != r.StoredBytes:
		v.problems.add(ProblemLength, r.Day(), key, "%s", text)
	case measure.SHA256 != r.SHA256:
		v.problems.add(ProblemHash, r.Day(), key, "%s", text)
	default:
		v.problems.add(ProblemContent, r.Day(), key, "%s", text)
	}
	return nil
}

// lock notes and checks the lock of a file of a bag.
func (v *verifier) lock(log *ledger.Log, folder, key string, lock bucket.Lock) {
	v.mu.Lock()
	if v.retained == nil {
		v.retained = map[string]time.Time{}
	}
	if until, ok := v.retained[folder]; !ok || lock.Until.Before(until) {
		v.retained[folder] = lock.Until
	}
	v.mu.Unlock()
	v.locks.file(log.State.Records[log.State.Bags[folder].Commit].Sequence, folder, key, lock)
}

// excuse drops problems that entries explain which were written meanwhile.
func (v *verifier) excuse(ctx context.Context) error {
	if len(v.problems.list)+int(v.result.UncommittedCount) == 0 {
		return nil
	}
	log, err := ledger.Read(ctx, v.bucket, ledger.ReadOptions{Archive: v.result.Archive, Now: v.options.Now().UTC().Truncate(time.Second)})
	if err != nil {
		if errors.Is(err, ledger.ErrNoArchive) {
			v.problems.add(ProblemDestroyed, "", "", "%s", err)
			return nil
		}
		var entry *ledger.EntryError
		if errors.As(err, &entry) {
			return nil // it is reported
		}
		return err
	}
	v.problems.list = slices.DeleteFunc(v.problems.list, func(p Problem) bool {
		if p.Kind == ProblemVersion || p.Kind == ProblemLedger {
			return false // no later entry makes an earlier one right
		}
		return p.Path != "" && log.State.Gone(p.Path) || p.Day != "" && log.State.IsExpired(p.Day)
	})
	v.complete = slices.DeleteFunc(v.complete, func(folder string) bool {
		_, committed := log.State.Bags[folder]
		if committed {
			v.result.UncommittedCount--
		}
		return committed
	})
	return nil
}

// finish sorts the problems.
func (v *verifier) finish() *Verification {
	r := v.result
	slices.SortFunc(v.problems.list, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.Path, b.Path), strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Detail, b.Detail))
	})
	v.problems.list = slices.Compact(v.problems.list)
	r.Warnings = append(r.Warnings, completeBags(v.complete)...)
	r.ProblemCount = int64(len(v.problems.list))
	r.Problems = v.problems.list[:min(len(v.problems.list), MaxProblems)]
	for folder, b := range r.Bags {
		b.RetainedUntil = v.retained[folder]
		r.Bags[folder] = b
	}
	return r
}
