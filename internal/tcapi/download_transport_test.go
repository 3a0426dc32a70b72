package tcapi_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
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

// ipv4Forms returns the forms in which an IPv4 address can be written as the host of
// a URL.
func ipv4Forms(address string) []string {
	a := netip.MustParseAddr(address).As4()
	n := binary.BigEndian.Uint32(a[:])
	return []string{
		address, address + ".", fmt.Sprint(n), fmt.Sprintf("0x%x", n), fmt.Sprintf("0X%X", n), fmt.Sprintf("0%o", n),
		fmt.Sprintf("%d.%d", a[0], n%(1<<24)), fmt.Sprintf("%d.%d.%d", a[0], a[1], n%(1<<16)),
		fmt.Sprintf("0x%x.0x%x.0%o.%d", a[0], a[1], a[2], a[3]), fmt.Sprintf("0%o.0%o.0x%x.0%o.", a[0], a[1], a[2], a[3]),
		fmt.Sprintf("0x%x.0%o", a[0], n%(1<<24)),
		// net/http asks a proxy for a tunnel to the address that these mean.
		strings.ReplaceAll(address, ".", "。"),
		strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				r += '０' - '0'
			}
			return r
		}, address),
	}
}

// ipv6Forms returns IPv6 addresses that stand for an IPv4 address.
func ipv6Forms(address string) []string {
	a := netip.MustParseAddr(address).As4()
	hosts := []string{
		"::ffff:" + address, "::" + address, "64:ff9b::" + address,
		fmt.Sprintf("2002:%x:%x::1", a[:2], a[2:]),
		fmt.Sprintf("64:ff9b:1:%x:%x:%x00::", a[:2], a[2], a[3]),
		fmt.Sprintf("64:ff9b:1:%x:%x:%x::", a[0], a[1], a[2:]),
		fmt.Sprintf("64:ff9b:1::%x:%x:%x00:0", a[0], a[1:3], a[3]),
		"64:ff9b:1::" + address,
	}
	for i, host := range hosts {
		hosts[i] = "[" + host + "]"
		hosts = append(hosts, "["+host+"%25eth0]")
	}
	return hosts
}

// Each refused network and address is refused up to its bounds, and the addresses next
// to it are requested, in each form.
func TestDownloadsRefuseExactlyTheLocalNetworks(t *testing.T) {
	t.Parallel()
	var received atomic.Int32
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { received.Add(1) })
	proxyURL, err := tcapi.ParseProxy(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := tcapi.NewDownloadTransport(tcapi.TransportOptions{ProxyURL: proxyURL}, false)
	t.Cleanup(transport.CloseIdleConnections)

	local := append(ipv4Forms("0.0.0.0"),
		"[::]", "[::1]", "[::1%25lo]", "[fd00:ec2::254]", "[fd00:ec2::254%25eth0]", "[fd20:ce::254]",
		"[fe80::]", "[febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff]", "[ff00::]", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]",
		"localhost", "LOCALHOST..", "a_b.LOCALHOST", "ｌocalhost", "loc\u00adalhost", "metadata。tencentyun。com", "metadata.google.internal.",
		// Browsers and BSD read 0x as zero.
		"0x7f.0x.0X.1", "0x",
	)
	for _, address := range []string{
		"100.100.100.200", "127.0.0.0", "127.255.255.255", "169.254.0.0", "169.254.255.255", "224.0.0.0", "239.255.255.255",
	} {
		local = append(append(local, ipv4Forms(address)...), ipv6Forms(address)...)
	}
	for _, host := range local {
		if refused, err := get(t, transport, "http://"+host+"/"); !refused {
			t.Errorf("%s: %v", host, err)
		}
	}
	if n := received.Load(); n != 0 {
		t.Errorf("the proxy received %d requests", n)
	}

	other := append(ipv4Forms("0.0.0.1"),
		"[::2]", "[fd00:ec2::253]", "[fd00:ec2::255]", "[fd20:ce::253]", "[fd20:ce::255]",
		"[fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff]", "[fec0::]", "[feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]",
		// These are next to the networks that embed IPv4 addresses.
		"[::1:127.0.0.1]", "[2001:7f00:1::]", "[2003:7f00:1::]", "[64:ff9a::127.0.0.1]", "[64:ff9b::1:127.0.0.1]",
		"[64:ff9b:0:7f00:0:100::]", "[64:ff9b:2::127.0.0.1]", "[64:ff9b:2:7f00:0:100::]", "[64:ff9b:1::]",
		"localhost.example.com", "notlocalhost", "my-metadata.google.internal", "metadata.tencentyun.com.example.com",
		// No resolver takes these for an address.
		"126.256.0.1", "127.0.0.0.1", "12_7.1", "127..1", "127.0.0.1.example.com", "7147006462", "127.0.0.0xg",
	)
	for _, address := range []string{
		"100.100.100.199", "100.100.100.201", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
		"223.255.255.255", "240.0.0.0", "255.255.255.255",
	} {
		other = append(append(other, ipv4Forms(address)...), ipv6Forms(address)...)
	}
	for _, host := range other {
		if refused, err := get(t, transport, "http://"+host+"/"); refused || err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if n := int(received.Load()); n != len(other) {
		t.Errorf("the proxy received %d requests, want %d", n, len(other))
	}
}

// A request that is not sent has its body closed all the same.
func TestTheBodyOfARefusedRequestIsClosed(t *testing.T) {
	t.Parallel()
	closed := false
	for _, body := range []io.Reader{closing{strings.NewReader("a"), &closed}, nil} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://169.254.169.254/", body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tcapi.NewDownloadTransport(tcapi.TransportOptions{}, false).RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
			t.Error("the request was sent")
		}
		if !closed {
			t.Error("the body is open")
		}
	}
}

// Connections of both kinds are closed.
func TestIdleConnectionsOfDownloadsAreClosed(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = counting(&connections)
	server.Start()
	t.Cleanup(server.Close)
	proxyURL, err := tcapi.ParseProxy(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		options tcapi.TransportOptions
		url     string
	}{
		"direct": {url: server.URL},
		"proxy":  {tcapi.TransportOptions{ProxyURL: proxyURL}, "http://log-down.example.com/"},
	} {
		transport := tcapi.NewDownloadTransport(test.options, true)
		before := connections.Load()
		for range 2 {
			if _, err := get(t, transport, test.url); err != nil {
				t.Fatal(err)
			}
			transport.CloseIdleConnections()
		}
		if n := connections.Load() - before; n != 2 {
			t.Errorf("%s: %d connections for two requests, want 2", name, n)
		}
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
