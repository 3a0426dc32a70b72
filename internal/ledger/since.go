package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"
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
		add("actor", "", "%s", e.Actor)
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
	for _, folder := range sortedKeys(e.Bags) {
		b := e.Bags[folder]
		add("bags", DayOf(folder), "%s: %d packages, %d replace current versions, %d bytes", folder, b.Packages, b.Superseding, b.Bytes)
	}
	for _, key := range sortedKeys(e.Relisted) {
		add("relisted", DayOf(key), "%s: %d bytes", key, e.Relisted[key])
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
		add("accepted", "", "%s: %s", a.Token, a.Reason)
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
	if was != nil && was.Same(is) {
		text = "unchanged"
	}
	policy := fmt.Sprintf("stable_after %s, recheck_days %d, expire_after_days %d", time.Duration(is.StableAfter)*time.Second, is.RecheckDays, is.ExpireAfterDays)
	if is.Retention != nil {
		policy += fmt.Sprintf(", retention %s for %d days", is.Retention.Mode, is.Retention.Days)
	}
	return text + "; " + policy
}

func (f *File) describe() string {
	text := f.Path
	if f.Packages > 0 {
		text += fmt.Sprintf(" (%d packages)", f.Packages)
	}
	if f.ReplacedBy != "" {
		text += ", whose bytes are in " + f.ReplacedBy
	}
	if f.Reason != "" {
		text += ": " + f.Reason
	}
	return text
}
