package ledger

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// Folders of the archive's own objects, relative to the prefix.
const (
	OwnFolder     = ".teo-archive/"
	Folder        = OwnFolder + "ledger/"
	RecordsFolder = OwnFolder + "records/"
)

// maxSequence is the largest number that the name of an entry can contain.
const maxSequence = 9_999_999_999

// maxForeign is the number of objects that may stand above the newest entry without
// being one. More of them end the search for it.
const maxForeign = 100

// Key is the key of an entry.
func Key(sequence int64) string { return fmt.Sprintf("%s%010d.json", Folder, sequence) }

// RecordsKey is the key of the records of a commit.
func RecordsKey(commit string) string { return RecordsFolder + commit + ".jsonl" }

// Sequence returns the number of an entry's key.
func Sequence(key string) (int64, bool) {
	m := entryKey.FindStringSubmatch(key)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return n, err == nil && n > 0
}

// Errors of a ledger; test for them with errors.Is.
var (
	// ErrNoArchive means that there is no ledger at the destination.
	ErrNoArchive = errors.New("there is no archive at the destination")

	// ErrConflict means that another entry has the number of the one that was to be
	// written.
	ErrConflict = errors.New("another run wrote an entry meanwhile")

	// ErrUnconditional means that an entry was overwritten, because the store has no
	// conditional writes.
	ErrUnconditional = errors.New("another run overwrote an entry, because this store has no conditional writes; run one apply at a time")

	// ErrNotShown means that the store does not show an entry that was written.
	ErrNotShown = errors.New("the store does not yet show an entry that this run wrote; apply again later")
)

// DestroyedError means that the newest entry destroyed the archive.
type DestroyedError struct{ Entry *Entry }

// Error says when and by whom the archive was destroyed.
func (e *DestroyedError) Error() string {
	return fmt.Sprintf("the archive was destroyed on %s by %s (entry %d)", e.Entry.WrittenAt.Format(time.RFC3339), e.Entry.Writer(), e.Entry.Sequence)
}

// Is makes errors.Is(err, ErrNoArchive) true.
func (*DestroyedError) Is(target error) bool { return target == ErrNoArchive }

// OtherArchiveError means that the destination contains another archive than the
// trusted one.
type OtherArchiveError struct{ Found, Wanted string }

// Error names both IDs.
func (e *OtherArchiveError) Error() string {
	return fmt.Sprintf("the destination contains the archive %s, not %s", e.Found, e.Wanted)
}

// EntryError means that an entry that is needed is missing or invalid.
type EntryError struct {
	Sequence int64
	Err      error // ErrNotExist if it is missing
}

// Error names the entry and says what is wrong with it.
func (e *EntryError) Error() string {
	if errors.Is(e.Err, bucket.ErrNotExist) {
		return fmt.Sprintf("ledger entry %d is missing", e.Sequence)
	}
	return fmt.Sprintf("ledger entry %d is invalid: %s", e.Sequence, e.Err)
}

// Unwrap returns the cause.
func (e *EntryError) Unwrap() error { return e.Err }

// Writer names who wrote an entry, for messages. Others can have written it.
func (e *Entry) Writer() string { return printable.Text(cmp.Or(e.Actor, e.Agent), printable.Name) }

// Rollback means that the ledger ends before the trusted head or has another entry
// in its place.
type Rollback struct {
	Newest, Trusted Head

	// Token accepts the roll-back.
	Token string
}

// ReadOptions say how a ledger is read.
type ReadOptions struct {
	// Archive is the ID of the archive; empty if it is not known yet.
	Archive string

	// Trusted is the head that the caller has kept; nil for none.
	Trusted *Head

	// Now is the reader's clock.
	Now time.Time

	// All reads every entry from 1 on. Without it, entries before the newest
	// snapshot that the trusted head covers are only listed.
	All bool

	// Later is called for each entry after the trusted head, in order, with the
	// state before the entry. With All and without a trusted head it is called for
	// every entry. It may be nil.
	Later func(before *State, e *Entry)

	// Each is called after each entry that was read, with the replay up to it. It may
	// be nil.
	Each func(*Replay)

	// Skipped is called, with All, for each entry that was read and not applied,
	// because the state before it is not known. Resumed is called for the entry
	// whose snapshot continues the replay, with the state before the gap, that
	// after the entry, and the number of the first entry of the gap. They may be nil.
	Skipped func(e *Entry, sha256 string)
	Resumed func(before, after *State, first, last int64)

	// Problem is called, with All, for each entry that is missing or invalid, in
	// place of ending with an *EntryError. The replay continues with the next
	// entry, or with the next snapshot after a gap.
	Problem func(err *EntryError)
}

