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
	value := b.env.value(given, names...)
	if value == "" {
		field := attribute[strings.LastIndex(attribute, ".")+1:]
		b.problem(attribute, summaryMissing, fmt.Sprintf("%s is not set. Set it, or set %s in the environment.", field, names[0]))
	}
	return value
}

// roleARN returns the role of a block. The service checks its form, because it
// accepts more forms than are documented.
func (b *builder) roleARN(block, given string, further ...string) string {
	return b.required(block+".role_arn", given, append([]string{envRoleARN}, further...)...)
}

func (b *builder) sessionName(block, given string, further ...string) string {
	name := b.env.value(given, append([]string{envSessionName}, further...)...)
	if name == "" {
		return DefaultSessionName
	}
	if !validSessionName(name) {
		b.problem(block+".session_name", summarySession, fmt.Sprintf("The session name %q %s.", shortened(name), sessionNameRule))
	}
	return name
}

const sessionNameRule = "must have 2 to 128 characters: letters, digits and _ + = , . @ -"

// validSessionName applies the pattern that STS documents.
func validSessionName(name string) bool {
	return regexp.MustCompile(`^[\w+=,.@-]{2,128}$`).MatchString(name)
}

func (b *builder) externalID(attribute, id string) string {
	if id != "" && !regexp.MustCompile(`^[\w+=,.@:/-]{2,128}$`).MatchString(id) {
		b.problem(attribute, summaryExternal, fmt.Sprintf("The external ID must have 2 to 128 characters: letters, digits and _ + = , . @ : / -. It has %d characters. "+
			"Use the external ID that the trust policy of the role requires.", len([]rune(id))))
	}
	return id
}

// policy returns a policy URL-encoded, as STS requires.
func (b *builder) policy(attribute, policy string) string {
	if policy == "" {
		return ""
	}
	if !json.Valid([]byte(policy)) {
		b.problem(attribute, summaryPolicy, "The policy must be a CAM policy in JSON, for example from jsonencode().")
	}
	// %20 is a space whether or not the service decodes + as one.
	return strings.ReplaceAll(url.QueryEscape(policy), "+", "%20")
}

func (b *builder) sessionDuration(block string, given *int64) int64 {
	return b.seconds(block+".session_duration", given, envSessionDuration, DefaultSessionDuration, MaxSessionDuration)
}

// seconds returns a duration: that of the attribute, the variable or the default,
// in this order. The value 0 means the default.
func (b *builder) seconds(attribute string, given *int64, name string, otherwise, most int64) int64 {
	value, from := int64(0), ""
	if given != nil {
		value = *given
		_ = b.env.value("set", name)
	} else if text := b.env.value("", name); text != "" {
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

// shortened limits what an error repeats.
func shortened(s string) string {
	if len(s) > 140 {
		return strings.ToValidUTF8(s[:140], "") + "…"
	}
	return s
}
