package archive

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

const (
	ledgerFormat = "teo-archive/1"

	// snapshotEvery is the distance of entries that must be snapshots: those
	// whose sequence is 1 modulo snapshotEvery.
	snapshotEvery = 50

	// maxEntry bounds the bytes of an entry. A snapshot has a line of some 350
	// bytes for each day.
	maxEntry = 64 << 20
)

// Entry is one entry of the ledger. Entries are numbered from 1 without gaps,
// and each contains the hash of the one before it. They are never overwritten.
type Entry struct {
	// Archive is the random ID of the archive, identical in all entries.
	Archive string
	Layer   teo.Layer

	Sequence int64

	// Commit is random, one for each attempt to write an entry.
	Commit string

	// Previous is the SHA-256 of the previous entry's bytes; empty in entry 1.
	Previous string

	WrittenAt time.Time // describes only
	Agent     string

	// Snapshot means that Bags, Scopes and Unrecovered hold the state as a whole
	// and not only what changed.
	Snapshot bool

	// Scope is what the archive contains from this entry on; nil if unchanged.
	Scope *Scope

	// Scopes are all scopes of the archive, the current one last (snapshots only).
	Scopes []ScopeAt

	// Bags are the days that changed; in a snapshot all days. Nil means that the
	// day has no bag any more, because all of its packages were lost.
	Bags map[string]*Bag

	Superseded []Superseded
	Lost       []Lost
	Recovered  []Lost

	// Unrecovered are all packages that were lost and have not been recovered
	// (snapshots only).
	Unrecovered []Lost

	Accepted []Acceptance

	// Joined means that the run had no witness and trusted the previous entry.
	Joined bool

	// Destroyed means that the archive is being removed. No entry follows.
	Destroyed bool

	// SealedThrough is the last day up to which every day is sealed; empty if
	// there is none. Complete means that all days of the window are sealed.
	SealedThrough string
	Complete      bool
}

// ScopeAt is a scope and the sequence of the entry that introduced it.
type ScopeAt struct {
	Sequence int64
	Scope    Scope
}

// Bag is what the ledger says about one day.
type Bag struct {
	// Sequence is that of the entry that changed the bag last.
	Sequence int64

	TagmanifestSHA256 string
	Packages, Bytes   int64 // Bytes as stored

	// ListingSHA256 is the SHA-256 of the sorted lines "<length> <path>" of the
	// payload and tag files: a listing alone reveals a changed name or length.
	ListingSHA256 string

	// SourceSHA256 is the SHA-256 of the sorted lines "<listed size> <path>" of
	// the packages as the service listed them: a listing of the service alone
	// reveals that a day has nothing new.
	SourceSHA256 string
}

// Superseded is a version of a package that a later version replaced.
type Superseded struct {
	Path      string // of the old version, from the prefix on
	OldSHA256 string
	OldBytes  int64
	NewSHA256 string
	NewBytes  int64
	Extends   bool // the new content starts with the old content
}

// Lost is a package whose bytes are gone.
type Lost struct {
	Path   string // from the prefix on
	SHA256 string
	Bytes  int64
}

// Acceptance is a finding that a person accepted.
type Acceptance struct {
	Token, Reason string
}

// isSnapshot reports whether the entry with a sequence must be a snapshot.
func isSnapshot(sequence int64) bool { return sequence%snapshotEvery == 1 }

