package ledger

import (
	"fmt"
	"slices"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
)

// Every field of an entry but written_at, agent and commit is a change.
func TestEachFieldOfAnEntryIsAChange(t *testing.T) {
	t.Parallel()
	before := newState()
	scope := window()
	before.Scope, before.SealedThrough, before.Failing = &scope, "2022-05-01", map[string]int64{failingKey: 3, missedKey: 3}
	narrower := window()
	narrower.End, narrower.Hosts, narrower.Resolved = new(bag.DayStart("2022-06-01")), []string{"a", "b"}, []string{"zone-1"}
	narrower.Retention = &Retention{Mode: "GOVERNANCE", Days: 5}
	e := &Entry{
		Sequence: 9, Actor: "qcs::cam::uin/1", Joined: []string{otherID}, Left: []string{memberID}, Scope: &narrower, SealedThrough: new("2022-05-02"),
		Records: &Records{SHA256: ones, Bytes: 1000}, Bags: map[string]Bag{thirdBag: {Packages: 2, Superseding: 1, Bytes: 200}},
		Relisted: map[string]int64{firstKey: 20}, Failing: []string{firstKey, failingKey}, Missed: []string{missedKey},
		Lost: []File{
			{Path: firstBag + "/", Packages: 3, Reason: "the disk broke"}, {Path: lostKey, ReplacedBy: keptKey}, {Path: thirdBag + "/", Packages: 1},
		},
		Recovered: []File{{Path: keptKey}}, Erased: []File{{Path: firstKey, Reason: "a request"}},
		Accepted: []Acceptance{{Token: "2022-05-01@2:00", Reason: "the disk broke"}}, GivenUp: []string{secondBag},
		Abandoned: &Head{Sequence: 8, SHA256: zeros}, ExpiredThrough: "2022-05-01", Destroyed: true,
	}
	want := []Change{
		{"abandoned", 9, "", "entry " + (&Head{Sequence: 8, SHA256: zeros}).String()},
		{"accepted", 9, "", "2022-05-01@2:00: the disk broke"},
		{"actor", 9, "", "qcs::cam::uin/1"},
		{"bags", 9, "2022-05-03", thirdBag + ": 2 packages, superseding 1, 200 bytes"},
		{"destroyed", 9, "", "the archive was destroyed"},
		{"erased", 9, "2022-05-01", firstKey + ": a request"},
		{"expired_through", 9, "2022-05-01", "days up to 2022-05-01"},
		{"failing", 9, "2022-05-01", firstKey},
		{"failing", 9, "2022-05-01", missedKey + ": no longer"},
		{"given_up", 9, "2022-05-02", secondBag},
		{"joined", 9, "", "resource " + otherID},
		{"left", 9, "", "resource " + memberID},
		{"lost", 9, "2022-05-01", firstBag + "/ (3 packages): the disk broke"},
		{"lost", 9, "2022-05-02", lostKey + ", whose bytes are in " + keptKey},
		{"lost", 9, "2022-05-03", thirdBag + "/ (1 package)"},
		{"missed", 9, "2022-05-01", missedKey},
		{"records", 9, "", "1000 bytes, SHA-256 " + ones},
		{"recovered", 9, "2022-05-02", keptKey},
		{"relisted", 9, "2022-05-01", firstKey + ": 20 bytes"},
		{"scope", 9, "", "from 2022-05-01T00:00:00Z, until 2022-06-01T00:00:00Z, hosts a b, resolved_zone_ids zone-1; " +
			"stable_after 24h0m0s, recheck_days 3, expire_after_days 60, retention GOVERNANCE for 5 days"},
		{"sealed_through", 9, "2022-05-02", "days up to 2022-05-02"},
	}
	if got := e.Changes(before); !slices.Equal(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	same, earlier := window(), window()
	earlier.Start = bag.DayStart("2022-04-01")
	for _, test := range []struct {
		entry Entry
		want  []Change
	}{
		{Entry{WrittenAt: now, Agent: "a", Commit: id(1)}, nil},
		{Entry{Sequence: 9, SealedThrough: new("2022-05-01")}, nil},
		{Entry{Sequence: 9, SealedThrough: new("")}, []Change{{"sealed_through", 9, "", "no day is sealed any more"}}},
		{Entry{Sequence: 9, Failing: []string{failingKey, missedKey}}, nil},
		{
			Entry{Sequence: 9, Scope: &same, SealedThrough: new("2022-05-01")},
			[]Change{{"scope", 9, "", "unchanged; stable_after 24h0m0s, recheck_days 3, expire_after_days 60"}},
		},
		{
			Entry{Sequence: 9, Scope: &earlier, SealedThrough: new("2022-05-01")},
			[]Change{{"scope", 9, "", "from 2022-04-01T00:00:00Z, no end; stable_after 24h0m0s, recheck_days 3, expire_after_days 60"}},
		},
	} {
		if got := test.entry.Changes(before); !slices.Equal(got, test.want) {
			t.Errorf("got %+v, want %+v", got, test.want)
		}
	}
}

// What differs between two states is shown, but not what has expired between them.
func TestEachPartOfAStateThatDiffersIsAChange(t *testing.T) {
	t.Parallel()
	state := func(change func(*State)) *State {
		s := newState()
		scope := window()
		s.Scope, s.SealedThrough, s.Resources = &scope, "2022-05-02", []string{memberID}
		s.Bags = map[string]BagState{firstBag: {Bag: Bag{Packages: 3}, Commit: id(2), Sequence: 2}, secondBag: {Bag: Bag{Packages: 2}, Commit: id(3), Sequence: 3}}
		s.Current = map[string]int64{"2022-05-01": 3, "2022-05-02": 2}
		s.Records = map[string]RecordsState{id(2): {Sequence: 2}, id(3): {Sequence: 3}}
		s.Relisted = map[string]int64{firstKey: 20}
		s.Lost, s.GivenUp = map[string]File{lostKey: {SHA256: ones}}, []string{thirdBag}
		s.Abandoned = []Abandoned{{Head: Head{7, zeros}, Token: "x"}}
		change(s)
		return s
	}
	for name, test := range map[string]struct {
		after func(*State)
		want  []Change
	}{
		"nothing": {func(*State) {}, nil},
		"the scope": {
			func(s *State) { s.Scope.RecheckDays = 4 },
			[]Change{{"scope", 20, "", "unchanged; stable_after 24h0m0s, recheck_days 4, expire_after_days 60"}},
		},
		"a resource for another one": {
			func(s *State) { s.Resources = []string{otherID} },
			[]Change{{"resources", 20, "", otherID}, {"resources", 20, "", memberID + ": no longer"}},
		},
		"several, by kind": {
			func(s *State) { s.Resources, s.Accepted = []string{memberID, otherID}, map[string]string{"a": "b"} },
			[]Change{{"accepted", 20, "", "a"}, {"resources", 20, "", otherID}},
		},
		"a bag of a later commit": {
			func(s *State) {
				s.Bags[thirdBag], s.Records[id(4)] = BagState{Bag: Bag{Packages: 1}, Commit: id(4), Sequence: 12}, RecordsState{Sequence: 12}
			},
			[]Change{{"bags", 20, "2022-05-03", thirdBag}, {"records", 20, "", id(4)}},
		},
		"the last entry about a bag": {func(s *State) { b := s.Bags[firstBag]; b.Sequence = 12; s.Bags[firstBag] = b }, nil},
		"a bag of another length": {
			func(s *State) { b := s.Bags[firstBag]; b.Bytes = 5; s.Bags[firstBag] = b },
			[]Change{{"bags", 20, "2022-05-01", firstBag + ": changed"}},
		},
		"a bag that is gone": {func(s *State) { delete(s.Bags, firstBag) }, []Change{{"bags", 20, "2022-05-01", firstBag + ": no longer"}}},
		"a day that has expired": {
			func(s *State) {
				delete(s.Bags, firstBag)
				delete(s.Current, "2022-05-01")
				delete(s.Records, id(2))
				s.ExpiredThrough = "2022-05-01"
			},
			[]Change{{"expired_through", 20, "2022-05-01", `"2022-05-01"`}},
		},
		"other folders that were given up": {
			func(s *State) { s.GivenUp = []string{secondBag} },
			[]Change{{"given_up", 20, "2022-05-02", secondBag}, {"given_up", 20, "2022-05-03", thirdBag + ": no longer"}},
		},
		"an older relisted size": {func(s *State) { s.Relisted = nil }, nil},
		"a loss":                 {func(s *State) { s.Lost[firstKey] = File{SHA256: ones} }, []Change{{"lost", 20, "2022-05-01", firstKey}}},
		"a recovery":             {func(s *State) { s.Lost = nil }, []Change{{"lost", 20, "2022-05-02", lostKey + ": no longer"}}},
		"another abandoned head": {
			func(s *State) { s.Abandoned = []Abandoned{{Head: Head{8, zeros}, Token: "x"}} },
			[]Change{{"abandoned", 20, "", (&Head{8, zeros}).String()}, {"abandoned", 20, "", (&Head{7, zeros}).String() + ": no longer"}},
		},
		"the seal": {func(s *State) { s.SealedThrough = "" }, []Change{{"sealed_through", 20, "", `""`}}},
	} {
		got := state(func(*State) {}).Changes(state(test.after), 11, 20)
		i := slices.IndexFunc(got, func(c Change) bool { return c.Kind == "ledger" })
		if i < 0 || got[i] != (Change{"ledger", 20, "", "entries 11 to 20 are compared together, because one of them is missing or invalid"}) {
			t.Errorf("%s: got %+v", name, got)
			continue
		}
		if got = slices.Delete(got, i, i+1); !slices.Equal(got, test.want) {
			t.Errorf("%s: got\n%+v\nwant\n%+v", name, got, test.want)
		}
	}
}

// A key of each part of the state is new, changed or gone.
func TestEachKeyOfAStateThatDiffersIsAChange(t *testing.T) {
	t.Parallel()
	numbers := func(part func(*State) map[string]int64) func(*State, string, int64) {
		return func(s *State, key string, value int64) { part(s)[key] = value }
	}
	for kind, test := range map[string]struct {
		key, day string
		set      func(s *State, key string, value int64)
		stays    bool // nothing says that the key is gone
	}{
		"current":  {"2022-05-01", "2022-05-01", numbers(func(s *State) map[string]int64 { return s.Current }), false},
		"relisted": {firstKey, "2022-05-01", numbers(func(s *State) map[string]int64 { return s.Relisted }), true},
		"failing":  {failingKey, "2022-05-01", numbers(func(s *State) map[string]int64 { return s.Failing }), false},
		"missed":   {missedKey, "2022-05-01", numbers(func(s *State) map[string]int64 { return s.Missed }), false},
		"lost":     {lostKey, "2022-05-02", func(s *State, key string, value int64) { s.Lost[key] = File{Bytes: value} }, false},
		"erased":   {lostKey, "2022-05-02", func(s *State, key string, value int64) { s.Erased[key] = File{Bytes: value} }, false},
		"accepted": {"2022-05-01@2:00", "", func(s *State, key string, value int64) { s.Accepted[key] = fmt.Sprint(value) }, false},
		"bags":     {firstBag, "2022-05-01", func(s *State, key string, value int64) { s.Bags[key] = BagState{Bag: Bag{Packages: value}} }, false},
		"records":  {id(2), "", func(s *State, key string, value int64) { s.Records[key] = RecordsState{Sequence: value} }, true},
	} {
		state := func(values ...int64) *State {
			s := newState()
			for _, value := range values {
				test.set(s, test.key, value)
			}
			return s
		}
		gone := []Change{{kind, 20, test.day, test.key + ": no longer"}}
		if test.stays {
			gone = nil
		}
		for name, c := range map[string]struct {
			before, after *State
			want          []Change
		}{
			"new":     {state(), state(1), []Change{{kind, 20, test.day, test.key}}},
			"equal":   {state(1), state(1), nil},
			"changed": {state(1), state(2), []Change{{kind, 20, test.day, test.key + ": changed"}}},
			"gone":    {state(1), state(), gone},
		} {
			got := slices.DeleteFunc(c.before.Changes(c.after, 11, 20), func(c Change) bool { return c.Kind == "ledger" })
			if !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: got %+v, want %+v", kind, name, got, c.want)
			}
		}
	}
}
