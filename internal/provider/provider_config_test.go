package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// keys are credentials to configure a provider with.
var keys = providertest.Arguments{"secret_id": "AKIDexample", "secret_key": "exampleSecretKey"}

// All problems of a configuration are reported at once, each on its attribute. None
// of them repeats a secret, and nothing is sent.
func TestAllProblemsOfAConfigurationAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env    map[string]string
		config providertest.Arguments
		want   []providertest.Want
	}{
		"half a pair": {
			config: providertest.Arguments{"secret_id": "AKIDexample"},
			want:   []providertest.Want{{Summary: "error secret_key: Incomplete credentials", Details: []string{"Set secret_key or TENCENTCLOUD_SECRET_KEY"}}},
		},
		"the other half": {
			env:  map[string]string{"TENCENTCLOUD_SECRET_KEY": "exampleSecretKey"},
			want: []providertest.Want{{Summary: "error secret_id: Incomplete credentials", Details: []string{"Set secret_id or TENCENTCLOUD_SECRET_ID"}}},
		},
		"a token alone": {
			config: providertest.Arguments{"security_token": "exampleToken"},
			want:   []providertest.Want{{Summary: "error security_token: Incomplete credentials", Details: []string{"Set secret_id and secret_key"}}},
		},
		"several problems": {
			env: map[string]string{"TENCENTCLOUD_TEO_API_VERSION": "2023-01-01", "TENCENTCLOUD_STS_ENDPOINT": "ftp://sts.example.com", "TENCENTCLOUD_KMS_ENDPOINT": "kms.example.com/v1"},
			config: providertest.Arguments{
				"secret_id": "AKIDexample", "endpoint": "https://teo.example.com/path", "domain": "https://user:exampleSecretKey@localhost",
				"requests_per_second": 0, "max_retries": 101,
				"request_timeout": "soon", "http_proxy": "ftp://user:exampleSecretKey@proxy", "custom_ca_bundle": "/nonexistent/ca.pem",
			},
			want: []providertest.Want{
				{Summary: "error secret_key: Incomplete credentials", Details: nil},
				{Summary: "error endpoint: Invalid endpoint", Details: []string{"the provider configuration", "without a path"}},
				{Summary: "error sts_endpoint: Invalid endpoint", Details: []string{"the environment (TENCENTCLOUD_STS_ENDPOINT)", "neither https nor http"}},
				{Summary: "error kms_endpoint: Invalid endpoint", Details: []string{"the environment (TENCENTCLOUD_KMS_ENDPOINT)", "without a path"}},
				{Summary: "error domain: Invalid domain", Details: []string{"the provider configuration", "intl.tencentcloudapi.com"}},
				{Summary: "error requests_per_second: Invalid number of requests per second", Details: nil},
				{Summary: "error max_retries: Invalid number of retries", Details: nil},
				{Summary: "error request_timeout: Invalid request timeout", Details: []string{`"soon"`, `"30s"`}},
				{Summary: "error http_proxy: Invalid proxy", Details: []string{"scheme"}},
				{Summary: "error custom_ca_bundle: Invalid CA bundle", Details: []string{"/nonexistent/ca.pem"}},
				{Summary: "error api_version: Invalid API version", Details: []string{`"2023-01-01"`, "TENCENTCLOUD_TEO_API_VERSION", `"2022-01-06"`, `"2022-09-01"`, "Remove it to let the provider choose"}},
			},
		},
		"unknown API version": {
			config: keys.And(providertest.Arguments{"api_version": "2022-09-02"}),
			want:   []providertest.Want{{Summary: "error api_version: Invalid API version", Details: []string{`"2022-01-06"`, `"2022-09-01"`, "2022-09-02", "the provider configuration"}}},
		},
		"numbers out of range": {
			config: keys.And(providertest.Arguments{"requests_per_second": 0, "max_retries": -1}),
			want: []providertest.Want{
				{Summary: "error requests_per_second: Invalid number of requests per second", Details: []string{"0 is not between 0.01"}},
				{Summary: "error max_retries: Invalid number of retries", Details: []string{"-1 is not between 0 and 100"}},
			},
		},
		"timeout in days": {
			config: keys.And(providertest.Arguments{"request_timeout": "1d"}),
			want:   []providertest.Want{{Summary: "error request_timeout: Invalid request timeout", Details: []string{`"1d" is not a positive duration. Use hours, minutes and seconds, such as "30s"`}}},
		},
		"timeout of zero": {
			config: keys.And(providertest.Arguments{"request_timeout": "0s"}),
			want:   []providertest.Want{{Summary: "error request_timeout: Invalid request timeout", Details: nil}},
		},
		"unknown protocol": {
			config: keys.And(providertest.Arguments{"protocol": "ftp"}),
			want:   []providertest.Want{{Summary: "error protocol: Invalid protocol", Details: []string{`"ftp" from the provider configuration must be "HTTPS" or "HTTP"`}}},
		},
		"plain HTTP to the default endpoint": {
			env:    map[string]string{"TENCENTCLOUD_PROTOCOL": "HTTP"},
			config: keys,
			want: []providertest.Want{{Summary: "error protocol: Plain HTTP to a remote service", Details: []string{
				"the environment (TENCENTCLOUD_PROTOCOL)", "loopback addresses only", "teo.tencentcloudapi.com",
			}}},
		},
		"protocol beside a URL": {
			config: keys.And(providertest.Arguments{"protocol": "HTTP", "endpoint": "https://teo.example.com"}),
			want:   []providertest.Want{{Summary: "warning protocol: Protocol without effect", Details: []string{"the endpoint from the provider configuration is a URL with its own scheme"}}},
		},
		"plain HTTP to an endpoint": {
			config: keys.And(providertest.Arguments{"protocol": "HTTP", "endpoint": "10.0.0.1"}),
			want:   []providertest.Want{{Summary: "error endpoint: Invalid endpoint", Details: []string{"loopback addresses only", "The scheme http is the protocol from the provider configuration"}}},
		},
		"plain HTTP to STS": {
			config: keys.And(providertest.Arguments{"protocol": "HTTP", "endpoint": "127.0.0.1:1", "assume_role": providertest.Arguments{"role_arn": roleARN}}),
			want:   []providertest.Want{{Summary: "error protocol: Plain HTTP to a remote service", Details: []string{"sts.tencentcloudapi.com"}}},
		},
		"COS domain": {
			config: keys.And(providertest.Arguments{"cos_domain": "https://cos.example.com/bucket"}),
			want:   []providertest.Want{{Summary: "error cos_domain: Invalid COS domain", Details: []string{"without a path", "the provider configuration", "without the name of a bucket"}}},
		},
		"COS domain of the environment": {
			env:    map[string]string{"TENCENTCLOUD_COS_DOMAIN": "http://cos.example.com"},
			config: keys,
			want:   []providertest.Want{{Summary: "error cos_domain: Invalid COS domain", Details: []string{"loopback addresses only", "TENCENTCLOUD_COS_DOMAIN"}}},
		},
		"white space around credentials": {
			config: providertest.Arguments{"secret_id": "AKIDexample", "secret_key": "exampleSecretKey\n"},
			want:   []providertest.Want{{Summary: "warning secret_key: White space around credentials", Details: []string{"leading or trailing white space, such as a newline"}}},
		},
		"swapped credentials": {
			env:  map[string]string{"TENCENTCLOUD_SECRET_ID": "exampleSecretKey", "TENCENTCLOUD_SECRET_KEY": "AKIDexample"},
			want: []providertest.Want{{Summary: "error secret_id: Secret ID and secret key swapped", Details: []string{"the environment (TENCENTCLOUD_SECRET_ID)", "Swap the two values"}}},
		},
		"credentials in quotes": {
			env:    map[string]string{"TENCENTCLOUD_SECRET_ID": `"AKIDexample"`},
			config: providertest.Arguments{"secret_key": "exampleSecretKey"},
			want:   []providertest.Want{{Summary: "error secret_id: Invalid credentials", Details: []string{"TENCENTCLOUD_SECRET_ID is enclosed in quotes"}}},
		},
		"profile and secret ID": {
			config: keys.And(providertest.Arguments{"profile": "prod"}),
			want:   []providertest.Want{{Summary: "warning profile: Ignored provider arguments", Details: []string{"profile has no effect, because secret_id and secret_key take precedence"}}},
		},
		"a session name without a role": {
			env:    map[string]string{"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "terraform"},
			config: keys,
			want:   []providertest.Want{{Summary: "warning assume_role: Environment variables without effect", Details: []string{"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME is set, but no role is assumed"}}},
		},
		"endpoint from the environment": {
			env:    map[string]string{"TENCENTCLOUD_TEO_ENDPOINT": "http://10.0.0.1"},
			config: keys,
			want:   []providertest.Want{{Summary: "error endpoint: Invalid endpoint", Details: []string{"the environment (TENCENTCLOUD_TEO_ENDPOINT)"}}},
		},
		"unknown values": {
			config: providertest.Arguments{"secret_id": providertest.Unknown, "secret_key": providertest.Unknown, "region": "ap-guangzhou", "assume_role": providertest.Arguments{"role_arn": providertest.Unknown, "session_name": "s1"}},
			want: []providertest.Want{
				{Summary: "error secret_id: Unknown provider argument", Details: []string{"secret_id depends on a value that is known only after apply", "-target", "environment"}},
				{Summary: "error secret_key: Unknown provider argument", Details: nil},
				{Summary: "error assume_role.role_arn: Unknown provider argument", Details: []string{"assume_role.role_arn depends on"}},
			},
		},
		"unknown values and other problems": {
			config: providertest.Arguments{"secret_id": providertest.Unknown, "domain": "localhost"},
			want: []providertest.Want{
				{Summary: "error secret_id: Unknown provider argument", Details: nil},
				{Summary: "error domain: Invalid domain", Details: nil},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := providertest.Dial(t, provider.Options{Getenv: providertest.Environment(test.env)})
			diags := w.Configure(test.config)
			providertest.Expect(t, diags, test.want...)
			for _, secret := range []string{"exampleSecretKey", "exampleToken"} {
				if strings.Contains(diags.Text(), secret) {
					t.Errorf("a diagnostic repeats a secret:\n%s", diags.Text())
				}
			}
		})
	}
}

