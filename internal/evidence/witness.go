package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// What a witness says if it has seen another history of the log than the one it was
// asked to cosign.
var (
	// ErrRolledBack means that the witness has cosigned a larger tree.
	ErrRolledBack = errors.New("the log was rolled back")
	// ErrRewritten means that the witness has cosigned a tree that the log does not
	// contain.
	ErrRewritten = errors.New("the history of the log was rewritten")
)

const (
	maxCosignatureBytes = 64 << 10

	// maxProofHashes is the largest number of hashes that a request may have.
	maxProofHashes = 63

	// witnessAttempts bounds how often a witness is asked again with another old
	// size. One repetition is normal; others are needed only if somebody else
	// submits a head at the same time.
	witnessAttempts = 4
)

// Witness is an independent party that cosigns the heads of logs (C2SP
// tlog-witness). It remembers the last head of each log, and cosigns another one only
// if that contains it.
type Witness struct {
	// URL is the prefix of the address; "/add-checkpoint" is added to it.
	URL string
	// Key is the public key of the witness.
	Key VerifierKey
}

// Cosign asks the witness to cosign a note and returns the note with its cosignature
// line, which was verified. old is the size that the witness is believed to have
// cosigned last, or 0. prove returns the consistency proof from a size to that of the
// note, and is called for sizes from 1 to that of the note.
//
// An error wraps [ErrRolledBack] or [ErrRewritten] if the witness has seen another
// history.
func (w Witness) Cosign(ctx context.Context, o Options, n Note, old int64, prove func(old int64) (tlog.TreeProof, error)) (Note, error) {
	if !w.Key.Witness() {
		return Note{}, fmt.Errorf("the key %s is not that of a witness", w.Key.Name())
	}
	if _, err := ParseURL(w.URL, false); err != nil {
		return Note{}, err
	}
	size := n.Checkpoint.Size
	if old > size {
		old = 0
	}
	for range witnessAttempts {
		body, err := request(n, old, prove)
		if err != nil {
			return Note{}, err
		}
		got, err := o.post(ctx, strings.TrimSuffix(w.URL, "/")+"/add-checkpoint", "text/plain; charset=utf-8", body, maxCosignatureBytes)
		if err != nil {
			return Note{}, err
		}
		if got.status != 409 {
			return w.accept(n, old, got)
		}
		known, err := knownSize(got)
		switch {
		case err != nil:
			return Note{}, err
		case known > size:
			return Note{}, fmt.Errorf("%w: the witness has cosigned %d entries, and now there are %d", ErrRolledBack, known, size)
		case known == old:
			return Note{}, fmt.Errorf("%w: the witness has cosigned another head of %d entries", ErrRewritten, known)
		}
		old = known
	}
	return Note{}, fmt.Errorf("the witness answered %d times with another size", witnessAttempts)
}

// request returns the body of an add-checkpoint request.
func request(n Note, old int64, prove func(int64) (tlog.TreeProof, error)) ([]byte, error) {
	body := fmt.Appendf(nil, "old %d\n", old)
	if old > 0 {
		proof, err := prove(old)
		if err != nil {
			return nil, fmt.Errorf("no consistency proof from %d entries: %w", old, err)
		}
		if len(proof) > maxProofHashes {
			return nil, fmt.Errorf("the consistency proof has %d hashes, more than %d", len(proof), maxProofHashes)
		}
		for _, hash := range proof {
			body = append(body, hash.String()+"\n"...)
		}
	}
	body = append(body, '\n')
	return append(body, n.Bytes...), nil
}

// knownSize returns the size in a response 409.
func knownSize(got answer) (int64, error) {
	text := strings.TrimSuffix(string(got.body), "\n")
	known, err := strconv.ParseInt(text, 10, 64)
	if err != nil || known < 0 || strconv.FormatInt(known, 10) != text {
		return 0, fmt.Errorf("the witness answered with HTTP 409 and no size: %s", excerpt(text, got.secrets...))
	}
	return known, nil
}

// accept returns the note with the cosignature of an answer.
func (w Witness) accept(n Note, old int64, got answer) (Note, error) {
	switch got.status {
	case 200:
	case 404:
		return Note{}, fmt.Errorf("the witness does not know the log %q; its operator must add it", n.Checkpoint.Origin)
	case 403:
		return Note{}, fmt.Errorf("the witness knows the log %q, but with another key", n.Checkpoint.Origin)
	case 422:
		return Note{}, fmt.Errorf("%w: the witness has cosigned a tree of %d entries that this one does not contain", ErrRewritten, old)
	default:
		return Note{}, fmt.Errorf("the witness answered with HTTP %d: %s", got.status, excerpt(string(got.body), got.secrets...))
	}
	// The answer may have lines of other keys; only the line of this key is kept.
	text, _, _ := bytes.Cut(n.Bytes, []byte("\n\n"))
	answered, err := ParseNote(append(append(bytes.Clone(text), "\n\n"...), got.body...))
	if err != nil {
		return Note{}, fmt.Errorf("the answer is not a cosignature: %w", err)
	}
	signature, err := answered.signature(w.Key)
	if err != nil {
		return Note{}, fmt.Errorf("the answer is not a valid cosignature: %w", err)
	}
	cosigned, err := ParseNote(fmt.Appendf(bytes.Clone(n.Bytes), "— %s %s\n", signature.Name, signature.Base64))
	if err != nil {
		return Note{}, err
	}
	return cosigned, cosigned.Verify(w.Key)
}
