package ledger

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
)

// relistedDays is how long after its day is sealed a listed size is remembered. The
// service keeps packages for so long by default.
const relistedDays = 31

// clockTolerance is how far a reader's clock may be behind that of a writer.
const clockTolerance = time.Hour

// Apply goes on to the next entry, whose encoded form is data. now is the reader's
// clock. The error is the first rule that the entry breaks; the replay continues
// with the entry nevertheless.
func (r *Replay) Apply(e *Entry, data []byte, now time.Time) error {
	a := application{before: r, entry: e, state: r.State, now: now}
	a.link()
	a.apply()
	if e.Snapshot != nil && !bytes.Equal(e.Snapshot.encode(), r.State.encode()) {
		a.fault("its snapshot differs from the entries")
	}
	if e.Sequence == 1 {
		r.Archive, r.Layer = e.Archive, e.Layer
	}
	r.Tree = appendLeaf(r.Tree, r.Head.Sequence, data)
	r.Head, r.WrittenAt, r.Destroyed = Head{e.Sequence, hashOf(data)}, e.WrittenAt, e.Destroyed
	return a.err
}

// application is one entry that is being applied to a state.
type application struct {
	before *Replay
	entry  *Entry
	state  *State
	now    time.Time
	err    error // the first rule that is broken
}

func (a *application) fault(format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, args...)
	}
}

// link checks that the entry continues the one before it.
func (a *application) link() {
	e, r := a.entry, a.before
	switch {
	case e.Sequence != r.Head.Sequence+1:
		a.fault("it follows entry %d", r.Head.Sequence)
	case e.Previous != r.Head.SHA256:
		a.fault("it does not contain the hash of entry %d", r.Head.Sequence)
	case !slices.Equal(e.Tree, r.Tree):
		a.fault("its tree is not that of the entries before it")
	case e.Sequence > 1 && (e.Archive != r.Archive || e.Layer != r.Layer):
		a.fault("it belongs to another archive")
	case r.Destroyed:
		a.fault("it follows the entry that destroyed the archive")
	case e.Sequence == 1 && (e.Scope == nil || len(e.Joined) == 0):
		a.fault("it is the first entry and has no scope, or no resource has joined")
	}
}

func (a *application) apply() {
	e, s := a.entry, a.state
	tokens := e.LossTokens(s)
	for _, id := range e.Joined {
		s.Resources = addTo(s.Resources, id)
	}
	for _, id := range e.Left {
		s.Resources = slices.DeleteFunc(s.Resources, func(r string) bool { return r == id })
	}
	if e.Scope != nil {
		s.Scope, s.ScopeSequence = e.Scope, e.Sequence
		a.leaveScope()
	}
	a.addBags()
	maps.Copy(s.Relisted, e.Relisted)
	for key := range e.Relisted {
		if folder, _, _ := bag.Split(key); s.Bags[folder].Packages == 0 || s.Gone(key) {
			a.fault("it lists %s again, which is not in the archive", key)
		}
	}
	a.fail()
	a.lose()
	a.recover()
	a.erase()
	for _, token := range tokens {
		if !slices.ContainsFunc(e.Accepted, func(t Acceptance) bool { return t.Token == token }) {
			a.fault("it loses packages without the token %q", token)
		}
	}
	for _, accepted := range e.Accepted {
		s.Accepted[accepted.Token] = accepted.Reason
	}
	for _, folder := range e.GivenUp {
		if _, ok := s.Bags[folder]; ok || s.IsExpired(DayOf(folder)) {
			a.fault("it gives up %s, which is committed or expired", folder)
		}
		s.GivenUp = addTo(s.GivenUp, folder)
	}
	if e.Abandoned != nil {
		token := RollbackToken(a.before.Head, *e.Abandoned)
		if s.Accepted[token] == "" {
			a.fault("it abandons a head without the token %q", token)
		}
		s.Abandoned = append(s.Abandoned, Abandoned{Head: *e.Abandoned, Token: token})
	}
	a.count()
	a.expire()
	a.seal()
}

// count checks the numbers of current versions.
func (a *application) count() {
	for _, list := range [][]File{a.entry.Lost, a.entry.Erased} {
		for _, f := range list {
			if day := DayOf(f.Path); a.state.Current[day] < 0 {
				a.fault("less than no package of %s is current after it", day)
			}
		}
	}
}

