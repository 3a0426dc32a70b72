package evidence

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxNoteBytes is the maximum size of a signed note that is read.
const MaxNoteBytes = 64 << 10

// Checkpoint is the head of a log: what is signed (C2SP tlog-checkpoint).
type Checkpoint struct {
	// Origin names the log. A witness keeps one history for each origin.
	Origin string
	// Size is the number of entries.
	Size int64
	// Root is the RFC 6962 root hash of the entries.
	Root tlog.Hash
}

// Text returns the text of the note: three lines, without signatures.
func (c Checkpoint) Text() string { return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root) }

// ParseCheckpoint parses the text of a note. It accepts exactly what Text writes:
// extension lines are an error, because no log of this program has any.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, errors.New("a checkpoint has three lines: origin, size, root hash")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, errors.New("the size of the checkpoint is not a decimal number")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil || root.String() != lines[2] {
		return Checkpoint{}, errors.New("the root hash of the checkpoint is not a SHA-256 hash in base64")
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// Note is a signed checkpoint. Nothing is known of its signatures before Verify.
type Note struct {
	// Bytes are the whole note as stored.
	Bytes []byte
	// Checkpoint is what the note states.
	Checkpoint Checkpoint
}

// ParseNote parses a signed note, and verifies no signature.
func ParseNote(b []byte) (Note, error) {
	if len(b) > MaxNoteBytes {
		return Note{}, fmt.Errorf("a signed note has at most %d bytes, not %d", MaxNoteBytes, len(b))
	}
	_, err := note.Open(b, nil)
	unverified, ok := errors.AsType[*note.UnverifiedNoteError](err)
	if !ok {
		return Note{}, errors.New("it is not a signed note")
	}
	checkpoint, err := ParseCheckpoint(unverified.Note.Text)
	if err != nil {
		return Note{}, err
	}
	return Note{Bytes: b, Checkpoint: checkpoint}, nil
}

// ErrNotSigned is returned by Verify if the note has no signature line of the key.
var ErrNotSigned = errors.New("it has no signature of the key")

// Verify returns nil if the key, of a log or of a witness, signed the note.
func (n Note) Verify(key VerifierKey) error {
	_, err := n.signature(key)
	return err
}

func (n Note) signature(key VerifierKey) (note.Signature, error) {
	opened, err := note.Open(n.Bytes, note.VerifierList(key))
	switch {
	case err == nil:
		return opened.Sigs[0], nil
	case isType[*note.UnverifiedNoteError](err):
		return note.Signature{}, fmt.Errorf("%w %s", ErrNotSigned, key.Name())
	case isType[*note.InvalidSignatureError](err):
		return note.Signature{}, fmt.Errorf("its signature of the key %s is not valid", key.Name())
	}
	return note.Signature{}, errors.New("it is not a signed note")
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
