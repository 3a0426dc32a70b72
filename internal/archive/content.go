package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// relation is how the decompressed contents of two versions of a package relate.
type relation int

const (
	unrelated relation = iota
	sameContent
	extends    // the new content starts with the old one
	startsWith // the same, because the new file starts with the old one
	extendedBy // the old content starts with the new one
	unreadable // the old version cannot be read, and the new file does not start with it
)

// relate compares two stored versions of a package. It reads the new one, and
// the old one unless that is damaged or the new file starts with its bytes.
func relate(ctx context.Context, b bucket.Bucket, was, is *Record, damaged bool) (relation, error) {
	if was.StoredBytes < is.StoredBytes {
		body, err := b.Open(ctx, is.Key())
		if err != nil {
			return 0, err
		}
		sha, n, err := hashAll(io.LimitReader(body, was.StoredBytes))
		body.Close()
		if err != nil {
			return 0, err
		}
		if n == was.StoredBytes && sha == was.SHA256 {
			return startsWith, nil
		}
	}
	if damaged {
		return unreadable, nil
	}
	oldBody, err := b.Open(ctx, was.Key())
	if errors.Is(err, bucket.ErrNotExist) {
		return unreadable, nil
	}
	if err != nil {
		return 0, err
	}
	defer oldBody.Close()
	newBody, err := b.Open(ctx, is.Key())
	if err != nil {
		return 0, err
	}
	defer newBody.Close()
	return relateContent(oldBody, newBody)
}

// bufferSize is the number of bytes that are compared at once.
const bufferSize = 16 << 10

// relateContent compares two streams of gzip members.
func relateContent(oldBody, newBody io.Reader) (relation, error) {
	was, err := gzip.NewReader(bufio.NewReader(oldBody))
	if err != nil {
		return unreadable, nil //nolint:nilerr // the old version is damaged
	}
	is, err := gzip.NewReader(bufio.NewReader(newBody))
	if err != nil {
		return 0, err
	}
	a, b := make([]byte, bufferSize), make([]byte, bufferSize)
	for {
		n, errOld := io.ReadFull(was, a)
		m, errNew := io.ReadFull(is, b)
		oldEnds := errors.Is(errOld, io.EOF) || errors.Is(errOld, io.ErrUnexpectedEOF)
		newEnds := errors.Is(errNew, io.EOF) || errors.Is(errNew, io.ErrUnexpectedEOF)
		switch {
		case errOld != nil && !oldEnds:
			return unreadable, nil
		case errNew != nil && !newEnds:
			return 0, errNew
		case !bytes.Equal(a[:min(n, m)], b[:min(n, m)]):
			return unrelated, nil
		case n < m:
			return extends, nil
		case n > m:
			return extendedBy, nil
		case oldEnds && newEnds:
			return sameContent, nil
		case oldEnds:
			return extends, nil
		case newEnds:
			return extendedBy, nil
		}
	}
}
