package credential_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Neither errors nor logs contain anything secret, even if the service repeats what
// it was sent.
func TestNothingSecretInErrorsAndLogs(t *testing.T) {
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
