package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// long returns a ledger with a number of entries, and its heads by sequence.
func long(t testing.TB, entries int64) (*store, *Log, map[int64]Head) {
	t.Helper()
	s := newStore()
	l := begin(t, s)
	heads := map[int64]Head{1: l.Head}
	for l.Head.Sequence < entries {
		folder := fmt.Sprintf("dt=2022-05-01/bag=%08x", l.Head.Sequence)
		appendEntry(t, l, func(e *Entry) { bagOf(e, folder, 1, 0) })
		heads[l.Head.Sequence] = l.Head
	}
	return s, l, heads
}

func read(s *store, o ReadOptions) (*Log, error) {
	o.Now = now
	l, err := Read(context.Background(), s, o)
	if open := s.open.Load(); open != 0 {
		return nil, fmt.Errorf("%d objects are still open after %w", open, err)
	}
	return l, err
}

// Whatever others put into the ledger's folder, a reader needs little memory.
func TestPlantedObjectsNeedLittleMemory(t *testing.T) { //nolint:paralleltest // it measures what is allocated
	s, want, _ := long(t, 3)
	const size = 8 << 20
	header := func(sequence int64) string {
		return fmt.Sprintf("{\n  \"format\": %q,\n  \"archive\": %q,\n  \"layer\": \"l7\",\n  \"sequence\": %d,\n", Format, archiveID, sequence)
	}
	planted := map[int64]string{
		9999999999: "{",
		9999999998: header(9999999998) + "  \"lost\": [{}",
		9999999997: header(9999999997) + "  \"failing\": [\"\"",
		9999999996: header(9999999996) + "  \"lost\": [\n    {}",
		9999999995: header(5),
	}
	for sequence, text := range planted {
		more := text[strings.LastIndexAny(text, "[,\n")+1:]
		s.objects[Key(sequence)] = []byte(text + strings.Repeat(","+more, size/(len(more)+1)))
	}
	allocated := func(do func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	one := allocated(func() { _, _ = io.ReadAll(strings.NewReader(strings.Repeat(" ", size))) }) - size
	var l *Log
	var err error
	all := allocated(func() { l, err = read(s, ReadOptions{}) })
	if err != nil || l.Head != want.Head || len(l.Foreign) != len(planted) {
		t.Fatalf("got %+v, %v", l, err)
	}
	// Three of the objects begin like an entry and are read.
	if all > 4*one {
		t.Errorf("%d MiB were allocated for %d objects, want %d MiB for each of three", all>>20, len(planted), one>>20)
	}
}

func TestReadReturnsTheStateOfTheNewestEntry(t *testing.T) {
	t.Parallel()
	s, want, heads := long(t, 60)
	for name, o := range map[string]ReadOptions{
		"newest":        {},
		"all":           {All: true},
		"trusted":       {Archive: archiveID, Trusted: &Head{60, heads[60].SHA256}},
		"older trusted": {Archive: archiveID, Trusted: &Head{30, heads[30].SHA256}},
		"first trusted": {Archive: archiveID, Trusted: &Head{1, heads[1].SHA256}},
	} {
		var later []int64
		o.Later = func(before *State, e *Entry) {
			if int64(len(before.Bags)) != max(e.Sequence-2, 0) {
				t.Errorf("%s: entry %d: %d bags before", name, e.Sequence, len(before.Bags))
			}
			later = append(later, e.Sequence)
		}
		l, err := read(s, o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(l.Replay, want.Replay) || l.Rollback != nil {
			t.Errorf("%s: got %+v, want %+v", name, l.Replay, want.Replay)
		}
		first := int64(61)
		switch {
		case o.Trusted != nil:
			first = o.Trusted.Sequence + 1
		case o.All:
			first = 1
		}
		var after []int64
		for n := first; n <= 60; n++ {
			after = append(after, n)
		}
		if !slices.Equal(later, after) {
			t.Errorf("%s: later entries are %v", name, later)
		}
	}
}

// The newest entry can be the one with the snapshot.
func TestASnapshotIsTheWholeState(t *testing.T) {
	t.Parallel()
	s, want, heads := long(t, 26)
	got, err := read(s, ReadOptions{Trusted: new(heads[26])})
	if err != nil || !reflect.DeepEqual(got.Replay, want.Replay) {
		t.Errorf("got %+v, %v, want %+v", got.Replay, err, want.Replay)
	}
}

func TestReadWithoutAnArchive(t *testing.T) {
	t.Parallel()
	if _, err := read(newStore(), ReadOptions{}); !errors.Is(err, ErrNoArchive) {
		t.Errorf("empty: got %v", err)
	}
	s := newStore()
	s.put(Key(1), []byte("x"))
	if _, err := read(s, ReadOptions{}); !errors.Is(err, ErrNoArchive) {
		t.Errorf("foreign: got %v", err)
	}
	s, l, _ := long(t, 3)
	_, err := read(s, ReadOptions{Archive: otherID})
	if other, ok := errors.AsType[*OtherArchiveError](err); !ok || other.Found != archiveID || !strings.Contains(err.Error(), otherID) {
		t.Errorf("another archive: got %v", err)
	}
	appendEntry(t, l, func(e *Entry) { e.Left, e.Destroyed = []string{memberID}, true })
	_ = s.Remove(context.Background(), Key(1))
	_, err = read(s, ReadOptions{Archive: archiveID})
	if destroyed, ok := errors.AsType[*DestroyedError](err); !ok || !errors.Is(err, ErrNoArchive) || destroyed.Entry.Sequence != 4 || !strings.Contains(err.Error(), "entry 4") {
		t.Errorf("destroyed: got %v", err)
	}
}

func TestAListingThatLagsHidesNoEntry(t *testing.T) {
	t.Parallel()
	s, l, heads := long(t, 30)
	for n := int64(20); n <= 30; n++ {
		s.hidden[Key(n)] = true
	}
	for _, trusted := range []*Head{nil, new(heads[25])} {
		got, err := read(s, ReadOptions{Trusted: trusted})
		if err != nil || got.Head != l.Head {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	s, l, _ = long(t, 1)
	s.hidden[Key(1)] = true
	if got, err := read(s, ReadOptions{}); err != nil || got.Head != l.Head {
		t.Errorf("the first entry: got %+v, %v", got, err)
	}
}

func TestForeignObjectsAreNoEntries(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	another := Begin(newStore(), otherID, now)
	appendEntry(t, another, func(e *Entry) {
		scope := window()
		e.Joined, e.Scope, e.SealedThrough = []string{memberID}, &scope, new("")
	})
	e := newEntry(2)
	if err := another.Append(context.Background(), e, bucket.Lock{}); err != nil {
		t.Fatal(err)
	}
	foreign := map[string][]byte{
		Key(9_999_999_999): []byte("{}\n"), Folder + "0000000000.json": []byte("x"), Folder + "notes.txt": []byte("x"), Folder + "4.json": []byte("x"),
		Key(4): e.Encode(),
	}
	for key, data := range foreign {
		s.put(key, data)
	}
	s.put(RecordsKey(id(2)), []byte("x")) // it is in another folder
	got, err := read(s, ReadOptions{})
	if err != nil || got.Head != l.Head {
		t.Fatalf("got %+v, %v", got, err)
	}
	if slices.Sort(got.Foreign); !slices.Equal(got.Foreign, slices.Sorted(maps.Keys(foreign))) {
		t.Errorf("got %q", got.Foreign)
	}
	if !got.Conditional {
		t.Error("a store is taken for one without conditional writes before it was tried")
	}
	for another.Head.Sequence < 4 {
		appendEntry(t, another, nil)
	}
	s.put(Key(4), another.bucket.(*store).get(Key(4)))
	for _, hidden := range []bool{false, true} {
		s.hidden[Key(4)] = hidden
		if got, err := read(s, ReadOptions{}); err != nil || got.Head != l.Head {
			t.Errorf("an entry of another archive, hidden: %t: got %+v, %v", hidden, got, err)
		}
	}
}

func TestAPlantedEntryEndsTheReadInBoundedTime(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	e := newEntry(9_999_999_999)
	e.Format, e.Archive, e.Sequence, e.Previous = Format, archiveID, 9_999_999_999, zeros
	s.put(Key(9_999_999_999), e.Encode())
	s.opened = 0
	for name, o := range map[string]ReadOptions{"plan": {}, "trusted": {Trusted: &l.Head}, "all": {All: true}} {
		_, err := read(s, o)
		if entry, ok := errors.AsType[*EntryError](err); !ok || !errors.Is(entry, bucket.ErrNotExist) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	problems := 0
	_, err := read(s, ReadOptions{All: true, Problem: func(*EntryError) { problems++ }})
	if _, ok := errors.AsType[*EntryError](err); !ok || problems == 0 || problems > 2*maxForeign || s.opened > 1000 {
		t.Errorf("got %v after %d problems and %d reads", err, problems, s.opened)
	}
	_ = s.Remove(context.Background(), Key(9_999_999_999))
	for n := range int64(maxForeign) {
		s.put(Key(9_999_999_000+n), []byte("x"))
	}
	if got, err := read(s, ReadOptions{}); err != nil || got.Head != l.Head || len(got.Foreign) != maxForeign {
		t.Errorf("got %+v, %v", got, err)
	}
	s.put(Key(9_999_999_998), []byte("x"))
	if _, err := read(s, ReadOptions{}); err == nil {
		t.Error("hundreds of foreign objects are skipped")
	}
	for n := range int64(3) {
		_ = s.Remove(context.Background(), Key(n+1))
	}
	s.opened = 0
	if _, err := read(s, ReadOptions{}); !errors.Is(err, ErrNoArchive) || s.opened > maxForeign {
		t.Errorf("got %v after %d reads of foreign objects", err, s.opened)
	}
}

// An object that cannot be read is not taken for an invalid one, however much of it
// was read.
func TestAReadErrorIsNoInvalidEntry(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset")
	for _, n := range []int64{0, 100, 500} {
		s, l, _ := long(t, 3)
		last := l.Head
		s.hidden[Key(3)] = n == 100
		s.reads = func(key string, from io.Reader) (io.Reader, error) {
			if key == Key(3) {
				from = io.MultiReader(io.LimitReader(from, n), iotest.ErrReader(reset))
			}
			return from, nil
		}
		if int64(len(s.get(Key(3)))) <= n {
			t.Fatal("the entry is too short for the test")
		}
		for name, o := range map[string]ReadOptions{"plan": {}, "all": {All: true, Problem: func(err *EntryError) { t.Error(err) }}} {
			if _, err := read(s, o); !errors.Is(err, reset) || isEntryError(err) {
				t.Errorf("%s, after %d bytes: got %v", name, n, err)
			}
		}
		if _, err := l.Prove(t.Context(), 2); !errors.Is(err, reset) {
			t.Errorf("proof, after %d bytes: got %v", n, err)
		}
		if hash, err := l.Hash(t.Context(), 2); !errors.Is(err, reset) {
			t.Errorf("hash, after %d bytes: got %q, %v", n, hash, err)
		}
		s.reads = nil
		older, err := read(s, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		appendEntry(t, l, nil)
		s.reads = func(string, io.Reader) (io.Reader, error) { return nil, reset }
		if err := older.Advance(t.Context(), nil); !errors.Is(err, reset) || older.Head != last {
			t.Errorf("newer entries: got %v", err)
		}
	}
}

// A store that cannot be read is not an empty destination.
func TestAStoreThatCannotBeReadHasNoKnownArchive(t *testing.T) {
	t.Parallel()
	denied := errors.New("access denied")
	for name, set := range map[string]func(*store){
		"list": func(s *store) { s.lists = denied },
		"open": func(s *store) { s.reads = func(string, io.Reader) (io.Reader, error) { return nil, denied } },
		"open once": func(s *store) {
			s.reads = func(_ string, from io.Reader) (io.Reader, error) {
				s.reads = nil
				return from, denied
			}
		},
	} {
		s, _, _ := long(t, 2)
		set(s)
		if _, err := read(s, ReadOptions{}); !errors.Is(err, denied) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A read reports absent entries up to a limit.
func TestAbsentEntriesAreLimited(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 2*maxForeign+30)
	for n := int64(2); n < maxForeign+20; n++ {
		_ = s.Remove(t.Context(), Key(n))
	}
	got, err := read(s, ReadOptions{})
	if err != nil || got.Head != l.Head || len(got.Absent) != maxForeign || got.Absent[0] != 2 || got.Absent[maxForeign-1] != maxForeign+1 {
		t.Errorf("absent are %v, %v", got.Absent, err)
	}
}

// An entry after the one that destroyed the archive is invalid, also where the read begins
// with the snapshot of that one.
func TestAnEntryAfterTheOneThatDestroyedIsInvalid(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 25)
	appendEntry(t, l, func(e *Entry) { e.Left, e.Destroyed = []string{memberID}, true })
	l.Destroyed = false
	appendEntry(t, l, nil)
	for name, o := range map[string]ReadOptions{"plan": {}, "all": {All: true}} {
		_, err := read(s, o)
		if entry, ok := errors.AsType[*EntryError](err); !ok || entry.Sequence != 27 || !strings.Contains(err.Error(), "follows the entry that destroyed the archive") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// After a gap of many entries, the read goes on with the next one that is listed.
func TestEveryEntryAfterALongGapIsRead(t *testing.T) {
	t.Parallel()
	s, l, heads := long(t, 2*maxForeign)
	const next = maxForeign + 20
	const gap = 5 // the read gives it up within what it requests at once
	for n := int64(gap); n < next; n++ {
		_ = s.Remove(t.Context(), Key(n))
	}
	var seen []string
	var problems []int64
	got, err := read(s, ReadOptions{
		All: true,
		Problem: func(err *EntryError) {
			if problems = append(problems, err.Sequence); (err.Sequence == next) != strings.Contains(err.Error(), "too many entries before it") {
				t.Error(err)
			}
		},
		Skipped: func(_ *Entry, sha256 string) { seen = append(seen, sha256) },
		Each: func(r *Replay) {
			if r.Head.Sequence >= next {
				seen = append(seen, r.Head.SHA256)
			}
		},
	})
	if err != nil || got.Head != l.Head {
		t.Fatalf("got %v, %v", got, err)
	}
	var want []string
	for n := int64(next); n <= l.Head.Sequence; n++ {
		want = append(want, heads[n].SHA256)
	}
	if !slices.Equal(seen, want) {
		t.Errorf("%d entries are seen, want %d", len(seen), len(want))
	}
	var missing []int64
	for n := int64(gap); n <= gap+maxForeign; n++ {
		missing = append(missing, n)
	}
	if !slices.Equal(problems, append(missing, next)) {
		t.Errorf("the problems are %v", problems)
	}
}

// Missing entries that do not follow each other are not a gap: the entries between them
// are read.
func TestEveryEntryBetweenMissingOnesIsRead(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 2*maxForeign+30)
	want := int64(0)
	for n := int64(2); n < l.Head.Sequence-25; n += 2 {
		_ = s.Remove(t.Context(), Key(n))
		want++
	}
	missing := int64(0)
	got, err := read(s, ReadOptions{All: true, Problem: func(err *EntryError) {
		if missing++; !errors.Is(err, bucket.ErrNotExist) {
			t.Error(err)
		}
	}})
	if err != nil || got.Head != l.Head || missing != want || want <= maxForeign {
		t.Errorf("%d of %d missing entries were found: %v", missing, want, err)
	}
}

func TestAMissingEntryIsNeverTheEnd(t *testing.T) {
	t.Parallel()
	s, _, heads := long(t, 60)
	data := s.get(Key(40))
	_ = s.Remove(context.Background(), Key(40))
	for name, test := range map[string]struct {
		o       ReadOptions
		missing bool
	}{
		"before the newest snapshot":      {ReadOptions{}, false},
		"after the trusted head":          {ReadOptions{Trusted: new(heads[30])}, true},
		"before the trusted head's block": {ReadOptions{Trusted: new(heads[52])}, false},
		"in the trusted head's block":     {ReadOptions{Trusted: new(heads[45])}, true},
		"all":                             {ReadOptions{All: true}, true},
	} {
		l, err := read(s, test.o)
		entry, missing := errors.AsType[*EntryError](err)
		switch {
		case missing != test.missing || missing && (entry.Sequence != 40 || !errors.Is(err, bucket.ErrNotExist) || !strings.Contains(err.Error(), "entry 40 is missing")):
			t.Errorf("%s: got %v", name, err)
		case !missing && !slices.Equal(l.Absent, []int64{40}):
			t.Errorf("%s: absent are %v", name, l.Absent)
		}
	}
	l, err := read(s, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := l.Hash(context.Background(), 40)
	if err != nil || hash != hashOf(data) {
		t.Errorf("got %s, %v", hash, err)
	}
	var problems, skipped, gap []int64
	l, err = read(s, ReadOptions{
		All: true, Problem: func(err *EntryError) { problems = append(problems, err.Sequence) },
		Skipped: func(e *Entry, sha256 string) {
			if skipped = append(skipped, e.Sequence); sha256 != heads[e.Sequence].SHA256 {
				t.Errorf("entry %d has the hash %s", e.Sequence, sha256)
			}
		},
		Resumed: func(before, after *State, first, last int64) {
			if gap = append(gap, first, last); len(before.Bags) != 38 || len(after.Bags) != 50 {
				t.Errorf("%d bags before the gap, %d after", len(before.Bags), len(after.Bags))
			}
		},
	})
	if err != nil || !slices.Equal(problems, []int64{40}) || l.Head != heads[60] {
		t.Errorf("got %v, %v", problems, err)
	}
	if want := []int64{41, 42, 43, 44, 45, 46, 47, 48, 49, 50}; !slices.Equal(skipped, want) || !slices.Equal(gap, []int64{40, 51}) {
		t.Errorf("skipped are %v, the gap is %v", skipped, gap)
	}
	appendEntry(t, l, func(e *Entry) { e.Lost = []File{{Path: Key(40), SHA256: hash}}; accept(e, l.State) })
	l.First = 42
	older := slices.Collect(l.Older())
	if len(older) != 40 || older[0] != 1 || older[38] != 39 || older[39] != 41 {
		t.Errorf("older entries are %v", older)
	}
	if l, err := read(s, ReadOptions{}); err != nil || len(l.Absent) != 0 {
		t.Errorf("a lost entry is absent: %v, %v", l.Absent, err)
	}
}

func TestAnInvalidEntryStopsTheRead(t *testing.T) {
	t.Parallel()
	_, _, heads := long(t, 30)
	for name, test := range map[string]struct {
		change func(*store)
		want   string
	}{
		"a changed byte": {
			func(s *store) { s.put(Key(27), bytes.Replace(s.get(Key(27)), []byte("test"), []byte("text"), 1)) },
			"ledger entry 28 is invalid: it does not contain the hash of entry 27",
		},
		"another form":     {func(s *store) { s.put(Key(27), append(s.get(Key(27)), '\n')) }, "ledger entry 27 is invalid: it is not in the canonical form"},
		"another sequence": {func(s *store) { s.put(Key(27), s.get(Key(26))) }, "ledger entry 27 is invalid: it contains the sequence 26"},
		"another archive": {
			func(s *store) { s.put(Key(27), bytes.Replace(s.get(Key(27)), []byte(archiveID), []byte(otherID), 1)) },
			"ledger entry 27 is invalid: it belongs to another archive",
		},
		"the snapshot of another archive": {
			func(s *store) { s.put(Key(26), bytes.Replace(s.get(Key(26)), []byte(archiveID), []byte(otherID), 1)) },
			"ledger entry 26 is invalid: it belongs to another archive",
		},
		"a newer format": {
			func(s *store) {
				s.put(Key(27), bytes.Replace(s.get(Key(27)), []byte("teo-archive/2"), []byte("teo-archive/3"), 1))
			},
			`ledger entry 27 is invalid: its format is not "teo-archive/2", the only one that this version of the provider reads`,
		},
		"a forged successor": {
			func(s *store) {
				s.put(Key(28), bytes.Replace(s.get(Key(28)), []byte("2022-05-01/bag"), []byte("2022-05-09/bag"), 1))
			},
			"ledger entry 29 is invalid: it does not contain the hash of entry 28",
		},
	} {
		s, _, _ := long(t, 30)
		test.change(s)
		_, err := read(s, ReadOptions{Trusted: new(heads[26])})
		if _, ok := errors.AsType[*EntryError](err); !ok || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

// A seal is checked against the clock of the reader, and not only that of the writer.
func TestASealInTheReadersFutureIsInvalid(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	appendEntry(t, l, func(e *Entry) { e.SealedThrough = new("2022-07-30") })
	stable := l.State.Scope.Stable("2022-07-30")
	for at, want := range map[time.Time]bool{stable: true, stable.Add(-clockTolerance): true, stable.Add(-clockTolerance - 1): false} {
		_, err := Read(t.Context(), s, ReadOptions{Now: at})
		if entry, invalid := errors.AsType[*EntryError](err); invalid == want || invalid && entry.Sequence != 4 || !invalid && err != nil {
			t.Errorf("at %s: got %v", at, err)
		}
	}
}

// zeroReader is an object of many bytes.
type zeroReader struct{ io.Reader }

func (zeroReader) Close() error { return nil }

type largeStore struct {
	*store
	size int64
}

func (s *largeStore) Open(ctx context.Context, key string) (*bucket.Reader, error) {
	if key != Key(4) {
		return s.store.Open(ctx, key)
	}
	return &bucket.Reader{ReadCloser: zeroReader{strings.NewReader(strings.Repeat("x", 100))}, Object: bucket.Object{Key: key, Size: s.size}}, nil
}

func TestAnOversizedObjectIsNotRead(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	s.put(Key(4), []byte("x"))
	got, err := Read(context.Background(), &largeStore{s, MaxEntry + 1}, ReadOptions{Now: now})
	if err != nil || got.Head != l.Head {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(got.Foreign) != 1 {
		t.Errorf("foreign are %q", got.Foreign)
	}
}

func TestAnEntryWithASnapshotMayBeLarger(t *testing.T) {
	t.Parallel()
	for sequence, want := range map[int64]int64{1: MaxSnapshot, 2: MaxEntry, 25: MaxEntry, 26: MaxSnapshot, 27: MaxEntry} {
		if got := limit(sequence); got != want {
			t.Errorf("entry %d may have %d bytes, want %d", sequence, got, want)
		}
	}
}

func TestARollBackIsReported(t *testing.T) {
	t.Parallel()
	s, l, heads := long(t, 30)
	for name, test := range map[string]struct {
		trusted Head
		want    bool
	}{
		"the newest":              {heads[30], false},
		"an older one":            {heads[7], false},
		"one that is gone":        {Head{31, ones}, true},
		"one of a later snapshot": {Head{60, ones}, true},
		"another one":             {Head{20, ones}, true},
		"another newest":          {Head{30, ones}, true},
	} {
		got, err := read(s, ReadOptions{Trusted: &test.trusted})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if (got.Rollback != nil) != test.want || got.Head != l.Head {
			t.Errorf("%s: got %+v, %v", name, got.Rollback, got.Head)
		}
		if test.want && got.Rollback.Newest != l.Head {
			t.Errorf("%s: the newest head is %v", name, got.Rollback.Newest)
		}
		if want := "rollback:" + l.Head.SHA256[:16] + "/" + test.trusted.SHA256[:16]; test.want && got.Rollback.Token != want {
			t.Errorf("%s: got the token %s", name, got.Rollback.Token)
		}
	}
}

// The entries after a head that was given up are new to whoever trusts it, though
// their numbers can be lower. The one before which the state is not known is left out.
func TestEntriesSinceAnAbandonedHeadAreLater(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fork, lost int64 // the newest entry that was restored; one that is lost, or 0
		want       []int64
	}{
		{fork: 30, want: []int64{31, 32}},
		{fork: 30, lost: 7, want: []int64{31, 32}},
		{fork: 25, want: []int64{26, 27}},
		{fork: 25, lost: 7, want: []int64{27}},
	} {
		s, l, heads := long(t, test.fork)
		older, err := read(s, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			appendEntry(t, l, nil)
		}
		trusted := l.Head
		for n := range int64(3) {
			_ = s.Remove(t.Context(), Key(test.fork+n+1))
		}
		appendEntry(t, older, func(e *Entry) {
			e.Accepted, e.Abandoned = []Acceptance{{RollbackToken(older.Head, trusted), "restored"}}, &trusted
		})
		appendEntry(t, older, nil)
		if want := []Abandoned{{Head: trusted, Token: RollbackToken(heads[test.fork], trusted)}}; !slices.Equal(older.State.Abandoned, want) {
			t.Errorf("%+v: got %v, want %v", test, older.State.Abandoned, want)
		}
		_ = s.Remove(t.Context(), Key(test.lost))
		var later []int64
		got, err := read(s, ReadOptions{Trusted: &trusted, Later: func(before *State, e *Entry) {
			if before.Scope == nil || int64(len(before.Bags)) != test.fork-1 {
				t.Errorf("%+v: before entry %d there are %d bags", test, e.Sequence, len(before.Bags))
			}
			later = append(later, e.Sequence)
		}})
		if err != nil || !slices.Equal(later, test.want) || got.Head != older.Head || got.Rollback == nil || got.Rollback.Trusted != trusted {
			t.Errorf("%+v: got %v, %v", test, later, err)
		}
		if got, err := read(s, ReadOptions{Trusted: &trusted}); err != nil || got.Rollback == nil {
			t.Errorf("%+v: got %+v, %v", test, got, err)
		}
		// Whoever trusts no head, or one before the roll-back, does not see one.
		for _, o := range []ReadOptions{{}, {Trusted: new(heads[test.fork])}} {
			if got, err := read(s, o); test.lost == 0 && (err != nil || got.Rollback != nil) {
				t.Errorf("%+v: got %+v, %v", test, got, err)
			}
		}
	}
}

// A listing can be late, and only a store that answers shows that an entry is absent.
func TestAReadFailsIfItCannotAskForAnUnlistedEntry(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	denied := errors.New("access denied")
	s.hidden[Key(3)] = true
	s.stats = func(key string) error {
		if key == Key(3) {
			return denied
		}
		return nil
	}
	if _, err := read(s, ReadOptions{Archive: archiveID, Trusted: &l.Head}); !errors.Is(err, denied) {
		t.Errorf("got %v", err)
	}
}

// A store can send more than it says.
func TestAnObjectIsReadUpToItsLimit(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.put("a", []byte("12345"))
	for _, b := range []bucket.Bucket{s, shortSizes{s}} {
		for limit, want := range map[int64]error{4: errTooLarge, 5: nil, 6: nil} {
			data, err := readAll(t.Context(), b, "a", limit, nil)
			if !errors.Is(err, want) || want == nil && string(data) != "12345" {
				t.Errorf("%T, limit %d: got %q, %v", b, limit, data, err)
			}
		}
	}
}

// shortSizes says that every object is empty.
type shortSizes struct{ bucket.Bucket }

func (s shortSizes) Open(ctx context.Context, key string) (*bucket.Reader, error) {
	r, err := s.Bucket.Open(ctx, key)
	if err == nil {
		r.Object.Size = 0
	}
	return r, err
}

func TestTheNextListedEntryIsAboveTheMissingOne(t *testing.T) {
	t.Parallel()
	numbers := []int64{1, 5, 6, 9}
	for sequence, want := range map[int64]int64{1: 5, 4: 5, 5: 6, 6: 8, 9: 8} {
		if got := nextListed(numbers, sequence, 8); got != want {
			t.Errorf("after %d: got %d, want %d", sequence, got, want)
		}
	}
}

// A snapshot is large, and what it says is in the state.
func TestNewerEntriesAreKeptWithoutTheirSnapshots(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 24)
	older, err := read(s, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		appendEntry(t, l, nil)
	}
	var seen []int64
	if err := older.Advance(t.Context(), func(before *State, e *Entry) { seen = append(seen, e.Sequence) }); err != nil || older.Head != l.Head || !slices.Equal(seen, []int64{25, 26, 27}) {
		t.Fatalf("got %+v, %v", seen, err)
	}
	if len(older.Newer) != 3 {
		t.Errorf("%d newer entries are kept", len(older.Newer))
	}
	for i, e := range older.Newer {
		if e.Sequence != int64(25+i) || e.Snapshot != nil {
			t.Errorf("got %+v", e)
		}
	}
}

func TestAdvanceStopsAtAnInvalidEntry(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	other, err := read(s, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	appendEntry(t, l, func(e *Entry) { e.Left, e.Destroyed = []string{memberID}, true })
	if _, ok := errors.AsType[*DestroyedError](other.Advance(context.Background(), nil)); !ok {
		t.Error("a destroyed archive goes on")
	}
	s, l, _ = long(t, 3)
	for name, data := range map[string][]byte{"garbage": []byte("x"), "an older entry": s.get(Key(3))} {
		other, err := read(s, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.put(Key(4), data)
		if entry, ok := errors.AsType[*EntryError](other.Advance(context.Background(), nil)); !ok || entry.Sequence != 4 || other.Head != l.Head {
			t.Errorf("%s: got %v", name, entry)
		}
		_ = s.Remove(context.Background(), Key(4))
	}
	// An entry of another archive is a conflict only where this one has none yet.
	foreign := Begin(newStore(), otherID, now)
	appendEntry(t, foreign, func(e *Entry) {
		scope := window()
		e.Joined, e.Scope, e.SealedThrough = []string{memberID}, &scope, new("")
	})
	first := foreign.bucket.(*store).get(Key(1))
	empty := newStore()
	begun := Begin(empty, archiveID, now)
	empty.put(Key(1), first)
	if err := begun.Advance(t.Context(), nil); !errors.Is(err, ErrConflict) {
		t.Errorf("got %v", err)
	}
	for foreign.Head.Sequence < 4 {
		appendEntry(t, foreign, nil)
	}
	s.put(Key(4), foreign.bucket.(*store).get(Key(4)))
	if err := l.Advance(t.Context(), nil); errors.Is(err, ErrConflict) || err == nil || !strings.Contains(err.Error(), "belongs to another archive") {
		t.Errorf("got %v", err)
	}
}
