package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Run archives what is stable of a listing of the whole window and not archived
// yet, repairs what is damaged, and commits. listedAt is the Date header of the
// list response; zero if unknown.
//
// The summary is valid with and without an error, unless it is nil. The error is
// a *RunError if packages failed or the run ended early, a *FindingsError if it
// did not begin because of findings, a *ScopeError or a *ForeignError.
func (a *Archive) Run(ctx context.Context, listing []teo.Package, listedAt time.Time) (*Summary, error) {
	if a.config.Transport == nil {
		return nil, errors.New("an archive needs a transport for its downloads")
	}
	r, err := a.newRun(ctx, listedAt)
	if err != nil {
		return nil, err
	}
	if err := r.begin(ctx); err != nil {
		return r.summary(), err
	}
	err = r.archiveListing(ctx, listing)
	r.removeIncoming(ctx)
	return r.summary(), r.result(err)
}

// run is one run of an archive. Its methods are called from one goroutine,
// except for those that download.
type run struct {
	archive *Archive
	config  *Config
	view    *view
	id      string
	time    time.Time // the earlier of the local clock and the service's

	arbitrates, probed bool

	// moved means that another run has written entries since the listing.
	moved bool

	checkpoints *checkpoints
	relists     relists

	conditions map[string]*condition
	days       map[string]*dayWork
	relations  map[string]relation // by the hashes of two versions
	synced     map[string]bool     // keys that are durable
	finished   *Head               // the newest entry whose tag files are written
	unwritten  map[string]bool     // days whose tag files are older than the ledger
	suspects   map[string]bool     // days whose tag files may be: other runs changed them
	written    map[int64][]byte    // entries of this run
	removable  []string            // keys that no entry names any more
	found      map[string][]Record // checkpoints of other runs, by key
	foreign    []string
	findings   []Finding
	obstacles  obstacles
	waiting    int // listed packages that are not stable yet

	kept, replaced map[string]string // for warnings, by key
	warnings       []Warning

	mu       sync.Mutex // guards the rest, and candidates and failures of days
	incoming []string   // keys of temporary objects
	done     int
	total    int
	skipped  int
	plain    int // packages that were downloaded over plain http
	sizes    []string
	repaired []string // keys
	failures []Failure
}

// dayWork is what a run does for one day.
type dayWork struct {
	day string

	candidates []candidate // guarded by run.mu
	tasks      int         // not done yet
	blocked    bool        // a package is pending, or something is wrong

	// missing are packages of the bag that are absent or damaged, by path.
	// untried are those of them whose download failed for another reason than
	// that the service no longer has them.
	missing map[string]string // guarded by run.mu while tasks are open
	untried []string          // guarded by run.mu

	// sequence is that of the bag when the run began: the one that the token of
	// a loss that a plan has shown contains.
	sequence int64
	accepted *acceptedLoss
	rebuilt  *rebuilt
}

// candidate is a verified package that the next commit of its day may name.
type candidate struct {
	record Record

	// downloaded means that this run has downloaded it. knew is then the hash of
	// the version that was committed at that time.
	downloaded bool
	knew       string
}

// acceptedLoss are packages whose loss is accepted.
type acceptedLoss struct {
	lost          []Lost
	token, reason string
}

func (a *Archive) newRun(ctx context.Context, listedAt time.Time) (*run, error) {
	id, err := a.randomID(8)
	if err != nil {
		return nil, err
	}
	r := &run{
		archive: a, config: &a.config, id: id, time: a.config.Now().UTC().Truncate(time.Second),
		checkpoints: &checkpoints{bucket: a.config.Bucket, run: id},
		relists:     relists{config: &a.config, days: map[string]*relisted{}},
		days:        map[string]*dayWork{}, relations: map[string]relation{}, synced: map[string]bool{}, unwritten: map[string]bool{}, suspects: map[string]bool{},
		written: map[int64][]byte{}, kept: map[string]string{}, replaced: map[string]string{},
	}
	if !listedAt.IsZero() && listedAt.Before(r.time) {
		r.time = listedAt.UTC().Truncate(time.Second)
	}
	if r.arbitrates, err = a.config.Bucket.Arbitrates(ctx); err != nil {
		return nil, err
	}
	if !r.arbitrates {
		r.noArbitration()
	}
	if r.view, err = scan(ctx, a.config.Bucket); err != nil {
		return nil, err
	}
	return r, r.syncHead(ctx)
}

