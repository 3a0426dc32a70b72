package main

import (
	"context"
	"fmt"
)

// flatten measures reads into a state, in process.
func (b *bench) flatten(ctx context.Context, s *section) error {
	s.title, s.columns = "Read into the state, in process", [2]string{"provider", "beside it"}
	g, err := b.compile(ctx, "internal/provider")
	if err != nil {
		return err
	}
	defer g.close()
	got := samples{}
	for range b.rounds {
		for _, size := range b.sizes.flatten {
			// Each in a process of its own: none inherits another's heap.
			for _, via := range []string{"teo", "structs", "tftypes"} {
				pattern := fmt.Sprintf("^BenchmarkFlatten$/^rows=%d$/^via=%s$", size.rows, via)
				if err := g.run(ctx, got, pattern, fmt.Sprintf("%dx", size.times)); err != nil {
					return err
				}
			}
		}
	}
	of := func(rows int, via, unit string) []float64 {
		return got.of(fmt.Sprintf("Flatten/rows=%d/via=%s", rows, via), unit)
	}
	for _, size := range b.sizes.flatten {
		n := size.rows
		compare := func(figure, unit, via string, write func([]float64) string, most float64) {
			ours, beside := of(n, "teo", unit), of(n, via, unit)
			r := row{
				figure: fmt.Sprintf("%s: %s, beside %s", size, figure, via),
				ours:   write(ours), beside: write(beside), ratio: ratios(ours, beside),
			}
			if n == longest {
				r = r.atMost(most)
			}
			s.add(r)
		}
		compare("time", "ns/op", "structs", nanoseconds, 0.30)
		compare("bytes allocated", "B/op", "structs", allocated, 0.35)
		compare("time", "ns/op", "tftypes", nanoseconds, 1.15)
		compare("bytes allocated", "B/op", "tftypes", allocated, 1.15)
	}
	for i := range b.sizes.flatten[1:] {
		less, more := b.sizes.flatten[i].rows, b.sizes.flatten[i+1].rows
		ours, beside := of(more, "teo", "ns/op"), of(less, "teo", "ns/op")
		r := row{
			figure: fmt.Sprintf("time, %s beside %s", b.sizes.flatten[i+1], thousands(less)),
			ours:   nanoseconds(ours), beside: nanoseconds(beside), ratio: ratios(ours, beside),
		}
		if more == longest {
			r = r.atMost(11)
		}
		s.add(r)
	}
	s.notef("`provider` is a whole read over the plugin's protocol: pages from memory are asked for with a signature, decoded, put in order, verified and flattened. " +
		"`structs` sets rows that are there already as a slice of structs with the framework's `State.SetAttribute`, `tftypes` makes them as raw values, which is the fastest that the framework has by itself; neither asks for anything.")
	return nil
}

func nanoseconds(values []float64) string { return seconds([]float64{median(values) / 1e9}) }

func allocated(values []float64) string { return mebibytes(median(values)) }
