package archive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// The simulation plays short histories of a few runs on one bucket. Every operation
// of a bucket is a step, and a seed decides everything: which run goes next, which
// operation fails or loses its response, when a run is killed or sleeps, what the
// service lists meanwhile, and what outsiders do. After each step and each history
// the invariants of the protocol are checked.
//
// defaultSeeds is few because the race detector makes a history several times
// slower. make test also runs thousands of seeds without it (make simulate).
const defaultSeeds = 150

// The flag -seeds sets the number of seeds, and -seed runs a single one and prints
// its history.
var (
	seedsFlag = flag.Uint64("seeds", defaultSeeds, "number of histories that the simulation tries")
	seedFlag  = flag.Uint64("seed", 0, "the only history that the simulation tries, and prints")
)

func TestSimulation(t *testing.T) {
	t.Parallel()
	if *seedFlag != 0 {
		h := simulate(t, *seedFlag)
		t.Log(h.String())
		h.report(t)
		return
	}
	const workers = 2
	seeds := *seedsFlag
	if testing.Short() {
		seeds = min(seeds, 20)
	}
	for worker := range uint64(workers) {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			for seed := worker + 1; seed <= seeds && !t.Failed(); seed += workers {
				simulate(t, seed).report(t)
			}
		})
	}
}

// A seed decides everything, or it could not be run again.
func TestSimulationIsDeterministic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		if a, b := simulate(t, seed).String(), simulate(t, seed).String(); a != b {
			t.Fatalf("seed %d has two histories:\n%s\n\n%s", seed, a, b)
		}
	}
}

// profile says which kinds of events a history has.
type profile struct {
	faults, kills, power, outsider, restores, rewrites, jumps, erases, expires, scopes, hides bool

	overwrites, immutable, demands bool
}

// history is one history.
type history struct {
	seed    uint64
	random  *rand.Rand
	profile profile
	store   *memoryStore
	service *simulatedService
	clock   time.Time
	lines   []string
	wrong   []string
	step    int

	mu      sync.Mutex
	waiting []*pendingOp

	states []*simulatedState
	saved  []map[string]memoryObject

	// damaged are keys that outsiders or a loss of power have changed or removed, and
	// so a run may replace them.
	damaged map[string]bool

	// touched is set when an outsider or a loss of power has touched the ledger.
	log     *ledger.Replay
	entries map[int64][]byte

	// mayFind means that findings are possible: outsiders were here, or the service
	// has dropped or rewritten packages.
	mayFind bool
}

// simulatedState is what one resource keeps.
type simulatedState struct {
	archive string
	head    *ledger.Head
	member  Member
	scope   ledger.Scope
	accept  map[string]string
	erase   map[string]string
}

// pendingOp is an operation that waits for its turn.
type pendingOp struct {
	run  *simulatedRun
	op   memoryOp
	turn chan turn
}

type turn struct {
	fault memoryFault
	err   error
}

type simulatedRun struct {
	index  int
	state  *simulatedState
	cancel context.CancelCauseFunc
	killed bool
	sleeps int
	done   bool

	report       *Report
	verification *Verification
	err          error
}

// quietRun is the index of runs that nothing disturbs.
const quietRun = 9

var errKilled = errors.New("killed")

// simulate plays one history.
func simulate(t *testing.T, seed uint64) *history {
	h := &history{
		seed: seed, random: rand.New(rand.NewPCG(seed, 1)), damaged: map[string]bool{}, entries: map[int64][]byte{},
	}
	h.clock = firstDay.AddDate(0, 1, 0)
	h.store = newMemoryStore(func() time.Time { return h.clock })
	h.forget()
	synctest.Test(t, func(*testing.T) { h.play() })
	return h
}

func (h *history) report(t *testing.T) {
	t.Helper()
	if len(h.wrong) > 0 {
		t.Errorf("seed %d:\n%s\n\nrun it alone: go test -run '^TestSimulation$' ./internal/archive -seed %d\n%s",
			h.seed, strings.Join(h.wrong, "\n"), h.seed, h.String())
	}
}

