package credential_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const (
	roleARN    = "qcs::cam::uin/100000000009:roleName/logs"
	secretID   = teosim.DefaultSecretID
	secretKey  = teosim.DefaultSecretKey
	stsVersion = "2018-08-13"
)

// world is a simulated cloud, an environment and a home folder.
type world struct {
	t    *testing.T
	sim  *teosim.Sim
	env  map[string]string
	home string

	mu   sync.Mutex
	logs []string

	transport http.RoundTripper
}

func newWorld(t *testing.T, o teosim.Options) *world {
	t.Helper()
	sim := simtest.Start(t, o)
	return &world{t: t, sim: sim, env: map[string]string{}, home: t.TempDir(), transport: handlerTransport{sim.Handler()}}
}

// options returns those of a provider without arguments.
func (w *world) options() credential.Options {
	w.t.Helper()
	u, err := url.Parse(w.sim.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	return credential.Options{
		STS: tcapi.Config{
			Endpoint:   tcapi.Endpoint{Scheme: u.Scheme, Host: u.Host},
			Transport:  w.transport,
			UserAgent:  "terraform-provider-teo/test",
			MaxRetries: 2,
			Pace:       tcapi.Pace{First: time.Millisecond, Most: time.Millisecond, Throttled: time.Millisecond},
		},
		MetadataURL:       w.sim.URL(),
		MetadataTransport: w.transport,
		Getenv:            func(name string) string { return w.env[name] },
		Environ: func() []string {
			var all []string
			for name, value := range w.env {
				all = append(all, name+"="+value)
			}
			slices.Sort(all)
			slices.Reverse(all) // the order of an environment means nothing
			return all
		},
		Home: w.home,
		Log: func(_ context.Context, message string, fields map[string]any) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.logs = append(w.logs, fmt.Sprint(message, fields))
		},
	}
}

// source returns a Source, or fails the test.
func (w *world) source(o credential.Options) *credential.Source {
	w.t.Helper()
	source, problems := credential.New(o)
	if len(problems) > 0 {
		w.t.Fatalf("problems: %+v", problems)
	}
	return source
}

// credentials returns credentials that EdgeOne accepts.
func (w *world) credentials(o credential.Options) tcapi.Credentials {
	w.t.Helper()
	source := w.source(o)
	credentials, err := source.Credentials(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if source.String() != credentials.Source {
		w.t.Errorf("the source of credentials from %q is called %q", credentials.Source, source)
	}
	if err := w.list(source); err != nil {
		w.t.Fatalf("EdgeOne refuses the credentials: %v", err)
	}
	return credentials
}

// list sends a request to EdgeOne.
func (w *world) list(credentials tcapi.CredentialSource) error {
	config := w.options().STS
	config.Service, config.Credentials = "teo", credentials
	action := tcapi.Action{Version: "2022-09-01", Name: "DescribeZones", PerSecond: 1000}
	_, err := tcapi.Call[tcapi.Head](context.Background(), tcapi.New(config), action, struct{}{})
	return err
}

// write writes a file below the home folder and returns its path.
func (w *world) write(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// sent returns the bodies of the requests of an action of STS.
func (w *world) sent(action string) []map[string]any {
	w.t.Helper()
	var all []map[string]any
	for _, r := range w.sim.Requests() {
		if r.Action != action {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(r.Body, &fields); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, fields)
	}
	return all
}

// handlerTransport calls a handler without a network, so that a test can run on
// simulated time.
type handlerTransport struct{ handler http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (response *http.Response, err error) {
	defer func() {
		if recover() != nil { // http.ErrAbortHandler
			response, err = nil, errors.New("connection reset")
		}
	}()
	in := r.Clone(r.Context())
	in.Host, in.RequestURI = r.URL.Host, r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	h.handler.ServeHTTP(recorder, in)
	return recorder.Result(), nil
}

// jwt returns a web identity token that expires at a time (Unix seconds, 0: never).
func jwt(end int64) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"RS256"}`) + "." + part(fmt.Sprintf(`{"sub":"repo:me","exp":%d}`, end)) + ".c2lnbmVk"
}

func seconds(n int64) *int64 { return &n }

// one asserts that there is one problem, on an attribute, whose text contains words.
func one(t *testing.T, problems credential.Problems, attribute string, words ...string) {
	t.Helper()
	if len(problems) != 1 {
		t.Fatalf("problems %+v, want one on %s", problems, attribute)
	}
	p := problems[0]
	if p.Attribute != attribute {
		t.Errorf("the problem is on %s, want %s: %+v", p.Attribute, attribute, p)
	}
	for _, word := range words {
		if !strings.Contains(p.Summary+": "+p.Detail, word) {
			t.Errorf("%q is not in %q: %q", word, p.Summary, p.Detail)
		}
	}
}
