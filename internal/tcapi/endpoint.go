package tcapi

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// DefaultDomain is the root domain of the mainland API endpoints. The
// international one is "intl.tencentcloudapi.com".
const DefaultDomain = "tencentcloudapi.com"

// Endpoint is the address of a service.
type Endpoint struct {
	// Scheme is "https", or "http" for a loopback host.
	Scheme string
	// Host is a lower-case host name or address with an optional port.
	Host string
}

// String returns the endpoint as a URL.
func (e Endpoint) String() string { return e.Scheme + "://" + e.Host }

// Loopback reports whether the host is a loopback address or localhost.
func (e Endpoint) Loopback() bool { return loopback((&url.URL{Host: e.Host}).Hostname()) }

// ServiceEndpoint returns the public endpoint of a service under a root domain, which
// ParseDomain returned, such as teo.tencentcloudapi.com.
func ServiceEndpoint(service, domain string) Endpoint {
	return Endpoint{Scheme: "https", Host: service + "." + domain}
}

// ParseEndpoint parses "host", "host:port" or a URL of scheme and host. Plain HTTP
// is accepted for loopback addresses only: the signature covers neither the token
// nor the name of the action, so that anyone on the network could read and change
// them.
func ParseEndpoint(s string) (Endpoint, error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		// The text of url.Error repeats the input, which can hold a password.
		return Endpoint{}, errors.New("it is neither a host name nor a URL")
	}
	scheme, host := u.Scheme, strings.ToLower(u.Host)
	switch {
	case scheme != "https" && scheme != "http":
		return Endpoint{}, fmt.Errorf("the scheme %q is neither https nor http", scheme)
	case u.User != nil:
		return Endpoint{}, errors.New("it must not contain a user name or a password")
	case u.Hostname() == "" || strings.ContainsFunc(host, notOfHost):
		return Endpoint{}, errors.New("it has no valid host name")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return Endpoint{}, errors.New("it must be a host with an optional port, without a path or a query")
	case scheme == "http" && !loopback(u.Hostname()):
		return Endpoint{}, errors.New("plain http is accepted for loopback addresses only; use https")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return Endpoint{}, fmt.Errorf("the port %q is not between 1 and 65535", port)
		}
	}
	return Endpoint{Scheme: scheme, Host: strings.TrimSuffix(host, ":")}, nil
}

// ParseDomain parses a root domain, such as "intl.tencentcloudapi.com".
func ParseDomain(s string) (string, error) {
	e, err := ParseEndpoint("https://" + s)
	domain := strings.Trim(e.Host, ".")
	if err != nil || strings.Contains(s, "://") || strings.Contains(domain, ":") ||
		!strings.Contains(domain, ".") || strings.Contains(domain, "..") {
		return "", errors.New(`it is not a root domain such as "intl.tencentcloudapi.com"`)
	}
	return domain, nil
}

// notOfHost reports characters that a lower-case host with an optional port does
// not contain. url.Parse accepts Unicode spaces and the zones of addresses.
func notOfHost(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-._:[]", r)
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
