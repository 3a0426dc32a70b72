package archive

import (
	"fmt"
	"slices"
	"strings"
)

// FindingKind is the kind of a Finding.
type FindingKind string

// The kinds of findings.
const (
	// FindingLoss: archived packages are missing or damaged, and the service no
	// longer serves them.
	FindingLoss FindingKind = "loss"

	// FindingRollback: the newest entry of the ledger is older than the state's
	// head, or there is no ledger any more.
	FindingRollback FindingKind = "rollback"

	// FindingForgery: an entry contradicts the entries before it, or drops or
	// changes packages without naming them.
	FindingForgery FindingKind = "forgery"

	// FindingReplaced: an entry after the state's head replaces packages by
	// content that does not contain the former one, or records a loss that this
	// configuration has not accepted.
	FindingReplaced FindingKind = "replaced"

	// FindingHead: the state's head is not an entry of this ledger.
	FindingHead FindingKind = "head"
)

// Finding is something that must not pass unnoticed: it is an error until its
// token is accepted.
type Finding struct {
	Kind FindingKind

	// Day is the bag, for a loss; else empty.
	Day string

	// Packages are the keys of affected packages, sorted.
	Packages []string

	// Token accepts this finding, and nothing else.
	Token string

	// Message says what was found, in one sentence without a period at the end.
	Message string
}

// maxNames is the number of names in a message.
const maxNames = 10

// names writes at most maxNames of the names.
func names(list []string) string {
	text := strings.Join(list[:min(maxNames, len(list))], ", ")
	if more := len(list) - maxNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// shortHash is the part of a hash that a token contains; zeros stand for a
// ledger that does not exist.
func shortHash(sha256 string) string { return (sha256 + strings.Repeat("0", 16))[:16] }

// headToken accepts the current head in place of the state's one.
func headToken(current, witness Head) string {
	return "head:" + shortHash(current.SHA256) + "/" + shortHash(witness.SHA256)
}

// lossToken accepts the loss of packages of one day. sequence is that of the
// last entry that names the day, so that the token accepts no later loss.
func lossToken(day string, sequence int64, lost []Lost) string {
	lines := make([]string, len(lost))
	for i, l := range lost {
		lines[i] = l.SHA256 + "  " + strings.TrimPrefix(l.Path, bagFolder(day)) + "\n"
	}
	slices.Sort(lines)
	return dayToken(day, sequence, hashOf([]byte(strings.Join(lines, ""))))
}

func dayToken(day string, sequence int64, hash string) string {
	return fmt.Sprintf("%s@%d:%s", day, sequence, shortHash(hash))
}
