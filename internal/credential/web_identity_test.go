package credential_test

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// answering is a transport that always returns the same response.
type answering string

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(string(a))), ContentLength: int64(len(a)), Request: r,
	}, nil
}

func TestARoleIsAssumedWithAWebIdentityToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		set      func(*world, *credential.AssumeRoleWithWebIdentity)
		provider string
		from     string
	}{
		"token": {func(_ *world, i *credential.AssumeRoleWithWebIdentity) {
			i.WebIdentityToken, i.WebIdentityTokenFile = jwt(0), "/nowhere"
		}, "OIDC", "a web identity token"},
		"raw file": {func(w *world, i *credential.AssumeRoleWithWebIdentity) {
			w.write("token", jwt(0)+"\n")
			i.WebIdentityTokenFile, i.ProviderID = "~/token", "github"
		}, "github", "the web identity token in ~/token"},
		"JSON file": {func(w *world, i *credential.AssumeRoleWithWebIdentity) {
			w.write("token", `{"web_identity_token": "`+jwt(0)+`"}`)
			i.WebIdentityTokenFile = "~/token"
		}, "OIDC", "the web identity token in ~/token"},
		"JSON file with white space in the token": {func(w *world, i *credential.AssumeRoleWithWebIdentity) {
			w.write("token", `{"web_identity_token": " `+jwt(0)+`\n"}`)
			i.WebIdentityTokenFile = "~/token"
		}, "OIDC", "the web identity token in ~/token"},
		"JSON token": {func(_ *world, i *credential.AssumeRoleWithWebIdentity) {
			i.WebIdentityToken = `{"web_identity_token": "` + jwt(0) + `"}`
		}, "OIDC", "a web identity token"},
		"JSON in a variable": {func(w *world, _ *credential.AssumeRoleWithWebIdentity) {
			w.env["TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN"] = ` {"web_identity_token": "` + jwt(0) + `"}`
		}, "OIDC", "a web identity token"},
		"variable": {func(w *world, _ *credential.AssumeRoleWithWebIdentity) {
			w.env["TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN"] = jwt(0)
			w.env["TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID"] = "gitlab"
		}, "gitlab", "a web identity token"},
		"file of a variable": {func(w *world, _ *credential.AssumeRoleWithWebIdentity) {
			w.write("token", jwt(0))
			w.env["TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE"] = "~/token"
		}, "OIDC", "the web identity token in ~/token"},
		"file before a variable": {func(w *world, i *credential.AssumeRoleWithWebIdentity) {
			w.env["TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN"] = "other"
			w.write("token", jwt(0))
			i.WebIdentityTokenFile = "~/token"
		}, "OIDC", "the web identity token in ~/token"},
	}
	for name, test := range tests {
		for _, inAttributes := range []bool{true, false} {
			w := newWorld(t, teosim.Options{})
			identity := credential.AssumeRoleWithWebIdentity{RoleARN: roleARN, SessionName: "tf"}
			test.set(w, &identity)
			fromEnvironment := identity == credential.AssumeRoleWithWebIdentity{RoleARN: roleARN, SessionName: "tf"}
			o := w.options()
			switch {
			case inAttributes:
				o.AssumeRoleWithWebIdentity = &identity
			case !fromEnvironment:
				continue
			default:
				w.env["TENCENTCLOUD_ASSUME_ROLE_ARN"], w.env["TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"] = roleARN, "tf"
			}
			// Other credentials in the environment are not used.
			w.env["TENCENTCLOUD_SECRET_ID"] = "half a pair"
			credentials := w.credentials(o)
			if want := "assumed role " + roleARN + " (with " + test.from + ")"; credentials.Source != want {
				t.Errorf("%s: credentials from %q, want %q", name, credentials.Source, want)
			}
			want := map[string]any{
				"ProviderId": test.provider, "WebIdentityToken": jwt(0), "RoleArn": roleARN, "RoleSessionName": "tf", "DurationSeconds": 7200.0,
			}
			if got := w.sent("AssumeRoleWithWebIdentity"); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
				t.Errorf("%s: sent %v, want %v", name, got, want)
			}
			unsigned(t, w)
		}
	}
}

// The role of the configuration is assumed with the web identity's credentials.
func TestARoleIsAssumedOnTopOfAWebIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.options()
	o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityToken: jwt(0), RoleARN: roleARN, SessionName: "ci"}
	o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}
	credentials := w.credentials(o)
	if want := "assumed role " + roleARN + " (with credentials from assumed role " + roleARN + " (with a web identity token))"; credentials.Source != want {
		t.Errorf("credentials from %q", credentials.Source)
	}
}

func TestAnInvalidWebIdentityIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file      string
		identity  credential.AssumeRoleWithWebIdentity
		attribute string
		words     []string
	}{
		"nothing":   {"", credential.AssumeRoleWithWebIdentity{}, "web_identity_token_file", []string{"There is no token", "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE"}},
		"empty":     {" \n", credential.AssumeRoleWithWebIdentity{WebIdentityTokenFile: "~/token"}, "web_identity_token_file", []string{"it is empty"}},
		"no field":  {`{"token":"hush"}`, credential.AssumeRoleWithWebIdentity{WebIdentityTokenFile: "~/token"}, "web_identity_token_file", []string{"web_identity_token is missing"}},
		"broken":    {`{"web_identity_token":`, credential.AssumeRoleWithWebIdentity{WebIdentityTokenFile: "~/token"}, "web_identity_token_file", []string{"not valid JSON"}},
		"two lines": {"hush\nhush", credential.AssumeRoleWithWebIdentity{WebIdentityTokenFile: "~/token"}, "web_identity_token_file", []string{"neither a token nor JSON"}},
		"bad token": {"", credential.AssumeRoleWithWebIdentity{WebIdentityToken: "hush hush"}, "web_identity_token", []string{"Invalid web identity token"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			if test.file != "" {
				w.write("token", test.file)
			}
			test.identity.RoleARN, test.identity.SessionName = roleARN, "tf"
			o := w.options()
			o.AssumeRoleWithWebIdentity = &test.identity
			_, problems := credential.New(o)
			one(t, problems, "assume_role_with_web_identity."+test.attribute, test.words...)
			if strings.Contains(problems[0].Detail, "hush") {
				t.Errorf("the detail repeats the token: %s", problems[0].Detail)
			}
		})
	}
}

// A file that cannot be read is named once, and a file of exactly the maximum size can be
// read.
func TestATokenFileIsNamedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.options()
	o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityTokenFile: "~/token", RoleARN: roleARN}
	detail := func(reason string) credential.Problems {
		return credential.Problems{{
			Attribute: "assume_role_with_web_identity.web_identity_token_file", Summary: "Unable to read the web identity token file",
			Detail: "The file " + w.home + "/token cannot be used: " + reason + ".",
		}}
	}
	_, problems := credential.New(o)
	if want := detail("no such file or directory"); !slices.Equal(problems, want) {
		t.Errorf("problems %+v, want %+v", problems, want)
	}
	const most = 1 << 20
	w.write("token", strings.Repeat("x", most))
	if _, problems = credential.New(o); len(problems) > 0 {
		t.Errorf("problems %+v", problems)
	}
	w.write("token", strings.Repeat("x", most+1))
	_, problems = credential.New(o)
	if want := detail("it is larger than 1048576 bytes"); !slices.Equal(problems, want) {
		t.Errorf("problems %+v, want %+v", problems, want)
	}
}

// The file is read again for each refresh, because the first token has expired.
func TestATokenFileIsReadAgainForEachRefresh(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	clock := func() time.Time { return now }
	w := newWorld(t, teosim.Options{Now: clock})
	o := w.options()
	o.Now = clock
	o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{
		WebIdentityTokenFile: w.write("token", jwt(now.Unix()+30)), RoleARN: roleARN, SessionName: "tf", SessionDuration: seconds(60),
	}
	source := w.source(o)
	if err := w.list(source); err != nil {
		t.Fatal(err)
	}
	now = now.Add(61 * time.Second)
	_, err := source.Credentials(t.Context())
	if failure, ok := errors.AsType[*credential.SourceError](err); !ok || !strings.Contains(err.Error(), "WebIdentityTokenError") ||
		failure.Attribute != "assume_role_with_web_identity.web_identity_token_file" {
		t.Errorf("with the old token: %v", err)
	}
	w.write("token", "")
	_, err = source.Credentials(t.Context())
	if failure, ok := errors.AsType[*credential.SourceError](err); !ok || !strings.Contains(err.Error(), "it is empty") ||
		failure.Attribute != "assume_role_with_web_identity.web_identity_token_file" {
		t.Errorf("with an empty file: %v", err)
	}
	w.write("token", jwt(now.Unix()+30))
	if err := w.list(source); err != nil {
		t.Errorf("with a new token: %v", err)
	}
}

func TestAPodSignsInWithItsOIDCToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.options()
	o.EnablePodOIDC = true
	w.env["TKE_REGION"], w.env["TKE_PROVIDER_ID"], w.env["TKE_ROLE_ARN"] = "ap-seoul", "cls-1", roleARN
	_, problems := credential.New(o)
	one(t, problems, "enable_pod_oidc", "not set: TKE_WEB_IDENTITY_TOKEN_FILE", "serviceAccountName")

	w.env["TKE_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere/token"
	_, problems = credential.New(o)
	one(t, problems, "enable_pod_oidc", "/nowhere/token", "no such file")

	w.env["TKE_WEB_IDENTITY_TOKEN_FILE"] = w.write("token", jwt(0))
	if credentials := w.credentials(o); credentials.Source != "assumed role "+roleARN+" (with the web identity of this TKE pod)" {
		t.Errorf("credentials from %q", credentials.Source)
	}
	if region := w.sim.Requests()[0].Header.Get("X-TC-Region"); region != "ap-seoul" {
		t.Errorf("X-TC-Region %q", region)
	}
	if got := w.sent("AssumeRoleWithWebIdentity")[0]["ProviderId"]; got != "cls-1" {
		t.Errorf("ProviderId %v", got)
	}

	o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{}
	_, problems = credential.New(o)
	one(t, problems, "enable_pod_oidc", "Conflicting ways to sign in")
}
