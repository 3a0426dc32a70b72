package archive

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// draft computes the entry of a change on the present state of the ledger.
type draft struct {
	config     *Config
	head       ledger.Head
	state      *ledger.State
	now        time.Time // the clock of the run
	scopeMoved bool
}

// entry returns the entry; nil if there is nothing to commit. It notes in the change
// which losses the configuration does not accept.
func (d *draft) entry(ch *change) *ledger.Entry {
	state := d.state
	e := &ledger.Entry{
		Layer: d.config.Layer, WrittenAt: latest(d.now, d.config.now()), Agent: d.config.Agent, Actor: d.config.Actor,
		Erased: ch.erased, GivenUp: slices.Clone(ch.givenUp), Destroyed: ch.destroys,
	}
	scope, sealed := state.Scope, state.SealedThrough
	if ch.scope != nil && (state.Scope == nil || !state.Scope.Equal(ch.scope)) {
		sealed = resetSeal(state.Scope, ch.scope, sealed)
		scope, e.Scope, e.SealedThrough = ch.scope, ch.scope, &sealed
	}
	d.addBags(e, ch)
	for key, size := range ch.relisted {
		folder, _, _ := bag.Split(key)
		if now, ok := state.Relisted[key]; state.Bags[folder].Packages > 0 && !state.Gone(key) && (!ok || now != size) {
			if e.Relisted == nil {
				e.Relisted = map[string]int64{}
			}
			e.Relisted[key] = size
		}
	}
	ch.findings = slices.Clone(ch.refused)
	d.addLosses(e, ch)
	for _, f := range ch.recovered {
		if lost, ok := state.Lost[f.Path]; ok && lost.SHA256 == f.SHA256 {
			e.Recovered = append(e.Recovered, f)
		} else if _, missed := state.Missed[f.Path]; missed {
			e.Recovered = append(e.Recovered, ledger.File{Path: f.Path})
		}
	}
	d.recoverMissed(e, ch)
	if day := ch.expires; day > state.ExpiredThrough {
		e.ExpiredThrough = day
	}
	if ch.failing && !d.scopeMoved {
		d.addFailing(e, ch)
	}
	if ch.abandons != nil {
		e.Abandoned = &ch.abandons.Trusted
		ch.accepted = append(ch.accepted, ledger.RollbackToken(d.head, ch.abandons.Trusted))
	}
	for _, token := range ch.accepted {
		if reason := d.config.Accept[token]; reason != "" && state.Accepted[token] != reason {
			e.Accepted = append(e.Accepted, ledger.Acceptance{Token: token, Reason: reason})
		}
	}
	if ch.seal && !d.scopeMoved {
		after := *state
		after.SealedThrough = sealed
		if len(e.Bags) > 0 {
			after.Bags = map[string]ledger.BagState{"": {}} // something was archived
		}
		if day := sealable(scope, &after, d.now, d.settled(e, ch)); day != "" {
			e.SealedThrough = &day
		}
	}
	for _, id := range ch.departs {
		if slices.Contains(state.Resources, id) {
			e.Left = append(e.Left, id)
		}
	}
	joins := ch.joins && !slices.Contains(state.Resources, d.config.Member.ID)
	if d.isEmpty(e) && !joins && !ch.leaves && !ch.destroys {
		return nil
	}
	switch {
	case ch.leaves || ch.destroys:
		e.Left = append(e.Left, d.config.Member.ID)
		slices.Sort(e.Left)
	case !slices.Contains(state.Resources, d.config.Member.ID):
		e.Joined = []string{d.config.Member.ID}
	}
	sortEntry(e)
	return e
}

// isEmpty reports whether an entry would say nothing.
func (d *draft) isEmpty(e *ledger.Entry) bool {
	return e.Scope == nil && len(e.Left)+len(e.Bags)+len(e.Relisted)+len(e.Missed)+len(e.Lost)+len(e.Recovered)+len(e.Erased)+len(e.GivenUp) == 0 &&
		e.Failing == nil && e.Abandoned == nil && e.ExpiredThrough == "" && e.SealedThrough == nil
}

func sortEntry(e *ledger.Entry) {
	byPath := func(a, b ledger.File) int { return strings.Compare(a.Path, b.Path) }
	for _, list := range []*[]ledger.File{&e.Lost, &e.Recovered, &e.Erased} {
		*list = slices.Clone(*list)
		slices.SortFunc(*list, byPath)
		*list = slices.CompactFunc(*list, func(a, b ledger.File) bool { return a.Path == b.Path })
	}
	slices.Sort(e.GivenUp)
	e.GivenUp = slices.Compact(e.GivenUp)
	slices.Sort(e.Missed)
	e.Missed = slices.Compact(e.Missed)
	slices.SortFunc(e.Accepted, func(a, b ledger.Acceptance) int { return strings.Compare(a.Token, b.Token) })
	e.Accepted = slices.CompactFunc(e.Accepted, func(a, b ledger.Acceptance) bool { return a.Token == b.Token })
}

