package bag

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Errors of content that cannot be decompressed; test for them with errors.Is.
var (
	// ErrNotPackage means that the content does not begin like a gzip file.
	ErrNotPackage = errors.New("it is not a gzip file")

	// ErrDamaged means that a gzip file is cut short or fails a check of its content.
	ErrDamaged = errors.New("the package is damaged")
)

// ReadError is an error of the reader that Meter.Copy reads from.
type ReadError struct{ Err error }

// Error returns the text of the cause.
func (e *ReadError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// WriteError is an error of the writer that Meter.Copy writes to.
type WriteError struct{ Err error }

// Error returns the text of the cause.
func (e *WriteError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// Measure is what one pass over the file of a package finds. The fields have the
// meaning that they have in a Record.
type Measure struct {
	StoredBytes, UncompressedBytes, Lines, GzipMembers, TailBytes int64
	SHA256, ContentSHA256, Unreadable                             string
	Extends                                                       *bool // nil without an earlier version
}

// Into writes the measure to a record.
func (m *Measure) Into(r *Record) {
	r.StoredBytes, r.UncompressedBytes, r.Lines = m.StoredBytes, m.UncompressedBytes, m.Lines
	r.GzipMembers, r.TailBytes = m.GzipMembers, m.TailBytes
	r.SHA256, r.ContentSHA256, r.Unreadable, r.Extends = m.SHA256, m.ContentSHA256, m.Unreadable, m.Extends
}

// Differs says which part of the measure is not the recorded one; empty if all are.
// Extends is compared if both have it. Why a file cannot be decompressed is not
// compared: it is a text of the decompressor.
func (m *Measure) Differs(r *Record) string {
	for _, count := range []struct {
		is, want int64
		unit     string
	}{
		{m.StoredBytes, r.StoredBytes, "bytes"},
		{m.UncompressedBytes, r.UncompressedBytes, "uncompressed bytes"},
		{m.Lines, r.Lines, "lines"},
		{m.GzipMembers, r.GzipMembers, "gzip members"},
		{m.TailBytes, r.TailBytes, "bytes after the last gzip member"},
	} {
		if count.is != count.want {
			return fmt.Sprintf("it has %d %s instead of %d", count.is, count.unit, count.want)
		}
	}
	switch {
	case m.SHA256 != r.SHA256:
		return "its SHA-256 is not the recorded one"
	case m.ContentSHA256 != r.ContentSHA256:
		return "the SHA-256 of its content is not the recorded one"
	case (m.Unreadable == "") != (r.Unreadable == ""):
		return "it is recorded otherwise whether it can be decompressed"
	case m.Extends != nil && r.Extends != nil && *m.Extends != *r.Extends:
		return "it is recorded otherwise whether it begins with the content of the superseded version"
	}
	return ""
}

// Earlier is the content of an earlier version of a package.
type Earlier struct {
	UncompressedBytes int64
	SHA256            string // of the decompressed content
}

// readSize is the number of bytes that are read at once.
const readSize = 128 << 10

// Meter measures files, one after the other. It belongs to one goroutine and is
// reused, because its buffers are large.
type Meter struct {
	stored  tee
	content content
	buffer  *bufio.Reader
	gzip    *gzip.Reader
}

// NewMeter returns a meter with its buffers.
func NewMeter() *Meter {
	m := &Meter{}
	m.stored.hash, m.content.hash = sha256.New(), sha256.New()
	m.buffer = bufio.NewReaderSize(&m.stored, readSize)
	return m
}

// Copy reads a file to its end, writes the same bytes to to, which may be nil, and
// measures them. With an earlier version, it finds out whether the content begins
// with that one's.
//
// The error is a *ReadError or a *WriteError, and there is no measure; or it is
// ErrNotPackage or ErrDamaged after the whole file was copied, and the measure has
// StoredBytes, SHA256 and Unreadable.
func (m *Meter) Copy(to io.Writer, from io.Reader, earlier *Earlier) (Measure, error) {
	m.stored.reset(to, from)
	m.content.reset(earlier)
	m.buffer.Reset(&m.stored)
	var result Measure
	members, err := m.decompress()
	// Where decompress met a *ReadError or *WriteError, this read returns it again.
	tail, failed := io.Copy(io.Discard, m.buffer)
	switch {
	case failed != nil:
		return Measure{}, failed
	case err == nil:
		result = m.content.measure()
		result.GzipMembers, result.TailBytes = members, tail
	default:
		result.Unreadable = err.Error()
	}
	result.StoredBytes, result.SHA256 = m.stored.n, hexSum(m.stored.hash)
	return result, err
}

// decompress reads one gzip member after the other. Each must end with its checksum.
// It stops at the end, or at bytes that do not begin another member, as gzip(1) does.
func (m *Meter) decompress() (members int64, err error) {
	for {
		magic, err := m.buffer.Peek(2)
		switch {
		case members == 0 && len(magic) == 0:
			return 0, fmt.Errorf("%w: it is empty", ErrDamaged)
		case len(magic) > 0 && magic[0] != 0x1f, len(magic) > 1 && magic[1] != 0x8b:
			if members == 0 {
				return 0, ErrNotPackage
			}
			return members, nil
		case len(magic) == 0:
			return members, nil
		case err != nil:
			return members, fmt.Errorf("%w: it ends in the header of gzip member %d", ErrDamaged, members+1)
		}
		if m.gzip == nil {
			m.gzip, err = gzip.NewReader(m.buffer)
		} else {
			err = m.gzip.Reset(m.buffer)
		}
		if err == nil {
			m.gzip.Multistream(false)
			_, err = m.gzip.WriteTo(&m.content)
		}
		if err != nil {
			return members, fmt.Errorf("%w: gzip member %d: %w", ErrDamaged, members+1, err)
		}
		members++
	}
}

// tee passes what is read on to a hash and to a writer.
type tee struct {
	from io.Reader
	to   io.Writer // may be nil
	hash hash.Hash
	n    int64
	err  error // *ReadError or *WriteError
}

func (t *tee) reset(to io.Writer, from io.Reader) {
	t.hash.Reset()
	*t = tee{from: from, to: to, hash: t.hash}
}

// Read implements io.Reader.
func (t *tee) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.from.Read(p)
	if n > 0 {
		t.n += int64(n)
		t.hash.Write(p[:n])
		if t.to != nil {
			if _, err := t.to.Write(p[:n]); err != nil {
				t.err = &WriteError{Err: err}
				return 0, t.err
			}
		}
	}
	if err != nil && err != io.EOF {
		t.err = &ReadError{Err: err}
		return n, t.err
	}
	return n, err
}

// content counts and hashes decompressed content.
type content struct {
	hash    hash.Hash
	n       int64
	lines   int64
	last    byte
	earlier *Earlier
	extends bool
}

func (c *content) reset(earlier *Earlier) {
	c.hash.Reset()
	*c = content{hash: c.hash, last: newline, earlier: earlier}
	c.compare()
}

const newline = byte('\n')

// Write implements io.Writer.
func (c *content) Write(p []byte) (int, error) {
	written := len(p)
	if written == 0 {
		return 0, nil
	}
	c.lines += int64(bytes.Count(p, []byte{newline}))
	c.last = p[len(p)-1]
	if c.earlier != nil && c.n < c.earlier.UncompressedBytes && c.n+int64(len(p)) >= c.earlier.UncompressedBytes {
		begin := c.earlier.UncompressedBytes - c.n
		c.hash.Write(p[:begin])
		c.n += begin
		c.compare()
		p = p[begin:]
	}
	c.hash.Write(p)
	c.n += int64(len(p))
	return written, nil
}

// compare compares the content until now with the earlier version, if they have the
// same length.
func (c *content) compare() {
	if c.earlier != nil && c.n == c.earlier.UncompressedBytes {
		c.extends = hexSum(c.hash) == c.earlier.SHA256
	}
}

func (c *content) measure() Measure {
	m := Measure{UncompressedBytes: c.n, Lines: c.lines, ContentSHA256: hexSum(c.hash)}
	if c.last != newline {
		m.Lines++
	}
	if c.earlier != nil {
		extends := c.extends
		m.Extends = &extends
	}
	return m
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
