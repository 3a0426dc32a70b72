package teosim

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestInvalidRequestsAreRefused(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{Rates: Unlimited(), PageBase: 1, StrictPage: true})
	const pages = `"PageSize":10,"PageNo":1`
	tests := map[string]struct {
		version, action, body string
		want                  string // code
		names                 string // in the message
	}{
		"no action":           {version20220901, "", "{}", "MissingParameter", "`Action`"},
		"no version":          {"", "DescribeZones", "{}", "MissingParameter", "`Version`"},
		"unknown version":     {"2021-01-01", "DownloadL7Logs", "{}", "NoSuchVersion", ""},
		"unknown action":      {version20220901, "DownloadL8Logs", "{}", "InvalidAction", ""},
		"action of the other": {version20220106, "DescribeZones", "{}", "InvalidAction", ""},
		"not JSON":            {version20220901, "DescribeZones", "Limit=1", "InvalidParameter", "body"},
		"cut JSON":            {version20220901, "DescribeZones", `{"Limit":1`, "InvalidParameter", "body"},
		"an array":            {version20220901, "DescribeZones", "[]", "InvalidParameter", "body"},
		"null":                {version20220901, "DescribeZones", "null", "InvalidParameter", "body"},

		"unknown parameter":     {version20220106, "DownloadL7Logs", body(pages + `,"ZoneIds":[]`), "UnknownParameter", "`ZoneIds`"},
		"name in another case":  {version20220106, "DownloadL7Logs", body(pages + `,"zones":[]`), "UnknownParameter", "`zones`"},
		"parameters of the new": {version20220106, "DownloadL7Logs", body(`"Limit":10`), "UnknownParameter", "`Limit`"},
		"no page":               {version20220106, "DownloadL7Logs", body(`"PageSize":10`), "MissingParameter", "`PageNo`"},
		"no page size":          {version20220106, "DownloadL7Logs", body(`"PageNo":1`), "MissingParameter", "`PageSize`"},
		"no time":               {version20220106, "DownloadL7Logs", `{"StartTime":"2022-05-04T00:00:00Z",` + pages + `}`, "MissingParameter", "`EndTime`"},
		"page size zero":        {version20220106, "DownloadL7Logs", body(`"PageNo":1,"PageSize":0`), "InvalidParameterValue", "`PageSize`"},
		"page below the base":   {version20220106, "DownloadL7Logs", body(`"PageNo":0,"PageSize":1`), "InvalidParameterValue", "`PageNo`"},
		"page is text":          {version20220106, "DownloadL7Logs", body(`"PageNo":"1","PageSize":1`), "InvalidParameter", "`PageNo`"},
		"page is a fraction":    {version20220106, "DownloadL7Logs", body(`"PageNo":1.0,"PageSize":1`), "InvalidParameter", "`PageNo`"},
		"zones is text":         {version20220106, "DownloadL7Logs", body(pages + `,"Zones":"a"`), "InvalidParameter", "`Zones`"},
		"zones is null":         {version20220106, "DownloadL7Logs", body(pages + `,"Zones":null`), "InvalidParameter", "`Zones`"},
		"a zone is a number":    {version20220106, "DownloadL7Logs", body(pages + `,"Zones":[1]`), "InvalidParameter", "`Zones`"},
		"a zone is null":        {version20220106, "DownloadL7Logs", body(pages + `,"Zones":[null]`), "InvalidParameter", "`Zones`"},

		"names":           {version20220901, "DownloadL7Logs", body(`"Zones":["a"]`), "UnknownParameter", "`Zones`"},
		"domains for L4":  {version20220901, "DownloadL4Logs", body(`"Domains":["a"]`), "UnknownParameter", "`Domains`"},
		"limit too large": {version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"],"Limit":301`), "InvalidParameterValue", "`Limit`"},
		"limit zero":      {version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"],"Limit":0`), "InvalidParameterValue", "`Limit`"},
		"offset below 0":  {version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"],"Offset":-1`), "InvalidParameterValue", "`Offset`"},

		"zones limit":       {version20220901, "DescribeZones", `{"Limit":101}`, "InvalidParameterValue", "`Limit`"},
		"unknown filter":    {version20220901, "DescribeZones", `{"Filters":[{"Name":"name","Values":["a"]}]}`, "InvalidParameterValue", "`Filters.0.Name`"},
		"filter misspelt":   {version20220901, "DescribeZones", `{"Filters":[{"Name":"zone-id","Value":["a"]}]}`, "UnknownParameter", "`Filters.0.Value`"},
		"filter unnamed":    {version20220901, "DescribeZones", `{"Filters":[{"Values":["a"]}]}`, "MissingParameter", "`Filters.0.Name`"},
		"filter of nothing": {version20220901, "DescribeZones", `{"Filters":[{"Name":"zone-id","Values":[]}]}`, "InvalidParameterValue", "`Filters.0.Values`"},
		"filter is text":    {version20220901, "DescribeZones", `{"Filters":["zone-id"]}`, "InvalidParameter", "`Filters.0`"},
		"21 values":         {version20220901, "DescribeZones", `{"Filters":[{"Name":"zone-id","Values":["a"` + strings.Repeat(`,"a"`, 20) + `]}]}`, "InvalidParameterValue", "`Filters.0.Values`"},
		"20 values":         {version20220901, "DescribeZones", `{"Filters":[{"Name":"zone-id","Values":["a"` + strings.Repeat(`,"a"`, 19) + `]}]}`, "", ""},
		"fuzzy IDs":         {version20220901, "DescribeZones", `{"Filters":[{"Name":"zone-id","Values":["a"],"Fuzzy":true}]}`, "UnknownParameter", "`Filters.0.Fuzzy`"},
		"unknown direction": {version20220901, "DescribeZones", `{"Direction":"asc"}`, "UnknownParameter", "`Direction`"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newCaller(t, sim).call(test.version, test.action, test.body)
			if r.code() != test.want {
				t.Fatalf("code %q, want %q", r.code(), test.want)
			}
			if r.Error != nil && !strings.Contains(r.Error.Message, test.names) {
				t.Errorf("message %q does not name %s", r.Error.Message, test.names)
			}
		})
	}
}

func TestTimesAreWholeSecondsWithAnOffset(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{Rates: Unlimited()})
	tests := map[string]struct{ start, end, want string }{
		"UTC":            {`"2022-05-04T00:00:00Z"`, `"2022-05-04T00:00:01Z"`, ""},
		"offsets":        {`"2022-05-04T03:27:00+08:00"`, `"2022-05-10T23:59:00-02:30"`, ""},
		"later by zone":  {`"2022-05-04T08:00:00+08:00"`, `"2022-05-04T00:00:01Z"`, ""},
		"equal":          {`"2022-05-04T00:00:00Z"`, `"2022-05-04T08:00:00+08:00"`, "InvalidParameter"},
		"end first":      {`"2022-05-04T00:00:01Z"`, `"2022-05-04T00:00:00Z"`, "InvalidParameter"},
		"fraction":       {`"2022-05-04T00:00:00.5Z"`, `"2022-05-05T00:00:00Z"`, "InvalidParameterValue"},
		"zero fraction":  {`"2022-05-04T00:00:00Z"`, `"2022-05-05T00:00:00.000Z"`, "InvalidParameterValue"},
		"no offset":      {`"2022-05-04T00:00:00"`, `"2022-05-05T00:00:00Z"`, "InvalidParameterValue"},
		"space":          {`"2022-05-04 00:00:00Z"`, `"2022-05-05T00:00:00Z"`, "InvalidParameterValue"},
		"one-digit hour": {`"2022-05-04T0:00:00Z"`, `"2022-05-05T00:00:00Z"`, "InvalidParameterValue"},
		"no such day":    {`"2022-05-32T00:00:00Z"`, `"2022-06-05T00:00:00Z"`, "InvalidParameterValue"},
		"empty":          {`""`, `"2022-06-05T00:00:00Z"`, "InvalidParameterValue"},
		"a number":       {`1651622400`, `"2022-06-05T00:00:00Z"`, "InvalidParameter"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, sim)
			window := `{"StartTime":` + test.start + `,"EndTime":` + test.end
			if got := c.call(version20220106, "DownloadL7Logs", window+`,"PageSize":1,"PageNo":0}`).code(); got != test.want {
				t.Errorf("2022-01-06: code %q, want %q", got, test.want)
			}
			if got := c.call(version20220901, "DownloadL4Logs", window+`,"ZoneIds":["zone-1"]}`).code(); got != test.want {
				t.Errorf("2022-09-01: code %q, want %q", got, test.want)
			}
		})
	}
}

