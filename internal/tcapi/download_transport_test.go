package tcapi_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// get requests a URL, and returns whether the address was refused.
func get(t *testing.T, transport http.RoundTripper, url string) (refused bool, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	_, refused = errors.AsType[*tcapi.RefusedAddressError](err)
	return refused, err
}

// Link-local URLs and those of metadata services, in each form in which they can be
// written.
var localURLs = []string{
	"http://169.254.169.254/latest/meta-data/", "http://169.254.0.23/", "https://169.254.1.1:8443/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/",
	"http://metadata.tencentyun.com/latest/", "http://METADATA.tencentyun.com./", "http://metadata.google.internal/",
	"http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/", "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/", "http://169.254.43518/",
	"http://100.100.100.200/", "http://[fd00:ec2::254]/",
	"http://[::169.254.169.254]/", "http://[2002:a9fe:a9fe::1]/", "http://[64:ff9b:1:a9fe:a9:fe00::]/", "http://[64:ff9b:1:a9:fe:a9fe::]/",
	"http://[64:ff9b:1:7:a9:fea9:fe00:0]/", "http://[64:ff9b:1::169.254.169.254]/",
}

var loopbackURLs = []string{
	"http://127.0.0.1:1/", "http://127.1:1/", "http://0.0.0.0:1/", "http://[::1]:1/", "http://[::]:1/", "http://[::ffff:127.0.0.1]:1/", "http://[::127.0.0.1]:1/", "http://[2002:7f00:1::]:1/", "http://[64:ff9b:1::127.0.0.1]:1/", "http://localhost:1/", "http://a.localhost.:1/", "http://2130706433:1/",
}

// A listed URL is never requested from a local address: neither directly nor, which
// the counter shows, through a proxy.
func TestDownloadsRefuseLocalAddresses(t *testing.T) {
	t.Parallel()
	var proxied atomic.Int32
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { proxied.Add(1) })
	proxyURL, err := tcapi.ParseProxy(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]tcapi.TransportOptions{"direct": {}, "proxy": {ProxyURL: proxyURL}} {
		transport := tcapi.NewDownloadTransport(options, false)
		t.Cleanup(transport.CloseIdleConnections)
		for _, url := range append(append([]string{}, localURLs...), loopbackURLs...) {
			refused, err := get(t, transport, url)
			if !refused || !strings.Contains(err.Error(), "was not requested") || tcapi.ClassOfTransport(err) != tcapi.Fatal {
				t.Errorf("%s, %s: %v", name, url, err)
			}
		}
		// For a simulator only loopback is allowed.
		simulated := tcapi.NewDownloadTransport(options, true)
		t.Cleanup(simulated.CloseIdleConnections)
		for _, url := range localURLs {
			if refused, err := get(t, simulated, url); !refused {
				t.Errorf("%s, %s: %v", name, url, err)
			}
		}
	}
	if n := proxied.Load(); n != 0 {
		t.Errorf("the proxy received %d requests", n)
	}
	// The proxy itself may be a local address, and is used for other hosts.
	transport := tcapi.NewDownloadTransport(tcapi.TransportOptions{ProxyURL: proxyURL}, false)
	t.Cleanup(transport.CloseIdleConnections)
	for _, url := range []string{
		"http://log-down.example.com/a", "http://170.254.1.1/", "http://99999999999/",
		"http://10.0.0.1/", "http://192.168.1.1/", "http://[fd00::1]/", "http://[64:ff9b:1::10.0.0.1]/", "http://[2002:a00:1::]/",
	} {
		if refused, err := get(t, transport, url); refused || err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	if n := proxied.Load(); n != 8 {
		t.Errorf("the proxy received %d requests, want 8", n)
	}
}

// A simulator's URLs are requested.
func TestURLsOfASimulatorAreDownloaded(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	transport := tcapi.NewDownloadTransport(tcapi.TransportOptions{}, true)
	t.Cleanup(transport.CloseIdleConnections)
	if refused, err := get(t, transport, server.URL); refused || err != nil {
		t.Error(err)
	}
}
