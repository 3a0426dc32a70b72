package archive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// origin is what is known of a payload file that no bag names.
type origin int

const (
	unknown  origin = iota
	verified        // a checkpoint or an earlier bag vouches for its bytes
	replaced        // the package has a later version, which supersedes it, or the same bytes elsewhere
	damaged         // a checkpoint names it, but with other bytes
	gone            // it was removed meanwhile
)

// adoptExtra finds out what the objects inside of the bags are that no bag
// names. Verified packages of interrupted runs become candidates; their bytes
// are hashed, because an object that was not synced may have any content after a
// loss of power. It returns them by day and first path; the record is empty if
// there are several versions of a package.
func (r *run) adoptExtra(ctx context.Context) (map[string]map[string]Record, error) {
	adopted := map[string]map[string]Record{}
	var unexplained []string
	for attempt := range 2 {
		list := slices.SortedFunc(maps.Values(r.view.objects), func(a, b bucket.Object) int { return strings.Compare(a.Key, b.Key) })
		var err error
		if r.found, err = readCheckpoints(ctx, r.config.Bucket, list); err != nil {
			return nil, err
		}
		unexplained = nil
		for _, day := range slices.Sorted(maps.Keys(r.conditions)) {
			more, err := r.adoptDay(ctx, r.conditions[day], adopted)
			if err != nil {
				return nil, err
			}
			unexplained = append(unexplained, more...)
		}
		if len(unexplained) == 0 || attempt > 0 {
			break
		}
		// Another run may have committed them, and removed its checkpoints, since
		// the listing. A listing may also miss the newest checkpoints.
		if err := r.rescan(ctx); err != nil {
			return nil, err
		}
	}
	r.foreign = unexplained
	return adopted, nil
}

// rescan lists the bucket again, goes on to the newest entry, and finds the
// objects again that no bag names.
func (r *run) rescan(ctx context.Context) error {
	r.moved = true
	if err := r.refreshListing(ctx); err != nil {
		return err
	}
	for day, c := range r.conditions {
		again, err := r.view.inspectDay(ctx, day)
		if err != nil {
			return err
		}
		c.extra = again.extra
	}
	return nil
}

func (r *run) adoptDay(ctx context.Context, c *condition, adopted map[string]map[string]Record) (unexplained []string, err error) {
	var earlier map[string][]Record // of tags objects, by key
	var committed map[string]*Record
	if len(c.extra) == 0 || !c.readable() {
		return nil, nil
	}
	if b, ok := r.view.state.bags[c.day]; ok {
		t, lost, err := r.view.readTags(ctx, c.day, b.TagmanifestSHA256)
		if err == nil {
			err = lost
		}
		if err != nil {
			return nil, err
		}
		committed = recordsByFirst(t.records)
	}
	for _, o := range c.extra {
		_, path, _ := bagDay(o.Key)
		if !payloadName.MatchString(path) {
			if slices.Contains(tagNames(), path) && committed == nil && r.view.hadBag(c.day) {
				r.removable = append(r.removable, o.Key)
				continue
			}
			unexplained = append(unexplained, o.Key)
			continue
		}
		if earlier == nil {
			if earlier, err = r.earlierRecords(ctx, c.day); err != nil {
				return nil, err
			}
		}
		record, is, err := r.explain(ctx, o, committed[firstPath(path)], earlier)
		if err != nil {
			return nil, err
		}
		switch is {
		case unknown:
			unexplained = append(unexplained, o.Key)
		case verified:
			r.candidate(record)
			if adopted[c.day] == nil {
				adopted[c.day] = map[string]Record{}
			}
			first := firstPath(path)
			if _, several := adopted[c.day][first]; several || committed[first] != nil {
				record = Record{} // it may not be the version that is kept
			}
			adopted[c.day][first] = record
		case replaced, damaged:
			r.removable = append(r.removable, o.Key)
		case gone:
		}
	}
	return unexplained, nil
}

// explain finds out what a payload file is.
func (r *run) explain(ctx context.Context, o bucket.Object, committed *Record, earlier map[string][]Record) (Record, origin, error) {
	sha, err := r.hash(ctx, o.Key)
	if errors.Is(err, bucket.ErrNotExist) {
		return Record{}, gone, nil
	}
	if err != nil {
		return Record{}, unknown, err
	}
	if committed != nil && (committed.SHA256 == sha || slices.Contains(committed.Supersedes, sha)) {
		if r.day(committed.Day()).missing[committed.Path] != "" && committed.SHA256 == sha {
			// The bytes of a package that is missing: they are copied to its path.
			again := *committed
			_, again.Path, _ = bagDay(o.Key)
			return again, replaced, r.repairFrom(ctx, o.Key, committed)
		}
		return Record{}, replaced, nil
	}
	named := vouched(r.found, o.Key)
	for _, v := range append(named, vouched(earlier, o.Key)...) {
		if v.SHA256 == sha {
			return v, verified, nil
		}
	}
	for _, l := range r.view.state.lost {
		if l.SHA256 != sha || !samePackage(l.Path, o.Key) {
			continue
		}
		return r.recover(ctx, o.Key, l, earlier)
	}
	if len(named) > 0 {
		return Record{}, damaged, nil
	}
	return Record{}, unknown, nil
}

