package tcapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// The advice on an error depends on its code or its cause.
func TestAdviceDependsOnTheCodeOrTheCause(t *testing.T) {
	t.Parallel()
	signed := tcapi.Error{Service: "teo", Action: "DownloadL7Logs", Version: "2022-01-06", Status: 200, CredentialSource: "profile 'prod'"}
	for _, test := range []struct {
		change func(*tcapi.Error)
		want   string
	}{
		{func(e *tcapi.Error) { e.Code, e.Skew = "AuthFailure.SignatureExpire", 7*time.Minute }, "the service's clock is 7m0s ahead. Synchronize the clock"},
		{func(e *tcapi.Error) { e.Code, e.Skew = "AuthFailure.SignatureExpire", -time.Hour }, "the service's clock is 1h0m0s behind"},
		{func(e *tcapi.Error) { e.Code = "AuthFailure.SignatureExpire" }, "the service's clock is unknown"},
		{func(e *tcapi.Error) { e.Code = "AuthFailure.SecretIdNotFound" }, "does not know the credentials from profile 'prod'"},
		{func(e *tcapi.Error) { e.Code = "AuthFailure.TokenFailure" }, "does not belong to the credentials from profile 'prod'"},
		{func(e *tcapi.Error) { e.Code = "AuthFailure.SignatureFailure" }, "check secret_key"},
		{func(e *tcapi.Error) { e.Code, e.CredentialSource = "AuthFailure.SignatureFailure", "" }, "signed with the credentials."},
		{func(e *tcapi.Error) { e.Code = "AuthFailure.MFAFailure" }, "each code works once"},
		{func(e *tcapi.Error) { e.Code = "AuthFailure.InvalidAuthorization" }, "Check secret_id, secret_key and security_token"},
		{func(e *tcapi.Error) { e.Code = "UnauthorizedOperation.CamUnauthorized" }, "Allow the CAM action teo:DownloadL7Logs"},
		{func(e *tcapi.Error) { e.Code = "RequestLimitExceeded.UinLimitExceeded" }, "lower requests_per_second"},
		{func(e *tcapi.Error) { e.Code = "ResourceInUse" }, "up to max_retries times"},
		{func(e *tcapi.Error) { e.Code = "ActionOffline" }, "no longer serves version 2022-01-06"},
		{func(e *tcapi.Error) { e.Code = "OperationDenied" }, "plan of the site"},
		{func(e *tcapi.Error) { e.Code = "ResourceNotFound.RoleNotFound" }, "Check role_arn"},
		{func(e *tcapi.Error) { e.Code = "InvalidParameterValue.Limit" }, "Check the arguments"},
		{func(e *tcapi.Error) { e.Code = "SomethingElse" }, "request ID"},
		{func(e *tcapi.Error) { e.Status = 0 }, "The service did not respond. Check endpoint (or TENCENTCLOUD_TEO_ENDPOINT)"},
		{func(e *tcapi.Error) { e.Status, e.Service = 0, "sts" }, "Check sts_endpoint (or TENCENTCLOUD_STS_ENDPOINT)"},
		{func(e *tcapi.Error) { e.Status, e.Service = 0, "kms" }, "Check kms_endpoint (or TENCENTCLOUD_KMS_ENDPOINT)"},
		{func(e *tcapi.Error) { e.Status, e.Class = 429, tcapi.Throttled }, "lower requests_per_second"},
		{func(e *tcapi.Error) { e.Status, e.Class = 502, tcapi.Transient }, "up to max_retries times"},
		{func(e *tcapi.Error) { e.Status = 302 }, "The response did not come from the API"},
	} {
		e := signed
		test.change(&e)
		got := e.Advice()
		if !strings.Contains(got, test.want) || strings.ContainsAny(got, "{}") {
			t.Errorf("%s, status %d: %q, want %q in it", e.Code, e.Status, got, test.want)
		}
	}
}

// An error says what is known about the request.
func TestAnErrorHasOneLine(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]tcapi.Error{
		"A (teo v): it broke":                                                     {},
		"A (teo v): C: it broke (request ID r)":                                   {Code: "C", RequestID: "r"},
		"A (teo v): it broke (HTTP 502)":                                          {Status: 502, Attempts: 1},
		"A (teo v): it broke (2 attempts)":                                        {Attempts: 2},
		"A (teo v): InternalError: it broke (request ID r, HTTP 200, 3 attempts)": {Code: "InternalError", RequestID: "r", Status: 200, Attempts: 3},
	} {
		e.Service, e.Action, e.Version, e.Message = "teo", "A", "v", "it broke"
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                                 0,
		"7":                                7 * time.Second,
		"0":                                0,
		"-1":                               0,
		"soon":                             0,
		"Wed, 25 Nov 2026 12:00:09 GMT":    9 * time.Second,
		"Wed, 25 Nov 2026 11:59:59 GMT":    0,
		"99999999999999":                   (1<<31 - 1) * time.Second,
		"99999999999999999999999999999999": 0,
	} {
		header := http.Header{}
		header.Set("Retry-After", value)
		if got := tcapi.RetryAfter(header, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}
