package main

import (
	"context"
	"fmt"
)

// listing measures lists of packages, without Terraform.
func (b *bench) listing(ctx context.Context, s *section) error {
	s.title, s.columns = "Lists of 30,000 packages, 50 ms away", [2]string{"provider", "beside it"}
	g, err := b.compile(ctx, "internal/teo")
	if err != nil {
		return err
	}
	defer g.close()
	got := samples{}
	for _, name := range b.listings {
		for range b.rounds {
			if err := g.run(ctx, got, "^BenchmarkListing$/^"+name+"$", "1x"); err != nil {
				return err
			}
		}
		if b.serial {
			if err := g.run(ctx, got, "^BenchmarkListing$/^"+name+"-serial$", "1x"); err != nil {
				return err
			}
		}
		all := got["Listing/"+name]
		took := all["ns/op"]
		against := func(metric, beside string) row {
			ratio := spreadOf(all[metric])
			limit := median(took) / ratio.median
			return row{figure: name + ", beside " + beside, ours: nanoseconds(took), beside: nanoseconds([]float64{limit}), ratio: ratio}
		}
		s.add(against("x-limit", "what the limit alone allows").atMost(1.2))
		s.add(against("x-floor", "the limit and two round trips"))
		if serial := got.of("Listing/"+name+"-serial", "ns/op"); len(serial) > 0 {
			s.add(row{
				figure: name + ", beside page after page", ours: nanoseconds(took), beside: nanoseconds(serial),
				ratio: spreadOf([]float64{median(took) / median(serial)}),
			})
		}
		s.notef("%s: %.0f requests, of which %.0f were refused, up to %.0f in flight.", name, median(all["requests"]), median(all["refused"]), median(all["in-flight"]))
	}
	s.notef("%s", fmt.Sprint("The names say the version of the API, the limit in requests a second, and the size of pages where it is not 300. ",
		"The first page has to be read before the others can be asked for, and a round trip is 50 ms: ",
		"where the limit alone allows a list in a tenth of a second, two round trips are as long as that. ",
		"By default the provider keeps to 0.9 of the documented limit, which alone is a ratio of 1.11. Page after page is how other providers read."))
	return nil
}
