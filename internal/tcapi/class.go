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

// Class says what can be done about a failure.
type Class int

const (
	// Fatal: the same request would fail again.
	Fatal Class = iota
	// Transient: a fault of the server or of the way there; try again.
	Transient
	// Throttled: too many requests; wait a second at least, slow every request
	// down, try again.
	Throttled
	// Busy: what is asked for is in use; try again, but only a few times.
	Busy
	// KeysRefused: the keys are unknown or have expired; if they are temporary,
	// renew them and try once more.
	KeysRefused
	// Gone: this version of the API does not serve the action any more.
	Gone
)

// classOfCode sorts the error codes of the gateway and of the services.
func classOfCode(code string) Class {
	switch code {
	case "RequestLimitExceeded", "LimitExceeded.RateLimitExceeded":
		return Throttled
	case "InternalError", "ServiceUnavailable":
		return Transient
	case "ResourceUnavailable", "ResourceInUse", "InvalidParameter.ActionInProgress":
		return Busy
	case "AuthFailure.TokenFailure", "AuthFailure.SecretIdNotFound":
		return KeysRefused
	case "ActionOffline", "InvalidAction", "NoSuchVersion", "UnsupportedOperation":
		return Gone
	}
	switch {
	case strings.HasPrefix(code, "RequestLimitExceeded."):
		return Throttled
	case strings.HasPrefix(code, "InternalError."):
		return Transient
	}
	return Fatal
}

// ClassOfStatus sorts HTTP statuses other than 200.
func ClassOfStatus(status int) Class {
	switch status {
	case http.StatusTooManyRequests:
		return Throttled
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Transient
	}
	return Fatal
}

// ClassOfTransport sorts the errors of sending a request and of reading the
// answer. A wrong name or certificate stays wrong; a connection that broke, was
// refused or took too long may work the next time.
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
	)
	switch {
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
		// HTTP/2's words for a connection that broke, in types net/http keeps to
		// itself.
		return Transient
	case errors.As(err, &netErr) && netErr.Timeout():
		return Transient
	case errors.As(err, &op):
		// "remote error: tls: …" is an alert: the two sides will not agree the
		// next time either.
		if op.Op == "remote error" {
			return Fatal
		}
		return Transient
	}
	return Fatal
}

// streamError has the fields of net/http's own error of a broken HTTP/2 stream,
// by which errors.As finds that one.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "stream error" }
