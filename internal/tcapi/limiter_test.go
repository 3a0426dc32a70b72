package tcapi_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

var (
	slowAction = tcapi.Action{Version: "2022-01-06", Name: "DownloadL7Logs", PerSecond: 20}
	fastAction = tcapi.Action{Version: "2022-09-01", Name: "DownloadL7Logs", PerSecond: 100}
)

// times collects when requests were sent.
type times struct {
	mu  sync.Mutex
	all []time.Time
}

func (s *times) add() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, time.Now())
}

// peak is the largest number in any one second.
func (s *times) peak() int {
	most, first := 0, 0
	for i, at := range s.all {
		for at.Sub(s.all[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// mean is the rate between the first and the last, per second.
func (s *times) mean() float64 {
	return float64(len(s.all)-1) / s.all[len(s.all)-1].Sub(s.all[0]).Seconds()
}

// A hundred workers together stay within the documented rate in every second,
// and use nine tenths of it. Several clients of a process count as one.
func TestDocumentedRateIsKept(t *testing.T) {
	t.Parallel()
	for _, action := range []tcapi.Action{slowAction, fastAction} {
		for _, clients := range []int{1, 3} {
			synctest.Test(t, func(t *testing.T) {
				sent, limiters := new(times), new(tcapi.Limiters)
				var all []*tcapi.Client
				for range clients {
					client, _ := over(wire(func(*http.Request) (*http.Response, error) {
						sent.add()
						return answer(fine), nil
					}), func(c *tcapi.Config) { c.Limiters = limiters })
					all = append(all, client)
				}
				var group sync.WaitGroup
				for n := range 100 {
					client := all[n%clients]
					group.Go(func() {
						for range 10 {
							if _, err := tcapi.Call[tcapi.Head](t.Context(), client, action, nil); err != nil {
								t.Error(err)
							}
						}
					})
				}
				group.Wait()
				if len(sent.all) != 1000 || float64(sent.peak()) > action.PerSecond {
					t.Errorf("%d requests, %d in one second, documented are %v", len(sent.all), sent.peak(), action.PerSecond)
				}
				if mean := sent.mean(); mean < 0.88*action.PerSecond || mean > 0.92*action.PerSecond {
					t.Errorf("%.1f requests a second, want nine tenths of %v", mean, action.PerSecond)
				}
			})
		}
	}
}

func TestAConfiguredRateReplacesTheDocumentedOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := new(times)
		client, _ := over(wire(func(*http.Request) (*http.Response, error) {
			sent.add()
			return answer(fine), nil
		}), func(c *tcapi.Config) { c.Limiters = &tcapi.Limiters{PerSecond: 0.5} })
		for range 4 {
			if err := ask(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		if took := sent.all[3].Sub(sent.all[0]); took != 6*time.Second {
			t.Errorf("three more requests took %s at one in two seconds", took)
		}
	})
}

// There is one limiter for each service, version and action.
func TestEachActionHasItsLimiter(t *testing.T) {
	t.Parallel()
	l := new(tcapi.Limiters)
	one := l.For("teo", "2022-09-01", "DescribeZones", 20)
	if l.For("teo", "2022-09-01", "DescribeZones", 99) != one {
		t.Error("a second limiter of one action")
	}
	for _, other := range []*tcapi.Limiter{
		l.For("sts", "2022-09-01", "DescribeZones", 20),
		l.For("teo", "2022-01-06", "DescribeZones", 20),
		l.For("teo", "2022-09-01", "DownloadL7Logs", 20),
	} {
		if other == one {
			t.Error("one limiter for two actions")
		}
	}
}

// rate is the current rate of a limiter, in requests per second, measured over n.
func rate(t *testing.T, client *tcapi.Client, action tcapi.Action, n int) float64 {
	t.Helper()
	// The burst does not count.
	for range 10 {
		_ = client.Admit(t.Context(), action)
	}
	begin := time.Now()
	for range n {
		_ = client.Admit(t.Context(), action)
	}
	return float64(n) / time.Since(begin).Seconds()
}

// A throttled request delays every request of the action and halves its rate, which
// grows again with successful requests. Other actions are not affected.
func TestThrottlingSlowsTheWholeAction(t *testing.T) {
	t.Parallel()
	for name, retries := range map[string]int{"with a retry": 5, "without": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limiters, refuse := new(tcapi.Limiters), true
				sent := new(times)
				client, _ := over(wire(func(r *http.Request) (*http.Response, error) {
					if r.Header.Get("X-TC-Version") == slowAction.Version {
						sent.add()
						if refuse {
							refuse = false
							return answer(apiError("RequestLimitExceeded", "")), nil
						}
					}
					return answer(fine), nil
				}), func(c *tcapi.Config) { c.Limiters, c.MaxRetries, c.Pace = limiters, retries, tcapi.Pace{} })
				call := func(action tcapi.Action) error {
					_, err := tcapi.Call[tcapi.Head](t.Context(), client, action, nil)
					return err
				}
				refused := make(chan error)
				go func() { refused <- call(slowAction) }()
				synctest.Wait()
				// Others wait together with the throttled one.
				if err := call(slowAction); err != nil {
					t.Fatal(err)
				}
				if held := sent.all[1].Sub(sent.all[0]); held < time.Second {
					t.Errorf("the next request was held back for %s, want a second at least", held)
				}
				if err := <-refused; (err == nil) != (retries > 0) {
					t.Errorf("the refused request: %v", err)
				}
				// Then the rate is halved (18, halved, and two steps of recovery).
				if got := rate(t, client, slowAction, 40); got < 8.9 || got > 10 {
					t.Errorf("%.1f requests a second after a refusal, want about 9", got)
				}
				if got := rate(t, client, fastAction, 400); got < 89 || got > 91 {
					t.Errorf("%.1f requests a second of another action, want 90", got)
				}
				// At least one was good before, and 25 restore the rate.
				for range 24 {
					if err := call(slowAction); err != nil {
						t.Fatal(err)
					}
				}
				if got := rate(t, client, slowAction, 40); got < 17.9 || got > 18.1 {
					t.Errorf("%.1f requests a second after 25 good ones, want 18", got)
				}
			})
		})
	}
}

