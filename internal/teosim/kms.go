package teosim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"regexp"
	"slices"
	"sync"
)

const versionKMS = "2019-01-18"

// The key that the simulated KMS has by default.
const (
	DefaultKMSRegion = "ap-guangzhou"
	DefaultKMSKeyID  = "2e0d7a1c-5d2b-11ef-8c1e-525400a1b2c3"
)

// KMSKey is an asymmetric key of the simulated KMS.
type KMSKey struct {
	// Region and ID name the key. A key exists in its region only.
	Region, ID string
	// Private is the key: ECDSA P-256 or RSA. Default a new ECDSA key.
	Private crypto.Signer
	// Disabled keys neither sign nor show their public key.
	Disabled bool
}

// kms signs with keys, which never leave it. It has the same endpoint as EdgeOne,
// like STS.
type kms struct {
	mu   sync.Mutex
	keys map[[2]string]*KMSKey // by region and ID
}

func newKMS(keys []KMSKey) (*kms, error) {
	if keys == nil {
		keys = []KMSKey{{Region: DefaultKMSRegion, ID: DefaultKMSKeyID}}
	}
	k := &kms{keys: map[[2]string]*KMSKey{}}
	for _, key := range keys {
		if !kmsKeyID.MatchString(key.ID) || !slices.Contains(kmsRegions, key.Region) {
			return nil, fmt.Errorf("teosim: there can be no KMS key %q in %q", key.ID, key.Region)
		}
		if key.Private == nil {
			key.Private, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		}
		k.keys[[2]string{key.Region, key.ID}] = &key
	}
	return k, nil
}

func (k *kms) service() service {
	return service{name: "kms", actions: []action{
		{version: versionKMS, name: "GetPublicKey", perSecond: 100, decodeIn: k.getPublicKey},
		{version: versionKMS, name: "SignByAsymmetricKey", perSecond: 100, decodeIn: k.signByAsymmetricKey},
	}}
}

var (
	kmsRegions    = []string{"ap-beijing", "ap-guangzhou", "ap-hongkong", "ap-shanghai", "ap-singapore", "eu-frankfurt"}
	kmsKeyID      = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	kmsAlgorithms = map[string]string{"ECC_P256_R1": "ECC", "RSA_PKCS1_SHA_256": "RSA", "RSA_PSS_SHA_256": "RSA", "SM2DSA": "SM2"}
)

func kmsError(code, zh, en string) *apiError { return &apiError{code, zh, en} }

// find returns the key that a request names.
func (k *kms) find(region string, p *parameters) *KMSKey {
	p.require("KeyId")
	id := p.text("KeyId")
	switch {
	case p.err != nil:
		return nil
	case region == "":
		p.fail(missingParameter("Region"))
	case !slices.Contains(kmsRegions, region):
		p.fail(kmsError("UnsupportedRegion", "接口不支持所传地域。", "The API does not support the requested region."))
	case !kmsKeyID.MatchString(id):
		p.fail(kmsError("InvalidParameterValue.InvalidKeyId", "KeyId 不合法。", "KeyId is not valid."))
	}
	if p.err != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.keys[[2]string{region, id}]
	switch {
	case !ok:
		p.fail(kmsError("ResourceUnavailable.CmkNotFound", "CMK 不存在。", "The CMK does not exist."))
	case key.Disabled:
		p.fail(kmsError("ResourceUnavailable.CmkDisabled", "CMK 已被禁用。", "The CMK has been disabled."))
	}
	return key
}

func (k *kms) getPublicKey(region string, body []byte) (respond, *apiError) {
	p := readParameters("", body, "KeyId")
	key := k.find(region, p)
	if p.err != nil {
		return nil, p.err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Private.Public())
	if err != nil {
		return nil, codeError("InternalError")
	}
	return func([]Fault, int64) []byte {
		text := base64.StdEncoding.EncodeToString(der)
		// As in the documented sample, whose PEM holds the base64 text once more in
		// base64.
		block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte(text)})
		return appendField(appendField(appendField(nil, "KeyId", key.ID), "PublicKey", text), "PublicKeyPem", string(block))
	}, nil
}

func (k *kms) signByAsymmetricKey(region string, body []byte) (respond, *apiError) {
	p := readParameters("", body, "Algorithm", "Message", "KeyId", "MessageType")
	p.require("Algorithm", "Message", "KeyId")
	algorithm, kind := p.text("Algorithm"), p.text("MessageType")
	message, err := base64.StdEncoding.DecodeString(p.text("Message"))
	switch {
	case p.err != nil:
	case kmsAlgorithms[algorithm] == "":
		p.fail(invalidValue("Algorithm", "it is not a signature algorithm"))
	case kind != "" && kind != "RAW" && kind != "DIGEST":
		p.fail(invalidValue("MessageType", "want RAW or DIGEST"))
	case err != nil || len(message) == 0:
		p.fail(invalidValue("Message", "it is not in base64"))
	case kind == "DIGEST" && len(message) != sha256.Size:
		p.fail(invalidValue("Message", "a digest has 32 bytes"))
	case kind != "DIGEST" && len(message) > 4096:
		p.fail(invalidValue("Message", "a message has at most 4096 bytes"))
	}
	key := k.find(region, p)
	if p.err != nil {
		return nil, p.err
	}
	signature, ok := key.sign(algorithm, kind, message)
	if !ok {
		return nil, kmsError("InvalidParameterValue.InvalidKeyUsage", "KeyUsage 参数错误。", "The key cannot be used with this algorithm.")
	}
	return func([]Fault, int64) []byte {
		return appendField(nil, "Signature", base64.StdEncoding.EncodeToString(signature))
	}, nil
}

// sign returns false if the key is of another kind than the algorithm.
func (k *KMSKey) sign(algorithm, kind string, message []byte) ([]byte, bool) {
	digest := message
	if kind != "DIGEST" {
		sum := sha256.Sum256(message)
		digest = sum[:]
	}
	var options crypto.SignerOpts = crypto.SHA256
	switch k.Private.Public().(type) {
	case *ecdsa.PublicKey:
		if kmsAlgorithms[algorithm] != "ECC" {
			return nil, false
		}
	case *rsa.PublicKey:
		if kmsAlgorithms[algorithm] != "RSA" {
			return nil, false
		}
		if algorithm == "RSA_PSS_SHA_256" {
			options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
		}
	default:
		return nil, false
	}
	signature, err := k.Private.Sign(rand.Reader, digest, options)
	return signature, err == nil
}

// KMSPublicKey returns the public key of a KMS key, or nil if there is none.
func (s *Sim) KMSPublicKey(region, id string) crypto.PublicKey {
	s.kms.mu.Lock()
	defer s.kms.mu.Unlock()
	if key, ok := s.kms.keys[[2]string{region, id}]; ok {
		return key.Private.Public()
	}
	return nil
}
