package credential

import (
	"context"
	"errors"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// callerTimeout limits CallerARN, because nothing depends on its result.
const callerTimeout = 10 * time.Second

// CallerARN asks STS for the resource description of the user or role that the
// credentials belong to, such as qcs::cam::uin/100000000001:uin/100000000001. It
// sends one request and waits at most ten seconds. Callers treat an error as "not
// known": a policy may deny the action, and a private network may not reach STS.
func (s *Source) CallerARN(ctx context.Context) (string, error) {
	if s.missing != nil {
		return "", s.missing
	}
	if endpoint := s.caller.Endpoint; endpoint.Scheme == "http" && !endpoint.Loopback() {
		return "", errors.New("STS is not asked over plain HTTP")
	}
	ctx, cancel := context.WithTimeout(ctx, callerTimeout)
	defer cancel()
	identity, err := tcapi.Call[callerIdentity](ctx, s.caller, stsAction("GetCallerIdentity"), struct{}{})
	if err != nil {
		return "", err
	}
	return identity.Arn, nil
}

func (b *builder) callerClient(top layer) *tcapi.Client {
	config := b.stsConfig(b.region, top.credentials)
	config.MaxRetries = 0
	return tcapi.New(config)
}
