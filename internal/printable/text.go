// Package printable makes text that others wrote fit for a terminal and for a log:
// messages and codes of a service, headers, names in a list, error texts that
// repeat what a server sent. It imports nothing of this module, so that every
// package can use it.
package printable

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths for Text and Redacted, in bytes.
const (
	// Message is for a sentence that the service wrote.
	Message = 1000
	// Name is for a name, such as that of a host, a code or a request ID. A DNS
	// name has at most 253 bytes.
	Name = 256
)

const ellipsis = " …"

// Text returns s on one line, with at most most bytes. White space of every kind
// becomes a single space. What a terminal would not print, or would act on
// (control characters, bidirectional overrides, invisible characters, invalid
// UTF-8), becomes an escape sequence of Go, such as \x1b. Text does not change its
// own result.
func Text(s string, most int) string {
	if isPlain(s, most) {
		return s
	}
	var b strings.Builder
	cut := 0 // length of the result up to which an ellipsis fits behind it
	space := false
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		part := s[i : i+size]
		i += size
		switch {
		case r == utf8.RuneError && size == 1:
			part = `\x` + strconv.FormatUint(uint64(part[0]), 16)
		case unicode.IsSpace(r):
			space = true
			continue
		case !unicode.IsPrint(r) || isBlank(r):
			part = strings.Trim(strconv.QuoteRuneToASCII(r), "'")
		}
		if space && b.Len() > 0 {
			part = " " + part
		}
		space = false
		if b.Len()+len(part) > most {
			return b.String()[:cut] + ellipsis
		}
		b.WriteString(part)
		if b.Len()+len(ellipsis) <= most {
			cut = b.Len()
		}
	}
	return b.String()
}

// Capitalized returns a text that begins with an ASCII letter as a sentence does.
func Capitalized(text string) string {
	return strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):]
}

// isPlain reports whether s is printable ASCII of which Text changes nothing.
func isPlain(s string, most int) bool {
	if len(s) > most || strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && s[i-1] == ' ' {
			return false
		}
	}
	return true
}

// isBlank reports letters and symbols that have no ink.
func isBlank(r rune) bool {
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0:
		return true
	}
	return false
}

// Error returns an error with the causes of err and a text that is Redacted, of at
// most Message bytes. It is for errors that repeat what a server sent, as those of
// net/http, crypto/x509 and encoding/json do.
func Error(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	return printableError{err, Redacted(err.Error(), Message, secrets...)}
}

type printableError struct {
	err  error
	text string
}

func (e printableError) Error() string { return e.text }
func (e printableError) Unwrap() error { return e.err }
