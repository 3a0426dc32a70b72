package archive

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

// readSize is the number of bytes that are read at once.
const readSize = 128 << 10

// content is what is measured of a payload file.
type content struct {
	stored, uncompressed, lines, members int64
	sha256                               string
}

// into writes the measures to a record.
func (c *content) into(r *Record) {
	r.StoredBytes, r.UncompressedBytes, r.Lines, r.GzipMembers, r.SHA256 = c.stored, c.uncompressed, c.lines, c.members, c.sha256
}

// differs says which measure of a payload file is not the one of its record;
// empty if none differs. Counts that the record does not know are not compared.
func (c *content) differs(r *Record) string {
	switch {
	case c.stored != r.StoredBytes:
		return fmt.Sprintf("it has %d bytes instead of %d", c.stored, r.StoredBytes)
	case c.sha256 != r.SHA256:
		return "its SHA-256 is not the recorded one"
	case r.GzipMembers == 0:
		return ""
	case c.uncompressed != r.UncompressedBytes:
		return fmt.Sprintf("it contains %d bytes instead of %d", c.uncompressed, r.UncompressedBytes)
	case c.lines != r.Lines:
		return fmt.Sprintf("it contains %d lines instead of %d", c.lines, r.Lines)
	case c.members != r.GzipMembers:
		return fmt.Sprintf("it contains %d gzip members instead of %d", c.members, r.GzipMembers)
	}
	return ""
}

// meter measures payload files, one after the other: it hashes, decompresses
// and counts in one pass. It belongs to one goroutine and is reused, because its
// buffers are large.
type meter struct {
	tee     tee
	buffer  *bufio.Reader
	gzip    *gzip.Reader
	scratch []byte
}

// tee passes what is read on to a hash and to a writer.
type tee struct {
	from io.Reader
	to   io.Writer // may be nil
	hash hash.Hash
	n    int64

	// readErr and writeErr say on which side a failure occurred.
	readErr, writeErr error
}

func newMeter() *meter {
	m := &meter{scratch: make([]byte, readSize)}
	m.tee.hash = sha256.New()
	m.buffer = bufio.NewReaderSize(&m.tee, readSize)
	return m
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	if n > 0 {
		t.n += int64(n)
		t.hash.Write(p[:n])
		if t.to != nil {
			if _, t.writeErr = t.to.Write(p[:n]); t.writeErr != nil {
				return 0, t.writeErr
			}
		}
	}
	if err != nil && err != io.EOF {
		t.readErr = err
	}
	return n, err
}

// copy reads from to its end, writes the bytes to to (which may be nil), and
// measures them. Damaged content is ErrDamaged or ErrNotPackage; m.tee says
// whether reading or writing failed.
func (m *meter) copy(to io.Writer, from io.Reader) (content, error) {
	m.tee = tee{from: from, to: to, hash: m.tee.hash}
	m.tee.hash.Reset()
	m.buffer.Reset(&m.tee)
	var c content
	last := newline
	err := m.members(&c.members, func(p []byte) {
		c.uncompressed += int64(len(p))
		c.lines += int64(bytes.Count(p, []byte{newline}))
		last = p[len(p)-1]
	})
	switch {
	case m.tee.writeErr != nil:
		return content{}, m.tee.writeErr
	case m.tee.readErr != nil:
		return content{}, m.tee.readErr
	case err != nil:
		return content{}, err
	}
	if last != newline {
		c.lines++
	}
	c.stored = m.tee.n
	c.sha256 = hex.EncodeToString(m.tee.hash.Sum(nil))
	return c, nil
}

const newline = byte('\n')

// members decompresses one gzip member after the other. Each must end with its
// checksum, and nothing else may follow the last one.
func (m *meter) members(count *int64, each func([]byte)) error {
	for {
		var err error
		if m.gzip == nil {
			m.gzip, err = gzip.NewReader(m.buffer)
		} else {
			err = m.gzip.Reset(m.buffer)
		}
		switch {
		case err == io.EOF && *count > 0: //nolint:errorlint // as documented by gzip.Reader.Reset
			return nil
		case errors.Is(err, gzip.ErrHeader) && *count == 0:
			return ErrNotPackage
		case errors.Is(err, io.EOF) && *count == 0:
			return fmt.Errorf("%w: it is empty or ends in its header", ErrDamaged)
		case err != nil:
			return fmt.Errorf("%w: after %d gzip members: %w", ErrDamaged, *count, err)
		}
		m.gzip.Multistream(false)
		for {
			n, err := m.gzip.Read(m.scratch)
			if n > 0 {
				each(m.scratch[:n])
			}
			if err == io.EOF { //nolint:errorlint // the contract of io.Reader
				break
			}
			if err != nil {
				return fmt.Errorf("%w: in gzip member %d: %w", ErrDamaged, *count+1, err)
			}
		}
		*count++
	}
}

// hashAll hashes what a reader returns.
func hashAll(r io.Reader) (sha string, n int64, err error) {
	h := sha256.New()
	n, err = io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), n, err
}
