package logarchive_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
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
	found := regexp.MustCompile(`accept = \{ "([^"]+)" = "…"`).FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("there is no token in:\n%s", said)
	}
	return found[1]
}

// verified verifies the archive.
func (e *evidence) verified() {
	e.T.Helper()
	verified(e.T, e.dir)
}

func verified(t testing.TB, dir string) *archive.Verification {
	t.Helper()
	store, err := bucket.Open(t.Context(), fileURL(dir), bucket.Options{TempFolder: archive.TempFolder, Prefixes: archive.Prefixes()})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	v, err := archive.Verify(t.Context(), store, archive.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if v.ProblemCount > 0 {
		t.Errorf("the archive is not valid: %v", v.Problems)
	}
	return v
}

// applied returns what an apply says, which must succeed.
func applied(w *providertest.Workspace) string {
	w.T.Helper()
	return succeeds(w, "apply", "-auto-approve", "-input=false")
}

// succeeds returns what a command says, which must succeed.
func succeeds(w *providertest.Workspace, arguments ...string) string {
	w.T.Helper()
	stdout, stderr, err := w.Run(arguments...)
	if err != nil {
		w.T.Fatalf("%v: %v\n%s\n%s", arguments, err, stdout, stderr)
	}
	return providertest.Collapsed(stdout + stderr)
}

// accepts is the argument "accept".
func accepts(token, reason string) string { return fmt.Sprintf("accept = { %q = %q }", token, reason) }

// contains checks that a text has all parts.
func contains(t testing.TB, said string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(said, part) {
			t.Errorf("%q is not in:\n%s", part, said)
		}
	}
}

// lacks checks that a text has none of the parts.
func lacks(t testing.TB, said string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(said, part) {
			t.Errorf("%q is in:\n%s", part, said)
		}
	}
}

// clocked simulates the same packages with the life that Tencent documents, at a time
// of the service.
func clocked(t testing.TB, now string) *teosim.Sim {
	t.Helper()
	return simtest.Start(t, teosim.Options{
		Catalogue: archiveCatalogue(), Rates: teosim.Unlimited(), Lifecycle: teosim.DocumentedLifecycle(), ServiceTime: at(t, now),
	})
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	value, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// attribute is an attribute in the state.
func attribute(w *providertest.Workspace, name string) any {
	w.T.Helper()
	var state struct {
		Values struct {
			RootModule struct {
				Resources []struct {
					Type   string
					Values map[string]any
				}
			} `json:"root_module"`
		}
	}
	stdout, stderr, err := w.Run("show", "-json")
	if err != nil {
		w.T.Fatalf("show: %v\n%s", err, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &state); err != nil {
		w.T.Fatal(err)
	}
	for _, r := range state.Values.RootModule.Resources {
		if strings.HasSuffix(r.Type, "_log_archive") {
			return r.Values[name]
		}
	}
	w.T.Fatalf("there is no archive in the state")
	return nil
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

// key is the key of a file of the archive.
func (e *evidence) key(path string) string {
	name, _ := filepath.Rel(e.dir, path)
	return filepath.ToSlash(name)
}

// bag returns the folder of the only bag of a day.
func (e *evidence) bag(day string) string {
	e.T.Helper()
	found, err := filepath.Glob(filepath.Join(e.dir, "dt="+day, "bag=*"))
	if err != nil || len(found) != 1 {
		e.T.Fatalf("%d bags of %s: %v", len(found), day, err)
	}
	return found[0]
}

// payload returns a package of a day.
func (e *evidence) payload(day string) string {
	e.T.Helper()
	found, err := filepath.Glob(filepath.Join(e.dir, "dt="+day, "bag=*", "data", "*", "*", "*", "*.log.gz"))
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

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// entry is the path of an entry of the ledger.
func (e *evidence) entry(sequence int64) string {
	return filepath.Join(e.dir, ".teo-archive", "ledger", fmt.Sprintf("%010d.json", sequence))
}

// link makes a symbolic link.
func link(t testing.TB, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err) // Windows without the right
	}
}

// truncate makes a file of a length that takes no space.
func truncate(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}

// members are the IDs of the resources that manage an archive.
func members(t testing.TB, dir string) []string {
	t.Helper()
	store, err := bucket.Open(t.Context(), fileURL(dir), bucket.Options{TempFolder: archive.TempFolder, Prefixes: archive.Prefixes()})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	log, err := ledger.Read(t.Context(), store, ledger.ReadOptions{Now: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	return log.State.Resources
}
