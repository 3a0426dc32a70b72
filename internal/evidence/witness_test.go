package evidence_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/merkle"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
)

// history is a log whose entries are all at hand.
type history struct {
	t      *testing.T
	signer *evidence.Signer
	leaves []tlog.Hash
}

func newHistory(t *testing.T, size int) *history {
	t.Helper()
	h := &history{t: t, signer: fileSigner(t, ed25519Key...)}
	for i := range size {
		h.leaves = append(h.leaves, tlog.RecordHash(fmt.Appendf(nil, "entry %d", i)))
	}
	return h
}

func (h *history) at(size int64) merkle.Range {
	var r merkle.Range
	for _, leaf := range h.leaves[:size] {
		r = r.Append(leaf)
	}
	return r
}

func (h *history) note(size int64) evidence.Note {
	h.t.Helper()
	return sign(h.t, h.signer, evidence.Checkpoint{Origin: origin, Size: size, Root: h.at(size).Root()})
}

// cosign asks a witness for a cosignature, and returns the number of requests as well.
func (h *history) cosign(w evidence.Witness, size, old int64) (evidence.Note, int, error) {
	h.t.Helper()
	requests := &counter{next: simtest.Transport(h.t)}
	o := evidence.Options{Transport: requests, UserAgent: "test", Timeout: time.Minute}
	n, err := w.Cosign(h.t.Context(), o, h.note(size), old, func(old int64) (tlog.TreeProof, error) {
		return h.at(old).Prove(h.leaves[old:size]), nil
	})
	return n, requests.count, err
}

type counter struct {
	next  http.RoundTripper
	count int
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.count++
	return c.next.RoundTrip(r)
}

func witness(t *testing.T, url, key string) evidence.Witness {
	t.Helper()
	parsed, err := evidence.ParseVerifierKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return evidence.Witness{URL: url, Key: parsed}
}

func TestAWitnessCosignsWhatIsConsistent(t *testing.T) {
	t.Parallel()
	server := simtest.StartWitness(t)
	w := witness(t, server.URL, server.Key)
	h := newHistory(t, 40)

	if _, _, err := h.cosign(w, 5, 0); err == nil || !strings.Contains(err.Error(), `the witness does not know the log "logs.example.com/8f14e45f"`) {
		t.Fatalf("before it knows the log: %v", err)
	}
	server.AddLog(origin, h.signer.Key().String())
	for _, step := range []struct {
		size, old int64
		requests  int
	}{
		{5, 0, 1},
		{5, 5, 1},   // nothing new
		{9, 5, 1},   // what was cosigned last is known
		{16, 0, 2},  // it is not known
		{17, 12, 2}, // another run was at it
		{33, 40, 2}, // more than there is
		{40, 33, 1},
	} {
		begin := time.Now().Truncate(time.Second)
		n, requests, err := h.cosign(w, step.size, step.old)
		if err != nil {
			t.Fatalf("%+v: %v", step, err)
		}
		if requests != step.requests {
			t.Errorf("%+v: %d requests", step, requests)
		}
		at, err := n.Cosigned(w.Key)
		if err != nil || at.Before(begin) || at.After(time.Now()) {
			t.Errorf("%+v: cosigned at %s, %v", step, at, err)
		}
		if err := n.Verify(h.signer.Key()); err != nil {
			t.Errorf("%+v: the log's own signature: %v", step, err)
		}
		if size := server.Size(origin); size != fmt.Sprint(step.size) {
			t.Errorf("%+v: the witness is at %s", step, size)
		}
	}
}

func TestAWitnessRefusesAnotherHistory(t *testing.T) {
	t.Parallel()
	server := simtest.StartWitness(t)
	w := witness(t, server.URL, server.Key)
	h := newHistory(t, 40)
	server.AddLog(origin, h.signer.Key().String())
	if _, _, err := h.cosign(w, 20, 0); err != nil {
		t.Fatal(err)
	}
	for _, old := range []int64{0, 12, 20} {
		if _, _, err := h.cosign(w, 12, old); !errors.Is(err, evidence.ErrRolledBack) || !strings.Contains(err.Error(), "has cosigned 20 entries, and now there are 12") {
			t.Errorf("rolled back to 12, asked from %d: %v", old, err)
		}
	}
	h.leaves[3] = tlog.RecordHash([]byte("another entry"))
	for _, size := range []int64{20, 21, 32, 40} {
		for _, old := range []int64{0, 20} {
			if _, _, err := h.cosign(w, size, old); !errors.Is(err, evidence.ErrRewritten) {
				t.Errorf("rewritten, %d entries, asked from %d: %v", size, old, err)
			}
		}
	}
	if size := server.Size(origin); size != "20" {
		t.Errorf("the witness is at %s", size)
	}
	other := newHistory(t, 40)
	if _, _, err := other.cosign(w, 20, 20); err == nil || !strings.Contains(err.Error(), "but with another key") {
		t.Errorf("signed with another key: %v", err)
	}
}

func TestAWitnessThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	server := simtest.StartWitness(t)
	h := newHistory(t, 10)
	server.AddLog(origin, h.signer.Key().String())
	w := witness(t, server.URL, server.Key)
	good, _, err := h.cosign(w, 5, 0)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(good.Bytes), "\n")
	own, cosignature := lines[len(lines)-3], lines[len(lines)-2]

	status := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	sizes := 0
	tests := map[string]struct {
		serve http.HandlerFunc
		size  int64
		want  string
	}{
		"down":                      {status(503, "try again\n"), 5, `the witness answered with HTTP 503: "try again"`},
		"repeats the URL":           {status(503, "no /hunter2/add-checkpoint"), 5, `the witness answered with HTTP 503: "no (hidden)"`},
		"gone":                      {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 5, "EOF"},
		"redirects":                 {status(301, ""), 5, "it redirects"},
		"a page":                    {status(200, "<html>log in</html>"), 5, "the answer is not a cosignature"},
		"nothing":                   {status(200, ""), 5, "the answer is not a cosignature"},
		"our own line":              {status(200, own), 5, "it has no signature of the key witness.example.com/w1"},
		"an old cosignature":        {status(200, cosignature), 6, "its signature of the key witness.example.com/w1 is not valid"},
		"a line without the end":    {status(200, strings.TrimSuffix(cosignature, "\n")), 5, "the answer is not a cosignature"},
		"text before the line":      {status(200, "hello\n\n"+cosignature), 5, "the answer is not a cosignature"},
		"60 MB":                     {status(200, strings.Repeat(cosignature, 60<<20/len(cosignature))), 5, "the answer is longer than 65536 bytes"},
		"60 MB of an error":         {status(500, strings.Repeat("x", 60<<20)), 5, "the answer is longer than 65536 bytes"},
		"a conflict without a size": {status(409, "no\n"), 5, `the witness answered with HTTP 409 and no size: "no"`},
		"a negative size":           {status(409, "-1\n"), 5, "and no size"},
		"a leading zero":            {status(409, "05\n"), 5, "and no size"},
		"a conflict with our size":  {status(409, "0\n"), 5, "has cosigned another head of 0 entries"},
		"ever other sizes": {func(w http.ResponseWriter, _ *http.Request) {
			sizes = sizes%5 + 1
			w.WriteHeader(409)
			fmt.Fprintln(w, sizes)
		}, 5, "the witness answered 4 times with another size"},
		"a larger size": {status(409, "9223372036854775807\n"), 5, "the log was rolled back"},
	}
	for fault, test := range tests {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			liar := httptest.NewServer(test.serve)
			defer liar.Close()
			n, _, err := h.cosign(evidence.Witness{URL: liar.URL + "/hunter2", Key: w.Key}, test.size, 0)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q, %v, want %q", n.Bytes, err, test.want)
			}
		})
	}
	// What it says besides its own line is ignored.
	more := httptest.NewServer(status(200, own+"— other.example.com AAAAAAAA\n"+cosignature+cosignature))
	defer more.Close()
	n, _, err := h.cosign(evidence.Witness{URL: more.URL + "/", Key: w.Key}, 5, 0)
	if err != nil || strings.Count(string(n.Bytes), "— ") != 2 {
		t.Errorf("%q, %v", n.Bytes, err)
	}
}

func TestASlowWitnessIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	defer server.Close()
	defer close(done)
	w := witness(t, server.URL, witnessKey)
	h := newHistory(t, 1)
	_, err := w.Cosign(t.Context(), evidence.Options{Timeout: 50 * time.Millisecond}, h.note(1), 0, nil)
	if err == nil || err.Error() != "no complete answer within 50ms" {
		t.Error(err)
	}
}

// witnessKey is the key of a witness of a published policy.
const witnessKey = "witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G"

func TestAWitnessHasTheKeyOfAWitness(t *testing.T) {
	t.Parallel()
	key, err := evidence.ParseVerifierKey(witnessKey)
	if err != nil || !key.Witness() || key.String() != witnessKey {
		t.Fatalf("%s, %v", key, err)
	}
	h := newHistory(t, 1)
	w := evidence.Witness{URL: "https://witness.example.com", Key: h.signer.Key()}
	if _, err := w.Cosign(t.Context(), evidence.Options{}, h.note(1), 0, nil); err == nil || !strings.Contains(err.Error(), "is not that of a witness") {
		t.Error(err)
	}
	if _, err := h.note(1).Cosigned(h.signer.Key()); err == nil {
		t.Error("the log's own signature counts as a cosignature")
	}
	w = evidence.Witness{URL: "http://witness.example.com", Key: key}
	if _, err := w.Cosign(t.Context(), evidence.Options{}, h.note(1), 0, nil); err == nil || !strings.Contains(err.Error(), "plain http") {
		t.Error(err)
	}
}

// A cosignature states a time: with another one it does not verify.
func TestTheTimeOfACosignatureIsSigned(t *testing.T) {
	t.Parallel()
	server := simtest.StartWitness(t)
	w := witness(t, server.URL, server.Key)
	h := newHistory(t, 5)
	server.AddLog(origin, h.signer.Key().String())
	good, _, err := h.cosign(w, 5, 0)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(good.Bytes), "\n")
	fields := strings.Fields(lines[len(lines)-2])
	raw, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil {
		t.Fatal(err)
	}
	raw[11] ^= 1 // the last byte of the time
	changed := strings.Replace(string(good.Bytes), fields[2], base64.StdEncoding.EncodeToString(raw), 1)
	n, err := evidence.ParseNote([]byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	if at, err := n.Cosigned(w.Key); err == nil {
		t.Errorf("it verifies as of %s", at)
	}
}
