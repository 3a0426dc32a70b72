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

// conceal returns a text of the service that can be shown: without credentials,
// signatures and the queries of URLs (that of a download is a credential itself),
// on one line and of limited length.
func conceal(message string, credentials Credentials) string {
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
