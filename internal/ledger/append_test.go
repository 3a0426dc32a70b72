package ledger

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

func TestAppendIsTheOnlyOneOrAConflict(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 24)
	other, err := read(s, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	appendEntry(t, l, nil)
	e := newEntry(25)
	e.Commit = id(99)
	if err := other.Append(context.Background(), e, bucket.Lock{}); !errors.Is(err, ErrConflict) {
		t.Fatalf("got %v", err)
	}
	if other.Head.Sequence != 24 {
		t.Errorf("the head after a conflict is %v", other.Head)
	}
	var seen []int64
	if err := other.Advance(context.Background(), func(_ *State, e *Entry) { seen = append(seen, e.Sequence) }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(seen, []int64{25}) || other.Head != l.Head {
		t.Errorf("got %v and the head %v", seen, other.Head)
	}
	e = newEntry(26)
	e.Commit = id(99)
	if err := other.Append(context.Background(), e, bucket.Lock{}); err != nil {
		t.Fatal(err)
	}
	if e.Snapshot == nil {
		t.Error("entry 26 has no snapshot")
	}
	if got, err := read(s, ReadOptions{All: true}); err != nil || got.Head != other.Head {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAnEntryIsWrittenWithItsLock(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	want := bucket.Lock{Mode: bucket.Governance, Until: now.AddDate(0, 0, 30)}
	if err := l.Append(t.Context(), newEntry(4), want); err != nil || s.lock != want {
		t.Errorf("got %+v, %v", s.lock, err)
	}
}

func TestAppendRefusesAnInvalidEntry(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	e := newEntry(4)
	e.SealedThrough = new("2022-07-31")
	if err := l.Append(context.Background(), e, bucket.Lock{}); err == nil || s.get(Key(4)) != nil {
		t.Errorf("got %v", err)
	}
}

// Append replaces the snapshot that an earlier attempt has set.
func TestOnlyEveryTwentyFifthEntryHasASnapshot(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 24)
	for range 3 {
		appendEntry(t, l, func(e *Entry) { e.Snapshot = newState() })
		e, err := Decode(s.get(Key(l.Head.Sequence)))
		if err != nil || (e.Snapshot != nil) != (e.Sequence == 26) || e.Snapshot != nil && len(e.Snapshot.Bags) != 23 {
			t.Errorf("got %+v, %v", e, err)
		}
	}
}

// An entry follows one that is durable, and is durable itself.
func TestAnAppendSyncsTheHeadAndTheEntry(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	var first []string
	s := newStore()
	s.syncs = func(keys []string) error { first = append(first, keys...); return nil }
	if begin(t, s); !slices.Equal(first, []string{Key(1)}) {
		t.Errorf("the first append syncs %q", first)
	}
	for _, head := range []int64{1, 3} {
		before, after := Key(head), Key(head+1)
		for _, fails := range []string{"", before, after} {
			s, l, _ := long(t, head)
			var synced []string
			s.syncs = func(keys []string) error {
				if slices.Equal(keys, []string{after}) != (s.get(after) != nil) {
					t.Errorf("%q are synced at another time", keys)
				}
				synced = append(synced, keys...)
				if slices.Contains(keys, fails) {
					return broken
				}
				return nil
			}
			err := l.Append(t.Context(), newEntry(head+1), bucket.Lock{})
			if fails == "" && (err != nil || !slices.Equal(synced, []string{before, after})) || fails != "" && (!errors.Is(err, broken) || l.Head.Sequence != head) {
				t.Errorf("%q fails: got %v after %q", fails, err, synced)
			}
			if written := s.get(after) != nil; written == (fails == before) {
				t.Errorf("%q fails: the entry is written: %t", fails, written)
			}
		}
	}
}

// An append fails if it cannot see whether another run has removed the head.
func TestAnAppendFailsIfItCannotLookForTheHead(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	denied := errors.New("access denied")
	s.stats = func(string) error { return denied }
	if err := l.Append(t.Context(), newEntry(4), bucket.Lock{}); !errors.Is(err, denied) || l.Head.Sequence != 3 {
		t.Errorf("got %v", err)
	}
}

func TestNoEntryFollowsOneThatDestroyed(t *testing.T) {
	t.Parallel()
	s, l, _ := long(t, 3)
	appendEntry(t, l, func(e *Entry) { e.Left, e.Destroyed = []string{memberID}, true })
	if err := l.Append(t.Context(), newEntry(5), bucket.Lock{}); err == nil || !strings.Contains(err.Error(), "follows the entry that destroyed") || s.get(Key(5)) != nil {
		t.Errorf("got %v", err)
	}
}

func TestALostResponseIsNoConflict(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection reset")
	for name, set := range map[string]func(*store, *int){
		"before it took effect": func(s *store, n *int) {
			s.before = func(string, []byte) error {
				if *n++; *n == 1 {
					return lost
				}
				return nil
			}
		},
		"after it took effect": func(s *store, n *int) {
			s.after = func(string, []byte) error {
				if *n++; *n == 1 {
					return lost
				}
				return nil
			}
		},
	} {
		s, l, _ := long(t, 3)
		writes := 0
		set(s, &writes)
		appendEntry(t, l, nil)
		if got, err := read(s, ReadOptions{All: true}); err != nil || got.Head != l.Head || l.Head.Sequence != 4 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	// A lost response does not show whether the store has conditional writes.
	s := newStore()
	s.after = func(string, []byte) error { s.after = nil; return lost }
	if l := begin(t, s); !l.Conditional {
		t.Error("the store is taken for one without conditional writes")
	}
	// What fails for good is written once, and the rest four times.
	ended, end := context.WithCancel(t.Context())
	end()
	permanent := &bucket.Error{Op: "write", Err: syscall.ENOSPC}
	for _, test := range []struct {
		ctx    context.Context
		err    error
		writes int
	}{{t.Context(), lost, 4}, {ended, lost, 1}, {t.Context(), permanent, 1}} {
		s, l, _ := long(t, 3)
		writes := 0
		s.before = func(string, []byte) error { writes++; return test.err }
		if err := l.Append(test.ctx, newEntry(4), bucket.Lock{}); !errors.Is(err, test.err) || writes != test.writes {
			t.Errorf("got %v after %d writes, want %v after %d", err, writes, test.err, test.writes)
		}
	}
}

// S3 refuses one of two writes at once with 409 or 412, and the other one can fail.
func TestAnEntryThatIsTakenButAbsentIsWrittenAgain(t *testing.T) {
	t.Parallel()
	for taken, want := range map[int]error{1: nil, putAttempts - 1: nil, putAttempts: bucket.ErrNotExist} {
		s, l, _ := long(t, 3)
		writes := 0
		s.before = func(string, []byte) error {
			if writes++; writes <= taken {
				return bucket.ErrExist
			}
			return nil
		}
		if err := l.Append(t.Context(), newEntry(4), bucket.Lock{}); !errors.Is(err, want) || (s.get(Key(4)) != nil) != (want == nil) {
			t.Errorf("taken %d times: got %v", taken, err)
		}
	}
	// The existing entry must be read to know which run wrote it.
	s, l, _ := long(t, 3)
	denied := errors.New("access denied")
	s.before = func(string, []byte) error { return bucket.ErrExist }
	s.reads = func(string, io.Reader) (io.Reader, error) { return nil, denied }
	s.put(Key(4), []byte("x"))
	if err := l.Append(t.Context(), newEntry(4), bucket.Lock{}); !errors.Is(err, denied) || l.Head.Sequence != 3 {
		t.Errorf("got %v", err)
	}
}

func TestAStoreWithoutConditionalWritesIsDetected(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.unconditional = true
	l := begin(t, s)
	if l.Conditional {
		t.Error("the store replaces entries")
	}
	if err := l.ReadBack(context.Background()); err != nil {
		t.Errorf("got %v", err)
	}
	s.put(Key(1), []byte("x"))
	if err := l.ReadBack(context.Background()); !errors.Is(err, ErrUnconditional) {
		t.Errorf("got %v", err)
	}
	denied := errors.New("access denied")
	s.reads = func(string, io.Reader) (io.Reader, error) { return nil, denied }
	if err := l.ReadBack(context.Background()); !errors.Is(err, denied) {
		t.Errorf("got %v", err)
	}
	// The first entry is written twice, and the others once.
	s = newStore()
	written := map[string]int{}
	s.before = func(key string, _ []byte) error { written[key]++; return nil }
	l = begin(t, s)
	appendEntry(t, l, nil)
	if !l.Conditional || written[Key(1)] != 2 || written[Key(2)] != 1 {
		t.Errorf("the store does not replace entries, got %t after writes of %v", l.Conditional, written)
	}
	// A second write that fails shows nothing, and the next entry shows it.
	s = newStore()
	s.unconditional = true
	writes := 0
	s.before = func(string, []byte) error {
		if writes++; writes == 2 {
			return errors.New("connection reset")
		}
		return nil
	}
	if l = begin(t, s); !l.Conditional {
		t.Error("a failed write is taken for one that replaces")
	}
	if appendEntry(t, l, nil); l.Conditional {
		t.Error("the store replaces entries")
	}
}

// A store can show an object some time after it was written.
func TestAnEntryThatIsNotShownYetWasNotOverwritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.unconditional = true
		l := begin(t, s)
		data := s.get(Key(1))
		_ = s.Remove(t.Context(), Key(1))
		if err := l.ReadBack(t.Context()); !errors.Is(err, ErrNotShown) || strings.Contains(err.Error(), "another run") {
			t.Errorf("got %v", err)
		}
		time.AfterFunc(2*time.Second, func() { s.put(Key(1), data) })
		if err := l.ReadBack(t.Context()); err != nil {
			t.Errorf("got %v", err)
		}
		_ = s.Remove(t.Context(), Key(1))
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second/2, func() { cancel(errors.New("interrupted")) })
		if err := l.ReadBack(ctx); err == nil || err.Error() != "interrupted" {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnEntryIsRemovedIfTheArchiveWasDestroyedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, head := range []int64{1, 3} {
		s, l, _ := long(t, head)
		s.after = func(key string, _ []byte) error {
			if key == Key(head+1) {
				_ = s.Remove(context.Background(), Key(head))
			}
			return nil
		}
		err := l.Append(context.Background(), newEntry(head+1), bucket.Lock{})
		destroyed, ok := errors.AsType[*DestroyedError](err)
		if !ok || s.get(Key(head+1)) != nil {
			t.Fatalf("entry %d: got %v", head, err)
		}
		if e := destroyed.Entry; e.Sequence != head || !e.WrittenAt.Equal(now) || e.Agent != "another run" {
			t.Errorf("the error names entry %d of %s by %q", e.Sequence, e.WrittenAt, e.Agent)
		}
	}
}
