package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// Options say how authorities and witnesses are called.
type Options struct {
	// Transport sends the requests; nil means [http.DefaultTransport].
	Transport http.RoundTripper
	// UserAgent is sent with each request.
	UserAgent string
	// Timeout limits one request; 0 means 30 seconds.
	Timeout time.Duration
	// Now is the local clock; nil means [time.Now].
	Now func() time.Time
}

func (o Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// answer is a response whose body has been read.
type answer struct {
	status      int
	contentType string
	body        []byte
	secrets     []string // of the request
}

// post sends a request and reads at most limit bytes of the answer; a longer one is
// an error. Redirects are not followed, because a POST would become a GET. Errors
// name the host only: the path and the query can hold a token.
func (o Options) post(ctx context.Context, address, contentType string, body []byte, limit int64) (answer, error) {
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no complete answer within %s", timeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.New("the URL is not valid")
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", o.UserAgent)
	client := http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	secrets := []string{request.URL.RawQuery}
	if request.URL.Path != "/" {
		secrets = append(secrets, request.URL.Path, request.URL.EscapedPath())
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, failure(ctx, err, secrets...)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return answer{}, failure(ctx, err, secrets...)
	case int64(len(read)) > limit:
		return answer{}, fmt.Errorf("the answer is longer than %d bytes", limit)
	case response.StatusCode >= 300 && response.StatusCode < 400:
		return answer{}, fmt.Errorf("it redirects (HTTP %d); use the address that it redirects to", response.StatusCode)
	}
	return answer{response.StatusCode, response.Header.Get("Content-Type"), read, secrets}, nil
}

func failure(ctx context.Context, err error, secrets ...string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if cause, ok := errors.AsType[*url.Error](err); ok {
		err = cause.Err // without the URL
	}
	return printable.Error(err, secrets...)
}

// ParseURL parses the http or https URL of an authority or a witness. Plain http is
// an error except for loopback hosts, or if plain allows it.
func ParseURL(s string, plain bool) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "":
		return nil, errors.New("it is not an http or https URL")
	case u.Scheme == "http" && !plain && !loopback(u.Hostname()):
		return nil, errors.New("plain http is accepted for loopback addresses only; use https")
	case u.Fragment != "":
		return nil, errors.New("it must not have a fragment")
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

// excerpt quotes the beginning of a text that somebody else wrote, without the
// secrets of the request.
func excerpt(s string, secrets ...string) string {
	return strconv.Quote(printable.Redacted(strings.TrimSpace(s), 200, secrets...))
}
