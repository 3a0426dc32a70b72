package evidence

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// KMSService is the name of the service in the scope of a signature.
const KMSService = "kms"

func kmsAction(name string) tcapi.Action {
	return tcapi.Action{Version: "2019-01-18", Name: name, PerSecond: 100}
}

// NewKMS returns Tencent Cloud KMS. The configuration is that of a client of KMS,
// without a region: the region is the key's.
func NewKMS(config tcapi.Config) KMS {
	config.Service = KMSService
	return &tencentKMS{config: config, clients: map[string]*tcapi.Client{}}
}

type tencentKMS struct {
	config tcapi.Config

	mu      sync.Mutex
	clients map[string]*tcapi.Client // by region
}

func (k *tencentKMS) client(region string) (*tcapi.Client, error) {
	if endpoint := k.config.Endpoint; endpoint.Scheme == "http" && !endpoint.Loopback() {
		return nil, errPlain
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	client, ok := k.clients[region]
	if !ok {
		config := k.config
		config.Region = region
		client = tcapi.New(config)
		k.clients[region] = client
	}
	return client, nil
}

// PublicKey implements [KMS] with GetPublicKey.
func (k *tencentKMS) PublicKey(ctx context.Context, region, keyID string) (crypto.PublicKey, error) {
	type request struct{ KeyId string }
	type response struct {
		tcapi.Head
		PublicKey, PublicKeyPem string
	}
	client, err := k.client(region)
	if err != nil {
		return nil, err
	}
	answer, err := tcapi.Call[response](ctx, client, kmsAction("GetPublicKey"), request{keyID})
	if err != nil {
		return nil, err
	}
	public, err := parseKMSKey(answer.PublicKey, answer.PublicKeyPem)
	if err != nil {
		return nil, fmt.Errorf("GetPublicKey returned no usable public key (request ID %s): %w", answer.RequestID, err)
	}
	return public, nil
}

// parseKMSKey reads the public key from its two forms. The first is documented as
// the DER encoding in base64. The documented sample of the PEM form holds the base64
// text of the key once more in base64, so PEM is only read if the first is missing,
// and in both forms.
func parseKMSKey(encoded, pemText string) (crypto.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("PublicKey is not base64")
	}
	if len(der) == 0 {
		block, _ := pem.Decode([]byte(pemText))
		if block == nil {
			return nil, errors.New("neither PublicKey nor PublicKeyPem has a key")
		}
		der = block.Bytes
		if once, err := base64.StdEncoding.DecodeString(string(der)); err == nil {
			der = once
		}
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errors.New("it is not of a kind that can be used here; want a key for ECC_P256_R1")
	}
	return public, nil
}

// errPlain is returned for an endpoint to which a token must not be sent.
var errPlain = errors.New("KMS is not asked over plain HTTP, except on loopback addresses; set kms_endpoint or protocol")

// Sign implements [KMS] with SignByAsymmetricKey. It sends the digest, so that the
// hash is known to be SHA-256.
func (k *tencentKMS) Sign(ctx context.Context, region, keyID string, digest []byte) ([]byte, error) {
	type request struct{ Algorithm, Message, KeyId, MessageType string }
	type response struct {
		tcapi.Head
		Signature string
	}
	client, err := k.client(region)
	if err != nil {
		return nil, err
	}
	answer, err := tcapi.Call[response](ctx, client, kmsAction("SignByAsymmetricKey"), request{
		Algorithm:   "ECC_P256_R1",
		Message:     base64.StdEncoding.EncodeToString(digest),
		KeyId:       keyID,
		MessageType: "DIGEST",
	})
	if err != nil {
		return nil, err
	}
	signature, err := base64.StdEncoding.DecodeString(answer.Signature)
	if err != nil || len(signature) == 0 {
		return nil, fmt.Errorf("SignByAsymmetricKey returned no signature (request ID %s)", answer.RequestID)
	}
	return signature, nil
}
