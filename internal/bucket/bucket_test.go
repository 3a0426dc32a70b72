package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket/storetest"
)

// TestEveryDriverKeepsTheContract runs the same tests with every driver.
func TestEveryDriverKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(t *testing.T) place{
		"file":             func(t *testing.T) place { return filePlace(t, t.TempDir()) },
		"s3":               func(t *testing.T) place { return s3Place(startGateway(t)) },
		"s3 versioned":     func(t *testing.T) place { p := s3Place(startGateway(t, versioned)); p.listed = true; return p },
		"cos":              func(t *testing.T) place { p := cosPlace(startCOS(t, startGateway(t))); p.listed = true; return p },
		"cos, strict fake": func(t *testing.T) place { return fakePlace(startFakeCOS(t)) },
		// Servers that make test-stores builds.
		"minio":    func(t *testing.T) place { return s3Place(start(t, storetest.MinIO)) },
		"rclone":   func(t *testing.T) place { return s3Place(start(t, storetest.Rclone)) },
		"gofakes3": func(t *testing.T) place { p := s3Place(start(t, storetest.Gofakes3)); p.racyUploads = true; return p },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conform(t, place(t))
		})
	}
}

// place is a destination of a driver.
type place struct {
	// open opens the destination with a prefix.
	open func(t *testing.T, prefix string) bucket.Bucket

	// unfinished counts interrupted writes that no listing shows.
	unfinished func(t *testing.T) int

	// keepsVersions says that removed objects remain as versions.
	keepsVersions bool

	// racyUploads says that several multipart uploads to one key can succeed at
	// once.
	racyUploads bool

	// listed says that the pages of the server's listing are tested with another
	// place.
	listed bool
}

func conform(t *testing.T, p place) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, p place, b bucket.Bucket){
		"RoundTrip":  testRoundTrip,
		"IfAbsent":   testIfAbsent,
		"Race":       testRace,
		"Missing":    testMissing,
		"List":       testList,
		"ListMany":   testListMany,
		"Keys":       testKeys,
		"Cancel":     testCancel,
		"Sync":       testSync,
		"Prefix":     testPrefix,
		"Protection": testProtection,
		"Whole":      testWhole,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, p, p.open(t, "teo/"+name+"/"))
		})
	}
}

// The ways to write an object.
var (
	replace         = bucket.WriteOptions{}
	replaceDurable  = bucket.WriteOptions{Durable: true}
	ifAbsent        = bucket.WriteOptions{IfAbsent: true}
	ifAbsentDurable = bucket.WriteOptions{IfAbsent: true, Durable: true}
)

// Sizes of objects: one that is put with a single request, and one in two parts.
const (
	small    = 100
	twoParts = 5<<20 + 100
)

var sizes = []int{small, twoParts}

