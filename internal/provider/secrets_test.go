package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Nothing secret is printed or logged at any level, whether a run succeeds or fails:
// no secret key, token, signature or query of a signed URL. All output of Terraform
// and the provider is searched except the state, which contains the URLs, marked as
// sensitive.
func TestNothingSecretIsInLogs(t *testing.T) {
	t.Parallel()
	const secretKey, token = "testSecretKey0123456789", "testSecurityToken0123456789"
	for name, test := range map[string]struct {
		faults []teosim.Fault
		role   bool
		fails  bool
	}{
		"a run that goes well": {},
		"an assumed role":      {role: true},
		"faults that are overcome": {faults: []teosim.Fault{
			{Name: teosim.BadGateway, Times: 1}, {Name: teosim.DropConnection, Skip: 1, Times: 1}, {Name: teosim.TruncatedJSON, Skip: 2, Times: 1},
		}},
		"a response that is cut":      {faults: []teosim.Fault{{Name: teosim.CutBody}}, fails: true},
		"JSON that ends too early":    {faults: []teosim.Fault{{Name: teosim.TruncatedJSON}}, fails: true},
		"a list that is not whole":    {faults: []teosim.Fault{{Name: teosim.WrongTotal, Value: "7"}}, fails: true},
		"an error that repeats keys":  {faults: []teosim.Fault{{Name: teosim.APIError, Value: "InternalError: key " + secretKey + ", token " + token}}, fails: true},
		"a role that is not for them": {role: true, faults: []teosim.Fault{{Name: teosim.CamUnauthorized, Action: "AssumeRole"}}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{SecretID: "AKIDtest", SecretKey: secretKey, Token: token, Catalogue: providertest.SmallAccount()})
			for _, fault := range test.faults {
				sim.Inject(fault)
			}
			role := ""
			if test.role {
				role = fmt.Sprintf("assume_role {\n    role_arn     = %q\n    session_name = \"terraform\"\n  }", roleARN)
			}
			w := providertest.NewWorkspace(t, fmt.Sprintf(`
provider "teo" {
  secret_id      = "AKIDtest"
  secret_key     = %q
  security_token = %q
  endpoint       = %q
  sts_endpoint   = %[3]q
  max_retries    = %d
  %s
}

data "teo_l7_offline_logs" "test" {%s}

ephemeral "teo_l7_offline_logs" "test" {%[6]s}
`, secretKey, token, sim.URL(), map[bool]int{false: 4, true: 1}[test.fails], role, providertest.SmallWindow))
			log := filepath.Join(w.Dir, "log")
			w.Env = append(w.Env, "TF_LOG=TRACE", "TF_LOG_PROVIDER=TRACE", "TF_LOG_PATH="+log)
			stdout, stderr, err := w.Run("apply", "-auto-approve", "-input=false")
			if (err != nil) != test.fails {
				t.Fatalf("apply: %v\n%s\n%s", err, stdout, stderr)
			}
			logged, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			written := map[string]string{"stdout": stdout, "stderr": stderr, "the log": string(logged)}
			for what, secret := range secretsOf(sim, secretKey, token) {
				for where, text := range written {
					if at := strings.Index(text, secret); at >= 0 {
						t.Errorf("%s is in %s: …%s…", what, where, text[max(0, at-200):min(len(text), at+100)])
					}
				}
			}

			// The provider did log its requests at trace level, so the absence of
			// secrets is significant.
			for _, want := range []string{"[TRACE] provider.terraform-provider-teo", `request_id=`, "credential_source="} {
				if !strings.Contains(string(logged), want) {
					t.Errorf("the log does not hold %q", want)
				}
			}
			if !test.fails && !strings.Contains(w.File("terraform.tfstate"), "?sign=") {
				t.Error("no signed URL is in the state, so none was in play")
			}
		})
	}
}

// secretsOf are the secrets of a run by description: those of the configuration, and
// those that were sent to the simulator.
func secretsOf(sim *teosim.Sim, secretKey, token string) map[string]string {
	secrets := map[string]string{"the secret key": secretKey, "the token": token, "the query of a URL": "sign="}
	signature := regexp.MustCompile(`Signature=([0-9a-f]{64})`)
	for i, r := range sim.Requests() {
		if found := signature.FindStringSubmatch(r.Header.Get("Authorization")); found != nil {
			secrets[fmt.Sprintf("the signature of request %d", i+1)] = found[1]
		}
		if sent := r.Header.Get("X-TC-Token"); sent != "" && sent != token {
			secrets[fmt.Sprintf("the temporary token of request %d", i+1)] = sent
		}
	}
	return secrets
}
