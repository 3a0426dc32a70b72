package ledger

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

var now = time.Date(2022, 8, 1, 12, 0, 0, 0, time.UTC)

const (
	archiveID = "00112233445566778899aabbccddeeff"
	memberID  = "0123456789abcdef0123456789abcdef"
	otherID   = "fedcba9876543210fedcba9876543210"

	firstBag   = "dt=2022-05-01/bag=00000001"
	secondBag  = "dt=2022-05-02/bag=00000002"
	thirdBag   = "dt=2022-05-03/bag=00000003"
	pathA      = "data/domain=www.example.com/area=mainland/hour=00/a.log.gz"
	pathB      = "data/domain=www.example.com/area=mainland/hour=00/b.log.gz"
	failingKey = "dt=2022-05-01/data/domain=www.example.com/area=mainland/hour=00/f.log.gz"
	firstKey   = firstBag + "/" + pathA
	lostKey    = secondBag + "/" + pathA
	keptKey    = secondBag + "/" + pathB
)

var (
	zeros = strings.Repeat("0", 64)
	ones  = strings.Repeat("1", 64)
)

func window() Scope {
	return Scope{Start: bag.DayStart("2022-05-01"), StableAfter: 86400, RecheckDays: 3, ExpireAfterDays: 60}
}

func id(n int64) string { return fmt.Sprintf("%032x", n) }

// newEntry returns an entry that changes nothing.
func newEntry(sequence int64) *Entry {
	return &Entry{Layer: teo.L7, Commit: id(sequence), WrittenAt: now, Agent: "test"}
}

// appendEntry appends an entry, which must be valid.
func appendEntry(t testing.TB, l *Log, change func(*Entry)) {
	t.Helper()
	e := newEntry(l.Head.Sequence + 1)
	if change != nil {
		change(e)
	}
	if err := l.Append(context.Background(), e, bucket.Lock{}); err != nil {
		t.Fatal(err)
	}
}

func bagOf(e *Entry, folder string, packages, superseding int64) {
	if e.Bags == nil {
		e.Bags = map[string]Bag{}
	}
	e.Bags[folder] = Bag{Packages: packages, Superseding: superseding, Bytes: 100 * packages, TagmanifestSHA256: zeros, ListingSHA256: ones}
	e.Records = &Records{SHA256: ones, Bytes: 1000}
}

func begin(t testing.TB, s *store) *Log {
	t.Helper()
	l := Begin(s, archiveID, now)
	appendEntry(t, l, func(e *Entry) {
		scope := window()
		e.Joined, e.Scope, e.SealedThrough = []string{memberID}, &scope, new("")
	})
	return l
}

// prepared returns a ledger of six entries: three packages of the first day, two of
// the second, of which one is lost; a package that fails; one that was missed.
func prepared(t testing.TB) *Log {
	t.Helper()
	l := begin(t, newStore())
	appendEntry(t, l, func(e *Entry) { bagOf(e, firstBag, 3, 0); e.SealedThrough = new("2022-05-01") })
	appendEntry(t, l, func(e *Entry) { bagOf(e, secondBag, 2, 0); e.Failing = []string{failingKey, missedKey} })
	appendEntry(t, l, func(e *Entry) { e.Lost = []File{lostFile(lostKey, 1)}; accept(e, l.State) })
	appendEntry(t, l, func(e *Entry) { e.Missed = []string{missedKey}; accept(e, l.State) })
	appendEntry(t, l, func(e *Entry) { e.GivenUp = []string{"dt=2022-05-02/bag=0000000a"} })
	return l
}

const missedKey = "dt=2022-05-01/data/domain=www.example.com/area=mainland/hour=00/m.log.gz"

func lostFile(path string, current int64) File {
	return File{Path: path, SHA256: ones, Bytes: 10, Current: current}
}

func accept(e *Entry, s *State) {
	for _, token := range e.LossTokens(s) {
		e.Accepted = append(e.Accepted, Acceptance{Token: token, Reason: "accepted"})
	}
	slices.SortFunc(e.Accepted, func(a, b Acceptance) int { return strings.Compare(a.Token, b.Token) })
}

// losing returns a change that loses files with the tokens for them.
func losing(files ...File) func(*Entry, *State) {
	return func(e *Entry, s *State) { e.Lost = files; accept(e, s) }
}