func (h *history) String() string { return strings.Join(h.lines, "\n") }

func (h *history) say(format string, args ...any) {
	h.lines = append(h.lines, fmt.Sprintf("%4d  ", h.step)+fmt.Sprintf(format, args...))
}

func (h *history) violate(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	h.say("VIOLATION %s", text)
	h.wrong = append(h.wrong, text)
}

func (h *history) chance(percent int) bool { return h.random.IntN(100) < percent }

// play is the history: rounds of concurrent runs, and then quiet runs.
func (h *history) play() {
	p := &h.profile
	p.faults, p.kills, p.power, p.jumps = h.chance(60), h.chance(60), h.chance(25), h.chance(40)
	p.outsider, p.restores, p.rewrites, p.hides = h.chance(20), h.chance(12), h.chance(25), h.chance(20)
	p.erases, p.expires, p.scopes = h.chance(15), h.chance(15), h.chance(15)
	p.overwrites, p.immutable, p.demands = h.chance(7), h.chance(20), h.chance(10)
	if p.immutable {
		p.overwrites = false
	}
	if p.overwrites {
		p.outsider, p.restores, p.power = false, false, false
	}
	h.mayFind = p.outsider || p.restores || p.overwrites || p.rewrites || p.power || p.hides
	h.store.overwrites, h.store.immutable, h.store.demands = p.overwrites, p.immutable, p.demands
	if h.chance(60) {
		h.clock = firstDay.Add(time.Duration(49+h.random.IntN(48)) * time.Hour) // no day can be sealed yet
	}
	h.service = newSimulatedService(h)
	for i := range 1 + h.random.IntN(2) {
		s := &simulatedState{member: Member{ID: strings.Repeat(string(rune('a'+i)), 32)}, scope: h.scope(), accept: map[string]string{}, erase: map[string]string{}}
		h.states = append(h.states, s)
	}
	for range 1 + h.random.IntN(3) {
		h.saved = append(h.saved, h.store.snapshot())
		h.round()
		if len(h.wrong) > 0 {
			return
		}
		h.between()
	}
	h.quiet()
}

// scope is two days with the default policy.
func (h *history) scope() ledger.Scope {
	end := firstDay.AddDate(0, 0, 2)
	s := ledger.Scope{Start: firstDay, End: &end, StableAfter: 86400, RecheckDays: 3}
	if h.profile.expires {
		s.ExpireAfterDays = 45
	}
	return s
}

// between is what happens between rounds.
func (h *history) between() {
	if h.profile.restores && h.chance(40) {
		n := h.random.IntN(len(h.saved))
		h.say("restore the copy of round %d", n)
		h.store.restore(h.saved[n])
		h.forget()
	}
	if h.profile.power && h.chance(30) {
		h.losePower()
	}
	if h.profile.jumps && h.chance(50) {
		h.clock = h.clock.AddDate(0, 0, 1+h.random.IntN(12))
		h.say("it is %s", h.clock)
	}
	if h.profile.scopes && h.chance(50) {
		s := h.states[h.random.IntN(len(h.states))]
		end := firstDay.AddDate(0, 0, 1).Add(time.Duration(h.random.IntN(25)) * time.Hour)
		s.scope.End = &end
		h.say("state %s has the end %s", s.member.ID[:1], end)
	}
	if h.profile.erases && h.chance(50) {
		p := h.service.packages[h.random.IntN(len(h.service.packages))]
		key := bag.Prefix + bag.Day(p.pkg.Start.Time) + "/domain=" + p.pkg.Domain + "/"
		h.say("erase %s", key)
		for _, s := range h.states {
			s.erase[key] = "simulated"
		}
	}
	for range h.random.IntN(3) {
		h.service.change()
	}
}

