package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
)

// LossTokens returns the tokens that an entry needs for the losses that it records
// on a state, by day: those of lost files, then those of missed packages.
func (e *Entry) LossTokens(before *State) []string {
	lost, missed := map[string]*LossToken{}, map[string]*LossToken{}
	add := func(to map[string]*LossToken, day string, sequence int64, sha256, key string) {
		if to[day] == nil {
			to[day] = &LossToken{Day: day}
		}
		to[day].Add(sequence, sha256, key)
	}
	for _, f := range e.Lost {
		if f.ReplacedBy == "" {
			add(lost, DayOf(f.Path), before.lossSequence(f.Path), f.SHA256, f.Path)
		}
	}
	for _, key := range e.Missed {
		add(missed, DayOf(key), before.Failing[key], "", key)
	}
	var tokens []string
	for _, group := range []map[string]*LossToken{lost, missed} {
		for _, day := range sortedKeys(group) {
			tokens = append(tokens, group[day].String())
		}
	}
	return tokens
}

// lossSequence is the sequence that the token for a lost file contains.
func (s *State) lossSequence(path string) int64 {
	if m := listKey.FindStringSubmatch(path); m != nil {
		return s.Records[m[1]].Sequence
	}
	if n, ok := Sequence(path); ok {
		return n
	}
	folder, _, _ := bag.Split(path)
	return s.Bags[folder].Sequence
}

// LossToken makes the token that accepts the loss of files of one day.
type LossToken struct {
	Day      string
	sequence int64
	lines    []string
}

// Add adds a file. sequence is that of the last entry that added, lost or recovered
// files of its bag, so that the token accepts no later loss. sha256 is empty for a
// missed package.
func (t *LossToken) Add(sequence int64, sha256, key string) {
	t.sequence = max(t.sequence, sequence)
	t.lines = append(t.lines, cmp.Or(sha256, "-")+"  "+key+"\n")
}

// String returns the token, such as "2022-05-04@12:0123456789abcdef".
func (t *LossToken) String() string {
	slices.Sort(t.lines)
	return fmt.Sprintf("%s@%d:%s", t.Day, t.sequence, hashOf([]byte(strings.Join(t.lines, "")))[:16])
}

// RollbackToken accepts the newest entry in place of a trusted head.
func RollbackToken(newest, trusted Head) string {
	return fmt.Sprintf("rollback:%.16s/%.16s", newest.SHA256, trusted.SHA256)
}