func whole(packages, current int64) File {
	return File{Path: firstBag + "/", SHA256: zeros, Bytes: 300, Packages: packages, Current: current}
}

func TestApplyEnforcesEachRule(t *testing.T) {
	t.Parallel()
	rollback := &Head{Sequence: 9, SHA256: ones}
	sealed := func(day string) func(*Entry, *State) {
		return func(e *Entry, _ *State) { e.SealedThrough = &day }
	}
	for _, test := range []struct {
		name   string
		change func(*Entry, *State)
		links  func(*Entry) // after the entry was linked
		want   string       // a part of the error; empty if the entry is valid
	}{
		{name: "no change"},

		{name: "another sequence", links: func(e *Entry) { e.Sequence = 8 }, want: "it follows entry 6"},
		{name: "another previous hash", links: func(e *Entry) { e.Previous = zeros }, want: "hash of entry 6"},
		{name: "another tree", links: func(e *Entry) { e.Tree = e.Tree[:1] }, want: "its tree"},
		{name: "another archive", links: func(e *Entry) { e.Archive = otherID }, want: "another archive"},
		{name: "another layer", links: func(e *Entry) { e.Layer = teo.L4 }, want: "another archive"},

		{name: "a new bag", change: func(e *Entry, _ *State) { bagOf(e, thirdBag, 1, 0) }},
		{name: "a version of a package", change: func(e *Entry, _ *State) { bagOf(e, "dt=2022-05-01/bag=0000000b", 1, 1) }},
		{name: "a folder again", change: func(e *Entry, _ *State) { bagOf(e, firstBag, 1, 0) }, want: "uses the folder"},
		{name: "a folder that was given up", change: func(e *Entry, _ *State) { bagOf(e, "dt=2022-05-02/bag=0000000a", 1, 0) }, want: "uses the folder"},
		{name: "more versions than are current", change: func(e *Entry, _ *State) { bagOf(e, "dt=2022-05-02/bag=0000000b", 2, 2) }, want: "replaces more"},
		{name: "a commit again", change: func(e *Entry, _ *State) { bagOf(e, thirdBag, 1, 0); e.Commit = id(2) }, want: "commit ID again"},

		{name: "relisted", change: func(e *Entry, _ *State) { e.Relisted = map[string]int64{firstKey: -1} }},
		{name: "relisted in no bag", change: func(e *Entry, _ *State) { e.Relisted = map[string]int64{thirdBag + "/" + pathA: 1} }, want: "not in the archive"},
		{name: "relisted and lost", change: func(e *Entry, _ *State) { e.Relisted = map[string]int64{lostKey: 1} }, want: "not in the archive"},

		{name: "missed", change: func(e *Entry, s *State) { e.Missed = []string{failingKey}; accept(e, s) }},
		{name: "missed without failing", change: func(e *Entry, s *State) { e.Missed = []string{missedKey}; accept(e, s) }, want: "did not fail before"},
		{name: "missed without a token", change: func(e *Entry, _ *State) { e.Missed = []string{failingKey} }, want: `without the token "2022-05-01@3:`},

		{name: "lost", change: losing(lostFile(keptKey, 1))},
		{name: "lost without a token", change: func(e *Entry, _ *State) { e.Lost = []File{lostFile(keptKey, 1)} }, want: `without the token "2022-05-02@4:`},
		{name: "lost with an older token", change: func(e *Entry, s *State) {
			losing(lostFile(keptKey, 1))(e, s)
			e.Accepted[0].Token = strings.Replace(e.Accepted[0].Token, "@4", "@3", 1)
		}, want: "without the token"},
		{name: "lost with the token of fewer files", change: func(e *Entry, s *State) {
			losing(lostFile(firstKey, 1))(e, s)
			e.Lost = append(e.Lost, lostFile(firstBag+"/"+pathB, 1))
		}, want: "without the token"},
		{name: "lost again", change: losing(lostFile(lostKey, 0)), want: "lost or erased already"},
		{name: "lost in no bag", change: losing(lostFile(thirdBag+"/"+pathA, 0)), want: "which no bag has"},
		{name: "more lost than current", change: losing(lostFile(keptKey, 1), lostFile(secondBag+"/"+strings.Replace(pathB, "b.log", "c.log", 1), 1)), want: "less than no package"},
		{name: "a lost bag", change: losing(whole(3, 3))},
		{name: "a lost bag with other packages", change: losing(whole(2, 2)), want: "other numbers"},
		{name: "a lost bag with another hash", change: func(e *Entry, s *State) {
			f := whole(3, 3)
			f.SHA256 = ones
			losing(f)(e, s)
		}, want: "other numbers"},
		{name: "lost records", change: losing(File{Path: RecordsKey(id(2)), SHA256: ones, Bytes: 1000})},
		{name: "lost records of no commit", change: losing(File{Path: RecordsKey(id(9)), SHA256: ones, Bytes: 1000}), want: "no commit has written"},
		{name: "lost records with another hash", change: losing(File{Path: RecordsKey(id(2)), SHA256: zeros, Bytes: 1000}), want: "no commit has written"},
		{name: "lost records of another length", change: losing(File{Path: RecordsKey(id(2)), SHA256: ones, Bytes: 1}), want: "no commit has written"},
		{name: "a lost entry", change: losing(File{Path: Key(2), SHA256: ones})},
		{name: "a lost entry of the future", change: losing(File{Path: Key(7)}), want: "does not exist yet"},
		{name: "lost and replaced", change: func(e *Entry, _ *State) {
			bagOf(e, "dt=2022-05-02/bag=0000000b", 1, 1)
			f := lostFile(keptKey, 0)
			f.ReplacedBy = "dt=2022-05-02/bag=0000000b/" + pathB
			e.Lost = []File{f}
		}},
		{name: "replaced by an older bag", change: func(e *Entry, _ *State) {
			f := lostFile(keptKey, 1)
			f.ReplacedBy = firstBag + "/" + pathB
			e.Lost = []File{f}
		}, want: "does not add"},

		{name: "recovered", change: func(e *Entry, _ *State) { e.Recovered = []File{lostFile(lostKey, 1)} }},
		{name: "a missed package is back", change: func(e *Entry, _ *State) { e.Recovered = []File{{Path: missedKey}} }},
		{name: "recovered without a loss", change: func(e *Entry, _ *State) { e.Recovered = []File{lostFile(keptKey, 1)} }, want: "not lost or missed"},
		{name: "recovered as current twice", change: func(e *Entry, _ *State) { e.Recovered = []File{lostFile(lostKey, 2)} }, want: "not lost or missed"},
		{name: "recovered with another hash", change: func(e *Entry, _ *State) {
			f := lostFile(lostKey, 1)
			f.SHA256 = zeros
			e.Recovered = []File{f}
		}, want: "not lost or missed"},
		{name: "recovered with another length", change: func(e *Entry, _ *State) {
			f := lostFile(lostKey, 1)
			f.Bytes = 11
			e.Recovered = []File{f}
		}, want: "not lost or missed"},

		{name: "erased", change: func(e *Entry, _ *State) { e.Erased = []File{erasedFile(firstKey, 1)} }},
		{name: "lost and erased", change: func(e *Entry, _ *State) { e.Erased = []File{erasedFile(lostKey, 0)} }},
		{name: "erased in no bag", change: func(e *Entry, _ *State) { e.Erased = []File{erasedFile(thirdBag+"/"+pathA, 0)} }, want: "in no bag"},
		{name: "lost and erased as current", change: func(e *Entry, _ *State) { e.Erased = []File{erasedFile(lostKey, 1)} }, want: "other values"},
		{name: "lost and erased with another hash", change: func(e *Entry, _ *State) {
			f := erasedFile(lostKey, 0)
			f.SHA256 = zeros
			e.Erased = []File{f}
		}, want: "other values"},
		{name: "lost and erased with another length", change: func(e *Entry, _ *State) {
			f := erasedFile(lostKey, 0)
			f.Bytes = 11
			e.Erased = []File{f}
		}, want: "other values"},
		{name: "an erased bag with other packages", change: func(e *Entry, _ *State) {
			f := whole(2, 2)
			f.Reason = "a request"
			e.Erased = []File{f}
		}, want: "other numbers"},

		{name: "given up", change: func(e *Entry, _ *State) { e.GivenUp = []string{"dt=2022-05-01/bag=0000000c"} }},
		{name: "a committed bag is given up", change: func(e *Entry, _ *State) { e.GivenUp = []string{firstBag} }, want: "gives up"},

		{name: "abandoned", change: func(e *Entry, _ *State) {
			e.Abandoned = rollback
			e.Accepted = []Acceptance{{"rollback:" + "HEAD" + "/" + ones[:16], "restored"}}
		}},
		{name: "abandoned without a token", change: func(e *Entry, _ *State) { e.Abandoned = rollback }, want: "without the token"},

		{name: "sealed", change: sealed("2022-05-04")},
		{name: "sealed as soon as it may be", change: sealed("2022-07-30")},
		{name: "sealed too early", change: sealed("2022-07-31"), want: "before the day was stable"},
		{name: "sealed in the reader's future", change: func(e *Entry, _ *State) {
			e.WrittenAt, e.SealedThrough = now.AddDate(1, 0, 0), new("2022-07-31")
		}, want: "before the day was stable"},
		{name: "sealed again", change: sealed("2022-05-01"), want: "lowers or repeats"},
		{name: "a lower seal", change: sealed("2022-04-30"), want: "lowers or repeats"},
		{name: "a lower seal with a scope", change: func(e *Entry, s *State) { e.Scope, e.SealedThrough = s.Scope, new("") }},

		{name: "expired", change: func(e *Entry, _ *State) { e.ExpiredThrough = "2022-06-01" }},
		{name: "expired too early", change: func(e *Entry, _ *State) { e.ExpiredThrough = "2022-06-02" }, want: "policy does not allow"},
		{name: "expired in the reader's future", change: func(e *Entry, _ *State) {
			e.ExpiredThrough, e.WrittenAt = "2022-06-02", now.AddDate(1, 0, 0)
		}, want: "policy does not allow"},
		{name: "expired without a policy", change: func(e *Entry, s *State) {
			scope := *s.Scope
			scope.ExpireAfterDays = 0
			e.Scope, e.SealedThrough, e.ExpiredThrough = &scope, new("2022-05-01"), "2022-05-01"
		}, want: "policy does not allow"},

		{name: "destroyed", change: func(e *Entry, _ *State) { e.Left, e.Destroyed = []string{memberID}, true }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := prepared(t)
			e := newEntry(7)
			if test.change != nil {
				test.change(e, l.State)
			}
			for i := range e.Accepted {
				e.Accepted[i].Token = strings.Replace(e.Accepted[i].Token, "HEAD", l.Head.SHA256[:16], 1)
			}
			e.Format, e.Archive, e.Sequence, e.Previous, e.Tree = Format, archiveID, 7, l.Head.SHA256, slices.Clone(l.Tree)
			if test.links != nil {
				test.links(e)
			}
			err := l.Apply(e, e.Encode(), now)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func erasedFile(path string, current int64) File {
	f := lostFile(path, current)
	f.Reason = "a request"
	return f
}

// step is one entry of a history, applied to what prepared returns.
type step = func(*Entry, *State)

func TestApplyEnforcesRulesOverSeveralEntries(t *testing.T) {
	t.Parallel()
	expire := func(day string) step { return func(e *Entry, _ *State) { e.ExpiredThrough = day } }
	erase := func(files ...File) step { return func(e *Entry, _ *State) { e.Erased = files } }
	reason := func(f File) File { f.Reason = "a request"; return f }
	for _, test := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"erased twice", []step{erase(erasedFile(firstKey, 1)), erase(erasedFile(firstKey, 0))}, "erased already"},
		{"lost after it was erased", []step{erase(erasedFile(firstKey, 1)), losing(lostFile(firstKey, 0))}, "lost or erased already"},
		{"recovered after it was erased", []step{erase(erasedFile(lostKey, 0)), func(e *Entry, _ *State) { e.Recovered = []File{lostFile(lostKey, 1)} }}, "not lost or missed"},
		{"a file of a lost bag is lost", []step{losing(whole(3, 3)), losing(lostFile(firstKey, 0))}, "lost or erased already"},
		{"a file of a lost bag is erased", []step{losing(whole(3, 3)), erase(erasedFile(firstKey, 0))}, "erased already"},
		{"a file of an erased bag is lost", []step{erase(reason(whole(3, 3))), losing(lostFile(firstKey, 0))}, "lost or erased already"},
		{"an erased bag is lost", []step{erase(reason(whole(3, 3))), losing(whole(3, 0))}, "lost or erased already"},
		{"the rest of a bag is lost", []step{losing(lostFile(firstKey, 1)), losing(whole(2, 2))}, ""},
		{"the rest of a bag is erased", []step{losing(lostFile(firstKey, 1)), erase(reason(whole(2, 2)))}, ""},
		{"more than the rest of a bag is erased", []step{losing(lostFile(firstKey, 1)), erase(reason(whole(3, 2)))}, "other numbers"},
		{"a lost bag is recovered", []step{losing(whole(3, 3)), func(e *Entry, _ *State) { e.Recovered = []File{whole(3, 3)} }}, ""},
		{"too many are current again", []step{losing(whole(3, 3)), func(e *Entry, _ *State) { e.Recovered = []File{whole(3, 4)} }}, "not lost or missed"},
		{"a lost bag is erased", []step{losing(whole(3, 3)), erase(reason(whole(3, 0)))}, ""},
		{"a bag of an expired day", []step{expire("2022-05-01"), func(e *Entry, _ *State) { bagOf(e, "dt=2022-05-01/bag=0000000d", 1, 0) }}, "has expired"},
		{"an expired bag is given up", []step{expire("2022-05-01"), func(e *Entry, _ *State) { e.GivenUp = []string{"dt=2022-05-01/bag=0000000d"} }}, "committed or expired"},
		{"a package of an expired day fails", []step{expire("2022-05-01"), func(e *Entry, _ *State) { e.Failing = []string{failingKey} }}, "has expired"},
		{"a file of an expired day is lost", []step{expire("2022-05-01"), losing(lostFile(firstKey, 1))}, "no bag has"},
		{"expired_through is lowered", []step{expire("2022-05-02"), expire("2022-05-01")}, "policy does not allow"},
		{"a day stays sealed under a longer stable_after", []step{
			func(e *Entry, _ *State) { e.SealedThrough = new("2022-07-30") },
			func(e *Entry, s *State) {
				scope := *s.Scope
				scope.StableAfter *= 7
				e.Scope, e.SealedThrough = &scope, new("2022-07-30")
			},
		}, ""},
		{"expired_through is repeated", []step{expire("2022-05-02"), expire("2022-05-02")}, "policy does not allow"},
		{"an entry follows the end", []step{func(e *Entry, _ *State) { e.Left, e.Destroyed = []string{memberID}, true }, func(*Entry, *State) {}}, "destroyed the archive"},
		{"an older acceptance abandons a head", []step{
			func(e *Entry, _ *State) { e.Accepted = []Acceptance{{"rollback:x", "y"}} },
			func(e *Entry, _ *State) { e.Abandoned = &Head{9, ones} },
		}, "without the token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := prepared(t)
			for i, change := range test.steps {
				e := newEntry(l.Head.Sequence + 1)
				change(e, l.State)
				e.Format, e.Archive, e.Sequence, e.Previous, e.Tree = Format, archiveID, l.Head.Sequence+1, l.Head.SHA256, slices.Clone(l.Tree)
				err := l.Apply(e, e.Encode(), now)
				last := i == len(test.steps)-1
				if !last && err != nil || last && ((err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want)) {
					t.Fatalf("step %d: got %v, want %q", i+1, err, test.want)
				}
			}
		})
	}
}