// begin judges the ledger and commits what does not wait for packages: the first
// entry, the scope, acceptances, and that a run has joined.
func (r *run) begin(ctx context.Context) error {
	v, c := r.view, r.config
	if v.state.destroyed && c.Witness == nil {
		// The removal of an earlier archive was interrupted.
		if _, err := r.remove(ctx); err != nil {
			return err
		}
		var err error
		if r.view, err = scan(ctx, c.Bucket); err != nil {
			return err
		}
		v = r.view
	}
	if v.state.head.Sequence == 0 && c.Witness == nil {
		if foreign := v.strangers(); len(foreign) > 0 {
			return &ForeignError{Destination: c.Bucket.String(), Keys: foreign}
		}
	}
	findings, err := v.judgeHead(ctx, c.Witness, c.Accept)
	if err != nil {
		return err
	}
	open, accepted := sortFindings(findings, c.Accept)
	if len(open) > 0 {
		return &FindingsError{Findings: open}
	}
	seen := int64(0)
	if c.Witness != nil && len(accepted) == 0 {
		seen = c.Witness.Sequence
	}
	r.suspect(seen)
	o := outcome{scope: &c.Scope}
	if len(accepted) > 0 {
		token := accepted[0].Token
		o.accepted = []Acceptance{{Token: token, Reason: c.Accept[token]}}
		o.snapshot = true
		if v.state.destroyed {
			v.state.destroyed = false
		}
	}
	if found := v.state.scope(); found != nil && c.Witness == nil {
		if !found.Equal(c.Scope) {
			return &ScopeError{Destination: c.Bucket.String(), Found: *found, Wanted: c.Scope}
		}
		o.joined = true
		r.warn("Head of the archive is trusted", fmt.Sprintf("The destination already contained this archive, and the state had no head of it. The run trusted entry %s.", v.state.head))
	} else if found != nil && found.Layer != c.Scope.Layer {
		return &ScopeError{Destination: c.Bucket.String(), Found: *found, Wanted: c.Scope}
	}
	r.finished = c.Witness
	r.markFinished()
	if v.state.head.Sequence > 0 && !o.joined && len(o.accepted) == 0 && v.state.scope() != nil && v.state.scope().Equal(c.Scope) {
		return nil
	}
	err = r.commit(ctx, nil, o)
	if err == nil && len(o.accepted) > 0 {
		// The acceptance must not be asked for again, however the run ends.
		head := r.view.state.head
		r.finished = &head
	}
	return err
}

// markFinished notes that the tag files of all bags are those that the newest
// entry names. Only such an entry becomes the head of a state: the run after it
// examines the days that later entries have changed.
func (r *run) markFinished() {
	if len(r.unwritten)+len(r.suspects) == 0 && r.view.state.head.Sequence > 0 {
		head := r.view.state.head
		r.finished = &head
	}
}

// archiveListing does the work of a run.
func (r *run) archiveListing(ctx context.Context, listing []teo.Package) error {
	if err := r.refreshListing(ctx); err != nil {
		return err
	}
	v := r.view
	var err error
	if r.conditions, err = v.conditions(ctx); err != nil {
		return err
	}
	if r.config.VerifyPayload {
		if err := v.verify(ctx, r.config.Parallelism, r.conditions); err != nil {
			return err
		}
	}
	for _, day := range slices.Sorted(maps.Keys(r.conditions)) {
		c := r.conditions[day]
		d := r.day(day)
		maps.Copy(d.missing, c.missing)
		if c.staleTags {
			r.unwritten[day] = true
		}
		if c.lost != nil {
			if err := r.rebuild(ctx, d, c); err != nil {
				return err
			}
		}
	}
	adopted, err := r.adoptExtra(ctx)
	if err != nil {
		return err
	}
	diff, err := v.compare(ctx, r.config.Scope, *r.config.StableAfter, r.time, listing, r.conditions, adopted)
	if err != nil {
		return err
	}
	for day, n := range diff.waiting {
		r.day(day).blocked = true
		r.waiting += n
	}
	r.failures = append(r.failures, diff.failures...)
	tasks, err := r.relistMissing(ctx, diff.tasks)
	if err != nil {
		return err
	}
	if err := r.work(ctx, tasks); err != nil {
		return err
	}
	return r.finish(ctx)
}

