package evidence

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
)

// maxKeyBytes is the maximum size of a file or variable with a private key.
const maxKeyBytes = 64 << 10

// KMS signs with keys that do not leave a key management service.
type KMS interface {
	// PublicKey returns the public key of a key.
	PublicKey(ctx context.Context, region, keyID string) (crypto.PublicKey, error)
	// Sign returns the ASN.1 signature of a SHA-256 digest with an ECDSA P-256 key.
	Sign(ctx context.Context, region, keyID string, digest []byte) ([]byte, error)
}

// Signer signs checkpoints with the key of a log. It may be used concurrently.
type Signer struct {
	key  VerifierKey
	sign func(ctx context.Context, text []byte) ([]byte, error)
}

// Sources are where signing keys can be, apart from files.
type Sources struct {
	// Getenv reads the environment; nil means [os.Getenv].
	Getenv func(string) string
	// KMS may be nil if no key is there.
	KMS KMS
}

// Open reads the signing key at a location and returns a signer with the given name
// of the key. An error says where the key was looked for, and never repeats what was
// found there.
func (s Sources) Open(ctx context.Context, l Location, name string) (*Signer, error) {
	signer, err := s.open(ctx, l, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l, err)
	}
	return signer, nil
}

func (s Sources) open(ctx context.Context, l Location, name string) (*Signer, error) {
	if l.KMS() {
		if s.KMS == nil {
			return nil, errors.New("KMS is not available here")
		}
		return openKMS(ctx, l, name, s.KMS)
	}
	text, err := s.read(l)
	if err != nil {
		return nil, err
	}
	private, err := parsePrivateKey(text)
	if err != nil {
		return nil, err
	}
	key, err := NewVerifierKey(name, private.Public())
	if err != nil {
		return nil, err
	}
	return &Signer{key: key, sign: func(_ context.Context, text []byte) ([]byte, error) {
		if key.kind == typeEd25519 {
			return private.Sign(nil, text, crypto.Hash(0))
		}
		digest := sha256.Sum256(text)
		return private.Sign(rand.Reader, digest[:], crypto.SHA256)
	}}, nil
}

// read returns the text of a key in a variable or file.
func (s Sources) read(l Location) ([]byte, error) {
	if l.scheme == "env" {
		getenv := s.Getenv
		if getenv == nil {
			getenv = os.Getenv
		}
		if value := getenv(l.place); value != "" {
			return []byte(value), nil
		}
		return nil, errors.New("it is not set")
	}
	file, err := os.Open(l.place)
	if err != nil {
		if cause, ok := errors.AsType[*os.PathError](err); ok {
			err = cause.Err // the path is in the message already
		}
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxKeyBytes+1))
	switch {
	case err != nil:
		return nil, errors.New("it cannot be read")
	case len(text) > maxKeyBytes:
		return nil, errors.New("it is too large for a private key")
	}
	return text, nil
}

// parsePrivateKey parses a PKCS#8 private key in PEM. Its errors repeat nothing of
// the text.
func parsePrivateKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("it holds no private key in PEM (PKCS#8)")
	case block.Type == "EC PRIVATE KEY":
		return nil, errors.New(`it holds a key in the older "EC PRIVATE KEY" format; convert it with "openssl pkcs8 -topk8 -nocrypt"`)
	case block.Type == "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("it holds an encrypted key, for which there is no passphrase; use a key without one")
	case block.Type != "PRIVATE KEY":
		return nil, errors.New(`it holds PEM, but not "PRIVATE KEY" (PKCS#8)`)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, errors.New("it holds a private key that cannot be used; want Ed25519 or ECDSA with P-256 in PKCS#8")
	}
	return private, nil
}

func openKMS(ctx context.Context, l Location, name string, kms KMS) (*Signer, error) {
	public, err := kms.PublicKey(ctx, l.region, l.place)
	if err != nil {
		return nil, err
	}
	key, err := NewVerifierKey(name, public)
	if err != nil {
		return nil, err
	}
	if key.kind != typeECDSA {
		return nil, fmt.Errorf("the key is %s; want ECDSA with P-256", kindOf(public))
	}
	return &Signer{key: key, sign: func(ctx context.Context, text []byte) ([]byte, error) {
		digest := sha256.Sum256(text)
		return kms.Sign(ctx, l.region, l.place, digest[:])
	}}, nil
}

// Key returns the public key that verifies the signatures.
func (s *Signer) Key() VerifierKey { return s.key }

// CanBeWitnessed returns an error if witnesses would not accept the key: the log's
// key must be Ed25519.
func (s *Signer) CanBeWitnessed() error {
	if s.key.kind != typeEd25519 {
		return fmt.Errorf("witnesses need a log with an Ed25519 key, and this one is %s", kindOf(s.key.public))
	}
	return nil
}

// Sign returns the signed note of a checkpoint. The signature is verified before it
// is returned.
func (s *Signer) Sign(ctx context.Context, c Checkpoint) (Note, error) {
	b, err := note.Sign(&note.Note{Text: c.Text()}, noteSigner{ctx, s})
	if err != nil {
		return Note{}, err
	}
	n, err := ParseNote(b)
	if err == nil {
		err = n.Verify(s.key)
	}
	if err != nil {
		return Note{}, fmt.Errorf("the new signature does not verify: %w", err)
	}
	return n, nil
}

// noteSigner gives a signer the interface of package note, whose method has no
// context.
type noteSigner struct {
	ctx context.Context
	*Signer
}

func (s noteSigner) Name() string                     { return s.key.Name() }
func (s noteSigner) KeyHash() uint32                  { return s.key.KeyHash() }
func (s noteSigner) Sign(text []byte) ([]byte, error) { return s.sign(s.ctx, text) }
