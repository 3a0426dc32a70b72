package tcapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// MaxInFlight is the maximum number of concurrent requests of one list, and the
// number of idle connections that are kept per host.
const MaxInFlight = 64

// TransportOptions are the proxy and the certificate authorities of a transport.
type TransportOptions struct {
	// ProxyURL is the proxy of every request, whatever its host; see ParseProxy.
	// If it is nil, HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide, by the rules of
	// [http.ProxyFromEnvironment].
	ProxyURL *url.URL

	// RootCAs are the trusted certificate authorities; see LoadCABundle. If it is
	// nil, those of the system are trusted.
	RootCAs *x509.CertPool
}

// NewTransport returns a transport for API calls and downloads, with TLS 1.2 or
// later and enough idle connections for parallel requests.
func NewTransport(o TransportOptions) *http.Transport {
	proxy := http.ProxyFromEnvironment
	if o.ProxyURL != nil {
		proxy = http.ProxyURL(o.ProxyURL)
	}
	return &http.Transport{
		Proxy:               proxy,
		DialContext:         newDialer().DialContext,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        2 * MaxInFlight,
		MaxIdleConnsPerHost: MaxInFlight,
		IdleConnTimeout:     30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

func newDialer() *net.Dialer {
	return &net.Dialer{Timeout: 10 * time.Second}
}

// ParseProxy parses "host:port" or a URL with the scheme http, https, socks5 or
// socks5h, with the user name and password that the proxy may require. The error
// repeats nothing of the input, which can hold a password.
func ParseProxy(s string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("it is not a URL such as http://proxy.example.com:3128")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" && u.Scheme != "socks5h":
		return nil, errors.New("the scheme must be http, https, socks5 or socks5h")
	case u.Hostname() == "" || strings.ContainsAny(u.Host, " \t\r\n"):
		return nil, errors.New("it has no valid host name")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("it must be a host with an optional port, without a path or a query")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, errors.New("the port is not between 1 and 65535")
		}
	}
	return u, nil
}

// LoadCABundle returns the system's certificate authorities together with
// those of a file in PEM format. A file that holds no certificate is an error.
func LoadCABundle(path string) (*x509.CertPool, error) {
	bundle, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("unable to read the CA bundle: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		// A machine without a certificate store can have the bundle alone.
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("the file %s contains no certificate in PEM format", path)
	}
	return pool, nil
}
