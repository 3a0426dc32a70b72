package tcapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody bounds an answer. The service caps its own at 50 MB.
const maxBody = 64 << 20

// exchange is what one attempt brought home. The guard fills it in, past the
// SDK, which would lose the status, the headers and the cause of a failure.
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

// bodies are used again: a listing reads hundreds of pages of one size.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// release gives the body back. Nothing decoded from it may point into it.
func (x *exchange) release() {
	if x.body != nil {
		bodies.Put(x.body)
		x.body = nil
	}
}

// fail notes what went wrong and returns it.
func (x *exchange) fail(class Class, err error) error {
	x.class, x.err = class, err
	return err
}

// guard stands between the SDK and the network. It reads the whole answer
// itself, lets nothing but HTTP 200 with a JSON object pass, never follows a
// redirect (the token would go with it), and hands the SDK an empty object.
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
	// A key that is present without a value makes net/http send the POST again
	// when a kept connection turns out to be closed; it is not sent itself.
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

// head keeps what the status line and the headers say.
func (x *exchange) head(resp *http.Response, sent, received time.Time) {
	x.status = resp.StatusCode
	x.requestID = resp.Header.Get("X-TC-RequestId")
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		x.retryAfter = time.Duration(min(seconds, math.MaxInt32)) * time.Second
	} else if at, err := http.ParseTime(resp.Header.Get("Retry-After")); err == nil {
		x.retryAfter = max(0, at.Sub(received))
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		x.skew = date.Sub(sent.Add(received.Sub(sent) / 2)).Round(time.Second)
	}
}

// read takes in the body, as a whole and bounded.
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
		return x.fail(ClassOfTransport(err), fmt.Errorf("the answer broke off after %d bytes: %w", n, err))
	case n > maxBody:
		return x.fail(Fatal, fmt.Errorf("the answer is larger than %d MiB", maxBody>>20))
	case !bytes.HasPrefix(bytes.TrimLeft(body.Bytes(), " \t\r\n"), []byte("{")):
		return x.fail(Fatal, fmt.Errorf("the answer is not a JSON object (Content-Type %q): this is not an API endpoint", mediaType(resp)))
	}
	return nil
}

// statusError says what a status means for somebody who set an endpoint.
func statusError(resp *http.Response) error {
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		to := "elsewhere"
		if location, err := resp.Location(); err == nil {
			to = location.Hostname()
		}
		return fmt.Errorf("the endpoint redirects to %s: this is not an API endpoint", to)
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return errors.New("the proxy wants a user name and a password")
	}
	return fmt.Errorf("the endpoint answered %d %s (Content-Type %q)",
		resp.StatusCode, http.StatusText(resp.StatusCode), mediaType(resp))
}

func mediaType(resp *http.Response) string {
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if len(media) > 60 {
		media = media[:60]
	}
	return media
}

// withExchange gives the guard a place to put what one attempt brings home.
func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}
