package tcapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

const signedURL = "https://log-down.example.com/20220504/a.log.gz?e=1651&sign=5ecre7"

// A service or a proxy repeats everything it was sent, and a signed URL, in each part
// of a response that is shown.
func TestErrorsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	echo := func(r *http.Request) string {
		return fmt.Sprintf("got %s with token %s, see %s", r.Header.Get("Authorization"), r.Header.Get("X-TC-Token"), signedURL)
	}
	quoted := func(s string) string {
		text, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	for name, handle := range map[string]http.HandlerFunc{
		"message": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"Response":{"Error":{"Code":"InvalidParameter","Message":`+quoted(echo(r))+`},"RequestId":"r-1"}}`)
		},
		"message of a retry": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"Response":{"Error":{"Code":"InternalError","Message":`+quoted(echo(r))+`},"RequestId":"r-1"}}`)
		},
		"message without a code": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"Response":{"Error":{"Message":`+quoted(echo(r))+`},"RequestId":"r-1"}}`)
		},
		"long message": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"Response":{"Error":{"Code":"A","Message":`+quoted(strings.Repeat("é", 400)+echo(r)+strings.Repeat("é", 400))+`}}}`)
		},
		"HTML":     func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "<p>"+echo(r)) },
		"502":      func(w http.ResponseWriter, r *http.Request) { http.Error(w, echo(r), http.StatusBadGateway) },
		"a string": func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, quoted(echo(r))) },
		"another type": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"Response":`+quoted(echo(r))+`}`)
		},
		"broken JSON": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"Response":{"Url":`+quoted(echo(r))+`x}}`)
		},
		"cut": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"Response":{"Url":`+quoted(echo(r)))
		},
		"row of a type": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"Response":{"RequestId":{"Url":`+quoted(echo(r))+`}}}`)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, signedURL, http.StatusFound) },
		"broken redirect": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "://"+signedURL)
			w.WriteHeader(http.StatusFound)
		},
		"no response": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signatures := make(chan string, 10)
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
				signatures <- signature
				handle(w, r)
			})
			client, seen := to(t, server.URL, func(c *tcapi.Config) {
				c.MaxRetries = 1
				c.Credentials = tcapi.StaticCredentials{SecretID: secretID, SecretKey: secretKey, Token: token, Source: "the test"}
			})
			err := ask(t.Context(), client)
			failure := failed(t, err)
			shown := fmt.Sprintf("%v\n%+v\n%#v\n%v\n%+v", err, *failure, *failure, failure.Err, seen.all())
			secrets := []string{secretID, secretKey, token, "5ecre7", "sign="}
			for range failure.Attempts {
				signature := <-signatures
				if len(signature) != 64 {
					t.Fatalf("the signature is %q", signature)
				}
				secrets = append(secrets, signature)
			}
			for _, secret := range secrets {
				if strings.Contains(shown, secret) {
					t.Errorf("%q is shown in\n%s", secret, shown)
				}
			}
			if len(failure.Message) > 1100 || !utf8.ValidString(failure.Message) || strings.ContainsAny(err.Error(), "\r\n\x1b") {
				t.Errorf("the message is %q", failure.Message)
			}
			for _, a := range seen.all() {
				if strings.Contains(a.Failure, "got ") {
					t.Errorf("the service's own text is in an attempt: %s", a.Failure)
				}
			}
		})
	}
}

// The rest of a message is kept, on one line.
func TestMessagesStayReadable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"The parameter `StartTime` is not valid?": "The parameter `StartTime` is not valid?",
		"请求失败":                                              "请求失败",
		"see https://cloud.example/doc/1":                   "see https://cloud.example/doc/1",
		"at log.example/x.log.gz?sign=0a1b&t=1":             "at log.example/x.log.gz?sign=(hidden)&t=1",
		"get https://a.example/b?x=(y)&sign=0a1b":           "get https://a.example/b?(hidden)",
		"get https://a.example/b?c=d or (http://e/f?g=h)":   "get https://a.example/b?(hidden) or (http://e/f?(hidden))",
		"Credential=A/b, SignedHeaders=a;b, Signature=0Af1": "Credential=A/b, SignedHeaders=a;b, Signature=(hidden)",
		`one\ntwo\r\n\u001b[31mthree`:                       `one two \x1b[31mthree`,
	} {
		client, _ := over(replies(apiError("InvalidParameter", in)))
		if got := failed(t, ask(t.Context(), client)).Message; got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// Secrets are hidden as they are and as parts of a URL.
func TestEscapedSecretsAreHidden(t *testing.T) {
	t.Parallel()
	const key = "secret/Key+with=signs"
	credentials := tcapi.StaticCredentials{SecretID: "AKID/with+signs=", SecretKey: key, Token: token}
	for name, secret := range map[string]string{"secret ID": credentials.SecretID, "secret key": key, "token": token} {
		for form, written := range map[string]string{"plain": secret, "in a query": url.QueryEscape(secret)} {
			client, _ := over(replies(apiError("InvalidParameter", "the value "+written+" is wrong")), func(c *tcapi.Config) { c.Credentials = credentials })
			got := failed(t, ask(t.Context(), client)).Message
			if strings.Contains(got, written) || !strings.HasPrefix(got, "the value ") || !strings.HasSuffix(got, " is wrong") {
				t.Errorf("%s, %s: %q", name, form, got)
			}
		}
	}
}
