package tcapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// Bodies that are valid JSON, but no response.
func TestInvalidResponsesAreErrors(t *testing.T) {
	t.Parallel()
	for in, message := range map[string]string{
		`null`:                        "the response is not a JSON object",
		` [] `:                        "the response is not a JSON object",
		`"Response"`:                  "the response is not a JSON object",
		`{}`:                          "the response has no Response",
		"\r\n\t {}":                   "the response has no Response",
		`{"Response":null}`:           "the response has no Response",
		`{"Code":"InternalError"}`:    "the response has no Response",
		`{"Response":{"Error":{}}}`:   "the service returned an error without a code",
		`{"Response":{"Error":"no"}}`: "the response could not be decoded",
		`{"Response":{"Error":{"Code":null,"Message":"it broke"},"RequestId":"r"}}`: "the service returned an error without a code: it broke",
		`{"Response":{"Error":{"Message":"it broke"},"RequestId":"r"}}`:             "the service returned an error without a code: it broke",
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			client, seen := over(replies(in))
			got, err := tcapi.Call[tcapi.Head](t.Context(), client, zones, struct{}{})
			failure := failed(t, err)
			if got != nil || failure.Class != tcapi.Fatal || failure.Attempts != 1 || failure.Status != 200 || len(seen.all()) != 1 ||
				!strings.HasPrefix(failure.Message, message) {
				t.Errorf("%v, %+v", got, failure)
			}
		})
	}
	// A null error is no error.
	client, _ := over(replies(`{"Response":{"Error":null,"RequestId":"r"}}`))
	if got, err := tcapi.Call[tcapi.Head](t.Context(), client, zones, nil); err != nil || got.RequestID != "r" {
		t.Errorf("%v, %v", got, err)
	}
}

// A body is bounded, whatever length it claims.
func TestABodyIsBounded(t *testing.T) {
	t.Parallel()
	const most = 64 << 20
	for size, want := range map[int64]string{
		most:     "the response is not a JSON object", // it was read, then
		most + 1: "the response is larger than 64 MiB",
		1 << 40:  "the response is larger than 64 MiB",
	} {
		client, _ := over(wire(func(*http.Request) (*http.Response, error) {
			r := answer("")
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("x"), io.LimitReader(spaces{}, size-1)))
			r.ContentLength = size
			return r, nil
		}), func(c *tcapi.Config) { c.RequestTimeout = time.Hour }) // reading 64 MiB is slow on a busy machine
		failure := failed(t, ask(t.Context(), client))
		if !strings.HasPrefix(failure.Message, want) || failure.Class != tcapi.Fatal || failure.Attempts != 1 {
			t.Errorf("%d bytes: %+v", size, failure)
		}
	}
}

type spaces struct{}

var blank = strings.Repeat(" ", 1<<16)

func (spaces) Read(p []byte) (int, error) { return copy(p, blank), nil }

// The token is sent to the endpoint only.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int32
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { strayed.Add(1) })
	for _, code := range []int{301, 302, 303, 307, 308} {
		server := serve(t, page(code, "Location", elsewhere.URL+"/login?token=x"))
		client, seen := to(t, server.URL)
		failure := failed(t, ask(t.Context(), client))
		if failure.Status != code || failure.Class != tcapi.Fatal || len(seen.all()) != 1 || strayed.Load() != 0 {
			t.Errorf("%d: %+v, and %d requests went elsewhere", code, failure, strayed.Load())
		}
	}
}

