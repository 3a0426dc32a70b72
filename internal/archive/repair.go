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
)

// giveUpAge is how old the newest file of an uncommitted bag is, by the store's
// clock, before the bag is given up. No run takes so long between two writes.
const giveUpAge = 7 * 24 * time.Hour

// keepHouse does what waits for no package: it writes tag files and records again,
// recovers lost files that are back, erases, lets days expire, and removes what is
// left over.
func (r *run) keepHouse(ctx context.Context) error {
	ch := &change{base: r.log.Head.Sequence}
	if err := r.repairOwn(ctx, ch); err != nil {
		return err
	}
	if err := r.recoverFiles(ctx, ch); err != nil {
		return err
	}
	erased, unmatched, err := r.view.erasures(ctx, r.scanner(), r.config)
	if err != nil {
		return err
	}
	ch.erased = erased
	r.warnings = append(r.warnings, unmatched...)
	ch.expires = expiring(&r.config.Scope, r.log.State, r.now)
	if err := r.giveUp(ctx, ch); err != nil {
		return err
	}
	if ch.empty() {
		return r.remove(ctx, ch)
	}
	r.flight = ch
	if err := r.commitDone(r.commit(ctx, ch)); err != nil {
		return err
	}
	return r.remove(ctx, ch)
}

// repairOwn writes tag files again, from records, and records from the tag files of
// their bags. What cannot be written again is a loss.
func (r *run) repairOwn(ctx context.Context, ch *change) error {
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
			if err := r.rewrite(ctx, key, data, r.config.lock(r.now)); err != nil {
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
		f, err := r.wholeBag(ctx, s, folder)
		if err != nil {
			return err
		}
		lost = append(lost, f)
	}
	r.offer(ch, lost, nil)
	return nil
}