// Many requests in flight that are refused together are one event.
func TestConcurrentThrottlingCountsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := over(replies(fine))
		limiter := client.Limiters.For("teo", fastAction.Version, fastAction.Name, fastAction.PerSecond)
		for range 20 {
			limiter.Slow(time.Second)
			time.Sleep(time.Millisecond)
		}
		begin := time.Now()
		if err := client.Admit(t.Context(), fastAction); err != nil || time.Since(begin) < 999*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		if got := rate(t, client, fastAction, 400); got < 44 || got > 46 {
			t.Errorf("%.1f requests a second, want 45", got)
		}
		// Repeatedly, down to one request per second.
		for range 10 {
			limiter.Slow(time.Second)
			time.Sleep(1100 * time.Millisecond)
		}
		if got := rate(t, client, fastAction, 20); got < 0.99 || got > 1.01 {
			t.Errorf("%.2f requests a second, want 1", got)
		}
	})
}

// A rate below one request a second is not raised by a throttled response.
func TestThrottlingDoesNotRaiseALowRate(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{0.1, 1} {
		synctest.Test(t, func(t *testing.T) {
			sent := new(times)
			client, _ := over(wire(func(*http.Request) (*http.Response, error) {
				sent.add()
				if len(sent.all) <= 2 {
					return answer(apiError("RequestLimitExceeded", "")), nil
				}
				return answer(fine), nil
			}), func(c *tcapi.Config) { c.Limiters = &tcapi.Limiters{PerSecond: perSecond} })
			for range 4 {
				if err := ask(t.Context(), client); err != nil {
					t.Fatal(err)
				}
			}
			least := time.Duration(float64(time.Second)/perSecond) - time.Millisecond // the rate is a float
			for i := 1; i < len(sent.all); i++ {
				if waited := sent.all[i].Sub(sent.all[i-1]); waited < least || waited > 2*least {
					t.Errorf("at %v a second, request %d was sent after %s, want %s", perSecond, i, waited, least)
				}
			}
		})
	}
}

// Requests that were waiting when the refusal came slow down with the others.
func TestQueuedRequestsSlowDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := new(times)
		client, _ := over(wire(func(*http.Request) (*http.Response, error) {
			sent.add()
			// Not one that lets the rate recover.
			return answer(apiError("OperationDenied", "")), nil
		}))
		limiter := client.Limiters.For("teo", slowAction.Version, slowAction.Name, slowAction.PerSecond)
		var group sync.WaitGroup
		for range 60 {
			group.Go(func() { _, _ = tcapi.Call[tcapi.Head](t.Context(), client, slowAction, nil) })
		}
		synctest.Wait()
		sent.all = nil // what did not have to wait
		limiter.Slow(time.Second)
		group.Wait()
		if mean := sent.mean(); mean < 8.9 || mean > 9.6 {
			t.Errorf("%.1f requests a second after a refusal, want 9", mean)
		}
	})
}

// Of the requests that wait, only the next one keeps the time that it was given at the
// higher rate.
func TestOnlyTheNextRequestKeepsItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := new(times)
		limiter := (&tcapi.Limiters{PerSecond: 2}).For("teo", "2022-09-01", "DescribeZones", 20)
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				if err := limiter.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				sent.add()
			})
		}
		synctest.Wait()
		limiter.Slow(time.Millisecond)
		group.Wait()
		if first := sent.all[1].Sub(sent.all[0]); first != 500*time.Millisecond {
			t.Errorf("the next request was sent after %s, want half a second", first)
		}
		for i := 2; i < len(sent.all); i++ {
			if waited := sent.all[i].Sub(sent.all[i-1]); waited < time.Second {
				t.Errorf("request %d was sent after %s, want a second", i, waited)
			}
		}
	})
}

