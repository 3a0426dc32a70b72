package bucket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// responseError is an error response of a store.
type responseError struct {
	status                   int
	code, message, requestID string
	hint                     string // what to do; may be empty
}

func (e *responseError) Error() string {
	text := fmt.Sprintf("%s (HTTP %d", e.code, e.status)
	if e.requestID != "" {
		text += ", request ID " + e.requestID
	}
	text += ")"
	if e.message != "" {
		text += ": " + strings.TrimRight(e.message, ".")
	}
	if e.hint != "" {
		text += "; " + e.hint
	}
	return text
}

// Is makes a refusal an ErrDenied. Stores refuse the removal of a locked object
// with different codes.
func (e *responseError) Is(target error) bool {
	return target == ErrDenied && (e.status == http.StatusForbidden || e.status == http.StatusConflict || e.status == http.StatusMethodNotAllowed ||
		e.code == "ObjectLocked" || e.code == "InvalidRequest" && strings.Contains(e.message, "WORM"))
}

var (
	expiredCodes = []string{"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "RequestExpired"}
	identity     = []string{"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity"}
)

func (e *responseError) permanent() bool {
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotImplemented, http.StatusMovedPermanently, http.StatusMethodNotAllowed:
		return true
	}
	return slices.Contains(expiredCodes, e.code) || slices.Contains(identity, e.code) || slices.Contains([]string{
		"NoSuchBucket", "InvalidBucketName", "NotImplemented", "PermanentRedirect", "AuthorizationHeaderMalformed",
		"QuotaExceeded", "InsufficientStorage", "InvalidArgument",
	}, e.code)
}

// response returns status and code of an error response, or zero values.
func response(err error) (status int, code string) {
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = r.HTTPStatusCode()
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		code = api.ErrorCode()
	}
	return status, code
}

// exists reports whether a conditional write was refused because the object
// exists.
func exists(err error) bool {
	status, code := response(err)
	return status == http.StatusPreconditionFailed || code == "PreconditionFailed" || code == "FileAlreadyExists"
}

// unconditional reports whether a store refused a write for being conditional.
func unconditional(err error) bool {
	status, code := response(err)
	return status == http.StatusNotImplemented ||
		status == http.StatusBadRequest && slices.Contains([]string{"NotImplemented", "InvalidArgument", "InvalidRequest"}, code)
}

// notFound reports whether there is no object with the key. A missing bucket is
// another error.
func notFound(err error) bool {
	status, code := response(err)
	return code == "NoSuchKey" || status == http.StatusNotFound && (code == "NotFound" || code == "")
}

// failed makes an *Error of an error of the SDK, unless the context has ended.
func (b *objectStore) failed(ctx context.Context, op, key string, err error) error {
	if err == nil {
		return nil
	}
	return newError(ctx, b.name, op, key, b.cause(err))
}

// cause returns an error of the SDK in a short form, with what to do about it.
func (b *objectStore) cause(err error) error {
	for _, known := range []error{ErrExist, ErrNotExist} {
		if errors.Is(err, known) {
			return err
		}
	}
	if c, ok := errors.AsType[*credentialsError](err); ok {
		return c
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		text := b.source.redacted(innermost(err), printable.Message)
		if _, network := errors.AsType[net.Error](err); network {
			text += "; check the name of the bucket, region and endpoint, and the network"
		}
		return errors.New(text)
	}
	e := &responseError{code: api.ErrorCode(), message: api.ErrorMessage()}
	header := http.Header{}
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		e.status, e.requestID = r.HTTPStatusCode(), r.RequestID
		if r.Response != nil {
			header = r.Response.Header
		}
	}
	if e.requestID == "" {
		e.requestID = header.Get("x-cos-request-id")
	}
	e.code, e.requestID = b.source.redacted(e.code, printable.Name), b.source.redacted(e.requestID, printable.Name)
	e.message = b.source.redacted(e.message, 300)
	from := ""
	if name := b.source.String(); name != "" {
		from = " from " + name
	}
	switch {
	case header.Get("x-amz-bucket-region") != "" && (e.status == http.StatusMovedPermanently || e.code == "AuthorizationHeaderMalformed"):
		e.hint = "the bucket is in another region; use region=" + b.source.redacted(header.Get("x-amz-bucket-region"), printable.Name)
	case e.code == "NoSuchBucket":
		e.hint = "create the bucket, or correct its name, region or endpoint"
	case slices.Contains(expiredCodes, e.code):
		e.hint = "the credentials" + from + " have expired; get new ones"
	case slices.Contains(identity, e.code):
		e.hint = "check the credentials" + from
		if b.endpoint != "" && e.code == "SignatureDoesNotMatch" {
			e.hint += "; if they are right, a gateway or CDN changes requests on the way: use the store's own endpoint"
		}
		if hint := b.credentialsHint(); b.cos && hint != "" {
			e.hint += "; " + hint
		}
	case e.code == "RequestTimeTooSkewed":
		e.hint = "set the clock of this machine"
	}
	return e
}

// credentialsHint says how to give credentials.
func (b *objectStore) credentialsHint() string {
	switch {
	case b.scheme == "cos":
		return ""
	case b.cos:
		return "for Tencent Cloud COS set AWS_ACCESS_KEY_ID to the SecretId and AWS_SECRET_ACCESS_KEY to the SecretKey, " +
			"or use " + b.cosForm() + " to sign in with the credentials of the provider configuration"
	}
	return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose a profile with profile=… or AWS_PROFILE"
}

// innermost returns the text of an error without the operations of the SDK
// around it, and without the URL of the request.
func innermost(err error) string {
	if c, ok := errors.AsType[*url.Error](err); ok {
		return innermost(c.Err)
	}
	if op, ok := errors.AsType[*smithy.OperationError](err); ok {
		return innermost(op.Err)
	}
	return err.Error()
}
