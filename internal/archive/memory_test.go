package archive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// durability is what a loss of power leaves of an object.
type durability int

const (
	volatile durability = iota // anything: nothing, the object, or other bytes
	complete                   // nothing or the object
	durable                    // the object
)

// memoryObject is one object of a memoryStore.
type memoryObject struct {
	data     []byte
	modified time.Time
	survives durability
}

// memoryStore holds the objects that several memoryBuckets see.
type memoryStore struct {
	mu      sync.Mutex
	objects map[string]memoryObject
	now     time.Time

	// overwrites means that IfAbsent does not arbitrate, and claims means that
	// Arbitrates says so.
	overwrites, admits bool

	// retained says what Retention reports; kept are keys that cannot be removed.
	retained bucket.Retention
	kept     map[string]bool
}

func newMemoryStore() *memoryStore {
	return &memoryStore{objects: map[string]memoryObject{}, now: time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)}
}

// bucket returns a bucket without faults.
func (s *memoryStore) bucket() *memoryBucket { return &memoryBucket{store: s} }

// snapshot copies all objects.
func (s *memoryStore) snapshot() map[string]memoryObject {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.objects)
}

// restore replaces all objects.
func (s *memoryStore) restore(objects map[string]memoryObject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects = map[string]memoryObject{}
	maps.Copy(s.objects, objects)
}

func (s *memoryStore) keys() []string { return slices.Sorted(maps.Keys(s.snapshot())) }

func (s *memoryStore) get(key string) []byte { return s.snapshot()[key].data }

func (s *memoryStore) put(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(time.Second)
	s.objects[key] = memoryObject{data: slices.Clone(data), modified: s.now, survives: durable}
}

func (s *memoryStore) remove(keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		delete(s.objects, key)
	}
}

// losePower loses what was not synced, as chance decides.
func (s *memoryStore) losePower(random *rand.Rand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		o := s.objects[key]
		if o.survives == durable {
			continue
		}
		switch random.IntN(3) {
		case 0:
			delete(s.objects, key)
		case 1:
			if o.survives == volatile {
				o.data = bytes.Repeat([]byte{0}, random.IntN(len(o.data)+1))
				s.objects[key] = o
			}
		}
	}
}

// memoryOp is an operation that a hook sees before it takes effect.
type memoryOp struct {
	name, key string
	data      []byte
}

// memoryFault is what happens to an operation.
type memoryFault int

const (
	works        memoryFault = iota
	fails                    // an error, without an effect
	lostRequest              // an unknown outcome, without an effect
	lostResponse             // an unknown outcome, with the effect
	stale                    // a listing of the past
)

// memoryBucket is one client of a memoryStore.
type memoryBucket struct {
	store *memoryStore

	// hook is called before each operation. Its error is returned.
	hook func(ctx context.Context, op memoryOp) (memoryFault, error)

	// past is the listing that a stale one shows.
	past map[string]memoryObject
}

var (
	errMemory = errors.New("the operation failed on purpose")

	_ bucket.Bucket = &memoryBucket{}
)

func (b *memoryBucket) fail(op memoryOp, err error) error {
	return &bucket.Error{Destination: b.String(), Op: op.name, Key: op.key, Err: err}
}

// begin calls the hook. After it, do reports whether the operation takes effect,
// and err what it returns.
func (b *memoryBucket) begin(ctx context.Context, name, key string, data []byte) (op memoryOp, fault memoryFault, err error) {
	op = memoryOp{name: name, key: key, data: data}
	if ctx.Err() != nil {
		return op, fails, context.Cause(ctx)
	}
	if b.hook != nil {
		if fault, err = b.hook(ctx, op); err != nil {
			return op, fails, err
		}
	}
	switch fault {
	case fails:
		err = b.fail(op, errMemory)
	case lostRequest:
		err = b.fail(op, bucket.ErrUnknownOutcome)
	}
	return op, fault, err
}

func (b *memoryBucket) end(op memoryOp, fault memoryFault) error {
	if fault == lostResponse {
		return b.fail(op, bucket.ErrUnknownOutcome)
	}
	return nil
}

