package archive

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
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

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// The simulation runs short histories of two or three runs on one bucket. Every
// operation of a bucket is a step, and a seed decides everything: which run goes
// next, which operation fails or loses its response, when a run is killed or
// sleeps, what the service lists meanwhile, what outsiders do. After each step
// and each history the invariants of the protocol are checked.
//
// defaultSeeds is few because the race detector makes a history seven times slower.
// make test also runs thousands of seeds without it (make simulate).
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
		h := simulate(t, *seedFlag, defects{})
		t.Log(h.String())
		h.report(t)
		return
	}
	seeds := *seedsFlag
	const workers = 2
	for worker := range uint64(workers) {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			for seed := worker + 1; seed <= seeds && !t.Failed(); seed += workers {
				simulate(t, seed, defects{}).report(t)
			}
		})
	}
}

// The simulation finds the worst mistakes that an archive can have, if they are
// put back on purpose.
func TestSimulationFindsDefects(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]defects{
		"the last writer of an entry wins":              {lastWriterWins: true},
		"an older copy is believed over the state":      {forgetsHead: true},
		"checkpoints are removed while they are needed": {removesEarly: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const most = 400
			for seed := uint64(1); seed <= most; seed++ {
				if h := simulate(t, seed, d); len(h.wrong) > 0 {
					t.Logf("seed %d finds it: %s", seed, h.wrong[0])
					return
				}
			}
			t.Errorf("%d seeds do not find it", most)
		})
	}
}

// A seed decides everything, or it could not be run again.
func TestSimulationIsDeterministic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		if a, b := simulate(t, seed, defects{}).String(), simulate(t, seed, defects{}).String(); a != b {
			t.Fatalf("seed %d has two histories:\n%s\n\n%s", seed, a, b)
		}
	}
}

// defects put known mistakes back, to see that the simulation finds them.
type defects struct {
	// lastWriterWins writes ledger entries without put-if-absent.
	lastWriterWins bool

	// forgetsHead lets a run believe a restored older copy: the state takes over
	// whatever head is there.
	forgetsHead bool

	// removesEarly removes all checkpoints after each commit.
	removesEarly bool
}

// profile says which kinds of events a history has.
type profile struct {
	faults, kills, power, outsider, restores, overwrites, rewrites bool
	runs                                                           int
}

// simulated is one history.
type simulated struct {
	seed    uint64
	random  *rand.Rand
	profile profile
	defects defects
	store   *memoryStore
	service *simulatedService
	lines   []string
	wrong   []string
	step    int

	mu      sync.Mutex
	waiting []*pendingOp

	states  []*Head // what states have kept
	saved   []map[string]memoryObject
	changed map[string]bool // keys that outsiders or a loss of power have changed

	// What the check of the ledger has seen.
	entries map[int64]string
	fold    *state
	tokens  map[string]bool
	memory  map[*byte]*known
	kinds   map[string]*keyKind
	judged  bool // findings are possible, for outsiders or the service caused them
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
	state  int // index of states
	cancel context.CancelCauseFunc
	killed bool
	sleeps int
	report *Report // of a verification
	verify bool
	done   bool
	head   *Head
	err    error
}

// quietRun is the index of runs that nothing disturbs.
const quietRun = 9

var errKilled = errors.New("killed")

// simulate runs one history.
func simulate(t *testing.T, seed uint64, d defects) *simulated {
	h := &simulated{
		seed: seed, random: rand.New(rand.NewPCG(seed, 1)), defects: d, store: newMemoryStore(), changed: map[string]bool{},
		entries: map[int64]string{}, fold: newState(), tokens: map[string]bool{},
		memory: map[*byte]*known{}, kinds: map[string]*keyKind{},
	}
	synctest.Test(t, func(*testing.T) { h.play() })
	return h
}