// offer adds losses to a change if the configuration accepts them, and to the
// findings if not. reasons say why, by path.
func (r *run) offer(ch *change, lost []ledger.File, reasons map[string]string) {
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

// lossFinding describes the loss of files of a day.
func lossFinding(day string, files []ledger.File, reasons map[string]string, token string) Finding {
	keys := make([]string, len(files))
	for i, f := range files {
		keys[i] = f.Path
	}
	slices.Sort(keys)
	of := " of " + day
	switch day {
	case "ledger":
		of = " of the ledger"
	case "records":
		of = " of the records"
	}
	count := map[string]int{}
	for _, key := range keys {
		if reason := reasons[key]; reason != "" {
			count[reason]++
		}
	}
	var why []string
	for _, reason := range sortedKeys(count) {
		why = append(why, fmt.Sprintf("%s (%s)", reason, plural(count[reason], "file")))
	}
	text := plural(len(keys), "archived file") + of
	if len(keys) == 1 {
		text += " is"
	} else {
		text += " are"
	}
	text += " lost: " + names(keys)
	if len(why) > 0 {
		text += "; " + strings.Join(why, "; ")
	}
	return Finding{Kind: FindingLoss, Day: day, Files: keys, Token: token, Message: text}
}

// wholeBag describes a bag whose packages nothing names any more.
func (r *run) wholeBag(ctx context.Context, s *scanner, folder string) (ledger.File, error) {
	b := r.log.State.Bags[folder]
	day := bag.FolderDay(folder)
	f := ledger.File{Path: folder + "/", SHA256: b.TagmanifestSHA256, Bytes: b.Bytes, Packages: b.Packages}
	current := b.Packages
	for _, files := range []map[string]ledger.File{r.log.State.Lost, r.log.State.Erased} {
		for path, gone := range files {
			if strings.HasPrefix(path, folder+"/") && path != f.Path {
				f.Packages--
				f.Bytes -= gone.Bytes
				current -= gone.Current
			}
		}
	}
	view, err := r.view.day(ctx, s, day)
	if err != nil {
		return f, err
	}
	superseded := map[string]bool{}
	for _, p := range view.packages {
		for i := range p.versions {
			if was := p.versions[i].Supersedes; was != nil && strings.HasPrefix(was.Path, folder+"/") {
				superseded[was.Path] = true
			}
		}
	}
	f.Current = max(0, min(current-int64(len(superseded)), f.Packages))
	return f, nil
}

// rebuildRecords makes the records of a commit from the bags that it added.
func (r *run) rebuildRecords(ctx context.Context, s *scanner, commit string) ([]byte, error) {
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
func (r *run) rewrite(ctx context.Context, key string, data []byte, lock bucket.Lock) error {
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

// recoverFiles hashes lost files that are listed with their length again.
func (r *run) recoverFiles(ctx context.Context, ch *change) error {
	s := r.scanner()
	for _, path := range r.drift.Back {
		lost, ok := r.log.State.Lost[path]
		if !ok {
			continue
		}
		f := ledger.File{Path: path, SHA256: lost.SHA256, Bytes: lost.Bytes, Packages: lost.Packages}
		if folder, whole := strings.CutSuffix(path, "/"); whole {
			records, err := s.records(ctx, folder)
			if errors.Is(err, errUnnamed) {
				continue
			}
			if err != nil {
				return err
			}
			bad := false
			for i := range records {
				why, err := s.hash(ctx, &records[i])
				if err != nil {
					return err
				}
				_, gone := r.log.State.Lost[records[i].Key()]
				_, erased := r.log.State.Erased[records[i].Key()]
				bad = bad || why != "" && !gone && !erased
			}
			if bad {
				continue
			}
		} else if sha, _, err := hashObject(ctx, r.config.Bucket, path); errors.Is(err, bucket.ErrNotExist) || err == nil && sha != lost.SHA256 {
			continue
		} else if err != nil {
			return err
		}
		var err error
		if f.Current, err = r.currentAgain(ctx, s, path); err != nil {
			return err
		}
		ch.recovered = append(ch.recovered, f)
		r.repaired = append(r.repaired, path)
	}
	return nil
}

// currentAgain counts the versions that are current once a lost file is back: those
// that were committed last.
func (r *run) currentAgain(ctx context.Context, s *scanner, path string) (n int64, err error) {
	folder, _, ok := bag.Split(path)
	if !ok {
		return 0, nil
	}
	view, err := r.view.day(ctx, s, bag.FolderDay(folder))
	if err != nil {
		return 0, err
	}
	for _, p := range view.packages {
		last := p.versions[len(p.versions)-1]
		_, lost := r.log.State.Lost[last.Key()]
		_, erased := r.log.State.Erased[last.Key()]
		if last.Key() == path || last.Bag+"/" == path && !lost && !erased {
			n++
		}
	}
	return n, nil
}

// erasures returns the files that Config.Erase matches and that are not erased yet.
// A key that matches nothing is a warning.
func (v *View) erasures(ctx context.Context, s *scanner, c *Config) (files []ledger.File, warnings []Warning, err error) {
	views := map[string]*dayView{}
	for _, key := range sortedKeys(c.Erase) {
		day, ok := ErasedDay(key)
		if !ok {
			continue
		}
		if views[day] == nil {
			if views[day], err = v.day(ctx, s, day); err != nil {
				return nil, nil, err
			}
		}
		matched := false
		for _, path := range sortedKeys(views[day].packages) {
			if reason, ok := (&Config{Erase: map[string]string{key: c.Erase[key]}}).erases(day, path); ok {
				matched = true
				files = append(files, views[day].packages[path].erase(s.log.State, reason)...)
			}
		}
		if !matched && !s.log.State.IsExpired(day) {
			warnings = append(warnings, Warning{"Key of erase matches nothing", fmt.Sprintf("No archived package matches the key %q of erase.", key)})
		}
	}
	slices.SortFunc(files, func(a, b ledger.File) int { return strings.Compare(a.Path, b.Path) })
	files = slices.CompactFunc(files, func(a, b ledger.File) bool { return a.Path == b.Path })
	return files, warnings, nil
}

// erase describes the versions of a package that are not erased yet.
func (p *packageView) erase(state *ledger.State, reason string) (files []ledger.File) {
	for i := range p.versions {
		r := &p.versions[i]
		if _, erased := state.Erased[r.Key()]; erased {
			continue
		}
		f := ledger.File{Path: r.Key(), SHA256: r.SHA256, Bytes: r.StoredBytes, Reason: reason}
		if p.isCurrent(r.Key()) {
			f.Current = 1
		}
		files = append(files, f)
	}
	return files
}

// giveUp finds uncommitted bags that no run will commit any more. Their files are
// removed after the ledger says so.
func (r *run) giveUp(ctx context.Context, ch *change) error {
	var now time.Time
	for _, u := range r.drift.Uncommitted {
		if u.Whole {
			continue
		}
		if now.IsZero() {
			var err error
			if now, err = r.config.Bucket.Clock(ctx); err != nil {
				return err
			}
		}
		if now.Sub(u.Newest) > giveUpAge {
			ch.givenUp = append(ch.givenUp, u.Folder)
		}
	}
	return nil
}

// remove removes what the ledger has given up: erased files, bags of expired days,
// and bags that were never committed. What the store refuses is tried again by later
// runs.
func (r *run) remove(ctx context.Context, ch *change) error {
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
	text := fmt.Sprintf("The store refuses to remove %s: %s.", plural(len(locked), "file"), names(locked))
	if !until.IsZero() {
		text += fmt.Sprintf(" The last lock ends on %s.", until.UTC().Format(time.RFC3339))
	}
	r.warnings = append(r.warnings, Warning{"Files that the store retains", text + " Later runs try again."})
	return nil
}

// lockedUntil is the latest lock of some objects; zero if none has one.
func lockedUntil(ctx context.Context, b bucket.Bucket, keys []string) (until time.Time, err error) {
	const most = 100
	for _, key := range keys[:min(len(keys), most)] {
		o, err := b.Stat(ctx, key)
		if errors.Is(err, bucket.ErrNotExist) {
			continue
		}
		if err != nil {
			return until, err
		}
		until = latest(until, o.Lock.Until)
	}
	return until, nil
}

// expiredFolders lists the bags of the days up to a day.
func expiredFolders(ctx context.Context, b bucket.Bucket, day string) ([]string, error) {
	seen := map[string]bool{}
	for o, err := range b.List(ctx, bucket.Range{Prefix: bag.Prefix, Before: bag.Prefix + nextDay(day)}) {
		if err != nil {
			return nil, err
		}
		if folder, _, ok := bag.Split(o.Key); ok {
			seen[folder] = true
		}
	}
	return sortedKeys(seen), nil
}

// restored notes a package that was put back in its place.
func (r *run) restored(w *wanted) {
	r.repaired = append(r.repaired, w.record.Key())
	if !w.lost {
		return
	}
	f := ledger.File{Path: w.record.Key(), SHA256: w.record.SHA256, Bytes: w.record.StoredBytes}
	if w.last {
		f.Current = 1
	}
	r.pending.recovered = append(r.pending.recovered, f)
}

// decideLosses finds out what is still missing after the downloads. A loss that the
// configuration accepts is committed, any other is a finding.
func (r *run) decideLosses(ctx context.Context, ch *change) error {
	s := r.scanner()
	if err := s.strike(ctx, r.drift); err != nil {
		return err
	}
	var lost []ledger.File
	reasons := map[string]string{}
	for i := range r.losses {
		m := &r.losses[i]
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
	r.offerMissed(ch)
	return nil
}

// offerMissed does the same for packages that failed until EdgeOne dropped them.
func (r *run) offerMissed(ch *change) {
	byDay := map[string][]string{}
	for _, key := range sortedKeys(r.absent) {
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

func missedFinding(day string, keys []string, token string) Finding {
	verb, is := "were", "are"
	if len(keys) == 1 {
		verb, is = "was", "is"
	}
	return Finding{
		Kind: FindingMissed, Day: day, Files: keys, Token: token,
		Message: fmt.Sprintf("%s of %s %s listed, could not be archived, and %s not listed any more: %s",
			plural(len(keys), "package"), day, verb, is, names(keys)),
	}
}
