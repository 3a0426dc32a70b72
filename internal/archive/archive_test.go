package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	neturl "net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

func TestASecondRunWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.mustApply(nil)
	if r.PackageCount != 18 || r.BagCount != 3 || r.SealedThrough != "2022-05-03" || !r.Complete || r.PendingCount != 0 {
		t.Errorf("got %+v", *r.Summary)
	}
	w.quiet(nil)
}

func TestARunOnAnImmutableStoreReplacesAndRemovesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.immutable = true
	w.now = firstDay.Add(50 * time.Hour)
	w.mustApply(nil)
	p := w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), "{\"a\":3}\n", "{\"more\":1}\n")
	w.service.add("late.example.com", "mainland", firstDay.Add(5*time.Hour), "{\"late\":1}\n")
	w.now = firstDay.AddDate(0, 1, 0)
	before := w.store.snapshot()
	r := w.mustApply(nil)
	for key, o := range before {
		if is, ok := w.store.get(key); !ok || hashOf(is.data) != hashOf(o.data) {
			t.Errorf("%s was replaced or removed", key)
		}
	}
	if r.PackageCount != 19 || r.BagCount != 4 || !r.Complete {
		t.Errorf("after %s: got %+v", p.pkg.Name, *r.Summary)
	}
	w.quiet(nil)
}

// A later version goes into a new bag, and its record says what it supersedes.
func TestANewVersionSupersedesTheFormerOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		members []string
		extends bool
	}{
		"appended":  {[]string{"{\"a\":3}\n", "{\"more\":1}\n"}, true},
		"rewritten": {[]string{"{\"other\":3}\n", "{\"more\":1}\n"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.now = firstDay.Add(50 * time.Hour)
			w.mustApply(nil)
			w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), c.members...)
			r := w.mustApply(nil)
			if r.PackageCount != 6 || r.BagCount != 2 {
				t.Errorf("got %+v", *r.Summary)
			}
			var versions []bag.Record
			for _, key := range w.store.find("packages.jsonl") {
				o, _ := w.store.get(key)
				records, err := decode(strings.NewReader(string(o.data)), -1)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range records {
					if r.Supersedes != nil {
						versions = append(versions, r)
					}
				}
			}
			if len(versions) != 1 || versions[0].Extends == nil || *versions[0].Extends != c.extends {
				t.Errorf("got %+v, want extends %t", versions, c.extends)
			}
			w.valid()
		})
	}
}

// The service lists another size for the same bytes: that is noted once, and nothing
// is archived again.
func TestTheSameBytesAreNotArchivedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = firstDay.Add(50 * time.Hour)
	w.mustApply(nil)
	requests := w.service.requests
	list := w.service.lister()
	other := func(c *Config) {
		c.List = func(ctx context.Context, start, end time.Time, most int) ([]teo.Package, error) {
			rows, err := list(ctx, start, end, most)
			for i := range rows {
				size := *rows[i].Size + 1
				rows[i].Size = &size
			}
			return rows, err
		}
	}
	r := w.mustApply(other)
	if r.BagCount != 1 || w.service.requests != requests+6 {
		t.Errorf("got %d bags and %d downloads", r.BagCount, w.service.requests-requests)
	}
	w.quiet(other)
	if w.service.requests != requests+6 {
		t.Errorf("a later run downloads again")
	}
}

func TestAMissingFileIsDownloadedAgain(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*world, string){
		"missing":   func(w *world, key string) { w.store.remove(key) },
		"shortened": func(w *world, key string) { w.store.put(key, []byte("x")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.mustApply(nil)
			key := w.store.find("/data/")[4]
			want, _ := w.store.get(key)
			damage(w, key)
			p := w.plan(nil)
			if len(p.Findings) > 0 || len(p.Damage) != 1 || !strings.Contains(p.Damage[0], "the next apply downloads it again if EdgeOne still serves it") {
				t.Errorf("plan: %+v %q", p.Findings, p.Damage)
			}
			r := w.mustApply(nil)
			if !slices.Equal(r.Repaired, []string{key}) {
				t.Errorf("repaired %q", r.Repaired)
			}
			if is, _ := w.store.get(key); hashOf(is.data) != hashOf(want.data) {
				t.Error("the bytes are others")
			}
			w.quiet(nil)
		})
	}
}

// A changed byte is found by a verification, and repaired by an apply that reads the
// payload. If the store refuses to replace the file, the bytes go into a new bag.
func TestAChangedByteIsRepaired(t *testing.T) {
	t.Parallel()
	for name, immutable := range map[string]bool{"replaced": false, "refused": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.mustApply(nil)
			key := w.store.find("/data/")[4]
			o, _ := w.store.get(key)
			data := slices.Clone(o.data)
			data[len(data)/2] ^= 1
			w.store.put(key, data)
			if v := w.verify(""); v.ProblemCount != 1 || v.Problems[0].Kind != ProblemHash {
				t.Errorf("verification: %+v", v.Problems)
			}
			w.store.immutable = immutable
			payload := func(c *Config) { c.VerifyPayload = true }
			w.plan(payload)
			r := w.mustApply(payload)
			if !slices.Equal(r.Repaired, []string{key}) || r.LostCount != 0 || r.PackageCount != 18 {
				t.Errorf("repaired %q, %+v", r.Repaired, *r.Summary)
			}
			w.quiet(payload)
		})
	}
}

// A token is shown only by an apply that has tried to download the file.
func TestALossIsAnErrorUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]func(*served){
		"not listed":  func(p *served) { p.hidden, p.gone = true, true },
		"not served":  func(p *served) { p.gone = true },
		"other bytes": func(p *served) { p.members = []string{"{\"x\":1}\n"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.mustApply(nil)
			p := w.service.packages["/mainland/www.example.com/20220501-03-www.example.com.log.gz"]
			w.service.change(p, gone)
			key := w.store.find("/20220501-03-www.example.com")[0]
			w.store.remove(key)
			if p := w.plan(nil); len(p.Findings) > 0 || len(p.Work) == 0 {
				t.Errorf("plan: findings %+v, work %q", p.Findings, p.Work)
			}
			_, err := w.apply(nil)
			f := findings(t, err)
			if len(f) != 1 || f[0].Kind != FindingLoss || !slices.Equal(f[0].Files, []string{key}) || f[0].Token == "" {
				t.Fatalf("got %+v", f)
			}
			if _, err := w.apply(accept("2022-05-01@1:0123456789abcdef")); findings(t, err)[0].Token != f[0].Token {
				t.Error("another token accepts the loss, or changes it")
			}
			accepted := accept(f[0].Token)
			r := w.mustApply(accepted)
			if r.LostCount != 1 || r.Complete {
				t.Errorf("got %+v", *r.Summary)
			}
			for range 2 {
				w.mustApply(nil) // the token may go
			}
			w.valid()
			if v := w.verify(""); v.LostCount != 1 {
				t.Errorf("the verification counts %d lost files", v.LostCount)
			}
		})
	}
}

func TestALostFileThatIsBackIsRecovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	key := w.store.find("/data/")[0]
	o, _ := w.store.get(key)
	w.lose(key)
	w.store.put(key, o.data)
	r := w.mustApply(nil)
	if r.LostCount != 0 || r.PackageCount != 18 || !slices.Contains(r.Repaired, key) {
		t.Errorf("got %+v, repaired %q", *r.Summary, r.Repaired)
	}
	w.quiet(nil)
}

// lose removes files that the service does not have any more, and accepts the loss.
func (w *world) lose(keys ...string) {
	w.t.Helper()
	w.store.remove(keys...)
	for _, p := range w.service.packages {
		if slices.ContainsFunc(keys, func(key string) bool {
			return strings.Contains(key, p.pkg.Name) && strings.Contains(key, "area="+p.pkg.Area)
		}) {
			w.service.change(p, func(p *served) { p.hidden, p.gone = true, true })
		}
	}
	_, err := w.apply(nil)
	var tokens []string
	for _, f := range findings(w.t, err) {
		tokens = append(tokens, f.Token)
	}
	w.mustApply(accept(tokens...))
}

// Bag and records back each other up.
func TestTagFilesAndRecordsAreWrittenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	for _, damage := range [][]string{
		w.store.find("bagit.txt")[:1], w.store.find("packages.jsonl"), w.store.find("/records/"),
		w.store.find("tagmanifest")[:2], slices.Concat(w.store.find("manifest-sha256.txt"), w.store.find("bag-info.txt")),
	} {
		before := w.store.snapshot()
		w.store.remove(damage...)
		w.plan(nil)
		w.mustApply(nil)
		for _, key := range damage {
			if is, _ := w.store.get(key); hashOf(is.data) != hashOf(before[key].data) {
				t.Errorf("%s has other bytes", key)
			}
		}
		w.quiet(nil)
	}
}

// If nothing says any more which packages a bag has, the whole bag is lost. Its
// packages are archived again, as far as EdgeOne has them.
func TestABagWithoutRecordsIsLostAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	folder := strings.TrimSuffix(w.store.find("packages.jsonl")[0], "/packages.jsonl")
	w.store.remove(w.store.find(folder)...)
	w.store.remove(w.store.find("/records/")...)
	_, err := w.apply(nil)
	f := findings(t, err)
	if len(f) != 2 {
		t.Fatalf("got %+v, want the bag and the records", f)
	}
	// Nothing of the day is archived before: its packages may have two versions then.
	if p := w.plan(nil); p.Summary.PackageCount != 18 || p.Summary.BagCount != 3 {
		t.Errorf("before the acceptance: %+v", *p.Summary)
	}
	r := w.mustApply(accept(f[0].Token, f[1].Token))
	if r.PackageCount != 18 || r.LostCount != 6 {
		t.Errorf("got %+v", *r.Summary)
	}
	w.mustApply(nil)
	w.valid()
}

// A bag that is lost with its records may have had versions of packages that other
// bags have too. The counts agree with what the others say, whatever comes later.
func TestVersionsBesideABagWithoutRecords(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	for name, history := range map[string]func(w *world){
		"grows after the loss": func(w *world) {
			bag := w.version(2)
			w.loseRecords(bag)
			w.version(3)
		},
		"grew before the loss": func(w *world) {
			bag := w.version(2)
			w.version(3)
			w.loseRecords(bag)
			w.version(4)
		},
		"grew before and after other losses": func(w *world) {
			first := w.version(2)
			second := w.version(3)
			third := w.version(4)
			w.loseRecords(first, third)
			w.version(5)
			w.loseRecords(second)
			w.version(6)
		},
		"comes back": func(w *world) {
			bag := w.version(2)
			back := w.loseRecords(bag)
			w.version(3)
			w.putBack(back)
			w.version(4)
		},
		"comes back as the newest": func(w *world) {
			bag := w.version(2)
			back := w.loseRecords(bag)
			w.putBack(back)
			w.version(3)
		},
		"was lost before": func(w *world) {
			bag := w.version(2)
			w.lose(w.store.find(bag + "/data/")...)
			w.loseRecords(bag)
			w.service.change(w.versioned(), func(p *served) { p.hidden, p.gone = false, false })
			w.version(3)
			if r := w.mustApply(nil); r.PackageCount != 6 {
				w.t.Errorf("%d packages", r.PackageCount)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.now = firstDay.Add(50 * time.Hour)
			w.mustApply(nil)
			history(w)
			if r := w.mustApply(nil); r.PackageCount != 6 {
				t.Errorf("%d packages, want 6", r.PackageCount)
			}
			w.quiet(nil)
			w.valid()
			w.listed()
		})
	}
}

// listed compares what verify.sh lists with what is counted.
func (w *world) listed() {
	w.t.Helper()
	out, valid := w.verifySh("--list")
	if !valid {
		w.t.Errorf("verify.sh: %s", out)
	}
	if n := w.verify("").PackageCount; int64(strings.Count(out, "\n")) != n {
		w.t.Errorf("verify.sh lists other than %d packages:\n%s", n, out)
	}
}

func (w *world) versioned() *served {
	return w.service.packages["/mainland/www.example.com/20220501-03-www.example.com.log.gz"]
}

