package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/fetch"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

const (
	// bagTime is how long a bag stays open. A kill costs the packages of the open
	// bags.
	bagTime = 5 * time.Minute

	// lastCommit is the time that an interrupted run has to commit what is complete.
	lastCommit = time.Minute
)

// Report is the result of a run. It is valid with and without an error.
type Report struct {
	*Summary

	Warnings []Warning

	// Repaired are the keys of files that were missing or damaged.
	Repaired []string

	// SignedThrough is the number of the entry that is signed last; 0 if there is none
	// or nothing is signed.
	SignedThrough int64
}

// Run archives what is stable and not archived yet, repairs what is missing or
// damaged, and commits. drift is what a plan handed over; nil if no plan did.
//
// The report is nil if nothing could be read. The error is a *RunError if packages
// failed or the run ended early, a *FindingsError if it did not begin, a
// *ScopeError, or one of Open.
func (a *Archive) Run(ctx context.Context, drift []byte) (*Report, error) {
	r, err := a.begin(ctx)
	if err != nil {
		return nil, err
	}
	workers := r.startWorkers(ctx)
	err = r.run(ctx, drift)
	workers()
	if failure := r.flushHead(context.WithoutCancel(ctx)); err == nil {
		err = failure
	}
	report := r.report()
	r.sign(ctx, err, report)
	return report, r.result(err)
}

// run is one run of an archive. Workers and commits get what they need, and hand back
// their results through channels.
type run struct {
	repairer

	opened *Opened
	fetch  *fetch.Client
	used   map[string]bool // folders of bags

	queue   chan *task
	results chan *result

	days      map[string]*dayRun // with tasks or open bags
	ready     []*staged          // closed bags
	committed chan outcome       // of the commit in flight; nil if there is none

	settled  map[string]bool // days of which nothing is left to do
	lossy    map[string]bool // days with files that are missing after the downloads
	failed   map[string]bool // package keys
	absent   map[string]bool // failing packages that are no longer listed
	resolved map[string]bool // failing packages that fail no more
	losses   []missing
	pending  change // what the next commit contains beside bags

	waiting, skipped, gaveUp, done, total int
	doneBytes                             int64
	deadline                              time.Time // no download is started after it
	stopped                               error     // why no download is started any more
	quiet                                 bool      // the run went through all days

	odd []string // packages that cannot be decompressed
}

// dayRun is a day that is being archived.
type dayRun struct {
	day  string
	left int // tasks that are not done
	bad  bool
	base int64 // the newest entry when the day was planned
	bag  *openBag
	old  []*openBag // closed for new packages
}

// openBag is a bag that receives packages.
type openBag struct {
	folder   string
	opened   time.Time
	records  []bag.Record
	replaces []ledger.File // damaged files whose bytes are in the bag
	inFlight int
}

// begin reads the ledger, checks it, and creates it if there is none.
func (a *Archive) begin(ctx context.Context) (*run, error) {
	c := &a.config
	r := &run{
		repairer: newRepairer(c), used: map[string]bool{}, days: map[string]*dayRun{}, settled: map[string]bool{}, lossy: map[string]bool{},
		failed: map[string]bool{}, absent: map[string]bool{}, resolved: map[string]bool{},
		queue: make(chan *task), results: make(chan *result),
	}
	if c.MaxRunTime > 0 {
		r.deadline = c.Now().Add(c.MaxRunTime)
	}
	r.fetch = fetch.New(fetch.Options{
		Transport: c.Transport, Agent: c.Agent, Pace: c.Pace, MaxRetries: c.MaxRetries, StallTimeout: c.StallTimeout, MinRate: c.MinRate, Now: c.Now,
		Layer: c.Layer, Relist: r.relist,
		Retried: func(p *teo.Package, err error) {
			c.Progress(Event{Kind: EventRetried, Day: bag.Day(p.Start.Time), Package: bag.IdentityOf(c.Layer, p).String(), Err: err})
		},
	})
	opened, err := a.Open(ctx)
	switch {
	case errors.Is(err, ledger.ErrNoArchive) && c.Trusted == nil && c.Archive == "":
		var destroyed *ledger.DestroyedError
		if errors.As(err, &destroyed) {
			return nil, &ScopeError{Destination: c.Bucket.String(), Message: destroyed.Error() + "; choose another prefix"}
		}
		return r, r.create(ctx)
	case err != nil:
		return nil, err
	}
	r.opened, r.log = opened, opened.log
	if findings := r.ledgerFindings(); len(findings) > 0 {
		return nil, &FindingsError{findings}
	}
	if err := a.joins(opened); err != nil {
		return nil, err
	}
	return r, r.commitScope(ctx)
}

