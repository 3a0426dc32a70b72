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

// chunk is how much is read at once, in bytes.
const chunk = 128 << 10

// payloadType is the content type of stored packages. They carry no content
// encoding: nobody on the way may unpack them.
const payloadType = "application/gzip"

// reader is what one copy needs again and again: its buffers, and what it has
// counted. It belongs to one goroutine.
type reader struct {
	tap     tap
	buffer  *bufio.Reader
	gzip    *gzip.Reader
	scratch []byte
}

// tap passes on what it reads to a hash and a writer. That way one pull of the
// unpacking does everything, and each byte is touched while it is warm.
type tap struct {
	from io.Reader
	to   io.Writer
	hash hash.Hash
	n    int64

	// readErr and writeErr tell whose fault a failure is.
	readErr, writeErr error
}

func newReader() *reader {
	r := &reader{scratch: make([]byte, chunk)}
	r.tap.hash = sha256.New()
	r.buffer = bufio.NewReaderSize(&r.tap, chunk)
	return r
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	if n > 0 {
		t.n += int64(n)
		t.hash.Write(p[:n])
		if _, t.writeErr = t.to.Write(p[:n]); t.writeErr != nil {
			return 0, t.writeErr
		}
	}
	if err != nil && err != io.EOF { //nolint:errorlint // the contract of io.Reader
		t.readErr = err
	}
	return n, err
}

// copy reads from to its end into to, and counts. The record's fields about
// content are filled in. A fault of the content is ErrDamaged or ErrNotPackage;
// r.tap tells one of the reading and one of the writing.
func (r *reader) copy(to io.Writer, from io.Reader, into *Record) error {
	r.tap = tap{from: from, to: to, hash: r.tap.hash}
	r.tap.hash.Reset()
	r.buffer.Reset(&r.tap)
	*into = Record{}
	var last byte
	err := r.members(func(p []byte) {
		into.UncompressedBytes += int64(len(p))
		into.Lines += int64(bytes.Count(p, newline))
		last = p[len(p)-1]
	}, &into.GzipMembers)
	switch {
	case r.tap.writeErr != nil:
		return r.tap.writeErr
	case r.tap.readErr != nil:
		return r.tap.readErr
	case err != nil:
		return err
	}
	if into.UncompressedBytes > 0 && last != '\n' {
		into.Lines++
	}
	into.StoredBytes = r.tap.n
	into.SHA256 = hex.EncodeToString(r.tap.hash.Sum(nil))
	return nil
}

var newline = []byte("\n")

// members unpacks one gzip member after the other; each must end with its
// checksum, and nothing else may follow the last.
func (r *reader) members(each func([]byte), count *int64) error {
	for {
		var err error
		if r.gzip == nil {
			r.gzip, err = gzip.NewReader(r.buffer)
		} else {
			err = r.gzip.Reset(r.buffer)
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
		r.gzip.Multistream(false)
		for {
			n, err := r.gzip.Read(r.scratch)
			if n > 0 {
				each(r.scratch[:n])
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
