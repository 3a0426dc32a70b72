package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Format is the format of the entries that this version of the provider reads and
// writes.
const Format = "teo-archive/2"

// Limits of an entry and of a file of records, in bytes. Writers split a commit
// before it reaches them; larger objects are invalid.
const (
	MaxEntry    = 64 << 20 // without the snapshot
	MaxSnapshot = 1 << 30
	MaxRecords  = 1 << 30
)

// maxCount is the largest number of bytes or packages. Every tool that verifies an
// archive can count as far as that, whatever type it has for numbers.
const maxCount = 999_999_999_999_999

// snapshotEvery is the distance of the entries that contain a snapshot: 1, 26, 51, …
const snapshotEvery = 25

// Head identifies an entry. The head of an archive is its newest entry.
type Head struct {
	Sequence int64  `json:"sequence"`
	SHA256   string `json:"sha256"` // of the bytes of the entry, in lower-case hex
}

// String is the form "12 (ab34…)" for messages.
func (h Head) String() string { return fmt.Sprintf("%d (%s)", h.Sequence, h.SHA256) }

// Entry is one entry of the ledger. Fields that are empty are absent; readers apply
// them in this order.
type Entry struct {
	Format   string    `json:"format"`
	Archive  string    `json:"archive"` // random ID, equal in all entries
	Layer    teo.Layer `json:"layer"`
	Sequence int64     `json:"sequence"`
	Commit   string    `json:"commit"` // random, one for each attempt

	// Previous is the SHA-256 of the entry before; empty in entry 1.
	Previous string `json:"previous_sha256"`

	// Tree is the compact range (RFC 6962) of the entries before this one.
	Tree []string `json:"tree"`

	WrittenAt time.Time `json:"written_at"`
	Agent     string    `json:"agent"`

	// Actor is the ARN of the caller, if STS names it.
	Actor string `json:"actor"`

	// Joined and Left are IDs of resources that begin or end to manage the archive.
	Joined []string `json:"joined"`
	Left   []string `json:"left"`

	// Scope is set if it changed. Its entry always has SealedThrough.
	Scope *Scope `json:"scope"`

	// Records describes records/<commit>.jsonl, which has a line for each package of
	// Bags. Bags maps folders, such as "dt=2022-05-04/bag=5f0c2a91", to what the
	// commit adds to a day.
	Records *Records       `json:"records"`
	Bags    map[string]Bag `json:"bags"`

	// Relisted maps files to the size that the service lists now for the same bytes.
	Relisted map[string]int64 `json:"relisted"`

	// Failing is the whole set, if it changed, of packages that are listed and
	// stable and could not be archived: "dt=<day>/" and the path below the bag. Nil
	// means unchanged.
	Failing []string `json:"failing"`

	// Missed are those of them that the service lists no more. Lost, Recovered and
	// Erased are files.
	Missed    []string `json:"missed"`
	Lost      []File   `json:"lost"`
	Recovered []File   `json:"recovered"`
	Erased    []File   `json:"erased"`

	Accepted []Acceptance `json:"accepted"`

	// GivenUp are uncommitted bags that may be removed from now on.
	GivenUp []string `json:"given_up"`

	// Abandoned is the head that a person gave up by accepting a roll-back.
	Abandoned *Head `json:"abandoned"`

	// ExpiredThrough and SealedThrough are UTC dates. Nil means unchanged.
	ExpiredThrough string  `json:"expired_through"`
	SealedThrough  *string `json:"sealed_through"`

	// Destroyed means that the archive is being removed. No entry follows.
	Destroyed bool `json:"destroyed"`

	// Snapshot is the state after this entry, in entries 1, 26, 51, … only.
	Snapshot *State `json:"snapshot"`
}

// Records describes the records of a commit.
type Records struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Bag is what an entry says about a bag.
type Bag struct {
	Packages    int64 `json:"packages"`
	Superseding int64 `json:"superseding,omitempty"` // how many replace a current version
	Bytes       int64 `json:"bytes"`                 // of the payload, as stored

	TagmanifestSHA256 string `json:"tagmanifest_sha256"`
	ListingSHA256     string `json:"listing_sha256"` // see bag.ListingSHA256
}

