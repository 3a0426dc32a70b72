package archive

import (
	"errors"
	"net/http"
	"slices"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// What follows reads the answers of S3 themselves: gocloud.dev knows few of
// their codes and calls all others unknown.

// unconditional tells whether a store refused a conditional write for what it
// is, and not for an object that stands there.
func unconditional(err error) bool {
	return refused(err, []int{http.StatusBadRequest, http.StatusNotImplemented}, "NotImplemented", "InvalidArgument", "InvalidRequest")
}

// lasting tells whether a store will refuse the next request too, whatever it
// asks for.
func lasting(err error) bool {
	return refused(err, []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotImplemented},
		"NotImplemented", "InvalidArgument", "ExpiredToken", "InvalidToken")
}

func refused(err error, statuses []int, codes ...string) bool {
	if api, ok := errors.AsType[smithy.APIError](err); ok && slices.Contains(codes, api.ErrorCode()) {
		return true
	}
	answer, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && slices.Contains(statuses, answer.HTTPStatusCode())
}