// Each setting takes effect, wherever it comes from.
func TestEachSettingTakesEffect(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{SecretID: "AKIDtest", SecretKey: "testSecretKey", Token: "testToken"})
	address := strings.TrimPrefix(sim.URL(), "http://")
	for name, test := range map[string]struct {
		env    map[string]string
		config providertest.Arguments
	}{
		"attributes": {
			config: providertest.Arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey", "security_token": "testToken", "endpoint": sim.URL()},
		},
		"attributes before the environment": {
			env: map[string]string{
				"TENCENTCLOUD_SECRET_ID": "AKIDother", "TENCENTCLOUD_SECRET_KEY": "other", "TENCENTCLOUD_SECURITY_TOKEN": "other",
				"TENCENTCLOUD_TEO_ENDPOINT": "https://teo.invalid", "TENCENTCLOUD_TEO_API_VERSION": "2022-01-06",
			},
			config: providertest.Arguments{
				"secret_id": "AKIDtest", "secret_key": "testSecretKey", "security_token": "testToken", "endpoint": sim.URL(), "api_version": "2022-09-01",
			},
		},
		"the environment": {
			env: map[string]string{
				"TENCENTCLOUD_SECRET_ID": "AKIDtest", "TENCENTCLOUD_SECRET_KEY": "testSecretKey", "TENCENTCLOUD_SECURITY_TOKEN": "testToken",
				"TENCENTCLOUD_TEO_ENDPOINT": sim.URL(),
			},
		},
		"tccli's token": {
			env: map[string]string{
				"TENCENTCLOUD_TOKEN": "testToken", "TENCENTCLOUD_SECRET_ID": "AKIDtest", "TENCENTCLOUD_SECRET_KEY": "testSecretKey",
			},
			config: providertest.Arguments{"endpoint": sim.URL()},
		},
		"white space around": {
			env:    map[string]string{"TENCENTCLOUD_SECURITY_TOKEN": "testToken", "TENCENTCLOUD_TEO_ENDPOINT": " " + sim.URL() + "\n"},
			config: providertest.Arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey"},
		},
		"protocol": {
			config: providertest.Arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey", "security_token": "testToken", "protocol": "HTTP", "endpoint": address},
		},
		"protocol of the environment": {
			env:    map[string]string{"TENCENTCLOUD_PROTOCOL": "http", "TENCENTCLOUD_TEO_ENDPOINT": address},
			config: providertest.Arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey", "security_token": "testToken"},
		},
		"protocol of the official default": {
			config: providertest.Arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey", "security_token": "testToken", "protocol": "HTTPS", "endpoint": sim.URL()},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := providertest.Configured(t, provider.Options{Getenv: providertest.Environment(test.env)}, test.config)
			state, diags := w.Read("teo_l7_offline_logs", providertest.AnHour)
			providertest.Expect(t, diags)
			version := "2022-01-06"
			if test.config["api_version"] != nil {
				version = "2022-09-01"
			}
			if state["api_version"] != version || state["total_count"] != int64(5) {
				t.Errorf("%v packages by version %v, want 5 by %s", state["total_count"], state["api_version"], version)
			}
		})
	}
}

