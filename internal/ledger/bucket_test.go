package ledger

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// store is a bucket in memory, with the faults of a real one.
type store struct {
	bucket.Bucket // the methods that a ledger does not use

	mu      sync.Mutex
	objects map[string][]byte
	hidden  map[string]bool // not listed yet
	opened  int             // how many objects were read
	open    atomic.Int64    // readers that are not closed

	unconditional bool // it replaces objects in spite of IfAbsent

	// before is called before an object is published, and after when it is. An error
	// of before is that of Commit, which then publishes nothing.
	before, after func(key string, data []byte) error

	syncs func(keys []string) error // the error of Sync, if not nil
	stats func(key string) error    // the error of Stat, if not nil
	lists error                     // the error of List, if not nil

	lock bucket.Lock // of the newest writer

	// reads returns the reader of an object in place of from, or an error of Open.
	reads func(key string, from io.Reader) (io.Reader, error)
}

func newStore() *store { return &store{objects: map[string][]byte{}, hidden: map[string]bool{}} }

func (s *store) List(_ context.Context, r bucket.Range) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		if s.lists != nil {
			yield(bucket.Object{}, s.lists)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, key := range slices.Sorted(maps.Keys(s.objects)) {
			if strings.HasPrefix(key, r.Prefix) && !s.hidden[key] && !yield(bucket.Object{Key: key, Size: int64(len(s.objects[key]))}, nil) {
				return
			}
		}
	}
}

func (s *store) Stat(_ context.Context, key string) (bucket.Object, error) {
	if s.stats != nil {
		if err := s.stats(key); err != nil {
			return bucket.Object{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.objects[key]
	if !ok {
		return bucket.Object{}, bucket.ErrNotExist
	}
	return bucket.Object{Key: key, Size: int64(len(data))}, nil
}

func (s *store) Open(_ context.Context, key string) (*bucket.Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	data, ok := s.objects[key]
	if !ok {
		return nil, bucket.ErrNotExist
	}
	var from io.Reader = bytes.NewReader(data)
	if s.reads != nil {
		var err error
		if from, err = s.reads(key, from); err != nil {
			return nil, err
		}
	}
	s.open.Add(1)
	return &bucket.Reader{ReadCloser: storeReader{from, &s.open}, Object: bucket.Object{Key: key, Size: int64(len(data))}}, nil
}

func (s *store) Create(_ context.Context, key string, o bucket.WriteOptions) (bucket.Writer, error) {
	if !o.IfAbsent || !o.Durable {
		return nil, errors.New("an entry is written once, and durably")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lock = o.Lock
	return &storeWriter{store: s, key: key}, nil
}

func (s *store) Remove(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, key)
	return nil
}

func (s *store) Sync(_ context.Context, keys []string) error {
	if s.syncs == nil {
		return nil
	}
	return s.syncs(keys)
}

func (s *store) put(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = data
}

func (s *store) get(key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[key]
}

type storeReader struct {
	io.Reader
	open *atomic.Int64
}

func (r storeReader) Close() error { r.open.Add(-1); return nil }

type storeWriter struct {
	bytes.Buffer
	store *store
	key   string
}

func (w *storeWriter) Commit() error {
	if w.store.before != nil {
		if err := w.store.before(w.key, w.Bytes()); err != nil {
			return err
		}
	}
	w.store.mu.Lock()
	_, exists := w.store.objects[w.key]
	if !exists || w.store.unconditional {
		w.store.objects[w.key] = slices.Clone(w.Bytes())
		exists = false
	}
	w.store.mu.Unlock()
	if exists {
		return bucket.ErrExist
	}
	if w.store.after != nil {
		return w.store.after(w.key, w.Bytes())
	}
	return nil
}

func (*storeWriter) Abort() {}
