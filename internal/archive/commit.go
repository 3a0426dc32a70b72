package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// outcome is what a commit changes apart from the bags.
type outcome struct {
	scope     *Scope
	accepted  []Acceptance
	joined    bool
	destroyed bool
	snapshot  bool

	// seal is called on the state that the entry follows; nil keeps what it says.
	seal func(*state) (through string, complete bool)
}

// merged is a day after a merge of its newest bag with what the run has.
type merged struct {
	records []Record
	tags    *tagFiles // nil if no package remains
	changed bool

	// adopted are the first paths of packages whose version is a candidate.
	adopted map[string]bool

	superseded      []Superseded
	lost, recovered []Lost
	accepted        []Acceptance

	// preserve are versions whose bytes are copied to superseded/ first.
	preserve []Record

	// removable are keys that nothing names after the commit.
	removable []string
}

// commit writes one entry for days and for an outcome, on top of the newest
// entry. If another run is faster, its entries are judged, and the merge starts
// again on top of them. Nothing is written if nothing changed.
func (r *run) commit(ctx context.Context, days []*dayWork, o outcome) error {
	slices.SortFunc(days, func(a, b *dayWork) int { return strings.Compare(a.day, b.day) })
	for {
		won, err := r.tryCommit(ctx, days, o)
		if err != nil || won {
			return err
		}
		if err := r.advance(ctx); err != nil {
			return err
		}
	}
}

// tryCommit returns false if another run has written the next entry.
func (r *run) tryCommit(ctx context.Context, days []*dayWork, o outcome) (bool, error) {
	s := r.view.state
	commit, err := r.archive.randomID(16)
	if err != nil {
		return false, err
	}
	e := &Entry{
		Archive: s.archive, Layer: r.config.Scope.Layer, Sequence: s.head.Sequence + 1, Commit: commit, Previous: s.head.SHA256,
		WrittenAt: r.time, Agent: ascii(r.config.Agent), SealedThrough: s.sealedThrough, Complete: s.complete,
		Accepted: o.accepted, Joined: o.joined, Destroyed: o.destroyed, Bags: map[string]*Bag{},
	}
	if e.Archive == "" {
		if e.Archive, err = r.archive.randomID(16); err != nil {
			return false, err
		}
	}
	if o.scope != nil && (s.scope() == nil || !s.scope().Equal(*o.scope)) {
		e.Scope = o.scope
	}
	merges := map[*dayWork]*merged{}
	for _, d := range days {
		m, err := r.mergeComplete(ctx, d, e.Archive)
		if err != nil {
			return false, err
		}
		r.removable = append(r.removable, m.removable...)
		if !m.changed {
			continue
		}
		merges[d] = m
		e.Bags[d.day] = nil
		if m.tags != nil {
			b := m.tags.bag(e.Sequence)
			e.Bags[d.day] = &b
		}
		e.Superseded = append(e.Superseded, m.superseded...)
		e.Lost = append(e.Lost, m.lost...)
		e.Recovered = append(e.Recovered, m.recovered...)
		e.Accepted = append(e.Accepted, m.accepted...)
	}
	if o.seal != nil {
		e.SealedThrough, e.Complete = o.seal(s)
	}
	if len(e.Bags) == 0 && e.Scope == nil && len(e.Accepted) == 0 && !e.Joined && !e.Destroyed &&
		e.SealedThrough == s.sealedThrough && e.Complete == s.complete && s.head.Sequence > 0 {
		return true, nil
	}
	if isSnapshot(e.Sequence) || o.snapshot {
		e.snapshot(s)
	}
	if err := r.prepare(ctx, merges); err != nil {
		return false, err
	}
	data := e.encode()
	if _, err := decodeEntry(data); err != nil {
		return false, fmt.Errorf("entry %d would break a rule of the ledger: %w", e.Sequence, err)
	}
	won, err := r.put(ctx, e.Sequence, data)
	if err != nil || !won {
		return false, err
	}
	// Only a durable entry may become the head that a state keeps.
	if err := r.config.Bucket.Sync(ctx, []string{ledgerKey(e.Sequence)}); err != nil {
		return false, err
	}
	r.synced[ledgerKey(e.Sequence)] = true
	r.written[e.Sequence] = data
	r.view.chain.add(e.Sequence, data)
	if err := s.apply(e, hashOf(data)); err != nil {
		return false, fmt.Errorf("entry %d contradicts the ledger: %w", e.Sequence, err)
	}
	for d, m := range merges {
		if m.tags != nil {
			r.view.tags[d.day+m.tags.sha256()] = m.tags
		}
		r.unwritten[d.day] = true
	}
	r.markFinished()
	r.event(Event{Kind: EventCommitted, Sequence: e.Sequence})
	return true, r.probe(ctx, e.Sequence, data)
}

