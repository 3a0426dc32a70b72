package evidence_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func TestLocations(t *testing.T) {
	t.Parallel()
	const want = `it must be "env:NAME", "file:PATH" or "kms:REGION/KEY-ID"`
	for _, test := range []struct{ text, place, err string }{
		{"env:SIGNING_KEY", `the environment variable "SIGNING_KEY"`, ""},
		{"file:/etc/teo/key.pem", `the file "/etc/teo/key.pem"`, ""},
		{"file:keys/a:b.pem", `the file "keys/a:b.pem"`, ""},
		{"kms:ap-guangzhou/2e0d7a1c-5d2b", "the KMS key 2e0d7a1c-5d2b in ap-guangzhou", ""},
		{"", "", want},
		{"SIGNING_KEY", "", want},
		{"env:", "", want},
		{"vault:secret/key", "", want},
		{"env:A=B", "", "no valid name"},
		{"kms:2e0d7a1c-5d2b", "", "the place of a KMS key"},
		{"kms:ap-guangzhou/", "", "the place of a KMS key"},
		{"kms:ap-guangzhou/a/b", "", "the place of a KMS key"},
		{"-----BEGIN PRIVATE KEY-----\nMC4CAQ", "", "it must say where the key is, not be the key"},
		{"env:-----BEGIN PRIVATE KEY-----\nMC4CAQ", "", "it must say where the key is, not be the key"},
	} {
		l, err := evidence.ParseLocation(test.text)
		if err != nil {
			if test.err == "" || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "MC4CAQ") {
				t.Errorf("%q: %v, want %q", test.text, err, test.err)
			}
			continue
		}
		if test.err != "" || l.String() != test.place || l.KMS() != strings.HasPrefix(test.text, "kms:") {
			t.Errorf("%q: %s, want %q, error %q", test.text, l, test.place, test.err)
		}
	}
}

// Each error says where the key was looked for and what is wrong with it, and
// repeats none of it.
func TestUnusableKeysAreNamedAndNotShown(t *testing.T) { //nolint:paralleltest // it sets environment variables
	rsaKey := newKey(t, "-algorithm", "RSA")
	p384 := newKey(t, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
	ed := newKey(t, ed25519Key...)
	file := write(t, "ed.pem", ed)
	tests := map[string]struct {
		key  []byte
		want string
	}{
		"RSA":        {rsaKey, "the key is RSA; want Ed25519 or ECDSA with P-256"},
		"P-384":      {p384, "the key is ECDSA with the curve P-384"},
		"Ed448":      {newKey(t, "-algorithm", "ed448"), "holds a private key that cannot be used"},
		"X25519":     {newKey(t, "-algorithm", "x25519"), "holds a private key that cannot be used"},
		"encrypted":  {simtest.OpenSSL(t, "pkcs8", "-topk8", "-in", file, "-passout", "pass:secret"), "holds an encrypted key"},
		"SEC 1":      {simtest.OpenSSL(t, "ecparam", "-genkey", "-name", "prime256v1", "-noout"), `"EC PRIVATE KEY" format`},
		"public":     {simtest.OpenSSL(t, "pkey", "-in", file, "-pubout"), `but not "PRIVATE KEY"`},
		"text":       {[]byte("hunter2"), "holds no private key in PEM"},
		"cut off":    {ed[:len(ed)/2], "holds no private key in PEM"},
		"other DER":  {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("hunter2")}), "holds a private key that cannot be used"},
		"large":      {append(ed, strings.Repeat("#", 70_000)...), "it is too large"},
		"empty file": {nil, "holds no private key in PEM"},
	}
	for kind, test := range tests {
		path := write(t, "key.pem", test.key)
		check := func(location, place string) {
			t.Helper()
			l, err := evidence.ParseLocation(location)
			if err != nil {
				t.Fatal(err)
			}
			_, err = evidence.Sources{}.Open(t.Context(), l, name)
			if err == nil || !strings.HasPrefix(err.Error(), place+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %q of %q", kind, err, test.want, place)
				return
			}
			for line := range strings.Lines(string(test.key)) {
				if line = strings.TrimSpace(line); len(line) > 6 && !strings.HasPrefix(line, "-----") && strings.Contains(err.Error(), line) {
					t.Errorf("%s: the error shows the key: %v", kind, err)
				}
			}
		}
		check("file:"+path, fmt.Sprintf("the file %q", path))
		if len(test.key) > 0 && len(test.key) < 60_000 {
			t.Setenv("TEO_TEST_SIGNING_KEY", string(test.key))
			check("env:TEO_TEST_SIGNING_KEY", `the environment variable "TEO_TEST_SIGNING_KEY"`)
		}
	}
}

