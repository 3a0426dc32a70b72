package tcapi_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// The class of each error code, and the number of requests with five retries.
func TestEachErrorCodeHasItsClass(t *testing.T) {
	t.Parallel()
	const once, always, afew = 1, 1 + 5, 1 + 3
	for code, want := range map[string]struct {
		class    tcapi.Class
		requests int
	}{
		"RequestLimitExceeded":                      {tcapi.Throttled, always},
		"RequestLimitExceeded.UinLimitExceeded":     {tcapi.Throttled, always},
		"LimitExceeded.RateLimitExceeded":           {tcapi.Throttled, always},
		"InternalError":                             {tcapi.Transient, always},
		"InternalError.ProxyServer":                 {tcapi.Transient, always},
		"ServiceUnavailable":                        {tcapi.Transient, always},
		"ResourceUnavailable":                       {tcapi.Busy, afew},
		"ResourceInUse":                             {tcapi.Busy, afew},
		"InvalidParameter.ActionInProgress":         {tcapi.Busy, afew},
		"AuthFailure.TokenFailure":                  {tcapi.CredentialsRefused, once},
		"AuthFailure.SecretIdNotFound":              {tcapi.CredentialsRefused, once},
		"AuthFailure.SignatureExpire":               {tcapi.Fatal, once},
		"AuthFailure.SignatureFailure":              {tcapi.Fatal, once},
		"AuthFailure.InvalidAuthorization":          {tcapi.Fatal, once},
		"AuthFailure.UnauthorizedOperation":         {tcapi.Fatal, once},
		"UnauthorizedOperation.CamUnauthorized":     {tcapi.Fatal, once},
		"UnauthorizedOperation":                     {tcapi.Fatal, once},
		"ActionOffline":                             {tcapi.Gone, once},
		"InvalidAction":                             {tcapi.Gone, once},
		"NoSuchVersion":                             {tcapi.Gone, once},
		"UnsupportedOperation":                      {tcapi.Gone, once},
		"LimitExceeded":                             {tcapi.Fatal, once},
		"LimitExceeded.Quota":                       {tcapi.Fatal, once},
		"RequestLimitExceededElsewhere":             {tcapi.Fatal, once},
		"ResourceUnavailable.DomainAlreadyExists":   {tcapi.Fatal, once},
		"UnsupportedOperation.OnlyEnterprise":       {tcapi.Fatal, once},
		"InvalidParameter":                          {tcapi.Fatal, once},
		"InvalidParameter.InvalidTime":              {tcapi.Fatal, once},
		"InvalidParameterValue":                     {tcapi.Fatal, once},
		"MissingParameter":                          {tcapi.Fatal, once},
		"UnknownParameter":                          {tcapi.Fatal, once},
		"OperationDenied":                           {tcapi.Fatal, once},
		"RequestSizeLimitExceeded":                  {tcapi.Fatal, once},
		"internalerror":                             {tcapi.Fatal, once},
		"SomethingThatNobodyHasEverDocumentedSoFar": {tcapi.Fatal, once},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			client, seen := over(replies(apiError(code, "why it is so")))
			err := ask(t.Context(), client)
			got := *failed(t, err)
			expected := tcapi.Error{
				Service: "teo", Action: "DescribeZones", Version: "2022-09-01",
				Code: code, Message: "why it is so", RequestID: "r-1", Status: 200,
				Attempts: want.requests, CredentialSource: "the test", Class: want.class,
			}
			if got != expected {
				t.Errorf("got  %+v\nwant %+v", got, expected)
			}
			attempts := seen.all()
			if len(attempts) != want.requests {
				t.Fatalf("%d requests, want %d", len(attempts), want.requests)
			}
			for i, a := range attempts {
				if a.Number != i+1 || a.Code != code || a.Failure != code || a.RequestID != "r-1" || a.Status != 200 ||
					a.Retry != (i+1 < want.requests) || a.CredentialSource != "the test" ||
					a.Service != "teo" || a.Action != "DescribeZones" || a.Version != "2022-09-01" {
					t.Errorf("attempt %d: %+v", i+1, a)
				}
			}
			text := fmt.Sprintf("DescribeZones (teo 2022-09-01): %s: why it is so (request ID r-1, HTTP 200", code)
			if want.requests > 1 {
				text += fmt.Sprintf(", %d attempts", want.requests)
			}
			if text += ")"; err.Error() != text {
				t.Errorf("%s\nwant %s", err, text)
			}
		})
	}
}

// A call succeeds after any number of failures that the limits allow.
func TestACallSucceedsAfterFailuresWithinTheLimits(t *testing.T) {
	t.Parallel()
	type reply struct {
		tcapi.Head

		TotalCount int
		Zones      []json.RawMessage
	}
	busy, broken := apiError("ResourceUnavailable", ""), apiError("InternalError", "")
	client, seen := over(replies(busy, broken, busy, apiError("RequestLimitExceeded", ""), busy,
		`{"Response":{"TotalCount":2,"Zones":[{"a":1},null],"RequestId":"r-2"}}`))
	got, err := tcapi.Call[reply](t.Context(), client, zones, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	if got.TotalCount != 2 || len(got.Zones) != 2 || string(got.Zones[0]) != `{"a":1}` || got.RequestID != "r-2" {
		t.Errorf("%+v", got)
	}
	last := seen.all()[5]
	if last.Number != 6 || last.Failure != "" || last.Code != "" || last.Retry || last.RequestID != "r-2" || last.Status != 200 {
		t.Errorf("%+v", last)
	}
}

// Other failures do not extend the few retries of a busy resource.
func TestBusyIsCountedSeparately(t *testing.T) {
	t.Parallel()
	busy, broken := apiError("ResourceInUse", ""), apiError("InternalError", "")
	client, seen := over(replies(busy, broken, busy, broken, busy, busy), func(c *tcapi.Config) { c.MaxRetries = 50 })
	if failure := failed(t, ask(t.Context(), client)); failure.Class != tcapi.Busy || failure.Attempts != 6 || len(seen.all()) != 6 {
		t.Errorf("%+v", failure)
	}
}

func TestMaxRetriesLimitsTheRetriesOfACall(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"InternalError", "RequestLimitExceeded", "ResourceInUse"} {
		for most := range 3 {
			client, seen := over(replies(apiError(code, "")), func(c *tcapi.Config) { c.MaxRetries = most })
			if failure := failed(t, ask(t.Context(), client)); failure.Attempts != 1+most || len(seen.all()) != 1+most {
				t.Errorf("%s: %d requests with max_retries %d", code, failure.Attempts, most)
			}
		}
	}
}
