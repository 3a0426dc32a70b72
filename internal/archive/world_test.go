package archive

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// world is a service, a store, a clock, and what a state keeps.
type world struct {
	t       testing.TB
	service *service
	store   *memoryStore
	now     time.Time

	archive string
	head    *ledger.Head
	member  Member
	drift   []byte // of the last plan
}

// newWorld serves three packages for two hours of each of three days.
func newWorld(t testing.TB) *world {
	w := &world{t: t, service: newService(), now: firstDay.AddDate(0, 1, 0), member: Member{ID: strings.Repeat("a", 32)}}
	w.store = newMemoryStore(func() time.Time { return w.now })
	for day := range 3 {
		for _, hour := range []int{3, 7} {
			at := firstDay.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
			w.service.add("www.example.com", "mainland", at, fmt.Sprintf("{\"a\":%d}\n", day*24+hour))
			w.service.add("www.example.com", "overseas", at, fmt.Sprintf("{\"b\":%d}\n", day*24+hour))
			w.service.add("api.example.com", "mainland", at, fmt.Sprintf("{\"c\":%d}\n{}\n", day*24+hour))
		}
	}
	return w
}

// other is a second state of the same archive.
func (w *world) other() *world {
	o := *w
	o.archive, o.head, o.drift, o.member = "", nil, nil, Member{ID: strings.Repeat("b", 32)}
	return &o
}

// may is three days in May with the default policy.
func may() ledger.Scope {
	end := firstDay.AddDate(0, 0, 3)
	return ledger.Scope{Start: firstDay, End: &end, StableAfter: 86400, RecheckDays: 3}
}

func (w *world) open(change func(*Config)) *Archive {
	w.t.Helper()
	c := Config{
		Bucket: w.store.bucket(), Layer: teo.L7, Scope: may(), Member: w.member, Archive: w.archive, Trusted: w.head,
		Agent: "terraform-provider-teo/test", Parallelism: 4, Transport: w.service, Pace: quick, MaxRetries: 2,
		Now: func() time.Time { return w.now }, List: w.service.lister(),
	}
	if change != nil {
		change(&c)
	}
	a, err := New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// plan plans, and keeps the drift for the next apply.
func (w *world) plan(change func(*Config)) *Preview {
	w.t.Helper()
	p, err := w.open(change).Plan(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.drift = p.Drift
	return p
}

// apply runs once and keeps what a state keeps.
func (w *world) apply(change func(*Config)) (*Report, error) {
	w.t.Helper()
	r, err := w.open(change).Run(w.t.Context(), w.drift)
	w.drift = nil
	if r != nil {
		w.archive, w.head, w.member = r.Archive, &r.Head, r.Member
	}
	return r, err
}

// mustApply wants no error.
func (w *world) mustApply(change func(*Config)) *Report {
	w.t.Helper()
	r, err := w.apply(change)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// quiet wants that a plan finds nothing, that an apply writes nothing, and that a
// verification has no problems.
func (w *world) quiet(change func(*Config)) {
	w.t.Helper()
	if p := w.plan(change); len(p.Findings)+len(p.Work) > 0 {
		w.t.Errorf("plan: findings %+v, work %q", p.Findings, p.Work)
	}
	before := w.store.snapshot()
	w.mustApply(change)
	w.same(before)
	w.valid()
}

// same wants that the store holds the same objects as before.
func (w *world) same(before map[string]memoryObject) {
	w.t.Helper()
	after := w.store.snapshot()
	for key, o := range after {
		if was, ok := before[key]; !ok || !bytes.Equal(was.data, o.data) || !was.modified.Equal(o.modified) {
			w.t.Errorf("%s was written", key)
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			w.t.Errorf("%s was removed", key)
		}
	}
}

// verify verifies everything.
func (w *world) verify(head string) *Verification {
	w.t.Helper()
	v, err := Verify(w.t.Context(), w.store.bucket(), VerifyOptions{ExpectedHead: head, Now: func() time.Time { return w.now }})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) valid() {
	w.t.Helper()
	for _, p := range w.verify("").Problems {
		w.t.Errorf("verification: %+v", p)
	}
}

// verifySh runs verify.sh on a copy of the store.
func (w *world) verifySh(options ...string) (out string, valid bool) {
	w.t.Helper()
	dir := w.t.TempDir()
	for name, o := range w.store.snapshot() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(path, o.data, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	script := filepath.Join("..", "..", "examples", "compliance", "verify.sh")
	cmd := exec.CommandContext(w.t.Context(), simtest.Tool(w.t, "sh"), slices.Concat([]string{script}, options, []string{dir})...)
	text, err := cmd.CombinedOutput()
	return string(text), err == nil
}

// findings returns the findings of an error.
func findings(t testing.TB, err error) []Finding {
	t.Helper()
	f, ok := errors.AsType[*FindingsError](err)
	if !ok {
		t.Fatalf("got %v, want findings", err)
	}
	return f.Findings
}

// accept accepts tokens.
func accept(tokens ...string) func(*Config) {
	return func(c *Config) {
		c.Accept = map[string]string{}
		for _, token := range tokens {
			c.Accept[token] = "test"
		}
	}
}
