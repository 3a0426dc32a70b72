package archive

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// SignedOptions say what the newest signed head of an archive is checked with. With
// the zero value no signed head is read.
type SignedOptions struct {
	// Key is the public key of the archive's signer.
	Key *evidence.VerifierKey

	// Authorities are the CA certificates of time-stamp authorities.
	Authorities *x509.CertPool

	// Witnesses must have cosigned the head.
	Witnesses []evidence.VerifierKey
}

func (o SignedOptions) isZero() bool {
	return o.Key == nil && o.Authorities == nil && len(o.Witnesses) == 0
}

// SignedHead is the newest signed head of an archive.
type SignedHead struct {
	// Sequence is the number of the entry that is signed.
	Sequence int64

	// At is the time of the token; zero if none was verified.
	At time.Time

	// Witnesses are the names of the witnesses whose cosignatures were verified.
	Witnesses []string
}

// trees are the roots of the ledger at each of its entries, and the number of heads
// that were abandoned until then.
type trees []tree

type tree struct {
	root      tlog.Hash
	valid     bool
	abandoned int
}

func (t *trees) add(r *ledger.Replay) {
	for int64(len(*t)) < r.Head.Sequence {
		*t = append(*t, tree{})
	}
	root, err := r.Root()
	(*t)[r.Head.Sequence-1] = tree{root: root, valid: err == nil, abandoned: len(r.State.Abandoned)}
}

// at returns the tree of the first n entries.
func (t trees) at(n int64) (found tree, ok bool) {
	if n < 1 || n > int64(len(t)) {
		return tree{}, false
	}
	return t[n-1], t[n-1].valid
}

// signedCheck compares the signed heads of an archive with its ledger.
type signedCheck struct {
	bucket      bucket.Bucket
	options     SignedOptions
	parallelism int
	log         *ledger.Log
	trees       trees
	problems    *problems
}

func (c *signedCheck) problem(path, format string, args ...any) {
	c.problems.add(ProblemSignature, "", path, format, args...)
}

func (c *signedCheck) unsigned(path, format string, args ...any) {
	c.problems.add(ProblemUnsigned, "", path, format, args...)
}

// run returns the newest signed head; nil if no key, authority or witness is given, or
// if none is valid.
func (c *signedCheck) run(ctx context.Context) (*SignedHead, error) {
	if c.options.isZero() {
		return nil, nil //nolint:nilnil // there is nothing to check
	}
	numbers, notes, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	var head *SignedHead
	newest := int64(0)
	for i, n := range slices.Backward(numbers) {
		if notes[i] == nil {
			continue
		}
		note, ok := c.compare(n, notes[i])
		if ok && newest == 0 {
			newest = n
			if head, err = c.verify(ctx, n, note); err != nil {
				return nil, err
			}
		}
	}
	if newest == 0 {
		c.unsigned(SignedFolder, "the archive has no valid signed head")
		return nil, nil //nolint:nilnil // as the problem says
	}
	for n := newest + 1; n <= c.log.Head.Sequence; n++ {
		c.unsigned(ledger.Key(n), "no signed head covers this entry; the newest one is that of entry %d", newest)
	}
	return head, nil
}

