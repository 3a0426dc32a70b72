package tcapi_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// status is a response with a status other than 200.
func status(code int, header ...string) *http.Response {
	r := answer("<html>", header...)
	r.StatusCode = code
	return r
}

// The wait before a second attempt, on simulated time.
func TestTheWaitBeforeARetryIsWithinItsBounds(t *testing.T) {
	t.Parallel()
	// The first wait is 250 ms, more or less a half of it.
	const short, long = 125 * time.Millisecond, 375 * time.Millisecond
	for name, test := range map[string]struct {
		first       func(now time.Time) *http.Response
		least, most time.Duration
	}{
		"server error":      {func(time.Time) *http.Response { return answer(apiError("InternalError", "")) }, short, long},
		"busy":              {func(time.Time) *http.Response { return answer(apiError("ResourceInUse", "")) }, short, long},
		"502":               {func(time.Time) *http.Response { return status(502) }, short, long},
		"throttled":         {func(time.Time) *http.Response { return answer(apiError("RequestLimitExceeded", "")) }, time.Second + short, time.Second + long},
		"429":               {func(time.Time) *http.Response { return status(429) }, time.Second + short, time.Second + long},
		"Retry-After":       {func(time.Time) *http.Response { return status(503, "Retry-After", "7") }, 7 * time.Second, 7 * time.Second},
		"Retry-After of 1":  {func(time.Time) *http.Response { return status(503, "Retry-After", "1") }, time.Second, time.Second},
		"429 + Retry-After": {func(time.Time) *http.Response { return status(429, "Retry-After", "7") }, 7 * time.Second, 8 * time.Second},
		"throttled + Retry-After": {func(time.Time) *http.Response {
			return answer(apiError("RequestLimitExceeded", ""), "Retry-After", "3")
		}, 3 * time.Second, 4 * time.Second},
		"a date": {func(now time.Time) *http.Response {
			return status(503, "Retry-After", now.Add(9*time.Second).UTC().Format(http.TimeFormat))
		}, 9 * time.Second, 9 * time.Second},
		"a date of the past": {func(now time.Time) *http.Response {
			return status(503, "Retry-After", now.Add(-time.Hour).UTC().Format(http.TimeFormat))
		}, short, long},
		"zero":        {func(time.Time) *http.Response { return status(503, "Retry-After", "0") }, short, long},
		"negative":    {func(time.Time) *http.Response { return status(503, "Retry-After", "-5") }, short, long},
		"a word":      {func(time.Time) *http.Response { return status(503, "Retry-After", "soon") }, short, long},
		"a day":       {func(time.Time) *http.Response { return status(503, "Retry-After", "86400") }, 2 * time.Minute, 2 * time.Minute},
		"an eternity": {func(time.Time) *http.Response { return status(503, "Retry-After", "13835058055") }, 2 * time.Minute, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var sent []time.Time
				client, seen := over(wire(func(*http.Request) (*http.Response, error) {
					sent = append(sent, time.Now())
					if len(sent) == 1 {
						return test.first(time.Now()), nil
					}
					return answer(fine), nil
				}), func(c *tcapi.Config) { c.Pace = tcapi.Pace{} })
				if err := ask(t.Context(), client); err != nil || len(sent) != 2 {
					t.Fatalf("%v after %d requests", err, len(sent))
				}
				waited := sent[1].Sub(sent[0])
				if waited < test.least || waited > test.most+10*time.Millisecond {
					t.Errorf("it waited %s, want %s to %s", waited, test.least, test.most)
				}
				if logged := seen.all()[0].Wait; logged < test.least || logged > test.most {
					t.Errorf("it logged a wait of %s", logged)
				}
			})
		})
	}
}

// Waits grow by half, differ by up to a half in both directions, so that clients that
// failed together do not try again together, and stay below the maximum.
func TestWaitsGrowUpToTheMaximum(t *testing.T) {
	t.Parallel()
	pace := tcapi.Pace{First: time.Second, Most: 4 * time.Second}
	var sum [12]time.Duration
	shortest, longest := time.Hour, time.Duration(0) // of the first waits
	for range 200 {
		retries := tcapi.NewRetries(len(sum), pace)
		for i := range sum {
			wait, again := retries.After(tcapi.Transient, 0)
			if !again || wait <= 0 || wait > pace.Most {
				t.Fatalf("wait %d is %s, %v", i, wait, again)
			}
			if i == 0 {
				shortest, longest = min(shortest, wait), max(longest, wait)
			}
			sum[i] += wait
		}
		if wait, again := retries.After(tcapi.Transient, 0); again || wait != 0 {
			t.Fatalf("one more than allowed, after %s", wait)
		}
	}
	for i := 1; i < 4; i++ {
		if growth := float64(sum[i]) / float64(sum[i-1]); growth < 1.2 || growth > 1.8 {
			t.Errorf("wait %d is %.2f times that before, want 1.5", i, growth)
		}
	}
	// The chance that none of 200 waits is in the outer fifth of one side is 1e-19.
	if shortest > 700*time.Millisecond || longest < 1300*time.Millisecond || shortest < 500*time.Millisecond || longest > 1500*time.Millisecond {
		t.Errorf("the first waits are %s to %s, want them between 0.5 s and 1.5 s", shortest, longest)
	}
}

// About half of the last waits have the maximum length.
func TestADefaultWaitIsAtMostFifteenSeconds(t *testing.T) {
	t.Parallel()
	retries, longest := tcapi.NewRetries(100, tcapi.Pace{}), time.Duration(0)
	for range 100 {
		wait, _ := retries.After(tcapi.Transient, 0)
		longest = max(longest, wait)
	}
	if longest != 15*time.Second {
		t.Errorf("the longest wait is %s, want 15s", longest)
	}
}

func TestPermanentErrorsAreNotRetried(t *testing.T) {
	t.Parallel()
	for _, class := range []tcapi.Class{tcapi.Fatal, tcapi.CredentialsRefused, tcapi.Gone} {
		if wait, again := tcapi.NewRetries(5, tcapi.Pace{}).After(class, time.Second); again || wait != 0 {
			t.Errorf("class %d is tried again after %s", class, wait)
		}
	}
}

// The Date header gives the clock of the service, for AuthFailure.SignatureExpire.
func TestTheSkewOfTheClockIsMeasured(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -6 * time.Minute, "none": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2022, 5, 11, 12, 0, 0, 0, time.UTC)
			client, _ := over(wire(func(*http.Request) (*http.Response, error) {
				// The request and the response each take ten seconds.
				now = now.Add(20 * time.Second)
				return answer(apiError("AuthFailure.SignatureExpire", ""), "Date", now.Add(ahead-10*time.Second).Format(http.TimeFormat)), nil
			}), func(c *tcapi.Config) { c.Now = func() time.Time { return now } })
			if got := failed(t, ask(t.Context(), client)); got.Skew != ahead {
				t.Errorf("the skew is %s, want %s", got.Skew, ahead)
			}
		})
	}
}
