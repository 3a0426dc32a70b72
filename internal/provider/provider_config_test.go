package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// keys are credentials to configure a provider with.
var keys = arguments{"secret_id": "AKIDexample", "secret_key": "exampleSecretKey"}

// All problems of a configuration are reported at once, each on its attribute. None
// of them repeats a secret, and nothing is sent.
func TestProviderBadConfiguration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env    map[string]string
		config arguments
		want   []wantDiagnostic
	}{
		"half a pair": {
			config: arguments{"secret_id": "AKIDexample"},
			want:   []wantDiagnostic{{"error secret_key: Incomplete credentials", []string{"Set secret_key or TENCENTCLOUD_SECRET_KEY"}}},
		},
		"the other half": {
			env:  map[string]string{"TENCENTCLOUD_SECRET_KEY": "exampleSecretKey"},
			want: []wantDiagnostic{{"error secret_id: Incomplete credentials", []string{"Set secret_id or TENCENTCLOUD_SECRET_ID"}}},
		},
		"a token alone": {
			config: arguments{"security_token": "exampleToken"},
			want:   []wantDiagnostic{{"error security_token: Incomplete credentials", []string{"Set secret_id and secret_key"}}},
		},
		"several problems": {
			env: map[string]string{"TENCENTCLOUD_TEO_API_VERSION": "2023-01-01", "TENCENTCLOUD_STS_ENDPOINT": "ftp://sts.example.com"},
			config: arguments{
				"secret_id": "AKIDexample", "endpoint": "https://teo.example.com/path", "domain": "https://user:exampleSecretKey@localhost",
				"requests_per_second": 0, "max_retries": 101,
				"request_timeout": "soon", "http_proxy": "ftp://user:exampleSecretKey@proxy", "custom_ca_bundle": "/nonexistent/ca.pem",
			},
			want: []wantDiagnostic{
				{"error secret_key: Incomplete credentials", nil},
				{"error endpoint: Invalid endpoint", []string{"the provider configuration", "without a path"}},
				{"error sts_endpoint: Invalid endpoint", []string{"the environment (TENCENTCLOUD_STS_ENDPOINT)", "neither https nor http"}},
				{"error domain: Invalid domain", []string{"the provider configuration", "intl.tencentcloudapi.com"}},
				{"error requests_per_second: Invalid number of requests per second", nil},
				{"error max_retries: Invalid number of retries", nil},
				{"error request_timeout: Invalid request timeout", []string{`"soon"`, `"30s"`}},
				{"error http_proxy: Invalid proxy", []string{"scheme"}},
				{"error custom_ca_bundle: Invalid CA bundle", []string{"/nonexistent/ca.pem"}},
				{"error api_version: Invalid API version", []string{`"2023-01-01"`, "TENCENTCLOUD_TEO_API_VERSION", `"2022-01-06"`, `"2022-09-01"`, "Remove it to let the provider choose"}},
			},
		},
		"unknown API version": {
			config: keys.and(arguments{"api_version": "2022-09-02"}),
			want:   []wantDiagnostic{{"error api_version: Invalid API version", []string{`"2022-01-06"`, `"2022-09-01"`, "2022-09-02", "the provider configuration"}}},
		},
		"numbers out of range": {
			config: keys.and(arguments{"requests_per_second": 0, "max_retries": -1}),
			want: []wantDiagnostic{
				{"error requests_per_second: Invalid number of requests per second", []string{"0 is not between 0.01"}},
				{"error max_retries: Invalid number of retries", []string{"-1 is not between 0 and 100"}},
			},
		},
		"timeout in days": {
			config: keys.and(arguments{"request_timeout": "1d"}),
			want:   []wantDiagnostic{{"error request_timeout: Invalid request timeout", []string{`"1d" is not a positive duration. Use hours, minutes and seconds, such as "30s"`}}},
		},
		"timeout of zero": {
			config: keys.and(arguments{"request_timeout": "0s"}),
			want:   []wantDiagnostic{{"error request_timeout: Invalid request timeout", nil}},
		},
		"unknown protocol": {
			config: keys.and(arguments{"protocol": "ftp"}),
			want:   []wantDiagnostic{{"error protocol: Invalid protocol", []string{`"ftp" from the provider configuration must be "HTTPS" or "HTTP"`}}},
		},
		"plain HTTP to the default endpoint": {
			env:    map[string]string{"TENCENTCLOUD_PROTOCOL": "HTTP"},
			config: keys,
			want: []wantDiagnostic{{"error protocol: Plain HTTP to a remote service", []string{
				"the environment (TENCENTCLOUD_PROTOCOL)", "loopback addresses only", "teo.tencentcloudapi.com",
			}}},
		},
		"protocol beside a URL": {
			config: keys.and(arguments{"protocol": "HTTP", "endpoint": "https://teo.example.com"}),
			want:   []wantDiagnostic{{"warning protocol: Protocol without effect", []string{"the endpoint from the provider configuration is a URL with its own scheme"}}},
		},
		"plain HTTP to an endpoint": {
			config: keys.and(arguments{"protocol": "HTTP", "endpoint": "10.0.0.1"}),
			want:   []wantDiagnostic{{"error endpoint: Invalid endpoint", []string{"loopback addresses only", "The scheme http is the protocol from the provider configuration"}}},
		},
		"plain HTTP to STS": {
			config: keys.and(arguments{"protocol": "HTTP", "endpoint": "127.0.0.1:1", "assume_role": arguments{"role_arn": roleARN}}),
			want:   []wantDiagnostic{{"error protocol: Plain HTTP to a remote service", []string{"sts.tencentcloudapi.com"}}},
		},
		"COS domain": {
			config: keys.and(arguments{"cos_domain": "https://cos.example.com/bucket"}),
			want:   []wantDiagnostic{{"error cos_domain: Invalid COS domain", []string{"without a path", "the provider configuration", "without the name of a bucket"}}},
		},
		"COS domain of the environment": {
			env:    map[string]string{"TENCENTCLOUD_COS_DOMAIN": "http://cos.example.com"},
			config: keys,
			want:   []wantDiagnostic{{"error cos_domain: Invalid COS domain", []string{"loopback addresses only", "TENCENTCLOUD_COS_DOMAIN"}}},
		},
		"white space around credentials": {
			config: arguments{"secret_id": "AKIDexample", "secret_key": "exampleSecretKey\n"},
			want:   []wantDiagnostic{{"warning secret_key: White space around credentials", []string{"leading or trailing white space, such as a newline"}}},
		},
		"swapped credentials": {
			env:  map[string]string{"TENCENTCLOUD_SECRET_ID": "exampleSecretKey", "TENCENTCLOUD_SECRET_KEY": "AKIDexample"},
			want: []wantDiagnostic{{"error secret_id: Secret ID and secret key swapped", []string{"the environment (TENCENTCLOUD_SECRET_ID)", "Swap the two values"}}},
		},
		"credentials in quotes": {
			env:    map[string]string{"TENCENTCLOUD_SECRET_ID": `"AKIDexample"`},
			config: arguments{"secret_key": "exampleSecretKey"},
			want:   []wantDiagnostic{{"error secret_id: Invalid credentials", []string{"TENCENTCLOUD_SECRET_ID is enclosed in quotes"}}},
		},
		"profile and secret ID": {
			config: keys.and(arguments{"profile": "prod"}),
			want:   []wantDiagnostic{{"warning profile: Ignored provider arguments", []string{"profile has no effect, because secret_id and secret_key take precedence"}}},
		},
		"a session name without a role": {
			env:    map[string]string{"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "terraform"},
			config: keys,
			want:   []wantDiagnostic{{"warning assume_role: Environment variables without effect", []string{"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME is set, but no role is assumed"}}},
		},
		"endpoint from the environment": {
			env:    map[string]string{"TENCENTCLOUD_TEO_ENDPOINT": "http://10.0.0.1"},
			config: keys,
			want:   []wantDiagnostic{{"error endpoint: Invalid endpoint", []string{"the environment (TENCENTCLOUD_TEO_ENDPOINT)"}}},
		},
		"unknown values": {
			config: arguments{"secret_id": unknown, "secret_key": unknown, "region": "ap-guangzhou", "assume_role": arguments{"role_arn": unknown, "session_name": "s1"}},
			want: []wantDiagnostic{
				{"error secret_id: Unknown provider argument", []string{"secret_id depends on a value that is known only after apply", "-target", "environment"}},
				{"error secret_key: Unknown provider argument", nil},
				{"error assume_role.role_arn: Unknown provider argument", []string{"assume_role.role_arn depends on"}},
			},
		},
		"unknown values and other problems": {
			config: arguments{"secret_id": unknown, "domain": "localhost"},
			want: []wantDiagnostic{
				{"error secret_id: Unknown provider argument", nil},
				{"error domain: Invalid domain", nil},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dial(t, provider.Options{Getenv: environment(test.env)})
			diags := w.configure(test.config)
			expectDiagnostics(t, diags, test.want...)
			for _, secret := range []string{"exampleSecretKey", "exampleToken"} {
				if strings.Contains(diags.all(), secret) {
					t.Errorf("a diagnostic repeats a secret:\n%s", diags.all())
				}
			}
		})
	}
}