func TestTheSecondEntryIsOfTheSameArchive(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Entry){
		"archive": func(e *Entry) { e.Archive = otherID },
		"layer":   func(e *Entry) { e.Layer = teo.L4 },
	} {
		l := begin(t, newStore())
		e := newEntry(2)
		e.Format, e.Archive, e.Sequence, e.Previous, e.Tree = Format, archiveID, 2, l.Head.SHA256, slices.Clone(l.Tree)
		change(e)
		if err := l.Apply(e, e.Encode(), now); err == nil || !strings.Contains(err.Error(), "it belongs to another archive") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnErasedPackageIsNotCurrent(t *testing.T) {
	t.Parallel()
	l := prepared(t)
	appendEntry(t, l, func(e *Entry) { e.Erased = []File{erasedFile(firstKey, 1)} })
	want := File{SHA256: ones, Bytes: 10, Current: 1, Reason: "a request"}
	if s := l.State; s.Erased[firstKey] != want || s.ErasedCount() != 1 || s.Current["2022-05-01"] != 2 || !s.Gone(firstKey) {
		t.Errorf("got %+v", s)
	}
	// A lost file was not current any more.
	appendEntry(t, l, func(e *Entry) { e.Erased = []File{erasedFile(lostKey, 0)} })
	if s := l.State; s.ErasedCount() != 2 || s.LostCount() != 0 || s.Current["2022-05-02"] != 1 {
		t.Errorf("got %+v", s)
	}
}

func TestAVersionThatSupersedesAnotherIsNoMorePackages(t *testing.T) {
	t.Parallel()
	l := prepared(t)
	appendEntry(t, l, func(e *Entry) { bagOf(e, "dt=2022-05-01/bag=0000000b", 3, 2) })
	if s := l.State; s.Current["2022-05-01"] != 4 || s.PackageCount() != 5 {
		t.Errorf("got %v", s.Current)
	}
}

// Failing is the whole set, and a package that is back is missed no more.
func TestFailingAndMissedPackagesLeaveTheState(t *testing.T) {
	t.Parallel()
	l := prepared(t)
	const other = "dt=2022-05-01/data/domain=www.example.com/area=mainland/hour=00/o.log.gz"
	appendEntry(t, l, func(e *Entry) { e.Failing = []string{failingKey, other} })
	if want := map[string]int64{failingKey: 3, other: 7}; !maps.Equal(l.State.Failing, want) {
		t.Errorf("got %v, want %v", l.State.Failing, want)
	}
	appendEntry(t, l, func(e *Entry) { e.Failing = []string{other} })
	if want := map[string]int64{other: 7}; !maps.Equal(l.State.Failing, want) {
		t.Errorf("got %v, want %v", l.State.Failing, want)
	}
	appendEntry(t, l, func(e *Entry) { e.Failing, e.Recovered = []string{}, []File{{Path: missedKey}} })
	if len(l.State.Failing) != 0 || len(l.State.Missed) != 0 {
		t.Errorf("got %v and %v", l.State.Failing, l.State.Missed)
	}
}

// The replay continues after an entry that breaks a rule.
func TestABagOfAnExpiredDayIsNotAdded(t *testing.T) {
	t.Parallel()
	l := prepared(t)
	appendEntry(t, l, func(e *Entry) { e.ExpiredThrough = "2022-05-01" })
	want := l.State.Clone()
	e := newEntry(8)
	bagOf(e, "dt=2022-05-01/bag=0000000d", 1, 0)
	e.Format, e.Archive, e.Sequence, e.Previous, e.Tree = Format, archiveID, 8, l.Head.SHA256, slices.Clone(l.Tree)
	want.Records[e.Commit] = RecordsState{Records: *e.Records, Sequence: 8}
	if err := l.Apply(e, e.Encode(), now); err == nil || !reflect.DeepEqual(l.State, want) || l.Head.Sequence != 8 {
		t.Errorf("got %v, %+v", err, l.State)
	}
}

// The records of a day stay as long as its bags.
func TestExpiryKeepsTheRecordsOfOtherDays(t *testing.T) {
	t.Parallel()
	l := prepared(t)
	appendEntry(t, l, func(e *Entry) { e.ExpiredThrough = "2022-05-01" })
	s := l.State
	if _, ok := s.Records[id(3)]; !ok || len(s.Records) != 1 || len(s.Bags) != 1 || len(s.Lost) != 1 || len(s.GivenUp) != 1 || s.PackageCount() != 1 {
		t.Errorf("got %+v", s)
	}
}

// A token accepts the files of one state of their bags, in any order.
func TestALossTokenHasTheHighestSequence(t *testing.T) {
	t.Parallel()
	first, second := &LossToken{Day: "2022-05-01"}, &LossToken{Day: "2022-05-01"}
	first.Add(7, ones, firstKey)
	first.Add(3, "", missedKey)
	second.Add(3, "", missedKey)
	second.Add(7, ones, firstKey)
	want := "2022-05-01@7:" + hashOf([]byte("-  " + missedKey + "\n" + ones + "  " + firstKey + "\n"))[:16]
	if first.String() != want || second.String() != want {
		t.Errorf("got %s and %s, want %s", first, second, want)
	}
}

func TestTheFirstEntryHasAScopeAndAMember(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Entry){
		"no member": func(e *Entry) { scope := window(); e.Scope, e.SealedThrough = &scope, new("") },
		"no scope":  func(e *Entry) { e.Joined = []string{memberID} },
	} {
		l := Begin(newStore(), archiveID, now)
		e := newEntry(1)
		change(e)
		if err := l.Append(context.Background(), e, bucket.Lock{}); err == nil || !strings.Contains(err.Error(), "it is the first entry") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestACloneIsEqualAndSharesNothing(t *testing.T) {
	t.Parallel()
	scope := window()
	full := func() *State {
		return &State{
			Scope: &scope, ScopeSequence: 1, Resources: []string{memberID}, ExpiredThrough: "2022-04-01", SealedThrough: "2022-05-01",
			Bags: map[string]BagState{firstBag: {Sequence: 2}}, Current: map[string]int64{"2022-05-01": 1}, Records: map[string]RecordsState{id(2): {Sequence: 2}},
			Relisted: map[string]int64{firstKey: 1}, Failing: map[string]int64{failingKey: 1}, Missed: map[string]int64{missedKey: 1},
			Lost: map[string]File{lostKey: {Bytes: 1}}, Erased: map[string]File{keptKey: {Bytes: 1}}, Accepted: map[string]string{"a": "b"},
			Abandoned: []Abandoned{{Head{1, ones}, "t"}}, GivenUp: []string{thirdBag},
		}
	}
	s := full()
	for v, i := reflect.ValueOf(s).Elem(), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("%s is not set", v.Type().Field(i).Name)
		}
	}
	c := s.Clone()
	if !reflect.DeepEqual(c, s) {
		t.Errorf("got %+v, want %+v", c, s)
	}
	c.Resources[0], c.Abandoned[0].Token, c.GivenUp[0] = "", "", ""
	clear(c.Bags)
	clear(c.Current)
	clear(c.Records)
	clear(c.Relisted)
	clear(c.Failing)
	clear(c.Missed)
	clear(c.Lost)
	clear(c.Erased)
	clear(c.Accepted)
	if !reflect.DeepEqual(s, full()) {
		t.Errorf("a change of the clone changed the state: %+v", s)
	}
}

