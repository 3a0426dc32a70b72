package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// State is what all entries up to the head say together. It is the content of a
// snapshot.
type State struct {
	Scope         *Scope `json:"scope"`
	ScopeSequence int64  `json:"scope_sequence"` // of the entry that set the scope

	// Resources are the IDs of the resources that manage the archive, sorted.
	Resources []string `json:"resources"`

	// ExpiredThrough and SealedThrough are UTC dates; empty if there is none.
	ExpiredThrough string `json:"expired_through"`
	SealedThrough  string `json:"sealed_through"`

	// Bags are the committed bags of the days that have not expired.
	Bags map[string]BagState `json:"bags"`

	// Current is the number of packages of each day that have a current version.
	Current map[string]int64 `json:"current"`

	// Records maps the commits of these bags to their records.
	Records map[string]RecordsState `json:"records"`

	Relisted map[string]int64 `json:"relisted"`
	Failing  map[string]int64 `json:"failing"` // package key → first sequence
	Missed   map[string]int64 `json:"missed"`  // package key → first sequence as failing
	Lost     map[string]File  `json:"lost"`    // by path, which the values do not repeat
	Erased   map[string]File  `json:"erased"`

	Accepted  map[string]string `json:"accepted"` // token → reason
	Abandoned []Abandoned       `json:"abandoned"`
	GivenUp   []string          `json:"given_up"`
}

// BagState is a bag with the commit that added it.
type BagState struct {
	Bag
	Commit string `json:"commit"`

	// Sequence is that of the last entry that added, lost or recovered files of
	// the bag.
	Sequence int64 `json:"sequence"`
}

// RecordsState describes the records of a commit.
type RecordsState struct {
	Records
	Sequence int64 `json:"sequence"`
}

// Abandoned is a head that a person gave up, and the token that allowed it.
type Abandoned struct {
	Head
	Token string `json:"token"`
}

func newState() *State {
	return &State{
		Bags: map[string]BagState{}, Current: map[string]int64{}, Records: map[string]RecordsState{}, Relisted: map[string]int64{},
		Failing: map[string]int64{}, Missed: map[string]int64{}, Lost: map[string]File{}, Erased: map[string]File{}, Accepted: map[string]string{},
	}
}

// Clone returns a copy that shares nothing that Apply changes.
func (s *State) Clone() *State {
	c := newState()
	c.Scope, c.ScopeSequence, c.ExpiredThrough, c.SealedThrough = s.Scope, s.ScopeSequence, s.ExpiredThrough, s.SealedThrough
	c.Resources, c.Abandoned, c.GivenUp = slices.Clone(s.Resources), slices.Clone(s.Abandoned), slices.Clone(s.GivenUp)
	maps.Copy(c.Bags, s.Bags)
	maps.Copy(c.Current, s.Current)
	maps.Copy(c.Records, s.Records)
	maps.Copy(c.Relisted, s.Relisted)
	maps.Copy(c.Failing, s.Failing)
	maps.Copy(c.Missed, s.Missed)
	maps.Copy(c.Lost, s.Lost)
	maps.Copy(c.Erased, s.Erased)
	maps.Copy(c.Accepted, s.Accepted)
	return c
}

// encode writes the state as a snapshot contains it.
func (s *State) encode() []byte {
	var b bytes.Buffer
	encodeObject(&b, reflect.ValueOf(s).Elem(), "")
	return b.Bytes()
}

// PackageCount is the number of packages that have a current version.
func (s *State) PackageCount() (n int64) {
	for _, count := range s.Current {
		n += count
	}
	return n
}

// TotalBytes is the number of stored bytes of all versions that are not lost or
// erased.
func (s *State) TotalBytes() (n int64) {
	for _, b := range s.Bags {
		n += b.Bytes
	}
	for _, files := range []map[string]File{s.Lost, s.Erased} {
		for path, f := range files {
			if isPackageFile(path) {
				n -= f.Bytes
			}
		}
	}
	return n
}

// LostCount is the number of lost files of packages whose bytes are gone, of all
// versions.
func (s *State) LostCount() int64 { return countPackages(s.Lost) }

// ErasedCount is the number of erased files of packages, of all versions.
func (s *State) ErasedCount() int64 { return countPackages(s.Erased) }

func countPackages(files map[string]File) (n int64) {
	for path, f := range files {
		switch {
		case f.ReplacedBy != "" || !isPackageFile(path):
		case strings.HasSuffix(path, "/"):
			n += f.Packages
		default:
			n++
		}
	}
	return n
}

// isPackageFile reports whether a path is that of a package or of a whole bag.
func isPackageFile(path string) bool { return strings.HasPrefix(path, bag.Prefix) }

// Gone reports whether the ledger says that a file is lost or erased, by itself or
// with its bag.
func (s *State) Gone(path string) bool {
	if _, ok := s.Lost[path]; ok {
		return true
	}
	if _, ok := s.Erased[path]; ok {
		return true
	}
	folder, _, ok := bag.Split(path)
	if !ok {
		return false
	}
	_, lost := s.Lost[folder+"/"]
	_, erased := s.Erased[folder+"/"]
	return lost || erased
}

// gaveUp reports whether a person gave up a head by accepting a roll-back.
func (s *State) gaveUp(head Head) bool {
	return slices.ContainsFunc(s.Abandoned, func(a Abandoned) bool { return a.Head == head })
}

// IsExpired reports whether a day has expired.
func (s *State) IsExpired(day string) bool { return day <= s.ExpiredThrough && s.ExpiredThrough != "" }

// IsSealed reports whether a day is sealed or expired.
func (s *State) IsSealed(day string) bool {
	return day <= s.SealedThrough && s.SealedThrough != "" || s.IsExpired(day)
}

// Replay is the state after an entry, with what the next entry must continue.
type Replay struct {
	Archive   string
	Layer     teo.Layer
	Head      Head
	WrittenAt time.Time // of the newest entry
	Destroyed bool
	State     *State

	// Tree is the compact range of all entries.
	Tree []string
}

// newReplay returns the replay of no entries.
func newReplay() *Replay { return &Replay{State: newState()} }

// resume returns the replay after an entry with a snapshot, which is trusted.
func resume(e *Entry, data []byte) *Replay {
	return &Replay{
		Archive: e.Archive, Layer: e.Layer, Head: Head{e.Sequence, hashOf(data)}, WrittenAt: e.WrittenAt, Destroyed: e.Destroyed,
		State: e.Snapshot.filled(), Tree: appendLeaf(e.Tree, e.Sequence-1, data),
	}
}

// filled replaces maps that a snapshot leaves out because they are empty.
func (s *State) filled() *State { return s.Clone() }

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// expiry is Expires of a scope that may be nil.
func (s *Scope) expiry(day string) time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.Expires(day)
}
