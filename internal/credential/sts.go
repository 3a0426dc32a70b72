package credential

import (
	"context"
	"errors"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

const (
	stsVersion = "2018-08-13"

	// stsRegion is sent if no region is configured: unlike EdgeOne, STS requires
	// one, and the official SDK and provider send this one.
	stsRegion = "ap-guangzhou"

	// stsPerSecond is the lowest documented limit of the actions of STS, in
	// requests per second.
	stsPerSecond = 20
)

func stsAction(name string) tcapi.Action {
	return tcapi.Action{Version: stsVersion, Name: name, PerSecond: stsPerSecond}
}

// stsCredentials is the response of the actions that issue credentials.
type stsCredentials struct {
	tcapi.Head

	Credentials struct {
		Token        string
		TmpSecretId  string
		TmpSecretKey string
	}

	// ExpiredTime is when they expire, in Unix seconds of the service's clock.
	ExpiredTime tcapi.Integer
}

// stsIssuer gets credentials from an action of STS.
type stsIssuer struct {
	client   *tcapi.Client
	action   string
	duration time.Duration
	now      func() time.Time
}

// issue sends a request. secret is the secret part of the request, which must not
// appear in an error.
func (i stsIssuer) issue(ctx context.Context, body any, source, secret string) (issued, error) {
	sent := i.now()
	answer, err := tcapi.Call[stsCredentials](ctx, i.client, stsAction(i.action), body, tcapi.WithSecret(secret))
	if err != nil {
		return issued{}, err
	}
	c := answer.Credentials
	if c.TmpSecretId == "" || c.TmpSecretKey == "" || c.Token == "" {
		return issued{}, errors.New(i.action + " returned incomplete credentials (request ID " + answer.RequestID + ")")
	}
	return issued{
		credentials: tcapi.Credentials{SecretID: c.TmpSecretId, SecretKey: c.TmpSecretKey, Token: c.Token, Source: source},
		at:          sent,
		expires:     expiry(sent, i.duration, answer.ExpiredTime.Value),
	}, nil
}

// expiry returns when credentials expire by the local clock. expiredTime is by the
// service's clock, which may differ by five minutes, more than the shortest
// lifetime: if it is out of range, the requested duration counts.
func expiry(sent time.Time, duration time.Duration, expiredTime int64) time.Time {
	requested := sent.Add(duration)
	if t := time.Unix(expiredTime, 0); t.After(sent) && t.Before(requested) {
		return t
	}
	return requested
}
