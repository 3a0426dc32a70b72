package archive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
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
	lock     bucket.Lock
}

// memoryStore holds the objects that several memoryBuckets see.
type memoryStore struct {
	mu      sync.Mutex
	objects map[string]memoryObject
	now     func() time.Time

	// overwrites means that the store has no conditional writes.
	overwrites bool

	// immutable means that the store refuses every replacement and every removal.
	immutable bool

	// demands means that the store refuses writes without IfAbsent.
	demands bool

	protection bucket.Protection
	kept       map[string]bool // keys that cannot be removed
}

func newMemoryStore(now func() time.Time) *memoryStore {
	return &memoryStore{objects: map[string]memoryObject{}, now: now, kept: map[string]bool{}}
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
	s.objects = maps.Clone(objects)
}

func (s *memoryStore) keys() []string { return slices.Sorted(maps.Keys(s.snapshot())) }

// find returns the keys that contain a text.
func (s *memoryStore) find(text string) []string {
	return slices.DeleteFunc(s.keys(), func(key string) bool { return !strings.Contains(key, text) })
}

func (s *memoryStore) get(key string) (memoryObject, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	return o, ok
}

// change changes an object as nothing in the interface of a bucket can.
func (s *memoryStore) change(key string, f func(*memoryObject)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[key]
	f(&o)
	s.objects[key] = o
}

func (s *memoryStore) put(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = memoryObject{data: slices.Clone(data), modified: s.now(), survives: durable}
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
	lostResponse             // an error, with the effect
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

// begin calls the hook. The error ends the operation.
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
	if fault == fails {
		err = b.fail(op, errMemory)
	}
	return op, fault, err
}

func (b *memoryBucket) end(op memoryOp, fault memoryFault) error {
	if fault == lostResponse {
		return b.fail(op, errMemory)
	}
	return nil
}

// List lists in one step: what another run writes meanwhile is not in it.
func (b *memoryBucket) List(ctx context.Context, r bucket.Range) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		_, fault, err := b.begin(ctx, "list", r.Prefix, nil)
		if err != nil {
			yield(bucket.Object{}, err)
			return
		}
		objects := b.store.snapshot()
		if fault == stale && b.past != nil {
			objects = b.past
		}
		for _, key := range slices.Sorted(maps.Keys(objects)) {
			if !strings.HasPrefix(key, r.Prefix) || key <= r.After || r.Before != "" && key >= r.Before {
				continue
			}
			if !yield(bucket.Object{Key: key, Size: int64(len(objects[key].data)), Modified: objects[key].modified}, nil) {
				return
			}
		}
	}
}

func (b *memoryBucket) Stat(ctx context.Context, key string) (bucket.Object, error) {
	op, _, err := b.begin(ctx, "stat", key, nil)
	if err != nil {
		return bucket.Object{}, err
	}
	o, ok := b.store.get(key)
	if !ok {
		return bucket.Object{}, b.fail(op, bucket.ErrNotExist)
	}
	return o.describe(key), nil
}

func (o memoryObject) describe(key string) bucket.Object {
	return bucket.Object{Key: key, Size: int64(len(o.data)), Modified: o.modified, Lock: o.lock}
}

func (b *memoryBucket) Open(ctx context.Context, key string) (*bucket.Reader, error) {
	op, _, err := b.begin(ctx, "open", key, nil)
	if err != nil {
		return nil, err
	}
	o, ok := b.store.get(key)
	if !ok {
		return nil, b.fail(op, bucket.ErrNotExist)
	}
	return &bucket.Reader{ReadCloser: io.NopCloser(bytes.NewReader(o.data)), Object: o.describe(key)}, nil
}

func (b *memoryBucket) Create(ctx context.Context, key string, o bucket.WriteOptions) (bucket.Writer, error) {
	return &memoryWriter{ctx: ctx, bucket: b, key: key, options: o}, nil
}

type memoryWriter struct {
	ctx     context.Context
	bucket  *memoryBucket
	key     string
	options bucket.WriteOptions
	data    bytes.Buffer
	done    bool
}

func (w *memoryWriter) Write(p []byte) (int, error) { return w.data.Write(p) }

func (w *memoryWriter) Abort() { w.done = true }

func (w *memoryWriter) Commit() error {
	if w.done {
		panic("Commit after Commit or Abort")
	}
	w.done = true
	name := "replace"
	if w.options.IfAbsent {
		name = "put"
	}
	op, fault, err := w.bucket.begin(w.ctx, name, w.key, w.data.Bytes())
	if err != nil {
		return err
	}
	s := w.bucket.store
	s.mu.Lock()
	defer s.mu.Unlock()
	was, exists := s.objects[w.key]
	switch {
	case exists && w.options.IfAbsent && !s.overwrites:
		if fault == lostResponse {
			return w.bucket.fail(op, errMemory)
		}
		return w.bucket.fail(op, bucket.ErrExist)
	case exists && (s.immutable || s.kept[w.key]), !w.options.IfAbsent && s.demands:
		return w.bucket.fail(op, bucket.ErrDenied)
	}
	survives := volatile
	if w.options.Durable {
		survives = complete
		if was.survives == durable {
			survives = durable
		}
	}
	s.objects[w.key] = memoryObject{data: slices.Clone(w.data.Bytes()), modified: s.now(), survives: survives, lock: w.options.Lock}
	return w.bucket.end(op, fault)
}

func (b *memoryBucket) Remove(ctx context.Context, key string) error {
	op, fault, err := b.begin(ctx, "remove", key, nil)
	if err != nil {
		return err
	}
	if o, _ := b.store.get(key); b.store.immutable || b.store.kept[key] || o.lock.Until.After(b.store.now()) {
		return b.fail(op, bucket.ErrDenied)
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

func (b *memoryBucket) Sweep(context.Context, time.Duration) error { return nil }

func (b *memoryBucket) Protection(context.Context) (bucket.Protection, error) {
	return b.store.protection, nil
}

func (b *memoryBucket) Clock(context.Context) (time.Time, error) { return b.store.now(), nil }

func (b *memoryBucket) Warnings() []string { return nil }

func (b *memoryBucket) String() string { return "memory:///archive/" }

func (b *memoryBucket) Close() error { return nil }
