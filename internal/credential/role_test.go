package credential_test

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// withStatic returns the options of a provider with permanent credentials.
func (w *world) withStatic() credential.Options {
	o := w.options()
	o.SecretID, o.SecretKey = secretID, secretKey
	return o
}

const policy = `{"version":"2.0","statement":[{"effect":"allow","action":["teo:*"],"resource":"a b+c"}]}`

// Every field is sent to STS, from the attribute or from its variable.
func TestEveryFieldOfARoleIsSentToSTS(t *testing.T) {
	t.Parallel()
	full := map[string]string{
		"TENCENTCLOUD_ASSUME_ROLE_ARN":              roleARN,
		"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME":     "tf",
		"TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION": "900",
		"TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID":      "ext",
		"TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY":  "me",
		"TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER":    "qcs::cam:uin/1::mfa/softToken",
		"TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE":       "123456",
	}
	sent := map[string]any{
		"RoleArn": roleARN, "RoleSessionName": "tf", "DurationSeconds": 900.0, "ExternalId": "ext",
		"SourceIdentity": "me", "SerialNumber": "qcs::cam:uin/1::mfa/softToken", "TokenCode": "123456",
	}
	minimal := map[string]any{"RoleArn": roleARN, "RoleSessionName": "tf", "DurationSeconds": 7200.0}
	tests := map[string]struct {
		role *credential.AssumeRole
		env  map[string]string
		want map[string]any
	}{
		"all attributes": {
			&credential.AssumeRole{
				RoleARN: roleARN, SessionName: "tf", SessionDuration: seconds(900), ExternalID: "ext", SourceIdentity: "me",
				SerialNumber: "qcs::cam:uin/1::mfa/softToken", TokenCode: "123456",
			},
			map[string]string{"TENCENTCLOUD_ASSUME_ROLE_ARN": "other", "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION": "1"},
			sent,
		},
		"all variables":                 {nil, full, sent},
		"variables fill the attributes": {&credential.AssumeRole{RoleARN: roleARN, ExternalID: "ext"}, full, sent},
		"the least":                     {&credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}, nil, minimal},
		"zero is the default":           {&credential.AssumeRole{RoleARN: roleARN, SessionName: "tf", SessionDuration: seconds(0)}, nil, minimal},
		"variables of tccli":            {nil, map[string]string{"TENCENTCLOUD_ROLE_ARN": roleARN, "TENCENTCLOUD_ROLE_SESSION_NAME": "tf"}, minimal},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			w.env = test.env
			o := w.withStatic()
			o.AssumeRole = test.role
			credentials := w.credentials(o)
			if want := "assumed role " + roleARN + " (with credentials from the provider configuration)"; credentials.Source != want {
				t.Errorf("credentials from %q, want %q", credentials.Source, want)
			}
			if got := w.sent("AssumeRole"); len(got) != 1 || !reflect.DeepEqual(got[0], test.want) {
				t.Errorf("sent %v, want %v", got, test.want)
			}
		})
	}
}

// A role of the environment needs no session name, which has a default.
func TestARoleOfTheEnvironmentHasADefaultSessionName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"TENCENTCLOUD_ASSUME_ROLE_ARN", "TENCENTCLOUD_ROLE_ARN"} {
		w := newWorld(t, teosim.Options{})
		w.env[name] = roleARN
		w.credentials(w.withStatic())
		if got := w.sent("AssumeRole"); len(got) != 1 || got[0]["RoleSessionName"] != "terraform-provider-teo" {
			t.Errorf("%s: sent %v", name, got)
		}
	}
}

