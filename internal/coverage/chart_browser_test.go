//go:build browser

package coverage_test

import (
	"context"
	"encoding/json"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// inspection runs in the page and writes its result to an attribute of the document.
const inspection = `
const box = e => e.getBoundingClientRect();
const cells = [...document.querySelectorAll('.cell')];
const overlap = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
const texts = [...document.querySelectorAll('svg text')].filter(e => box(e).width > 0);
document.documentElement.setAttribute('data-seen', JSON.stringify({
  titles: cells.map(e => e.querySelector('title').textContent),
  letters: cells.map(e => e.querySelector('text').textContent).join(''),
  fills: [...new Set(cells.map(e => getComputedStyle(e.querySelector('rect')).fill))].length,
  legend: Object.fromEntries([...document.querySelectorAll('.legend .entry')].map(e => [e.dataset.status, Number(e.dataset.hours)])),
  shown: [...document.querySelectorAll('.legend .entry')].every(e => box(e).width > 40 && e.textContent.includes(e.dataset.status)),
  totals: [...document.querySelectorAll('.totals tfoot td')].map(e => e.textContent).join(' '),
  gaps: [...document.querySelectorAll('.gaps tbody td')].map(e => e.textContent).join(' '),
  small: cells.filter(e => box(e.querySelector('rect')).width < 8 || box(e.querySelector('rect')).height < 8).length,
  overlapping: cells.slice(0, 200).filter((e, i) => cells.slice(i + 1, 200).some(o => overlap(box(e.querySelector('rect')), box(o.querySelector('rect'))))).length,
  cut: texts.filter(e => { const s = box(e.ownerSVGElement), b = box(e); return b.right > s.right + 1 || b.left < s.left - 1 || b.bottom > s.bottom + 1; }).map(e => e.textContent),
  wide: document.documentElement.scrollWidth > window.innerWidth + 1,
}));`

type seen struct {
	Titles                    []string
	Letters                   string
	Fills, Small, Overlapping int
	Legend                    map[string]int
	Shown, Wide               bool
	Totals, Gaps              string
	Cut                       []string
}

// A real browser draws the chart: every hour is there with its title, nothing
// overlaps or is cut off, and the legend has the totals.
func TestBrowserDrawsTheChart(t *testing.T) {
	t.Parallel()
	for format, closing := range map[string]string{"svg": "</svg>\n", "html": "</body>"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			text := draw(t, chartRows(), format)
			at := strings.LastIndex(text, closing)
			script := "<script>/*<![CDATA[*/" + inspection + "/*]]>*/</script>"
			got := render(t, text[:at]+script+text[at:], format)
			if want := "#####" + "######!####~~" + "??.." + "+.....######~~"; got.Letters != want {
				t.Errorf("letters %q, want %q", got.Letters, want)
			}
			if len(got.Titles) != 36 || got.Titles[11] != "www.example.com, 2022-05-05 07:00 to 08:00 UTC: missing (traffic, but no log package)" {
				t.Errorf("titles %q", got.Titles)
			}
			want := map[string]int{"covered": 21, "missing": 1, "quiet": 7, "pending": 4, "uncounted": 1, "unverified": 2}
			for status, hours := range want {
				if got.Legend[status] != hours {
					t.Errorf("the legend is %v, want %v", got.Legend, want)
					break
				}
			}
			if got.Fills != 6 || !got.Shown || got.Small > 0 || got.Overlapping > 0 || len(got.Cut) > 0 {
				t.Errorf("drawn badly: %+v", got)
			}
			if format == "html" {
				if got.Totals != "Total 1,234,609 21 1 7 4 1 2" || got.Gaps != "www.example.com 2022-05-05 07:00" || got.Wide {
					t.Errorf("tables: %+v", got)
				}
			}
		})
	}
}

var attribute = regexp.MustCompile(`data-seen="([^"]*)"`)

func render(t *testing.T, text, format string) seen {
	t.Helper()
	file := filepath.Join(t.TempDir(), "chart."+format)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	// The sandbox of the browser needs a user that is not root, and the page is
	// our own.
	cmd := exec.CommandContext(ctx, browser(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--window-size=1200,900", "--dump-dom", "file://"+filepath.ToSlash(file))
	dom, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := attribute.FindSubmatch(dom)
	if found == nil {
		t.Fatalf("the script did not run:\n%.2000s", dom)
	}
	var got seen
	if err := json.Unmarshal([]byte(html.UnescapeString(string(found[1]))), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// browser finds a browser of the Chromium family. Without one the tests fail
// instead of being skipped.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("BROWSER"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser on PATH: install chromium, or set BROWSER")
	return ""
}
