package provider_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const roleARN = "qcs::cam::uin/100000000002:roleName/logs"

// homeWith returns a home folder with profiles of tccli, each as a JSON object.
func homeWith(t testing.TB, profiles map[string]any) string {
	t.Helper()
	home := t.TempDir()
	for name, profile := range profiles {
		content, err := json.Marshal(profile)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(home, ".tccli", name+".credential")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

// webIdentityToken returns the path of a file with a token, as GitHub, GitLab and
// Kubernetes write it.
func webIdentityToken(t testing.TB) string {
	t.Helper()
	part := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"iss":"https://token.example.com","exp":%d}`, time.Now().Add(time.Hour).Unix())
	path := filepath.Join(t.TempDir(), "token")
	token := part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature")) + "\n"
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every way to sign in gives credentials that the service accepts.
func TestEveryWayToSignInIsAccepted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options  func(t *testing.T, sim *teosim.Sim) provider.Options
		config   func(t *testing.T, sim *teosim.Sim) providertest.Arguments
		actions  string // of STS
		signedBy string // prefix of the secret ID that signed the list
	}{
		"default profile": {
			options: func(t *testing.T, sim *teosim.Sim) provider.Options {
				return provider.Options{Home: homeWith(t, map[string]any{"default": map[string]string{"secretId": sim.SecretID(), "secretKey": sim.SecretKey()}})}
			},
			signedBy: teosim.DefaultSecretID,
		},
		"named profile": {
			options: func(t *testing.T, sim *teosim.Sim) provider.Options {
				return provider.Options{Home: homeWith(t, map[string]any{
					"default": map[string]string{"secretId": "AKIDother", "secretKey": "other"},
					"prod":    map[string]string{"secretId": sim.SecretID(), "secretKey": sim.SecretKey()},
				})}
			},
			config:   func(*testing.T, *teosim.Sim) providertest.Arguments { return providertest.Arguments{"profile": "prod"} },
			signedBy: teosim.DefaultSecretID,
		},
		"profile in another folder": {
			config: func(t *testing.T, sim *teosim.Sim) providertest.Arguments {
				home := homeWith(t, map[string]any{"default": map[string]string{"secretId": sim.SecretID(), "secretKey": sim.SecretKey()}})
				return providertest.Arguments{"shared_credentials_dir": filepath.Join(home, ".tccli")}
			},
			signedBy: teosim.DefaultSecretID,
		},
		"assumed role": {
			config: func(_ *testing.T, sim *teosim.Sim) providertest.Arguments {
				return providertest.Arguments{
					"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(),
					"assume_role": providertest.Arguments{
						"role_arn": roleARN, "session_name": "terraform", "session_duration": 900, "external_id": "external",
						"policy": `{"version":"2.0","statement":[]}`, "source_identity": "ci",
					},
				}
			},
			actions:  "AssumeRole",
			signedBy: "AKIDtemporary",
		},
		"assumed role of the environment": {
			options: func(*testing.T, *teosim.Sim) provider.Options {
				return provider.Options{Getenv: providertest.Environment(map[string]string{
					"TENCENTCLOUD_SECRET_ID": teosim.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY": teosim.DefaultSecretKey,
					"TENCENTCLOUD_ASSUME_ROLE_ARN": roleARN, "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "terraform",
				})}
			},
			actions:  "AssumeRole",
			signedBy: "AKIDtemporary",
		},
		"web identity": {
			config: func(t *testing.T, _ *teosim.Sim) providertest.Arguments {
				return providertest.Arguments{"assume_role_with_web_identity": providertest.Arguments{
					"web_identity_token_file": webIdentityToken(t), "role_arn": roleARN, "session_name": "terraform",
				}}
			},
			actions:  "AssumeRoleWithWebIdentity",
			signedBy: "AKIDtemporary",
		},
		"SAML": {
			config: func(*testing.T, *teosim.Sim) providertest.Arguments {
				return providertest.Arguments{"assume_role_with_saml": providertest.Arguments{
					"saml_assertion": "PHNhbWw+", "principal_arn": "qcs::cam::uin/100000000002:saml-provider/idp", "role_arn": roleARN, "session_name": "terraform",
				}}
			},
			actions:  "AssumeRoleWithSAML",
			signedBy: "AKIDtemporary",
		},
		"MFA": {
			config: func(_ *testing.T, sim *teosim.Sim) providertest.Arguments {
				return providertest.Arguments{
					"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(),
					"mfa_certification": providertest.Arguments{"serial_number": "qcs::cam:uin/100000000001::mfa/softToken", "token_code": "123456"},
				}
			},
			actions:  "GetSessionToken",
			signedBy: "AKIDtemporary",
		},
		"pod identity": {
			options: func(t *testing.T, _ *teosim.Sim) provider.Options {
				return provider.Options{Getenv: providertest.Environment(map[string]string{
					"TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": "tke", "TKE_WEB_IDENTITY_TOKEN_FILE": webIdentityToken(t), "TKE_ROLE_ARN": roleARN,
				})}
			},
			config: func(*testing.T, *teosim.Sim) providertest.Arguments {
				return providertest.Arguments{"enable_pod_oidc": true}
			},
			actions:  "AssumeRoleWithWebIdentity",
			signedBy: "AKIDtemporary",
		},
		"CVM role": {
			options: func(_ *testing.T, sim *teosim.Sim) provider.Options { return provider.Options{MetadataURL: sim.URL()} },
			config: func(*testing.T, *teosim.Sim) providertest.Arguments {
				return providertest.Arguments{"cam_role_name": teosim.DefaultCAMRole}
			},
			signedBy: "AKIDmetadata",
		},
		"allowed account": {
			config: func(_ *testing.T, sim *teosim.Sim) providertest.Arguments {
				return providertest.Arguments{"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(), "allowed_account_ids": []string{teosim.DefaultAccountID, "1"}}
			},
			actions:  "GetCallerIdentity",
			signedBy: teosim.DefaultSecretID,
		},
		"account of the assumed role": {
			config: func(_ *testing.T, sim *teosim.Sim) providertest.Arguments {
				return providertest.Arguments{
					"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(), "forbidden_account_ids": []string{teosim.DefaultAccountID},
					"assume_role": providertest.Arguments{"role_arn": roleARN, "session_name": "terraform"},
				}
			},
			actions:  "AssumeRole GetCallerIdentity",
			signedBy: "AKIDtemporary",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{})
			var options provider.Options
			if test.options != nil {
				options = test.options(t, sim)
			}
			config := providertest.Arguments{"endpoint": sim.URL(), "sts_endpoint": sim.URL()}
			if test.config != nil {
				config = config.And(test.config(t, sim))
			}
			w := providertest.Configured(t, options, config)
			if n := len(sim.Requests()); n != 0 {
				t.Errorf("%d requests were sent to configure", n)
			}
			for range 2 {
				state, diags := w.Read("teo_l7_offline_logs", providertest.AnHour)
				providertest.Expect(t, diags)
				if state["total_count"] != int64(5) {
					t.Errorf("%v packages", state["total_count"])
				}
			}
			var actions []string
			for _, r := range sim.Requests() {
				switch {
				case r.Code != "":
					t.Errorf("%s was answered %s", r.Action, r.Code)
				case r.Version == "2018-08-13":
					actions = append(actions, r.Action)
				case !strings.HasPrefix(r.SecretID, test.signedBy):
					t.Errorf("%s was signed with %q, want %q", r.Action, r.SecretID, test.signedBy)
				}
			}
			if got := strings.Join(actions, " "); got != test.actions {
				t.Errorf("STS was called for %q, want %q", got, test.actions)
			}
		})
	}
}

// Arguments that cannot work are errors when the provider is configured.
func TestArgumentsThatCannotSignInAreErrors(t *testing.T) {
	t.Parallel()
	home := homeWith(t, map[string]any{
		"prod":    map[string]string{"secretId": "AKIDprod", "secretKey": "prodSecretKey"},
		"half":    map[string]string{"secretId": "AKIDhalf"},
		"expired": map[string]any{"secretId": "AKIDold", "secretKey": "oldSecretKey", "token": "oldToken", "type": "oauth", "expiresAt": 1700000000},
	})
	for name, test := range map[string]struct {
		config providertest.Arguments
		want   []providertest.Want
	}{
		"unknown profile": {
			config: providertest.Arguments{"profile": "pord"},
			want:   []providertest.Want{{Summary: "error profile: Unable to read the profile", Details: []string{"There is no profile 'pord'", "'expired', 'half', 'prod'"}}},
		},
		"broken profile": {
			config: providertest.Arguments{"profile": "half"},
			want:   []providertest.Want{{Summary: "error profile: Unable to read the profile", Details: []string{"half.credential", "it contains no secretKey"}}},
		},
		"expired profile": {
			config: providertest.Arguments{"profile": "expired"},
			want:   []providertest.Want{{Summary: "error profile: The credentials of the profile have expired", Details: []string{"Run `tccli auth login --profile expired`", "2023-11-14T22:13:20Z"}}},
		},
		"folder that is not there": {
			config: providertest.Arguments{"shared_credentials_dir": "/nonexistent/tccli"},
			want:   []providertest.Want{{Summary: "error shared_credentials_dir: Unable to read the profile", Details: []string{"/nonexistent/tccli"}}},
		},
		"role": {
			config: keys.And(providertest.Arguments{"assume_role": providertest.Arguments{
				"session_name": "has a space", "session_duration": 43201, "policy": "{", "external_id": "x",
			}}),
			want: []providertest.Want{
				{Summary: "error assume_role.role_arn: Missing value", Details: []string{"TENCENTCLOUD_ASSUME_ROLE_ARN"}},
				{Summary: "error assume_role.session_name: Invalid session name", Details: []string{`"has a space"`, "2 to 128"}},
				{Summary: "error assume_role.session_duration: Invalid session duration", Details: []string{"43201", "between 0 and 43200"}},
				{Summary: "error assume_role.policy: Invalid role policy", Details: []string{"jsonencode()"}},
				{Summary: "error assume_role.external_id: Invalid external ID", Details: nil},
			},
		},
		"SAML": {
			config: providertest.Arguments{"assume_role_with_saml": providertest.Arguments{"role_arn": roleARN, "session_name": "s"}},
			want: []providertest.Want{
				{Summary: "error assume_role_with_saml.saml_assertion: Missing value", Details: nil},
				{Summary: "error assume_role_with_saml.principal_arn: Missing value", Details: nil},
				{Summary: "error assume_role_with_saml.session_name: Invalid session name", Details: nil},
			},
		},
		"token file that is not there": {
			config: providertest.Arguments{"assume_role_with_web_identity": providertest.Arguments{"role_arn": roleARN, "session_name": "terraform", "web_identity_token_file": "/nonexistent/token"}},
			want:   []providertest.Want{{Summary: "error assume_role_with_web_identity.web_identity_token_file: Unable to read the web identity token file", Details: []string{"/nonexistent/token"}}},
		},
		"MFA": {
			config: keys.And(providertest.Arguments{"mfa_certification": providertest.Arguments{"serial_number": "device", "token_code": "123456", "duration_seconds": -1}}),
			want:   []providertest.Want{{Summary: "error mfa_certification.duration_seconds: Invalid session duration", Details: nil}},
		},
		"two ways at once": {
			config: providertest.Arguments{
				"assume_role_with_saml":         providertest.Arguments{"saml_assertion": "PHNhbWw+", "principal_arn": "p", "role_arn": roleARN, "session_name": "terraform"},
				"assume_role_with_web_identity": providertest.Arguments{"web_identity_token": "a.b.c", "role_arn": roleARN, "session_name": "terraform"},
			},
			want: []providertest.Want{{Summary: "error assume_role_with_saml: Conflicting ways to sign in", Details: nil}},
		},
		"both account filters": {
			config: keys.And(providertest.Arguments{"allowed_account_ids": []string{"1"}, "forbidden_account_ids": []string{"2"}}),
			want:   []providertest.Want{{Summary: "error forbidden_account_ids: Conflicting account filters", Details: nil}},
		},
		"empty account": {
			config: keys.And(providertest.Arguments{"allowed_account_ids": []string{""}}),
			want:   []providertest.Want{{Summary: "error allowed_account_ids: Invalid Attribute Value Length", Details: nil}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := providertest.Dial(t, provider.Options{Home: home})
			diags := w.Configure(test.config)
			providertest.Expect(t, diags, test.want...)
			for _, secret := range []string{"prodSecretKey", "oldSecretKey", "oldToken", "exampleSecretKey"} {
				if strings.Contains(diags.Text(), secret) {
					t.Errorf("a diagnostic repeats a secret:\n%s", diags.Text())
				}
			}
		})
	}
}

// If signing in fails, the error names the argument of the provider, the source and
// what to do, and no list is requested.
func TestAFailedSignInNamesTheArgumentAndTheSource(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		home     map[string]any
		fault    teosim.Fault
		config   providertest.Arguments
		want     providertest.Want
		requests string
	}{
		"role that is refused": {
			fault: teosim.Fault{Name: teosim.CamUnauthorized, Action: "AssumeRole"},
			config: providertest.Arguments{
				"secret_id": teosim.DefaultSecretID, "secret_key": teosim.DefaultSecretKey,
				"assume_role": providertest.Arguments{"role_arn": roleARN, "session_name": "terraform"},
			},
			want: providertest.Want{Summary: "error: Unable to assume the role", Details: []string{
				"The list of L7 offline logs from 2022-05-04T00:00:00Z", "AssumeRole (sts 2018-08-13): UnauthorizedOperation.CamUnauthorized",
				"configured by the provider argument assume_role,", "Allow the CAM action sts:AssumeRole for the user or role of the credentials from the provider configuration",
			}},
			requests: "AssumeRole",
		},
		"role with wrong credentials": {
			config: providertest.Arguments{
				"secret_id": teosim.DefaultSecretID, "secret_key": "otherSecretKey",
				"assume_role": providertest.Arguments{"role_arn": roleARN, "session_name": "terraform"},
			},
			want:     providertest.Want{Summary: "error: Unable to assume the role", Details: []string{"AuthFailure.SignatureFailure", "credentials from the provider configuration", "configured by the provider argument assume_role,"}},
			requests: "AssumeRole",
		},
		"not an STS": {
			fault: teosim.Fault{Name: teosim.NotJSON, Action: "AssumeRole"},
			config: providertest.Arguments{
				"secret_id": teosim.DefaultSecretID, "secret_key": teosim.DefaultSecretKey,
				"assume_role": providertest.Arguments{"role_arn": roleARN, "session_name": "terraform"},
			},
			want:     providertest.Want{Summary: "error: Unable to assume the role", Details: []string{"not a JSON object", "Check sts_endpoint (or TENCENTCLOUD_STS_ENDPOINT)"}},
			requests: "AssumeRole",
		},
		"forbidden account": {
			config: providertest.Arguments{"secret_id": teosim.DefaultSecretID, "secret_key": teosim.DefaultSecretKey, "forbidden_account_ids": []string{teosim.DefaultAccountID}},
			want: providertest.Want{Summary: "error: Account not allowed", Details: []string{
				"the credentials belong to account " + teosim.DefaultAccountID + ", which is forbidden", "configured by the provider argument forbidden_account_ids,",
			}},
			requests: "GetCallerIdentity",
		},
		"account that is not allowed": {
			config:   providertest.Arguments{"secret_id": teosim.DefaultSecretID, "secret_key": teosim.DefaultSecretKey, "allowed_account_ids": []string{"1", "2"}},
			want:     providertest.Want{Summary: "error: Account not allowed", Details: []string{"not among the allowed accounts: 1, 2", "configured by the provider argument allowed_account_ids,"}},
			requests: "GetCallerIdentity",
		},
		"profile that the service does not know": {
			home:     map[string]any{"prod": map[string]string{"secretId": "AKIDprod", "secretKey": "prodSecretKey"}},
			config:   providertest.Arguments{"profile": "prod"},
			want:     providertest.Want{Summary: providertest.UnableToRead, Details: []string{"AuthFailure.SecretIdNotFound", "credentials from profile 'prod' in ~/.tccli"}},
			requests: "DownloadL7Logs",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{})
			if test.fault.Name != "" {
				sim.Inject(test.fault)
			}
			options := provider.Options{}
			if test.home != nil {
				options.Home = homeWith(t, test.home)
			}
			w := providertest.Configured(t, options, providertest.Arguments{"endpoint": sim.URL(), "sts_endpoint": sim.URL()}.And(test.config))
			_, diags := w.Read("teo_l7_offline_logs", providertest.AnHour)
			var actions []string
			for _, r := range sim.Requests() {
				actions = append(actions, r.Action)
				if r.Code != "" {
					test.want.Details = append(test.want.Details, "request ID "+r.RequestID)
				}
			}
			providertest.Expect(t, diags, test.want)
			if got := strings.Join(actions, " "); got != test.requests {
				t.Errorf("requests: %q, want %q", got, test.requests)
			}
			for _, secret := range []string{"prodSecretKey", "otherSecretKey", teosim.DefaultSecretKey} {
				if strings.Contains(diags.Text(), secret) {
					t.Errorf("a diagnostic repeats a secret:\n%s", diags.Text())
				}
			}
		})
	}
}