// So do the blocks.
func TestARoleOfABlockHasADefaultSessionName(t *testing.T) {
	t.Parallel()
	for action, set := range map[string]func(*credential.Options){
		"AssumeRole": func(o *credential.Options) {
			o.SecretID, o.SecretKey, o.AssumeRole = secretID, secretKey, &credential.AssumeRole{RoleARN: roleARN}
		},
		"AssumeRoleWithSAML": func(o *credential.Options) {
			o.AssumeRoleWithSAML = &credential.AssumeRoleWithSAML{SAMLAssertion: "PHNhbWw+", PrincipalARN: "qcs::cam::uin/1:saml-provider/idp", RoleARN: roleARN}
		},
		"AssumeRoleWithWebIdentity": func(o *credential.Options) {
			o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityToken: jwt(0), RoleARN: roleARN}
		},
	} {
		w := newWorld(t, teosim.Options{})
		o := w.options()
		set(&o)
		w.credentials(o)
		if got := w.sent(action); len(got) != 1 || got[0]["RoleSessionName"] != "terraform-provider-teo" {
			t.Errorf("%s: sent %v", action, got)
		}
	}
}

// The error of a refused request says what to check: the trust policy and its external ID, and
// the code of an MFA device.
func TestARefusedRoleSaysWhatToCheck(t *testing.T) {
	t.Parallel()
	const mfa = "Also check token_code and serial_number"
	for name, test := range map[string]struct {
		role    credential.AssumeRole
		sts     teosim.STSOptions
		fault   string
		advice  []string
		without string
	}{
		"missing external ID": {credential.AssumeRole{}, teosim.STSOptions{ExternalID: "right"}, "", []string{"If it requires an external ID, set external_id"}, mfa},
		"wrong external ID":   {credential.AssumeRole{ExternalID: "wrong"}, teosim.STSOptions{ExternalID: "right"}, "", []string{"external_id must be the same"}, mfa},
		"wrong MFA code": {
			credential.AssumeRole{SerialNumber: "device", TokenCode: "654321"},
			teosim.STSOptions{MFACode: "123456"},
			"",
			[]string{"The MFA code is wrong, has expired or was used before"},
			mfa,
		},
		"refused MFA code": {
			credential.AssumeRole{SerialNumber: "device", TokenCode: "654321"},
			teosim.STSOptions{},
			"UnauthorizedOperation: no",
			[]string{"Allow the CAM action sts:AssumeRole", mfa},
			"MFA code is wrong",
		},
		"invalid MFA code": {
			credential.AssumeRole{SerialNumber: "device", TokenCode: "654321"}, teosim.STSOptions{}, "InvalidParameter.ParamError: no", []string{"Check the arguments", mfa}, "trust policy",
		},
		"no such role": {credential.AssumeRole{}, teosim.STSOptions{}, "ResourceNotFound.RoleNotFound: no", []string{"Check role_arn"}, "trust policy"},
	} {
		w := newWorld(t, teosim.Options{STS: test.sts})
		if test.fault != "" {
			w.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: "AssumeRole", Value: test.fault})
		}
		o := w.withStatic()
		test.role.RoleARN = roleARN
		o.AssumeRole = &test.role
		_, err := w.source(o).Credentials(t.Context())
		failure, ok := errors.AsType[*credential.SourceError](err)
		if !ok {
			t.Fatalf("%s: %v", name, err)
		}
		for _, part := range test.advice {
			if !strings.Contains(failure.Next, part) {
				t.Errorf("%s: %q, want %q in it", name, failure.Next, part)
			}
		}
		if strings.Contains(failure.Next, test.without) {
			t.Errorf("%s: %q, want no %q in it", name, failure.Next, test.without)
		}
	}
}

// The policy is sent URL-encoded, without the white space around it.
func TestAPolicyIsSentURLEncoded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.withStatic()
	o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf", Policy: "\n" + policy + "\n"}
	w.credentials(o)
	encoded, _ := w.sent("AssumeRole")[0]["Policy"].(string)
	for name, decode := range map[string]func(string) (string, error){"as a query": url.QueryUnescape, "as a path": url.PathUnescape} {
		if plain, err := decode(encoded); err != nil || plain != policy {
			t.Errorf("decoded %s it is %q, %v", name, plain, err)
		}
	}
}

