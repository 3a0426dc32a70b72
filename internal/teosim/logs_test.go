package teosim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// readPages20220106 reads pages from first on until one is empty.
func readPages20220106(c *caller, first, size int, filter string) []*row {
	var all []*row
	for page := first; ; page++ {
		r := c.call(version20220106, "DownloadL7Logs", body(fmt.Sprintf(`"PageSize":%d,"PageNo":%d%s`, size, page, filter)))
		if r.Error != nil {
			c.t.Fatal(r.Error)
		}
		if len(r.Data) == 0 {
			return all
		}
		all = append(all, r.Data...)
	}
}

func distinct(t *testing.T, rows []*row, want int) {
	t.Helper()
	ids := identities(rows)
	slices.Sort(ids)
	if got := len(slices.Compact(ids)); got != want || len(rows) != want {
		t.Errorf("%d rows, %d of them distinct, want %d", len(rows), got, want)
	}
}

func TestPagesHaveNumbers(t *testing.T) {
	t.Parallel()
	want := len(Demo().L7)
	for _, base := range []int{0, 1} {
		t.Run(fmt.Sprint(base), func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, start(t, Options{PageBase: base, Rates: Unlimited()}))
			rows := readPages20220106(c, base, 100, "")
			distinct(t, rows, want)

			r := c.call(version20220106, "DownloadL7Logs", body(fmt.Sprintf(`"PageSize":100,"PageNo":%d`, base+1)))
			if *r.PageNo != base+1 || *r.PageSize != 100 || *r.Pages != (want+99)/100 || *r.TotalSize != want {
				t.Errorf("page %d of %d with %d each, %d in all", *r.PageNo, *r.Pages, *r.PageSize, *r.TotalSize)
			}
			if !slices.Equal(identities(r.Data), identities(rows[100:200])) {
				t.Error("the second page is not the second hundred")
			}
		})
	}
}

func TestAPageBelowTheBaseIsTheFirst(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]bool{"echo the page": false, "echo what was sent": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, start(t, Options{PageBase: 1, EchoRawPage: raw}))
			zero := c.call(version20220106, "DownloadL7Logs", body(`"PageSize":5,"PageNo":0`))
			one := c.call(version20220106, "DownloadL7Logs", body(`"PageSize":5,"PageNo":1`))
			if len(zero.Data) != 5 || !slices.Equal(identities(zero.Data), identities(one.Data)) {
				t.Error("page 0 is not the first page")
			}
			if (*zero.PageNo == 0) != raw {
				t.Errorf("it calls itself %d", *zero.PageNo)
			}
		})
	}
}

func TestPageSizeIsClamped(t *testing.T) {
	t.Parallel()
	c := newCaller(t, start(t, Options{MaxPageSize: 50}))
	r := c.call(version20220106, "DownloadL7Logs", body(`"PageSize":1000,"PageNo":1`))
	if *r.PageSize != 50 || len(r.Data) != 50 || *r.Pages != (*r.TotalSize+49)/50 {
		t.Errorf("%d rows, PageSize %d, Pages %d", len(r.Data), *r.PageSize, *r.Pages)
	}
	all := c.call(version20220106, "DownloadL7Logs", body(`"PageSize":50,"PageNo":1`))
	if !slices.Equal(identities(all.Data), identities(r.Data)) {
		t.Error("pages are counted by the size that was asked for")
	}
}

func TestLimitIsLowered(t *testing.T) {
	t.Parallel()
	const zone = `"ZoneIds":["zone-2demo00001cn"],"Limit":300`
	strict := newCaller(t, start(t, Options{MaxLimit: 50}))
	if code := strict.call(version20220901, "DownloadL7Logs", body(zone)).code(); code != "InvalidParameterValue" {
		t.Errorf("without the option: %q, want an error", code)
	}
	c := newCaller(t, start(t, Options{MaxLimit: 50, LowerLimit: true}))
	if r := c.call(version20220901, "DownloadL7Logs", body(zone)); r.Error != nil || len(r.Data) != 50 {
		t.Errorf("%d rows and %v, want 50", len(r.Data), r.Error)
	}
}

