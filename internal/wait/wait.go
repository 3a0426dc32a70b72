// Package wait waits for a time, or until a context ends. It imports nothing of this
// module, so that every package can use it.
package wait

import (
	"context"
	"time"
)

// For waits for d. If the context ends first, it returns the context's cause.
func For(ctx context.Context, d time.Duration) error {
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