// Log is a ledger that was read.
type Log struct {
	bucket bucket.Bucket
	now    time.Time

	*Replay

	// Rollback is set if the ledger is not a continuation of the trusted head.
	Rollback *Rollback

	// Foreign are objects in the folder of the ledger that are no entries.
	Foreign []string

	// First is the first entry that was read and not only listed.
	First int64

	// Absent are the numbers of older entries that are not listed.
	Absent []int64

	// Conditional reports whether the store has conditional writes. It is known
	// after the first Append of an entry.
	Conditional bool
	probed      bool

	// Newer are the entries that Advance has read, without their snapshots: other
	// runs wrote them.
	Newer []*Entry

	trustedHash string // the hash of the entry with the trusted head's number
	written     map[int64][]byte
}

// Read reads the ledger at a destination. The error is ErrNoArchive if there is
// none, a *DestroyedError, an *OtherArchiveError, an *EntryError, or one of the
// bucket.
func Read(ctx context.Context, b bucket.Bucket, o ReadOptions) (*Log, error) {
	l := &Log{bucket: b, now: o.Now, Replay: newReplay(), Conditional: true, written: map[int64][]byte{}}
	numbers, err := l.list(ctx)
	if err != nil {
		return nil, err
	}
	top, err := l.newest(ctx, numbers, o)
	if err != nil {
		return nil, err
	}
	if top.Destroyed {
		return nil, &DestroyedError{top}
	}
	if err := l.replay(ctx, numbers, top.Sequence, o); err != nil {
		return nil, err
	}
	l.note(numbers)
	l.compare(o)
	if l.Rollback != nil && l.State.gaveUp(*o.Trusted) {
		return l, l.sinceAbandoned(ctx, numbers, top.Sequence, o)
	}
	return l, nil
}

