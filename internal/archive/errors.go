package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"gocloud.dev/gcerrors"
)

// Causes of a package's failure; errors.Is finds them in Failure.Err.
var (
	// ErrSourceGone: the service does not serve the package any more.
	ErrSourceGone = errors.New("the service no longer serves the package")

	// ErrNotPackage: what was served is no gzip file, such as an HTML page.
	ErrNotPackage = errors.New("what was served is not a gzip file")

	// ErrDamaged: what was served is cut short or not intact.
	ErrDamaged = errors.New("what was served is not intact")

	// ErrInTheWay: a file that no run of this archive wrote stands where the
	// package belongs. It is never overwritten.
	ErrInTheWay = errors.New("a file that this archive did not write stands in its place")
)

// ErrNoArchive is returned where an archive is looked for and there is none.
var ErrNoArchive = errors.New("there is no archive at this destination")

// DestinationError says that the destination cannot be used: it does not parse,
// does not exist, refuses access or is full.
type DestinationError struct {
	// Destination as far as it says where it is: scheme, host, path, prefix.
	Destination string

	// Op is what was tried, such as "write"; Key is the object, if it was one.
	Op, Key string

	Err error
}

// Error names the destination, what was tried, the cause, and what to do about
// it where that is known.
func (e *DestinationError) Error() string {
	text := fmt.Sprintf("%s: cannot %s", e.Destination, e.Op)
	if e.Key != "" {
		text += " " + e.Key
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *DestinationError) Unwrap() error { return e.Err }

// hopeless tells whether every other write to the destination would fail too.
func (e *DestinationError) hopeless() bool {
	switch gcerrors.Code(e.Err) {
	case gcerrors.PermissionDenied, gcerrors.NotFound, gcerrors.Unimplemented, gcerrors.InvalidArgument:
		return true
	}
	return lasting(e.Err) || errors.Is(e.Err, fs.ErrPermission) || errors.Is(e.Err, fs.ErrNotExist) || errors.Is(e.Err, syscall.ENOSPC) ||
		errors.Is(e.Err, syscall.EDQUOT) || errors.Is(e.Err, syscall.EROFS) || errors.Is(e.Err, syscall.ENOTDIR)
}

// ClashError says that the prefix holds the archive of another scope. Nothing
// was changed.
type ClashError struct {
	Destination   string
	Owner, Wanted Scope

	// InPlace: it is the configuration's own archive, but of a scope that Wanted
	// does not widen (Scope.Widens).
	InPlace bool
}

// Error tells both scopes and what to do.
func (e *ClashError) Error() string {
	if e.InPlace {
		return fmt.Sprintf("%s: the window of an archive can only be widened and its filters cannot be changed, for its bags say what they hold "+
			"(%s; wanted: %s): give the new archive a prefix of its own, or go back to the former values", e.Destination, e.Owner, e.Wanted)
	}
	return fmt.Sprintf("%s: an archive of another window or other filters is kept here (%s; wanted: %s): "+
		"give each archive a prefix of its own", e.Destination, e.Owner, e.Wanted)
}

// ForeignError says that a destination which no archive has claimed yet holds
// files. Nothing was changed.
type ForeignError struct {
	Destination string

	// Keys are the first of them, Count is how many there are.
	Keys  []string
	Count int
}

// Error names the first files and what to do.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s: %d files that no archive has written are here (%s): choose an empty prefix",
		e.Destination, e.Count, listed(e.Keys, e.Count))
}

// Failure is a package that could not be archived or mended.
type Failure struct {
	// Package names it: name, area and host.
	Package string

	// Path is where it belongs, from the prefix on; empty where that is unknown.
	Path string

	Err error
}

// RunError lists all that a run could not do. The rest was done, is kept, and
// stands in the manifests.
type RunError struct {
	Failures []Failure

	// Foreign are files inside of the bags that are not the archive's. They make
	// a bag invalid, and are left for a person to move.
	Foreign []string

	// Skipped is how many packages were not tried, for the destination failed
	// or the run was interrupted.
	Skipped int

	// Err is what ended the run early, if something did.
	Err error
}

// Error lists every failure by name and cause, a line each.
func (e *RunError) Error() string {
	var lines []string
	if e.Err != nil {
		lines = append(lines, e.Err.Error())
	}
	if e.Skipped > 0 {
		lines = append(lines, fmt.Sprintf("%d packages were not tried; the next run goes on with them", e.Skipped))
	}
	if len(e.Failures) > 0 {
		lines = append(lines, fmt.Sprintf("%d packages could not be archived:", len(e.Failures)))
	}
	for _, f := range e.Failures {
		lines = append(lines, fmt.Sprintf("- %s: %s", f.Package, f.Err))
	}
	if len(e.Foreign) > 0 {
		lines = append(lines, fmt.Sprintf("%d files inside of the bags are not the archive's and make them invalid; "+
			"move them away: %s", len(e.Foreign), listed(e.Foreign, len(e.Foreign))))
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns what ended the run early and the causes of all failures.
func (e *RunError) Unwrap() []error {
	var all []error
	if e.Err != nil {
		all = append(all, e.Err)
	}
	for _, f := range e.Failures {
		all = append(all, f.Err)
	}
	return all
}

// listed writes at most ten of count names.
func listed(names []string, count int) string {
	const most = 10
	text := strings.Join(names[:min(most, len(names))], ", ")
	if count > most {
		text += fmt.Sprintf(" and %d more", count-most)
	}
	return text
}
