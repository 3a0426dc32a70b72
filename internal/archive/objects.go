package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

var errTooLarge = errors.New("it is larger than it should be")

// readAll reads an object of at most limit bytes. The error is errTooLarge if it is
// larger.
func readAll(ctx context.Context, b bucket.Bucket, key string, limit int64) ([]byte, error) {
	r, err := b.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.Object.Size > limit {
		return nil, errTooLarge
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errTooLarge
	}
	return data, err
}

// hashObject hashes an object.
func hashObject(ctx context.Context, b bucket.Bucket, key string) (sha string, n int64, err error) {
	r, err := b.Open(ctx, key)
	if err != nil {
		return "", 0, err
	}
	defer r.Close()
	h := sha256.New()
	n, err = io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// writeOnce writes an object, or checks that it exists with the same bytes: a
// response may have been lost. The error is bucket.ErrExist if it has others.
func writeOnce(ctx context.Context, b bucket.Bucket, key string, data []byte, lock bucket.Lock) error {
	err := bucket.WriteAll(ctx, b, key, data, bucket.WriteOptions{IfAbsent: true, Lock: lock})
	if errors.Is(err, bucket.ErrExist) {
		is, readErr := readAll(ctx, b, key, int64(len(data)))
		if readErr == nil && bytes.Equal(is, data) {
			return nil
		}
	}
	return err
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
