package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// Change is one thing that an entry changed.
type Change struct {
	// Kind is the name of the entry's field, such as "bags" or "lost".
	Kind string

	// Sequence is that of the entry.
	Sequence int64

	// Day is the UTC date that the change concerns; empty for the whole archive.
	Day string

	// Detail is one line that names what changed.
	Detail string
}

// Changes lists what an entry changes: every field but written_at, agent and commit,
// compared with the state before it and not with what later entries say.
func (e *Entry) Changes(before *State) []Change {
	var changes []Change
	add := func(kind, day, format string, args ...any) {
		changes = append(changes, Change{Kind: kind, Sequence: e.Sequence, Day: day, Detail: fmt.Sprintf(format, args...)})
	}
	if e.Actor != "" {
		add("actor", "", "%s", printable.Text(e.Actor, printable.Name))
	}
	for _, id := range e.Joined {
		add("joined", "", "resource %s", id)
	}
	for _, id := range e.Left {
		add("left", "", "resource %s", id)
	}
	if e.Scope != nil {
		add("scope", "", "%s", describeScope(before.Scope, e.Scope))
	}
	if e.Records != nil {
		add("records", "", "%s, SHA-256 %s", printable.Count(e.Records.Bytes, "byte"), e.Records.SHA256)
	}
	for _, folder := range sortedKeys(e.Bags) {
		b := e.Bags[folder]
		add("bags", DayOf(folder), "%s: %s, superseding %d, %s", folder, printable.Count(b.Packages, "package"), b.Superseding, printable.Count(b.Bytes, "byte"))
	}
	for _, key := range sortedKeys(e.Relisted) {
		add("relisted", DayOf(key), "%s: %s", key, printable.Count(e.Relisted[key], "byte"))
	}
	for _, key := range e.Failing {
		if before.Failing[key] == 0 {
			add("failing", DayOf(key), "%s", key)
		}
	}
	if e.Failing != nil {
		for _, key := range sortedKeys(before.Failing) {
			if _, still := slices.BinarySearch(e.Failing, key); !still {
				add("failing", DayOf(key), "%s: no longer", key)
			}
		}
	}
	for _, key := range e.Missed {
		add("missed", DayOf(key), "%s", key)
	}
	for kind, files := range map[string][]File{"lost": e.Lost, "recovered": e.Recovered, "erased": e.Erased} {
		for _, f := range files {
			add(kind, DayOf(f.Path), "%s", f.describe())
		}
	}
	for _, a := range e.Accepted {
		add("accepted", "", "%s", printable.Text(a.Token+": "+a.Reason, printable.Message))
	}
	for _, folder := range e.GivenUp {
		add("given_up", DayOf(folder), "%s", folder)
	}
	if e.Abandoned != nil {
		add("abandoned", "", "entry %s", e.Abandoned)
	}
	if e.ExpiredThrough != "" {
		add("expired_through", e.ExpiredThrough, "days up to %s", e.ExpiredThrough)
	}
	if e.SealedThrough != nil && *e.SealedThrough != before.SealedThrough {
		if *e.SealedThrough == "" {
			add("sealed_through", "", "no day is sealed any more")
		} else {
			add("sealed_through", *e.SealedThrough, "days up to %s", *e.SealedThrough)
		}
	}
	if e.Destroyed {
		add("destroyed", "", "the archive was destroyed")
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return strings.Compare(a.Kind, b.Kind) })
	return changes
}

func describeScope(was, is *Scope) string {
	text := is.String()
	if len(is.Resolved) > 0 {
		text += ", resolved_zone_ids " + strings.Join(is.Resolved, " ")
	}
	if was != nil && was.Same(is) {
		text = "unchanged"
	}
	policy := fmt.Sprintf("stable_after %s, recheck_days %d, expire_after_days %d", time.Duration(is.StableAfter)*time.Second, is.RecheckDays, is.ExpireAfterDays)
	if is.Retention != nil {
		policy += fmt.Sprintf(", retention %s for %d days", is.Retention.Mode, is.Retention.Days)
	}
	return printable.Text(text+"; "+policy, maxScope)
}

