package teo_test

import (
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

func TestSpellingsOfANameHaveOneForm(t *testing.T) {
	t.Parallel()
	for want, spellings := range map[string][]string{
		"www.example.com":           {"www.example.com", "WWW.Example.COM", "www.example.com.", " www.example.com ", "www。example．com", "ｗｗｗ.example.com"},
		"www.xn--bcher-kva.example": {"www.bücher.example", "WWW.BÜCHER.EXAMPLE.", "www.bu\u0308cher.example", "www.xn--bcher-kva.example", "www.XN--BCHER-KVA.example"},
		"xn--fsqu00a.xn--0zwm56d":   {"例子.测试", "例子。测试", "例子.测试."},
		"xn--strae-oqa.example":     {"straße.example", "STRAßE.example"},
		"*.example.com":             {"*.example.com", "*.EXAMPLE.com."},
		"*.xn--bcher-kva.example":   {"*.bücher.example"},
		"_acme.example.com":         {"_acme.example.com", "_ACME.example.com"},
		"a--b.example.com":          {"a--b.example.com", "A--B.example.com"},
		"-a.example.com":            {"-A.example.com"},
		"https://www.example.com/a": {"https://www.Example.com/a"},
		"xn--a.example.com":         {"XN--a.example.com"}, // no valid A-label
		strings.Repeat("a", 70):     {strings.Repeat("A", 70) + ".."},
		"":                          {"", ".", " "},
	} {
		for _, name := range spellings {
			if got := teo.DNSName(name); got != want {
				t.Errorf("%q became %q, want %q", name, got, want)
			}
		}
	}
}

// The normal form of a name is one.
func FuzzDNSName(f *testing.F) {
	for _, name := range []string{"WWW.Example.com.", "例子.测试", "ß.İ.K", "xn--a", "*.ü", "a..b", "\xff", "。"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if once := teo.DNSName(name); teo.DNSName(once) != once {
			t.Errorf("%q became %q, and then %q", name, once, teo.DNSName(once))
		}
	})
}
