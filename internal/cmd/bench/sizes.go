package main

import "fmt"

// sizes are how much is measured.
type sizes struct {
	rounds    int        // that are compared one by one
	flatten   []rowCount // of BenchmarkFlatten
	apply     []rowCount // terraform apply of the inventory
	sensitive []rowCount // terraform apply with URLs
	listings  []string   // of BenchmarkListing
	serial    bool       // listings page by page too
	copies    []copySize // archive beside curl
	archive   int        // packages of terraform apply of an archive
	starts    int        // of each binary
}

// longest is the list that bounds are wanted for: a month of fifty sites. The
// shorter ones show how a list grows.
const longest = 100_000

// rowCount is a size and how often it is measured.
type rowCount struct{ rows, times int }

func (c rowCount) String() string {
	if c.rows == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%s rows", thousands(c.rows))
}

// copySize is a set of packages to copy.
type copySize struct {
	name          string
	count, rounds int
	bytes         int64 // of each
	stored        bool  // gzip without compression
	bandwidth     int   // of the link in bytes a second, 0 for loopback as it is
}

// full takes less than ten minutes on two cores.
func full() sizes {
	return sizes{
		rounds:    3,
		flatten:   []rowCount{{1_000, 20}, {10_000, 3}, {longest, 1}},
		apply:     []rowCount{{1, 7}, {10_000, 3}, {longest, 3}},
		sensitive: []rowCount{{500, 3}, {1_000, 1}, {2_000, 1}},
		listings:  []string{"2022-01-06-20rps", "2022-01-06-1000rps", "2022-01-06-1000rps-pages-of-30", "2022-09-01-100rps"},
		serial:    true,
		copies: []copySize{
			{name: "2,000 packages of 20 KiB", count: 2_000, rounds: 3, bytes: 20 << 10},
			{name: "40 packages of 50 MiB", count: 40, rounds: 1, bytes: 50 << 20},
			{name: "40 packages of 50 MiB, stored without compression", count: 40, rounds: 2, bytes: 50 << 20, stored: true},
			{name: "8 packages of 50 MiB, over a link of 200 Mbit/s", count: 8, rounds: 1, bytes: 50 << 20, bandwidth: 25_000_000},
		},
		archive: 10_000,
		starts:  50,
	}
}

// small is enough to see that everything works.
func small() sizes {
	return sizes{
		rounds:    1,
		flatten:   []rowCount{{1_000, 1}},
		apply:     []rowCount{{1, 1}, {1_000, 1}},
		sensitive: []rowCount{{100, 1}},
		listings:  []string{"2022-09-01-100rps"},
		copies:    []copySize{{name: "40 packages of 20 KiB", count: 40, rounds: 1, bytes: 20 << 10}},
		archive:   100,
		starts:    2,
	}
}
