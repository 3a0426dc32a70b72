package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// maxConflicts is how often a commit is computed again because other runs commit.
const maxConflicts = 100

// errTaken means that other runs committed all the time.
var errTaken = fmt.Errorf("%w, %d times; run apply again", ledger.ErrConflict, maxConflicts)

// committer writes the entries of a run, one commit after the other.
type committer struct {
	config *Config
	log    *ledger.Log
	now    time.Time

	// own is the number of the last entry that was written.
	own int64

	// scopeMoved means that another run has changed the scope: no day is sealed.
	scopeMoved bool
}

// commit writes an entry, or several if the change is too large for one. Everything
// that an entry names exists by then and is durable.
func (c *committer) commit(ctx context.Context, ch *change) error {
	for part := ch.split(); part != nil; part = ch.split() {
		err := c.commitOne(ctx, part)
		ch.failures, ch.refused = append(ch.failures, part.failures...), append(ch.refused, part.findings...)
		ch.remains = append(ch.remains, part.remains...)
		if err != nil {
			return err
		}
	}
	return c.commitOne(ctx, ch)
}

func (c *committer) commitOne(ctx context.Context, ch *change) error {
	for range maxConflicts {
		// The ledger may have advanced since the change was planned, without a conflict.
		if err := c.rebase(ctx, ch); err != nil {
			return err
		}
		if err := c.prepare(ctx, ch); err != nil {
			return err
		}
		d := draft{config: c.config, head: c.log.Head, state: c.log.State, now: c.now, scopeMoved: c.scopeMoved}
		e := d.entry(ch)
		if e == nil {
			return nil
		}
		if err := c.writeRecords(ctx, e, ch); err != nil {
			return err
		}
		err := c.log.Append(ctx, e, c.lockOf(e))
		if err == nil {
			c.own = e.Sequence
			c.config.Progress(Event{Kind: EventCommitted, Sequence: e.Sequence})
			return nil
		}
		if !errors.Is(err, ledger.ErrConflict) {
			return err
		}
		if err := c.log.Advance(ctx, nil); err != nil {
			return err
		}
	}
	return errTaken
}

// rebase moves a change onto what the ledger has become.
func (c *committer) rebase(ctx context.Context, ch *change) error {
	moved, err := (&rebase{c.config, c.log}).apply(ctx, ch)
	c.scopeMoved = c.scopeMoved || moved
	return err
}

// prepare checks that every package of the closed bags is there, and writes the tag
// files. The tagmanifest is last: a bag that has one is complete.
func (c *committer) prepare(ctx context.Context, ch *change) error {
	for _, st := range slices.Clone(ch.bags) {
		if st.tags != nil {
			continue
		}
		vanished, strays, err := c.vanished(ctx, st)
		if err != nil {
			return err
		}
		if strays {
			// A write that was reported as failed has succeeded. Its file stays, and the
			// packages move to a new bag.
			if err := (&rebase{c.config, c.log}).move(ctx, ch, st); err != nil {
				return err
			}
		}
		if len(vanished) > 0 {
			// Another run may have given the bag up: the ledger says so.
			if err := c.log.Advance(ctx, nil); err != nil {
				return err
			}
			if err := c.rebase(ctx, ch); err != nil {
				return err
			}
			st.drop(func(r *bag.Record) bool {
				if vanished[r.Path] && slices.Contains(ch.bags, st) {
					ch.failures = append(ch.failures, Failure{Package: r.Identity().String(), Key: r.Key(), Err: errVanished})
				}
				return vanished[r.Path]
			})
		}
		if !slices.Contains(ch.bags, st) {
			continue // the ledger has other plans for all of its packages
		}
		if len(st.records) == 0 {
			ch.bags = slices.DeleteFunc(ch.bags, func(o *staged) bool { return o == st })
			continue
		}
		if err := c.writeTags(ctx, st); err != nil {
			return err
		}
	}
	return nil
}

// errVanished is why a package of a closed bag is not committed.
var errVanished = errors.New("its file was removed before the commit")

// vanished lists the folder of a bag and returns the packages that it does not have.
// strays reports whether it has other files.
func (c *committer) vanished(ctx context.Context, st *staged) (vanished map[string]bool, strays bool, err error) {
	lengths := map[string]int64{}
	for o, err := range c.config.Bucket.List(ctx, bucket.Range{Prefix: st.folder + "/data/"}) {
		if err != nil {
			return nil, false, err
		}
		lengths[o.Key] = o.Size
	}
	vanished = map[string]bool{}
	known := 0
	for i := range st.records {
		r := &st.records[i]
		size, ok := lengths[r.Key()]
		if ok {
			known++
		}
		if ok && size == r.StoredBytes {
			continue
		}
		o, err := c.config.Bucket.Stat(ctx, r.Key())
		switch {
		case errors.Is(err, bucket.ErrNotExist) || err == nil && o.Size != r.StoredBytes:
			vanished[r.Path] = true
		case err != nil:
			return nil, false, err
		}
	}
	return vanished, len(lengths) > known, nil
}

