package tcapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// Class says how the client reacts to a failure.
type Class int

const (
	// Fatal: the same request would fail again.
	Fatal Class = iota
	// Transient: a failure of the server or of the network; retry.
	Transient
	// Throttled: too many requests; wait at least a second, slow down every
	// request, retry.
	Throttled
	// Busy: the resource is in use; retry, but only a few times.
	Busy
	// CredentialsRefused: the credentials are unknown or have expired; refresh
	// temporary credentials and retry once.
	CredentialsRefused
	// Gone: this version of the API no longer has the action.
	Gone
)

// ClassOfStatus returns the class of an HTTP status other than 200.
func ClassOfStatus(status int) Class {
	switch status {
	case http.StatusTooManyRequests:
		return Throttled
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Transient
	}
	return Fatal
}

// ClassOfTransport returns the class of an error of sending a request or of
// reading the response. An unknown host or an invalid certificate is permanent; a
// connection that broke, was refused or timed out may work the next time.
func ClassOfTransport(err error) Class {
	var (
		dns     *net.DNSError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		stream  streamError
		netErr  net.Error
		op      *net.OpError
		refused *RefusedAddressError
	)
	switch {
	case errors.As(err, &refused):
		return Fatal
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return Fatal
		}
		return Transient
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid), errors.As(err, &verify), errors.As(err, &record):
		return Fatal
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EPIPE),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		return Transient
	case errors.As(err, &stream), strings.HasPrefix(err.Error(), "http2: "):
		// net/http does not export the types of HTTP/2 for a broken connection.
		return Transient
	case errors.As(err, &netErr) && netErr.Timeout():
		return Transient
	case errors.As(err, &op):
		// "remote error: tls: …" is an alert, which is permanent.
		if op.Op == "remote error" {
			return Fatal
		}
		return Transient
	}
	return Fatal
}

// streamError has the fields of net/http's unexported error of a broken HTTP/2
// stream, so that errors.As finds it.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "stream error" }
