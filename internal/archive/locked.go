package archive

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// policy is the retention after an entry, and when the entry was written.
type policy struct {
	retention *ledger.Retention
	since     time.Time
}

// lockCheck compares the locks of an archive's objects with the retention that was in
// force when they were written.
type lockCheck struct {
	bucket   bucket.Bucket
	now      time.Time // the reader's clock
	policies map[int64]policy
	problems *problems
}

// add notes the policy after an entry.
func (c *lockCheck) add(r *ledger.Replay) {
	c.policies[r.Head.Sequence] = policy{retention(r.State.Scope), r.WrittenAt}
}

// file checks the lock of a file of a bag. sequence is the number of the entry that
// added the bag.
func (c *lockCheck) file(sequence int64, folder, key string, lock bucket.Lock) {
	day := bag.FolderDay(folder)
	c.compare(c.policies[sequence].retention, bag.DayStart(day).AddDate(0, 0, 1), day, key, lock)
}

// ledger checks the locks of the entries, their records and their signed heads. It
// skips objects that do not exist: other checks report them.
func (c *lockCheck) ledger(ctx context.Context, s *ledger.State, parallelism int) error {
	written, signed := map[string]int64{}, map[string]int64{}
	for n, p := range c.policies {
		if p.retention != nil {
			written[ledger.Key(n)], signed[noteOf(n)], signed[tokenOf(n)] = n, n, n
		}
	}
	if len(written) == 0 {
		return nil
	}
	for o, err := range c.bucket.List(ctx, bucket.Range{Prefix: SignedFolder}) {
		if err != nil {
			return err
		}
		if n, ok := signed[o.Key]; ok {
			written[o.Key] = n
		}
	}
	for commit, r := range s.Records {
		if c.policies[r.Sequence].retention != nil {
			written[ledger.RecordsKey(commit)] = r.Sequence
		}
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(parallelism)
	for _, key := range sortedKeys(written) {
		p := c.policies[written[key]]
		group.Go(func() error {
			o, err := c.bucket.Stat(inner, key)
			if errors.Is(err, bucket.ErrNotExist) {
				return nil
			}
			if err == nil {
				c.compare(p.retention, p.since, "", key, o.Lock)
			}
			return err
		})
	}
	return group.Wait()
}

// compare checks one lock.
func (c *lockCheck) compare(r *ledger.Retention, from time.Time, day, key string, lock bucket.Lock) {
	if r == nil {
		return
	}
	until := from.AddDate(0, 0, int(r.Days))
	if !until.After(c.now) {
		return
	}
	switch {
	case lock.Until.Before(until):
		found := "it has no lock"
		if !lock.Until.IsZero() {
			found = "its lock ends on " + lock.Until.UTC().Format(time.RFC3339)
		}
		c.problems.add(ProblemRetention, day, key, "%s; the retention of the archive lasts until %s", found, until.Format(time.RFC3339))
	case r.Mode == bucket.Compliance && lock.Mode != bucket.Compliance:
		c.problems.add(ProblemRetention, day, key, "its lock has the mode %s instead of %s", lock.Mode, r.Mode)
	}
}
