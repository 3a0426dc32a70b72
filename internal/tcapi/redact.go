package tcapi

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

const (
	// maxMessage is the maximum length of the service's own text in an error, in
	// bytes.
	maxMessage = 1000

	hidden = "(hidden)"
)

var (
	queries    = regexp.MustCompile(`(?i)(https?://[^\s?"'<>]*\?)[^\s"'<>]*[^\s"'<>()]`)
	signatures = regexp.MustCompile(`(?i)(\bsign(?:ature)?=)[^&\s"'<>,]+`)
)

// redact returns a message of the service in a form that can be shown: without
// credentials, signatures and the queries of URLs (the query of a download URL is a
// credential), on one line and of limited length.
func redact(message string, credentials Credentials) string {
	for _, secret := range []string{credentials.SecretKey, credentials.Token, credentials.SecretID} {
		if secret != "" {
			message = strings.ReplaceAll(message, secret, hidden)
			message = strings.ReplaceAll(message, url.QueryEscape(secret), hidden)
		}
	}
	message = queries.ReplaceAllString(message, "${1}"+hidden)
	message = signatures.ReplaceAllString(message, "${1}"+hidden)
	message = strings.Join(strings.FieldsFunc(message, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + " …"
	}
	return message
}
