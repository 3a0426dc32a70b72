package bag

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Names of a bag's tag files, relative to its folder.
const (
	bagitTxt       = "bagit.txt"
	bagInfoTxt     = "bag-info.txt"
	manifestTxt    = "manifest-sha256.txt"
	packagesTxt    = "packages.jsonl"
	tagmanifestTxt = "tagmanifest-sha256.txt"
)

// TagNames returns the names of the tag files in the order in which they are
// written: the tagmanifest, which contains the hashes of the others, is last.
func TagNames() []string {
	return []string{bagitTxt, bagInfoTxt, manifestTxt, packagesTxt, tagmanifestTxt}
}

// declaration is the content of bagit.txt.
const declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// TagFiles are the tag files of one bag. They are a function of its records: equal
// records, in any order, have equal tag files.
type TagFiles struct {
	records []Record
	files   map[string][]byte
	bytes   int64
}

// NewTagFiles makes the tag files of a bag from the records of all its packages. It
// returns an error if there are none, if they are of several bags or layers, if two
// have the same path, or if Encode refuses one. It does not change records.
func NewTagFiles(records []Record) (*TagFiles, error) {
	if len(records) == 0 {
		return nil, errors.New("a bag without packages")
	}
	t := &TagFiles{records: slices.Clone(records)}
	slices.SortFunc(t.records, func(a, b Record) int { return Compare(&a, &b) })
	packages, err := Encode(t.records)
	if err != nil {
		return nil, err
	}
	first := &t.records[0]
	hashes := make(map[string]string, len(records))
	var date time.Time
	for i := range t.records {
		r := &t.records[i]
		if r.Bag != first.Bag || r.Layer != first.Layer {
			return nil, fmt.Errorf("%s and %s are not of one bag", r.Key(), first.Key())
		}
		if _, twice := hashes[r.Path]; twice {
			return nil, fmt.Errorf("two packages of %s have the path %s", r.Bag, r.Path)
		}
		hashes[r.Path] = r.SHA256
		t.bytes += r.StoredBytes
		if r.RetrievedAt.After(date) {
			date = r.RetrievedAt
		}
	}
	t.files = map[string][]byte{
		bagitTxt:    []byte(declaration),
		bagInfoTxt:  t.bagInfo(first, date),
		manifestTxt: encodeManifest(hashes),
		packagesTxt: packages,
	}
	tags := make(map[string]string, len(t.files))
	for name, data := range t.files {
		tags[name] = hashOf(data)
	}
	t.files[tagmanifestTxt] = encodeManifest(tags)
	return t, nil
}

func (t *TagFiles) bagInfo(first *Record, date time.Time) []byte {
	var b strings.Builder
	element := func(label, format string, values ...any) { fmt.Fprintf(&b, label+": "+format+"\n", values...) }
	element("Bagging-Date", "%s", date.UTC().Format(time.DateOnly))
	element("External-Identifier", "%s", first.Bag)
	element("External-Description", "Layer-%s offline logs of Tencent Cloud EdgeOne for %s (UTC), as served",
		strings.TrimPrefix(string(first.Layer), "l"), first.Day())
	element("Payload-Oxum", "%d.%d", t.bytes, len(t.records))
	return []byte(b.String())
}

// encodeManifest writes hashes by path in the form that sha256sum reads. Paths of
// packages and tag files need no escapes.
func encodeManifest(hashes map[string]string) []byte {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(hashes)) {
		b.WriteString(hashes[path] + "  " + path + "\n")
	}
	return []byte(b.String())
}

// Files returns the content of each tag file by its name. The caller must not change
// it.
func (t *TagFiles) Files() map[string][]byte { return t.files }

// Records returns the records in the order of packages.jsonl. The caller must not
// change them.
func (t *TagFiles) Records() []Record { return t.records }

// SHA256 returns the hash of the tagmanifest, which fixes all other files of the bag.
func (t *TagFiles) SHA256() string { return hashOf(t.files[tagmanifestTxt]) }

// Bytes returns the length of all packages, in bytes.
func (t *TagFiles) Bytes() int64 { return t.bytes }

// Packages returns the number of packages.
func (t *TagFiles) Packages() int { return len(t.records) }

// ListingSHA256 returns the hash of a complete listing of the bag's folder.
func (t *TagFiles) ListingSHA256() string {
	lengths := make(map[string]int64, len(t.records)+len(t.files))
	for i := range t.records {
		lengths[t.records[i].Path] = t.records[i].StoredBytes
	}
	for name, data := range t.files {
		lengths[name] = int64(len(data))
	}
	return ListingSHA256(lengths)
}

// Listing makes the hash of a bag's files: the SHA-256 of a line "<length> <path>" for
// each of them, packages and tag files, in byte order of the path. Paths are relative
// to the folder of the bag.
type Listing struct {
	hash hash.Hash
	line []byte
}

// NewListing returns a listing without files.
func NewListing() *Listing { return &Listing{hash: sha256.New()} }

// Add adds a file. Files are added in byte order of their paths.
func (l *Listing) Add(path string, size int64) {
	l.line = strconv.AppendInt(l.line[:0], size, 10)
	l.line = append(l.line, ' ')
	l.line = append(l.line, path...)
	l.line = append(l.line, '\n')
	l.hash.Write(l.line)
}

// SHA256 returns the hash of the files that were added, in lower-case hex.
func (l *Listing) SHA256() string { return hexSum(l.hash) }

// ListingSHA256 returns the hash of the files of a bag, as Listing does.
func ListingSHA256(lengths map[string]int64) string {
	l := NewListing()
	for _, path := range slices.Sorted(maps.Keys(lengths)) {
		l.Add(path, lengths[path])
	}
	return l.SHA256()
}
