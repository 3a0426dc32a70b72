package logarchive_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// What an attacker or an unlucky operator does to an archive in a folder. Each
// test goes through a real Terraform: a plan says it, an apply fails or repairs
// it, and nothing forgets it.

func TestLogArchiveRolledBack(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	old := files(t, e.dir)
	e.Write(e.config("2022-05-04"))
	e.Apply()
	newest := files(t, e.dir)
	_, before := e.Head()

	restore(t, e.dir, old)
	e.Finds("Warning: Archive was rolled back")
	if _, stderr, err := e.Run("apply", "-refresh-only", "-auto-approve", "-input=false"); err != nil {
		t.Fatalf("apply -refresh-only: %v\n%s", err, stderr)
	}
	if _, head := e.Head(); head != before {
		t.Errorf("a refresh replaced the head %s by %s", before, head)
	}
	e.Finds("the destination was rolled back from entry")
	said := e.Refused("Error: Archive was rolled back")

	// Restored, there is nothing to do.
	restore(t, e.dir, newest)
	e.Unchanged()

	restore(t, e.dir, old)
	token := tokenIn(t, said)
	e.Write(e.config("2022-05-04", fmt.Sprintf("accept = { %q = \"The newer copy burnt.\" }", token)))
	if said, changes := e.Plan(); !changes || !strings.Contains(said, "Finding is accepted") {
		t.Errorf("the plan does not say that the finding is accepted:\n%s", said)
	}
	e.Apply()
	e.Unchanged()
	e.verified()
	ledger := ""
	for name, text := range files(t, filepath.Join(e.dir, ".teo-archive", "ledger")) {
		ledger += name + text
	}
	if !strings.Contains(ledger, token) || !strings.Contains(ledger, "The newer copy burnt.") {
		t.Errorf("the ledger does not record the acceptance:\n%s", ledger)
	}

	// The token accepts no other rollback.
	restore(t, e.dir, old)
	if again := tokenIn(t, e.Refused("Error: Archive was rolled back")); again == token {
		t.Errorf("the token %s is accepted twice", token)
	}
}

func TestLogArchiveNewestDaysRemoved(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	first, _ := e.Head()
	e.Write(e.config("2022-05-04"))
	e.Apply()
	e.Write(e.config("2022-05-05"))
	e.Apply()
	newest := files(t, e.dir)
	last, head := e.Head()

	// The newest two days, with everything that names them.
	for n := first + 1; n <= last; n++ {
		remove(t, e.entry(n))
	}
	for _, day := range []string{"2022-05-03", "2022-05-04"} {
		remove(t, filepath.Join(e.dir, "dt="+day), filepath.Join(e.dir, ".teo-archive", "tags", day))
	}
	e.verified() // it is a valid archive, only an older one
	if out, err := verifyScript(t, e.dir, head); err == nil || !strings.Contains(out, "is not an entry of the ledger") {
		t.Errorf("verify.sh with the head: %v\n%s", err, out)
	}
	e.Finds(fmt.Sprintf("rolled back from entry %d to %d", last, first))
	e.Refused("Error: Archive was rolled back")

	restore(t, e.dir, newest)
	e.Unchanged()
}

