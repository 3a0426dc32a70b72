package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// removeDays removes days with everything that names them, except the ledger.
func (w *world) removeDays(days ...string) map[string]memoryObject {
	before := w.store.snapshot()
	for _, key := range w.store.keys() {
		for _, day := range days {
			if strings.HasPrefix(key, bagFolder(day)) || strings.HasPrefix(key, tagsFolder+day) {
				w.store.remove(key)
			}
		}
	}
	return before
}

// removePayload removes the payload of a day, and the service forgets it.
func (w *world) removePayload(day string) {
	for _, key := range w.store.keys() {
		if strings.HasPrefix(key, bagFolder(day)+payloadFolder) {
			w.store.remove(key)
		}
	}
	for _, p := range w.service.packages {
		if dayOf(p.pkg.Start.Time) == day {
			p.gone = true
		}
	}
}

// accepting accepts tokens.
func accepting(tokens ...string) func(*Config) {
	return func(c *Config) {
		c.Accept = map[string]string{}
		for _, token := range tokens {
			c.Accept[token] = "ticket 1"
		}
	}
}

func (w *world) newest() *Entry {
	w.t.Helper()
	s, _, err := newChain(w.store.bucket()).fold(w.t.Context(), w.head.Sequence)
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := decodeEntry(w.store.get(ledgerKey(s.head.Sequence)))
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// onlyFinding wants one finding.
func onlyFinding(t *testing.T, list []Finding, kind FindingKind, message string) Finding {
	t.Helper()
	if len(list) != 1 || list[0].Kind != kind || !strings.Contains(list[0].Message, message) {
		t.Fatalf("got %+v, want one of kind %s with %q", list, kind, message)
	}
	return list[0]
}

func TestRollbackIsAnErrorUntilAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(func(c *Config) { c.Scope.End = firstDay.AddDate(0, 0, 1) })
	older := w.store.snapshot()
	w.mustApply(nil)
	head := *w.head
	newer := w.store.snapshot()
	w.store.restore(older)

	message := fmt.Sprintf("rolled back from entry %d to %d", head.Sequence, 2)
	onlyFinding(t, w.plan(nil).Findings, FindingRollback, message)
	// Whatever runs in between, the finding stays: nothing lowers the head.
	_, err := w.apply(nil)
	f := onlyFinding(t, findings(t, err), FindingRollback, message)
	if *w.head != head {
		t.Fatalf("the head became %v", w.head)
	}
	onlyFinding(t, w.plan(nil).Findings, FindingRollback, message)
	w.same(older)

	w.store.restore(newer)
	w.quiet(nil)

	w.store.restore(older)
	w.mustApply(accepting(f.Token))
	w.quiet(accepting(f.Token))
	w.quiet(nil)
	if e, _ := decodeEntry(w.store.get(ledgerKey(3))); len(e.Accepted) != 1 || e.Accepted[0] != (Acceptance{Token: f.Token, Reason: "ticket 1"}) || !e.Snapshot {
		t.Errorf("the ledger does not record the acceptance: %+v", e.Accepted)
	}
}

// A run that was killed before it wrote tag files leaves no other length behind
// if they have the lengths of the former ones. A refresh does not forget it.
func TestUnfinishedTagFilesOfEqualLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	head := *w.head
	const day = "2022-05-02"
	former := w.store.get(bagFolder(day) + tagManifest)
	w.service.add("www.example.com", "mainland", firstDay.AddDate(0, 0, 1).Add(3*time.Hour), "{\"a\":27}\n", "{\"more\":1}\n")
	w.mustApply(nil)
	w.store.put(bagFolder(day)+tagManifest, former)
	w.head = &head // the killed run saved no state
	i := w.plan(nil)
	if len(i.Work) != 1 || *i.Summary.Head != head {
		t.Errorf("got %+v", i)
	}
	w.mustApply(nil)
	w.quiet(nil)
}

func TestEmptyDestinationWithAWitnessIsALoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	w.store.restore(nil) // an unmounted disk
	f := onlyFinding(t, w.plan(nil).Findings, FindingRollback, "to 0")
	_, err := w.apply(nil)
	onlyFinding(t, findings(t, err), FindingRollback, "check that the right folder is mounted")
	if keys := w.store.keys(); len(keys) > 0 {
		t.Errorf("a new archive was begun: %v", keys)
	}
	w.mustApply(accepting(f.Token))
	w.quiet(nil)
}

