package credential

import (
	"strings"
	"testing"
	"time"
)

// For every credential file, the parser returns complete credentials with a valid
// expiry, or an error that repeats none of the content.
func FuzzParseProfile(f *testing.F) {
	for _, seed := range []string{
		``, ` `, `{}`, `[]`, `null`, `{"secretId":null}`, `{"secretId":"a","secretKey":"b"}`,
		`{"secretId":"a","secretKey":"b","token":"c","expiresAt":1650000000,"type":"oauth"}`,
		`{"secretId":"a","secretKey":"b","token":"c","expiresAt":"1650000000.5","role-arn":"r","role-session-name":"n"}`,
		`{"secretId":"a","secretKey":"b","expiresAt":1e999}`, `{"secretId":"a","secretKey":"b","expiresAt":-1}`,
		`{"secretId":"a","secretKey":"b","expiresAt":"NaN"}`, `{"secretId":{},"type":"cvm-role"}`, "\xef\xbb\xbf{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parseProfile(data)
		if err == nil {
			err = p.check()
		}
		if err != nil {
			if len(err.Error()) > 100 {
				t.Errorf("a long error: %v", err)
			}
			return
		}
		if (p.kind != "cvm-role" || p.secretID != "") && (strings.TrimSpace(p.secretID) == "" || strings.TrimSpace(p.secretKey) == "") {
			t.Errorf("half a pair: %+v", p)
		}
		if p.expires.Unix() < 0 && !p.expires.IsZero() || p.expires.UTC().Year() > 9999 {
			t.Errorf("an end at %v", p.expires)
		}
		_ = p.login("prod")
		_ = p.expires.Format(time.RFC3339)
	})
}

// For every token file, the parser returns a token that can be sent, or an error that
// repeats none of the content.
func FuzzParseToken(f *testing.F) {
	for _, seed := range []string{
		``, "\n", `a.b.c`, " a.b.c\n", `{"web_identity_token":"a.b.c"}`, `{"web_identity_token":1}`, `{"web_identity_token":""}`,
		`{`, `{}`, `{"token":"a"}`, "a b", "a\x00b", "ä", "\xff", "\xef\xbb\xbfa.b.c",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		token, err := parseToken(data)
		if err != nil {
			if token != "" || len(err.Error()) > 100 {
				t.Errorf("%q and the error %v", token, err)
			}
			return
		}
		if token == "" || strings.TrimSpace(token) != token || strings.ContainsAny(token, " \r\n\t\x00") {
			t.Errorf("the token %q", token)
		}
	})
}

// The parser of the region accepts every file.
func FuzzParseRegion(f *testing.F) {
	for _, seed := range []string{``, `{"_sys_param":{"region":"ap-seoul"}}`, `{"_sys_param":{"region":1}}`, `{"_sys_param":[]}`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if region := parseRegion(data); region != strings.TrimSpace(region) {
			t.Errorf("the region %q", region)
		}
	})
}
