package archive

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Record is a line of packages.jsonl: one archived package.
type Record struct {
	// What the package is. Area is empty where the service named none; its path
	// says "unknown" then. Times are RFC 3339, UTC.
	Layer  teo.Layer `json:"layer"`
	Domain string    `json:"domain"`
	Area   string    `json:"area"`
	Name   string    `json:"log_packet_name"`
	Start  time.Time `json:"log_start_time"`
	End    time.Time `json:"log_end_time"`

	// Size is what the API said, in bytes; null where it said nothing.
	Size *int64 `json:"size"`

	// Path is the payload file, inside of the bag.
	Path string `json:"path"`

	// StoredBytes is the length of the file; the next three are what its gzip
	// members hold. A last line without a newline counts.
	StoredBytes       int64 `json:"stored_bytes"`
	UncompressedBytes int64 `json:"uncompressed_bytes"`
	Lines             int64 `json:"lines"`
	GzipMembers       int64 `json:"gzip_members"`

	// SHA256 of the file, in lower-case hex.
	SHA256 string `json:"sha256"`

	// RetrievedAt is when the download ended, UTC; SourceHost and SourcePath are
	// the URL without its query; RequestID is that of the listing.
	RetrievedAt time.Time `json:"retrieved_at"`
	SourceHost  string    `json:"source_host"`
	SourcePath  string    `json:"source_path"`
	RequestID   string    `json:"request_id"`

	// Supersedes are the hashes of earlier bytes of this package, oldest first.
	Supersedes []string `json:"supersedes,omitempty"`
}

// identity is that of the package when it was listed (teo.Package.Identity).
func (r *Record) identity() teo.Identity {
	id := teo.Identity{Area: r.Area, Host: r.Domain, Name: r.Name, Start: r.Start.Unix()}
	if r.Area == "" {
		id.Source = r.SourcePath
	}
	return id
}

// day is the bag the record belongs to.
func (r *Record) day() string { return dayOf(r.Start) }

// key is where the payload stands, from the prefix on.
func (r *Record) key() string { return bagFolder(r.day()) + r.Path }

// label names a package in messages.
func label(id teo.Identity) string {
	area := id.Area
	if area == "" {
		area = unknownArea
	}
	return fmt.Sprintf("%q (domain %q, area %q)", id.Name, id.Host, area)
}

// ordered sorts records by start, domain, area, name and path.
func ordered(records []Record) []Record {
	slices.SortFunc(records, func(a, b Record) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Domain, b.Domain),
			strings.Compare(a.Area, b.Area), strings.Compare(a.Name, b.Name), strings.Compare(a.Path, b.Path))
	})
	return records
}

// encodeLines writes JSON lines.
func encodeLines[T any](values []T) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for i := range values {
		if err := encoder.Encode(&values[i]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// decodeLines reads JSON lines. It returns what could be read, and the first
// fault.
func decodeLines[T any](data []byte) ([]T, error) {
	var (
		values []T
		fault  error
		line   int
	)
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		line++
		var value T
		if err := json.Unmarshal(scanner.Bytes(), &value); err != nil {
			if fault == nil {
				fault = fmt.Errorf("line %d: %w", line, err)
			}
			continue
		}
		values = append(values, value)
	}
	if fault == nil {
		fault = scanner.Err()
	}
	if fault == nil && len(data) > 0 && data[len(data)-1] != '\n' {
		fault = fmt.Errorf("line %d ends without a newline", line)
	}
	return values, fault
}

// credible tells whether a record read from a bucket can be one of a day's bag:
// its path must be inside of the payload and nowhere else.
func (r *Record) credible(day string) bool {
	return len(r.SHA256) == 64 && r.StoredBytes > 0 && r.day() == day && insidePayload(r.Path)
}

func insidePayload(path string) bool {
	if !strings.HasPrefix(path, payloadFolder) {
		return false
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.Contains(part, `\`) {
			return false
		}
	}
	return true
}
