package tcapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// listed is a response with rows as DownloadL7Logs gives them.
type listed struct {
	tcapi.Head

	Data []struct {
		Domain, Area, LogPacketName string
		URL                         string `json:"Url"`
		LogTime, Size               int64
		LogStartTime, LogEndTime    string
	}
	TotalCount *int64
}

// For every response body, a call returns either a response or an *Error, and does
// not panic.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		fine, `null`, `{}`, `{"Response":null}`, `{"Response":{}}`, `{"Response":{"Error":{}}}`, `{"Response":{"Error":null}}`, "", "{", "{}x",
		`{"Response":{"Data":[null,{"Size":1e99}],"TotalCount":-1}}`, `{"response":{"requestid":"r"}}`, `{"Response":{"Error":{"Code":"\ud800","Message":"https://a?b"}}}`,
		`{"Response":{}}{"Response":null}`, "\xff{", "{\"\xff\":1}", `{"Response":{"Error":[]}}`, `{"Response":` + strings.Repeat(`{"a":`, 50),
	} {
		f.Add([]byte(seed), 200, "1", "application/json")
	}
	f.Add([]byte("<html>"), 502, "Wed, 21 Oct 2015 07:28:00 GMT", "text/html")
	f.Add([]byte(""), 302, "-1", "\x00")
	f.Fuzz(func(t *testing.T, body []byte, code int, retryAfter, contentType string) {
		client, seen := over(wire(func(*http.Request) (*http.Response, error) {
			r := answer(string(body), "Retry-After", retryAfter, "Content-Type", contentType, "Location", contentType, "Date", retryAfter)
			r.StatusCode = code
			return r, nil
		}), func(c *tcapi.Config) { c.MaxRetries = 0 })
		got, err := tcapi.Call[listed](t.Context(), client, zones, nil)
		failure := tcapi.AsError(err)
		if (got == nil) != (err != nil) || (err != nil) != (failure != nil) || len(seen.all()) != 1 {
			t.Fatalf("%v, %v after %d attempts", got, err, len(seen.all()))
		}
		if err == nil {
			if code != http.StatusOK || !json.Valid(body) {
				t.Errorf("%d %q is taken for a response", code, body)
			}
			return
		}
		if failure.Status != code || failure.Attempts != 1 || failure.RetryAfter < 0 || failure.Message == "" && failure.Code == "" {
			t.Errorf("%+v", failure)
		}
		if strings.ContainsAny(failure.Message, "\r\n") {
			t.Errorf("%q", failure.Message)
		}
	})
}

// hundreds is a response with n rows.
func hundreds(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"Response":{"TotalCount":%d,"Data":[`, n)
	begin := time.Date(2022, 5, 4, 0, 0, 0, 0, time.UTC)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		start := begin.Add(time.Duration(i) * time.Hour)
		name := start.Format("20060102-15") + "-www.example.com"
		fmt.Fprintf(&b, `{"Domain":"www.example.com","Area":"mainland","LogPacketName":"%s",`+
			`"Url":"https://log-down07-cn.edgeone.qcloud.com/%s.log.gz?sign=%064d","LogTime":%d,"Size":%d,"LogStartTime":"%s","LogEndTime":"%s"}`,
			name, name, i, start.Unix(), 1000*i, start.Format(time.RFC3339), start.Add(time.Hour).Format(time.RFC3339))
	}
	b.WriteString(`],"RequestId":"r"}}`)
	return b.String()
}

// BenchmarkCall is one call that answers 300 rows, beside the decoding alone:
// what signing, guarding and limiting cost.
func BenchmarkCall(b *testing.B) {
	body := hundreds(300)
	b.Run("call", func(b *testing.B) {
		client, _ := over(wire(func(*http.Request) (*http.Response, error) { return answer(body), nil }), func(c *tcapi.Config) {
			c.Limiters, c.Observe = &tcapi.Limiters{PerSecond: 1e9}, nil
		})
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			got, err := tcapi.Call[listed](b.Context(), client, zones, struct{}{})
			if err != nil || len(got.Data) != 300 {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var got struct{ Response listed }
			if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Response.Data) != 300 {
				b.Fatal(err)
			}
		}
	})
}
