package archive

import (
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

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
	config   *Config
	state    *ledger.State
	now      time.Time
	versions *dayVersions
	rows     []teo.Package // of the day, in the window

	// broken are files that are missing or damaged, by key.
	broken map[string]string
}

// planDay compares a listing of a day with what the archive has. It is a pure
// function of its input.
func planDay(in *dayInput) *dayPlan {
	day := in.versions.day
	p := &dayPlan{day: day, rows: len(in.rows)}
	if in.versions.nameless {
		return p
	}
	stable := !in.config.Scope.Stable(day).After(in.now)
	paths := in.versions.place(in.config.Layer, in.rows)
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
	for _, path := range sortedKeys(in.versions.packages) {
		if listed[path] {
			continue // the task of the row has them
		}
		pkg := in.versions.packages[path]
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
	if _, erased := in.config.erases(in.versions.day, path); erased {
		return nil
	}
	t := &task{day: in.versions.day, path: path, row: *row, id: bag.IdentityOf(in.config.Layer, row)}
	t.failing = in.state.Failing[t.key()] != 0
	if in.versions.erased[path] {
		return nil
	}
	pkg := in.versions.packages[path]
	if pkg == nil {
		_, t.accepted = in.state.Missed[t.key()]
		return t
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
				t.wanted = append(t.wanted, wanted{record: *r, lost: true, last: pkg.isLast(r.Key())})
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

// losses are the tokens that an apply will ask for if nothing changes. While downloads
// are pending only the day is known, because their outcome is not.
func (in *dayInput) losses(p *dayPlan, missed []string) []string {
	if slices.ContainsFunc(p.tasks, func(t task) bool { return len(t.wanted) > 0 && !t.accepted }) {
		return []string{p.day + "@"}
	}
	e := &ledger.Entry{Missed: missed}
	tokens := e.LossTokens(in.state)
	for i := range p.missing {
		r := &p.missing[i].record
		e.Lost = append(e.Lost, ledger.File{Path: r.Key(), SHA256: r.SHA256, Bytes: r.StoredBytes})
	}
	e.Missed = nil
	return append(tokens, e.LossTokens(in.state)...)
}

// failingGone returns the failing packages of a day that are no longer listed.
func (in *dayInput) failingGone() []string {
	listed := map[string]bool{}
	for _, path := range in.versions.place(in.config.Layer, in.rows) {
		listed[path] = true
	}
	var gone []string
	for _, key := range sortedKeys(in.state.Failing) {
		if day := in.versions.day; ledger.DayOf(key) == day {
			path := key[len(bag.Prefix)+len(day)+1:]
			if _, erased := in.config.erases(day, path); !listed[path] && in.versions.packages[path] == nil && !in.versions.erased[path] && !erased {
				gone = append(gone, key)
			}
		}
	}
	return gone
}
