package evidence

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// The types of signatures, which are the first byte of a verifier key.
const (
	typeEd25519     = 0x01
	typeECDSA       = 0x02
	typeCosignature = 0x04
)

// VerifierKey is a public key with the name of its owner. It verifies the signature
// lines of notes: those of a log (Ed25519 or ECDSA P-256), or those of a witness
// (Ed25519, with a time).
type VerifierKey struct {
	name   string
	hash   uint32
	kind   byte
	public crypto.PublicKey
}

var _ note.Verifier = VerifierKey{}

// NewVerifierKey returns the verifier key of a log with an Ed25519 or an ECDSA P-256
// public key. See [CheckName] for the name.
func NewVerifierKey(name string, public crypto.PublicKey) (VerifierKey, error) {
	if err := CheckName(name); err != nil {
		return VerifierKey{}, err
	}
	switch key := public.(type) {
	case ed25519.PublicKey:
		return VerifierKey{name, keyHash(name, typeEd25519, key), typeEd25519, key}, nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return VerifierKey{}, fmt.Errorf("the key is ECDSA with the curve %s; want Ed25519 or ECDSA with P-256", key.Curve.Params().Name)
		}
		spki, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			return VerifierKey{}, fmt.Errorf("the public key cannot be encoded: %w", err)
		}
		return VerifierKey{name, spkiHash(spki), typeECDSA, key}, nil
	default:
		return VerifierKey{}, fmt.Errorf("the key is %s; want Ed25519 or ECDSA with P-256", kindOf(public))
	}
}

// CheckName returns an error unless a name can be the name of a key: not empty,
// valid UTF-8, no spaces, no "+".
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name of a key must not be empty")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' }):
		return fmt.Errorf("the name of a key must have no spaces and no plus sign: %q", name)
	}
	return nil
}

// ParseVerifierKey parses the encoding of a verifier key, which is
// <name>+<8 hex digits>+<base64>, of a log or of a witness.
func ParseVerifierKey(s string) (VerifierKey, error) {
	name, rest, _ := strings.Cut(s, "+")
	digits, encoded, ok := strings.Cut(rest, "+")
	hash, hashErr := strconv.ParseUint(digits, 16, 32)
	raw, keyErr := base64.StdEncoding.DecodeString(encoded)
	if !ok || len(digits) != 8 || hashErr != nil || keyErr != nil || len(raw) < 2 {
		return VerifierKey{}, errors.New("a verifier key is <name>+<8 hex digits>+<base64>")
	}
	if err := CheckName(name); err != nil {
		return VerifierKey{}, err
	}
	key, err := decodeKey(name, raw[0], raw[1:])
	if err != nil {
		return VerifierKey{}, err
	}
	if key.hash != uint32(hash) {
		return VerifierKey{}, errors.New("the hash of the verifier key does not match its name and key: a part of it was changed or cut off")
	}
	return key, nil
}

func decodeKey(name string, kind byte, raw []byte) (VerifierKey, error) {
	switch kind {
	case typeEd25519, typeCosignature:
		if len(raw) != ed25519.PublicKeySize {
			return VerifierKey{}, fmt.Errorf("an Ed25519 key has %d bytes, not %d", ed25519.PublicKeySize, len(raw))
		}
		return VerifierKey{name, keyHash(name, kind, raw), kind, ed25519.PublicKey(raw)}, nil
	case typeECDSA:
		public, err := x509.ParsePKIXPublicKey(raw)
		if err != nil {
			return VerifierKey{}, errors.New("the verifier key of type 2 is not a public key in DER")
		}
		if _, ok := public.(*ecdsa.PublicKey); !ok {
			return VerifierKey{}, fmt.Errorf("the verifier key of type 2 is %s, not ECDSA", kindOf(public))
		}
		key, err := NewVerifierKey(name, public)
		if err == nil {
			// The key may be encoded differently, such as with a compressed point.
			key.hash = spkiHash(raw)
		}
		return key, err
	}
	return VerifierKey{}, fmt.Errorf("verifier keys of type %d are not supported; want 1 (Ed25519), 2 (ECDSA) or 4 (witness)", kind)
}

// keyHash is the key ID of most types of signatures.
func keyHash(name string, kind byte, public []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"+string([]byte{kind})), public...))
	return binary.BigEndian.Uint32(sum[:])
}

// spkiHash is the key ID of ECDSA signatures, which does not depend on the name.
func spkiHash(spki []byte) uint32 {
	sum := sha256.Sum256(spki)
	return binary.BigEndian.Uint32(sum[:])
}

func kindOf(public crypto.PublicKey) string {
	switch key := public.(type) {
	case ed25519.PublicKey:
		return "Ed25519"
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case *rsa.PublicKey:
		return "RSA"
	}
	return fmt.Sprintf("of another kind (%T)", public)
}

// Name returns the name of the key.
func (k VerifierKey) Name() string { return k.name }

// KeyHash returns the key ID, which with the name says which signature lines are of
// this key.
func (k VerifierKey) KeyHash() uint32 { return k.hash }

// Witness reports whether the key is that of a witness.
func (k VerifierKey) Witness() bool { return k.kind == typeCosignature }

// IsZero reports whether k is the zero value, which is no key.
func (k VerifierKey) IsZero() bool { return k.public == nil }

// Verify reports whether a signature of the text of a note is valid.
func (k VerifierKey) Verify(text, signature []byte) bool {
	switch key := k.public.(type) {
	case ed25519.PublicKey:
		if k.kind == typeCosignature {
			message, signature, ok := cosigned(text, signature)
			return ok && ed25519.Verify(key, message, signature)
		}
		return ed25519.Verify(key, text, signature)
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(text)
		return ecdsa.VerifyASN1(key, digest[:], signature)
	}
	return false
}

// String returns the encoding of the key, which [ParseVerifierKey] parses.
func (k VerifierKey) String() string {
	var raw []byte
	switch key := k.public.(type) {
	case ed25519.PublicKey:
		raw = key
	case *ecdsa.PublicKey:
		raw, _ = x509.MarshalPKIXPublicKey(key)
	}
	return fmt.Sprintf("%s+%08x+%s", k.name, k.hash, base64.StdEncoding.EncodeToString(append([]byte{k.kind}, raw...)))
}

// PEM returns the public key as a SubjectPublicKeyInfo in PEM, which openssl reads.
// It has no name.
func (k VerifierKey) PEM() []byte {
	spki, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		return nil // only of the zero value
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
}