// prepare makes everything durable that an entry names: the previous entry,
// whose writer may have been killed before it did so, payload, preserved versions
// and tags objects.
func (r *run) prepare(ctx context.Context, merges map[*dayWork]*merged) error {
	var keys []string
	if n := r.view.state.head.Sequence; n > 0 && !r.synced[ledgerKey(n)] {
		keys = append(keys, ledgerKey(n))
	}
	days := slices.SortedFunc(maps.Keys(merges), func(a, b *dayWork) int { return strings.Compare(a.day, b.day) })
	for _, d := range days {
		m := merges[d]
		for i := range m.preserve {
			key := supersededKey(m.preserve[i].SHA256)
			err := bucket.Copy(ctx, r.config.Bucket, m.preserve[i].Key(), key, bucket.IfAbsent)
			if errors.Is(err, bucket.ErrExist) {
				var is string
				if is, err = r.hash(ctx, key); err == nil && is != m.preserve[i].SHA256 {
					err = bucket.Copy(ctx, r.config.Bucket, m.preserve[i].Key(), key, bucket.ReplaceDurable)
				}
			}
			if err != nil {
				return err
			}
			keys = append(keys, key)
		}
		for i := range m.records {
			if key := m.records[i].Key(); !r.synced[key] {
				keys = append(keys, key)
			}
		}
		if m.tags == nil {
			continue
		}
		key, err := r.writeCopy(ctx, m.tags)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	if err := r.config.Bucket.Sync(ctx, keys); err != nil {
		return err
	}
	for _, key := range keys {
		r.synced[key] = true
	}
	return nil
}

// writeCopy writes the tags object of a bag. Its name contains its hash; what
// exists there and has other bytes is damaged and overwritten.
func (r *run) writeCopy(ctx context.Context, t *tagFiles) (key string, err error) {
	key = tagsKey(t.day, t.sha256())
	data, err := t.tar()
	if err != nil {
		return key, err
	}
	err = bucket.WriteAll(ctx, r.config.Bucket, key, data, bucket.IfAbsentDurable)
	if !errors.Is(err, bucket.ErrExist) {
		return key, err
	}
	is, err := r.hash(ctx, key)
	if err == nil && is != hashOf(data) {
		err = bucket.WriteAll(ctx, r.config.Bucket, key, data, bucket.ReplaceDurable)
	}
	return key, err
}

// put writes an entry if it is absent, and returns false if another one is
// there. An attempt with an unknown outcome is repeated with the same bytes.
func (r *run) put(ctx context.Context, sequence int64, data []byte) (bool, error) {
	retries := tcapi.NewRetries(max(r.config.MaxRetries, minPutRetries), r.config.Pace)
	for {
		err := bucket.WriteAll(ctx, r.config.Bucket, ledgerKey(sequence), data, bucket.IfAbsentDurable)
		if err == nil && r.arbitrates {
			return true, nil
		}
		if err == nil || errors.Is(err, bucket.ErrExist) {
			var is []byte
			if is, err = bucket.ReadAll(ctx, r.config.Bucket, ledgerKey(sequence), maxEntry); err == nil {
				return bytes.Equal(is, data), nil
			}
		}
		if b, ok := errors.AsType[*bucket.Error](err); ctx.Err() != nil || ok && b.Permanent() {
			return false, err
		}
		wait, again := retries.After(tcapi.Transient, 0)
		if !again {
			return false, err
		}
		if err := tcapi.Sleep(ctx, wait); err != nil {
			return false, err
		}
	}
}

// minPutRetries is how often an entry is written again at least: its outcome
// should become known.
const minPutRetries = 5

// probe checks on the first commit of a run that the store refuses to overwrite:
// it writes the same bytes again.
func (r *run) probe(ctx context.Context, sequence int64, data []byte) error {
	if r.probed || !r.arbitrates {
		return nil
	}
	r.probed = true
	err := bucket.WriteAll(ctx, r.config.Bucket, ledgerKey(sequence), data, bucket.IfAbsentDurable)
	if err == nil {
		r.noArbitration()
	}
	if err == nil || errors.Is(err, bucket.ErrExist) || ctx.Err() == nil {
		return nil // a probe that failed says nothing
	}
	return err
}

func (r *run) noArbitration() {
	r.arbitrates = false
	r.warn("Destination cannot arbitrate between runs", "This store cannot refuse to overwrite an object, so two runs at the same time can overwrite each other's work. Run one apply at a time.")
}

// advance goes on to the newest entry, after judging the entries of other runs.
func (r *run) advance(ctx context.Context) error {
	v := r.view
	base := v.state
	if !r.arbitrates {
		// An entry that this run has read or written may have been overwritten.
		v.chain = newChain(v.bucket)
	}
	newest, err := v.chain.newest(ctx, base.head.Sequence)
	if err != nil || newest == base.head.Sequence {
		return err
	}
	s, broken, err := v.chain.fold(ctx, newest)
	if err != nil {
		return err
	}
	v.state, r.moved = s, true
	r.suspect(base.head.Sequence)
	var findings []Finding
	if len(broken) > 0 {
		findings = append(findings, Finding{Kind: FindingForgery, Message: "the ledger contradicts itself: " + names(broken)})
	} else if base.head.Sequence > 0 {
		if findings, err = v.judgeEntries(ctx, base, r.config.Accept); err != nil {
			v.state = base
			return err
		}
	}
	for i := range findings {
		findings[i].Token = headToken(s.head, base.head)
	}
	open, accepted := sortFindings(findings, r.config.Accept)
	if len(open) > 0 {
		v.state = base
		return &FindingsError{Findings: open}
	}
	if len(accepted) > 0 {
		return r.accept(ctx, accepted)
	}
	return r.syncHead(ctx)
}

// syncHead makes the newest entry durable, because its writer may have been
// killed before it did so, and a state is going to keep its hash.
func (r *run) syncHead(ctx context.Context) error {
	key := ledgerKey(r.view.state.head.Sequence)
	if r.view.state.head.Sequence == 0 || r.synced[key] {
		return nil
	}
	r.synced[key] = true
	return r.config.Bucket.Sync(ctx, []string{key})
}

// accept records accepted findings about the ledger in an entry of their own: a
// snapshot, so that no reader has to go back to what was accepted.
func (r *run) accept(ctx context.Context, accepted []Finding) error {
	token := accepted[0].Token
	return r.commit(ctx, nil, outcome{accepted: []Acceptance{{Token: token, Reason: r.config.Accept[token]}}, snapshot: true})
}

// mergeComplete merges a day and checks with a listing that everything exists
// that its bag will name. Candidates that are gone are dropped.
func (r *run) mergeComplete(ctx context.Context, d *dayWork, archive string) (*merged, error) {
	for {
		m, err := r.merge(ctx, d, archive)
		if err != nil || !m.changed {
			return m, err
		}
		list, err := r.config.Bucket.List(ctx, bagFolder(d.day))
		if err != nil {
			return nil, err
		}
		sizes := make(map[string]int64, len(list))
		for _, o := range list {
			sizes[o.Key] = o.Size
		}
		gone := false
		for i := range m.records {
			rec := &m.records[i]
			if size, ok := sizes[rec.Key()]; ok && size == rec.StoredBytes {
				continue
			}
			if r.dropCandidate(d, rec) {
				gone = true
			}
			// Else it is committed and missing: an open loss, which the bag must
			// go on naming.
		}
		if !gone {
			return m, nil
		}
	}
}

// merge combines the newest bag of a day with the candidates of the run.
func (r *run) merge(ctx context.Context, d *dayWork, archive string) (*merged, error) {
	m := &merged{adopted: map[string]bool{}}
	b, exists := r.view.state.bags[d.day]
	var base []Record
	if exists && (d.rebuilt == nil || b.TagmanifestSHA256 != d.rebuilt.tagmanifest) {
		t, lost, err := r.view.readTags(ctx, d.day, b.TagmanifestSHA256)
		if err == nil {
			err = lost
		}
		if err != nil {
			return nil, err
		}
		base = slices.Clone(t.records)
	}
	byFirst := map[string]Record{}
	for i := range base {
		byFirst[base[i].first()] = base[i]
	}
	r.mergeLoss(d, b, byFirst, m)
	for _, c := range r.candidatesOf(d) {
		if err := r.mergeCandidate(ctx, d, c, byFirst, m); err != nil {
			return nil, err
		}
	}
	m.changed = m.changed || len(m.lost) > 0
	if !m.changed {
		return m, nil
	}
	for _, first := range slices.Sorted(maps.Keys(byFirst)) {
		m.records = append(m.records, byFirst[first])
	}
	if len(m.records) == 0 {
		m.changed = exists
		for _, name := range tagNames() {
			m.removable = append(m.removable, bagFolder(d.day)+name)
		}
		return m, nil
	}
	var err error
	m.tags, err = newTagFiles(archive, r.config.Agent, r.config.Scope.Layer, d.day, m.records)
	return m, err
}

// mergeLoss drops packages whose loss was accepted, and records that.
func (r *run) mergeLoss(d *dayWork, b Bag, byFirst map[string]Record, m *merged) {
	if d.rebuilt != nil && b.TagmanifestSHA256 == d.rebuilt.tagmanifest {
		for _, rec := range d.rebuilt.records {
			byFirst[rec.first()] = rec
		}
		m.removable = append(m.removable, d.rebuilt.aside...)
		m.accepted = append(m.accepted, d.rebuilt.accepted)
		m.changed = true
	}
	if d.accepted == nil {
		return
	}
	for _, l := range d.accepted.lost {
		_, path, _ := bagDay(l.Path)
		if rec, ok := byFirst[firstPath(path)]; ok && rec.Path == path && rec.SHA256 == l.SHA256 {
			delete(byFirst, firstPath(path))
			m.lost = append(m.lost, l)
		}
	}
	if len(m.lost) > 0 {
		m.accepted = append(m.accepted, Acceptance{Token: d.accepted.token, Reason: d.accepted.reason})
	}
}

// mergeCandidate decides between a candidate and the version that the bag has:
// the one whose content starts with the other's, then the larger one, then the
// committed one.
func (r *run) mergeCandidate(ctx context.Context, d *dayWork, c candidate, byFirst map[string]Record, m *merged) error {
	first := c.record.first()
	old, exists := byFirst[first]
	if !exists {
		if r.view.wasLost(d.day, first) {
			for _, l := range r.view.state.lost {
				if day, path, _ := bagDay(l.Path); day == d.day && firstPath(path) == first && l.SHA256 == c.record.SHA256 {
					m.recovered = append(m.recovered, l)
				}
			}
			if err := r.rename(ctx, &c.record, m); err != nil {
				return err
			}
		}
		byFirst[first] = c.record
		m.adopted[first] = true
		m.changed = true
		return nil
	}
	if old.SHA256 == c.record.SHA256 || slices.Contains(old.Supersedes, c.record.SHA256) {
		if c.record.Path != old.Path {
			m.removable = append(m.removable, c.record.Key())
		}
		m.keep(byFirst, old, c)
		return nil
	}
	rel, err := r.relate(ctx, &old, &c.record, d.missing[old.Path] != "")
	if errors.Is(err, bucket.ErrNotExist) {
		r.dropCandidate(d, &c.record)
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case rel == startsWith, rel == extends, rel == unrelated && c.record.UncompressedBytes > old.UncompressedBytes:
	case rel == unreadable:
		// The former bytes are lost. Only an acceptance lets the new version in.
		if d.missing[old.Path] == "" {
			d.missing[old.Path] = "it cannot be read"
		}
		return nil
	default:
		m.removable = append(m.removable, c.record.Key())
		r.kept[old.Key()] = fmt.Sprintf("%s (%d bytes instead of %d)", old.label(), c.record.UncompressedBytes, old.UncompressedBytes)
		m.keep(byFirst, old, c)
		return nil
	}
	if err := r.rename(ctx, &c.record, m); err != nil {
		return err
	}
	if rel != startsWith {
		m.preserve = append(m.preserve, old) // it is not a part of the new file
	}
	if rel == unrelated {
		r.replaced[old.Key()] = fmt.Sprintf("%s (now %s)", old.label(), supersededKey(old.SHA256))
	}
	m.superseded = append(m.superseded, Superseded{
		Path: old.Key(), OldSHA256: old.SHA256, OldBytes: old.StoredBytes,
		NewSHA256: c.record.SHA256, NewBytes: c.record.StoredBytes, Extends: rel != unrelated,
	})
	m.removable = append(m.removable, old.Key())
	c.record.Supersedes = append(slices.Clone(old.Supersedes), old.SHA256)
	m.adopted[first] = true
	byFirst[first] = c.record
	m.changed = true
	return nil
}

// keep notes the size that the service listed for a download that was not kept,
// unless another run has committed the version that is kept since: its listing
// may be newer.
func (m *merged) keep(byFirst map[string]Record, old Record, c candidate) {
	size := c.record.listedSize()
	newest := c.downloaded && (c.knew == old.SHA256 || m.adopted[old.first()])
	if !newest || size == nil || equalSize(size, old.listedSize()) {
		return
	}
	if old.ListedSize = size; equalSize(size, old.Size) {
		old.ListedSize = nil
	}
	byFirst[old.first()] = old
	m.changed = true
}

// rename gives a candidate the name of a later version.
func (r *run) rename(ctx context.Context, c *Record, m *merged) error {
	if c.Path != c.first() {
		return nil
	}
	from := c.Key()
	c.Path = versionPath(c.Path, c.SHA256)
	m.removable = append(m.removable, from)
	if err := r.checkpoints.write(ctx, *c); err != nil {
		return err
	}
	return r.copyVersion(ctx, from, c)
}

// relate compares two versions, once for each pair.
func (r *run) relate(ctx context.Context, old, c *Record, damaged bool) (relation, error) {
	key := old.SHA256 + c.SHA256
	if rel, ok := r.relations[key]; ok {
		return rel, nil
	}
	rel, err := relate(ctx, r.config.Bucket, old, c, damaged)
	if err == nil {
		r.relations[key] = rel
	}
	return rel, err
}
