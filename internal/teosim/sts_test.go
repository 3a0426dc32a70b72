package teosim

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const assumeRoleBody = `"RoleArn":"qcs::cam::uin/100000000009:roleName/logs","RoleSessionName":"tf"`

// issuedKeys returns the credentials in a response.
func issuedKeys(t *testing.T, r response) (keys temporaryKeys, expired int64) {
	t.Helper()
	if r.code() != "" {
		t.Fatalf("%+v", r.Error)
	}
	if err := json.Unmarshal(r.raw["Credentials"], &keys); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(r.raw["ExpiredTime"], &expired); err != nil {
		t.Fatal(err)
	}
	return keys, expired
}

// EdgeOne accepts credentials from STS with their token until they expire.
func TestIssuedCredentialsExpire(t *testing.T) {
	t.Parallel()
	now := time.Date(2022, 5, 11, 12, 0, 0, 0, time.UTC)
	sim := start(t, Options{Now: func() time.Time { return now }})
	c := newCaller(t, sim)
	c.service = "sts"
	keys, expired := issuedKeys(t, c.call(versionSTS, "AssumeRole", `{`+assumeRoleBody+`,"DurationSeconds":60}`))
	if want := now.Unix() + 60; expired != want {
		t.Errorf("they end at %d, want %d", expired, want)
	}

	c = newCaller(t, sim)
	c.id, c.secret, c.token = keys.TmpSecretId, keys.TmpSecretKey, keys.Token
	steps := []struct {
		after time.Duration
		token string
		code  string
	}{
		{0, keys.Token, ""},
		{59 * time.Second, keys.Token, ""},
		{59 * time.Second, "", "AuthFailure.TokenFailure"},
		{60 * time.Second, keys.Token, "AuthFailure.TokenFailure"},
	}
	begin := now
	for _, step := range steps {
		now = begin.Add(step.after)
		c.at, c.token = now, step.token
		if code := c.call(version20220901, "DescribeZones", `{}`).code(); code != step.code {
			t.Errorf("after %s with the token %.5q: %q, want %q", step.after, step.token, code, step.code)
		}
	}
}

func TestTheCallerIdentityIsThatOfTheCredentials(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{STS: STSOptions{AccountID: "100000000003"}})
	c := newCaller(t, sim)
	c.service = "sts"
	account := func() string { return string(c.call(versionSTS, "GetCallerIdentity", `{}`).raw["AccountId"]) }
	if got := account(); got != `"100000000003"` {
		t.Errorf("the account of permanent keys is %s", got)
	}
	keys, _ := issuedKeys(t, c.call(versionSTS, "AssumeRole", `{`+assumeRoleBody+`}`))
	c.id, c.secret, c.token = keys.TmpSecretId, keys.TmpSecretKey, keys.Token
	if got := account(); got != `"100000000009"` {
		t.Errorf("the account of the role is %s", got)
	}
}

func TestSTSIsStrict(t *testing.T) {
	t.Parallel()
	late := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1000}`)) + ".c2ln"
	good := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{}`)) + ".c2ln"
	inJSON := strings.ReplaceAll(`{"web_identity_token":"`+good+`"}`, `"`, `\"`)
	saml := assumeRoleBody + `,"PrincipalArn":"qcs::cam::uin/1:saml-provider/idp","SAMLAssertion":`
	web := assumeRoleBody + `,"ProviderId":"OIDC","WebIdentityToken":`
	tests := []struct{ action, fields, code string }{
		{"AssumeRole", ``, "MissingParameter"},
		{"AssumeRole", `"RoleArn":"arn:aws:iam::1:role/x","RoleSessionName":"tf"`, "InvalidParameter.ParamError"},
		{"AssumeRole", strings.Replace(assumeRoleBody, `"tf"`, `"t"`, 1), "InvalidParameter.ParamError"},
		{"AssumeRole", strings.Replace(assumeRoleBody, `"tf"`, `"a b"`, 1), "InvalidParameter.ParamError"},
		{"AssumeRole", assumeRoleBody + `,"DurationSeconds":43201`, "InvalidParameter.OverTimeError"},
		{"AssumeRole", assumeRoleBody + `,"DurationSeconds":0`, "InvalidParameter.OverTimeError"},
		{"AssumeRole", assumeRoleBody + `,"DurationSeconds":"60"`, "InvalidParameter"},
		{"AssumeRole", assumeRoleBody + `,"Policy":"{}"`, "InvalidParameter.StrategyFormatError"},
		{"AssumeRole", assumeRoleBody + `,"Policy":"%7B%7D"`, ""},
		{"AssumeRole", assumeRoleBody + `,"ExternalId":"?"`, "InvalidParameter.ParamError"},
		{"AssumeRole", assumeRoleBody + `,"RoleARN":"x"`, "UnknownParameter"},
		{"AssumeRole", assumeRoleBody + `,"TokenCode":"123456"`, "MissingParameter"},
		{"AssumeRole", assumeRoleBody + `,"TokenCode":"123456","SerialNumber":"a"`, ""},
		{"AssumeRole", assumeRoleBody + `,"TokenCode":"123456","SerialNumber":"a"`, "AuthFailure.MFAFailure"},
		{"GetSessionToken", ``, "MissingParameter"},
		{"GetSessionToken", `"SerialNumber":"a","TokenCode":"12345"`, "AuthFailure.MFAFailure"},
		{"GetSessionToken", `"SerialNumber":"a","TokenCode":"123457","DurationSeconds":129601`, "InvalidParameter.OverTimeError"},
		{"GetSessionToken", `"SerialNumber":"a","TokenCode":"123457"`, ""},
		{"GetCallerIdentity", `"x":1`, "UnknownParameter"},
		{"AssumeRoleWithSAML", saml + `"!"`, "InvalidParameter.ParamError"},
		{"AssumeRoleWithSAML", saml + `"PHNhbWw+"`, ""},
		{"AssumeRoleWithWebIdentity", web + `"abc"`, "InvalidParameter.WebIdentityTokenError"},
		{"AssumeRoleWithWebIdentity", web + `"` + inJSON + `"`, "InvalidParameter.WebIdentityTokenError"},
		{"AssumeRoleWithWebIdentity", web + `"x` + good + `"`, "InvalidParameter.WebIdentityTokenError"},
		{"AssumeRoleWithWebIdentity", web + `"` + late + `"`, "InvalidParameter.WebIdentityTokenError"},
		{"AssumeRoleWithWebIdentity", web + `"` + good + `"`, ""},
		{"AssumeNothing", ``, "InvalidAction"},
	}
	sim := start(t, Options{})
	for _, test := range tests {
		c := newCaller(t, sim)
		c.service = "sts"
		if code := c.call(versionSTS, test.action, `{`+test.fields+`}`).code(); code != test.code {
			t.Errorf("%s {%s}: %q, want %q", test.action, test.fields, code, test.code)
		}
	}
}

