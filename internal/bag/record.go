package bag

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Record is one version of a package in an archive: a line of packages.jsonl and of
// records/. Times are UTC.
type Record struct {
	// Identity of the package. Domain is set for layer 7, ProxyID for layer 4.
	// Area is empty if the service named none.
	Layer   teo.Layer `json:"layer"`
	Domain  string    `json:"domain,omitempty"`
	ProxyID string    `json:"proxy_id,omitempty"`
	Area    string    `json:"area"`
	Name    string    `json:"log_packet_name"`
	Start   time.Time `json:"log_start_time"`
	End     time.Time `json:"log_end_time"`

	// Size is the size that the service listed, in bytes; nil if it listed none.
	Size *int64 `json:"size"`

	// Path is the file below the folder of the bag.
	Path string `json:"path"`

	// StoredBytes is the length of the file, and SHA256 its hash. The other counts
	// describe its decompressed content; a last line without a newline counts. They
	// are 0 if it cannot be decompressed.
	StoredBytes       int64  `json:"stored_bytes"`
	UncompressedBytes int64  `json:"uncompressed_bytes"`
	Lines             int64  `json:"lines"`
	GzipMembers       int64  `json:"gzip_members"`
	SHA256            string `json:"sha256"`

	// Provenance: when the download ended, the URL without anything that
	// authorizes, and the request ID of the listing.
	RetrievedAt  time.Time `json:"retrieved_at"`
	SourceScheme string    `json:"source_scheme,omitempty"`
	SourceHost   string    `json:"source_host,omitempty"`
	SourcePath   string    `json:"source_path,omitempty"`
	RequestID    string    `json:"request_id,omitempty"`

	// Bag is the folder of the bag, without a slash at the end.
	Bag string `json:"bag"`

	// ContentSHA256 is the hash of the decompressed content; empty if it cannot be
	// decompressed.
	ContentSHA256 string `json:"content_sha256,omitempty"`

	// Supersedes is the version that was current before this one; nil for the
	// first version.
	Supersedes *Superseded `json:"supersedes,omitempty"`

	// Extends says whether the content begins with all of the content of the
	// superseded version; nil if there is none, or one of them cannot be
	// decompressed.
	Extends *bool `json:"extends,omitempty"`

	// TailBytes is the number of bytes after the last gzip member.
	TailBytes int64 `json:"tail_bytes,omitempty"`

	// Unreadable is why the file cannot be decompressed; empty if it can be.
	Unreadable string `json:"unreadable,omitempty"`
}

// Superseded names an earlier version of a package.
type Superseded struct {
	Path   string `json:"path"` // its key: folder of the bag and path below it
	SHA256 string `json:"sha256"`
}

// NewRecord describes a listed package. It lacks the bag, the path, the measures of
// the file, the time of the download, and the superseded version.
func NewRecord(layer teo.Layer, p *teo.Package) Record {
	r := Record{
		Layer: layer, Area: p.Area, Name: p.Name, Start: p.Start.UTC(), End: p.End.UTC(), Size: p.Size, RequestID: p.RequestID,
	}
	if layer == teo.L4 {
		r.ProxyID = p.Host()
	} else {
		r.Domain = p.Host()
	}
	if p.End.IsZero() {
		r.End = r.Start.Add(time.Hour) // the longest slot
	}
	r.SourceScheme, r.SourceHost, r.SourcePath = Source(p.URL)
	return r
}

// Key returns the key of the file: the folder of the bag and the path below it.
func (r *Record) Key() string { return r.Bag + "/" + r.Path }

// Day returns the UTC day of the package's start.
func (r *Record) Day() string { return Day(r.Start) }

// Host returns the domain or the proxy ID.
func (r *Record) Host() string { return cmp.Or(r.Domain, r.ProxyID) }

// Identity returns the identity of the package.
func (r *Record) Identity() Identity {
	return Identity{Layer: r.Layer, Host: r.Host(), Area: r.Area, Name: r.Name, Start: r.Start.Unix()}
}

// Check returns an error if the record cannot be one of an archive. The path of a
// record without an error is the one of its identity, in a bag of its day.
func (r *Record) Check() error {
	for _, text := range []string{
		r.Domain, r.ProxyID, r.Area, r.Name, r.SourceScheme, r.SourceHost, r.SourcePath, r.RequestID, r.Unreadable,
	} {
		if !utf8.ValidString(text) {
			return errors.New("text that is not UTF-8")
		}
	}
	switch {
	case r.Layer != teo.L7 && r.Layer != teo.L4:
		return fmt.Errorf("unknown layer %s", quote(string(r.Layer)))
	case r.Layer == teo.L7 && r.ProxyID != "", r.Layer == teo.L4 && r.Domain != "":
		return errors.New("a domain or proxy ID of the other layer")
	case !validYear(r.Start), !validYear(r.End), !validYear(r.RetrievedAt):
		return errors.New("a missing time")
	}
	if folder, _, ok := Split(r.Bag + "/"); !ok || folder != r.Bag || FolderDay(folder) != r.Day() {
		return fmt.Errorf("%s is not a bag of %s", quote(r.Bag), r.Day())
	}
	// A later version keeps the path of the first one, though its URL can differ.
	if id := r.Identity(); !id.owns(r.Path) {
		return fmt.Errorf("%s is not the path of %s", quote(r.Path), id)
	}
	if err := r.checkMeasure(); err != nil {
		return err
	}
	return r.checkSuperseded()
}