func (h *history) losePower() {
	h.say("lose power")
	before := h.store.snapshot()
	h.store.losePower(h.random)
	after := h.store.snapshot()
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if is, ok := after[key]; !ok || !bytes.Equal(is.data, before[key].data) {
			h.say("  %s is lost or other", key)
			h.damaged[key] = true
			if n, entry := ledger.Sequence(key); entry {
				delete(h.entries, n)
				h.forget()
			}
		}
	}
}

// forget is called when the ledger was replaced: what the checks have seen no longer
// holds, but what is there now.
func (h *history) forget() {
	h.log, h.entries = ledger.Begin(nil, "", h.clock).Replay, map[int64][]byte{}
	h.replay(h.store.snapshot())
}

// round lets several runs work at the same time.
func (h *history) round() {
	var runs []*simulatedRun
	for i := range 1 + h.random.IntN(3) {
		runs = append(runs, h.start(i))
	}
	if !h.mayFind && h.chance(30) {
		runs = append(runs, h.startVerification(len(runs)))
	}
	h.schedule(runs, true)
	for _, r := range runs {
		if v := r.verification; v != nil && !r.killed {
			for _, p := range v.Problems {
				if p.Kind != ProblemNoLedger {
					h.violate("a verification beside the runs reports %+v", p)
				}
			}
		}
		h.keep(r)
	}
}

// keep saves the state of a run, as Terraform does.
func (h *history) keep(r *simulatedRun) {
	if r.err != nil && !r.killed {
		h.say("run %d fails: %s", r.index, r.err)
	}
	if r.killed || r.report == nil || r.index != quietRun && h.chance(10) {
		return
	}
	s := r.state
	if s.head == nil || r.report.Head.Sequence >= s.head.Sequence || r.index == quietRun {
		head := r.report.Head
		s.archive, s.head, s.member = r.report.Archive, &head, r.report.Member
	}
}

// config is the configuration of a run.
func (h *history) config(r *simulatedRun, b bucket.Bucket, hook func(context.Context, memoryOp) (memoryFault, error)) Config {
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(h.random.IntN(256))
	}
	s := r.state
	past := h.profile.faults && r.index != quietRun && h.chance(20)
	return Config{
		Bucket: b, Layer: teo.L7, Scope: s.scope, Member: s.member, Archive: s.archive, Trusted: s.head, Accept: maps.Clone(s.accept), Erase: maps.Clone(s.erase),
		Parallelism: 1 + h.random.IntN(2), Transport: &steppedTransport{h.service, hook}, VerifyPayload: r.index == quietRun && h.mayFind,
		Pace: quick, MaxRetries: 2, Random: rand.NewChaCha8(seed), Agent: "simulated", Now: func() time.Time { return h.clock },
		List: func(_ context.Context, start, end time.Time, _ int) ([]teo.Package, error) {
			return h.service.list(past, start, end), nil
		},
	}
}

// start starts a run.
func (h *history) start(index int) *simulatedRun {
	r := &simulatedRun{index: index, state: h.states[h.random.IntN(len(h.states))]}
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	b := h.store.bucket()
	b.past = h.saved[h.random.IntN(len(h.saved))]
	b.hook = h.hook(r)
	a, err := New(h.config(r, b, b.hook))
	if err != nil {
		panic(err)
	}
	h.say("run %d of %s starts with the head %v", index, r.state.member.ID[:1], r.state.head)
	go func() {
		r.report, r.err = a.Run(ctx, nil)
		r.done = true
	}()
	return r
}

// startVerification starts a verification beside the runs.
func (h *history) startVerification(index int) *simulatedRun {
	r := &simulatedRun{index: index, state: h.states[0]}
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	b := h.store.bucket()
	b.hook = h.hook(r)
	h.say("run %d verifies", index)
	go func() {
		r.verification, r.err = Verify(ctx, b, VerifyOptions{Parallelism: 1, Now: func() time.Time { return h.clock }})
		r.done = true
	}()
	return r
}

