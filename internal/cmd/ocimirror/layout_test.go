package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// released writes a release with two platforms.
func released(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var sums strings.Builder
	for _, name := range []string{
		"terraform-provider-teo_1.2.3_linux_amd64.zip", "terraform-provider-teo_1.2.3_darwin_arm64.zip", "terraform-provider-teo_1.2.3_manifest.json",
	} {
		content := []byte("content of " + name)
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), name)
	}
	if err := os.WriteFile(filepath.Join(dir, "terraform-provider-teo_1.2.3_SHA256SUMS"), []byte(sums.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// read decodes a blob, and checks its digest and length.
func read(t *testing.T, layout string, d descriptor, into any) []byte {
	t.Helper()
	name := strings.TrimPrefix(d.Digest, "sha256:")
	content, err := os.ReadFile(filepath.Join(layout, "blobs", "sha256", name))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != name || int64(len(content)) != d.Size {
		t.Errorf("%s has another digest or length than %d", name, d.Size)
	}
	if into != nil {
		if err := json.Unmarshal(content, into); err != nil {
			t.Fatal(err)
		}
	}
	return content
}

// OpenTofu finds the index of a version by its tag, in it the manifest of a
// platform, and in that one layer, the archive.
func TestALayoutHasEveryArchive(t *testing.T) {
	t.Parallel()
	into := filepath.Join(t.TempDir(), "oci")
	var out bytes.Buffer
	if err := run([]string{"-from", released(t), "-into", into}, &out, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "version 1.2.3 for 2 platforms") {
		t.Errorf("it says %q", &out)
	}
	text, err := os.ReadFile(filepath.Join(into, "oci-layout"))
	if err != nil || string(text) != `{"imageLayoutVersion":"1.0.0"}` {
		t.Errorf("oci-layout is %q, %v", text, err)
	}
	text, err = os.ReadFile(filepath.Join(into, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var top, version index
	if err := json.Unmarshal(text, &top); err != nil {
		t.Fatal(err)
	}
	if len(top.Manifests) != 1 || top.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "1.2.3" {
		t.Fatalf("index.json is %s", text)
	}
	read(t, into, top.Manifests[0], &version)
	if version.ArtifactType != "application/vnd.opentofu.provider" || len(version.Manifests) != 2 {
		t.Fatalf("the index is %+v", version)
	}
	for i, want := range []platform{{"arm64", "darwin"}, {"amd64", "linux"}} {
		d := version.Manifests[i]
		var target manifest
		read(t, into, d, &target)
		if !reflect.DeepEqual(d.Platform, &want) || d.ArtifactType != "application/vnd.opentofu.provider-target" || target.ArtifactType != d.ArtifactType {
			t.Errorf("the descriptor is %+v, the manifest %+v", d, target)
		}
		if len(target.Layers) != 1 || target.Layers[0].MediaType != "archive/zip" {
			t.Fatalf("the layers are %+v", target.Layers)
		}
		if got, name := string(read(t, into, target.Layers[0], nil)), want.OS+"_"+want.Architecture; !strings.HasSuffix(got, name+".zip") {
			t.Errorf("%s has %q", name, got)
		}
		if string(read(t, into, target.Config, nil)) != "{}" {
			t.Errorf("the config is %+v", target.Config)
		}
	}
}

func TestAChangedReleaseIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(dir string) error
		want   string
	}{
		"a changed archive": {
			func(dir string) error {
				return os.WriteFile(filepath.Join(dir, "terraform-provider-teo_1.2.3_linux_amd64.zip"), []byte("changed"), 0o600)
			}, "SHA256SUMS says",
		},
		"a missing archive": {
			func(dir string) error {
				return os.Remove(filepath.Join(dir, "terraform-provider-teo_1.2.3_linux_amd64.zip"))
			}, "no such file",
		},
		"no sums": {
			func(dir string) error {
				return os.Remove(filepath.Join(dir, "terraform-provider-teo_1.2.3_SHA256SUMS"))
			}, "has 0 files",
		},
		"a line that is not one": {
			func(dir string) error {
				return os.WriteFile(filepath.Join(dir, "terraform-provider-teo_1.2.3_SHA256SUMS"), []byte("-\n"), 0o600)
			}, "is not a line of sha256sum",
		},
		"no archives": {
			func(dir string) error {
				return os.WriteFile(filepath.Join(dir, "terraform-provider-teo_1.2.3_SHA256SUMS"), nil, 0o600)
			}, "names no archive",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := released(t)
			if err := test.change(dir); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err := run([]string{"-from", dir, "-into", filepath.Join(t.TempDir(), "oci")}, &out, &out)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	var out bytes.Buffer
	if err := run([]string{"-from", released(t), "-into", t.TempDir()}, &out, &out); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("error %v", err)
	}
}