func (h *simulated) report(t *testing.T) {
	t.Helper()
	if len(h.wrong) > 0 {
		t.Errorf("seed %d:\n%s\n\nrun it alone: go test -run '^TestSimulation$' ./internal/archive -seed %d\n%s",
			h.seed, strings.Join(h.wrong, "\n"), h.seed, h.String())
	}
}

func (h *simulated) String() string { return strings.Join(h.lines, "\n") }

func (h *simulated) say(format string, args ...any) {
	h.lines = append(h.lines, fmt.Sprintf("%4d  ", h.step)+fmt.Sprintf(format, args...))
}

func (h *simulated) violate(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	h.say("VIOLATION %s", text)
	h.wrong = append(h.wrong, text)
}

func (h *simulated) chance(percent int) bool { return h.random.IntN(100) < percent }

// play is the history: rounds of concurrent runs, and then quiet runs.
func (h *simulated) play() {
	p := &h.profile
	p.faults, p.kills, p.power = h.chance(60), h.chance(60), h.chance(25)
	p.outsider, p.restores, p.overwrites, p.rewrites = h.chance(20), h.chance(15), h.chance(8), h.chance(25)
	h.judged = p.outsider || p.restores || p.overwrites || p.rewrites
	h.store.overwrites, h.store.admits = p.overwrites, h.chance(50)
	h.service = newSimulatedService(h)
	h.states = make([]*Head, 1+h.random.IntN(2))
	rounds := 1 + h.random.IntN(3)
	for range rounds {
		h.saved = append(h.saved, h.store.snapshot())
		p.runs = 1 + h.random.IntN(3)
		h.round()
		if len(h.wrong) > 0 {
			return
		}
		h.between()
	}
	h.quiet()
}

// between is what happens between rounds.
func (h *simulated) between() {
	if h.profile.restores && h.chance(40) {
		n := h.random.IntN(len(h.saved))
		h.say("restore the copy of round %d", n)
		h.store.restore(h.saved[n])
		h.forget()
	}
	if h.profile.power && h.chance(30) {
		h.losePower()
	}
	for range h.random.IntN(3) {
		h.service.change()
	}
}

func (h *simulated) losePower() {
	h.say("lose power")
	before := h.store.snapshot()
	h.store.losePower(h.random)
	after := h.store.snapshot()
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if is, ok := after[key]; !ok || !bytes.Equal(is.data, before[key].data) {
			h.say("  %s is lost or other", key)
			if _, entry := sequenceOf(key); entry {
				h.forget()
			}
		}
	}
}

// forget is called when the ledger was replaced: what the checks have seen no
// longer holds.
func (h *simulated) forget() {
	h.entries, h.fold, h.tokens = map[int64]string{}, newState(), map[string]bool{}
	h.readLedger()
}

// round lets several runs work at the same time.
func (h *simulated) round() {
	var runs []*simulatedRun
	for i := range h.profile.runs {
		runs = append(runs, h.start(i, nil, h.profile.faults))
	}
	if !h.judged && !h.profile.power && h.chance(30) {
		runs = append(runs, h.startVerification(len(runs)))
	}
	h.schedule(runs, true)
	for _, r := range runs {
		if r.report != nil && !r.killed {
			h.judgeReport(r.report)
		}
		if r.killed || r.head == nil || h.chance(10) {
			continue // the state was not saved
		}
		if old := h.states[r.state]; r.err == nil || old != nil || h.chance(50) {
			h.states[r.state] = r.head
		}
	}
}