// samePackage reports whether two keys are those of versions of one package.
func samePackage(a, b string) bool {
	dayA, pathA, _ := bagDay(a)
	dayB, pathB, _ := bagDay(b)
	return dayA == dayB && firstPath(pathA) == firstPath(pathB)
}

// recover returns the record of a lost package whose file has returned: the
// former one if an earlier tags object has it, else one without provenance.
func (r *run) recover(ctx context.Context, key string, l Lost, earlier map[string][]Record) (Record, origin, error) {
	_, path, _ := bagDay(key)
	for _, v := range vouched(earlier, l.Path) {
		if v.SHA256 == l.SHA256 {
			v.Path = path
			return v, verified, nil
		}
	}
	record, err := r.measure(ctx, key)
	return record, verified, err
}

// measure rebuilds the record of a payload file from its name and its bytes,
// without provenance.
func (r *run) measure(ctx context.Context, key string) (Record, error) {
	day, path, _ := bagDay(key)
	record, err := recordAt(day, path)
	if err != nil {
		return Record{}, err
	}
	body, err := r.config.Bucket.Open(ctx, key)
	if err != nil {
		return Record{}, err
	}
	defer body.Close()
	c, err := newMeter().copy(nil, body)
	c.into(&record)
	return record, err
}

// earlierRecords reads all tags objects of a day.
func (r *run) earlierRecords(ctx context.Context, day string) (map[string][]Record, error) {
	all := map[string][]Record{}
	for _, key := range slices.Sorted(maps.Keys(r.view.objects)) {
		m := tagsName.FindStringSubmatch(key)
		if m == nil || m[1] != day {
			continue
		}
		data, err := bucket.ReadAll(ctx, r.config.Bucket, key, maxTags)
		if errors.Is(err, bucket.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if t, err := decodeTags(day, m[2], data); err == nil {
			all[key] = t.records
		}
	}
	return all, nil
}

// hadBag reports whether there was a bag of a day: packages of it were lost, or
// it has a tags object.
func (v *view) hadBag(day string) bool {
	for key := range v.objects {
		if m := tagsName.FindStringSubmatch(key); m != nil && m[1] == day {
			return true
		}
	}
	for _, l := range v.state.lost {
		if d, _, _ := bagDay(l.Path); d == day {
			return true
		}
	}
	return false
}

// repairFrom copies the bytes of a missing package to its path.
func (r *run) repairFrom(ctx context.Context, from string, committed *Record) error {
	if err := bucket.Copy(ctx, r.config.Bucket, from, committed.Key(), bucket.ReplaceDurable); err != nil {
		return err
	}
	delete(r.day(committed.Day()).missing, committed.Path)
	delete(r.conditions[committed.Day()].missing, committed.Path)
	return r.config.Bucket.Sync(ctx, []string{committed.Key()})
}

// rebuilt is a day whose tag files were lost with all of their copies.
type rebuilt struct {
	tagmanifest string // of the lost tag files
	records     []Record
	aside       []string // keys of other versions, which are kept below superseded/
	accepted    Acceptance
}

// rebuild handles a day whose tag files are lost. That is a loss of evidence
// which has to be accepted. The records are then rebuilt from the payload,
// without provenance, and committed at once.
func (r *run) rebuild(ctx context.Context, d *dayWork, c *condition) error {
	f := r.view.lostTags(c)
	reason := r.config.Accept[f.Token]
	if reason == "" {
		r.findings = append(r.findings, f)
		return nil
	}
	b := &rebuilt{tagmanifest: c.bag.TagmanifestSHA256, accepted: Acceptance{Token: f.Token, Reason: reason}}
	best := map[string]Record{}
	for _, path := range slices.Sorted(maps.Keys(r.view.days[d.day])) {
		if !payloadName.MatchString(path) {
			continue
		}
		record, err := r.measure(ctx, bagFolder(d.day)+path)
		if errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotPackage) {
			if err := r.keepAside(ctx, bagFolder(d.day)+path); err != nil {
				return err
			}
			b.aside = append(b.aside, bagFolder(d.day)+path)
			continue
		}
		if err != nil {
			return err
		}
		loser, ok := best[record.first()]
		if !ok {
			best[record.first()] = record
			continue
		}
		if record.UncompressedBytes > loser.UncompressedBytes {
			best[record.first()] = record
		} else {
			loser = record
		}
		if err := r.keepAside(ctx, loser.Key()); err != nil {
			return err
		}
		b.aside = append(b.aside, loser.Key())
	}
	b.records = slices.Collect(maps.Values(best))
	d.rebuilt = b
	if err := r.commitDays(ctx, []*dayWork{d}); err != nil {
		return err
	}
	for _, key := range b.aside {
		r.removeQuietly(ctx, key)
	}
	// The day is an ordinary one from here on.
	d.rebuilt = nil
	r.moved = true
	if err := r.refreshListing(ctx); err != nil {
		return err
	}
	again, err := r.view.inspectDay(ctx, d.day)
	if err != nil {
		return err
	}
	*c = *again
	return nil
}

