// Package bucket stores objects in a folder, in Amazon S3 or an S3-compatible store,
// or in Tencent Cloud COS, behind one interface. It does not depend on what the
// objects contain.
package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"
)

// Errors that a Bucket returns; test for them with errors.Is.
var (
	// ErrNotExist means that there is no object with the key.
	ErrNotExist = fs.ErrNotExist

	// ErrExist means that an object with the key exists and was left as it is.
	ErrExist = fs.ErrExist

	// ErrUnknownOutcome means that a write may or may not have taken effect: the
	// request was sent and no response arrived.
	ErrUnknownOutcome = errors.New("the outcome of the write is unknown")
)

// Object is one entry of a listing.
type Object struct {
	// Key is relative to the prefix of the bucket, with slashes.
	Key string

	// Size is in bytes.
	Size int64

	// Modified is the time of the last write by the store's own clock, which may
	// differ from the local one.
	Modified time.Time
}

// Mode says what a write does if the key exists.
type Mode int

const (
	// Replace overwrites an existing object.
	Replace Mode = iota

	// IfAbsent leaves an existing object as it is, and Commit returns ErrExist.
	// Of several concurrent writers at most one succeeds, provided that the store
	// arbitrates (see Bucket.Arbitrates).
	IfAbsent

	// IfAbsentDurable is IfAbsent for an object that others rely on as soon as
	// they see it: its content is durable before it becomes visible. After a loss
	// of power the object is complete or absent, with or without a Sync. It is
	// slower than IfAbsent and a Sync for a group of objects.
	IfAbsentDurable

	// ReplaceDurable is Replace for an object whose former content others may rely
	// on: its new content is durable before it becomes visible.
	ReplaceDurable
)

// replaces reports whether a write overwrites an existing object.
func (m Mode) replaces() bool { return m == Replace || m == ReplaceDurable }

// durable reports whether the content is durable before it becomes visible.
func (m Mode) durable() bool { return m == IfAbsentDurable || m == ReplaceDurable }

// Retention describes what a store keeps of removed and replaced objects.
type Retention struct {
	Versioned bool // removed and replaced objects remain as versions
	Locked    bool // new objects get a retention period by default (object lock)
}

// Bucket is a set of objects under one prefix. It is safe for concurrent use.
// Keys are relative to the prefix. Every method returns the context's cause if
// the context ends; all other errors are an *Error.
type Bucket interface {
	// List returns every object whose key starts with prefix, sorted by key in
	// byte order, whoever wrote it. It fails if it cannot read a part of the
	// listing. Unfinished writes are not listed, and neither are the empty objects
	// with a slash at the end by which consoles mark folders.
	List(ctx context.Context, prefix string) ([]Object, error)

	// Open reads an object. The error is ErrNotExist if there is none.
	Open(ctx context.Context, key string) (io.ReadCloser, error)

	// Create starts to write an object. Nothing is visible under the key before
	// Commit, and the complete object after it. If the context ends before Commit
	// returns, the write fails.
	Create(ctx context.Context, key string, mode Mode) (Writer, error)

	// Remove deletes an object. It is not an error if there is none.
	Remove(ctx context.Context, key string) error

	// Sync makes committed objects durable: they survive a loss of power after it
	// returns. An object that was committed but not synced may then be absent or
	// have other content. A key that has been removed since is skipped.
	Sync(ctx context.Context, keys []string) error

	// Sweep removes unfinished writes below the given key prefixes that are older
	// than age by the store's clock, and folders that are empty. Objects
	// that the credentials may not remove are skipped without an error.
	Sweep(ctx context.Context, age time.Duration, prefixes ...string) error

	// Retention reports what the store keeps. It is the zero
	// Retention if the store does not tell.
	Retention(ctx context.Context) (Retention, error)

	// Arbitrates reports whether IfAbsent has exactly one winner among concurrent
	// writers, as far as that can be known without writing an object. It may
	// change from true to false after a write that the store could not arbitrate.
	Arbitrates(ctx context.Context) (bool, error)

	// String shows scheme, host, path and prefix, and nothing secret.
	String() string

	// Close releases connections.
	Close() error
}

// Writer writes one object. Exactly one of Commit and Abort is called.
type Writer interface {
	io.Writer

	// Commit publishes the object. With IfAbsent the error is ErrExist if the key
	// exists. It is ErrUnknownOutcome if the write may have taken effect.
	Commit() error

	// Abort discards what was written.
	Abort()
}
