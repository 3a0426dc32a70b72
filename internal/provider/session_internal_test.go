package provider

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// A session has what archives in COS need: credentials that are refreshed, the
// region and the domain.
func TestASessionHasWhatCOSNeeds(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	variables := map[string]string{
		"TENCENTCLOUD_SECRET_ID": sim.SecretID(), "TENCENTCLOUD_SECRET_KEY": sim.SecretKey(), "TENCENTCLOUD_REGION": "ap-seoul",
		"TENCENTCLOUD_ASSUME_ROLE_ARN": "qcs::cam::uin/100000000002:roleName/logs", "TENCENTCLOUD_STS_ENDPOINT": sim.URL(),
		"TENCENTCLOUD_COS_DOMAIN": "https://cluster-123456.cos-cdc.ap-seoul.myqcloud.com/",
	}
	s := configuredSession(t, Options{Getenv: func(name string) string { return variables[name] }, Home: t.TempDir()})
	if s.Credentials.Region() != "ap-seoul" || s.COSDomain != (tcapi.Endpoint{Scheme: "https", Host: "cluster-123456.cos-cdc.ap-seoul.myqcloud.com"}) {
		t.Errorf("region %q, COS domain %q", s.Credentials.Region(), s.COSDomain)
	}
	first, err := s.Credentials.Credentials(t.Context())
	if err != nil || !first.Temporary() || first.Expires.IsZero() {
		t.Fatalf("credentials from %q that expire at %s, %v", first.Source, first.Expires, err)
	}
	if err := s.Credentials.Refresh(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second, err := s.Credentials.Credentials(t.Context())
	if err != nil || second.SecretID == first.SecretID {
		t.Errorf("refused credentials are still in use: %v", err)
	}
}

// A session without credentials reports that they are missing.
func TestASessionReportsMissingCredentials(t *testing.T) {
	t.Parallel()
	s := configuredSession(t, Options{Getenv: func(string) string { return "" }, Home: t.TempDir()})
	if s.Credentials.Err() == nil || s.COSDomain.Host != "" {
		t.Errorf("error %v, COS domain %q", s.Credentials.Err(), s.COSDomain)
	}
}

// Downloads are retried as often as API calls.
func TestDownloadsAreRetriedAsOftenAsCalls(t *testing.T) {
	t.Parallel()
	options := Options{Getenv: func(string) string { return "" }, Home: t.TempDir()}
	if got := configuredSession(t, options).MaxRetries; got != tcapi.DefaultMaxRetries {
		t.Errorf("%d retries without max_retries, want %d", got, tcapi.DefaultMaxRetries)
	}
	for _, want := range []int64{0, 7} {
		if got := configuredSession(t, options, givenArgument{"max_retries", tftypes.NewValue(tftypes.Number, want)}).MaxRetries; got != int(want) {
			t.Errorf("%d retries, want %d", got, want)
		}
	}
}

// request_timeout limits one attempt, whether it is longer or shorter than the
// default.
func TestRequestTimeoutLimitsOneAttempt(t *testing.T) {
	t.Parallel()
	for given, bounds := range map[string][2]time.Duration{
		"":   {0, time.Minute},
		"1h": {30 * time.Minute, time.Hour},
		"1m": {0, time.Minute},
	} {
		var left time.Duration
		options := Options{Getenv: keysOnly, Home: t.TempDir(), Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			deadline, _ := r.Context().Deadline()
			left = time.Until(deadline)
			return nil, errors.New("not sent")
		})}
		var arguments []givenArgument
		if given != "" {
			arguments = append(arguments, givenArgument{"request_timeout", tftypes.NewValue(tftypes.String, given)})
		}
		_, err := configuredSession(t, options, arguments...).TEO.Zones(t.Context(), nil, nil)
		if err == nil || left <= bounds[0] || left > bounds[1] {
			t.Errorf("request_timeout %q: an attempt has %s, want %s to %s (%v)", given, left, bounds[0], bounds[1], err)
		}
	}
}

// The rate limit of the configuration applies to STS as well.
func TestTheRateLimitAppliesToSTS(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	variables := map[string]string{
		"TENCENTCLOUD_SECRET_ID": sim.SecretID(), "TENCENTCLOUD_SECRET_KEY": sim.SecretKey(),
		"TENCENTCLOUD_ASSUME_ROLE_ARN": "qcs::cam::uin/100000000002:roleName/logs", "TENCENTCLOUD_STS_ENDPOINT": sim.URL(),
	}
	s := configuredSession(t, Options{Getenv: func(name string) string { return variables[name] }, Home: t.TempDir()},
		givenArgument{"requests_per_second", tftypes.NewValue(tftypes.Number, 0.01)})
	first, err := s.Credentials.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The next request is due in 100 seconds.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := s.Credentials.Refresh(ctx, first); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that the rate limit is waited for", err)
	}
	if n := sim.Count("", "AssumeRole"); n != 1 {
		t.Errorf("%d requests were sent, want 1", n)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// keysOnly is an environment with permanent credentials.
func keysOnly(name string) string {
	return map[string]string{"TENCENTCLOUD_SECRET_ID": "AKIDexample", "TENCENTCLOUD_SECRET_KEY": "exampleSecretKey"}[name]
}

// givenArgument is an argument of the provider block.
type givenArgument struct {
	name  string
	value tftypes.Value
}

// configuredSession returns the session of a provider block with some arguments.
func configuredSession(t *testing.T, options Options, arguments ...givenArgument) *query.Session {
	t.Helper()
	p := newProvider("test", options)
	var schema provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &schema)
	kind := schema.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	attributes := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		attributes[name] = tftypes.NewValue(attribute, nil)
	}
	for _, a := range arguments {
		attributes[a.name] = a.value
	}
	var resp provider.ConfigureResponse
	p.Configure(t.Context(), provider.ConfigureRequest{Config: tfsdk.Config{Raw: tftypes.NewValue(kind, attributes), Schema: schema.Schema}}, &resp)
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	return resp.DataSourceData.(*query.Session)
}
