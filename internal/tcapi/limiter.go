package tcapi

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiters hold one rate limiter per service, version and action. The service
// counts that way, so whatever a process does shares one value of it.
type Limiters struct {
	// PerSecond overrides the documented rates where it is above 0.
	PerSecond float64

	mu sync.Mutex
	m  map[string]*Limiter
}

// For returns the limiter of an action, made with the rate it is documented
// with (requests per second) when it is first asked for.
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

// headroom is the part of a documented rate that is used: other processes of
// the same account count against the same limit.
const headroom = 0.9

// Limiter spreads requests over time, and slows down when the service says
// that they come too often.
type Limiter struct {
	rate *rate.Limiter
	full rate.Limit

	// turn holds one: whoever put it there is next, the others wait in line.
	// They must not reserve their times ahead. Those would stand when the rate
	// is lowered, and after a stall of the machine all be due at once.
	turn chan struct{}

	mu     sync.Mutex
	resume time.Time // nothing is sent before
}

func newLimiter(documented, configured float64) *Limiter {
	perSecond, burst := configured, configured/10
	if configured <= 0 {
		// Sustained rate and burst together stay within the documented
		// number in any one second, and leave one for a timer that fires late.
		perSecond, burst = documented*headroom, documented*(1-headroom)-1
	}
	return &Limiter{
		rate: rate.NewLimiter(rate.Limit(perSecond), max(1, int(burst+0.5))),
		full: rate.Limit(perSecond),
		turn: make(chan struct{}, 1),
	}
}

// Wait returns when a request may be sent, in the order of asking, or with the
// context's cause.
func (l *Limiter) Wait(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for {
		if err := Sleep(ctx, l.paused()); err != nil {
			return err
		}
		if err := l.rate.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			// The limiter saw that the turn would come after the deadline.
			return fmt.Errorf("waiting for the rate limit: %w", context.DeadlineExceeded)
		}
		if l.paused() <= 0 {
			return nil
		}
	}
}

// Slow halves the rate, down to one request a second, and holds every request
// back for d.
func (l *Limiter) Slow(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(d); until.After(l.resume) {
		// Many requests in flight are refused at once: that is one event, and
		// only the first of them halves the rate.
		if time.Now().After(l.resume) {
			l.rate.SetLimit(max(min(1, l.full), l.rate.Limit()/2))
		}
		l.resume = until
	}
}

// Recover gives back a part of the rate, after a request that went well.
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

// Sleep waits for d, or for the context to end, whose cause it then returns.
func Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
