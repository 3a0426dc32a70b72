package credential_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Neither errors nor logs contain anything secret, even if the service repeats what
// it was sent.
func TestNothingSecretIsInErrorsAndLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	var said []string
	note := func(o credential.Options) {
		source, problems := credential.New(o)
		said = append(said, fmt.Sprintf("%+v", problems))
		if source == nil {
			return
		}
		_, err := source.Credentials(t.Context())
		said = append(said, fmt.Sprint(err), source.String(), fmt.Sprint(source.Warnings(), source.UnusedVariables()))
	}
	token := jwt(0)
	assertion, code := "PHNhbWw+c2VjcmV0PC9zYW1sPg==", "987654"
	for _, broken := range []bool{false, true} {
		if broken {
			for action, repeated := range map[string]string{
				"AssumeRole": secretKey + code, "AssumeRoleWithWebIdentity": token, "AssumeRoleWithSAML": assertion,
			} {
				w.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: action, Value: "AuthFailure.SignatureFailure: " + repeated + " is wrong"})
			}
		}
		o := w.withStatic()
		o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf", SerialNumber: "d", TokenCode: code}
		o.AllowedAccountIDs = []string{"1"}
		note(o)
		o = w.options()
		o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityToken: token, RoleARN: roleARN, SessionName: "tf"}
		note(o)
		o = w.options()
		o.AssumeRoleWithSAML = &credential.AssumeRoleWithSAML{SAMLAssertion: assertion, PrincipalARN: "qcs::cam::uin/1:idp", RoleARN: roleARN, SessionName: "tf"}
		note(o)
		o = w.options()
		o.SecretKey = secretKey
		note(o)
	}
	text := strings.Join(append(said, w.logs...), "\n")
	for _, secret := range []string{secretKey, token, assertion, code} {
		if strings.Contains(text, secret) {
			t.Errorf("%q was said:\n%s", secret, text)
		}
	}
	for _, r := range w.sim.Requests() {
		if temporary := r.Header.Get("X-TC-Token"); temporary != "" && strings.Contains(text, temporary) {
			t.Error("a token was said")
		}
	}
	// The expected texts are present, so the absence of secrets is significant.
	for _, word := range []string{"Credentials issued", "SignatureFailure: (hidden)(hidden) is wrong", "SignatureFailure: (hidden) is wrong", "Incomplete credentials"} {
		if !strings.Contains(text, word) {
			t.Errorf("%q was not said:\n%s", word, text)
		}
	}
}

// An error of STS does not show the proof of identity that STS repeats, neither as it
// is nor as a part of a URL, wherever the proof came from.
func TestProofsOfIdentityAreHidden(t *testing.T) {
	t.Parallel()
	const assertion = "PHNhbWw+c2VjcmV0Pz8+PC9zYW1sPg=="
	token := jwt(1 << 40)
	for name, test := range map[string]struct {
		proof string
		set   func(*world, *credential.Options)
	}{
		"token": {token, func(_ *world, o *credential.Options) {
			o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityToken: token, RoleARN: roleARN}
		}},
		"token in JSON": {token, func(_ *world, o *credential.Options) {
			o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityToken: `{"web_identity_token":"` + token + `"}`, RoleARN: roleARN}
		}},
		"token of a file": {token, func(w *world, o *credential.Options) {
			o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityTokenFile: w.write("token", token+"\n"), RoleARN: roleARN}
		}},
		"token of a pod": {token, func(w *world, o *credential.Options) {
			o.EnablePodOIDC = true
			w.env["TKE_REGION"], w.env["TKE_PROVIDER_ID"], w.env["TKE_ROLE_ARN"] = "ap-seoul", "cls-1", roleARN
			w.env["TKE_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", token)
		}},
		"assertion": {assertion, func(_ *world, o *credential.Options) {
			o.AssumeRoleWithSAML = &credential.AssumeRoleWithSAML{SAMLAssertion: assertion, PrincipalARN: "qcs::cam::uin/1:idp", RoleARN: roleARN}
		}},
		"secret key": {secretKey, func(_ *world, o *credential.Options) {
			o.SecretID, o.SecretKey, o.AssumeRole = secretID, secretKey, &credential.AssumeRole{RoleARN: roleARN}
		}},
	} {
		for form, written := range map[string]string{"plain": test.proof, "in a query": url.QueryEscape(test.proof)} {
			w := newWorld(t, teosim.Options{})
			w.sim.Inject(teosim.Fault{Name: teosim.APIError, Value: "Refused: the value " + written + " is wrong"})
			o := w.options()
			test.set(w, &o)
			_, err := w.source(o).Credentials(t.Context())
			text := fmt.Sprintf("%v %+v", err, tcapi.AsError(err))
			if err == nil || strings.Contains(text, written) || strings.Contains(text, test.proof) || !strings.Contains(text, "is wrong") {
				t.Errorf("%s, %s: %s", name, form, text)
			}
			if strings.Contains(text, written[:len(written)/2]) || strings.Contains(text, written[len(written)/2:]) {
				t.Errorf("%s, %s: half of it is shown: %s", name, form, text)
			}
		}
	}
}