func TestLogArchiveLoss(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	bag := filepath.Join(e.dir, "dt=2022-05-02")
	saved := files(t, bag)

	// A day is removed that EdgeOne still lists: it is archived again.
	remove(t, bag)
	e.Finds("Warning: Archived packages are missing or damaged")
	e.Apply()
	e.Unchanged()
	e.verified()

	// A day is removed, and EdgeOne no longer lists it.
	delist(e.sim, "2022-05-02")
	remove(t, bag)
	e.Finds("2022-05-02")
	said := e.Refused("Error: Archived packages are lost")
	for _, want := range []string{"2022-05-02", "20220502-00-www0.site0.example"} {
		if !strings.Contains(said, want) {
			t.Errorf("the error does not name %s:\n%s", want, said)
		}
	}
	token := tokenIn(t, said)
	e.Write(e.config("2022-05-03", fmt.Sprintf("accept = { %q = \"Deleted on request 4711.\" }", token)))
	e.Apply()
	e.Unchanged()
	e.verified()
	sequence, _ := e.Head()
	if entry := string(readFile(t, e.entry(sequence))); !strings.Contains(entry, token) || !strings.Contains(entry, "Deleted on request 4711.") || !strings.Contains(entry, `"lost"`) {
		t.Errorf("the ledger does not record the loss:\n%s", entry)
	}

	// It returns, and is lost again: the old token accepts nothing.
	for name, data := range saved {
		if strings.HasPrefix(name, "data/") {
			writeFile(t, filepath.Join(bag, filepath.FromSlash(name)), []byte(data))
		}
	}
	e.Finds("2022-05-02")
	e.Apply()
	e.Unchanged()
	e.verified()
	remove(t, bag)
	e.Finds("2022-05-02")
	if again := tokenIn(t, e.Refused("Error: Archived packages are lost")); again == token {
		t.Errorf("the token %s accepts a second loss", token)
	}
}

// Two applies with two copies of the state, at the same time.
func TestLogArchiveTwoStates(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	other := &evidence{sim: e.sim, dir: e.dir}
	other.Workspace = providertest.NewWorkspace(t, e.config("2022-05-05"))
	writeFile(t, filepath.Join(other.Dir, "terraform.tfstate"), readFile(t, filepath.Join(e.Dir, "terraform.tfstate")))
	e.Write(e.config("2022-05-05"))
	e.sim.Inject(teosim.Fault{Name: teosim.Slow, Action: teosim.DownloadAction, Value: "20000"})

	var runs sync.WaitGroup
	for _, w := range []*evidence{e, other} {
		runs.Go(func() {
			stdout, stderr, err := w.Run("apply", "-auto-approve", "-input=false")
			if err != nil && !strings.Contains(providertest.Collapsed(stderr), "another run was faster") {
				t.Errorf("%v\n%s\n%s", err, stdout, stderr)
			}
		})
	}
	runs.Wait()
	e.sim.ClearFaults()
	e.verified()
	for _, w := range []*evidence{e, other} {
		before := files(t, e.dir)
		w.Apply()
		if len(files(t, e.dir)) != len(before) {
			t.Errorf("the next apply writes something")
		}
		w.Unchanged()
	}
	e.verified()
}

// A day is forged with everything that vouches for it but the ledger. Names and
// lengths are the same, so the listing does not show it.
func TestLogArchiveForgedDay(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	good := files(t, e.dir)
	e.forge("2022-05-02")
	if out, err := verifyScript(t, e.dir); err == nil || !strings.Contains(out, "dt=2022-05-02/tagmanifest-sha256.txt") {
		t.Errorf("verify.sh: %v\n%s", err, out)
	}

	// With the copy of the tag files, everything is restored.
	for name, data := range good {
		if strings.HasPrefix(name, ".teo-archive/tags/") {
			writeFile(t, filepath.Join(e.dir, filepath.FromSlash(name)), []byte(data))
		}
	}
	e.Write(e.config("2022-05-03", `verify = "payload"`))
	e.Finds("2022-05-02")
	e.Apply()
	e.Unchanged()
	e.verified()
	if got := files(t, filepath.Join(e.dir, "dt=2022-05-02")); got["packages.jsonl"] != good["dt=2022-05-02/packages.jsonl"] {
		t.Errorf("the records were not restored")
	}

	// Without it the records are lost, with the provenance of the packages.
	e.forge("2022-05-02")
	tokenIn(t, e.Refused("Error: Archived packages are lost"))
	restore(t, e.dir, good)
	e.Unchanged()
}

// One bit, the same length.
func TestLogArchiveFlippedBit(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	flip(t, e.payload("2022-05-01"))
	e.Unchanged() // names and lengths are right
	e.Write(e.config("2022-05-03", `verify = "payload"`))
	e.Finds("2022-05-01")
	e.sim.ResetCounters()
	e.Apply()
	if got := len(e.sim.Downloads()); got != 1 {
		t.Errorf("%d packages were downloaded for one that is damaged", got)
	}
	e.Unchanged()
	e.verified()
}

