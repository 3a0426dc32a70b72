package credential

import (
	"errors"
	"fmt"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// SourceError is the failure of a source to return credentials, or credentials
// that may not be used.
type SourceError struct {
	// Attribute is the path of the attribute to blame, as in Problem; empty if
	// there is none.
	Attribute string

	// Summary is static and suitable for a diagnostic, such as "Unable to assume
	// the role".
	Summary string

	// Next says what to do about it, in full sentences; it may be empty.
	Next string

	// Err is the cause, often a *tcapi.Error.
	Err error
}

// Error returns summary, cause and next step, in one line and without secrets.
func (e *SourceError) Error() string {
	text := e.Summary
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Next != "" {
		text += ". " + e.Next
	}
	return text
}

// Unwrap returns the cause.
func (e *SourceError) Unwrap() error { return e.Err }

// Tried is a way to sign in that gave no credentials.
type Tried struct {
	Kind   Kind
	Source string // such as "profile 'default' in ~/.tccli"
	Reason string // continues Source, such as "does not exist"
}

// MissingError means that no source gives credentials.
type MissingError struct {
	// Tried are the ways to sign in, in the order of their Kind.
	Tried []Tried

	// UnknownVariables are names in the environment that look like variables of
	// this provider but are not read by this provider.
	UnknownVariables []string
}

// Error returns what was tried, with the reasons, in one line.
func (e *MissingError) Error() string {
	parts := make([]string, len(e.Tried))
	for i, t := range e.Tried {
		parts[i] = t.Source + " " + t.Reason
	}
	text := "no credentials: " + strings.Join(parts, "; ")
	if len(e.UnknownVariables) > 0 {
		text += ". These environment variables are set, but unknown: " + strings.Join(e.UnknownVariables, ", ")
	}
	return text
}

// request describes a request for credentials, so that its failure can be explained.
type request struct {
	attribute string // on which a failure is reported
	summary   string
	proof     string // in words, if it is not signed with credentials: "a SAML assertion"
	role      string // the role to assume; may be empty
	mfa       bool   // it carries the code of an MFA device
	external  bool   // it carries an external ID
}

// failure returns the SourceError of a failed request. The failure of the
// credentials that the request is signed with stays as it is.
func (r request) failure(err error) error {
	if _, ok := errors.AsType[*SourceError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*MissingError](err); ok {
		return err
	}
	failure := &SourceError{Attribute: r.attribute, Summary: r.summary, Err: err}
	if e := tcapi.AsError(err); e != nil {
		failure.Next = r.advice(e)
	}
	return failure
}

// advice adds to the advice of package tcapi what depends on the request.
func (r request) advice(e *tcapi.Error) string {
	refused := e.Code != "AuthFailure.SignatureExpire" && (hasCode(e, "AuthFailure") || hasCode(e, "UnauthorizedOperation"))
	if r.proof != "" && (refused || e.Code == "InvalidParameter.WebIdentityTokenError") {
		return fmt.Sprintf("The request was authenticated with %s instead of credentials. Check that it has not expired, and that the trust policy of the role %s names its issuer.", r.proof, r.role)
	}
	text := e.Advice()
	if r.role != "" && (hasCode(e, "UnauthorizedOperation") || e.Code == "AuthFailure.UnauthorizedOperation") {
		text += " Also check that the trust policy of the role names that user or role. "
		if r.external {
			text += "If it requires an external ID, external_id must be the same."
		} else {
			text += "If it requires an external ID, set external_id."
		}
	}
	if r.mfa && e.Code != "AuthFailure.MFAFailure" && (refused || hasCode(e, "InvalidParameter")) {
		text += " Also check token_code and serial_number: each code of an MFA device works once."
	}
	return text
}

// hasCode reports whether the error has the code, or one below it.
func hasCode(e *tcapi.Error, code string) bool {
	return e.Code == code || strings.HasPrefix(e.Code, code+".")
}