func TestPagesHaveOffsets(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{Rates: Unlimited()})
	c := newCaller(t, sim)
	zones := `"ZoneIds":["zone-2demo00001cn","zone-2demo00002os","zone-2demo00003og"]`
	for action, want := range map[string]int{"DownloadL7Logs": len(Demo().L7), "DownloadL4Logs": len(Demo().L4)} {
		var rows []*row
		for offset := 0; ; offset += 300 {
			r := c.call(version20220901, action, body(fmt.Sprintf(`"Limit":300,"Offset":%d,%s`, offset, zones)))
			if *r.TotalCount != want {
				t.Fatalf("%s: total %d, want %d", action, *r.TotalCount, want)
			}
			if len(r.Data) == 0 {
				break
			}
			rows = append(rows, r.Data...)
		}
		distinct(t, rows, want)
	}
	if r := c.call(version20220901, "DownloadL7Logs", body(zones)); len(r.Data) != 20 {
		t.Errorf("%d rows without a limit", len(r.Data))
	}
	for _, none := range []string{`"ZoneIds":[]`, `"ZoneIds":["zone-unknown"]`} {
		if r := c.call(version20220901, "DownloadL7Logs", body(none)); r.Error != nil || *r.TotalCount != 0 || string(r.raw["Data"]) != "[]" {
			t.Errorf("%s: %s", none, r.raw)
		}
	}
}

// Without ZoneIds a request of 2022-09-01 is an error, or gets an empty list.
func TestWithoutZoneIDsAListIsAnErrorOrEmpty(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"DownloadL7Logs", "DownloadL4Logs"} {
		strict := newCaller(t, start(t, Options{}))
		r := strict.call(version20220901, action, body(`"Limit":10`))
		if r.Error == nil || r.Error.Code != "MissingParameter" || !strings.Contains(r.Error.Message, "`ZoneIds`") {
			t.Errorf("%s: %s, want MissingParameter", action, r.raw)
		}
		lenient := newCaller(t, start(t, Options{EmptyWithoutZoneIDs: true}))
		if r := lenient.call(version20220901, action, body(`"Limit":10`)); r.Error != nil || *r.TotalCount != 0 || string(r.raw["Data"]) != "[]" {
			t.Errorf("%s: %s, want an empty list", action, r.raw)
		}
	}
}

// More zone IDs than allowed are an error that names the parameter.
func TestTooManyZoneIDsAreAnError(t *testing.T) {
	t.Parallel()
	c := newCaller(t, start(t, Options{MaxZoneIDs: 2}))
	if r := c.call(version20220901, "DownloadL7Logs", body(`"ZoneIds":["a","b"]`)); r.Error != nil {
		t.Errorf("%s, want a list", r.raw)
	}
	r := c.call(version20220901, "DownloadL7Logs", body(`"ZoneIds":["a","b","c"]`))
	if r.Error == nil || r.Error.Code != "InvalidParameterValue" || !strings.Contains(r.Error.Message, "`ZoneIds`") {
		t.Errorf("%s, want InvalidParameterValue", r.raw)
	}
}

// Counts can be smaller than the number of rows.
func TestCountsCanBeTooSmall(t *testing.T) {
	t.Parallel()
	c := newCaller(t, start(t, Options{Undercount: 1}))
	zone := body(`"ZoneIds":["zone-2demo00003og"],"Domains":["example.org"],"Limit":100`)
	if r := c.call(version20220901, "DownloadL7Logs", zone); len(r.Data) != 48 || *r.TotalCount != 47 {
		t.Errorf("%d rows and a count of %d, want 48 and 47", len(r.Data), *r.TotalCount)
	}
	if r := c.call(version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-none"]`)); *r.TotalCount != 0 {
		t.Errorf("the count of nothing is %d", *r.TotalCount)
	}
}

// An empty window is an error, or lists the slot that contains it.
func TestAnEmptyWindowIsAnErrorOrASlot(t *testing.T) {
	t.Parallel()
	const window = `{"StartTime":"2022-05-04T06:30:00Z","EndTime":"2022-05-04T06:30:00Z","ZoneIds":["zone-2demo00001cn"]}`
	if r := newCaller(t, start(t, Options{})).call(version20220901, "DownloadL4Logs", window); r.Error == nil || !strings.Contains(r.Error.Message, "EndTime") {
		t.Errorf("%s, want an error on EndTime", r.raw)
	}
	r := newCaller(t, start(t, Options{AllowEmptyWindow: true})).call(version20220901, "DownloadL4Logs", window)
	if len(r.Data) != 1 || r.Data[0].LogPacketName != "20220504-06-sid-2demo0000001" {
		t.Errorf("%s, want the package of 06:00", r.raw)
	}
}

