package archive

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Record is one archived package: a line of packages.jsonl and of checkpoints.
type Record struct {
	// Identity of the package. Domain is set for layer 7, ProxyID for layer 4.
	// Area is empty if the service named none. Times are UTC.
	Layer   teo.Layer `json:"layer"`
	Domain  string    `json:"domain,omitempty"`
	ProxyID string    `json:"proxy_id,omitempty"`
	Area    string    `json:"area"`
	Name    string    `json:"log_packet_name"`
	Start   time.Time `json:"log_start_time"`
	End     time.Time `json:"log_end_time"`

	// Size is the size that the service listed for the archived bytes; null if
	// it listed none. ListedSize is set if the service has listed another size
	// since, and what it served then was not kept in place of the archived bytes.
	Size       *int64 `json:"size"`
	ListedSize *int64 `json:"listed_size,omitempty"`

	// Path is the payload file, relative to the bag.
	Path string `json:"path"`

	// StoredBytes is the length of the file, and SHA256 its hash. The other
	// counts describe its decompressed content; a last line without a newline
	// counts.
	StoredBytes       int64  `json:"stored_bytes"`
	UncompressedBytes int64  `json:"uncompressed_bytes"`
	Lines             int64  `json:"lines"`
	GzipMembers       int64  `json:"gzip_members"`
	SHA256            string `json:"sha256"`

	// Provenance: when the download ended, the URL without anything that
	// authorizes, and the request ID of the listing. All of it is absent if the
	// record was rebuilt from the payload.
	RetrievedAt  *time.Time `json:"retrieved_at,omitempty"`
	SourceScheme string     `json:"source_scheme,omitempty"`
	SourceHost   string     `json:"source_host,omitempty"`
	SourcePath   string     `json:"source_path,omitempty"`
	RequestID    string     `json:"request_id,omitempty"`

	// Supersedes are the hashes of earlier versions of the package, oldest first.
	Supersedes []string `json:"supersedes,omitempty"`
}

// Host is the domain or the proxy ID.
func (r *Record) Host() string { return cmp.Or(r.Domain, r.ProxyID) }

// Day is the UTC day of the bag that the record belongs to.
func (r *Record) Day() string { return dayOf(r.Start) }

// Key is the key of the payload in the bucket.
func (r *Record) Key() string { return bagFolder(r.Day()) + r.Path }

// label names the package in messages.
func (r *Record) label() string {
	return identity{layer: r.Layer, area: r.Area, host: r.Host(), name: r.Name}.label()
}

// first is the path of the package's first version, which stands for its
// identity within a day.
func (r *Record) first() string { return firstPath(r.Path) }

// listedSize is the size that the service listed last.
func (r *Record) listedSize() *int64 {
	if r.ListedSize != nil {
		return r.ListedSize
	}
	return r.Size
}

// check reports whether a record can be one of a day's bag. Nothing outside of
// the payload folder can be named, and nothing that a shell could misread.
func (r *Record) check() error {
	switch {
	case r.Layer != teo.L7 && r.Layer != teo.L4:
		return fmt.Errorf("unknown layer %q", r.Layer)
	case !payloadName.MatchString(r.Path) || strings.Contains(r.Path, "/.") || len(r.Path) > 1024:
		return fmt.Errorf("unsafe path %q", r.Path)
	case !hexHash.MatchString(r.SHA256):
		return errors.New("no SHA-256")
	case r.StoredBytes <= 0 || r.UncompressedBytes < 0 || r.Lines < 0 || r.GzipMembers < 0:
		return errors.New("impossible counts")
	case r.Start.IsZero() || r.Start.Year() < 1 || r.Start.Year() > 9999:
		return errors.New("no start")
	}
	for _, hash := range r.Supersedes {
		if !hexHash.MatchString(hash) {
			return errors.New("no SHA-256 of a superseded version")
		}
	}
	return nil
}

// compareRecords orders by start, host, area, name, path and hash.
func compareRecords(a, b Record) int {
	return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Host(), b.Host()), strings.Compare(a.Area, b.Area),
		strings.Compare(a.Name, b.Name), strings.Compare(a.Path, b.Path), strings.Compare(a.SHA256, b.SHA256))
}

// encodeRecords writes JSON lines.
func encodeRecords(records []Record) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for i := range records {
		if err := encoder.Encode(&records[i]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// decodeRecords reads JSON lines. Every line must be a valid record and end with
// a newline.
func decodeRecords(data []byte) ([]Record, error) {
	var records []Record
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if line[len(line)-1] != '\n' {
			return nil, fmt.Errorf("line %d is cut short", number)
		}
		var r Record
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&r)
		if err == nil && decoder.More() {
			err = errors.New("more than one value")
		}
		if err == nil {
			err = r.check()
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		r.Start, r.End = r.Start.UTC(), r.End.UTC()
		records = append(records, r)
	}
	return records, nil
}

// recordAt rebuilds what the path of a payload file says about its package: the
// identity, without provenance.
func recordAt(day, path string) (Record, error) {
	if !payloadName.MatchString(path) {
		return Record{}, fmt.Errorf("%q is not the path of a package", path)
	}
	parts := strings.Split(strings.TrimSuffix(firstPath(path), payloadSuffix), "/")
	kind, host, _ := strings.Cut(parts[1], "=")
	_, area, _ := strings.Cut(parts[2], "=")
	r := Record{Layer: teo.L7, Path: path, Area: unescape(area), Name: unescape(parts[4])}
	if r.Area == unknownArea {
		r.Area = ""
	}
	if kind == "proxy" {
		r.Layer, r.ProxyID = teo.L4, unescape(host)
	} else {
		r.Domain = unescape(host)
	}
	if slot, err := teo.ParsePacketName(r.Name); err == nil && dayOf(slot.Start) == day {
		r.Start, r.End = slot.Start, slot.End
		return r, nil
	}
	hour, err := time.Parse(time.DateOnly+" 15", day+" "+strings.TrimPrefix(parts[3], "hour="))
	if err != nil {
		return Record{}, fmt.Errorf("%q is not the path of a package", path)
	}
	r.Start, r.End = hour, hour.Add(time.Hour)
	return r, nil
}

// unescape reverses escape as far as its hash marks allow.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		var c byte
		if _, err := fmt.Sscanf(text[i:min(i+4, len(text))], "~x%02x", &c); err == nil {
			b.WriteByte(c)
			i += 3
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
