package archive

import (
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// Limits of one entry. More is committed with several, so that neither an entry nor
// its records reach the limits of the format.
const (
	maxCommitRecords = 200_000
	maxCommitFiles   = 100_000
)

// split takes the first part of a change that is too large for one entry; nil if there
// is none. Files that are lost on one day stay together, because a token accepts them
// together.
func (ch *change) split() *change {
	part := &change{base: ch.base}
	records := 0
	for len(ch.bags) > 1 && records+len(ch.bags[0].records) <= maxCommitRecords {
		records += len(ch.bags[0].records)
		part.bags, ch.bags = append(part.bags, ch.bags[0]), ch.bags[1:]
	}
	if total := records + recordsOf(ch.bags); total <= maxCommitRecords {
		part.bags, ch.bags = nil, append(part.bags, ch.bags...)
	}
	for _, list := range []struct{ from, to *[]ledger.File }{{&ch.lost, &part.lost}, {&ch.recovered, &part.recovered}, {&ch.erased, &part.erased}} {
		if n := len(*list.from); n > maxCommitFiles {
			slices.SortFunc(*list.from, func(a, b ledger.File) int { return strings.Compare(a.Path, b.Path) })
			day := ledger.DayOf((*list.from)[maxCommitFiles].Path)
			end := slices.IndexFunc(*list.from, func(f ledger.File) bool { return ledger.DayOf(f.Path) >= day })
			if end == 0 {
				end = slices.IndexFunc(*list.from, func(f ledger.File) bool { return ledger.DayOf(f.Path) > day })
			}
			if end > 0 {
				*list.to, *list.from = (*list.from)[:end:end], (*list.from)[end:]
			}
		}
	}
	if part.empty() {
		return nil
	}
	return part
}

func recordsOf(bags []*staged) (n int) {
	for _, st := range bags {
		n += len(st.records)
	}
	return n
}

// change is what a commit adds to an archive. It is independent of the entry's
// place in the ledger: after a conflict the entry is computed again.
type change struct {
	// base is the number of the newest entry that was known when the change was
	// planned. Bags have bases of their own.
	base int64

	scope    *ledger.Scope
	joins    bool     // the resource begins to manage the archive, even if nothing else changes
	leaves   bool     // the resource leaves the archive
	departs  []string // other resources that leave it, because their states are gone
	destroys bool

	bags     []*staged
	relisted map[string]int64

	lost      []ledger.File
	missed    []string
	recovered []ledger.File
	erased    []ledger.File
	givenUp   []string
	accepted  []string // further tokens that the configuration accepts
	abandons  *ledger.Rollback
	expires   string

	// failing says that failed and resolved are complete, so that the set of failing
	// packages can be computed.
	failing          bool
	failed, resolved map[string]bool

	// seal says that the days of settled can be sealed.
	seal    bool
	settled map[string]bool

	// What the commit found out: packages that vanished, and findings of losses that
	// can no longer be accepted with the tokens of the configuration.
	failures []Failure
	findings []Finding
	refused  []Finding // those of the parts that are committed
	remains  []string  // folders that can be removed now
}

func (ch *change) relist(key string, size *int64) {
	if ch.relisted == nil {
		ch.relisted = map[string]int64{}
	}
	ch.relisted[key] = relistedSize(size)
}

// empty reports whether there is nothing to commit but a seal or failing packages.
func (ch *change) empty() bool {
	return ch.scope == nil && !ch.leaves && len(ch.departs)+len(ch.bags)+len(ch.relisted)+len(ch.lost)+len(ch.missed)+len(ch.recovered)+len(ch.erased)+len(ch.givenUp) == 0 &&
		ch.abandons == nil && ch.expires == ""
}

// staged is a closed bag that is not committed yet.
type staged struct {
	folder   string
	records  []bag.Record
	replaces []ledger.File // damaged files whose bytes are in the bag
	base     int64         // the newest entry that was known when they were planned

	tags *bag.TagFiles // set when they are written
}

func (st *staged) day() string { return bag.FolderDay(st.folder) }

// drop removes packages from a bag.
func (st *staged) drop(which func(*bag.Record) bool) {
	dropped := map[string]bool{}
	st.records = slices.DeleteFunc(slices.Clone(st.records), func(r bag.Record) bool {
		if which(&r) {
			dropped[r.Key()] = true
		}
		return dropped[r.Key()]
	})
	st.replaces = slices.DeleteFunc(slices.Clone(st.replaces), func(f ledger.File) bool { return dropped[f.ReplacedBy] })
}

// giveUp says that an uncommitted bag may be removed.
func (ch *change) giveUp(folder string) {
	ch.givenUp = append(ch.givenUp, folder)
	ch.remains = append(ch.remains, folder)
}
