package archive

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Depth says how much Verify reads.
type Depth string

// The depths of a verification.
const (
	// DepthLedger reads the ledger, the tag files and the listing.
	DepthLedger Depth = "ledger"

	// DepthPayload also reads every package.
	DepthPayload Depth = "payload"
)

// MaxProblems is the number of problems that a Report keeps.
const MaxProblems = 1000

// maxListings is how often Verify lists the destination again because runs have
// committed entries in the meantime.
const maxListings = 5

// VerifyOptions control a verification. The zero value verifies everything.
type VerifyOptions struct {
	// Depth is DepthPayload if empty.
	Depth Depth

	// ExpectedHead is the hash of an entry that the ledger must contain; empty
	// for none.
	ExpectedHead string

	// Parallelism is the number of objects that are read at the same time; 0
	// means DefaultParallelism.
	Parallelism int
}

// ProblemKind says what is wrong.
type ProblemKind string

// The kinds of problems. ProblemKinds lists them.
const (
	ProblemNoLedger   ProblemKind = "no_ledger"
	ProblemLedger     ProblemKind = "ledger"
	ProblemHead       ProblemKind = "head"
	ProblemDestroyed  ProblemKind = "destroyed"
	ProblemTags       ProblemKind = "tags"
	ProblemTagFile    ProblemKind = "tag_file"
	ProblemUnfinished ProblemKind = "unfinished"
	ProblemMissing    ProblemKind = "missing"
	ProblemLength     ProblemKind = "length"
	ProblemHash       ProblemKind = "hash"
	ProblemContent    ProblemKind = "content"
	ProblemProvenance ProblemKind = "provenance"
	ProblemForeign    ProblemKind = "foreign"
	ProblemUnreadable ProblemKind = "unreadable"
)

var problemDescriptions = map[ProblemKind]string{
	ProblemNoLedger:   "there is no ledger: the destination is empty, or it is not an archive",
	ProblemLedger:     "an entry of the ledger is missing, malformed, or does not continue the entries before it",
	ProblemHead:       "the expected head is not an entry of the ledger",
	ProblemDestroyed:  "the archive was destroyed",
	ProblemTags:       "the copy of a bag's tag files in `.teo-archive/tags/` is missing or is not what the ledger names",
	ProblemTagFile:    "a tag file of a bag is missing or is not what the ledger names",
	ProblemUnfinished: "a run is in progress or was interrupted; the next apply finishes it",
	ProblemMissing:    "a package is missing",
	ProblemLength:     "a package has another length",
	ProblemHash:       "the SHA-256 of a file is not the recorded one",
	ProblemContent:    "a package is not a valid gzip stream, or its number of lines or bytes is not the recorded one",
	ProblemProvenance: "the record of a package does not say when and where it was downloaded",
	ProblemForeign:    "a file does not belong to the archive",
	ProblemUnreadable: "a file cannot be read",
}

// ProblemKinds returns all kinds, sorted.
func ProblemKinds() []ProblemKind { return slices.Sorted(maps.Keys(problemDescriptions)) }

// Description explains the kind in a few words.
func (k ProblemKind) Description() string { return problemDescriptions[k] }

// Problem is something that is wrong with an archive.
type Problem struct {
	Kind ProblemKind

	// Day is the bag, or empty; Path is the key of the object, or empty.
	Day, Path string

	// Detail says what was expected and what was found.
	Detail string
}

// VerifiedBag is a bag as the newest entry that names it describes it.
type VerifiedBag struct {
	Path              string // folder, such as "dt=2022-05-04/"
	PackageCount      int64
	TotalBytes        int64
	TagManifestSHA256 string
	ManifestSHA256    string // empty if the tag files could not be read
}

// Report is the result of a verification.
type Report struct {
	Head  *Head // nil without a ledger
	Layer teo.Layer

	PackageCount int64
	TotalBytes   int64
	Bags         map[string]VerifiedBag // by UTC day

	// Problems are sorted by day, path and kind. There are at most MaxProblems;
	// ProblemCount is the number of all.
	Problems     []Problem
	ProblemCount int64
}

// Verify checks the archive in a bucket. Everything that is wrong with the archive
// is a problem in the report; the error is for a bucket that cannot be listed,
// and for a context that ends.
//
// A verification may run at the same time as runs: what a run has not finished
// is at most ProblemUnfinished.
func Verify(ctx context.Context, b bucket.Bucket, o VerifyOptions) (*Report, error) {
	o.Depth = cmp.Or(o.Depth, DepthPayload)
	o.Parallelism = cmp.Or(o.Parallelism, DefaultParallelism)
	var v *verification
	for range maxListings {
		v = &verification{bucket: b, options: o}
		if err := v.structure(ctx); err != nil {
			return nil, err
		}
		moved, err := v.moved(ctx)
		if err != nil {
			return nil, err
		}
		if !moved {
			break
		}
	}
	if o.Depth == DepthPayload {
		if err := v.payload(ctx); err != nil {
			return nil, err
		}
	}
	return v.report(), nil
}

// verification is one attempt to verify an archive.
type verification struct {
	bucket  bucket.Bucket
	options VerifyOptions

	objects map[string]bucket.Object
	entries []*Entry // from 1 on
	head    Head
	bags    map[string]Bag
	tags    map[string]*tagFiles // of the newest bags, by day; absent if unreadable

	mu       sync.Mutex
	problems []Problem
}

func (v *verification) problem(kind ProblemKind, day, path, format string, arguments ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.problems = append(v.problems, Problem{Kind: kind, Day: day, Path: path, Detail: fmt.Sprintf(format, arguments...)})
}
