package tcapi_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// hostile is text that a terminal would act on, and too long for one.
var hostile = "\x1b[2J\a\u009b31m\u202ecod.exe\u2066 " + strings.Repeat("A\r\n", 700_000)

// expectPrintable checks a text that is shown to a person.
func expectPrintable(t *testing.T, what, text string) {
	t.Helper()
	if len(text) > 1500 {
		t.Errorf("%s has %d bytes: %.300q", what, len(text), text)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("%s is not printable: %.300q", what, text[i:])
	}
}

// Whatever part of a response has it, text that the service did not write for a
// terminal is made printable and short.
func TestForeignTextIsPrintable(t *testing.T) {
	t.Parallel()
	quoted := func(s string) string {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	with := func(status int, body string, header ...string) wire {
		return func(*http.Request) (*http.Response, error) {
			r := answer(body, header...)
			r.StatusCode = status
			return r, nil
		}
	}
	for name, server := range map[string]wire{
		"code":                 with(200, `{"Response":{"Error":{"Code":`+quoted(hostile)+`,"Message":"m"},"RequestId":"r"}}`),
		"message":              with(200, `{"Response":{"Error":{"Code":"C","Message":`+quoted(hostile)+`},"RequestId":"r"}}`),
		"message, no code":     with(200, `{"Response":{"Error":{"Message":`+quoted(hostile)+`},"RequestId":"r"}}`),
		"request ID":           with(200, `{"Response":{"Error":{"Code":"C","Message":"m"},"RequestId":`+quoted(hostile)+`}}`),
		"request ID, good":     with(200, `{"Response":{"RequestId":`+quoted(hostile)+`}}`),
		"request ID in header": with(502, "", "X-TC-RequestId", hostile),
		"content type":         with(200, "<html>", "Content-Type", hostile),
		"content type, 500":    with(500, "<html>", "Content-Type", hostile),
		"redirect":             with(302, "", "Location", "https://a\u202eb"+strings.Repeat("\u0085", 100_000)+".example/"),
		"JSON of another form": with(200, `{"Response":{"RequestId":{`+quoted(hostile)+`:1}}}`),
		"a number":             with(200, `{"Response":{"RequestId":1`+strings.Repeat("0", 2<<20)+`}}`),
		"broken JSON":          with(200, "{\x1b"+hostile),
		"transport": func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("x509: certificate is valid for %s, not teo.example.com", hostile)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := over(server, func(c *tcapi.Config) { c.MaxRetries = 1 })
			response, err := tcapi.Call[tcapi.Head](t.Context(), client, zones, struct{}{})
			if err != nil {
				failure := failed(t, err)
				expectPrintable(t, "the code", failure.Code)
				expectPrintable(t, "the message", failure.Message)
				expectPrintable(t, "the request ID", failure.RequestID)
				expectPrintable(t, "the advice", failure.Advice())
			} else {
				expectPrintable(t, "the request ID", response.RequestID)
			}
			for _, a := range seen.all() {
				expectPrintable(t, "an attempt", a.RequestID+a.Code+a.Failure)
			}
		})
	}
}

// net/http repeats what a server wrote instead of HTTP, and what a proxy wrote
// instead of a tunnel.
func TestTextThatIsNotHTTPIsPrintable(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"status line": "\x1b[2JHTTP/1.1 200 OK\r\n\r\n",
		"status":      "HTTP/1.1 \x1b[2J OK\r\n\r\n",
		"header":      "HTTP/1.1 200 OK\r\n\x1b[2J\r\n\r\n",
		"length":      "HTTP/1.1 200 OK\r\nContent-Length: \x1b[2J\r\n\r\n",
		"tunnel":      "HTTP/1.1 403 \x1b[2Jno\u202e\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Read(make([]byte, 4096))
					_, _ = conn.Write([]byte(text))
					_ = conn.Close()
				}
			}()
			client, _ := to(t, "http://"+listener.Addr().String(), func(c *tcapi.Config) {
				c.MaxRetries = 0
				if name == "tunnel" {
					proxy, _ := tcapi.ParseProxy(listener.Addr().String())
					transport := tcapi.NewTransport(tcapi.TransportOptions{ProxyURL: proxy})
					t.Cleanup(transport.CloseIdleConnections)
					c.Transport, c.Endpoint = transport, tcapi.Endpoint{Scheme: "https", Host: "teo.example.com"}
				}
			})
			err = ask(t.Context(), client)
			failure := failed(t, err)
			expectPrintable(t, "the error", failure.Error())
			if name == "tunnel" && !strings.Contains(failure.Message, `\x1b[2Jno\u202e`) {
				t.Errorf("the proxy's own text is not shown: %s", failure.Message)
			}
		})
	}
}

// A secret of a request that is not one of its credentials is hidden as well, in
// each part of an error.
func TestAnotherSecretOfARequestIsHidden(t *testing.T) {
	t.Parallel()
	const assertion = "PHNhbWw+c2VjcmV0PC9zYW1sPg=="
	for _, shown := range []string{assertion, "PHNhbWw%2bc2VjcmV0PC9zYW1sPg%3D%3D", `PHNhbWw\\u002bc2VjcmV0PC9zYW1sPg==`, "UEhOaGJXdytjMlZqY21WMFBDOXpZVzFzUGc9PQ=="} {
		body := fmt.Sprintf(`{"Response":{"Error":{"Code":"Failed.%[1]s","Message":"it is %[1]s"},"RequestId":"%[1]s"}}`, shown)
		client, seen := over(replies(body))
		_, err := tcapi.Call[tcapi.Head](t.Context(), client, zones, struct{}{}, tcapi.WithSecret(assertion))
		var told string
		if json.Unmarshal([]byte(`"`+shown+`"`), &told) != nil {
			t.Fatal(shown)
		}
		for _, text := range []string{failed(t, err).Error(), fmt.Sprintf("%+v", seen.all())} {
			if strings.Contains(text, told) || !strings.Contains(text, "(hidden)") {
				t.Errorf("%s shows the secret", text)
			}
		}
	}
}
