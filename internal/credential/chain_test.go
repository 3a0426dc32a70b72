package credential_test

import (
	"fmt"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const (
	first  = "qcs::cam::uin/100000000001:roleName/first"
	second = "qcs::cam::uin/100000000002:roleName/second"
	third  = "qcs::cam::uin/100000000003:roleName/third"
)

// roles returns the roles that STS assumed, in order.
func (w *world) roles() []string {
	w.t.Helper()
	var roles []string
	for _, r := range w.sim.Requests() {
		for _, body := range w.sent(r.Action) {
			if arn, ok := body["RoleArn"].(string); ok && !slices.Contains(roles, arn) {
				roles = append(roles, arn)
			}
		}
	}
	return roles
}

// The sources of a configuration, of the environment and of a profile: which one
// gives the first credentials, which roles are assumed with them, what is not
// used, and the warnings.
func TestSourcesHaveAnOrder(t *testing.T) {
	t.Parallel()
	environment := map[string]string{"TENCENTCLOUD_SECRET_ID": secretID, "TENCENTCLOUD_SECRET_KEY": secretKey}
	role := func(arn, session string) map[string]string {
		return map[string]string{"TENCENTCLOUD_ASSUME_ROLE_ARN": arn, "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": session}
	}
	token := map[string]string{"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN": jwt(0)}
	const (
		fromConfig  = "the provider configuration"
		fromEnv     = "the environment (TENCENTCLOUD_SECRET_ID)"
		fromProfile = "profile 'prod' in ~/.tccli"
	)
	static := func(o *credential.Options) { o.SecretID, o.SecretKey = secretID, secretKey }
	profile := func(o *credential.Options) { o.Profile = "prod" }
	folder := func(o *credential.Options) { o.SharedCredentialsDir = "~/.tccli" }
	blank := func(o *credential.Options) { o.SecretID, o.Profile, o.CAMRoleName = " ", "\n", "\t" }
	assume := func(o *credential.Options) { o.AssumeRole = &credential.AssumeRole{RoleARN: third} }
	padded := func(o *credential.Options) { o.AssumeRole = &credential.AssumeRole{RoleARN: " " + third + "\n"} }
	web := func(o *credential.Options) {
		o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{RoleARN: third, WebIdentityToken: jwt(0)}
	}
	webWithoutRole := func(o *credential.Options) {
		o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityToken: jwt(0)}
	}
	samlWithoutRole := func(o *credential.Options) {
		o.AssumeRoleWithSAML = &credential.AssumeRoleWithSAML{SAMLAssertion: "PHNhbWw+", PrincipalARN: "qcs::cam::uin/1:saml-provider/idp"}
	}
	on := func(role, source string) string {
		return "assumed role " + role + " (with credentials from " + source + ")"
	}
	tests := map[string]struct {
		set             []func(*credential.Options)
		env             []map[string]string
		role            string // of the profile
		source          string
		roles           []string
		unusedVariables []string
		warnings        []string // parts of the warnings, in order
	}{
		"environment": {env: []map[string]string{environment}, source: fromEnv},
		"attributes before the environment": {
			set: []func(*credential.Options){static}, env: []map[string]string{{"TENCENTCLOUD_SECRET_ID": "other", "TENCENTCLOUD_SECRET_KEY": "other", "TENCENTCLOUD_TOKEN": "other"}},
			source: fromConfig, unusedVariables: []string{"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"},
		},
		"profile attribute before credentials of the environment": {
			set: []func(*credential.Options){profile}, env: []map[string]string{{"TENCENTCLOUD_SECRET_ID": "other", "TENCENTCLOUD_SECRET_KEY": "other"}},
			source: fromProfile, unusedVariables: []string{"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"},
		},
		"profile attribute before another profile of the environment": {
			set: []func(*credential.Options){profile}, env: []map[string]string{{"TENCENTCLOUD_PROFILE": "other"}},
			source: fromProfile, unusedVariables: []string{"TENCENTCLOUD_PROFILE"},
		},
		"folder attribute before credentials of the environment": {
			set: []func(*credential.Options){folder}, env: []map[string]string{environment, {"TENCENTCLOUD_PROFILE": "prod"}},
			source: fromProfile, unusedVariables: []string{"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"},
		},
		"blank attributes": {set: []func(*credential.Options){blank}, env: []map[string]string{environment}, source: fromEnv},
		"credentials of the environment before its profile": {
			env: []map[string]string{environment, {"TENCENTCLOUD_PROFILE": "prod"}}, source: fromEnv, unusedVariables: []string{"TENCENTCLOUD_PROFILE"},
		},
		"secret ID attribute before the profile attribute": {
			set: []func(*credential.Options){static, profile}, source: fromConfig,
			warnings: []string{"profile: Ignored provider arguments: profile has no effect, because secret_id and secret_key take precedence"},
		},
		"web identity attribute before credentials of the environment": {
			set: []func(*credential.Options){web}, env: []map[string]string{environment}, source: "assumed role " + third + " (with a web identity token)",
			roles: []string{third}, unusedVariables: []string{"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"},
		},
		"web identity attribute before the secret ID attribute": {
			set: []func(*credential.Options){web, static}, source: "assumed role " + third + " (with a web identity token)", roles: []string{third},
			warnings: []string{"secret_id: Ignored provider arguments: secret_id and secret_key have no effect, because assume_role_with_web_identity takes precedence"},
		},
		"secret ID attribute before the web identity of the environment": {
			set: []func(*credential.Options){static}, env: []map[string]string{role(first, "s1"), token}, source: fromConfig,
			warnings: []string{"Environment variables without effect: TENCENTCLOUD_ASSUME_ROLE_ARN, TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME, TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN are set, but the credentials come from the provider configuration"},
		},
		"secret ID attribute before a SAML assertion and a web identity of the environment": {
			set: []func(*credential.Options){static}, env: []map[string]string{role(first, "s1"), token, {"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": "PHNhbWw+"}}, source: fromConfig,
			warnings: []string{"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION, TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN are set, but the credentials come from the provider configuration"},
		},
		"profile attribute before a SAML assertion and a web identity of the environment": {
			set: []func(*credential.Options){profile}, env: []map[string]string{role(first, "s1"), token, {"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": "PHNhbWw+"}}, source: fromProfile,
			warnings: []string{"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION, TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN are set, but the credentials come from profile 'prod' in ~/.tccli"},
		},
		"role of the environment": {
			env: []map[string]string{environment, role(first, "s1")}, source: on(first, fromEnv), roles: []string{first},
		},
		"role of the profile, of the environment and of the attribute": {
			set: []func(*credential.Options){profile, assume}, env: []map[string]string{role(second, "s2")}, role: first,
			source: on(third, on(second, on(first, fromProfile))), roles: []string{first, second, third},
		},
		"roles with tccli's variables": {
			set: []func(*credential.Options){static, assume}, env: []map[string]string{{"TENCENTCLOUD_ROLE_ARN": second, "TENCENTCLOUD_ROLE_SESSION_NAME": "s2"}},
			source: on(third, on(second, fromConfig)), roles: []string{second, third},
		},
		"one role in both places": {
			set: []func(*credential.Options){static, assume}, env: []map[string]string{role(third, "s2")}, source: on(third, fromConfig), roles: []string{third},
		},
		"one role in both places, in one of them with white space": {
			set: []func(*credential.Options){static, padded}, env: []map[string]string{role(third, "s2")}, source: on(third, fromConfig), roles: []string{third},
		},
		"duration in both places": {
			set: []func(*credential.Options){static, assume, func(o *credential.Options) { o.AssumeRole.SessionDuration = seconds(900) }},
			env: []map[string]string{{"TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION": "1"}}, source: on(third, fromConfig), roles: []string{third},
		},
		"role of the environment for the web identity attribute": {
			set: []func(*credential.Options){webWithoutRole}, env: []map[string]string{role(first, "s1")}, source: "assumed role " + first + " (with a web identity token)",
			roles: []string{first},
		},
		"role of the environment for the SAML attribute": {
			set: []func(*credential.Options){samlWithoutRole}, env: []map[string]string{role(first, "s1")}, source: "assumed role " + first + " (with a SAML assertion)",
			roles: []string{first},
		},
		"role of the environment without a session, and the attribute": {
			set: []func(*credential.Options){static, assume}, env: []map[string]string{{"TENCENTCLOUD_ASSUME_ROLE_ARN": second}}, source: on(third, fromConfig), roles: []string{third},
			warnings: []string{"assume_role: Role of the environment not assumed: The environment names the role " + second + ", but only the role of assume_role is assumed"},
		},
		"role attribute on the web identity of the environment": {
			set: []func(*credential.Options){assume}, env: []map[string]string{role(first, "s1"), token}, source: on(third, "assumed role "+first+" (with a web identity token)"),
			roles: []string{first, third},
		},
		"role of a CVM role": {
			set: []func(*credential.Options){assume, func(o *credential.Options) { o.CAMRoleName = teosim.DefaultCAMRole }}, source: on(third, "role 'simulated-role' of this CVM"),
			roles: []string{third},
		},
		"session name without a role": {
			set: []func(*credential.Options){static}, env: []map[string]string{{"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "s1"}}, source: fromConfig,
			warnings: []string{"assume_role: Environment variables without effect: TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME is set, but no role is assumed with them"},
		},
		"half of an MFA session": {
			set: []func(*credential.Options){static}, env: []map[string]string{{"TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE": "123456"}}, source: fromConfig,
			warnings: []string{"mfa_certification: Environment variables without effect: TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE is set, but no MFA session is opened"},
		},
		"other half of an MFA session": {
			set: []func(*credential.Options){static}, env: []map[string]string{{"TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER": "device"}}, source: fromConfig,
			warnings: []string{"mfa_certification: Environment variables without effect: TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER is set, but no MFA session is opened"},
		},
		"misspelt variable": {
			set: []func(*credential.Options){static}, env: []map[string]string{{"TENCENTCLOUD_ASSUME_ROLE_ARNN": first}}, source: fromConfig,
			warnings: []string{"Environment variables without effect: TENCENTCLOUD_ASSUME_ROLE_ARNN is set, but this provider does not know such variables"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			profile := `{` + pair
			if test.role != "" {
				profile += `,"role-arn":"` + test.role + `","role-session-name":"s0"`
			}
			w.write(".tccli/prod.credential", profile+`}`)
			for _, variables := range test.env {
				for name, value := range variables {
					w.env[name] = value
				}
			}
			o := w.options()
			for _, set := range test.set {
				set(&o)
			}
			if used := w.credentials(o); used.Source != test.source {
				t.Errorf("credentials from %q, want %q", used.Source, test.source)
			}
			if got := w.roles(); !slices.Equal(got, test.roles) {
				t.Errorf("roles %v, want %v", got, test.roles)
			}
			source := w.source(o)
			if got := source.UsesSTS(); got != (len(test.roles) > 0) {
				t.Errorf("STS is used: %t", got)
			}
			if got := source.UnusedVariables(); !slices.Equal(got, test.unusedVariables) {
				t.Errorf("unused %v, want %v", got, test.unusedVariables)
			}
			var warnings []string
			for _, p := range source.Warnings() {
				warnings = append(warnings, strings.TrimPrefix(fmt.Sprintf("%s: %s: %s", p.Attribute, p.Summary, p.Detail), ": "))
			}
			if len(warnings) != len(test.warnings) {
				t.Fatalf("warnings %q, want %q", warnings, test.warnings)
			}
			for i, want := range test.warnings {
				if !strings.Contains(warnings[i], want) {
					t.Errorf("warning %q, want %q in it", warnings[i], want)
				}
			}
		})
	}
}

// Without Getenv and Environ, the environment is that of the process. With Getenv
// alone, no names are listed.
func TestTheEnvironmentIsThatOfTheProcess(t *testing.T) {
	t.Setenv("TENCENTCLOUD_SECRET_ID", "AKIDprocess")
	t.Setenv("TENCENTCLOUD_SECRET_KEY", "key")
	t.Setenv("TENCENTCLOUD_ASSUME_ROLE_ARNN", "typing error")
	w := newWorld(t, teosim.Options{})
	o := w.options()
	o.Getenv, o.Environ = nil, nil
	source := w.source(o)
	c, err := source.Credentials(t.Context())
	if err != nil || c.SecretID != "AKIDprocess" {
		t.Errorf("got %s, %v", c.SecretID, err)
	}
	named := func(source *credential.Source) bool {
		return slices.ContainsFunc(source.Warnings(), func(p credential.Problem) bool { return strings.Contains(p.Detail, "TENCENTCLOUD_ASSUME_ROLE_ARNN") })
	}
	if !named(source) {
		t.Errorf("warnings %+v", source.Warnings())
	}
	o.Getenv = os.Getenv
	if source := w.source(o); named(source) {
		t.Errorf("warnings %+v", source.Warnings())
	}
}

// Without options, the home folder is that of the user, nothing is logged, and the
// requests go to the public endpoints.
func TestOptionsHaveDefaults(t *testing.T) {
	w := newWorld(t, teosim.Options{})
	t.Setenv("HOME", w.home)
	t.Setenv("USERPROFILE", w.home)
	w.write(".tccli/default.credential", `{`+pair+`}`)
	var asked []string
	transport := asking{w.transport, &asked}
	for _, o := range []credential.Options{
		{AssumeRole: &credential.AssumeRole{RoleARN: roleARN}},
		{CAMRoleName: teosim.DefaultCAMRole},
	} {
		o.Getenv = func(string) string { return "" }
		o.STS.Transport, o.MetadataTransport = transport, transport
		if _, err := w.source(o).Credentials(t.Context()); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		"https://sts.tencentcloudapi.com/",
		"http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/" + teosim.DefaultCAMRole,
	}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// asking records the URLs of requests.
type asking struct {
	next http.RoundTripper
	urls *[]string
}

func (a asking) RoundTrip(r *http.Request) (*http.Response, error) {
	*a.urls = append(*a.urls, r.URL.String())
	return a.next.RoundTrip(r)
}

// An MFA code is sent once, although the roles of the environment and of the
// attribute could both carry it.
func TestAChainSendsItsMFACodeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	w.env["TENCENTCLOUD_ASSUME_ROLE_ARN"], w.env["TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"] = first, "s1"
	w.env["TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER"], w.env["TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE"] = "device", "123456"
	w.env["TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION"] = "900"
	o := w.withStatic()
	o.AssumeRole = &credential.AssumeRole{RoleARN: second}
	w.credentials(o)
	o.AssumeRole.SerialNumber, o.AssumeRole.TokenCode = " another\n", " 654321 "
	w.env["TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE"] = "234567"
	w.credentials(o)
	want := []map[string]any{
		{"RoleArn": first, "RoleSessionName": "s1", "DurationSeconds": 900.0, "SerialNumber": "device", "TokenCode": "123456"},
		{"RoleArn": second, "RoleSessionName": "s1", "DurationSeconds": 900.0},
		{"RoleArn": first, "RoleSessionName": "s1", "DurationSeconds": 900.0, "SerialNumber": "device", "TokenCode": "234567"},
		{"RoleArn": second, "RoleSessionName": "s1", "DurationSeconds": 900.0, "SerialNumber": "another", "TokenCode": "654321"},
	}
	if got := w.sent("AssumeRole"); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}
