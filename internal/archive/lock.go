package archive

import (
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// retention returns the retention of a scope. It is nil if there is none, or if the
// ledger has no scope yet.
func retention(s *ledger.Scope) *ledger.Retention {
	if s == nil {
		return nil
	}
	return s.Retention
}

// lock is the lock that a retention demands from a time on; none if it has passed.
func (c *Config) lock(r *ledger.Retention, from time.Time) bucket.Lock {
	if r == nil {
		return bucket.Lock{}
	}
	until := from.AddDate(0, 0, int(r.Days))
	if !until.After(c.now()) {
		return bucket.Lock{}
	}
	return bucket.Lock{Mode: r.Mode, Until: until}
}

// lockOfDay is the lock of the files of a day's bags.
func (c *Config) lockOfDay(day string) bucket.Lock {
	return c.lock(c.Scope.Retention, bag.DayStart(day).AddDate(0, 0, 1))
}

// lockNow is the lock of what is written beside a ledger: signed heads, tokens and
// repaired records.
func (c *Config) lockNow(log *ledger.Log) bucket.Lock {
	return c.lock(retention(log.State.Scope), latest(log.WrittenAt, c.now()))
}

// latest returns the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
