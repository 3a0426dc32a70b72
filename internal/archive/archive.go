package archive

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Defaults and limits of a Config.
const (
	DefaultStableAfter  = 24 * time.Hour
	MaxStableAfter      = 7 * 24 * time.Hour
	DefaultRecheckDays  = 3
	DefaultParallelism  = 8
	DefaultStallTimeout = time.Minute
	DefaultMinRate      = 1 << 10
)

// TempFolder is where a file destination keeps unfinished writes.
const TempFolder = ledger.OwnFolder + "tmp/"

// Prefixes are the beginnings of all keys of an archive.
func Prefixes() []string { return []string{bag.Prefix, ledger.OwnFolder} }

// Config says what is archived, where, and how.
type Config struct {
	// Bucket is the destination. The caller closes it.
	Bucket bucket.Bucket

	// Layer and Scope are what is archived, and the policy for it.
	Layer teo.Layer
	Scope ledger.Scope

	// Member is the resource that runs the archive.
	Member Member

	// Archive is the ID of the archive, and Trusted its head, that the caller has
	// kept since the last run; both are zero for a new archive.
	Archive string
	Trusted *ledger.Head

	// Accept maps the token of a finding to the reason why it is accepted. Erase
	// maps files to the reason why they are removed: "dt=<day>/" and the path below
	// "data/" of a package, or a beginning of it that ends in a slash.
	Accept, Erase map[string]string

	// Parallelism is the number of packages that are copied at the same time; 0
	// means DefaultParallelism.
	Parallelism int

	// VerifyPayload reads every archived byte of the destination, in addition to
	// names and lengths.
	VerifyPayload bool

	// MaxRunTime is the time after which a run starts no download; 0 for no limit.
	MaxRunTime time.Duration

	// Sign says how the head is signed; nil for not at all.
	Sign *Signing

	// Agent is written to the ledger and is the User-Agent of downloads, such as
	// "terraform-provider-teo/1.0.0". Actor is the ARN of the caller, if known.
	Agent, Actor string

	// List lists the packages of the scope's filters that start within a window.
	// The error is a *teo.TooManyError if there are more than most.
	List func(ctx context.Context, start, end time.Time, most int) ([]teo.Package, error)

	// Transport carries the downloads. Pace, MaxRetries, StallTimeout and MinRate
	// are those of package fetch; 0 means the defaults, and a negative MinRate no
	// minimum.
	Transport    http.RoundTripper
	Pace         tcapi.Pace
	MaxRetries   int
	StallTimeout time.Duration
	MinRate      int64

	// Now is the earlier of the local clock and the service's; nil means time.Now.
	Now func() time.Time

	// Random is the source of identifiers; nil means crypto/rand.
	Random io.Reader

	// Progress is called for each event, from several goroutines. It may be nil.
	Progress func(Event)
}

// Signing says how the head of an archive is signed at the end of a run.
type Signing struct {
	// Signer has the key. Its name is the beginning of the origin of all notes.
	Signer *evidence.Signer

	// Timestamp is the URL of an RFC 3161 authority; empty for none.
	Timestamp string

	// Witnesses are asked to cosign each note.
	Witnesses []evidence.Witness

	// Through is the number of the entry that was signed last; 0 if it is not known.
	// The witnesses have probably cosigned it.
	Through int64

	// Options are those of the requests to authorities and witnesses.
	Options evidence.Options
}

// Member is what a resource keeps of its own runs, beside the head.
type Member struct {
	// ID is random and stays the same: 32 hex digits.
	ID string `json:"id"`

	// Sequence is that of the entry at which the last own run ended, SealedThrough
	// what was sealed then, and ScopeSequence the entry with the scope that it knew.
	Sequence      int64  `json:"sequence,omitempty"`
	SealedThrough string `json:"sealed_through,omitempty"`
	ScopeSequence int64  `json:"scope_sequence,omitempty"`
}

// EventKind is the kind of an Event.
type EventKind string

// The kinds of events.
const (
	EventArchived  EventKind = "archived"  // a package was downloaded and stored
	EventRetried   EventKind = "retried"   // a download failed and is retried
	EventFailed    EventKind = "failed"    // a package was given up
	EventCommitted EventKind = "committed" // a ledger entry was written
)

// Event is one step of a run. It contains nothing secret.
type Event struct {
	Kind EventKind

	// Day and Package name the package; both are empty for EventCommitted.
	Day, Package string

	// Bytes is the stored length of a package (EventArchived).
	Bytes int64

	// Sequence is the number of the entry (EventCommitted).
	Sequence int64

	// Err is why a download failed (EventRetried, EventFailed).
	Err error

	// Done of Total packages of the days that are known so far have been archived
	// or given up, with DoneBytes stored bytes.
	Done, Total int
	DoneBytes   int64
}