// version lets a package grow to n lines and returns the bag of its new version.
func (w *world) version(n int) string {
	w.t.Helper()
	before := w.store.find("/packages.jsonl")
	w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), strings.Repeat("{}\n", n))
	w.mustApply(nil)
	after := slices.DeleteFunc(w.store.find("/packages.jsonl"), func(key string) bool { return slices.Contains(before, key) })
	if len(after) != 1 {
		w.t.Fatalf("new bags: %q", after)
	}
	return strings.TrimSuffix(after[0], "/packages.jsonl")
}

// loseRecords removes bags and the records that name their packages, and accepts the
// loss. It returns the objects that were removed.
func (w *world) loseRecords(folders ...string) map[string]memoryObject {
	w.t.Helper()
	removed := map[string]memoryObject{}
	for key, o := range w.store.snapshot() {
		for _, folder := range folders {
			if strings.HasPrefix(key, folder+"/") || ledger.IsRecords(key) && strings.Contains(string(o.data), fmt.Sprintf(`"bag":%q`, folder)) {
				removed[key] = o
			}
		}
	}
	w.store.remove(sortedKeys(removed)...)
	_, err := w.apply(nil)
	var tokens []string
	for _, f := range findings(w.t, err) {
		tokens = append(tokens, f.Token)
	}
	w.mustApply(accept(tokens...))
	w.valid()
	w.listed()
	return removed
}

func (w *world) putBack(objects map[string]memoryObject) {
	w.t.Helper()
	for key, o := range objects {
		w.store.put(key, o.data)
	}
	w.mustApply(nil)
	w.valid()
	w.listed()
}

// What an operator restores between plan and apply is not lost, although the loss is
// accepted.
func TestWhatIsRestoredAfterThePlanIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 27 { // a snapshot in entry 26
		w.service.add("www.example.com", "mainland", firstDay.Add(5*time.Hour), strings.Repeat("{}\n", n+1))
		w.mustApply(func(c *Config) { c.Scope.RecheckDays = 60 })
	}
	missing := w.store.snapshot()
	maps.DeleteFunc(missing, func(key string, _ memoryObject) bool {
		return key != ledger.Key(3) && !strings.HasPrefix(key, "dt=2022-05-02/") && !ledger.IsRecords(key)
	})
	w.store.remove(sortedKeys(missing)...)
	recheck := func(c *Config) { c.Scope.RecheckDays = 60 }
	_, err := w.apply(recheck)
	var tokens []string
	for _, f := range findings(t, err) {
		tokens = append(tokens, f.Token)
	}
	if len(tokens) != 3 {
		t.Fatalf("tokens: %q", tokens)
	}
	accepted := func(c *Config) { recheck(c); accept(tokens...)(c) }
	w.plan(accepted)
	for key, o := range missing {
		w.store.put(key, o.data)
	}
	if r := w.mustApply(accepted); r.LostCount != 0 || r.PackageCount != 19 {
		t.Errorf("%d packages lost, %d left", r.LostCount, r.PackageCount)
	}
	w.valid()
}

// A listing does not show a changed byte. With verify = "payload", records are made
// again, and an older entry of the ledger is a loss.
func TestChangedBytesOfLedgerAndRecordsAreFoundByPayload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	for n := range 26 {
		w.mustApply(func(c *Config) { c.Scope.RecheckDays = int64(n % 2) })
	}
	scope := func(c *Config) { c.Scope.RecheckDays = 1 }
	payload := func(c *Config) { scope(c); c.VerifyPayload = true }
	w.quiet(payload)
	records := w.store.find(ledger.RecordsFolder)[0]
	right := w.store.snapshot()
	for key, change := range map[string][2]string{records: {"api.example.com", "apj.example.com"}, ledger.Key(3): {"/test", "/tess"}} {
		data := bytes.Replace(right[key].data, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(data, right[key].data) {
			t.Fatalf("%s is the same", key)
		}
		w.store.put(key, data)
	}
	if p := w.plan(scope); len(p.Work) > 0 {
		t.Errorf("listings show %q", p.Work)
	}
	if p := w.plan(payload); len(p.Work) != 2 {
		t.Errorf("the plan says %q", p.Work)
	}
	_, err := w.apply(payload)
	f := findings(t, err)
	if len(f) != 1 || !strings.HasPrefix(f[0].Token, "ledger@3:") {
		t.Fatalf("findings: %+v", f)
	}
	if o := w.store.snapshot()[records]; !bytes.Equal(o.data, right[records].data) {
		t.Error("the records are not made again")
	}
	w.mustApply(func(c *Config) { payload(c); accept(f[0].Token)(c) })
	w.quiet(payload)
	w.listed()
}

// An entry that is older than the newest snapshot can be missing: that is a loss.
func TestAMissingOldEntryIsALoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.entries(30)
	w.store.remove(ledger.Key(3), ledger.Key(4))
	_, err := w.apply(nil)
	f := findings(t, err)
	if len(f) != 1 || f[0].Day != "ledger" || len(f[0].Files) != 2 {
		t.Fatalf("got %+v", f)
	}
	w.mustApply(accept(f[0].Token))
	w.quiet(nil)
}

// entries adds versions until the ledger has n entries.
func (w *world) entries(n int64) {
	w.t.Helper()
	w.now = firstDay.Add(60 * time.Hour)
	for i := 0; w.head == nil || w.head.Sequence < n; i++ {
		w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), strings.Repeat("{}\n", i+1))
		w.mustApply(nil)
	}
}

// An entry that is needed is not a loss but the end: nobody commits.
func TestAMissingOrInvalidNeededEntryStopsPlanAndApply(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*world){
		"missing":  func(w *world) { w.store.remove(ledger.Key(28)) },
		"not JSON": func(w *world) { w.store.put(ledger.Key(28), []byte("{}")) },
		"other byte": func(w *world) {
			o, _ := w.store.get(ledger.Key(28))
			w.store.put(ledger.Key(28), []byte(strings.Replace(string(o.data), "test", "tesT", 1)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.entries(30)
			damage(w)
			before := w.store.snapshot()
			for _, call := range []func() error{
				func() error { _, err := w.open(nil).Plan(t.Context()); return err },
				func() error { _, err := w.apply(nil); return err },
			} {
				damaged, ok := errors.AsType[*DamagedError](call())
				if !ok || damaged.Err.Sequence < 28 || damaged.Err.Sequence > 29 {
					t.Errorf("got %v", damaged)
				}
			}
			w.same(before)
		})
	}
}