// encode writes the canonical form: printable ASCII, one key on each line in a
// fixed order, one line for each bag.
func (e *Entry) encode() []byte {
	var b bytes.Buffer
	b.WriteString("{\n")
	key := func(name, value string) {
		if b.Len() > 2 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "  %q: %s", name, value)
	}
	text := func(name, value string) {
		if value != "" {
			key(name, quote(value))
		}
	}
	lines := func(name string, list []string, open, end string) {
		if len(list) > 0 {
			key(name, open+"\n    "+strings.Join(list, ",\n    ")+"\n  "+end)
		}
	}
	flag := func(name string, value bool) {
		if value {
			key(name, "true")
		}
	}
	text("format", ledgerFormat)
	text("archive", e.Archive)
	text("layer", string(e.Layer))
	key("sequence", fmt.Sprint(e.Sequence))
	text("commit", e.Commit)
	text("previous_sha256", e.Previous)
	key("written_at", quote(e.WrittenAt.UTC().Format(time.RFC3339)))
	text("agent", e.Agent)
	flag("snapshot", e.Snapshot)
	if e.Scope != nil {
		key("scope", "{"+e.Scope.encode()+"}")
	}
	scopes := make([]string, len(e.Scopes))
	for i, s := range e.Scopes {
		scopes[i] = fmt.Sprintf(`{"sequence": %d, %s}`, s.Sequence, s.Scope.encode())
	}
	lines("scopes", scopes, "[", "]")
	var bags []string
	for _, day := range slices.Sorted(maps.Keys(e.Bags)) {
		bags = append(bags, quote(day)+": "+e.Bags[day].encode())
	}
	lines("bags", bags, "{", "}")
	superseded := make([]string, len(e.Superseded))
	for i, s := range e.Superseded {
		superseded[i] = fmt.Sprintf(`{"path": %s, "old_sha256": %s, "old_bytes": %d, "new_sha256": %s, "new_bytes": %d, "extends": %t}`,
			quote(s.Path), quote(s.OldSHA256), s.OldBytes, quote(s.NewSHA256), s.NewBytes, s.Extends)
	}
	lines("superseded", superseded, "[", "]")
	lines("lost", encodeLost(e.Lost), "[", "]")
	lines("recovered", encodeLost(e.Recovered), "[", "]")
	lines("unrecovered", encodeLost(e.Unrecovered), "[", "]")
	accepted := make([]string, len(e.Accepted))
	for i, a := range e.Accepted {
		accepted[i] = fmt.Sprintf(`{"token": %s, "reason": %s}`, quote(a.Token), quote(a.Reason))
	}
	lines("accepted", accepted, "[", "]")
	flag("joined", e.Joined)
	flag("destroyed", e.Destroyed)
	text("sealed_through", e.SealedThrough)
	key("complete", fmt.Sprint(e.Complete))
	b.WriteString("\n}\n")
	return b.Bytes()
}

