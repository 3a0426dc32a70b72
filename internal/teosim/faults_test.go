package teosim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const firstPage = `"PageSize":10,"PageNo":0`

// outcome is the result of a request, without the parts that differ each time.
func outcome(c *caller, version, action, body string) string {
	got, err := c.send(version, action, body)
	switch {
	case got.status == 0:
		return "no response"
	case err != nil:
		return "cut"
	case got.status != http.StatusOK:
		return strings.TrimSpace(fmt.Sprint(got.status, " ", got.header.Get("Retry-After"), got.header.Get("Location")))
	case strings.HasPrefix(string(got.body), "<html>"):
		return "html"
	case !json.Valid(got.body):
		return "not JSON"
	}
	var r struct {
		Response *struct {
			Error *struct{ Code, Message string }
		}
	}
	_ = json.Unmarshal(got.body, &r)
	switch {
	case r.Response == nil:
		return string(got.body)
	case r.Response.Error != nil:
		return r.Response.Error.Code + ": " + r.Response.Error.Message
	}
	return "ok"
}

func TestFaultsThatReplaceTheResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault Fault
		want  string
	}{
		{Fault{Name: Throttled}, "RequestLimitExceeded: The request frequency limit is exceeded."},
		{Fault{Name: ThrottledTEO}, "LimitExceeded.RateLimitExceeded: The request rate limit is exceeded."},
		{Fault{Name: QuotaExceeded}, "LimitExceeded: The quota is exceeded."},
		{Fault{Name: ServerErrorCode}, "InternalError: An internal error has occurred."},
		{Fault{Name: Busy}, "ResourceUnavailable: The resource is unavailable."},
		{Fault{Name: CamUnauthorized}, "UnauthorizedOperation.CamUnauthorized: CAM is not authorized."},
		{Fault{Name: APIError, Value: "OperationDenied: not today: no"}, "OperationDenied: not today: no"},
		{Fault{Name: ErrorWithoutCode}, ": an error has occurred"},
		{Fault{Name: BadGateway}, "502"},
		{Fault{Name: TooManyRequests}, "429 1"},
		{Fault{Name: TooManyRequests, Value: "7"}, "429 7"},
		{Fault{Name: Redirect, Value: "https://other.example/"}, "302 https://other.example/"},
		{Fault{Name: NotJSON}, "html"},
		{Fault{Name: NullBody}, "null"},
		{Fault{Name: EmptyObject}, "{}"},
		{Fault{Name: NullResponse}, `{"Response":null}`},
		{Fault{Name: DropConnection}, "no response"},
		{Fault{Name: CutBody}, "cut"},
		{Fault{Name: TruncatedJSON}, "not JSON"},
	}
	for _, test := range tests {
		t.Run(string(test.fault.Name)+test.fault.Value, func(t *testing.T) {
			t.Parallel()
			sim := start(t, Options{})
			test.fault.Times = 1
			sim.Inject(test.fault)
			c := newCaller(t, sim)
			if got := outcome(c, version20220106, "DownloadL7Logs", body(firstPage)); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if got := outcome(c, version20220106, "DownloadL7Logs", body(firstPage)); got != "ok" {
				t.Errorf("%q after the fault", got)
			}
			if r := sim.Requests(); !slices.Equal(r[0].Faults, []FaultName{test.fault.Name}) || len(r[1].Faults) != 0 {
				t.Errorf("recorded %v and %v", r[0].Faults, r[1].Faults)
			}
		})
	}
}

