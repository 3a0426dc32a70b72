package provider_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// signInWay is one way to sign in, set in the configuration or in the environment.
type signInWay struct {
	name string

	// attributes and variables set the same values.
	attributes func(*signInWorld) providertest.Arguments
	variables  func(*signInWorld) map[string]string

	// onlyAttributes says that there are no variables.
	onlyAttributes bool

	// others are variables with other values, over which the attributes take precedence.
	others map[string]string

	// wrong and expired change the world or the arguments before the provider is
	// configured; expire changes the world between two reads, which are a day apart
	// unless sameDay is set.
	wrong, expired func(*signInWorld, providertest.Arguments) providertest.Arguments
	expire         func(*signInWorld)
	sameDay        bool
}

// signInWorld is a simulated cloud, a home folder and a clock for one cell.
type signInWorld struct {
	t     *testing.T
	sim   *teosim.Sim
	home  string
	token string // path of a web identity token
	env   map[string]string

	mu  sync.Mutex
	now time.Time
}

func newSignInWorld(t *testing.T) *signInWorld {
	t.Helper()
	w := &signInWorld{t: t, home: t.TempDir(), env: map[string]string{}, now: time.Now()}
	w.sim = simtest.Start(t, teosim.Options{STS: teosim.STSOptions{MFACode: "123456"}})
	w.token = filepath.Join(w.home, "token")
	w.write(w.token, webToken(w.now.Add(time.Hour)))
	w.profile(w.sim.SecretID(), w.sim.SecretKey(), "", time.Time{})
	return w
}

func (w *signInWorld) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// advance sets the provider's clock forward.
func (w *signInWorld) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *signInWorld) write(path, content string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// profile writes the profile "prod" of tccli, which expires if it has a token.
func (w *signInWorld) profile(id, key, token string, expires time.Time) {
	w.t.Helper()
	content := fmt.Sprintf(`{"secretId":%q,"secretKey":%q`, id, key)
	if token != "" {
		content += fmt.Sprintf(`,"token":%q,"type":"oauth","expiresAt":%d`, token, expires.Unix())
		w.sim.AddKey(id, key, token, time.Time{})
	}
	w.write(filepath.Join(w.home, ".tccli", "prod.credential"), content+"}")
}

// static returns the credentials of the simulator, with which roles are assumed.
func (w *signInWorld) static() providertest.Arguments {
	return providertest.Arguments{"secret_id": w.sim.SecretID(), "secret_key": w.sim.SecretKey()}
}

func (w *signInWorld) staticVariables() map[string]string {
	return map[string]string{"TENCENTCLOUD_SECRET_ID": w.sim.SecretID(), "TENCENTCLOUD_SECRET_KEY": w.sim.SecretKey()}
}

// configured returns a provider, or the diagnostics of its configuration.
func (w *signInWorld) configured(config providertest.Arguments) (*providertest.Wire, providertest.Diagnostics) {
	w.t.Helper()
	p := providertest.Dial(w.t, provider.Options{
		Getenv: providertest.Environment(w.env), Home: w.home, MetadataURL: w.sim.URL(), Now: w.clock,
		Pace: tcapi.Pace{First: time.Millisecond, Most: time.Millisecond, Throttled: time.Millisecond},
	})
	return p, p.Configure(providertest.Arguments{"endpoint": w.sim.URL(), "sts_endpoint": w.sim.URL(), "max_retries": 0}.And(config))
}

// outcome reads with a provider and describes the result.
func (w *signInWorld) outcome(p *providertest.Wire, diags providertest.Diagnostics) string {
	w.t.Helper()
	if diags.Failed() {
		return diags.Summaries()[0]
	}
	w.sim.ResetCounters()
	_, read := p.Read("teo_zones", nil)
	if read.Failed() {
		code := ""
		for _, r := range w.sim.Requests() {
			if r.Code != "" {
				code = " (" + r.Code + ")"
			}
		}
		return read.Summaries()[0] + code
	}
	calls := ""
	for _, r := range w.sim.Requests() {
		if r.Version == "2018-08-13" {
			calls += ", " + r.Action
		}
	}
	var warned string
	for _, summary := range diags.Summaries() {
		warned += "; " + summary
	}
	return "signed in" + calls + warned
}

func webToken(expires time.Time) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part(fmt.Appendf(nil, `{"exp":%d}`, expires.Unix())) + "." + part([]byte("signature"))
}