func (s *Scope) encode() string {
	end := "null"
	if !s.End.IsZero() {
		end = quote(s.End.UTC().Format(time.RFC3339))
	}
	set := func(values []string) string {
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = quote(v)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return fmt.Sprintf(`"start": %s, "end": %s, "zones": %s, "zone_ids": %s, "hosts": %s`,
		quote(s.Start.UTC().Format(time.RFC3339)), end, set(s.Zones), set(s.ZoneIDs), set(s.Hosts))
}

func (b *Bag) encode() string {
	if b == nil {
		return "null"
	}
	return fmt.Sprintf(`{"sequence": %d, "tagmanifest_sha256": %s, "packages": %d, "bytes": %d, "listing_sha256": %s, "source_sha256": %s}`,
		b.Sequence, quote(b.TagmanifestSHA256), b.Packages, b.Bytes, quote(b.ListingSHA256), quote(b.SourceSHA256))
}

func encodeLost(list []Lost) []string {
	lines := make([]string, len(list))
	for i, l := range list {
		lines[i] = fmt.Sprintf(`{"path": %s, "sha256": %s, "bytes": %d}`, quote(l.Path), quote(l.SHA256), l.Bytes)
	}
	return lines
}

// quote writes a JSON string in printable ASCII.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// The JSON form of an entry, for reading.
type (
	wireEntry struct {
		Format        string              `json:"format"`
		Archive       string              `json:"archive"`
		Layer         teo.Layer           `json:"layer"`
		Sequence      int64               `json:"sequence"`
		Commit        string              `json:"commit"`
		Previous      string              `json:"previous_sha256"`
		WrittenAt     time.Time           `json:"written_at"`
		Agent         string              `json:"agent"`
		Snapshot      bool                `json:"snapshot"`
		Scope         *wireScope          `json:"scope"`
		Scopes        []wireScope         `json:"scopes"`
		Bags          map[string]*wireBag `json:"bags"`
		Superseded    []wireSuperseded    `json:"superseded"`
		Lost          []wireLost          `json:"lost"`
		Recovered     []wireLost          `json:"recovered"`
		Unrecovered   []wireLost          `json:"unrecovered"`
		Accepted      []wireAcceptance    `json:"accepted"`
		Joined        bool                `json:"joined"`
		Destroyed     bool                `json:"destroyed"`
		SealedThrough string              `json:"sealed_through"`
		Complete      bool                `json:"complete"`
	}
	wireScope struct {
		Sequence int64      `json:"sequence"`
		Start    time.Time  `json:"start"`
		End      *time.Time `json:"end"`
		Zones    []string   `json:"zones"`
		ZoneIDs  []string   `json:"zone_ids"`
		Hosts    []string   `json:"hosts"`
	}
	wireBag struct {
		Sequence          int64  `json:"sequence"`
		TagmanifestSHA256 string `json:"tagmanifest_sha256"`
		Packages          int64  `json:"packages"`
		Bytes             int64  `json:"bytes"`
		ListingSHA256     string `json:"listing_sha256"`
		SourceSHA256      string `json:"source_sha256"`
	}
	wireSuperseded struct {
		Path      string `json:"path"`
		OldSHA256 string `json:"old_sha256"`
		OldBytes  int64  `json:"old_bytes"`
		NewSHA256 string `json:"new_sha256"`
		NewBytes  int64  `json:"new_bytes"`
		Extends   bool   `json:"extends"`
	}
	wireLost struct {
		Path   string `json:"path"`
		SHA256 string `json:"sha256"`
		Bytes  int64  `json:"bytes"`
	}
	wireAcceptance struct {
		Token  string `json:"token"`
		Reason string `json:"reason"`
	}
)

func (w *wireScope) scope(layer teo.Layer) Scope {
	s := Scope{Layer: layer, Start: w.Start, Zones: w.Zones, ZoneIDs: w.ZoneIDs, Hosts: w.Hosts}
	if w.End != nil {
		s.End = *w.End
	}
	return s
}

// decodeEntry reads an entry. It rejects one that differs by a byte from what
// encode writes, and one that breaks a rule of the format.
func decodeEntry(data []byte) (*Entry, error) {
	var w wireEntry
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&w); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	if w.Format != ledgerFormat {
		return nil, fmt.Errorf("its format is %q, and this version of the provider reads only %q", ascii(w.Format), ledgerFormat)
	}
	e := &Entry{
		Archive: w.Archive, Layer: w.Layer, Sequence: w.Sequence, Commit: w.Commit, Previous: w.Previous, WrittenAt: w.WrittenAt,
		Agent: w.Agent, Snapshot: w.Snapshot, Joined: w.Joined, Destroyed: w.Destroyed, SealedThrough: w.SealedThrough, Complete: w.Complete,
	}
	if w.Scope != nil {
		s := w.Scope.scope(w.Layer)
		e.Scope = &s
	}
	for i := range w.Scopes {
		e.Scopes = append(e.Scopes, ScopeAt{Sequence: w.Scopes[i].Sequence, Scope: w.Scopes[i].scope(w.Layer)})
	}
	if len(w.Bags) > 0 {
		e.Bags = make(map[string]*Bag, len(w.Bags))
	}
	for day, b := range w.Bags {
		if e.Bags[day] = nil; b != nil {
			bag := Bag(*b)
			e.Bags[day] = &bag
		}
	}
	for _, s := range w.Superseded {
		e.Superseded = append(e.Superseded, Superseded(s))
	}
	e.Lost, e.Recovered, e.Unrecovered = lostOf(w.Lost), lostOf(w.Recovered), lostOf(w.Unrecovered)
	for _, a := range w.Accepted {
		e.Accepted = append(e.Accepted, Acceptance(a))
	}
	if !bytes.Equal(e.encode(), data) {
		return nil, errors.New("it is not in the canonical form")
	}
	return e, e.check()
}

