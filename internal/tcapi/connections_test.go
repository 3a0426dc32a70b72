package tcapi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	golog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// quiet discards the log of servers whose errors are part of a test.
func quiet() *golog.Logger { return golog.New(io.Discard, "", 0) }

// counting counts the connections to a server.
func counting(n *atomic.Int32) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
}

// Thirty rounds of ten requests at once need ten connections. The default of
// net/http keeps two for each host, so that each round would dial eight more.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	const workers, rounds = 10, 30
	var connections, requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		time.Sleep(2 * time.Millisecond) // so that a round is under way at once
		body(fine)(w, r)
	}))
	server.Config.ConnState = counting(&connections)
	server.Start()
	t.Cleanup(server.Close)
	client, _ := to(t, server.URL, func(c *tcapi.Config) { c.Limiters = &tcapi.Limiters{PerSecond: 1e6} })
	for range rounds {
		var round sync.WaitGroup
		for range workers {
			round.Go(func() {
				if err := ask(t.Context(), client); err != nil {
					t.Error(err)
				}
			})
		}
		round.Wait()
	}
	// A few more may be dialled when one becomes free while another is opened.
	if requests.Load() != workers*rounds || connections.Load() > 2*workers {
		t.Errorf("%d connections for %d requests, want about %d", connections.Load(), requests.Load(), workers)
	}
}

// A connection is kept for half a minute, in simulated time.
func TestAnIdleConnectionIsClosedAfterAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dialled, closed atomic.Int32
		transport := tcapi.NewTransport(tcapi.TransportOptions{})
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			dialled.Add(1)
			client, server := net.Pipe()
			go func() {
				r := bufio.NewReader(server)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						closed.Add(1)
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					_, _ = fmt.Fprintf(server, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(fine), fine)
				}
			}()
			return client, nil
		}
		defer transport.CloseIdleConnections()
		client, _ := over(transport, func(c *tcapi.Config) { c.Endpoint = tcapi.Endpoint{Scheme: "http", Host: "localhost"} })
		for _, test := range []struct {
			pause           time.Duration
			dialled, closed int32
		}{{0, 1, 0}, {29 * time.Second, 1, 0}, {31 * time.Second, 2, 1}} {
			time.Sleep(test.pause)
			if err := ask(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if dialled.Load() != test.dialled || closed.Load() != test.closed {
				t.Errorf("after %s: %d connections, %d closed, want %+v", test.pause, dialled.Load(), closed.Load(), test)
			}
		}
	})
}

// An idle connection that the server has closed causes neither an error nor another
// attempt: the request is sent again over a new connection.
func TestAStaleConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var connections, requests atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				// One answer a connection; the next request finds it closed.
				for n := range 2 {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					if _, ok := req.Header["X-Idempotency-Key"]; ok {
						t.Error("the key that marks a request as replayable was sent")
					}
					requests.Add(1)
					if n == 0 {
						_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(fine), fine)
					}
				}
			}()
		}
	}()
	client, seen := to(t, "http://"+listener.Addr().String(), func(c *tcapi.Config) { c.MaxRetries = 0 })
	for range 3 {
		if err := ask(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen.all()) != 3 || connections.Load() != 3 || requests.Load() != 5 {
		t.Errorf("%d attempts, %d connections, %d requests; want 3, 3 and 5", len(seen.all()), connections.Load(), requests.Load())
	}
}
