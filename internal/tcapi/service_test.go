package tcapi_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// query asks for a page of the simulator's catalogue.
type query struct {
	StartTime, EndTime string
	PageSize, PageNo   int
}

var week = query{StartTime: "2022-05-04T00:00:00Z", EndTime: "2022-05-11T00:00:00Z", PageSize: 10}

type logs struct {
	tcapi.Head

	Data      []struct{ LogPacketName string }
	TotalSize int
}

// simulated is a client of a simulator, with its credentials.
func simulated(t *testing.T, sim *teosim.Sim, change ...func(*tcapi.Config)) (*tcapi.Client, *log) {
	t.Helper()
	credentials := func(c *tcapi.Config) {
		c.Credentials = tcapi.StaticCredentials{SecretID: sim.SecretID(), SecretKey: sim.SecretKey()}
	}
	return to(t, sim.URL(), append([]func(*tcapi.Config){credentials}, change...)...)
}

// The simulator refuses the 21st request of any one second. Sixty-six requests
// of ten workers and two clients, which share their limiters, are not throttled.
// The test can fail on a busy machine: a request that is delayed for longer than the
// limit allows may be throttled.
func TestASustainedRateIsNotThrottled(t *testing.T) { //nolint:paralleltest // other tests would hold requests up
	if testing.Short() {
		t.Skip("it sends requests for three seconds")
	}
	const requests, room = 66, 50 * time.Millisecond
	sim := simtest.Start(t, teosim.Options{})
	limiters := new(tcapi.Limiters)
	share := func(c *tcapi.Config) { c.Limiters = limiters }
	one, seenOne := simulated(t, sim, share)
	two, seenTwo := simulated(t, sim, share)
	work := make(chan *tcapi.Client)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			for client := range work {
				got, err := tcapi.Call[logs](t.Context(), client, slowAction, week)
				if err != nil {
					t.Error(err)
				} else if len(got.Data) != 10 || got.TotalSize == 0 || got.RequestID == "" {
					t.Errorf("%d rows of %d", len(got.Data), got.TotalSize)
				}
			}
		})
	}
	for n := range requests {
		work <- []*tcapi.Client{one, two}[n%2]
	}
	close(work)
	group.Wait()
	var refused int
	var longest time.Duration
	for _, a := range append(seenOne.all(), seenTwo.all()...) {
		longest = max(longest, a.Duration)
		if a.Code != "" {
			refused++
		}
	}
	if n := sim.Count(slowAction.Version, slowAction.Name); n != requests+refused {
		t.Errorf("%d requests, %d were refused", n, refused)
	}
	if refused > 0 && longest > room {
		t.Skipf("a request took %s on this machine, and %d were refused", longest, refused)
	}
	if refused > 0 {
		t.Errorf("%d requests were refused", refused)
	}
}

// Every fault of the simulator that concerns one call: its class, and that a call
// succeeds after it if a retry helps.
func TestACallSucceedsAfterAFaultThatARetryHelps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault teosim.Fault
		class tcapi.Class
		code  string
	}{
		{teosim.Fault{Name: teosim.Throttled}, tcapi.Throttled, "RequestLimitExceeded"},
		{teosim.Fault{Name: teosim.ThrottledTEO}, tcapi.Throttled, "LimitExceeded.RateLimitExceeded"},
		{teosim.Fault{Name: teosim.QuotaExceeded}, tcapi.Fatal, "LimitExceeded"},
		{teosim.Fault{Name: teosim.ServerErrorCode}, tcapi.Transient, "InternalError"},
		{teosim.Fault{Name: teosim.Busy}, tcapi.Busy, "ResourceUnavailable"},
		{teosim.Fault{Name: teosim.CamUnauthorized}, tcapi.Fatal, "UnauthorizedOperation.CamUnauthorized"},
		{teosim.Fault{Name: teosim.APIError, Value: "ActionOffline: gone"}, tcapi.Gone, "ActionOffline"},
		{teosim.Fault{Name: teosim.ErrorWithoutCode}, tcapi.Fatal, ""},
		{teosim.Fault{Name: teosim.NotJSON}, tcapi.Fatal, ""},
		{teosim.Fault{Name: teosim.NullBody}, tcapi.Fatal, ""},
		{teosim.Fault{Name: teosim.EmptyObject}, tcapi.Fatal, ""},
		{teosim.Fault{Name: teosim.NullResponse}, tcapi.Fatal, ""},
		{teosim.Fault{Name: teosim.BadGateway}, tcapi.Transient, ""},
		{teosim.Fault{Name: teosim.TooManyRequests}, tcapi.Throttled, ""},
		{teosim.Fault{Name: teosim.Redirect, Value: "https://other.example/"}, tcapi.Fatal, ""},
		{teosim.Fault{Name: teosim.DropConnection}, tcapi.Transient, ""},
		{teosim.Fault{Name: teosim.CutBody}, tcapi.Transient, ""},
		{teosim.Fault{Name: teosim.TruncatedJSON}, tcapi.Transient, ""},
		{teosim.Fault{Name: teosim.Hang}, tcapi.Transient, ""},
	} {
		t.Run(string(test.fault.Name), func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{})
			timeout := func(c *tcapi.Config) {
				c.MaxRetries = 0
				if test.fault.Name == teosim.Hang {
					c.RequestTimeout = 500 * time.Millisecond
				}
			}
			test.fault.Times = 1
			sim.Inject(test.fault)
			client, _ := simulated(t, sim, timeout)
			_, err := tcapi.Call[logs](t.Context(), client, slowAction, week)
			got := failed(t, err)
			if got.Class != test.class || got.Code != test.code || got.Attempts != 1 || sim.Count("", "") != 1 {
				t.Errorf("%+v after %d requests", got, sim.Count("", ""))
			}
			// A connection that was lost is not an error of the next call.
			sim.Inject(test.fault)
			client, seen := simulated(t, sim, timeout, func(c *tcapi.Config) { c.MaxRetries = 1 })
			answer, err := tcapi.Call[logs](t.Context(), client, slowAction, week)
			again := test.class == tcapi.Transient || test.class == tcapi.Throttled || test.class == tcapi.Busy
			if (err == nil) != again || (again && (len(answer.Data) != 10 || len(seen.all()) != 2)) {
				t.Errorf("%v after %d attempts", err, len(seen.all()))
			}
		})
	}
}

// The messages of the service are in English.
func TestMessagesAreEnglish(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	client, _ := simulated(t, sim)
	_, err := tcapi.Call[logs](t.Context(), client, slowAction, struct{}{})
	failure := failed(t, err)
	if failure.Code != "MissingParameter" || !strings.Contains(failure.Message, "missing a required parameter") {
		t.Errorf("%v", err)
	}
	if r := sim.Requests()[0]; r.RequestID != failure.RequestID || r.Header.Get("User-Agent") != "terraform-provider-teo/1.2.3" {
		t.Errorf("%+v and %+v", r, failure)
	}
}

// A service whose clock is off refuses the signature, once; the error says by
// how much.
func TestAnErrorOfTheClockSaysByHowMuch(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	client, seen := simulated(t, sim)
	failure := failed(t, ask(t.Context(), client))
	if failure.Code != "AuthFailure.SignatureExpire" || failure.Class != tcapi.Fatal || len(seen.all()) != 1 {
		t.Errorf("%+v", failure)
	}
	if off := failure.Skew + time.Hour; off < -2*time.Second || off > 2*time.Second {
		t.Errorf("the skew is %s, want an hour behind", failure.Skew)
	}
}
