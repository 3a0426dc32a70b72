package evidence_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
)

func TestACheckpointIsThreeLines(t *testing.T) {
	t.Parallel()
	c := head(12)
	parsed, err := evidence.ParseCheckpoint(c.Text())
	if err != nil || parsed != c {
		t.Fatalf("%+v, %v", parsed, err)
	}
	good := c.Text()
	for change, text := range map[string]string{
		"no origin":       strings.Replace(good, c.Origin, "", 1),
		"an extension":    good + "more\n",
		"no last newline": strings.TrimSuffix(good, "\n"),
		"a leading zero":  strings.Replace(good, "\n12\n", "\n012\n", 1),
		"a sign":          strings.Replace(good, "\n12\n", "\n+12\n", 1),
		"a negative size": strings.Replace(good, "\n12\n", "\n-12\n", 1),
		"a short hash":    strings.Replace(good, c.Root.String(), base64.StdEncoding.EncodeToString(c.Root[:31]), 1),
		"no base64":       strings.Replace(good, c.Root.String(), strings.Repeat("!", 44), 1),
	} {
		if _, err := evidence.ParseCheckpoint(text); err == nil {
			t.Errorf("%s: accepted: %q", change, text)
		}
	}
}

func TestANoteVerifiesWithItsKeyOnly(t *testing.T) {
	t.Parallel()
	for kind, args := range map[string][]string{"Ed25519": ed25519Key, "P-256": p256Key} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			signer, other := fileSigner(t, args...), fileSigner(t, args...)
			n := sign(t, signer, head(12))
			if err := n.Verify(signer.Key()); err != nil {
				t.Error(err)
			}
			if err := n.Verify(other.Key()); !errors.Is(err, evidence.ErrNotSigned) {
				t.Errorf("with another key: %v", err)
			}
			// Each byte counts, except for the padding bits at the end of the base64.
			for i := range len(n.Bytes) - len("xx==\n") {
				changed := bytes.Clone(n.Bytes)
				changed[i] ^= 1
				parsed, err := evidence.ParseNote(changed)
				if err == nil && parsed.Verify(signer.Key()) == nil {
					t.Errorf("the note verifies with another byte %d: %q", i, changed)
				}
			}
		})
	}
}

// An Ed25519 note must verify with the implementation that defined the format.
func TestGoVerifiesEd25519Notes(t *testing.T) {
	t.Parallel()
	signer := fileSigner(t, ed25519Key...)
	verifier, err := note.NewVerifier(signer.Key().String())
	if err != nil {
		t.Fatal(err)
	}
	n := sign(t, signer, head(12))
	opened, err := note.Open(n.Bytes, note.VerifierList(verifier))
	if err != nil || opened.Text != n.Checkpoint.Text() {
		t.Errorf("%v: %+v", err, opened)
	}
}

// The signature lines verify with openssl alone: the bytes after the key ID are the
// signature of the text, and the public key is PEM.
func TestOpenSSLVerifiesNotes(t *testing.T) {
	t.Parallel()
	for kind, args := range map[string][]string{"Ed25519": ed25519Key, "P-256": p256Key} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			signer := fileSigner(t, args...)
			n := sign(t, signer, head(12))
			text, line, _ := strings.Cut(string(n.Bytes), "\n\n")
			fields := strings.Fields(line)
			signature, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
			if err != nil {
				t.Fatal(err)
			}
			verify := func(text string) error {
				args := []string{
					"pkeyutl", "-verify", "-pubin", "-inkey", write(t, "public.pem", signer.Key().PEM()),
					"-rawin", "-in", write(t, "text", []byte(text)), "-sigfile", write(t, "signature", signature[4:]),
				}
				if kind == "P-256" {
					args = append(args, "-digest", "sha256")
				}
				_, _, err := simtest.TryOpenSSL(t, args...)
				return err
			}
			if err := verify(text + "\n"); err != nil {
				t.Error(err)
			}
			if err := verify(text + "\n\n"); err == nil {
				t.Error("openssl accepts another text")
			}
		})
	}
}

func TestNotesAreParsedStrictly(t *testing.T) {
	t.Parallel()
	n := string(sign(t, fileSigner(t, ed25519Key...), head(12)).Bytes)
	for change, text := range map[string]string{
		"empty":                       "",
		"no signature":                n[:strings.Index(n, "\n\n")+2],
		"cut off":                     n[:len(n)-1],
		"other text":                  "hello\n" + n[strings.Index(n, "\n\n"):],
		"too long":                    n + strings.Repeat("— x AAAAAAAA\n", 5000),
		"not UTF-8":                   strings.Replace(n, "logs", "l\xffgs", 1),
		"a control":                   strings.Replace(n, "logs", "l\x01gs", 1),
		"many signatures":             n + strings.Repeat("— x AAAAAAAA\n", 101),
		"a line that is no signature": n + "x\n",
	} {
		if _, err := evidence.ParseNote([]byte(text)); err == nil {
			t.Errorf("%s: accepted", change)
		}
	}
}