// The profile's role is assumed first, then that of the configuration with it.
func TestTheRoleOfAProfileIsAssumedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	w.write(".tccli/default.credential", `{`+pair+`,"role-arn":"`+roleARN+`","role-session-name":"me"}`)
	o := w.options()
	const second = "qcs::cam::uin/100000000007:roleName/audit"
	o.AssumeRole = &credential.AssumeRole{RoleARN: second, SessionName: "tf"}
	o.AllowedAccountIDs = []string{"100000000007"}
	want := "assumed role " + second + " (with credentials from assumed role " + roleARN + " (with credentials from profile 'default' in ~/.tccli))"
	if credentials := w.credentials(o); credentials.Source != want {
		t.Errorf("credentials from %q", credentials.Source)
	}
	if got := w.sent("AssumeRole"); len(got) != 2 || got[0]["RoleArn"] != roleARN || got[1]["RoleArn"] != second {
		t.Errorf("sent %v", got)
	}
}

func TestARoleIsAssumedWithASAMLAssertion(t *testing.T) {
	t.Parallel()
	want := map[string]any{
		"SAMLAssertion": "PHNhbWw+", "PrincipalArn": "qcs::cam::uin/1:saml-provider/idp", "RoleArn": roleARN,
		"RoleSessionName": "tf", "DurationSeconds": 600.0,
	}
	env := map[string]string{
		"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": "PHNhbWw+", "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN": "qcs::cam::uin/1:saml-provider/idp",
		"TENCENTCLOUD_ASSUME_ROLE_ARN": roleARN, "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "tf",
		"TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION": "600",
	}
	tests := map[string]*credential.AssumeRoleWithSAML{
		"attributes": {
			SAMLAssertion: "PHNhbWw+", PrincipalARN: "qcs::cam::uin/1:saml-provider/idp", RoleARN: roleARN, SessionName: "tf", SessionDuration: seconds(600),
		},
		"variables": nil,
	}
	for name, attributes := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			if attributes == nil {
				w.env = env
			}
			o := w.options()
			o.AssumeRoleWithSAML = attributes
			credentials := w.credentials(o)
			if credentials.Source != "assumed role "+roleARN+" (with a SAML assertion)" {
				t.Errorf("credentials from %q", credentials.Source)
			}
			if got := w.sent("AssumeRoleWithSAML"); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
				t.Errorf("sent %v, want %v", got, want)
			}
			unsigned(t, w)
		})
	}
}

// unsigned asserts that the first request carried neither signature nor token.
func unsigned(t *testing.T, w *world) {
	t.Helper()
	header := w.sim.Requests()[0].Header
	if got := header.Get("Authorization"); got != "SKIP" || header.Get("X-TC-Token") != "" {
		t.Errorf("Authorization %q, want SKIP and no token", got)
	}
}

func TestARoleIsAssumedWithAnMFACode(t *testing.T) {
	t.Parallel()
	want := map[string]any{"SerialNumber": "device", "TokenCode": "123456", "DurationSeconds": 1800.0}
	longer := maps.Clone(want)
	longer["DurationSeconds"] = 129600.0
	tests := map[string]struct {
		mfa  *credential.MFACertification
		env  map[string]string
		want map[string]any
	}{
		"attributes": {&credential.MFACertification{SerialNumber: "device", TokenCode: "123456", DurationSeconds: seconds(129600)}, nil, longer},
		"variables": {nil, map[string]string{
			"TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER": "device", "TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE": "123456",
		}, want},
		"mixed": {&credential.MFACertification{SerialNumber: "device", TokenCode: "123456"}, map[string]string{
			"TENCENTCLOUD_MFA_CERTIFICATION_DURATION_SECONDS": "129600",
		}, longer},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			w.env = test.env
			o := w.withStatic()
			o.MFACertification = test.mfa
			if credentials := w.credentials(o); credentials.Source != "an MFA session (with credentials from the provider configuration)" {
				t.Errorf("credentials from %q", credentials.Source)
			}
			if got := w.sent("GetSessionToken"); len(got) != 1 || !reflect.DeepEqual(got[0], test.want) {
				t.Errorf("sent %v, want %v", got, test.want)
			}
		})
	}
}

