package tcapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// source returns temporary credentials, and others after a refresh.
type source struct {
	mu          sync.Mutex
	credentials []tcapi.Credentials
	refreshed   int
	fails       error
	refused     []tcapi.Credentials
	before      func(context.Context) error
}

func (s *source) Credentials(ctx context.Context) (tcapi.Credentials, error) {
	if s.before != nil {
		if err := s.before(ctx); err != nil {
			return tcapi.Credentials{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.credentials[min(s.refreshed, len(s.credentials)-1)], nil
}

func (s *source) Refresh(_ context.Context, refused tcapi.Credentials) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, refused)
	if s.fails == nil {
		s.refreshed++
	}
	return s.fails
}

// credentialsFrom is a source that calls STS first, as a role does.
func credentialsFrom(sts *tcapi.Client) tcapi.CredentialSource {
	return &source{
		credentials: []tcapi.Credentials{{SecretID: secretID, SecretKey: secretKey, Token: token}},
		before:      func(ctx context.Context) error { return ask(ctx, sts) },
	}
}

// Refused temporary credentials are refreshed once, whatever the number of retries.
func TestRefusedCredentialsAreRefreshedOnce(t *testing.T) {
	t.Parallel()
	temporary := []tcapi.Credentials{{SecretID: "one", SecretKey: secretKey, Token: "t1"}, {SecretID: "two", SecretKey: secretKey, Token: "t2"}}
	expired, broken := apiError("AuthFailure.TokenFailure", ""), apiError("InternalError", "")
	unknown := apiError("AuthFailure.SecretIdNotFound", "")
	for name, test := range map[string]struct {
		credentials []tcapi.Credentials
		fails       error
		retries     int
		replies     []string
		sent        string // the secret IDs, in order
		code        string
	}{
		"refreshed":                      {credentials: temporary, replies: []string{expired, fine}, sent: "one two"},
		"refreshed, not found":           {credentials: temporary, replies: []string{unknown, fine}, sent: "one two"},
		"refreshed in vain":              {credentials: temporary, retries: 5, replies: []string{expired}, sent: "one two", code: "AuthFailure.TokenFailure"},
		"not refreshable":                {credentials: temporary, fails: tcapi.ErrNotRefreshable, replies: []string{expired}, sent: "one", code: "AuthFailure.TokenFailure"},
		"permanent":                      {credentials: []tcapi.Credentials{{SecretID: "one", SecretKey: secretKey}}, retries: 5, replies: []string{unknown}, sent: "one", code: "AuthFailure.SecretIdNotFound"},
		"among other failures":           {credentials: temporary, retries: 2, replies: []string{broken, expired, broken, fine}, sent: "one one two two"},
		"another refusal of credentials": {credentials: temporary, retries: 5, replies: []string{apiError("AuthFailure.SignatureFailure", "")}, sent: "one", code: "AuthFailure.SignatureFailure"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent []string
			next := replies(test.replies...)
			credentials := &source{credentials: test.credentials, fails: test.fails}
			client, seen := over(wire(func(r *http.Request) (*http.Response, error) {
				_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
				id, _, _ := strings.Cut(rest, "/")
				sent = append(sent, id)
				if want := strings.Join(sent, " "); strings.HasSuffix(want, "two") && r.Header.Get("X-TC-Token") != "t2" {
					t.Errorf("new credentials with the token %q", r.Header.Get("X-TC-Token"))
				}
				return next(r)
			}), func(c *tcapi.Config) { c.Credentials, c.MaxRetries = credentials, test.retries })
			err := ask(t.Context(), client)
			code := ""
			if err != nil {
				code = failed(t, err).Code
			}
			if got := strings.Join(sent, " "); got != test.sent || code != test.code || len(seen.all()) != len(sent) {
				t.Errorf("sent %q and got %q, want %q and %q", got, code, test.sent, test.code)
			}
			if len(credentials.refused) > 1 || (len(credentials.refused) == 1 && credentials.refused[0].SecretID != "one") {
				t.Errorf("refreshed %v", credentials.refused)
			}
		})
	}
}

// Without credentials there is nothing to send.
func TestWithoutCredentialsNothingIsSent(t *testing.T) {
	t.Parallel()
	empty := errors.New("there are none")
	client, seen := over(replies(fine), func(c *tcapi.Config) {
		c.Credentials = &source{before: func(context.Context) error { return empty }}
	})
	if err := ask(t.Context(), client); !errors.Is(err, empty) || len(seen.all()) != 0 {
		t.Errorf("%v after %d requests", err, len(seen.all()))
	}
}

// Without a source, requests are sent unsigned, and carry no token.
func TestWithoutASourceRequestsAreUnsigned(t *testing.T) {
	t.Parallel()
	var header http.Header
	client, _ := over(wire(func(r *http.Request) (*http.Response, error) {
		header = r.Header.Clone()
		return answer(fine), nil
	}), func(c *tcapi.Config) { c.Credentials = nil })
	if err := ask(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if header.Get("Authorization") != "SKIP" || header.Get("X-TC-Token") != "" || header.Get("X-TC-Action") != "DescribeZones" {
		t.Errorf("%v", header)
	}
}

// The simulator computes signatures by the published algorithm with its own
// code, which is tested with the published vector.
func TestTheSimulatorAcceptsEverySignature(t *testing.T) {
	t.Parallel()
	sim := simulator(t, teosim.Options{})
	sim.AddKey("temporary", secretKey, token, time.Time{})
	static := func(id, key, token string) tcapi.CredentialSource {
		return tcapi.StaticCredentials{SecretID: id, SecretKey: key, Token: token}
	}
	for name, test := range map[string]struct {
		credentials tcapi.CredentialSource
		code        string
	}{
		"right":          {static(sim.SecretID(), sim.SecretKey(), ""), ""},
		"with a token":   {static("temporary", secretKey, token), ""},
		"wrong key":      {static(sim.SecretID(), secretKey, ""), "AuthFailure.SignatureFailure"},
		"unknown":        {static(secretID, secretKey, ""), "AuthFailure.SecretIdNotFound"},
		"wrong token":    {static("temporary", secretKey, "other"), "AuthFailure.TokenFailure"},
		"no token":       {static("temporary", secretKey, ""), "AuthFailure.TokenFailure"},
		"a needless one": {static(sim.SecretID(), sim.SecretKey(), token), "AuthFailure.TokenFailure"},
		"no credentials": {static("", "", ""), "AuthFailure.InvalidAuthorization"},
		"not signed":     {nil, "AuthFailure.InvalidAuthorization"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := to(t, sim.URL(), func(c *tcapi.Config) { c.Credentials = test.credentials })
			err := ask(t.Context(), client)
			code := ""
			if err != nil {
				code = failed(t, err).Code
			}
			if code != test.code || len(seen.all()) != 1 {
				t.Errorf("%v after %d requests, want %q", err, len(seen.all()), test.code)
			}
		})
	}
}

func simulator(t *testing.T, options teosim.Options) *teosim.Sim {
	t.Helper()
	sim, err := teosim.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}
