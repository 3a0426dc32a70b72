package printable_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

func TestTextIsPrintableAndShort(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                "",
		"plain text, 100 % of it":         "plain text, 100 % of it",
		"请求失败 é ✓":                        "请求失败 é ✓",
		"one\ntwo\r\n\t three\u2028four":  "one two three four",
		"  around \n":                     "around",
		"no\u00a0break":                   "no break",
		"\x1b[31mred\x1b[0m\a\b\x00\x7f":  `\x1b[31mred\x1b[0m\a\b\x00\x7f`,
		"\x1b]0;title\a":                  `\x1b]0;title\a`,
		"C1 \u009b31m and \x9b31m":        `C1 \u009b31m and \x9b31m`,
		"evil\u202egpj.exe":               `evil\u202egpj.exe`,
		"\u2066isolated\u2069":            `\u2066isolated\u2069`,
		"zero\u200bwidth\ufeff":           `zero\u200bwidth\ufeff`,
		"tag \U000e0041":                  `tag \U000e0041`,
		"filler \u3164":                   `filler \u3164`,
		"\xff\xfe":                        `\xff\xfe`,
		`written \x1b`:                    `written \x1b`,
		strings.Repeat("x", 300):          strings.Repeat("x", 252) + " …",
		strings.Repeat(" ", 2<<20) + "x":  "x",
		strings.Repeat("\x1b", 2<<20):     strings.Repeat(`\x1b`, 63) + " …",
		strings.Repeat("x", 256):          strings.Repeat("x", 256),
		strings.Repeat("x", 255) + " \n":  strings.Repeat("x", 255),
		strings.Repeat("é", 128) + "\x1b": strings.Repeat("é", 126) + " …",
	} {
		if got := printable.Text(in, printable.Name); got != want {
			t.Errorf("%.60q became %q, want %q", in, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a  b", "\x1b[0m\n", "\u202e", "\xc3", strings.Repeat("é", 40), "a" + strings.Repeat(" ", 99)} {
		f.Add(s, 64)
	}
	f.Fuzz(func(t *testing.T, s string, most int) {
		if most < 16 || most > 4096 {
			return
		}
		got := printable.Text(s, most)
		if len(got) > most || !utf8.ValidString(got) || strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Errorf("%q became %q", s, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q is not printable", got)
		}
		if again := printable.Text(got, most); again != got {
			t.Errorf("%q became %q the second time", got, again)
		}
	})
}

func TestErrorKeepsItsCauses(t *testing.T) {
	t.Parallel()
	cause := errors.Join(errors.New("bad header \x1b[2J"), io.ErrUnexpectedEOF)
	err := printable.Error(cause)
	if want := `bad header \x1b[2J unexpected EOF`; err.Error() != want {
		t.Errorf("the text is %q, want %q", err, want)
	}
	if got := printable.Error(errors.New("no /hunter2 in c2VjcmV0"), "hunter2", "secret").Error(); got != "no /(hidden) in (hidden)" {
		t.Errorf("the text is %q", got)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) || printable.Error(nil) != nil {
		t.Error("a cause is lost, or was made up")
	}
}

func TestASentenceBeginsWithACapital(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "a": "A", "the key": "The key", "The key": "The key", "1 key": "1 key"} {
		if got := printable.Capitalized(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