// relist lists a day for fresh URLs.
func (r *run) relist(ctx context.Context, day string) ([]teo.Package, error) {
	start := bag.DayStart(day)
	return r.config.List(ctx, start, start.Add(24*time.Hour), maxDayRows)
}

// create writes entry 1, which claims the prefix.
func (r *run) create(ctx context.Context) error {
	id, err := NewID(r.config.Random, 16)
	if err != nil {
		return err
	}
	r.log = ledger.Begin(r.config.Bucket, id, r.now)
	r.opened = &Opened{log: r.log}
	err = r.commit(ctx, &change{scope: &r.config.Scope})
	if errors.Is(err, ledger.ErrConflict) {
		return fmt.Errorf("%w; run apply again", ledger.ErrConflict)
	}
	return err
}

// ledgerFindings returns the findings of the ledger, and of a scope that another resource has
// set.
func (r *run) ledgerFindings() []Finding {
	if len(r.opened.Findings) > 0 {
		return r.opened.Findings
	}
	if f := r.opened.scopeFinding(r.config); f != nil {
		return []Finding{*f}
	}
	return nil
}

// commitScope commits at once that the resource joins an archive that it found, that
// the scope changed, or that a roll-back was accepted.
func (r *run) commitScope(ctx context.Context) error {
	ch := &change{base: r.log.Head.Sequence, abandons: r.opened.abandons, joins: r.config.Trusted == nil, departs: r.opened.departs}
	for _, id := range ch.departs {
		ch.accepted = append(ch.accepted, leftToken(id))
	}
	if !r.log.State.Scope.Equal(&r.config.Scope) {
		ch.scope = &r.config.Scope
		ch.accepted = append(ch.accepted, scopeToken(r.log.State.ScopeSequence))
	}
	if ch.scope == nil && ch.abandons == nil && !ch.joins && len(ch.departs) == 0 {
		return nil
	}
	return r.commit(ctx, ch)
}

// run does the work.
func (r *run) run(ctx context.Context, handoff []byte) (err error) {
	s := r.scanner()
	if r.planned = handoff != nil; r.planned {
		r.drift, err = s.again(ctx, handoff)
	} else {
		r.drift, err = s.scan(ctx)
	}
	if err != nil {
		return err
	}
	if err := s.strike(ctx, r.drift); err != nil {
		return err
	}
	r.drift.sortOut()
	for folder := range r.log.State.Bags {
		r.used[folder] = true
	}
	for _, u := range r.drift.Uncommitted {
		r.used[u.Folder] = true
	}
	if err := r.maintain(ctx); err != nil {
		return err
	}
	err = r.archive(ctx)
	return r.finish(ctx, err)
}

// archive lists the open days, oldest first, and downloads what is new.
func (r *run) archive(ctx context.Context) error {
	broken := r.brokenFiles()
	days := map[string]bool{}
	for key := range broken {
		days[ledger.DayOf(key)] = true
	}
	for _, folder := range r.drift.nameless() {
		days[bag.FolderDay(folder)] = true
	}
	l := &lister{config: r.config, now: r.now}
	for _, s := range openDays(r.config, r.log.State, r.now, sortedKeys(days)) {
		for first := s.first; first <= s.last; {
			rows, last, err := l.next(ctx, first, s.last)
			if err != nil {
				return err
			}
			if err := r.wait(ctx); err != nil {
				return err
			}
			plans, err := r.planDays(ctx, first, last, rows, broken)
			if err != nil {
				return err
			}
			if err := r.execute(ctx, plans); err != nil {
				return err
			}
			first = nextDay(last)
		}
	}
	return nil
}

