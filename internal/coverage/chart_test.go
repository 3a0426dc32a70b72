package coverage_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/coverage"
)

// chartRows are two days of two domains, with each status.
func chartRows() []coverage.ChartRow {
	requests, few := int64(1234567), int64(42)
	return []coverage.ChartRow{
		{Name: "www.example.com", Count: &requests, Days: map[string]string{
			"2022-05-05": "######" + "#!####" + "~~" + strings.Repeat(" ", 10),
			"2022-05-04": strings.Repeat(" ", 20) + "####",
		}},
		{Name: "*.example.org", Count: &few, Days: map[string]string{
			"2022-05-04": strings.Repeat(" ", 20) + "??..",
			"2022-05-05": "+.....######~~" + strings.Repeat(" ", 10),
		}},
	}
}

func draw(t *testing.T, rows []coverage.ChartRow, format string) string {
	t.Helper()
	text, err := coverage.Chart(rows, format)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestATextChartHasAHeatMapAndALegend(t *testing.T) {
	t.Parallel()
	const want = `Log coverage, 2022-05-04 to 2022-05-05 (UTC)

www.example.com: 1,234,567 requests
              00     06     12     18
  2022-05-04                         ####
  2022-05-05  ###### #!#### ~~

*.example.org: 42 requests
              00     06     12     18
  2022-05-04                         ??..
  2022-05-05  +..... ###### ~~

1 hour with traffic has no log package.

  #  21  covered      traffic and a log package
  !   1  missing      traffic, but no log package
  .   7  quiet        no traffic and no log package
  ~   4  pending      too recent to judge
  +   1  uncounted    a log package, but no counted traffic
  ?   2  unverified   analytics could not answer

Total: 1,234,609 requests
`
	if got := draw(t, chartRows(), "text"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The counts of layer-4 proxies are bytes. Requests and bytes have no sum.
func TestRequestsAndBytesHaveNoSum(t *testing.T) {
	t.Parallel()
	requests, bytes := int64(5), int64(7000)
	domain := coverage.ChartRow{Name: "www.example.com", Count: &requests}
	proxy := coverage.ChartRow{Name: "sid-xs82kshs", Count: &bytes}
	for _, test := range []struct {
		rows        []coverage.ChartRow
		format      string
		want, never string
	}{
		{[]coverage.ChartRow{proxy}, "text", "sid-xs82kshs: 7,000 bytes\n", "requests"},
		{[]coverage.ChartRow{proxy, proxy}, "text", "\nTotal: 14,000 bytes\n", "requests"},
		{[]coverage.ChartRow{proxy}, "text", "\nTotal: 7,000 bytes\n", "requests"},
		{[]coverage.ChartRow{proxy}, "markdown", "| Proxy | Bytes |", "Total"},
		{[]coverage.ChartRow{proxy, proxy}, "markdown", "| **Total** | 14,000 |", "Requests"},
		{[]coverage.ChartRow{domain, domain}, "text", "\nTotal: 10 requests\n", "bytes"},
		{[]coverage.ChartRow{domain, proxy}, "text", "sid-xs82kshs: 7,000 bytes\n", "Total"},
		{[]coverage.ChartRow{proxy, domain}, "markdown", "| Domain | `#` covered |", "7,005"},
		{[]coverage.ChartRow{proxy, domain}, "svg", "5 requests", "7,005"},
		{[]coverage.ChartRow{proxy, domain}, "html", "5 requests", "7,005"},
	} {
		got := draw(t, test.rows, test.format)
		if !strings.Contains(got, test.want) || strings.Contains(got, test.never) {
			t.Errorf("%s: with %q or without %q:\n%s", test.format, test.never, test.want, got)
		}
	}
}

func TestAMarkdownChartIsATableWithAHeatMap(t *testing.T) {
	t.Parallel()
	got := draw(t, chartRows(), "markdown")
	for _, want := range []string{
		"2022-05-04 to 2022-05-05 (UTC). **1 hour with traffic has no log package.**\n",
		"| Domain | Requests | `#` covered | `!` missing | `.` quiet | `~` pending | `+` uncounted | `?` unverified |\n|:---|---:|---:|---:|---:|---:|---:|---:|\n",
		"| www.example.com | 1,234,567 | 15 | 1 | 0 | 2 | 0 | 0 |\n",
		"| \\*.example.org | 42 | 6 | 0 | 7 | 2 | 1 | 2 |\n",
		"| **Total** | 1,234,609 | 21 | 1 | 7 | 4 | 1 | 2 |\n",
		"- `!` missing: traffic, but no log package\n",
		"\n```text\nwww.example.com: 1,234,567 requests\n",
		"  2022-05-05  ###### #!#### ~~\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("without %q:\n%s", want, got)
		}
	}
}

// The conclusion names the worst status.
func TestTheConclusionNamesTheWorstStatus(t *testing.T) {
	t.Parallel()
	for letters, want := range map[string]string{
		"#.+":  "\nNo log package is missing.\n",
		"#~~":  "\nNo log package is missing; 2 hours are too recent to judge.\n",
		"#~":   "\nNo log package is missing; 1 hour is too recent to judge.\n",
		"~?":   "\n1 hour could not be verified.\n",
		"!?~!": "\n2 hours with traffic have no log package.\n",
	} {
		text := draw(t, []coverage.ChartRow{{Name: "a", Days: map[string]string{"2022-05-04": letters + strings.Repeat(" ", 24-len(letters))}}}, "text")
		if !strings.Contains(text, want) || !strings.HasPrefix(text, "Log coverage, 2022-05-04 (UTC)\n\na\n") {
			t.Errorf("%s: %s", letters, text)
		}
	}
}

// The period is from the first to the last day of any row.
func TestThePeriodHasTheDaysOfEveryRow(t *testing.T) {
	t.Parallel()
	covered := strings.Repeat("#", 24)
	text := draw(t, []coverage.ChartRow{
		{Name: "a", Days: map[string]string{"2022-05-05": covered, "2022-05-06": covered}},
		{Name: "b", Days: map[string]string{"2022-05-04": covered}},
	}, "text")
	if !strings.HasPrefix(text, "Log coverage, 2022-05-04 to 2022-05-06 (UTC)\n") {
		t.Errorf("got %s", text)
	}
}

// A drawing shortens names of more than 52 characters.
func TestLongNamesAreShortenedInDrawings(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("ä", 52)
	for text, want := range map[string]string{name: name, name + "ä": name[:2*51] + "…"} {
		if got := draw(t, []coverage.ChartRow{{Name: text}}, "svg"); !strings.Contains(got, ">"+want+"</text>") {
			t.Errorf("%d characters: without %s", len(text)/2, want)
		}
	}
}

// The color of the conclusion on a page follows the worst status.
func TestTheConclusionHasTheColorOfTheWorstStatus(t *testing.T) {
	t.Parallel()
	for letters, want := range map[string]string{"#": "", "~": "", "?": " unsure", "!": " bad", "!?": " bad"} {
		page := draw(t, []coverage.ChartRow{{Name: "a", Days: map[string]string{"2022-05-04": letters + strings.Repeat(" ", 24-len(letters))}}}, "html")
		if class := `<p class="conclusion` + want + `">`; !strings.Contains(page, class) {
			t.Errorf("%s: without %s", letters, class)
		}
	}
}

// No rows, and rows without days, are valid in each format.
func TestAnEmptyChartIsValid(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"text": "There is nothing to compare.\n", "markdown": "## Log coverage\n\n**There is nothing to compare.**\n"} {
		if text := draw(t, nil, format); text != want {
			t.Errorf("%s: %q", format, text)
		}
	}
	for _, format := range coverage.Formats {
		if text := draw(t, nil, format); !strings.Contains(text, "There is nothing to compare.") {
			t.Errorf("%s: %s", format, text)
		}
		if text := draw(t, []coverage.ChartRow{{Name: "www.example.com"}}, format); !strings.Contains(text, "www.example.com") {
			t.Errorf("%s: %s", format, text)
		}
	}
}

func TestAChartOfInvalidRowsIsAnError(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("#", 24)
	for _, test := range []struct {
		days   map[string]string
		format string
		want   string
	}{
		{map[string]string{"2022-05-04": full}, "pdf", `"pdf" is not a format; valid formats are text, markdown, svg, html`},
		{map[string]string{"2022-05-04": full}, "", `"" is not a format`},
		{map[string]string{"4 May": full}, "text", `row 1 (a): "4 May" is not a date`},
		{map[string]string{"2022-05-04": "###"}, "text", "row 1 (a): 2022-05-04 has 3 characters"},
		{map[string]string{"2022-05-04": full[:23] + "x"}, "text", "row 1 (a): 2022-05-04 has an unknown character at hour 23"},
		{map[string]string{"2022-05-04": full[:22] + "é"}, "text", "unknown character at hour 22"},
	} {
		_, err := coverage.Chart([]coverage.ChartRow{{Name: "a", Days: test.days}}, test.format)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %s", test.days, err, test.want)
		}
	}
}

