package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/wait"
)

func TestAWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	for _, test := range []struct {
		wait, stop time.Duration
		took       time.Duration
		want       error
	}{
		{wait: time.Second, stop: time.Minute, took: time.Second},
		{wait: time.Minute, stop: time.Second, took: time.Second, want: stopped},
		{wait: time.Minute, want: stopped},
		{wait: 0, want: stopped},
		{wait: 0, stop: time.Second},
		{wait: -time.Second, stop: time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			if test.stop == 0 {
				stop(stopped)
			} else {
				time.AfterFunc(test.stop, func() { stop(stopped) })
			}
			begin := time.Now()
			if err := wait.For(ctx, test.wait); !errors.Is(err, test.want) || time.Since(begin) != test.took {
				t.Errorf("%+v: %v after %s", test, err, time.Since(begin))
			}
		})
	}
}
