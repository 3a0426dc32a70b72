package tcapi

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Pace is how long a call waits before it tries again. The waits grow by half
// each time and are spread by a random part.
type Pace struct {
	First time.Duration // before the first retry; 250 ms where it is 0
	Most  time.Duration // no wait is longer; 15 s where it is 0

	// Throttled is the least wait, for all requests, after the service said
	// that they come too often; 1 s where it is 0.
	Throttled time.Duration
}

func (p Pace) orDefault() Pace {
	if p.First <= 0 {
		p.First = 250 * time.Millisecond
	}
	if p.Most <= 0 {
		p.Most = 15 * time.Second
	}
	if p.Throttled <= 0 {
		p.Throttled = time.Second
	}
	return p
}

const (
	// busyRetries is how often a Busy answer is asked again, whatever the
	// configuration allows.
	busyRetries = 3

	// maxRetryAfter bounds what a server may make us wait.
	maxRetryAfter = 2 * time.Minute
)

// Retries decides whether one request is sent again after a failure, and when.
// Downloads of packages use it as well as calls.
type Retries struct {
	pace    Pace
	backoff *backoff.ExponentialBackOff
	left    int
	busy    int
}

// NewRetries allows a request to be sent again most times.
func NewRetries(most int, pace Pace) *Retries {
	pace = pace.orDefault()
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = pace.First, pace.Most
	b.Reset()
	return &Retries{pace: pace, backoff: b, left: most, busy: busyRetries}
}

// After returns how long to wait before the next attempt, and whether there is
// to be one. retryAfter is what the server asked for, or 0.
func (r *Retries) After(class Class, retryAfter time.Duration) (time.Duration, bool) {
	switch class {
	case Busy:
		if r.busy--; r.busy < 0 {
			return 0, false
		}
	case Transient, Throttled:
	default:
		return 0, false
	}
	if r.left--; r.left < 0 {
		return 0, false
	}
	// The random part comes on top of the backoff's own bound.
	wait := max(min(r.backoff.NextBackOff(), r.pace.Most), min(retryAfter, maxRetryAfter))
	if class == Throttled {
		wait += r.pace.Throttled
	}
	return wait, true
}