// read reads all notes, in the order of their numbers. A note is nil if it was removed
// meanwhile.
func (c *signedCheck) read(ctx context.Context) (numbers []int64, notes [][]byte, err error) {
	for object, err := range c.bucket.List(ctx, bucket.Range{Prefix: SignedFolder}) {
		if err != nil {
			return nil, nil, err
		}
		if m := noteKey.FindStringSubmatch(object.Key); m != nil {
			n, _ := strconv.ParseInt(m[1], 10, 64)
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	notes = make([][]byte, len(numbers))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(c.parallelism)
	for i, n := range numbers {
		group.Go(func() (err error) {
			notes[i], err = readAll(inner, c.bucket, noteOf(n), evidence.MaxNoteBytes)
			switch {
			case errors.Is(err, errTooLarge):
				notes[i] = []byte{} // no note
				return nil
			case errors.Is(err, bucket.ErrNotExist):
				return nil // removed since it was listed
			}
			return err
		})
	}
	return numbers, notes, group.Wait()
}

// compare compares a note with the ledger. It returns false for a note that says
// nothing about the present ledger: one that is a problem, or one of a history that
// was abandoned.
func (c *signedCheck) compare(n int64, data []byte) (note evidence.Note, ok bool) {
	problem := func(format string, args ...any) (evidence.Note, bool) {
		c.problem(noteOf(n), format, args...)
		return evidence.Note{}, false
	}
	note, err := evidence.ParseNote(data)
	if err != nil {
		return problem("%s", err)
	}
	abandoned, ours := abandonedBefore(note.Checkpoint.Origin, c.log.Archive)
	at, known := c.trees.at(n)
	now := len(c.log.State.Abandoned)
	if known {
		now = at.abandoned
	}
	switch key := c.options.Key; {
	case !ours:
		return problem("its origin is not that of this archive: %q", note.Checkpoint.Origin)
	case note.Checkpoint.Size != n:
		return problem("it is the note of %d entries", note.Checkpoint.Size)
	case abandoned < now:
		return note, false
	case n > c.log.Head.Sequence && key != nil && note.Verify(*key) != nil:
		return problem("it signs %d entries, and the ledger has %d; the key did not sign it", n, c.log.Head.Sequence)
	case n > c.log.Head.Sequence:
		return problem("it signs %d entries, and the ledger has %d: the archive was rolled back", n, c.log.Head.Sequence)
	case abandoned > now || known && at.root != note.Checkpoint.Root:
		return problem("its tree is not that of the ledger: the ledger was rewritten, or the note is not one of this archive")
	}
	return note, true
}

// abandonedBefore returns the number of heads that were abandoned before the history
// that an origin names. It returns false for the origin of another archive.
func abandonedBefore(text, archive string) (abandoned int, ok bool) {
	name, epoch, _ := strings.Cut(text, "/"+archive)
	if n, err := strconv.Atoi(strings.TrimPrefix(epoch, "/")); err == nil {
		abandoned = n - 1
	}
	return abandoned, name != "" && text == origin(name, archive, abandoned)
}

// verify verifies the signatures and the token of a note. It returns nil if the key did
// not sign it.
func (c *signedCheck) verify(ctx context.Context, n int64, note evidence.Note) (*SignedHead, error) {
	o := c.options
	if o.Key != nil {
		if err := note.Verify(*o.Key); err != nil {
			c.problem(noteOf(n), "%s", err)
			return nil, nil //nolint:nilnil // as the problem says
		}
		if !strings.HasPrefix(note.Checkpoint.Origin, o.Key.Name()+"/"+c.log.Archive) {
			c.problem(noteOf(n), "its origin does not begin with the name of the key: %q", note.Checkpoint.Origin)
			return nil, nil //nolint:nilnil // as the problem says
		}
	}
	head := &SignedHead{Sequence: n, Witnesses: []string{}}
	for _, key := range o.Witnesses {
		_, err := note.Cosigned(key)
		switch {
		case err == nil:
			head.Witnesses = append(head.Witnesses, key.Name())
		case errors.Is(err, evidence.ErrNotSigned):
			c.unsigned(noteOf(n), "the witness %s has not cosigned it", key.Name())
		default:
			c.problem(noteOf(n), "%s", err)
		}
	}
	if o.Authorities == nil {
		return head, nil
	}
	der, err := readAll(ctx, c.bucket, tokenOf(n), evidence.MaxTokenBytes)
	switch {
	case errors.Is(err, bucket.ErrNotExist):
		c.unsigned(noteOf(n), "it has no time-stamp token")
		return head, nil
	case errors.Is(err, errTooLarge):
		c.problem(tokenOf(n), "%s", err)
		return head, nil
	case err != nil:
		return nil, err
	}
	if head.At, err = evidence.VerifyToken(ctx, der, note.Bytes, o.Authorities); err != nil {
		c.problem(tokenOf(n), "%s", err)
	}
	return head, nil
}
