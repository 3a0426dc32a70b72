package tcapi_test

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

func TestAnEndpointIsAHostWithOrWithoutAScheme(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		url      string
		loopback bool
	}{
		"teo.tencentcloudapi.com":          {"https://teo.tencentcloudapi.com", false},
		"TEO.TencentCloudAPI.com":          {"https://teo.tencentcloudapi.com", false},
		"https://teo.tencentcloudapi.com/": {"https://teo.tencentcloudapi.com", false},
		"HTTPS://teo.example.com:8443":     {"https://teo.example.com:8443", false},
		"teo.example.com:":                 {"https://teo.example.com", false},
		"a-z_09.example.com":               {"https://a-z_09.example.com", false},
		"http://127.0.0.1:8080":            {"http://127.0.0.1:8080", true},
		"http://127.9.9.9":                 {"http://127.9.9.9", true},
		"http://localhost:1":               {"http://localhost:1", true},
		"http://LocalHost":                 {"http://localhost", true},
		"localhost":                        {"https://localhost", true},
		"http://[::1]:65535":               {"http://[::1]:65535", true},
		"[2001:DB8::1]":                    {"https://[2001:db8::1]", false},
		"128.0.0.1":                        {"https://128.0.0.1", false},
	} {
		got, err := tcapi.ParseEndpoint(in)
		if err != nil || got.String() != want.url || got.Loopback() != want.loopback {
			t.Errorf("ParseEndpoint(%q) = %v, %v, loopback: %t; want %v", in, got, err, got.Loopback(), want)
		}
	}
}

func TestAnInvalidEndpointIsRefused(t *testing.T) {
	t.Parallel()
	const http = "plain http is accepted for loopback addresses only"
	for in, want := range map[string]string{
		"":                                   "no valid host name",
		"https://":                           "no valid host name",
		":443":                               "no valid host name",
		"a b":                                "neither a host name nor a URL",
		"https://hunter2%zz":                 "neither a host name nor a URL",
		"https://user:hunter2@teo.e:x":       "neither a host name nor a URL",
		"ftp://teo.example.com":              `the scheme "ftp" is neither https nor http`,
		"://teo.example.com":                 "neither a host name nor a URL",
		"user@teo.example.com":               "user name or a password",
		"https://user:hunter2@a.b":           "user name or a password",
		"teo.example.com/v3":                 "without a path or a query",
		"teo.example.com?a=hunter2":          "without a path or a query",
		"teo.example.com#hunter2":            "without a path or a query",
		"teo.example.com:0":                  "not between 1 and 65535",
		"teo.example.com:65536":              "not between 1 and 65535",
		"http://teo.example.com":             http,
		"http://127.0.0.1.nip.io":            http,
		"http://localhost.example.com":       http,
		"http://teo.example.com:80":          http,
		"http://teo.example.com:8080":        http,
		"http://192.0.2.1:8080":              http,
		"http://[2001:db8::1]:80":            http,
		"http://0.0.0.0":                     http,
		"http://[::]":                        http,
		"http://128.0.0.1":                   http,
		"http://2130706433":                  http,
		"http://0x7f.1":                      http,
		"https://[fe80::1%25eth0]":           "no valid host name",
		"http://[::1%25lo]":                  "no valid host name",
		"https://teo.example.com\u00a0":      "no valid host name",
		"https://teo.example.com%E2%80%AFx/": "no valid host name",
	} {
		got, err := tcapi.ParseEndpoint(in)
		if err == nil {
			t.Errorf("ParseEndpoint(%q) = %v, want an error", in, got)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || got != (tcapi.Endpoint{}) {
			t.Errorf("ParseEndpoint(%q): %v, want %q", in, err, want)
		}
	}
}

func TestADomainHasNeitherSchemeNorPortNorPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"tencentcloudapi.com":      "tencentcloudapi.com",
		"Intl.TencentCloudAPI.com": "intl.tencentcloudapi.com",
		".internal.example.com.":   "internal.example.com",
	} {
		got, err := tcapi.ParseDomain(in)
		if err != nil || got != want {
			t.Errorf("ParseDomain(%q) = %q, %v; want %q", in, got, err, want)
		}
		if got := tcapi.ServiceEndpoint("teo", got).String(); got != "https://teo."+want {
			t.Errorf("the endpoint is %s", got)
		}
	}
	for _, in := range []string{
		"", ".", "..", "com", "com.", "https://a.b", "a.b://", "a.b:443", "a.b/c", "a b.c", "x@a.b", "[::1]", "a..b", "a.b?c",
	} {
		if got, err := tcapi.ParseDomain(in); err == nil || !strings.Contains(err.Error(), "not a root domain") {
			t.Errorf("ParseDomain(%q) = %q, %v; want an error", in, got, err)
		}
	}
}

// An accepted endpoint is a URL of scheme and host that parses to itself, and is
// plain HTTP for loopback addresses only.
func FuzzParseEndpoint(f *testing.F) {
	for _, seed := range []string{
		"teo.tencentcloudapi.com", "http://127.0.0.1:80", "http://[::1]", "https://[fe80::1%25eth0]:1", "a:", "a/b", "ftp://a",
		"http://teo.example.com:8080", "http://192.0.2.1:80", "http://[2001:db8::1]:80", "http://[::ffff:127.0.0.1]:80",
		"https://%41", "https://你.example", "\x00", "http://LOCALHOST", "https://a%2fb", "https://a\u00a0b", "::1", "a@b", "a?", "https://[", "..",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if domain, err := tcapi.ParseDomain(in); err == nil {
			if e := tcapi.ServiceEndpoint("teo", domain); reparsed(t, e) != e {
				t.Errorf("the domain %q makes the endpoint %q", in, e)
			}
		}
		e, err := tcapi.ParseEndpoint(in)
		if err != nil {
			if e != (tcapi.Endpoint{}) {
				t.Errorf("%q: %v with an error", in, e)
			}
			return
		}
		if reparsed(t, e) != e {
			t.Errorf("%q became %q, and that %q", in, e, reparsed(t, e))
		}
		u, err := url.Parse(e.String() + "/")
		if err != nil || u.Host != e.Host || u.Scheme != e.Scheme || u.Path != "/" || u.User != nil || u.RawQuery != "" {
			t.Fatalf("%q is no URL: %v, %v", e, u, err)
		}
		if name := u.Hostname(); e.Scheme != "https" && (e.Scheme != "http" || name != "localhost" && !net.ParseIP(name).IsLoopback()) {
			t.Errorf("%q is called by %s", in, e)
		}
	})
}

func reparsed(t *testing.T, e tcapi.Endpoint) tcapi.Endpoint {
	t.Helper()
	again, err := tcapi.ParseEndpoint(e.String())
	if err != nil {
		t.Errorf("%q: %v", e, err)
	}
	return again
}
