package tfcli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hc-install/product"
)

// downloader replaces the release site. It counts downloads, and writes a binary
// even if it fails.
type downloader struct {
	calls int
	err   error
}

func (d *downloader) download(_ context.Context, dir string) (string, error) {
	d.calls++
	path := filepath.Join(dir, product.Terraform.BinaryName())
	if err := os.WriteFile(path, []byte("binary"), 0o700); err != nil {
		return "", err
	}
	return path, d.err
}

func TestCachedDownloadsOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "there")
	var site downloader
	for range 2 {
		path, err := cached(t.Context(), dir, site.download)
		if err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(path); err != nil || string(content) != "binary" {
			t.Fatalf("%s: %q, %v", path, content, err)
		}
	}
	if site.calls != 1 {
		t.Errorf("%d downloads, want 1", site.calls)
	}
	assertEntries(t, dir, "terraform-"+Pinned)
}

func TestCachedLeavesNothingAfterAFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	site := downloader{err: errors.New("connection lost")}
	if path, err := cached(t.Context(), dir, site.download); !errors.Is(err, site.err) {
		t.Fatalf("%q, %v; want the download's error", path, err)
	}
	assertEntries(t, dir)

	site.err = nil
	if _, err := cached(t.Context(), dir, site.download); err != nil {
		t.Fatalf("the second attempt: %v", err)
	}
}

func TestCachedAcceptsTheCopyOfAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var site downloader
	slow := func(ctx context.Context, fresh string) (string, error) {
		// Another process finishes its download in the meantime.
		if _, err := cached(ctx, dir, site.download); err != nil {
			return "", err
		}
		return site.download(ctx, fresh)
	}
	path, err := cached(t.Context(), dir, slow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	assertEntries(t, dir, "terraform-"+Pinned)
}

func assertEntries(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Fatalf("%s contains %v, want %q", dir, entries, want)
	}
	for i, entry := range entries {
		if entry.Name() != want[i] {
			t.Errorf("%s contains %s, want %s", dir, entry.Name(), want[i])
		}
	}
}
