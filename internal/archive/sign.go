package archive

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// SignedFolder has the signed heads: a note for the last entry of each run, and the
// answer of the time-stamp authority about the bytes of the note.
const SignedFolder = ledger.OwnFolder + "signed/"

var noteKey = regexp.MustCompile(`^\.teo-archive/signed/([0-9]{10})\.note$`)

func noteOf(sequence int64) string  { return fmt.Sprintf("%s%010d.note", SignedFolder, sequence) }
func tokenOf(sequence int64) string { return fmt.Sprintf("%s%010d.tsr", SignedFolder, sequence) }

// origin names the history of an archive for signatures and witnesses. Each accepted
// roll-back begins another one, because a witness cosigns no history that lost
// entries.
func origin(name, archive string, abandoned int) string {
	if abandoned == 0 {
		return name + "/" + archive
	}
	return name + "/" + archive + "/" + strconv.Itoa(abandoned+1)
}

// signer signs the head of a ledger.
type signer struct {
	config *Config
	log    *ledger.Log
}

// signHead signs the newest entry, unless that is done, and asks for a time-stamp
// token. It returns the number of the entry that is signed last. Everything that
// goes wrong is a warning, because the entries are committed and the next run signs
// them as well.
func (c *signer) signHead(ctx context.Context) (through int64, warnings []Warning) {
	s, head := c.config.Sign, c.log.Head.Sequence
	note, warnings, err := c.signNote(ctx)
	if err != nil {
		return s.Through, append(warnings, Warning{"Head of the archive is not signed", fmt.Sprintf(
			"Entry %d of %s is not signed: %s. The next run signs the head as it is then.", head, c.config.Bucket, err)})
	}
	if err := c.timestamp(ctx, note); err != nil {
		warnings = append(warnings, Warning{"Head of the archive has no time-stamp token", fmt.Sprintf(
			"Entry %d of %s is signed, but without a token of %s: %s. The next run asks for a token again, of the head as it is then.", head, c.config.Bucket, s.Timestamp, err)})
	}
	return head, warnings
}

// signNote returns the signed note of the newest entry, which it writes unless it
// exists.
func (c *signer) signNote(ctx context.Context) (evidence.Note, []Warning, error) {
	s, head := c.config.Sign, c.log.Head.Sequence
	root, err := c.log.Root()
	if err != nil {
		return evidence.Note{}, nil, err
	}
	checkpoint := evidence.Checkpoint{Origin: origin(s.Signer.Key().Name(), c.log.Archive, len(c.log.State.Abandoned)), Size: head, Root: root}
	note, err := c.existingNote(ctx, checkpoint)
	if err == nil || !errors.Is(err, bucket.ErrNotExist) {
		return note, nil, err
	}
	note, err = s.Signer.Sign(ctx, checkpoint)
	if err != nil {
		return evidence.Note{}, nil, err
	}
	note, warnings := c.cosign(ctx, note)
	err = bucket.WriteAll(ctx, c.config.Bucket, noteOf(head), note.Bytes, bucket.WriteOptions{IfAbsent: true, Lock: c.config.lockNow(c.log)})
	if errors.Is(err, bucket.ErrExist) {
		note, err = c.existingNote(ctx, checkpoint) // of a run at the same time
		return note, warnings, err
	}
	if err != nil {
		return evidence.Note{}, warnings, err
	}
	// A destroy that runs at the same time removes the head last: the note must not
	// outlive it.
	if _, err := c.config.Bucket.Stat(ctx, ledger.Key(head)); errors.Is(err, bucket.ErrNotExist) {
		return evidence.Note{}, warnings, errors.Join(errors.New("the archive was destroyed meanwhile"), c.config.Bucket.Remove(ctx, noteOf(head)))
	}
	return note, warnings, c.config.Bucket.Sync(ctx, []string{noteOf(head)})
}

// existingNote returns the note of an entry that was signed before. The error is
// bucket.ErrNotExist if there is none.
func (c *signer) existingNote(ctx context.Context, want evidence.Checkpoint) (evidence.Note, error) {
	key := noteOf(want.Size)
	data, err := readAll(ctx, c.config.Bucket, key, evidence.MaxNoteBytes)
	if errors.Is(err, errTooLarge) {
		return evidence.Note{}, fmt.Errorf("%s exists and is not a signed note", key)
	}
	if err != nil {
		return evidence.Note{}, err
	}
	note, err := evidence.ParseNote(data)
	switch {
	case err != nil:
		return evidence.Note{}, fmt.Errorf("%s exists and %w", key, err)
	case note.Checkpoint != want:
		return evidence.Note{}, fmt.Errorf("%s exists and signs another tree or another name; that name remains taken, and the next entry can be signed", key)
	}
	if err := note.Verify(c.config.Sign.Signer.Key()); err != nil {
		return evidence.Note{}, fmt.Errorf("%s exists, and %w; the next entry can be signed with it", key, err)
	}
	return note, nil
}

// cosign asks all witnesses at the same time. The note keeps their order.
func (c *signer) cosign(ctx context.Context, note evidence.Note) (evidence.Note, []Warning) {
	s := c.config.Sign
	type outcome struct {
		note evidence.Note
		err  error
	}
	outcomes := make([]chan outcome, len(s.Witnesses))
	prove := func(old int64) (tlog.TreeProof, error) { return c.log.Prove(ctx, old) }
	for i, w := range s.Witnesses {
		outcomes[i] = make(chan outcome, 1)
		go func() {
			cosigned, err := w.Cosign(ctx, s.Options, note, s.Through, prove)
			outcomes[i] <- outcome{cosigned, err}
		}()
	}
	var warnings []Warning
	all := note
	for i, w := range s.Witnesses {
		o := <-outcomes[i]
		if o.err == nil {
			// Each answer is the note and one more line.
			added, err := evidence.ParseNote(append(append([]byte(nil), all.Bytes...), o.note.Bytes[len(note.Bytes):]...))
			if err == nil {
				all = added
				continue
			}
			o.err = err
		}
		summary := "Head of the archive is not cosigned"
		if errors.Is(o.err, evidence.ErrRolledBack) || errors.Is(o.err, evidence.ErrRewritten) {
			summary = "Witness has seen another history of the archive"
		}
		warnings = append(warnings, Warning{summary, fmt.Sprintf("The witness %s did not cosign entry %d of %s: %s.", w.Key.Name(), c.log.Head.Sequence, c.config.Bucket, o.err)})
	}
	return all, warnings
}

// timestamp asks for a token over the bytes of a note, unless it has one.
func (c *signer) timestamp(ctx context.Context, note evidence.Note) error {
	s := c.config.Sign
	if s.Timestamp == "" {
		return nil
	}
	key := tokenOf(note.Checkpoint.Size)
	if _, err := c.config.Bucket.Stat(ctx, key); !errors.Is(err, bucket.ErrNotExist) {
		return err
	}
	token, err := evidence.Timestamp(ctx, s.Options, s.Timestamp, note.Bytes)
	if err != nil {
		return err
	}
	err = bucket.WriteAll(ctx, c.config.Bucket, key, token.DER, bucket.WriteOptions{IfAbsent: true, Lock: c.config.lockNow(c.log)})
	if errors.Is(err, bucket.ErrExist) {
		return nil // of a run at the same time, for the same note
	}
	if err != nil {
		return err
	}
	return c.config.Bucket.Sync(ctx, []string{key})
}

// isUnsignable reports whether a run ended because its head is not that of the
// archive any more.
func isUnsignable(err error) bool {
	return errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrUnconditional) || errors.Is(err, ledger.ErrNotShown) || errors.Is(err, ledger.ErrNoArchive)
}