func addTo(set []string, value string) []string {
	i, found := slices.BinarySearch(set, value)
	if found {
		return set
	}
	return slices.Insert(set, i, value)
}

// leaveScope removes what lies outside of the window.
func (a *application) leaveScope() {
	outside := func(key string, _ int64) bool { return !a.state.Scope.ContainsDay(DayOf(key)) }
	maps.DeleteFunc(a.state.Failing, outside)
	maps.DeleteFunc(a.state.Missed, outside)
}

func (a *application) addBags() {
	e, s := a.entry, a.state
	for _, folder := range sortedKeys(e.Bags) {
		b, day := e.Bags[folder], DayOf(folder)
		if _, used := s.Bags[folder]; used || slices.Contains(s.GivenUp, folder) {
			a.fault("it uses the folder %s again", folder)
		}
		if s.IsExpired(day) {
			a.fault("it adds %s, whose day has expired", folder)
			continue
		}
		if b.Superseding > s.Current[day] {
			a.fault("%s replaces more current versions than the day has", folder)
		}
		s.Bags[folder] = BagState{Bag: b, Commit: e.Commit, Sequence: e.Sequence}
		s.Current[day] += b.Packages - b.Superseding
	}
	if e.Records != nil {
		if _, used := s.Records[e.Commit]; used {
			a.fault("it uses its commit ID again")
		}
		s.Records[e.Commit] = RecordsState{Records: *e.Records, Sequence: e.Sequence}
	}
}

// fail applies failing and missed.
func (a *application) fail() {
	e, s := a.entry, a.state
	before := s.Failing
	if e.Failing != nil {
		s.Failing = map[string]int64{}
		for _, key := range e.Failing {
			if s.IsExpired(DayOf(key)) {
				a.fault("%s fails, whose day has expired", key)
			}
			s.Failing[key] = cmp.Or(before[key], e.Sequence)
		}
	}
	for _, key := range e.Missed {
		first, ok := before[key]
		if !ok {
			a.fault("it misses %s, which did not fail before", key)
		}
		delete(s.Failing, key)
		s.Missed[key] = cmp.Or(first, e.Sequence)
	}
}

// lose applies the lost files.
func (a *application) lose() {
	e, s := a.entry, a.state
	for _, f := range e.Lost {
		folder, _, inBag := bag.Split(f.Path)
		b, known := s.Bags[folder]
		switch {
		case s.Gone(f.Path):
			a.fault("it loses %s, which is lost or erased already", f.Path)
		case inBag && !known:
			a.fault("it loses %s, which no bag has", f.Path)
		case inBag && strings.HasSuffix(f.Path, "/"):
			if f.SHA256 != b.TagmanifestSHA256 || f.Packages != b.Packages-s.goneFrom(folder) {
				a.fault("it loses the bag %s with other numbers than it has", f.Path)
			}
		case inBag:
			if replaced, _, _ := bag.Split(f.ReplacedBy); f.ReplacedBy != "" && e.Bags[replaced].Packages == 0 {
				a.fault("it replaces %s by a file that it does not add", f.Path)
			}
		default:
			if err := a.ownFile(&f); err != nil {
				a.fault("it loses %s, %w", f.Path, err)
			}
		}
		if known {
			b.Sequence = e.Sequence
			s.Bags[folder] = b
			s.Current[DayOf(folder)] -= f.Current
		}
		path := f.Path
		f.Path = ""
		s.Lost[path] = f
	}
}

// goneFrom counts the packages of a bag that are lost or erased one by one.
func (s *State) goneFrom(folder string) (n int64) {
	for _, files := range []map[string]File{s.Lost, s.Erased} {
		for path := range files {
			if strings.HasPrefix(path, folder+"/") && path != folder+"/" {
				n++
			}
		}
	}
	return n
}

// ownFile checks a lost entry or file of records.
func (a *application) ownFile(f *File) error {
	if m := listKey.FindStringSubmatch(f.Path); m != nil {
		if r, ok := a.state.Records[m[1]]; !ok || r.SHA256 != f.SHA256 || r.Bytes != f.Bytes {
			return errors.New("which no commit has written")
		}
		return nil
	}
	if n, ok := Sequence(f.Path); !ok || n >= a.entry.Sequence {
		return errors.New("which does not exist yet")
	}
	return nil
}