// The headers of a request.
func TestARequestHasTheDocumentedHeaders(t *testing.T) {
	t.Parallel()
	var got *http.Request
	client, _ := over(wire(func(r *http.Request) (*http.Response, error) {
		got = r
		return answer(fine), nil
	}), func(c *tcapi.Config) {
		c.UserAgent, c.Region = "terraform-provider-teo/1.2.3-rc.1+abc", "ap-singapore"
		c.Credentials = tcapi.StaticCredentials{SecretID: secretID, SecretKey: secretKey, Token: token}
	})
	if err := ask(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"User-Agent":         "terraform-provider-teo/1.2.3-rc.1+abc",
		"X-TC-RequestClient": "terraform-provider-teo 1.2.3-rc.1-abc",
		"X-TC-Language":      "en-US",
		"X-TC-Action":        "DescribeZones",
		"X-TC-Version":       "2022-09-01",
		"X-TC-Region":        "ap-singapore",
		"X-TC-Token":         token,
		"Content-Type":       "application/json",
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
	if got.Method != http.MethodPost || got.URL.String() != "https://teo.example.com/" || got.Host != "teo.example.com" {
		t.Errorf("%s %s to %s", got.Method, got.URL, got.Host)
	}
	if auth := got.Header.Get("Authorization"); !strings.HasPrefix(auth, "TC3-HMAC-SHA256 Credential="+secretID+"/") ||
		!strings.Contains(auth, "/teo/tc3_request, SignedHeaders=content-type;host, Signature=") {
		t.Errorf("Authorization is %q", auth)
	}
}

// The body is encoded by the rules of the standard library for omitempty and escapes.
func TestBodyIsEncodedByTheStandardLibrary(t *testing.T) {
	t.Parallel()
	type request struct {
		StartTime   string
		Zones       []string `json:",omitempty"`
		Domains     []string
		Empty       string `json:",omitempty"`
		Zero        int    `json:",omitempty"`
		Nil         *int   `json:",omitempty"`
		ClientToken *string
	}
	in := request{StartTime: "<&>\u2028é", Zones: []string{}, Domains: []string{}}
	want, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	client, _ := over(wire(func(r *http.Request) (*http.Response, error) {
		var err error
		got, err = io.ReadAll(r.Body)
		return answer(fine), err
	}))
	if _, err := tcapi.Call[tcapi.Head](t.Context(), client, zones, in); err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) || strings.Contains(string(got), "Empty") {
		t.Errorf("sent %s, want %s", got, want)
	}
}

func TestARequestThatCannotBeEncodedIsAnError(t *testing.T) {
	t.Parallel()
	client, seen := over(replies(fine))
	_, err := tcapi.Call[tcapi.Head](t.Context(), client, zones, func() {})
	if err == nil || !strings.Contains(err.Error(), "encoding the request of DescribeZones") || len(seen.all()) != 0 {
		t.Errorf("%v after %d requests", err, len(seen.all()))
	}
}

// A request that has no URL is not sent, and not repeated.
func TestARequestWithAnInvalidEndpointIsAnError(t *testing.T) {
	t.Parallel()
	client, seen := over(wire(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was sent", r.URL)
		return answer(fine), nil
	}), func(c *tcapi.Config) { c.Endpoint.Host = "teo .example.com" })
	failure := failed(t, ask(t.Context(), client))
	if failure.Class != tcapi.Fatal || failure.Status != 0 || len(seen.all()) != 1 || !strings.Contains(failure.Message, "invalid character") {
		t.Errorf("%+v", failure)
	}
}

// Each attempt is signed anew, with the credentials of that moment.
func TestAttemptsAreSignedAnew(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	credentials := &source{credentials: []tcapi.Credentials{
		{SecretID: "one", SecretKey: secretKey, Token: "t1"},
		{SecretID: "two", SecretKey: secretKey, Token: "t2"},
	}}
	var tokens []string
	client, _ := over(wire(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		tokens = append(tokens, r.Header.Get("X-TC-Token"))
		// Another caller has refreshed the credentials.
		if err := credentials.Refresh(r.Context(), tcapi.Credentials{}); err != nil {
			return nil, err
		}
		if len(tokens) == 1 {
			return status(502), nil
		}
		return answer(fine), nil
	}), func(c *tcapi.Config) { c.Credentials = credentials })
	if err := ask(t.Context(), client); err != nil || strings.Join(tokens, " ") != "t1 t2" {
		t.Errorf("%v with the tokens %v", err, tokens)
	}
}

// Bodies are read into memory that is used again; what was decoded must not
// change with it. One client serves many goroutines.
func TestResponsesDoNotShareMemory(t *testing.T) {
	t.Parallel()
	type reply struct {
		tcapi.Head

		Raw json.RawMessage
	}
	client, _ := over(wire(func(r *http.Request) (*http.Response, error) {
		sent, err := io.ReadAll(r.Body)
		return answer(`{"Response":{"Raw":` + string(sent) + `,"RequestId":` + string(sent) + `}}`), err
	}), func(c *tcapi.Config) { c.Limiters = &tcapi.Limiters{PerSecond: 1e6} })
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			var kept []*reply
			for n := range 20 {
				got, err := tcapi.Call[reply](t.Context(), client, zones, strings.Repeat(string(rune('a'+worker)), n))
				if err != nil {
					t.Error(err)
					return
				}
				kept = append(kept, got)
			}
			for n, got := range kept {
				if want := strings.Repeat(string(rune('a'+worker)), n); string(got.Raw) != `"`+want+`"` || got.RequestID != want {
					t.Errorf("worker %d, call %d: %s and %s", worker, n, got.Raw, got.RequestID)
				}
			}
		})
	}
	group.Wait()
}
