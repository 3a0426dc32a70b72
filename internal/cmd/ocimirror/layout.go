package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The media types of the OCI image specification 1.1 and those that OpenTofu looks
// for.
const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeEmpty    = "application/vnd.oci.empty.v1+json"
	typeZip      = "archive/zip"
	typeProvider = "application/vnd.opentofu.provider"
	typeTarget   = "application/vnd.opentofu.provider-target"
)

// release is the part of a release that is installed.
type release struct {
	folder, version string
	archives        []archive
}

// archive is the zip of one platform.
type archive struct {
	name, os, arch, sha256 string
}

var (
	sumsName    = regexp.MustCompile(`^terraform-provider-teo_(.+)_SHA256SUMS$`)
	sumsLine    = regexp.MustCompile(`^([0-9a-f]{64})  (\S+)$`)
	archiveName = regexp.MustCompile(`^terraform-provider-teo_.+_([a-z]+)_([a-z0-9]+)\.zip$`)
)

// readRelease reads the SHA256SUMS of a release.
func readRelease(folder string) (release, error) {
	found, err := filepath.Glob(filepath.Join(folder, "terraform-provider-teo_*_SHA256SUMS"))
	if err != nil {
		return release{}, err
	}
	if len(found) != 1 {
		return release{}, fmt.Errorf("%s has %d files terraform-provider-teo_VERSION_SHA256SUMS, want one", folder, len(found))
	}
	r := release{folder: folder, version: sumsName.FindStringSubmatch(filepath.Base(found[0]))[1]}
	sums, err := os.ReadFile(found[0])
	if err != nil {
		return release{}, err
	}
	for line := range strings.Lines(string(sums)) {
		match := sumsLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if match == nil {
			return release{}, fmt.Errorf("%s: %q is not a line of sha256sum", found[0], line)
		}
		if platform := archiveName.FindStringSubmatch(match[2]); platform != nil {
			r.archives = append(r.archives, archive{name: match[2], sha256: match[1], os: platform[1], arch: platform[2]})
		}
	}
	if len(r.archives) == 0 {
		return release{}, fmt.Errorf("%s names no archive", found[0])
	}
	slices.SortFunc(r.archives, func(a, b archive) int { return strings.Compare(a.name, b.name) })
	return r, nil
}

// descriptor refers to a blob.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	Platform     *platform         `json:"platform,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	ArtifactType  string       `json:"artifactType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	ArtifactType  string       `json:"artifactType,omitempty"`
	Manifests     []descriptor `json:"manifests"`
}

// layout is a folder in the OCI image layout.
type layout string

// write writes the release as a layout: one index for the version, in it one
// manifest for each platform, in that the archive.
func (r release) write(folder string) error {
	if _, err := os.Lstat(folder); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s exists already", folder)
	}
	l := layout(folder)
	if err := os.MkdirAll(filepath.Join(folder, "blobs", "sha256"), 0o755); err != nil {
		return err
	}
	config, err := l.put(typeEmpty, []byte("{}"))
	if err != nil {
		return err
	}
	version := index{SchemaVersion: 2, MediaType: typeIndex, ArtifactType: typeProvider}
	for _, a := range r.archives {
		layer, err := l.copy(filepath.Join(r.folder, a.name), a)
		if err != nil {
			return err
		}
		target, err := l.putJSON(typeManifest, manifest{
			SchemaVersion: 2, MediaType: typeManifest, ArtifactType: typeTarget, Config: config, Layers: []descriptor{layer},
		})
		if err != nil {
			return err
		}
		target.ArtifactType, target.Platform = typeTarget, &platform{Architecture: a.arch, OS: a.os}
		version.Manifests = append(version.Manifests, target)
	}
	tagged, err := l.putJSON(typeIndex, version)
	if err != nil {
		return err
	}
	tagged.ArtifactType = typeProvider
	// A tag cannot contain +, for which OpenTofu reads _.
	tagged.Annotations = map[string]string{"org.opencontainers.image.ref.name": strings.ReplaceAll(r.version, "+", "_")}
	top, err := json.MarshalIndent(index{SchemaVersion: 2, MediaType: typeIndex, Manifests: []descriptor{tagged}}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "index.json"), append(top, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
}

func (l layout) blob(sum string) string { return filepath.Join(string(l), "blobs", "sha256", sum) }

func (l layout) put(mediaType string, content []byte) (descriptor, error) {
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	return descriptor{MediaType: mediaType, Digest: "sha256:" + name, Size: int64(len(content))},
		os.WriteFile(l.blob(name), content, 0o644)
}

func (l layout) putJSON(mediaType string, value any) (descriptor, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return descriptor{}, err
	}
	return l.put(mediaType, content)
}

// copy copies an archive and checks it against SHA256SUMS.
func (l layout) copy(path string, a archive) (descriptor, error) {
	in, err := os.Open(path)
	if err != nil {
		return descriptor{}, err
	}
	defer in.Close()
	out, err := os.Create(l.blob(a.sha256))
	if err != nil {
		return descriptor{}, err
	}
	defer out.Close()
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(out, hash), in)
	if err != nil {
		return descriptor{}, err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != a.sha256 {
		return descriptor{}, fmt.Errorf("%s has the SHA-256 %s, and SHA256SUMS says %s", path, sum, a.sha256)
	}
	return descriptor{MediaType: typeZip, Digest: "sha256:" + a.sha256, Size: size}, out.Close()
}