// A refused code is not sent again, because that could lock the device.
func TestARefusedCodeIsSentOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.withStatic()
	o.MFACertification = &credential.MFACertification{SerialNumber: "device", TokenCode: "wrong"}
	source := w.source(o)
	for range 3 {
		_, err := source.Credentials(t.Context())
		if failure, ok := errors.AsType[*credential.SourceError](err); !ok || failure.Attribute != "mfa_certification" ||
			tcapi.AsError(err).Code != "AuthFailure.MFAFailure" {
			t.Errorf("%v", err)
		}
	}
	if n := w.sim.Count("", "GetSessionToken"); n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
}

// All problems are reported at once, each on its attribute, and nothing is sent.
func TestAllProblemsOfRolesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 129)
	tests := map[string]struct {
		set  func(*world, *credential.Options)
		want map[string]string // words of the problem by attribute
	}{
		"assume_role": {
			func(_ *world, o *credential.Options) {
				o.AssumeRole = &credential.AssumeRole{SessionName: "a b", SessionDuration: seconds(43201), Policy: "{", ExternalID: "x"}
			},
			map[string]string{
				"assume_role.role_arn": "TENCENTCLOUD_ASSUME_ROLE_ARN", "assume_role.session_name": `"a b" must have 2 to 128`,
				"assume_role.session_duration": "between 0 and 43200", "assume_role.policy": "in JSON", "assume_role.external_id": "2 to 128",
			},
		},
		"of variables": {
			func(w *world, _ *credential.Options) {
				w.env["TENCENTCLOUD_ASSUME_ROLE_ARN"] = roleARN
				w.env["TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"] = "a b"
				w.env["TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION"] = "an hour"
			},
			map[string]string{
				"assume_role.session_name":     `"a b" must have 2 to 128`,
				"assume_role.session_duration": `"an hour" of TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION is not a whole number`,
			},
		},
		"variables of SAML without an assertion": {
			func(w *world, _ *credential.Options) {
				w.env["TENCENTCLOUD_ASSUME_ROLE_ARN"], w.env["TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"] = roleARN, "tf"
				w.env["TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN"] = "qcs::cam::uin/1:saml-provider/idp"
			},
			map[string]string{"assume_role_with_saml.saml_assertion": "Set TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION, or unset TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN"},
		},
		"name of 140 characters": {
			func(_ *world, o *credential.Options) {
				o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: strings.Repeat("x", 140)}
			},
			map[string]string{"assume_role.session_name": `The session name "` + strings.Repeat("x", 140) + `" must have`},
		},
		"name of 141 characters": {
			func(_ *world, o *credential.Options) {
				o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: strings.Repeat("x", 141)}
			},
			map[string]string{"assume_role.session_name": `The session name "` + strings.Repeat("x", 140) + `…" must have`},
		},
		"variables of SAML and of a web identity": {
			func(w *world, o *credential.Options) {
				o.SecretID, o.SecretKey = "", ""
				w.env["TENCENTCLOUD_ASSUME_ROLE_ARN"], w.env["TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN"] = roleARN, "qcs::cam::uin/1:saml-provider/idp"
				w.env["TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION"], w.env["TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN"] = "PHNhbWw+", jwt(0)
			},
			map[string]string{"assume_role_with_saml": "Unset TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION, or TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN and TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE."},
		},
		"an invalid profile and an invalid role of the environment": {
			func(w *world, o *credential.Options) {
				o.SecretID, o.SecretKey = "", ""
				w.write(".tccli/default.credential", "{}")
				w.env["TENCENTCLOUD_ASSUME_ROLE_ARN"], w.env["TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"] = roleARN, "x"
			},
			map[string]string{"profile": "Unable to read the profile", "assume_role.session_name": "2 to 128"},
		},
		"an expired login and an invalid role of the environment": {
			func(w *world, o *credential.Options) {
				o.SecretID, o.SecretKey = "", ""
				w.write(".tccli/default.credential", `{`+pair+`,"token":"t","expiresAt":1}`)
				w.env["TENCENTCLOUD_ASSUME_ROLE_ARN"], w.env["TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"] = roleARN, "x"
			},
			map[string]string{"profile": "have expired", "assume_role.session_name": "2 to 128"},
		},
		"negative and long": {
			func(_ *world, o *credential.Options) {
				o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: long, SessionDuration: seconds(-1)}
			},
			map[string]string{"assume_role.session_name": "2 to 128", "assume_role.session_duration": "0 means the default, 7200"},
		},
		"SAML": {
			func(_ *world, o *credential.Options) {
				o.AssumeRoleWithSAML = &credential.AssumeRoleWithSAML{SessionName: "x"}
			},
			map[string]string{
				"assume_role_with_saml.saml_assertion": "Missing value: saml_assertion is not set", "assume_role_with_saml.principal_arn": "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN",
				"assume_role_with_saml.role_arn": "role_arn is not set", "assume_role_with_saml.session_name": "2 to 128",
			},
		},
		"SAML and web identity": {
			func(_ *world, o *credential.Options) {
				o.AssumeRoleWithSAML = &credential.AssumeRoleWithSAML{SAMLAssertion: "a", PrincipalARN: "p", RoleARN: roleARN, SessionName: "tf"}
				o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityToken: jwt(0), RoleARN: roleARN, SessionName: "tf"}
			},
			map[string]string{"assume_role_with_saml": "either with a SAML assertion or with a web identity token"},
		},
		"MFA": {
			func(_ *world, o *credential.Options) {
				o.MFACertification = &credential.MFACertification{DurationSeconds: seconds(129601)}
			},
			map[string]string{
				"mfa_certification.serial_number": "TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER", "mfa_certification.token_code": "TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE",
				"mfa_certification.duration_seconds": "between 0 and 129600 seconds; 0 means the default, 1800",
			},
		},
		"everything": {
			func(_ *world, o *credential.Options) {
				o.SecretKey = ""
				o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "ü"}
				o.MFACertification = &credential.MFACertification{SerialNumber: "device"}
				o.AllowedAccountIDs, o.ForbiddenAccountIDs = []string{"1"}, []string{"2", " "}
			},
			map[string]string{
				"secret_key": "no secret key", "assume_role.session_name": "2 to 128", "mfa_certification.token_code": "not set",
				"forbidden_account_ids": "must not be empty",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			o := w.withStatic()
			test.set(w, &o)
			source, problems := credential.New(o)
			if source != nil {
				t.Error("there is a source all the same")
			}
			got := map[string]string{}
			for _, p := range problems {
				got[p.Attribute] += fmt.Sprintf("%s: %s ", p.Summary, p.Detail)
			}
			if len(got) != len(test.want) {
				t.Errorf("problems %+v", problems)
			}
			for attribute, words := range test.want {
				if !strings.Contains(got[attribute], words) {
					t.Errorf("%s: %q, want %q in it", attribute, got[attribute], words)
				}
			}
			if w.sim.Count("", "") != 0 {
				t.Error("a request was sent")
			}
		})
	}
}

