package printable

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	hidden = "(hidden)"

	// maxRedacted is how much of a text is read, in bytes.
	maxRedacted = 64 << 10

	// maxDepth is the number of encodings, one inside the other, that are undone.
	// It bounds the work: each of them can be undone in about seven ways.
	maxDepth = 3

	// minEncoded is the length from which a secret is searched for in base64 and
	// in hexadecimal. A shorter one would be found by chance.
	minEncoded = 4
)

// The query of a download URL, and a signature, are secrets whatever their value.
// The second group is what to hide.
var (
	queries    = regexp.MustCompile(`(?i)(https?://[^\s?"'<>]*\?)([^\s"'<>]*[^\s"'<>()])`)
	signatures = regexp.MustCompile(`(?i)(\bsign(?:ature)?=)([^&\s"'<>,]+)`)
)

// Redacted returns Text of s without the secrets, the queries of URLs, and
// signatures. A server can repeat a secret in an encoding of its own choice, so the
// text is decoded before it is compared: percent-encoding, escapes of JSON and
// HTML, base64 and hexadecimal, up to three of them one inside the other. Empty
// secrets are ignored.
func Redacted(s string, most int, secrets ...string) string {
	isCut := len(s) > maxRedacted
	s = s[:min(len(s), maxRedacted)]
	var r redactor
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		r.secrets = append(r.secrets, []byte(secret))
		if n := len(secret); n >= minEncoded && (r.shortest == 0 || n < r.shortest) {
			r.shortest = n
		}
	}
	found := r.find(newView([]byte(s)), maxDepth)
	s = hide(s, found)
	if isCut {
		// The last word can be the beginning of a secret.
		s = s[:max(0, strings.LastIndexAny(s, " \t\r\n"))] + ellipsis
	}
	return Text(s, most)
}

// span is a part of a text, in bytes.
type span struct{ from, to int }