const (
	samlAssertion = "PHNhbWw+"
	samlProvider  = "qcs::cam::uin/100000000002:saml-provider/idp"
	mfaDevice     = "qcs::cam:uin/100000000001::mfa/softToken"
)

// denied lets STS refuse an action.
func denied(action, code string) func(*signInWorld, providertest.Arguments) providertest.Arguments {
	return func(w *signInWorld, a providertest.Arguments) providertest.Arguments {
		w.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: action, Value: code + ": refused"})
		return a
	}
}

// expiredStatic replaces the credentials, with which a role is assumed, by
// temporary ones that have expired.
func expiredStatic(w *signInWorld, a providertest.Arguments) providertest.Arguments {
	w.sim.AddKey("AKIDexpired", "expiredSecretKey", "expiredToken", time.Now().Add(-time.Minute))
	return a.And(providertest.Arguments{"secret_id": "AKIDexpired", "secret_key": "expiredSecretKey", "security_token": "expiredToken"})
}

// signInWays are the rows of the table.
func signInWays() []signInWay {
	return []signInWay{
		{
			name: "`secret_id`, `secret_key`, `security_token`",
			attributes: func(w *signInWorld) providertest.Arguments {
				w.sim.AddKey("AKIDtemporary", "temporarySecretKey", "temporaryToken", time.Time{})
				return providertest.Arguments{"secret_id": "AKIDtemporary", "secret_key": "temporarySecretKey", "security_token": "temporaryToken"}
			},
			variables: func(w *signInWorld) map[string]string {
				w.sim.AddKey("AKIDtemporary", "temporarySecretKey", "temporaryToken", time.Time{})
				return map[string]string{"TENCENTCLOUD_SECRET_ID": "AKIDtemporary", "TENCENTCLOUD_SECRET_KEY": "temporarySecretKey", "TENCENTCLOUD_SECURITY_TOKEN": "temporaryToken"}
			},
			others: map[string]string{"TENCENTCLOUD_SECRET_ID": "AKIDother", "TENCENTCLOUD_SECRET_KEY": "other", "TENCENTCLOUD_SECURITY_TOKEN": "other", "TENCENTCLOUD_TOKEN": "other"},
			wrong: func(_ *signInWorld, a providertest.Arguments) providertest.Arguments {
				return a.And(providertest.Arguments{"secret_key": "wrongSecretKey"})
			},
			expired: expiredStatic,
			expire: func(w *signInWorld) {
				w.sim.AddKey("AKIDtemporary", "temporarySecretKey", "temporaryToken", time.Now().Add(-time.Second))
			},
		},
		{
			name: "`profile`, `shared_credentials_dir`",
			attributes: func(*signInWorld) providertest.Arguments {
				return providertest.Arguments{"profile": "prod", "shared_credentials_dir": "~/.tccli"}
			},
			variables: func(*signInWorld) map[string]string {
				return map[string]string{"TENCENTCLOUD_PROFILE": "prod", "TENCENTCLOUD_SHARED_CREDENTIALS_DIR": "~/.tccli"}
			},
			others: map[string]string{
				"TENCENTCLOUD_SECRET_ID": "AKIDother", "TENCENTCLOUD_SECRET_KEY": "other", "TENCENTCLOUD_PROFILE": "other",
				"TCCLI_PROFILE": "other", "TENCENTCLOUD_SHARED_CREDENTIALS_DIR": "/nonexistent",
			},
			wrong: func(_ *signInWorld, a providertest.Arguments) providertest.Arguments {
				return a.And(providertest.Arguments{"profile": "pord"})
			},
			expired: func(w *signInWorld, a providertest.Arguments) providertest.Arguments {
				w.profile("AKIDlogin", "loginSecretKey", "loginToken", w.now.Add(-time.Minute))
				return a
			},
			expire: func(w *signInWorld) {
				w.profile("AKIDlogin", "loginSecretKey", "loginToken", w.clock().Add(48*time.Hour))
			},
		},
		{
			name: "`cam_role_name`",
			attributes: func(*signInWorld) providertest.Arguments {
				return providertest.Arguments{"cam_role_name": teosim.DefaultCAMRole}
			},
			variables: func(*signInWorld) map[string]string {
				return map[string]string{"TENCENTCLOUD_CAM_ROLE_NAME": teosim.DefaultCAMRole}
			},
			others: map[string]string{"TENCENTCLOUD_CAM_ROLE_NAME": "other", "TENCENTCLOUD_SECRET_ID": "AKIDother", "TENCENTCLOUD_SECRET_KEY": "other"},
			wrong: func(_ *signInWorld, a providertest.Arguments) providertest.Arguments {
				return a.And(providertest.Arguments{"cam_role_name": "other"})
			},
			expired: func(w *signInWorld, a providertest.Arguments) providertest.Arguments {
				w.advance(48 * time.Hour) // the local clock is wrong
				return a
			},
			expire: func(w *signInWorld) {
				requests := w.sim.Requests()
				w.sim.RemoveKey(requests[len(requests)-1].SecretID)
			},
			sameDay: true, // the simulator's clock is the real one
		},
		{
			name: "`assume_role`",
			attributes: func(w *signInWorld) providertest.Arguments {
				return w.static().And(providertest.Arguments{"assume_role": providertest.Arguments{"role_arn": roleARN, "session_name": "terraform"}})
			},
			variables: func(w *signInWorld) map[string]string {
				v := w.staticVariables()
				v["TENCENTCLOUD_ASSUME_ROLE_ARN"] = roleARN // the session name has a default
				return v
			},
			others: map[string]string{"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "not a name", "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION": "900"},
			wrong:  denied("AssumeRole", "UnauthorizedOperation"), expired: expiredStatic,
		},
		{
			name: "`assume_role_with_saml`",
			attributes: func(*signInWorld) providertest.Arguments {
				return providertest.Arguments{"assume_role_with_saml": providertest.Arguments{"saml_assertion": samlAssertion, "principal_arn": samlProvider, "role_arn": roleARN, "session_name": "terraform"}}
			},
			variables: func(*signInWorld) map[string]string {
				return map[string]string{
					"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": samlAssertion, "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN": samlProvider,
					"TENCENTCLOUD_ASSUME_ROLE_ARN": roleARN, "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "terraform",
				}
			},
			others: map[string]string{
				"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": "-", "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN": "-", "TENCENTCLOUD_ASSUME_ROLE_ARN": "-",
				"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "-", "TENCENTCLOUD_SECRET_ID": "AKIDother", "TENCENTCLOUD_SECRET_KEY": "other",
			},
			wrong: func(_ *signInWorld, _ providertest.Arguments) providertest.Arguments {
				return providertest.Arguments{"assume_role_with_saml": providertest.Arguments{"saml_assertion": "not base64", "principal_arn": samlProvider, "role_arn": roleARN}}
			},
			expired: denied("AssumeRoleWithSAML", "AuthFailure.UnauthorizedOperation"),
		},
		{
			name: "`assume_role_with_web_identity`",
			attributes: func(w *signInWorld) providertest.Arguments {
				return providertest.Arguments{"assume_role_with_web_identity": providertest.Arguments{"web_identity_token_file": w.token, "role_arn": roleARN, "session_name": "terraform"}}
			},
			variables: func(w *signInWorld) map[string]string {
				return map[string]string{
					"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE": w.token, "TENCENTCLOUD_ASSUME_ROLE_ARN": roleARN, "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "terraform",
				}
			},
			others: map[string]string{
				"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN": "-", "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE": "-", "TENCENTCLOUD_ASSUME_ROLE_ARN": "-",
				"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "-", "TENCENTCLOUD_SECRET_ID": "AKIDother", "TENCENTCLOUD_SECRET_KEY": "other",
			},
			wrong: func(w *signInWorld, a providertest.Arguments) providertest.Arguments {
				w.write(w.token, "a.b.c")
				return a
			},
			expired: func(w *signInWorld, a providertest.Arguments) providertest.Arguments {
				w.write(w.token, webToken(time.Now().Add(-time.Minute)))
				return a
			},
			expire: func(w *signInWorld) { w.write(w.token, webToken(time.Now().Add(time.Hour))) },
		},
		{
			name: "`mfa_certification`",
			attributes: func(w *signInWorld) providertest.Arguments {
				return w.static().And(providertest.Arguments{"mfa_certification": providertest.Arguments{"serial_number": mfaDevice, "token_code": "123456"}})
			},
			variables: func(w *signInWorld) map[string]string {
				v := w.staticVariables()
				v["TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER"], v["TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE"] = mfaDevice, "123456"
				return v
			},
			others: map[string]string{"TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER": "other", "TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE": "000000"},
			wrong: func(w *signInWorld, _ providertest.Arguments) providertest.Arguments {
				return w.static().And(providertest.Arguments{"mfa_certification": providertest.Arguments{"serial_number": mfaDevice, "token_code": "654321"}})
			},
			expired: expiredStatic,
		},
		{
			name: "`enable_pod_oidc`", onlyAttributes: true,
			attributes: func(w *signInWorld) providertest.Arguments {
				maps.Copy(w.env, map[string]string{"TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": "tke", "TKE_WEB_IDENTITY_TOKEN_FILE": w.token, "TKE_ROLE_ARN": roleARN})
				return providertest.Arguments{"enable_pod_oidc": true}
			},
			others: map[string]string{"TENCENTCLOUD_SECRET_ID": "AKIDother", "TENCENTCLOUD_SECRET_KEY": "other"},
			wrong: func(w *signInWorld, a providertest.Arguments) providertest.Arguments {
				w.env["TKE_ROLE_ARN"] = ""
				return a
			},
			expired: func(w *signInWorld, a providertest.Arguments) providertest.Arguments {
				w.write(w.token, webToken(time.Now().Add(-time.Minute)))
				return a
			},
			expire: func(w *signInWorld) { w.write(w.token, webToken(time.Now().Add(time.Hour))) },
		},
		{
			name: "`allowed_account_ids`", onlyAttributes: true,
			attributes: func(w *signInWorld) providertest.Arguments {
				return w.static().And(providertest.Arguments{"allowed_account_ids": []string{teosim.DefaultAccountID}})
			},
			wrong: func(_ *signInWorld, a providertest.Arguments) providertest.Arguments {
				return a.And(providertest.Arguments{"allowed_account_ids": []string{"1"}})
			},
			expired: expiredStatic,
		},
		{
			name: "`forbidden_account_ids`", onlyAttributes: true,
			attributes: func(w *signInWorld) providertest.Arguments {
				return w.static().And(providertest.Arguments{"forbidden_account_ids": []string{"1"}})
			},
			wrong: func(_ *signInWorld, a providertest.Arguments) providertest.Arguments {
				return a.And(providertest.Arguments{"forbidden_account_ids": []string{teosim.DefaultAccountID}})
			},
			expired: expiredStatic,
		},
	}
}

// cells returns what happens with one way to sign in, by column.
func (way signInWay) cells(t *testing.T) []string {
	t.Helper()
	run := func(prepare func(*signInWorld) providertest.Arguments) string {
		w := newSignInWorld(t)
		return w.outcome(w.configured(prepare(w)))
	}
	none := "–"
	attribute := run(way.attributes)
	variable := none
	if !way.onlyAttributes {
		variable = run(func(w *signInWorld) providertest.Arguments {
			maps.Copy(w.env, way.variables(w))
			return nil
		})
	}
	both := none
	if way.others != nil {
		both = run(func(w *signInWorld) providertest.Arguments {
			a := way.attributes(w)
			maps.Copy(w.env, way.others)
			return a
		})
	}
	wrong := run(func(w *signInWorld) providertest.Arguments { return way.wrong(w, way.attributes(w)) })
	expired := run(func(w *signInWorld) providertest.Arguments { return way.expired(w, way.attributes(w)) })

	w := newSignInWorld(t)
	config := way.attributes(w)
	if strings.Contains(way.name, "profile") {
		w.profile("AKIDfirst", "firstSecretKey", "firstToken", w.now.Add(time.Hour))
	}
	p, diags := w.configured(config)
	first := w.outcome(p, diags)
	if !way.sameDay {
		w.advance(24 * time.Hour)
	}
	if way.expire != nil {
		way.expire(w)
	}
	renewed := w.outcome(p, nil)
	if !strings.HasPrefix(first, "signed in") {
		t.Errorf("%s: before the expiry: %s", way.name, first)
	}
	return []string{attribute, variable, both, wrong, expired, renewed}
}

// TestTheTableOfSignInIsCurrent compares what happens with each way to sign in with
// testdata/sign_in.md, which `go test ./internal/provider -run TestTheTableOfSignInIsCurrent
// -update` writes. "Both" sets other values in the environment; "renewed" reads
// once more a day later.
func TestTheTableOfSignInIsCurrent(t *testing.T) {
	t.Parallel()
	lines := []string{
		"| way | attribute | environment | both | wrong | expired | renewed |",
		"|---|---|---|---|---|---|---|",
	}
	for _, way := range signInWays() {
		lines = append(lines, "| "+way.name+" | "+strings.Join(way.cells(t), " | ")+" |")
	}
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", "sign_in.md")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the table differs from %s:\n%s\nfirst difference:\n%s", path, got, firstDifference(want, []byte(got)))
	}
}
