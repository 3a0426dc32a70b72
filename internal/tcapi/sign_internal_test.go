package tcapi

import (
	"testing"
	"time"
)

// The example that the documentation of API 3.0 publishes for TC3-HMAC-SHA256.
func TestThePublishedExampleHasItsSignature(t *testing.T) {
	t.Parallel()
	const (
		payload = `{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`
		digest  = "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
		want    = "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, " +
			"SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
	)
	if got := hexOfSHA256([]byte(payload)); got != digest {
		t.Errorf("the payload has the hash %s, want %s", got, digest)
	}
	credentials := Credentials{SecretID: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", SecretKey: "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"}
	// 23:44:25 UTC is already the next day in China; the date of the scope is UTC.
	at := time.Unix(1551113065, 0).In(time.FixedZone("", 8*60*60))
	if got := signature(credentials, "cvm", "cvm.tencentcloudapi.com", "application/json; charset=utf-8", []byte(payload), at); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