// STS's refusal names the role's attribute, the code, and the credentials that signed.
func TestARefusalNamesTheAttributeAndTheCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	w.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: "AssumeRole", Value: "UnauthorizedOperation: not you"})
	o := w.withStatic()
	o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}
	_, err := w.source(o).Credentials(t.Context())
	failure, ok := errors.AsType[*credential.SourceError](err)
	if !ok || failure.Attribute != "assume_role" || failure.Summary != "Unable to assume the role" {
		t.Fatalf("%v", err)
	}
	for _, word := range []string{
		"UnauthorizedOperation: not you", "Allow the CAM action sts:AssumeRole for the user or role of the credentials from the provider configuration",
		"trust policy", "set external_id", "request ID ",
	} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is not in %q", word, err)
		}
	}
}

// If the request was not signed, the advice is about the token or the assertion, and
// about the issuer that the role trusts.
func TestARefusalOfAProofIsAboutTheProof(t *testing.T) {
	t.Parallel()
	web := &credential.AssumeRoleWithWebIdentity{RoleARN: roleARN, SessionName: "tf", WebIdentityTokenFile: "~/token"}
	saml := &credential.AssumeRoleWithSAML{SAMLAssertion: "PHNhbWw+", PrincipalARN: "qcs::cam::uin/1:saml-provider/idp", RoleARN: roleARN, SessionName: "tf"}
	const (
		onlyToken     = "with the web identity token in ~/token instead of credentials. Check that it has not expired, and that the trust policy of the role " + roleARN + " names its issuer."
		onlyAssertion = "with a SAML assertion instead of credentials. Check that it has not expired, and that the trust policy of the role " + roleARN + " names its issuer."
	)
	tests := []struct {
		saml *credential.AssumeRoleWithSAML
		code string
		want string
	}{
		{nil, "AuthFailure.TokenFailure", onlyToken},
		{nil, "AuthFailure.UnauthorizedOperation", onlyToken},
		{nil, "AuthFailure", onlyToken},
		{nil, "UnauthorizedOperation", onlyToken},
		{nil, "InvalidParameter.WebIdentityTokenError", onlyToken},
		{saml, "AuthFailure.SecretIdNotFound", onlyAssertion},
		{saml, "AuthFailure.UnauthorizedOperation", onlyAssertion},
		{saml, "InvalidParameter.ParamError", ""},
		{saml, "InternalError", ""},
	}
	for _, test := range tests {
		w := newWorld(t, teosim.Options{})
		w.write("token", jwt(0))
		w.sim.Inject(teosim.Fault{Name: teosim.APIError, Value: test.code + ": not you"})
		o := w.options()
		if o.AssumeRoleWithSAML = test.saml; test.saml == nil {
			o.AssumeRoleWithWebIdentity = web
		}
		_, err := w.source(o).Credentials(t.Context())
		failure, ok := errors.AsType[*credential.SourceError](err)
		if !ok || tcapi.AsError(err).Code != test.code {
			t.Fatalf("%s: %v", test.code, err)
		}
		if test.want == "" && strings.Contains(failure.Next, "issuer") || !strings.HasSuffix(failure.Next, test.want) {
			t.Errorf("%s: next is %q, want %q", test.code, failure.Next, test.want)
		}
	}
}

