package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// repairer repairs what a scan has found and what needs no download. It has the results
// of a run that concern files that exist.
type repairer struct {
	config *Config
	now    time.Time // the clock of the run

	// committer has the ledger. A commit in flight has it, and it is nil meanwhile.
	*committer

	drift   *Drift
	planned bool // a plan has found the drift, and has said so

	repaired []string // keys
	remains  []string // folders that can be removed
	failures []Failure
	findings []Finding
	warnings []Warning
}

func newRepairer(c *Config) repairer {
	now := c.now()
	return repairer{config: c, now: now, committer: &committer{config: c, now: now}}
}

// scanner is a scanner for the present state.
func (r *repairer) scanner() *scanner {
	return newScanner(r.config.Bucket, r.log, r.config.Parallelism, r.config.VerifyPayload)
}

// collect takes what a commit found out.
func (r *repairer) collect(ch *change) {
	r.failures = append(r.failures, ch.failures...)
	r.findings = append(r.findings, ch.findings...)
	r.remains = append(r.remains, ch.remains...)
}

// maintain performs all work that needs no download: it writes tag files and records
// again, recovers lost files that are back, erases, lets days expire, and removes what
// is left over.
func (r *repairer) maintain(ctx context.Context) error {
	ch := &change{base: r.log.Head.Sequence}
	if err := r.repairOwn(ctx, ch); err != nil {
		return err
	}
	if err := r.recoverBags(ctx, ch); err != nil {
		return err
	}
	if err := countWhole(ctx, r.scanner(), ch); err != nil {
		return err
	}
	if err := r.commitNow(ctx, ch); err != nil {
		return err
	}
	for _, f := range ch.lost {
		if _, ok := ledger.Sequence(f.Path); !ok {
			continue
		}
		// What is there is not the entry. A reader takes it for one.
		if err := r.config.Bucket.Remove(ctx, f.Path); err != nil && !errors.Is(err, bucket.ErrDenied) {
			return err
		}
	}
	// Everything else depends on the versions that are known now.
	ch = &change{base: r.log.Head.Sequence}
	if err := r.recoverFiles(ctx, ch); err != nil {
		return err
	}
	erased, unmatched, err := erasures(ctx, r.scanner(), r.config)
	if err != nil {
		return err
	}
	ch.erased = erased
	if !r.planned {
		r.warnings = append(r.warnings, unmatched...)
	}
	ch.expires = expiring(&r.config.Scope, r.log.State, r.now)
	if ch.givenUp, err = leftBehind(ctx, r.config.Bucket, r.drift); err != nil {
		return err
	}
	if err := r.commitNow(ctx, ch); err != nil {
		return err
	}
	return r.remove(ctx, ch)
}

// commitNow commits a change, unless it says nothing.
func (r *repairer) commitNow(ctx context.Context, ch *change) error {
	if ch.empty() {
		return nil
	}
	err := r.commit(ctx, ch)
	r.collect(ch)
	return err
}

// remove removes what the ledger has given up: erased files, bags of expired days,
// and bags that were never committed. What the store refuses is tried again by later
// runs.
func (r *repairer) remove(ctx context.Context, ch *change) error {
	state := r.log.State
	folders := slices.Concat(r.drift.Remains, ch.givenUp, ch.remains, r.remains)
	if ch.expires != "" {
		listed, err := expiredFolders(ctx, r.config.Bucket, state.ExpiredThrough)
		if err != nil {
			return err
		}
		folders = append(folders, listed...)
	}
	var keys, locked []string
	slices.Sort(folders)
	for _, folder := range slices.Compact(folders) {
		if _, committed := state.Bags[folder]; committed || !slices.Contains(state.GivenUp, folder) && !state.IsExpired(bag.FolderDay(folder)) {
			continue
		}
		for o, err := range r.config.Bucket.List(ctx, bucket.Range{Prefix: folder + "/"}) {
			if err != nil {
				return err
			}
			keys = append(keys, o.Key)
		}
	}
	for _, f := range ch.erased {
		keys = append(keys, f.Path)
	}
	keys = append(keys, r.drift.Erased...)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if _, erased := state.Erased[key]; !erased && strings.Contains(key, "/data/") && !slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(key, f+"/") }) {
			continue
		}
		err := r.config.Bucket.Remove(ctx, key)
		if errors.Is(err, bucket.ErrDenied) {
			locked = append(locked, key)
			continue
		}
		if err != nil {
			return err
		}
	}
	if len(locked) == 0 {
		return nil
	}
	until, err := lockedUntil(ctx, r.config.Bucket, locked)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("The store refuses to remove %s: %s.", printable.Count(len(locked), "file"), names(locked))
	if !until.IsZero() {
		text += fmt.Sprintf(" The last lock ends on %s.", until.UTC().Format(time.RFC3339))
	}
	r.warnings = append(r.warnings, Warning{"Files that the store retains", text + " Later runs try again."})
	return nil
}