// hook lets each operation of a run wait for its turn.
func (h *history) hook(r *simulatedRun) func(context.Context, memoryOp) (memoryFault, error) {
	return func(_ context.Context, op memoryOp) (memoryFault, error) {
		if r.killed {
			return works, errKilled
		}
		w := &pendingOp{run: r, op: op, turn: make(chan turn)}
		h.mu.Lock()
		h.waiting = append(h.waiting, w)
		h.mu.Unlock()
		t := <-w.turn
		return t.fault, t.err
	}
}

// schedule gives turns until all runs are done.
func (h *history) schedule(runs []*simulatedRun, disturb bool) {
	for len(h.wrong) == 0 {
		synctest.Wait()
		if !slices.ContainsFunc(runs, func(r *simulatedRun) bool { return !r.done }) {
			break
		}
		h.mu.Lock()
		waiting := slices.Clone(h.waiting)
		h.mu.Unlock()
		if len(waiting) == 0 {
			time.Sleep(time.Second) // a run waits before it tries again
			continue
		}
		slices.SortFunc(waiting, func(a, b *pendingOp) int {
			return cmp.Or(cmp.Compare(a.run.index, b.run.index), strings.Compare(a.op.name, b.op.name), strings.Compare(a.op.key, b.op.key))
		})
		awake := slices.DeleteFunc(slices.Clone(waiting), func(w *pendingOp) bool { return w.run.sleeps > h.step })
		if len(awake) == 0 {
			awake = waiting
		}
		h.advance(awake[h.random.IntN(len(awake))], runs, disturb)
	}
	// Whoever is left is killed, so that no goroutine outlives the history.
	for _, r := range runs {
		h.kill(r)
	}
	for {
		synctest.Wait()
		h.mu.Lock()
		waiting := h.waiting
		h.waiting = nil
		h.mu.Unlock()
		for _, w := range waiting {
			w.turn <- turn{err: errKilled}
		}
		if len(waiting) == 0 && !slices.ContainsFunc(runs, func(r *simulatedRun) bool { return !r.done }) {
			return
		}
		time.Sleep(time.Second)
	}
}

func (h *history) kill(r *simulatedRun) {
	if !r.done {
		r.killed = true
		r.cancel(errKilled)
	}
}

// advance lets one operation happen, and disturbs it perhaps.
func (h *history) advance(w *pendingOp, runs []*simulatedRun, disturb bool) {
	h.step++
	h.mu.Lock()
	h.waiting = slices.DeleteFunc(h.waiting, func(o *pendingOp) bool { return o == w })
	h.mu.Unlock()
	fault, killed := works, false
	if disturb {
		switch {
		case w.run.verification != nil || w.run.report == nil && w.run.index > 0 && strings.HasPrefix(w.op.name, "verify"):
		case h.profile.faults && h.chance(4):
			fault = h.fault(w.op)
		case h.profile.kills && h.chance(2):
			killed = true
		case h.chance(5):
			w.run.sleeps = h.step + h.random.IntN(60)
			if h.profile.jumps && h.chance(30) {
				h.clock = h.clock.AddDate(0, 0, 8)
				h.say("run %d sleeps, and it is %s", w.run.index, h.clock)
			}
		case h.profile.outsider && h.chance(2):
			h.outsider()
		case h.chance(3):
			h.service.change()
		case h.profile.power && h.chance(1):
			for _, r := range runs {
				h.kill(r)
			}
			h.losePower()
			killed = true
		}
	}
	if killed && h.chance(50) || w.run.killed {
		h.kill(w.run)
		h.say("run %d is killed before %s %s", w.run.index, w.op.name, w.op.key)
		w.turn <- turn{err: errKilled}
		return
	}
	before := h.store.snapshot()
	h.say("run %d %s %s%s", w.run.index, w.op.name, w.op.key, []string{"", " (fails)", " (response lost)", " (stale)"}[fault])
	w.turn <- turn{fault: fault}
	if killed {
		synctest.Wait() // the operation takes effect, and nothing comes after it
		h.kill(w.run)
		h.say("run %d is killed", w.run.index)
	}
	synctest.Wait()
	switch w.op.name {
	case "put", "replace", "remove":
		h.check(before, w.op)
	}
}

