package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// endless serves packages of any length without a server: one gzip member, again
// and again.
type endless struct {
	member []byte
	times  int64
}

func newEndless(t testing.TB, lines int, size int64) *endless {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(bytes.Repeat([]byte(`{"RequestID":"0123456789abcdef","ClientIP":"192.0.2.1"}`+"\n"), lines))
	_ = z.Close()
	return &endless{b.Bytes(), size/int64(b.Len()) + 1}
}

func (e *endless) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, ContentLength: e.times * int64(len(e.member)), Header: http.Header{},
		Body: io.NopCloser(&repeated{e: e}),
	}, nil
}

type repeated struct {
	e  *endless
	at int64
}

func (r *repeated) Read(p []byte) (int, error) {
	length := int64(len(r.e.member))
	if r.at == r.e.times*length {
		return 0, io.EOF
	}
	n := copy(p, r.e.member[r.at%length:])
	r.at += int64(n)
	return n, nil
}

// swallowed takes payload and forgets it; all else is kept.
type swallowed struct{ objects }

type nowhere struct{ io.Writer }

func (nowhere) commit() error { return nil }
func (nowhere) abort()        {}

func (s *swallowed) create(ctx context.Context, key, contentType string) (upload, error) {
	if contentType == payloadType {
		return nowhere{io.Discard}, nil
	}
	return s.objects.create(ctx, key, contentType)
}

func (s *swallowed) settle(context.Context, []string) error { return nil }

// peak follows how much memory is in use while f runs, in bytes.
func peak(f func()) uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	runtime.GC()
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		mine := []metrics.Sample{sample[0]}
		for {
			metrics.Read(mine)
			most.Store(max(most.Load(), mine[0].Value.Uint64()))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	return most.Load() - min(before, most.Load())
}

func somePackages(count int) []teo.Package {
	start := may().Start
	size := int64(1)
	packages := make([]teo.Package, count)
	for i := range packages {
		at := start.Add(time.Duration(i%72) * time.Hour)
		packages[i] = teo.Package{
			Domain: fmt.Sprintf("www%d.example.com", i/72), Area: "mainland", Size: &size,
			Name: fmt.Sprintf("%s-www%d.example.com", at.Format("20060102-15"), i/72), URL: "http://logs.example/" + fmt.Sprint(i),
			Start: teo.Time{Time: at}, End: teo.Time{Time: at.Add(time.Hour)}, RequestID: "00000000-0000-0000-0000-000000000000",
		}
	}
	return packages
}

// TestMemoryIsBounded copies a package of 1 GiB, which may cost no more than a
// small one. It is not parallel, so that other tests do not count.
func TestMemoryIsBounded(t *testing.T) { //nolint:paralleltest // it measures the process
	if testing.Short() {
		t.Skip("1 GiB is hashed and unpacked")
	}
	store, _ := newFolderStore(t)
	a, err := New(Config{
		Store: &Store{objects: &swallowed{store.objects}, name: store.name}, Scope: may(), Transport: newEndless(t, 19_000, 1<<30), Parallelism: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	var s *Summary
	most := peak(func() { s, err = a.Run(t.Context(), somePackages(1)) })
	if err != nil || s.TotalBytes < 1<<30 {
		t.Fatalf("%+v, %v", s, err)
	}
	t.Logf("%d bytes, %d KiB of memory", s.TotalBytes, most>>10)
	if most > 8<<20 {
		t.Errorf("%d KiB of memory for one copy", most>>10)
	}
}

// TestS3MemoryIsBounded sends a large package to a bucket in parts.
func TestS3MemoryIsBounded(t *testing.T) { //nolint:paralleltest // it measures the process
	g := startGateway(t)
	a, err := New(Config{Store: g.open(t, ""), Scope: may(), Transport: newEndless(t, 19_000, 160<<20), Parallelism: 2})
	if err != nil {
		t.Fatal(err)
	}
	var s *Summary
	most := peak(func() { s, err = a.Run(t.Context(), somePackages(2)) })
	if err != nil || s.TotalBytes < 320<<20 {
		t.Fatalf("%+v, %v", s, err)
	}
	t.Logf("%d bytes, %d KiB of memory", s.TotalBytes, most>>10)
	// The SDK reads 16 MiB before it decides to send parts, into buffers that it
	// lets go while they grow; the race detector adds to that.
	if most > 2*96<<20 {
		t.Errorf("%d KiB of memory for two copies", most>>10)
	}
}
