package tfcli

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// The fake command lines are files of the repository. A script that a test writes
// itself fails at times with "text file busy", if another test forks while the
// file is open.

func TestACommandLineIsProbedForItsVersion(t *testing.T) {
	t.Parallel()
	skipWithoutScripts(t)
	tests := map[string]CLI{
		"terraform": {Product: Terraform, Version: "1.11.4"},
		"tofu":      {Product: OpenTofu, Version: "1.12.6"},
		"quiet":     {Product: Terraform, Version: "1.2.3"},
		"other":     {},
		"fails":     {},
		"not-there": {},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", name)
			got, err := probe(t.Context(), path)
			if want == (CLI{}) {
				if err == nil {
					t.Fatalf("accepted as %+v", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want.Path, err = filepath.Abs(path); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

func TestProbeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	skipWithoutScripts(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := probe(ctx, filepath.Join("testdata", "hangs"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the context's error", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s to stop", took)
	}
}

func skipWithoutScripts(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake command lines are shell scripts")
	}
}
