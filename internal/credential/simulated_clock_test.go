package credential_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// bubble runs a test on simulated time (see testing/synctest). The simulator runs
// outside of it, so requests are passed to it one at a time, and it uses the time at
// which they were sent.
type bubble struct {
	requests  chan *http.Request
	responses chan *http.Response
	ahead     time.Duration // of the service's clock

	mu  sync.Mutex // of one exchange
	now time.Time
}

// inBubble runs do with a world whose clock is that of the bubble, plus ahead.
func inBubble(t *testing.T, ahead time.Duration, o teosim.Options, do func(*testing.T, *world)) {
	t.Helper()
	b := &bubble{requests: make(chan *http.Request), responses: make(chan *http.Response), ahead: ahead}
	o.Now, o.Rates = b.clock, teosim.Unlimited()
	w := newWorld(t, o)
	outside := handlerTransport{w.sim.Handler()}
	go func() {
		for r := range b.requests {
			response, _ := outside.RoundTrip(r)
			b.responses <- response
		}
	}()
	defer close(b.requests)
	w.transport = b
	synctest.Test(t, func(t *testing.T) { do(t, w) })
}

// clock is read by the simulator, during a request or before the first one.
func (b *bubble) clock() time.Time {
	if b.now.IsZero() {
		return time.Now()
	}
	return b.now.Add(b.ahead)
}

func (b *bubble) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	b.now = time.Now()
	// Channels of the bubble, such as that of the context, must not be used outside.
	b.requests <- r.Clone(context.WithoutCancel(r.Context()))
	return <-b.responses, nil
}
