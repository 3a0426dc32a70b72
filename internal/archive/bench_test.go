package archive

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// BenchmarkRun archives packages to a folder, from a transport in memory.
func BenchmarkRun(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
		count int
	}{{"small", 20 << 10, 500}, {"large", 50 << 20, 4}} {
		b.Run(size.name, func(b *testing.B) {
			w := newWorld(b)
			w.service.packages = map[string]*served{}
			random := rand.New(rand.NewPCG(1, 1))
			text := make([]byte, size.bytes)
			for i := range text {
				text[i] = "abcdefgh01234567 \n"[random.IntN(18)]
			}
			for i := range size.count {
				w.service.add(fmt.Sprintf("h%d.example.com", i/72), "mainland", firstDay.Add(time.Duration(i%72)*time.Hour), string(text))
			}
			b.SetBytes(int64(size.count) * int64(len(w.service.packages["/mainland/h0.example.com/20220501-00-h0.example.com.log.gz"].body)))
			for b.Loop() {
				folder, err := bucket.Open(b.Context(), "file://"+filepath.ToSlash(b.TempDir()), bucket.Options{})
				if err != nil {
					b.Fatal(err)
				}
				w.head = nil
				w.mustApply(func(c *Config) { c.Bucket, c.Parallelism = folder, 8 })
				_ = folder.Close()
			}
		})
	}
}

// slowBucket is a bucket whose every request takes a while, and counts them.
type slowBucket struct {
	bucket.Bucket
	latency       time.Duration
	lists, others atomic.Int64
}

func (s *slowBucket) List(ctx context.Context, prefix string) ([]bucket.Object, error) {
	s.lists.Add(1)
	time.Sleep(s.latency)
	return s.Bucket.List(ctx, prefix)
}

func (s *slowBucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	s.others.Add(1)
	time.Sleep(s.latency)
	return s.Bucket.Open(ctx, key)
}

func (s *slowBucket) Create(ctx context.Context, key string, mode bucket.Mode) (bucket.Writer, error) {
	s.others.Add(1)
	time.Sleep(s.latency)
	return s.Bucket.Create(ctx, key, mode)
}

func (s *slowBucket) Remove(ctx context.Context, key string) error {
	s.others.Add(1)
	time.Sleep(s.latency)
	return s.Bucket.Remove(ctx, key)
}

// longWorld has an archive of a package a day.
func longWorld(tb testing.TB, days int) (w *world, scope Scope) {
	w = newWorld(tb)
	w.service.packages = map[string]*served{}
	w.now = firstDay.AddDate(30, 0, 0)
	for day := range days {
		w.service.add("www.example.com", "mainland", firstDay.AddDate(0, 0, day), "{}\n")
	}
	scope = Scope{Layer: teo.L7, Start: firstDay, End: firstDay.AddDate(0, 0, days)}
	w.mustApply(func(c *Config) { c.Scope = scope })
	return w, scope
}

// BenchmarkClosedDays plans, and archives one new day, on a store with a latency
// of 30 ms.
func BenchmarkClosedDays(b *testing.B) {
	for _, days := range []int{30, 400, 3650} {
		w, scope := longWorld(b, days)
		b.Run(fmt.Sprintf("plan/%d", days), func(b *testing.B) {
			slow := &slowBucket{Bucket: w.store.bucket(), latency: 30 * time.Millisecond}
			for b.Loop() {
				w.plan(func(c *Config) { c.Bucket, c.Scope = slow, scope })
			}
			b.ReportMetric(float64(slow.lists.Load())/float64(b.N), "lists/op")
			b.ReportMetric(float64(slow.others.Load())/float64(b.N), "requests/op")
		})
		b.Run(fmt.Sprintf("day/%d", days), func(b *testing.B) {
			slow := &slowBucket{Bucket: w.store.bucket(), latency: 30 * time.Millisecond}
			at := scope.End
			w.service.add("www.example.com", "mainland", at, "{}\n")
			before, head := w.store.snapshot(), w.head
			for b.Loop() {
				b.StopTimer()
				w.store.restore(before)
				w.head = head
				b.StartTimer()
				w.mustApply(func(c *Config) {
					c.Bucket, c.Scope = slow, scope
					c.Scope.End = at.AddDate(0, 0, 1)
				})
			}
			w.store.restore(before)
			w.head = head
			b.ReportMetric(float64(slow.lists.Load())/float64(b.N), "lists/op")
			b.ReportMetric(float64(slow.others.Load())/float64(b.N), "requests/op")
		})
	}
}

// The number of requests does not grow with closed days.
func TestRequestsOfAPlanAndOfANewDay(t *testing.T) {
	t.Parallel()
	for _, days := range []int{30, 400} {
		w, scope := longWorld(t, days)
		// As many entries as a reader has to read at most.
		for n := 0; w.head.Sequence%snapshotEvery < snapshotEvery-2; n++ {
			w.mustApply(func(c *Config) { c.Scope, c.Scope.Zones = scope, []string{fmt.Sprint(n)} })
		}
		w.mustApply(func(c *Config) { c.Scope = scope })
		counted := &slowBucket{Bucket: w.store.bucket()}
		w.plan(func(c *Config) { c.Bucket, c.Scope = counted, scope })
		if counted.lists.Load() != 1 || counted.others.Load() > 60 {
			t.Errorf("%d days: a plan takes %d listings and %d requests", days, counted.lists.Load(), counted.others.Load())
		}
		plan := counted.others.Load()
		w.service.add("www.example.com", "mainland", scope.End, "{}\n")
		counted.others.Store(0)
		w.mustApply(func(c *Config) {
			c.Bucket, c.Scope = counted, scope
			c.Scope.End = scope.End.AddDate(0, 0, 1)
		})
		if n := counted.others.Load() - plan; n > 25 {
			t.Errorf("%d days: a new day takes %d requests more than a plan", days, n)
		}
	}
}
