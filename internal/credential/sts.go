package credential

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

const (
	stsVersion = "2018-08-13"

	// stsRegion is sent where no region is configured: unlike EdgeOne, STS
	// demands one, and the SDK and the official provider send this.
	stsRegion = "ap-guangzhou"

	// stsPerSecond is the smallest of the limits that the actions of STS have,
	// in requests a second. A provider makes a few a day.
	stsPerSecond = 20
)

func stsAction(name string) tcapi.Action {
	return tcapi.Action{Version: stsVersion, Name: name, PerSecond: stsPerSecond}
}

// stsKeys is what the actions answer that issue keys.
type stsKeys struct {
	tcapi.Head

	Credentials struct {
		Token        string
		TmpSecretId  string
		TmpSecretKey string
	}

	// ExpiredTime is the end in Unix seconds, by the service's clock.
	ExpiredTime int64
}

// issuer makes keys with an action of STS.
type issuer struct {
	client   *tcapi.Client
	action   string
	duration time.Duration
	now      func() time.Time
}

// issue sends the request, and names the keys after source. What is secret in
// the request must not come back in an error.
func (i issuer) issue(ctx context.Context, request any, source, secret string) (issued, error) {
	sent := i.now()
	answer, err := tcapi.Call[stsKeys](ctx, i.client, stsAction(i.action), request)
	if e := tcapi.AsError(err); e != nil && secret != "" {
		// The error belongs to this call alone.
		e.Message = strings.ReplaceAll(e.Message, secret, "(hidden)")
	}
	if err != nil {
		return issued{}, err
	}
	c := answer.Credentials
	if c.TmpSecretId == "" || c.TmpSecretKey == "" || c.Token == "" {
		return issued{}, errors.New(i.action + " answered without a complete set of keys (request ID " + answer.RequestID + ")")
	}
	return issued{
		keys:    tcapi.Keys{SecretID: c.TmpSecretId, SecretKey: c.TmpSecretKey, Token: c.Token, Source: source},
		at:      sent,
		expires: end(sent, i.duration, answer.ExpiredTime),
	}, nil
}

// end says by the local clock when keys end that were asked for at sent. The
// service says it by its own clock, which a request may be five minutes off,
// more than short-lived keys live: then what was asked for counts.
func end(sent time.Time, duration time.Duration, expiredTime int64) time.Time {
	asked := sent.Add(duration)
	if said := time.Unix(expiredTime, 0); said.After(sent) && said.Before(asked) {
		return said
	}
	return asked
}