func TestAPlantedEntryStopsNoPlan(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{"junk": []byte("junk"), "nothing": {}, "another archive": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.mustApply(nil)
			if data == nil {
				other := newWorld(t)
				other.mustApply(nil)
				o, _ := other.store.get(ledger.Key(1))
				data = o.data
			}
			w.store.put(ledger.Key(9_999_999_999), data)
			w.store.put(ledger.Folder+"notes.txt", data)
			p := w.plan(nil)
			if len(p.Findings)+len(p.Work) > 0 || len(p.Warnings) != 1 {
				t.Errorf("plan: %+v", p)
			}
			w.mustApply(nil)
			if v := w.verify(""); v.Head == nil || *v.Head != *w.head {
				t.Errorf("verification: %+v", v)
			}
		})
	}
}

func TestARollBackIsAFindingUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = firstDay.Add(50 * time.Hour)
	w.mustApply(nil)
	copied := w.store.snapshot()
	w.now = firstDay.AddDate(0, 1, 0)
	w.mustApply(nil)
	known := *w.head
	w.store.restore(copied)
	p := w.plan(nil)
	if len(p.Findings) != 1 || p.Findings[0].Kind != FindingRollback {
		t.Fatalf("plan: %+v", p.Findings)
	}
	token := p.Findings[0].Token
	before := w.store.snapshot()
	if _, err := w.apply(nil); findings(t, err)[0].Token != token {
		t.Error("plan and apply show different tokens")
	}
	w.same(before)
	r := w.mustApply(accept(token))
	if !r.Complete || r.Head == known {
		t.Errorf("got %+v", *r.Summary)
	}
	w.quiet(nil)
	// A second state with the same head needs the same token, and no other entry.
	o := w.other()
	o.archive, o.head = w.archive, &known
	if _, err := o.apply(nil); findings(t, err)[0].Kind != FindingRollback {
		t.Error("the second state accepts the roll-back by itself")
	}
	o.head = &known
	before = w.store.snapshot()
	o.mustApply(accept(token))
	w.same(before)
	// A loss that was accepted after the roll-back is not accepted with it, however long
	// ago both were.
	for days := range 2 {
		if days > 0 {
			for n := range 2 * 25 {
				w.mustApply(func(c *Config) { c.Scope.RecheckDays = int64(n % 2) })
			}
		} else {
			w.lose(w.store.find("area=overseas")[0])
		}
		o.archive, o.head, o.member.ScopeSequence = w.archive, &known, w.member.ScopeSequence
		if p := o.plan(accept(token)); !slices.ContainsFunc(p.Findings, func(f Finding) bool { return f.Kind == FindingRecorded }) {
			t.Errorf("findings: %+v", p.Findings)
		}
		o.drift = nil
	}
}

// Another member's entries are accepted, unless they record a loss, an erasure or an
// expiry that this configuration does not have.
func TestEntriesOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = firstDay.Add(50 * time.Hour)
	w.mustApply(nil)
	o := w.other()
	w.service.add("new.example.com", "mainland", firstDay.Add(9*time.Hour), "{}\n")
	o.mustApply(nil)
	p := w.plan(nil)
	if len(p.Findings) > 0 || !slices.ContainsFunc(p.Warnings, func(w Warning) bool { return strings.Contains(w.Detail, "added 1 bag") }) {
		t.Errorf("plan: %+v %+v", p.Findings, p.Warnings)
	}
	w.mustApply(nil)

	erase := func(c *Config) { c.Erase = map[string]string{"dt=2022-05-01/domain=new.example.com/": "request 7"} }
	o.mustApply(erase)
	p = w.plan(nil)
	if len(p.Findings) != 1 || p.Findings[0].Kind != FindingRecorded || p.Findings[0].Token != "" || !strings.Contains(p.Findings[0].Message, "domain=new.example.com") {
		t.Errorf("erased by the other: %+v", p.Findings)
	}
	w.mustApply(erase)
}

func TestErasedPackagesAreRemovedAndNeverComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = firstDay.Add(50 * time.Hour)
	w.mustApply(nil)
	w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), "{\"a\":3}\n", "{\"more\":1}\n")
	w.mustApply(nil)
	erase := func(c *Config) {
		c.Erase = map[string]string{"dt=2022-05-01/domain=www.example.com/": "request 7", "dt=2022-05-09/domain=no.example.com/": "typing error"}
	}
	kept := w.store.find("/20220501-03-www.example.com")[0]
	w.store.kept[kept] = true
	p := w.plan(erase)
	if !slices.ContainsFunc(p.Warnings, func(w Warning) bool { return strings.Contains(w.Detail, "no.example.com") }) {
		t.Errorf("plan: %+v", p.Warnings)
	}
	r := w.mustApply(erase)
	if r.ErasedCount != 5 || r.PackageCount != 2 {
		t.Errorf("got %+v", *r.Summary)
	}
	if left := w.store.find("domain=www.example.com"); !slices.Equal(left, []string{kept}) {
		t.Errorf("left: %q", left)
	}
	w.now = firstDay.AddDate(0, 1, 0)
	w.store.kept = map[string]bool{}
	w.mustApply(nil)
	if left := w.store.find("dt=2022-05-01/bag="); slices.ContainsFunc(left, func(k string) bool { return strings.Contains(k, "www.example.com") }) {
		t.Errorf("left later: %q", left)
	}
	w.quiet(nil)
	if r := w.mustApply(nil); r.ErasedCount != 5 {
		t.Errorf("got %+v", *r.Summary)
	}
}

func TestExpiredDaysAreRemovedAndAreNoLoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expire := func(c *Config) { c.Scope.ExpireAfterDays = 60 }
	w.mustApply(expire)
	w.now = firstDay.AddDate(0, 0, 61).Add(time.Hour)
	r := w.mustApply(expire)
	if r.PackageCount != 12 || r.BagCount != 2 || !r.Complete || r.LostCount != 0 {
		t.Errorf("got %+v", *r.Summary)
	}
	if left := w.store.find("dt=2022-05-01"); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	w.quiet(expire)
	if v := w.verify(""); v.ExpiredCount != 6 {
		t.Errorf("the verification counts %d", v.ExpiredCount)
	}
}

