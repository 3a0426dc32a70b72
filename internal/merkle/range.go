// Package merkle computes roots and consistency proofs of an RFC 6962 Merkle tree
// of which only the newest leaves are at hand.
//
// A compact range stands for all leaves up to some size: the hashes of the largest
// complete subtrees that cover them. Whoever has the range of the first m leaves
// and the hashes of the leaves after them can compute every later root, and the
// proof that a later tree contains the tree of size m unchanged. In a log in which
// each entry carries the range of the entries before it, entry m+1 has the range
// that is needed, so nothing before it is read, however long the log is.
package merkle

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Range is the compact range of the first Size leaves of a tree. The zero value is
// that of the empty tree.
type Range struct {
	// Size is the number of leaves.
	Size int64

	// Hashes are the roots of the complete subtrees that cover the leaves, the
	// largest (and leftmost) first: one for each 1 in the binary form of Size.
	Hashes []tlog.Hash
}

// NewRange returns the compact range of the first size leaves. It is an error if
// the number of hashes does not match the size.
func NewRange(size int64, hashes []tlog.Hash) (Range, error) {
	if size < 0 {
		return Range{}, fmt.Errorf("a tree cannot have %d leaves", size)
	}
	if want := bits.OnesCount64(uint64(size)); want != len(hashes) {
		return Range{}, fmt.Errorf("the compact range of %d leaves has %d hashes, not %d", size, want, len(hashes))
	}
	return Range{Size: size, Hashes: hashes}, nil
}

// Append returns the range with one more leaf, whose hash is that of
// [tlog.RecordHash]. It leaves r as it is.
func (r Range) Append(leaf tlog.Hash) Range { return r.append(leaf, func(int, int64, tlog.Hash) {}) }

// append also calls complete for the leaf and for each subtree that it completes,
// with the subtree's level (a leaf has 0) and its number among those of its level.
func (r Range) append(leaf tlog.Hash, complete func(level int, number int64, hash tlog.Hash)) Range {
	complete(0, r.Size, leaf)
	// Each 1 at the end of the size is a subtree that the new one makes a pair with.
	pairs := bits.TrailingZeros64(^uint64(r.Size))
	rest := len(r.Hashes) - pairs
	for level := range pairs {
		leaf = tlog.NodeHash(r.Hashes[len(r.Hashes)-1-level], leaf)
		complete(level+1, r.Size>>(level+1), leaf)
	}
	return Range{Size: r.Size + 1, Hashes: append(r.Hashes[:rest:rest], leaf)}
}

// Root returns the root hash of the tree.
func (r Range) Root() tlog.Hash {
	if len(r.Hashes) == 0 {
		root, _ := tlog.TreeHash(0, nil)
		return root
	}
	root := r.Hashes[len(r.Hashes)-1]
	for i := len(r.Hashes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(r.Hashes[i], root)
	}
	return root
}

// Prove returns the consistency proof from the tree of r to the tree that has the
// given leaves after it. The proof from an empty tree is empty.
func (r Range) Prove(leaves []tlog.Hash) tlog.TreeProof {
	if r.Size == 0 {
		return nil
	}
	known := map[int64]tlog.Hash{}
	keep := func(level int, number int64, hash tlog.Hash) { known[tlog.StoredHashIndex(level, number)] = hash }
	rest := uint64(r.Size)
	for _, hash := range r.Hashes {
		level := bits.Len64(rest) - 1
		rest &^= 1 << level
		keep(level, (r.Size>>level)-1, hash)
	}
	last := r
	for _, leaf := range leaves {
		last = last.append(leaf, keep)
	}
	proof, err := tlog.ProveTree(last.Size, r.Size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hash, ok := known[index]
			if !ok {
				return nil, fmt.Errorf("the proof needs hash %d", index)
			}
			hashes[i] = hash
		}
		return hashes, nil
	}))
	if err != nil {
		panic("merkle: " + err.Error()) // a proof needs only what Append completed
	}
	return proof
}
