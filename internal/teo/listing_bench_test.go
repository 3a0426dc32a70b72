package teo_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const (
	benchRows    = 30_000
	benchLatency = 50 * time.Millisecond
)

// listingBench is one listing of benchRows packages at a latency of
// benchLatency a request. The simulator enforces the limit; the client keeps to
// its own rate.
type listingBench struct {
	name     string
	version  string
	limit    int     // requests a second that the simulator allows
	rate     float64 // of the client; 0 is what it makes of the documented limit
	pageSize int
}

// The figures:
//
//	x-limit    elapsed / (pages / limit): the time that the limit alone allows
//	x-floor    elapsed / (pages / limit + two round trips): the first page tells
//	           how many there are, so two of them follow one another at least
//	requests   that were sent, in-flight how many of them at once, refused how
//	           many exceeded the limit
//
// The client is a new one each time: it does not know the page base, and the
// simulator counts from 0, which costs one more request.
func BenchmarkListing(b *testing.B) {
	for _, bench := range []listingBench{
		{"2022-01-06-20rps", teo.Version20220106, 20, 0, 300},
		{"2022-01-06-1000rps", teo.Version20220106, 1000, 1000, 300},
		{"2022-01-06-1000rps-pages-of-30", teo.Version20220106, 1000, 900, 30},
		{"2022-09-01-100rps", teo.Version20220901, 100, 0, 300},
	} {
		if testing.Short() && bench.limit < 1000 {
			continue
		}
		b.Run(bench.name, func(b *testing.B) {
			bench.run(b, func(caller *tcapi.Client, q teo.Query) (int, error) {
				l, err := teo.New(caller, teo.Options{APIVersion: bench.version}).L7Logs(b.Context(), q)
				if err != nil {
					return 0, err
				}
				return len(l.Packages), nil
			})
		})
		if bench.pageSize == 300 && !testing.Short() {
			b.Run(bench.name+"-serial", func(b *testing.B) {
				bench.run(b, func(caller *tcapi.Client, q teo.Query) (int, error) { return bench.serial(b, caller, q) })
			})
		}
	}
}

func (l listingBench) run(b *testing.B, list func(*tcapi.Client, teo.Query) (int, error)) {
	b.Helper()
	sim := startSim(b, teosim.Options{
		Latency: benchLatency, Catalogue: catalogue(benchRows), Rates: map[string]int{l.version + "/" + logs: l.limit},
	})
	q := everythingByID(l.pageSize)
	if l.version == teo.Version20220106 {
		q.ZoneIDs = nil
	}
	requests, refused, peak := 0, 0, 0
	for b.Loop() {
		b.StopTimer()
		time.Sleep(time.Second) // the last requests of the time before count no more
		sim.ResetCounters()
		caller := newCaller(b, sim, l.rate)
		b.StartTimer()
		if rows, err := list(caller, q); err != nil || rows != benchRows {
			b.Fatalf("got %d rows and %v, want %d", rows, err, benchRows)
		}
		b.StopTimer()
		peak = max(peak, sim.InFlightPeak())
		for _, r := range sim.Requests() {
			requests++
			if r.Code != "" {
				refused++
			}
		}
		b.StartTimer()
	}
	elapsed := b.Elapsed().Seconds() / float64(b.N)
	alone := float64(benchRows) / float64(l.pageSize) / float64(l.limit)
	b.ReportMetric(elapsed/alone, "x-limit")
	b.ReportMetric(elapsed/(alone+2*benchLatency.Seconds()), "x-floor")
	b.ReportMetric(float64(requests)/float64(b.N), "requests")
	b.ReportMetric(float64(refused)/float64(b.N), "refused")
	b.ReportMetric(float64(peak), "in-flight")
}

// serial reads one page after the other, as the official provider does.
func (l listingBench) serial(b *testing.B, caller *tcapi.Client, q teo.Query) (int, error) {
	b.Helper()
	type answer struct {
		tcapi.Head

		Data []teo.Package
	}
	request := map[string]any{"StartTime": q.Start.Format(time.RFC3339), "EndTime": q.End.Format(time.RFC3339)}
	for rows := 0; ; {
		if l.version == teo.Version20220106 {
			request["PageSize"], request["PageNo"] = l.pageSize, rows/l.pageSize
		} else {
			request["ZoneIds"], request["Limit"], request["Offset"] = q.ZoneIDs, l.pageSize, rows
		}
		action := tcapi.Action{Version: l.version, Name: logs, PerSecond: float64(l.limit)}
		got, err := tcapi.Call[answer](b.Context(), caller, action, request)
		if err != nil {
			return rows, fmt.Errorf("at row %d: %w", rows, err)
		}
		if rows += len(got.Data); len(got.Data) < l.pageSize {
			return rows, nil
		}
	}
}
