package teosim

import (
	"fmt"
	"testing"
	"time"
)

func TestRatesSlide(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	r := newRates(map[string]int{"a": 2, "free": NoRateLimit})
	r.now = func() time.Time { return now }
	steps := []struct {
		after          time.Duration
		action, caller string
		want           bool
	}{
		{0, "a", "x", true},
		{600 * time.Millisecond, "a", "x", true},
		{0, "a", "x", false},
		{0, "a", "y", true},                       // another caller
		{0, "b", "x", true},                       // an action without a limit
		{399 * time.Millisecond, "a", "x", false}, // both are in the last second
		{time.Millisecond, "a", "x", true},        // the first has left; refusals did not count
		{0, "a", "x", false},
		{600 * time.Millisecond, "a", "x", true},
	}
	for i, step := range steps {
		now = now.Add(step.after)
		if got := r.allow(step.action, step.caller); got != step.want {
			t.Errorf("step %d: %t", i, got)
		}
	}
	for range 1000 {
		if !r.allow("free", "x") {
			t.Fatal("no limit is a limit")
		}
	}
}

func TestTheDocumentedRatesAreKept(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version, action, body string
		limit                 int
	}{
		{version20220106, "DownloadL7Logs", body(`"PageSize":1,"PageNo":0`), 20},
		{version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"],"Limit":1`), 100},
		{version20220901, "DownloadL4Logs", body(`"ZoneIds":["zone-1"],"Limit":1`), 100},
		{version20220901, "DescribeZones", "{}", 20},
	}
	sim := start(t, Options{})
	stopped := time.Now()
	sim.rates.now = func() time.Time { return stopped }
	for _, test := range tests {
		c := newCaller(t, sim)
		for n := range test.limit + 1 {
			want := ""
			if n == test.limit {
				want = "RequestLimitExceeded"
			}
			if got := c.call(test.version, test.action, test.body).code(); got != want {
				t.Fatalf("%s %s: request %d: code %q", test.version, test.action, n, got)
			}
		}
	}
	c := newCaller(t, start(t, Options{Rates: map[string]int{"2022-09-01/DescribeZones": 1}}))
	got := fmt.Sprint(c.call(version20220901, "DescribeZones", "{}").code(), c.call(version20220901, "DescribeZones", "{}").code())
	if got != "RequestLimitExceeded" {
		t.Errorf("codes %q with a limit of one", got)
	}
}
