package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// checkpoints are the records of verified packages that may not be in a manifest
// yet. A checkpoint is durable before the payload it names becomes visible, so a
// payload without one is not the archive's.
type checkpoints struct {
	bucket bucket.Bucket
	run    string // of the run that writes

	mu      sync.Mutex
	count   int
	writing bool
	waiting *checkpointBatch
	keys    []string // written by this run
}

// checkpointBatch is what one checkpoint object will contain.
type checkpointBatch struct {
	records []Record
	done    chan struct{}
	err     error
}

// write makes a record durable. Concurrent calls share an object.
func (c *checkpoints) write(ctx context.Context, r Record) error {
	c.mu.Lock()
	if c.waiting == nil {
		c.waiting = &checkpointBatch{done: make(chan struct{})}
	}
	b := c.waiting
	b.records = append(b.records, r)
	if c.writing {
		c.mu.Unlock()
		select {
		case <-b.done:
			return b.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	c.writing = true
	for c.waiting != nil {
		next := c.waiting
		c.waiting = nil
		c.count++
		key := fmt.Sprintf("%s%s-%d.jsonl", checkpointFolder, c.run, c.count)
		c.mu.Unlock()
		data, err := encodeRecords(next.records)
		if err == nil {
			err = bucket.WriteAll(ctx, c.bucket, key, data, bucket.Replace)
		}
		if err == nil {
			err = c.bucket.Sync(ctx, []string{key})
		}
		next.err = err
		close(next.done)
		c.mu.Lock()
		c.keys = append(c.keys, key)
	}
	c.writing = false
	c.mu.Unlock()
	return b.err
}

// readCheckpoints returns the records of all checkpoints in a listing, by key of
// the checkpoint. Checkpoints that were removed since, or that a loss of power
// damaged, are left out.
func readCheckpoints(ctx context.Context, b bucket.Bucket, list []bucket.Object) (map[string][]Record, error) {
	all := map[string][]Record{}
	for _, o := range list {
		if !checkpointName.MatchString(o.Key) {
			continue
		}
		data, err := bucket.ReadAll(ctx, b, o.Key, maxTags)
		if errors.Is(err, bucket.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if records, err := decodeRecords(data); err == nil {
			all[o.Key] = records
		} else {
			all[o.Key] = nil
		}
	}
	return all, nil
}

// vouched returns the records that vouch for the payload at a key.
func vouched(all map[string][]Record, key string) []Record {
	var found []Record
	for _, records := range all {
		for _, r := range records {
			if r.Key() == key {
				found = append(found, r)
			}
		}
	}
	slices.SortFunc(found, compareRecords)
	return found
}