// fault draws what goes wrong with an operation.
func (h *history) fault(op memoryOp) memoryFault {
	switch op.name {
	case "list":
		if h.chance(50) {
			return stale
		}
	case "put", "replace", "remove":
		if h.chance(50) {
			return lostResponse
		}
	}
	return fails
}

// outsider removes or changes an object.
func (h *history) outsider() {
	keys := slices.DeleteFunc(h.store.keys(), func(key string) bool { return strings.HasPrefix(key, ledger.Folder) })
	if len(keys) == 0 {
		return
	}
	key := keys[h.random.IntN(len(keys))]
	h.damaged[key] = true
	if h.chance(70) {
		h.say("an outsider removes %s", key)
		h.store.remove(key)
		return
	}
	h.say("an outsider changes %s", key)
	o, _ := h.store.get(key)
	h.store.put(key, append(o.data, 'x'))
}

// check checks what must hold after each step that may have changed something.
func (h *history) check(before map[string]memoryObject, op memoryOp) {
	after := h.store.snapshot()
	if h.profile.overwrites {
		return
	}
	for key, was := range before {
		is, ok := after[key]
		if ok && bytes.Equal(is.data, was.data) || h.damaged[key] {
			continue
		}
		if !ok && h.removable(key) {
			continue
		}
		h.violate("%s %s: %s was replaced or removed", op.name, op.key, key)
	}
	h.replay(after)
	h.named(after)
}

// removable reports whether the ledger allows an object to be removed.
func (h *history) removable(key string) bool {
	folder, _, ok := bag.Split(key)
	state := h.log.State
	if !ok {
		return false
	}
	_, erased := state.Erased[key]
	return erased || slices.Contains(state.GivenUp, folder) || state.IsExpired(bag.FolderDay(folder))
}

// replay applies entries that the checks have not seen yet.
func (h *history) replay(objects map[string]memoryObject) {
	for {
		next := h.log.Head.Sequence + 1
		o, ok := objects[ledger.Key(next)]
		if !ok {
			break
		}
		e, err := ledger.Decode(o.data)
		if err != nil {
			h.violate("entry %d: %s", next, err)
			return
		}
		if err := h.log.Apply(e, o.data, h.clock); err != nil {
			h.violate("entry %d: %s", next, err)
			return
		}
		h.entries[next] = o.data
	}
	for key := range objects {
		if n, ok := ledger.Sequence(key); ok && n > h.log.Head.Sequence {
			h.violate("entry %d has a gap before it", n)
		}
	}
}

// named checks that everything that the newest entry names exists with its bytes.
func (h *history) named(objects map[string]memoryObject) {
	state := h.log.State
	for commit, want := range state.Records {
		key := ledger.RecordsKey(commit)
		if o := objects[key]; !h.damaged[key] && !state.Gone(key) && hashOf(o.data) != want.SHA256 {
			h.violate("the records of entry %d are missing or other", want.Sequence)
		}
	}
	for folder, b := range state.Bags {
		if state.Gone(folder + "/") {
			continue
		}
		var records []bag.Record
		if o := objects[folder+"/packages.jsonl"]; !h.damaged[folder+"/packages.jsonl"] {
			var err error
			if records, err = decode(bytes.NewReader(o.data), -1); err != nil {
				h.violate("%s/packages.jsonl: %s", folder, err)
				continue
			}
			tags, err := bag.NewTagFiles(records)
			if err != nil || tags.SHA256() != b.TagmanifestSHA256 {
				h.violate("%s/packages.jsonl is not that of the ledger", folder)
			}
		}
		for i := range records {
			key := records[i].Key()
			if o := objects[key]; !h.damaged[key] && !state.Gone(key) && hashOf(o.data) != records[i].SHA256 {
				h.violate("entry %d names %s, which is missing or other", b.Sequence, key)
			}
		}
	}
}

