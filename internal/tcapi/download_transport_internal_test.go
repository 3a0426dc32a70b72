package tcapi

import (
	"errors"
	"net"
	"testing"
)

// What a name resolved to is checked when it is dialed, so that no name gets around
// the check of the URL.
func TestDownloadsCheckTheDialedAddress(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	for _, allowed := range []bool{true, false} {
		transport := NewDownloadTransport(TransportOptions{}, allowed)
		conn, err := transport.direct.DialContext(t.Context(), "tcp", listener.Addr().String())
		if conn != nil {
			_ = conn.Close()
		}
		if _, refused := errors.AsType[*RefusedAddressError](err); refused == allowed {
			t.Errorf("loopback allowed: %t, %v", allowed, err)
		}
		_, err = transport.direct.DialContext(t.Context(), "tcp", "169.254.169.254:80")
		if _, refused := errors.AsType[*RefusedAddressError](err); !refused {
			t.Errorf("link-local: %v", err)
		}
	}
}