// Warning is something to know about a run. Detail is in complete sentences.
type Warning struct{ Summary, Detail string }

// Summary describes an archive.
type Summary struct {
	Archive string
	Head    ledger.Head

	// WrittenAt is when the head was written, in UTC.
	WrittenAt time.Time

	PackageCount int64 // packages that have a current version
	LostCount    int64 // lost files of packages
	MissedCount  int64 // packages that were listed and never archived
	ErasedCount  int64 // erased files of packages
	TotalBytes   int64 // of all versions, as stored
	BagCount     int64

	// PendingCount is the number of packages that are listed in scope and not
	// archived yet. A plan and a run know it.
	PendingCount int64

	// SealedThrough is the last UTC day up to which every day of the window is
	// sealed; empty if there is none.
	SealedThrough string

	// Complete means that the window has an end, every day of it is sealed, and
	// nothing is lost, missed, failing or pending.
	Complete bool

	// Member is what the caller keeps for the next run.
	Member Member
}

// summarize describes a ledger.
func summarize(log *ledger.Log, pending int64) *Summary {
	s := log.State
	sum := &Summary{
		Archive: log.Archive, Head: log.Head, WrittenAt: log.WrittenAt, PackageCount: s.PackageCount(), LostCount: s.LostCount(),
		MissedCount: int64(len(s.Missed)), ErasedCount: s.ErasedCount(), TotalBytes: s.TotalBytes(), BagCount: int64(len(s.Bags)),
		PendingCount: pending, SealedThrough: s.SealedThrough,
	}
	if end := s.Scope.End; end != nil {
		last := bag.Day(end.Add(-time.Second))
		sum.Complete = s.IsSealed(last) && sum.LostCount == 0 && sum.MissedCount == 0 && len(s.Failing) == 0 && pending == 0
	}
	return sum
}

// Archive is an archive at a destination. Several runs may work on one destination
// at the same time if its store has conditional writes.
type Archive struct {
	config Config
}

// New checks a configuration and applies its defaults. It reads nothing.
func New(c Config) (*Archive, error) {
	switch {
	case c.Bucket == nil:
		return nil, errors.New("an archive needs a destination")
	case c.Layer != teo.L7 && c.Layer != teo.L4:
		return nil, fmt.Errorf("an archive needs a layer, %q or %q", teo.L7, teo.L4)
	case c.Parallelism < 0 || c.StallTimeout < 0 || c.MaxRetries < 0 || c.MaxRunTime < 0:
		return nil, errors.New("numbers and durations of an archive cannot be negative")
	case c.Scope.Start.IsZero():
		return nil, errors.New("the window of an archive needs a start")
	case c.Scope.End != nil && !c.Scope.Start.Before(*c.Scope.End):
		return nil, errors.New("the window of an archive must end after it starts")
	}
	c.Scope = c.Scope.Normal()
	if c.Parallelism == 0 {
		c.Parallelism = DefaultParallelism
	}
	if c.StallTimeout == 0 {
		c.StallTimeout = DefaultStallTimeout
	}
	switch {
	case c.MinRate == 0:
		c.MinRate = DefaultMinRate
	case c.MinRate < 0:
		c.MinRate = 0
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

// NewID returns n random bytes in hex.
func NewID(random io.Reader, n int) (string, error) {
	id := make([]byte, n)
	if _, err := io.ReadFull(random, id); err != nil {
		return "", fmt.Errorf("no random identifier: %w", err)
	}
	return hex.EncodeToString(id), nil
}

// now is the clock in whole seconds of UTC.
func (c *Config) now() time.Time { return c.Now().UTC().Truncate(time.Second) }

// erases reports whether a key of Config.Erase matches a package of a day, and why
// it is erased. path is relative to the bag.
func (c *Config) erases(day, path string) (reason string, ok bool) {
	name := bag.Prefix + day + "/" + strings.TrimPrefix(path, "data/")
	for key, reason := range c.Erase {
		if name == key || strings.HasSuffix(key, "/") && strings.HasPrefix(name, key) {
			return reason, true
		}
	}
	return "", false
}

// ErasedDay is the day that a key of Config.Erase belongs to; ok is false if the key
// does not have the form "dt=<day>/…".
func ErasedDay(key string) (day string, ok bool) {
	rest, found := strings.CutPrefix(key, bag.Prefix)
	day, path, slash := strings.Cut(rest, "/")
	return day, found && slash && bag.IsDay(day) && !strings.Contains(path, "//") && !strings.HasPrefix(path, "bag=")
}
