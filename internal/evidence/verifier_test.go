package evidence_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
)

// The example of the specification of signed notes, and that of the ECDSA verifier
// keys of Sigstore's Rekor. The checkpoint is signed by both of its names' keys.
const (
	golangKey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
	rekorKey  = "AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc="
)

func TestPublishedVerifierKeys(t *testing.T) {
	t.Parallel()
	key, err := evidence.ParseVerifierKey(golangKey)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := note.NewVerifier(golangKey)
	if err != nil {
		t.Fatal(err)
	}
	if key.Name() != reference.Name() || key.KeyHash() != reference.KeyHash() || key.String() != golangKey {
		t.Errorf("parsed as %s with the hash %08x", key, key.KeyHash())
	}
	// The key ID of Rekor's log is c0d23d6a, the first digits of its log ID.
	rekor, err := evidence.ParseVerifierKey("rekor.sigstore.dev+c0d23d6a+" + rekorKey)
	if err != nil {
		t.Fatal(err)
	}
	if want := "rekor.sigstore.dev+c0d23d6a+" + rekorKey; rekor.String() != want {
		t.Errorf("encoded as %s", rekor)
	}
}

func TestVerifierKeysAreWhole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, want string }{
		{"", "a verifier key is"},
		{"sum.golang.org", "a verifier key is"},
		{"sum.golang.org+033de0ae", "a verifier key is"},
		{strings.Replace(golangKey, "033de0ae", "33de0ae", 1), "a verifier key is"},
		{strings.Replace(golangKey, "+Ac", "+!c", 1), "a verifier key is"},
		{strings.Replace(golangKey, "sum.", "sun.", 1), "does not match its name and key"},
		{strings.Replace(golangKey, "033de0ae", "033de0af", 1), "does not match its name and key"},
		{strings.Replace(golangKey, "sum.golang.org", "a b", 1), "no spaces"},
		{strings.Replace(golangKey, "sum.golang.org", "", 1), "must not be empty"},
		{"x+00000000+AQID", "an Ed25519 key has 32 bytes, not 2"},
		{"x+00000000+AgID", "not a public key in DER"},
		{"x+00000000+BQID", "verifier keys of type 5 are not supported"},
	} {
		_, err := evidence.ParseVerifierKey(test.key)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.key, err, test.want)
		}
	}
}

func TestOnlyEd25519AndP256(t *testing.T) {
	t.Parallel()
	public, _, _ := ed25519.GenerateKey(rand.Reader)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	for _, test := range []struct {
		public crypto.PublicKey
		want   string
	}{
		{public, ""},
		{p256.Public(), ""},
		{p384.Public(), "the key is ECDSA with the curve P-384; want Ed25519 or ECDSA with P-256"},
		{rsaKey.Public(), "the key is RSA; want Ed25519 or ECDSA with P-256"},
	} {
		key, err := evidence.NewVerifierKey("logs.example.com", test.public)
		if got := fmt.Sprint(err); err != nil && got != test.want || err == nil && test.want != "" {
			t.Errorf("%T: %v, want %q", test.public, err, test.want)
		}
		if err != nil {
			continue
		}
		again, err := evidence.ParseVerifierKey(key.String())
		if err != nil || again.String() != key.String() || again.Witness() {
			t.Errorf("%s parses as %s, %v", key, again, err)
		}
		block, _ := pem.Decode(key.PEM())
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if equal, ok := parsed.(interface{ Equal(crypto.PublicKey) bool }); err != nil || !ok || !equal.Equal(test.public) {
			t.Errorf("the PEM of %s holds another key: %v", key, err)
		}
	}
}
