package tcapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/wait"
)

// Action is one action of one version of a service's API.
type Action struct {
	Version string
	Name    string

	// PerSecond is the documented limit, in requests a second.
	PerSecond float64
}

// Defaults of the provider's arguments.
const (
	DefaultMaxRetries     = 5
	DefaultRequestTimeout = time.Minute
)

// Config says how a service is called.
type Config struct {
	// Service is the name in the credential scope, such as "teo" or "sts".
	Service  string
	Endpoint Endpoint

	// Region is sent in a header; many services need none.
	Region string

	// Credentials sign the requests. If nil, requests are not signed, which a few
	// actions of STS allow.
	Credentials CredentialSource

	// Limiters are shared by all clients of a process.
	Limiters *Limiters

	// Transport sends the requests; NewTransport returns a suitable one. It must be set.
	Transport http.RoundTripper

	// UserAgent is "product/version".
	UserAgent string

	// MaxRetries is the maximum number of retries of a failed request.
	MaxRetries int

	// RequestTimeout limits one attempt; 0 means DefaultRequestTimeout.
	RequestTimeout time.Duration

	// Pace is how long to wait before a retry.
	Pace Pace

	// Observe, if not nil, is called after every attempt.
	Observe func(context.Context, Attempt)

	// Now is the local clock; nil means time.Now.
	Now func() time.Time
}

// Attempt describes one request that was sent. It holds nothing secret.
type Attempt struct {
	Service, Action, Version string

	Number    int           // 1 for the first of a call
	Duration  time.Duration // from sending until the response was decoded
	RequestID string
	Status    int
	Code      string
	Failure   string        // why it failed, without the service's own text; empty on success
	Retry     bool          // whether the request is sent again
	Wait      time.Duration // how long before that

	CredentialSource string // Credentials.Source
}

// Client calls the actions of one service.
type Client struct{ Config }

// New returns a client. Nothing is sent yet.
func New(c Config) *Client {
	if c.Limiters == nil {
		c.Limiters = new(Limiters)
	}
	if c.RequestTimeout <= 0 {
		c.RequestTimeout = DefaultRequestTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Client{Config: c}
}

var errAttemptTimeout = fmt.Errorf("the request timeout: %w", context.DeadlineExceeded)

// Admit waits until the rate limit allows one more request of the action.
func (c *Client) Admit(ctx context.Context, action Action) error {
	return c.limiter(action).Wait(ctx)
}

// CallOption changes how one Call is made.
type CallOption func(*callOptions)

type callOptions struct {
	admitted bool
	secrets  []string
}

// Admitted says that Admit has already been called for this Call, so its first
// attempt does not wait for the rate limit again. A caller that sends many
// requests at once thus has only one of them waiting at a time, and other
// callers get their turn.
func Admitted() CallOption { return func(o *callOptions) { o.admitted = true } }

// WithSecret says that the request contains a secret, which an error must not
// repeat. The credentials need not be named.
func WithSecret(secret string) CallOption {
	return func(o *callOptions) { o.secrets = append(o.secrets, secret) }
}

func (c *Client) limiter(action Action) *Limiter {
	return c.Limiters.For(c.Service, action.Version, action.Name, action.PerSecond)
}

// Call sends a request and returns the response. R is the type of the response's
// Response object and embeds Head. The error is an *Error, that of the
// CredentialSource, or the context's cause.
func Call[R any, P reply[R]](ctx context.Context, c *Client, action Action, request any, options ...CallOption) (P, error) {
	var o callOptions
	for _, option := range options {
		option(&o)
	}
	payload, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encoding the request of %s: %w", action.Name, err)
	}
	retries := NewRetries(c.MaxRetries, c.Pace)
	refreshed := false
	for number := 1; ; number++ {
		if number > 1 || !o.admitted {
			if err := c.limiter(action).Wait(ctx); err != nil {
				return nil, err
			}
		}
		var credentials Credentials
		if c.Credentials != nil {
			if credentials, err = c.Credentials.Credentials(ctx); err != nil {
				return nil, err
			}
		}
		begin := time.Now()
		answer, failure := attempt[R, P](ctx, c, action, payload, credentials, o.secrets)
		record := Attempt{
			Service: c.Service, Action: action.Name, Version: action.Version,
			Number: number, Duration: time.Since(begin), CredentialSource: credentials.Source,
		}
		if failure == nil {
			c.limiter(action).Recover()
			record.Status, record.RequestID = http.StatusOK, answer.head().RequestID
			c.observe(ctx, record)
			return answer, nil
		}
		failure.Attempts = number
		record.Status, record.RequestID, record.Code = failure.Status, failure.RequestID, failure.Code
		record.Failure = failure.reason()
		switch {
		case ctx.Err() != nil:
		case failure.Class == CredentialsRefused && credentials.Temporary() && !refreshed:
			refreshed = true
			record.Retry = c.Credentials.Refresh(ctx, credentials) == nil
		default:
			record.Wait, record.Retry = retries.After(failure.Class, failure.RetryAfter)
		}
		c.observe(ctx, record)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if failure.Class == Throttled {
			// The limiter delays this request together with all others, which must
			// slow down even if this one gives up.
			c.limiter(action).Slow(max(record.Wait, c.Pace.orDefault().Throttled))
		}
		if !record.Retry {
			return nil, failure
		}
		if failure.Class != Throttled {
			if err := wait.For(ctx, record.Wait); err != nil {
				return nil, err
			}
		}
	}
}

func (c *Client) observe(ctx context.Context, a Attempt) {
	if c.Observe != nil {
		c.Observe(ctx, a)
	}
}