// refreshListing lists the bucket again until no other run has written an entry
// meanwhile, so that what the newest entry names is not taken for missing.
func (r *run) refreshListing(ctx context.Context) error {
	for range maxScans {
		if !r.moved {
			break
		}
		r.moved = false
		if err := r.view.list(ctx); err != nil {
			return err
		}
		if err := r.advance(ctx); err != nil {
			return err
		}
	}
	return nil
}

// day returns the work of a day.
func (r *run) day(day string) *dayWork {
	d := r.days[day]
	if d == nil {
		d = &dayWork{day: day, missing: map[string]string{}}
		if b, ok := r.view.state.bags[day]; ok {
			d.sequence = b.Sequence
		}
		r.days[day] = d
	}
	return d
}

// work downloads all tasks, several at a time and in order of time, and commits
// each day as soon as its packages are done.
func (r *run) work(ctx context.Context, tasks []task) error {
	slices.SortStableFunc(tasks, func(a, b task) int { return cmp.Or(strings.Compare(a.day, b.day), strings.Compare(a.path, b.path)) })
	r.total = len(tasks)
	for i := range tasks {
		tasks[i].number = i + 1
		r.day(tasks[i].day).tasks++
	}
	finished := make(chan *dayWork, len(r.days))
	var ready []*dayWork // done, not committed yet
	open := 0            // days with tasks
	for _, day := range slices.Sorted(maps.Keys(r.days)) {
		switch d := r.days[day]; {
		case d.tasks > 0:
			open++
		case len(d.candidates) > 0:
			ready = append(ready, d)
		}
	}

	ctx, stop := context.WithCancelCause(ctx)
	queue := make(chan *task)
	var workers sync.WaitGroup
	for range min(r.config.Parallelism, len(tasks)) {
		workers.Go(func() {
			m := newMeter()
			for t := range queue {
				r.one(ctx, stop, m, t, finished)
			}
		})
	}
	workers.Go(func() {
		defer close(queue)
		for i := range tasks {
			select {
			case queue <- &tasks[i]:
			case <-ctx.Done():
				r.skip(len(tasks) - i)
				return
			}
		}
	})
	err := r.commitFinished(ctx, finished, ready, open)
	if err != nil {
		stop(err)
	}
	workers.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	stop(nil)
	return err
}

// commitWait is how long a finished day waits for others, at most, before it is
// committed.
const commitWait = 10 * time.Second

