package archive

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// errNoStart is why a package cannot be placed in a bag.
var errNoStart = errors.New("neither the list nor its name says when it starts")

// dayView is what an archive has of one day: every version of every package.
type dayView struct {
	day      string
	packages map[string]*packageView // by path, which all versions share
}

// packageView is one package. Its versions are in the order of their commits.
type packageView struct {
	path     string
	versions []bag.Record
	gone     []bool // lost or erased
	erased   bool   // a version was erased
}

// current is the version that was committed last; nil if that is lost or erased.
func (p *packageView) current() *bag.Record {
	last := len(p.versions) - 1
	if last < 0 || p.gone[last] {
		return nil
	}
	return &p.versions[last]
}

// isCurrent reports whether a stored file is the current version.
func (p *packageView) isCurrent(key string) bool {
	c := p.current()
	return c != nil && c.Key() == key
}

// newDayView sorts the records of a day's bags. bags are in the order of commits.
func newDayView(day string, state *ledger.State, bags [][]bag.Record) *dayView {
	v := &dayView{day: day, packages: map[string]*packageView{}}
	for _, records := range bags {
		for i := range records {
			r := records[i]
			p := v.packages[r.Path]
			if p == nil {
				p = &packageView{path: r.Path}
				v.packages[r.Path] = p
			}
			_, erased := state.Erased[r.Key()]
			p.versions, p.gone, p.erased = append(p.versions, r), append(p.gone, state.Gone(r.Key())), p.erased || erased
		}
	}
	return v
}

// place finds the path of each listed row: that of the package it is a version of,
// or a new one. Rows that share an identity are told apart by the path of their URL.
func (v *dayView) place(layer teo.Layer, rows []teo.Package) []string {
	count := map[bag.Identity]int{}
	for i := range rows {
		count[bag.IdentityOf(layer, &rows[i])]++
	}
	known := map[bag.Identity][]*packageView{}
	for _, path := range sortedKeys(v.packages) {
		p := v.packages[path]
		id := p.versions[0].Identity()
		known[id] = append(known[id], p)
	}
	paths := make([]string, len(rows))
	for i := range rows {
		id := bag.IdentityOf(layer, &rows[i])
		_, _, source := bag.Source(rows[i].URL)
		paths[i] = id.Path()
		if count[id] > 1 {
			paths[i] = id.PathOf(source)
		}
		candidates := known[id]
		same := slices.IndexFunc(candidates, func(p *packageView) bool { return p.versions[len(p.versions)-1].SourcePath == source })
		switch {
		case same >= 0:
			paths[i] = candidates[same].path
		case count[id] == 1 && len(candidates) > 0:
			paths[i] = candidates[0].path
		}
	}
	return paths
}

// task is one package to download.
type task struct {
	day  string
	path string // below the bag
	row  teo.Package
	id   bag.Identity

	// current is the version that the package supersedes; nil for none.
	current *bag.Record

	// wanted are versions whose bytes are gone or damaged. If the download has the
	// bytes of one, it is stored in its place.
	wanted []wanted

	// stored are the hashes of the versions that are at the destination. Their
	// bytes are not archived again.
	stored []string

	// listed is the size that the service listed last for the current version.
	listed *int64

	// accepted means that the package may fail: its loss is accepted.
	accepted bool

	folder string // of the open bag, set when the task starts
}

// wanted is a version whose bytes are gone or damaged.
type wanted struct {
	record  bag.Record
	damaged bool // the file exists with other bytes
	lost    bool // the ledger has the loss
	last    bool // no later version was committed
	why     string
}

func (t *task) key() string { return ledger.PackageKey(t.day, t.path) }

// dayPlan is what to do about one day.
type dayPlan struct {
	day      string
	tasks    []task
	waiting  int       // packages that are not stable yet
	failures []Failure // rows that cannot be archived
	missing  []missing // files that no row is listed for
	rows     int

	// settled means that no package of the day is left to do if all tasks succeed.
	settled bool
}

// missing is a stored file that is gone or damaged.
type missing struct {
	record bag.Record
	why    string

	// source says what the service has instead.
	source string

	// current means that the version is the current one.
	current bool
}