// quiet lets runs work alone until one finds nothing, and checks what they leave.
func (h *history) quiet() {
	h.clock = h.clock.AddDate(0, 0, 1)
	if limit := firstDay.AddDate(0, 0, 8); h.clock.Before(limit) {
		h.clock = limit
	}
	for _, s := range h.states {
		s.scope = h.states[0].scope // two pipelines that disagree never end
		h.quietState(s)
		if len(h.wrong) > 0 {
			return
		}
	}
	h.verifyAll()
	if len(h.wrong) > 0 {
		return
	}
	if h.profile.overwrites {
		return // such a store can end an archive
	}
	before := h.store.snapshot()
	for _, s := range h.states {
		r := h.runAlone(s)
		var run *RunError
		if r.err == nil || h.profile.immutable && errors.As(r.err, &run) && h.onlyRefused(run) {
			continue
		}
		h.violate("a second quiet run fails: %s", r.err)
		return
	}
	after := h.store.snapshot()
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if was, ok := before[key]; !ok || !bytes.Equal(was.data, after[key].data) || !was.modified.Equal(after[key].modified) {
			if _, path, inBag := bag.Split(key); h.profile.immutable && inBag && path != "" {
				continue
			}
			h.violate("the second quiet run writes %s: %s", key, after[key].data)
		}
	}
}

// runAlone runs once, undisturbed.
func (h *history) runAlone(s *simulatedState) *simulatedRun {
	r := &simulatedRun{index: quietRun, state: s}
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	b := h.store.bucket()
	b.hook = h.hook(r)
	a, err := New(h.config(r, b, b.hook))
	if err != nil {
		panic(err)
	}
	h.say("quiet run of %s with the head %v", s.member.ID[:1], s.head)
	go func() {
		r.report, r.err = a.Run(ctx, nil)
		r.done = true
	}()
	h.schedule([]*simulatedRun{r}, false)
	h.keep(r)
	return r
}

// quietState runs until a run exits 0, accepting what it finds.
func (h *history) quietState(s *simulatedState) {
	for attempt := range 12 {
		r := h.runAlone(s)
		if len(h.wrong) > 0 {
			return
		}
		if r.err == nil {
			return
		}
		var found []Finding
		if f, ok := errors.AsType[*FindingsError](r.err); ok {
			found = f.Findings
		}
		var scope *ScopeError
		if errors.As(r.err, &scope) && s.head == nil {
			// A person imports the archive.
			existing, err := Find(context.Background(), h.store.bucket(), h.clock)
			if err != nil {
				h.violate("the archive cannot be imported: %s", err)
				return
			}
			h.say("state %s imports the archive", s.member.ID[:1])
			head := existing.Head
			s.archive, s.head, s.scope = existing.Archive, &head, existing.Scope
			s.member.ScopeSequence = existing.ScopeSequence
			continue
		}
		var run *RunError
		if errors.As(r.err, &run) && h.profile.immutable && h.onlyRefused(run) {
			return
		}
		if h.profile.overwrites {
			return // such a store can end an archive
		}
		if errors.Is(r.err, ledger.ErrNoArchive) && h.profile.restores || h.profile.power && errors.Is(r.err, ledger.ErrNoArchive) {
			h.say("state %s begins anew", s.member.ID[:1])
			s.archive, s.head, s.member = "", nil, Member{ID: s.member.ID}
			continue
		}
		var other *ledger.OtherArchiveError
		if errors.As(r.err, &other) && (h.profile.restores || h.profile.power) {
			s.archive, s.head, s.member = "", nil, Member{ID: s.member.ID}
			continue
		}
		var damaged *DamagedError
		if errors.As(r.err, &damaged) && h.profile.power {
			return // a person begins another archive
		}
		scoped := slices.ContainsFunc(found, func(f Finding) bool { return f.Kind == FindingScope || f.Kind == FindingRecorded })
		if len(found) == 0 || !h.mayFind && !scoped {
			h.violate("quiet run %d fails: %s", attempt, r.err)
			return
		}
		for _, f := range found {
			if f.Token == "" {
				h.violate("a finding without a token: %+v", f)
				return
			}
			s.accept[f.Token] = "simulated"
		}
	}
	h.violate("the quiet runs of %s never end", s.member.ID[:1])
}