// A day is sealed only after stable_after and recheck_days, and a late package of a
// day that is not sealed is archived.
func TestADayIsSealedAfterRecheckDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for hours, want := range map[int]string{47: "", 48: "", 119: "", 120: "2022-05-01"} {
		w := newWorld(t)
		w.now = firstDay.Add(time.Duration(hours) * time.Hour)
		r := w.mustApply(nil)
		if archived := hours >= 48; r.SealedThrough != want || (r.BagCount > 0) != archived {
			t.Errorf("after %d hours: sealed through %q, %d bags", hours, r.SealedThrough, r.BagCount)
		}
	}
	w.now = firstDay.Add(119 * time.Hour)
	w.mustApply(nil)
	w.service.add("late.example.com", "mainland", firstDay.Add(time.Hour), "{}\n")
	w.now = firstDay.Add(130 * time.Hour)
	if r := w.mustApply(nil); r.PackageCount != 19 || r.SealedThrough != "2022-05-01" {
		t.Errorf("got %+v", *r.Summary)
	}
}

func TestNothingIsSealedWhileNothingWasEverArchived(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service.packages = map[string]*served{}
	r := w.mustApply(nil)
	if r.SealedThrough != "" || r.Complete {
		t.Errorf("got %+v", *r.Summary)
	}
	if p := w.plan(nil); !slices.ContainsFunc(p.Warnings, func(w Warning) bool { return w.Summary == "Nothing was ever archived" }) {
		t.Errorf("plan: %+v", p.Warnings)
	}
}

func TestAFailingPackageIsMissedWhenItIsNoLongerListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.service.packages["/mainland/www.example.com/20220501-03-www.example.com.log.gz"]
	w.service.change(p, func(p *served) { p.gone = true })
	r, err := w.apply(nil)
	run, ok := errors.AsType[*RunError](err)
	if !ok || len(run.Failures) != 1 || len(run.Findings) > 0 || r.PackageCount != 17 || r.SealedThrough != "" || r.PendingCount != 1 {
		t.Fatalf("got %v, %+v", err, *r.Summary)
	}
	w.service.change(p, func(p *served) { p.hidden = true })
	_, err = w.apply(nil)
	f := findings(t, err)
	if len(f) != 1 || f[0].Kind != FindingMissed {
		t.Fatalf("got %+v", f)
	}
	if planned := w.plan(nil).Findings; !reflect.DeepEqual(planned, f) {
		t.Errorf("plan: %+v, want %+v", planned, f)
	}
	if planned := w.plan(accept(f[0].Token)); len(planned.Findings) > 0 || len(planned.Work) == 0 {
		t.Errorf("plan with the token: %+v", planned)
	}
	r = w.mustApply(accept(f[0].Token))
	if r.MissedCount != 1 || r.Complete || r.SealedThrough != "2022-05-03" {
		t.Errorf("got %+v", *r.Summary)
	}
	w.quiet(nil)
}

func TestAPackageThatCannotBeDecompressedIsArchivedAsServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.service.packages["/mainland/www.example.com/20220501-03-www.example.com.log.gz"]
	whole := compress("{\"a\":3}\n")
	w.service.change(p, func(p *served) { p.raw = whole[:len(whole)-4] })
	r := w.mustApply(nil)
	if r.PackageCount != 18 || !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return strings.Contains(w.Detail, "www.example.com") }) {
		t.Errorf("got %+v, %+v", *r.Summary, r.Warnings)
	}
	w.quiet(nil)
}

// An uncommitted bag is no problem. It is given up when its newest file is older than
// seven days, unless it is complete.
func TestUncommittedBagsAreGivenUpAfterSevenDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	begun, whole := bag.Folder("2022-05-01", "0a0a0a0a"), bag.Folder("2022-05-01", "0b0b0b0b")
	w.store.put(begun+"/data/domain=a/area=b/hour=00/c.log.gz", []byte("x"))
	w.store.put(whole+"/tagmanifest-sha256.txt", []byte("x"))
	w.now = w.now.AddDate(0, 0, 6)
	w.mustApply(nil)
	if len(w.store.find(begun)) == 0 {
		t.Error("the bag was removed too early")
	}
	w.now = w.now.AddDate(0, 0, 2)
	r := w.mustApply(nil)
	if len(w.store.find(begun)) > 0 || len(w.store.find(whole)) == 0 {
		t.Errorf("left: %q", w.store.find("bag=0"))
	}
	if !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return strings.Contains(w.Detail, whole) }) {
		t.Errorf("warnings: %+v", r.Warnings)
	}
	w.quiet(nil)
}

func TestForeignFilesAreNamedAndBlockNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	folder := strings.TrimSuffix(w.store.find("packages.jsonl")[0], "/packages.jsonl")
	for _, key := range []string{folder + "/notes.txt", "dt=2022-05-01/readme", "lost+found/x", "-rf"} {
		w.store.put(key, []byte("x"))
	}
	before := w.store.snapshot()
	p := w.plan(nil)
	if len(p.Work) > 0 || len(p.Warnings) != 1 {
		t.Errorf("plan: %q %+v", p.Work, p.Warnings)
	}
	w.mustApply(nil)
	w.same(before)
	if v := w.verify(""); v.ProblemCount != 1 || v.Problems[0].Kind != ProblemForeign {
		t.Errorf("verification: %+v", v.Problems)
	}
}