// File is a file that was lost, recovered or erased: a package, an entry, a file of
// records, or a whole bag.
type File struct {
	// Path is relative to the prefix; that of a whole bag ends in a slash.
	Path string `json:"path,omitempty"`

	// SHA256 is the hash of the file, or of the tagmanifest of a whole bag. It is
	// empty for a package that was missed, and for an entry whose successor is
	// missing as well.
	SHA256 string `json:"sha256,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`

	// Packages is the number of packages of a whole bag.
	Packages int64 `json:"packages,omitempty"`

	// Current is the number of versions that were current before they were lost or
	// erased, or that are current again.
	Current int64 `json:"current,omitempty"`

	// ReplacedBy is a file of the same entry that has the same bytes.
	ReplacedBy string `json:"replaced_by,omitempty"`

	// Reason says why a file was erased.
	Reason string `json:"reason,omitempty"`
}

// Acceptance is a finding that a person accepted.
type Acceptance struct {
	Token  string `json:"token"`
	Reason string `json:"reason"`
}

// HasSnapshot reports whether the entry with a sequence contains a snapshot.
func HasSnapshot(sequence int64) bool { return sequence%snapshotEvery == 1 }

// Encode returns the canonical form of an entry: printable ASCII, one key a line,
// and one element of a list or map a line.
func (e *Entry) Encode() []byte {
	var b bytes.Buffer
	encodeObject(&b, reflect.ValueOf(e).Elem(), "")
	b.WriteByte('\n')
	return b.Bytes()
}

// encodeObject writes a struct with one field a line. Empty fields are left out,
// except for an empty list that is not nil: it empties a set.
func encodeObject(b *bytes.Buffer, v reflect.Value, indent string) {
	b.WriteByte('{')
	first := true
	for i := range v.NumField() {
		field := v.Field(i)
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		failing := name == "failing" && field.Kind() == reflect.Slice && !field.IsNil()
		if field.IsZero() && name != "sequence" || (field.Kind() == reflect.Map || field.Kind() == reflect.Slice) && field.Len() == 0 && !failing {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		fmt.Fprintf(b, "\n%s  %q: ", indent, name)
		encodeField(b, field, indent+"  ")
	}
	b.WriteString("\n" + indent + "}")
}

func encodeField(b *bytes.Buffer, v reflect.Value, indent string) {
	switch {
	case v.Type() == reflect.TypeFor[*State]():
		encodeObject(b, v.Elem(), indent)
	case v.Kind() == reflect.Map:
		b.WriteByte('{')
		keys := make([]string, 0, v.Len())
		for _, k := range v.MapKeys() {
			keys = append(keys, k.String())
		}
		slices.Sort(keys)
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString("\n" + indent + "  ")
			encodeValue(b, k)
			b.WriteString(": ")
			encodeValue(b, v.MapIndex(reflect.ValueOf(k)).Interface())
		}
		b.WriteString("\n" + indent + "}")
	case v.Kind() == reflect.Slice && v.Len() > 0:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString("\n" + indent + "  ")
			encodeValue(b, v.Index(i).Interface())
		}
		b.WriteString("\n" + indent + "]")
	default:
		encodeValue(b, v.Interface())
	}
}

// encodeValue writes a value on one line, in printable ASCII.
func encodeValue(b *bytes.Buffer, v any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // no field of an entry has a type that cannot be encoded
	}
	data := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
		data = data[size:]
	}
}

// errCanonical means that an object is JSON, but not in the canonical form.
var errCanonical = errors.New("it is not in the canonical form")

// Decode reads an entry. It returns an error for an entry that differs by a byte
// from what Encode writes, and for one that is not valid by itself.
func Decode(data []byte) (*Entry, error) {
	if !isDense(data) {
		return nil, errCanonical
	}
	e := new(Entry)
	if err := json.Unmarshal(data, e); err != nil {
		return nil, errors.New("it is not a ledger entry in JSON")
	}
	if e.Format != Format {
		return nil, errFormat
	}
	if !bytes.Equal(e.Encode(), data) {
		return nil, errCanonical
	}
	return e, e.check(len(data))
}

// isDense reports whether an object can be an entry, for its elements are as long as
// those of an entry at least. Somebody can plant millions of empty elements, which take
// many times the memory of their text.
func isDense(data []byte) bool {
	const object, element = 40, 6 // the shortest ones, in bytes
	least, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
		case inString:
		case c == '{' || c == '[':
			least += object
		case c == ',':
			least += element
		}
	}
	return least <= len(data)+64<<10
}

