package main

import (
	"strings"
	"testing"
)

const (
	firstRound = `goos: linux
BenchmarkRead/ours-2    	       1	2000000000 ns/op	104857600 peak-B	1.10 x-limit
BenchmarkRead/floor-2   	       1	1000000000 ns/op
PASS
`
	secondRound = `BenchmarkRead/ours-2 1 30000000000 ns/op 209715200 peak-B 1.10 x-limit
BenchmarkRead/floor-2 1 20000000000 ns/op
`
)

func parsed(t *testing.T) samples {
	t.Helper()
	got := samples{}
	for round, output := range []string{firstRound, secondRound} {
		if err := got.parse([]byte(output), round); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// The second round was slow for both: only ratios within a round are comparable,
// and both columns are those of the round whose ratio is shown.
func TestTable(t *testing.T) {
	t.Parallel()
	ours, floor := elapsed("Read/ours"), elapsed("Read/floor")
	var out strings.Builder
	writeTable(&out, []figure{
		{"a", ours, floor, bound{atMost: 2}},
		{"b", ours, floor, bound{atMost: 1.9}},
		{"c", ours, floor, bound{atLeast: 2}},
		{"d", ours, floor, bound{atLeast: 2.1}},
		{"e", ours, floor, bound{}},
		{"f", peak("Read/ours"), value{}, bound{atMost: 150 * mebibyte}},
		{"g", peak("Read/ours"), value{}, bound{atMost: 149 * mebibyte}},
		{"h", value{"Read/ours", "x-limit"}, value{}, bound{atMost: 1.2}},
		{"i", elapsed("Gone"), floor, bound{atMost: 2}},
	}, parsed(t))
	const want = `| | measured | baseline | ratio | wanted | |
|---|---:|---:|---:|---:|---|
| a | 2.00 s | 1.00 s | 2.00 (1.50–2.00) | ≤ 2.00 | yes |
| b | 2.00 s | 1.00 s | 2.00 (1.50–2.00) | ≤ 1.90 | **no** |
| c | 2.00 s | 1.00 s | 2.00 (1.50–2.00) | ≥ 2.00 | yes |
| d | 2.00 s | 1.00 s | 2.00 (1.50–2.00) | ≥ 2.10 | **no** |
| e | 2.00 s | 1.00 s | 2.00 (1.50–2.00) |  |  |
| f | 150 MiB |  |  | ≤ 150 MiB | yes |
| g | 150 MiB |  |  | ≤ 149 MiB | **no** |
| h |  |  | 1.10 | ≤ 1.20 | yes |
| i | not measured | | | ≤ 2.00 | |
`
	if out.String() != want {
		t.Errorf("got\n%s", &out)
	}
}

func TestParseRefusesAMissingRound(t *testing.T) {
	t.Parallel()
	if err := (samples{}).parse([]byte(firstRound), 1); err == nil {
		t.Error("a benchmark without a first round was accepted")
	}
}

func TestSplice(t *testing.T) {
	t.Parallel()
	const text = "# Title\n<!-- bench:begin -->\nan old table\n<!-- bench:end -->\nthe end\n"
	got, err := splice([]byte(text), []byte("\n| a new table |\n\n"))
	if want := "# Title\n<!-- bench:begin -->\n| a new table |\n<!-- bench:end -->\nthe end\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, broken := range []string{"", "no place", markBegin, markEnd + markBegin} {
		if _, err := splice([]byte(broken), nil); err == nil {
			t.Errorf("%q was accepted", broken)
		}
	}
}
