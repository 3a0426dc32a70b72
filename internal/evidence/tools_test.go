package evidence_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
)

// newKey makes a private key with openssl and returns its PEM.
func newKey(t testing.TB, args ...string) []byte {
	t.Helper()
	return simtest.OpenSSL(t, append([]string{"genpkey"}, args...)...)
}

var (
	ed25519Key = []string{"-algorithm", "ed25519"}
	p256Key    = []string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"}
)

// write writes a file of a temporary folder and returns its path.
func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fileSigner opens a new key in a file.
func fileSigner(t testing.TB, args ...string) *evidence.Signer {
	t.Helper()
	l, err := evidence.ParseLocation("file:" + write(t, "key.pem", newKey(t, args...)))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := evidence.Sources{}.Open(t.Context(), l, name)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

const (
	name   = "logs.example.com"
	origin = name + "/8f14e45f"
)

// head is a checkpoint of a log that does not exist.
func head(size int64) evidence.Checkpoint {
	return evidence.Checkpoint{Origin: origin, Size: size, Root: tlog.Hash(sha256.Sum256([]byte(origin)))}
}

func sign(t testing.TB, s *evidence.Signer, c evidence.Checkpoint) evidence.Note {
	t.Helper()
	n, err := s.Sign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