// Lost bags count with each of their packages, and files whose bytes are kept do not
// count.
func TestLossesAreCountedInPackages(t *testing.T) {
	t.Parallel()
	s := newState()
	s.Lost = map[string]File{
		firstBag + "/": {Packages: 3}, lostKey: {}, keptKey: {ReplacedBy: lostKey}, RecordsKey(id(2)): {}, Key(7): {},
	}
	s.Erased = map[string]File{firstKey: {}}
	if lost, erased := s.LostCount(), s.ErasedCount(); lost != 4 || erased != 1 {
		t.Errorf("%d are lost, %d erased", lost, erased)
	}
	s.SealedThrough, s.ExpiredThrough = "2022-05-03", "2022-05-01"
	for day, want := range map[string][2]bool{"2022-05-01": {true, true}, "2022-05-02": {true, false}, "2022-05-03": {true, false}, "2022-05-04": {false, false}} {
		if got := [2]bool{s.IsSealed(day), s.IsExpired(day)}; got != want {
			t.Errorf("%s is sealed, expired: %t", day, got)
		}
	}
	if s = newState(); s.IsSealed("2022-05-01") || s.IsExpired("2022-05-01") || s.IsSealed("") {
		t.Error("a day of a new archive is sealed")
	}
}

func TestTheStateIsWhatTheEntriesSay(t *testing.T) {
	t.Parallel()
	l := prepared(t)
	s := l.State
	if got := map[string]int64{"packages": s.PackageCount(), "lost": s.LostCount(), "erased": s.ErasedCount(), "bytes": s.TotalBytes(), "missed": int64(len(s.Missed)), "failing": int64(len(s.Failing))}; !maps.Equal(got, map[string]int64{"packages": 4, "lost": 1, "erased": 0, "bytes": 490, "missed": 1, "failing": 1}) {
		t.Errorf("got %v", got)
	}
	if want := (File{SHA256: ones, Bytes: 10, Current: 1}); s.Lost[lostKey] != want {
		t.Errorf("got %+v, want %+v", s.Lost[lostKey], want)
	}
	if s.Bags[secondBag].Sequence != 4 || s.Bags[firstBag].Sequence != 2 || s.Missed[missedKey] != 3 || s.Records[id(3)].Sequence != 3 {
		t.Errorf("got %+v", s)
	}
	appendEntry(t, l, func(e *Entry) { e.Relisted = map[string]int64{firstKey: 7} })
	appendEntry(t, l, func(e *Entry) { e.SealedThrough = new("2022-06-01") })
	if len(l.State.Relisted) != 1 {
		t.Error("31 days after its day a listed size is forgotten")
	}
	appendEntry(t, l, func(e *Entry) { e.SealedThrough = new("2022-06-02") })
	if len(l.State.Relisted) != 0 {
		t.Error("32 days after its day a listed size is remembered")
	}
	appendEntry(t, l, func(e *Entry) { e.Recovered = []File{lostFile(lostKey, 1)} })
	if l.State.LostCount() != 0 || l.State.PackageCount() != 5 || l.State.Bags[secondBag].Sequence != 10 {
		t.Errorf("got %+v", l.State)
	}
	appendEntry(t, l, func(e *Entry) {
		scope := window()
		scope.Start = bag.DayStart("2022-05-02")
		e.Scope, e.SealedThrough, e.Joined, e.Left = &scope, new(""), []string{otherID}, []string{memberID}
	})
	if len(l.State.Failing)+len(l.State.Missed) != 0 || l.State.SealedThrough != "" || !slices.Equal(l.State.Resources, []string{otherID}) || l.State.ScopeSequence != 11 {
		t.Errorf("got %+v", l.State)
	}
	appendEntry(t, l, func(e *Entry) { losing(File{Path: RecordsKey(id(2)), SHA256: ones, Bytes: 1000})(e, l.State) })
	appendEntry(t, l, func(e *Entry) { e.ExpiredThrough = "2022-05-02" })
	if s := l.State; len(s.Bags)+len(s.Records)+len(s.Lost)+len(s.GivenUp)+len(s.Current) != 0 || !s.IsSealed("2022-05-02") || s.IsSealed("2022-05-03") {
		t.Errorf("got %+v", s)
	}
}

