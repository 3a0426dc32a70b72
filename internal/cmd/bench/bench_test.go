package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestParseBenchmarks(t *testing.T) {
	t.Parallel()
	p := fmt.Sprintf("-%d", runtime.GOMAXPROCS(0))
	got := samples{}
	for _, round := range []string{
		"goos: linux\nBenchmarkA/rows=10/via=x" + p + " \t 3\t 120 ns/op\t 7.5 x-limit\t 40 B/op\nPASS\n",
		"BenchmarkA/rows=10/via=x" + p + " \t 3\t 140 ns/op\t 8.5 x-limit\t 40 B/op\nBenchmarkB" + p + " 1 9 ns/op\n",
	} {
		if err := got.parse(strings.NewReader(round)); err != nil {
			t.Fatal(err)
		}
	}
	want := samples{
		"A/rows=10/via=x": {"ns/op": {120, 140}, "x-limit": {7.5, 8.5}, "B/op": {40, 40}},
		"B":               {"ns/op": {9}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := got.parse(strings.NewReader("BenchmarkC 1 many ns/op")); err == nil {
		t.Error("a figure that is no number was taken")
	}
}

// The peak is that of the processes of one binary, here of the test itself.
func TestPeakOfFindsAProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		t.Skip("there is no /proc here")
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if found := processesOf(self); len(found) == 0 || found[0] != fmt.Sprintf("/proc/%d", os.Getpid()) {
		t.Errorf("found %v, want process %d", found, os.Getpid())
	}
	if peak := highWaterMark("/proc/self"); peak < mebibyte {
		t.Errorf("the test has %d bytes", peak)
	}
	if peak, err := peakOf("/nowhere", func() error { return nil }); peak != 0 || err != nil {
		t.Errorf("a binary that does not run has %v bytes, %v", peak, err)
	}
}

// What the workers of an archive and the floor are made for is listed by the
// simulator in the window of the configurations.
func TestEverythingIsListed(t *testing.T) {
	t.Parallel()
	sim, err := simulate(700, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	packages, err := list(t.Context(), connection{sim.URL(), sim.SecretID(), sim.SecretKey()})
	if err != nil || len(packages) != 700 {
		t.Errorf("%d packages, %v, want 700", len(packages), err)
	}
	q := everything()
	for _, name := range []string{"inventory", "sensitive", "archive"} {
		text, err := configs.ReadFile("configs/" + name + "/main.tf")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{q.Start.Format("2006-01-02T15:04:05Z"), q.End.Format("2006-01-02T15:04:05Z"), zoneID} {
			if !strings.Contains(string(text), `"`+want+`"`) {
				t.Errorf("configs/%s does not say %s", name, want)
			}
		}
	}
}
