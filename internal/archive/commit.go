package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// maxConflicts is how often a commit is computed again because other runs commit.
const maxConflicts = 100

// errTaken means that other runs committed all the time.
var errTaken = fmt.Errorf("%w, %d times; run apply again", ledger.ErrConflict, maxConflicts)

// Limits of one entry. More is committed with several, so that neither an entry nor
// its records reach the limits of the format.
const (
	maxCommitRecords = 200_000
	maxCommitFiles   = 100_000
)

// split takes the first part of a change that is too large for one entry; nil if there
// is none. Files that are lost on one day stay together, because a token accepts them
// together.
func (ch *change) split() *change {
	part := &change{base: ch.base}
	records := 0
	for len(ch.bags) > 1 && records+len(ch.bags[0].records) <= maxCommitRecords {
		records += len(ch.bags[0].records)
		part.bags, ch.bags = append(part.bags, ch.bags[0]), ch.bags[1:]
	}
	if total := records + recordsOf(ch.bags); total <= maxCommitRecords {
		part.bags, ch.bags = nil, append(part.bags, ch.bags...)
	}
	for _, list := range []struct{ from, to *[]ledger.File }{{&ch.lost, &part.lost}, {&ch.recovered, &part.recovered}, {&ch.erased, &part.erased}} {
		if n := len(*list.from); n > maxCommitFiles {
			slices.SortFunc(*list.from, func(a, b ledger.File) int { return strings.Compare(a.Path, b.Path) })
			day := ledger.DayOf((*list.from)[maxCommitFiles].Path)
			end := slices.IndexFunc(*list.from, func(f ledger.File) bool { return ledger.DayOf(f.Path) >= day })
			if end == 0 {
				end = slices.IndexFunc(*list.from, func(f ledger.File) bool { return ledger.DayOf(f.Path) > day })
			}
			if end > 0 {
				*list.to, *list.from = (*list.from)[:end:end], (*list.from)[end:]
			}
		}
	}
	if part.empty() {
		return nil
	}
	return part
}

func recordsOf(bags []*staged) (n int) {
	for _, st := range bags {
		n += len(st.records)
	}
	return n
}

// change is what a commit adds to an archive. It is independent of the entry's
// place in the ledger: after a conflict the entry is computed again.
type change struct {
	// base is the number of the newest entry that was known when the change was
	// planned, bags apart.
	base int64

	scope    *ledger.Scope
	joins    bool     // the resource begins to manage the archive, even if nothing else changes
	leaves   bool     // the resource leaves the archive
	departs  []string // other resources that leave it, because their states are gone
	destroys bool

	bags     []*staged
	relisted map[string]int64

	// lost are files without their counts of current versions in lostCurrent.
	lost      []ledger.File
	missed    []string
	recovered []ledger.File
	erased    []ledger.File
	givenUp   []string
	accepted  []string // further tokens that the configuration accepts
	abandons  *ledger.Rollback
	expires   string

	// failing says that failed and resolved are complete, so that the set of failing
	// packages can be computed.
	failing          bool
	failed, resolved map[string]bool

	// seal says that the days of settled can be sealed.
	seal    bool
	settled map[string]bool

	// What the commit found out: packages that vanished, and findings of losses that
	// can no longer be accepted with the tokens of the configuration.
	failures []Failure
	findings []Finding
	refused  []Finding // those of the parts that are committed
	remains  []string  // folders that can be removed now
}

func (ch *change) relist(key string, size *int64) {
	if ch.relisted == nil {
		ch.relisted = map[string]int64{}
	}
	ch.relisted[key] = relistedSize(size)
}

// empty reports whether there is nothing to commit but a seal or failing packages.
func (ch *change) empty() bool {
	return ch.scope == nil && !ch.leaves && len(ch.departs)+len(ch.bags)+len(ch.relisted)+len(ch.lost)+len(ch.missed)+len(ch.recovered)+len(ch.erased)+len(ch.givenUp) == 0 &&
		ch.abandons == nil && ch.expires == ""
}