// noise is what pattern takes its bytes from.
var noise = sync.OnceValue(func() []byte {
	data := make([]byte, 32<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	return data
})

// pattern returns random bytes, the same for the same seed. They must not be
// changed.
func pattern(size int, seed byte) []byte {
	at := int(seed) * 1009
	return noise()[at : at+size : at+size]
}

func write(t *testing.T, b bucket.Bucket, key string, data []byte, options bucket.WriteOptions) error {
	t.Helper()
	return bucket.WriteAll(t.Context(), b, key, data, options)
}

func mustWrite(t *testing.T, b bucket.Bucket, key string, data []byte) {
	t.Helper()
	if err := write(t, b, key, data, ifAbsent); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, b bucket.Bucket, key string) []byte {
	t.Helper()
	data, err := bucket.ReadAll(t.Context(), b, key)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// holds reports whether an object has some content.
func holds(t *testing.T, b bucket.Bucket, key string, want []byte) bool {
	t.Helper()
	r, err := b.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for buffer := make([]byte, 64<<10); ; {
		n, err := r.Read(buffer)
		if n > len(want) || !bytes.Equal(buffer[:n], want[:n]) {
			return false
		}
		want = want[n:]
		if errors.Is(err, io.EOF) {
			return len(want) == 0
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func keys(t *testing.T, b bucket.Bucket, prefix string) []string {
	t.Helper()
	objects, err := list(t.Context(), b, bucket.Range{Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, o := range objects {
		all = append(all, o.Key)
	}
	return all
}

func list(ctx context.Context, b bucket.Bucket, r bucket.Range) ([]bucket.Object, error) {
	var objects []bucket.Object
	for o, err := range b.List(ctx, r) {
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// isError reports whether an error is an *Error with all its fields that wraps a
// cause.
func isError(err, cause error) bool {
	e, ok := errors.AsType[*bucket.Error](err)
	return ok && e.Destination != "" && e.Op != "" && (cause == nil || errors.Is(err, cause))
}

func testRoundTrip(t *testing.T, p place, b bucket.Bucket) {
	for i, size := range []int{0, 1, 20 << 10, 5 << 20, 5<<20 + 1, 10<<20 + 7} {
		key := fmt.Sprintf("dt=2022-05-01/data/hour=%02d/x~y.gz", i)
		want := pattern(size, byte(i))
		w, err := b.Create(t.Context(), key, ifAbsent)
		if err != nil {
			t.Fatal(err)
		}
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 100_003)
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if all := keys(t, b, key); len(all) > 0 {
			t.Errorf("%d bytes are visible before Commit", size)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		objects, err := list(t.Context(), b, bucket.Range{Prefix: key})
		if err != nil || len(objects) != 1 || objects[0].Key != key || objects[0].Size != int64(size) || objects[0].Modified.IsZero() {
			t.Errorf("%d bytes: %+v, %v", size, objects, err)
		}
		if !holds(t, b, key, want) {
			t.Errorf("%d bytes were read back with other content", size)
		}
	}
	// Replace, from small to large and back.
	key := "dt=2022-05-01/bag-info.txt"
	for i, size := range []int{10, twoParts, 3} {
		want := pattern(size, byte(i))
		for n, mode := range []bucket.WriteOptions{replace, replaceDurable} {
			if err := write(t, b, key, append(want, byte(n)), mode); err != nil {
				t.Fatal(err)
			}
		}
		if !holds(t, b, key, append(want, 1)) {
			t.Errorf("%d bytes were read back with other content", size)
		}
	}
	for _, size := range sizes {
		w, err := b.Create(t.Context(), "aborted/x", replace)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(pattern(size, 0)); err != nil {
			t.Fatal(err)
		}
		w.Abort()
	}
	if all := keys(t, b, "aborted/"); len(all) > 0 {
		t.Errorf("an aborted write left %v", all)
	}
	for _, o := range keys(t, b, "") {
		if err := b.Remove(t.Context(), o); err != nil {
			t.Error(err)
		}
	}
	if all := keys(t, b, ""); len(all) > 0 {
		t.Errorf("%v are not removed", all)
	}
}

func testIfAbsent(t *testing.T, p place, b bucket.Bucket) {
	for _, size := range sizes {
		for _, mode := range []bucket.WriteOptions{ifAbsent, ifAbsentDurable} {
			key := fmt.Sprintf("ledger/%d-%t.json", size, mode.Durable)
			first := pattern(size, 1)
			if err := write(t, b, key, first, mode); err != nil {
				t.Fatal(err)
			}
			for _, second := range [][]byte{first, pattern(size, 2), nil, pattern(small+twoParts-size, 3)} {
				if err := write(t, b, key, second, mode); !isError(err, bucket.ErrExist) {
					t.Errorf("%d bytes over %d: %v", len(second), size, err)
				}
			}
			if !holds(t, b, key, first) {
				t.Errorf("an object of %d bytes was overwritten", size)
			}
			if p.keepsVersions {
				continue // a delete marker may or may not count as absent
			}
			if err := b.Remove(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			if err := write(t, b, key, first, mode); err != nil {
				t.Errorf("after a removal: %v", err)
			}
		}
	}
}

func testRace(t *testing.T, p place, b bucket.Bucket) {
	for round := range 4 {
		key, writers, size := fmt.Sprintf("ledger/%d", round), 16, 400
		if round == 0 && !p.racyUploads {
			writers, size = 3, twoParts
		}
		var won atomic.Int32
		winner := make(chan byte, writers)
		start := make(chan struct{})
		var ready, done sync.WaitGroup
		for i := range writers {
			ready.Add(1)
			done.Go(func() {
				w, err := b.Create(t.Context(), key, ifAbsent)
				if err == nil {
					_, err = w.Write(pattern(size, byte(i)))
				}
				ready.Done()
				<-start
				if err == nil {
					err = w.Commit()
				}
				switch {
				case err == nil:
					won.Add(1)
					winner <- byte(i)
				case !isError(err, bucket.ErrExist):
					t.Errorf("%v", err)
				}
			})
		}
		ready.Wait()
		close(start)
		done.Wait()
		if n := won.Load(); n != 1 {
			t.Fatalf("%d writers won", n)
		}
		if !holds(t, b, key, pattern(size, <-winner)) {
			t.Error("the object is not the winner's")
		}
	}
	if n := p.unfinished(t); n > 0 {
		t.Logf("%d unfinished writes: other tests run at the same time", n)
	}
}

func testMissing(t *testing.T, _ place, b bucket.Bucket) {
	if _, err := b.Open(t.Context(), "no/such/key"); !isError(err, bucket.ErrNotExist) {
		t.Errorf("%v", err)
	} else if e, _ := errors.AsType[*bucket.Error](err); e.Permanent() {
		t.Error("a missing object is no reason to give up")
	}
	if err := b.Remove(t.Context(), "no/such/key"); err != nil {
		t.Errorf("%v", err)
	}
	if all := keys(t, b, ""); len(all) > 0 {
		t.Errorf("%v", all)
	}
	mustWrite(t, b, "a/b", []byte("x"))
	for _, key := range []string{"a", "a/b/c", "a/B", "A/b"} {
		if _, err := b.Open(t.Context(), key); !isError(err, bucket.ErrNotExist) {
			t.Errorf("%s: %v", key, err)
		}
		if err := b.Remove(t.Context(), key); err != nil && key != "a" {
			t.Errorf("%s: %v", key, err)
		}
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"a/b"}) {
		t.Errorf("%v", got)
	}
}

func testList(t *testing.T, _ place, b bucket.Bucket) {
	want := []string{
		"dt=1/a b", "dt=1/a+b", "dt=1/a-b/x", "dt=1/a.b/x", "dt=1/a/x", "dt=1/a0/x", "dt=1/a=b&c", "dt=1/a~b", "dt=1/%2F", "dt=1/100%",
		"dt=1/ä", "dt=1/日本", "dt=10/x", "dt=1.x", ".teo-archive/ledger/1", "zz", "dt=1/deep/er/and/deeper/x",
	}
	for _, key := range want {
		mustWrite(t, b, key, []byte(key))
	}
	slices.Sort(want)
	for _, prefix := range []string{"", "dt=1/", "dt=1", "dt=1/a", "dt=1/a/", "dt=1/a/x", "dt=1/a/x/", ".teo-archive/", "no", "no/", "dt=1/deep/er/a", "/", "../", "z"} {
		var some []string
		for _, key := range want {
			if strings.HasPrefix(key, prefix) {
				some = append(some, key)
			}
		}
		if got := keys(t, b, prefix); !slices.Equal(got, some) {
			t.Errorf("%q:\ngot  %q\nwant %q", prefix, got, some)
		}
	}
	for _, key := range want {
		if string(read(t, b, key)) != key {
			t.Errorf("%s has other content", key)
		}
	}
}

func testListMany(t *testing.T, p place, b bucket.Bucket) {
	if p.listed || testing.Short() {
		t.SkipNow()
	}
	const count = 1005 // more than a page
	var g errgroup.Group
	g.SetLimit(8)
	for i := range count {
		g.Go(func() error {
			return bucket.WriteAll(t.Context(), b, fmt.Sprintf("data/%d/%04d", i%7, i), []byte{byte(i)}, ifAbsent)
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	got := keys(t, b, "data/")
	if len(got) != count || !slices.IsSorted(got) || len(slices.Compact(got)) != count {
		t.Errorf("%d of %d objects, sorted: %t", len(got), count, slices.IsSorted(got))
	}
}

func testKeys(t *testing.T, _ place, b bucket.Bucket) {
	for _, key := range []string{"", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a\x00b"} {
		if err := write(t, b, key, nil, replace); !isError(err, nil) {
			t.Errorf("Create %q: %v", key, err)
		}
		if _, err := b.Open(t.Context(), key); !isError(err, nil) {
			t.Errorf("Open %q: %v", key, err)
		}
		if err := b.Remove(t.Context(), key); !isError(err, nil) {
			t.Errorf("Remove %q: %v", key, err)
		}
	}
}

func testCancel(t *testing.T, p place, b bucket.Bucket) {
	cause := errors.New("interrupted")
	for _, size := range sizes {
		for _, mode := range []bucket.WriteOptions{replace, ifAbsent, ifAbsentDurable} {
			ctx, cancel := context.WithCancelCause(t.Context())
			w, err := b.Create(ctx, "canceled/x", mode)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(pattern(size, 0)); err != nil {
				t.Fatal(err)
			}
			cancel(cause)
			if _, err := w.Write(pattern(twoParts, 0)); !errors.Is(err, cause) {
				t.Errorf("Write: %v", err)
			}
			if mode == replace {
				w.Abort()
			} else if err := w.Commit(); !errors.Is(err, cause) {
				t.Errorf("Commit: %v", err)
			}
		}
	}
	if all := keys(t, b, ""); len(all) > 0 {
		t.Errorf("%v are left", all)
	}
	mustWrite(t, b, "x", pattern(100, 0))
	r, err := b.Open(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	reading, err := b.Open(ctx, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	cancel(cause)
	_, errRead := io.ReadAll(reading)
	_, errList := list(ctx, b, bucket.Range{})
	_, errOpen := b.Open(ctx, "x")
	_, errCreate := b.Create(ctx, "y", replace)
	for name, err := range map[string]error{
		"Read": errRead, "List": errList, "Open": errOpen, "Create": errCreate,
		"Remove": b.Remove(ctx, "x"), "Sync": b.Sync(ctx, []string{"x"}), "Sweep": b.Sweep(ctx, time.Hour),
	} {
		if !errors.Is(err, cause) || isError(err, nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"x"}) {
		t.Errorf("%v", got)
	}
}

func testSync(t *testing.T, _ place, b bucket.Bucket) {
	var all []string
	for i := range 40 {
		key := fmt.Sprintf("data/%d/%d", i%3, i)
		mustWrite(t, b, key, pattern(1000, byte(i)))
		all = append(all, key)
	}
	for _, some := range [][]string{nil, all[:1], all[:5], all, append(all[:3:3], "no/such/key"), append(all[:30:30], "no/such/key")} {
		if err := b.Sync(t.Context(), some); err != nil {
			t.Errorf("%d keys: %v", len(some), err)
		}
	}
}

func testPrefix(t *testing.T, p place, b bucket.Bucket) {
	mustWrite(t, b, "inner/x", []byte("1"))
	other := p.open(t, "teo/Prefi")
	if all := keys(t, other, ""); len(all) > 0 {
		t.Errorf("a prefix is a folder, not the beginning of a name: %v", all)
	}
	inner := p.open(t, "teo/Prefix/inner")
	if got := keys(t, inner, ""); !slices.Equal(got, []string{"x"}) {
		t.Errorf("%v", got)
	}
	if string(read(t, inner, "x")) != "1" {
		t.Error("other content")
	}
}

func testProtection(t *testing.T, p place, b bucket.Bucket) {
	got, err := b.Protection(t.Context())
	if err != nil || got.Versioned != p.keepsVersions || got.ObjectLock || len(got.Modes) > 0 || got.DefaultDays != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func testWhole(t *testing.T, _ place, b bucket.Bucket) {
	data := pattern(1000, 0)
	mustWrite(t, b, "x", data)
	if got, err := bucket.ReadAll(t.Context(), b, "x"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v", err)
	}
	if _, err := bucket.ReadAll(t.Context(), b, "no"); !isError(err, bucket.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