// onlyRefused reports whether a run failed only because an immutable store refuses to
// replace damaged tag files or records.
func (h *history) onlyRefused(run *RunError) bool {
	if len(run.Findings) > 0 || run.Err != nil {
		return false
	}
	for _, f := range run.Failures {
		if !errors.Is(f.Err, bucket.ErrExist) && !errors.Is(f.Err, bucket.ErrDenied) || !h.damaged[f.Package] {
			return false
		}
	}
	return true
}

// verifyAll verifies the archive, and compares it with the service.
func (h *history) verifyAll() {
	if h.profile.overwrites {
		return
	}
	v, err := Verify(context.Background(), h.store.bucket(), VerifyOptions{Parallelism: 1, Now: func() time.Time { return h.clock }})
	if err != nil {
		h.violate("the verification fails: %s", err)
		return
	}
	for _, p := range v.Problems {
		if p.Kind == ProblemForeign && h.mayFind || h.profile.immutable && h.damaged[p.Path] || p.Kind == ProblemLedger && h.profile.power {
			continue
		}
		h.violate("the verification reports %+v", p)
	}
	state := h.states[len(h.states)-1]
	log, err := ledger.Read(context.Background(), h.store.bucket(), ledger.ReadOptions{Now: h.clock})
	if err != nil {
		if !h.profile.power {
			h.violate("the ledger cannot be read: %s", err)
		}
		return
	}
	s := newScanner(h.store.bucket(), log, 1, false)
	for _, pkg := range h.service.list(false, firstDay, firstDay.AddDate(0, 0, 9)) {
		day := bag.Day(pkg.Start.Time)
		if !log.State.Scope.Contains(pkg.Start.Time) || log.State.IsExpired(day) || log.State.Scope.Stable(day).After(h.clock) {
			continue
		}
		id := bag.IdentityOf(teo.L7, &pkg)
		if _, erased := (&Config{Erase: state.erase}).erases(day, id.Path()); erased || h.service.isLate(&pkg) {
			continue
		}
		d, err := readDay(context.Background(), s, day)
		if err != nil {
			h.violate("%s cannot be read: %s", day, err)
			return
		}
		p := d.packages[id.Path()]
		if p == nil || p.current() == nil {
			if d.erased[id.Path()] {
				continue
			}
			h.violate("%s is not archived", id)
			continue
		}
		o, _ := h.store.get(p.current().Key())
		is, was := h.service.content(&pkg), plain(o.data)
		if was != is && !slices.ContainsFunc(p.versions, func(r bag.Record) bool { o, _ := h.store.get(r.Key()); return plain(o.data) == is }) {
			h.violate("%s is archived as %q, and the service has %q", id, was, is)
		}
	}
}

// simulatedService lists packages that change.
type simulatedService struct {
	h        *history
	mu       sync.Mutex
	packages []*simulatedPackage
	past     []teo.Package
}

type simulatedPackage struct {
	pkg     teo.Package
	members []string
	listed  bool
	lengths map[int]bool // that the content has had: the service lists no more than it

	// late means that the package changed when its day could be sealed.
	late bool
}

func newSimulatedService(h *history) *simulatedService {
	s := &simulatedService{h: h}
	for range 2 + h.random.IntN(4) {
		s.grow()
	}
	s.past = s.all()
	return s
}

