package logarchive_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// archiveSim simulates a domain with three packages a day, from May 1 to 4.
func archiveSim(t testing.TB) *teosim.Sim {
	t.Helper()
	return simtest.Start(t, teosim.Options{Catalogue: archiveCatalogue(), Rates: teosim.Unlimited()})
}

func archiveCatalogue() teosim.Catalogue {
	c := teosim.Generate(teosim.GenerateOptions{Slots: 96, Areas: []string{"mainland"}, Proxies: 1})
	eighth := func(list []teosim.Package) []teosim.Package {
		return slices.DeleteFunc(list, func(p teosim.Package) bool { return p.Start.Hour()%8 != 0 })
	}
	c.L7, c.L4 = eighth(c.L7), eighth(c.L4)
	return c
}

// delist removes the packages of a day from the service.
func delist(sim *teosim.Sim, day string) {
	sim.Update(func(c *teosim.Catalogue) {
		c.L7 = slices.DeleteFunc(c.L7, func(p teosim.Package) bool { return p.Start.Format(time.DateOnly) == day })
	})
}

// archiveBlock archives from May 1 to the day before end; "" is no end.
func archiveBlock(destination, end string, lines ...string) string {
	if end != "" {
		lines = append(lines, fmt.Sprintf("end_time = %q", end+"T00:00:00Z"))
	}
	return fmt.Sprintf("resource \"teo_l7_log_archive\" \"test\" {\n  start_time  = \"2022-05-01T00:00:00Z\"\n  destination = %q\n  %s\n}\n\noutput \"head\" {\n  value = teo_l7_log_archive.test.head\n}\n",
		destination, strings.Join(lines, "\n  "))
}

func fileURL(dir string) string { return "file://" + filepath.ToSlash(dir) }

// evidence is an archive in a folder, and the configuration that makes it.
type evidence struct {
	*providertest.Workspace

	sim *teosim.Sim
	dir string // of the archive
}

// newEvidence archives two days, May 1 and 2.
func newEvidence(t testing.TB) *evidence {
	t.Helper()
	sim, dir := archiveSim(t), t.TempDir()
	e := &evidence{sim: sim, dir: dir}
	e.Workspace = providertest.NewWorkspace(t, e.config("2022-05-03"))
	e.Apply()
	return e
}

func (e *evidence) config(end string, lines ...string) string {
	return providertest.ProviderBlock(e.sim) + archiveBlock(fileURL(e.dir), end, lines...)
}

// tokenIn returns the token that an error prints.
func tokenIn(t testing.TB, said string) string {
	t.Helper()
	found := regexp.MustCompile(`accept = \{ "([^"]+)" =`).FindStringSubmatch(strings.ReplaceAll(said, "│ ", ""))
	if found == nil {
		t.Fatalf("there is no token in:\n%s", said)
	}
	return found[1]
}

// verified lets verify.sh verify the archive.
func (e *evidence) verified() {
	e.T.Helper()
	if out, err := verifyScript(e.T, e.dir); err != nil {
		e.T.Errorf("verify.sh: %v\n%s", err, out)
	}
}

func verifyScript(t testing.TB, dir string, arguments ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell")
	}
	command := append([]string{filepath.Join("..", "..", "..", "examples", "compliance", "verify.sh"), dir}, arguments...)
	out, err := exec.CommandContext(t.Context(), "sh", command...).CombinedOutput()
	return string(out), err
}

// files are the files of a folder with their content.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// restore makes the files of a folder those that were saved.
func restore(t testing.TB, dir string, saved map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		remove(t, filepath.Join(dir, entry.Name()))
	}
	for name, data := range saved {
		writeFile(t, filepath.Join(dir, filepath.FromSlash(name)), []byte(data))
	}
}

func writeFile(t testing.TB, path string, data []byte) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o750)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func remove(t testing.TB, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}

// payload returns a package of a day.
func (e *evidence) payload(day string) string {
	e.T.Helper()
	found, err := filepath.Glob(filepath.Join(e.dir, "dt="+day, "data", "*", "*", "*", "*.log.gz"))
	if err != nil || len(found) == 0 {
		e.T.Fatalf("%d packages of %s: %v", len(found), day, err)
	}
	return found[0]
}

// flip changes a bit in the middle of a file.
func flip(t testing.TB, path string) {
	t.Helper()
	data := readFile(t, path)
	data[len(data)/2] ^= 1
	writeFile(t, path, data)
}

// forge changes a package and the records of a day, and makes manifests and the
// copy of the tag files fit, as an attacker does who knows the format.
func (e *evidence) forge(day string) {
	e.T.Helper()
	bag := filepath.Join(e.dir, "dt="+day)
	payload := e.payload(day)
	old := hashOf(readFile(e.T, payload))
	flip(e.T, payload)
	changed := hashOf(readFile(e.T, payload))
	tags := map[string][]byte{}
	for _, name := range []string{"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "packages.jsonl"} {
		tags[name] = bytes.ReplaceAll(readFile(e.T, filepath.Join(bag, name)), []byte(old), []byte(changed))
	}
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(&lines, "%s  %s\n", hashOf(tags[name]), name)
	}
	tags["tagmanifest-sha256.txt"] = []byte(lines.String())
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, name := range []string{"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "packages.jsonl", "tagmanifest-sha256.txt"} {
		writeFile(e.T, filepath.Join(bag, name), tags[name])
		header := tar.Header{Typeflag: tar.TypeReg, Name: "dt=" + day + "/" + name, Size: int64(len(tags[name])), Mode: 0o640, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(&header); err != nil {
			e.T.Fatal(err)
		}
		if _, err := w.Write(tags[name]); err != nil {
			e.T.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		e.T.Fatal(err)
	}
	copies := filepath.Join(e.dir, ".teo-archive", "tags", day)
	found, err := os.ReadDir(copies)
	if err != nil {
		e.T.Fatal(err)
	}
	for _, entry := range found {
		writeFile(e.T, filepath.Join(copies, entry.Name()), packed.Bytes())
	}
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// entry is the path of an entry of the ledger.
func (e *evidence) entry(sequence int64) string {
	return filepath.Join(e.dir, ".teo-archive", "ledger", fmt.Sprintf("%010d.json", sequence))
}