// An entry that is appended by hand is judged against the head in the state.
func TestLogArchiveAppendedEntry(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	sequence, sha := e.Head()
	text := string(readFile(t, e.entry(sequence)))
	// The day is dropped without a word.
	forged := fmt.Sprintf(`{
  "format": "teo-archive/1",
  "archive": %q,
  "layer": "l7",
  "sequence": %d,
  "commit": "00000000000000000000000000000000",
  "previous_sha256": %q,
  "written_at": "2026-01-01T00:00:00Z",
  "agent": "x",
  "bags": {
    "2022-05-02": null
  },
  "sealed_through": "2022-05-02",
  "complete": true
}
`, field(t, text, "archive"), sequence+1, sha)
	writeFile(t, e.entry(sequence+1), []byte(forged))
	remove(t, filepath.Join(e.dir, "dt=2022-05-02"))
	e.Finds("Warning: Ledger of the archive was changed")
	e.Refused("Error: Ledger of the archive was changed")
	if _, head := e.Head(); head != sha {
		t.Errorf("the head was replaced by that of a forged entry")
	}
}

// field returns a text field of an entry.
func field(t testing.TB, entry, name string) string {
	t.Helper()
	_, rest, found := strings.Cut(entry, fmt.Sprintf("\n  %q: \"", name))
	value, _, _ := strings.Cut(rest, `"`)
	if !found {
		t.Fatalf("no %s in\n%s", name, entry)
	}
	return value
}

// The disk is not mounted: an empty folder is a loss, not a new archive.
func TestLogArchiveUnmountedDisk(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), filepath.Join(t.TempDir(), "disk")
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir)+"?create_dir=true", "2022-05-03"))
	w.Apply()
	if err := os.Rename(dir, dir+"-unmounted"); err != nil {
		t.Fatal(err)
	}
	w.Finds("Warning: Archive was rolled back")
	w.Refused("Error: Archive was rolled back")
	if found, err := filepath.Glob(filepath.Join(dir, "dt=*")); err != nil || len(found) > 0 {
		t.Errorf("a new archive was begun: %v (%v)", found, err)
	}
	remove(t, dir)
	if err := os.Rename(dir+"-unmounted", dir); err != nil {
		t.Fatal(err)
	}
	w.Unchanged()
}

// Widening writes the new day and leaves the others as they are.
func TestLogArchiveWidened(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	before := map[string]os.FileInfo{}
	for name := range files(t, e.dir) {
		info, err := os.Stat(filepath.Join(e.dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		before[name] = info
	}
	e.sim.ResetCounters()
	e.Write(e.config("2022-05-04"))
	if said, changes := e.Plan(); !changes || strings.Contains(said, "Archive needs repair") {
		t.Errorf("the plan of a wider window:\n%s", said)
	}
	e.Apply()
	if got := len(e.sim.Downloads()); got != 3 {
		t.Errorf("%d downloads, want the 3 packages of the new day", got)
	}
	for name, was := range before {
		is, err := os.Stat(filepath.Join(e.dir, filepath.FromSlash(name)))
		if err != nil || !os.SameFile(was, is) || !is.ModTime().Equal(was.ModTime()) {
			t.Errorf("%s was written again (%v)", name, err)
		}
	}
	e.Unchanged()

	// Narrowing and other filters are changes in place as well, and remove nothing.
	kept := files(t, e.dir)
	e.Write(e.config("2022-05-03", `domains = ["other.site0.example"]`))
	e.Apply()
	e.Unchanged()
	for name := range kept {
		if _, err := os.Stat(filepath.Join(e.dir, filepath.FromSlash(name))); err != nil {
			t.Error(err)
		}
	}
	e.verified()
}

// Destroying leaves what does not belong to the archive, and names it.
func TestLogArchiveForeignFilesAtDestroy(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "2022-05-02", `on_destroy = "delete"`))
	w.Apply()
	foreign := []string{".teo-archive/notes.txt", ".teo-archive/ledger/notes.txt", "dt=2022-05-01/notes.txt", "notes.txt"}
	for _, name := range foreign {
		writeFile(t, filepath.Join(dir, filepath.FromSlash(name)), []byte("mine"))
	}
	stdout, stderr, err := w.Run("destroy", "-auto-approve", "-input=false")
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	left := files(t, dir)
	if len(left) != len(foreign) {
		t.Errorf("left is %v", left)
	}
	for _, name := range foreign {
		if left[name] != "mine" || !strings.Contains(providertest.Collapsed(stdout+stderr), name) {
			t.Errorf("%s was removed or not named:\n%s", name, stdout)
		}
	}
}