// list returns the numbers of all objects that have the name of an entry, sorted.
func (l *Log) list(ctx context.Context) ([]int64, error) {
	var numbers []int64
	for o, err := range l.bucket.List(ctx, bucket.Range{Prefix: Folder}) {
		if err != nil {
			return nil, err
		}
		n, ok := Sequence(o.Key)
		if !ok || o.Size > limit(n) {
			l.Foreign = append(l.Foreign, o.Key)
			continue
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

func limit(sequence int64) int64 {
	if HasSnapshot(sequence) {
		return MaxSnapshot
	}
	return MaxEntry
}

// newest returns the newest entry. A listing can be late, so entries are asked for
// by name before they are taken for absent.
func (l *Log) newest(ctx context.Context, numbers []int64, o ReadOptions) (*Entry, error) {
	ask := []int64{1}
	if o.Trusted != nil {
		ask = append(ask, o.Trusted.Sequence)
	}
	for _, n := range ask {
		if i, listed := slices.BinarySearch(numbers, n); !listed {
			if _, err := l.bucket.Stat(ctx, Key(n)); err == nil {
				numbers = slices.Insert(numbers, i, n)
			} else if !errors.Is(err, bucket.ErrNotExist) {
				return nil, err
			}
		}
	}
	if l.Archive = o.Archive; l.Archive == "" {
		if err := l.identify(ctx, numbers); err != nil {
			return nil, err
		}
	}
	var top *Entry
	other := ""
	foreign := 0
	for i := len(numbers) - 1; i >= 0 && top == nil; i-- {
		e, _, err := l.read(ctx, numbers[i])
		switch {
		case err == nil && e.Archive == l.Archive:
			top = e
		case err == nil:
			other = e.Archive
			fallthrough
		case isEntryError(err):
			l.Foreign = append(l.Foreign, Key(numbers[i]))
			if foreign++; foreign > maxForeign {
				return nil, &EntryError{numbers[i], fmt.Errorf("more than %d objects above the newest entry are no entries of this archive", maxForeign)}
			}
		default:
			return nil, err
		}
	}
	switch {
	case top != nil:
	case other != "":
		return nil, &OtherArchiveError{Found: other, Wanted: l.Archive}
	default:
		return nil, ErrNoArchive
	}
	for !top.Destroyed {
		e, _, err := l.read(ctx, top.Sequence+1)
		if isEntryError(err) {
			break // absent, or foreign
		}
		if err != nil {
			return nil, err
		}
		if e.Archive != l.Archive {
			break
		}
		top = e
	}
	return top, nil
}

// identify takes the ID of the archive from its oldest entry.
func (l *Log) identify(ctx context.Context, numbers []int64) error {
	for _, n := range numbers[:min(len(numbers), maxForeign)] {
		e, _, err := l.read(ctx, n)
		if err == nil {
			l.Archive = e.Archive
			return nil
		}
		if !isEntryError(err) {
			return err
		}
	}
	return ErrNoArchive
}

func isEntryError(err error) bool {
	_, ok := errors.AsType[*EntryError](err)
	return ok
}

// read reads an entry and checks its form. The error is an *EntryError if it is
// missing or invalid by itself.
func (l *Log) read(ctx context.Context, sequence int64) (*Entry, []byte, error) {
	data, err := readAll(ctx, l.bucket, Key(sequence), limit(sequence), func(begin []byte) error {
		if err := checkBeginning(begin, sequence); err != nil {
			return &EntryError{sequence, err}
		}
		return nil
	})
	if errors.Is(err, bucket.ErrNotExist) || errors.Is(err, errTooLarge) {
		return nil, nil, &EntryError{sequence, err}
	}
	if err != nil {
		return nil, nil, err
	}
	e, err := Decode(data)
	if err != nil {
		return nil, nil, &EntryError{sequence, err}
	}
	return e, data, nil
}

var errTooLarge = errors.New("it is too large")

// readAll reads an object of at most limit bytes. check, if not nil, sees the first
// bytes: what others have planted is not read further.
func readAll(ctx context.Context, b bucket.Bucket, key string, limit int64, check func(begin []byte) error) ([]byte, error) {
	r, err := b.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.Object.Size > limit {
		return nil, errTooLarge
	}
	from := bufio.NewReaderSize(io.LimitReader(r, limit+1), beginningBytes)
	if check != nil {
		begin, err := from.Peek(beginningBytes)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if err := check(begin); err != nil {
			return nil, err
		}
	}
	data, err := io.ReadAll(from)
	if err == nil && int64(len(data)) > limit {
		err = errTooLarge
	}
	return data, err
}

// readAtOnce is the number of entries that are requested at the same time.
const readAtOnce = 8

// replay applies the entries up to top. numbers are the listed ones.
func (l *Log) replay(ctx context.Context, numbers []int64, top int64, o ReadOptions) error {
	from := top
	if o.Trusted != nil {
		from = min(top, o.Trusted.Sequence)
	}
	if l.First = from - (from-1)%snapshotEvery; o.All {
		l.First = 1
	}
	type loaded struct {
		entry *Entry
		data  []byte
		err   error
	}
	broken := false     // the state before the next entry is not known
	missing := int64(0) // how many entries in front of the next one
	for at := l.First; at <= top; at += readAtOnce {
		batch := make([]loaded, min(readAtOnce, top-at+1))
		var group errgroup.Group
		for i := range batch {
			group.Go(func() error {
				b := &batch[i]
				b.entry, b.data, b.err = l.read(ctx, at+int64(i))
				return nil
			})
		}
		_ = group.Wait() // errors are in the batch
		for i := range batch {
			b, sequence := &batch[i], at+int64(i)
			if b.err != nil && !isEntryError(b.err) {
				return b.err
			}
			if b.err == nil && b.entry.Archive != l.Archive {
				b.err = &EntryError{sequence, errors.New("it belongs to another archive")}
			}
			if b.err != nil {
				if err := l.problem(o, b.err); err != nil {
					return err
				}
				broken = true
				if missing++; missing > maxForeign {
					// A foreign entry with a huge number must not cause billions of reads.
					// Without o.Problem, the read has ended with the first of the errors.
					next := nextListed(numbers, sequence, top)
					o.Problem(&EntryError{next, errors.New("too many entries before it are missing or invalid")})
					at, missing = next-readAtOnce, 0
					break
				}
				continue
			}
			missing = 0
			if broken || sequence == l.First && sequence > 1 {
				if b.entry.Snapshot == nil {
					if o.Skipped != nil {
						o.Skipped(b.entry, hashOf(b.data))
					}
					continue
				}
				before := l.Replay
				l.Replay = resume(b.entry, b.data)
				if broken && o.Resumed != nil {
					o.Resumed(before.State, l.State, before.Head.Sequence+1, sequence)
				}
				broken = false
				l.reached(b.entry, o)
				continue
			}
			l.later(b.entry, o)
			if err := l.Apply(b.entry, b.data, l.now); err != nil {
				if err := l.problem(o, &EntryError{sequence, err}); err != nil {
					return err
				}
			}
			l.reached(b.entry, o)
		}
	}
	if broken {
		return &EntryError{top, errors.New("no snapshot follows the entries that are missing or invalid")}
	}
	return nil
}

// sinceAbandoned hands entries to the caller from the one on that gave up the trusted
// head: they come after it. Their numbers can be lower than its own.
func (l *Log) sinceAbandoned(ctx context.Context, numbers []int64, top int64, o ReadOptions) error {
	if o.Later == nil {
		return nil
	}
	since := &Log{bucket: l.bucket, now: l.now, Replay: newReplay()}
	since.Archive = l.Archive
	return since.replay(ctx, numbers, top, ReadOptions{
		All: true, Problem: func(*EntryError) {}, // older ones can be lost
		Later: func(before *State, e *Entry) {
			if e.Abandoned != nil && *e.Abandoned == *o.Trusted || before.gaveUp(*o.Trusted) {
				o.Later(before, e)
			}
		},
	})
}

// nextListed returns the first listed number above a sequence; top if there is none.
func nextListed(numbers []int64, sequence, top int64) int64 {
	i, _ := slices.BinarySearch(numbers, sequence+1)
	if i < len(numbers) {
		return min(numbers[i], top)
	}
	return top
}

func (l *Log) problem(o ReadOptions, err error) error {
	e, _ := errors.AsType[*EntryError](err)
	if o.All && o.Problem != nil {
		o.Problem(e)
		return nil
	}
	return e
}

// later hands an entry to the caller, with the state before it.
func (l *Log) later(e *Entry, o ReadOptions) {
	// The hash is noted after the trusted entry itself was applied.
	if o.Later != nil && (o.Trusted == nil && o.All || o.Trusted != nil && l.trustedHash == o.Trusted.SHA256) {
		o.Later(l.State, e)
	}
}

// reached notes the hash of the entry that has the trusted head's number.
func (l *Log) reached(e *Entry, o ReadOptions) {
	if o.Each != nil {
		o.Each(l.Replay)
	}
	if o.Trusted != nil && e.Sequence == o.Trusted.Sequence {
		l.trustedHash = l.Head.SHA256
	}
}

// note records the older entries that are not listed.
func (l *Log) note(numbers []int64) {
	for n := range l.Older() {
		if len(l.Absent) == maxForeign {
			break // as in replay
		}
		if _, listed := slices.BinarySearch(numbers, n); !listed {
			l.Absent = append(l.Absent, n)
		}
	}
}

// Older returns the numbers of the entries that were not read, but for those whose loss
// is accepted.
func (l *Log) Older() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for n := int64(1); n < l.First; n++ {
			if _, lost := l.State.Lost[Key(n)]; !lost && !yield(n) {
				return
			}
		}
	}
}

// compare checks the ledger against the trusted head.
func (l *Log) compare(o ReadOptions) {
	if o.Trusted != nil && l.trustedHash != o.Trusted.SHA256 {
		l.Rollback = &Rollback{Newest: l.Head, Trusted: *o.Trusted, Token: RollbackToken(l.Head, *o.Trusted)}
	}
}

// Hash returns the SHA-256 of an older entry that is absent, from its successor;
// empty if that is absent as well.
func (l *Log) Hash(ctx context.Context, sequence int64) (string, error) {
	e, _, err := l.read(ctx, sequence+1)
	switch {
	case isEntryError(err):
		return "", nil
	case err != nil:
		return "", err
	}
	return e.Previous, nil
}

// Advance reads the entries that were written since. It calls later, if not nil, for
// each of them with the state before it.
func (l *Log) Advance(ctx context.Context, later func(before *State, e *Entry)) error {
	for {
		next := l.Head.Sequence + 1
		e, data, err := l.read(ctx, next)
		if err, ok := errors.AsType[*EntryError](err); ok && errors.Is(err.Err, bucket.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if e.Archive != l.Archive && l.Head.Sequence == 0 {
			return ErrConflict // two runs began an archive at once
		}
		if e.Archive != l.Archive {
			return &EntryError{next, errors.New("it belongs to another archive")}
		}
		if later != nil {
			later(l.State, e)
		}
		if err := l.Apply(e, data, l.now); err != nil {
			return &EntryError{next, err}
		}
		e.Snapshot = nil
		l.Newer = append(l.Newer, e)
		if l.Destroyed {
			return &DestroyedError{e}
		}
	}
}

// IsRecords reports whether a key is that of the records of a commit.
func IsRecords(key string) bool { return listKey.MatchString(key) }
