package tcapi

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/edgeone-community/terraform-provider-teo/internal/wait"
)

// Limiters holds one rate limiter per service, version and action, as the service
// counts requests. All clients of an account share one value.
type Limiters struct {
	// PerSecond, if above 0, overrides the documented rates.
	PerSecond float64

	mu sync.Mutex
	m  map[string]*Limiter
}

// For returns the limiter of an action. documented is its documented rate in
// requests per second.
func (l *Limiters) For(service, version, action string, documented float64) *Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := service + "/" + version + "/" + action
	if found, ok := l.m[key]; ok {
		return found
	}
	if l.m == nil {
		l.m = map[string]*Limiter{}
	}
	made := newLimiter(documented, l.PerSecond)
	l.m[key] = made
	return made
}

// headroom is the part of a documented rate that is used, because other processes
// of the account share the limit.
const headroom = 0.9

// Limiter spreads requests over time, and slows down when the service answers
// that there are too many.
type Limiter struct {
	rate *rate.Limiter
	full rate.Limit

	// turn has room for one: the caller that put it there is next, the others
	// wait. They must not reserve times ahead: those would remain when the rate
	// is lowered, and would all be due at once after the machine was suspended.
	turn chan struct{}

	mu     sync.Mutex
	resume time.Time // no request is sent earlier
}

func newLimiter(documented, configured float64) *Limiter {
	perSecond, burst := configured, configured/10
	if configured <= 0 {
		// Rate and burst together stay within the documented number in any one
		// second, minus one for a timer that fires late.
		perSecond, burst = documented*headroom, documented*(1-headroom)-1
	}
	return &Limiter{
		rate: rate.NewLimiter(rate.Limit(perSecond), max(1, int(burst+0.5))),
		full: rate.Limit(perSecond),
		turn: make(chan struct{}, 1),
	}
}

// Wait waits until a request may be sent, in the order of the calls. Its error is
// the context's cause.
func (l *Limiter) Wait(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for {
		if err := wait.For(ctx, l.paused()); err != nil {
			return err
		}
		if err := l.rate.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			// The wait would exceed the deadline.
			return fmt.Errorf("waiting for the rate limit: %w", context.DeadlineExceeded)
		}
		if l.paused() <= 0 {
			return nil
		}
	}
}

// Slow halves the rate, but not below one request a second, and delays every
// request by d.
func (l *Limiter) Slow(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(d); until.After(l.resume) {
		// If many requests in flight are refused at once, only the first one
		// halves the rate.
		if time.Now().After(l.resume) {
			l.rate.SetLimit(max(min(1, l.full), l.rate.Limit()/2))
		}
		l.resume = until
	}
}

// Recover restores a part of the rate after a successful request.
func (l *Limiter) Recover() {
	if l.rate.Limit() >= l.full {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate.SetLimit(min(l.full, l.rate.Limit()+l.full/50))
}

func (l *Limiter) paused() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.resume)
}
