package archive

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// BenchmarkRun archives packages of a simulator in the same process, and copies
// the same URLs to plain files with as many connections, for comparison.
func BenchmarkRun(b *testing.B) {
	for _, size := range []struct {
		name  string
		count int
		bytes int64
		plain bool // stored in gzip without compression
	}{
		{"small", 2000, 20 << 10, false},
		{"large", 8, 50 << 20, false},
		{"large-stored", 8, 50 << 20, true},
	} {
		w := newWorld(b, size.count, func(g *teosim.GenerateOptions) {
			g.StoredBytes, g.Uncompressed, g.Domains = size.bytes, size.plain, 20
		})
		listed, err := w.list(b.Context(), may().Start, may().End)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("plain/"+size.name, func(b *testing.B) {
			for b.Loop() {
				b.SetBytes(download(b, w.rounds, listed, b.TempDir()))
			}
		})
		b.Run("archive/"+size.name, func(b *testing.B) {
			var most uint64
			for b.Loop() {
				store, _ := newFolderStore(b)
				a := w.archive(store, func(c *Config) { c.Parallelism = 8 })
				most = max(most, peak(func() {
					s, err := a.Run(b.Context(), listed)
					if err != nil {
						b.Fatal(err)
					}
					b.SetBytes(s.TotalBytes)
				}))
			}
			b.ReportMetric(float64(most)/(1<<20), "peak-MiB")
		})
	}
}

// download copies URLs to files, eight at once, and checks nothing.
func download(b *testing.B, rounds http.RoundTripper, listed []teo.Package, dir string) int64 {
	queue := make(chan int)
	var (
		workers sync.WaitGroup
		mu      sync.Mutex
		total   int64
	)
	one := func(i int) (int64, error) {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, listed[i].URL, http.NoBody)
		if err != nil {
			return 0, err
		}
		resp, err := rounds.RoundTrip(req)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		file, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return 0, err
		}
		defer file.Close()
		return io.Copy(file, resp.Body)
	}
	for range 8 {
		workers.Go(func() {
			for i := range queue {
				n, err := one(i)
				if err != nil {
					b.Error(err)
				}
				mu.Lock()
				total += n
				mu.Unlock()
			}
		})
	}
	for i := range listed {
		queue <- i
	}
	close(queue)
	workers.Wait()
	return total
}

// BenchmarkManyPackages is a run of 10,000 packages that cost nothing to
// download, and the inspection of them: what an archive itself takes.
func BenchmarkManyPackages(b *testing.B) {
	packages := somePackages(10_000)
	store, _ := newFolderStore(b)
	a, err := New(Config{Store: store, Scope: may(), Transport: newEndless(b, 10, 1), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	most := peak(func() {
		if _, err := a.Run(b.Context(), packages); err != nil {
			b.Fatal(err)
		}
	})
	b.ResetTimer()
	for b.Loop() {
		if _, err := a.Plan(b.Context(), packages); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(most)/(1<<20), "peak-MiB")
}
