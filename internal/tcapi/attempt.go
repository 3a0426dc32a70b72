package tcapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// Head holds the fields that every response has. Response types embed it.
type Head struct {
	// RequestID identifies the request for Tencent Cloud's support.
	RequestID string `json:"RequestId"`

	Error *struct {
		Code    string
		Message string
	}
}

func (h *Head) head() *Head { return h }

// attempt sends a request once and decodes the response.
//
// Everything in its error that came from elsewhere is made printable, without the
// credentials and the other secrets.
func attempt[R any, P reply[R]](ctx context.Context, c *Client, action Action, payload []byte, credentials Credentials, secrets []string) (P, *Error) {
	secrets = append(secrets[:len(secrets):len(secrets)], credentials.SecretKey, credentials.Token, credentials.SecretID)
	ctx, cancel := context.WithTimeoutCause(ctx, c.RequestTimeout, errAttemptTimeout)
	defer cancel()

	x := c.exchange(ctx, action, payload, credentials)
	defer x.release()
	failure := &Error{
		Service: c.Service, Action: action.Name, Version: action.Version,
		RequestID: printable.Redacted(x.requestID, printable.Name, secrets...), Status: x.status, RetryAfter: x.retryAfter, Skew: x.skew, CredentialSource: credentials.Source,
	}
	if x.err != nil {
		failure.Class, failure.Err = x.class, x.err
		failure.Message = printable.Redacted(x.err.Error(), printable.Message, secrets...)
		if errors.Is(context.Cause(ctx), errAttemptTimeout) {
			failure.Class, failure.Err = Transient, errAttemptTimeout
			failure.Message = fmt.Sprintf("no response within the request timeout of %s", c.RequestTimeout)
		}
		return nil, failure
	}
	return decode[R, P](x, failure, secrets)
}

// errNoCode is an error object without a code.
var errNoCode = errors.New("the service returned an error without a code")

// reply is a pointer to a type that embeds Head.
type reply[R any] interface {
	*R
	head() *Head
}

// decode decodes a response into its final type.
func decode[R any, P reply[R]](x *exchange, failure *Error, secrets []string) (P, *Error) {
	var envelope struct{ Response P }
	if err := json.Unmarshal(x.body.Bytes(), &envelope); err != nil {
		return nil, undecodable(x, failure, err, secrets)
	}
	if envelope.Response == nil {
		failure.Message = "the response has no Response"
		return nil, failure
	}
	head := envelope.Response.head()
	if head.RequestID != "" {
		head.RequestID = printable.Redacted(head.RequestID, printable.Name, secrets...)
		failure.RequestID = head.RequestID
	}
	if head.Error == nil {
		return envelope.Response, nil
	}
	failure.Code = printable.Redacted(head.Error.Code, printable.Name, secrets...)
	failure.Message = printable.Redacted(head.Error.Message, printable.Message, secrets...)
	failure.Class = ruleOf(failure.Code).class
	if failure.Code == "" {
		failure.Err = errNoCode
		failure.Message = errNoCode.Error() + ": " + failure.Message
	}
	return nil, failure
}

// undecodable returns the failure of a response that is not JSON, or in which a field
// has another type than the API defines.
func undecodable(x *exchange, failure *Error, err error, secrets []string) *Error {
	const what = "the response could not be decoded: "
	failure.Err = err
	failure.Message = printable.Redacted(what+err.Error(), printable.Message, secrets...)
	if field, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		failure.Message = printable.Redacted(what+describeField(field), printable.Message, secrets...)
		var head struct {
			Response struct {
				RequestID string `json:"RequestId"`
			}
		}
		if json.Unmarshal(x.body.Bytes(), &head) == nil && head.Response.RequestID != "" {
			failure.RequestID = printable.Redacted(head.Response.RequestID, printable.Name, secrets...)
		}
	}
	// A truncated body can have the announced length. Only the text of the error
	// tells it from other syntax errors.
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && syntax.Error() == "unexpected end of JSON input" {
		failure.Class, failure.Err = Transient, io.ErrUnexpectedEOF
	}
	return failure
}