// A narrower window opens nothing again, a later end opens the day that it cut.
func TestAScopeChangeResetsTheSealAsFarAsItMust(t *testing.T) {
	t.Parallel()
	end := func(days, hours int) func(*Config) {
		return func(c *Config) {
			e := firstDay.AddDate(0, 0, days).Add(time.Duration(hours) * time.Hour)
			c.Scope.End = &e
		}
	}
	w := newWorld(t)
	r := w.mustApply(end(1, 5))
	if r.PackageCount != 9 || r.SealedThrough != "2022-05-02" {
		t.Fatalf("got %+v", *r.Summary)
	}
	lists := w.service.lists
	if r = w.mustApply(end(3, 0)); r.PackageCount != 18 || r.SealedThrough != "2022-05-03" {
		t.Errorf("a later end: %+v", *r.Summary)
	}
	if w.service.lists == lists {
		t.Error("a later end lists nothing")
	}
	if r = w.mustApply(end(1, 0)); r.PackageCount != 18 || r.SealedThrough != "2022-05-03" {
		t.Errorf("a narrower window: %+v", *r.Summary)
	}
	w.quiet(end(1, 0))
	w.mustApply(end(3, 0))
	hosts := func(c *Config) { c.Scope.Hosts = []string{"www.example.com", "x.example.com"} }
	w.mustApply(hosts)
	if r = w.mustApply(func(c *Config) { c.Scope.RecheckDays = 5 }); r.SealedThrough != "2022-05-03" {
		t.Errorf("wider hosts and another policy: %+v", *r.Summary)
	}
	w.valid()

	w = newWorld(t)
	www := func(c *Config) { c.Scope.Hosts = []string{"www.example.com"} }
	w.mustApply(func(c *Config) { www(c); end(1, 5)(c) })
	lists = w.service.lists
	if w.mustApply(func(c *Config) { hosts(c); end(1, 6)(c) }); w.service.lists != lists+2 {
		t.Errorf("wider hosts and a later end: %d lists, want one of each of 2 days", w.service.lists-lists)
	}
	w.valid()
}

// A version supersedes another one only if that is current: another run may have accepted
// its loss meanwhile.
func TestAVersionDoesNotSupersedeOneThatWasLostMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = firstDay.Add(50 * time.Hour)
	w.mustApply(nil)
	o := w.other()
	o.mustApply(nil)
	pkg := w.versioned()
	w.store.remove(w.store.find(pkg.pkg.Name)[0])
	hide := func(hidden bool) {
		w.service.change(pkg, func(p *served) { p.hidden, p.gone = hidden, hidden })
	}
	hide(true)
	_, err := o.apply(nil)
	token := findings(t, err)[0].Token
	hide(false)
	w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), "{}\n", "{}\n")
	lost := false
	lose := func() {
		lost = true
		hide(true)
		o.mustApply(accept(token))
		hide(false)
	}
	b := w.store.bucket()
	b.hook = func(_ context.Context, op memoryOp) (memoryFault, error) {
		if op.name == "put" && strings.Contains(op.key, pkg.pkg.Name) && !lost {
			lose()
		}
		return works, nil
	}
	r := w.mustApply(func(c *Config) { c.Bucket = b })
	if !lost || r.PackageCount != 6 || r.LostCount != 1 {
		t.Errorf("got %+v", *r.Summary)
	}
	w.valid()
	w.listed()
}

// A loss that is accepted in the entry that replaces the version is one of a superseded
// version.
func TestALostVersionThatIsSupersededInTheSameEntryIsNotCurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = firstDay.Add(50 * time.Hour)
	w.mustApply(nil)
	key := w.store.find(w.versioned().pkg.Name)[0]
	data := w.store.snapshot()[key].data
	w.store.remove(key)
	w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), "{}\n", "{}\n")
	log, err := ledger.Read(t.Context(), w.store.bucket(), ledger.ReadOptions{Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	lost := &ledger.Entry{Lost: []ledger.File{{Path: key, SHA256: hashOf(data), Bytes: int64(len(data))}}}
	w.service.add("www.example.com", "mainland", firstDay.Add(9*time.Hour), "{}\n")
	var downloads atomic.Int64
	start := w.now
	r := w.mustApply(func(c *Config) {
		accept(lost.LossTokens(log.State)...)(c)
		// Time runs out during the first of two downloads, so that the last commit has
		// the bag and the loss.
		c.MaxRunTime, c.Parallelism = time.Minute, 1
		c.Now = func() time.Time { return start.Add(time.Duration(downloads.Load()) * time.Hour) }
		c.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			downloads.Add(1)
			return w.service.RoundTrip(r)
		})
	})
	if r.PackageCount != 6 || r.LostCount != 1 || r.Head.Sequence != log.Head.Sequence+1 {
		t.Errorf("got %+v after entry %d", *r.Summary, log.Head.Sequence)
	}
	w.valid()
	w.listed()
}

// A run commits its packages under the scope that another run has set meanwhile, but it
// has not listed for that scope, so it seals nothing.
func TestARunWhoseScopeWasChangedMeanwhileSealsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = firstDay.AddDate(0, 0, 5)
	w.mustApply(nil)
	o := w.other()
	before := o.mustApply(nil).SealedThrough
	w.now = firstDay.AddDate(0, 1, 0)
	w.service.add("new.example.com", "mainland", firstDay.AddDate(0, 0, 2).Add(9*time.Hour), "{}\n")
	changed := false
	change := func() {
		changed = true
		o.mustApply(func(c *Config) { c.Scope.Hosts = []string{"www.example.com"} })
	}
	b := w.store.bucket()
	b.hook = func(_ context.Context, op memoryOp) (memoryFault, error) {
		if op.name == "put" && strings.Contains(op.key, "new.example.com") && !changed {
			change()
		}
		return works, nil
	}
	r, err := w.apply(func(c *Config) { c.Bucket = b })
	if !changed || !errors.Is(err, errScopeMoved) || r.SealedThrough != before || r.PackageCount != 19 {
		t.Errorf("got %v, %+v, want no seal after %q", err, *r.Summary, before)
	}
	w.valid()
}