// staged is a closed bag that is not committed yet.
type staged struct {
	folder   string
	records  []bag.Record
	replaces []ledger.File // damaged files whose bytes are in the bag
	base     int64         // the newest entry that was known when they were planned

	tags *bag.TagFiles // set when they are written
}

func (st *staged) day() string { return bag.FolderDay(st.folder) }

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
		e := c.entry(ch)
		if e == nil {
			return nil
		}
		if err := c.writeRecords(ctx, e, ch); err != nil {
			return err
		}
		err := c.log.Append(ctx, e, c.config.lock(c.config.now()))
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
			// A write that failed or was interrupted took effect after all. Its file does
			// not belong to the bag, and nothing is removed.
			if err := c.move(ctx, ch, st); err != nil {
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

var (
	errVanished = errors.New("its file was removed before the commit")
	errGivenUp  = errors.New("another run gave up its bag, because this run had paused for days")
)

// drop removes packages from a bag.
func (st *staged) drop(which func(*bag.Record) bool) {
	dropped := map[string]bool{}
	st.records = slices.DeleteFunc(slices.Clone(st.records), func(r bag.Record) bool {
		if which(&r) {
			dropped[r.Key()] = true
		}
		return dropped[r.Key()]
	})
	st.replaces = slices.DeleteFunc(slices.Clone(st.replaces), func(f ledger.File) bool { return dropped[f.ReplacedBy] })
}

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

// entry computes the entry of a change on the present state; nil if there is nothing
// to commit.
func (c *committer) entry(ch *change) *ledger.Entry {
	state := c.log.State
	e := &ledger.Entry{
		Layer: c.config.Layer, WrittenAt: latest(c.now, c.config.now()), Agent: c.config.Agent, Actor: c.config.Actor,
		Erased: ch.erased, GivenUp: slices.Clone(ch.givenUp), Destroyed: ch.destroys,
	}
	scope, sealed := state.Scope, state.SealedThrough
	if ch.scope != nil && (state.Scope == nil || !state.Scope.Equal(ch.scope)) {
		sealed = resetSeal(state.Scope, ch.scope, sealed)
		scope, e.Scope, e.SealedThrough = ch.scope, ch.scope, &sealed
	}
	c.addBags(e, ch)
	for key, size := range ch.relisted {
		folder, _, _ := bag.Split(key)
		if now, ok := state.Relisted[key]; state.Bags[folder].Packages > 0 && !state.Gone(key) && (!ok || now != size) {
			if e.Relisted == nil {
				e.Relisted = map[string]int64{}
			}
			e.Relisted[key] = size
		}
	}
	ch.findings = slices.Clone(ch.refused)
	c.addLosses(e, ch)
	for _, f := range ch.recovered {
		if lost, ok := state.Lost[f.Path]; ok && lost.SHA256 == f.SHA256 {
			e.Recovered = append(e.Recovered, f)
		} else if _, missed := state.Missed[f.Path]; missed {
			e.Recovered = append(e.Recovered, ledger.File{Path: f.Path})
		}
	}
	c.recoverMissed(e, ch)
	if day := ch.expires; day > state.ExpiredThrough {
		e.ExpiredThrough = day
	}
	if ch.failing && !c.scopeMoved {
		c.addFailing(e, ch)
	}
	if ch.abandons != nil {
		e.Abandoned = &ch.abandons.Trusted
		ch.accepted = append(ch.accepted, ledger.RollbackToken(c.log.Head, ch.abandons.Trusted))
	}
	for _, token := range ch.accepted {
		if reason := c.config.Accept[token]; reason != "" && state.Accepted[token] != reason {
			e.Accepted = append(e.Accepted, ledger.Acceptance{Token: token, Reason: reason})
		}
	}
	if ch.seal && !c.scopeMoved {
		after := *state
		after.SealedThrough = sealed
		if len(e.Bags) > 0 {
			after.Bags = map[string]ledger.BagState{"": {}} // something was archived
		}
		if day := sealable(scope, &after, c.now, c.settled(e, ch)); day != "" {
			e.SealedThrough = &day
		}
	}
	for _, id := range ch.departs {
		if slices.Contains(state.Resources, id) {
			e.Left = append(e.Left, id)
		}
	}
	joins := ch.joins && !slices.Contains(state.Resources, c.config.Member.ID)
	if c.isEmpty(e) && !joins && !ch.leaves && !ch.destroys {
		return nil
	}
	switch {
	case ch.leaves || ch.destroys:
		e.Left = append(e.Left, c.config.Member.ID)
		slices.Sort(e.Left)
	case !slices.Contains(state.Resources, c.config.Member.ID):
		e.Joined = []string{c.config.Member.ID}
	}
	sortEntry(e)
	return e
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// isEmpty reports whether an entry would say nothing.
func (c *committer) isEmpty(e *ledger.Entry) bool {
	return e.Scope == nil && len(e.Left)+len(e.Bags)+len(e.Relisted)+len(e.Missed)+len(e.Lost)+len(e.Recovered)+len(e.Erased)+len(e.GivenUp) == 0 &&
		e.Failing == nil && e.Abandoned == nil && e.ExpiredThrough == "" && e.SealedThrough == nil
}

func sortEntry(e *ledger.Entry) {
	byPath := func(a, b ledger.File) int { return strings.Compare(a.Path, b.Path) }
	for _, list := range []*[]ledger.File{&e.Lost, &e.Recovered, &e.Erased} {
		*list = slices.Clone(*list)
		slices.SortFunc(*list, byPath)
		*list = slices.CompactFunc(*list, func(a, b ledger.File) bool { return a.Path == b.Path })
	}
	slices.Sort(e.GivenUp)
	e.GivenUp = slices.Compact(e.GivenUp)
	slices.Sort(e.Missed)
	e.Missed = slices.Compact(e.Missed)
	slices.SortFunc(e.Accepted, func(a, b ledger.Acceptance) int { return strings.Compare(a.Token, b.Token) })
	e.Accepted = slices.CompactFunc(e.Accepted, func(a, b ledger.Acceptance) bool { return a.Token == b.Token })
}

// addBags adds the closed bags, and the damaged files that they replace.
func (c *committer) addBags(e *ledger.Entry, ch *change) {
	state := c.log.State
	for _, st := range ch.bags {
		if e.Bags == nil {
			e.Bags = map[string]ledger.Bag{}
		}
		b := ledger.Bag{
			Packages: int64(st.tags.Packages()), Bytes: st.tags.Bytes(), TagmanifestSHA256: st.tags.SHA256(), ListingSHA256: st.tags.ListingSHA256(),
		}
		for i := range st.records {
			if s := st.records[i].Supersedes; s != nil && !state.Gone(s.Path) {
				b.Superseding++
			}
		}
		e.Bags[st.folder] = b
		for _, f := range st.replaces {
			if !state.Gone(f.Path) {
				e.Lost = append(e.Lost, f)
			}
		}
	}
}

// addLosses adds the losses whose tokens the configuration accepts. A token holds for
// the present state only: if another run has touched the bags, it is another one.
func (c *committer) addLosses(e *ledger.Entry, ch *change) {
	state := c.log.State
	byDay := map[string]*ledger.Entry{}
	group := func(key string) *ledger.Entry {
		if byDay[key] == nil {
			byDay[key] = &ledger.Entry{}
		}
		return byDay[key]
	}
	superseded := map[string]bool{}
	for _, st := range ch.bags {
		for i := range st.records {
			if s := st.records[i].Supersedes; s != nil {
				superseded[s.Path] = true
			}
		}
	}
	for _, f := range ch.lost {
		folder, _, inBag := bag.Split(f.Path)
		if _, known := state.Bags[folder]; state.Gone(f.Path) || inBag && !known {
			continue
		}
		if superseded[f.Path] {
			f.Current = 0
		}
		g := group("lost " + ledger.DayOf(f.Path))
		g.Lost = append(g.Lost, f)
	}
	for _, key := range ch.missed {
		if _, failing := state.Failing[key]; failing {
			g := group("missed " + ledger.DayOf(key))
			g.Missed = append(g.Missed, key)
		}
	}
	for _, key := range sortedKeys(byDay) {
		g := byDay[key]
		tokens := g.LossTokens(state)
		if token := tokens[0]; c.config.Accept[token] != "" {
			e.Lost, e.Missed = append(e.Lost, g.Lost...), append(e.Missed, g.Missed...)
			e.Accepted = append(e.Accepted, ledger.Acceptance{Token: token, Reason: c.config.Accept[token]})
			continue
		}
		if len(g.Missed) > 0 {
			ch.findings = append(ch.findings, missedFinding(ledger.DayOf(g.Missed[0]), g.Missed, tokens[0]))
		} else {
			ch.findings = append(ch.findings, lossFinding(ledger.DayOf(g.Lost[0].Path), g.Lost, nil, tokens[0]))
		}
	}
}

// recoverMissed adds the missed packages that the closed bags contain.
func (c *committer) recoverMissed(e *ledger.Entry, ch *change) {
	for _, st := range ch.bags {
		for i := range st.records {
			key := ledger.PackageKey(st.day(), st.records[i].Path)
			if _, missed := c.log.State.Missed[key]; missed {
				e.Recovered = append(e.Recovered, ledger.File{Path: key})
			}
		}
	}
}

// addFailing adds the set of failing packages, if it changed: those of the state that
// this run has not resolved, and those that it could not archive.
func (c *committer) addFailing(e *ledger.Entry, ch *change) {
	state := c.log.State
	set := map[string]bool{}
	for key := range state.Failing {
		if !ch.resolved[key] && c.config.Scope.ContainsDay(ledger.DayOf(key)) && !slices.Contains(e.Missed, key) && (e.ExpiredThrough == "" || ledger.DayOf(key) > e.ExpiredThrough) {
			set[key] = true
		}
	}
	for key := range ch.failed {
		if _, missed := state.Missed[key]; !missed && !state.IsExpired(ledger.DayOf(key)) && !ch.resolved[key] {
			set[key] = true
		}
	}
	keys := slices.Sorted(maps.Keys(set))
	before := slices.DeleteFunc(sortedKeys(state.Failing), func(key string) bool { return slices.Contains(e.Missed, key) })
	if !slices.Equal(keys, before) {
		e.Failing = append([]string{}, keys...)
	}
}

// settled reports whether a run has archived everything of a day, and nothing of it
// fails or was dropped.
func (c *committer) settled(e *ledger.Entry, ch *change) func(day string) bool {
	bad := map[string]bool{}
	for key := range ch.failed {
		bad[ledger.DayOf(key)] = true
	}
	for key := range c.log.State.Failing {
		if !ch.resolved[key] && !slices.Contains(e.Missed, key) {
			bad[ledger.DayOf(key)] = true
		}
	}
	for _, f := range ch.failures {
		bad[ledger.DayOf(f.Key)] = true
	}
	for _, f := range ch.findings {
		bad[f.Day] = true
	}
	return func(day string) bool { return ch.settled[day] && !bad[day] }
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
	if err := writeOnce(ctx, c.config.Bucket, key, data, c.config.lock(c.config.now())); err != nil {
		return err
	}
	return c.config.Bucket.Sync(ctx, []string{key})
}

// rebase drops from a change what other runs have done since it was planned:
// packages of which they archived or recovered any version or that they erased, bags of days that
// they let expire, and bags that they gave up.
func (c *committer) rebase(ctx context.Context, ch *change) error {
	if len(c.log.Newer) == 0 {
		return nil
	}
	done := map[string]int64{} // package key → the newest entry that archived or erased it
	for _, e := range c.log.Newer {
		if e.Scope != nil && !e.Scope.Equal(&c.config.Scope) {
			if ch.scope != nil {
				return errors.New("another run changed the scope of the archive at the same time; run plan again")
			}
			c.scopeMoved = true
		}
		if err := c.added(ctx, e, ch, done); err != nil {
			return err
		}
		for _, f := range slices.Concat(e.Erased, e.Recovered) {
			if folder, path, ok := bag.Split(f.Path); ok && path != "" {
				done[ledger.PackageKey(bag.FolderDay(folder), path)] = e.Sequence
			}
		}
	}
	state := c.log.State
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
		if err := c.keep(ctx, ch, st, done); err != nil {
			return err
		}
	}
	return nil
}

// added notes the packages that the bags of an entry have, of the days that a change
// concerns.
func (c *committer) added(ctx context.Context, e *ledger.Entry, ch *change, to map[string]int64) error {
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
	s := newScanner(c.config.Bucket, c.log, 1, false)
	folders := sortedKeys(e.Bags)
	for _, f := range e.Recovered {
		if folder, whole := strings.CutSuffix(f.Path, "/"); whole {
			folders = append(folders, folder)
		}
	}
	for _, folder := range folders {
		if _, committed := c.log.State.Bags[folder]; !days[bag.FolderDay(folder)] || !committed || c.log.State.Gone(folder+"/") {
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
func (c *committer) keep(ctx context.Context, ch *change, st *staged, done map[string]int64) error {
	state := c.log.State
	givenUp := slices.Contains(state.GivenUp, st.folder)
	expired := state.IsExpired(st.day())
	before := len(st.records)
	st.drop(func(r *bag.Record) bool {
		archived := done[ledger.PackageKey(r.Day(), r.Path)] > st.base
		if givenUp && !expired && !archived {
			ch.failures = append(ch.failures, Failure{Package: r.Identity().String(), Key: r.Key(), Err: errGivenUp})
		}
		return givenUp || expired || archived
	})
	if len(st.records) == before {
		return nil
	}
	if len(st.records) > 0 {
		return c.move(ctx, ch, st)
	}
	if !givenUp && !expired {
		ch.giveUp(st.folder)
	}
	ch.bags = slices.DeleteFunc(ch.bags, func(o *staged) bool { return o == st })
	return nil
}

// giveUp says that an uncommitted bag may be removed.
func (ch *change) giveUp(folder string) {
	ch.givenUp = append(ch.givenUp, folder)
	ch.remains = append(ch.remains, folder)
}

// move copies the packages of a closed bag into a new one and gives the old one up.
func (c *committer) move(ctx context.Context, ch *change, st *staged) error {
	ch.giveUp(st.folder)
	id, err := NewID(c.config.Random, 4)
	if err != nil {
		return err
	}
	st.folder, st.tags = bag.Folder(st.day(), id), nil
	for i := range st.records {
		r := &st.records[i]
		from := r.Key()
		r.Bag = st.folder
		if err := c.copy(ctx, from, r); err != nil {
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
func (c *committer) copy(ctx context.Context, from string, r *bag.Record) error {
	body, err := c.config.Bucket.Open(ctx, from)
	if err != nil {
		return err
	}
	defer body.Close()
	w, err := c.config.Bucket.Create(ctx, r.Key(), bucket.WriteOptions{IfAbsent: true, Lock: c.config.lockOfDay(r.Day())})
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
	sha, _, err := hashObject(ctx, c.config.Bucket, r.Key())
	if err == nil && sha != r.SHA256 {
		err = fmt.Errorf("%s was damaged while it was copied", r.Key())
	}
	return err
}

// putBack writes an object of the archive again. An existing object with other bytes
// is damaged, and the only kind that is ever replaced: a store whose policy demands
// new keys is asked to remove it first.
func (c *committer) putBack(ctx context.Context, key string, data []byte, lock bucket.Lock) error {
	err := writeOnce(ctx, c.config.Bucket, key, data, lock)
	if !errors.Is(err, bucket.ErrExist) {
		return err
	}
	err = ledger.Write(ctx, c.config.Bucket, key, data, bucket.WriteOptions{Lock: lock})
	if errors.Is(err, bucket.ErrDenied) || errors.Is(err, bucket.ErrExist) {
		if err := c.config.Bucket.Remove(ctx, key); err != nil {
			return err
		}
		return writeOnce(ctx, c.config.Bucket, key, data, lock)
	}
	return err
}
