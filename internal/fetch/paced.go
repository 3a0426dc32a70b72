package fetch

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// paced is a body that must neither stall nor trickle: within each timeout it must
// receive at least a byte, and as many as the minimum rate asks for. Time that the
// destination takes between two reads does not count. If it is too slow, the
// request's context ends with ErrStalled or ErrTooSlow as its cause.
type paced struct {
	from    io.Reader // set when the response is there
	timer   *time.Timer
	timeout time.Duration
	enough  int64 // bytes that must arrive within the timeout
	waited  time.Duration

	// received counts the bytes since enough of them had arrived. The timer reads it.
	received atomic.Int64
}

// newPaced starts to wait for the response.
func newPaced(cancel context.CancelCauseFunc, timeout time.Duration, minRate int64) *paced {
	p := &paced{timeout: timeout, enough: max(1, int64(float64(minRate)*timeout.Seconds()))}
	p.timer = time.AfterFunc(timeout, func() {
		n := p.received.Load()
		if n == 0 {
			cancel(fmt.Errorf("%w: no byte arrived for %s", ErrStalled, timeout))
			return
		}
		cancel(fmt.Errorf("%w: %d bytes arrived in %s, less than %d bytes per second", ErrTooSlow, n, timeout, minRate))
	})
	return p
}

func (p *paced) stop() { p.timer.Stop() }

// Read implements io.Reader.
func (p *paced) Read(b []byte) (int, error) {
	start := time.Now()
	p.timer.Reset(p.timeout - p.waited)
	n, err := p.from.Read(b)
	p.timer.Stop()
	p.waited += time.Since(start)
	if p.received.Add(int64(n)) >= p.enough {
		p.received.Store(0)
		p.waited = 0
	}
	return n, err
}
