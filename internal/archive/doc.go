// Package archive copies log packages to a bucket and keeps the copy as
// verifiable evidence.
//
// Each UTC day is a BagIt bag. An append-only ledger names the bags by hash, and
// each of its entries contains the hash of the one before it. The put-if-absent
// of an entry is the commit of a run: everything that the entry names exists by
// then, and nothing that it names is ever overwritten with other bytes. The hash
// of the newest entry, the head, vouches for the whole archive; whoever keeps it
// detects every loss, rollback and forgery.
//
// The package knows nothing about Terraform, and reaches storage only through
// the interface of package bucket.
package archive