func TestHandWrittenEntriesAreJudged(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(*state, *Entry){
		"drops a day": func(_ *state, e *Entry) { e.Bags = map[string]*Bag{"2022-05-02": nil} },
		"drops a day in a snapshot": func(s *state, e *Entry) {
			e.snapshot(s)
			delete(e.Bags, "2022-05-02")
		},
		"swaps a tagmanifest": func(s *state, e *Entry) {
			b := s.bags["2022-05-02"]
			b.TagmanifestSHA256 = s.bags["2022-05-01"].TagmanifestSHA256
			b.Sequence = e.Sequence
			e.Bags = map[string]*Bag{"2022-05-02": &b}
		},
		"names other counts": func(s *state, e *Entry) {
			b := s.bags["2022-05-02"]
			b.Packages, b.Sequence = 1, e.Sequence
			e.Bags = map[string]*Bag{"2022-05-02": &b}
		},
		"does not link":     func(_ *state, e *Entry) { e.Previous = strings.Repeat("0", 64) },
		"another archive's": func(_ *state, e *Entry) { e.Archive = strings.Repeat("0", 32) },
		"destroys":          func(_ *state, e *Entry) { e.Destroyed = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.mustApply(nil)
			s, _, err := newChain(w.store.bucket()).fold(t.Context(), w.head.Sequence)
			if err != nil {
				t.Fatal(err)
			}
			e := &Entry{
				Archive: s.archive, Layer: s.layer, Sequence: s.head.Sequence + 1, Commit: strings.Repeat("1", 32),
				Previous: s.head.SHA256, SealedThrough: s.sealedThrough, Complete: s.complete,
			}
			forge(s, e)
			w.store.put(ledgerKey(e.Sequence), e.encode())
			before := w.store.snapshot()
			if i := w.plan(nil); len(i.Findings) == 0 {
				t.Fatal("the plan finds nothing")
			}
			_, err = w.apply(nil)
			if f := findings(t, err); len(f) == 0 || !strings.HasPrefix(f[0].Token, "head:") {
				t.Errorf("got %+v", f)
			}
			w.same(before)
		})
	}
}

func TestLossIsAnErrorUntilAcceptedAndTheTokenWorksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	complete := w.store.snapshot()
	const day = "2022-05-02"
	w.removePayload(day)

	planned := onlyFinding(t, w.plan(nil).Findings, FindingLoss, "archived packages of 2022-05-02 are lost (6 of 6): ")
	s, err := w.apply(nil)
	f := onlyFinding(t, findings(t, err), FindingLoss, day)
	if f.Token != planned.Token || len(f.Packages) != 6 || !strings.HasPrefix(f.Token, day+"@") {
		t.Errorf("got %+v, want the token of the plan %s", f, planned.Token)
	}
	if s.SealedThrough != "2022-05-01" || s.Complete {
		t.Errorf("a day with an open loss is sealed: %+v", s)
	}

	// Restored from a backup: nothing to do.
	for key, o := range complete {
		if strings.HasPrefix(key, bagFolder(day)) {
			w.store.put(key, o.data)
		}
	}
	if i := w.plan(nil); len(i.Findings)+len(i.Work) > 0 {
		t.Errorf("after the restoration: %+v", i)
	}
	w.removePayload(day)

	w.mustApply(accepting(f.Token))
	e := w.newest()
	if len(e.Lost) != 6 || e.Bags[day] != nil || len(e.Accepted) != 1 || e.Accepted[0].Reason != "ticket 1" {
		t.Errorf("got %s", e.encode())
	}
	w.quiet(accepting(f.Token))

	// It returns, and is lost again: the former token accepts nothing.
	for key, o := range complete {
		if strings.HasPrefix(key, bagFolder(day)+payloadFolder) {
			w.store.put(key, o.data)
		}
	}
	w.mustApply(accepting(f.Token))
	if found := w.allRecovered(); found != 6 {
		t.Errorf("%d packages are recovered", found)
	}
	w.valid()
	for r, err := range Records(t.Context(), w.store.bucket()) {
		if err != nil || r.RetrievedAt == nil {
			t.Errorf("%v has lost its provenance: %v", r.Path, err)
		}
	}
	if report, err := Verify(t.Context(), w.store.bucket(), VerifyOptions{Parallelism: 1}); err != nil || len(report.Problems) > 0 {
		t.Errorf("after the recovery: %+v %v", report, err)
	}
	w.removePayload(day)
	_, err = w.apply(accepting(f.Token))
	again := onlyFinding(t, findings(t, err), FindingLoss, day)
	if again.Token == f.Token {
		t.Error("the token is the same")
	}
}