// maxScope is how much of a scope is shown, in bytes.
const maxScope = 64 << 10

// Changes lists what differs between the state before a gap and the one after it, for
// the entries from the number first to the number last. The entries between cannot be
// compared one by one: the state before each of them is not known.
func (s *State) Changes(after *State, first, last int64) []Change {
	d := &difference{sequence: last, after: after}
	d.add("ledger", "", "entries %d to %d are compared together, because one of them is missing or invalid", first, last)
	compare(d, "resources", set(s.Resources), set(after.Resources), true)
	if after.Scope != nil && (s.Scope == nil || !s.Scope.Equal(after.Scope)) {
		d.add("scope", "", "%s", describeScope(s.Scope, after.Scope))
	}
	bags := func(s *State) map[string]BagState {
		bags := maps.Clone(s.Bags)
		for folder, b := range bags {
			b.Sequence = 0 // of the last entry that lost files of it
			bags[folder] = b
		}
		return bags
	}
	compare(d, "bags", bags(s), bags(after), true)
	compare(d, "records", s.Records, after.Records, false) // those of expired bags leave the state
	compare(d, "current", s.Current, after.Current, true)
	compare(d, "relisted", s.Relisted, after.Relisted, false) // older ones leave the state
	compare(d, "failing", s.Failing, after.Failing, true)
	compare(d, "missed", s.Missed, after.Missed, true)
	compare(d, "lost", s.Lost, after.Lost, true)
	compare(d, "erased", s.Erased, after.Erased, true)
	compare(d, "accepted", s.Accepted, after.Accepted, true)
	abandoned := func(s *State) map[string]string {
		heads := map[string]string{}
		for _, a := range s.Abandoned {
			heads[a.String()] = a.Token
		}
		return heads
	}
	compare(d, "abandoned", abandoned(s), abandoned(after), true)
	compare(d, "given_up", set(s.GivenUp), set(after.GivenUp), true)
	if after.ExpiredThrough != s.ExpiredThrough {
		d.add("expired_through", after.ExpiredThrough, "%q", after.ExpiredThrough)
	}
	if after.SealedThrough != s.SealedThrough {
		d.add("sealed_through", after.SealedThrough, "%q", after.SealedThrough)
	}
	slices.SortStableFunc(d.changes, func(a, b Change) int { return strings.Compare(a.Kind, b.Kind) })
	return d.changes
}

func set(list []string) map[string]bool {
	m := map[string]bool{}
	for _, s := range list {
		m[s] = true
	}
	return m
}

// difference collects what differs between two states.
type difference struct {
	sequence int64
	after    *State
	changes  []Change
}

func (d *difference) add(kind, day, format string, args ...any) {
	d.changes = append(d.changes, Change{Kind: kind, Sequence: d.sequence, Day: day, Detail: fmt.Sprintf(format, args...)})
}

// compare adds the keys of a part of the state that are new, changed or, if leaves is
// set, gone. Expired days have left the state.
func compare[V comparable](d *difference, kind string, before, after map[string]V, leaves bool) {
	day := func(key string) string {
		if day := DayOf(key); bag.IsDay(day) {
			return day
		}
		return ""
	}
	for _, key := range sortedKeys(after) {
		if was, ok := before[key]; !ok {
			d.add(kind, day(key), "%s", printable.Text(key, printable.Message))
		} else if was != after[key] {
			d.add(kind, day(key), "%s: changed", printable.Text(key, printable.Message))
		}
	}
	for _, key := range sortedKeys(before) {
		if _, ok := after[key]; !ok && leaves && (day(key) == "" || !d.after.IsExpired(day(key))) {
			d.add(kind, day(key), "%s: no longer", printable.Text(key, printable.Message))
		}
	}
}

func (f *File) describe() string {
	text := f.Path
	if f.Packages > 0 {
		text += " (" + printable.Count(f.Packages, "package") + ")"
	}
	if f.ReplacedBy != "" {
		text += ", whose bytes are in " + f.ReplacedBy
	}
	if f.Reason != "" {
		text += ": " + printable.Text(f.Reason, printable.Message)
	}
	return text
}