// What is not the archive's is said by the plan, or by an apply without one, and by a
// verification.
func TestForeignObjectsAreReportedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	folder := path.Dir(w.store.find("/packages.jsonl")[0])
	copied := "dt=2022-05-01/bag=" + strings.Repeat("e", 8)
	for key, o := range w.store.snapshot() {
		if rest, ok := strings.CutPrefix(key, folder+"/"); ok {
			w.store.put(copied+"/"+rest, o.data)
		}
	}
	w.store.put(ledger.Folder+"\x1b[31mjunk", nil)
	count := func(warnings []Warning) int {
		n := 0
		for _, w := range warnings {
			if w.Summary == "Complete bags that no entry names" && strings.Contains(w.Detail, copied) || w.Summary == "Foreign objects in the ledger" && strings.Contains(w.Detail, `\x1b[31mjunk`) {
				n++
			}
		}
		return n
	}
	erase := func(c *Config) { c.Erase = map[string]string{"dt=2022-05-09/": "nothing"} }
	if p := w.plan(erase); count(p.Warnings) != 2 || len(p.Warnings) != 3 {
		t.Errorf("plan: %+v", p.Warnings)
	}
	if r := w.mustApply(erase); len(r.Warnings) != 0 {
		t.Errorf("apply after the plan: %+v", r.Warnings)
	}
	if r := w.mustApply(erase); count(r.Warnings) != 2 || len(r.Warnings) != 3 {
		t.Errorf("apply without a plan: %+v", r.Warnings)
	}
	if v := w.verify(""); count(v.Warnings) != 2 || len(v.Problems) > 0 {
		t.Errorf("verification: %+v, %+v", v.Warnings, v.Problems)
	}
}

// The run that wrote an entry can be killed before it flushes it.
func TestTheHeadOfAnotherRunIsFlushed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	o := w.other()
	o.mustApply(nil) // it joins
	var flushed []string
	again := func(c *Config) {
		b := w.store.bucket()
		b.hook = func(_ context.Context, op memoryOp) (memoryFault, error) {
			if op.name == "sync" {
				flushed = append(flushed, op.key)
			}
			return works, nil
		}
		c.Bucket = b
	}
	w.mustApply(again)
	if want := []string{ledger.Key(o.head.Sequence)}; !slices.Equal(flushed, want) {
		t.Errorf("flushed %q, want %q", flushed, want)
	}
	if flushed = nil; *w.head != *o.head {
		t.Fatalf("the heads differ: %v, %v", w.head, o.head)
	}
	if w.mustApply(again); len(flushed) > 0 {
		t.Errorf("a run that knows the head flushes %q", flushed)
	}
}

// With 2022-01-06, which names no area, rows can differ in nothing but the host of
// their URL.
func TestRowsThatDifferInTheHostOfTheirURLAreTwoPackages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := firstDay.Add(9 * time.Hour)
	first := w.service.add("www.example.com", "", at, "first\n")
	w.mustApply(func(c *Config) { c.Scope.RecheckDays = 60 })
	second := &served{pkg: first.pkg, members: []string{"second\n"}}
	second.pkg.URL = strings.Replace(first.pkg.URL, "log.example.com", "other.example.com", 1)
	url, err := neturl.Parse(second.pkg.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.service.packages[url.Host+url.Path] = second
	r := w.mustApply(nil)
	if r.PackageCount != 20 {
		t.Errorf("%d packages", r.PackageCount)
	}
	w.quiet(nil)
	w.listed()
}

// A day that was sealed under the policy of its time stays sealed when stable_after grows.
func TestALongerStableAfterKeepsTheSeal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = firstDay.AddDate(0, 0, 6)
	if r := w.mustApply(nil); r.SealedThrough != "2022-05-02" {
		t.Fatalf("sealed through %q", r.SealedThrough)
	}
	week := func(c *Config) { c.Scope.StableAfter = 7 * 86400 }
	if r := w.mustApply(week); r.SealedThrough != "2022-05-02" {
		t.Errorf("sealed through %q", r.SealedThrough)
	}
	w.quiet(week)
	w.listed()
	w.now = firstDay.AddDate(0, 0, 14)
	if r := w.mustApply(week); r.SealedThrough != "2022-05-03" {
		t.Errorf("later: sealed through %q", r.SealedThrough)
	}
	w.valid()
}

// Two resources that disagree about the scope would change it in turn for ever.
func TestTheScopeOfAnotherResourceNeedsAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	o := w.other()
	o.mustApply(nil)
	recheck := func(days int64) func(*Config) { return func(c *Config) { c.Scope.RecheckDays = days } }
	o.mustApply(recheck(4))
	_, err := w.apply(nil)
	f := findings(t, err)
	if len(f) != 1 || f[0].Kind != FindingScope || f[0].Token != fmt.Sprintf("scope:%d", o.head.Sequence) {
		t.Fatalf("got %+v", f)
	}
	w.mustApply(recheck(4))
	w.mustApply(recheck(6))
	if _, err := o.apply(recheck(4)); findings(t, err)[0].Kind != FindingScope {
		t.Errorf("got %v", err)
	}
}

func TestACreateJoinsAnArchiveOfTheSameScopeOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	o := w.other()
	if p := o.plan(nil); !p.Joins || p.Summary.Archive != w.archive {
		t.Errorf("plan: %+v", p)
	}
	if _, err := o.open(func(c *Config) { c.Scope.ExpireAfterDays = 90 }).Plan(t.Context()); !isScope(err) {
		t.Errorf("another policy: %v", err)
	}
	if _, err := o.apply(func(c *Config) { c.Layer = teo.L4 }); !isScope(err) {
		t.Errorf("another layer: %v", err)
	}
	o.mustApply(nil)
	if o.archive != w.archive {
		t.Error("the second resource has another archive")
	}
}

func isScope(err error) bool { _, ok := errors.AsType[*ScopeError](err); return ok }

func TestADestroyRemovesAllButForeignObjectsAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	for stop := range 7 {
		w := newWorld(t)
		w.mustApply(nil)
		w.store.put("dt=2022-05-01/readme", []byte("x"))
		w.store.put(ledger.Key(9_999_999_999), []byte("x"))
		failing := w.store.bucket()
		removals := 0
		failing.hook = func(_ context.Context, op memoryOp) (memoryFault, error) {
			if op.name == "remove" {
				if removals++; removals > stop*5 {
					return fails, nil
				}
			}
			return works, nil
		}
		_, err := w.open(func(c *Config) { c.Bucket = failing; c.Parallelism = 1 }).Delete(t.Context())
		if err == nil {
			t.Fatal("no removal failed")
		}
		if d, err := w.open(nil).Delete(t.Context()); err != nil || len(d.Retained) > 0 {
			t.Fatalf("after %d removals: %v, %+v", stop*5, err, d)
		}
		if left := w.store.keys(); !slices.Equal(left, []string{ledger.Key(9_999_999_999), "dt=2022-05-01/readme"}) {
			t.Errorf("after %d removals: left %q", stop*5, left)
		}
		if d, err := w.open(nil).Delete(t.Context()); err != nil || len(d.Retained) > 0 {
			t.Errorf("a destroy of nothing: %v", err)
		}
	}
}