func TestFiltersSelectPackages(t *testing.T) {
	t.Parallel()
	c := newCaller(t, start(t, Options{Rates: Unlimited()}))
	count := func(keep func(Package) bool) int {
		n := 0
		for _, p := range Demo().L7 {
			if keep(p) {
				n++
			}
		}
		return n
	}
	tests := map[string]struct {
		filter string
		keep   func(Package) bool
	}{
		"a name of two zones": {`,"Zones":["example.com"]`, func(p Package) bool { return p.ZoneName == "example.com" }},
		"two names":           {`,"Zones":["example.com","example.org"]`, func(Package) bool { return true }},
		"an unknown name":     {`,"Zones":["example.net"]`, func(Package) bool { return false }},
		"no names":            {`,"Zones":[]`, func(Package) bool { return true }},
		"a domain":            {`,"Domains":["www.example.com"]`, func(p Package) bool { return p.Host == "www.example.com" }},
		"a root not served":   {`,"Domains":["example.com"]`, func(Package) bool { return false }},
		"both":                {`,"Zones":["example.org"],"Domains":["www.example.com","example.org"]`, func(p Package) bool { return p.Host == "example.org" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			distinct(t, readPages20220106(c, 0, 1000, test.filter), count(test.keep))
		})
	}
	r := c.call(version20220901, "DownloadL4Logs", body(`"ZoneIds":["zone-2demo00001cn"],"ProxyIds":["sid-2demo0000001"],"Limit":1`))
	if len(r.Data) != 1 || r.Data[0].ProxyID != "sid-2demo0000001" || *r.TotalCount != 48 {
		t.Errorf("%s", r.raw)
	}
}

// A window and a slot overlap as [start, end) do.
func TestAWindowContainsItsStartButNotItsEnd(t *testing.T) {
	t.Parallel()
	hour := time.Date(2022, 5, 4, 6, 0, 0, 0, time.UTC)
	pkg := func(name string, start time.Time, length time.Duration) Package {
		return Package{ZoneID: "zone-1", Host: "www.example.com", Name: name, Start: start, End: start.Add(length)}
	}
	c := newCaller(t, start(t, Options{Rates: Unlimited(), Catalogue: Catalogue{
		Zones: []Zone{{ID: "zone-1", Name: "example.com"}},
		L7: []Package{
			pkg("day", hour.Add(-6*time.Hour), 24*time.Hour), pkg("six", hour, time.Hour), pkg("seven", hour.Add(time.Hour), time.Hour),
			pkg("quarter", hour.Add(time.Hour), 15*time.Minute-time.Second),
		},
	}}))
	tests := map[string]string{
		`"2022-05-04T06:00:00Z","EndTime":"2022-05-04T07:00:00Z"`:           "day six",
		`"2022-05-04T06:59:59Z","EndTime":"2022-05-04T07:00:01Z"`:           "day quarter seven six",
		`"2022-05-04T07:15:00Z","EndTime":"2022-05-04T08:00:00Z"`:           "day seven",
		`"2022-05-04T14:00:00+08:00","EndTime":"2022-05-04T14:00:01+08:00"`: "day six",
		`"2022-05-04T08:00:00Z","EndTime":"2022-05-05T00:00:00Z"`:           "day",
		`"2022-05-05T00:00:00Z","EndTime":"2022-05-06T00:00:00Z"`:           "",
		`"2022-05-03T00:00:00Z","EndTime":"2022-05-04T00:00:00Z"`:           "",
	}
	for window, want := range tests {
		r := c.call(version20220901, "DownloadL7Logs", `{"StartTime":`+window+`,"ZoneIds":["zone-1"]}`)
		var got []string
		for _, row := range r.Data {
			got = append(got, row.LogPacketName)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", window, got, want)
		}
	}
}

