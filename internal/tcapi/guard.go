package tcapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// maxBody is the maximum size of a response. The service limits its own to 50 MB.
const maxBody = 64 << 20

// exchange is the result of one attempt. The guard fills it in, because the SDK
// would lose the status, the headers and the cause of a failure.
type exchange struct {
	body       *bytes.Buffer
	status     int
	requestID  string
	retryAfter time.Duration
	skew       time.Duration
	err        error
	class      Class
}

type exchangeKey struct{}

// bodies are reused: a list has hundreds of pages of one size.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// release returns the body to the pool. Nothing decoded from it may point into it.
func (x *exchange) release() {
	if x.body != nil {
		bodies.Put(x.body)
		x.body = nil
	}
}

// fail records an error with its class and returns it.
func (x *exchange) fail(class Class, err error) error {
	x.class, x.err = class, err
	return err
}

// guard stands between the SDK and the network. It reads the complete response,
// accepts only HTTP 200 with a JSON object, never follows a redirect (which would
// send the token to another host), and gives the SDK an empty object.
type guard struct {
	next      http.RoundTripper
	userAgent string
	now       func() time.Time
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("a request without an exchange")
	}
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", g.userAgent)
	// A key that is present without a value is not sent, but makes net/http send
	// the POST again if a reused connection turns out to be closed.
	req.Header["X-Idempotency-Key"] = nil

	sent := g.now()
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, x.fail(ClassOfTransport(err), err)
	}
	defer resp.Body.Close()
	x.head(resp, sent, g.now())
	if resp.StatusCode != http.StatusOK {
		return nil, x.fail(ClassOfStatus(resp.StatusCode), statusError(resp))
	}
	if err := x.read(resp); err != nil {
		return nil, err
	}
	return &http.Response{
		Status:     "200 OK",
		StatusCode: http.StatusOK,
		Proto:      resp.Proto,
		ProtoMajor: resp.ProtoMajor,
		ProtoMinor: resp.ProtoMinor,
		// The SDK does not parse the body of this type in advance.
		Header:        http.Header{"Content-Type": {"application/octet-stream"}},
		Body:          io.NopCloser(strings.NewReader("{}")),
		ContentLength: 2,
		Request:       req,
	}, nil
}

// head records the status and the headers.
func (x *exchange) head(resp *http.Response, sent, received time.Time) {
	x.status = resp.StatusCode
	x.requestID = resp.Header.Get("X-TC-RequestId")
	x.retryAfter = RetryAfter(resp.Header, received)
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		x.skew = date.Sub(sent.Add(received.Sub(sent) / 2)).Round(time.Second)
	}
}

// read reads the complete body, up to maxBody.
func (x *exchange) read(resp *http.Response) error {
	body := bodies.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool holds nothing else
	body.Reset()
	x.body = body
	if resp.ContentLength > 0 && resp.ContentLength <= maxBody {
		body.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	n, err := body.ReadFrom(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return x.fail(ClassOfTransport(err), fmt.Errorf("the response ended after %d bytes: %w", n, err))
	case n > maxBody:
		return x.fail(Fatal, fmt.Errorf("the response is larger than %d MiB", maxBody>>20))
	case !bytes.HasPrefix(bytes.TrimLeft(body.Bytes(), " \t\r\n"), []byte("{")):
		return x.fail(Fatal, fmt.Errorf("the response is not a JSON object (Content-Type %q), so it is not from an API endpoint", mediaType(resp)))
	}
	return nil
}

// statusError says what a status means for a user who set an endpoint.
func statusError(resp *http.Response) error {
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		to := "elsewhere"
		if location, err := resp.Location(); err == nil {
			to = printable.Text(location.Hostname(), printable.Name)
		}
		return fmt.Errorf("the endpoint redirects to %s, so it is not an API endpoint", to)
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return errors.New("the proxy requires a user name and a password")
	}
	return fmt.Errorf("the endpoint returned %d %s (Content-Type %q)",
		resp.StatusCode, http.StatusText(resp.StatusCode), mediaType(resp))
}

func mediaType(resp *http.Response) string {
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return printable.Text(media, 60)
}

// withExchange gives the guard the exchange to fill in.
func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}