// repairOwn writes tag files again, from records, and records from the tag files of
// their bags. What cannot be written again is a loss.
func (r *repairer) repairOwn(ctx context.Context, ch *change) error {
	s := r.scanner()
	for _, folder := range sortedKeys(r.drift.Bags) {
		b := r.drift.Bags[folder]
		if len(b.Tags) == 0 {
			continue
		}
		records, err := s.records(ctx, folder)
		if err != nil {
			return err
		}
		tags, err := bag.NewTagFiles(records)
		if err != nil {
			return err
		}
		for _, name := range b.Tags {
			key := folder + "/" + name
			if err := r.rewrite(ctx, key, tags.Files()[name], r.config.lockOfDay(bag.FolderDay(folder))); err != nil {
				return err
			}
		}
	}
	var lost []ledger.File
	for _, commit := range r.drift.Records {
		key, want := ledger.RecordsKey(commit), r.log.State.Records[commit]
		data, err := r.rebuildRecords(ctx, s, commit)
		if err != nil {
			return err
		}
		if hashOf(data) == want.SHA256 {
			if err := r.rewrite(ctx, key, data, r.config.lockNow(r.log)); err != nil {
				return err
			}
			continue
		}
		lost = append(lost, ledger.File{Path: key, SHA256: want.SHA256, Bytes: want.Bytes})
	}
	for _, n := range r.drift.Ledger {
		sha, err := r.log.Hash(ctx, n)
		if err != nil {
			return err
		}
		lost = append(lost, ledger.File{Path: ledger.Key(n), SHA256: sha})
	}
	for _, folder := range r.drift.nameless() {
		lost = append(lost, wholeBag(r.log.State, folder))
	}
	r.offer(ch, lost, nil)
	return nil
}

// offer adds losses to a change if the configuration accepts them, and to the
// findings if not. reasons say why, by path.
func (r *repairer) offer(ch *change, lost []ledger.File, reasons map[string]string) {
	byDay := map[string][]ledger.File{}
	for _, f := range lost {
		byDay[ledger.DayOf(f.Path)] = append(byDay[ledger.DayOf(f.Path)], f)
	}
	for _, day := range sortedKeys(byDay) {
		files := byDay[day]
		token := (&ledger.Entry{Lost: files}).LossTokens(r.log.State)[0]
		if r.config.Accept[token] != "" {
			ch.lost = append(ch.lost, files...)
			continue
		}
		r.findings = append(r.findings, lossFinding(day, files, reasons, token))
	}
}