// The environment can set the API version.
func TestTheEnvironmentSetsTheAPIVersion(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	w := providertest.Configured(t, provider.Options{Getenv: providertest.Environment(map[string]string{"TENCENTCLOUD_TEO_API_VERSION": "2022-09-01"})}, providertest.SignIn(sim))
	state, diags := w.Read("teo_l7_offline_logs", providertest.AnHour)
	providertest.Expect(t, diags)
	if state["api_version"] != "2022-09-01" || sim.Count("2022-01-06", "") != 0 {
		t.Errorf("version %v, and %d requests of 2022-01-06", state["api_version"], sim.Count("2022-01-06", ""))
	}
}

// In Terraform, an argument that comes from a resource is unknown during the plan.
func TestAnUnknownArgumentIsNoErrorInThePlan(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{{
			Config: `
resource "terraform_data" "keys" {
  input = "AKIDexample"
}

provider "teo" {
  secret_id  = terraform_data.keys.output
  secret_key = "exampleSecretKey"
  endpoint   = "` + sim.URL() + `"
}
` + providertest.L7Hour,
			ExpectError: providertest.Says("Error: Unknown provider argument", "secret_id depends on a value that is known only after apply"),
		}},
	})
	if n := len(sim.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// A provider without credentials can be configured, because verifying an archive
// needs none. Reads that need them list the ways to sign in that were tried.
func TestOnlyAReadNeedsCredentials(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]providertest.Arguments{
		"nothing":     nil,
		"white space": {"secret_id": " \n", "secret_key": "\t"},
		"a role":      {"assume_role": providertest.Arguments{"role_arn": roleARN}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := providertest.Configured(t, provider.Options{}, config)
			_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour)
			providertest.Expect(t, diags, providertest.Want{Summary: "error: Missing provider credentials", Details: []string{
				"The list of L7 offline logs from 2022-05-04T00:00:00Z to 2022-05-04T01:00:00Z could not be read",
				"1. secret_id and secret_key are not set, nor are TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
				"2. profile 'default' in ~/.tccli does not exist", "3. assume_role_with_web_identity", "4. assume_role_with_saml",
				"5. cam_role_name", "6. enable_pod_oidc", "https://registry.terraform.io/providers/edgeone-community/teo/latest/docs/guides/sign-in",
			}})
		})
	}
}
