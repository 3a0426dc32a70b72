package tcapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
)

// What a name resolved to is checked when it is dialed, so that no name gets around
// the check of the URL.
func TestDownloadsCheckTheDialedAddress(t *testing.T) {
	t.Parallel()
	var received atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received.Add(1) }))
	t.Cleanup(server.Close)
	for _, test := range []struct {
		address                  string // of log-down.example.com
		allowed, refused, answer bool
	}{
		{server.Listener.Addr().String(), true, false, true},
		{server.Listener.Addr().String(), false, true, false},
		{"169.254.169.254:80", true, true, false},
		{"[fe80::1%1]:80", true, true, false},
	} {
		transport := NewDownloadTransport(TransportOptions{}, test.allowed)
		transport.proxy = http.ProxyURL(nil)
		dial := transport.direct.DialContext
		transport.direct.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dial(ctx, network, test.address)
		}
		before := received.Load()
		err := fetch(t, transport)
		transport.CloseIdleConnections()
		if _, refused := errors.AsType[*RefusedAddressError](err); refused != test.refused || (err == nil) != test.answer {
			t.Errorf("%+v: %v", test, err)
		}
		if sent := received.Load() > before; sent != test.answer {
			t.Errorf("%+v: sent: %t", test, sent)
		}
	}
}

// If it is not known whether there is a proxy, nothing is requested without it.
func TestDownloadsWithAnInvalidProxyAreNotDirect(t *testing.T) {
	t.Parallel()
	invalid := errors.New("invalid proxy")
	transport := NewDownloadTransport(TransportOptions{}, true)
	transport.proxy = func(*http.Request) (*url.URL, error) { return nil, invalid }
	transport.proxied.Proxy = transport.proxy
	transport.direct.DialContext = func(context.Context, string, string) (net.Conn, error) {
		t.Error("a connection without the proxy")
		return nil, net.ErrClosed
	}
	if err := fetch(t, transport); !errors.Is(err, invalid) {
		t.Error(err)
	}
}

func fetch(t *testing.T, transport *DownloadTransport) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://log-down.example.com/a.log.gz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}
