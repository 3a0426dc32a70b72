package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/edgeone-community/terraform-provider-teo/internal/merkle"
)

// The entries are the leaves of an RFC 6962 tree: entry number i is leaf i-1, and the
// data of a leaf are the bytes of the file. Each entry has the compact range of the
// entries before it, in hex, so that the root and a consistency proof can be computed
// without reading what is older.

// parseTree returns the compact range of the first size entries.
func parseTree(tree []string, size int64) (merkle.Range, error) {
	hashes := make([]tlog.Hash, len(tree))
	for i, text := range tree {
		if n, err := hex.Decode(hashes[i][:], []byte(text)); err != nil || n != len(hashes[i]) {
			return merkle.Range{}, errors.New("tree contains something else than hashes")
		}
	}
	return merkle.NewRange(size, hashes)
}

// appendLeaf returns the compact range of n+1 entries, given that of n.
func appendLeaf(tree []string, n int64, data []byte) []string {
	r, err := parseTree(tree, n)
	if err != nil {
		return nil // the entry that has it is invalid
	}
	hashes := r.Append(tlog.RecordHash(data)).Hashes
	texts := make([]string, len(hashes))
	for i, hash := range hashes {
		texts[i] = hex.EncodeToString(hash[:])
	}
	return texts
}

// Root returns the RFC 6962 root hash of the entries that were replayed. It is an
// error if an entry before has no valid compact range.
func (r *Replay) Root() (tlog.Hash, error) {
	tree, err := parseTree(r.Tree, r.Head.Sequence)
	if err != nil {
		return tlog.Hash{}, err
	}
	return tree.Root(), nil
}

// Prove returns the RFC 6962 consistency proof from the first old entries to all of
// them. It reads the entries after old, and none before.
func (l *Log) Prove(ctx context.Context, old int64) (tlog.TreeProof, error) {
	head := l.Head.Sequence
	if old < 0 || old > head {
		return nil, fmt.Errorf("there are %d entries, not %d", head, old)
	}
	if old == 0 || old == head {
		return nil, nil
	}
	var first merkle.Range
	var leaves []tlog.Hash
	for sequence := old + 1; sequence <= head; sequence++ {
		e, data, err := l.read(ctx, sequence)
		if err != nil {
			return nil, err
		}
		if sequence == old+1 {
			if first, err = parseTree(e.Tree, old); err != nil {
				return nil, &EntryError{sequence, err}
			}
		}
		leaves = append(leaves, tlog.RecordHash(data))
	}
	last := first
	for _, leaf := range leaves {
		last = last.Append(leaf)
	}
	if root, err := l.Root(); err != nil || root != last.Root() {
		return nil, &EntryError{old + 1, errors.New("its tree is not that of the entries before it")}
	}
	return first.Prove(leaves), nil
}