// Names are escaped in every format.
func TestNamesAreEscapedInEveryFormat(t *testing.T) {
	t.Parallel()
	const name = "<script>alert(1)</script>\"'&|`*_```\x1b[31m\x00\x7f\xff\u202e.example.com"
	rows := []coverage.ChartRow{{Name: name, Days: map[string]string{"2022-05-04": strings.Repeat("!", 24)}}}
	for _, format := range coverage.Formats {
		text := draw(t, rows, format)
		if strings.ContainsAny(text, "\x1b\x00\x7f\u202e") || !strings.Contains(text, "\ufffd") {
			t.Errorf("%s lets control characters through", format)
		}
		if format != "text" && strings.Count(text, "<script") > strings.Count(text, "````text\n<script") {
			t.Errorf("%s lets elements through:\n%s", format, text)
		}
	}
	table, heatMap, _ := strings.Cut(draw(t, rows, "markdown"), "\n````text\n")
	if !strings.Contains(table, "| &lt;script\\>alert\\(1\\)&lt;/script\\>\"'&amp;\\|\\`\\*\\_") || !strings.HasSuffix(heatMap, "\n````\n") {
		t.Errorf("markdown: %s", table)
	}
	if err := wellFormed(draw(t, rows, "svg")); err != nil {
		t.Errorf("svg: %v", err)
	}
}

