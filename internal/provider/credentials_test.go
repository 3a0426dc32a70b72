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
func TestSignIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options  func(t *testing.T, sim *teosim.Sim) provider.Options
		config   func(t *testing.T, sim *teosim.Sim) arguments
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
			config:   func(*testing.T, *teosim.Sim) arguments { return arguments{"profile": "prod"} },
			signedBy: teosim.DefaultSecretID,
		},
		"profile in another folder": {
			config: func(t *testing.T, sim *teosim.Sim) arguments {
				home := homeWith(t, map[string]any{"default": map[string]string{"secretId": sim.SecretID(), "secretKey": sim.SecretKey()}})
				return arguments{"shared_credentials_dir": filepath.Join(home, ".tccli")}
			},
			signedBy: teosim.DefaultSecretID,
		},
		"assumed role": {
			config: func(_ *testing.T, sim *teosim.Sim) arguments {
				return arguments{
					"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(),
					"assume_role": arguments{
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
				return provider.Options{Getenv: environment(map[string]string{
					"TENCENTCLOUD_SECRET_ID": teosim.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY": teosim.DefaultSecretKey,
					"TENCENTCLOUD_ASSUME_ROLE_ARN": roleARN, "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "terraform",
				})}
			},
			actions:  "AssumeRole",
			signedBy: "AKIDtemporary",
		},
		"web identity": {
			config: func(t *testing.T, _ *teosim.Sim) arguments {
				return arguments{"assume_role_with_web_identity": arguments{
					"web_identity_token_file": webIdentityToken(t), "role_arn": roleARN, "session_name": "terraform",
				}}
			},
			actions:  "AssumeRoleWithWebIdentity",
			signedBy: "AKIDtemporary",
		},
		"SAML": {
			config: func(*testing.T, *teosim.Sim) arguments {
				return arguments{"assume_role_with_saml": arguments{
					"saml_assertion": "PHNhbWw+", "principal_arn": "qcs::cam::uin/100000000002:saml-provider/idp", "role_arn": roleARN, "session_name": "terraform",
				}}
			},
			actions:  "AssumeRoleWithSAML",
			signedBy: "AKIDtemporary",
		},
		"MFA": {
			config: func(_ *testing.T, sim *teosim.Sim) arguments {
				return arguments{
					"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(),
					"mfa_certification": arguments{"serial_number": "qcs::cam:uin/100000000001::mfa/softToken", "token_code": "123456"},
				}
			},
			actions:  "GetSessionToken",
			signedBy: "AKIDtemporary",
		},
		"pod identity": {
			options: func(t *testing.T, _ *teosim.Sim) provider.Options {
				return provider.Options{Getenv: environment(map[string]string{
					"TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": "tke", "TKE_WEB_IDENTITY_TOKEN_FILE": webIdentityToken(t), "TKE_ROLE_ARN": roleARN,
				})}
			},
			config:   func(*testing.T, *teosim.Sim) arguments { return arguments{"enable_pod_oidc": true} },
			actions:  "AssumeRoleWithWebIdentity",
			signedBy: "AKIDtemporary",
		},
		"CVM role": {
			options:  func(_ *testing.T, sim *teosim.Sim) provider.Options { return provider.Options{MetadataURL: sim.URL()} },
			config:   func(*testing.T, *teosim.Sim) arguments { return arguments{"cam_role_name": teosim.DefaultCAMRole} },
			signedBy: "AKIDmetadata",
		},
		"allowed account": {
			config: func(_ *testing.T, sim *teosim.Sim) arguments {
				return arguments{"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(), "allowed_account_ids": []string{teosim.DefaultAccountID, "1"}}
			},
			actions:  "GetCallerIdentity",
			signedBy: teosim.DefaultSecretID,
		},
		"account of the assumed role": {
			config: func(_ *testing.T, sim *teosim.Sim) arguments {
				return arguments{
					"secret_id": sim.SecretID(), "secret_key": sim.SecretKey(), "forbidden_account_ids": []string{teosim.DefaultAccountID},
					"assume_role": arguments{"role_arn": roleARN, "session_name": "terraform"},
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
			config := arguments{"endpoint": sim.URL(), "sts_endpoint": sim.URL()}
			if test.config != nil {
				config = config.and(test.config(t, sim))
			}
			w := configured(t, options, config)
			if n := len(sim.Requests()); n != 0 {
				t.Errorf("%d requests were sent to configure", n)
			}
			for range 2 {
				state, diags := w.read("teo_l7_offline_logs", anHour)
				expectDiagnostics(t, diags)
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
func TestSignInBadArguments(t *testing.T) {
	t.Parallel()
	home := homeWith(t, map[string]any{
		"prod":    map[string]string{"secretId": "AKIDprod", "secretKey": "prodSecretKey"},
		"half":    map[string]string{"secretId": "AKIDhalf"},
		"expired": map[string]any{"secretId": "AKIDold", "secretKey": "oldSecretKey", "token": "oldToken", "type": "oauth", "expiresAt": 1700000000},
	})
	for name, test := range map[string]struct {
		config arguments
		want   []wantDiagnostic
	}{
		"unknown profile": {
			config: arguments{"profile": "pord"},
			want:   []wantDiagnostic{{"error profile: Unable to read the profile", []string{"There is no profile 'pord'", "'expired', 'half', 'prod'"}}},
		},
		"broken profile": {
			config: arguments{"profile": "half"},
			want:   []wantDiagnostic{{"error profile: Unable to read the profile", []string{"half.credential", "it contains no secretKey"}}},
		},
		"expired profile": {
			config: arguments{"profile": "expired"},
			want:   []wantDiagnostic{{"error profile: The credentials of the profile have expired", []string{"Run `tccli auth login --profile expired`", "2023-11-14T22:13:20Z"}}},
		},
		"folder that is not there": {
			config: arguments{"shared_credentials_dir": "/nonexistent/tccli"},
			want:   []wantDiagnostic{{"error shared_credentials_dir: Unable to read the profile", []string{"/nonexistent/tccli"}}},
		},
		"role": {
			config: keys.and(arguments{"assume_role": arguments{
				"session_name": "has a space", "session_duration": 43201, "policy": "{", "external_id": "x",
			}}),
			want: []wantDiagnostic{
				{"error assume_role.role_arn: Missing value", []string{"TENCENTCLOUD_ASSUME_ROLE_ARN"}},
				{"error assume_role.session_name: Invalid session name", []string{`"has a space"`, "2 to 128"}},
				{"error assume_role.session_duration: Invalid session duration", []string{"43201", "between 0 and 43200"}},
				{"error assume_role.policy: Invalid role policy", []string{"jsonencode()"}},
				{"error assume_role.external_id: Invalid external ID", nil},
			},
		},
		"SAML": {
			config: arguments{"assume_role_with_saml": arguments{"role_arn": roleARN, "session_name": "s"}},
			want: []wantDiagnostic{
				{"error assume_role_with_saml.saml_assertion: Missing value", nil},
				{"error assume_role_with_saml.principal_arn: Missing value", nil},
				{"error assume_role_with_saml.session_name: Invalid session name", nil},
			},
		},
		"token file that is not there": {
			config: arguments{"assume_role_with_web_identity": arguments{"role_arn": roleARN, "session_name": "terraform", "web_identity_token_file": "/nonexistent/token"}},
			want:   []wantDiagnostic{{"error assume_role_with_web_identity.web_identity_token_file: Unable to read the web identity token file", []string{"/nonexistent/token"}}},
		},
		"MFA": {
			config: keys.and(arguments{"mfa_certification": arguments{"serial_number": "device", "token_code": "123456", "duration_seconds": -1}}),
			want:   []wantDiagnostic{{"error mfa_certification.duration_seconds: Invalid session duration", nil}},
		},
		"two ways at once": {
			config: arguments{
				"assume_role_with_saml":         arguments{"saml_assertion": "PHNhbWw+", "principal_arn": "p", "role_arn": roleARN, "session_name": "terraform"},
				"assume_role_with_web_identity": arguments{"web_identity_token": "a.b.c", "role_arn": roleARN, "session_name": "terraform"},
			},
			want: []wantDiagnostic{{"error assume_role_with_saml: Conflicting ways to sign in", nil}},
		},
		"both account filters": {
			config: keys.and(arguments{"allowed_account_ids": []string{"1"}, "forbidden_account_ids": []string{"2"}}),
			want:   []wantDiagnostic{{"error forbidden_account_ids: Conflicting account filters", nil}},
		},
		"empty account": {
			config: keys.and(arguments{"allowed_account_ids": []string{""}}),
			want:   []wantDiagnostic{{"error allowed_account_ids: Invalid Attribute Value Length", nil}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dial(t, provider.Options{Home: home})
			diags := w.configure(test.config)
			expectDiagnostics(t, diags, test.want...)
			for _, secret := range []string{"prodSecretKey", "oldSecretKey", "oldToken", "exampleSecretKey"} {
				if strings.Contains(diags.all(), secret) {
					t.Errorf("a diagnostic repeats a secret:\n%s", diags.all())
				}
			}
		})
	}
}

// If signing in fails, the error names the argument of the provider, the source and
// what to do, and no list is requested.
func TestSignInFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		home     map[string]any
		fault    teosim.Fault
		config   arguments
		want     wantDiagnostic
		requests string
	}{
		"role that is refused": {
			fault: teosim.Fault{Name: teosim.CamUnauthorized, Action: "AssumeRole"},
			config: arguments{
				"secret_id": teosim.DefaultSecretID, "secret_key": teosim.DefaultSecretKey,
				"assume_role": arguments{"role_arn": roleARN, "session_name": "terraform"},
			},
			want: wantDiagnostic{"error: Unable to assume the role", []string{
				"The list of L7 offline logs from 2022-05-04T00:00:00Z", "AssumeRole (sts 2018-08-13): UnauthorizedOperation.CamUnauthorized",
				"configured by the provider argument assume_role,", "Allow the CAM action sts:AssumeRole for the user or role of the credentials from the provider configuration",
			}},
			requests: "AssumeRole",
		},
		"role with wrong credentials": {
			config: arguments{
				"secret_id": teosim.DefaultSecretID, "secret_key": "otherSecretKey",
				"assume_role": arguments{"role_arn": roleARN, "session_name": "terraform"},
			},
			want:     wantDiagnostic{"error: Unable to assume the role", []string{"AuthFailure.SignatureFailure", "credentials from the provider configuration", "configured by the provider argument assume_role,"}},
			requests: "AssumeRole",
		},
		"not an STS": {
			fault: teosim.Fault{Name: teosim.NotJSON, Action: "AssumeRole"},
			config: arguments{
				"secret_id": teosim.DefaultSecretID, "secret_key": teosim.DefaultSecretKey,
				"assume_role": arguments{"role_arn": roleARN, "session_name": "terraform"},
			},
			want:     wantDiagnostic{"error: Unable to assume the role", []string{"not a JSON object", "Check sts_endpoint (or TENCENTCLOUD_STS_ENDPOINT)"}},
			requests: "AssumeRole",
		},
		"forbidden account": {
			config: arguments{"secret_id": teosim.DefaultSecretID, "secret_key": teosim.DefaultSecretKey, "forbidden_account_ids": []string{teosim.DefaultAccountID}},
			want: wantDiagnostic{"error: Account not allowed", []string{
				"the credentials belong to account " + teosim.DefaultAccountID + ", which is forbidden", "configured by the provider argument forbidden_account_ids,",
			}},
			requests: "GetCallerIdentity",
		},
		"account that is not allowed": {
			config:   arguments{"secret_id": teosim.DefaultSecretID, "secret_key": teosim.DefaultSecretKey, "allowed_account_ids": []string{"1", "2"}},
			want:     wantDiagnostic{"error: Account not allowed", []string{"not among the allowed accounts: 1, 2", "configured by the provider argument allowed_account_ids,"}},
			requests: "GetCallerIdentity",
		},
		"profile that the service does not know": {
			home:     map[string]any{"prod": map[string]string{"secretId": "AKIDprod", "secretKey": "prodSecretKey"}},
			config:   arguments{"profile": "prod"},
			want:     wantDiagnostic{unableToRead, []string{"AuthFailure.SecretIdNotFound", "credentials from profile 'prod' in ~/.tccli"}},
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
			w := configured(t, options, arguments{"endpoint": sim.URL(), "sts_endpoint": sim.URL()}.and(test.config))
			_, diags := w.read("teo_l7_offline_logs", anHour)
			var actions []string
			for _, r := range sim.Requests() {
				actions = append(actions, r.Action)
				if r.Code != "" {
					test.want.details = append(test.want.details, "request ID "+r.RequestID)
				}
			}
			expectDiagnostics(t, diags, test.want)
			if got := strings.Join(actions, " "); got != test.requests {
				t.Errorf("requests: %q, want %q", got, test.requests)
			}
			for _, secret := range []string{"prodSecretKey", "otherSecretKey", teosim.DefaultSecretKey} {
				if strings.Contains(diags.all(), secret) {
					t.Errorf("a diagnostic repeats a secret:\n%s", diags.all())
				}
			}
		})
	}
}