func lostOf(list []wireLost) (lost []Lost) {
	for _, l := range list {
		lost = append(lost, Lost(l))
	}
	return lost
}

var hexID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// check reports a broken rule of the format.
func (e *Entry) check() error {
	switch {
	case e.Layer != teo.L7 && e.Layer != teo.L4:
		return fmt.Errorf("unknown layer %q", e.Layer)
	case e.Sequence < 1:
		return errors.New("its sequence is not positive")
	case !hexID.MatchString(e.Archive) || !hexID.MatchString(e.Commit):
		return errors.New("its IDs are not 32 hexadecimal digits")
	case e.Sequence == 1 && e.Previous != "", e.Sequence > 1 && !hexHash.MatchString(e.Previous):
		return errors.New("previous_sha256 is wrong")
	case isSnapshot(e.Sequence) && !e.Snapshot:
		return errors.New("it must be a snapshot")
	case e.Snapshot && len(e.Scopes) == 0:
		return errors.New("it is a snapshot without scopes")
	case !e.Snapshot && (len(e.Scopes) > 0 || len(e.Unrecovered) > 0):
		return errors.New("it is not a snapshot but has the lists of one")
	case e.SealedThrough != "" && !isDay(e.SealedThrough):
		return errors.New("sealed_through is not a day")
	}
	for _, s := range e.Scopes {
		if s.Sequence < 1 || s.Sequence > e.Sequence {
			return errors.New("a scope has an impossible sequence")
		}
	}
	for day, b := range e.Bags {
		switch {
		case !isDay(day):
			return fmt.Errorf("%q is not a day", day)
		case b == nil:
		case !hexHash.MatchString(b.TagmanifestSHA256) || !hexHash.MatchString(b.ListingSHA256) || !hexHash.MatchString(b.SourceSHA256):
			return fmt.Errorf("the bag of %s has no hashes", day)
		case b.Sequence < 1 || b.Sequence > e.Sequence, !e.Snapshot && b.Sequence != e.Sequence:
			return fmt.Errorf("the bag of %s has an impossible sequence", day)
		case b.Packages < 1 || b.Bytes < 1:
			return fmt.Errorf("the bag of %s is empty", day)
		}
	}
	for _, list := range [][]Lost{e.Lost, e.Recovered, e.Unrecovered} {
		for _, l := range list {
			if _, path, ok := bagDay(l.Path); !ok || !payloadName.MatchString(path) || !hexHash.MatchString(l.SHA256) {
				return errors.New("a lost package has no path or hash")
			}
		}
	}
	for _, s := range e.Superseded {
		if _, path, ok := bagDay(s.Path); !ok || !payloadName.MatchString(path) || !hexHash.MatchString(s.OldSHA256) || !hexHash.MatchString(s.NewSHA256) {
			return errors.New("a superseded package has no path or hashes")
		}
	}
	return nil
}

// state is what the entries up to the head say together.
type state struct {
	archive string
	layer   teo.Layer
	head    Head
	scopes  []ScopeAt
	bags    map[string]Bag
	lost    map[string]Lost // not recovered, by key and hash

	sealedThrough string
	complete      bool
	destroyed     bool
}

// lostKey is the key of state.lost.
func lostKey(l Lost) string { return l.Path + "\n" + l.SHA256 }

func newState() *state { return &state{bags: map[string]Bag{}, lost: map[string]Lost{}} }

func (s *state) clone() *state {
	c := *s
	c.scopes, c.bags, c.lost = slices.Clone(s.scopes), maps.Clone(s.bags), maps.Clone(s.lost)
	return &c
}

// scope is the current scope; nil if there is no ledger.
func (s *state) scope() *Scope {
	if len(s.scopes) == 0 {
		return nil
	}
	return &s.scopes[len(s.scopes)-1].Scope
}