func TestResponsesHaveTheDocumentedForm(t *testing.T) {
	t.Parallel()
	now := time.Date(2022, 5, 11, 12, 0, 0, 0, time.UTC)
	sim := start(t, Options{Now: func() time.Time { return now }})
	c := newCaller(t, sim)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

	for _, action := range []string{"DescribeZones", "DescribeZone"} {
		got, err := c.send(version20220901, action, "{}")
		if err != nil {
			t.Fatal(err)
		}
		if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: status %d, content type %q", action, got.status, got.header.Get("Content-Type"))
		}
		if date := got.header.Get("Date"); date != "Wed, 11 May 2022 12:00:00 GMT" {
			t.Errorf("%s: date %q", action, date)
		}
		if !strings.HasPrefix(string(got.body), `{"Response":{`) {
			t.Errorf("%s: %.40s", action, got.body)
		}
	}
	first, second := c.call(version20220901, "DescribeZones", "{}"), c.call(version20220901, "DescribeZones", "{}")
	if !uuid.MatchString(first.RequestID) || first.RequestID == second.RequestID {
		t.Errorf("request IDs %q and %q", first.RequestID, second.RequestID)
	}
	english := c.call(version20220901, "DescribeZone", "{}").Error.Message
	c.language = ""
	chinese := c.call(version20220901, "DescribeZone", "{}").Error.Message
	if english != "The API does not exist." || chinese != "接口不存在。" {
		t.Errorf("messages %q and %q", english, chinese)
	}
}

