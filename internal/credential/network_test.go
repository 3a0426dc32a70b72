package credential_test

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// A proxy and a private CA apply to STS and EdgeOne: the tunnels of both go through
// the proxy, and without the CA bundle neither is trusted.
func TestAProxyAndAPrivateCAApplyToSTSAndEdgeOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	server := httptest.NewTLSServer(w.sim.Handler())
	t.Cleanup(server.Close)
	var tunnels atomic.Int32
	proxy := httptest.NewServer(tunnel(t, &tunnels))
	t.Cleanup(proxy.Close)

	proxyURL, err := tcapi.ParseProxy(strings.TrimPrefix(proxy.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	roots, err := tcapi.LoadCABundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	transport := tcapi.NewTransport(tcapi.TransportOptions{ProxyURL: proxyURL, RootCAs: roots})
	// One connection a request, to count them.
	transport.DisableKeepAlives = true
	w.transport = transport

	o := w.shortLived(7200)
	o.STS.Endpoint = tcapi.Endpoint{Scheme: "https", Host: server.Listener.Addr().String()}
	source := w.source(o)
	config := o.STS
	config.Service, config.Credentials = "teo", source
	action := tcapi.Action{Version: "2022-09-01", Name: "DescribeZones", PerSecond: 100}
	if _, err := tcapi.Call[tcapi.Head](t.Context(), tcapi.New(config), action, struct{}{}); err != nil {
		t.Fatal(err)
	}
	if n := tunnels.Load(); n != 2 || w.sim.Count("", "AssumeRole") != 1 || w.sim.Count("", "DescribeZones") != 1 {
		t.Errorf("%d tunnels for %d requests", n, len(w.sim.Requests()))
	}

	o.STS.Transport = tcapi.NewTransport(tcapi.TransportOptions{ProxyURL: proxyURL})
	_, err = w.source(o).Credentials(t.Context())
	if err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("without the bundle: %v", err)
	}
}

// tunnel is a proxy for CONNECT.
func tunnel(t *testing.T, tunnels *atomic.Int32) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		tunnels.Add(1)
		there, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(there, buffered); _ = there.(*net.TCPConn).CloseWrite() })
		both.Go(func() { _, _ = io.Copy(here, there) })
		both.Wait()
		_, _ = here.Close(), there.Close()
	}
}

// A proxy that cannot be reached, one that requires a password, and a plain
// endpoint, which a forward proxy serves.
func TestAFailureOfTheProxyIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(refusing.Close)
	proxyURL, err := tcapi.ParseProxy("http://user:hunter2@" + strings.TrimPrefix(refusing.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	o := w.withStatic()
	o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}
	o.STS.Transport = tcapi.NewTransport(tcapi.TransportOptions{ProxyURL: proxyURL})
	_, err = w.source(o).Credentials(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the proxy requires a user name and a password") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	if n := len(w.sim.Requests()); n != 0 {
		t.Errorf("%d requests went past the proxy", n)
	}
}
