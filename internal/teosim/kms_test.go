package teosim

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const (
	otherKMSKey    = "00000000-5d2b-11ef-8c1e-525400a1b2c3"
	disabledKMSKey = "11111111-5d2b-11ef-8c1e-525400a1b2c3"
	rsaKMSKey      = "22222222-5d2b-11ef-8c1e-525400a1b2c3"
)

// kmsCaller calls KMS in a region.
func kmsCaller(t *testing.T, sim *Sim, region string) *caller {
	t.Helper()
	c := newCaller(t, sim)
	c.service = "kms"
	c.edit = func(r *http.Request) {
		if region != "" {
			r.Header.Set("X-TC-Region", region)
		}
	}
	return c
}

func startKMS(t *testing.T) *Sim {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, Options{KMS: []KMSKey{
		{Region: DefaultKMSRegion, ID: DefaultKMSKeyID},
		{Region: DefaultKMSRegion, ID: disabledKMSKey, Disabled: true},
		{Region: DefaultKMSRegion, ID: rsaKMSKey, Private: private},
	}})
}

func TestSignaturesOfKMSAreValid(t *testing.T) {
	t.Parallel()
	sim := startKMS(t)
	c := kmsCaller(t, sim, DefaultKMSRegion)
	public, _ := sim.KMSPublicKey(DefaultKMSRegion, DefaultKMSKeyID).(*ecdsa.PublicKey)
	message := []byte("a message")
	digest := sha256.Sum256(message)
	for kind, sent := range map[string][]byte{"RAW": message, "DIGEST": digest[:]} {
		r := c.call(versionKMS, "SignByAsymmetricKey", `{"Algorithm":"ECC_P256_R1","KeyId":"`+DefaultKMSKeyID+
			`","MessageType":"`+kind+`","Message":"`+base64.StdEncoding.EncodeToString(sent)+`"}`)
		var signature []byte
		if err := json.Unmarshal(r.raw["Signature"], &signature); err != nil || !ecdsa.VerifyASN1(public, digest[:], signature) {
			t.Errorf("%s: %s, %v: the signature does not verify", kind, r.code(), err)
		}
	}
}

func TestKMSIsStrict(t *testing.T) {
	t.Parallel()
	digest := base64.StdEncoding.EncodeToString(make([]byte, 32))
	long := base64.StdEncoding.EncodeToString(make([]byte, 4097))
	key := `"KeyId":"` + DefaultKMSKeyID + `"`
	whole := `"Algorithm":"ECC_P256_R1","MessageType":"DIGEST","Message":"` + digest + `",` + key
	tests := []struct{ region, action, fields, code string }{
		{DefaultKMSRegion, "GetPublicKey", key, ""},
		{DefaultKMSRegion, "GetPublicKey", ``, "MissingParameter"},
		{DefaultKMSRegion, "GetPublicKey", `"KeyID":"x"`, "UnknownParameter"},
		{DefaultKMSRegion, "GetPublicKey", `"KeyId":"x"`, "InvalidParameterValue.InvalidKeyId"},
		{DefaultKMSRegion, "GetPublicKey", `"KeyId":"` + otherKMSKey + `"`, "ResourceUnavailable.CmkNotFound"},
		{DefaultKMSRegion, "GetPublicKey", `"KeyId":"` + disabledKMSKey + `"`, "ResourceUnavailable.CmkDisabled"},
		{"", "GetPublicKey", key, "MissingParameter"},
		{"ap-nowhere", "GetPublicKey", key, "UnsupportedRegion"},
		{"ap-beijing", "GetPublicKey", key, "ResourceUnavailable.CmkNotFound"},
		{DefaultKMSRegion, "SignByAsymmetricKey", whole, ""},
		{"", "SignByAsymmetricKey", whole, "MissingParameter"},
		{DefaultKMSRegion, "SignByAsymmetricKey", key, "MissingParameter"},
		{DefaultKMSRegion, "SignByAsymmetricKey", whole + `,"Region":"x"`, "UnknownParameter"},
		{DefaultKMSRegion, "SignByAsymmetricKey", strings.Replace(whole, "ECC_P256_R1", "ECDSA", 1), "InvalidParameterValue"},
		{DefaultKMSRegion, "SignByAsymmetricKey", strings.Replace(whole, "ECC_P256_R1", "SM2DSA", 1), "InvalidParameterValue.InvalidKeyUsage"},
		{DefaultKMSRegion, "SignByAsymmetricKey", strings.Replace(whole, DefaultKMSKeyID, rsaKMSKey, 1), "InvalidParameterValue.InvalidKeyUsage"},
		{DefaultKMSRegion, "SignByAsymmetricKey", strings.Replace(whole, "DIGEST", "HASH", 1), "InvalidParameterValue"},
		{DefaultKMSRegion, "SignByAsymmetricKey", strings.Replace(whole, "DIGEST", "RAW", 1), ""},
		{DefaultKMSRegion, "SignByAsymmetricKey", strings.Replace(whole, digest, "AAAA", 1), "InvalidParameterValue"},
		{DefaultKMSRegion, "SignByAsymmetricKey", strings.Replace(whole, digest, "?", 1), "InvalidParameterValue"},
		{DefaultKMSRegion, "SignByAsymmetricKey", `"Algorithm":"ECC_P256_R1","Message":"` + long + `",` + key, "InvalidParameterValue"},
		{DefaultKMSRegion, "CreateKey", key, "InvalidAction"},
	}
	sim := startKMS(t)
	for _, test := range tests {
		if code := kmsCaller(t, sim, test.region).call(versionKMS, test.action, `{`+test.fields+`}`).code(); code != test.code {
			t.Errorf("%s in %q with {%.80s}: %q, want %q", test.action, test.region, test.fields, code, test.code)
		}
	}
}

func TestKMSRequestsAreSignedForKMS(t *testing.T) {
	t.Parallel()
	sim := startKMS(t)
	body := `{"KeyId":"` + DefaultKMSKeyID + `"}`
	c := kmsCaller(t, sim, DefaultKMSRegion)
	c.service = "teo"
	if code := c.call(versionKMS, "GetPublicKey", body).code(); code != "AuthFailure.SignatureFailure" {
		t.Errorf("signed for EdgeOne: %q", code)
	}
	c.service, c.secret = "kms", "wrong"
	if code := c.call(versionKMS, "GetPublicKey", body).code(); code != "AuthFailure.SignatureFailure" {
		t.Errorf("signed with another secret: %q", code)
	}
	c.secret = sim.SecretKey()
	sim.Inject(Fault{Name: CamUnauthorized, Action: "GetPublicKey", Times: 1})
	if code := c.call(versionKMS, "GetPublicKey", body).code(); code != "UnauthorizedOperation.CamUnauthorized" {
		t.Errorf("without the permission: %q", code)
	}
	if code := c.call(versionKMS, "GetPublicKey", body).code(); code != "" {
		t.Errorf("afterwards: %q", code)
	}
}

func TestInvalidKMSKeysAreRefused(t *testing.T) {
	t.Parallel()
	for _, key := range []KMSKey{{Region: DefaultKMSRegion, ID: "x"}, {Region: "x", ID: DefaultKMSKeyID}} {
		if sim, err := Start(Options{KMS: []KMSKey{key}}); err == nil {
			sim.Close()
			t.Errorf("it starts with %+v", key)
		}
	}
}
