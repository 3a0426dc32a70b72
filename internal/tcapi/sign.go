package tcapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// contentType is that of every request.
const contentType = "application/json"

// unsigned takes the place of a signature in requests without credentials.
const unsigned = "SKIP"

// signature returns the Authorization header of a POST request with a payload of the
// media type, by TC3-HMAC-SHA256. It signs the headers that the official SDKs sign:
// neither action nor token is covered, so plain HTTP is for loopback addresses only.
func signature(credentials Credentials, service, host, mediaType string, payload []byte, at time.Time) string {
	const algorithm, signed = "TC3-HMAC-SHA256", "content-type;host"
	request := fmt.Sprintf("POST\n/\n\ncontent-type:%s\nhost:%s\n\n%s\n%s", mediaType, host, signed, hexOfSHA256(payload))
	date := at.UTC().Format(time.DateOnly)
	scope := date + "/" + service + "/tc3_request"
	text := fmt.Sprintf("%s\n%d\n%s\n%s", algorithm, at.Unix(), scope, hexOfSHA256([]byte(request)))
	key := []byte("TC3" + credentials.SecretKey)
	for _, part := range []string{date, service, "tc3_request", text} {
		key = hmacOfSHA256(key, part)
	}
	return fmt.Sprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%x", algorithm, credentials.SecretID, scope, signed, key)
}

func hmacOfSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hexOfSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
