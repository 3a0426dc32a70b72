package archive

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// BenchmarkAge plans, and archives a new day, after 10 and after 400 days of 48
// packages. The metrics are requests: those to EdgeOne and those to the store, with
// the listings of the store apart, which grow by one for 1,000 objects.
func BenchmarkAge(b *testing.B) {
	for _, days := range []int{10, 400} {
		b.Run(fmt.Sprintf("days=%d", days), func(b *testing.B) {
			if testing.Short() && days > 10 {
				b.Skip("a long history takes long to write")
			}
			w := newWorld(b)
			w.service.packages = map[string]*served{}
			open := func(c *Config) { c.Scope.End = nil }
			add := func(day int) {
				for hour := range 48 {
					area := []string{"mainland", "overseas"}[hour%2]
					w.service.add("www.example.com", area, firstDay.AddDate(0, 0, day).Add(time.Duration(hour/2)*time.Hour), "{}\n")
				}
				w.now = firstDay.AddDate(0, 0, day+2)
			}
			for day := range days {
				add(day)
				w.mustApply(open)
			}
			for b.Loop() {
				w.plan(open)
			}
			for name, run := range map[string]func(bucket.Bucket){
				"plan":    func(s bucket.Bucket) { w.plan(func(c *Config) { open(c); c.Bucket = s }) },
				"new_day": func(s bucket.Bucket) { add(days); w.mustApply(func(c *Config) { open(c); c.Bucket = s }) },
			} {
				var store, lists atomic.Int64
				counted := w.store.bucket()
				counted.hook = func(_ context.Context, op memoryOp) (memoryFault, error) {
					if op.name == "list" {
						lists.Add(1)
					} else {
						store.Add(1)
					}
					return works, nil
				}
				w.service.lists = 0
				run(counted)
				b.ReportMetric(float64(w.service.lists), name+"_edgeone")
				b.ReportMetric(float64(store.Load()), name+"_store")
				b.ReportMetric(float64(lists.Load()), name+"_lists")
			}
		})
	}
}

// BenchmarkPlanOfAMillion plans over 1,000,000 objects of a store that answers each
// request after 30 ms, against the same listings alone. The ratio and the peak of the
// heap are metrics.
func BenchmarkPlanOfAMillion(b *testing.B) {
	perDay, days := 2000, 499
	if testing.Short() {
		days = 5
	}
	store := newListed(b, days, perDay)
	const parallelism = 8
	for b.Loop() {
		start := time.Now()
		store.listAll(b, parallelism)
		alone := time.Since(start)
		peak := watchHeap()
		start = time.Now()
		end := firstDay.AddDate(0, 0, days)
		a, err := New(Config{
			Bucket: store, Layer: teo.L7, Scope: ledger.Scope{Start: firstDay, End: &end, StableAfter: 86400, RecheckDays: 3}, Member: store.member,
			Archive: store.log.Archive, Trusted: &store.log.Head, Parallelism: parallelism, Now: func() time.Time { return store.now },
			List: func(context.Context, time.Time, time.Time, int) ([]teo.Package, error) { return nil, nil },
		})
		if err != nil {
			b.Fatal(err)
		}
		p, err := a.Plan(b.Context())
		if err != nil || len(p.Work) > 0 {
			b.Fatalf("%v %+v", err, p)
		}
		b.ReportMetric(time.Since(start).Seconds()/alone.Seconds(), "plan/lists")
		b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
	}
}

