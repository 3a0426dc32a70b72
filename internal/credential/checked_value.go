package credential

import (
	"fmt"
	"strings"
)

const (
	summaryPasted    = "Invalid credentials"
	summaryExchanged = "Secret ID and secret key exchanged"
)

// pasted returns the value of an attribute, or of the first variable that is set,
// and checks it for what happens when credentials are copied by hand. It returns
// the variable that the value comes from, empty for the attribute.
func (b *builder) pasted(attribute, given string, names ...string) (value, from string) {
	value, from = b.env.valueFrom(given, names...)
	raw, origin := given, attribute
	if from != "" {
		raw, origin = b.env.getenv(from), from
	}
	if value == "" {
		return "", ""
	}
	if raw != value {
		b.warn(attribute, "White space around credentials",
			"The value of "+origin+" has white space around it, such as a newline at its end, which was ignored. Remove it, for example with trimspace().")
	}
	if flaw := flawOf(value); flaw != "" {
		b.problem(attribute, summaryPasted, fmt.Sprintf("The value of %s %s.", origin, flaw))
	}
	return value, from
}

// flawOf says what is wrong with a secret ID, a secret key or a token, which
// consist of visible ASCII characters; empty if nothing is.
func flawOf(value string) string {
	const quotes = "\"'`“”‘’"
	if strings.Trim(value, quotes) != value {
		return "is in quotes, which became part of the value: remove them"
	}
	for _, r := range value {
		switch {
		case r == ' ' || r == '\n' || r == '\r' || r == '\t':
			return "contains white space: it may hold more than one value"
		case r <= ' ' || r > '~':
			return fmt.Sprintf("contains the character %U, which no credentials contain: copy it again", r)
		}
	}
	return ""
}

// exchanged reports a secret key in the place of the secret ID. Secret IDs begin
// with AKID, those of temporary credentials too.
func (b *builder) exchanged(attribute, source, id, key string) {
	const prefix = "AKID"
	if strings.HasPrefix(key, prefix) && !strings.HasPrefix(id, prefix) {
		b.problem(attribute, summaryExchanged, "The secret key from "+source+" begins with "+prefix+", as secret IDs do, and the secret ID does not: exchange the two values.")
	}
}