func TestTheProtocolIsEnforced(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{})
	tests := map[string]struct {
		change func(*caller)
		want   string
	}{
		"GET":                 {func(c *caller) { c.method = http.MethodGet }, "UnsupportedProtocol"},
		"PUT":                 {func(c *caller) { c.method = http.MethodPut }, "UnsupportedProtocol"},
		"form":                {func(c *caller) { c.contentType = "application/x-www-form-urlencoded" }, "UnsupportedProtocol"},
		"without a type":      {func(c *caller) { c.contentType = "" }, "UnsupportedProtocol"},
		"a query":             {func(c *caller) { c.path = "/?Action=DescribeZones" }, "UnsupportedProtocol"},
		"JSON with a charset": {func(c *caller) { c.contentType = "application/json; charset=utf-8" }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, sim)
			test.change(c)
			if got := c.call(version20220901, "DescribeZones", "{}").code(); got != test.want {
				t.Errorf("code %q, want %q", got, test.want)
			}
		})
	}
	c := newCaller(t, sim)
	c.path = "/v2"
	got, err := c.send(version20220901, "DescribeZones", "{}")
	if err != nil || got.status != http.StatusNotFound {
		t.Errorf("another path: status %d, %v", got.status, err)
	}
	if got := newCaller(t, sim).call(version20220901, "DescribeZones", `{"Limit":`+strings.Repeat(" ", maxBody)+"1}").code(); got != "RequestSizeLimitExceeded" {
		t.Errorf("code %q of more than 10 MB", got)
	}
}

func TestAVersionCanBeGone(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ActionOffline", "InvalidAction", "NoSuchVersion", "UnsupportedOperation"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			c := newCaller(t, start(t, Options{Gone: code}))
			if got := c.call(version20220106, "DownloadL7Logs", body(`"PageSize":1,"PageNo":0`)).code(); got != code {
				t.Errorf("2022-01-06: code %q", got)
			}
			if got := c.call(version20220901, "DownloadL7Logs", body(`"ZoneIds":["zone-1"],"Limit":1`)).code(); got != "" {
				t.Errorf("2022-09-01: code %q", got)
			}
			c.secret = "wrong"
			if got := c.call(version20220106, "DownloadL7Logs", "{}").code(); got != "AuthFailure.SignatureFailure" {
				t.Errorf("unsigned: code %q", got)
			}
		})
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{})
	c := newCaller(t, sim)
	good := c.call(version20220901, "DescribeZones", `{"Limit":2}`)
	c.secret = "wrong"
	c.call(version20220106, "DownloadL7Logs", "{}")

	all := sim.Requests()
	if len(all) != 2 {
		t.Fatalf("%d requests", len(all))
	}
	r := all[0]
	if r.Action != "DescribeZones" || r.Version != version20220901 || string(r.Body) != `{"Limit":2}` || r.Code != "" ||
		r.Status != 200 || r.RequestID != good.RequestID || r.SecretID != sim.SecretID() || r.Header.Get("X-TC-Language") != "en-US" || r.Time.IsZero() {
		t.Errorf("%+v", r)
	}
	if all[1].Code != "AuthFailure.SignatureFailure" || all[1].Status != 200 {
		t.Errorf("%+v", all[1])
	}
	for want, of := range map[int][2]string{2: {}, 1: {version20220106, "DownloadL7Logs"}, 0: {version20220106, "DescribeZones"}} {
		if got := sim.Count(of[0], of[1]); got != want {
			t.Errorf("%d requests of %v, want %d", got, of, want)
		}
	}
	if sim.InFlightPeak() != 1 {
		t.Errorf("peak %d", sim.InFlightPeak())
	}
	sim.ResetCounters()
	if len(sim.Requests()) != 0 || sim.InFlightPeak() != 0 {
		t.Error("counters are not reset")
	}
}
