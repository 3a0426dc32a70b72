// Package bucket stores objects in a folder, in Amazon S3 or an S3-compatible store,
// or in Tencent Cloud COS, behind one interface. It does not depend on what the
// objects contain.
package bucket

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"time"
)

// Errors that a Bucket returns; test for them with errors.Is.
var (
	// ErrNotExist means that there is no object with the key.
	ErrNotExist = fs.ErrNotExist

	// ErrExist means that an object with the key exists and was left as it is.
	ErrExist = fs.ErrExist

	// ErrDenied means that the store refused the operation: the credentials do not
	// allow it, or the object is locked.
	ErrDenied = fs.ErrPermission
)

// Object describes an object.
type Object struct {
	// Key is relative to the prefix of the bucket, with slashes.
	Key string

	// Size is in bytes.
	Size int64

	// Modified is the time of the last write by the store's own clock, which may
	// differ from the local one.
	Modified time.Time

	// Lock is the retention of the object, if the store has object lock and the
	// description is from Open or Stat. A listing does not show it.
	Lock Lock
}

// Modes of a Lock.
const (
	Governance = "GOVERNANCE" // some credentials may remove the object earlier
	Compliance = "COMPLIANCE" // nobody may
)

// Lock is the retention of one object. The zero Lock is no retention.
type Lock struct {
	Mode  string    // Governance or Compliance
	Until time.Time // the object can be neither replaced nor removed before
}

// Range selects keys in byte order.
type Range struct {
	Prefix string // of the keys
	After  string // keys that are greater, if not empty
	Before string // keys that are less, if not empty
}

// WriteOptions say how an object is written.
type WriteOptions struct {
	// IfAbsent leaves an existing object as it is, and Commit returns ErrExist. Of
	// several concurrent writers exactly one succeeds, provided that the store has
	// conditional writes. On a store without them the object is replaced.
	// If it is false, an existing object is replaced.
	IfAbsent bool

	// Durable makes the content durable before it becomes visible: after a loss of
	// power the object is complete or absent. It is slower than a Sync for a group
	// of objects.
	Durable bool

	// Lock is written with the object. The zero Lock writes none.
	Lock Lock
}

// Protection describes what a store keeps of removed and replaced objects.
type Protection struct {
	// Versioned means that removed and replaced objects remain as former versions.
	Versioned bool

	// ObjectLock means that objects can be written with a Lock.
	ObjectLock bool

	// Modes are the modes of a Lock that the store has.
	Modes []string

	// DefaultMode and DefaultDays are the retention of objects that are written
	// without a Lock; empty and 0 for none.
	DefaultMode string
	DefaultDays int
}

// Bucket is a set of objects under one prefix. It is safe for concurrent use.
// Keys are relative to the prefix. Every method returns the context's cause if
// the context ends; all other errors are an *Error.
type Bucket interface {
	// List returns the objects of a range, sorted by key in byte order, whoever
	// wrote them. It reads page by page, and ends with an error if it cannot read
	// a part of the listing. Unfinished writes are not listed, and neither are the
	// empty objects with a slash at the end by which consoles mark folders. A
	// folder of a file destination that cannot contain keys of the range is not
	// read; a symbolic link in a folder that is read is an error that names it.
	List(ctx context.Context, r Range) iter.Seq2[Object, error]

	// Stat describes an object by name. It sees objects that a listing does not
	// show yet. The error is ErrNotExist if there is none.
	Stat(ctx context.Context, key string) (Object, error)

	// Open reads an object. The error is ErrNotExist if there is none.
	Open(ctx context.Context, key string) (*Reader, error)

	// Create starts to write an object. Nothing is visible under the key before
	// Commit, and the complete object after it. If the context ends before Commit
	// returns, the write fails.
	Create(ctx context.Context, key string, options WriteOptions) (Writer, error)

	// Remove deletes an object, and the folders of a file destination that are
	// empty without it. It is not an error if there is none. The error is
	// ErrDenied if the store refuses it, because the object is locked or the
	// credentials do not allow it. On a versioned bucket the former version remains.
	Remove(ctx context.Context, key string) error

	// Sync makes committed objects durable: they survive a loss of power after it
	// returns. An object that was committed but not synced may then be absent or
	// have other content. A key that has been removed since is skipped.
	Sync(ctx context.Context, keys []string) error

	// Sweep removes the unfinished writes of this and of earlier processes that
	// are older than age by the store's clock. Those that the credentials may not
	// remove are skipped without an error.
	Sweep(ctx context.Context, age time.Duration) error

	// Protection reports what the store keeps. It is the zero Protection if the
	// store does not tell.
	Protection(ctx context.Context) (Protection, error)

	// Clock is the time by the store's clock: the Date header of a response, or
	// the local time for a folder.
	Clock(ctx context.Context) (time.Time, error)

	// Warnings says what the store lacks, as far as operations have shown it until
	// now, such as durable writes. Each is one sentence without a period at the
	// end, and appears once.
	Warnings() []string

	// String shows scheme, host, path and prefix, and nothing secret.
	String() string

	// Close releases connections.
	Close() error
}

// Reader reads the content of an object.
type Reader struct {
	io.ReadCloser

	// Object describes what is read.
	Object Object
}

// Writer writes one object. Exactly one of Commit and Abort is called.
type Writer interface {
	io.Writer

	// Commit publishes the object. With IfAbsent the error is ErrExist if the key
	// exists. After any other error the object may or may not have been written: a
	// response can be lost. Writing the same bytes again with IfAbsent then returns
	// ErrExist, and reading the object shows whose it is.
	Commit() error

	// Abort discards what was written.
	Abort()
}
