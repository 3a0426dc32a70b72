package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
)

// figure is one line of the table: a benchmark's value, alone or divided by that
// of its baseline.
type figure struct {
	text     string
	of       value
	baseline value // zero: the value itself is the figure
	wanted   bound
}

// value names a value of a Go benchmark.
type value struct{ benchmark, unit string }

// bound is what is wanted of a figure; the zero bound wants nothing.
type bound struct{ atMost, atLeast float64 }

const mebibyte = 1 << 20

// figures is the table. Archive and coverage: the benchmarks are in their
// packages.
var figures = []figure{
	{"`terraform apply`, 1,000 packages with URLs, against ready-made msgpack", elapsed("Apply/rows=1000/urls/provider"), elapsed("Apply/rows=1000/urls/floor"), bound{}},
	{"the same, 10,000 packages", elapsed("Apply/rows=10000/urls/provider"), elapsed("Apply/rows=10000/urls/floor"), bound{}},
	{"the same, 100,000 packages", elapsed("Apply/rows=100000/urls/provider"), elapsed("Apply/rows=100000/urls/floor"), bound{atMost: 1.15}},
	{"the same without URLs, 100,000 packages", elapsed("Apply/rows=100000/no-urls/provider"), elapsed("Apply/rows=100000/no-urls/floor"), bound{atMost: 1.15}},
	{"`terraform apply`, 100,000 packages against 10,000", elapsed("Apply/rows=100000/urls/provider"), elapsed("Apply/rows=10000/urls/provider"), bound{atMost: 10.5}},
	{"provider's peak memory, 100,000 packages with URLs", peak("Apply/rows=100000/urls/provider"), value{}, bound{atMost: 250 * mebibyte}},
	{"the same without URLs", peak("Apply/rows=100000/no-urls/provider"), value{}, bound{atMost: 250 * mebibyte}},
	{"read into the state in process, 100,000 packages against 10,000", elapsed("Read/rows=100000"), elapsed("Read/rows=10000"), bound{atMost: 11}},

	{"30,000 packages at 50 ms and 20 requests/s, against the limit alone", value{"Listing/2022-01-06-20rps", "x-limit"}, value{}, bound{atMost: 1.2}},
	{"30,000 packages at 50 ms and 100 requests/s, against the limit alone", value{"Listing/2022-09-01-100rps", "x-limit"}, value{}, bound{atMost: 1.2}},
	{"the same, against one page after the other", elapsed("Listing/2022-09-01-100rps"), elapsed("Listing/2022-09-01-100rps-serial"), bound{}},
	{"30,000 packages at 50 ms and 1,000 requests/s, against the limit and two round trips", value{"Listing/2022-01-06-1000rps", "x-floor"}, value{}, bound{atMost: 1.2}},

	{"coverage of 500 domains × 31 days at 50 ms and 100 requests/s, against the limit alone", value{"Coverage", "x-limit"}, value{}, bound{atMost: 1.3}},
	{"requests of it, against the least possible", value{"Coverage", "x-requests"}, value{}, bound{}},

	{"archive of packages of 20 KiB, throughput against curl, sha256sum, gzip and sync", value{"Archive/small/archive", "MB/s"}, value{"Archive/small/tools", "MB/s"}, bound{atLeast: 1.3}},
	{"the same, packages of 50 MiB, stored without compression", value{"Archive/stored/archive", "MB/s"}, value{"Archive/stored/tools", "MB/s"}, bound{atLeast: 1.3}},
	{"the same, packages of 50 MiB, compressed", value{"Archive/compressed/archive", "MB/s"}, value{"Archive/compressed/tools", "MB/s"}, bound{atLeast: 1.3}},
	{"archive over a link of 200 Mbit/s, throughput against curl alone", value{"Archive/link/archive", "MB/s"}, value{"Archive/link/curl", "MB/s"}, bound{atLeast: 0.95}},
	{"peak memory, 8 copies to S3", peak("ArchiveMemory"), value{}, bound{atMost: 150 * mebibyte}},
	{"plan, apart from the listing, 400 closed days against 30 at 30 ms a request", value{"ArchivePlan/days=400", "work-ns"}, value{"ArchivePlan/days=30", "work-ns"}, bound{atMost: 1.5}},
	{"the same, 3,650 closed days against 30", value{"ArchivePlan/days=3650", "work-ns"}, value{"ArchivePlan/days=30", "work-ns"}, bound{atMost: 1.5}},
	{"one new day, apart from the listing, 400 closed days against 30", value{"ArchiveNewDay/days=400", "work-ns"}, value{"ArchiveNewDay/days=30", "work-ns"}, bound{atMost: 1.5}},
	{"the same, 3,650 closed days against 30", value{"ArchiveNewDay/days=3650", "work-ns"}, value{"ArchiveNewDay/days=30", "work-ns"}, bound{atMost: 1.5}},

	{"start of the provider until the handshake, against an empty provider", elapsed("Start/provider"), elapsed("Start/empty"), bound{atMost: 2}},
	{"binary, stripped, against an empty provider", value{"Start/provider", "binary-B"}, value{"Start/empty", "binary-B"}, bound{}},
}

