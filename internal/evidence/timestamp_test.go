package evidence_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/notaryproject/tspclient-go"

	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
)

func timestamp(t *testing.T, a *simtest.Authority, content []byte) (evidence.Token, error) {
	t.Helper()
	return evidence.Timestamp(t.Context(), evidence.Options{UserAgent: "test", Timeout: time.Minute}, a.URL, content)
}

// answer returns what the authority answers.
func answer(t *testing.T, a *simtest.Authority, query []byte) []byte {
	der, err := a.Answer(query)
	if err != nil {
		t.Error(err)
	}
	return der
}

func reply(w http.ResponseWriter, der []byte) {
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(der)
}

func TestATokenVerifiesHereAndWithOpenSSL(t *testing.T) {
	t.Parallel()
	a := simtest.StartAuthority(t)
	content := sign(t, fileSigner(t, ed25519Key...), head(12)).Bytes
	token, err := timestamp(t, a, content)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := evidence.ParseCA(a.CA())
	if err != nil {
		t.Fatal(err)
	}
	at, err := evidence.VerifyToken(t.Context(), token.DER, content, pool)
	if err != nil || !at.Equal(token.Time) || time.Since(at).Abs() > time.Hour {
		t.Errorf("verified as of %s, %v", at, err)
	}
	file := write(t, "head.tsr", token.DER)
	simtest.OpenSSL(t, "ts", "-verify", "-in", file, "-data", write(t, "note", content), "-CAfile", a.CAFile())
	if _, _, err := simtest.TryOpenSSL(t, "ts", "-verify", "-in", file, "-data", write(t, "note", []byte("other")), "-CAfile", a.CAFile()); err == nil {
		t.Error("openssl verifies the token over other bytes")
	}
	if _, err := evidence.VerifyToken(t.Context(), token.DER, append(content, '\n'), pool); err == nil {
		t.Error("the token verifies over other bytes")
	}
	other, err := evidence.ParseCA(simtest.StartAuthority(t).CA())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.VerifyToken(t.Context(), token.DER, content, other); err == nil {
		t.Error("the token verifies with another CA")
	}
}

// A changed byte is noticed, or is in a part that carries no statement: then the
// time remains the same.
func TestAChangedTokenDoesNotVerify(t *testing.T) {
	t.Parallel()
	a := simtest.StartAuthority(t)
	content := []byte("a note")
	token, err := timestamp(t, a, content)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := evidence.ParseCA(a.CA())
	if err != nil {
		t.Fatal(err)
	}
	for i := range token.DER {
		changed := bytes.Clone(token.DER)
		changed[i] ^= 0x01
		if at, err := evidence.VerifyToken(t.Context(), changed, content, pool); err == nil && !at.Equal(token.Time) {
			t.Errorf("with another byte %d the time is %s", i, at)
		}
	}
	for _, cut := range [][]byte{nil, token.DER[:len(token.DER)-1], append(bytes.Clone(token.DER), 0)} {
		if _, err := evidence.VerifyToken(t.Context(), cut, content, pool); err == nil {
			t.Errorf("a token of %d bytes in place of %d verifies", len(cut), len(token.DER))
		}
	}
}

