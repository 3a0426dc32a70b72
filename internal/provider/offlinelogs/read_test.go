package offlinelogs_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// A failure says what was requested, what the service returned and what to do, after
// the retries that can help.
func TestAFailureSaysWhatWasRequestedAndWhatToDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sim      teosim.Options
		fault    teosim.Fault
		provider providertest.Arguments
		summary  string // else unableToRead
		details  []string
		requests int
	}{
		"wrong secret ID": {
			provider: providertest.Arguments{"secret_id": "AKIDother"},
			details: []string{
				"The list of L7 offline logs from 2022-05-04T00:00:00Z to 2022-05-04T01:00:00Z could not be read", "DownloadL7Logs (teo 2022-01-06)",
				"AuthFailure.SecretIdNotFound", "does not know the credentials from the provider configuration", "Check secret_id",
			},
			requests: 1,
		},
		"wrong secret key": {
			provider: providertest.Arguments{"secret_key": "otherSecretKey"},
			details:  []string{"AuthFailure.SignatureFailure", "check secret_key", "credentials from the provider configuration"},
			requests: 1,
		},
		"a token with permanent keys": {
			provider: providertest.Arguments{"security_token": "someToken"},
			details:  []string{"AuthFailure.TokenFailure", "remove security_token"},
			requests: 1,
		},
		"wrong clock": {
			sim:      teosim.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }},
			details:  []string{"AuthFailure.SignatureExpire", "ahead", "Synchronize the clock"},
			requests: 1,
		},
		"no permission": {
			fault:    teosim.Fault{Name: teosim.CamUnauthorized},
			details:  []string{"UnauthorizedOperation.CamUnauthorized", "Allow the CAM action teo:DownloadL7Logs", "policy"},
			requests: 1,
		},
		"operation denied": {
			fault:    teosim.Fault{Name: teosim.APIError, Value: "OperationDenied: denied."},
			details:  []string{"OperationDenied: denied", "plan of the site", "support"},
			requests: 1,
		},
		"parameter that the service does not like": {
			fault:    teosim.Fault{Name: teosim.APIError, Value: "InvalidParameter.Filter: no."},
			details:  []string{"InvalidParameter.Filter: no", "Check the arguments"},
			requests: 1,
		},
		"quota": {
			fault:    teosim.Fault{Name: teosim.QuotaExceeded},
			details:  []string{"LimitExceeded: The quota is exceeded", "request ID"},
			requests: 1,
		},
		"pinned version is gone": {
			sim:      teosim.Options{Gone: "ActionOffline"},
			provider: providertest.Arguments{"api_version": "2022-01-06"},
			details:  []string{"ActionOffline", "no longer serves version 2022-01-06", "Remove api_version from the provider"},
			requests: 1,
		},
		"throttled without end": {
			fault:    teosim.Fault{Name: teosim.Throttled},
			provider: providertest.Arguments{"max_retries": 2},
			details:  []string{"RequestLimitExceeded", "3 attempts", "requests_per_second"},
			requests: 3,
		},
		"busy": {
			fault:    teosim.Fault{Name: teosim.Busy},
			details:  []string{"ResourceUnavailable", "4 attempts", "Try again later"},
			requests: 4,
		},
		"bad gateway without retries": {
			fault:    teosim.Fault{Name: teosim.BadGateway},
			provider: providertest.Arguments{"max_retries": 0},
			details:  []string{"502 Bad Gateway", "HTTP 502"},
			requests: 1,
		},
		"HTML": {
			fault:    teosim.Fault{Name: teosim.NotJSON},
			details:  []string{`not a JSON object (Content-Type "text/html")`, "Check endpoint (or TENCENTCLOUD_TEO_ENDPOINT)"},
			requests: 1,
		},
		"redirect": {
			fault:    teosim.Fault{Name: teosim.Redirect, Value: "https://login.example.com/?next=secret"},
			details:  []string{"redirects to login.example.com", "HTTP 302", "Check endpoint"},
			requests: 1,
		},
		"no response in time": {
			fault:    teosim.Fault{Name: teosim.Hang},
			provider: providertest.Arguments{"request_timeout": "50ms", "max_retries": 1},
			details:  []string{"no response within the request timeout of 50ms", "2 attempts"},
			requests: 2,
		},
		"rows that are missing": {
			fault:   teosim.Fault{Name: teosim.WrongTotal, Value: "7"},
			summary: "error: Incomplete L7 offline logs",
			details: []string{
				"5 entries were read, but the service counts 7", "read 4 times", "request ID",
				"An incomplete list is not returned", "Try again in a few minutes",
			},
			requests: 6, // four readings, of which the first and the third find out the base of the pages
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, test.sim)
			if test.fault.Name != "" {
				sim.Inject(test.fault)
			}
			w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(test.provider))
			_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour)
			details := test.details
			for _, request := range sim.Requests() {
				if request.Code != "" { // the last one's
					details = append(test.details[:len(test.details):len(test.details)], "request ID "+request.RequestID)
				}
			}
			if test.summary == "" {
				test.summary = providertest.UnableToRead
			}
			providertest.Expect(t, diags, providertest.Want{Summary: test.summary, Details: details})
			if n := len(sim.Requests()); n != test.requests {
				t.Errorf("%d requests were sent, want %d", n, test.requests)
			}
			for _, secret := range []string{"sign=", "next=", "<html", "otherSecretKey", "someToken", sim.SecretKey()} {
				if strings.Contains(diags.Text(), secret) {
					t.Errorf("a diagnostic contains %q:\n%s", secret, diags.Text())
				}
			}
		})
	}
}

