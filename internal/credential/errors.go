package credential

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// SourceError is a source that gave no keys, or whose keys may not be used.
type SourceError struct {
	// Attribute is the path of the attribute to blame, as in Problem; empty
	// where none is.
	Attribute string

	// Summary is static and fit for a diagnostic, such as "Unable to assume the
	// role".
	Summary string

	// Next says what to do about it; it may be empty.
	Next string

	// Err is the cause, often a *tcapi.Error.
	Err error
}

// Error gives summary, cause and next step, in one line and without secrets.
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

// Tried is a source that was looked at and gave no keys.
type Tried struct {
	Source string // such as "profile 'default' in ~/.tccli"
	Why    string // such as "there is no such file"
}

// NoKeysError says that no source gives keys.
type NoKeysError struct {
	// Tried are the sources in the order in which they were looked at.
	Tried []Tried

	// UnknownVariables are names in the environment that begin like ours and
	// are read by nobody: often a slip of the pen.
	UnknownVariables []string
}

// Error lists the sources, each with the reason, in one line.
func (e *NoKeysError) Error() string {
	parts := make([]string, len(e.Tried))
	for i, t := range e.Tried {
		parts[i] = t.Source + " (" + t.Why + ")"
	}
	text := "no keys were found in: " + strings.Join(parts, "; ")
	if len(e.UnknownVariables) > 0 {
		text += ". These environment variables are set but mean nothing: " + strings.Join(e.UnknownVariables, ", ")
	}
	return text
}

// sourceFailure makes a SourceError of the failure of a call. What already says
// where it is from, and the end of the caller's context, stay as they are.
func sourceFailure(ctx context.Context, attribute, summary string, err error) error {
	if _, ok := errors.AsType[*SourceError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*NoKeysError](err); ok || ctx.Err() != nil {
		return err
	}
	return &SourceError{Attribute: attribute, Summary: summary, Next: nextStep(tcapi.AsError(err)), Err: err}
}

// proofFailure is sourceFailure for a way to assume a role that needs no keys.
// What STS refuses there is the proof, such as "a SAML assertion".
func proofFailure(ctx context.Context, attribute, summary, proof, role string, err error) error {
	failed := sourceFailure(ctx, attribute, summary, err)
	failure, ok := errors.AsType[*SourceError](failed)
	if e := tcapi.AsError(err); ok && e != nil && refusesProof(e.Code) {
		failure.Next = "The request carried no keys, only " + proof + ": check that it has not expired, and that the role " + role + " trusts its issuer"
	}
	return failed
}

// refusesProof leaves out the one refusal that is about the clock.
func refusesProof(code string) bool {
	refused := strings.HasPrefix(code, "AuthFailure") || strings.HasPrefix(code, "UnauthorizedOperation") ||
		code == "InvalidParameter.WebIdentityTokenError"
	return refused && code != "AuthFailure.SignatureExpire"
}

// nextStep says what to do about an error of STS.
func nextStep(e *tcapi.Error) string {
	switch {
	case e == nil:
		return ""
	case e.Code == "AuthFailure.SignatureExpire" && e.Skew != 0:
		side := "behind"
		if e.Skew < 0 {
			side = "ahead of"
		}
		return fmt.Sprintf("The local clock is %s %s the service's: set it right", e.Skew.Abs().Round(time.Second), side)
	case e.Code == "AuthFailure.TokenFailure", e.Code == "AuthFailure.SecretIdNotFound", e.Code == "AuthFailure.SignatureFailure":
		return "The request was signed with keys from " + e.KeySource
	case strings.HasPrefix(e.Code, "UnauthorizedOperation"), strings.HasPrefix(e.Code, "AuthFailure.UnauthorizedOperation"):
		return "Allow sts:" + e.Action + " for the keys from " + e.KeySource + ", and check whom the role trusts"
	}
	return ""
}