func elapsed(benchmark string) value { return value{benchmark, "ns/op"} }

func peak(benchmark string) value { return value{benchmark, "peak-B"} }

// figuresOf are all figures, or those that were measured.
func figuresOf(got samples, all bool) []figure {
	return slices.DeleteFunc(slices.Clone(figures), func(f figure) bool { return !all && len(got.of(f.of)) == 0 })
}

// writeTable writes the figures in Markdown. A figure with a baseline is that of the
// round whose ratio is in the middle, so that the ratio follows from its columns.
func writeTable(w io.Writer, figures []figure, got samples) {
	fmt.Fprint(w, "| | measured | baseline | ratio | wanted | |\n|---|---:|---:|---:|---:|---|\n")
	for _, f := range figures {
		ours, baseline := got.of(f.of), got.of(f.baseline)
		if len(ours) == 0 || (f.baseline != value{} && len(baseline) == 0) {
			fmt.Fprintf(w, "| %s | not measured | | | %s | |\n", f.text, f.wanted.format(f.of.unit, f.baseline))
			continue
		}
		measured, beside, ratio, result := format(median(ours), f.of.unit), "", "", median(ours)
		if len(baseline) > 0 {
			all := ratios(ours, baseline)
			round := middle(all)
			measured, beside = format(ours[round], f.of.unit), format(baseline[round], f.baseline.unit)
			ratio, result = spreadOf(all, all[round]).String(), all[round]
		} else if isRatio(f.of.unit) {
			measured, ratio = "", spreadOf(ours, result).String()
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", f.text, measured, beside, ratio, f.wanted.format(f.of.unit, f.baseline), f.wanted.verdict(result))
	}
}

func (s samples) of(v value) []float64 { return s[v.benchmark][v.unit] }

func (b bound) verdict(figure float64) string {
	switch {
	case b == bound{}:
		return ""
	case (b.atMost != 0 && figure > b.atMost) || figure < b.atLeast:
		return "**no**"
	}
	return "yes"
}

// format writes the bound in the unit of the figure, which is a ratio where
// there is a baseline.
func (b bound) format(unit string, baseline value) string {
	if baseline != (value{}) {
		unit = "x"
	}
	switch {
	case b.atMost != 0:
		return "≤ " + format(b.atMost, unit)
	case b.atLeast != 0:
		return "≥ " + format(b.atLeast, unit)
	}
	return ""
}

func isRatio(unit string) bool { return unit[0] == 'x' }

func format(v float64, unit string) string {
	switch unit {
	case "ns/op", "work-ns":
		if v < 1e8 {
			return fmt.Sprintf("%.1f ms", v/1e6)
		}
		return fmt.Sprintf("%.2f s", v/1e9)
	case "peak-B", "binary-B":
		return fmt.Sprintf("%.0f MiB", v/mebibyte)
	case "MB/s":
		return fmt.Sprintf("%.0f MB/s", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// The markers between which the table stands in a file.
const (
	markBegin = "<!-- bench:begin -->"
	markEnd   = "<!-- bench:end -->"
)

// spliceFile replaces what is between the markers of a file.
func spliceFile(file string, table []byte) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err = splice(text, table)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, text, 0o644)
}

func splice(text, table []byte) ([]byte, error) {
	before, rest, begins := bytes.Cut(text, []byte(markBegin))
	_, after, ends := bytes.Cut(rest, []byte(markEnd))
	if !begins || !ends {
		return nil, fmt.Errorf("no line %s followed by %s", markBegin, markEnd)
	}
	return bytes.Join([][]byte{before, []byte(markBegin + "\n"), bytes.TrimSpace(table), []byte("\n" + markEnd), after}, nil), nil
}
