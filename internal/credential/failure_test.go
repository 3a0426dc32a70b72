package credential_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// failure has the fields of a *SourceError, and the text of its cause. In next, "…"
// stands for what package tcapi advises about the cause.
type failure struct{ attribute, summary, cause, next string }

// expect asserts that an error is such a *SourceError, which nothing wraps.
func (want failure) expect(t *testing.T, err error) {
	t.Helper()
	e, ok := err.(*credential.SourceError) //nolint:errorlint // it must not be wrapped
	if !ok {
		t.Errorf("%T %v, want %+v", err, err, want)
		return
	}
	if cause := tcapi.AsError(err); cause != nil {
		want.next = strings.Replace(want.next, "…", cause.Advice(), 1)
	}
	got := failure{e.Attribute, e.Summary, "", e.Next}
	if e.Err != nil {
		got.cause = e.Err.Error()
	}
	if got != want {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

// Each way to sign in says what failed and why, which argument is to blame, and what to
// do.
func TestAFailureSaysWhatFailedAndWhatToDo(t *testing.T) {
	t.Parallel()
	const (
		no    = " (sts 2018-08-13): UnauthorizedOperation: no (request ID r-1, HTTP 200)"
		trust = "… Also check that the trust policy of the role names that user or role. If it requires an external ID, set external_id."
		proof = "The request was authenticated with %s instead of credentials. Check that it has not expired, and that the trust policy of the role " + roleARN + " names its issuer."
	)
	role := func(_ *world, o *credential.Options) { o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN} }
	cvm := func(answer string) func(*world, *credential.Options) {
		return func(_ *world, o *credential.Options) { o.CAMRoleName, o.MetadataTransport = "r", answering(answer) }
	}
	fileOfToken := func(w *world, o *credential.Options) {
		w.write("token", jwt(0))
		o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityTokenFile: "~/token", RoleARN: roleARN}
	}
	login := func(w *world, o *credential.Options) { w.login(o, `"expiresAt":9999999999`) }
	tests := map[string]struct {
		set  func(*world, *credential.Options)
		then func(*world) // after New
		want failure
	}{
		"role": {role, nil, failure{"assume_role", "Unable to assume the role", "AssumeRole" + no, trust}},
		"role of a profile": {func(w *world, o *credential.Options) {
			w.write(".tccli/prod.credential", `{`+pair+`,"role-arn":"`+roleARN+`"}`)
			o.Profile, o.SecretID, o.SecretKey = "prod", "", ""
		}, nil, failure{"profile", "Unable to assume the role", "AssumeRole" + no, trust}},
		"MFA session": {func(_ *world, o *credential.Options) {
			o.MFACertification = &credential.MFACertification{SerialNumber: "device", TokenCode: "123456"}
		}, nil, failure{
			"mfa_certification", "Unable to open the MFA session", "GetSessionToken" + no,
			"… Also check token_code and serial_number: each code of an MFA device works once.",
		}},
		"assertion": {func(_ *world, o *credential.Options) {
			o.AssumeRoleWithSAML = &credential.AssumeRoleWithSAML{SAMLAssertion: "PHNhbWw+", PrincipalARN: "qcs::cam::uin/1:saml-provider/idp", RoleARN: roleARN}
		}, nil, failure{"assume_role_with_saml", "Unable to assume the role with SAML", "AssumeRoleWithSAML" + no, fmt.Sprintf(proof, "a SAML assertion")}},
		"token": {func(_ *world, o *credential.Options) {
			o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityToken: jwt(0), RoleARN: roleARN}
		}, nil, failure{
			"assume_role_with_web_identity", "Unable to assume the role with a web identity", "AssumeRoleWithWebIdentity" + no, fmt.Sprintf(proof, "a web identity token"),
		}},
		"token of a file": {fileOfToken, nil, failure{
			"assume_role_with_web_identity.web_identity_token_file", "Unable to assume the role with a web identity", "AssumeRoleWithWebIdentity" + no,
			fmt.Sprintf(proof, "the web identity token in ~/token"),
		}},
		"file that is gone": {fileOfToken, func(w *world) { w.remove("token") }, failure{
			"assume_role_with_web_identity.web_identity_token_file", "Unable to read the web identity token file", "HOME/token: no such file or directory", "",
		}},
		"token of a pod": {func(w *world, o *credential.Options) {
			o.EnablePodOIDC = true
			w.env["TKE_REGION"], w.env["TKE_PROVIDER_ID"], w.env["TKE_ROLE_ARN"] = "ap-seoul", "cls-1", roleARN
			w.env["TKE_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", jwt(0))
		}, nil, failure{
			"enable_pod_oidc", "Unable to assume the role with a web identity", "AssumeRoleWithWebIdentity" + no, fmt.Sprintf(proof, "the web identity of this TKE pod"),
		}},
		"allowed account": {
			func(_ *world, o *credential.Options) { o.AllowedAccountIDs = []string{account} }, nil,
			failure{"allowed_account_ids", "Unable to determine the account", "GetCallerIdentity" + no, "…"},
		},
		"forbidden account": {
			func(_ *world, o *credential.Options) { o.ForbiddenAccountIDs = []string{account} }, nil,
			failure{"forbidden_account_ids", "Unable to determine the account", "GetCallerIdentity" + no, "…"},
		},
		"no account": {func(_ *world, o *credential.Options) {
			o.AllowedAccountIDs, o.STS.Transport = []string{account}, answering(`{"Response":{"RequestId":"r-1"}}`)
		}, nil, failure{"allowed_account_ids", "Unable to determine the account", "GetCallerIdentity returned no account (request ID r-1)", ""}},
		"CVM role": {
			cvm(`{}`), nil,
			failure{"cam_role_name", "Unable to get the credentials of the CVM's role", `the metadata service returned the code "" for the role 'r'`, ""},
		},
		"role on a CVM role": {func(w *world, o *credential.Options) { cvm(`{}`)(w, o); role(w, o) }, nil, failure{
			"cam_role_name", "Unable to get the credentials of the CVM's role", `the metadata service returned the code "" for the role 'r'`, "",
		}},
		"old credentials": {
			cvm(`{"Code":"Success","TmpSecretId":"a","TmpSecretKey":"b","Token":"c","ExpiredTime":1}`), nil,
			failure{"", "New credentials have already expired", "the credentials from role 'r' of this CVM expired at 1970-01-01T00:00:01Z", "Synchronize the clock of this machine."},
		},
		"profile that is gone": {login, func(w *world) { w.remove(".tccli/prod.credential") }, failure{
			"profile", "Unable to read the profile", "HOME/.tccli/prod.credential: no such file or directory", "",
		}},
		"profile that has expired": {login, func(w *world) { w.login(new(credential.Options), `"type":"sso","expiresAt":1`) }, failure{
			"profile", "The credentials of the profile have expired", "the credentials of profile 'prod' in ~/.tccli expired at 1970-01-01T00:00:01Z",
			"Run `tccli sso login --profile prod`.",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			o := w.withStatic()
			o.STS.Transport = answering(`{"Response":{"Error":{"Code":"UnauthorizedOperation","Message":"no"},"RequestId":"r-1"}}`)
			test.set(w, &o)
			source := w.source(o)
			if test.then != nil {
				test.then(w)
			}
			_, err := source.Credentials(t.Context())
			test.want.cause = strings.Replace(test.want.cause, "HOME", w.home, 1)
			test.want.expect(t, err)
		})
	}
}

// login writes the credentials of a login into the profile prod, and sets it.
func (w *world) login(o *credential.Options, fields string) {
	w.t.Helper()
	w.write(".tccli/prod.credential", `{`+pair+`,"token":"t",`+fields+`}`)
	o.Profile, o.SecretID, o.SecretKey = "prod", "", ""
}

// remove removes a file below the home folder.
func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.home, name)); err != nil {
		w.t.Fatal(err)
	}
}
