package teosim

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The two examples that Tencent publishes of the algorithm, in full.
func TestThePublishedVectorsHaveTheirSignatures(t *testing.T) {
	t.Parallel()
	const body = `{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`
	if got, want := hexSHA256([]byte(body)), "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"; got != want {
		t.Errorf("payload hash %s, want %s", got, want)
	}
	header := http.Header{
		"Content-Type": {"application/json; charset=utf-8"},
		"X-Tc-Action":  {"DescribeInstances"},
	}
	tests := map[string]struct {
		secret string
		signed []string
		want   string
	}{
		"content-type and host": {
			"Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
			[]string{"content-type", "host"},
			"72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
		},
		// A header with capitals in its value, and asterisks for a key.
		"with the action": {
			strings.Repeat("*", 32),
			[]string{"content-type", "host", "x-tc-action"},
			"10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			canonical := canonicalRequest("cvm.tencentcloudapi.com", header, test.signed, []byte(body))
			if got := sign(test.secret, "cvm", 1551113065, canonical); got != test.want {
				t.Errorf("signature %s, want %s", got, test.want)
			}
		})
	}
}

func TestAWrongSignatureHasItsCode(t *testing.T) {
	t.Parallel()
	// A quarter past midnight, so that 301 s of difference do not change the date.
	now := time.Date(2022, 5, 11, 0, 15, 0, 0, time.UTC)
	sim := start(t, Options{Now: func() time.Time { return now }, Rates: Unlimited()})
	sim.AddKey("AKIDtemporary", "temporary", "the token", now.Add(time.Minute))
	sim.AddKey("AKIDexpired", "temporary", "the token", now)
	sim.AddKey("AKIDremoved", "temporary", "", time.Time{})
	sim.RemoveKey("AKIDremoved")

	header := func(name, value string) func(*caller) {
		return func(c *caller) { c.edit = func(r *http.Request) { r.Header.Set(name, value) } }
	}
	authorization := func(part, other string) func(*caller) {
		return func(c *caller) {
			c.edit = func(r *http.Request) {
				before := r.Header.Get("Authorization")
				after := strings.Replace(before, part, other, 1)
				if before == after {
					t.Errorf("%q is not in %q", part, before)
				}
				r.Header.Set("Authorization", after)
			}
		}
	}
	tests := map[string]struct {
		change func(*caller)
		want   string
	}{
		"right":               {func(*caller) {}, ""},
		"more headers signed": {func(c *caller) { c.signed = []string{"content-type", "host", "x-tc-action", "x-tc-timestamp"} }, ""},
		"charset":             {func(c *caller) { c.contentType = "application/json; charset=utf-8" }, ""},
		"300 s late":          {func(c *caller) { c.at = now.Add(-300 * time.Second) }, ""},
		"300 s early":         {func(c *caller) { c.at = now.Add(300 * time.Second) }, ""},
		"301 s late":          {func(c *caller) { c.at = now.Add(-301 * time.Second) }, "AuthFailure.SignatureExpire"},
		"301 s early":         {func(c *caller) { c.at = now.Add(301 * time.Second) }, "AuthFailure.SignatureExpire"},
		"other timestamp":     {header("X-TC-Timestamp", "1652228101"), "AuthFailure.SignatureFailure"},
		"no timestamp":        {header("X-TC-Timestamp", ""), "AuthFailure.InvalidAuthorization"},
		"wrong secret":        {func(c *caller) { c.secret = "wrong" }, "AuthFailure.SignatureFailure"},
		"unknown secret ID":   {func(c *caller) { c.id = "AKIDunknown" }, "AuthFailure.SecretIdNotFound"},
		"removed secret ID":   {func(c *caller) { c.id, c.secret = "AKIDremoved", "temporary" }, "AuthFailure.SecretIdNotFound"},
		"date of another day": {func(c *caller) { c.date = "2022-05-10" }, "AuthFailure.SignatureFailure"},
		"another service":     {func(c *caller) { c.service = "cvm" }, "AuthFailure.SignatureFailure"},
		"a service of here":   {func(c *caller) { c.service = "sts" }, "AuthFailure.SignatureFailure"},
		"host changed":        {func(c *caller) { c.edit = func(r *http.Request) { r.Host = "teo.tencentcloudapi.com" } }, "AuthFailure.SignatureFailure"},
		"signed header changed": {func(c *caller) {
			c.signed = []string{"content-type", "host", "x-tc-action"}
			header("X-TC-Action", "DownloadL4Logs")(c)
		}, "AuthFailure.SignatureFailure"},
		"content-type unsigned": {func(c *caller) { c.signed = []string{"host"} }, "AuthFailure.InvalidAuthorization"},
		"host unsigned":         {func(c *caller) { c.signed = []string{"content-type"} }, "AuthFailure.InvalidAuthorization"},
		"signature of zeros":    {func(c *caller) { c.edit = func(r *http.Request) { zeroSignature(r) } }, "AuthFailure.SignatureFailure"},
		"token of others":       {func(c *caller) { c.token = "a token" }, "AuthFailure.TokenFailure"},
		"temporary keys":        {func(c *caller) { c.id, c.secret, c.token = "AKIDtemporary", "temporary", "the token" }, ""},
		"token missing":         {func(c *caller) { c.id, c.secret = "AKIDtemporary", "temporary" }, "AuthFailure.TokenFailure"},
		"token wrong":           {func(c *caller) { c.id, c.secret, c.token = "AKIDtemporary", "temporary", "the toke" }, "AuthFailure.TokenFailure"},
		"token expired":         {func(c *caller) { c.id, c.secret, c.token = "AKIDexpired", "temporary", "the token" }, "AuthFailure.TokenFailure"},
		"no authorization":      {header("Authorization", ""), "AuthFailure.InvalidAuthorization"},
		"unsigned":              {header("Authorization", "SKIP"), "AuthFailure.InvalidAuthorization"},
		"other algorithm":       {authorization("TC3-HMAC-SHA256", "TC3-HMAC-SM3"), "AuthFailure.InvalidAuthorization"},
		"no scope":              {authorization("/teo/tc3_request", ""), "AuthFailure.InvalidAuthorization"},
		"no signature":          {authorization(", Signature=", ", Sig="), "AuthFailure.InvalidAuthorization"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, sim)
			test.change(c)
			if got := c.call(version20220901, "DescribeZones", "{}").code(); got != test.want {
				t.Errorf("code %q, want %q", got, test.want)
			}
		})
	}
}