// start starts a run.
func (h *simulated) start(index int, accept map[string]string, faults bool) *simulatedRun {
	r := &simulatedRun{index: index, state: h.random.IntN(len(h.states))}
	witness := h.states[r.state]
	scope := Scope{Layer: teo.L7, Start: firstDay, End: firstDay.AddDate(0, 0, 2)}
	listing := h.service.list(faults && h.chance(30))
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	b := h.store.bucket()
	b.past = h.saved[h.random.IntN(len(h.saved))]
	b.hook = h.hook(r)
	var client bucket.Bucket = b
	if h.defects.lastWriterWins {
		client = &lastWriter{memoryBucket: b, wrote: map[string]bool{}}
	}
	if h.defects.removesEarly {
		client = &earlyRemover{b}
	}
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(h.random.IntN(256))
	}
	if h.defects.forgetsHead {
		if _, head, err := ReadScope(context.Background(), h.store.bucket()); err == nil {
			witness = head
		} else {
			witness = nil
		}
	}
	a, err := New(Config{
		Bucket: client, Scope: scope, Witness: witness, Accept: accept, Parallelism: 1 + h.random.IntN(2), Transport: &steppedTransport{h.service, b.hook},
		VerifyPayload: index == quietRun && h.profile.outsider,
		Pace:          quick, MaxRetries: 2, Random: rand.NewChaCha8(seed), Agent: "simulated",
		Relist: func(context.Context, Scope, time.Time, time.Time) ([]teo.Package, error) {
			return h.service.list(false), nil
		},
		Now: func() time.Time { return firstDay.AddDate(0, 1, 0) },
	})
	if err != nil {
		panic(err)
	}
	h.say("run %d starts with state %d (%v), %d packages listed", index, r.state, witness, len(listing))
	go func() {
		s, err := a.Run(ctx, listing, time.Time{})
		if s != nil {
			r.head = s.Head
		}
		r.err = err
		r.done = true
	}()
	return r
}