// STS has the same guard, retry and typed errors as EdgeOne.
func TestSTSIsRetriedAndGuarded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faults []teosim.FaultName
		calls  int
		fails  string
	}{
		"throttled, then a server's fault": {[]teosim.FaultName{teosim.Throttled, teosim.BadGateway}, 3, ""},
		"no JSON":                          {[]teosim.FaultName{teosim.NotJSON}, 1, "not a JSON object"},
		"an empty response":                {[]teosim.FaultName{teosim.EmptyObject}, 1, "has no Response"},
		"an error without a code":          {[]teosim.FaultName{teosim.ErrorWithoutCode}, 1, "without a code"},
	} {
		w := newWorld(t, teosim.Options{})
		for _, fault := range test.faults {
			w.sim.Inject(teosim.Fault{Name: fault, Action: "AssumeRole", Times: 1})
		}
		o := w.withStatic()
		o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}
		_, err := w.source(o).Credentials(t.Context())
		if test.fails == "" && err != nil || test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)) {
			t.Errorf("%s: %v", name, err)
		}
		if n := w.sim.Count(stsVersion, "AssumeRole"); n != test.calls {
			t.Errorf("%s: %d requests, want %d", name, n, test.calls)
		}
	}
}

// A response with incomplete credentials is an error.
func TestAnIncompleteResponseOfSTSIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.withStatic()
	o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}
	for _, part := range []string{`"TmpSecretId":"a","TmpSecretKey":"b"`, `"TmpSecretId":"a","Token":"c"`, `"TmpSecretKey":"b","Token":"c"`} {
		o.STS.Transport = answering(`{"Response":{"Credentials":{` + part + `},"ExpiredTime":9999999999,"RequestId":"r-1"}}`)
		_, err := w.source(o).Credentials(t.Context())
		failure{"assume_role", "Unable to assume the role", "AssumeRole returned incomplete credentials (request ID r-1)", ""}.expect(t, err)
	}
}
