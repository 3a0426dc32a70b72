package archive

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Whoever has noted a head sees every later change: what differs between the states of
// two entries is named by the changes after the first one, or the ledger is invalid.
// The histories are random, and so are tampered entries at their end.
func TestAReaderWithANotedHeadSeesEveryLaterChange(t *testing.T) {
	t.Parallel()
	seeds := uint64(30)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := &noted{world: newWorld(t), random: rand.New(rand.NewPCG(seed, 7))}
			h.play()
		})
	}
}

// noted is a history whose states are kept.
type noted struct {
	*world

	random *rand.Rand
	heads  []ledger.Head
	states []*ledger.State
}

func (h *noted) play() {
	h.now = firstDay.Add(60 * time.Hour)
	for range 3 + h.random.IntN(5) {
		h.step()
		h.read()
	}
	tampered := h.tamper()
	for k := range h.heads {
		v := h.verify(h.heads[k].SHA256)
		if v.ProblemCount > 0 && tampered != "" {
			continue // the tampered entry is reported as a problem
		}
		if v.ProblemCount > 0 {
			h.t.Fatalf("a valid history has problems: %+v", v.Problems)
		}
		last := len(h.states) - 1
		for _, want := range diffStates(h.states[k], h.states[last]) {
			if !slices.ContainsFunc(v.Changes, func(c ledger.Change) bool {
				return slices.Contains(want.kinds, c.Kind) && strings.Contains(c.Detail, want.text)
			}) {
				h.t.Errorf("from entry %d to %d (tampered: %q): %v of %q is in no change: %+v", h.heads[k].Sequence, h.heads[last].Sequence, tampered, want.kinds, want.text, v.Changes)
			}
		}
	}
}

// step changes something and runs once, accepting what is found.
func (h *noted) step() {
	change := func(*Config) {}
	keys := h.store.find("/data/")
	switch n := h.random.IntN(8); {
	case n < 2 || len(keys) == 0:
		h.service.add(fmt.Sprintf("h%d.example.com", h.random.IntN(1000)), "mainland", firstDay.Add(time.Duration(h.random.IntN(72))*time.Hour), "{}\n")
		h.now = h.now.Add(time.Duration(h.random.IntN(40)) * time.Hour)
	case n < 3:
		h.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), strings.Repeat("{}\n", 1+h.random.IntN(50)))
	case n < 5:
		h.store.remove(keys[h.random.IntN(len(keys))])
		for _, p := range h.service.packages {
			h.service.change(p, func(p *served) { p.gone = h.random.IntN(2) == 0 })
		}
	case n < 6:
		folder, path, _ := bag.Split(keys[h.random.IntN(len(keys))])
		key := bag.Prefix + bag.FolderDay(folder) + "/" + strings.TrimPrefix(path, "data/")
		change = func(c *Config) { c.Erase = map[string]string{key: "request"} }
	case n < 7:
		days := int64(h.random.IntN(5))
		change = func(c *Config) { c.Scope.RecheckDays = days }
	default:
		h.now = h.now.AddDate(0, 0, 20)
		change = func(c *Config) { c.Scope.ExpireAfterDays = 30 }
	}
	accepted := map[string]string{}
	for range 5 {
		_, err := h.apply(func(c *Config) { change(c); c.Accept = accepted })
		if err == nil {
			return
		}
		if run, ok := reflect.TypeAssert[*RunError](reflect.ValueOf(err)); ok && len(run.Findings) == 0 {
			return // packages that are not served fail
		}
		for _, f := range findings(h.t, err) {
			accepted[f.Token] = "test"
		}
	}
}

// read keeps the states of new entries.
func (h *noted) read() {
	h.t.Helper()
	replay := ledger.Begin(nil, "", h.now).Replay
	for n := int64(1); ; n++ {
		o, ok := h.store.get(ledger.Key(n))
		if !ok {
			return
		}
		e, err := ledger.Decode(o.data)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := replay.Apply(e, o.data, h.now); err != nil {
			h.t.Fatal(err)
		}
		if n > int64(len(h.heads)) {
			h.heads, h.states = append(h.heads, replay.Head), append(h.states, replay.State.Clone())
		}
	}
}

// tamper writes an entry that no run would write, in the canonical form and with the
// right links.
func (h *noted) tamper() string {
	last := h.heads[len(h.heads)-1]
	if ledger.HasSnapshot(last.Sequence+1) || h.random.IntN(4) == 0 {
		return ""
	}
	log, err := ledger.Read(h.t.Context(), h.store.bucket(), ledger.ReadOptions{Now: h.now})
	if err != nil {
		h.t.Fatal(err)
	}
	state := log.State
	e := &ledger.Entry{
		Format: ledger.Format, Archive: log.Archive, Layer: teo.L7, Sequence: last.Sequence + 1, Commit: fmt.Sprintf("%032x", h.random.Uint64()),
		Previous: last.SHA256, Tree: log.Tree, WrittenAt: h.now, Agent: "tampered",
	}
	kind := h.fill(e, state)
	data := e.Encode()
	if _, err := ledger.Decode(data); err != nil {
		return ""
	}
	h.store.put(ledger.Key(e.Sequence), data)
	after := &ledger.Replay{Archive: log.Archive, Layer: log.Layer, Head: log.Head, State: state.Clone(), Tree: slices.Clone(log.Tree)}
	_ = after.Apply(e, data, h.now)
	h.heads, h.states = append(h.heads, after.Head), append(h.states, after.State)
	return kind
}