// Whoever knows a token that the configuration accepted long ago cannot drop
// other packages with it, nor the same ones once more.
func TestRecordedTokenAcceptsNoOtherLoss(t *testing.T) {
	t.Parallel()
	const day = "2022-05-02"
	for name, other := range map[string]string{"another day": "2022-05-01", "the same day again": day} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.mustApply(nil)
			complete := w.store.snapshot()
			w.removePayload(day)
			_, err := w.apply(nil)
			token := onlyFinding(t, findings(t, err), FindingLoss, day).Token
			w.mustApply(accepting(token))
			for key, o := range complete {
				if strings.HasPrefix(key, bagFolder(day)+payloadFolder) {
					w.store.put(key, o.data)
				}
			}
			w.mustApply(accepting(token))

			s, _, err := newChain(w.store.bucket()).fold(t.Context(), w.head.Sequence)
			if err != nil {
				t.Fatal(err)
			}
			e := &Entry{
				Archive: s.archive, Layer: s.layer, Sequence: s.head.Sequence + 1, Commit: strings.Repeat("1", 32), Previous: s.head.SHA256,
				Bags: map[string]*Bag{other: nil}, Accepted: []Acceptance{{Token: token, Reason: "ticket 1"}}, SealedThrough: s.sealedThrough, Complete: s.complete,
			}
			for r, err := range RecordsOfDays(t.Context(), w.store.bucket(), other, other) {
				if err != nil {
					t.Fatal(err)
				}
				e.Lost = append(e.Lost, Lost{Path: r.Key(), SHA256: r.SHA256, Bytes: r.StoredBytes})
			}
			w.store.put(ledgerKey(e.Sequence), e.encode())
			w.removePayload(other)
			if list := w.plan(accepting(token)).Findings; len(list) == 0 || list[0].Kind != FindingReplaced {
				t.Errorf("the plan finds %+v", list)
			}
			if _, err := w.apply(accepting(token)); err == nil {
				t.Error("the apply succeeds")
			}
		})
	}
}

// allRecovered counts the recovered packages of all entries.
func (w *world) allRecovered() int {
	n := 0
	for sequence := int64(1); ; sequence++ {
		e, err := decodeEntry(w.store.get(ledgerKey(sequence)))
		if err != nil {
			return n
		}
		n += len(e.Recovered)
	}
}

func TestNewestDaysRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	before := w.removeDays("2022-05-02", "2022-05-03")
	for _, p := range w.service.packages {
		p.gone = true
	}
	if i := w.plan(nil); len(i.Findings) != 2 {
		t.Errorf("got %+v", i.Findings)
	}
	_, err := w.apply(nil)
	if f := findings(t, err); len(f) != 2 {
		t.Errorf("got %v", f)
	}
	w.store.restore(before)
	if i := w.plan(nil); len(i.Findings)+len(i.Work) > 0 {
		t.Errorf("after the restoration: %+v", i)
	}
}

func TestLostTagFilesAreRebuiltWithoutProvenance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	const day = "2022-05-02"
	for _, key := range w.store.keys() {
		if strings.HasPrefix(key, bagFolder(day)) && !strings.Contains(key, payloadFolder) || strings.HasPrefix(key, tagsFolder+day) {
			w.store.remove(key)
		}
	}
	f := onlyFinding(t, w.plan(nil).Findings, FindingLoss, "without their provenance")
	_, err := w.apply(nil)
	onlyFinding(t, findings(t, err), FindingLoss, "without their provenance")
	w.mustApply(accepting(f.Token))
	n := 0
	for r, err := range Records(t.Context(), w.store.bucket()) {
		if err != nil {
			t.Fatal(err)
		}
		if r.RetrievedAt == nil {
			n++
		}
		if data, _ := encodeRecords([]Record{r}); r.Day() == day && strings.Contains(string(data), "retrieved_at") {
			t.Errorf("got %s", data)
		}
	}
	if n != 6 {
		t.Errorf("%d records have no provenance, want 6", n)
	}
	w.valid()
}