// keepAside copies a file to superseded/.
func (r *run) keepAside(ctx context.Context, key string) error {
	sha, err := r.hash(ctx, key)
	if err != nil {
		return err
	}
	return bucket.Copy(ctx, r.config.Bucket, key, supersededKey(sha), bucket.ReplaceDurable)
}

// lostTags is the finding about a day whose tag files are lost. Its token stands
// for the names and lengths of the payload files that remain.
func (v *view) lostTags(c *condition) Finding {
	remaining := map[string]int64{}
	for path, o := range v.days[c.day] {
		if payloadName.MatchString(path) {
			remaining[path] = o.Size
		}
	}
	then := fmt.Sprintf("the records of its %d packages are rebuilt from their files, without their provenance", c.bag.Packages)
	switch gone := c.bag.Packages - int64(len(remaining)); {
	case len(remaining) == 0:
		then = fmt.Sprintf("all of its %d packages are lost, because their files are missing too", c.bag.Packages)
	case gone > 0:
		then = fmt.Sprintf("%d of its %d packages are lost, because their files are missing too, and the records of the others are rebuilt from their files, without their provenance", gone, c.bag.Packages)
	}
	return Finding{
		Kind: FindingLoss, Day: c.day, Token: dayToken(c.day, c.bag.Sequence, listingHash(remaining)),
		Message: fmt.Sprintf("%s; if this is accepted, %s", c.lost, then),
	}
}

// relistMissing adds tasks for missing packages that the current scope does not
// list: each is requested under the scopes that the archive had before.
func (r *run) relistMissing(ctx context.Context, tasks []task) ([]task, error) {
	wanted := map[string]bool{}
	for i := range tasks {
		wanted[bagFolder(tasks[i].day)+tasks[i].path] = true
	}
	for _, day := range slices.Sorted(maps.Keys(r.conditions)) {
		c := r.conditions[day]
		if len(c.missing) == 0 || c.tags == nil || r.config.Relist == nil {
			continue
		}
		var open []*Record
		for i := range c.tags.records {
			record := &c.tags.records[i]
			if c.missing[record.Path] != "" && !wanted[bagFolder(day)+record.first()] {
				open = append(open, record)
			}
		}
		for _, s := range r.formerScopes() {
			if len(open) == 0 {
				break
			}
			start, end := clip(s, day)
			if !start.Before(end) {
				continue
			}
			rows, err := r.config.Relist(ctx, s, start, end)
			if err != nil {
				return nil, fmt.Errorf("the packages that are missing on %s could not be requested again: %w", day, err)
			}
			byPath := map[string]teo.Package{}
			for _, row := range rows {
				byPath[identityOf(s.Layer, &row).path()] = row
			}
			open = slices.DeleteFunc(open, func(record *Record) bool {
				pkg, ok := byPath[record.first()]
				if ok {
					tasks = append(tasks, task{
						pkg: pkg, id: identityOf(s.Layer, &pkg), day: day, path: record.first(), committed: record, damaged: true, versioned: true,
					})
				}
				return ok
			})
		}
	}
	return tasks, nil
}

// formerScopes returns the scopes of the ledger that differ from the current one,
// newest first.
func (r *run) formerScopes() []Scope {
	var scopes []Scope
	for _, s := range slices.Backward(r.view.state.scopes) {
		if s.Scope.Equal(r.config.Scope) || slices.ContainsFunc(scopes, s.Scope.Equal) {
			continue
		}
		scopes = append(scopes, s.Scope)
	}
	return scopes
}

// clip returns the part of a day that lies within the window of a scope.
func clip(s Scope, day string) (start, end time.Time) {
	start = dayStart(day)
	end = start.AddDate(0, 0, 1)
	if s.Start.After(start) {
		start = s.Start
	}
	if !s.End.IsZero() && s.End.Before(end) {
		end = s.End
	}
	return start, end
}
