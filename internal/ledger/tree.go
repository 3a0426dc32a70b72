package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"math/bits"
)

// A compact range holds the hashes of the complete subtrees of the RFC 6962 tree of
// the first n entries, the largest first: one for each bit that is set in n. Entry
// number i is leaf i-1, and the data of a leaf are the bytes of the file.

// leafHash is the RFC 6962 hash of a leaf.
func leafHash(data []byte) string {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// nodeHash is the RFC 6962 hash of an interior node. Its children are in hex.
func nodeHash(left, right string) string {
	l, _ := hex.DecodeString(left)
	r, _ := hex.DecodeString(right)
	h := sha256.New()
	h.Write([]byte{1})
	h.Write(l)
	h.Write(r)
	return hex.EncodeToString(h.Sum(nil))
}

// appendLeaf returns the compact range of n+1 entries, given that of n.
func appendLeaf(tree []string, n int64, data []byte) []string {
	hash := leafHash(data)
	tree = tree[:len(tree):len(tree)]
	for range bits.TrailingZeros64(^uint64(n)) {
		hash = nodeHash(tree[len(tree)-1], hash)
		tree = tree[:len(tree)-1]
	}
	return append(tree[:len(tree):len(tree)], hash)
}

// Root returns the RFC 6962 root hash of a compact range, in hex.
func Root(tree []string) string {
	if len(tree) == 0 {
		sum := sha256.Sum256(nil)
		return hex.EncodeToString(sum[:])
	}
	root := tree[len(tree)-1]
	for i := len(tree) - 2; i >= 0; i-- {
		root = nodeHash(tree[i], root)
	}
	return root
}