// addBags adds the closed bags, and the damaged files that they replace.
func (d *draft) addBags(e *ledger.Entry, ch *change) {
	state := d.state
	for _, st := range ch.bags {
		if e.Bags == nil {
			e.Bags = map[string]ledger.Bag{}
		}
		b := ledger.Bag{
			Packages: int64(st.tags.Packages()), Bytes: st.tags.Bytes(), TagmanifestSHA256: st.tags.SHA256(), ListingSHA256: st.tags.ListingSHA256(),
		}
		for i := range st.records {
			if s := st.records[i].Supersedes; s != nil && !state.Gone(s.Path) {
				b.Superseding++
			}
		}
		e.Bags[st.folder] = b
		for _, f := range st.replaces {
			if !state.Gone(f.Path) {
				e.Lost = append(e.Lost, f)
			}
		}
	}
}

// addLosses adds the losses whose tokens the configuration accepts. A token holds for
// the present state only: if another run has touched the bags, it is another one.
func (d *draft) addLosses(e *ledger.Entry, ch *change) {
	state := d.state
	byDay := map[string]*ledger.Entry{}
	group := func(key string) *ledger.Entry {
		if byDay[key] == nil {
			byDay[key] = &ledger.Entry{}
		}
		return byDay[key]
	}
	for _, f := range ch.lost {
		folder, _, inBag := bag.Split(f.Path)
		if _, known := state.Bags[folder]; state.Gone(f.Path) || inBag && !known {
			continue
		}
		g := group("lost " + ledger.DayOf(f.Path))
		g.Lost = append(g.Lost, f)
	}
	for _, key := range ch.missed {
		if _, failing := state.Failing[key]; failing {
			g := group("missed " + ledger.DayOf(key))
			g.Missed = append(g.Missed, key)
		}
	}
	for _, key := range sortedKeys(byDay) {
		g := byDay[key]
		tokens := g.LossTokens(state)
		if token := tokens[0]; d.config.Accept[token] != "" {
			e.Lost, e.Missed = append(e.Lost, g.Lost...), append(e.Missed, g.Missed...)
			e.Accepted = append(e.Accepted, ledger.Acceptance{Token: token, Reason: d.config.Accept[token]})
			continue
		}
		if len(g.Missed) > 0 {
			ch.findings = append(ch.findings, missedFinding(ledger.DayOf(g.Missed[0]), g.Missed, tokens[0]))
		} else {
			ch.findings = append(ch.findings, lossFinding(ledger.DayOf(g.Lost[0].Path), g.Lost, nil, tokens[0]))
		}
	}
}

// recoverMissed adds the missed packages that the closed bags contain.
func (d *draft) recoverMissed(e *ledger.Entry, ch *change) {
	for _, st := range ch.bags {
		for i := range st.records {
			key := ledger.PackageKey(st.day(), st.records[i].Path)
			if _, missed := d.state.Missed[key]; missed {
				e.Recovered = append(e.Recovered, ledger.File{Path: key})
			}
		}
	}
}

// addFailing adds the set of failing packages, if it changed: those of the state that
// this run has not resolved, and those that it could not archive.
func (d *draft) addFailing(e *ledger.Entry, ch *change) {
	state := d.state
	archived := map[string]bool{}
	for _, st := range ch.bags {
		for i := range st.records {
			archived[ledger.PackageKey(st.day(), st.records[i].Path)] = true
		}
	}
	set := map[string]bool{}
	for key := range state.Failing {
		if !ch.resolved[key] && !archived[key] && d.config.Scope.ContainsDay(ledger.DayOf(key)) && !slices.Contains(e.Missed, key) && (e.ExpiredThrough == "" || ledger.DayOf(key) > e.ExpiredThrough) {
			set[key] = true
		}
	}
	for key := range ch.failed {
		if _, missed := state.Missed[key]; !missed && !state.IsExpired(ledger.DayOf(key)) && !ch.resolved[key] {
			set[key] = true
		}
	}
	keys := slices.Sorted(maps.Keys(set))
	before := slices.DeleteFunc(sortedKeys(state.Failing), func(key string) bool { return slices.Contains(e.Missed, key) })
	if !slices.Equal(keys, before) {
		e.Failing = append([]string{}, keys...)
	}
}

// settled reports whether a run has archived everything of a day, and nothing of it
// fails or was dropped.
func (d *draft) settled(e *ledger.Entry, ch *change) func(day string) bool {
	bad := map[string]bool{}
	for key := range ch.failed {
		bad[ledger.DayOf(key)] = true
	}
	for key := range d.state.Failing {
		if !ch.resolved[key] && !slices.Contains(e.Missed, key) {
			bad[ledger.DayOf(key)] = true
		}
	}
	for _, f := range ch.failures {
		bad[ledger.DayOf(f.Key)] = true
	}
	for _, f := range ch.findings {
		bad[f.Day] = true
	}
	return func(day string) bool { return ch.settled[day] && !bad[day] }
}
