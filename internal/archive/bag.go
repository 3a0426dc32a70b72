package archive

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Tag files of a bag (RFC 8493).
const (
	bagitTxt    = "bagit.txt"
	bagInfoTxt  = "bag-info.txt"
	manifestTxt = "manifest-sha256.txt"
	packagesTxt = "packages.jsonl"
	tagManifest = "tagmanifest-sha256.txt"
)

// tagNames returns the tag files in the order in which they are written: the
// tagmanifest, which vouches for the others, is last.
func tagNames() []string {
	return []string{bagitTxt, bagInfoTxt, manifestTxt, packagesTxt, tagManifest}
}

// declaration is the content of bagit.txt.
const declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// tagFiles are the tag files of one bag and what they say. The tagmanifest's
// hash, which the ledger names, vouches for all of them, and so for the payload.
type tagFiles struct {
	day     string
	records []Record
	files   map[string][]byte
}

// newTagFiles writes the tag files of a day. They are a function of the
// arguments: equal records give equal files.
func newTagFiles(archive, agent string, layer teo.Layer, day string, records []Record) (*tagFiles, error) {
	slices.SortFunc(records, compareRecords)
	packages, err := encodeRecords(records)
	if err != nil {
		return nil, err
	}
	t := &tagFiles{day: day, records: records, files: map[string][]byte{
		bagitTxt:    []byte(declaration),
		packagesTxt: packages,
	}}
	hashes := map[string]string{}
	var bytes int64
	var date time.Time
	for i := range records {
		hashes[records[i].Path] = records[i].SHA256
		bytes += records[i].StoredBytes
		if at := records[i].RetrievedAt; at != nil && at.After(date) {
			date = *at
		}
	}
	if len(hashes) != len(records) {
		return nil, fmt.Errorf("two packages of %s have the same path", day)
	}
	t.files[manifestTxt] = encodeManifest(hashes)

	var info strings.Builder
	element := func(label, value string) { fmt.Fprintf(&info, "%s: %s\n", label, ascii(value)) }
	if !date.IsZero() {
		element("Bagging-Date", date.UTC().Format(time.DateOnly))
	}
	element("Bag-Software-Agent", agent)
	element("External-Identifier", archive+"/"+bagPrefix+day)
	element("External-Description", fmt.Sprintf("Layer-%s offline logs of Tencent Cloud EdgeOne for %s (UTC), as served",
		strings.TrimPrefix(string(layer), "l"), day))
	element("Payload-Oxum", fmt.Sprintf("%d.%d", bytes, len(records)))
	t.files[bagInfoTxt] = []byte(info.String())

	tags := map[string]string{}
	for name, data := range t.files {
		tags[name] = hashOf(data)
	}
	t.files[tagManifest] = encodeManifest(tags)
	return t, nil
}

// ascii replaces what is not printable ASCII, so that a value stays on its line.
func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

// sha256 is the hash of the tagmanifest.
func (t *tagFiles) sha256() string { return hashOf(t.files[tagManifest]) }

// bag is what the ledger says about the bag.
func (t *tagFiles) bag(sequence int64) Bag {
	b := Bag{
		Sequence: sequence, TagmanifestSHA256: t.sha256(), Packages: int64(len(t.records)),
		ListingSHA256: t.listing(), SourceSHA256: sourceHash(t.records),
	}
	for i := range t.records {
		b.Bytes += t.records[i].StoredBytes
	}
	return b
}

// listing is the hash of the sorted lines "<length> <path>" of payload and tag
// files.
func (t *tagFiles) listing() string {
	lengths := make(map[string]int64, len(t.records)+len(t.files))
	for i := range t.records {
		lengths[t.records[i].Path] = t.records[i].StoredBytes
	}
	for name, data := range t.files {
		lengths[name] = int64(len(data))
	}
	return listingHash(lengths)
}

// listingHash is the SHA-256 of the sorted lines "<length> <path>".
func listingHash(lengths map[string]int64) string {
	lines := make([]string, 0, len(lengths))
	for path, length := range lengths {
		lines = append(lines, fmt.Sprintf("%d %s\n", length, path))
	}
	slices.Sort(lines)
	return hashOf([]byte(strings.Join(lines, "")))
}

