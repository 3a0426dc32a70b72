package archive

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// countingBucket is a bucket that counts its requests.
type countingBucket struct {
	bucket.Bucket
	lists, others atomic.Int64
}

func (s *countingBucket) List(ctx context.Context, prefix string) ([]bucket.Object, error) {
	s.lists.Add(1)
	return s.Bucket.List(ctx, prefix)
}

func (s *countingBucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	s.others.Add(1)
	return s.Bucket.Open(ctx, key)
}

func (s *countingBucket) Create(ctx context.Context, key string, mode bucket.Mode) (bucket.Writer, error) {
	s.others.Add(1)
	return s.Bucket.Create(ctx, key, mode)
}

func (s *countingBucket) Remove(ctx context.Context, key string) error {
	s.others.Add(1)
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
		counted := &countingBucket{Bucket: w.store.bucket()}
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
