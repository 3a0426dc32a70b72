package teosim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	signatureAlgorithm = "TC3-HMAC-SHA256"
	// signatureValidity is the maximum difference between the timestamp of a
	// request and the clock of the service.
	signatureValidity = 300 * time.Second
)

// authorization is a parsed Authorization header:
//
//	TC3-HMAC-SHA256 Credential=<id>/<date>/<service>/tc3_request, SignedHeaders=<a;b>, Signature=<64 hex digits>
type authorization struct {
	secretID, date, service string
	signedHeaders           []string
	signature               string
}

// parseAuthorization parses the header strictly by the published algorithm:
// the three parts in order; signed headers in lower case, sorted, without
// duplicates, with content-type and host among them.
func parseAuthorization(header string) (authorization, bool) {
	var a authorization
	rest, ok := strings.CutPrefix(header, signatureAlgorithm+" ")
	if !ok {
		return a, false
	}
	parts := strings.Split(rest, ",")
	if len(parts) != 3 {
		return a, false
	}
	credential, ok1 := strings.CutPrefix(strings.TrimSpace(parts[0]), "Credential=")
	headers, ok2 := strings.CutPrefix(strings.TrimSpace(parts[1]), "SignedHeaders=")
	signature, ok3 := strings.CutPrefix(strings.TrimSpace(parts[2]), "Signature=")
	if !ok1 || !ok2 || !ok3 {
		return a, false
	}
	scope := strings.Split(credential, "/")
	if len(scope) != 4 || scope[0] == "" || scope[2] == "" || scope[3] != "tc3_request" {
		return a, false
	}
	if _, err := time.Parse(time.DateOnly, scope[1]); err != nil {
		return a, false
	}
	names := strings.Split(headers, ";")
	for i, name := range names {
		if name == "" || name != strings.ToLower(name) || (i > 0 && names[i-1] >= name) {
			return a, false
		}
	}
	if !slices.Contains(names, "content-type") || !slices.Contains(names, "host") {
		return a, false
	}
	if sum, err := hex.DecodeString(signature); err != nil || len(sum) != sha256.Size {
		return a, false
	}
	return authorization{scope[0], scope[1], scope[2], names, signature}, true
}

// canonicalRequest returns the request as it is signed. Method, path and query are
// fixed, because the API has only POST on /.
func canonicalRequest(host string, header http.Header, signed []string, body []byte) string {
	var b strings.Builder
	b.WriteString("POST\n/\n\n")
	for _, name := range signed {
		value := host
		if name != "host" {
			value = header.Get(name)
		}
		b.WriteString(name + ":" + strings.ToLower(strings.TrimSpace(value)) + "\n")
	}
	b.WriteString("\n" + strings.Join(signed, ";") + "\n" + hexSHA256(body))
	return b.String()
}

// sign returns the signature of a canonical request in lower-case hex.
func sign(secretKey, service string, timestamp int64, canonical string) string {
	date := time.Unix(timestamp, 0).UTC().Format(time.DateOnly)
	toSign := strings.Join([]string{
		signatureAlgorithm,
		strconv.FormatInt(timestamp, 10),
		date + "/" + service + "/tc3_request",
		hexSHA256([]byte(canonical)),
	}, "\n")
	key := hmacSHA256([]byte("TC3"+secretKey), date)
	key = hmacSHA256(key, service)
	key = hmacSHA256(key, "tc3_request")
	return hex.EncodeToString(hmacSHA256(key, toSign))
}

// authenticate verifies the signature of a request. Checks that need no secret come
// first.
func authenticate(keys *keyring, now time.Time, r *http.Request, a authorization, body []byte) *apiError {
	timestamp, err := strconv.ParseInt(r.Header.Get("X-TC-Timestamp"), 10, 64)
	if err != nil {
		return codeError("AuthFailure.InvalidAuthorization")
	}
	if off := now.Unix() - timestamp; off > int64(signatureValidity/time.Second) || -off > int64(signatureValidity/time.Second) {
		return codeError("AuthFailure.SignatureExpire")
	}
	if a.date != time.Unix(timestamp, 0).UTC().Format(time.DateOnly) {
		return codeError("AuthFailure.SignatureFailure")
	}
	key, ok := keys.find(a.secretID)
	if !ok {
		return codeError("AuthFailure.SecretIdNotFound")
	}
	want := sign(key.secretKey, a.service, timestamp, canonicalRequest(r.Host, r.Header, a.signedHeaders, body))
	if !hmac.Equal([]byte(want), []byte(strings.ToLower(a.signature))) {
		return codeError("AuthFailure.SignatureFailure")
	}
	if !hmac.Equal([]byte(r.Header.Get("X-TC-Token")), []byte(key.token)) || key.expired(now) {
		return codeError("AuthFailure.TokenFailure")
	}
	return nil
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
