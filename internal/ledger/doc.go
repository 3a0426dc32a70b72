// Package ledger reads and writes the append-only log of an archive.
//
// The log is a sequence of JSON files, numbered from 1 without gaps. Each entry
// contains the SHA-256 of the entry before it, and the put-if-absent of an entry is
// the commit: what it names exists by then. The state of an archive is the replay
// of its entries. The SHA-256 of the newest entry, the head, vouches for all of
// them.
//
// The package knows how entries follow each other. It does not know how bags are
// written, repaired or listed.
package ledger
