package archive

import (
	"errors"
	"fmt"
	"strings"
)

// Causes of a package's failure; errors.Is finds them in Failure.Err.
var (
	// ErrSourceGone: the service does not serve the package any more.
	ErrSourceGone = errors.New("the service no longer serves the package")

	// ErrNotPackage: the response is not a gzip file, such as an HTML page.
	ErrNotPackage = errors.New("the response is not a gzip file")

	// ErrDamaged: the response is cut short or fails the checks of its content.
	ErrDamaged = errors.New("the downloaded package is damaged")

	// ErrStalled: no byte came within the stall timeout.
	ErrStalled = errors.New("the download stalled")

	// ErrTooSlow: the download was slower than the minimum rate.
	ErrTooSlow = errors.New("the download was slower than the minimum rate")

	// ErrRaced: another run removed or replaced what this run had stored.
	ErrRaced = errors.New("another run was faster; run apply again")
)

// ErrNoArchive is returned if there is no archive at the destination.
var ErrNoArchive = errors.New("there is no archive at this destination")

// ErrNoArbitration is the cause of a failure on a store that lets concurrent
// writers overwrite each other's objects.
var ErrNoArbitration = errors.New("another run overwrote an entry of the ledger, because this store cannot refuse to overwrite an object; run one apply at a time")

// ScopeError means that the destination contains the archive of another scope or
// layer, and that the caller has no witness that it is its own.
type ScopeError struct {
	Destination   string
	Found, Wanted Scope
}

// Error names both scopes.
func (e *ScopeError) Error() string {
	return fmt.Sprintf("%s contains an archive of %s; wanted: %s", e.Destination, e.Found, e.Wanted)
}

// ForeignError means that a destination without an archive contains objects.
// Nothing was changed.
type ForeignError struct {
	Destination string
	Keys        []string
}

// Error names the first objects and says what to do.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s already contains %d files not written by an archive (%s); choose an empty prefix",
		e.Destination, len(e.Keys), names(e.Keys))
}

// FindingsError means that there are findings that are not accepted.
type FindingsError struct {
	Findings []Finding
}

// Error lists the findings with their tokens, one on each line.
func (e *FindingsError) Error() string {
	lines := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		lines[i] = fmt.Sprintf("%s (token %q)", f.Message, f.Token)
	}
	return strings.Join(lines, "\n")
}

// Failure is a package that could not be archived.
type Failure struct {
	// Package is its label: name, host and area.
	Package string

	// Key is where it belongs; empty if that is unknown.
	Key string

	Err error
}

// RunError lists everything that a run could not do. The rest was done and
// committed.
type RunError struct {
	Failures []Failure

	// Findings are losses that are not accepted.
	Findings []Finding

	// Foreign are objects inside of the bags that do not belong to the archive.
	// They make the bags invalid; the archive never removes them.
	Foreign []string

	// Skipped is the number of packages that were not attempted, because the
	// destination failed or the run was interrupted.
	Skipped int

	// Err is what ended the run early, if anything.
	Err error
}

// Error lists all failures, one on each line.
func (e *RunError) Error() string {
	var lines []string
	if e.Err != nil {
		lines = append(lines, e.Err.Error())
	}
	if e.Skipped > 0 {
		lines = append(lines, fmt.Sprintf("%d packages were not attempted; the next run continues with them", e.Skipped))
	}
	if len(e.Findings) > 0 {
		lines = append(lines, (&FindingsError{Findings: e.Findings}).Error())
	}
	if len(e.Failures) > 0 {
		lines = append(lines, fmt.Sprintf("%d packages could not be archived:", len(e.Failures)))
	}
	for _, f := range e.Failures {
		lines = append(lines, fmt.Sprintf("- %s: %s", f.Package, f.Err))
	}
	if len(e.Foreign) > 0 {
		lines = append(lines, fmt.Sprintf("%d files inside of the bags do not belong to the archive and make the bags invalid; move them away: %s",
			len(e.Foreign), names(e.Foreign)))
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
		all = append(all, &FindingsError{Findings: e.Findings})
	}
	for _, f := range e.Failures {
		all = append(all, f.Err)
	}
	return all
}