// rebuildRecords makes the records of a commit from the bags that it added.
func (r *repairer) rebuildRecords(ctx context.Context, s *scanner, commit string) ([]byte, error) {
	var all []bag.Record
	for _, folder := range sortedKeys(r.log.State.Bags) {
		if r.log.State.Bags[folder].Commit != commit {
			continue
		}
		records, err := s.records(ctx, folder)
		if errors.Is(err, errUnnamed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return bag.Encode(all)
}

// rewrite writes a file of the archive again. If the store refuses to replace a
// damaged one, the run says so.
func (r *repairer) rewrite(ctx context.Context, key string, data []byte, lock bucket.Lock) error {
	err := r.putBack(ctx, key, data, lock)
	if errors.Is(err, bucket.ErrDenied) || errors.Is(err, bucket.ErrExist) {
		r.failures = append(r.failures, Failure{Package: key, Err: fmt.Errorf("it is damaged, and the store refuses to replace it: %w", err)})
		return nil
	}
	if err != nil {
		return err
	}
	if err := r.config.Bucket.Sync(ctx, []string{key}); err != nil {
		return err
	}
	r.repaired = append(r.repaired, key)
	return nil
}

// recoverBags hashes the packages of lost bags that are listed again as they were.
func (r *repairer) recoverBags(ctx context.Context, ch *change) error {
	s := r.scanner()
	for _, path := range r.drift.Back {
		folder, whole := strings.CutSuffix(path, "/")
		lost, ok := r.log.State.Lost[path]
		if !whole || !ok {
			continue
		}
		records, err := s.records(ctx, folder)
		if errors.Is(err, errUnnamed) {
			continue
		}
		if err != nil {
			return err
		}
		intact := true
		for i := range records {
			_, gone := r.log.State.Lost[records[i].Key()]
			_, erased := r.log.State.Erased[records[i].Key()]
			if gone || erased {
				continue
			}
			why, err := s.hash(ctx, &records[i])
			if err != nil {
				return err
			}
			intact = intact && why == ""
		}
		if intact {
			ch.recovered = append(ch.recovered, ledger.File{Path: path, SHA256: lost.SHA256, Bytes: lost.Bytes, Packages: lost.Packages})
			r.repaired = append(r.repaired, path)
		}
	}
	return nil
}

// recoverFiles hashes lost files that are listed with their length again.
func (r *repairer) recoverFiles(ctx context.Context, ch *change) error {
	s := r.scanner()
	for _, path := range r.drift.Back {
		lost, ok := r.log.State.Lost[path]
		if !ok || strings.HasSuffix(path, "/") {
			continue
		}
		sha, _, err := hashObject(ctx, r.config.Bucket, path)
		if errors.Is(err, bucket.ErrNotExist) || err == nil && sha != lost.SHA256 {
			continue
		}
		if err != nil {
			return err
		}
		f := ledger.File{Path: path, SHA256: lost.SHA256, Bytes: lost.Bytes}
		if folder, rel, ok := bag.Split(path); ok {
			versions, err := readDay(ctx, s, bag.FolderDay(folder))
			if err != nil {
				return err
			}
			if p := versions.packages[rel]; p != nil && p.isLast(path) {
				f.Current = 1
			}
		}
		ch.recovered = append(ch.recovered, f)
		r.repaired = append(r.repaired, path)
	}
	return nil
}

// decideLosses finds out what is still missing after the downloads. A loss that the
// configuration accepts is committed, any other is a finding.
func (r *repairer) decideLosses(ctx context.Context, ch *change, losses []missing, absent map[string]bool) error {
	s := r.scanner()
	if err := s.strike(ctx, r.drift); err != nil {
		return err
	}
	var lost []ledger.File
	reasons := map[string]string{}
	for i := range losses {
		m := &losses[i]
		key := m.record.Key()
		if _, committed := r.log.State.Bags[m.record.Bag]; !committed || r.log.State.Gone(key) {
			continue
		}
		why, err := s.hash(ctx, &m.record)
		if err != nil {
			return err
		}
		if why == "" {
			continue
		}
		f := ledger.File{Path: key, SHA256: m.record.SHA256, Bytes: m.record.StoredBytes}
		if m.current {
			f.Current = 1
		}
		lost = append(lost, f)
		reasons[key] = why + ", and " + m.source
	}
	r.offer(ch, lost, reasons)
	r.offerMissed(ch, absent)
	return nil
}

// offerMissed does the same for packages that failed until EdgeOne dropped them.
func (r *repairer) offerMissed(ch *change, absent map[string]bool) {
	byDay := map[string][]string{}
	for _, key := range sortedKeys(absent) {
		if r.log.State.Failing[key] > 0 {
			byDay[ledger.DayOf(key)] = append(byDay[ledger.DayOf(key)], key)
		}
	}
	for _, day := range sortedKeys(byDay) {
		keys := byDay[day]
		token := (&ledger.Entry{Missed: keys}).LossTokens(r.log.State)[0]
		if r.config.Accept[token] != "" {
			ch.missed = append(ch.missed, keys...)
			continue
		}
		r.findings = append(r.findings, missedFinding(day, keys, token))
	}
}
