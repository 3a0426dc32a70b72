package tcapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

const (
	secretID  = "AKIDtcapitest000000000000000000000000"
	secretKey = "tcapitestSecretKey00000000000000"
	token     = "tcapitestToken/with+signs=="
)

// zones is the action of most tests; its limit leaves room for them.
var zones = tcapi.Action{Version: "2022-09-01", Name: "DescribeZones", PerSecond: 1000}

// quick retries almost without a wait.
var quick = tcapi.Pace{First: time.Millisecond, Most: time.Millisecond, Throttled: time.Millisecond}

const fine = `{"Response":{"RequestId":"r-fine"}}`

// apiError is an error as the gateway answers it.
func apiError(code, message string) string {
	return `{"Response":{"Error":{"Code":"` + code + `","Message":"` + message + `"},"RequestId":"r-1"}}`
}

// wire answers requests without a network, so that it works in a bubble of
// simulated time.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// answer is a response of status 200, with headers as name, value, ….
func answer(body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: h,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// replies answers one body after the other, the last one for ever.
func replies(bodies ...string) wire {
	var mu sync.Mutex
	return func(*http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		body := bodies[0]
		if len(bodies) > 1 {
			bodies = bodies[1:]
		}
		return answer(body), nil
	}
}

// log keeps the attempts that a client reports.
type log struct {
	mu       sync.Mutex
	attempts []tcapi.Attempt
}

func (l *log) observe(_ context.Context, a tcapi.Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, a)
}

func (l *log) all() []tcapi.Attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]tcapi.Attempt(nil), l.attempts...)
}

// closing is a body that notes that it was closed.
type closing struct {
	io.Reader
	closed *bool
}

func (b closing) Close() error {
	*b.closed = true
	return nil
}

// The body of every response is closed, or its connection is lost.
func TestEveryBodyIsClosed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		from   io.Reader
	}{
		"a result":       {http.StatusOK, strings.NewReader(fine)},
		"a status":       {http.StatusForbidden, strings.NewReader("refused")},
		"a broken body":  {http.StatusOK, iotest.ErrReader(io.ErrUnexpectedEOF)},
		"another format": {http.StatusOK, strings.NewReader("<html>")},
	} {
		closed := false
		client, _ := over(wire(func(*http.Request) (*http.Response, error) {
			closed = false
			r := answer("")
			r.StatusCode, r.Body, r.ContentLength = test.status, closing{test.from, &closed}, -1
			return r, nil
		}))
		if err := ask(t.Context(), client); (err == nil) != (name == "a result") || !closed {
			t.Errorf("%s: closed: %t, %v", name, closed, err)
		}
	}
}

// config is a valid Config without endpoint and transport.
func config() tcapi.Config {
	return tcapi.Config{
		Service:     "teo",
		Endpoint:    tcapi.Endpoint{Scheme: "https", Host: "teo.example.com"},
		Credentials: tcapi.StaticCredentials{SecretID: secretID, SecretKey: secretKey, Source: "the test"},
		UserAgent:   "terraform-provider-teo/1.2.3",
		MaxRetries:  5,
		Pace:        quick,
	}
}

// over is a client on a wire, and the log of its attempts.
func over(w http.RoundTripper, change ...func(*tcapi.Config)) (*tcapi.Client, *log) {
	seen := new(log)
	c := config()
	c.Transport, c.Observe = w, seen.observe
	for _, f := range change {
		f(&c)
	}
	return tcapi.New(c), seen
}

// to is a client of a server, on the transport of the provider.
func to(t *testing.T, url string, change ...func(*tcapi.Config)) (*tcapi.Client, *log) {
	t.Helper()
	transport := tcapi.NewTransport(tcapi.TransportOptions{})
	t.Cleanup(transport.CloseIdleConnections)
	endpoint, err := tcapi.ParseEndpoint(url)
	if err != nil {
		t.Fatal(err)
	}
	at := func(c *tcapi.Config) { c.Endpoint = endpoint }
	return over(transport, append([]func(*tcapi.Config){at}, change...)...)
}

// serve starts a server that ends with the test.
func serve(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server
}

// ask makes a call whose response does not matter.
func ask(ctx context.Context, c *tcapi.Client) error {
	_, err := tcapi.Call[tcapi.Head](ctx, c, zones, struct{}{})
	return err
}

// failed is the *tcapi.Error that err must be.
func failed(t *testing.T, err error) *tcapi.Error {
	t.Helper()
	failure := tcapi.AsError(err)
	if failure == nil {
		t.Fatalf("%T %v, want a *tcapi.Error", err, err)
	}
	return failure
}