// planDays plans the days of a range.
func (r *run) planDays(ctx context.Context, first, last string, rows []teo.Package, broken map[string]string) ([]*dayPlan, error) {
	if r.pending.empty() {
		r.pending.base = r.log.Head.Sequence
	}
	byDay, failures := splitRows(r.config, rows)
	r.failures = append(r.failures, failures...)
	var plans []*dayPlan
	for day := first; day <= last; day = nextDay(day) {
		if r.log.State.IsExpired(day) {
			continue
		}
		versions, err := readDay(ctx, r.scanner(), day)
		if err != nil {
			return nil, err
		}
		in := &dayInput{config: r.config, state: r.log.State, now: r.now, versions: versions, rows: byDay[day], broken: broken}
		p := planDay(in)
		if len(failures) > 0 {
			p.settled = false
		}
		r.note(in, p)
		plans = append(plans, p)
	}
	return plans, nil
}

// note keeps what the plan of a day says beside its tasks.
func (r *run) note(in *dayInput, p *dayPlan) {
	r.waiting += p.waiting
	r.losses = append(r.losses, p.missing...)
	for _, key := range in.failingGone() {
		r.absent[key] = true
	}
	for _, key := range sortedKeys(in.state.Failing) {
		if ledger.DayOf(key) == p.day && !r.absent[key] && !slices.ContainsFunc(p.tasks, func(t task) bool { return t.key() == key }) {
			r.resolved[key] = true // archived meanwhile, or erased
		}
	}
	d := &dayRun{day: p.day, base: r.log.Head.Sequence, left: len(p.tasks), bad: !p.settled}
	if len(p.missing) > 0 {
		r.lossy[p.day] = true
	}
	if len(p.tasks) > 0 {
		r.days[p.day] = d
		r.total += len(p.tasks)
	} else {
		r.settled[p.day] = !d.bad
	}
}

// execute downloads the tasks of some days, in order, and commits bags as they are
// done.
func (r *run) execute(ctx context.Context, plans []*dayPlan) error {
	var tasks []*task
	for _, p := range plans {
		for i := range p.tasks {
			tasks = append(tasks, &p.tasks[i])
		}
	}
	next, inFlight := 0, 0
	cancelled := ctx.Done()
	for {
		if !r.deadline.IsZero() && !r.config.Now().Before(r.deadline) && r.stopped == nil {
			r.stopped = errMaxRunTime
		}
		var queue chan<- *task
		var t *task
		if next < len(tasks) && r.stopped == nil {
			t = tasks[next]
			if err := r.openBag(t); err != nil {
				return err
			}
			queue = r.queue
		}
		if t == nil && inFlight == 0 {
			break
		}
		select {
		case queue <- t:
			r.days[t.day].bagOf(t.folder).inFlight++
			next++
			inFlight++
		case result := <-r.results:
			inFlight--
			r.take(ctx, result)
			r.closeBags(false)
			r.startCommit(ctx)
		case err := <-r.committed:
			if err := r.commitDone(err); err != nil {
				r.stop(err)
			}
			r.startCommit(ctx)
		case <-cancelled:
			cancelled = nil
			r.stop(context.Cause(ctx))
		}
	}
	for _, t := range tasks[next:] {
		r.skipped++
		r.days[t.day].bad = true
	}
	if r.stopped != nil {
		return r.stopped
	}
	return nil
}

// errMaxRunTime ends the downloads of a run that has reached Config.MaxRunTime.
var errMaxRunTime = errors.New("max_run_time has passed")

func (r *run) stop(err error) {
	if r.stopped == nil || errors.Is(r.stopped, errMaxRunTime) {
		r.stopped = err
	}
}

// openBag gives a task the bag that its day has open.
func (r *run) openBag(t *task) error {
	d := r.days[t.day]
	now := r.config.Now()
	if d.bag != nil && now.Sub(d.bag.opened) >= bagTime {
		d.old = append(d.old, d.bag)
		d.bag = nil
	}
	if d.bag == nil {
		folder, err := r.newFolder(t.day)
		if err != nil {
			return err
		}
		d.bag = &openBag{folder: folder, opened: now}
	}
	t.folder = d.bag.folder
	return nil
}

