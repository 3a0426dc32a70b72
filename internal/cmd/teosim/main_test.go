package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// buffer may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestRunServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, messages buffer
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"-packages", "123", "-token", "bound"}, &out, &messages) }()
	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(messages.String(), "Ctrl-C") && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	want := regexp.MustCompile(`^export TENCENTCLOUD_TEO_ENDPOINT=(http://127\.0\.0\.1:\d+)
export TENCENTCLOUD_STS_ENDPOINT=http://127\.0\.0\.1:\d+
export TENCENTCLOUD_KMS_ENDPOINT=http://127\.0\.0\.1:\d+
export TENCENTCLOUD_SECRET_ID=\S+
export TENCENTCLOUD_SECRET_KEY=\S+
export TENCENTCLOUD_SECURITY_TOKEN=bound
$`)
	match := want.FindStringSubmatch(out.String())
	if match == nil {
		t.Fatalf("it prints %q", out.String())
	}
	if !strings.Contains(messages.String(), "123 L7") {
		t.Errorf("it says %q", messages.String())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, match[1], http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(messages.String(), "stopped after 1 API requests") {
		t.Errorf("it says %q", messages.String())
	}
}

func TestRunRefusesBadFlags(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"unexpected argument":     {"now"},
		"not a loopback":          {"-listen", "0.0.0.0:0"},
		"want 0 or 1":             {"-page-base", "3"},
		"-packages is -1":         {"-packages", "-1"},
		"flag provided but not d": {"-fast"},
		"-late needs -now":        {"-late", "20220506-*"},
		"no package is named x":   {"-lost", "x"},
		"is not a pattern":        {"-failing", "["},
		"is not a duration":       {"-growing", "20220506-*=soon"},
		"no site is named x":      {"-logs-off", "x"},
		"unknown fault":           {"-fault", "Broken"},
		"times=many":              {"-fault", "Throttled,times=many"},
		"want action, version":    {"-fault", "Throttled,often=1"},
		"cannot parse":            {"-now", "yesterday"},
		"later than the clock":    {"-now", "2999-01-01T00:00:00Z"},
	}
	for want, args := range tests {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			var messages buffer
			err := run(t.Context(), args, &messages, &messages)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v", err)
			}
		})
	}
	var messages buffer
	if err := run(t.Context(), []string{"-h"}, &messages, &messages); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("error %v", err)
	}
}

// The guide has a row for each flag that makes something go wrong, and no flag that
// does not exist.
func TestTheGuideNamesTheFlags(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "templates", "guides", "simulator.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	var usage buffer
	if _, _, err := parse([]string{"-h"}, &usage); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	named := regexp.MustCompile("(?m)^\\| `-([a-z-]+)").FindAllStringSubmatch(string(page), -1)
	for _, match := range named {
		if !strings.Contains(usage.String(), "  -"+match[1]+" ") && !strings.Contains(usage.String(), "  -"+match[1]+"\n") {
			t.Errorf("the guide has a row for -%s, which does not exist", match[1])
		}
	}
	for _, match := range regexp.MustCompile(`(?m)^  -(\S+) .*\n.*(?:pattern|whose)`).FindAllStringSubmatch(usage.String(), -1) {
		if !strings.Contains(string(page), "\n| `-"+match[1]+" ") {
			t.Errorf("the guide has no row for -%s", match[1])
		}
	}
	if len(named) < 7 {
		t.Errorf("only %d rows were found", len(named))
	}
}

// Examples with times relative to now find packages, of each hour of a day.
func TestAccountHasRecentPackages(t *testing.T) {
	t.Parallel()
	var messages buffer
	o, _, err := parse(nil, &messages)
	if err != nil {
		t.Fatal(err)
	}
	since, recent := time.Now().Add(-48*time.Hour), 0
	for _, p := range o.Catalogue.L7 {
		if p.Start.After(since) {
			recent++
		}
	}
	if recent < 47 || len(o.Catalogue.L7) < 500 {
		t.Errorf("%d of %d packages are recent", recent, len(o.Catalogue.L7))
	}
}

func TestFlagsBecomeOptions(t *testing.T) {
	t.Parallel()
	var messages buffer
	o, _, err := parse([]string{"-gone", "ActionOffline", "-latency", "50ms", "-max-limit", "10", "-strict-page", "-no-rate-limit"}, &messages)
	if err != nil {
		t.Fatal(err)
	}
	if o.Gone != "ActionOffline" || o.Latency != 50*time.Millisecond || o.MaxLimit != 10 || !o.StrictPage || o.PageBase != 1 ||
		o.Rates["2022-01-06/DownloadL7Logs"] != -1 {
		t.Errorf("%+v", o)
	}
}

func TestFlagsMarkPackages(t *testing.T) {
	t.Parallel()
	const name = "20220506-04-www.example.com"
	var messages buffer
	o, faults, err := parse([]string{
		"-now", "2022-05-06T12:00:00Z", "-lost", name, "-failing", "20220506-05-www.*", "-late", "20220506-06-*=30h",
		"-growing", "20220506-07-*", "-expiring", "20220506-08-*=72h", "-logs-off", "example.org",
		"-fault", "Slow,action=Download,package=" + name + ",times=2,skip=1,delay=3s,value=100",
	}, &messages)
	if err != nil {
		t.Fatal(err)
	}
	marked := map[string]int{}
	for _, p := range o.Catalogue.L7 {
		for kind, is := range map[string]bool{
			"lost": p.Lost, "failing": p.Forbidden, "late": p.Late == 30*time.Hour, "growing": p.Grows == 48*time.Hour, "expiring": p.Kept == 72*time.Hour,
		} {
			if is {
				marked[kind]++
			}
		}
	}
	// www.example.com has a package in each of two areas, api.example.com in every
	// second hour, shop.example.com in one area.
	want := map[string]int{"lost": 2, "failing": 2, "late": 4, "growing": 3, "expiring": 4}
	if !maps.Equal(marked, want) {
		t.Errorf("marked %v, want %v", marked, want)
	}
	off := 0
	for _, z := range o.Catalogue.Zones {
		if z.LogsOff {
			off++
		}
	}
	if off != 1 || !o.ServiceTime.Equal(time.Date(2022, 5, 6, 12, 0, 0, 0, time.UTC)) || o.Lifecycle != teosim.DocumentedLifecycle() {
		t.Errorf("%d sites are switched off, %s, %+v", off, o.ServiceTime, o.Lifecycle)
	}
	fault := teosim.Fault{Name: teosim.Slow, Action: teosim.DownloadAction, Package: name, Times: 2, Skip: 1, Delay: 3 * time.Second, Value: "100"}
	if len(faults) != 1 || faults[0] != fault {
		t.Errorf("faults %+v", faults)
	}
}
