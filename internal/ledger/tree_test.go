package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func TestAProofIsFromAnEntryOfTheLedger(t *testing.T) {
	t.Parallel()
	_, l, _ := long(t, 5)
	for old, want := range map[int64]int{0: 0, 1: 3, 4: 1, 5: 0, -1: -1, 6: -1} {
		proof, err := l.Prove(t.Context(), old)
		if (err != nil) != (want < 0) || err == nil && len(proof) != want {
			t.Errorf("from %d: %d hashes, %v", old, len(proof), err)
		}
		if err != nil && err.Error() != fmt.Sprintf("there are 5 entries, not %d", old) {
			t.Errorf("from %d: %v", old, err)
		}
	}
	// The tree of an entry that was written over is not that of the others.
	l.Tree = slices.Clone(l.Tree)
	l.Tree[0] = ones
	if root, err := l.Root(); err != nil || root == (tlog.Hash{}) {
		t.Errorf("the root is %s, %v", root, err)
	}
	_, err := l.Prove(t.Context(), 2)
	if entry, ok := errors.AsType[*EntryError](err); !ok || entry.Sequence != 3 || !strings.Contains(err.Error(), "its tree is not that of the entries before it") {
		t.Errorf("got %v", err)
	}
}

func TestATreeHasWholeHashes(t *testing.T) {
	t.Parallel()
	if root, err := (&Replay{Head: Head{Sequence: 3}, Tree: []string{ones}}).Root(); err == nil {
		t.Errorf("three entries with one hash have the root %s", root)
	}
	for _, test := range []struct {
		tree []string
		ok   bool
	}{
		{[]string{ones}, true}, {[]string{ones[:62]}, false}, {[]string{ones[:63] + "x"}, false}, {[]string{""}, false}, {nil, false}, {[]string{ones, zeros}, false},
	} {
		if _, err := parseTree(test.tree, 1); (err == nil) != test.ok {
			t.Errorf("%q: %v", test.tree, err)
		}
	}
}