// commitFinished commits days as they are done, except for those that are done
// last: the final entry of the run contains them. Each commit waits for twice as
// many days as the one before it, so that a long backlog does not need an entry
// for each day.
func (r *run) commitFinished(ctx context.Context, finished <-chan *dayWork, ready []*dayWork, open int) error {
	const most = 64
	enough := 1
	timer := time.NewTimer(commitWait)
	defer timer.Stop()
	for open > 0 {
		late := false
		select {
		case d := <-finished:
			ready = append(ready, d)
			open--
		case <-timer.C:
			late = true
			timer.Reset(commitWait)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if open == 0 || len(ready) == 0 || len(ready) < enough && !late {
			continue
		}
		if err := r.commitDays(ctx, ready); err != nil {
			return err
		}
		ready, enough = nil, min(2*enough, most)
		timer.Reset(commitWait)
	}
	return nil
}

func (r *run) commitDays(ctx context.Context, days []*dayWork) error {
	if err := r.commit(ctx, days, outcome{}); err != nil {
		return err
	}
	return r.writeTagFiles(ctx)
}

// one downloads a package and notes the outcome. A destination that fails for
// every package ends the run.
func (r *run) one(ctx context.Context, stop context.CancelCauseFunc, m *meter, t *task, finished chan<- *dayWork) {
	var record Record
	err := context.Cause(ctx)
	if err == nil {
		record, err = r.fetch(ctx, m, t)
	}
	if b, ok := errors.AsType[*bucket.Error](err); ok && b.Permanent() {
		stop(err)
	}
	r.mu.Lock()
	d := r.days[t.day]
	d.tasks--
	last := d.tasks == 0
	event := Event{Day: t.day, Package: t.id.label(), Err: err}
	r.done++
	switch {
	case err == nil:
		knew := ""
		if t.committed != nil {
			knew = t.committed.SHA256
		}
		d.candidates = append(d.candidates, candidate{record: record, downloaded: true, knew: knew})
		if t.damaged && record.Path == t.committed.Path {
			delete(d.missing, record.Path)
			r.repaired = append(r.repaired, record.Key())
		}
		r.describeDownload(&record)
		event.Kind, event.Bytes = EventArchived, record.StoredBytes
	case ctx.Err() != nil:
		r.skipped++
	case t.damaged && errors.Is(err, ErrSourceGone):
		// Not a failed download but a loss, see finish.
		event.Kind = EventFailed
	default:
		d.blocked = true
		if t.damaged {
			d.untried = append(d.untried, t.committed.Path)
		}
		r.failures = append(r.failures, Failure{Package: t.id.label(), Key: bagFolder(t.day) + t.path, Err: err})
		event.Kind = EventFailed
	}
	r.mu.Unlock()
	if event.Kind != "" {
		r.event(event)
	}
	if last {
		finished <- d
	}
}

// describeDownload notes what a warning will mention.
func (r *run) describeDownload(record *Record) {
	if record.SourceScheme == "http" {
		r.plain++
	}
	if size := record.Size; size != nil && *size != record.UncompressedBytes && (record.Layer == teo.L7 || *size != record.StoredBytes) {
		r.sizes = append(r.sizes, fmt.Sprintf("%s: %d bytes instead of %d", record.label(), record.UncompressedBytes, *size))
	}
}

// finish decides about losses, commits what is left, and cleans up.
func (r *run) finish(ctx context.Context) error {
	if r.hasMissing() {
		// Repairs and new versions first: what is missing after them is lost.
		if err := r.commitDays(ctx, r.allDays()); err != nil {
			return err
		}
		if err := r.decideLosses(ctx); err != nil {
			return err
		}
	}
	if err := r.config.Bucket.Sync(ctx, r.repaired); err != nil {
		return err
	}
	if err := r.restoreCopies(ctx); err != nil {
		return err
	}
	r.obstacles = obstacles{pending: map[string]bool{}, damaged: map[string]bool{}}
	for day, d := range r.days {
		r.obstacles.pending[day] = d.blocked
		r.obstacles.damaged[day] = len(d.missing) > 0
	}
	for _, f := range r.findings {
		r.obstacles.damaged[f.Day] = true
	}
	for _, key := range r.foreign {
		day, _, _ := bagDay(key)
		r.obstacles.damaged[day] = true
	}
	err := r.commit(ctx, r.allDays(), outcome{seal: func(s *state) (string, bool) {
		return s.sealed(r.config.Scope, *r.config.StableAfter, r.time, r.obstacles)
	}})
	if err != nil {
		return err
	}
	if err := r.writeTagFiles(ctx); err != nil {
		return err
	}
	if err := r.readBack(ctx); err != nil {
		return err
	}
	return r.cleanUp(ctx)
}

func (r *run) hasMissing() bool {
	for _, d := range r.days {
		if len(d.missing) > 0 {
			return true
		}
	}
	return false
}

func (r *run) allDays() []*dayWork {
	var days []*dayWork
	for _, day := range slices.Sorted(maps.Keys(r.days)) {
		if d := r.days[day]; len(d.candidates) > 0 || d.accepted != nil || d.rebuilt != nil {
			days = append(days, d)
		}
	}
	return days
}

// restoreCopies writes tags objects that are missing or damaged.
func (r *run) restoreCopies(ctx context.Context) error {
	var keys []string
	for day, b := range r.view.badCopies {
		if c := r.conditions[day]; b && c != nil {
			c.staleCopy = true
		} else if b {
			r.conditions[day] = &condition{day: day, staleCopy: true}
		}
	}
	for _, day := range slices.Sorted(maps.Keys(r.conditions)) {
		b, ok := r.view.state.bags[day]
		if !ok || !r.conditions[day].staleCopy {
			continue
		}
		t, lost, err := r.view.readTags(ctx, day, b.TagmanifestSHA256)
		if err != nil {
			return err
		}
		if lost != nil {
			continue
		}
		key, err := r.writeCopy(ctx, t)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	return r.config.Bucket.Sync(ctx, keys)
}

// suspect marks the days that entries after a sequence have changed. Whoever
// wrote them may have been killed before writing the tag files, and lengths alone
// do not always show that.
func (r *run) suspect(after int64) {
	for day, b := range r.view.state.bags {
		if b.Sequence > after {
			r.suspects[day] = true
		}
	}
}

// maxSuspects is the number of suspect days whose tag files are all read. Of more
// than these, such as all days of an archive that a run joins, only the
// tagmanifest is read, which is written last.
const maxSuspects = 31

// examineSuspects reads the tag files of the suspect days.
func (r *run) examineSuspects(ctx context.Context) error {
	isStale := r.view.staleFiles
	if len(r.suspects) > maxSuspects {
		isStale = r.view.staleManifest
	}
	for _, day := range slices.Sorted(maps.Keys(r.suspects)) {
		if b, ok := r.view.state.bags[day]; ok && !r.unwritten[day] {
			stale, err := isStale(ctx, day, b)
			if err != nil {
				return err
			}
			r.unwritten[day] = stale
			if !stale {
				delete(r.unwritten, day)
			}
		}
		delete(r.suspects, day)
	}
	return nil
}

// writeTagFiles writes the tag files of the newest bag of each day whose bag is
// newer than they are, the tagmanifest last. It then looks for newer entries,
// and repeats the days that have moved on. Any run may do so.
func (r *run) writeTagFiles(ctx context.Context) error {
	for {
		if err := r.examineSuspects(ctx); err != nil {
			return err
		}
		if len(r.unwritten) == 0 {
			r.markFinished()
			return nil
		}
		wrote := map[string]Bag{}
		var keys []string
		for _, day := range slices.Sorted(maps.Keys(r.unwritten)) {
			b, ok := r.view.state.bags[day]
			wrote[day] = b
			if !ok {
				for _, name := range tagNames() {
					r.removeQuietly(ctx, bagFolder(day)+name)
				}
				continue
			}
			t, lost, err := r.view.readTags(ctx, day, b.TagmanifestSHA256)
			if err != nil {
				return err
			}
			if lost != nil {
				continue
			}
			for _, name := range tagNames() {
				key := bagFolder(day) + name
				if err := bucket.WriteAll(ctx, r.config.Bucket, key, t.files[name], bucket.Replace); err != nil {
					return err
				}
				keys = append(keys, key)
			}
		}
		if err := r.config.Bucket.Sync(ctx, keys); err != nil {
			return err
		}
		if err := r.advance(ctx); err != nil {
			return err
		}
		for day, b := range wrote {
			if r.view.state.bags[day] == b {
				delete(r.unwritten, day)
				delete(r.suspects, day)
			}
		}
	}
}

// readBack checks, on a store that does not arbitrate, that no other run has
// overwritten an entry of this one.
func (r *run) readBack(ctx context.Context) error {
	if r.arbitrates {
		return nil
	}
	for _, sequence := range slices.Sorted(maps.Keys(r.written)) {
		is, err := r.hash(ctx, ledgerKey(sequence))
		if err == nil && is != hashOf(r.written[sequence]) || errors.Is(err, bucket.ErrNotExist) {
			err = ErrNoArbitration
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// candidate adds a verified package to its day.
func (r *run) candidate(record Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.day(record.Day())
	d.candidates = append(d.candidates, candidate{record: record})
}

// candidatesOf returns the candidates of a day in a fixed order. What this run has
// downloaded comes last, because its listing is the newest.
func (r *run) candidatesOf(d *dayWork) []candidate {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.Clone(d.candidates)
	slices.SortStableFunc(list, func(a, b candidate) int {
		if a.downloaded != b.downloaded {
			if a.downloaded {
				return 1
			}
			return -1
		}
		return compareRecords(a.record, b.record)
	})
	return list
}

// dropCandidate gives up a candidate whose payload is gone: another run has
// removed it, because it has committed a better version. It reports whether the
// record was a candidate.
func (r *run) dropCandidate(d *dayWork, record *Record) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(d.candidates)
	d.candidates = slices.DeleteFunc(d.candidates, func(c candidate) bool {
		return c.record.SHA256 == record.SHA256 && c.record.first() == record.first()
	})
	if len(d.candidates) == before {
		return false
	}
	d.blocked = true
	r.failures = append(r.failures, Failure{Package: record.label(), Key: record.Key(), Err: ErrRaced})
	return true
}

// incomingKey returns a new name for a download of a task. It depends on nothing
// but the task and how often it was tried.
func (r *run) incomingKey(t *task) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := incomingKey(r.id, t.number+t.incoming*r.total)
	t.incoming++
	r.incoming = append(r.incoming, key)
	return key
}

func (r *run) skip(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped += n
}

func (r *run) event(e Event) {
	r.mu.Lock()
	e.Done, e.Total = r.done, r.total
	r.mu.Unlock()
	r.config.Progress(e)
}

// warn adds a warning, once.
func (r *run) warn(summary, detail string) {
	if w := (Warning{summary, detail}); !slices.Contains(r.warnings, w) {
		r.warnings = append(r.warnings, w)
	}
}

// summary describes the archive after the run.
func (r *run) summary() *Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.view.state.summary()
	s.Head = cmp.Or(r.finished, r.config.Witness)
	s.lower(r.config.Scope, r.obstacles)
	s.PendingCount = int64(r.waiting + r.skipped + len(r.failures))
	list := func(summary, format string, texts []string) {
		if len(texts) > 0 {
			r.warn(summary, fmt.Sprintf(format, len(texts), names(texts)))
		}
	}
	if r.plain > 0 {
		r.warn("Packages were downloaded over plain http", fmt.Sprintf("%d packages were downloaded over plain http, where they could have been changed on the way. Their records say so.", r.plain))
	}
	slices.Sort(r.sizes)
	list("Packages have another size than listed", "%d packages have another size than the service lists. They are archived as served, and their records contain both sizes: %s.", r.sizes)
	list("Larger versions of packages were kept", "The service now serves %d packages with less content than is archived. The archived versions are kept: %s.",
		slices.Sorted(maps.Values(r.kept)))
	list("Content of packages was replaced", "The service replaced %d packages by larger ones that do not start with the archived content. "+
		"The new versions are archived, and the former ones are kept: %s.", slices.Sorted(maps.Values(r.replaced)))
	s.Warnings = slices.Clone(r.warnings)
	return s
}

// result is the error of the run, if it has one.
func (r *run) result(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &RunError{Failures: r.failures, Findings: r.findings, Foreign: r.foreign, Skipped: r.skipped, Err: err}
	if f, ok := errors.AsType[*FindingsError](err); ok {
		e.Findings, e.Err = append(e.Findings, f.Findings...), nil
	}
	if e.Err == nil && len(e.Failures)+len(e.Foreign)+len(e.Findings)+e.Skipped == 0 {
		return nil
	}
	return e
}