// TestSnapshotsAreTheStateAfterTheEntry also changes each part of a snapshot once.
func TestSnapshotsAreTheStateAfterTheEntry(t *testing.T) {
	t.Parallel()
	l := prepared(t)
	for l.Head.Sequence < 25 {
		appendEntry(t, l, nil)
	}
	for name, change := range map[string]func(*State){
		"scope":           func(s *State) { scope := *s.Scope; scope.RecheckDays++; s.Scope = &scope },
		"scope_sequence":  func(s *State) { s.ScopeSequence++ },
		"resources":       func(s *State) { s.Resources = append(s.Resources, otherID) },
		"expired_through": func(s *State) { s.ExpiredThrough = "2022-04-01" },
		"sealed_through":  func(s *State) { s.SealedThrough = "2022-05-02" },
		"bags":            func(s *State) { delete(s.Bags, firstBag) },
		"current":         func(s *State) { s.Current["2022-05-01"]-- },
		"records":         func(s *State) { delete(s.Records, id(2)) },
		"relisted":        func(s *State) { s.Relisted[firstKey] = 1 },
		"failing":         func(s *State) { s.Failing[failingKey]++ },
		"missed":          func(s *State) { delete(s.Missed, missedKey) },
		"lost":            func(s *State) { delete(s.Lost, lostKey) },
		"erased":          func(s *State) { f := lostFile(firstKey, 0); s.Erased[firstKey] = f },
		"accepted":        func(s *State) { s.Accepted["x"] = "y" },
		"abandoned":       func(s *State) { s.Abandoned = []Abandoned{{Head{9, ones}, "x"}} },
		"given_up":        func(s *State) { s.GivenUp = nil },
		"":                func(*State) {},
	} {
		after := *l.Replay
		after.State = l.State.Clone()
		e := newEntry(26)
		e.Format, e.Archive, e.Sequence, e.Previous, e.Tree = Format, archiveID, 26, l.Head.SHA256, slices.Clone(l.Tree)
		e.Snapshot = l.State.Clone()
		change(e.Snapshot)
		data := e.Encode()
		decoded, err := Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		err = after.Apply(decoded, data, now)
		if want := name != ""; (err != nil) != want {
			t.Errorf("%q: got %v", name, err)
		}
	}
}