// An endpoint that does not resolve is an error after one attempt.
func TestAnUnknownHostIsAnErrorAfterOneAttempt(t *testing.T) {
	t.Parallel()
	sent := 0
	direct := &http.Transport{}
	t.Cleanup(direct.CloseIdleConnections)
	count := roundTripper(func(r *http.Request) (*http.Response, error) {
		sent++
		return direct.RoundTrip(r)
	})
	w := providertest.Configured(t, provider.Options{Transport: count}, providertest.Arguments{"secret_id": "AKIDexample", "secret_key": "exampleSecretKey"}.And(providertest.Arguments{"endpoint": "teo.invalid", "max_retries": 0}))
	_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour)
	providertest.Expect(t, diags, providertest.Want{Summary: providertest.UnableToRead, Details: []string{"teo.invalid", "The service did not respond. Check endpoint (or TENCENTCLOUD_TEO_ENDPOINT), domain, the network, and the proxy"}})
	if sent != 1 {
		t.Errorf("%d attempts", sent)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The timeouts of the configuration end a read, and so does Terraform.
func TestATimeoutEndsARead(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	sim.Inject(teosim.Fault{Name: teosim.Hang})
	w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim))
	begin := time.Now()

	_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour.And(providertest.Arguments{"timeouts": providertest.Arguments{"read": "50ms"}}))
	providertest.Expect(t, diags, providertest.Want{Summary: "error timeouts: Timeout while reading L7 offline logs", Details: []string{"was not read within 50ms", "Raise timeouts", "provider::teo::windows"}})
	diags = w.Open("teo_l7_offline_logs", providertest.AnHour.And(providertest.Arguments{"timeouts": providertest.Arguments{"open": "50ms"}}))
	providertest.Expect(t, diags, providertest.Want{Summary: "error timeouts: Timeout while reading L7 offline logs", Details: []string{"was not read within 50ms"}})
	_, diags = w.Read("teo_zones", providertest.Arguments{"timeouts": providertest.Arguments{"read": "50ms"}})
	providertest.Expect(t, diags, providertest.Want{Summary: "error timeouts: Timeout while reading zones", Details: []string{"was not read within 50ms", "Raise timeouts"}})

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for sim.Count("", "") < 4 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, diags = w.ReadContext(ctx, "teo_l7_offline_logs", providertest.AnHour)
	providertest.Expect(t, diags, providertest.Want{Summary: providertest.UnableToRead, Details: []string{"The operation was interrupted. Nothing was changed."}})
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// The rate limiter fails before the deadline if the wait would exceed it.
func TestTheLimiterFailsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: providertest.SmallAccount()})
	w := providertest.Configured(t, provider.Options{}, providertest.SignIn(sim).And(providertest.Arguments{"requests_per_second": 0.5}))
	_, diags := w.Read("teo_l7_offline_logs", providertest.Arguments{
		"start_time": "2022-05-04T03:00:00Z", "end_time": "2022-05-04T04:00:00Z", "page_size": 1, "timeouts": providertest.Arguments{"read": "1s"},
	})
	providertest.Expect(t, diags, providertest.Want{Summary: "error timeouts: Timeout while reading L7 offline logs", Details: []string{"was not read within 1s", "Raise timeouts"}})
}

// The same texts through a real Terraform.
func TestTerraformShowsTheFailure(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	denied := simtest.Start(t, teosim.Options{})
	denied.Inject(teosim.Fault{Name: teosim.CamUnauthorized})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: fmt.Sprintf("provider \"teo\" {\n  secret_id = %q\n  secret_key = \"wrong\"\n  endpoint = %q\n}\n", sim.SecretID(), sim.URL()) + providertest.L7Hour,
				ExpectError: providertest.Says("Error: Unable to read L7 offline logs", "with data.teo_l7_offline_logs.test", "AuthFailure.SignatureFailure",
					"request ID", "check secret_key"),
			},
			{
				Config:      providertest.ProviderBlock(denied) + providertest.L7Hour,
				ExpectError: providertest.Says("Error: Unable to read L7 offline logs", "UnauthorizedOperation.CamUnauthorized", "request ID", "Allow the CAM action teo:DownloadL7Logs"),
			},
			{
				Config:      "provider \"teo\" {\n  endpoint = \"http://teo.example.com\"\n}\n" + providertest.L7Hour,
				ExpectError: providertest.Says("Error: Invalid endpoint", "endpoint = ", "plain http is accepted for loopback addresses only"),
			},
			{
				Config:      "provider \"teo\" {}\n" + providertest.L7Hour,
				ExpectError: providertest.Says("Error: Missing provider credentials", "with data.teo_l7_offline_logs.test", "1. secret_id and secret_key are not set", "Set secret_id and secret_key"),
			},
		},
	})
	for _, s := range []*teosim.Sim{sim, denied} {
		if n := len(s.Requests()); n != 1 {
			t.Errorf("%d requests were sent, want 1", n)
		}
	}
}
