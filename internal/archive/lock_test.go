package archive

import (
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// A verification reads the lock of every object back.
func TestAVerificationReadsTheRetentionBack(t *testing.T) {
	t.Parallel()
	w := newSigning(t)
	w.authority()
	if _, err := w.run(func(c *Config) { c.Scope.Retention = &ledger.Retention{Mode: bucket.Compliance, Days: 60} }); err != nil {
		t.Fatal(err)
	}
	v := w.verify("")
	if until := v.Bags[firstKey(v.Bags)].RetainedUntil; v.ProblemCount > 0 || !until.Equal(firstDay.AddDate(0, 0, 61)) {
		t.Errorf("got %+v, %s", v.Problems, until)
	}
	before := w.store.snapshot()
	for _, text := range []string{ledger.Folder, ledger.RecordsFolder, ".note", ".tsr", "/data/", "tagmanifest-sha256.txt"} {
		if len(w.store.find(text)) == 0 {
			t.Errorf("there is no %s", text)
		}
	}
	for key := range before {
		for name, change := range map[string]func(*bucket.Lock){
			"its lock ends on":       func(l *bucket.Lock) { l.Until = l.Until.Add(-time.Second) },
			"it has no lock":         func(l *bucket.Lock) { *l = bucket.Lock{} },
			"the mode GOVERNANCE in": func(l *bucket.Lock) { l.Mode = bucket.Governance },
		} {
			w.store.change(key, func(o *memoryObject) { change(&o.lock) })
			if v := w.verify(""); v.ProblemCount != 1 || v.Problems[0].Kind != ProblemRetention || v.Problems[0].Path != key || !strings.Contains(v.Problems[0].Detail, name) {
				t.Errorf("%s: got %+v", key, v.Problems)
			}
			w.store.restore(before)
		}
	}
	w.store.change(ledger.Key(1), func(o *memoryObject) { o.lock = bucket.Lock{} })
	w.now = w.now.AddDate(0, 0, 60)
	if v := w.verify(""); v.ProblemCount > 0 {
		t.Errorf("a retention that has passed: %+v", v.Problems)
	}
}

// An entry, its records and its signed head are locked by the retention after the
// entry, whatever the one of the resource was.
func TestALockFollowsTheRetentionInForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	days := func(n int64) func(c *Config) {
		return func(c *Config) { c.Scope.Retention = &ledger.Retention{Mode: bucket.Governance, Days: n} }
	}
	w.mustApply(days(60))
	w.mustApply(days(90))
	w.now = w.now.AddDate(0, 0, 1)
	w.mustApply(days(30))
	// An old copy of the state leaves.
	if err := w.open(days(1)).Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int64]int{1: 60, w.head.Sequence - 1: 90, w.head.Sequence: 30, w.head.Sequence + 1: 30} {
		o, _ := w.store.get(ledger.Key(n))
		e, err := ledger.Decode(o.data)
		if err != nil || !o.lock.Until.Equal(e.WrittenAt.AddDate(0, 0, want)) {
			t.Errorf("entry %d is locked until %s, %v", n, o.lock.Until, err)
		}
	}
	if v := w.verify(""); v.ProblemCount > 0 {
		t.Errorf("got %+v", v.Problems)
	}
}

// A head can be signed by a run whose clock is behind that of the run that wrote it.
func TestTheLockOfASignedHeadLastsAsLongAsThatOfItsEntry(t *testing.T) {
	t.Parallel()
	w := newSigning(t)
	lock := func(c *Config) { c.Scope.Retention = &ledger.Retention{Mode: bucket.Compliance, Days: 60} }
	w.mustApply(func(c *Config) { unsealed(c); lock(c) })
	w.now = w.now.Add(-time.Minute)
	if _, err := w.run(lock); err != nil {
		t.Fatal(err)
	}
	if len(w.store.find(".note")) != 1 {
		t.Error("the head is not signed")
	}
	if v := w.verified(); v.ProblemCount > 0 {
		t.Errorf("got %+v", v.Problems)
	}
}