func TestFaultsApplyToRows(t *testing.T) {
	t.Parallel()
	all := newCaller(t, start(t, Options{}))
	one := identities(all.call(version20220106, "DownloadL7Logs", body(`"PageSize":10,"PageNo":0`)).Data)
	two := identities(all.call(version20220106, "DownloadL7Logs", body(`"PageSize":10,"PageNo":1`)).Data)
	for _, list := range [][]string{one, two} {
		for i := range list {
			list[i] = list[i][strings.Index(list[i], downloadPrefix):]
		}
	}
	total := len(Demo().L7)
	tests := map[string]struct {
		fault Fault
		check func(t *testing.T, r response, paths []string)
	}{
		"Data is null": {Fault{Name: NullField, Value: "Data"}, func(t *testing.T, r response, _ []string) {
			if string(r.raw["Data"]) != "null" || *r.TotalSize != total {
				t.Errorf("%s", r.raw)
			}
		}},
		"a field is null": {Fault{Name: NullField, Value: "TotalSize"}, func(t *testing.T, r response, paths []string) {
			if string(r.raw["TotalSize"]) != "null" || !slices.Equal(paths, two) {
				t.Errorf("%s", r.raw)
			}
		}},
		"a field is left out": {Fault{Name: OmitField, Value: "Pages"}, func(t *testing.T, r response, paths []string) {
			if _, ok := r.raw["Pages"]; ok || !slices.Equal(paths, two) {
				t.Errorf("%s", r.raw)
			}
		}},
		"a field of rows is null": {Fault{Name: NullField, Value: "Data.LogPacketName"}, func(t *testing.T, r response, paths []string) {
			if n := strings.Count(string(r.raw["Data"]), `"LogPacketName":null`); n != 10 || !slices.Equal(paths, two) {
				t.Errorf("%d nulls", n)
			}
		}},
		"a field of rows is left out": {Fault{Name: OmitField, Value: "Data.Size"}, func(t *testing.T, r response, paths []string) {
			if strings.Contains(string(r.raw["Data"]), "Size") || !slices.Equal(paths, two) {
				t.Errorf("%s", r.raw["Data"])
			}
		}},
		"a field of rows is set": {Fault{Name: SetField, Value: "Data.Size=15"}, func(t *testing.T, r response, paths []string) {
			if n := strings.Count(string(r.raw["Data"]), `"Size":15,`); n != 10 || !slices.Equal(paths, two) {
				t.Errorf("%s", r.raw["Data"])
			}
		}},
		"a row is null": {Fault{Name: NullRow}, func(t *testing.T, r response, _ []string) {
			if len(r.Data) != 10 || r.Data[0] != nil || r.Data[1] == nil {
				t.Errorf("%v", r.Data)
			}
		}},
		"an empty page": {Fault{Name: EmptyPage}, func(t *testing.T, r response, _ []string) {
			if string(r.raw["Data"]) != "[]" || *r.TotalSize != total {
				t.Errorf("%s", r.raw)
			}
		}},
		"a row twice": {Fault{Name: DuplicateRows}, func(t *testing.T, r response, paths []string) {
			if !slices.Equal(paths, append([]string{two[0]}, two...)) || *r.TotalSize != total {
				t.Errorf("%v", paths)
			}
		}},
		"a shifted page": {Fault{Name: ShiftedPage}, func(t *testing.T, r response, paths []string) {
			if !slices.Equal(paths, append([]string{one[9]}, two[:9]...)) || *r.TotalSize != total {
				t.Errorf("%v", paths)
			}
		}},
		"another total": {Fault{Name: TotalChanges}, func(t *testing.T, r response, paths []string) {
			if *r.TotalSize != total+1 || !slices.Equal(paths, two) {
				t.Errorf("%s", r.raw)
			}
		}},
		"a wrong total": {Fault{Name: WrongTotal, Value: "31"}, func(t *testing.T, r response, paths []string) {
			if *r.TotalSize != 31 || *r.Pages != 4 || !slices.Equal(paths, two) {
				t.Errorf("%s", r.raw)
			}
		}},
		"a new package": {Fault{Name: CatalogueGrows}, func(t *testing.T, r response, paths []string) {
			if *r.TotalSize != total+1 || !slices.Equal(paths, append([]string{one[9]}, two[:9]...)) {
				t.Errorf("%v", paths)
			}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := start(t, Options{})
			test.fault.Page, test.fault.Times = new(1), 1
			sim.Inject(test.fault)
			c := newCaller(t, sim)
			// Neither a refused request nor another page uses it up.
			c.call(version20220106, "DownloadL7Logs", body(`"PageSize":0,"PageNo":1`))
			untouched := c.call(version20220106, "DownloadL7Logs", body(`"PageSize":10,"PageNo":0`))
			if len(untouched.Data) != 10 || *untouched.TotalSize != total {
				t.Errorf("the other page: %s", untouched.raw)
			}
			r := c.call(version20220106, "DownloadL7Logs", body(`"PageSize":10,"PageNo":1`))
			var paths []string
			for _, row := range r.Data {
				if row != nil {
					paths = append(paths, strings.TrimPrefix(strings.SplitN(row.URL, "?", 2)[0], sim.URL()))
				}
			}
			test.check(t, r, paths)
		})
	}
}

func TestCatalogueGrowsFirstInOrder(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{})
	sim.Inject(Fault{Name: CatalogueGrows, Times: 3})
	c := newCaller(t, sim)
	request := body(`"ZoneIds":["zone-2demo00001cn"],"Domains":["api.example.com"],"Limit":2`)
	seen := map[string]bool{}
	for n := range 4 {
		r := c.call(version20220901, "DownloadL7Logs", request)
		if want := 84 + min(n+1, 3); *r.TotalCount != want {
			t.Errorf("request %d: total %d, want %d", n, *r.TotalCount, want)
		}
		if newest := r.Data[0]; n < 3 && seen[newest.LogPacketName] {
			t.Errorf("%s is not new", newest.LogPacketName)
		}
		seen[r.Data[0].LogPacketName] = true
	}
	// The zone has no packages, so none is added.
	sim.Inject(Fault{Name: CatalogueGrows})
	if r := c.call(version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-none"]`)); *r.TotalCount != 0 {
		t.Errorf("total %d", *r.TotalCount)
	}
}

