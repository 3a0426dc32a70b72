package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// timeoutError is the cause of a context that the timeouts of a configuration
// have ended.
type timeoutError time.Duration

func (e timeoutError) Error() string { return "not done within " + time.Duration(e).String() }

// lateFor tells an end by the timeouts of the configuration from others: the rate
// limiter gives up as soon as a turn would come too late, before the deadline.
func lateFor(err error, timeout time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) && tcapi.AsError(err) == nil {
		return timeoutError(timeout)
	}
	return err
}

// apiError turns the failure of a call into a diagnostic: what was asked, what
// the service said (code, message, request ID), and what to do. action is what
// CAM has to allow.
func apiError(summary, asked string, err error, action string) diag.Diagnostic {
	if source, ok := errors.AsType[*credential.SourceError](err); ok {
		return sourceError(source, asked)
	}
	failure := tcapi.AsError(err)
	if failure == nil {
		next := ""
		if errors.Is(err, context.Canceled) {
			next = "\n\nIt was interrupted; nothing was changed."
		}
		return diag.NewErrorDiagnostic(summary, asked+" could not be read: "+err.Error()+next)
	}
	detail := fmt.Sprintf("%s could not be read: %s.", asked, strings.TrimSuffix(failure.Error(), "."))
	if next := nextStep(failure, action); next != "" {
		detail += "\n\n" + next
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

// sourceError says why there were no keys to sign with. The argument to blame is
// one of the provider, which a diagnostic of a data source or resource cannot
// point at, so the text names it.
func sourceError(e *credential.SourceError, asked string) diag.Diagnostic {
	detail := asked + " could not be read, for want of keys"
	if e.Err != nil {
		detail += ": " + strings.TrimSuffix(e.Err.Error(), ".")
	}
	detail += "."
	next := e.Next
	if failure := tcapi.AsError(e.Err); next == "" && failure != nil {
		next = nextStep(failure, failure.Action)
	}
	if next != "" {
		detail += "\n\n" + strings.TrimSuffix(next, ".") + "."
	}
	if e.Attribute != "" {
		detail += "\n\nThis is about " + e.Attribute + " in the provider, or the environment variables in its place."
	}
	return diag.NewErrorDiagnostic(e.Summary, detail)
}

// timedOut is the error on timeouts that ended a read; orElse goes on with what
// to do besides raising them.
func timedOut(title, asked string, after timeoutError, orElse string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("timeouts"), "Timeout while reading "+title,
		fmt.Sprintf("%s was not read within %s. Raise timeouts%s.", asked, time.Duration(after), orElse))
}

// nextStep says what a user can do about an answer of the service.
func nextStep(e *tcapi.Error, action string) string {
	if e.Action != "" {
		action = e.Action
	}
	keys := "the keys"
	if e.KeySource != "" {
		keys = "the keys from " + e.KeySource
	}
	switch {
	case e.Service == "sts" && e.KeySource == "" && (strings.HasPrefix(e.Code, "AuthFailure") || strings.HasPrefix(e.Code, "UnauthorizedOperation")):
		return "Check the token or assertion that stands in for keys, that it has not expired, and that the role trusts its identity provider."
	case e.Code == "AuthFailure.SignatureExpire":
		return fmt.Sprintf("The clocks differ by more than 5 minutes: the service's is %s. Set the clock of this machine (the signature by %s holds its time).", clockSkew(e.Skew), keys)
	case e.Code == "AuthFailure.SecretIdNotFound":
		return fmt.Sprintf("The service does not know %s. Check secret_id, and that the key is enabled in the console.", keys)
	case e.Code == "AuthFailure.TokenFailure":
		return fmt.Sprintf("The security token does not go with %s or has expired. Get new temporary keys, or remove security_token if the keys are permanent.", keys)
	case e.Code == "AuthFailure.SignatureFailure":
		return fmt.Sprintf("The signature does not fit: check secret_key. It was signed with %s.", keys)
	case strings.HasPrefix(e.Code, "AuthFailure"):
		return fmt.Sprintf("The service did not accept %s. Check secret_id, secret_key and security_token.", keys)
	case strings.HasPrefix(e.Code, "UnauthorizedOperation"):
		return fmt.Sprintf("Allow the CAM action %s:%s to the user or role of %s; the documentation of the provider has a policy with just what it needs.", e.Service, action, keys)
	case e.Class == tcapi.Gone && e.Version == teo.Version20220106:
		return "The service does not serve this version of the API any more. Remove api_version from the provider, or set it to \"2022-09-01\"."
	case e.Class == tcapi.Throttled:
		return "Other processes of the account count against the same limit. Try again later, or lower requests_per_second."
	case e.Code == "OperationDenied":
		return "The service denies the operation for this account or site. Check that the plan of the site includes offline logs; if it does, give the request ID to Tencent Cloud's support."
	case strings.HasPrefix(e.Code, "InvalidParameter"), strings.HasPrefix(e.Code, "MissingParameter"), e.Code == "UnknownParameter":
		return "Check the arguments that the message names. If they are right, the service may have changed: please report the request ID and the version of the provider."
	case e.Code == "" && e.Status == 0:
		variable := "endpoint (or TENCENTCLOUD_TEO_ENDPOINT)"
		if e.Service == "sts" {
			variable = "sts_endpoint (or TENCENTCLOUD_STS_ENDPOINT)"
		}
		return "No answer came. Check " + variable + ", domain, the network and the proxy (http_proxy, or that of the environment); where a certificate is not trusted, custom_ca_bundle."
	case e.Class == tcapi.Transient || e.Class == tcapi.Busy:
		return "It was tried again as often as max_retries allows (busy services 3 times). Try again later; the request ID helps Tencent Cloud's support."
	case e.Code == "" && e.Service == "sts":
		return "Check sts_endpoint (or TENCENTCLOUD_STS_ENDPOINT), domain, and the proxy of the environment: what answered is not STS."
	case e.Code == "":
		return "Check endpoint (or TENCENTCLOUD_TEO_ENDPOINT), domain, and the proxy of the environment: what answered is not the API."
	}
	return "The request ID helps Tencent Cloud's support."
}

// clockSkew says by how much the service's clock differs.
func clockSkew(skew time.Duration) string {
	switch {
	case skew > 0:
		return skew.String() + " ahead of this machine's"
	case skew < 0:
		return (-skew).String() + " behind this machine's"
	}
	return "not told in the answer"
}

// unknownZones is the error on the names of sites that no zone bears.
func unknownZones(at path.Path, e *teo.UnknownZonesError) diag.Diagnostic {
	detail := fmt.Sprintf("No zone of the account is named %s.", strings.Join(e.Names, ", "))
	if len(e.Near) > 0 {
		detail += fmt.Sprintf(" Near names are %s.", strings.Join(e.Near, ", "))
	}
	return diag.NewAttributeErrorDiagnostic(at, "Unknown zone name",
		detail+"\n\nGive the name of the site as the console shows it (example.com, not www.example.com); data \"teo_zones\" lists all that the keys may see.")
}