// BenchmarkBackfill archives 183 days of 2,000 packages at once. Its metric is the peak
// of the heap, in which the service takes no part: it makes rows and packages as they
// are asked for.
func BenchmarkBackfill(b *testing.B) {
	days, perDay := 183, 2000
	if testing.Short() {
		days = 5
	}
	body := compress("{}\n")
	end := firstDay.AddDate(0, 0, days)
	row := func(day, i int) teo.Package {
		start := firstDay.AddDate(0, 0, day).Add(time.Duration(i%24) * time.Hour)
		host := fmt.Sprintf("h%d.example.com", i/24)
		name := fmt.Sprintf("%s-%s", start.Format("20060102-15"), host)
		size := int64(3)
		return teo.Package{
			Domain: host, Area: "mainland", Name: name, URL: "https://log.example.com/" + name + ".log.gz?sign=secret", Size: &size,
			Start: teo.Time{Time: start}, End: teo.Time{Time: start.Add(time.Hour)}, RequestID: "request-1",
		}
	}
	for b.Loop() {
		store, err := bucket.Open(b.Context(), "file://"+filepath.ToSlash(b.TempDir()), bucket.Options{})
		if err != nil {
			b.Fatal(err)
		}
		newest, late := "", 0
		a, err := New(Config{
			Bucket: store, Layer: teo.L7, Scope: ledger.Scope{Start: firstDay, End: &end, StableAfter: 86400, RecheckDays: 3},
			Member: Member{ID: fmt.Sprintf("%032x", 1)}, Agent: "benchmark", Parallelism: 8, MaxRetries: 2, Now: func() time.Time { return end.AddDate(0, 0, 40) },
			Pace: quick, Transport: roundTripper(func(*http.Request) (*http.Response, error) { return response(http.StatusOK, body), nil }),
			List: func(_ context.Context, start, end time.Time, most int) ([]teo.Package, error) {
				first, last := int(start.Sub(firstDay).Hours()/24), int(end.Sub(firstDay).Hours()/24)
				if n := (last - first) * perDay; n > most {
					return nil, &teo.TooManyError{Action: "DownloadL7Logs", Total: int64(n), Most: most}
				}
				var rows []teo.Package
				for day := first; day < last; day++ {
					for i := range perDay {
						rows = append(rows, row(day, i))
					}
				}
				return rows, nil
			},
			Progress: func(e Event) {
				if e.Kind == EventArchived && e.Day < newest {
					late++
				}
				newest = max(newest, e.Day)
			},
		})
		if err != nil {
			b.Fatal(err)
		}
		peak := watchHeap()
		r, err := a.Run(b.Context(), nil)
		if err != nil || r.PackageCount != int64(days*perDay) || r.SealedThrough != bag.Day(end.AddDate(0, 0, -1)) {
			b.Fatalf("%v: %+v", err, r)
		}
		if late > days*8 { // the downloads in progress when a day begins
			b.Errorf("%d packages were archived after one of a later day", late)
		}
		b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// watchHeap samples the heap until the function that it returns is called, which
// returns the largest size.
func watchHeap() func() uint64 {
	stop, result := make(chan struct{}), make(chan uint64)
	runtime.GC()
	go func() {
		var peak uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse+m.StackInuse)
			select {
			case <-stop:
				result <- peak
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(stop); return <-result }
}

// listed is a store whose bags exist only in its listing.
type listed struct {
	*memoryBucket

	log     *ledger.Log
	member  Member
	now     time.Time
	folders []string
	sizes   map[string]int64 // of one bag, by path
	paths   []string
}

const listDelay = 30 * time.Millisecond

// newListed writes the ledger of an archive with a bag for each day.
func newListed(b *testing.B, days, packages int) *listed {
	b.Helper()
	now := firstDay.AddDate(0, 0, days+40)
	s := &listed{memoryBucket: newMemoryStore(func() time.Time { return now }).bucket(), now: now, member: Member{ID: fmt.Sprintf("%032x", 1)}}
	s.sizes = map[string]int64{}
	for i := range packages {
		s.sizes[fmt.Sprintf("data/domain=www.example.com/area=mainland/hour=%02d/%08d.log.gz", i%24, i)] = int64(1000 + i)
	}
	for _, name := range bag.TagNames() {
		s.sizes[name] = 500
	}
	s.paths = sortedKeys(s.sizes)
	listing := bag.ListingSHA256(s.sizes)
	log := ledger.Begin(s.memoryBucket, fmt.Sprintf("%032x", 2), now)
	end := firstDay.AddDate(0, 0, days)
	scope := ledger.Scope{Start: firstDay, End: &end, StableAfter: 86400, RecheckDays: 3}
	sealed := bag.Day(end.AddDate(0, 0, -1))
	records := []byte("x")
	commit := fmt.Sprintf("%032x", 3)
	s.store.put(ledger.RecordsKey(commit), records)
	e := &ledger.Entry{
		Layer: teo.L7, Commit: commit, WrittenAt: now, Agent: "benchmark", Joined: []string{s.member.ID}, Scope: &scope, SealedThrough: &sealed,
		Records: &ledger.Records{SHA256: hashOf(records), Bytes: 1}, Bags: map[string]ledger.Bag{},
	}
	for day := range days {
		folder := bag.Folder(bag.Day(firstDay.AddDate(0, 0, day)), fmt.Sprintf("%08x", day))
		s.folders = append(s.folders, folder)
		e.Bags[folder] = ledger.Bag{Packages: int64(packages), Bytes: 1, TagmanifestSHA256: hashOf([]byte(folder)), ListingSHA256: listing}
	}
	if err := log.Append(b.Context(), e, bucket.Lock{}); err != nil {
		b.Fatal(err)
	}
	s.log = log
	return s
}

// List pages through a range with a delay for each page.
func (s *listed) List(ctx context.Context, r bucket.Range) iter.Seq2[bucket.Object, error] {
	if r.Prefix != bag.Prefix {
		return s.memoryBucket.List(ctx, r)
	}
	return func(yield func(bucket.Object, error) bool) {
		n := 0
		for _, folder := range s.folders {
			if folder < r.After || r.Before != "" && folder >= r.Before {
				continue
			}
			for _, path := range s.paths {
				if n++; n%objectsAtOnce == 1 {
					time.Sleep(listDelay)
				}
				if !yield(bucket.Object{Key: folder + "/" + path, Size: s.sizes[path], Modified: s.now}, nil) {
					return
				}
			}
		}
	}
}

// listAll lists the same ranges as a plan, and does nothing else.
func (s *listed) listAll(b *testing.B, parallelism int) {
	b.Helper()
	var group errgroup.Group
	group.SetLimit(parallelism)
	for i, folder := range s.folders {
		group.Go(func() error {
			r := bucket.Range{Prefix: bag.Prefix, After: folder}
			if i+1 < len(s.folders) {
				r.Before = s.folders[i+1]
			}
			for _, err := range s.List(b.Context(), r) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}