func TestMissingKeysAreNamed(t *testing.T) {
	t.Setenv("TEO_TEST_EMPTY", "")
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for location, want := range map[string]string{
		"env:TEO_TEST_NOT_SET": `the environment variable "TEO_TEST_NOT_SET": it is not set`,
		"env:TEO_TEST_EMPTY":   `the environment variable "TEO_TEST_EMPTY": it is not set`,
		"file:" + missing:      fmt.Sprintf("the file %q: no such file or directory", missing),
		"file:" + t.TempDir():  "it cannot be read",
		"kms:ap-guangzhou/a-1": "the KMS key a-1 in ap-guangzhou: KMS is not available here",
	} {
		l, err := evidence.ParseLocation(location)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (evidence.Sources{}).Open(t.Context(), l, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", location, err, want)
		}
	}
}

func TestAKeyInTheEnvironmentSigns(t *testing.T) {
	t.Parallel()
	key := string(newKey(t, ed25519Key...))
	sources := evidence.Sources{Getenv: func(name string) string { return map[string]string{"TEO_TEST_SIGNING_KEY": key}[name] }}
	l, err := evidence.ParseLocation("env:TEO_TEST_SIGNING_KEY")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := sources.Open(t.Context(), l, name)
	if err != nil {
		t.Fatal(err)
	}
	sign(t, signer, head(1))
	if err := signer.CanBeWitnessed(); err != nil {
		t.Error(err)
	}
	if _, err := sources.Open(t.Context(), l, "a b"); err == nil {
		t.Error("a key with an invalid name is opened")
	}
}

// kms returns the simulator's KMS.
func kms(t *testing.T, sim *teosim.Sim) evidence.KMS {
	t.Helper()
	return evidence.NewKMS(simtest.Client(t, sim).Config)
}

