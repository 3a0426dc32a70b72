package credential

import (
	"fmt"
	"strings"
)

const (
	summaryInvalid = "Invalid credentials"
	summarySwapped = "Secret ID and secret key swapped"
)

// checkedValue returns the value of an attribute, or of the first variable that is
// set, and checks it for mistakes of copying, such as quotes and white space. from
// is the variable that the value comes from, or empty for the attribute.
func (b *builder) checkedValue(attribute, given string, names ...string) (value, from string) {
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
			"The value of "+origin+" has leading or trailing white space, such as a newline, which was ignored. Remove it, for example with trimspace().")
	}
	if reason := invalidReason(value); reason != "" {
		b.problem(attribute, summaryInvalid, fmt.Sprintf("The value of %s %s.", origin, reason))
	}
	return value, from
}

// invalidReason says why a value is not a secret ID, a secret key or a token, which
// consist of visible ASCII characters. It is empty for a valid value.
func invalidReason(value string) string {
	const quotes = "\"'`“”‘’"
	if strings.Trim(value, quotes) != value {
		return "is enclosed in quotes: remove them"
	}
	for _, r := range value {
		switch {
		case strings.ContainsRune(" \t\r\n", r):
			return "contains white space: it may be more than one value"
		case invisible(r):
			return fmt.Sprintf("contains the character %U, which is not valid in credentials: copy the value again", r)
		}
	}
	return ""
}

// swapped reports a secret ID and a secret key in each other's place. Secret IDs
// begin with AKID, also those of temporary credentials.
func (b *builder) swapped(attribute, source, id, key string) {
	const prefix = "AKID"
	if strings.HasPrefix(key, prefix) && !strings.HasPrefix(id, prefix) {
		b.problem(attribute, summarySwapped, "The secret key from "+source+" begins with "+prefix+", as secret IDs do, and the secret ID does not. Swap the two values.")
	}
}
