package logarchive

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
)

func TestARunSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	clock := time.Date(2022, 5, 8, 0, 0, 0, 0, time.UTC)
	p := newProgress(func() time.Time { return clock })
	var out bytes.Buffer
	ctx := tflogtest.RootLogger(t.Context(), &out)
	for i := range 1500 {
		clock = clock.Add(20 * time.Millisecond)
		p.event(ctx, archive.Event{Kind: archive.EventArchived, Day: "2022-05-06", Package: "20220506-04-www.example.com", Bytes: 2_500, Done: i + 1, Total: 1500, DoneBytes: int64(i+1) * 2_500})
	}
	p.event(ctx, archive.Event{Kind: archive.EventRetried, Package: "p", Err: errors.New("reset")})
	p.event(ctx, archive.Event{Kind: archive.EventFailed, Package: "p", Err: errors.New("status 403")})
	p.event(ctx, archive.Event{Kind: archive.EventCommitted, Sequence: 12})

	entries, err := tflogtest.MultilineJSONDecode(&out)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	debug := map[string]int{}
	for _, entry := range entries {
		text, _ := json.Marshal(entry["@level"])
		level, message := string(text[1:len(text)-1]), entry["@message"].(string)
		if level == "debug" {
			debug[message]++
			continue
		}
		lines = append(lines, level+" "+message)
	}
	want := []string{
		"info archived 500 of 1,500 packages, 1.2 MB, 2022-05-06",
		"info archived 1,000 of 1,500 packages, 2.5 MB, 2022-05-06",
		"info archived 1,500 of 1,500 packages, 3.8 MB, 2022-05-06",
		"warn retrying p: reset",
		"warn could not archive p: status 403",
	}
	wantDebug := map[string]int{"archived 20220506-04-www.example.com, 2.5 kB": 1500, "committed entry 12": 1}
	if !maps.Equal(debug, wantDebug) || !slices.Equal(lines, want) {
		t.Errorf("at DEBUG %v, and\n%q, want\n%q", debug, lines, want)
	}
}

func TestSizesAreShownInDecimalUnits(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{
		0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 3_200_000: "3.2 MB", 8_000_000_000: "8.0 GB", 5_000_000_000_000_000: "5000.0 TB",
	} {
		if got := size(bytes); got != want {
			t.Errorf("%d is %q, want %q", bytes, got, want)
		}
	}
}