// fill draws what a tampered entry says.
func (h *noted) fill(e *ledger.Entry, s *ledger.State) string {
	folder := ""
	if len(s.Bags) > 0 {
		folder = sortedKeys(s.Bags)[h.random.IntN(len(s.Bags))]
	}
	keys := h.store.find(folder + "/data/")
	file := ledger.File{Path: folder + "/data/domain=a/area=b/hour=00/c.log.gz", SHA256: strings.Repeat("0", 64), Bytes: 1}
	if folder != "" && len(keys) > 0 {
		o, _ := h.store.get(keys[0])
		file = ledger.File{Path: keys[0], SHA256: hashOf(o.data), Bytes: int64(len(o.data)), Current: int64(h.random.IntN(2))}
	}
	day := bag.Day(firstDay.AddDate(0, 0, h.random.IntN(4)))
	kinds := []string{"lost", "erased", "recovered", "missed", "failing", "sealed", "expired", "scope", "joined", "bag", "relisted", "given up", "abandoned", "accepted"}
	kind := kinds[h.random.IntN(len(kinds))]
	switch kind {
	case "lost":
		e.Lost = []ledger.File{file}
		if tokens := e.LossTokens(s); h.random.IntN(2) == 0 {
			e.Accepted = []ledger.Acceptance{{Token: tokens[0], Reason: "tampered"}}
		}
	case "erased":
		file.Reason = "tampered"
		e.Erased = []ledger.File{file}
	case "recovered":
		e.Recovered = []ledger.File{file}
	case "missed", "failing":
		key := ledger.PackageKey(day, "data/domain=a/area=b/hour=00/c.log.gz")
		if kind == "missed" {
			e.Missed = []string{key}
		} else {
			e.Failing = []string{key}
		}
	case "sealed":
		e.SealedThrough = &day
	case "expired":
		e.ExpiredThrough = day
	case "scope":
		scope := *s.Scope
		scope.RecheckDays, scope.ExpireAfterDays = 0, int64(h.random.IntN(3))
		e.Scope, e.SealedThrough = &scope, &day
	case "joined":
		e.Joined = []string{strings.Repeat("c", 32)}
	case "bag":
		e.Bags = map[string]ledger.Bag{bag.Folder(day, "0badcafe"): {Packages: 1, Bytes: 1, TagmanifestSHA256: strings.Repeat("0", 64), ListingSHA256: strings.Repeat("0", 64)}}
		e.Records = &ledger.Records{SHA256: strings.Repeat("0", 64), Bytes: 1}
	case "relisted":
		e.Relisted = map[string]int64{file.Path: 7}
	case "given up":
		e.GivenUp = []string{bag.Folder(day, "0badcafe")}
	case "abandoned":
		e.Abandoned = &h.heads[0]
	case "accepted":
		e.Accepted = []ledger.Acceptance{{Token: "anything", Reason: "tampered"}}
	}
	return kind
}

// difference is something that differs between two states. One of the kinds of changes
// names it.
type difference struct {
	kinds []string
	text  string
}

// diffStates compares two states field by field, without the code that makes changes.
func diffStates(was, is *ledger.State) (all []difference) {
	add := func(text string, kinds ...string) { all = append(all, difference{kinds, text}) }
	for folder := range is.Bags {
		if _, ok := was.Bags[folder]; !ok {
			add(folder, "bags")
		}
	}
	for folder := range was.Bags {
		if _, ok := is.Bags[folder]; !ok {
			add("", "expired_through")
		}
	}
	for path := range is.Lost {
		if _, ok := was.Lost[path]; !ok {
			add(path, "lost")
		}
	}
	for path := range was.Lost {
		if _, ok := is.Lost[path]; !ok {
			add("", "recovered", "erased", "expired_through")
		}
	}
	for path := range is.Erased {
		if _, ok := was.Erased[path]; !ok {
			add(path, "erased")
		}
	}
	for key := range is.Failing {
		if _, ok := was.Failing[key]; !ok {
			add(key, "failing")
		}
	}
	for key := range is.Missed {
		if _, ok := was.Missed[key]; !ok {
			add(key, "missed")
		}
	}
	for key, size := range is.Relisted {
		if before, ok := was.Relisted[key]; !ok || before != size {
			add(key, "relisted")
		}
	}
	for token := range is.Accepted {
		if _, ok := was.Accepted[token]; !ok {
			add(token, "accepted")
		}
	}
	for _, folder := range is.GivenUp {
		if !slices.Contains(was.GivenUp, folder) {
			add(folder, "given_up")
		}
	}
	for _, id := range is.Resources {
		if !slices.Contains(was.Resources, id) {
			add(id, "joined")
		}
	}
	if !was.Scope.Equal(is.Scope) {
		add("", "scope")
	}
	if was.SealedThrough != is.SealedThrough {
		add(is.SealedThrough, "sealed_through")
	}
	if was.ExpiredThrough != is.ExpiredThrough {
		add(is.ExpiredThrough, "expired_through")
	}
	if len(was.Abandoned) != len(is.Abandoned) {
		add("", "abandoned")
	}
	return all
}
