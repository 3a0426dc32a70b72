package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// ErrTooLarge means that an object is larger than its reader allows.
var ErrTooLarge = errors.New("the object is larger than expected")

// ReadAll reads an object of at most limit bytes into memory. The error is
// ErrTooLarge if it is larger.
func ReadAll(ctx context.Context, b Bucket, key string, limit int64) ([]byte, error) {
	r, err := b.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = &Error{Destination: b.String(), Op: "read", Key: key, Err: fmt.Errorf("%w (more than %d bytes)", ErrTooLarge, limit)}
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// WriteAll writes an object from memory. It does not sync it.
func WriteAll(ctx context.Context, b Bucket, key string, data []byte, options WriteOptions) error {
	w, err := b.Create(ctx, key, options)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		w.Abort()
		return err
	}
	return w.Commit()
}

// Copy copies an object within a bucket through this process.
func Copy(ctx context.Context, b Bucket, from, to string, options WriteOptions) error {
	r, err := b.Open(ctx, from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := b.Create(ctx, to, options)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		w.Abort()
		return err
	}
	return w.Commit()
}