// Nothing of a day is left: the acceptance of lost tag files alone does not
// accept that, and nothing is downloaded for a bag that cannot be changed.
func TestLostTagFilesAndPackages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	const day = "2022-05-02"
	for _, key := range w.store.keys() {
		if strings.HasPrefix(key, bagFolder(day)) && !strings.Contains(key, payloadFolder) || strings.HasPrefix(key, tagsFolder+day) {
			w.store.remove(key)
		}
	}
	tags := onlyFinding(t, w.plan(nil).Findings, FindingLoss, "the records of its 6 packages are rebuilt").Token
	w.removeDays(day)
	before := w.store.snapshot()
	f := onlyFinding(t, w.plan(accepting(tags)).Findings, FindingLoss, "all of its 6 packages are lost")
	_, err := w.apply(accepting(tags))
	onlyFinding(t, findings(t, err), FindingLoss, "all of its 6 packages are lost")
	w.same(before)
	w.removePayload(day) // the service no longer has them
	w.mustApply(accepting(f.Token))
	w.valid()
}

func TestTagFilesAreRestoredFromTheirCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	const day = "2022-05-02"
	older := w.store.snapshot()
	for _, change := range []func(){
		func() { w.store.remove(bagFolder(day) + manifestTxt) },
		func() { w.store.put(bagFolder(day)+packagesTxt, []byte("{}\n")) },
		func() { w.store.put(bagFolder(day)+tagManifest, older[bagFolder("2022-05-01")+manifestTxt].data) },
	} {
		change()
		if i := w.plan(nil); len(i.Work) != 1 || len(i.Findings) > 0 {
			t.Errorf("got %+v", i)
		}
		head := *w.head
		w.mustApply(nil)
		if *w.head != head {
			t.Error("restoring tag files wrote an entry")
		}
		w.quiet(nil)
	}
}

// A day forged consistently, with other lengths, is found by a plan; one with
// the same lengths by reading the payload.
func TestForgedDay(t *testing.T) {
	t.Parallel()
	const day = "2022-05-02"
	forge := func(w *world, text string) {
		w.t.Helper()
		s, _, _ := newChain(w.store.bucket()).fold(w.t.Context(), w.head.Sequence)
		b := s.bags[day]
		tags, err := decodeTags(day, b.TagmanifestSHA256, w.store.get(tagsKey(day, b.TagmanifestSHA256)))
		if err != nil {
			w.t.Fatal(err)
		}
		data := compress(text)
		c, _ := newMeter().copy(nil, bytes.NewReader(data))
		c.into(&tags.records[0])
		w.store.put(tags.records[0].Key(), data)
		forged, err := newTagFiles(s.archive, "terraform-provider-teo/test", teo.L7, day, tags.records)
		if err != nil {
			w.t.Fatal(err)
		}
		for name, data := range forged.files {
			w.store.put(bagFolder(day)+name, data)
		}
		copied, _ := forged.tar()
		w.store.remove(tagsKey(day, b.TagmanifestSHA256))
		w.store.put(tagsKey(day, forged.sha256()), copied)
	}
	payload := func(c *Config) { c.VerifyPayload = true }

	t.Run("other length", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.mustApply(nil)
		forge(w, "{\"forged\":true}\n")
		onlyFinding(t, w.plan(nil).Findings, FindingLoss, "the tag files of 2022-05-02 are lost")
		if _, err := w.apply(nil); err == nil {
			t.Error("the apply succeeds")
		}
	})
	t.Run("same length", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.mustApply(nil)
		key := ""
		for _, k := range w.store.keys() {
			if strings.HasPrefix(k, bagFolder(day)+payloadFolder) {
				key = k
			}
		}
		data := slices.Clone(w.store.get(key))
		data[len(data)-9] ^= 1 // one bit, same length
		w.store.put(key, data)
		if i := w.plan(nil); len(i.Findings) > 0 {
			t.Errorf("a listing cannot show this: %v", i.Findings)
		}
		onlyFinding(t, w.plan(payload).Findings, FindingLoss, "its SHA-256 is not the recorded one")
		head := *w.head
		w.mustApply(payload) // downloads and repairs it
		if *w.head != head {
			t.Error("a repair wrote an entry")
		}
		w.quiet(payload)
	})
	t.Run("edited provenance", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.mustApply(nil)
		key := bagFolder(day) + packagesTxt
		w.store.put(key, bytes.ReplaceAll(w.store.get(key), []byte("request-1"), []byte("request-2")))
		if i := w.plan(payload); len(i.Work) != 1 {
			t.Errorf("got %+v", i)
		}
		w.mustApply(payload)
		w.quiet(payload)
	})
}

