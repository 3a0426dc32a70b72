package bucket_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// BenchmarkSmall writes 500 objects of 20 KiB, eight at once, and makes them
// durable with one Sync.
func BenchmarkSmall(b *testing.B) {
	for name, store := range benchmarkStores() {
		b.Run(name, func(b *testing.B) {
			const count, size = 500, 20 << 10
			destination, data := store(b), pattern(size, 0)
			b.SetBytes(count * size)
			for round := 0; b.Loop(); round++ {
				var g errgroup.Group
				g.SetLimit(8)
				written := make([]string, count)
				for i := range written {
					written[i] = fmt.Sprintf("%d/data/hour=%02d/%d", round, i%24, i)
					g.Go(func() error { return bucket.WriteAll(b.Context(), destination, written[i], data, ifAbsent) })
				}
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
				if err := destination.Sync(b.Context(), written); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLarge writes an object of 64 MiB as a stream and makes it durable.
func BenchmarkLarge(b *testing.B) {
	for name, store := range benchmarkStores() {
		b.Run(name, func(b *testing.B) {
			const size = 64 << 20
			destination, data := store(b), pattern(256<<10, 0)
			b.SetBytes(size)
			for b.Loop() {
				w, err := destination.Create(b.Context(), "large", replace)
				if err != nil {
					b.Fatal(err)
				}
				for range size / len(data) {
					if _, err := w.Write(data); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Commit(); err != nil {
					b.Fatal(err)
				}
				if err := destination.Sync(b.Context(), []string{"large"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchmarkStores are a folder, and a store that discards everything, without delay
// and with a delay of 30 ms.
func benchmarkStores() map[string]func(b *testing.B) bucket.Bucket {
	return map[string]func(b *testing.B) bucket.Bucket{
		"file": func(b *testing.B) bucket.Bucket {
			b.Helper()
			return open(b, fileDestination(b.TempDir()), bucket.Options{})
		},
		"s3": func(b *testing.B) bucket.Bucket { b.Helper(); return open(b, discard(b, 0), bucket.Options{}) },
		"s3-30ms": func(b *testing.B) bucket.Bucket {
			b.Helper()
			return open(b, discard(b, 30*time.Millisecond), bucket.Options{})
		},
	}
}