// apply goes on to the next entry, whose bytes have the hash sha256. The error
// says how the entry contradicts those before it; the state is that of the
// entry nevertheless.
func (s *state) apply(e *Entry, sha256 string) error {
	var err error
	fault := func(format string, args ...any) { err = cmp.Or(err, fmt.Errorf(format, args...)) }
	start := s.head.Sequence == 0 && e.Snapshot
	if !start {
		if e.Sequence != s.head.Sequence+1 {
			fault("entry %d follows entry %d", e.Sequence, s.head.Sequence)
		}
		if e.Previous != s.head.SHA256 {
			fault("entry %d does not contain the hash of entry %d", e.Sequence, s.head.Sequence)
		}
		if s.archive != e.Archive || s.layer != e.Layer {
			fault("entry %d belongs to another archive", e.Sequence)
		}
		if s.destroyed {
			fault("entry %d follows the one that destroyed the archive", e.Sequence)
		}
	}
	before := s.clone()
	if e.Scope != nil {
		s.scopes = append(s.scopes, ScopeAt{Sequence: e.Sequence, Scope: *e.Scope})
	}
	for day, b := range e.Bags {
		if delete(s.bags, day); b != nil {
			s.bags[day] = *b
		}
	}
	for _, l := range e.Lost {
		s.lost[lostKey(l)] = l
	}
	for _, l := range e.Recovered {
		delete(s.lost, lostKey(l))
	}
	if e.Snapshot {
		if !start {
			for day, b := range before.bags {
				is, ok := e.Bags[day]
				switch {
				case !ok:
					fault("snapshot %d does not have the bag of %s", e.Sequence, day)
				case is != nil && is.Sequence < e.Sequence && *is != b:
					fault("snapshot %d has another bag of %s", e.Sequence, day)
				}
			}
			for day, b := range e.Bags {
				if _, ok := before.bags[day]; !ok && b != nil && b.Sequence < e.Sequence {
					fault("snapshot %d has a bag of %s that no entry names", e.Sequence, day)
				}
			}
			if len(e.Unrecovered) != len(s.lost) {
				fault("snapshot %d has another list of lost packages", e.Sequence)
			}
			if !slices.EqualFunc(e.Scopes, s.scopes, func(a, b ScopeAt) bool { return a.Sequence == b.Sequence && a.Scope.Equal(b.Scope) }) {
				fault("snapshot %d has other scopes", e.Sequence)
			}
		}
		s.scopes = slices.Clone(e.Scopes)
		s.bags, s.lost = map[string]Bag{}, map[string]Lost{}
		for day, b := range e.Bags {
			if b != nil {
				s.bags[day] = *b
			}
		}
		for _, l := range e.Unrecovered {
			s.lost[lostKey(l)] = l
		}
	}
	s.archive, s.layer = e.Archive, e.Layer
	s.head = Head{Sequence: e.Sequence, SHA256: sha256}
	s.sealedThrough, s.complete, s.destroyed = e.SealedThrough, e.Complete, e.Destroyed
	return err
}

// snapshot makes an entry that follows the state a snapshot.
func (e *Entry) snapshot(s *state) {
	after := s.clone()
	_ = after.apply(e, "")
	e.Snapshot = true
	e.Scopes = after.scopes
	bags := make(map[string]*Bag, len(after.bags))
	for day := range e.Bags {
		bags[day] = e.Bags[day]
	}
	for day, b := range after.bags {
		bags[day] = &b
	}
	if e.Bags = bags; len(bags) == 0 {
		e.Bags = nil
	}
	e.Unrecovered = nil
	for _, key := range slices.Sorted(maps.Keys(after.lost)) {
		e.Unrecovered = append(e.Unrecovered, after.lost[key])
	}
}

// summary adds up the bags.
func (s *state) summary() *Summary {
	sum := &Summary{BagCount: int64(len(s.bags)), SealedThrough: s.sealedThrough, Complete: s.complete}
	for _, b := range s.bags {
		sum.PackageCount += b.Packages
		sum.TotalBytes += b.Bytes
	}
	if s.head.Sequence > 0 {
		head := s.head
		sum.Head = &head
	}
	return sum
}