// A destroy is of the archive that the state knows.
func TestLogArchiveDestroyChecksTheHead(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	e.Write(e.config("2022-05-03", `on_destroy = "delete"`))
	e.Apply()
	old := files(t, e.dir)
	e.Write(e.config("2022-05-04", `on_destroy = "delete"`))
	e.Apply()
	restore(t, e.dir, old)
	_, stderr, err := e.Run("destroy", "-auto-approve", "-input=false")
	if err == nil || !strings.Contains(providertest.Collapsed(stderr), "Error: Archive was rolled back") {
		t.Errorf("%v\n%s", err, stderr)
	}
	if now := files(t, e.dir); len(now) != len(old) {
		t.Errorf("%d of %d files are left", len(now), len(old))
	}
}

// The head vouches for the records too: when and from where each package came.
func TestLogArchiveEditedRecords(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	records := filepath.Join(e.dir, "dt=2022-05-02", "packages.jsonl")
	good := readFile(t, records)
	edited := strings.ReplaceAll(string(good), `"retrieved_at":"20`, `"retrieved_at":"19`)
	writeFile(t, records, []byte(edited))
	if out, err := verifyScript(t, e.dir); err == nil || !strings.Contains(out, "Changed (its SHA-256 differs): dt=2022-05-02/packages.jsonl") {
		t.Errorf("verify.sh: %v\n%s", err, out)
	}
	e.Write(e.config("2022-05-03", `verify = "payload"`))
	e.Finds("write the tag files of 2022-05-02")
	e.Apply()
	e.Unchanged()
	if got := readFile(t, records); string(got) != string(good) {
		t.Errorf("the records were not restored:\n%s", got)
	}
}

// Another state accepts what this one has not seen: its apply moves the head on.
func TestLogArchiveAcceptsWhatAnotherStateRecorded(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	other := providertest.NewWorkspace(t, e.config("2022-05-03"))
	writeFile(t, filepath.Join(other.Dir, "terraform.tfstate"), readFile(t, filepath.Join(e.Dir, "terraform.tfstate")))
	delist(e.sim, "2022-05-01")
	remove(t, filepath.Join(e.dir, "dt=2022-05-01"))
	accepting := e.config("2022-05-03", fmt.Sprintf("accept = { %q = \"ticket 1\" }", tokenIn(t, e.Refused("are lost"))))
	e.Write(accepting)
	e.Apply()
	other.Refused("which this configuration has not accepted")
	other.Write(accepting)
	other.Apply()
	want, _ := e.Head()
	if got, _ := other.Head(); got != want {
		t.Errorf("the head is entry %d, want %d", got, want)
	}
	other.Unchanged()
}

// A plan names every day that is lost.
func TestLogArchiveTwoLosses(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	for _, day := range []string{"2022-05-01", "2022-05-02"} {
		remove(t, filepath.Join(e.dir, "dt="+day))
	}
	e.Finds("archived packages of 2022-05-01 are lost (3 of 3)")
	e.Finds("archived packages of 2022-05-02 are lost (3 of 3)")
}

// Terraform shows only the first of several warnings with the same summary.
func TestLogArchiveShowsEachWarning(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	sim.Update(func(c *teosim.Catalogue) { c.L7[0].Size = 99_999 })
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "2022-05-02"))
	stdout, stderr, err := w.Run("apply", "-auto-approve", "-input=false")
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	for _, want := range []string{"downloaded over plain http", "another size than the service lists"} {
		if said := providertest.Collapsed(stdout + stderr); !strings.Contains(said, want) {
			t.Errorf("the apply does not say %q:\n%s", want, said)
		}
	}
}
