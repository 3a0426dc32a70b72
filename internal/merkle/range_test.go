package merkle_test

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/edgeone-community/terraform-provider-teo/internal/merkle"
)

// stored are the hashes of a log as [tlog] stores them: all of them.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = s[index]
	}
	return hashes, nil
}

func entry(i int64) []byte { return fmt.Appendf(nil, "entry %d", i) }

// log returns the leaf hashes and the stored hashes of a log with n entries.
func log(t *testing.T, n int64) (leaves []tlog.Hash, all stored) {
	t.Helper()
	for i := range n {
		hashes, err := tlog.StoredHashes(i, entry(i), all)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, hashes...)
		leaves = append(leaves, tlog.RecordHash(entry(i)))
	}
	return leaves, all
}

func TestRootsAreThoseOfTheWholeTree(t *testing.T) {
	t.Parallel()
	leaves, all := log(t, 5000)
	var r merkle.Range
	for i := range int64(len(leaves)) + 1 {
		want, err := tlog.TreeHash(i, all)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Root(); got != want || r.Size != i {
			t.Fatalf("root of %d entries is %s (size %d), want %s", i, got, r.Size, want)
		}
		if _, err := merkle.NewRange(i, r.Hashes); err != nil {
			t.Fatal(err)
		}
		if i < int64(len(leaves)) {
			r = r.Append(leaves[i])
		}
	}
}

// An append that wrote into the hashes of an older range would change the older
// one: two appends to the same range must not see each other.
func TestAppendLeavesTheRangeAsItIs(t *testing.T) {
	t.Parallel()
	leaves, _ := log(t, 200)
	var r merkle.Range
	for _, leaf := range leaves {
		before := slices.Clone(r.Hashes)
		one, other := r.Append(leaf), r.Append(tlog.Hash{1})
		if again := r.Append(leaf); !slices.Equal(one.Hashes, again.Hashes) || !slices.Equal(before, r.Hashes) {
			t.Fatalf("at size %d an append changed another range", r.Size)
		}
		if one.Root() == other.Root() {
			t.Fatalf("at size %d two leaves give the same root", r.Size)
		}
		r = one
	}
}

func TestProofsNeedOnlyTheRangeAndTheLeavesAfterIt(t *testing.T) {
	t.Parallel()
	leaves, all := log(t, 3650)
	ranges := []merkle.Range{{}}
	for _, leaf := range leaves {
		ranges = append(ranges, ranges[len(ranges)-1].Append(leaf))
	}
	check := func(m, n int) {
		t.Helper()
		got := ranges[m].Prove(leaves[m:n])
		if m == 0 {
			if len(got) != 0 {
				t.Fatalf("the proof from 0 to %d has %d hashes", n, len(got))
			}
			return
		}
		want, err := tlog.ProveTree(int64(n), int64(m), all)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("the proof from %d to %d differs", m, n)
		}
		if err := tlog.CheckTree(got, int64(n), ranges[n].Root(), int64(m), ranges[m].Root()); err != nil {
			t.Fatalf("from %d to %d: %v", m, n, err)
		}
	}
	for n := range 130 {
		for m := range n + 1 {
			check(m, n)
		}
	}
	// Steps with no common factor visit all shapes of large trees.
	for n := 131; n <= len(leaves); n += 97 {
		for m := 0; m <= n; m += 89 {
			check(m, n)
		}
	}
}

func TestARangeHasOneHashForEachCompleteSubtree(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		size   int64
		hashes int
		want   string
	}{
		{0, 0, ""},
		{6, 2, ""},
		{7, 2, "the compact range of 7 leaves has 3 hashes, not 2"},
		{-1, 0, "a tree cannot have -1 leaves"},
	} {
		got := ""
		if _, err := merkle.NewRange(test.size, make([]tlog.Hash, test.hashes)); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%d leaves, %d hashes: %q, want %q", test.size, test.hashes, got, test.want)
		}
	}
}
