package bucket

import (
	"context"
	"io"
)

// ReadAll reads an object into memory.
func ReadAll(ctx context.Context, b Bucket, key string) ([]byte, error) {
	r, err := b.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
