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

// MaxInFlight is how many requests of one listing are under way at once, at the
// most; so many connections to a host are kept open.
const MaxInFlight = 64

// TransportOptions say by which way requests go and whom they trust.
type TransportOptions struct {
	// ProxyURL carries every request, whatever its host; ParseProxy makes one.
	// Where it is nil the environment decides, with the rules of
	// [http.ProxyFromEnvironment]: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
	ProxyURL *url.URL

	// RootCAs are the certificate authorities that servers must be signed by;
	// LoadCABundle makes such a pool. Where it is nil those of the system are.
	RootCAs *x509.CertPool
}

// NewTransport returns a transport for API calls and downloads: TLS 1.2 at
// least, and enough idle connections that parallel requests do not open new
// ones all the time.
func NewTransport(o TransportOptions) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	proxy := http.ProxyFromEnvironment
	if o.ProxyURL != nil {
		proxy = http.ProxyURL(o.ProxyURL)
	}
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          2 * MaxInFlight,
		MaxIdleConnsPerHost:   MaxInFlight,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// ParseProxy reads a proxy as "host:port" or as a URL of the scheme http,
// https, socks5 or socks5h, with a user name and a password where the proxy
// wants them. The error repeats nothing of the input, for it can hold a
// password.
func ParseProxy(s string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("it is not a URL such as http://proxy.example.com:3128")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	switch {
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" && u.Scheme != "socks5h":
		return nil, errors.New("the scheme is none of http, https, socks5 and socks5h")
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
		return nil, fmt.Errorf("the CA bundle cannot be read: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		// A machine without a store of its own may well have the bundle alone.
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("the file %s holds no certificate in PEM format", path)
	}
	return pool, nil
}
