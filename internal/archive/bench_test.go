package archive

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const (
	benchCopies  = 8
	benchLatency = 30 * time.Millisecond
	// benchLink is a link of 200 Mbit/s, in bytes a second.
	benchLink = 25_000_000
)

// BenchmarkArchive archives packages of a simulator to a folder. The baseline does
// the same work with the tools of a person: curl, then sha256sum, gzip -dc | wc -l
// and sync of every file, two files at a time. Over a link, it is curl alone.
//
// The simulator shares the processors with both.
func BenchmarkArchive(b *testing.B) {
	const kib, mib = 1 << 10, 1 << 20
	for _, size := range []struct {
		name     string
		count    int
		bytes    int64
		stored   bool // gzip without compression
		rate     int  // of the link
		baseline string
	}{
		{"small", 2000, 20 * kib, false, 0, "tools"},
		{"stored", 16, 50 * mib, true, 0, "tools"},
		{"compressed", 16, 50 * mib, false, 0, "tools"},
		{"link", benchCopies, 50 * mib, false, benchLink, "curl"},
	} {
		if testing.Short() {
			size.count, size.bytes = benchCopies, 20*kib
		}
		b.Run(size.name, func(b *testing.B) {
			sim := simtest.Start(b, teosim.Options{
				Catalogue: teosim.Generate(teosim.GenerateOptions{
					Count: size.count, Domains: 20, StoredBytes: size.bytes, Uncompressed: size.stored,
				}),
				Rates: teosim.Unlimited(),
			})
			if size.rate > 0 {
				sim.Inject(teosim.Fault{Name: teosim.Slow, Action: teosim.DownloadAction, Value: strconv.Itoa(size.rate / benchCopies)})
			}
			packages := listAll(b, sim)
			b.Run(size.baseline, func(b *testing.B) {
				inFolders(b, func(dir string) int64 { return runTools(b, packages, dir, size.baseline == "tools") })
			})
			b.Run("archive", func(b *testing.B) {
				inFolders(b, func(dir string) int64 { return runArchive(b, packages, dir) })
			})
		})
	}
}

// benchScope contains every generated package.
func benchScope() Scope {
	return Scope{Layer: teo.L7, Start: firstDay, End: firstDay.AddDate(1, 0, 0), ZoneIDs: []string{"zone-gen0000"}}
}

func listAll(b *testing.B, sim *teosim.Sim) []teo.Package {
	b.Helper()
	scope := benchScope()
	listing, err := teo.New(simtest.Client(b, sim), teo.Options{}).L7Logs(b.Context(), teo.Query{
		Start: scope.Start, End: scope.End, ZoneIDs: scope.ZoneIDs, MaxPackages: teo.DefaultMaxPackages,
	})
	if err != nil {
		b.Fatal(err)
	}
	return listing.Packages
}

