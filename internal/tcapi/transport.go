package tcapi

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// MaxInFlight is how many requests of one listing are under way at once, at the
// most; so many connections to a host are kept open.
const MaxInFlight = 64

// NewTransport returns a transport for API calls and downloads: TLS 1.2 at
// least, the proxy of the environment, and enough idle connections that
// parallel requests do not open new ones all the time.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          2 * MaxInFlight,
		MaxIdleConnsPerHost:   MaxInFlight,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}