// writeTags makes the packages of a bag durable, then writes its tag files.
func (c *committer) writeTags(ctx context.Context, st *staged) error {
	tags, err := bag.NewTagFiles(st.records)
	if err != nil {
		return err
	}
	st.records = tags.Records()
	keys := make([]string, len(st.records))
	for i := range st.records {
		keys[i] = st.records[i].Key()
	}
	if err := c.config.Bucket.Sync(ctx, keys); err != nil {
		return err
	}
	var written []string
	for _, name := range bag.TagNames() {
		key := st.folder + "/" + name
		if err := writeOnce(ctx, c.config.Bucket, key, tags.Files()[name], c.config.lockOfDay(st.day())); err != nil {
			return err
		}
		written = append(written, key)
	}
	if err := c.config.Bucket.Sync(ctx, written); err != nil {
		return err
	}
	st.tags = tags
	return nil
}

// writeRecords writes the records of an entry. They belong to one attempt.
func (c *committer) writeRecords(ctx context.Context, e *ledger.Entry, ch *change) error {
	id, err := NewID(c.config.Random, 16)
	if err != nil {
		return err
	}
	e.Commit = id
	if len(ch.bags) == 0 {
		return nil
	}
	var all []bag.Record
	for _, folder := range sortedKeys(e.Bags) {
		i := slices.IndexFunc(ch.bags, func(st *staged) bool { return st.folder == folder })
		all = append(all, ch.bags[i].records...)
	}
	data, err := bag.Encode(all)
	if err != nil {
		return err
	}
	e.Records = &ledger.Records{SHA256: hashOf(data), Bytes: int64(len(data))}
	key := ledger.RecordsKey(id)
	if err := writeOnce(ctx, c.config.Bucket, key, data, c.lockOf(e)); err != nil {
		return err
	}
	return c.config.Bucket.Sync(ctx, []string{key})
}

// lockOf is the lock of an entry that is to be written, and of its records.
func (c *committer) lockOf(e *ledger.Entry) bucket.Lock {
	scope := c.log.State.Scope
	if e.Scope != nil {
		scope = e.Scope
	}
	return c.config.lock(retention(scope), e.WrittenAt)
}

// putBack writes an object of the archive again. An existing object with other bytes
// is damaged, and the only kind that is ever replaced: a store whose policy demands
// new keys is asked to remove it first.
func (c *committer) putBack(ctx context.Context, key string, data []byte, lock bucket.Lock) error {
	err := writeOnce(ctx, c.config.Bucket, key, data, lock)
	if !errors.Is(err, bucket.ErrExist) {
		return err
	}
	err = bucket.WriteAll(ctx, c.config.Bucket, key, data, bucket.WriteOptions{Lock: lock})
	if errors.Is(err, bucket.ErrDenied) || errors.Is(err, bucket.ErrExist) {
		if err := c.config.Bucket.Remove(ctx, key); err != nil {
			return err
		}
		return writeOnce(ctx, c.config.Bucket, key, data, lock)
	}
	return err
}

// destroy writes the last entry. Only entries that say that resources have left may
// come in between.
func (c *committer) destroy(ctx context.Context) error {
	for range maxConflicts {
		d := draft{config: c.config, head: c.log.Head, state: c.log.State, now: c.now}
		e := d.entry(&change{leaves: true, destroys: true})
		id, err := NewID(c.config.Random, 16)
		if err != nil {
			return err
		}
		e.Commit = id
		err = c.log.Append(ctx, e, bucket.Lock{})
		if !errors.Is(err, ledger.ErrConflict) {
			return err
		}
		text := ""
		err = c.log.Advance(ctx, func(before *ledger.State, e *ledger.Entry) {
			for _, change := range e.Changes(before) {
				if change.Kind != "left" && change.Kind != "actor" {
					text = fmt.Sprintf("entry %d (%s: %s)", e.Sequence, change.Kind, change.Detail)
				}
			}
		})
		if errors.Is(err, ledger.ErrNoArchive) {
			return nil // another destroy was faster
		}
		if err != nil {
			return err
		}
		if text != "" {
			return fmt.Errorf("the archive is in use: another run wrote %s meanwhile; refresh and destroy again", text)
		}
	}
	return errTaken
}
