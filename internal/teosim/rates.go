package teosim

import (
	"sync"
	"time"
)

// rateWindow is the window of Tencent's documented limits.
const rateWindow = time.Second

// rates counts accepted requests in a sliding window, for each action and caller.
// It uses the real clock, because that of [Options] may stand still.
type rates struct {
	limits map[string]int
	now    func() time.Time

	mu   sync.Mutex
	seen map[rateKey][]time.Time
}

type rateKey struct{ action, caller string }

func newRates(limits map[string]int) *rates {
	return &rates{limits: limits, now: time.Now, seen: map[rateKey][]time.Time{}}
}

// allow reports whether one more request is within the limit, and counts it if so.
// A refused request does not count.
func (r *rates) allow(action, caller string) bool {
	limit, ok := r.limits[action]
	if !ok || limit == NoRateLimit {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	key := rateKey{action, caller}
	recent := r.seen[key]
	for len(recent) > 0 && now.Sub(recent[0]) >= rateWindow {
		recent = recent[1:]
	}
	allowed := len(recent) < limit
	if allowed {
		recent = append(recent, now)
	}
	r.seen[key] = recent
	return allowed
}
