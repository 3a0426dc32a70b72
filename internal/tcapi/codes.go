package tcapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// rule says what to do about an error code: class is for the client, advice for
// the user. Advice names the arguments of the provider's configuration and may
// hold the placeholders of Error.expand.
type rule struct {
	code   string // an exact code, or a prefix that ends with ".*"
	class  Class
	advice string
}

// rules is the one table from an error of the API to what to do about it. The
// first match counts.
var rules = []rule{
	{"AuthFailure.SignatureExpire", Fatal, "The clock of this machine and that of the service differ by more than 5 minutes: the service's clock is {clock}. Synchronize the clock of this machine."},
	{"AuthFailure.SecretIdNotFound", CredentialsRefused, "The service does not know {credentials}. Check secret_id, and check that the API key is enabled in the console (Access Management, API keys)."},
	{"AuthFailure.TokenFailure", CredentialsRefused, "The security token has expired or does not belong to {credentials}. Get new temporary credentials, or remove security_token if the credentials are permanent."},
	{"AuthFailure.SignatureFailure", Fatal, "The signature does not match: check secret_key. The request was signed with {credentials}."},
	{"AuthFailure.MFAFailure", Fatal, adviceMFA},
	{"AuthFailure.UnauthorizedOperation", Fatal, advicePermission},
	{"AuthFailure", Fatal, adviceRefused},
	{"AuthFailure.*", Fatal, adviceRefused},
	{"UnauthorizedOperation", Fatal, advicePermission},
	{"UnauthorizedOperation.*", Fatal, advicePermission},

	{"RequestLimitExceeded", Throttled, adviceThrottled},
	{"RequestLimitExceeded.*", Throttled, adviceThrottled},
	{"LimitExceeded.RateLimitExceeded", Throttled, adviceThrottled},
	{"InternalError", Transient, adviceRetried},
	{"InternalError.*", Transient, adviceRetried},
	{"ServiceUnavailable", Transient, adviceRetried},
	{"ResourceUnavailable", Busy, adviceRetried},
	{"ResourceInUse", Busy, adviceRetried},
	{"InvalidParameter.ActionInProgress", Busy, adviceRetried},

	{"ResourceUnavailable.CmkNotFound", Fatal, "Check region and ID of the KMS key: the account has no such key in this region."},
	{"ResourceUnavailable.CmkDisabled", Fatal, "The KMS key is disabled. Enable it in the console, or use another key."},
	{"InvalidParameterValue.InvalidKeyId", Fatal, "Check the ID of the KMS key: it is a UUID."},

	{"ActionOffline", Gone, adviceGone},
	{"InvalidAction", Gone, adviceGone},
	{"NoSuchVersion", Gone, adviceGone},
	{"UnsupportedOperation", Gone, adviceGone},

	{"OperationDenied", Fatal, "The service denies this operation for the account or the site. Check that the plan of the site includes it; if it does, contact Tencent Cloud support with the request ID."},
	{"ResourceNotFound.RoleNotFound", Fatal, "Check role_arn: the account has no such role."},
	{"InvalidParameter", Fatal, adviceParameter},
	{"InvalidParameter.*", Fatal, adviceParameter},
	{"InvalidParameterValue", Fatal, adviceParameter},
	{"InvalidParameterValue.*", Fatal, adviceParameter},
	{"MissingParameter", Fatal, adviceParameter},
	{"MissingParameter.*", Fatal, adviceParameter},
	{"UnknownParameter", Fatal, adviceParameter},
}

const (
	adviceMFA        = "The MFA code is wrong, has expired or was used before. Check serial_number, and run again with the code that the device shows now: each code works once."
	advicePermission = "Allow the CAM action {permission} for the user or role of {credentials}. The documentation of the provider contains a policy with all required permissions."
	adviceRefused    = "The service did not accept {credentials}. Check secret_id, secret_key and security_token."
	adviceThrottled  = "All processes of an account share the service's rate limit. Try again later, or lower requests_per_second."
	adviceRetried    = "The request was retried up to max_retries times (3 times if the resource is in use). Try again later. If the error persists, contact Tencent Cloud support with the request ID."
	adviceGone       = "The service no longer serves version {version} of this action. Remove api_version from the provider, or set it to another version."
	adviceParameter  = "Check the arguments that the message names. If they are correct, the API may have changed: report an issue with the request ID and the version of the provider."
	adviceOther      = "If the error persists, contact Tencent Cloud support with the request ID."

	adviceNoAnswer = "The service did not respond. Check {endpoint}, domain, the network, and the proxy (http_proxy, or the proxy variables of the environment). If a certificate is not trusted, set custom_ca_bundle."
	adviceField    = "The response is from the API, but its form is not the documented one. Report an issue with the request ID and the version of the provider."
	adviceNotAPI   = "Check {endpoint}, domain, and the proxy (http_proxy, or the proxy variables of the environment). The response did not come from the API."
)

// ruleOf returns the rule for an error code.
func ruleOf(code string) rule {
	for _, r := range rules {
		if prefix, ok := strings.CutSuffix(r.code, "*"); code == r.code || ok && strings.HasPrefix(code, prefix) {
			return r
		}
	}
	return rule{advice: adviceOther}
}

// Advice says what the user can do about the error, in full sentences.
func (e *Error) Advice() string {
	switch {
	case e.Code != "":
		return e.expand(ruleOf(e.Code).advice)
	case e.Status == 0:
		return e.expand(adviceNoAnswer)
	case hasType[*json.UnmarshalTypeError](e.Err):
		return adviceField
	case e.Class == Throttled:
		return e.expand(adviceThrottled)
	case e.Class == Transient:
		return e.expand(adviceRetried)
	}
	return e.expand(adviceNotAPI)
}

func hasType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// expand replaces the placeholders in advice.
func (e *Error) expand(advice string) string {
	credentials := "the credentials"
	if e.CredentialSource != "" {
		credentials += " from " + e.CredentialSource
	}
	endpoint := "endpoint (or TENCENTCLOUD_TEO_ENDPOINT)"
	switch e.Service {
	case "sts":
		endpoint = "sts_endpoint (or TENCENTCLOUD_STS_ENDPOINT)"
	case "kms":
		endpoint = "kms_endpoint (or TENCENTCLOUD_KMS_ENDPOINT)"
	}
	return strings.NewReplacer(
		"{credentials}", credentials,
		"{permission}", e.Service+":"+e.Action,
		"{version}", e.Version,
		"{endpoint}", endpoint,
		"{clock}", clock(e.Skew),
	).Replace(advice)
}

// clock describes by how much the service's clock differs from the local one.
func clock(skew time.Duration) string {
	switch {
	case skew > 0:
		return fmt.Sprintf("%s ahead", skew)
	case skew < 0:
		return fmt.Sprintf("%s behind", -skew)
	}
	return "unknown"
}