// newFolder draws the folder of a bag.
func (r *run) newFolder(day string) (string, error) {
	for {
		id, err := NewID(r.config.Random, 4)
		if err != nil {
			return "", err
		}
		folder := bag.Folder(day, id)
		if !r.used[folder] {
			r.used[folder] = true
			return folder, nil
		}
	}
}

func (d *dayRun) bagOf(folder string) *openBag {
	if d.bag != nil && d.bag.folder == folder {
		return d.bag
	}
	i := slices.IndexFunc(d.old, func(b *openBag) bool { return b.folder == folder })
	return d.old[i]
}

// resolve notes that a package does not fail any more. It keeps only the keys of
// packages that failed before, for memory must not grow with the packages.
func (r *run) resolve(t *task) {
	delete(r.failed, t.key())
	if t.failing {
		r.resolved[t.key()] = true
	}
}

// take notes the result of a task.
func (r *run) take(ctx context.Context, res *result) {
	t := res.task
	d := r.days[t.day]
	b := d.bagOf(t.folder)
	b.inFlight--
	d.left--
	r.done++
	r.doneBytes += res.bytes
	event := Event{Kind: EventArchived, Day: t.day, Package: t.id.String(), Bytes: res.bytes, Err: res.err}
	if res.record != nil {
		b.records = append(b.records, *res.record)
		r.resolve(t)
		if res.record.Unreadable != "" {
			r.odd = append(r.odd, fmt.Sprintf("%s: %s", t.id, res.record.Unreadable))
		}
	}
	if res.refused != nil {
		b.replaces = append(b.replaces, ledger.File{
			Path: res.refused.record.Key(), SHA256: res.refused.record.SHA256, Bytes: res.refused.record.StoredBytes, ReplacedBy: res.record.Key(),
		})
		r.repaired = append(r.repaired, res.refused.record.Key())
	}
	if res.back != nil {
		r.restored(res.back)
	}
	if (res.same || res.back != nil && !res.back.lost) && t.current != nil && res.record == nil {
		r.resolve(t)
		if !sameSize(t.row.Size, t.listed) {
			r.pending.relist(t.current.Key(), t.row.Size)
		}
	}
	for i := range t.wanted {
		w := &t.wanted[i]
		replaced := res.back != nil && res.back.record.Key() == w.record.Key() || res.refused != nil && res.refused.record.Key() == w.record.Key()
		if replaced || w.lost {
			continue
		}
		source := otherBytes
		switch {
		case res.err == nil:
		case errors.Is(res.err, fetch.ErrGone):
			source = noLongerServed
		default:
			source = "" // the download failed for another reason
		}
		if source != "" {
			r.lossy[t.day] = true
			current := t.current != nil && t.current.Key() == w.record.Key() && res.record == nil
			r.losses = append(r.losses, missing{record: w.record, why: w.why, source: source, current: current})
		}
	}
	if res.err != nil {
		r.fail(ctx, t, d, res.err)
		event.Kind = EventFailed
	}
	if d.left == 0 && !d.bad {
		r.settled[t.day] = true
	}
	event.Done, event.Total, event.DoneBytes = r.done, r.total, r.doneBytes
	if ctx.Err() == nil || res.err == nil {
		r.config.Progress(event)
	}
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

// noLongerServed is what the service has instead of a file that is missing.
const noLongerServed = "EdgeOne does not serve it any more"

// fail notes a package that could not be archived.
func (r *run) fail(ctx context.Context, t *task, d *dayRun, err error) {
	b, isBucket := errors.AsType[*bucket.Error](err)
	switch {
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		d.bad = true
		r.skipped++
		return
	case t.accepted && !isBucket:
		return // its loss is accepted
	case isBucket && b.Permanent():
		r.stop(err)
	}
	if len(t.wanted) > 0 && errors.Is(err, fetch.ErrGone) {
		return // a loss
	}
	d.bad = true
	if !isBucket && len(t.wanted) == 0 {
		r.failed[t.key()] = true
	}
	r.gaveUp++
	r.failures = append(r.failures, Failure{Package: t.id.String(), Key: t.key(), Err: err})
}

// closeBags closes the bags that receive no more packages. With all, every bag is
// closed: nothing is in flight any more.
func (r *run) closeBags(all bool) {
	for _, day := range sortedKeys(r.days) {
		d := r.days[day]
		if d.bag != nil && (d.left == 0 || all) {
			d.old = append(d.old, d.bag)
			d.bag = nil
		}
		d.old = slices.DeleteFunc(d.old, func(b *openBag) bool {
			if b.inFlight > 0 {
				return false
			}
			if len(b.records) > 0 {
				r.ready = append(r.ready, &staged{folder: b.folder, records: b.records, replaces: b.replaces, base: d.base})
			}
			return true
		})
		if d.left == 0 && d.bag == nil && len(d.old) == 0 {
			delete(r.days, day)
		}
	}
}

// startCommit commits the bags that are closed, unless a commit is in flight.
func (r *run) startCommit(ctx context.Context) {
	if r.committed != nil || len(r.ready) == 0 || r.stopped != nil {
		return
	}
	ch, c := r.takePending(), r.committer
	done := make(chan outcome, 1)
	r.committer, r.committed = nil, done
	go func() {
		ctx, end := outlive(ctx)
		defer end()
		done <- outcome{c, ch, c.commit(ctx, ch)}
	}()
}

// outcome is what a commit hands back: the committer, which it has had to itself, the
// change, and how it ended.
type outcome struct {
	committer *committer
	change    *change
	err       error
}

// outlive returns a context that ends a while after ctx: a commit that is under way is
// finished.
func outlive(ctx context.Context) (late context.Context, end func()) {
	late, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(lastCommit, func() { cancel(context.Cause(ctx)) })
	})
	return late, func() {
		stop()
		cancel(nil)
	}
}

