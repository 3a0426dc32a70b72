package tcapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// maxBody is the maximum size of a response. The service limits its own to 50 MB.
const maxBody = 64 << 20

// exchange is the result of sending a request once.
type exchange struct {
	body       *bytes.Buffer // the complete response, if err is nil
	status     int           // 0 if there was no response
	requestID  string
	retryAfter time.Duration
	skew       time.Duration
	err        error
	class      Class // of err
}

// bodies are reused: a list has hundreds of pages of one size.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// release returns the body to the pool. Nothing decoded from it may point into it.
func (x *exchange) release() {
	if x.body != nil {
		bodies.Put(x.body)
	}
}

func (x *exchange) fail(class Class, err error) { x.class, x.err = class, err }

// exchange sends a request and reads the complete response. It accepts only HTTP 200
// with a JSON object, and follows no redirect, which would send the token to another
// host.
func (c *Client) exchange(ctx context.Context, action Action, payload []byte, credentials Credentials) *exchange {
	x := new(exchange)
	sent := c.Now()
	req, err := c.request(ctx, action, payload, credentials, sent)
	if err != nil {
		x.fail(Fatal, err)
		return x
	}
	resp, err := c.Transport.RoundTrip(req)
	if err != nil {
		x.fail(ClassOfTransport(err), err)
		return x
	}
	defer resp.Body.Close()
	x.head(resp, sent, c.Now())
	if resp.StatusCode != http.StatusOK {
		x.fail(ClassOfStatus(resp.StatusCode), statusError(resp))
		return x
	}
	x.read(resp)
	return x
}

// request returns a request that is signed at a time.
func (c *Client) request(ctx context.Context, action Action, payload []byte, credentials Credentials, at time.Time) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Endpoint.String()+"/", bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	authorization := unsigned
	if c.Credentials != nil {
		authorization = signature(credentials, c.Service, c.Endpoint.Host, contentType, payload, at)
	}
	product, version, _ := strings.Cut(c.UserAgent, "/")
	for name, value := range map[string]string{
		"Authorization":  authorization,
		"Content-Type":   contentType,
		"User-Agent":     c.UserAgent,
		"X-TC-Action":    action.Name,
		"X-TC-Version":   action.Version,
		"X-TC-Timestamp": strconv.FormatInt(at.Unix(), 10),
		"X-TC-Language":  "en-US",
		"X-TC-Region":    c.Region,
		"X-TC-Token":     credentials.Token,
		// The official SDKs refuse "/" and "+" in this header.
		"X-TC-RequestClient": product + " " + strings.ReplaceAll(version, "+", "-"),
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	// A key that is present without a value is not sent, but makes net/http send
	// the POST again if a reused connection turns out to be closed.
	req.Header["X-Idempotency-Key"] = nil
	return req, nil
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
func (x *exchange) read(resp *http.Response) {
	body := bodies.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool holds nothing else
	body.Reset()
	x.body = body
	if resp.ContentLength > 0 && resp.ContentLength <= maxBody {
		body.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	n, err := body.ReadFrom(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		x.fail(ClassOfTransport(err), fmt.Errorf("the response ended after %d bytes: %w", n, err))
	case n > maxBody:
		x.fail(Fatal, fmt.Errorf("the response is larger than %d MiB", maxBody>>20))
	case !bytes.HasPrefix(bytes.TrimLeft(body.Bytes(), " \t\r\n"), []byte("{")):
		x.fail(Fatal, fmt.Errorf("the response is not a JSON object (Content-Type %q), so it is not from an API endpoint", mediaType(resp)))
	}
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
