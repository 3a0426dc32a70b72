package tcapi_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

var errStopped = errors.New("interrupted by Ctrl-C")

// A call returns the context's cause as soon as the context ends, whatever it is
// doing, and sends nothing more. Each case closes reached when the call is at that
// point.
func TestACallEndsWithItsContextAtEveryWait(t *testing.T) {
	t.Parallel()
	patient := tcapi.Pace{First: time.Hour, Most: time.Hour, Throttled: time.Hour}
	never := func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	for name, test := range map[string]struct {
		handle   func(w http.ResponseWriter, r *http.Request)
		change   func(c *tcapi.Config, reached func())
		requests int
	}{
		"limiter": {
			change: func(c *tcapi.Config, reached func()) {
				c.Limiters = &tcapi.Limiters{PerSecond: 0.001}
				_ = c.Limiters.For("teo", zones.Version, zones.Name, 0).Wait(context.Background())
				reached()
			},
		},
		"limiter, held back": {
			change: func(c *tcapi.Config, reached func()) {
				c.Limiters = new(tcapi.Limiters)
				c.Limiters.For("teo", zones.Version, zones.Name, 1).Slow(time.Hour)
				reached()
			},
		},
		"credentials": {
			change: func(c *tcapi.Config, reached func()) {
				c.Credentials = &source{before: func(ctx context.Context) error { reached(); return never(ctx) }}
			},
		},
		"refresh": {
			handle: body(apiError("AuthFailure.TokenFailure", "")),
			change: func(c *tcapi.Config, reached func()) {
				c.Credentials = refresher{func(ctx context.Context) error { reached(); return never(ctx) }}
			},
			requests: 1,
		},
		"in flight": {
			handle:   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			requests: 1,
		},
		"reading the body": {
			handle: func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, `{"Response":{"Data":[`)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			},
			requests: 1,
		},
		"before a retry": {
			handle:   page(502),
			change:   func(c *tcapi.Config, reached func()) { c.Observe = func(context.Context, tcapi.Attempt) { reached() } },
			requests: 1,
		},
		"throttled": {
			handle:   body(apiError("RequestLimitExceeded", "")),
			change:   func(c *tcapi.Config, reached func()) { c.Observe = func(context.Context, tcapi.Attempt) { reached() } },
			requests: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrived := make(chan struct{}, 10)
			reached := func() { arrived <- struct{}{} }
			requests := make(chan struct{}, 10)
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				requests <- struct{}{}
				if test.change == nil {
					reached()
				}
				test.handle(w, r)
			})
			client, _ := to(t, server.URL, func(c *tcapi.Config) {
				c.Pace = patient
				if test.change != nil {
					test.change(c, reached)
				}
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			stopped := make(chan time.Time, 1)
			go func() {
				<-arrived
				// The call has come to its wait, or will in a moment.
				time.Sleep(20 * time.Millisecond)
				stopped <- time.Now()
				cancel(errStopped)
			}()
			err := ask(ctx, client)
			// What it waits for takes a minute, an hour or for ever.
			if took := time.Since(<-stopped); took > 30*time.Second {
				t.Errorf("it went on for %s", took)
			}
			if !errors.Is(err, errStopped) {
				t.Errorf("%T %v, want the cause", err, err)
			}
			if len(requests) != test.requests {
				t.Errorf("%d requests, want %d", len(requests), test.requests)
			}
		})
	}
}

// renewer has temporary credentials and refreshes them with a function.
type refresher struct{ refresh func(context.Context) error }

func (refresher) Credentials(context.Context) (tcapi.Credentials, error) {
	return tcapi.Credentials{SecretID: secretID, SecretKey: secretKey, Token: token}, nil
}

func (r refresher) Refresh(ctx context.Context, _ tcapi.Credentials) error { return r.refresh(ctx) }

// Without a cause, the error is that of the context. A deadline of the caller is not
// the timeout of an attempt.
func TestWithoutACauseTheErrorIsThatOfTheContext(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		context func(context.Context) (context.Context, context.CancelFunc)
		want    error
	}{
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		}, context.DeadlineExceeded},
		"cancelled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		}, context.Canceled},
		"ended before": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			})
			client, seen := to(t, server.URL)
			ctx, cancel := test.context(t.Context())
			defer cancel()
			begin := time.Now()
			err := ask(ctx, client)
			if !errors.Is(err, test.want) || tcapi.AsError(err) != nil || time.Since(begin) > 30*time.Second {
				t.Errorf("%T %v after %s, want %v", err, err, time.Since(begin), test.want)
			}
			if n := len(seen.all()); n > 1 {
				t.Errorf("%d attempts", n)
			}
		})
	}
}

// An attempt that was sent is reported, also when it was cancelled.
func TestACancelledAttemptIsObserved(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client, seen := over(wire(func(r *http.Request) (*http.Response, error) {
		cancel()
		return nil, r.Context().Err()
	}))
	if err := ask(ctx, client); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if all := seen.all(); len(all) != 1 || all[0].Retry || all[0].Failure != "context canceled" {
		t.Errorf("%+v", all)
	}
}

// A connection that is not established ends with the context too.
func TestDialingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	transport := &http.Transport{DialContext: func(dial context.Context, _, _ string) (net.Conn, error) {
		cancel(errStopped)
		<-dial.Done()
		return nil, dial.Err()
	}}
	client, _ := over(transport)
	if err := ask(ctx, client); !errors.Is(err, errStopped) {
		t.Error(err)
	}
}