func zeroSignature(r *http.Request) {
	header := r.Header.Get("Authorization")
	r.Header.Set("Authorization", header[:len(header)-64]+strings.Repeat("0", 64))
}

// A changed body must not pass with the signature of another.
func TestAChangedBodyIsRefused(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{})
	c := newCaller(t, sim)
	other := c.request(version20220901, "DescribeZones", `{"Limit":2}`).Header.Get("Authorization")
	c.edit = func(r *http.Request) { r.Header.Set("Authorization", other) }
	if got := c.call(version20220901, "DescribeZones", `{"Limit":1}`).code(); got != "AuthFailure.SignatureFailure" {
		t.Errorf("code %q", got)
	}
	if got := c.call(version20220901, "DescribeZones", `{"Limit":2}`).code(); got != "" {
		t.Errorf("code %q of the body that was signed", got)
	}
}

func FuzzParseAuthorization(f *testing.F) {
	right := "TC3-HMAC-SHA256 Credential=AKID/2022-05-11/teo/tc3_request, SignedHeaders=content-type;host, Signature=" + strings.Repeat("0a", 32)
	if _, ok := parseAuthorization(right); !ok {
		f.Fatal("the seed is refused")
	}
	f.Add(right)
	f.Add("")
	f.Add("SKIP")
	f.Add("TC3-HMAC-SHA256 ")
	f.Add("TC3-HMAC-SHA256 Credential=,SignedHeaders=,Signature=")
	f.Add(strings.Replace(right, "content-type;host", "host;content-type", 1))
	f.Add(strings.Replace(right, "content-type;host", "content-type;host;host", 1))
	f.Add(strings.Replace(right, "2022-05-11", "2022-13-11", 1))
	f.Fuzz(func(t *testing.T, header string) {
		a, ok := parseAuthorization(header)
		if !ok {
			return
		}
		if a.secretID == "" || a.service == "" || len(a.signature) != 64 || len(a.signedHeaders) < 2 {
			t.Errorf("%q is taken for %+v", header, a)
		}
		// Nothing was left out.
		again := "TC3-HMAC-SHA256 Credential=" + a.secretID + "/" + a.date + "/" + a.service +
			"/tc3_request, SignedHeaders=" + strings.Join(a.signedHeaders, ";") + ", Signature=" + a.signature
		b, ok := parseAuthorization(again)
		if !ok || b.secretID != a.secretID || b.signature != a.signature {
			t.Errorf("%q is read otherwise than %q", again, header)
		}
	})
}

// The other way round: a version of STS, signed for EdgeOne.
func TestAVersionOfAnotherServiceIsRefused(t *testing.T) {
	t.Parallel()
	c := newCaller(t, start(t, Options{}))
	if got := c.call(versionSTS, "GetCallerIdentity", "{}").code(); got != "AuthFailure.SignatureFailure" {
		t.Errorf("code %q", got)
	}
	c.service = "sts"
	if got := c.call(versionSTS, "GetCallerIdentity", "{}").code(); got != "" {
		t.Errorf("code %q with the right service", got)
	}
}
