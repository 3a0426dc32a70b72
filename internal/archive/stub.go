package archive

import (
	"context"
	"iter"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Inspection is the state of an archive as a plan sees it.
type Inspection struct {
	// Summary is that of the newest entry. PendingCount is not known and 0.
	Summary Summary

	// Scope is the newest one in the ledger; nil if there is no ledger.
	Scope *Scope

	// Findings make an apply fail until they are accepted. A finding whose token
	// is in Config.Accept is in Accepted instead.
	Findings, Accepted []Finding

	// Foreign are objects that do not belong to the archive.
	Foreign []string

	// Work says what a run has to do whatever the service lists, as short
	// phrases ("write 2 tag files of 2022-05-04"); empty if nothing.
	Work []string
}

// Inspect reads what a plan needs: one listing and a bounded number of small
// objects, however many days are closed. With VerifyPayload it reads every byte.
func (a *Archive) Inspect(ctx context.Context) (*Inspection, error) { panic("not implemented") }

// Pending compares a listing of the service with the inspected archive: new is
// the number of packages that a run at that time would archive, and waiting the
// number of those that are not stable yet. sealed reports whether the run would
// move SealedThrough or Complete.
func (i *Inspection) Pending(ctx context.Context, listing []teo.Package, listedAt time.Time) (work, waiting int64, sealed bool, err error) {
	panic("not implemented")
}

// Run archives what is stable of a listing of the whole window and not archived
// yet, repairs what is damaged, and commits. listedAt is the Date header of the
// list response; zero if unknown.
//
// The summary is valid with and without an error, unless it is nil. The error is
// a *RunError if packages failed or the run ended early, a *FindingsError if it
// did not begin because of findings, a *ScopeError or a *ForeignError.
func (a *Archive) Run(ctx context.Context, listing []teo.Package, listedAt time.Time) (*Summary, error) {
	panic("not implemented")
}

// Deletion is what Delete did.
type Deletion struct {
	// Removed is the number of objects that were removed.
	Removed int

	// Foreign are objects that do not belong to the archive and were kept.
	Foreign []string

	// Refused are the archive's objects that the store did not remove.
	Refused []string

	// Retention says whether removed objects remain as versions or under a lock.
	Retention bucket.Retention
}

// Delete commits that the archive is destroyed and removes its objects. The
// newest entry must be the witness, or the error is a *FindingsError.
func (a *Archive) Delete(ctx context.Context) (*Deletion, error) { panic("not implemented") }

// ReadScope returns the scope and the head of the archive in a bucket, for an
// import. The error is ErrNoArchive if there is none.
func ReadScope(ctx context.Context, b bucket.Bucket) (Scope, *Head, error) { panic("not implemented") }

// Records yields the committed records of all days, in order. It stops at an
// error.
func Records(ctx context.Context, b bucket.Bucket) iter.Seq2[Record, error] { panic("not implemented") }
