package archive

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"
)

// entry is a line of a checkpoint: a package that was downloaded and verified.
type entry struct {
	Record Record `json:"record"`

	// Staged is the object that holds the bytes until the bag is sealed; empty
	// where they stand under their final name.
	Staged string `json:"staged,omitempty"`
}

// at is where the entry's bytes stand, from the prefix on.
func (e *entry) at() string {
	if e.Staged != "" {
		return e.Staged
	}
	return e.Record.key()
}

// fanIn is how many checkpoints of one generation are merged into one of the
// next: n packages leave fewer than 8·log8(n) objects, however they came.
const fanIn = 8

// journal writes checkpoints. Callers wait until theirs lasts; those that wait
// together share an object.
type journal struct {
	store *Store
	run   string // names the objects of this run

	// turn is held by the caller that writes. mu guards the rest.
	turn chan struct{}
	mu   sync.Mutex
	next *group
	seq  int
	held []checkpoint
}

// group is a number of lines that are written together.
type group struct {
	lines bytes.Buffer
	done  chan struct{}
	err   error
}

type checkpoint struct {
	key        string
	generation int
	lines      []byte
}

func newJournal(store *Store, started time.Time) *journal {
	return &journal{store: store, run: fmt.Sprintf("%016x", started.UnixNano()), turn: make(chan struct{}, 1)}
}

// record returns when the entry lasts.
func (j *journal) record(ctx context.Context, e entry) error {
	line, err := encodeLines([]entry{e})
	if err != nil {
		return err
	}
	j.mu.Lock()
	if j.next == nil {
		j.next = &group{done: make(chan struct{})}
	}
	mine := j.next
	mine.lines.Write(line)
	j.mu.Unlock()
	for {
		select {
		case <-mine.done:
			return mine.err
		case <-ctx.Done():
			return context.Cause(ctx)
		case j.turn <- struct{}{}:
			select {
			case <-mine.done: // another caller wrote it in the meantime
			default:
				j.write(ctx)
			}
			<-j.turn
		}
	}
}

// write puts down the group that waits. Only the holder of the turn calls it.
func (j *journal) write(ctx context.Context) {
	j.mu.Lock()
	g := j.next
	j.next = nil
	j.mu.Unlock()
	g.err = j.append(ctx, checkpoint{lines: g.lines.Bytes()})
	close(g.done)
}

// append writes a segment and merges generations that are full.
func (j *journal) append(ctx context.Context, s checkpoint) error {
	j.seq++
	s.key = fmt.Sprintf("%s%s-%06d.jsonl", checkpointFolder, j.run, j.seq)
	// Its folder is not flushed: the packages that it names are, right after it,
	// and a file system that keeps the order of names brings both or neither.
	if err := j.store.write(ctx, s.key, s.lines); err != nil {
		return err
	}
	j.held = append(j.held, s)
	if len(j.held) < fanIn || j.held[len(j.held)-fanIn].generation != s.generation {
		return nil
	}
	old := j.held[len(j.held)-fanIn:]
	merged := checkpoint{generation: s.generation + 1}
	keys := make([]string, len(old))
	length := 0
	for i := range old {
		length += len(old[i].lines)
	}
	if length > maxSmall {
		return nil // it could not be read again; they stay as they are
	}
	for i := range old {
		merged.lines = append(merged.lines, old[i].lines...)
		keys[i] = old[i].key
	}
	j.held = j.held[:len(j.held)-fanIn]
	// The old ones go after the merged one stands; lines may be there twice.
	if err := j.append(ctx, merged); err != nil {
		return err
	}
	return j.store.removeAll(ctx, keys)
}
