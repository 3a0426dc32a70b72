package teosim

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// at returns a simulator of one package, at a time after the end of its hour.
func at(t *testing.T, p Package, after time.Duration) *Sim {
	t.Helper()
	return start(t, Options{
		Catalogue: onePackage(p), Lifecycle: DocumentedLifecycle(), ServiceTime: slot.Add(time.Hour + after),
	})
}

func listedAt(t *testing.T, sim *Sim) []*row {
	t.Helper()
	r := newCaller(t, sim).call(version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"]`))
	if r.Error != nil {
		t.Fatal(r.Error)
	}
	return r.Data
}

func TestPackagesAppearAndExpireWithTheClock(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := map[string]struct {
		pkg            Package
		appears, ended time.Duration
	}{
		"as documented": {Package{}, 3 * time.Hour, 31 * day},
		"late":          {Package{Late: 2 * day}, 2*day + 3*time.Hour, 31 * day},
		"expiring":      {Package{Kept: 2 * day}, 3 * time.Hour, 2 * day},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := at(t, test.pkg, test.appears-time.Minute)
			want := func(n int, when string) {
				t.Helper()
				if got := listedAt(t, sim); len(got) != n {
					t.Errorf("%s: %d packages are listed, want %d", when, len(got), n)
				}
			}
			want(0, "before it appears")
			sim.MoveClock(2 * time.Minute)
			want(1, "after it appeared")
			sim.SetClock(slot.Add(time.Hour + test.ended - time.Minute))
			want(1, "before it expires")
			old := listedAt(t, sim)[0].URL
			sim.MoveClock(2 * time.Minute)
			want(0, "after it expired")
			if got, err := get(t, http.MethodGet, old); err != nil || got.status != http.StatusNotFound {
				t.Errorf("the download of an expired package: status %d, %v", got.status, err)
			}
			sim.MoveClock(-2 * time.Minute)
			want(1, "after the clock was moved back")
		})
	}
}

func TestAPackageGrowsAtItsEnd(t *testing.T) {
	t.Parallel()
	for name, pkg := range map[string]Package{
		"3 members":               {Members: 3},
		"1 member, grows for 48h": {Grows: 48 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := at(t, pkg, 23*time.Hour)
			read := func() (int64, []byte) {
				t.Helper()
				row := listedAt(t, sim)[0]
				got, err := get(t, http.MethodGet, row.URL)
				if err != nil || got.status != http.StatusOK {
					t.Fatalf("status %d, %v", got.status, err)
				}
				return row.Size, got.body
			}
			size, before := read()
			sim.MoveClock(48 * time.Hour)
			grown, after := read()
			if grown <= size || len(after) <= len(before) || !bytes.HasPrefix(after, before) {
				t.Errorf("it grew from %d bytes (%d stored) to %d (%d stored)", size, len(before), grown, len(after))
			}
		})
	}
}

// What the analytics count depends neither on losses nor on the switch, but has
// happened.
func TestASiteWithoutLogsHasTraffic(t *testing.T) {
	t.Parallel()
	c := counted()
	c.Zones[0].LogsOff = true
	sim := start(t, Options{Catalogue: c, Lifecycle: DocumentedLifecycle(), ServiceTime: morning.Add(90 * time.Minute)})
	if rows := listedAt(t, sim); len(rows) != 0 {
		t.Errorf("%d packages are listed", len(rows))
	}
	ask := func() int64 {
		r := newCaller(t, sim).call(version20220901, "DescribeTimingL7AnalysisData",
			`{"StartTime":"2022-05-04T00:00:00Z","EndTime":"2022-05-05T00:00:00Z","ZoneIds":["zone-1"],"MetricNames":["l7Flow_request"],"Interval":"hour"}`)
		_, sum := series(t, r)
		return sum
	}
	if sum := ask(); sum != 10+20 {
		t.Errorf("%d requests are counted in two hours, want 30", sum)
	}
	sim.Update(func(c *Catalogue) { c.Zones[0].LogsOff = false })
	sim.MoveClock(24 * time.Hour)
	if rows := listedAt(t, sim); len(rows) != 2 {
		t.Errorf("%d packages are listed after the switch, want 2", len(rows))
	}
}

// Clients sign by the clock of their machine, whatever time the service has.
func TestSignaturesKeepTheClockOfTheMachine(t *testing.T) {
	t.Parallel()
	sim := at(t, Package{}, 24*time.Hour)
	c := newCaller(t, sim)
	got, err := c.send(version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"]`))
	if err != nil || !strings.HasPrefix(got.header.Get("Date"), "Thu, 05 May 2022") {
		t.Errorf("Date %q, %v", got.header.Get("Date"), err)
	}
	c.at = sim.Now()
	if code := c.call(version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"]`)).code(); code != "AuthFailure.SignatureExpire" {
		t.Errorf("signed by the clock of the service: %q", code)
	}
}

func TestTheClockIsMovedOverHTTP(t *testing.T) {
	t.Parallel()
	fixed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	sim := start(t, Options{Now: func() time.Time { return fixed }})
	send := func(method string, form url.Values) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, sim.URL()+"/clock", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, strings.TrimSpace(string(text))
	}
	tests := []struct {
		method string
		form   url.Values
		status int
		want   string
	}{
		{http.MethodGet, nil, 200, "2026-01-02T03:04:05Z"},
		{http.MethodPost, url.Values{"set": {"2022-05-05T14:00:00+02:00"}}, 200, "2022-05-05T12:00:00Z"},
		{http.MethodPost, url.Values{"move": {"25h30m"}}, 200, "2022-05-06T13:30:00Z"},
		{http.MethodPost, url.Values{"move": {"-1h"}}, 200, "2022-05-06T12:30:00Z"},
		{http.MethodPost, nil, 400, "want either set=2022-05-05T12:00:00Z or move=24h"},
		{http.MethodPost, url.Values{"set": {"2022-05-05T12:00:00Z"}, "move": {"1h"}}, 400, "want either set=2022-05-05T12:00:00Z or move=24h"},
		{http.MethodPost, url.Values{"set": {"yesterday"}}, 400, `set is "yesterday": want a time such as 2022-05-05T12:00:00Z`},
		{http.MethodPost, url.Values{"move": {"1 day"}}, 400, `move is "1 day": want a duration such as 24h or -30m`},
		{http.MethodPut, nil, 405, "the clock answers GET and POST"},
		{http.MethodGet, nil, 200, "2022-05-06T12:30:00Z"},
	}
	for _, test := range tests {
		if status, text := send(test.method, test.form); status != test.status || text != test.want {
			t.Errorf("%s %v: %d %q, want %d %q", test.method, test.form, status, text, test.status, test.want)
		}
	}
}
