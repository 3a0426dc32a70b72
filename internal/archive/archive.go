package archive

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Defaults of a Config.
const (
	DefaultStableAfter  = 24 * time.Hour
	DefaultParallelism  = 8
	DefaultStallTimeout = time.Minute
	DefaultMinRate      = 1 << 10
)

// Config says what is archived, where, and how.
type Config struct {
	// Bucket is the destination. The caller closes it.
	Bucket bucket.Bucket

	// Scope is what is archived.
	Scope Scope

	// Witness is the head that the caller has kept since the last run; nil for a
	// first run. It must be an entry of the ledger, and the entries after it are
	// judged.
	Witness *Head

	// Accept maps the token of a finding to the reason why it is accepted.
	Accept map[string]string

	// StableAfter is how long after its end a package may still grow. Nil means
	// DefaultStableAfter.
	StableAfter *time.Duration

	// Parallelism is the number of packages that are copied at the same time; 0
	// means DefaultParallelism.
	Parallelism int

	// VerifyPayload reads every archived byte, in addition to names and lengths.
	VerifyPayload bool

	// Agent is written to the ledger, to bag-info.txt and to the User-Agent of
	// downloads, such as "terraform-provider-teo/1.0.0".
	Agent string

	// Transport carries the downloads. Only Run needs it.
	Transport http.RoundTripper

	// Relist lists the packages of a scope that start within start and end
	// (exclusive) again: for fresh URLs, and for packages that were archived
	// under an earlier scope. If it is nil, an expired URL is a failure.
	Relist func(ctx context.Context, scope Scope, start, end time.Time) ([]teo.Package, error)

	// Pace and MaxRetries control how a failed download is retried.
	Pace       tcapi.Pace
	MaxRetries int

	// StallTimeout ends a download that receives no byte for so long; 0 means
	// DefaultStallTimeout.
	StallTimeout time.Duration

	// MinRate ends a download that receives fewer bytes per second, averaged
	// over StallTimeout; 0 means DefaultMinRate, a negative number no minimum.
	MinRate int64

	// Now is the clock; nil means time.Now. It only describes and says which
	// packages are stable.
	Now func() time.Time

	// Random is the source of identifiers; nil means crypto/rand.
	Random io.Reader

	// Progress is called at each event, from several goroutines. It may be nil.
	Progress func(Event)
}

// EventKind is the kind of an Event.
type EventKind string

// The kinds of events.
const (
	EventArchived  EventKind = "archived"  // a package was downloaded and verified
	EventRetried   EventKind = "retried"   // a download failed and is retried
	EventFailed    EventKind = "failed"    // a package was given up
	EventCommitted EventKind = "committed" // a ledger entry was written
)

// Event is one step of a run. It contains nothing secret.
type Event struct {
	Kind EventKind

	// Day is the bag, and Package the label of the package; both are empty for
	// EventCommitted.
	Day, Package string

	// Bytes is the stored length of a package (EventArchived).
	Bytes int64

	// Sequence is the number of the entry (EventCommitted).
	Sequence int64

	// Err is why a download failed (EventRetried, EventFailed).
	Err error

	// Done of Total packages have been archived or given up.
	Done, Total int
}

// Head identifies a ledger entry. The head of an archive is its newest entry.
type Head struct {
	Sequence int64
	SHA256   string // of the bytes of the entry, in lower-case hex
}

// String is the form "12:ab34…" for messages.
func (h Head) String() string { return fmt.Sprintf("%d (%s)", h.Sequence, h.SHA256) }

// Warning is something to know about a run. Detail is in complete sentences.
type Warning struct{ Summary, Detail string }

// Summary describes an archive after a run or an inspection.
type Summary struct {
	PackageCount int64 // packages in the newest bags
	TotalBytes   int64 // as stored
	BagCount     int64

	// PendingCount is the number of packages that are listed in scope and not
	// archived: not stable yet, or failed. Only a run knows it.
	PendingCount int64

	// SealedThrough is the last UTC day, such as "2022-05-04", up to which
	// every day of the window is sealed; empty if there is none.
	SealedThrough string

	// Complete means that the window has an end and every day of it is sealed.
	Complete bool

	// Head is the newest entry; nil if there is no ledger.
	Head *Head

	// Warnings are what needs no decision.
	Warnings []Warning
}

// Archive is an archive at a destination. Several runs may work on one
// destination at the same time if its store arbitrates (bucket.Arbitrates).
type Archive struct {
	config Config
}

// New checks a configuration and applies its defaults. It reads nothing.
func New(c Config) (*Archive, error) {
	if c.Bucket == nil {
		return nil, errors.New("an archive needs a destination")
	}
	if c.Parallelism < 0 || c.StallTimeout < 0 || c.MaxRetries < 0 || (c.StableAfter != nil && *c.StableAfter < 0) {
		return nil, errors.New("numbers and durations of an archive cannot be negative")
	}
	if err := c.Scope.check(); err != nil {
		return nil, err
	}
	c.Scope = c.Scope.normal()
	if c.StableAfter == nil {
		stable := DefaultStableAfter
		c.StableAfter = &stable
	}
	if c.Parallelism == 0 {
		c.Parallelism = DefaultParallelism
	}
	if c.StallTimeout == 0 {
		c.StallTimeout = DefaultStallTimeout
	}
	if c.MinRate == 0 {
		c.MinRate = DefaultMinRate
	}
	if c.Agent == "" {
		c.Agent = "terraform-provider-teo"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Progress == nil {
		c.Progress = func(Event) {}
	}
	return &Archive{config: c}, nil
}

// randomID returns n random bytes in hex.
func (a *Archive) randomID(n int) (string, error) {
	id := make([]byte, n)
	if _, err := io.ReadFull(a.config.Random, id); err != nil {
		return "", fmt.Errorf("no random identifier: %w", err)
	}
	return hex.EncodeToString(id), nil
}