// beginning is how an entry begins.
var beginning = regexp.MustCompile(`^\{\n  "format": "([^"\\]{1,40})",\n  "archive": "[0-9a-f]{32}",\n  "layer": "l[47]",\n  "sequence": ([0-9]{1,10}),\n`)

// beginningBytes is more than the longest beginning has.
const beginningBytes = 256

// checkBeginning checks the first bytes of an object that has the name of an entry.
func checkBeginning(data []byte, sequence int64) error {
	m := beginning.FindSubmatch(data)
	switch {
	case m == nil:
		return errCanonical
	case string(m[1]) != Format:
		return errFormat
	case string(m[2]) != strconv.FormatInt(sequence, 10):
		return fmt.Errorf("it contains the sequence %s", m[2])
	}
	return nil
}

var errFormat = fmt.Errorf("its format is not %q, the only one that this version of the provider reads", Format)

var (
	hexHash  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	hexID    = regexp.MustCompile(`^[0-9a-f]{32}$`)
	entryKey = regexp.MustCompile(`^\.teo-archive/ledger/([0-9]{10})\.json$`)
	listKey  = regexp.MustCompile(`^\.teo-archive/records/([0-9a-f]{32})\.jsonl$`)
)

// check reports the first rule of the format that the entry breaks by itself.
func (e *Entry) check(size int) error {
	switch {
	case e.Layer != teo.L7 && e.Layer != teo.L4:
		return errors.New("its layer is unknown")
	case e.Sequence < 1 || e.Sequence > maxSequence:
		return errors.New("its sequence is out of range")
	case !hexID.MatchString(e.Archive) || !hexID.MatchString(e.Commit):
		return errors.New("its IDs are not 32 hexadecimal digits")
	case e.Sequence == 1 && e.Previous != "", e.Sequence > 1 && !hexHash.MatchString(e.Previous):
		return errors.New("previous_sha256 is not a hash")
	case e.WrittenAt.IsZero() || e.WrittenAt.Location() != time.UTC || e.WrittenAt.Nanosecond() != 0:
		return errors.New("written_at is not a time in UTC and whole seconds")
	case HasSnapshot(e.Sequence) != (e.Snapshot != nil):
		return fmt.Errorf("a snapshot belongs to entries 1, %d, %d, … and to no others", 1+snapshotEvery, 1+2*snapshotEvery)
	case e.Snapshot == nil && size > MaxEntry || size > MaxSnapshot:
		return errors.New("it is too large")
	case (e.Records == nil) != (len(e.Bags) == 0):
		return errors.New("it has records without bags, or bags without records")
	case e.Records != nil && (!hexHash.MatchString(e.Records.SHA256) || e.Records.Bytes < 1 || e.Records.Bytes > MaxRecords):
		return errors.New("its records have no hash or length")
	case e.Scope != nil && e.SealedThrough == nil:
		return errors.New("it has a scope without sealed_through")
	case e.SealedThrough != nil && *e.SealedThrough != "" && !bag.IsDay(*e.SealedThrough):
		return errors.New("sealed_through is not a day")
	case e.ExpiredThrough != "" && !bag.IsDay(e.ExpiredThrough):
		return errors.New("expired_through is not a day")
	case e.Abandoned != nil && (e.Sequence == 1 || e.Abandoned.Sequence < 1 || e.Abandoned.Sequence > maxSequence || !hexHash.MatchString(e.Abandoned.SHA256)):
		return errors.New("abandoned is not a head")
	case e.Destroyed && (len(e.Left) == 0 || len(e.Bags) > 0):
		return errors.New("it destroys the archive without leaving it, or adds bags")
	}
	if e.Scope != nil {
		if err := e.Scope.check(); err != nil {
			return fmt.Errorf("its scope is invalid: %w", err)
		}
	}
	for _, hash := range e.Tree {
		if !hexHash.MatchString(hash) {
			return errors.New("tree contains something else than hashes")
		}
	}
	for _, set := range []struct {
		name   string
		values []string
		valid  func(string) bool
	}{
		{"joined", e.Joined, hexID.MatchString},
		{"left", e.Left, hexID.MatchString},
		{"failing", e.Failing, isPackageKey},
		{"missed", e.Missed, isPackageKey},
		{"given_up", e.GivenUp, isBag},
	} {
		if !isSet(set.values) {
			return fmt.Errorf("%s is not a sorted set", set.name)
		}
		if i := slices.IndexFunc(set.values, func(v string) bool { return !set.valid(v) }); i >= 0 {
			return fmt.Errorf("%s contains %q", set.name, set.values[i])
		}
	}
	for folder, b := range e.Bags {
		switch {
		case !isBag(folder):
			return fmt.Errorf("%q is not the folder of a bag", folder)
		case !hexHash.MatchString(b.TagmanifestSHA256) || !hexHash.MatchString(b.ListingSHA256):
			return fmt.Errorf("%s has no hashes", folder)
		case b.Packages < 1 || b.Packages > maxCount || b.Bytes < 1 || b.Bytes > maxCount || b.Superseding < 0 || b.Superseding > b.Packages:
			return fmt.Errorf("%s has impossible counts", folder)
		}
	}
	for key, size := range e.Relisted {
		if !isPayload(key) || size < -1 || size > maxCount {
			return fmt.Errorf("relisted contains %q", key)
		}
	}
	for name, list := range map[string][]File{"lost": e.Lost, "recovered": e.Recovered, "erased": e.Erased} {
		for i, f := range list {
			if i > 0 && list[i-1].Path >= f.Path {
				return fmt.Errorf("%s is not sorted by path", name)
			}
			if err := f.check(name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for i, a := range e.Accepted {
		if a.Token == "" || a.Reason == "" || i > 0 && e.Accepted[i-1].Token >= a.Token {
			return errors.New("accepted is not sorted, or has no token or reason")
		}
	}
	return nil
}

// check reports what is wrong with an element of a list.
func (f *File) check(list string) error {
	hash := hexHash.MatchString(f.SHA256)
	whole := strings.HasSuffix(f.Path, "/") && isBag(strings.TrimSuffix(f.Path, "/"))
	switch {
	case f.Bytes < 0 || f.Packages < 0 || f.Current < 0 || max(f.Bytes, f.Packages, f.Current) > maxCount:
		return fmt.Errorf("%q has impossible counts", f.Path)
	case (f.Reason != "") != (list == "erased"):
		return fmt.Errorf("%q has a reason that does not belong there, or none", f.Path)
	case f.ReplacedBy != "" && (list != "lost" || !isPayload(f.ReplacedBy) || !isPayload(f.Path)):
		return fmt.Errorf("%q has an impossible replacement", f.Path)
	case whole && hash && f.Current <= f.Packages:
		return nil
	case isPayload(f.Path) && hash && f.Bytes > 0 && f.Packages == 0 && f.Current <= 1:
		return nil
	case list == "erased":
	case isPackageKey(f.Path) && list == "recovered" && *f == (File{Path: f.Path}):
		return nil // a package that was missed
	case listKey.MatchString(f.Path) && hash && *f == (File{Path: f.Path, SHA256: f.SHA256, Bytes: f.Bytes}):
		return nil
	case entryKey.MatchString(f.Path) && (hash || f.SHA256 == "") && *f == (File{Path: f.Path, SHA256: f.SHA256}):
		return nil
	}
	return fmt.Errorf("%q cannot be an element", f.Path)
}

// isSet reports whether values are sorted and distinct.
func isSet(values []string) bool {
	for i := 1; i < len(values); i++ {
		if values[i-1] >= values[i] {
			return false
		}
	}
	return true
}

// isBag reports whether text is the folder of a bag, without a slash at the end.
func isBag(text string) bool {
	folder, path, ok := bag.Split(text + "/")
	return ok && folder == text && path == ""
}

// isPayload reports whether key is that of a package: "dt=<day>/bag=<id>/data/…".
func isPayload(key string) bool {
	_, path, ok := bag.Split(key)
	return ok && bag.IsPayload(path)
}

// isPackageKey reports whether key names a package of a day: "dt=<day>/data/…".
func isPackageKey(key string) bool {
	day, path, found := strings.Cut(strings.TrimPrefix(key, bag.Prefix), "/")
	return found && strings.HasPrefix(key, bag.Prefix) && bag.IsDay(day) && bag.IsPayload(path)
}

// PackageKey names a package of a day, whichever bag its versions are in.
func PackageKey(day, path string) string { return bag.Prefix + day + "/" + path }

// DayOf is the day of a package key, of a bag or of a file in one; "records" or
// "ledger" for the archive's own files.
func DayOf(key string) string {
	switch {
	case listKey.MatchString(key):
		return "records"
	case entryKey.MatchString(key):
		return "ledger"
	}
	day, _, _ := strings.Cut(strings.TrimPrefix(key, bag.Prefix), "/")
	return day
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
