package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// errGivenUp is why a package of a closed bag is not committed.
var errGivenUp = errors.New("another run gave up its bag, because this run had paused for days")

// errReplacedLost is why a package of a closed bag is not committed: its record names a
// superseded version that was lost meanwhile.
var errReplacedLost = errors.New("another run accepted the loss of the bag whose version it replaces; run apply again")

// rebase moves a change onto the entries that other runs have written.
type rebase struct {
	config *Config
	log    *ledger.Log
}

// apply drops from a change what other runs have done since it was planned: packages
// of which they archived or recovered any version or that they erased, bags of days
// that they let expire, and bags that they gave up. It reports whether another run
// changed the scope.
func (b *rebase) apply(ctx context.Context, ch *change) (scopeMoved bool, err error) {
	if len(b.log.Newer) == 0 {
		return false, nil
	}
	done := map[string]int64{} // package key → the newest entry that archived or erased it
	for _, e := range b.log.Newer {
		if e.Scope != nil && !e.Scope.Equal(&b.config.Scope) {
			if ch.scope != nil {
				return true, errors.New("another run changed the scope of the archive at the same time; run plan again")
			}
			scopeMoved = true
		}
		if err := b.added(ctx, e, ch, done); err != nil {
			return scopeMoved, err
		}
		for _, f := range slices.Concat(e.Erased, e.Recovered) {
			if folder, path, ok := bag.Split(f.Path); ok && path != "" {
				done[ledger.PackageKey(bag.FolderDay(folder), path)] = e.Sequence
			}
		}
	}
	state := b.log.State
	newer := func(path string) bool {
		folder, rel, ok := bag.Split(path)
		return ok && done[ledger.PackageKey(bag.FolderDay(folder), rel)] > ch.base
	}
	for i := range ch.lost {
		if newer(ch.lost[i].Path) {
			ch.lost[i].Current = 0
		}
	}
	for i := range ch.recovered {
		if newer(ch.recovered[i].Path) {
			ch.recovered[i].Current = 0
		}
	}
	ch.erased = slices.DeleteFunc(ch.erased, func(f ledger.File) bool {
		folder, _, _ := bag.Split(f.Path)
		_, erased := state.Erased[f.Path]
		return erased || state.Bags[folder].Packages == 0
	})
	for i := range ch.erased {
		if newer(ch.erased[i].Path) {
			ch.erased[i].Current = 0
		}
	}
	for key := range done {
		delete(ch.failed, key)
	}
	maps.DeleteFunc(ch.relisted, func(path string, _ int64) bool { return newer(path) })
	ch.givenUp = slices.DeleteFunc(ch.givenUp, func(folder string) bool {
		_, committed := state.Bags[folder]
		return committed || slices.Contains(state.GivenUp, folder) || state.IsExpired(bag.FolderDay(folder))
	})
	for _, st := range slices.Clone(ch.bags) {
		if err := b.keep(ctx, ch, st, done); err != nil {
			return scopeMoved, err
		}
	}
	return scopeMoved, countWhole(ctx, newScanner(b.config.Bucket, b.log, 1, false), ch)
}

// added notes the packages that the bags of an entry have, of the days that a change
// concerns.
func (b *rebase) added(ctx context.Context, e *ledger.Entry, ch *change, to map[string]int64) error {
	days := map[string]bool{}
	for _, st := range ch.bags {
		days[st.day()] = true
	}
	for _, files := range [][]ledger.File{ch.lost, ch.recovered, ch.erased} {
		for _, f := range files {
			days[ledger.DayOf(f.Path)] = true
		}
	}
	for key := range ch.failed {
		days[ledger.DayOf(key)] = true
	}
	for key := range ch.relisted {
		days[ledger.DayOf(key)] = true
	}
	s := newScanner(b.config.Bucket, b.log, 1, false)
	folders := sortedKeys(e.Bags)
	for _, f := range e.Recovered {
		if folder, whole := strings.CutSuffix(f.Path, "/"); whole {
			folders = append(folders, folder)
		}
	}
	for _, folder := range folders {
		if _, committed := b.log.State.Bags[folder]; !days[bag.FolderDay(folder)] || !committed || b.log.State.Gone(folder+"/") {
			continue
		}
		records, err := s.records(ctx, folder)
		if err != nil {
			return fmt.Errorf("the records of %s cannot be read, which another run has committed: %w", folder, err)
		}
		for i := range records {
			to[ledger.PackageKey(records[i].Day(), records[i].Path)] = e.Sequence
		}
	}
	return nil
}

// keep drops packages of a closed bag. What is left is copied into a new bag, for
// nothing is edited: the tag files of the old one may be written already.
func (b *rebase) keep(ctx context.Context, ch *change, st *staged, done map[string]int64) error {
	state := b.log.State
	givenUp := slices.Contains(state.GivenUp, st.folder)
	expired := state.IsExpired(st.day())
	before := len(st.records)
	st.drop(func(r *bag.Record) bool {
		archived := done[ledger.PackageKey(r.Day(), r.Path)] > st.base
		if expired || archived {
			return true
		}
		var err error
		switch {
		case givenUp:
			err = errGivenUp
		case r.Supersedes != nil && state.Gone(r.Supersedes.Path[:strings.Index(r.Supersedes.Path, "/data/")+1]):
			err = errReplacedLost
		default:
			return false
		}
		ch.failures = append(ch.failures, Failure{Package: r.Identity().String(), Key: r.Key(), Err: err})
		return true
	})
	if len(st.records) == before {
		return nil
	}
	if len(st.records) > 0 {
		return b.move(ctx, ch, st)
	}
	if !givenUp && !expired {
		ch.giveUp(st.folder)
	}
	ch.bags = slices.DeleteFunc(ch.bags, func(o *staged) bool { return o == st })
	return nil
}

// move copies the packages of a closed bag into a new one and gives the old one up.
func (b *rebase) move(ctx context.Context, ch *change, st *staged) error {
	ch.giveUp(st.folder)
	id, err := NewID(b.config.Random, 4)
	if err != nil {
		return err
	}
	st.folder, st.tags = bag.Folder(st.day(), id), nil
	for i := range st.records {
		r := &st.records[i]
		from := r.Key()
		r.Bag = st.folder
		if err := b.copy(ctx, from, r); err != nil {
			return err
		}
		for j := range st.replaces {
			if st.replaces[j].ReplacedBy == from {
				st.replaces[j].ReplacedBy = r.Key()
			}
		}
	}
	return nil
}

// copy copies a package within the destination and checks its hash.
func (b *rebase) copy(ctx context.Context, from string, r *bag.Record) error {
	body, err := b.config.Bucket.Open(ctx, from)
	if err != nil {
		return err
	}
	defer body.Close()
	w, err := b.config.Bucket.Create(ctx, r.Key(), bucket.WriteOptions{IfAbsent: true, Lock: b.config.lockOfDay(r.Day())})
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, body); err != nil {
		w.Abort()
		return err
	}
	err = w.Commit()
	if err != nil && !errors.Is(err, bucket.ErrExist) {
		return err
	}
	sha, _, err := hashObject(ctx, b.config.Bucket, r.Key())
	if err == nil && sha != r.SHA256 {
		err = fmt.Errorf("%s was damaged while it was copied", r.Key())
	}
	return err
}
