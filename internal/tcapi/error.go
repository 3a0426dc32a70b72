package tcapi

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Error is the failure of one call: an error that the service returned, an
// invalid response, or none. It holds no body, signature, secret or URL.
type Error struct {
	Service, Action, Version string

	// Code is Tencent Cloud's error code, such as
	// "UnauthorizedOperation.CamUnauthorized"; empty if the service returned
	// none (Message then says what happened).
	Code    string
	Message string

	// RequestID is empty if there was no response.
	RequestID string

	// Status is the HTTP status, 0 if there was no response. The gateway returns
	// its own errors with status 200.
	Status int

	// Attempts is the number of requests that were sent for the call.
	Attempts int

	// RetryAfter is how long the service asked to wait; 0 if it did not.
	RetryAfter time.Duration

	// Skew is the service's clock minus the local one, from the response's Date
	// header (in whole seconds); 0 if there was none.
	Skew time.Duration

	// CredentialSource says which credentials signed the request
	// (Credentials.Source); empty if it was not signed.
	CredentialSource string

	// Class says what can be done about it.
	Class Class

	// Err is the cause of a failure of the transport or of decoding.
	Err error
}

// Error gives action, version, code, message, request ID, HTTP status and the
// number of attempts, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s %s): ", e.Action, e.Service, e.Version)
	if e.Code != "" {
		b.WriteString(e.Code + ": ")
	}
	b.WriteString(e.Message)
	var notes []string
	if e.RequestID != "" {
		notes = append(notes, "request ID "+e.RequestID)
	}
	if e.Status != 0 {
		notes = append(notes, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("%d attempts", e.Attempts))
	}
	if len(notes) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(notes, ", "))
	}
	return b.String()
}

// reason says why the call failed, without the service's own text.
func (e *Error) reason() string {
	switch {
	case e.Code != "":
		return e.Code
	case errors.Is(e.Err, errNoCode):
		return errNoCode.Error()
	}
	return e.Message
}

// Unwrap returns the cause, so that errors.Is finds a context's error.
func (e *Error) Unwrap() error { return e.Err }

// AsError returns the *Error in err's chain, or nil.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return nil
}
