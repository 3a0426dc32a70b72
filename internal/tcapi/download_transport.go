package tcapi

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/idna"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// RefusedAddressError means that a listed URL points at this machine, at a
// link-local address or at a metadata service. A package is never served from there,
// but the credentials of a virtual machine's role are.
type RefusedAddressError struct{ Host string }

// Error names the host.
func (e *RefusedAddressError) Error() string {
	return fmt.Sprintf("the listed URL points at %s, which is a loopback, link-local, multicast or metadata address, so it was not requested", printable.Text(e.Host, printable.Name))
}

// NewDownloadTransport returns a transport for the URLs that a service lists. It
// refuses link-local and multicast addresses, those of metadata services, and
// loopback addresses unless they are allowed, which is for simulators only. Private
// addresses, such as 10.0.0.0/8, are requested: a company can have a mirror there.
//
// The address is checked when it is dialed, after the name was resolved. A proxy
// resolves names itself: with one, the host is checked as the URL has it.
func NewDownloadTransport(o TransportOptions, allowLoopback bool) *DownloadTransport {
	t := &DownloadTransport{direct: NewTransport(o), proxied: NewTransport(o), allowLoopback: allowLoopback}
	t.proxy = t.direct.Proxy
	dialer := newDialer()
	dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err == nil && !t.refuses(to.Addr()) {
			return nil
		}
		return &RefusedAddressError{address}
	}
	t.direct.Proxy, t.direct.DialContext = nil, dialer.DialContext
	return t
}

// DownloadTransport is the result of NewDownloadTransport.
type DownloadTransport struct {
	direct, proxied *http.Transport
	proxy           func(*http.Request) (*url.URL, error)
	allowLoopback   bool
}

// RoundTrip sends a request, or returns a *RefusedAddressError.
func (t *DownloadTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if host := req.URL.Hostname(); t.refusesHost(host) {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, &RefusedAddressError{host}
	}
	// The address of a proxy is the user's choice, so it is not checked.
	if proxy, err := t.proxy(req); err != nil || proxy != nil {
		return t.proxied.RoundTrip(req)
	}
	return t.direct.RoundTrip(req)
}

// CloseIdleConnections closes the connections that are not in use.
func (t *DownloadTransport) CloseIdleConnections() {
	t.direct.CloseIdleConnections()
	t.proxied.CloseIdleConnections()
}

// metadataHosts are names, and metadataAddresses addresses outside of the link-local
// networks, of the metadata services of clouds.
var (
	metadataHosts     = []string{"metadata.tencentyun.com", "metadata.google.internal"}
	metadataAddresses = []netip.Addr{
		netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"),
	}
)

// refusesHost checks a host as it is written.
func (t *DownloadTransport) refusesHost(host string) bool {
	// net/http asks a proxy for a tunnel to the name in this form. Digits and dots of
	// other scripts can make an address in it.
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	host = strings.TrimRight(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return !t.allowLoopback
	}
	if slices.Contains(metadataHosts, host) {
		return true
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		addr = parseShortIPv4(host)
	}
	return t.refuses(addr)
}

// refuses checks an address.
func (t *DownloadTransport) refuses(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if addr.IsLoopback() || addr.IsUnspecified() {
		return !t.allowLoopback
	}
	return addr.IsLinkLocalUnicast() || addr.IsMulticast() || slices.Contains(metadataAddresses, addr) ||
		slices.ContainsFunc(embeddedIPv4(addr), t.refuses)
}

// Networks of IPv6 addresses that a translator or a tunnel turns into IPv4.
var (
	compatible = netip.MustParsePrefix("::/96")
	sixToFour  = netip.MustParsePrefix("2002::/16")
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48")
)

// embeddedIPv4 returns the IPv4 addresses that an IPv6 address can stand for.
func embeddedIPv4(addr netip.Addr) []netip.Addr {
	b := addr.As16()
	switch {
	case compatible.Contains(addr), nat64.Contains(addr):
		return []netip.Addr{netip.AddrFrom4([4]byte(b[12:]))}
	case sixToFour.Contains(addr):
		return []netip.Addr{netip.AddrFrom4([4]byte(b[2:]))}
	case localNAT64.Contains(addr):
		// The place depends on the length of the prefix (RFC 6052). The places that
		// are part of the prefix are often zero.
		places := []netip.Addr{
			netip.AddrFrom4([4]byte{b[6], b[7], b[9], b[10]}), netip.AddrFrom4([4]byte{b[7], b[9], b[10], b[11]}),
			netip.AddrFrom4([4]byte(b[9:])), netip.AddrFrom4([4]byte(b[12:])),
		}
		return slices.DeleteFunc(places, netip.Addr.IsUnspecified)
	}
	return nil
}

// parseShortIPv4 parses the forms of an IPv4 address that resolvers accept and
// netip does not: with fewer than four parts, in octal and in hexadecimal. It returns
// the zero Addr for another host.
func parseShortIPv4(host string) netip.Addr {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}
	}
	var n uint64
	for i, part := range parts {
		if part == "0x" {
			part = "0" // as BSD and browsers read it
		}
		value, err := strconv.ParseUint(part, 0, 32)
		last := i == len(parts)-1
		if err != nil || strings.Contains(part, "_") || !last && value > 255 {
			return netip.Addr{}
		}
		if last {
			n = n<<(8*uint(5-len(parts))) | value
			break
		}
		n = n<<8 | value
	}
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}