func TestFaultsApplyToWhatTheySelect(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{Rates: Unlimited()})
	c := newCaller(t, sim)
	old := func() string { return outcome(c, version20220106, "DownloadL7Logs", body(firstPage)) }
	logs := func() string {
		return outcome(c, version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"],"Limit":10,"Offset":20`))
	}
	zones := func() string { return outcome(c, version20220901, "DescribeZones", "{}") }
	expect := func(what string, want ...string) {
		t.Helper()
		if got := []string{old(), logs(), zones()}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		sim.ClearFaults()
	}
	const gateway = "502"
	expect("none", "ok", "ok", "ok")
	sim.Inject(Fault{Name: BadGateway})
	expect("any", gateway, gateway, gateway)
	sim.Inject(Fault{Name: BadGateway, Action: "DownloadL7Logs"})
	expect("an action", gateway, gateway, "ok")
	sim.Inject(Fault{Name: BadGateway, Version: version20220901})
	expect("a version", "ok", gateway, gateway)
	sim.Inject(Fault{Name: BadGateway, Page: new(2)})
	expect("a page", "ok", gateway, "ok")
	sim.Inject(Fault{Name: BadGateway, Skip: 1, Times: 1})
	expect("skip one", "ok", gateway, "ok")
	sim.Inject(Fault{Name: BadGateway, Skip: 2})
	expect("skip two", "ok", "ok", gateway)
	sim.Inject(Fault{Name: BadGateway, Times: 2})
	expect("times", gateway, gateway, "ok")
	sim.Inject(Fault{Name: BadGateway, Action: DownloadAction})
	expect("downloads", "ok", "ok", "ok")
	// One after the other, in the order of injection.
	sim.Inject(Fault{Name: NullBody, Times: 1})
	sim.Inject(Fault{Name: EmptyObject, Times: 1})
	expect("a sequence", "null", "{}", "ok")
	// Those that change a response come on top.
	sim.Inject(Fault{Name: BadGateway, Times: 1})
	sim.Inject(Fault{Name: CutBody, Times: 1})
	expect("both", "cut", "ok", "ok")
}

func TestClockSkewShiftsTheDateAndSlowDelaysTheResponse(t *testing.T) {
	t.Parallel()
	now := time.Date(2022, 5, 11, 12, 0, 0, 0, time.UTC)
	sim := start(t, Options{Now: func() time.Time { return now }})
	sim.Inject(Fault{Name: ClockSkew, Delay: -time.Hour})
	sim.Inject(Fault{Name: Slow, Delay: 30 * time.Millisecond})
	before := time.Now()
	answer, err := newCaller(t, sim).send(version20220901, "DescribeZones", "{}")
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.header.Get("Date"); got != "Wed, 11 May 2022 11:00:00 GMT" {
		t.Errorf("date %q", got)
	}
	if took := time.Since(before); took < 30*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}

func TestHangEndsWithTheClientOrTheSim(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{})
	sim.Inject(Fault{Name: Hang})
	c := newCaller(t, sim)
	ctx, disconnect := context.WithCancel(t.Context())
	defer disconnect()
	for n, end := range []func(){disconnect, sim.Close} {
		request := c.request(version20220901, "DescribeZones", "{}")
		if n == 0 {
			request = request.WithContext(ctx)
		}
		ended := make(chan error, 1)
		go func() {
			resp, err := client().Do(request)
			if err == nil {
				resp.Body.Close()
			}
			ended <- err
		}()
		for sim.Count("", "") <= n {
			time.Sleep(time.Millisecond)
		}
		end()
		if err := <-ended; err == nil {
			t.Errorf("request %d was answered", n)
		}
	}
}

func TestInjectRejectsImpossibleFaults(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{})
	tests := map[string]Fault{
		"no name":            {},
		"unknown name":       {Name: "Broken"},
		"API on a download":  {Name: NullBody, Action: DownloadAction},
		"download on an API": {Name: Gone404, Action: "DownloadL7Logs"},
		"negative":           {Name: BadGateway, Times: -1},
		"no code":            {Name: APIError, Value: "message"},
		"no field":           {Name: NullField},
		"no value":           {Name: SetField, Value: "Data.Size"},
		"no number":          {Name: WrongTotal, Value: "many"},
		"no rate":            {Name: Slow, Action: DownloadAction, Value: "fast"},
		"nowhere":            {Name: Redirect},
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Errorf("%+v is taken", fault)
				}
			}()
			sim.Inject(fault)
		})
	}
}

// Many requests at once use up exactly as many faults as there are.
func TestFaultsAreUsedUpExactlyOnce(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{Rates: Unlimited(), Latency: 20 * time.Millisecond})
	sim.Inject(Fault{Name: Throttled, Times: 7})
	sim.Inject(Fault{Name: CatalogueGrows, Times: 5})
	c := newCaller(t, sim)
	outcomes := make(chan string)
	for range 40 {
		go func() {
			outcomes <- outcome(c, version20220106, "DownloadL7Logs", body(firstPage))
		}()
	}
	count := map[string]int{}
	for range 40 {
		count[<-outcomes]++
	}
	if count["RequestLimitExceeded: The request frequency limit is exceeded."] != 7 || count["ok"] != 33 {
		t.Errorf("%v", count)
	}
	if got, want := len(sim.Catalogue().L7), len(Demo().L7)+5; got != want {
		t.Errorf("%d packages, want %d", got, want)
	}
	if sim.InFlightPeak() < 2 {
		t.Errorf("peak %d", sim.InFlightPeak())
	}
}
