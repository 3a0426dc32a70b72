package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// keys are enough to be configured with.
var keys = arguments{"secret_id": "AKIDexample", "secret_key": "exampleSecretKey"}

// Whatever is wrong with the configuration of the provider is said at once, each
// on its attribute; none of it repeats a secret, and nothing is sent.
func TestProviderBadConfiguration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env    map[string]string
		config arguments
		want   []complaint
	}{
		"no keys at all": {
			config: nil,
			want: []complaint{{"error secret_id: Missing provider credentials", []string{
				"secret_id and secret_key are not set", "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set",
				"profile 'default' in ~/.tccli", "Set secret_id and secret_key",
			}}},
		},
		"half a pair": {
			config: arguments{"secret_id": "AKIDexample"},
			want:   []complaint{{"error secret_key: Incomplete keys", []string{"set secret_key or TENCENTCLOUD_SECRET_KEY"}}},
		},
		"the other half": {
			env:  map[string]string{"TENCENTCLOUD_SECRET_KEY": "exampleSecretKey"},
			want: []complaint{{"error secret_id: Incomplete keys", []string{"set secret_id or TENCENTCLOUD_SECRET_ID"}}},
		},
		"nothing but white space": {
			config: arguments{"secret_id": " \n", "secret_key": "\t"},
			want:   []complaint{{"error secret_id: Missing provider credentials", nil}},
		},
		"a token alone": {
			config: arguments{"security_token": "exampleToken"},
			want:   []complaint{{"error security_token: Incomplete keys", []string{"Set secret_id and secret_key"}}},
		},
		"several problems": {
			env: map[string]string{"TENCENTCLOUD_TEO_API_VERSION": "2023-01-01", "TENCENTCLOUD_STS_ENDPOINT": "ftp://sts.example.com"},
			config: arguments{
				"secret_id": "AKIDexample", "endpoint": "https://teo.example.com/path", "domain": "https://user:exampleSecretKey@localhost",
				"requests_per_second": 0, "max_retries": 101,
				"request_timeout": "soon", "http_proxy": "ftp://user:exampleSecretKey@proxy", "custom_ca_bundle": "/nonexistent/ca.pem",
			},
			want: []complaint{
				{"error secret_key: Incomplete keys", nil},
				{"error endpoint: Invalid endpoint", []string{"the provider configuration", "without a path"}},
				{"error sts_endpoint: Invalid endpoint", []string{"the environment (TENCENTCLOUD_STS_ENDPOINT)", "neither https nor http"}},
				{"error domain: Invalid domain", []string{"the provider configuration", "intl.tencentcloudapi.com"}},
				{"error requests_per_second: Invalid number of requests a second", nil},
				{"error max_retries: Invalid number of retries", nil},
				{"error request_timeout: Invalid request timeout", []string{`"soon"`, `"30s"`}},
				{"error http_proxy: Invalid proxy", []string{"scheme"}},
				{"error custom_ca_bundle: Invalid CA bundle", []string{"/nonexistent/ca.pem"}},
				{"error api_version: Invalid API version", []string{`"2023-01-01"`, "TENCENTCLOUD_TEO_API_VERSION", `"2022-01-06"`, `"2022-09-01"`, "Leave it out"}},
			},
		},
		"no keys and another problem": {
			config: arguments{"endpoint": "http://teo.example.com"},
			want: []complaint{
				{"error endpoint: Invalid endpoint", []string{"plain http is accepted for loopback addresses only; use https"}},
				{"error secret_id: Missing provider credentials", nil},
			},
		},
		"unknown API version": {
			config: keys.and(arguments{"api_version": "2022-09-02"}),
			want:   []complaint{{"error api_version: Invalid API version", []string{`"2022-01-06"`, `"2022-09-01"`, "2022-09-02", "the provider configuration"}}},
		},
		"numbers out of range": {
			config: keys.and(arguments{"requests_per_second": 0, "max_retries": -1}),
			want: []complaint{
				{"error requests_per_second: Invalid number of requests a second", []string{"0 is not between 0.01"}},
				{"error max_retries: Invalid number of retries", []string{"-1 is not between 0 and 100"}},
			},
		},
		"timeout of zero": {
			config: keys.and(arguments{"request_timeout": "0s"}),
			want:   []complaint{{"error request_timeout: Invalid request timeout", nil}},
		},
		"endpoint from the environment": {
			env:    map[string]string{"TENCENTCLOUD_TEO_ENDPOINT": "http://10.0.0.1"},
			config: keys,
			want:   []complaint{{"error endpoint: Invalid endpoint", []string{"the environment (TENCENTCLOUD_TEO_ENDPOINT)"}}},
		},
		"unknown values": {
			config: arguments{"secret_id": unknown, "secret_key": unknown, "region": "ap-guangzhou", "assume_role": arguments{"role_arn": unknown, "session_name": "s1"}},
			want: []complaint{
				{"error secret_id: Unknown provider argument", []string{"secret_id depends on something that is only known after apply", "-target", "environment"}},
				{"error secret_key: Unknown provider argument", nil},
				{"error assume_role: Unknown provider argument", nil},
			},
		},
		"unknown values and other problems": {
			config: arguments{"secret_id": unknown, "domain": "localhost"},
			want: []complaint{
				{"error secret_id: Unknown provider argument", nil},
				{"error domain: Invalid domain", nil},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dial(t, provider.Options{Getenv: environment(test.env)})
			said := w.configure(test.config)
			expectSaid(t, said, test.want...)
			for _, secret := range []string{"exampleSecretKey", "exampleToken"} {
				if strings.Contains(said.all(), secret) {
					t.Errorf("a diagnostic repeats a secret:\n%s", said.all())
				}
			}
		})
	}
}

// What is set, where from, and with white space around it, arrives.
func TestProviderConfiguration(t *testing.T) {
	t.Parallel()
	sim := simulator(t, teosim.Options{SecretID: "AKIDtest", SecretKey: "testSecretKey", Token: "testToken"})
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
			env:    map[string]string{"TENCENTCLOUD_SECURITY_TOKEN": "\ttestToken\r\n", "TENCENTCLOUD_TEO_ENDPOINT": " " + sim.URL() + "\n"},
			config: arguments{"secret_id": " AKIDtest", "secret_key": "testSecretKey\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := configured(t, provider.Options{Getenv: environment(test.env)}, test.config)
			state, said := w.read("teo_l7_offline_logs", anHour)
			expectSaid(t, said)
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

// The API version can be pinned by the environment, too.
func TestProviderAPIVersionFromEnvironment(t *testing.T) {
	t.Parallel()
	sim := simulator(t, teosim.Options{})
	w := configured(t, provider.Options{Getenv: environment(map[string]string{"TENCENTCLOUD_TEO_API_VERSION": "2022-09-01"})}, signIn(sim))
	state, said := w.read("teo_l7_offline_logs", anHour)
	expectSaid(t, said)
	if state["api_version"] != "2022-09-01" || sim.Count("2022-01-06", "") != 0 {
		t.Errorf("version %v, and %d requests of 2022-01-06", state["api_version"], sim.Count("2022-01-06", ""))
	}
}

// In a real Terraform, an argument that comes from a resource is unknown in the
// plan.
func TestProviderUnknownArgumentInTerraform(t *testing.T) {
	t.Parallel()
	sim := simulator(t, teosim.Options{})
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
			ExpectError: says("Error: Unknown provider argument", "secret_id depends on something that is only known after apply"),
		}},
	})
	if n := len(sim.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