// Only two actions accept callers without credentials.
func TestOnlyTwoActionsNeedNoSignature(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{})
	for action, want := range map[string]string{
		"AssumeRole": "AuthFailure.InvalidAuthorization", "GetCallerIdentity": "AuthFailure.InvalidAuthorization",
		"GetSessionToken": "AuthFailure.InvalidAuthorization", "AssumeRoleWithSAML": "MissingParameter", "AssumeRoleWithWebIdentity": "MissingParameter",
	} {
		c := newCaller(t, sim)
		c.edit = func(r *http.Request) { r.Header.Set("Authorization", "SKIP") }
		if code := c.call(versionSTS, action, `{}`).code(); code != want {
			t.Errorf("%s: %q, want %q", action, code, want)
		}
	}
}

// The credentials of the CVM's role are replaced after half of their lifetime, and
// EdgeOne accepts them.
func TestTheMetadataReplacesCredentialsAfterHalfTheirLifetime(t *testing.T) {
	t.Parallel()
	now := time.Date(2022, 5, 11, 12, 0, 0, 0, time.UTC)
	sim := start(t, Options{Now: func() time.Time { return now }, Metadata: MetadataOptions{Role: "logs", Lifetime: time.Hour}})
	get := func(method, role string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, sim.URL()+metadataPrefix+role, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := get(http.MethodGet, ""); status != http.StatusOK || body != "logs" {
		t.Errorf("the role is %d %q", status, body)
	}
	if status, _ := get(http.MethodGet, "other"); status != http.StatusNotFound {
		t.Errorf("another role: %d", status)
	}
	if status, _ := get(http.MethodPost, "logs"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
	_, first := get(http.MethodGet, "logs")
	now = now.Add(29 * time.Minute)
	if _, again := get(http.MethodGet, "logs"); again != first {
		t.Error("the keys change before half of their life")
	}
	now = now.Add(time.Minute)
	_, second := get(http.MethodGet, "logs")
	var keys struct {
		TmpSecretId, TmpSecretKey, Token, Expiration, Code string
		ExpiredTime                                        int64
	}
	if err := json.Unmarshal([]byte(second), &keys); err != nil {
		t.Fatal(err)
	}
	if second == first || keys.Code != "Success" || keys.ExpiredTime != now.Add(time.Hour).Unix() || keys.Expiration != "2022-05-11T13:30:00Z" {
		t.Errorf("after half of it: %s", second)
	}
	c := newCaller(t, sim)
	c.id, c.secret, c.token = keys.TmpSecretId, keys.TmpSecretKey, keys.Token
	if code := c.call(version20220901, "DescribeZones", `{}`).code(); code != "" {
		t.Errorf("EdgeOne answers %s", code)
	}
	if got := len(sim.MetadataRequests()); got != 6 {
		t.Errorf("%d requests, want 6", got)
	}
}

func TestFaultsApplyToTheMetadata(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{})
	url := sim.URL() + metadataPrefix + DefaultCAMRole
	for name, test := range map[FaultName]struct {
		value  string
		status int // 0: none
		body   string
	}{
		BadGateway: {"", 502, "Bad Gateway"}, APIError: {"Failed: x", 200, `{"Code":"Failed"}`}, EmptyObject: {"", 200, "{}"},
		NotJSON: {"", 200, "Welcome"}, DropConnection: {"", 0, ""},
	} {
		sim.Inject(Fault{Name: name, Action: MetadataAction, Times: 1, Value: test.value})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client().Do(req)
		if test.status == 0 {
			if err == nil {
				t.Errorf("%s: %s", name, resp.Status)
				_ = resp.Body.Close()
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != test.status || !strings.Contains(string(body), test.body) {
			t.Errorf("%s: %s %s", name, resp.Status, body)
		}
	}
}
