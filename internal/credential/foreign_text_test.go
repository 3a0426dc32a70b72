package credential_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// hostile is text that a terminal would act on, and too long for one.
var hostile = "\x1b[2J\a\u009b31m\u202ecod.exe " + strings.Repeat("A", 1<<19)

func expectPrintable(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if text := err.Error(); len(text) > 3000 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || !strings.Contains(text, `\x1b[2J\a\u009b31m\u202ecod.exe`) {
		t.Errorf("%d bytes: %.300q", len(text), text)
	}
}

// The names that the metadata service and STS return are shown in errors.
func TestForeignTextIsPrintable(t *testing.T) {
	t.Parallel()
	code, err := json.Marshal(map[string]string{"Code": hostile})
	if err != nil {
		t.Fatal(err)
	}
	for name, answers := range map[string][2]string{
		"role without credentials": {hostile, ""},
		"role with a code":         {hostile, `{"Code":"Failed"}`},
		"code":                     {"role", string(code)},
	} {
		metadata := handlerTransport{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := answers[0]
			if !strings.HasSuffix(r.URL.Path, "/") {
				if answer = answers[1]; answer == "" {
					w.WriteHeader(http.StatusNotFound)
				}
			}
			_, _ = io.WriteString(w, answer)
		})}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// On simulated time, a busy machine does not exceed the timeout.
			inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
				w.write(".tccli/default.credential", `{"type":"cvm-role"}`)
				o := w.options()
				o.Profile, o.MetadataTransport = "default", metadata
				_, err := w.source(o).Credentials(t.Context())
				expectPrintable(t, err)
			})
		})
	}
	t.Run("account", func(t *testing.T) {
		t.Parallel()
		account, _ := json.Marshal(hostile)
		w := newWorld(t, teosim.Options{})
		o := w.withStatic()
		o.AllowedAccountIDs = []string{"100000000001"}
		o.STS.Transport = answering(`{"Response":{"AccountId":` + string(account) + `,"RequestId":"r"}}`)
		_, err := w.source(o).Credentials(t.Context())
		expectPrintable(t, err)
	})
}