// takePending returns what the next commit contains.
func (r *run) takePending() *change {
	ch := r.pending
	r.pending = change{}
	ch.bags, r.ready = r.ready, nil
	ch.seal, ch.settled = true, map[string]bool{}
	for day, settled := range r.settled {
		if _, open := r.days[day]; settled && !open && !r.lossy[day] {
			ch.settled[day] = true
		}
	}
	return &ch
}

// commitDone takes the outcome of a commit.
func (r *run) commitDone(o outcome) error {
	r.committed, r.committer = nil, o.committer
	r.collect(o.change)
	for _, f := range o.change.failures {
		r.settled[ledger.DayOf(f.Key)] = false
		r.gaveUp++
	}
	for _, st := range o.change.bags {
		for i := range st.records {
			// Another run has said that it fails.
			if key := ledger.PackageKey(st.day(), st.records[i].Path); r.log.State.Failing[key] != 0 {
				r.resolved[key] = true
			}
		}
	}
	return o.err
}

// wait waits for the commit in flight.
func (r *run) wait(ctx context.Context) error {
	if r.committed == nil {
		return nil
	}
	err := r.commitDone(<-r.committed)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// startWorkers starts the goroutines that download. The function that it returns
// ends them.
func (r *run) startWorkers(ctx context.Context) (end func()) {
	var workers sync.WaitGroup
	for range r.config.Parallelism {
		workers.Go(func() {
			m := bag.NewMeter()
			for t := range r.queue {
				r.results <- copyPackage(ctx, r.config, r.fetch, m, t)
			}
		})
	}
	return func() {
		close(r.queue)
		workers.Wait()
	}
}

// flushHead flushes the newest entry if another run wrote it: the state keeps it as its
// head, and a loss of power must not look like a roll-back.
func (r *run) flushHead(ctx context.Context) error {
	head := r.log.Head
	if head.Sequence == r.own || r.config.Trusted != nil && *r.config.Trusted == head {
		return nil
	}
	return r.config.Bucket.Sync(ctx, []string{ledger.Key(head.Sequence)})
}

// brokenFiles are the payload files that the drift names, with what is wrong.
func (r *run) brokenFiles() map[string]string {
	broken := map[string]string{}
	for folder, b := range r.drift.Bags {
		for path, why := range b.Files {
			broken[folder+"/"+path] = why
		}
	}
	return broken
}

// finish commits what is left, however the run ended.
func (r *run) finish(ctx context.Context, err error) error {
	interrupted := ctx.Err() != nil
	if interrupted {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastCommit)
		defer cancel()
	}
	if r.committed != nil {
		if failure := r.commitDone(<-r.committed); failure != nil && !interrupted {
			return failure
		}
	}
	r.closeBags(true)
	for _, key := range sortedKeys(r.failed) {
		if r.resolved[key] {
			delete(r.failed, key)
		}
	}
	quiet := err == nil || errors.Is(err, errMaxRunTime)
	ch := r.takePending()
	if quiet {
		if failure := r.decideLosses(ctx, ch, r.losses, r.absent); failure != nil {
			return failure
		}
		ch.failing, ch.failed, ch.resolved = true, r.failed, r.resolved
		for day := range r.lossy {
			ch.settled[day] = r.settled[day] && !slices.ContainsFunc(r.findings, func(f Finding) bool { return f.Day == day })
		}
	}
	if failure := r.commitDone(outcome{r.committer, ch, r.commit(ctx, ch)}); failure != nil {
		return failure
	}
	if failure := r.remove(ctx, ch); failure != nil && quiet {
		return failure
	}
	if !r.log.Conditional {
		if failure := r.log.ReadBack(ctx); failure != nil {
			return failure
		}
		r.warnings = append(r.warnings, Warning{
			"Store without conditional writes",
			r.config.Bucket.String() + " overwrites objects that must not be overwritten. Run one apply at a time; two at once can end the archive.",
		})
	}
	if !quiet {
		return err
	}
	r.quiet = true
	return r.config.Bucket.Sweep(ctx, sweepAge)
}

