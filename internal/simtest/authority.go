package simtest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Tool returns the path of a program, or skips the test where there is none. In CI,
// .ci/run installs all of them.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("there is no " + name + " on PATH")
	}
	return path
}

// OpenSSL runs openssl, which must succeed, and returns its standard output.
func OpenSSL(t testing.TB, args ...string) []byte {
	t.Helper()
	out, message, err := TryOpenSSL(t, args...)
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, message)
	}
	return out
}

// TryOpenSSL runs openssl, and returns its standard output and what it said.
func TryOpenSSL(t testing.TB, args ...string) (out []byte, message string, err error) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), Tool(t, "openssl"), args...)
	cmd.Stderr = &stderr
	out, err = cmd.Output()
	return out, stderr.String(), err
}

// Authority is an RFC 3161 time-stamp authority: openssl behind an HTTP server.
type Authority struct {
	// URL is its address.
	URL string

	t      testing.TB
	folder string

	mu    sync.Mutex
	count int
	serve func(w http.ResponseWriter, query []byte)
}

const authorityConfig = `
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[tsa]
basicConstraints = CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[web]
extendedKeyUsage = critical,serverAuth
[authority]
serial = FOLDER/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
`

// StartAuthority starts an authority with a CA of its own, or skips the test where
// there is no openssl.
func StartAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{t: t, folder: t.TempDir()}
	for name, content := range map[string]string{
		"openssl.cnf": strings.ReplaceAll(authorityConfig, "FOLDER", filepath.ToSlash(a.folder)),
		"serial":      "01\n",
	} {
		if err := os.WriteFile(a.path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	OpenSSL(t, "req", "-config", a.path("openssl.cnf"), "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-days", "30", "-subj", "/CN=Test time-stamp CA", "-extensions", "ca", "-keyout", a.path("ca.key"), "-out", a.CAFile())
	a.Certify("tsa")
	server := httptest.NewServer(http.HandlerFunc(a.handle))
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

func (a *Authority) path(name string) string { return filepath.Join(a.folder, name) }

// CAFile returns the path of the CA certificate in PEM.
func (a *Authority) CAFile() string { return a.path("ca.pem") }

// CA returns the CA certificate in PEM.
func (a *Authority) CA() string { return a.read("ca.pem") }

func (a *Authority) read(name string) string {
	a.t.Helper()
	text, err := os.ReadFile(a.path(name))
	if err != nil {
		a.t.Fatal(err)
	}
	return string(text)
}

// Certify makes a key and a certificate of the CA for the extended key usage of a
// "tsa" or a "web" server, and returns the certificate.
func (a *Authority) Certify(usage string) string {
	a.t.Helper()
	OpenSSL(a.t, "req", "-config", a.path("openssl.cnf"), "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test "+usage,
		"-keyout", a.path(usage+".key"), "-out", a.path(usage+".csr"))
	OpenSSL(a.t, "x509", "-req", "-in", a.path(usage+".csr"), "-CA", a.CAFile(), "-CAkey", a.path("ca.key"), "-CAcreateserial",
		"-days", "30", "-extfile", a.path("openssl.cnf"), "-extensions", usage, "-out", a.path(usage+".pem"))
	return a.read(usage + ".pem")
}

// Serve lets serve answer in place of openssl; nil ends that.
func (a *Authority) Serve(serve func(w http.ResponseWriter, query []byte)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serve = serve
}

// Count returns the number of requests so far.
func (a *Authority) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}

func (a *Authority) handle(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	a.count++
	serve := a.serve
	a.mu.Unlock()
	if serve != nil {
		serve(w, query)
		return
	}
	der, err := a.Answer(query)
	if err != nil {
		a.t.Error(err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(der)
}

// Answer returns what openssl answers to a query.
func (a *Authority) Answer(query []byte) ([]byte, error) {
	in := filepath.Join(a.t.TempDir(), "query.tsq")
	if err := os.WriteFile(in, query, 0o600); err != nil {
		return nil, err
	}
	out := filepath.Join(filepath.Dir(in), "reply.tsr")
	cmd := exec.Command("openssl", "ts", "-reply", "-config", a.path("openssl.cnf"), "-section", "authority", "-queryfile", in, //nolint:noctx // a moment
		"-inkey", a.path("tsa.key"), "-signer", a.path("tsa.pem"), "-chain", a.CAFile(), "-out", out)
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}
