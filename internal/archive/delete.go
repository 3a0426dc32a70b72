package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// Deletion is what a destroy left behind.
type Deletion struct {
	// Members are the IDs of other resources that manage the archive. It was kept
	// because of them.
	Members []string

	// Retained are objects that the store refused to remove, and Until is the end of
	// the last lock; zero if it is unknown.
	Retained []string
	Until    time.Time

	// Versioned means that the bucket keeps former versions of what was removed.
	Versioned bool
}

// Leave records that the resource does not manage the archive any more. An archive
// that is gone, or that the resource never joined, is no error.
func (a *Archive) Leave(ctx context.Context) error {
	opened, err := a.Open(ctx)
	if errors.Is(err, ledger.ErrNoArchive) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(opened.Findings) > 0 {
		return &FindingsError{opened.Findings}
	}
	if !slices.Contains(opened.log.State.Resources, a.config.Member.ID) {
		return nil
	}
	c := &committer{config: &a.config, log: opened.log, now: a.config.now()}
	if err := c.commit(ctx, &change{leaves: true}); err != nil || a.config.Sign == nil {
		return err
	}
	if _, warnings := (&signer{c.config, c.log}).signHead(ctx); len(warnings) > 0 {
		return fmt.Errorf("the resource has left the archive. %s", warnings[0].Detail)
	}
	return nil
}

// Delete removes the archive: bags, records, signed heads and, last, the ledger. It
// can be repeated after an interruption. If other resources manage the archive, it
// leaves the archive and returns them.
func (a *Archive) Delete(ctx context.Context) (*Deletion, error) {
	c := &a.config
	opened, err := a.Open(ctx)
	var destroyed *ledger.DestroyedError
	switch {
	case errors.As(err, &destroyed):
		if c.Archive != "" && destroyed.Entry.Archive != c.Archive {
			return &Deletion{}, nil
		}
		return a.remove(ctx, destroyed.Entry.Archive, destroyed.Entry.Sequence)
	case errors.Is(err, ledger.ErrNoArchive):
		return &Deletion{}, nil
	case err != nil:
		return nil, err
	}
	if len(opened.Findings) > 0 {
		return nil, &FindingsError{opened.Findings}
	}
	others := slices.DeleteFunc(slices.Clone(opened.log.State.Resources), func(id string) bool {
		return id == c.Member.ID || c.Accept[leftToken(id)] != ""
	})
	member := slices.Contains(opened.log.State.Resources, c.Member.ID)
	if len(others) > 0 || !member {
		// An import that has never committed is no member: its destroy keeps.
		if member {
			w := &committer{config: c, log: opened.log, now: c.now()}
			if err := w.commit(ctx, &change{leaves: true}); err != nil {
				return nil, err
			}
		}
		return &Deletion{Members: others}, nil
	}
	if c.Trusted == nil || opened.log.Head != *c.Trusted {
		if text := addedSince(ctx, a); text != "" {
			return nil, fmt.Errorf("the archive was changed since the head in the state: %s; refresh, look at the changes, and destroy again", text)
		}
	}
	w := &committer{config: c, log: opened.log, now: c.now()}
	if err := w.destroy(ctx); err != nil {
		return nil, err
	}
	return a.remove(ctx, opened.log.Archive, opened.log.Head.Sequence)
}

// addedSince says which entries follow the trusted head; empty if they only say that
// resources have left.
func addedSince(ctx context.Context, a *Archive) string {
	text := ""
	_, err := ledger.Read(ctx, a.config.Bucket, ledger.ReadOptions{
		Archive: a.config.Archive, Trusted: a.config.Trusted, Now: a.config.now(),
		Later: func(before *ledger.State, e *ledger.Entry) {
			for _, change := range e.Changes(before) {
				if change.Kind != "left" && change.Kind != "actor" && change.Kind != "accepted" {
					text = fmt.Sprintf("entry %d, by %s (%s: %s)", e.Sequence, e.Writer(), change.Kind, change.Detail)
				}
			}
		},
	})
	if err != nil {
		return err.Error()
	}
	return text
}

// remove removes the objects of a destroyed archive. The entry that destroyed it is
// the last one: until then the removal can be repeated.
func (a *Archive) remove(ctx context.Context, archive string, last int64) (*Deletion, error) {
	b := a.config.Bucket
	d := &Deletion{}
	protection, err := b.Protection(ctx)
	if err != nil {
		return nil, err
	}
	d.Versioned = protection.Versioned
	var entries []string
	for _, prefix := range []string{bag.Prefix, ledger.RecordsFolder, ledger.OwnFolder + "signed/"} {
		var keys []string
		flush := func() error {
			err := a.removeAll(ctx, keys, d)
			keys = keys[:0]
			return err
		}
		for o, err := range b.List(ctx, bucket.Range{Prefix: prefix}) {
			if err != nil {
				return nil, err
			}
			if !isOwn(o.Key) {
				continue
			}
			if keys = append(keys, o.Key); len(keys) == objectsAtOnce {
				if err := flush(); err != nil {
					return nil, err
				}
			}
		}
		if err := flush(); err != nil {
			return nil, err
		}
	}
	for o, err := range b.List(ctx, bucket.Range{Prefix: ledger.Folder}) {
		if err != nil {
			return nil, err
		}
		if n, ok := ledger.Sequence(o.Key); ok && n <= last {
			entries = append(entries, o.Key)
		}
	}
	final := ledger.Key(last)
	for _, key := range entries {
		if key == final {
			continue
		}
		if err := a.removeEntry(ctx, archive, key, d); err != nil {
			return nil, err
		}
	}
	if err := a.removeEntry(ctx, archive, final, d); err != nil {
		return nil, err
	}
	if err := b.Sweep(ctx, 0); err != nil {
		return nil, err
	}
	slices.Sort(d.Retained)
	if d.Until, err = lockedUntil(ctx, b, d.Retained); err != nil {
		return nil, err
	}
	return d, nil
}

// isOwn reports whether an archive can have written an object.
func isOwn(key string) bool {
	folder, path, ok := bag.Split(key)
	switch {
	case ok:
		return folder != "" && (bag.IsPayload(path) || slices.Contains(bag.TagNames(), path))
	case strings.HasPrefix(key, ledger.RecordsFolder):
		return ledger.IsRecords(key)
	}
	return strings.HasPrefix(key, ledger.OwnFolder)
}

// removeAll removes objects, several at a time.
func (a *Archive) removeAll(ctx context.Context, keys []string, d *Deletion) error {
	refused := make([]bool, len(keys))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(a.config.Parallelism)
	for i, key := range keys {
		group.Go(func() error {
			err := a.config.Bucket.Remove(inner, key)
			if refused[i] = errors.Is(err, bucket.ErrDenied); refused[i] {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, key := range keys {
		if refused[i] {
			d.Retained = append(d.Retained, key)
		}
	}
	return nil
}

// removeEntry removes an entry of the archive, and no foreign object that has the
// name of one.
func (a *Archive) removeEntry(ctx context.Context, archive, key string, d *Deletion) error {
	data, err := readAll(ctx, a.config.Bucket, key, ledger.MaxSnapshot)
	if errors.Is(err, bucket.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if e, err := ledger.Decode(data); err != nil || e.Archive != archive {
		return nil //nolint:nilerr // it is not an entry of this archive
	}
	return a.removeAll(ctx, []string{key}, d)
}