// hook lets each operation of a run wait for its turn.
func (h *simulated) hook(r *simulatedRun) func(context.Context, memoryOp) (memoryFault, error) {
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

// startVerification starts a verification beside the runs.
func (h *simulated) startVerification(index int) *simulatedRun {
	r := &simulatedRun{index: index, verify: true}
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	b := h.store.bucket()
	b.hook = h.hook(r)
	h.say("run %d verifies", index)
	go func() {
		r.report, r.err = Verify(ctx, b, VerifyOptions{Parallelism: 1})
		r.done = true
	}()
	return r
}

// judgeReport checks that a verification reported at most that a run is in
// progress.
func (h *simulated) judgeReport(report *Report) {
	for _, p := range report.Problems {
		if p.Kind != ProblemUnfinished && p.Kind != ProblemNoLedger {
			h.violate("a verification beside the runs reports %+v", p)
		}
	}
}

// lastWriter is the defect of a commit without put-if-absent.
type lastWriter struct {
	*memoryBucket
	wrote map[string]bool
}

func (b *lastWriter) Create(ctx context.Context, key string, mode bucket.Mode) (bucket.Writer, error) {
	if ledgerName.MatchString(key) && !b.wrote[key] {
		b.wrote[key] = true // the next one is the probe
		mode = bucket.ReplaceDurable
	}
	return b.memoryBucket.Create(ctx, key, mode)
}

// earlyRemover is the defect of removing checkpoints that are still needed.
type earlyRemover struct{ *memoryBucket }

func (b *earlyRemover) Sync(ctx context.Context, keys []string) error {
	err := b.memoryBucket.Sync(ctx, keys)
	if err == nil && len(keys) == 1 && ledgerName.MatchString(keys[0]) {
		for _, key := range b.store.keys() {
			if checkpointName.MatchString(key) {
				b.store.remove(key)
			}
		}
	}
	return err
}

// schedule gives turns until all runs are done.
func (h *simulated) schedule(runs []*simulatedRun, disturb bool) {
	for len(h.wrong) == 0 {
		synctest.Wait()
		alive := slices.DeleteFunc(slices.Clone(runs), func(r *simulatedRun) bool { return r.done })
		if len(alive) == 0 {
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
			return strings.Compare(fmt.Sprint(a.run.index, a.op.name, a.op.key), fmt.Sprint(b.run.index, b.op.name, b.op.key))
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

func (h *simulated) kill(r *simulatedRun) {
	if !r.done {
		r.killed = true
		r.cancel(errKilled)
	}
}

// advance lets one operation happen, and disturbs it perhaps.
func (h *simulated) advance(w *pendingOp, runs []*simulatedRun, disturb bool) {
	h.step++
	h.mu.Lock()
	h.waiting = slices.DeleteFunc(h.waiting, func(o *pendingOp) bool { return o == w })
	h.mu.Unlock()
	fault := works
	killed := false
	if disturb {
		switch {
		case w.run.verify:
		case h.profile.faults && h.chance(4):
			fault = memoryFault(1 + h.random.IntN(4))
			if fault == stale && w.op.name != "list" {
				fault = fails
			}
			if fault > fails && fault != stale && w.op.name != "put" && w.op.name != "putdurable" && w.op.name != "write" && w.op.name != "writedurable" && w.op.name != "remove" {
				fault = fails
			}
		case h.profile.kills && h.chance(2):
			killed = true
		case h.chance(5):
			w.run.sleeps = h.step + h.random.IntN(60)
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
	if killed && h.chance(50) {
		h.kill(w.run)
		h.say("run %d is killed before %s %s", w.run.index, w.op.name, w.op.key)
		w.turn <- turn{err: errKilled}
		return
	}
	h.say("run %d %s %s%s", w.run.index, w.op.name, w.op.key, []string{"", " (fails)", " (request lost)", " (response lost)", " (stale)"}[fault])
	w.turn <- turn{fault: fault}
	if killed {
		// The operation takes effect, and nothing comes after it.
		synctest.Wait()
		h.kill(w.run)
		h.say("run %d is killed", w.run.index)
	}
	synctest.Wait()
	switch w.op.name {
	case "list", "open", "sync":
	default:
		h.check()
	}
}

// outsider removes or changes an object.
func (h *simulated) outsider() {
	keys := slices.DeleteFunc(h.store.keys(), func(key string) bool { return strings.HasPrefix(key, ledgerFolder) })
	if len(keys) == 0 {
		return
	}
	key := keys[h.random.IntN(len(keys))]
	h.changed[key] = true
	if records, err := decodeRecords(h.store.get(key)); checkpointName.MatchString(key) && err == nil {
		for i := range records {
			h.changed[records[i].Key()] = true // nothing vouches for it any more
		}
	}
	if m := tagsName.FindStringSubmatch(key); m != nil {
		for _, name := range tagNames() {
			h.changed[bagFolder(m[1])+name] = true // nothing explains them if the ledger is rolled back
		}
	}
	if h.chance(70) {
		h.say("an outsider removes %s", key)
		h.store.remove(key)
		return
	}
	h.say("an outsider changes %s", key)
	h.store.put(key, append(h.store.get(key), 'x'))
}

// readLedger folds entries that the checks have not seen yet.
func (h *simulated) readLedger() {
	objects := h.store.snapshot()
	for n := h.fold.head.Sequence + 1; ; n++ {
		o, ok := objects[ledgerKey(n)]
		if !ok {
			return
		}
		h.entry(n, o.data, objects)
	}
}

// entry checks a new entry.
func (h *simulated) entry(n int64, data []byte, objects map[string]memoryObject) {
	h.entries[n] = hashOf(data)
	e, err := decodeEntry(data)
	if err != nil {
		h.violate("entry %d: %s", n, err)
		return
	}
	before := h.fold.clone()
	if err := h.fold.apply(e, hashOf(data)); err != nil && !h.profile.overwrites && !hasHeadToken(e) {
		h.violate("entry %d: %s", n, err)
	}
	for _, a := range e.Accepted {
		if h.tokens[a.Token] && !strings.HasPrefix(a.Token, "head:") {
			h.violate("token %s was accepted twice", a.Token)
		}
		h.tokens[a.Token] = true
	}
	if h.profile.overwrites {
		return
	}
	named := map[string]bool{}
	for _, s := range e.Superseded {
		named[s.Path+s.OldSHA256] = true
		h.superseded(e, s, objects)
	}
	for _, l := range e.Lost {
		named[l.Path+l.SHA256] = true
	}
	for day, was := range before.bags {
		is, exists := h.fold.bags[day]
		if is == was || h.changed[tagsKey(day, is.TagmanifestSHA256)] {
			continue
		}
		now := map[string]bool{}
		if exists {
			for _, r := range h.recordsOf(objects, day, is) {
				now[r.Key()+r.SHA256] = true
			}
		}
		for _, r := range h.recordsOf(objects, day, was) {
			if key := r.Key() + r.SHA256; !now[key] && !named[key] {
				h.violate("entry %d drops %s without naming it", n, r.Key())
			}
		}
	}
}

// superseded checks what an entry says about a replacement.
func (h *simulated) superseded(e *Entry, s Superseded, objects map[string]memoryObject) {
	day, path, _ := bagDay(s.Path)
	is := objects[bagFolder(day)+versionPath(firstPath(path), s.NewSHA256)].data
	was, ok := objects[s.Path]
	if !ok || h.sha256(was.data) != s.OldSHA256 {
		return // an outsider was here
	}
	if starts := strings.HasPrefix(plain(is), plain(was.data)); starts != s.Extends && is != nil {
		h.violate("entry %d says extends=%t of %s", e.Sequence, s.Extends, s.Path)
	}
	if _, kept := objects[supersededKey(s.OldSHA256)]; !s.Extends && !kept && !h.changed[supersededKey(s.OldSHA256)] {
		h.violate("entry %d drops the content of %s", e.Sequence, s.Path)
	}
}

func plain(data []byte) string {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(r)
	return string(text)
}

// keyKind is what the name of an object says.
type keyKind struct {
	day, path  string
	payload    bool // of a bag
	checkpoint bool
	tags       []string
	superseded string
}

func (h *simulated) kind(key string) *keyKind {
	k := h.kinds[key]
	if k == nil {
		k = &keyKind{checkpoint: checkpointName.MatchString(key), tags: tagsName.FindStringSubmatch(key)}
		if m := supersededName.FindStringSubmatch(key); m != nil {
			k.superseded = m[1]
		}
		var ok bool
		if k.day, k.path, ok = bagDay(key); ok {
			k.payload = payloadName.MatchString(k.path)
		}
		h.kinds[key] = k
	}
	return k
}

// recordsOf reads the records of a bag that the ledger names.
func (h *simulated) recordsOf(objects map[string]memoryObject, day string, b Bag) []Record {
	records, _ := h.tags(day, b.TagmanifestSHA256, objects[tagsKey(day, b.TagmanifestSHA256)].data)
	return records
}

// known is what is known of the bytes of an object. Objects are never changed in
// place, so the address of the first byte identifies them.
type known struct {
	sha256  string
	records []Record
	err     error
	read    bool
}

func (h *simulated) known(data []byte) *known {
	if len(data) == 0 {
		return &known{sha256: hashOf(nil)}
	}
	k := h.memory[&data[0]]
	if k == nil {
		k = &known{sha256: hashOf(data)}
		h.memory[&data[0]] = k
	}
	return k
}

func (h *simulated) sha256(data []byte) string { return h.known(data).sha256 }

// tags reads a tags object.
func (h *simulated) tags(day, sha256 string, data []byte) ([]Record, error) {
	k := h.known(data)
	if !k.read {
		k.read = true
		var t *tagFiles
		if t, k.err = decodeTags(day, sha256, data); k.err == nil {
			k.records = t.records
		}
	}
	return k.records, k.err
}

// checkpoint reads a checkpoint.
func (h *simulated) checkpoint(data []byte) []Record {
	k := h.known(data)
	if !k.read {
		k.read = true
		k.records, k.err = decodeRecords(data)
	}
	return k.records
}

// check checks what must hold at any moment.
func (h *simulated) check() {
	objects := h.store.snapshot()
	for n, sha := range h.entries {
		o, ok := objects[ledgerKey(n)]
		if (!ok || h.sha256(o.data) != sha) && !h.profile.overwrites {
			h.violate("entry %d was changed or removed", n)
		}
	}
	h.readLedger()
	if h.profile.overwrites {
		return
	}
	for key := range objects {
		if n, ok := sequenceOf(key); ok && n > h.fold.head.Sequence {
			h.violate("entry %d has a gap before it", n)
		}
	}
	explained := map[string]bool{}
	unknown := map[string]bool{}   // days whose tags object an outsider has removed
	contained := map[string]bool{} // hashes that a committed version extends or replaces
	for key, o := range objects {
		k := h.kind(key)
		if k.checkpoint {
			for _, r := range h.checkpoint(o.data) {
				explained[r.Key()] = true
			}
		}
		contained[k.superseded] = true
		if m := k.tags; m != nil {
			records, _ := h.tags(m[1], m[2], o.data)
			for i := range records {
				explained[records[i].Key()] = true
			}
		}
	}
	for day, b := range h.fold.bags {
		key := tagsKey(day, b.TagmanifestSHA256)
		records, err := h.tags(day, b.TagmanifestSHA256, objects[key].data)
		if err != nil {
			if !h.changed[key] {
				h.violate("the newest entry names tag files of %s that cannot be read: %s", day, err)
			}
			unknown[day] = true
			continue
		}
		for i := range records {
			r := &records[i]
			explained[r.Key()] = true
			contained[r.SHA256] = true
			for _, sha := range r.Supersedes {
				contained[sha] = true
			}
			if o, ok := objects[r.Key()]; (!ok || h.sha256(o.data) != r.SHA256) && !h.changed[r.Key()] {
				h.violate("the newest entry names %s, which is missing or has other bytes", r.Key())
			}
		}
	}
	for key, o := range objects {
		if k := h.kind(key); k.payload && !unknown[k.day] && !explained[key] && !h.changed[key] && !contained[h.sha256(o.data)] {
			h.violate("nothing explains %s", key)
		}
	}
}

// quiet is the end of each history: one quiet run succeeds, everything is
// archived, and a second run writes nothing. What outsiders did is accepted, but
// never silently.
func (h *simulated) quiet() {
	accept := map[string]string{}
	witness := h.states[0]
	behind := witness != nil && hashOf(h.store.get(ledgerKey(witness.Sequence))) != witness.SHA256
	h.profile.faults = false
	h.states = h.states[:1]
	for attempt := 0; ; attempt++ {
		r := h.start(quietRun, accept, false)
		h.schedule([]*simulatedRun{r}, false)
		if len(h.wrong) > 0 {
			return
		}
		if r.head != nil && r.err == nil {
			h.states[0] = r.head
		}
		if r.err == nil && attempt == 0 && behind && !h.defects.forgetsHead {
			h.violate("the quiet run does not notice that the state's head %v is gone", witness)
		}
		if r.err == nil && attempt == 0 && behind && h.defects.forgetsHead {
			h.violate("silent rollback")
		}
		if r.err == nil {
			break
		}
		h.say("the quiet run fails: %s", r.err)
		var open []Finding
		if f, ok := errors.AsType[*FindingsError](r.err); ok {
			open = f.Findings
		}
		if run, ok := errors.AsType[*RunError](r.err); ok && len(run.Foreign) > 0 && h.profile.outsider {
			for _, key := range run.Foreign {
				if !h.changed[key] {
					h.violate("%s is foreign", key)
				}
			}
			h.say("a person moves %d files away", len(run.Foreign))
			h.store.remove(run.Foreign...)
			h.states[0] = cmp.Or(r.head, h.states[0])
			if len(open) == 0 && len(run.Failures) == 0 && run.Err == nil {
				continue
			}
		}
		if len(open) == 0 || !h.judged || attempt > 8 {
			h.violate("the quiet run fails: %s", r.err)
			return
		}
		for _, f := range open {
			accept[f.Token] = "simulated"
		}
		if r.head != nil {
			var run *RunError
			if errors.As(r.err, &run) && h.states[0] != nil {
				h.states[0] = r.head
			}
		}
	}
	objects := h.store.snapshot()
	for _, text := range problems(objects) {
		h.violate("after the quiet run: %s", text)
	}
	if h.profile.overwrites {
		h.forget()
	}
	report, err := Verify(context.Background(), h.store.bucket(), VerifyOptions{Parallelism: 1})
	switch {
	case err != nil:
		h.violate("the verification fails: %s", err)
	case h.judged:
		// Records without provenance, and what was accepted, may remain.
	case len(report.Problems) > 0:
		h.violate("the verification reports %+v", report.Problems)
	}
	archived := map[string]Record{}
	for day, b := range h.fold.bags {
		for _, r := range h.recordsOf(objects, day, b) {
			archived[r.Day()+r.first()] = r
		}
	}
	for _, pkg := range h.service.list(false) {
		id := identityOf(teo.L7, &pkg)
		r, ok := archived[dayOf(pkg.Start.Time)+id.path()]
		if !ok {
			h.violate("%s is not archived", id.label())
			continue
		}
		is, was := h.service.content(&pkg), plain(objects[r.Key()].data)
		if !strings.HasPrefix(was, is) && len(was) < len(is) {
			h.violate("%s is archived as %q, and the service has %q", id.label(), was, is)
		}
		if !equalSize(r.listedSize(), pkg.Size) {
			h.violate("%s is archived with another listed size", id.label())
		}
	}
	if len(h.wrong) > 0 {
		return
	}
	before := h.store.snapshot()
	r := h.start(quietRun, accept, false)
	h.schedule([]*simulatedRun{r}, false)
	if r.err != nil {
		h.violate("the second quiet run fails: %s", r.err)
	}
	after := h.store.snapshot()
	if !maps.EqualFunc(before, after, func(a, b memoryObject) bool { return a.modified.Equal(b.modified) && bytes.Equal(a.data, b.data) }) {
		h.violate("the second quiet run writes")
	}
}

// simulatedService lists packages that change.
type simulatedService struct {
	h        *simulated
	mu       sync.Mutex
	packages []*simulatedPackage
	past     []teo.Package
}

type simulatedPackage struct {
	pkg     teo.Package
	members []string
	listed  bool
}

func newSimulatedService(h *simulated) *simulatedService {
	s := &simulatedService{h: h}
	for range 2 + h.random.IntN(4) {
		s.grow()
	}
	s.past = s.list(false)
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
	s.past = s.list(false)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.packages[s.h.random.IntN(len(s.packages))]
	switch n := s.h.random.IntN(10); {
	case n < 3 && len(s.packages) < 8:
		s.grow()
		s.h.say("the service has a new package")
	case n < 7:
		p.members = append(p.members, fmt.Sprintf("{\"more\":%d}\n", s.h.random.IntN(1000)))
		s.h.say("%s grows", p.pkg.Name)
	case n < 8 && s.h.profile.rewrites:
		p.members = []string{fmt.Sprintf("{\"other\":%d}\n", s.h.random.IntN(1000)), strings.Repeat("{}\n", s.h.random.IntN(20))}
		s.h.say("%s is rewritten", p.pkg.Name)
	case n < 9 && s.h.judged:
		p.listed = !p.listed
		s.h.say("%s is listed: %t", p.pkg.Name, p.listed)
	}
}

// list returns what is listed now, or what was listed before the last change.
func (s *simulatedService) list(past bool) []teo.Package {
	s.mu.Lock()
	defer s.mu.Unlock()
	if past {
		return s.past
	}
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

var compressions sync.Map

// compressed compresses members, each text once.
func compressed(members []string) []byte {
	var b []byte
	for _, text := range members {
		data, ok := compressions.Load(text)
		if !ok {
			data = compress(text)
			compressions.Store(text, data)
		}
		b = append(b, data.([]byte)...)
	}
	return b
}