// sweepAge is how old an unfinished write is before it is removed.
const sweepAge = 24 * time.Hour

// report describes the run.
func (r *run) report() *Report {
	pending := int64(r.waiting + r.skipped + r.gaveUp)
	s := summarize(r.log, pending)
	s.Member = r.config.Member
	if r.quiet || r.config.Member.Sequence == 0 {
		s.Member.Sequence, s.Member.SealedThrough = r.log.Head.Sequence, r.log.State.SealedThrough
	}
	if r.log.State.Scope.Equal(&r.config.Scope) {
		s.Member.ScopeSequence = r.log.State.ScopeSequence
	}
	report := &Report{Summary: s, Repaired: r.repaired, Warnings: r.warnings}
	slices.Sort(report.Repaired)
	report.Repaired = slices.Compact(report.Repaired)
	if len(r.odd) > 0 {
		report.Warnings = append(report.Warnings, Warning{
			"Packages that cannot be decompressed",
			printable.Count(len(r.odd), "package") + " archived as served: " + names(r.odd) + ".",
		})
	}
	if !r.planned {
		report.Warnings = append(report.Warnings, r.opened.Warnings...)
		if r.drift != nil {
			report.Warnings = append(report.Warnings, r.drift.warnings(r.config.Bucket.String())...)
		}
	}
	report.Warnings = append(report.Warnings, StoreWarnings(r.config.Bucket)...)
	return report
}

// StoreWarnings returns what a store lacks, as far as it is known by now.
func StoreWarnings(b bucket.Bucket) []Warning {
	var warnings []Warning
	for _, text := range b.Warnings() {
		warnings = append(warnings, Warning{"Limits of the store", text + "."})
	}
	return warnings
}

// result makes one error of what a run could not do.
func (r *run) result(err error) error {
	if r.scopeMoved && err == nil {
		err = errScopeMoved
	}
	if err == nil && len(r.failures) == 0 && len(r.findings) == 0 {
		return nil
	}
	skipped := 0
	if err != nil {
		skipped = r.skipped
	}
	return &RunError{Failures: r.failures, Findings: r.findings, Err: err, Skipped: skipped}
}

// errScopeMoved means that the packages of this run are committed, and no day was
// sealed.
var errScopeMoved = errors.New("another run changed the scope of the archive meanwhile; this run sealed no day")

// sign signs the head at the end of a run, which ended with an error or without. An
// interrupted run leaves it to the next one.
func (r *run) sign(ctx context.Context, err error, report *Report) {
	s := r.config.Sign
	if s == nil {
		return
	}
	report.SignedThrough = s.Through
	if ctx.Err() != nil || isUnsignable(err) {
		return
	}
	through, warnings := (&signer{r.config, r.log}).signHead(ctx)
	report.SignedThrough = through
	report.Warnings = append(report.Warnings, warnings...)
}
