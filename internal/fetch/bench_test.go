package fetch

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const (
	benchCopies = 8
	// benchLink is a link of 200 Mbit/s, in bytes a second.
	benchLink = 25_000_000
)

// BenchmarkFetch downloads packages of a simulator to a folder, as a run does. The
// baseline does the same work with the tools of a person: curl, then sha256sum,
// gzip -dc | wc -l and sync of every file, two files at a time; it does not hash the
// content, as Fetch does. Over a link, it is curl alone.
//
// The simulator shares the processors with both. The metric is how many times as long
// the baseline takes.
func BenchmarkFetch(b *testing.B) {
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
			listing, err := teo.New(simtest.Client(b, sim), teo.Options{}).L7Logs(b.Context(), teo.Query{
				Start: firstDay.AddDate(-1, 0, 0), End: firstDay.AddDate(1, 0, 0), ZoneIDs: []string{"zone-gen0000"}, MaxPackages: teo.DefaultMaxPackages,
			})
			if err != nil {
				b.Fatal(err)
			}
			if len(listing.Packages) != size.count {
				b.Fatalf("%d packages are listed, want %d", len(listing.Packages), size.count)
			}
			var total int64
			var baseline, elapsed time.Duration
			for b.Loop() {
				b.StopTimer()
				baseline += inFolder(b, func(dir string) { runTools(b, listing.Packages, dir, size.baseline == "tools") })
				ours := inFolder(b, func(dir string) { total = runFetch(b, listing.Packages, dir) })
				b.StartTimer()
				elapsed += ours
			}
			b.ReportMetric(baseline.Seconds()/elapsed.Seconds(), "x-"+size.baseline)
			b.ReportMetric(0, "ns/op") // the quotient says more
			b.ReportMetric(float64(total)*float64(b.N)/elapsed.Seconds()/1e6, "MB/s")
		})
	}
}

// inFolder returns the time that do takes to fill a folder.
func inFolder(b *testing.B, do func(dir string)) time.Duration {
	b.Helper()
	dir := b.TempDir()
	start := time.Now()
	do(dir)
	elapsed := time.Since(start)
	// At once: what still has to be written to the disk would slow down the next
	// measurement.
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	return elapsed
}

func runFetch(b *testing.B, packages []teo.Package, dir string) int64 {
	b.Helper()
	store, err := bucket.Open(b.Context(), "file://"+filepath.ToSlash(dir), bucket.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	c := New(Options{
		Transport: simtest.Transport(b), Agent: "terraform-provider-teo/test", MaxRetries: 5, StallTimeout: time.Minute, Now: time.Now, Layer: teo.L7,
	})
	tasks, keys := make(chan int), make([]string, len(packages))
	totals := make([]int64, benchCopies)
	var wg sync.WaitGroup
	for worker := range benchCopies {
		wg.Go(func() {
			m := bag.NewMeter()
			for i := range tasks {
				id := bag.IdentityOf(teo.L7, &packages[i])
				keys[i] = bag.Folder(id.Day(), "5f0c2a91") + "/" + id.Path()
				result, err := c.Fetch(b.Context(), m, &Task{
					Package: packages[i],
					Create: func(ctx context.Context) (bucket.Writer, error) {
						return store.Create(ctx, keys[i], bucket.WriteOptions{IfAbsent: true})
					},
					Stored: func(ctx context.Context) (io.ReadCloser, error) { return store.Open(ctx, keys[i]) },
				})
				if err != nil {
					b.Error(err)
					continue
				}
				totals[worker] += result.StoredBytes
			}
		})
	}
	for i := range packages {
		tasks <- i
	}
	close(tasks)
	wg.Wait()
	if err := store.Sync(b.Context(), keys); err != nil {
		b.Fatal(err)
	}
	var total int64
	for _, n := range totals {
		total += n
	}
	return total
}

// runTools downloads with curl and, if checked, reads and flushes each file as a run
// does.
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