// recover applies the files that are back.
func (a *application) recover() {
	e, s := a.entry, a.state
	for _, f := range e.Recovered {
		if _, missed := s.Missed[f.Path]; missed {
			delete(s.Missed, f.Path)
			continue
		}
		lost, ok := s.Lost[f.Path]
		if !ok || lost.SHA256 != f.SHA256 || lost.Bytes != f.Bytes || lost.Packages != f.Packages || f.Current > max(lost.Packages, 1) {
			a.fault("it recovers %s, which was not lost or missed", f.Path)
		}
		delete(s.Lost, f.Path)
		folder, _, _ := bag.Split(f.Path)
		if b, known := s.Bags[folder]; known {
			b.Sequence = e.Sequence
			s.Bags[folder] = b
			s.Current[DayOf(folder)] += f.Current
		}
	}
}

// erase applies the files that a person asked to remove. A lost file can be erased:
// it will not be recovered then.
func (a *application) erase() {
	s := a.state
	for _, f := range a.entry.Erased {
		folder, _, _ := bag.Split(f.Path)
		b, known := s.Bags[folder]
		lost, wasLost := s.Lost[f.Path]
		switch {
		case !known || !wasLost && s.Gone(f.Path):
			a.fault("it erases %s, which is erased already or in no bag", f.Path)
		case wasLost && (lost.SHA256 != f.SHA256 || lost.Bytes != f.Bytes || lost.Packages != f.Packages || f.Current != 0):
			a.fault("it erases %s with other values than it was lost with", f.Path)
		case !wasLost && strings.HasSuffix(f.Path, "/") && (f.SHA256 != b.TagmanifestSHA256 || f.Packages != b.Packages-s.goneFrom(folder)):
			a.fault("it erases the bag %s with other numbers than it has", f.Path)
		}
		delete(s.Lost, f.Path)
		if known {
			s.Current[DayOf(folder)] -= f.Current
		}
		path := f.Path
		f.Path = ""
		s.Erased[path] = f
	}
}

// expire applies expired_through: everything of these days leaves the state.
func (a *application) expire() {
	e, s := a.entry, a.state
	day := e.ExpiredThrough
	if day == "" {
		return
	}
	at := s.Scope.expiry(day)
	if day <= s.ExpiredThrough || at.IsZero() || at.After(e.WrittenAt) || at.After(a.now.Add(clockTolerance)) {
		a.fault("it expires the days up to %s, which the policy does not allow", day)
	}
	s.ExpiredThrough = day
	commits := map[string]bool{}
	for folder, b := range s.Bags {
		if s.IsExpired(DayOf(folder)) {
			delete(s.Bags, folder)
		} else {
			commits[b.Commit] = true
		}
	}
	for commit := range s.Records {
		if !commits[commit] {
			delete(s.Records, commit)
			delete(s.Lost, RecordsKey(commit))
		}
	}
	expired := func(key string) bool { return strings.HasPrefix(key, bag.Prefix) && s.IsExpired(DayOf(key)) }
	for key := range s.Current {
		if s.IsExpired(key) {
			delete(s.Current, key)
		}
	}
	for _, m := range []map[string]int64{s.Relisted, s.Failing, s.Missed} {
		maps.DeleteFunc(m, func(key string, _ int64) bool { return expired(key) })
	}
	for _, m := range []map[string]File{s.Lost, s.Erased} {
		maps.DeleteFunc(m, func(key string, _ File) bool { return expired(key) })
	}
	s.GivenUp = slices.DeleteFunc(s.GivenUp, expired)
}

// seal applies sealed_through.
func (a *application) seal() {
	e, s := a.entry, a.state
	if e.SealedThrough == nil {
		return
	}
	day := *e.SealedThrough
	if e.Scope == nil && day <= s.SealedThrough {
		a.fault("it lowers or repeats sealed_through without a new scope")
	}
	// A day that was sealed under an earlier policy stays sealed.
	if day > s.SealedThrough && s.Scope != nil {
		if at := s.Scope.Stable(day); at.After(e.WrittenAt) || at.After(a.now.Add(clockTolerance)) {
			a.fault("it seals %s before the day was stable", day)
		}
	}
	s.SealedThrough = day
	if day == "" {
		return
	}
	oldest := bag.DayStart(day).AddDate(0, 0, -relistedDays).Format(time.DateOnly)
	maps.DeleteFunc(s.Relisted, func(key string, _ int64) bool { return DayOf(key) < oldest })
}
