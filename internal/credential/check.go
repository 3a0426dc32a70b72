package credential

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const (
	summaryMissing  = "Missing value"
	summarySession  = "Invalid session name"
	summaryDuration = "Invalid session duration"
	summaryPolicy   = "Invalid role policy"
	summaryExternal = "Invalid external ID"
)

// required returns a value that must not be empty.
func (b *builder) required(attribute, given string, names ...string) string {
	value := b.env.first(given, names...)
	if value == "" {
		field := attribute[strings.LastIndex(attribute, ".")+1:]
		b.problem(attribute, summaryMissing, fmt.Sprintf("%s is not set: set it, or %s in the environment.", field, names[0]))
	}
	return value
}

// roleARN returns the role of a block. Its form is left to the service, which
// knows more of them than the documentation.
func (b *builder) roleARN(block, given string, further ...string) string {
	return b.required(block+".role_arn", given, append([]string{envRoleARN}, further...)...)
}

func (b *builder) sessionName(block, given string, further ...string) string {
	attribute := block + ".session_name"
	name := b.required(attribute, given, append([]string{envSessionName}, further...)...)
	if name != "" && !validSessionName(name) {
		b.problem(attribute, summarySession,
			fmt.Sprintf("The session name %q must have 2 to 128 characters, of letters, digits and _ + = , . @ -.", shortened(name)))
	}
	return name
}

// validSessionName holds to the pattern that STS documents.
func validSessionName(name string) bool {
	return regexp.MustCompile(`^[\w+=,.@-]{2,128}$`).MatchString(name)
}

func (b *builder) externalID(attribute, id string) string {
	if id != "" && !regexp.MustCompile(`^[\w+=,.@:/-]{2,128}$`).MatchString(id) {
		b.problem(attribute, summaryExternal, "The external ID must have 2 to 128 characters, of letters, digits and _ + = , . @ : / -.")
	}
	return id
}

// policy returns a policy as STS wants it: encoded as in a URL.
func (b *builder) policy(attribute, policy string) string {
	if policy == "" {
		return ""
	}
	if !json.Valid([]byte(policy)) {
		b.problem(attribute, summaryPolicy, "The policy must be a CAM policy in JSON, for example by jsonencode().")
	}
	// A space is %20 whether or not the other side takes + for one.
	return strings.ReplaceAll(url.QueryEscape(policy), "+", "%20")
}

// seconds returns a duration: given, else of the environment, else the default,
// for which 0 stands too.
func (b *builder) seconds(attribute string, given *int64, name string, otherwise, most int64) int64 {
	value, from := int64(0), ""
	if given != nil {
		value = *given
	} else if text := b.env.first("", name); text != "" {
		from = " of " + name
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			b.problem(attribute, summaryDuration, fmt.Sprintf("The value %q%s is not a whole number of seconds.", shortened(text), from))
			return otherwise
		}
		value = n
	}
	if value < 0 || value > most {
		b.problem(attribute, summaryDuration, fmt.Sprintf("The value %d%s must be between 0 and %d seconds; 0 means the default, %d.", value, from, most, otherwise))
	}
	if value == 0 {
		return otherwise
	}
	return value
}

// shortened bounds what an error repeats.
func shortened(s string) string {
	if len(s) > 140 {
		return strings.ToValidUTF8(s[:140], "") + "…"
	}
	return s
}