// What the service has instead of a file that is missing.
const (
	noLongerListed = "EdgeOne does not list it any more"
	otherBytes     = "EdgeOne serves other bytes"
)

// dayInput is everything that the plan of a day depends on.
type dayInput struct {
	config *Config
	state  *ledger.State
	now    time.Time
	view   *dayView
	rows   []teo.Package // of the day, in the window

	// broken are files that are missing or damaged, by key.
	broken map[string]string
}

// planDay compares a listing of a day with what the archive has. It is a pure
// function of its input.
func planDay(in *dayInput) *dayPlan {
	day := in.view.day
	p := &dayPlan{day: day, rows: len(in.rows)}
	stable := !in.config.Scope.Stable(day).After(in.now)
	paths := in.view.place(in.config.Layer, in.rows)
	listed := map[string]bool{}
	for i := range in.rows {
		row, path := &in.rows[i], paths[i]
		listed[path] = true
		switch t := in.task(row, path); {
		case t == nil:
		case stable || len(t.wanted) > 0 && !t.accepted:
			p.tasks = append(p.tasks, *t)
		default:
			p.waiting++
		}
	}
	slices.SortStableFunc(p.tasks, func(a, b task) int { return strings.Compare(a.path, b.path) })
	for _, path := range sortedKeys(in.view.packages) {
		if listed[path] {
			continue // the task of the row has them
		}
		pkg := in.view.packages[path]
		for i := range pkg.versions {
			if why := in.broken[pkg.versions[i].Key()]; why != "" {
				p.missing = append(p.missing, missing{record: pkg.versions[i], why: why, source: noLongerListed, current: pkg.isCurrent(pkg.versions[i].Key())})
			}
		}
	}
	p.settled = stable && len(p.failures) == 0
	return p
}

// task returns what to do about a listed row; nil if there is nothing to do.
func (in *dayInput) task(row *teo.Package, path string) *task {
	if _, erased := in.config.erases(in.view.day, path); erased {
		return nil
	}
	t := &task{day: in.view.day, path: path, row: *row, id: bag.IdentityOf(in.config.Layer, row)}
	pkg := in.view.packages[path]
	if pkg == nil {
		_, t.accepted = in.state.Missed[t.key()]
		return t
	}
	if pkg.erased {
		return nil
	}
	if t.current = pkg.current(); t.current != nil {
		t.listed = in.listedSize(t.current)
	}
	for i := range pkg.versions {
		r := &pkg.versions[i]
		why := in.broken[r.Key()]
		switch {
		case pkg.gone[i]:
			if lost, ok := in.state.Lost[r.Key()]; ok && lost.ReplacedBy == "" && t.current == nil {
				t.wanted = append(t.wanted, wanted{record: *r, lost: true, last: i == len(pkg.versions)-1})
				t.accepted = true
			}
		case why != "":
			t.wanted = append(t.wanted, wanted{record: *r, damaged: why != missingFile, why: why})
		default:
			t.stored = append(t.stored, r.SHA256)
		}
	}
	if len(t.wanted) > 0 && !t.accepted {
		return t
	}
	if t.current != nil && sameSize(row.Size, t.listed) {
		return nil
	}
	return t
}

// missingFile is what scanner.byName says of a file that does not exist.
const missingFile = "it is missing"

// listedSize is the size that the service listed last for the bytes of a version.
func (in *dayInput) listedSize(r *bag.Record) *int64 {
	if size, ok := in.state.Relisted[r.Key()]; ok {
		if size < 0 {
			return nil
		}
		return &size
	}
	return r.Size
}