func TestListedSizes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), strings.Repeat("{}\n", 100))
	listed := int64(99_999)
	p.pkg.Size = &listed
	s := w.mustApply(nil)
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Detail, "300 bytes instead of 99999") {
		t.Errorf("got %q", s.Warnings)
	}
	w.quiet(nil)

	// Later the service has less: the larger version is kept, and that is
	// recorded, so that it is not downloaded again.
	w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), "{\"x\":1}\n")
	s = w.mustApply(nil)
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Detail, "The archived versions are kept") {
		t.Errorf("got %q", s.Warnings)
	}
	for r, err := range Records(t.Context(), w.store.bucket()) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Name == p.pkg.Name && r.Area == "mainland" && (r.UncompressedBytes != 300 || *r.ListedSize != 8 || *r.Size != listed) {
			t.Errorf("got %+v", r)
		}
	}
	requests := w.service.requests
	w.quiet(nil)
	if w.service.requests != requests {
		t.Error("it was downloaded again")
	}
}

func TestGrownPackage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	at := firstDay.Add(3 * time.Hour)
	w.service.add("www.example.com", "mainland", at, "{\"a\":3}\n", "{\"more\":1}\n")
	w.mustApply(nil)
	e := w.newest()
	if len(e.Superseded) != 1 || !e.Superseded[0].Extends || len(e.Bags) != 1 {
		t.Errorf("got %s", e.encode())
	}
	w.quiet(nil)
}

// A version that was compressed again contains the former one, although its file
// does not start with the former file: that is kept, to show it.
func TestGrownPackageThatWasCompressedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	head := *w.head
	at := firstDay.Add(3 * time.Hour)
	old := compress("{\"a\":3}\n")
	w.service.add("www.example.com", "mainland", at, "{\"a\":3}\n{\"more\":1}\n")
	w.mustApply(nil)
	if e := w.newest(); len(e.Superseded) != 1 || !e.Superseded[0].Extends {
		t.Errorf("got %s", e.encode())
	}
	if !bytes.Equal(w.store.get(supersededKey(hashOf(old))), old) {
		t.Error("the former file is gone")
	}
	w.service.add("www.example.com", "mainland", at, "{\"a\":3}\n{\"more\":1}\n", "{\"more\":2}\n")
	w.mustApply(nil)
	w.head = &head // the state was not saved
	w.mustApply(nil)
	w.quiet(nil)

	w.store.remove(supersededKey(hashOf(old)))
	w.head = &head
	_, err := w.apply(nil)
	onlyFinding(t, findings(t, err), FindingReplaced, "does not contain the former one")
}

// An entry may say of any content that it extends the former one.
func TestReplacementThatOnlySaysThatItExtends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	head := *w.head
	w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), strings.Repeat("{\"other\":1}\n", 3))
	w.mustApply(nil)
	e := w.newest()
	if len(e.Superseded) != 1 {
		t.Fatalf("got %s", e.encode())
	}
	e.Superseded[0].Extends = true
	w.store.put(ledgerKey(e.Sequence), e.encode())
	w.store.remove(supersededKey(e.Superseded[0].OldSHA256))
	if report, err := Verify(t.Context(), w.store.bucket(), VerifyOptions{Parallelism: 1}); err != nil || report.kinds() != "ledger" {
		t.Errorf("the verification finds %+v %v", report, err)
	}
	w.head = &head
	onlyFinding(t, w.plan(nil).Findings, FindingReplaced, "does not contain the former one")
	_, err := w.apply(nil)
	onlyFinding(t, findings(t, err), FindingReplaced, "does not contain the former one")
}

func TestReplacementThatDoesNotExtendIsPreservedAndJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	head := *w.head
	at := firstDay.Add(3 * time.Hour)
	old := compress("{\"a\":3}\n")
	w.service.add("www.example.com", "mainland", at, strings.Repeat("{\"other\":1}\n", 3))
	s := w.mustApply(nil)
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Detail, "the former ones are kept") {
		t.Errorf("got %q", s.Warnings)
	}
	if !bytes.Equal(w.store.get(supersededKey(hashOf(old))), old) {
		t.Error("the former content is gone")
	}
	w.quiet(nil)

	// Whoever has the head of before has to accept it.
	w.head = &head
	_, err := w.apply(nil)
	f := onlyFinding(t, findings(t, err), FindingReplaced, "replaced by content that does not contain the former one")
	w.mustApply(accepting(f.Token))
	w.quiet(nil)
}

func TestPackagesOutsideTheWindowAreLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service.add("www.example.com", "mainland", firstDay.Add(-time.Hour), "{}\n")
	w.service.add("www.example.com", "mainland", firstDay.AddDate(0, 0, 3), "{}\n")
	a := w.archive(nil)
	s, err := a.Run(t.Context(), w.service.list(Scope{}, time.Time{}, time.Time{}), time.Time{})
	if err != nil || s.PackageCount != 18 || s.BagCount != 3 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestTricklingPackageBlocksOnlyItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		slow := w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), "{}\n")
		slow.handler = func(r *http.Request) (*http.Response, error) {
			resp := response(http.StatusOK, nil)
			resp.Body, resp.ContentLength = io.NopCloser(&trickle{ctx: r.Context(), data: slow.body}), -1
			return resp, nil
		}
		slow.body = bytes.Repeat(slow.body, 100)
		s, err := w.apply(nil)
		run, ok := errors.AsType[*RunError](err)
		if !ok || len(run.Failures) != 1 || !errors.Is(err, ErrTooSlow) || run.Skipped > 0 {
			t.Fatalf("got %v", err)
		}
		if s.PackageCount != 17 || s.BagCount != 3 || s.PendingCount != 1 || s.SealedThrough != "" {
			t.Errorf("got %+v", s)
		}
		w.valid()
		slow.handler = nil
		w.mustApply(nil)
		w.quiet(nil)
	})
}

// trickle is a body of one byte in five seconds.
type trickle struct {
	ctx  context.Context
	data []byte
}

func (r *trickle) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(5 * time.Second):
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
	p[0] = r.data[0]
	r.data = r.data[1:]
	return 1, nil
}

func TestTwoConcurrentRunsWithTwoStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(func(c *Config) { c.Scope.End = firstDay.AddDate(0, 0, 1) })
	a, b := w.archive(nil), w.archive(nil)
	older := w.service.list(a.config.Scope, firstDay, a.config.Scope.End)
	for hour := range 4 {
		w.service.add("new.example.com", "mainland", firstDay.AddDate(0, 0, 1).Add(time.Duration(hour)*time.Hour), "{}\n")
	}
	newer := w.service.list(a.config.Scope, firstDay, a.config.Scope.End)
	results := make(chan error)
	var heads [2]*Head
	for i, a := range []*Archive{a, b} {
		go func() {
			s, err := a.Run(t.Context(), [][]teo.Package{newer, older}[i], time.Time{})
			heads[i] = s.Head
			results <- err
		}()
	}
	if err := errors.Join(<-results, <-results); err != nil {
		t.Fatal(err)
	}
	for _, head := range heads {
		w.head = head
		w.quiet(nil)
	}
}

func TestClockThatIsAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	served := firstDay.AddDate(0, 0, 1).Add(30 * time.Hour) // the Date header
	a := w.archive(func(c *Config) { c.Now = func() time.Time { return served.AddDate(0, 0, 10) } })
	s, err := a.Run(t.Context(), w.service.list(a.config.Scope, a.config.Scope.Start, a.config.Scope.End), served)
	if err != nil || s.SealedThrough != "2022-05-01" || s.PackageCount != 9 || s.PendingCount != 9 {
		t.Fatalf("got %+v, %v", s, err)
	}
	w.head = s.Head
	// And one that is behind takes nothing back.
	s = w.mustApply(func(c *Config) { c.Now = func() time.Time { return firstDay } })
	if s.SealedThrough != "2022-05-01" || *s.Head != *w.head {
		t.Errorf("got %+v", s)
	}
	w.mustApply(nil)
	w.quiet(nil)
}

func TestOpenEndedArchive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func(c *Config) {
		c.Scope.End = time.Time{}
		c.Now = func() time.Time { return firstDay.AddDate(0, 0, 3) }
	}
	s := w.mustApply(open)
	if s.Complete || s.SealedThrough != "2022-05-02" || s.PackageCount != 12 {
		t.Errorf("got %+v", s)
	}
	w.quiet(open)
}

func TestWideningWritesOnlyTheNewDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(func(c *Config) { c.Scope.End = firstDay.AddDate(0, 0, 2) })
	before := w.store.snapshot()
	w.mustApply(nil)
	for key, o := range w.store.snapshot() {
		was, existed := before[key]
		if existed && was.modified.Equal(o.modified) {
			continue
		}
		if !strings.HasPrefix(key, bagFolder("2022-05-03")) && !strings.HasPrefix(key, tagsFolder+"2022-05-03/") && !strings.HasPrefix(key, ledgerFolder) {
			t.Errorf("%s was written", key)
		}
	}
	w.quiet(nil)
	// Another filter rewrites nothing either.
	before = w.store.snapshot()
	narrow := func(c *Config) { c.Scope.Hosts = []string{"api.example.com"} }
	s := w.mustApply(narrow)
	for key, o := range w.store.snapshot() {
		if was, ok := before[key]; (!ok || !was.modified.Equal(o.modified)) && !strings.HasPrefix(key, ledgerFolder) {
			t.Errorf("%s was written", key)
		}
	}
	if s.PackageCount != 18 {
		t.Errorf("archived packages are gone: %+v", s)
	}
	w.quiet(narrow)
}

