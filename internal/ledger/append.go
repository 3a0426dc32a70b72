package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/wait"
)

// Begin returns a ledger without entries, for the first one.
func Begin(b bucket.Bucket, archive string, now time.Time) *Log {
	l := &Log{bucket: b, now: now, Replay: newReplay(), Conditional: true, written: map[int64][]byte{}}
	l.Archive = archive
	return l
}

// putAttempts is how often an entry is written if the outcome is unknown.
const putAttempts = 4

// Append writes the entry that follows the head, and makes both durable. It sets what
// links the entry: format, archive, sequence, hash, tree and snapshot. The caller
// sets the rest.
//
// The error is ErrConflict if the number is taken: Advance then reads the newer
// entries. It is a *DestroyedError if the archive was destroyed meanwhile.
func (l *Log) Append(ctx context.Context, e *Entry, lock bucket.Lock) error {
	e.Format, e.Archive, e.Sequence, e.Previous, e.Tree = Format, l.Archive, l.Head.Sequence+1, l.Head.SHA256, l.Tree
	e.Snapshot = nil
	after := &Replay{Archive: l.Archive, Layer: l.Layer, Head: l.Head, Destroyed: l.Destroyed, State: l.State.Clone(), Tree: l.Tree}
	if HasSnapshot(e.Sequence) {
		preview := &Replay{Head: l.Head, State: l.State.Clone()}
		_ = preview.Apply(e, nil, l.now) // the entry is checked with its snapshot below
		e.Snapshot = preview.State
	}
	data := e.Encode()
	checked, err := Decode(data)
	if err == nil {
		err = after.Apply(checked, data, l.now)
	}
	if err != nil {
		return fmt.Errorf("the entry %d that was to be written is invalid: %w", e.Sequence, err)
	}
	if l.Head.Sequence > 0 {
		if err := l.bucket.Sync(ctx, []string{Key(l.Head.Sequence)}); err != nil {
			return err
		}
	}
	if err := l.put(ctx, e.Sequence, data, lock); err != nil {
		return err
	}
	if err := l.bucket.Sync(ctx, []string{Key(e.Sequence)}); err != nil {
		return err
	}
	if l.Head.Sequence > 0 {
		_, err := l.bucket.Stat(ctx, Key(l.Head.Sequence))
		if errors.Is(err, bucket.ErrNotExist) {
			// The head is gone: another run has destroyed the archive. Undo this entry.
			err = l.bucket.Remove(ctx, Key(e.Sequence))
			return errors.Join(&DestroyedError{&Entry{Sequence: l.Head.Sequence, WrittenAt: l.WrittenAt, Agent: "another run"}}, err)
		}
		if err != nil {
			return err
		}
	}
	l.Replay = after
	l.written[e.Sequence] = data
	return nil
}

// put writes an entry. Identical bytes under the same name are this entry: a response
// was lost.
func (l *Log) put(ctx context.Context, sequence int64, data []byte, lock bucket.Lock) error {
	for attempt := 1; ; attempt++ {
		err := l.write(ctx, sequence, data, lock)
		if err == nil && !l.probed {
			l.probed = true
			again := l.write(ctx, sequence, data, lock)
			l.Conditional = errors.Is(again, bucket.ErrExist)
			if again != nil && !l.Conditional {
				l.probed = false // it failed for another reason and shows nothing
				l.Conditional = true
			}
			return nil
		}
		if err == nil {
			return nil
		}
		if errors.Is(err, bucket.ErrExist) {
			found, err := readAll(ctx, l.bucket, Key(sequence), limit(sequence), nil)
			switch {
			case errors.Is(err, bucket.ErrNotExist) && attempt < putAttempts:
				continue
			case err != nil:
				return err
			case bytes.Equal(found, data):
				l.probed = true
				return nil
			}
			return ErrConflict
		}
		var failure *bucket.Error
		if ctx.Err() != nil || attempt >= putAttempts || errors.As(err, &failure) && failure.Permanent() {
			return err
		}
	}
}

func (l *Log) write(ctx context.Context, sequence int64, data []byte, lock bucket.Lock) error {
	return bucket.WriteAll(ctx, l.bucket, Key(sequence), data, bucket.WriteOptions{IfAbsent: true, Durable: true, Lock: lock})
}

// ReadBack checks that the entries that this process wrote are still there with
// their bytes. The error is ErrUnconditional if one has others, and ErrNotShown if
// there is none after a few seconds.
func (l *Log) ReadBack(ctx context.Context) error {
	for _, sequence := range slices.Sorted(maps.Keys(l.written)) {
		found, err := readAll(ctx, l.bucket, Key(sequence), limit(sequence), nil)
		for pause := time.Second; errors.Is(err, bucket.ErrNotExist) && pause <= 4*time.Second; pause *= 2 {
			if err := wait.For(ctx, pause); err != nil {
				return err
			}
			found, err = readAll(ctx, l.bucket, Key(sequence), limit(sequence), nil)
		}
		switch {
		case errors.Is(err, bucket.ErrNotExist):
			return ErrNotShown
		case err != nil:
			return err
		case !bytes.Equal(found, l.written[sequence]):
			return ErrUnconditional
		}
	}
	return nil
}
