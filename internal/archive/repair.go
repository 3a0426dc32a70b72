package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

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
	erased, unmatched, err := erasures(ctx, r.scanner(), r.config)
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
	view, err := readDay(ctx, s, day)
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
	view, err := readDay(ctx, s, bag.FolderDay(folder))
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
