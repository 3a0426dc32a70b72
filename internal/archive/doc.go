// Package archive copies log packages to a bucket and keeps the copy as verifiable
// evidence.
//
// A run adds bags and commits them with an entry of an append-only ledger. Every
// object is written once: nothing is edited, and nothing is removed except what a
// person asked for. The state of an archive is the replay of its ledger, and the
// head, the hash of the newest entry, vouches for every byte.
//
// The files follow the way of a run: archive.go (configuration), open.go (the ledger
// and the trusted head), scan.go and drift.go (the destination against the ledger),
// listing.go and day.go (what the service lists, and what the archive has of a day),
// plan.go (what to do), copy.go (one download), run.go, then change.go, entry.go,
// rebase.go and commit.go (one entry), repair.go and remove.go, delete.go, verify.go and
// versions.go.
//
// The package knows nothing about Terraform, and reaches storage only through the
// interface of package bucket.
package archive
