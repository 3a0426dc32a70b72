package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// watched is an output that calls a function when a text is written.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
	wait string
	then func()
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if w.then != nil && strings.Contains(w.text.String(), w.wait) {
		w.then()
		w.then = nil
	}
	return len(p), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// newDemo returns a demo that writes to out, has no credentials and uses a
// temporary folder of its own.
func newDemo(t *testing.T, out *watched) demo {
	t.Helper()
	return demo{
		out:  out,
		find: tfcli.Find,
		now:  time.Now,
		temp: t.TempDir(),
		page: filepath.Join(t.TempDir(), "page", "coverage.html"),
	}
}

func assertEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// assertNoProcess looks for processes whose working folder is in dir, as that of the
// command line and the provider. It works on Linux only.
func assertNoProcess(t *testing.T, dir string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && strings.HasPrefix(at, dir) {
			t.Errorf("%s still runs in %s", link, at)
		}
	}
}

// skipShort skips a test with -short.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it compiles the provider and starts a real command line")
	}
}

func TestTheDemoRunsOnTheSimulator(t *testing.T) {
	t.Parallel()
	skipShort(t)
	var out watched
	d := newDemo(t, &out)
	if err := d.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, want := range []string{
		`(?m)^==> a simulated EdgeOne at http://127\.0\.0\.1:\d+: 3 zones, \d+ L7 packages$`,
		`(?m)^summary = "\d{3} packages, \d+ bytes, on \d+ pages of up to 60 \(API 2022-01-06\)"$`,
		`(?m)^  "20220504-00-www\.example\.com +mainland +2022-05-04T00:00:00Z  \d+ bytes",$`,
		`(?m)^page = <sensitive>$`,
		`2022-01-06 DownloadL7Logs, page 5 of 60 packages each: answered`,
		`(?m)^    2022-09-01 DescribeTimingL7AnalysisData, to compare packages with traffic: 3$`,
		`(?m)^www\.example\.com: [\d,]+ requests$`,
		`(?m)^  2022-05-06  ####!# ###### ###### ######$`,
		`(?m)^  2022-05-08  ##\.### ###### ###### ######$`,
		`(?m)^1 hour with traffic has no log package\.$`,
		`(?m)^! is www\.example\.com on 2022-05-06 at 04:00: the simulator lost the package`,
		`(?m)^\. is www\.example\.com on 2022-05-08 at 02:00: nobody visited`,
		`(?m)^==> the same chart as a page: ` + regexp.QuoteMeta(d.page) + `$`,
		`(?m)^==> done in `,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("it does not say %s:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "WARNING") || strings.Contains(out.String(), "sig") {
		t.Errorf("a warning, or a signed URL:\n%s", &out)
	}
	assertEmpty(t, d.temp)
	if page, err := os.ReadFile(d.page); err != nil || !bytes.Contains(page, []byte("www.example.com, 2022-05-06 04:00 to 05:00 UTC: missing")) {
		t.Errorf("the page: %v, %d bytes", err, len(page))
	}
}

func TestAnInterruptedDemoLeavesNothing(t *testing.T) {
	t.Parallel()
	skipShort(t)
	for _, at := range []string{"==> a simulated EdgeOne", " init ", " apply "} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			out := watched{wait: at, then: stop}
			d := newDemo(t, &out)
			err := d.run(ctx)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want the context's error\n%s", err, &out)
			}
			if strings.Contains(out.String(), "done in") {
				t.Errorf("it went on:\n%s", &out)
			}
			assertEmpty(t, d.temp)
			assertNoProcess(t, d.temp)
		})
	}
}

// With credentials, the provider gets the environment, with a time range that the
// user's own overrides. Nothing is sent.
func TestLivePassesTheEnvironment(t *testing.T) {
	t.Parallel()
	d := newDemo(t, new(watched))
	d.live = true
	d.now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	d.environ = []string{
		"TENCENTCLOUD_SECRET_ID=id", "TENCENTCLOUD_SECRET_KEY=secret", "HOME=/x",
		"TF_VAR_end_time=2026-01-01T00:00:00Z", "TF_CLI_ARGS=-help",
	}
	got, err := d.service()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"TF_VAR_start_time=2025-12-31T21:00:00Z", "TF_VAR_end_time=2026-01-01T03:00:00Z", "TF_VAR_coverage=false",
		"TENCENTCLOUD_SECRET_ID=id", "TENCENTCLOUD_SECRET_KEY=secret", "TF_VAR_end_time=2026-01-01T00:00:00Z",
	}
	if strings.Join(got.env, " ") != strings.Join(want, " ") {
		t.Errorf("%q, want %q", got.env, want)
	}
	if !strings.Contains(got.text, "real EdgeOne") || strings.Contains(got.text, "secret ") {
		t.Errorf("it says %q", got.text)
	}
}
