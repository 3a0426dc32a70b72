package tcapi

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Pace is how long a call waits before a retry. The waits grow by half each time
// and have a random part.
type Pace struct {
	First time.Duration // before the first retry; 0 means 250 ms
	Most  time.Duration // the longest wait; 0 means 15 s

	// Throttled is the minimum wait of all requests after the service answered
	// that there are too many; 0 means 1 s.
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
	// busyRetries is the maximum number of retries after Busy, whatever the
	// configuration allows.
	busyRetries = 3

	// maxRetryAfter is the longest wait that a server can ask for.
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

// NewRetries allows at most most retries of a request.
func NewRetries(most int, pace Pace) *Retries {
	pace = pace.orDefault()
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = pace.First, pace.Most
	b.Reset()
	return &Retries{pace: pace, backoff: b, left: most, busy: busyRetries}
}

// After returns how long to wait before the next attempt, and whether there is
// one. retryAfter is what the server asked for, or 0.
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
	// The backoff can exceed its own maximum by the random part.
	wait := max(min(r.backoff.NextBackOff(), r.pace.Most), min(retryAfter, maxRetryAfter))
	if class == Throttled {
		wait += r.pace.Throttled
	}
	return wait, true
}

// RetryAfter returns how long the Retry-After header of a response asks to wait,
// which is a number of seconds or a time; 0 without a valid header.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(max(0, min(seconds, math.MaxInt32))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