// grow adds a package.
func (s *simulatedService) grow() {
	n := len(s.packages)
	start := firstDay.Add(time.Duration(s.h.random.IntN(48)) * time.Hour)
	host := fmt.Sprintf("h%d.example.com", n)
	name := start.Format("20060102-15-") + host
	p := &simulatedPackage{listed: true, members: []string{fmt.Sprintf("{\"package\":%d}\n", n)}, pkg: teo.Package{
		Domain: host, Area: "mainland", Name: name, URL: fmt.Sprintf("https://log.example.com/%d", n),
		Start: teo.Time{Time: start}, End: teo.Time{Time: start.Add(time.Hour)},
	}}
	s.packages = append(s.packages, p)
}

// change changes what the service has.
func (s *simulatedService) change() {
	s.past = s.all()
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.packages[s.h.random.IntN(len(s.packages))]
	scope := s.h.scope()
	n := s.h.random.IntN(10)
	if n < 3 && len(s.packages) < 8 {
		s.grow()
		p = s.packages[len(s.packages)-1]
		s.h.say("the service has a new package")
	}
	p.late = p.late || !s.h.clock.Before(scope.Sealable(bag.Day(p.pkg.Start.Time)))
	switch {
	case n < 3:
	case n < 7:
		p.become(append(slices.Clone(p.members), fmt.Sprintf("{\"more\":%d}\n", s.h.random.IntN(1000))))
		s.h.say("%s grows", p.pkg.Name)
	case n < 8 && s.h.profile.rewrites:
		p.become([]string{fmt.Sprintf("{\"other\":%d}\n", s.h.random.IntN(1000)), strings.Repeat("{}\n", s.h.random.IntN(20))})
		s.h.say("%s is rewritten", p.pkg.Name)
	case n < 9 && s.h.profile.hides:
		p.listed = !p.listed
		s.h.say("%s is listed: %t", p.pkg.Name, p.listed)
	}
}

// become gives a package other content, of a length that it never had: nothing else
// tells a reader of the list that the content is another one.
func (p *simulatedPackage) become(members []string) {
	if p.lengths == nil {
		p.lengths = map[int]bool{}
	}
	p.lengths[len(strings.Join(p.members, ""))] = true
	for p.lengths[len(strings.Join(members, ""))] {
		members = append(members, "{}\n")
	}
	p.members = members
}

func (s *simulatedService) all() []teo.Package {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []teo.Package
	for _, p := range s.packages {
		if p.listed {
			pkg := p.pkg
			size := int64(len(strings.Join(p.members, "")))
			pkg.Size = &size
			list = append(list, pkg)
		}
	}
	return list
}

// list returns what is listed now, or what was listed before the last change.
func (s *simulatedService) list(past bool, start, end time.Time) []teo.Package {
	list := s.past
	if !past {
		list = s.all()
	}
	return slices.DeleteFunc(slices.Clone(list), func(p teo.Package) bool { return p.Start.Before(start) || !p.Start.Before(end) })
}

func (s *simulatedService) isLate(pkg *teo.Package) bool {
	return slices.ContainsFunc(s.packages, func(p *simulatedPackage) bool { return p.pkg.URL == pkg.URL && p.late })
}

func (s *simulatedService) content(pkg *teo.Package) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.packages {
		if p.pkg.URL == pkg.URL {
			return strings.Join(p.members, "")
		}
	}
	return ""
}

func (s *simulatedService) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || !s.packages[n].listed {
		return response(http.StatusNotFound, nil), nil
	}
	return response(http.StatusOK, compressed(s.packages[n].members)), nil
}

// steppedTransport makes each download an operation of the run, so that downloads
// that start at the same time have an order.
type steppedTransport struct {
	service *simulatedService
	hook    func(context.Context, memoryOp) (memoryFault, error)
}

func (s *steppedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	fault, err := s.hook(r.Context(), memoryOp{name: "download", key: r.URL.Path})
	if err == nil && fault != works {
		err = syscall.ECONNRESET
	}
	if err != nil {
		return nil, err
	}
	return s.service.RoundTrip(r)
}
