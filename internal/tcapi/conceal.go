package tcapi

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

const (
	// maxMessage bounds the service's own text in an error, in bytes.
	maxMessage = 1000

	hidden = "(hidden)"
)

var (
	queries    = regexp.MustCompile(`(?i)(https?://[^\s?"'<>]*\?)[^\s"'<>]*[^\s"'<>()]`)
	signatures = regexp.MustCompile(`(?i)(\bsign(?:ature)?=)[^&\s"'<>,]+`)
)

// conceal makes a text of the service fit to be shown: without the keys, the
// signature and the queries of URLs (that of a download is a key itself), on one
// line and bounded.
func conceal(message string, keys Keys) string {
	for _, secret := range []string{keys.SecretKey, keys.Token, keys.SecretID} {
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
