package archive

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Config says what is archived, where, and how.
type Config struct {
	// Store is the destination; the caller closes it.
	Store *Store

	// Scope is whose archive it is.
	Scope Scope

	// Former is the scope that the archive had before its configuration changed
	// in place; nil where it did not. An archive of this scope is taken over, if
	// Scope widens it.
	Former *Scope

	// StableAfter is how long after its end a package is left to grow; 24 h
	// where it is 0.
	StableAfter time.Duration

	// Parallelism is how many packages are copied at once; 8 where it is 0.
	Parallelism int

	// Agent goes into Bag-Software-Agent and the User-Agent of downloads, such
	// as "terraform-provider-teo/1.0.0".
	Agent string

	// Transport carries the downloads. Only Run needs it.
	Transport http.RoundTripper

	// Relist lists the packages that began within start and end (exclusive)
	// again, for fresh URLs. It may be nil: then an expired URL is a failure.
	Relist func(ctx context.Context, start, end time.Time) ([]teo.Package, error)

	// Pace and MaxRetries rule how a failed download is tried again.
	Pace       tcapi.Pace
	MaxRetries int

	// StallTimeout ends a download that brings no byte for so long; 60 s where
	// it is 0.
	StallTimeout time.Duration

	// Now is the clock; time.Now where it is nil.
	Now func() time.Time

	// Progress is called at each event, from several goroutines; it may be nil.
	Progress func(Event)
}

// EventKind says what an Event tells of.
type EventKind string

// The kinds of events.
const (
	EventArchived EventKind = "archived" // a package was copied and verified
	EventRetried  EventKind = "retried"  // a download failed and will be tried again
	EventFailed   EventKind = "failed"   // a package was given up
	EventSealed   EventKind = "sealed"   // a bag was completed
)

// Event is one step of a run. It holds nothing secret.
type Event struct {
	Kind EventKind

	// Day is the bag; Package names the package and is empty for EventSealed.
	Day, Package string

	// Bytes is the stored length of a package (EventArchived).
	Bytes int64

	// Err is why a download failed (EventRetried, EventFailed).
	Err error

	// Done of Total packages have been copied or given up.
	Done, Total int
}

// Archive keeps packages at a destination. One run at a time may work on a
// prefix.
type Archive struct {
	Config
}

// New checks a configuration and fills in its defaults. Nothing is read yet.
func New(c Config) (*Archive, error) {
	if c.Store == nil {
		return nil, errors.New("an archive needs a destination")
	}
	if c.Parallelism < 0 || c.StableAfter < 0 || c.StallTimeout < 0 || c.MaxRetries < 0 {
		return nil, errors.New("numbers and durations of an archive cannot be negative")
	}
	c.Scope = c.Scope.normal()
	if !c.Scope.Start.Before(c.Scope.End) {
		return nil, errors.New("the window of an archive must end after it starts")
	}
	if c.Former != nil {
		former := c.Former.normal()
		c.Former = &former
	}
	if c.StableAfter == 0 {
		c.StableAfter = 24 * time.Hour
	}
	if c.Parallelism == 0 {
		c.Parallelism = 8
	}
	if c.StallTimeout == 0 {
		c.StallTimeout = time.Minute
	}
	if c.Agent == "" {
		c.Agent = "terraform-provider-teo"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Progress == nil {
		c.Progress = func(Event) {}
	}
	return &Archive{c}, nil
}

// Summary is what is archived.
type Summary struct {
	// PackageCount is the number of packages in the manifests.
	PackageCount int

	// PendingCount is the number of packages that were listed but not stable.
	PendingCount int

	// TotalBytes is the length of all payload, as stored.
	TotalBytes int64

	// LastRun is when the last run without a failure began, UTC; zero where
	// there was none of this scope. Once the window was over (Scope.Over) at
	// that time, later runs without work leave it as it is.
	LastRun time.Time

	// Bags by UTC day, such as "2022-05-04".
	Bags map[string]Bag
}

// Bag is one day of an archive.
type Bag struct {
	// Path is the bag's folder, from the prefix on, such as "dt=2022-05-04/".
	Path string

	PackageCount int
	TotalBytes   int64 // as stored

	// ManifestSHA256 is the hash of manifest-sha256.txt, in lower-case hex.
	ManifestSHA256 string
}
