package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
)

// object is a row of a listing.
type object struct {
	key  string
	size int64
}

// errExists is what claim answers where an object stands already.
var errExists = errors.New("exists already")

// objects is what an archive asks of a destination. Keys are relative to the
// prefix. Every error is a *DestinationError, or the context's.
type objects interface {
	// probe reads a little of the listing, to see whether it is allowed.
	probe(ctx context.Context) error

	// list returns every object, whoever wrote it. What cannot be read is an
	// error: an archive must not take it for absent.
	list(ctx context.Context) ([]object, error)

	// open reads an object as a stream.
	open(ctx context.Context, key string) (io.ReadCloser, error)

	// create begins an object. It stands under its key when commit has returned
	// nil, and never in part.
	create(ctx context.Context, key, contentType string) (upload, error)

	// claim writes a small object unless one stands there (errExists).
	claim(ctx context.Context, key string, data []byte) error

	// remove deletes an object; one that is absent is fine.
	remove(ctx context.Context, key string) error

	// settle makes the names of committed objects last through a loss of power.
	settle(ctx context.Context, keys []string) error

	// sweep removes what interrupted writes have left behind, and folders of
	// the archive that are empty.
	sweep(ctx context.Context) error

	close() error
}

// upload is an object on its way. Exactly one of commit and abort is called.
type upload interface {
	io.Writer
	commit() error
	abort()
}

// maxSmall bounds the objects that are read and written as a whole. The largest
// is a seal, which holds all tag files of its bag, some 1 KiB a package: that of
// a day of 250,000 packages fits.
const maxSmall = 256 << 20

// get reads a small object as a whole.
func (s *Store) get(ctx context.Context, key string) ([]byte, error) {
	r, err := s.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, maxSmall+1))
	if err == nil && n > maxSmall {
		err = errors.New("it is far too large for what it should be")
	}
	if err != nil {
		return nil, s.failed(ctx, "read", key, err)
	}
	return b.Bytes(), nil
}

// put writes a small object, whole and lasting.
func (s *Store) put(ctx context.Context, key string, data []byte) error {
	if err := s.write(ctx, key, data); err != nil {
		return err
	}
	return s.settle(ctx, []string{key})
}

// write is put for an object that nobody misses after a loss of power. What get
// would not read is not written.
func (s *Store) write(ctx context.Context, key string, data []byte) error {
	if len(data) > maxSmall {
		return s.failed(ctx, "write", key, fmt.Errorf("it has %d bytes and could not be read again: "+
			"archive fewer packages of a day at one prefix, such as one domain's", len(data)))
	}
	u, err := s.create(ctx, key, "text/plain; charset=utf-8")
	if err != nil {
		return err
	}
	if _, err := u.Write(data); err != nil {
		u.abort()
		return s.failed(ctx, "write", key, err)
	}
	return u.commit()
}

// removeAll deletes objects, several at once.
func (s *Store) removeAll(ctx context.Context, keys []string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, key := range keys {
		g.Go(func() error { return s.remove(ctx, key) })
	}
	return g.Wait()
}

// failed makes an error of the destination, unless the context has ended.
func (s *Store) failed(ctx context.Context, op, key string, err error) error {
	return destinationError(ctx, s.name, op, key, err)
}

func destinationError(ctx context.Context, name, op, key string, err error) error {
	if _, ok := errors.AsType[*DestinationError](err); ok || err == nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &DestinationError{Destination: name, Op: op, Key: key, Err: err}
}
