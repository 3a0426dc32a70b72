package evidence

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/notaryproject/tspclient-go"
)

// MaxTokenBytes is the maximum size of a timestamp response that is read.
const MaxTokenBytes = 1 << 20

// maxSkew is how far the time of a new token may differ from the local clock.
const maxSkew = time.Hour

// Token is the answer of an RFC 3161 time-stamp authority.
type Token struct {
	// DER is the whole TimeStampResp, which "openssl ts -verify -in" reads.
	DER []byte
	// Time is the authority's time.
	Time time.Time
}

// Timestamp asks the authority at a URL for a token over content, with a SHA-256
// imprint, a nonce, and the authority's certificate. It checks status, imprint, nonce
// and time of the answer, but not whether the authority is to be trusted, which is
// for the verifier to decide: see [VerifyToken].
func Timestamp(ctx context.Context, o Options, url string, content []byte) (Token, error) {
	if _, err := ParseURL(url, true); err != nil {
		return Token{}, err
	}
	request, err := tspclient.NewRequest(tspclient.RequestOptions{Content: content, HashAlgorithm: crypto.SHA256})
	if err != nil {
		return Token{}, err
	}
	query, err := request.MarshalBinary()
	if err != nil {
		return Token{}, err
	}
	got, err := o.post(ctx, url, tspclient.MediaTypeTimestampQuery, query, MaxTokenBytes)
	switch {
	case err != nil:
		return Token{}, err
	case got.status != 200:
		return Token{}, fmt.Errorf("it answered with HTTP %d", got.status)
	}
	response, err := parseResponse(got.body, got.secrets...)
	if err != nil {
		return Token{}, err
	}
	info, err := response.info(content)
	if err != nil {
		return Token{}, err
	}
	if info.Nonce == nil || info.Nonce.Cmp(request.Nonce) != 0 {
		return Token{}, errors.New("the token has another nonce than the request: it was made for an earlier request, or by somebody else")
	}
	if err := response.Validate(request); err != nil {
		return Token{}, fmt.Errorf("the answer is not valid: %s", excerpt(err.Error(), got.secrets...))
	}
	if off := info.GenTime.Sub(o.now()); off > maxSkew || off < -maxSkew {
		return Token{}, fmt.Errorf("the time of the token, %s, differs from the local clock by more than %s", info.GenTime.UTC().Format(time.RFC3339), maxSkew)
	}
	return Token{DER: got.body, Time: info.GenTime.UTC()}, nil
}

// timestampResponse is a response with a token.
type timestampResponse struct {
	tspclient.Response
	token *tspclient.SignedToken
}

// parseResponse parses a TimeStampResp. A response without a token is an error with
// the authority's reason.
func parseResponse(der []byte, secrets ...string) (timestampResponse, error) {
	var r timestampResponse
	rest, err := asn1.Unmarshal(der, &r.Response)
	if err != nil || len(rest) > 0 {
		return r, errors.New("the answer is not a time-stamp response in DER")
	}
	if err := r.Status.Err(); err != nil {
		return r, fmt.Errorf("the authority refused: %s", excerpt(err.Error(), secrets...))
	}
	if r.token, err = r.SignedToken(); err != nil {
		return r, errors.New("the answer has no valid time-stamp token")
	}
	return r, nil
}

// info returns what the token states, which must be about content.
func (r timestampResponse) info(content []byte) (*tspclient.TSTInfo, error) {
	info, err := r.token.Info()
	if err != nil {
		return nil, errors.New("the token has no valid TSTInfo")
	}
	if _, err := info.Validate(content); err != nil {
		return nil, errors.New("the token is about other bytes")
	}
	if len(info.MessageImprint.HashedMessage) < sha256.Size {
		return nil, errors.New("the token uses a hash that is shorter than SHA-256")
	}
	return info, nil
}

// VerifyToken verifies a TimeStampResp in DER over content, up to one of the
// authorities' root certificates, and returns the time of the token. The
// certificates must have been valid at that time, not today.
func VerifyToken(ctx context.Context, der, content []byte, authorities *x509.CertPool) (time.Time, error) {
	response, err := parseResponse(der)
	if err != nil {
		return time.Time{}, err
	}
	info, err := response.info(content)
	if err != nil {
		return time.Time{}, err
	}
	if _, err := response.token.Verify(ctx, x509.VerifyOptions{Roots: authorities, CurrentTime: info.GenTime}); err != nil {
		return time.Time{}, fmt.Errorf("the token is not signed by a time-stamp authority of these CA certificates: %s", excerpt(err.Error()))
	}
	return info.GenTime.UTC(), nil
}

// ParseCA parses the CA certificates of time-stamp authorities in PEM, at least one.
func ParseCA(text string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	found := false
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("it holds PEM of another kind than certificates: %q", block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("it holds a certificate that cannot be parsed: %w", err)
		}
		pool.AddCert(certificate)
		found = true
	}
	if !found {
		return nil, errors.New("it holds no certificate in PEM")
	}
	return pool, nil
}