// A package that is missing is requested under the scope that archived it.
func TestMissingPackageOfAFormerScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	narrow := func(c *Config) { c.Scope.Hosts = []string{"api.example.com"} }
	w.mustApply(narrow)
	for _, key := range w.store.keys() {
		if strings.Contains(key, "domain=www.example.com") {
			w.store.remove(key)
			break
		}
	}
	w.mustApply(narrow)
	w.quiet(narrow)
}

func TestSourcesWithoutSecrets(t *testing.T) {
	t.Parallel()
	for url, want := range map[string][3]string{
		"https://h.example.com/a/b.log.gz?sign=x":              {"https", "h.example.com", "/a/b.log.gz"},
		"http://h.example.com/a;sign=abc/b.log.gz;token=1":     {"http", "h.example.com", "/a/b.log.gz"},
		"https://user:pw@h.example.com/sign=abc/b.gz#f":        {"https", "h.example.com", "//b.gz"},
		"https://h.example.com/a/b.gz%3Fsign=1":                {"https", "h.example.com", "/a/b.gz"},
		"HTTPS://h.example.com/a/auth_key=1-2-3/b&Signature=1": {"https", "h.example.com", "/a//b"},
	} {
		scheme, host, path := sourceOf(url)
		if got := [3]string{scheme, host, path}; got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
	w := newWorld(t)
	p := w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), "{}\n")
	delete(w.service.packages, "/mainland/www.example.com/20220501-03-www.example.com.log.gz")
	p.pkg.URL = "http://log.example.com/p;sign=hush?sign=hush"
	w.service.packages["/p;sign=hush"] = p
	s := w.mustApply(nil)
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Detail, "1 packages were downloaded over plain http") {
		t.Errorf("got %q", s.Warnings)
	}
	for key, o := range w.store.snapshot() {
		if bytes.Contains(o.data, []byte("hush")) || bytes.Contains(o.data, []byte("secret")) {
			t.Errorf("%s contains a signature", key)
		}
	}
	for r, err := range Records(t.Context(), w.store.bucket()) {
		if err != nil {
			t.Fatal(err)
		}
		if r.SourcePath == "/p" && r.SourceScheme != "http" {
			t.Errorf("got %+v", r)
		}
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	foreign := []string{".teo-archive/notes.txt", ".teo-archive/tags/2022-05-01/x.tar", "dt=2022-05-01/data/mine.txt", "readme.txt"}
	for _, key := range foreign {
		w.store.put(key, []byte("mine"))
	}
	other := w.head
	w.head = &Head{Sequence: other.Sequence, SHA256: strings.Repeat("0", 64)}
	if _, err := w.archive(nil).Delete(t.Context()); len(findings(t, err)) != 1 {
		t.Errorf("got %v", err)
	}
	w.head = other
	w.store.retained = bucket.Retention{Versioned: true, Locked: true}
	w.store.kept = map[string]bool{bagFolder("2022-05-02") + bagitTxt: true}
	d, err := w.archive(nil).Delete(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(d.Foreign)
	if !slices.Equal(d.Foreign, foreign) || !d.Retention.Locked || !slices.Equal(d.Refused, []string{bagFolder("2022-05-02") + bagitTxt}) || d.Removed == 0 {
		t.Errorf("got %+v", d)
	}
	if keys := w.store.keys(); len(keys) != len(foreign)+1 {
		t.Errorf("left: %v", keys)
	}
}

// A removal may be interrupted anywhere, and the next one completes it.
func TestDeleteInterrupted(t *testing.T) {
	t.Parallel()
	for step := 1; ; step++ {
		w := newWorld(t)
		w.mustApply(nil)
		a := w.archive(nil)
		n := 0
		ctx, cancel := context.WithCancel(t.Context())
		a.config.Bucket.(*memoryBucket).hook = func(context.Context, memoryOp) (memoryFault, error) {
			if n++; n > step {
				cancel()
				return works, context.Canceled
			}
			return works, nil
		}
		_, err := a.Delete(ctx)
		if err == nil {
			cancel()
			return
		}
		if _, err := w.archive(nil).Delete(t.Context()); err != nil && len(w.store.keys()) > 0 {
			t.Fatalf("step %d: %v", step, err)
		}
		if keys := w.store.keys(); len(keys) > 0 {
			t.Fatalf("step %d: left: %v", step, keys)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	trusted := fmt.Sprintf("The run trusted entry %d", w.head.Sequence)
	w.head = nil // the state was lost
	if _, err := w.apply(func(c *Config) { c.Scope.ZoneIDs = []string{"zone-1"} }); !isScopeError(err) {
		t.Errorf("got %v", err)
	}
	if _, err := w.apply(func(c *Config) { c.Scope.Layer = teo.L4 }); !isScopeError(err) {
		t.Errorf("got %v", err)
	}
	w.head = nil
	s := w.mustApply(nil)
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Detail, trusted) || !w.newest().Joined {
		t.Errorf("got %+v", s)
	}
	w.quiet(nil)
	scope, head, err := ReadScope(t.Context(), w.store.bucket())
	if err != nil || !scope.Equal(may()) || *head != *w.head {
		t.Errorf("got %v, %v, %v", scope, head, err)
	}
	if _, _, err := ReadScope(t.Context(), newMemoryStore().bucket()); !errors.Is(err, ErrNoArchive) {
		t.Errorf("got %v", err)
	}
}

func isScopeError(err error) bool {
	_, ok := errors.AsType[*ScopeError](err)
	return ok
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.put("readme.txt", []byte("mine"))
	if _, err := w.apply(nil); err == nil || !strings.Contains(err.Error(), "already contains 1 files not written by an archive") {
		t.Errorf("got %v", err)
	}
	w.store.remove("readme.txt")
	w.mustApply(nil)
	w.store.put("dt=2022-05-01/data/domain=www.example.com/area=mainland/hour=09/20220501-09-www.example.com.log.gz", compress("{}\n"))
	s, err := w.apply(nil)
	if run, ok := errors.AsType[*RunError](err); !ok || len(run.Foreign) != 1 || s.SealedThrough != "" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestStoreWithoutArbitration(t *testing.T) {
	t.Parallel()
	for _, admits := range []bool{true, false} {
		w := newWorld(t)
		w.store.overwrites, w.store.admits = true, admits
		s := w.mustApply(nil)
		if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Detail, "Run one apply at a time") {
			t.Errorf("got %q", s.Warnings)
		}
		w.valid()
	}
}

func TestLayer4AndUnknownAreas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service.packages = map[string]*served{}
	for i, area := range []string{"mainland", "", ""} {
		p := w.service.add("sid-1", area, firstDay.Add(3*time.Hour), "{}\n")
		delete(w.service.packages, "/"+area+"/sid-1/20220501-03-sid-1.log.gz")
		path := fmt.Sprintf("/%d/p.log.gz", i)
		p.pkg.Domain, p.pkg.ProxyID, p.pkg.URL = "", "sid-1", "https://log.example.com"+path+"?sign=secret"
		w.service.packages[path] = p
	}
	layer4 := func(c *Config) { c.Scope.Layer = teo.L4 }
	if s := w.mustApply(layer4); s.PackageCount != 3 {
		t.Errorf("got %+v", s)
	}
	for r, err := range Records(t.Context(), w.store.bucket()) {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(r.Path, "data/proxy=sid-1/") || r.ProxyID != "sid-1" || r.Domain != "" ||
			(r.Area == "") != strings.Contains(r.Path, "area=unknown/hour=03/20220501-03-sid-1~h") {
			t.Errorf("got %+v", r)
		}
	}
	w.quiet(layer4)
}

func TestRecordsOfDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	for bounds, want := range map[[2]string]string{
		{"", ""}:                     "2022-05-01 2022-05-02 2022-05-03",
		{"2022-05-02", ""}:           "2022-05-02 2022-05-03",
		{"", "2022-05-02"}:           "2022-05-01 2022-05-02",
		{"2022-05-02", "2022-05-02"}: "2022-05-02",
		{"2022-05-04", "2022-05-09"}: "",
	} {
		var days []string
		for r, err := range RecordsOfDays(t.Context(), w.store.bucket(), bounds[0], bounds[1]) {
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(days, r.Day()) {
				days = append(days, r.Day())
			}
		}
		if got := strings.Join(days, " "); got != want {
			t.Errorf("%q: got %q, want %q", bounds, got, want)
		}
	}
}