// hide replaces spans. Those that overlap count as one.
func hide(s string, spans []span) string {
	if len(spans) == 0 {
		return s
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var b strings.Builder
	end := 0
	for i, p := range spans {
		if i > 0 && p.from < end {
			end = max(end, p.to)
			continue
		}
		if i > 0 {
			b.WriteString(hidden)
		}
		b.WriteString(s[end:p.from])
		end = p.to
	}
	return b.String() + hidden + s[end:]
}

// redactor finds secrets.
type redactor struct {
	secrets  [][]byte
	shortest int // length of the shortest secret to search for in base64; 0 for none
}

// find returns the parts of the original of a view that show a secret. depth is how
// many encodings are undone.
func (r *redactor) find(v view, depth int) []span {
	found := r.findPlain(v.text)
	if depth > 0 {
		found = append(found, r.findRuns(v.text, depth-1)...)
	}
	for i, p := range found {
		found[i] = span{v.from[p.from], v.from[p.to]}
	}
	if depth > 0 {
		for _, escape := range escapes {
			if next, changed := v.unescape(escape); changed {
				found = append(found, r.find(next, depth-1)...)
			}
		}
	}
	return found
}

// findPlain returns the parts of a text that are a secret as it is.
func (r *redactor) findPlain(text []byte) []span {
	var found []span
	for _, secret := range r.secrets {
		for at := 0; ; at++ {
			i := bytes.Index(text[at:], secret)
			if i < 0 {
				break
			}
			at += i
			found = append(found, span{at, at + len(secret)})
		}
	}
	for _, pattern := range []*regexp.Regexp{queries, signatures} {
		for _, m := range pattern.FindAllSubmatchIndex(text, -1) {
			found = append(found, span{m[4], m[5]})
		}
	}
	return found
}

// findRuns returns the runs of letters and digits that hold a secret in base64 or
// in hexadecimal.
func (r *redactor) findRuns(text []byte, depth int) []span {
	if r.shortest == 0 {
		return nil
	}
	var found []span
	for at := 0; at < len(text); {
		end := at
		for end < len(text) && isBase64(text[end]) {
			end++
		}
		if (end-at)*3/4 >= r.shortest && r.runShows(text[at:end], depth) {
			found = append(found, span{at, end})
		}
		at = end + 1
	}
	return found
}

// runShows decodes a run from each position at which an encoding can begin.
func (r *redactor) runShows(run []byte, depth int) bool {
	shows := func(text []byte) bool {
		return len(text) >= r.shortest && len(r.find(newView(text), depth)) > 0
	}
	// Long base64 is broken into lines, and there are two alphabets.
	run = bytes.Map(func(c rune) rune {
		switch c {
		case '\r', '\n':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return c
	}, run)
	decoded := make([]byte, len(run))
	for skip := range min(4, len(run)) {
		part := run[skip:]
		if len(part)%4 == 1 {
			part = part[:len(part)-1]
		}
		if n, _ := base64.RawStdEncoding.Decode(decoded, part); shows(decoded[:n]) {
			return true
		}
	}
	for at := 0; at < len(run); {
		end := at
		for end < len(run) && isHex(run[end]) {
			end++
		}
		for skip := range min(2, end-at) {
			part := run[at+skip : end]
			if n, _ := hex.Decode(decoded, part[:len(part)/2*2]); shows(decoded[:n]) {
				return true
			}
		}
		at = end + 1
	}
	return false
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("+/-_\r\n", c) >= 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// view is a decoded text that knows where each byte comes from.
type view struct {
	text []byte
	from []int // position in the original of each byte, and of the end
}

func newView(text []byte) view {
	from := make([]int, len(text)+1)
	for i := range from {
		from[i] = i
	}
	return view{text, from}
}

// unescape undoes one kind of escape, and reports whether there was any.
func (v view) unescape(escape escape) (view, bool) {
	if bytes.IndexByte(v.text, escape.first) < 0 {
		return v, false
	}
	out := view{make([]byte, 0, len(v.text)), make([]int, 0, len(v.from))}
	changed := false
	for i := 0; i < len(v.text); {
		decoded, length := v.text[i:i+1], 1
		if v.text[i] == escape.first {
			if d, n := escape.decode(v.text[i:]); n > 0 {
				decoded, length, changed = d, n, true
			}
		}
		for range decoded {
			out.from = append(out.from, v.from[i])
		}
		out.text = append(out.text, decoded...)
		i += length
	}
	out.from = append(out.from, v.from[len(v.text)])
	return out, changed
}

// escape is a kind of escape sequence. decode decodes the one that a text begins
// with, and returns a length of 0 if there is none.
type escape struct {
	first  byte
	decode func(text []byte) (decoded []byte, length int)
}

var escapes = []escape{{'%', decodePercent}, {'\\', decodeBackslash}, {'&', decodeEntity}}

func decodePercent(text []byte) (decoded []byte, length int) { return decodeNumber(text, 1, 2, 16) }

func decodeBackslash(text []byte) (decoded []byte, length int) {
	const letters, meaning = `\/"'nrt`, "\\/\"'\n\r\t"
	switch {
	case len(text) < 2:
		return nil, 0
	case text[1] == 'x':
		return decodeNumber(text, 2, 2, 16)
	case text[1] == 'u':
		return decodeNumber(text, 2, 4, 16)
	}
	if i := strings.IndexByte(letters, text[1]); i >= 0 {
		return []byte(meaning[i : i+1]), 2
	}
	return nil, 0
}

var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

func decodeEntity(text []byte) (decoded []byte, length int) {
	end := bytes.IndexByte(text[:min(len(text), 10)], ';')
	if end < 2 {
		return nil, 0
	}
	name := strings.ToLower(string(text[1:end]))
	if c, ok := entities[name]; ok {
		return []byte(c), end + 1
	}
	if digits, ok := strings.CutPrefix(name, "#x"); ok {
		decoded, length = decodeNumber(text, 3, len(digits), 16)
	} else if digits, ok := strings.CutPrefix(name, "#"); ok {
		decoded, length = decodeNumber(text, 2, len(digits), 10)
	}
	if length > 0 {
		length++ // the semicolon
	}
	return decoded, length
}

// decodeNumber decodes an escape sequence of a prefix and digits. A number of one
// byte is that byte, and a larger one a character.
func decodeNumber(text []byte, prefix, digits, base int) (decoded []byte, length int) {
	if len(text) < prefix+digits {
		return nil, 0
	}
	n, err := strconv.ParseUint(string(text[prefix:prefix+digits]), base, 32)
	switch {
	case err != nil || n > utf8.MaxRune:
		return nil, 0
	case digits <= 2:
		return []byte{byte(n)}, prefix + digits
	}
	return utf8.AppendRune(nil, rune(n)), prefix + digits
}
