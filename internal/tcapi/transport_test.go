package tcapi_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

func TestAProxyIsAnHTTPOrSOCKSURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"proxy.example.com:3128":             "http://proxy.example.com:3128",
		" http://proxy.example.com:3128/ ":   "http://proxy.example.com:3128/",
		"HTTPS://proxy.example.com":          "https://proxy.example.com",
		"socks5://127.0.0.1:1080":            "socks5://127.0.0.1:1080",
		"http://user:pass@proxy.example.com": "http://user:pass@proxy.example.com",
		"http://[::1]:3128":                  "http://[::1]:3128",
		"proxy.example.com:1":                "http://proxy.example.com:1",
		"proxy.example.com:65535":            "http://proxy.example.com:65535",
	} {
		u, err := tcapi.ParseProxy(in)
		if err != nil || u.String() != want {
			t.Errorf("ParseProxy(%q) = %v, %v; want %s", in, u, err, want)
		}
	}
}

func TestAnInvalidProxyIsRefused(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                   "no valid host name",
		"http://":                            "no valid host name",
		"ftp://proxy.example.com":            "the scheme must be",
		"http://user:hunter2@proxy:port":     "not a URL",
		"http://user:hunter2@proxy:99999":    "between 1 and 65535",
		"http://user:hunter2@proxy:65536":    "between 1 and 65535",
		"http://user:hunter2@proxy:0":        "between 1 and 65535",
		"http://user:hunter2@proxy/p?q=1":    "without a path",
		"http://user:hunter2@proxy?q=1":      "without a path",
		"http://user:hunter2@proxy#f":        "without a path",
		"http://user:hunter2@pro xy":         "not a URL",
		"http://user:hunter2%zz@proxy":       "not a URL",
		"http://proxy.example.com:3128/path": "without a path",
	} {
		u, err := tcapi.ParseProxy(in)
		if err == nil {
			t.Errorf("ParseProxy(%q) = %v, want an error", in, u)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("ParseProxy(%q): %v, want %q in it", in, err, want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseProxy(%q): the password is in the error: %v", in, err)
		}
	}
}

func TestAnInvalidCABundleIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	key := filepath.Join(dir, "key.pem")
	for path, text := range map[string]string{
		empty: "",
		key:   "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		empty:                            "contains no certificate",
		key:                              "contains no certificate",
		filepath.Join(dir, "absent.pem"): "unable to read the CA bundle",
	} {
		if _, err := tcapi.LoadCABundle(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("LoadCABundle(%s): %v, want %q", filepath.Base(path), err, want)
		}
	}
}

// On a machine whose authorities cannot be read, those of the bundle are trusted. A child
// process has such a machine, because crypto/x509 reads them once.
func TestABundleIsEnoughWithoutTheSystemsAuthorities(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	const variable = "TCAPI_TEST_BUNDLE"
	if path := os.Getenv(variable); path != "" {
		if _, err := x509.SystemCertPool(); err == nil {
			t.Skip("the authorities of this system do not depend on the environment")
		}
		pool, err := tcapi.LoadCABundle(path)
		want := x509.NewCertPool()
		want.AddCert(server.Certificate()) // of httptest, and the same in each process
		if err != nil || !pool.Equal(want) {
			t.Errorf("%v, %v", pool, err)
		}
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), variable+"="+path, "SSL_CERT_FILE="+dir, "SSL_CERT_DIR="+t.TempDir())
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A private CA is trusted when its bundle is given, and only then.
func TestAPrivateCAIsTrustedOnlyWithItsBundle(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"Response":{"RequestId":"r"}}`)
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
	pool, err := tcapi.LoadCABundle(path)
	if err != nil {
		t.Fatal(err)
	}
	// The authorities of the system are trusted as well.
	if system, err := x509.SystemCertPool(); err == nil && (!system.AppendCertsFromPEM(block) || !pool.Equal(system)) {
		t.Error("the bundle is not added to the authorities of the system")
	}
	if err := call(t, server.URL, tcapi.TransportOptions{RootCAs: pool}); err != nil {
		t.Errorf("with the bundle: %v", err)
	}
	err = call(t, server.URL, tcapi.TransportOptions{})
	if failure := tcapi.AsError(err); failure == nil || failure.Class != tcapi.Fatal || !strings.Contains(failure.Message, "certificate") {
		t.Errorf("without the bundle: %v, want a fatal error that speaks of the certificate", err)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	if got := tcapi.NewTransport(tcapi.TransportOptions{}).TLSClientConfig.MinVersion; got != 0x0303 {
		t.Errorf("the least TLS version is %x, want 1.2", got)
	}
}

// The proxy carries every request, also those to a loopback address, which the
// proxy of the environment never gets.
func TestTheProxyCarriesEveryRequest(t *testing.T) {
	t.Parallel()
	var direct, proxied atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		direct.Add(1)
		_, _ = io.WriteString(w, `{"Response":{"RequestId":"direct"}}`)
	}))
	t.Cleanup(server.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "" {
			t.Errorf("the proxy got %s, want an absolute URL", r.URL)
		}
		proxied.Add(1)
		_, _ = io.WriteString(w, `{"Response":{"RequestId":"proxied"}}`)
	}))
	t.Cleanup(proxy.Close)
	proxyURL, err := tcapi.ParseProxy(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := call(t, server.URL, tcapi.TransportOptions{ProxyURL: proxyURL}); err != nil {
		t.Fatal(err)
	}
	if err := call(t, server.URL, tcapi.TransportOptions{}); err != nil {
		t.Fatal(err)
	}
	if direct.Load() != 1 || proxied.Load() != 1 {
		t.Errorf("%d direct and %d proxied requests, want one of each", direct.Load(), proxied.Load())
	}
}

func call(t *testing.T, endpoint string, o tcapi.TransportOptions) error {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport := tcapi.NewTransport(o)
	t.Cleanup(transport.CloseIdleConnections)
	client := tcapi.New(tcapi.Config{
		Service:     "teo",
		Endpoint:    tcapi.Endpoint{Scheme: u.Scheme, Host: u.Host},
		Credentials: tcapi.StaticCredentials{SecretID: "id", SecretKey: "key"},
		Transport:   transport,
		UserAgent:   "test/0",
	})
	action := tcapi.Action{Version: "2022-09-01", Name: "DescribeZones", PerSecond: 100}
	_, err = tcapi.Call[tcapi.Head](context.Background(), client, action, struct{}{})
	return err
}
