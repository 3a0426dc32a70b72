package archive

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// ProblemKind says what is wrong.
type ProblemKind string

// The kinds of problems. ProblemKinds lists them.
const (
	ProblemNoLedger   ProblemKind = "no_ledger"
	ProblemLedger     ProblemKind = "ledger"
	ProblemHead       ProblemKind = "head"
	ProblemDestroyed  ProblemKind = "destroyed"
	ProblemRecords    ProblemKind = "records"
	ProblemTagFile    ProblemKind = "tag_file"
	ProblemMissing    ProblemKind = "missing"
	ProblemLength     ProblemKind = "length"
	ProblemHash       ProblemKind = "hash"
	ProblemContent    ProblemKind = "content"
	ProblemVersion    ProblemKind = "version"
	ProblemForeign    ProblemKind = "foreign"
	ProblemRetention  ProblemKind = "retention"
	ProblemUnreadable ProblemKind = "unreadable"
	ProblemSignature  ProblemKind = "signature"
	ProblemUnsigned   ProblemKind = "unsigned"
)

var problemDescriptions = map[ProblemKind]string{
	ProblemNoLedger:   "there is no ledger: the destination is empty, or it is not an archive",
	ProblemLedger:     "an entry of the ledger is missing, malformed, or breaks a rule",
	ProblemHead:       "the expected head is not an entry of the ledger",
	ProblemDestroyed:  "the archive was destroyed",
	ProblemRecords:    "the records of a commit are missing or are not what the ledger names",
	ProblemTagFile:    "a tag file of a bag is missing or is not what the ledger names",
	ProblemMissing:    "a package is missing",
	ProblemLength:     "a package has another length",
	ProblemHash:       "the SHA-256 of a package is not the recorded one",
	ProblemContent:    "the decompressed content of a package is not the recorded one",
	ProblemVersion:    "the versions of a package contradict each other or the ledger",
	ProblemForeign:    "a file in a bag does not belong to it",
	ProblemRetention:  "an object is not locked for as long as the archive's retention demands",
	ProblemUnreadable: "a file cannot be read",
	ProblemSignature:  "a signed head, its time-stamp token or a cosignature is not valid, or does not match the ledger",
	ProblemUnsigned:   "an entry of the ledger is newer than the newest signed head, or the signed head lacks a token or a cosignature",
}

// ProblemKinds returns all kinds, sorted.
func ProblemKinds() []ProblemKind { return slices.Sorted(maps.Keys(problemDescriptions)) }

// Description explains the kind in a few words.
func (k ProblemKind) Description() string { return problemDescriptions[k] }

// Problem is something that is wrong with an archive.
type Problem struct {
	Kind ProblemKind

	// Day is the UTC date of the bag, or empty; Path is the key of the object, or
	// empty.
	Day, Path string

	// Detail says what was expected and what was found.
	Detail string
}

// problems collects what is wrong with an archive. Several goroutines can add to it.
type problems struct {
	mu   sync.Mutex
	list []Problem
}

func (p *problems) add(kind ProblemKind, day, path, format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, Problem{
		Kind: kind, Day: day, Path: printable.Text(path, printable.Message), Detail: printable.Text(fmt.Sprintf(format, args...), printable.Message),
	})
}
