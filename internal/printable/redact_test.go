package printable_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

const (
	key   = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
	token = "IQoJb3JpZ2/with+signs==/and%41percent"
)

// each encodes every byte of a text.
func each(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, format, s[i])
		}
		return b.String()
	}
}

// encodings are the ways in which a server can repeat what it was sent.
var encodings = []struct {
	name   string
	encode func(string) string
}{
	{"as it is", func(s string) string { return s }},
	{"percent, where needed", url.QueryEscape},
	{"percent, lower case", each("%%%02x")},
	{"percent, upper case", each("%%%02X")},
	{"JSON, where needed", func(s string) string {
		text, _ := json.Marshal(s)
		return strings.ReplaceAll(strings.Trim(string(text), `"`), "/", `\/`)
	}},
	{"JSON, every character", each(`\u%04x`)},
	{"bytes in hexadecimal", each(`\x%02X`)},
	{"HTML, where needed", html.EscapeString},
	{"HTML, every character", each("&#%d;")},
	{"HTML, hexadecimal", each("&#x%X;")},
	{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"base64 for URLs", func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }},
	{"base64, one byte later", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(":" + s)) }},
	{"base64, two bytes later", func(s string) string { return "x" + base64.StdEncoding.EncodeToString([]byte("id"+s+":")) }},
	{"base64 in lines", func(s string) string {
		text := base64.StdEncoding.EncodeToString([]byte(s))
		return text[:len(text)/2] + "\r\n" + text[len(text)/2:]
	}},
	{"hexadecimal", func(s string) string { return hex.EncodeToString([]byte(s)) }},
	{"hexadecimal, one digit later", func(s string) string { return "0" + strings.ToUpper(hex.EncodeToString([]byte(s))) }},
}

func TestSecretsAreHiddenInEveryEncoding(t *testing.T) {
	t.Parallel()
	for _, first := range encodings {
		for _, second := range encodings {
			for _, secret := range []string{key, token} {
				shown := second.encode(first.encode(secret))
				got := printable.Redacted("the key "+shown+" is wrong", 4*printable.Message, "", key, token)
				if !strings.HasPrefix(got, "the key ") || !strings.HasSuffix(got, " is wrong") || !strings.Contains(got, "(hidden)") || strings.Contains(got, shown) {
					t.Errorf("%s, then %s: %s shows %s", first.name, second.name, got, secret)
				}
			}
		}
	}
}

func TestSecretsAreRedacted(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"The parameter `StartTime` is not valid?":              "The parameter `StartTime` is not valid?",
		"request 5a0c1e40-7b1a-4f8e-9d3e-3a2c6e1f0b7d":         "request 5a0c1e40-7b1a-4f8e-9d3e-3a2c6e1f0b7d",
		"key " + key + key + ".":                               "key (hidden)(hidden).",
		"see https://cloud.example/doc/1":                      "see https://cloud.example/doc/1",
		"at log.example/x.log.gz?sign=0a1b&t=1":                "at log.example/x.log.gz?sign=(hidden)&t=1",
		"get https://a.example/b?c=d or (http://e/f?g=h)":      "get https://a.example/b?(hidden) or (http://e/f?(hidden))",
		`get https:\/\/a.example\/b?c=d.`:                      `get https:\/\/a.example\/b?(hidden)`,
		"get https%3A%2F%2Fa.example%2Fb%3Fc%3Dd now":          "get https%3A%2F%2Fa.example%2Fb%3F(hidden) now",
		"Credential=A/b, SignedHeaders=a;b, Signature=0Af1":    "Credential=A/b, SignedHeaders=a;b, Signature=(hidden)",
		"\x1b[1m" + key + "\r\n":                               `\x1b[1m(hidden)`,
		"cut " + strings.Repeat("\n", 64<<10-14) + "x " + key:  "cut x …",
		"cut " + strings.Repeat("\n", 64<<10-14) + "xx" + key:  "cut …",
		strings.Repeat("word ", 1<<20):                         strings.Repeat("word ", 199) + "w …",
		"https://a/?" + strings.Repeat("%", 2<<20) + " " + key: "…",
	} {
		if got := printable.Redacted(in, printable.Message, key, token); got != want {
			t.Errorf("%.60q became %q, want %q", in, got, want)
		}
	}
}

// Whatever surrounds a secret, and however it is encoded, it is hidden.
func FuzzRedacted(f *testing.F) {
	f.Add("before ", key, " after", byte(0), byte(1), byte(2))
	f.Add("a%", token, "41", byte(11), byte(4), byte(0))
	f.Add("https://a/b?", "pass:word\\", "&#", byte(8), byte(12), byte(5))
	f.Fuzz(func(t *testing.T, before, secret, after string, first, second, third byte) {
		if len(secret) < 8 || len(secret) > 200 || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return
		}
		shown := secret
		for _, i := range []byte{first, second, third} {
			shown = encodings[int(i)%len(encodings)].encode(shown)
		}
		if len(shown) > 8<<10 || strings.Contains(before, shown) || strings.Contains(after, shown) {
			return
		}
		// A space keeps the surroundings from becoming a part of the encoding.
		got := printable.Redacted(before+" "+shown+" "+after, 64<<10, secret)
		if strings.Contains(got, shown) || !strings.Contains(got, "(hidden)") {
			t.Errorf("%q shows %q", got, secret)
		}
	})
}

// BenchmarkRedacted is a text that was made to take long, beside a request ID.
func BenchmarkRedacted(b *testing.B) {
	long := strings.Repeat(`%5C%25u005cu0026amp;QUJD`, 10_000)
	for range 2 {
		long = base64.StdEncoding.EncodeToString([]byte(long[:min(len(long), 36<<10)]))
	}
	for name, text := range map[string]string{"long": long, "request ID": "5a0c1e40-7b1a-4f8e-9d3e-3a2c6e1f0b7d"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				printable.Redacted(text, printable.Message, key, token)
			}
		})
	}
}