// Each setting takes effect, wherever it comes from.
func TestProviderConfiguration(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{SecretID: "AKIDtest", SecretKey: "testSecretKey", Token: "testToken"})
	address := strings.TrimPrefix(sim.URL(), "http://")
	for name, test := range map[string]struct {
		env    map[string]string
		config arguments
	}{
		"attributes": {
			config: arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey", "security_token": "testToken", "endpoint": sim.URL()},
		},
		"attributes before the environment": {
			env: map[string]string{
				"TENCENTCLOUD_SECRET_ID": "AKIDother", "TENCENTCLOUD_SECRET_KEY": "other", "TENCENTCLOUD_SECURITY_TOKEN": "other",
				"TENCENTCLOUD_TEO_ENDPOINT": "https://teo.invalid", "TENCENTCLOUD_TEO_API_VERSION": "2022-01-06",
			},
			config: arguments{
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
			config: arguments{"endpoint": sim.URL()},
		},
		"white space around": {
			env:    map[string]string{"TENCENTCLOUD_SECURITY_TOKEN": "testToken", "TENCENTCLOUD_TEO_ENDPOINT": " " + sim.URL() + "\n"},
			config: arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey"},
		},
		"protocol": {
			config: arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey", "security_token": "testToken", "protocol": "HTTP", "endpoint": address},
		},
		"protocol of the environment": {
			env:    map[string]string{"TENCENTCLOUD_PROTOCOL": "http", "TENCENTCLOUD_TEO_ENDPOINT": address},
			config: arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey", "security_token": "testToken"},
		},
		"protocol of the official default": {
			config: arguments{"secret_id": "AKIDtest", "secret_key": "testSecretKey", "security_token": "testToken", "protocol": "HTTPS", "endpoint": sim.URL()},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := configured(t, provider.Options{Getenv: environment(test.env)}, test.config)
			state, diags := w.read("teo_l7_offline_logs", anHour)
			expectDiagnostics(t, diags)
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
func TestProviderAPIVersionFromEnvironment(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	w := configured(t, provider.Options{Getenv: environment(map[string]string{"TENCENTCLOUD_TEO_API_VERSION": "2022-09-01"})}, signIn(sim))
	state, diags := w.read("teo_l7_offline_logs", anHour)
	expectDiagnostics(t, diags)
	if state["api_version"] != "2022-09-01" || sim.Count("2022-01-06", "") != 0 {
		t.Errorf("version %v, and %d requests of 2022-01-06", state["api_version"], sim.Count("2022-01-06", ""))
	}
}

// In Terraform, an argument that comes from a resource is unknown during the plan.
func TestProviderUnknownArgumentInTerraform(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(t, provider.Options{}),
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
` + l7Hour,
			ExpectError: says("Error: Unknown provider argument", "secret_id depends on a value that is known only after apply"),
		}},
	})
	if n := len(sim.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// A provider without credentials can be configured, because verifying an archive
// needs none. Reads that need them list the ways to sign in that were tried.
func TestMissingCredentials(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]arguments{
		"nothing":     nil,
		"white space": {"secret_id": " \n", "secret_key": "\t"},
		"a role":      {"assume_role": arguments{"role_arn": roleARN}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := configured(t, provider.Options{}, config)
			_, diags := w.read("teo_l7_offline_logs", anHour)
			expectDiagnostics(t, diags, wantDiagnostic{"error: Missing provider credentials", []string{
				"The list of L7 offline logs from 2022-05-04T00:00:00Z to 2022-05-04T01:00:00Z could not be read",
				"1. secret_id and secret_key are not set, nor are TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
				"2. profile 'default' in ~/.tccli does not exist", "3. assume_role_with_web_identity", "4. assume_role_with_saml",
				"5. cam_role_name", "6. enable_pod_oidc", "https://registry.terraform.io/providers/edgeone-community/teo/latest/docs#authentication",
			}})
		})
	}
}