// inFolders measures do, which fills a folder of its own each time and returns
// the number of bytes.
func inFolders(b *testing.B, do func(dir string) int64) {
	b.Helper()
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		b.StartTimer()
		total := do(dir)
		b.StopTimer()
		b.SetBytes(total)
		// At once: what still has to be written to the disk would slow down the
		// next measurement.
		if err := os.RemoveAll(dir); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func runArchive(b *testing.B, packages []teo.Package, dir string) int64 {
	b.Helper()
	store, err := bucket.Open(b.Context(), "file://"+filepath.ToSlash(dir), bucket.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	a, err := New(Config{Bucket: store, Scope: benchScope(), Parallelism: benchCopies, Transport: simtest.Transport(b)})
	if err != nil {
		b.Fatal(err)
	}
	summary, err := a.Run(b.Context(), packages, time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	if summary.PackageCount != int64(len(packages)) || summary.PendingCount > 0 {
		b.Fatalf("%d of %d packages are archived, %d are pending", summary.PackageCount, len(packages), summary.PendingCount)
	}
	return summary.TotalBytes
}

// runTools downloads with curl and, if checked, reads and flushes each file as an
// archive does.
func runTools(b *testing.B, packages []teo.Package, dir string, checked bool) int64 {
	b.Helper()
	for _, tool := range []string{"curl", "sha256sum", "gzip", "wc", "xargs", "sync"} {
		if _, err := exec.LookPath(tool); err != nil {
			b.Skip(err)
		}
	}
	var config strings.Builder
	for i := range packages {
		fmt.Fprintf(&config, "url = %q\noutput = \"%d.log.gz\"\n", packages[i].URL, i)
	}
	run := func(stdin, name string, args ...string) {
		cmd := exec.CommandContext(b.Context(), name, args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	run(config.String(), "curl", "--parallel", "--parallel-immediate", "--parallel-max", strconv.Itoa(benchCopies),
		"--noproxy", "*", "--fail", "--silent", "--show-error", "--config", "-")
	if checked {
		run("", "sh", "-c", `ls | xargs -n 1 -P 2 sh -c 'sha256sum "$1" && gzip -dc "$1" | wc -l && sync "$1"' sh >/dev/null`)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(packages) {
		b.Fatalf("%d files, want %d (%v)", len(files), len(packages), err)
	}
	var total int64
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			b.Fatal(err)
		}
		total += info.Size()
	}
	return total
}

// BenchmarkArchivePlan and BenchmarkArchiveNewDay work on an archive with closed
// days in a store with a latency of benchLatency for each request but a listing,
// whose cost grows with the number of objects. work-ns is the time of one of them.
func BenchmarkArchivePlan(b *testing.B) {
	eachAge(b, func(b *testing.B, w *world, scope Scope) {
		for b.Loop() {
			a := w.archive(slowly(w, scope))
			i, err := a.Inspect(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if len(i.Findings)+len(i.Work)+len(i.Foreign) > 0 {
				b.Fatalf("findings %v, work %v, foreign %v", i.Findings, i.Work, i.Foreign)
			}
			if _, _, _, err := i.Pending(b.Context(), w.service.list(scope, scope.Start, scope.End), time.Time{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkArchiveNewDay is a run that archives one more day.
func BenchmarkArchiveNewDay(b *testing.B) {
	eachAge(b, func(b *testing.B, w *world, scope Scope) {
		closed, head := w.store.snapshot(), w.head
		w.service.add("www.example.com", "mainland", scope.End.AddDate(0, 0, -1), "{}\n")
		for b.Loop() {
			b.StopTimer()
			w.store.restore(closed)
			w.head = head
			b.StartTimer()
			s, err := w.apply(slowly(w, scope))
			if err != nil {
				b.Fatal(err)
			}
			if s.Head.Sequence <= head.Sequence {
				b.Fatal("the run has committed nothing")
			}
		}
	})
}

// eachAge runs a benchmark on archives of several ages, one package a day. The last
// day of the scope has no package yet.
func eachAge(b *testing.B, run func(*testing.B, *world, Scope)) {
	b.Helper()
	ages := []int{30, 400, 3650}
	if testing.Short() {
		ages = []int{30}
	}
	for _, days := range ages {
		b.Run(fmt.Sprintf("days=%d", days), func(b *testing.B) {
			w := &world{t: b, service: newService(), store: newMemoryStore(), now: firstDay.AddDate(0, 0, days+30)}
			scope := Scope{Layer: teo.L7, Start: firstDay, End: firstDay.AddDate(0, 0, days+1)}
			for day := range days {
				w.service.add("www.example.com", "mainland", firstDay.AddDate(0, 0, day), "{}\n")
				if day%10 == 9 || day == days-1 { // as if it was applied every ten days
					w.mustApply(func(c *Config) { c.Scope = scope })
				}
			}
			// A reader needs the entries since the last snapshot, one in 50. Compare
			// archives just before the next one.
			for n := 1; w.head.Sequence%50 < 45; n++ {
				w.mustApply(func(c *Config) { c.Scope = scope; c.Scope.End = scope.End.AddDate(0, 0, n) })
			}
			w.mustApply(func(c *Config) { c.Scope = scope })
			b.ResetTimer()
			run(b, w, scope)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "work-ns")
		})
	}
}

func slowly(w *world, scope Scope) func(*Config) {
	return func(c *Config) {
		store := w.store.bucket()
		store.hook = func(ctx context.Context, op memoryOp) (memoryFault, error) {
			if op.name != "list" {
				select {
				case <-time.After(benchLatency):
				case <-ctx.Done():
				}
			}
			return works, nil
		}
		c.Bucket, c.Scope, c.Parallelism = store, scope, benchCopies
	}
}