func sameSize(a, b *int64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// relistedSize is the form of a listed size in the ledger.
func relistedSize(size *int64) int64 {
	if size == nil {
		return -1
	}
	return *size
}

// span is a range of whole UTC days, both included.
type span struct{ first, last string }

// nextDay returns the day after a day.
func nextDay(day string) string { return bag.Day(bag.DayStart(day).AddDate(0, 0, 1)) }

// openDays returns the days to list: those after the ones that are sealed or have
// expired, those with missing files, and those that others have sealed since the
// last own run. They are spans in order.
func openDays(c *Config, state *ledger.State, now time.Time, broken []string) []span {
	first := bag.Day(c.Scope.Start)
	end := now
	if c.Scope.End != nil && c.Scope.End.Before(end) {
		end = *c.Scope.End
	}
	if !c.Scope.Start.Before(end) {
		return spans(nil, broken)
	}
	last := bag.Day(end.Add(-time.Second))
	from := first
	if sealed := state.SealedThrough; sealed != "" && nextDay(sealed) > from {
		from = nextDay(sealed)
	}
	if own := c.Member.SealedThrough; c.Member.Sequence > 0 && own < state.SealedThrough {
		if from = first; own != "" {
			from = max(first, nextDay(own))
		}
	}
	if expired := state.ExpiredThrough; expired != "" && nextDay(expired) > from {
		from = nextDay(expired)
	}
	var days []string
	for day := from; day <= last; day = nextDay(day) {
		days = append(days, day)
	}
	return spans(days, slices.DeleteFunc(slices.Clone(broken), state.IsExpired))
}

// spans joins days into spans of consecutive days.
func spans(lists ...[]string) []span {
	days := slices.Concat(lists...)
	slices.Sort(days)
	var all []span
	for _, day := range slices.Compact(days) {
		if n := len(all); n > 0 && nextDay(all[n-1].last) == day {
			all[n-1].last = day
			continue
		}
		all = append(all, span{day, day})
	}
	return all
}

// resetSeal returns the sealed_through of an entry with a new scope, and whether the
// scope differs. A change of the policy resets nothing.
func resetSeal(was, is *ledger.Scope, sealed string) string {
	switch {
	case was == nil:
		return ""
	case is.Within(was):
		return sealed
	case is.ExtendsEnd(was):
		// A day that the end cut in the middle opens again.
		whole := bag.Day(bag.DayStart(bag.Day(*was.End)).AddDate(0, 0, -1))
		return min(sealed, whole)
	}
	return ""
}

// sealable returns the last day up to which days can be sealed, beginning after
// state.SealedThrough; "" if there is none. done reports whether a run has listed a
// day and has archived everything of it.
func sealable(scope *ledger.Scope, state *ledger.State, now time.Time, done func(day string) bool) string {
	if len(state.Bags) == 0 && state.ExpiredThrough == "" {
		return "" // nothing was ever archived
	}
	day := bag.Day(scope.Start)
	if state.SealedThrough != "" {
		day = max(day, nextDay(state.SealedThrough))
	}
	sealed := ""
	for ; scope.ContainsDay(day) && !scope.Sealable(day).After(now); day = nextDay(day) {
		if !state.IsExpired(day) && !done(day) {
			break
		}
		sealed = day
	}
	if sealed <= state.SealedThrough {
		return ""
	}
	return sealed
}

// expiring returns the last day that the policy lets expire now; "" if no bag of the
// state is concerned.
func expiring(scope *ledger.Scope, state *ledger.State, now time.Time) string {
	if scope.ExpireAfterDays == 0 {
		return ""
	}
	day := bag.Day(now.AddDate(0, 0, -1-int(scope.ExpireAfterDays)))
	for scope.Expires(nextDay(day)).Compare(now) <= 0 {
		day = nextDay(day)
	}
	for scope.Expires(day).After(now) {
		day = bag.Day(bag.DayStart(day).AddDate(0, 0, -1))
	}
	if day <= state.ExpiredThrough || day < bag.Day(scope.Start) {
		return ""
	}
	// An archive that begins later has nothing to expire.
	for folder := range state.Bags {
		if bag.FolderDay(folder) <= day {
			return day
		}
	}
	if state.SealedThrough < day {
		return day // these days would be listed and archived, only to be removed
	}
	return ""
}

// byCommit orders the bags of a day as they were committed. Two bags of one commit
// have no package in common.
func byCommit(state *ledger.State, folders []string) {
	slices.SortFunc(folders, func(a, b string) int {
		first, second := state.Bags[a], state.Bags[b]
		return cmp.Or(cmp.Compare(state.Records[first.Commit].Sequence, state.Records[second.Commit].Sequence), strings.Compare(a, b))
	})
}