// Two listings that each have many pages to read take turns: a short one does
// not wait for the end of a long one.
func TestListingsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		client, _ := over(wire(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, r.Context().Value(listing{}).(string))
			return answer(fine), nil
		}))
		list := func(name string, pages int) {
			ctx := context.WithValue(t.Context(), listing{}, name)
			var calls sync.WaitGroup
			for range pages {
				if err := client.Admit(ctx, slowAction); err != nil {
					t.Error(err)
				}
				calls.Go(func() {
					if _, err := tcapi.Call[tcapi.Head](ctx, client, slowAction, nil, tcapi.Admitted()); err != nil {
						t.Error(err)
					}
				})
			}
			calls.Wait()
		}
		begin := time.Now()
		var group sync.WaitGroup
		group.Go(func() { list("long", 100) })
		time.Sleep(time.Second)
		group.Go(func() {
			list("short", 10)
			// 20 turns of 1/18 s, as every second one is its own.
			if took := time.Since(begin) - time.Second; took > 1300*time.Millisecond {
				t.Errorf("the short listing took %s", took)
			}
		})
		group.Wait()
		if len(order) != 110 {
			t.Errorf("%d requests", len(order))
		}
		// An admitted call does not wait a second time.
		if took := time.Since(begin); took > 6100*time.Millisecond {
			t.Errorf("110 requests took %s", took)
		}
	})
}

type listing struct{}

// Admitted applies to one call, not to those that get its credentials.
func TestAdmittedAppliesToOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := new(times)
		w := wire(func(*http.Request) (*http.Response, error) {
			sent.add()
			return answer(fine), nil
		})
		limiters := &tcapi.Limiters{PerSecond: 1}
		sts, _ := over(w, func(c *tcapi.Config) { c.Service, c.Limiters = "sts", limiters })
		client, _ := over(w, func(c *tcapi.Config) { c.Limiters, c.Credentials = limiters, credentialsFrom(sts) })
		for range 3 {
			if err := client.Admit(t.Context(), slowAction); err != nil {
				t.Fatal(err)
			}
		}
		if err := sts.Admit(t.Context(), zones); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := tcapi.Call[tcapi.Head](t.Context(), client, slowAction, nil, tcapi.Admitted()); err != nil {
			t.Fatal(err)
		}
		if waited := sent.all[0].Sub(begin); waited != time.Second {
			t.Errorf("the call for credentials waited %s, want a second", waited)
		}
		if waited := sent.all[1].Sub(sent.all[0]); waited != 0 {
			t.Errorf("the admitted call waited %s once more", waited)
		}
	})
}

func TestTheRetryOfAnAdmittedCallWaitsForTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := new(times)
		next := replies(apiError("InternalError", ""), fine)
		client, _ := over(wire(func(r *http.Request) (*http.Response, error) {
			sent.add()
			return next(r)
		}), func(c *tcapi.Config) { c.Limiters = &tcapi.Limiters{PerSecond: 1} })
		begin := time.Now()
		if err := client.Admit(t.Context(), slowAction); err != nil {
			t.Fatal(err)
		}
		if _, err := tcapi.Call[tcapi.Head](t.Context(), client, slowAction, nil, tcapi.Admitted()); err != nil {
			t.Fatal(err)
		}
		if first, second := sent.all[0].Sub(begin), sent.all[1].Sub(begin); first != 0 || second != time.Second {
			t.Errorf("sent after %s and %s, want 0 and a second", first, second)
		}
	})
}

// A turn that comes after the deadline is not waited for.
func TestATurnAfterTheDeadlineIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := over(replies(fine), func(c *tcapi.Config) { c.Limiters = &tcapi.Limiters{PerSecond: 0.1} })
		if err := ask(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		if err := ask(ctx, client); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 0 {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
	})
}

// Whoever waits while the service wants a pause stops with the context.
func TestAPauseEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := new(tcapi.Limiters).For("teo", "2022-09-01", "DescribeZones", 20)
		l.Slow(10 * time.Second)
		interrupted := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(interrupted) })
		begin := time.Now()
		if err := l.Wait(ctx); !errors.Is(err, interrupted) || time.Since(begin) != time.Second {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		if err := l.Wait(t.Context()); err != nil || time.Since(begin) != 10*time.Second {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
	})
}

// Burst and rate together stay below the documented number in any one second.
func TestABurstIsSmall(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		documented, configured float64
		burst, second          int
	}{{20, 0, 1, 18}, {100, 0, 9, 99}, {5, 0, 1, 5}, {20, 30, 3, 32}, {20, 4, 1, 4}, {20, 100, 10, 109}} {
		synctest.Test(t, func(t *testing.T) {
			l := (&tcapi.Limiters{PerSecond: test.configured}).For("teo", "2022-09-01", "DescribeZones", test.documented)
			begin := time.Now()
			burst, second := 0, 0
			for {
				if err := l.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				passed := time.Since(begin)
				if passed >= time.Second {
					break
				}
				second++
				if passed == 0 {
					burst++
				}
			}
			if burst != test.burst || second != test.second {
				t.Errorf("documented %v, configured %v: %d requests at once, %d in a second", test.documented, test.configured, burst, second)
			}
		})
	}
}
