package archive

import (
	"fmt"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// FindingKind is the kind of a Finding.
type FindingKind string

// The kinds of findings.
const (
	// FindingLoss: archived files are missing or damaged, and could not be
	// downloaded again.
	FindingLoss FindingKind = "loss"

	// FindingMissed: packages that could not be archived are no longer listed.
	FindingMissed FindingKind = "missed"

	// FindingRollback: the ledger is not a continuation of the trusted head.
	FindingRollback FindingKind = "rollback"

	// FindingRecorded: an entry after the trusted head records a loss, an erasure
	// or an expiry that this configuration does not have.
	FindingRecorded FindingKind = "recorded"

	// FindingScope: another resource has set the scope that this one would change.
	FindingScope FindingKind = "scope"
)

// Finding is an error until the configuration accepts it.
type Finding struct {
	Kind FindingKind

	// Day is the UTC date; empty if the finding concerns the archive.
	Day string

	// Files are the keys of the files that are affected, sorted.
	Files []string

	// Token accepts this finding and nothing else. It is empty if another argument
	// is to be set, which Message names.
	Token string

	// Message says what was found, in one sentence without a period at the end.
	Message string
}

// maxNames is the number of names in a message.
const maxNames = 10

// names writes at most maxNames of the names. Others can have chosen them.
func names(list []string) string {
	shown := make([]string, min(maxNames, len(list)))
	for i := range shown {
		shown[i] = printable.Text(list[i], printable.Name)
	}
	text := strings.Join(shown, ", ")
	if more := len(list) - maxNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// FindingsError means that there are findings that are not accepted.
type FindingsError struct{ Findings []Finding }

// Error lists the findings with their tokens, one a line.
func (e *FindingsError) Error() string {
	lines := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		lines[i] = f.Message
		if f.Token != "" {
			lines[i] += fmt.Sprintf(" (token %q)", f.Token)
		}
	}
	return strings.Join(lines, "\n")
}

// ScopeError means that the destination contains an archive of another scope or
// layer, and that the caller has no head that shows that it is its own.
type ScopeError struct {
	Destination string
	Message     string
}

// Error names both scopes.
func (e *ScopeError) Error() string { return e.Destination + ": " + e.Message }

// DamagedError means that an archive cannot be read because an entry of its ledger
// is missing or invalid.
type DamagedError struct {
	Destination string
	Err         *ledger.EntryError
}

// Error names the entry.
func (e *DamagedError) Error() string { return e.Destination + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// Failure is a package that could not be archived.
type Failure struct {
	// Package names it, and Key is where it belongs; empty if that is unknown.
	Package, Key string

	Err error
}

// RunError lists what a run could not do. The rest was done and committed.
type RunError struct {
	Failures []Failure

	// Findings are not accepted.
	Findings []Finding

	// Err is what ended the run early, if anything.
	Err error

	// Skipped is the number of packages that were not attempted because the run
	// ended early.
	Skipped int
}

// Error lists everything, one a line.
func (e *RunError) Error() string {
	var lines []string
	if e.Err != nil {
		lines = append(lines, e.Err.Error())
	}
	if e.Skipped > 0 {
		lines = append(lines, printable.Count(e.Skipped, "package")+" not attempted; the next run continues with them")
	}
	if len(e.Findings) > 0 {
		lines = append(lines, (&FindingsError{e.Findings}).Error())
	}
	for _, f := range e.Failures {
		lines = append(lines, fmt.Sprintf("%s: %s", f.Package, f.Err))
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the causes.
func (e *RunError) Unwrap() []error {
	var all []error
	if e.Err != nil {
		all = append(all, e.Err)
	}
	if len(e.Findings) > 0 {
		all = append(all, &FindingsError{e.Findings})
	}
	for _, f := range e.Failures {
		all = append(all, f.Err)
	}
	return all
}
