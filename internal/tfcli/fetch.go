package tfcli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// fetchTimeout limits the download of about 30 MB. Without a network it fails much
// sooner.
const fetchTimeout = 5 * time.Minute

func newFinder() Finder {
	return Finder{
		Products: []Product{Terraform, OpenTofu},
		Getenv:   os.Getenv,
		LookPath: exec.LookPath,
		Probe:    probe,
		Fetch: func(ctx context.Context) (string, error) {
			cache, err := os.UserCacheDir()
			if err != nil {
				return "", err
			}
			return cached(ctx, filepath.Join(cache, "terraform-provider-teo"), download)
		},
	}
}

// cached returns the Terraform release Pinned from a folder in dir, and downloads
// it if it is missing. The download goes into a temporary folder that is renamed
// when it is complete, so that neither a failure nor a second process leaves a
// partial binary under the final name.
func cached(ctx context.Context, dir string, download func(ctx context.Context, dir string) (string, error)) (string, error) {
	final := filepath.Join(dir, "terraform-"+Pinned)
	binary := filepath.Join(final, product.Terraform.BinaryName())
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}

	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(dir, "download-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)

	path, err := download(ctx, fresh)
	if err != nil {
		return "", err
	}
	if want := filepath.Join(fresh, filepath.Base(binary)); path != want {
		return "", fmt.Errorf("the download is at %s, want %s", path, want)
	}
	if err := os.Rename(fresh, final); err != nil {
		// Another process may have been faster. Its copy is the same.
		if _, statErr := os.Stat(binary); statErr != nil {
			return "", err
		}
	}
	return binary, nil
}

// download installs the Terraform release Pinned in dir. The library verifies the
// signature of the checksums with HashiCorp's key, and the archive's checksum.
func download(ctx context.Context, dir string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	release := &releases.ExactVersion{
		Product:    product.Terraform,
		Version:    version.Must(version.NewVersion(Pinned)),
		InstallDir: dir,
		Timeout:    fetchTimeout,
	}
	return release.Install(ctx)
}
