package verifytest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// script is verify.sh.
const script = "../../../examples/compliance/verify.sh"

// output is what a verification says.
type output struct {
	status         int
	stdout, stderr string
}

// agree runs verify.sh and the verification of the provider, which must agree. An
// error of the latter is like a problem.
func (h *history) agree(head string) output {
	h.Helper()
	var arguments []string
	if head != "" {
		arguments = []string{head}
	}
	v := h.verify(arguments...)
	b, err := bucket.Open(context.Background(), "file://"+h.dir, bucket.Options{})
	if err != nil {
		h.Fatal(err)
	}
	defer b.Close()
	r, err := archive.Verify(context.Background(), b, archive.VerifyOptions{ExpectedHead: head, Now: func() time.Time { return clock }})
	problems := fmt.Sprint(err)
	if r != nil {
		// verify.sh does not see locks, and a folder has none.
		r.Problems = slices.DeleteFunc(r.Problems, func(p archive.Problem) bool { return p.Kind == archive.ProblemRetention })
		problems = fmt.Sprintf("%+v", r.Problems)
	}
	if valid := err == nil && len(r.Problems) == 0; valid != (v.status == 0) {
		h.Errorf("with the head %q: verify.sh says %d, the provider: %s\n%s%s", head, v.status, problems, v.stdout, v.stderr)
		return v
	}
	if v.status != 0 {
		return v
	}
	want := fmt.Sprintf("valid: %s in %s", plural(r.PackageCount, "package"), plural(int64(len(r.Bags)), "bag"))
	for _, c := range []struct {
		n    int64
		word string
	}{{r.LostCount, "lost"}, {r.MissedCount, "missed"}, {r.ErasedCount, "erased"}, {r.ExpiredCount, "expired"}, {r.UncommittedCount, "uncommitted"}} {
		if c.n > 0 {
			want += fmt.Sprintf(", %d %s", c.n, c.word)
		}
	}
	want += fmt.Sprintf("\nhead: %s (entry %d)\n", r.Head.SHA256, r.Head.Sequence)
	if !strings.HasSuffix(v.stdout, want) {
		h.Errorf("with the head %q: verify.sh prints\n%swant\n%s", head, v.stdout, want)
	}
	var changes []string
	for _, c := range r.Changes {
		line := fmt.Sprintf("after the expected head, entry %d: %s: %s", c.Sequence, c.Kind, c.Detail)
		quoted := strconv.QuoteToASCII(line) // verify.sh prints names as the ledger has them
		changes = append(changes, strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`))
	}
	slices.Sort(changes)
	if got := v.changes(); !slices.Equal(got, changes) {
		h.Errorf("with the head %q: verify.sh prints\n%s\nwant\n%s", head, strings.Join(got, "\n"), strings.Join(changes, "\n"))
	}
	return v
}

// changes returns the sorted lines about changes after the expected head.
func (v output) changes() []string {
	var lines []string
	for line := range strings.Lines(v.stdout) {
		if strings.HasPrefix(line, "after the expected head") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	slices.Sort(lines)
	return lines
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// verify runs verify.sh.
func (h *history) verify(arguments ...string) output {
	h.Helper()
	return runScript(h, "sh", "", append([]string{h.dir}, arguments...)...)
}

// runScript runs verify.sh in a shell and with an awk; with the one of the machine if
// it is empty.
func runScript(t testing.TB, shell, awk string, arguments ...string) output {
	t.Helper()
	words := strings.Fields(shell)
	command := exec.CommandContext(t.Context(), words[0], append(append(words[1:], script), arguments...)...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	command.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	if awk != "" {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "awk"), []byte("#!/bin/sh\nexec "+awk+" \"$@\"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
		command.Env = append(command.Env, "PATH="+dir+":"+os.Getenv("PATH"))
	}
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return output{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// summary is what verify.sh prints last about a valid archive.
func (h *history) summary(text string) string {
	return fmt.Sprintf("valid: %s\nhead: %s (entry %d)\n", text, h.log.Head.SHA256, h.log.Head.Sequence)
}

func TestVerifyShAcceptsAValidArchive(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		name    string
		history func(t *testing.T) *history
		want    string
	}{
		{"no package", func(t *testing.T) *history { return newHistory(t, nil) }, "0 packages in 0 bags"},
		{"several days", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 1)
			h.day("2022-05-02", 3)
			return h
		}, "4 packages in 2 bags"},
		{"one package", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 1)
			return h
		}, "1 package in 1 bag"},
		{"several bags in an entry", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.commit(nil, h.bag("2022-05-02", hours(2, "a")...), h.bag("2022-05-01", hours(2, "b")...))
			return h
		}, "4 packages in 2 bags"},
		{"superseded versions", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 3)
			h.supersede("2022-05-01", 1)
			h.supersede("2022-05-01", 1)
			return h
		}, "3 packages in 3 bags"},
		{"unusual names", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.commit(nil, h.bag("2022-05-01", pkg{host: "-RF.例え \"x\\", hour: 1, content: "x\n"}, pkg{host: strings.Repeat("long", 50), hour: 2, content: "y\n"}))
			return h
		}, "2 packages in 1 bag"},
		{"relisted, failing and recovered", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 2)
			h.commit(func(e *ledger.Entry) { e.Relisted = map[string]int64{h.last("2022-05-01", 0).Key(): 7} })
			h.commit(func(e *ledger.Entry) { e.Failing = []string{missedKey} })
			h.commit(func(e *ledger.Entry) { e.Failing = []string{} })
			for _, date := range []string{"2022-05-02", "2022-05-31", "2022-06-03"} {
				h.commit(func(e *ledger.Entry) { e.SealedThrough = &date })
			}
			return h
		}, "2 packages in 1 bag"},
		{"missed", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 2)
			h.miss()
			return h
		}, "2 packages in 1 bag, 1 missed"},
		{"missed and recovered", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 2)
			h.miss()
			h.commit(func(e *ledger.Entry) { e.Recovered = []ledger.File{{Path: missedKey}} }, h.bag("2022-05-01", pkg{host: "www.example.com", hour: 9, content: "late\n"}))
			return h
		}, "3 packages in 2 bags"},
		{"lost", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 3)
			h.supersede("2022-05-01", 1)
			h.lose(file(h.last("2022-05-01", 0), 1), file(&h.records[1], 0))
			h.remove(h.last("2022-05-01", 0).Key())
			h.remove(h.records[1].Key())
			return h
		}, "2 packages in 2 bags, 2 lost"},
		{"lost and recovered", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 3)
			h.lose(file(h.last("2022-05-01", 0), 1))
			h.commit(func(e *ledger.Entry) { e.Recovered = []ledger.File{file(h.last("2022-05-01", 0), 1)} })
			return h
		}, "3 packages in 1 bag"},
		{"lost and replaced", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 3)
			h.replaceFirst()
			return h
		}, "3 packages in 2 bags"},
		{"lost, and the next version is the first again", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 3)
			former := h.last("2022-05-01", 0)
			h.lose(file(former, 1))
			h.remove(former.Key())
			h.commit(nil, h.bag("2022-05-01", pkg{host: "www.example.com", content: "other\n"}))
			return h
		}, "3 packages in 2 bags, 1 lost"},
		{"a lost bag", func(t *testing.T) *history {
			h := newHistory(t, nil)
			e := h.day("2022-05-01", 3)
			h.day("2022-05-02", 1)
			h.lose(h.whole(h.records[0].Bag, 3), ledger.File{Path: ledger.RecordsKey(e.Commit), SHA256: e.Records.SHA256, Bytes: e.Records.Bytes})
			h.remove(h.records[0].Bag)
			h.remove(ledger.RecordsKey(e.Commit))
			return h
		}, "1 package in 2 bags, 3 lost"},
		{"a lost bag with superseded versions", func(t *testing.T) *history {
			h := newHistory(t, nil)
			e := h.day("2022-05-01", 3)
			h.supersede("2022-05-01", 1)
			h.lose(h.whole(h.records[0].Bag, 2), ledger.File{Path: ledger.RecordsKey(e.Commit), SHA256: e.Records.SHA256, Bytes: e.Records.Bytes})
			h.remove(h.records[0].Bag)
			h.remove(ledger.RecordsKey(e.Commit))
			h.supersede("2022-05-01", 1)
			return h
		}, "1 package in 3 bags, 3 lost"},
		{"a lost bag whose records are back", func(t *testing.T) *history {
			h := newHistory(t, nil)
			e := h.day("2022-05-01", 3)
			records := h.read(ledger.RecordsKey(e.Commit))
			h.lose(h.whole(h.records[0].Bag, 3), ledger.File{Path: ledger.RecordsKey(e.Commit), SHA256: e.Records.SHA256, Bytes: e.Records.Bytes})
			h.remove(h.records[0].Bag)
			h.commit(nil, h.bag("2022-05-01", hours(3, "other\n")...))
			h.write(ledger.RecordsKey(e.Commit), records)
			return h
		}, "3 packages in 2 bags, 3 lost"},
		{"lost records", func(t *testing.T) *history {
			h := newHistory(t, nil)
			e := h.day("2022-05-01", 3)
			h.lose(ledger.File{Path: ledger.RecordsKey(e.Commit), SHA256: e.Records.SHA256, Bytes: e.Records.Bytes})
			h.remove(ledger.RecordsKey(e.Commit))
			return h
		}, "3 packages in 1 bag"},
		{"a lost entry", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.days(30)
			data := h.read(ledger.Key(7))
			h.lose(ledger.File{Path: ledger.Key(7), SHA256: hashOf(data)})
			h.remove(ledger.Key(7))
			h.supersede("2022-05-10", 0)
			return h
		}, "30 packages in 31 bags"},
		{"lost neighbours in the ledger", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.days(30)
			h.lose(ledger.File{Path: ledger.Key(7)}, ledger.File{Path: ledger.Key(8), SHA256: hashOf(h.read(ledger.Key(8)))})
			h.remove(ledger.Key(7))
			h.remove(ledger.Key(8))
			return h
		}, "30 packages in 30 bags"},
		{"erased", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 3)
			h.erase(h.last("2022-05-01", 2), 1)
			return h
		}, "2 packages in 1 bag, 1 erased"},
		{"lost and erased", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 3)
			h.lose(file(h.last("2022-05-01", 2), 1))
			h.erase(h.last("2022-05-01", 2), 0)
			return h
		}, "2 packages in 1 bag, 1 erased"},
		{"expired", func(t *testing.T) *history {
			h := newHistory(t, func(s *ledger.Scope) { s.ExpireAfterDays = 10 })
			h.day("2022-05-01", 3)
			h.day("2022-05-02", 2)
			h.commit(func(e *ledger.Entry) { e.ExpiredThrough = "2022-05-01" })
			h.remove("dt=2022-05-01")
			h.remove(ledger.RecordsKey(fmt.Sprintf("%032x", 2)))
			return h
		}, "2 packages in 1 bag, 3 expired"},
		{"expired, in a commit of two days", func(t *testing.T) *history {
			h := newHistory(t, func(s *ledger.Scope) { s.ExpireAfterDays = 10 })
			h.commit(nil, h.bag("2022-05-01", hours(2, "a")...), h.bag("2022-05-02", hours(1, "b")...))
			h.commit(func(e *ledger.Entry) { e.ExpiredThrough = "2022-05-01" })
			return h
		}, "1 package in 1 bag, 2 expired"},
		{"given up and uncommitted", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 1)
			h.commit(func(e *ledger.Entry) { e.GivenUp = []string{"dt=2022-05-01/bag=aaaaaaaa"} })
			h.write("dt=2022-05-01/bag=aaaaaaaa/data/x", []byte("x"))
			h.write("dt=2022-05-01/bag=bbbbbbbb/data/x", []byte("x"))
			return h
		}, "1 package in 1 bag, 1 uncommitted"},
		{"an abandoned head", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 1)
			head := ledger.Head{Sequence: 9, SHA256: strings.Repeat("ab", 32)}
			h.commit(func(e *ledger.Entry) {
				e.Abandoned = &head
				e.Accepted = []ledger.Acceptance{{Token: ledger.RollbackToken(h.log.Head, head), Reason: "restored from a backup"}}
			})
			return h
		}, "1 package in 1 bag"},
		{"changes of scope", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 1)
			for i, change := range []func(*ledger.Scope){
				func(s *ledger.Scope) { s.Start = day("2022-04-01") },
				func(s *ledger.Scope) {
					s.Zones, s.Hosts = []string{"a.example", "b.example"}, []string{"www.example.com"}
				},
				func(s *ledger.Scope) { s.End = new(day("2022-06-01").Add(time.Hour)) },
				func(s *ledger.Scope) {
					s.Retention, s.ExpireAfterDays = &ledger.Retention{Mode: "COMPLIANCE", Days: 30}, 365
				},
				func(s *ledger.Scope) { s.StableAfter, s.RecheckDays, s.ExpireAfterDays = 0, 0, 0 },
			} {
				scope := h.scope
				change(&scope)
				h.scope = scope
				h.commit(func(e *ledger.Entry) {
					e.Scope, e.SealedThrough, e.Actor = &scope, new(""), fmt.Sprintf("qcs::cam::uin/%d:\u00e9", i)
					e.Joined = []string{secondID}
				})
			}
			h.commit(func(e *ledger.Entry) { e.SealedThrough = new("2022-06-01") })
			h.commit(func(e *ledger.Entry) { e.Left = []string{secondID} })
			return h
		}, "1 package in 1 bag"},
		{"sixty entries", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.days(60)
			return h
		}, "60 packages in 60 bags"},
		{"foreign objects", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 1)
			h.write(".teo-archive/ledger/9999999999.json", []byte("{}\n"))
			h.write(".teo-archive/ledger/notes.txt", []byte("x"))
			h.write(".teo-archive/tmp/a b", []byte("x"))
			h.write("lost+found/other file", []byte("x"))
			h.write("dt=2022-05-01/notes.txt", []byte("x"))
			return h
		}, "1 package in 1 bag"},
		{"a link outside of the archive", func(t *testing.T) *history {
			h := newHistory(t, nil)
			h.day("2022-05-01", 1)
			if err := os.Symlink("/", filepath.Join(h.dir, "elsewhere")); err != nil {
				t.Fatal(err)
			}
			return h
		}, "1 package in 1 bag"},
	} {
		if testing.Short() && i%8 != 0 {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := test.history(t)
			first := hashOf(h.read(ledger.Key(1)))
			for _, head := range []string{"", first} {
				v := h.agree(head)
				if v.status != 0 || !strings.HasSuffix(v.stdout, h.summary(test.want)) {
					t.Errorf("with the head %q: status %d\n%s%s\nwant %s", head, v.status, v.stdout, v.stderr, h.summary(test.want))
				}
			}
		})
	}
}

// missedKey is a package that the service lists no more.
const missedKey = "dt=2022-05-01/data/domain=www.example.com/area=mainland/hour=09/20220501-09-www.example.com.log.gz"

// miss appends entries by which a package fails and is missed.
func (h *history) miss() {
	h.Helper()
	h.commit(func(e *ledger.Entry) { e.Failing = []string{missedKey} })
	h.commit(func(e *ledger.Entry) { e.Missed = []string{missedKey}; h.accept(e) })
}

// replaceFirst appends an entry that replaces a damaged file by one in a new bag.
func (h *history) replaceFirst() {
	h.Helper()
	r := h.last("2022-05-01", 0)
	p := hours(1, "first")[0]
	p.former, p.extends = r, true
	b := h.bag("2022-05-01", p)
	lost := file(r, 0) // the new file replaces it before it is lost
	lost.ReplacedBy = b.tags.Records()[0].Key()
	h.commit(func(e *ledger.Entry) { e.Lost = []ledger.File{lost} }, b)
	h.write(r.Key(), []byte("damaged"))
}

// erase appends an entry that erases a file, and removes it.
func (h *history) erase(r *bag.Record, current int64) {
	h.Helper()
	erased := file(r, current)
	erased.Reason = "a request"
	h.commit(func(e *ledger.Entry) { e.Erased = []ledger.File{erased} })
	h.remove(r.Key())
}

// days appends an entry with a bag for each of n days.
func (h *history) days(n int) {
	h.Helper()
	for i := range n {
		h.day(day("2022-05-01").AddDate(0, 0, i).Format(time.DateOnly), 1)
	}
}

func TestVerifyShShowsEverythingAfterANotedHead(t *testing.T) {
	t.Parallel()
	h := newHistory(t, nil)
	h.day("2022-05-01", 4)
	noted := h.log.Head
	var want []string
	step := func(change func(*ledger.Entry), bags ...*builtBag) {
		t.Helper()
		before := h.log.State.Clone()
		e := h.commit(change, bags...)
		for _, c := range e.Changes(before) {
			want = append(want, fmt.Sprintf("after the expected head, entry %d: %s: %s", c.Sequence, c.Kind, c.Detail))
		}
	}
	step(func(e *ledger.Entry) {
		e.SealedThrough, e.Actor, e.Joined = new("2022-05-03"), "qcs::cam::uin/1", []string{secondID}
	}, h.bag("2022-05-02", hours(2, "x")...))
	step(nil, h.bag("2022-05-01", pkg{host: "www.example.com", content: "new\n", former: h.last("2022-05-01", 0)}))
	step(func(e *ledger.Entry) {
		e.Relisted, e.Failing = map[string]int64{h.last("2022-05-01", 1).Key(): 9}, []string{missedKey}
	})
	step(func(e *ledger.Entry) { e.Missed = []string{missedKey}; h.accept(e) })
	step(h.losing(file(h.last("2022-05-01", 1), 1), file(h.last("2022-05-01", 2), 1)))
	step(func(e *ledger.Entry) { e.Recovered = []ledger.File{file(h.last("2022-05-01", 2), 1)} })
	step(func(e *ledger.Entry) {
		f := file(h.last("2022-05-01", 3), 1)
		f.Reason = "a request"
		e.Erased, e.Failing, e.GivenUp = []ledger.File{f}, []string{strings.ReplaceAll(missedKey, "09", "08")}, []string{"dt=2022-05-01/bag=aaaaaaaa"}
	})
	scope := h.scope
	scope.Start, scope.End, scope.Zones, scope.Hosts, scope.StableAfter = day("2022-05-02"), new(day("2022-07-01")), []string{"a", "b"}, []string{"c"}, 5400
	step(func(e *ledger.Entry) { e.Scope, e.SealedThrough, e.Left = &scope, new(""), []string{secondID} })
	policy := scope
	policy.ExpireAfterDays, policy.Retention = 20, &ledger.Retention{Mode: "GOVERNANCE", Days: 5}
	step(func(e *ledger.Entry) { e.Scope, e.SealedThrough = &policy, new("2022-05-05") })
	step(func(e *ledger.Entry) { e.ExpiredThrough, e.Failing = "2022-05-01", []string{} })
	head := ledger.Head{Sequence: 9, SHA256: strings.Repeat("ab", 32)}
	step(func(e *ledger.Entry) {
		e.Abandoned, e.Accepted = &head, []ledger.Acceptance{{Token: ledger.RollbackToken(h.log.Head, head), Reason: "restored"}}
	})
	v := h.agree(noted.SHA256)
	got := v.changes()
	slices.Sort(want)
	if v.status != 0 || !slices.Equal(got, want) {
		t.Errorf("status %d\n%s\ngot\n%s\nwant\n%s", v.status, v.stderr, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A lost entry hides what each entry up to the next snapshot changed, but not what all
// of them changed together.
func TestChangesInAGapOfTheLedgerAreShown(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	h := newHistory(t, func(s *ledger.Scope) { s.ExpireAfterDays = 60 })
	h.days(5)
	noted := []ledger.Head{h.log.Head}
	h.commit(func(e *ledger.Entry) { e.Joined, e.SealedThrough = []string{secondID}, new("2022-05-06") })
	scope := h.scope
	scope.RecheckDays, scope.Hosts, scope.Resolved = 9, []string{"www.example.com"}, []string{"zone-1"}
	for i, change := range []func(*ledger.Entry){
		nil, // the entry that is removed
		h.losing(file(h.last("2022-05-02", 0), 1)),
		func(e *ledger.Entry) { e.Scope, e.SealedThrough = &scope, new("2022-05-07") },
		func(e *ledger.Entry) { e.Failing, e.Left = []string{missedKey}, []string{secondID} },
		func(e *ledger.Entry) { e.Relisted = map[string]int64{h.last("2022-05-04", 0).Key(): 9} },
		func(e *ledger.Entry) { e.GivenUp = []string{"dt=2022-05-01/bag=aaaaaaaa"} },
		func(e *ledger.Entry) { e.Missed = []string{missedKey}; h.accept(e) },
		func(e *ledger.Entry) {
			f := file(h.last("2022-05-03", 0), 1)
			f.Reason = "a request"
			e.Erased = []ledger.File{f}
		},
	} {
		var bags []*builtBag
		if change == nil {
			bags = append(bags, h.bag("2022-05-10", hours(2, "x\n")...))
		}
		if h.commit(change, bags...); i == 3 {
			noted = append(noted, h.log.Head)
		}
	}
	h.remove(h.last("2022-05-02", 0).Key())
	h.remove(h.last("2022-05-03", 0).Key())
	for i := range 18 {
		h.day(day("2022-06-01").AddDate(0, 0, i).Format(time.DateOnly), 1)
	}
	h.lose(ledger.File{Path: ledger.Key(8), SHA256: hashOf(h.read(ledger.Key(8)))})
	h.remove(ledger.Key(8))
	for _, head := range noted {
		v := h.agree(head.SHA256)
		if v.status != 0 {
			t.Fatalf("%+v", v)
		}
		text := strings.Join(v.changes(), "\n")
		for _, want := range []string{
			"entry 26: ledger: entries 8 to 26 are compared together", "entry 26: bags: " + h.last("2022-05-10", 1).Bag,
			"entry 26: lost: dt=2022-05-02/", "entry 26: scope: from", "resolved_zone_ids zone-1", "entry 26: missed: " + missedKey,
			"entry 26: given_up: ", "entry 26: erased: dt=2022-05-03/", "entry 26: accepted: ",
			"entry 26: resources: " + secondID + ": no longer", "entry 26: sealed_through: \"2022-06-11\"", "entry 26: records: ", "entry 26: current: 2022-05-10",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("with the head %s: %q is missing in\n%s", head, want, text)
			}
		}
	}
}

func TestVerifyShSaysTheSameInEveryShellAndAwk(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the other tests run verify.sh in one shell")
	}
	valid := newHistory(t, nil)
	valid.day("2022-05-01", 3)
	valid.supersede("2022-05-01", 1)
	valid.miss()
	valid.lose(file(valid.last("2022-05-01", 0), 1))
	valid.remove(valid.last("2022-05-01", 0).Key())
	valid.erase(valid.last("2022-05-01", 2), 1)
	for valid.log.Head.Sequence < 30 {
		valid.commit(nil)
	}
	changed := base(t)
	changed.write(changed.records[0].Key(), []byte("changed"))
	for _, tamper := range []func(*history){
		bagSays(func(b *ledger.Bag) { b.Bytes++ }),
		fields(func(_ *history, e *ledger.Entry) { e.SealedThrough = new("2022-07-31") }),
		fields(func(h *history, e *ledger.Entry) { e.Lost = []ledger.File{file(h.last("2022-05-02", 0), 1)} }),
		text(`/test"`, `/\u0074est"`),
	} {
		tamper(changed)
	}
	wantValid, wantChanged := valid.verify(hashOf(valid.read(ledger.Key(1)))), changed.verify()
	if wantValid.status != 0 || wantChanged.status != 1 {
		t.Fatalf("got %+v and %+v", wantValid, wantChanged)
	}
	for _, c := range [][2]string{
		{"dash", ""},
		{"bash", ""},
		{"bash --posix", ""},
		{"ksh", ""},
		{"busybox sh", ""},
		{"sh", "mawk"},
		{"sh", "gawk"},
		{"sh", "gawk --posix"},
		{"sh", "original-awk"},
		{"sh", "busybox awk"},
	} {
		for _, tool := range c {
			if tool == "" {
				continue
			}
			if _, err := exec.LookPath(strings.Fields(tool)[0]); err != nil {
				t.Logf("%s is not installed", tool)
				c[0] = ""
			}
		}
		if c[0] == "" {
			continue
		}
		if got := runScript(t, c[0], c[1], valid.dir, hashOf(valid.read(ledger.Key(1)))); got != wantValid {
			t.Errorf("%s, %s: got %+v, want %+v", c[0], c[1], got, wantValid)
		}
		if got := runScript(t, c[0], c[1], changed.dir); got != wantChanged {
			t.Errorf("%s, %s: got %+v, want %+v", c[0], c[1], got, wantChanged)
		}
	}
}

func TestVerifyShVerifiesOneBag(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs verify.sh many times")
	}
	h := base(t)
	dir := filepath.Join(h.dir, h.records[0].Bag)
	hash := hashOf(h.read(h.records[0].Bag + "/tagmanifest-sha256.txt"))
	want := "valid: 3 packages in 1 bag\ntagmanifest: " + hash + "\n"
	for _, arguments := range [][]string{{dir}, {dir, hash}} {
		if v := runScript(t, "sh", "", arguments...); v.status != 0 || v.stdout != want {
			t.Errorf("got %+v", v)
		}
	}
	if v := runScript(t, "sh", "", dir, strings.Repeat("0", 64)); v.status != 1 {
		t.Errorf("another head: got %+v", v)
	}
	for name, change := range map[string]func(h *history, folder string){
		"package":       func(h *history, _ string) { h.write(h.records[0].Key(), []byte("changed")) },
		"missing":       func(h *history, _ string) { h.remove(h.records[0].Key()) },
		"foreign":       func(h *history, folder string) { h.write(folder+"/data/x", nil) },
		"bagit.txt":     func(h *history, folder string) { h.write(folder+"/bagit.txt", nil) },
		"manifest":      func(h *history, folder string) { h.write(folder+"/manifest-sha256.txt", nil) },
		"tagmanifest":   func(h *history, folder string) { h.write(folder+"/tagmanifest-sha256.txt", nil) },
		"records":       func(h *history, folder string) { h.replace(folder+"/packages.jsonl", `"lines":1`, `"lines":2`) },
		"symbolic link": func(h *history, _ string) { h.link(h.records[0].Key()) },
	} {
		h := base(t)
		change(h, h.records[0].Bag)
		if v := runScript(t, "sh", "", filepath.Join(h.dir, h.records[0].Bag)); v.status != 1 {
			t.Errorf("%s: got %+v", name, v)
		}
	}
}

func TestVerifyShSaysHowItIsUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, arguments := range [][]string{{}, {""}, {dir, "x"}, {dir, strings.Repeat("0", 63)}, {dir, strings.Repeat("0", 64), "x"}, {"--unknown", dir}} {
		if v := runScript(t, "sh", "", arguments...); v.status != 2 || !strings.HasPrefix(v.stderr, "usage: ") {
			t.Errorf("%q: got %+v", arguments, v)
		}
	}
	if v := runScript(t, "sh", "", dir); v.status != 1 {
		t.Errorf("an empty folder: got %+v", v)
	}
	if v := runScript(t, "sh", "", filepath.Join(dir, "none")); v.status != 1 {
		t.Errorf("no folder: got %+v", v)
	}
}

func TestVerifyShListsTheCurrentVersions(t *testing.T) {
	t.Parallel()
	h := base(t)
	var want []string
	for _, r := range []*bag.Record{h.last("2022-05-01", 0), h.last("2022-05-01", 2), h.last("2022-05-01", 1), h.last("2022-05-02", 0), h.last("2022-05-02", 2)} {
		want = append(want, r.Key())
	}
	v := runScript(t, "sh", "", "--list", h.dir)
	if v.status != 0 || v.stdout != strings.Join(want, "\n")+"\n" {
		t.Errorf("got %+v, want %q", v, want)
	}
}
