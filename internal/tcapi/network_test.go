package tcapi_test

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// hijack takes the connection away from the server.
func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	return conn
}

// page answers a status with HTML.
func page(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html>https://log.example.com/a.log.gz?sign=secret</html>")
	}
}

// body answers 200 with a text.
func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// Faults between client and service: their class, the number of attempts, and the
// message. Each occurs on a real connection.
func TestANetworkFaultHasItsClassAndMessage(t *testing.T) {
	t.Parallel()
	const (
		once   = 1
		thrice = 3 // with two retries
	)
	for name, test := range map[string]struct {
		handle  http.HandlerFunc
		class   tcapi.Class
		sent    int
		status  int
		message string
		is      error
	}{
		"closed before a response": {
			handle: func(w http.ResponseWriter, _ *http.Request) { hijack(w).Close() },
			class:  tcapi.Transient, sent: thrice, message: "EOF", is: io.EOF,
		},
		"reset": {
			handle: func(w http.ResponseWriter, _ *http.Request) {
				conn := hijack(w)
				_ = conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			},
			class: tcapi.Transient, sent: thrice, message: "reset", is: syscall.ECONNRESET,
		},
		"cut body": {
			handle: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "100")
				_, _ = io.WriteString(w, `{"Response":`)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			},
			class: tcapi.Transient, sent: thrice, status: 200, message: "the response ended after 12 bytes", is: io.ErrUnexpectedEOF,
		},
		"cut chunks": {
			handle: func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"Response":`)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			},
			class: tcapi.Transient, sent: thrice, status: 200, message: "the response ended after 12 bytes", is: io.ErrUnexpectedEOF,
		},
		"truncated JSON": {
			handle: body(`{"Response":{"RequestId":"r`),
			class:  tcapi.Transient, sent: thrice, status: 200, message: "could not be decoded", is: io.ErrUnexpectedEOF,
		},
		"a word of HTML at the end": {
			handle: body(`{"Response":{"RequestId":"r"}}<`),
			class:  tcapi.Fatal, sent: once, status: 200, message: "could not be decoded",
		},
		"other types": {handle: body(`{"Response":[]}`), class: tcapi.Fatal, sent: once, status: 200, message: "could not be decoded: the field Response has the wrong type (array)"},
		"a field of another type, and no request ID": {
			handle: body(`{"Response":{"Error":true}}`),
			class:  tcapi.Fatal, sent: once, status: 200, message: "the field Error has the wrong type",
		},
		"HTML":          {handle: page(200), class: tcapi.Fatal, sent: once, status: 200, message: `not a JSON object (Content-Type "text/html"), so it is not from an API endpoint`},
		"an empty body": {handle: body(""), class: tcapi.Fatal, sent: once, status: 200, message: "not a JSON object"},
		"500":           {handle: page(500), class: tcapi.Transient, sent: thrice, status: 500, message: "the endpoint returned 500 Internal Server Error"},
		"502":           {handle: page(502), class: tcapi.Transient, sent: thrice, status: 502, message: `502 Bad Gateway (Content-Type "text/html")`},
		"503":           {handle: page(503), class: tcapi.Transient, sent: thrice, status: 503, message: "503"},
		"504":           {handle: page(504), class: tcapi.Transient, sent: thrice, status: 504, message: "504"},
		"429":           {handle: page(429), class: tcapi.Throttled, sent: thrice, status: 429, message: "429"},
		"400":           {handle: page(400), class: tcapi.Fatal, sent: once, status: 400, message: "400"},
		"403":           {handle: page(403), class: tcapi.Fatal, sent: once, status: 403, message: "403"},
		"404":           {handle: page(404), class: tcapi.Fatal, sent: once, status: 404, message: "404 Not Found"},
		"407":           {handle: page(407), class: tcapi.Fatal, sent: once, status: 407, message: "the proxy requires a user name and a password"},
		"501":           {handle: page(501), class: tcapi.Fatal, sent: once, status: 501, message: "501"},
		"201":           {handle: page(201), class: tcapi.Fatal, sent: once, status: 201, message: "201"},
		"204":           {handle: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, class: tcapi.Fatal, sent: once, status: 204, message: "204"},
		"a redirect to itself": {
			handle: page(302, "Location", "/?token=secret"),
			class:  tcapi.Fatal, sent: once, status: 302, message: "redirects to 127.0.0.1, so it is not an API endpoint",
		},
		"300":                   {handle: page(300), class: tcapi.Fatal, sent: once, status: 300, message: "redirects to elsewhere"},
		"a redirect to nowhere": {handle: page(308), class: tcapi.Fatal, sent: once, status: 308, message: "redirects to elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("X-TC-RequestId", "r-head")
				test.handle(w, r)
			})
			client, seen := to(t, server.URL, func(c *tcapi.Config) { c.MaxRetries = 2 })
			err := ask(t.Context(), client)
			got := failed(t, err)
			requestID := ""
			if test.status != 0 {
				requestID = "r-head"
			}
			if got.Class != test.class || got.Attempts != test.sent || got.Status != test.status || got.RequestID != requestID ||
				got.Code != "" || got.Action != "DescribeZones" || got.Version != "2022-09-01" {
				t.Errorf("%+v", got)
			}
			if !strings.Contains(got.Message, test.message) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%q, want %q in it", got.Message, test.message)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
			if int(requests.Load()) != test.sent || len(seen.all()) != test.sent {
				t.Errorf("%d requests arrived, %d attempts seen, want %d", requests.Load(), len(seen.all()), test.sent)
			}
		})
	}
}