// Characters that a terminal acts on or XML cannot have are replaced, and the ones
// next to them are not.
func TestOnlyUnprintableCharactersAreReplaced(t *testing.T) {
	t.Parallel()
	for r, replaced := range map[rune]bool{
		0x1f: true, 0x20: false, 0x7e: false, 0x7f: true, 0x9f: true, 0xa0: false, 0x2029: false, 0x202a: true, 0x202e: true, 0x202f: false,
		0x2065: false, 0x2066: true, 0x2069: true, 0x206a: false, 0xfffc: false, 0xfffe: true, 0xffff: true, 0x10000: false,
	} {
		name := "a" + string(r) + "b"
		if got := !strings.Contains(draw(t, []coverage.ChartRow{{Name: name}}, "text"), name); got != replaced {
			t.Errorf("%#x is replaced: %t", r, got)
		}
	}
}

func wellFormed(text string) error {
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// The drawings load nothing, and are the same each time.
func TestDrawingsAreSelfContained(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"svg", "html"} {
		text := draw(t, chartRows(), format)
		rest := strings.ReplaceAll(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "url(#hatch)", "")
		for _, part := range []string{"http:", "https:", "//", "url(", "@import", "<script", "src=", "href="} {
			if strings.Contains(rest, part) {
				t.Errorf("%s contains %s", format, part)
			}
		}
		rows := chartRows()
		rows[0].Days = maps.Clone(rows[0].Days)
		if again := draw(t, rows, format); again != text {
			t.Errorf("%s differs", format)
		}
		if want := `<title>www.example.com, 2022-05-05 07:00 to 08:00 UTC: missing (traffic, but no log package)</title>`; strings.Count(text, want) != 1 {
			t.Errorf("%s: no title of the missing hour", format)
		}
		if n := strings.Count(text, `<g class="cell">`); n != 36 {
			t.Errorf("%s has %d cells, want 36", format, n)
		}
	}
}

// The drawings are those in testdata, which a browser shows. After a change that is
// wanted, look at them again and run the test with -update.
func TestDrawingsAreAsRecorded(t *testing.T) {
	t.Parallel()
	many := chartRows()
	for i := range 3 { // more letters, and a row without a count
		many[0].Days[fmt.Sprintf("2022-05-%02d", 10+i)] = strings.Repeat("#!.~+? #", 3)
	}
	many = append(many, coverage.ChartRow{Name: "a-very-long-name-of-a-host-that-needs-a-line-of-its-own.example.com", Days: map[string]string{
		"2022-06-01": strings.Repeat("!", 24),
	}})
	for name, rows := range map[string][]coverage.ChartRow{"two_hosts": chartRows(), "many_days": many, "nothing": nil} {
		for _, format := range []string{"svg", "html", "markdown"} {
			path := filepath.Join("testdata", name+"."+format)
			got := draw(t, rows, format)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				at := 0
				for at < min(len(got), len(want)) && got[at] == want[at] {
					at++
				}
				from := max(0, at-60)
				t.Errorf("%s differs at byte %d:\ngot  …%q\nwant …%q", path, at, got[from:min(len(got), at+60)], want[from:min(len(want), at+60)])
			}
		}
	}
}

var update = flag.Bool("update", false, "write the drawings in testdata as they are now")

// For all names and days, a chart is an error or well-formed.
func FuzzChart(f *testing.F) {
	f.Add("www.example.com", "2022-05-04", strings.Repeat("#!.~+? ", 4)[:24])
	f.Add("</title><script>", "2022-05-04", strings.Repeat("é", 12))
	f.Add("\x00\xff", "", "")
	f.Fuzz(func(t *testing.T, name, date, letters string) {
		rows := []coverage.ChartRow{{Name: name, Days: map[string]string{date: letters}}}
		for _, format := range coverage.Formats {
			text, err := coverage.Chart(rows, format)
			if (err == nil) != (text != "") {
				t.Fatalf("%q, %v", text, err)
			}
			if format == "svg" && err == nil {
				if err := wellFormed(text); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