func validYear(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 && !t.IsZero() }

func (r *Record) checkMeasure() error {
	switch {
	case !isHash(r.SHA256):
		return errors.New("no SHA-256")
	case r.StoredBytes <= 0, r.UncompressedBytes < 0, r.Lines < 0, r.Lines > r.UncompressedBytes, r.TailBytes < 0, r.TailBytes >= r.StoredBytes:
		return errors.New("impossible counts")
	case r.Unreadable == "" && (r.GzipMembers < 1 || !isHash(r.ContentSHA256)):
		return errors.New("no gzip members, or no SHA-256 of the content")
	case r.Unreadable != "" && (r.UncompressedBytes != 0 || r.GzipMembers != 0 || r.TailBytes != 0 || r.ContentSHA256 != "" || r.Extends != nil):
		return errors.New("content of a file that cannot be decompressed")
	}
	return nil
}

func (r *Record) checkSuperseded() error {
	if r.Supersedes == nil {
		if r.Extends != nil {
			return errors.New("extends without a superseded version")
		}
		return nil
	}
	folder, path, ok := Split(r.Supersedes.Path)
	id := r.Identity()
	switch {
	case !ok || FolderDay(folder) != r.Day() || folder == r.Bag || !id.owns(path):
		return fmt.Errorf("%s is not another version of %s", quote(r.Supersedes.Path), id)
	case !isHash(r.Supersedes.SHA256):
		return errors.New("no SHA-256 of the superseded version")
	}
	return nil
}

// Compare orders records by start, host, area, name, path and hash.
func Compare(a, b *Record) int {
	return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Host(), b.Host()), strings.Compare(a.Area, b.Area),
		strings.Compare(a.Name, b.Name), strings.Compare(a.Path, b.Path), strings.Compare(a.SHA256, b.SHA256))
}

// maxLine is the maximum length of a record's line, in bytes.
const maxLine = 64 << 10

// Encode returns the records as JSON lines, in their order. The lines are printable
// ASCII: whatever the service named a package, a terminal shows what a record
// contains. It returns an error if Decode would.
func Encode(records []Record) ([]byte, error) {
	var e encoder
	var b bytes.Buffer
	for i := range records {
		r := &records[i]
		line, err := e.encode(r)
		if err == nil {
			err = r.Check()
		}
		if err != nil {
			return nil, fmt.Errorf("record of %s: %w", r.Identity(), err)
		}
		b.Write(line)
	}
	return b.Bytes(), nil
}

// encoder encodes one record after the other in the same memory.
type encoder struct{ json, line bytes.Buffer }

// encode returns the line of a record, which is valid until the next one.
func (e *encoder) encode(r *Record) ([]byte, error) {
	e.json.Reset()
	e.line.Reset()
	j := json.NewEncoder(&e.json)
	j.SetEscapeHTML(false)
	if err := j.Encode(r); err != nil {
		return nil, err
	}
	for text := e.json.Bytes(); len(text) > 0; {
		c, size := utf8.DecodeRune(text)
		switch {
		case c < 0x7f:
			e.line.WriteByte(byte(c))
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&e.line, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&e.line, `\u%04x`, c)
		}
		text = text[size:]
	}
	if e.line.Len() > maxLine {
		return nil, fmt.Errorf("it is longer than %d bytes", maxLine)
	}
	return e.line.Bytes(), nil
}

// Decode returns the records of JSON lines one by one. Each line must be what Encode
// writes, byte for byte; the first one that is not is an error, which ends the
// sequence.
func Decode(from io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		lines := bufio.NewReaderSize(from, maxLine)
		var e encoder
		for number := 1; ; number++ {
			line, err := lines.ReadSlice('\n')
			switch {
			case errors.Is(err, io.EOF) && len(line) == 0:
				return
			case errors.Is(err, io.EOF):
				err = errors.New("it is cut short")
			case errors.Is(err, bufio.ErrBufferFull):
				err = fmt.Errorf("it is longer than %d bytes", maxLine)
			case err != nil:
				yield(Record{}, err)
				return
			}
			var r Record
			if err == nil {
				r, err = e.decode(line)
			}
			if err != nil {
				yield(Record{}, fmt.Errorf("line %d: %w", number, err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// decode decodes one line.
func (e *encoder) decode(line []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return Record{}, errors.New("it is not a record") // err can contain parts of the line
	}
	r.Start, r.End, r.RetrievedAt = r.Start.UTC(), r.End.UTC(), r.RetrievedAt.UTC()
	if err := r.Check(); err != nil {
		return Record{}, err
	}
	again, err := e.encode(&r)
	if err != nil {
		return Record{}, err
	}
	if !bytes.Equal(again, line) {
		return Record{}, errors.New("it is not in the form that the provider writes")
	}
	return r, nil
}
