package teosim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// caller signs and sends requests. Tests falsify one of its fields at a time.
type caller struct {
	t                          *testing.T
	sim                        *Sim
	id, secret, token, service string
	date, language             string
	at                         time.Time
	signed                     []string
	method, path, contentType  string
	edit                       func(*http.Request)
}

func start(t *testing.T, options Options) *Sim {
	t.Helper()
	sim, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

func newCaller(t *testing.T, sim *Sim) *caller {
	t.Helper()
	return &caller{
		t: t, sim: sim, id: sim.SecretID(), secret: sim.SecretKey(), token: sim.Token(),
		service: "teo", at: sim.options.Now(), signed: []string{"content-type", "host"},
		method: http.MethodPost, path: "/", contentType: jsonType, language: "en-US",
	}
}

func (c *caller) request(version, action, body string) *http.Request {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), c.method, c.sim.URL()+c.path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	h := req.Header
	h.Set("Content-Type", c.contentType)
	h.Set("X-TC-Action", action)
	h.Set("X-TC-Version", version)
	h.Set("X-TC-Timestamp", strconv.FormatInt(c.at.Unix(), 10))
	h.Set("X-TC-Language", c.language)
	if c.token != "" {
		h.Set("X-TC-Token", c.token)
	}
	date := c.date
	if date == "" {
		date = c.at.UTC().Format(time.DateOnly)
	}
	signature := sign(c.secret, c.service, c.at.Unix(), canonicalRequest(req.URL.Host, h, c.signed, []byte(body)))
	h.Set("Authorization", "TC3-HMAC-SHA256 Credential="+c.id+"/"+date+"/"+c.service+
		"/tc3_request, SignedHeaders="+strings.Join(c.signed, ";")+", Signature="+signature)
	if c.edit != nil {
		c.edit(req)
	}
	return req
}

// client follows no redirects and keeps no connections.
func client() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is a response over HTTP; its body may have been cut.
type answer struct {
	status int // 0: there was none
	header http.Header
	length int64
	body   []byte
}

func do(req *http.Request) (answer, error) {
	resp, err := client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, resp.ContentLength, body}, err
}

func (c *caller) send(version, action, body string) (answer, error) {
	c.t.Helper()
	return do(c.request(version, action, body))
}

// response is any answer of the API.
type response struct {
	Error                   *struct{ Code, Message string }
	RequestID               string `json:"RequestId"`
	Data                    []*row
	PageSize, PageNo, Pages *int
	TotalSize, TotalCount   *int
	Zones                   []map[string]any
	raw                     map[string]json.RawMessage
}

type row struct {
	URL                      string `json:"Url"`
	Domain, ProxyID          string
	Area                     *string
	LogPacketName            string
	LogStartTime, LogEndTime string
	LogTime, Size            int64
}

func (c *caller) call(version, action, body string) response {
	c.t.Helper()
	got, err := c.send(version, action, body)
	if err != nil {
		c.t.Fatal(err)
	}
	var whole struct{ Response json.RawMessage }
	var r response
	decoder := json.NewDecoder(bytes.NewReader(got.body))
	if err := decoder.Decode(&whole); err != nil || decoder.More() {
		c.t.Fatalf("status %d: %v in %.300s", got.status, err, got.body)
	}
	if err := json.Unmarshal(whole.Response, &r); err != nil {
		c.t.Fatalf("%v in %.300s", err, whole.Response)
	}
	if err := json.Unmarshal(whole.Response, &r.raw); err != nil {
		c.t.Fatal(err)
	}
	return r
}

// code is the error code of a response, "" for none.
func (r response) code() string {
	if r.Error == nil {
		return ""
	}
	return r.Error.Code
}

// body makes the body of a request for the whole of the demo's week.
func body(fields string) string {
	return `{"StartTime":"2022-05-04T00:00:00Z","EndTime":"2022-05-11T00:00:00Z",` + fields + `}`
}

func identities(rows []*row) []string {
	var all []string
	for _, r := range rows {
		all = append(all, strings.SplitN(r.URL, "?", 2)[0])
	}
	return all
}