// A service that does not respond in time is asked again. Each attempt has the whole
// request timeout. The time is simulated: on a busy machine, a request can take longer
// to arrive than a test would wait.
func TestASilentServiceIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		respond func(*http.Request) (*http.Response, error)
		timeout time.Duration
		status  int
		message string
	}{
		"before a response": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, 90 * time.Second, 0, "no response within the request timeout of 1m30s"},
		"in the middle of the body": {func(r *http.Request) (*http.Response, error) {
			response := answer("")
			response.ContentLength = -1
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"Response":`), silence{r.Context()}))
			return response, nil
		}, 90 * time.Second, 200, "no response within the request timeout of 1m30s"},
		"whatever the transport says": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, errors.New("it was interrupted")
		}, 90 * time.Second, 0, "no response within the request timeout of 1m30s"},
		"with the default timeout": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, 0, 0, "no response within the request timeout of 1m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, seen := over(wire(test.respond), func(c *tcapi.Config) { c.MaxRetries, c.RequestTimeout = 2, test.timeout })
				begin := time.Now()
				err := ask(t.Context(), client)
				got := failed(t, err)
				if got.Class != tcapi.Transient || got.Attempts != 3 || got.Status != test.status || got.Message != test.message || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%+v", got)
				}
				if least := 3 * cmp.Or(test.timeout, tcapi.DefaultRequestTimeout); len(seen.all()) != 3 || time.Since(begin) < least || time.Since(begin) > least+time.Second {
					t.Errorf("%d attempts in %s, want 3 in %s", len(seen.all()), time.Since(begin), least)
				}
			})
		})
	}
}

// silence is the rest of a body that does not come.
type silence struct{ ctx context.Context }

func (s silence) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

// Faults before a connection to the service exists.
func TestAFaultBeforeTheConnectionHasItsClass(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := listener.Addr().String()
	listener.Close()
	failing := func(err error) http.RoundTripper {
		return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
	}
	for name, test := range map[string]struct {
		transport http.RoundTripper
		class     tcapi.Class
		sent      int
		message   string
	}{
		"refused":       {tcapi.NewTransport(tcapi.TransportOptions{}), tcapi.Transient, 3, "refused"},
		"no such host":  {failing(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), tcapi.Fatal, 1, "no such host"},
		"DNS times out": {failing(&net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true}), tcapi.Transient, 3, "i/o timeout"},
		"no route":      {failing(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH}), tcapi.Transient, 3, "no route"},
		"TLS alert":     {failing(&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}), tcapi.Fatal, 1, "handshake failure"},
		"a riddle":      {failing(errors.New("a riddle")), tcapi.Fatal, 1, "a riddle"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := over(test.transport, func(c *tcapi.Config) {
				c.Endpoint, c.MaxRetries = tcapi.Endpoint{Scheme: "http", Host: nobody}, 2
			})
			got := failed(t, ask(t.Context(), client))
			if got.Class != test.class || got.Attempts != test.sent || len(seen.all()) != test.sent || got.Status != 0 ||
				got.RequestID != "" || !strings.Contains(got.Message, test.message) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A server that accepts a connection and then says nothing is not waited for as long as
// for a response.
func TestASilentHandshakeEndsBeforeTheRequestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := tcapi.NewTransport(tcapi.TransportOptions{})
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, server) }()
			return client, nil
		}
		client, _ := over(transport, func(c *tcapi.Config) {
			c.Endpoint, c.MaxRetries = tcapi.Endpoint{Scheme: "https", Host: "localhost"}, 0
		})
		begin := time.Now()
		got := failed(t, ask(t.Context(), client))
		if took := time.Since(begin); got.Class != tcapi.Transient || !strings.Contains(got.Message, "handshake") || took > 20*time.Second {
			t.Errorf("%+v after %s", got, took)
		}
	})
}

// A certificate that is not trusted is a permanent error: one handshake, no request.
func TestAnUntrustedCertificateIsPermanent(t *testing.T) {
	t.Parallel()
	var requests, connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ErrorLog = quiet()
	server.Config.ConnState = counting(&connections)
	server.StartTLS()
	t.Cleanup(server.Close)
	client, _ := to(t, server.URL)
	got := failed(t, ask(t.Context(), client))
	if got.Class != tcapi.Fatal || got.Attempts != 1 || requests.Load() != 0 || connections.Load() != 1 ||
		!strings.Contains(got.Message, "certificate") {
		t.Errorf("%+v after %d connections and %d requests", got, connections.Load(), requests.Load())
	}
}

// A proxy that refuses the tunnel is asked once, and the error does not contain its
// password.
func TestAProxyThatRefusesIsAskedOnce(t *testing.T) {
	t.Parallel()
	var tunnels atomic.Int32
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			tunnels.Add(1)
		}
		w.WriteHeader(http.StatusProxyAuthRequired)
	})
	proxyURL, err := url.Parse(strings.Replace(proxy.URL, "http://", "http://user:hunter2@", 1))
	if err != nil {
		t.Fatal(err)
	}
	client, _ := over(tcapi.NewTransport(tcapi.TransportOptions{ProxyURL: proxyURL}))
	got := failed(t, ask(t.Context(), client))
	if got.Class != tcapi.Fatal || got.Attempts != 1 || tunnels.Load() != 1 ||
		!strings.Contains(got.Message, "Proxy Authentication Required") || strings.Contains(fmt.Sprintf("%+v", got), "hunter2") {
		t.Errorf("%+v after %d tunnels", got, tunnels.Load())
	}
}

// HTTP/2 has specific errors for a broken connection.
func TestABrokenStreamOfHTTP2IsRetried(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{"before a response": "", "in the middle of the body": `{"Response":`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 {
					t.Errorf("the protocol is %s", r.Proto)
				}
				if requests.Add(1) > 2 {
					_, _ = io.WriteString(w, fine)
					return
				}
				if before != "" {
					_, _ = io.WriteString(w, before)
					_ = http.NewResponseController(w).Flush()
				}
				panic(http.ErrAbortHandler)
			}))
			server.EnableHTTP2 = true
			server.Config.ErrorLog = quiet()
			server.StartTLS()
			t.Cleanup(server.Close)
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			transport := tcapi.NewTransport(tcapi.TransportOptions{RootCAs: roots})
			t.Cleanup(transport.CloseIdleConnections)
			endpoint, err := tcapi.ParseEndpoint(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			client, seen := over(transport, func(c *tcapi.Config) { c.Endpoint = endpoint })
			if err := ask(t.Context(), client); err != nil || len(seen.all()) != 3 {
				t.Errorf("%v after %d attempts", err, len(seen.all()))
			}
		})
	}
}

// The cause of a response that cannot be decoded is part of the error.
func TestAnUndecodableResponseHasItsCause(t *testing.T) {
	t.Parallel()
	client, _ := over(replies(`{"Response":{"RequestId":"r"}}<`))
	err := ask(t.Context(), client)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); !ok || syntax.Offset == 0 {
		t.Errorf("%v has no *json.SyntaxError", err)
	}
}