// sourceHash is the SHA-256 of the sorted lines "<listed size> <path>" of a
// day's packages, where the path is that of the first version and an absent
// size is "-". If the service lists a day with the same hash, nothing is new.
func sourceHash(records []Record) string {
	sizes := make(map[string]*int64, len(records))
	for i := range records {
		sizes[records[i].first()] = records[i].listedSize()
	}
	return sizesHash(sizes)
}

func sizesHash(sizes map[string]*int64) string {
	lines := make([]string, 0, len(sizes))
	for path, size := range sizes {
		if size == nil {
			lines = append(lines, "- "+path+"\n")
		} else {
			lines = append(lines, fmt.Sprintf("%d %s\n", *size, path))
		}
	}
	slices.Sort(lines)
	return hashOf([]byte(strings.Join(lines, "")))
}

// encodeManifest writes hashes by path in the form that sha256sum reads. Safe
// paths need no escapes.
func encodeManifest(hashes map[string]string) []byte {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(hashes)) {
		b.WriteString(hashes[path] + "  " + path + "\n")
	}
	return []byte(b.String())
}

// decodeManifest reads what encodeManifest wrote, and nothing else.
func decodeManifest(data []byte) (map[string]string, error) {
	hashes := map[string]string{}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		hash, path, found := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if _, duplicate := hashes[path]; !found || !hexHash.MatchString(hash) || path == "" || duplicate {
			return nil, fmt.Errorf("line %d is not a hash and a path", number)
		}
		hashes[path] = hash
	}
	if !bytes.Equal(encodeManifest(hashes), data) {
		return nil, errors.New("the lines are not sorted, or not in the form of sha256sum")
	}
	return hashes, nil
}

// decodeTagFiles checks tag files against the hash that the ledger names and
// against each other. Every file is exactly what the tagmanifest and the records
// say, or it is an error.
func decodeTagFiles(day, sha256 string, files map[string][]byte) (*tagFiles, error) {
	for _, name := range tagNames() {
		if _, ok := files[name]; !ok {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	if hashOf(files[tagManifest]) != sha256 {
		return nil, fmt.Errorf("the hash of %s is not the one that the ledger names", tagManifest)
	}
	tags, err := decodeManifest(files[tagManifest])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tagManifest, err)
	}
	for _, name := range tagNames() {
		if name != tagManifest && tags[name] != hashOf(files[name]) {
			return nil, fmt.Errorf("the hash of %s is not the one in %s", name, tagManifest)
		}
	}
	t := &tagFiles{day: day, files: files}
	if t.records, err = decodeRecords(files[packagesTxt]); err != nil {
		return nil, fmt.Errorf("%s: %w", packagesTxt, err)
	}
	manifest, err := decodeManifest(files[manifestTxt])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", manifestTxt, err)
	}
	for i := range t.records {
		r := &t.records[i]
		if r.Day() != day || manifest[r.Path] != r.SHA256 {
			return nil, fmt.Errorf("%s and %s disagree on %s", manifestTxt, packagesTxt, r.Path)
		}
		delete(manifest, r.Path)
	}
	if len(manifest) > 0 {
		return nil, fmt.Errorf("%s names %d files that %s does not", manifestTxt, len(manifest), packagesTxt)
	}
	return t, nil
}

// tar packs the tag files so that "tar xf" in the destination's folder restores
// them. Equal files give equal bytes.
func (t *tagFiles) tar() ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range tagNames() {
		err := w.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: bagFolder(t.day) + name, Size: int64(len(t.files[name])), Mode: 0o640,
			ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
		})
		if err == nil {
			_, err = w.Write(t.files[name])
		}
		if err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// decodeTags unpacks and checks a tags object.
func decodeTags(day, sha256 string, data []byte) (*tagFiles, error) {
	files := map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(data))
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		name, found := strings.CutPrefix(header.Name, bagFolder(day))
		if !found || !slices.Contains(tagNames(), name) || header.Size > int64(len(data)) {
			return nil, fmt.Errorf("it contains %q", header.Name)
		}
		if files[name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
	t, err := decodeTagFiles(day, sha256, files)
	if err != nil {
		return nil, err
	}
	again, err := t.tar()
	if err == nil && !bytes.Equal(again, data) {
		err = errors.New("it is not in the archive's own form")
	}
	return t, cmp.Or(err)
}