func (b *memoryBucket) List(ctx context.Context, prefix string) ([]bucket.Object, error) {
	_, fault, err := b.begin(ctx, "list", prefix, nil)
	if err != nil {
		return nil, err
	}
	objects := b.store.snapshot()
	if fault == stale && b.past != nil {
		objects = b.past
	}
	var list []bucket.Object
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		if strings.HasPrefix(key, prefix) {
			list = append(list, bucket.Object{Key: key, Size: int64(len(objects[key].data)), Modified: objects[key].modified})
		}
	}
	return list, nil
}

func (b *memoryBucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	op, _, err := b.begin(ctx, "open", key, nil)
	if err != nil {
		return nil, err
	}
	o, ok := b.store.snapshotOf(key)
	if !ok {
		return nil, b.fail(op, bucket.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(o.data)), nil
}

func (s *memoryStore) snapshotOf(key string) (memoryObject, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	return o, ok
}

func (b *memoryBucket) Create(ctx context.Context, key string, mode bucket.Mode) (bucket.Writer, error) {
	return &memoryWriter{ctx: ctx, bucket: b, key: key, mode: mode}, nil
}

type memoryWriter struct {
	ctx    context.Context
	bucket *memoryBucket
	key    string
	mode   bucket.Mode
	data   bytes.Buffer
	done   bool
}

func (w *memoryWriter) Write(p []byte) (int, error) { return w.data.Write(p) }

func (w *memoryWriter) Abort() { w.done = true }

func (w *memoryWriter) Commit() error {
	if w.done {
		panic("Commit after Commit or Abort")
	}
	w.done = true
	name := map[bucket.Mode]string{bucket.Replace: "write", bucket.IfAbsent: "put", bucket.IfAbsentDurable: "putdurable", bucket.ReplaceDurable: "writedurable"}[w.mode]
	op, fault, err := w.bucket.begin(w.ctx, name, w.key, w.data.Bytes())
	if err != nil {
		return err
	}
	s := w.bucket.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.objects[w.key]; exists && w.mode != bucket.Replace && w.mode != bucket.ReplaceDurable && !s.overwrites {
		if fault == lostResponse {
			return w.bucket.fail(op, bucket.ErrUnknownOutcome)
		}
		return w.bucket.fail(op, bucket.ErrExist)
	}
	survives := volatile
	if w.mode == bucket.IfAbsentDurable || w.mode == bucket.ReplaceDurable {
		survives = complete
	}
	if was := s.objects[w.key]; survives == complete && was.survives == durable {
		survives = durable // the former content or this one; the former one is no harder
	}
	s.now = s.now.Add(time.Second)
	s.objects[w.key] = memoryObject{data: slices.Clone(w.data.Bytes()), modified: s.now, survives: survives}
	return w.bucket.end(op, fault)
}

func (b *memoryBucket) Remove(ctx context.Context, key string) error {
	op, fault, err := b.begin(ctx, "remove", key, nil)
	if err != nil {
		return err
	}
	if b.store.kept[key] {
		return b.fail(op, fs.ErrPermission)
	}
	b.store.remove(key)
	return b.end(op, fault)
}

func (b *memoryBucket) Sync(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	_, _, err := b.begin(ctx, "sync", strings.Join(keys, " "), nil)
	if err != nil {
		return err
	}
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	for _, key := range keys {
		if o, ok := b.store.objects[key]; ok {
			o.survives = durable
			b.store.objects[key] = o
		}
	}
	return nil
}

func (b *memoryBucket) Sweep(context.Context, time.Duration, ...string) error { return nil }

func (b *memoryBucket) Retention(context.Context) (bucket.Retention, error) {
	return b.store.retained, nil
}

func (b *memoryBucket) Arbitrates(context.Context) (bool, error) {
	return !b.store.overwrites || !b.store.admits, nil
}

func (b *memoryBucket) String() string { return "memory:///archive/" }

func (b *memoryBucket) Close() error { return nil }