func TestADestroyKeepsAnArchiveThatOthersManage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	o := w.other()
	o.mustApply(nil)
	d, err := w.open(nil).Delete(t.Context())
	if err != nil || !slices.Equal(d.Members, []string{o.member.ID}) || len(w.store.find("/data/")) == 0 {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestADestroyIsRefusedAfterUnknownChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = firstDay.Add(50 * time.Hour)
	w.mustApply(nil)
	stale := *w
	w.service.add("new.example.com", "mainland", firstDay.Add(9*time.Hour), "{}\n")
	w.mustApply(nil)
	if _, err := stale.open(nil).Delete(t.Context()); err == nil || !strings.Contains(err.Error(), "refresh") {
		t.Errorf("got %v", err)
	}
	if len(w.store.find("/data/")) == 0 {
		t.Error("files were removed")
	}
}

func TestADestroyNamesWhatTheStoreRetains(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.protection = bucket.Protection{ObjectLock: true, Modes: []string{bucket.Compliance}}
	lock := func(c *Config) { c.Scope.Retention = &ledger.Retention{Mode: bucket.Compliance, Days: 60} }
	w.mustApply(lock)
	w.quiet(lock)
	d, err := w.open(lock).Delete(t.Context())
	if err != nil || len(d.Retained) < 36 || d.Until.IsZero() {
		t.Errorf("got %d retained until %s, %v", len(d.Retained), d.Until, err)
	}
	if _, err := w.other().open(nil).Plan(t.Context()); !isScope(err) {
		t.Errorf("a new archive at the prefix: %v", err)
	}
}

func firstKey[V any](m map[string]V) string { return sortedKeys(m)[0] }

// An interrupted run commits what is complete.
func TestAnInterruptedRunCommitsWhatIsComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	n := 0
	stopping := roundTripper(func(r *http.Request) (*http.Response, error) {
		if n++; n > 4 {
			cancel(context.Canceled)
			return nil, context.Canceled
		}
		return w.service.RoundTrip(r)
	})
	r, err := w.open(func(c *Config) { c.Transport = stopping; c.Parallelism = 1 }).Run(ctx, nil)
	if !errors.Is(err, context.Canceled) || r.PackageCount != 4 || r.PendingCount == 0 {
		t.Fatalf("got %v, %+v", err, *r.Summary)
	}
	w.archive, w.head, w.member = r.Archive, &r.Head, r.Member
	w.mustApply(nil)
	w.quiet(nil)
}

// A commit that is under way when the run is interrupted is finished.
func TestAnInterruptionEndsNoCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	b := w.store.bucket()
	b.hook = func(ctx context.Context, op memoryOp) (memoryFault, error) {
		if op.name == "put" && strings.HasSuffix(op.key, tagmanifest) {
			cancel(context.Canceled)
		}
		return works, context.Cause(ctx)
	}
	r, err := w.open(func(c *Config) { c.Bucket = b; c.Parallelism = 1 }).Run(ctx, nil)
	if !errors.Is(err, context.Canceled) || r.PackageCount < 6 || r.BagCount == 0 {
		t.Fatalf("got %v, %+v", err, *r.Summary)
	}
	w.archive, w.head, w.member = r.Archive, &r.Head, r.Member
	w.mustApply(nil)
	w.quiet(nil)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestMaxRunTimeStartsNoDownloadAfterIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var downloads atomic.Int64
	start := w.now
	slow := roundTripper(func(r *http.Request) (*http.Response, error) {
		downloads.Add(1)
		return w.service.RoundTrip(r)
	})
	limit := func(c *Config) {
		c.Transport, c.Parallelism, c.MaxRunTime = slow, 1, 5*time.Minute
		c.Now = func() time.Time { return start.Add(time.Duration(downloads.Load()) * time.Minute) }
	}
	r := w.mustApply(limit)
	if r.PackageCount == 0 || r.PackageCount >= 18 || r.PendingCount == 0 || r.SealedThrough != "" && r.PackageCount < 6 {
		t.Errorf("got %+v", *r.Summary)
	}
	for range 8 {
		w.mustApply(limit)
	}
	w.quiet(nil)
}

// The requests of a plan do not grow with the age of the archive.
func TestTheCostOfAPlanFollowsWhatIsNew(t *testing.T) {
	t.Parallel()
	count := func(days int) map[string]int {
		w := newWorld(t)
		w.service.packages = map[string]*served{}
		open := func(c *Config) { c.Scope.End = nil }
		for day := range days {
			for hour := range 4 {
				w.service.add("www.example.com", "mainland", firstDay.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour), "{}\n")
			}
		}
		w.now = firstDay.AddDate(0, 0, days+1)
		w.mustApply(open)
		var mu sync.Mutex
		ops := map[string]int{}
		b := w.store.bucket()
		b.hook = func(_ context.Context, op memoryOp) (memoryFault, error) {
			mu.Lock()
			defer mu.Unlock()
			ops[op.name]++
			return works, nil
		}
		w.service.lists = 0
		if _, err := w.open(func(c *Config) { open(c); c.Bucket = b; c.Parallelism = 1 }).Plan(t.Context()); err != nil {
			t.Fatal(err)
		}
		ops["EdgeOne"] = w.service.lists
		return ops
	}
	few, many := count(10), count(100)
	// 100 days have 900 objects: a page of the listing. Entries may differ by those
	// since the last snapshot.
	if few["EdgeOne"] != many["EdgeOne"] || few["list"] != many["list"] || many["open"] > few["open"]+snapshotDistance || many["stat"] > few["stat"]+1 {
		t.Errorf("10 days: %v, 100 days: %v", few, many)
	}
}

// snapshotDistance is the number of entries that are read at the most.
const snapshotDistance = 25