func TestRowsHaveTheFormOfTheirVersion(t *testing.T) {
	t.Parallel()
	// Rows are in UTC wherever the catalogue is from.
	at := time.Date(2022, 5, 4, 14, 0, 0, 0, time.FixedZone("", 8*60*60))
	catalogue := Catalogue{
		Zones: []Zone{{ID: "zone-1", Name: "example.com"}},
		L7: []Package{{
			ZoneID: "zone-1", Host: "www.example.com", Area: "mainland", Name: "a \"name\"\n/../é",
			Start: at, End: at.Add(time.Hour), LogTime: 7, Size: 12,
		}},
		// Without an area, and of the size that the content has.
		L4: []Package{{ZoneID: "zone-1", Host: "sid-1", Name: "20220504-06-sid-1", Start: at, End: at.Add(time.Hour)}},
	}
	const old = `{"Url":"URL","Domain":"www.example.com",AREA"LogPacketName":"a \"name\"\n/../é","LogTime":7,"Size":12}`
	tests := map[string]struct {
		options                 Options
		version, action, fields string
		want                    string
	}{
		"2022-01-06 without area": {
			Options{OldRowsWithoutArea: true},
			version20220106, "DownloadL7Logs", `"PageSize":10,"PageNo":0`,
			strings.Replace(old, "AREA", "", 1),
		},
		"2022-01-06": {
			Options{},
			version20220106, "DownloadL7Logs", `"PageSize":10,"PageNo":0`,
			strings.Replace(old, "AREA", `"Area":"mainland",`, 1),
		},
		"2022-09-01": {
			Options{},
			version20220901, "DownloadL7Logs", `"ZoneIds":["zone-1"]`,
			`{"Domain":"www.example.com","Area":"mainland","LogPacketName":"a \"name\"\n/../é","Url":"URL",` +
				`"LogStartTime":"2022-05-04T06:00:00Z","LogEndTime":"2022-05-04T07:00:00Z","LogTime":7,"Size":12}`,
		},
		"2022-09-01 in another time zone": {
			Options{TimeZone: time.FixedZone("", 8*60*60)},
			version20220901, "DownloadL7Logs", `"ZoneIds":["zone-1"]`,
			`{"Domain":"www.example.com","Area":"mainland","LogPacketName":"a \"name\"\n/../é","Url":"URL",` +
				`"LogStartTime":"2022-05-04T14:00:00+08:00","LogEndTime":"2022-05-04T15:00:00+08:00","LogTime":7,"Size":12}`,
		},
		"L4": {
			Options{},
			version20220901, "DownloadL4Logs", `"ZoneIds":["zone-1"]`,
			`{"ProxyId":"sid-1","LogPacketName":"20220504-06-sid-1","Url":"URL","LogStartTime":"2022-05-04T06:00:00Z",` +
				`"LogEndTime":"2022-05-04T07:00:00Z","LogTime":0,"Size":` + fmt.Sprint(20*(lineLength4+len(`"sid-1"`))) + `}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.options.Catalogue = catalogue
			r := newCaller(t, start(t, test.options)).call(test.version, test.action, body(test.fields))
			if len(r.Data) != 1 {
				t.Fatalf("%s", r.raw)
			}
			if got := strings.Replace(string(r.raw["Data"]), r.Data[0].URL, "URL", 1); got != "["+test.want+"]" {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "www.example.com", "\"", "\\", "a\tb", "\x7f", "пример", "<&>", "\xff"} {
		var got string
		if err := json.Unmarshal(appendString(nil, text), &got); err != nil || got != strings.ToValidUTF8(text, "\ufffd") {
			t.Errorf("%q becomes %q: %v", text, got, err)
		}
	}
}

func TestAnUpdateChangesLaterRequests(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{})
	c := newCaller(t, sim)
	before := c.call(version20220106, "DownloadL7Logs", body(`"PageSize":1,"PageNo":0`))
	sim.Update(func(c *Catalogue) { c.L7 = c.L7[:3]; c.L7[0].Size = 99 })
	after := c.call(version20220106, "DownloadL7Logs", body(`"PageSize":10,"PageNo":0`))
	if *before.TotalSize != len(Demo().L7) || *after.TotalSize != 3 || len(after.Data) != 3 {
		t.Errorf("%d, then %d", *before.TotalSize, *after.TotalSize)
	}
	if sim.Catalogue().L7[0].Size != 99 || len(sim.Catalogue().L7) != 3 {
		t.Error("Catalogue is not what was made of it")
	}
}