// The certificate of an ordinary server must not make tokens, whoever signed it.
func TestOnlyTimeStampCertificatesMakeTokens(t *testing.T) {
	t.Parallel()
	a := simtest.StartAuthority(t)
	content := []byte("a note")
	token, err := timestamp(t, a, content)
	if err != nil {
		t.Fatal(err)
	}
	// A CA whose only certificate is that of the authority's server.
	pool, err := evidence.ParseCA(a.Certify("web"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.VerifyToken(t.Context(), token.DER, content, pool); err == nil {
		t.Error("the token verifies with the certificate of a server")
	}
}

func TestAnAuthorityThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	a := simtest.StartAuthority(t)
	content := []byte("a note")
	earlier, err := timestamp(t, a, content)
	if err != nil {
		t.Fatal(err)
	}
	rejection := simtest.OpenSSL(t, "asn1parse", "-genconf", write(t, "rejection.cnf", []byte("asn1=SEQUENCE:r\n[r]\ns=SEQUENCE:s\n[s]\nn=INTEGER:2\n")), "-noout", "-out", "/dev/stdout")
	otherImprint := func(query []byte) []byte {
		var request tspclient.Request
		if err := request.UnmarshalBinary(query); err != nil {
			t.Error(err)
		}
		other, err := tspclient.NewRequest(tspclient.RequestOptions{Content: []byte("other"), HashAlgorithm: crypto.SHA256})
		if err != nil {
			t.Error(err)
		}
		other.Nonce = request.Nonce
		changed, err := other.MarshalBinary()
		if err != nil {
			t.Error(err)
		}
		return answer(t, a, changed)
	}
	tests := map[string]struct {
		serve func(http.ResponseWriter, []byte)
		want  string
	}{
		"down": {func(w http.ResponseWriter, _ []byte) { w.WriteHeader(503) }, "it answered with HTTP 503"},
		"gone": {func(http.ResponseWriter, []byte) { panic(http.ErrAbortHandler) }, "EOF"},
		"redirects": {func(w http.ResponseWriter, _ []byte) {
			w.Header().Set("Location", "https://tsa.example.com/secret")
			w.WriteHeader(302)
		}, "it redirects (HTTP 302)"},
		"a page":           {func(w http.ResponseWriter, _ []byte) { _, _ = w.Write([]byte("<html>log in</html>")) }, "not a time-stamp response"},
		"nothing":          {func(http.ResponseWriter, []byte) {}, "not a time-stamp response"},
		"rejects":          {func(w http.ResponseWriter, _ []byte) { reply(w, rejection) }, "the authority refused"},
		"replays":          {func(w http.ResponseWriter, _ []byte) { reply(w, earlier.DER) }, "another nonce"},
		"other bytes":      {func(w http.ResponseWriter, q []byte) { reply(w, otherImprint(q)) }, "the token is about other bytes"},
		"trailing garbage": {func(w http.ResponseWriter, q []byte) { reply(w, append(answer(t, a, q), "more"...)) }, "not a time-stamp response"},
		"60 MB":            {func(w http.ResponseWriter, _ []byte) { reply(w, make([]byte, 60<<20)) }, "the answer is longer than 1048576 bytes"},
		"endless": {func(w http.ResponseWriter, _ []byte) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "the answer is longer than 1048576 bytes"},
	}
	for fault, test := range tests { //nolint:paralleltest // one authority
		t.Run(fault, func(t *testing.T) {
			a.Serve(test.serve)
			token, err := timestamp(t, a, content)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%d bytes, %v, want %q", len(token.DER), err, test.want)
			}
		})
	}
	a.Serve(nil)
	if _, err := timestamp(t, a, content); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// roundTripper answers without a connection.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A proxy or a server can repeat the URL, whose path and query can hold a token, in
// text that a terminal would act on.
func TestTextOfAProxyIsPrintableAndWithoutTheURL(t *testing.T) {
	t.Parallel()
	const path, query = "/hunter2/%41", "token=hunter3"
	for name, transport := range map[string]roundTripper{
		"no connection": func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("\x1b[2JCONNECT %s %s: %w", r.URL.RequestURI(), base64.StdEncoding.EncodeToString([]byte(r.URL.RawQuery)), io.ErrNoProgress)
		},
		"a broken body": func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(iotest.ErrReader(fmt.Errorf("\x1b[2J%s %q: %w", r.URL.Path, r.URL.RawQuery, io.ErrNoProgress)))}, nil
		},
	} {
		options := evidence.Options{Transport: transport}
		_, err := evidence.Timestamp(t.Context(), options, "https://tsa.example.com"+path+"?"+query, []byte("a note"))
		if text := fmt.Sprint(err); !errors.Is(err, io.ErrNoProgress) || !strings.HasPrefix(text, `\x1b[2J`) ||
			strings.Contains(text, "hunter") || strings.Contains(text, "dG9rZW49aHVudGVyMw") {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestASlowAuthorityIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	a := simtest.StartAuthority(t)
	done := make(chan struct{})
	defer close(done)
	a.Serve(func(http.ResponseWriter, []byte) { <-done })
	_, err := evidence.Timestamp(t.Context(), evidence.Options{Timeout: 50 * time.Millisecond}, a.URL, []byte("a note"))
	if err == nil || err.Error() != "no complete answer within 50ms" {
		t.Errorf("it answers nothing: %v", err)
	}
	a.Serve(func(w http.ResponseWriter, _ []byte) { // one byte, then nothing
		_, _ = w.Write([]byte{0x30})
		_ = http.NewResponseController(w).Flush()
		<-done
	})
	_, err = evidence.Timestamp(t.Context(), evidence.Options{Timeout: 50 * time.Millisecond}, a.URL, []byte("a note"))
	if err == nil || err.Error() != "no complete answer within 50ms" {
		t.Errorf("it stops after a byte: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("interrupted")
	cancel(stop)
	if _, err := evidence.Timestamp(ctx, evidence.Options{}, a.URL, []byte("a note")); !errors.Is(err, stop) {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

func TestATokenOfAnotherTimeIsRefused(t *testing.T) {
	t.Parallel()
	a := simtest.StartAuthority(t)
	for _, off := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		o := evidence.Options{Now: func() time.Time { return time.Now().Add(off) }}
		if _, err := evidence.Timestamp(t.Context(), o, a.URL, []byte("a note")); err == nil || !strings.Contains(err.Error(), "differs from the local clock by more than 1h0m0s") {
			t.Errorf("with a clock that is off by %s: %v", off, err)
		}
	}
}

func TestCACertificatesAreParsedStrictly(t *testing.T) {
	t.Parallel()
	good := simtest.StartAuthority(t).CA()
	for text, want := range map[string]string{
		good + good:                      "",
		"":                               "it holds no certificate in PEM",
		"hello":                          "it holds no certificate in PEM",
		string(newKey(t, ed25519Key...)): `PEM of another kind than certificates: "PRIVATE KEY"`,
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": "a certificate that cannot be parsed",
	} {
		_, err := evidence.ParseCA(text)
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		url          string
		plain, valid bool
	}{
		{"https://tsa.example.com/tsr?x=1", false, true},
		{"http://tsa.example.com", true, true},
		{"http://tsa.example.com", false, false},
		{"http://127.0.0.1:7380", false, true},
		{"http://[::1]:7380/w", false, true},
		{"http://localhost", false, true},
		{"ftp://tsa.example.com", true, false},
		{"tsa.example.com", true, false},
		{"https://", true, false},
		{"https://tsa.example.com/#x", true, false},
		{"https://%zz", true, false},
	} {
		if _, err := evidence.ParseURL(test.url, test.plain); (err == nil) != test.valid {
			t.Errorf("%s (plain %t): %v", test.url, test.plain, err)
		}
	}
}