func kmsLocation(t *testing.T, region, id string) evidence.Location {
	t.Helper()
	l, err := evidence.ParseLocation("kms:" + region + "/" + id)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAKeyInKMSSigns(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	signer, err := evidence.Sources{KMS: kms(t, sim)}.Open(t.Context(), kmsLocation(t, teosim.DefaultKMSRegion, teosim.DefaultKMSKeyID), name)
	if err != nil {
		t.Fatal(err)
	}
	n := sign(t, signer, head(12))
	public, err := evidence.NewVerifierKey(name, sim.KMSPublicKey(teosim.DefaultKMSRegion, teosim.DefaultKMSKeyID))
	if err != nil || public.String() != signer.Key().String() {
		t.Fatalf("another key: %s, %v", public, err)
	}
	if err := n.Verify(public); err != nil {
		t.Error(err)
	}
	if err := signer.CanBeWitnessed(); err == nil || !strings.Contains(err.Error(), "this one is ECDSA P-256") {
		t.Errorf("witnesses: %v", err)
	}
	if asked, signed := sim.Count("2019-01-18", "GetPublicKey"), sim.Count("2019-01-18", "SignByAsymmetricKey"); asked != 1 || signed != 1 {
		t.Errorf("%d requests for the public key, %d for signatures", asked, signed)
	}
}

func TestErrorsOfKMSNameTheKey(t *testing.T) {
	t.Parallel()
	const other = "99999999-5d2b-11ef-8c1e-525400a1b2c3"
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sim := simtest.Start(t, teosim.Options{KMS: []teosim.KMSKey{
		{Region: teosim.DefaultKMSRegion, ID: teosim.DefaultKMSKeyID},
		{Region: "ap-beijing", ID: teosim.DefaultKMSKeyID, Disabled: true},
		{Region: "ap-shanghai", ID: teosim.DefaultKMSKeyID, Private: rsaKey},
	}})
	for _, test := range []struct {
		region, id, want string
		fault            teosim.Fault
	}{
		{teosim.DefaultKMSRegion, other, "ResourceUnavailable.CmkNotFound", teosim.Fault{}},
		{"ap-beijing", teosim.DefaultKMSKeyID, "ResourceUnavailable.CmkDisabled", teosim.Fault{}},
		{"ap-shanghai", teosim.DefaultKMSKeyID, "the key is RSA", teosim.Fault{}},
		{teosim.DefaultKMSRegion, teosim.DefaultKMSKeyID, "UnauthorizedOperation.CamUnauthorized", teosim.Fault{Name: teosim.CamUnauthorized, Times: 1}},
	} {
		if test.fault.Name != "" {
			sim.Inject(test.fault)
		}
		l := kmsLocation(t, test.region, test.id)
		_, err := evidence.Sources{KMS: kms(t, sim)}.Open(t.Context(), l, name)
		if err == nil || !strings.HasPrefix(err.Error(), l.String()+": ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", l, err, test.want)
		}
	}
}

// lyingKMS signs with another key than the one that it shows.
type lyingKMS struct{ evidence.KMS }

func (k lyingKMS) Sign(ctx context.Context, region, _ string, digest []byte) ([]byte, error) {
	return k.KMS.Sign(ctx, "ap-beijing", teosim.DefaultKMSKeyID, digest)
}

func TestASignatureThatDoesNotVerifyIsAnError(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{KMS: []teosim.KMSKey{
		{Region: teosim.DefaultKMSRegion, ID: teosim.DefaultKMSKeyID},
		{Region: "ap-beijing", ID: teosim.DefaultKMSKeyID},
	}})
	signer, err := evidence.Sources{KMS: lyingKMS{kms(t, sim)}}.Open(t.Context(), kmsLocation(t, teosim.DefaultKMSRegion, teosim.DefaultKMSKeyID), name)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := signer.Sign(t.Context(), head(12)); err == nil || !strings.Contains(err.Error(), "does not verify") {
		t.Errorf("%q, %v", n.Bytes, err)
	}
}

// The PEM form is read if it is the only one, whether its content is the key or, as
// in the documented sample, the base64 text of the key.
func TestBothFormsOfPublicKeyPem(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	want, err := evidence.NewVerifierKey(name, sim.KMSPublicKey(teosim.DefaultKMSRegion, teosim.DefaultKMSKeyID))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(want.PEM())
	twice := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte(base64.StdEncoding.EncodeToString(block.Bytes))})
	for form, text := range map[string][]byte{"the key": want.PEM(), "its base64 text": twice} {
		got, err := evidence.ParseKMSKey("", string(text))
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		if key, err := evidence.NewVerifierKey(name, got); err != nil || key.String() != want.String() {
			t.Errorf("%s: another key, %v", form, err)
		}
	}
}

// A request to KMS carries the security token, which plain HTTP does not protect.
func TestKMSIsNotAskedOverPlainHTTP(t *testing.T) {
	t.Parallel()
	remote := evidence.NewKMS(tcapi.Config{Endpoint: tcapi.Endpoint{Scheme: "http", Host: "kms.tencentcloudapi.com"}})
	_, err := evidence.Sources{KMS: remote}.Open(t.Context(), kmsLocation(t, teosim.DefaultKMSRegion, teosim.DefaultKMSKeyID), name)
	if err == nil || !strings.Contains(err.Error(), "not asked over plain HTTP") {
		t.Error(err)
	}
}
