package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// chain reads the ledger of a bucket. Entries never change, so it reads each one
// once.
type chain struct {
	bucket  bucket.Bucket
	entries map[int64]chained
}

// chained is an entry as it was read.
type chained struct {
	entry  *Entry // nil if the bytes are not an entry
	sha256 string
	err    error // why they are not
}

func newChain(b bucket.Bucket) *chain { return &chain{bucket: b, entries: map[int64]chained{}} }

// read returns an entry; the error is bucket.ErrNotExist if there is none. Bytes
// that are not an entry are no error but chained.err.
func (c *chain) read(ctx context.Context, sequence int64) (chained, error) {
	if e, ok := c.entries[sequence]; ok {
		return e, nil
	}
	data, err := bucket.ReadAll(ctx, c.bucket, ledgerKey(sequence), maxEntry)
	if err != nil {
		return chained{}, err
	}
	return c.add(sequence, data), nil
}

// add notes the bytes of an entry.
func (c *chain) add(sequence int64, data []byte) chained {
	e := chained{sha256: hashOf(data)}
	if e.entry, e.err = decodeEntry(data); e.err != nil {
		e.entry = nil
	} else if e.entry.Sequence != sequence {
		e.entry, e.err = nil, fmt.Errorf("it has sequence %d", e.entry.Sequence)
	}
	c.entries[sequence] = e
	return e
}

// newest returns the sequence of the newest entry: the highest number of a
// listing, and the entries after it that the listing does not have yet.
func (c *chain) newest(ctx context.Context, listed int64) (int64, error) {
	for {
		_, err := c.read(ctx, listed+1)
		if errors.Is(err, bucket.ErrNotExist) {
			return listed, nil
		}
		if err != nil {
			return 0, err
		}
		listed++
	}
}
