package main

import (
	"errors"
	"strings"
	"testing"
)

func TestSplice(t *testing.T) {
	t.Parallel()
	const text = "# Title\n<!-- bench:begin -->\nan old table\n<!-- bench:end -->\nthe end\n"
	got, err := splice([]byte(text), []byte("\n| a new table |\n\n"))
	if want := "# Title\n<!-- bench:begin -->\n| a new table |\n<!-- bench:end -->\nthe end\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	again, err := splice(got, []byte("| a new table |"))
	if err != nil || string(again) != string(got) {
		t.Errorf("a second time: %q, %v", again, err)
	}
	for _, broken := range []string{"", "no place", markBegin, markEnd + markBegin} {
		if _, err := splice([]byte(broken), nil); !errors.Is(err, errNoMarkers) {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

func TestSectionSaysWhatIsWithinBounds(t *testing.T) {
	t.Parallel()
	two := spread{2, 1.5, 2.5}
	s := section{title: "Title", columns: [2]string{"ours", "theirs"}}
	s.add(row{figure: "a", ours: "2 s", beside: "1 s", ratio: two}.atMost(2))
	s.add(row{figure: "b", ratio: two}.atMost(1.9))
	s.add(row{figure: "c", ratio: two}.atLeast(2))
	s.add(row{figure: "d", ratio: two}.atLeast(2.1))
	s.add(row{figure: "e"}.valueAtMost(700, 700, "MiB"))
	s.add(row{figure: "f"}.valueAtMost(700.1, 700, "MiB"))
	s.add(row{figure: "g", ratio: spread{2, 1.99, 2.01}})
	s.missing("h", errors.New("no\nreason"))
	s.notef("a note")
	var out strings.Builder
	s.write(&out)
	const want = `### Title

| | ours | theirs | ratio | wanted | |
|---|---:|---:|---:|---:|---|
| a | 2 s | 1 s | 2.00 (1.50–2.50) | ≤ 2.00 | yes |
| b |  |  | 2.00 (1.50–2.50) | ≤ 1.90 | **no** |
| c |  |  | 2.00 (1.50–2.50) | ≥ 2.00 | yes |
| d |  |  | 2.00 (1.50–2.50) | ≥ 2.10 | **no** |
| e |  |  |  | ≤ 700 MiB | yes |
| f |  |  |  | ≤ 700 MiB | **no** |
| g |  |  | 2.00 |  |  |
| h | not measured: no reason | | | | |

- a note

`
	if out.String() != want {
		t.Errorf("got\n%s", &out)
	}
}

func TestRatiosCompareRoundByRound(t *testing.T) {
	t.Parallel()
	// The second round was slow for both.
	if got, want := ratios([]float64{1, 10, 3}, []float64{2, 20, 2}), (spread{0.5, 0.5, 1.5}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := ratios([]float64{1}, []float64{0}); got != (spread{}) {
		t.Errorf("beside nothing: %v", got)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median %v", got)
	}
}

func TestFiguresAreReadable(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		thousands(7): "7", thousands(1000): "1,000", thousands(1234567): "1,234,567",
		seconds([]float64{0.0123}): "12.3 ms", seconds([]float64{1.5}): "1.50 s", seconds([]float64{25}): "25.0 s",
		mebibytes(1.5 * mebibyte): "1.5 MiB", mebibytes(700 * mebibyte): "700 MiB",
		rowCount{rows: 1}.String(): "1 row", rowCount{rows: 10_000}.String(): "10,000 rows",
		folderURL("/tmp/x"): "file:///tmp/x",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
