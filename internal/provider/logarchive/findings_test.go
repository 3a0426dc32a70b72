package logarchive_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func TestAMissingFileIsDownloadedAgainAndNamed(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	path := e.payload("2022-05-01")
	saved := readFile(t, path)
	remove(t, path)
	e.Finds("Warning: Archived files are missing or damaged")
	said, _ := e.Plan()
	contains(t, said, e.key(e.bag("2022-05-01"))+": 1 file of 3 is missing or damaged", "the next apply downloads it again if EdgeOne still serves it")
	lacks(t, said, "accept", "are missing or damaged (") // no token before an apply has tried
	if n := strings.Count(said, "1 file of 3"); n != 1 {
		t.Errorf("the plan names the file %d times:\n%s", n, said)
	}

	said = applied(e.Workspace)
	contains(t, said, "Warning: Archive was repaired", e.key(path))
	if string(readFile(t, path)) != string(saved) {
		t.Error("the file has other bytes than before")
	}
	e.Unchanged()
	e.verified()
}

func TestADamagedFileIsRepairedIfThePayloadIsVerified(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	path := e.payload("2022-05-01")
	flip(t, path)
	e.Unchanged() // names and lengths are right
	e.Write(e.config("2022-05-03", `verify = "payload"`))
	e.Finds("1 file of 3 is missing or damaged")
	e.sim.ResetCounters()
	contains(t, applied(e.Workspace), "Warning: Archive was repaired", e.key(path))
	if got := len(e.sim.Downloads()); got != 1 {
		t.Errorf("%d packages were downloaded for one that is damaged", got)
	}
	e.Unchanged()
	e.verified()
}

func TestTagFilesAndRecordsAreWrittenAgainWithoutADownload(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	tag := filepath.Join(e.bag("2022-05-02"), "packages.jsonl")
	records, err := filepath.Glob(filepath.Join(e.dir, ".teo-archive", "records", "*.jsonl"))
	if err != nil || len(records) == 0 {
		t.Fatal(records, err)
	}
	before := files(t, e.dir)
	writeFile(t, tag, []byte("edited\n"))
	e.Finds("1 tag file missing or damaged (packages.jsonl)")
	e.sim.ResetCounters()
	contains(t, applied(e.Workspace), "Warning: Archive was repaired", e.key(tag))
	remove(t, records[0])
	e.Finds("1 file of records missing or damaged")
	contains(t, applied(e.Workspace), "Warning: Archive was repaired", e.key(records[0]))
	if got := len(e.sim.Downloads()); got != 0 {
		t.Errorf("%d downloads", got)
	}
	after := files(t, e.dir)
	for name := range before {
		if before[name] != after[name] {
			t.Errorf("%s differs", name)
		}
	}
	e.Unchanged()
	e.verified()
}

func TestALossIsAnErrorUntilExactlyItIsAccepted(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	path := e.payload("2022-05-02")
	saved := readFile(t, path)
	remove(t, path)
	delist(e.sim, "2022-05-02")
	said, _ := e.Plan()
	contains(t, said, "Warning: Archived files are missing or damaged", "the next apply downloads it again if EdgeOne still serves it")
	said = e.Refused("Error: Archived packages are lost")
	contains(t, said, "1 archived file of 2022-05-02 is lost: "+e.key(path), "EdgeOne does not list it any more (1 file)")
	token := tokenIn(t, said)

	wrong := token[:len(token)-4] + "0000"
	e.Write(e.config("2022-05-03", accepts(wrong, "The disk broke.")))
	said, _ = e.Plan()
	contains(t, said, "Warning: Token in accept has no effect", wrong)
	said = e.Refused("Error: Archived packages are lost")
	contains(t, said, fmt.Sprintf("The token %q in accept is for another situation.", wrong), token)

	e.Write(e.config("2022-05-03", accepts(token, "The disk broke.")))
	said, _ = e.Plan()
	lacks(t, said, "has no effect")
	e.Apply()
	e.Unchanged() // with the token, which the ledger has recorded
	if n := verified(t, e.dir).LostCount; n != 1 {
		t.Errorf("lost_count of the verification is %d", n)
	}
	if n := fmt.Sprint(attribute(e.Workspace, "lost_count"), attribute(e.Workspace, "complete")); n != "1 false" {
		t.Errorf("lost_count and complete are %s", n)
	}
	sequence, _ := e.Head()
	contains(t, string(readFile(t, e.entry(sequence))), token, "The disk broke.", `"lost"`)

	// The file returns, and is lost again: the token accepts no second loss.
	writeFile(t, path, saved)
	e.Finds("listed again after a loss")
	e.Apply()
	e.Unchanged()
	remove(t, path)
	if again := tokenIn(t, e.Refused("Error: Archived packages are lost")); again == token {
		t.Errorf("the token %s accepts a second loss", token)
	}
}

func TestEveryLostDayIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	for _, day := range []string{"2022-05-01", "2022-05-02"} {
		remove(t, e.payload(day))
		delist(e.sim, day)
	}
	said := e.Refused("Error: Archived packages are lost")
	contains(t, said, "of 2022-05-01 is lost", "of 2022-05-02 is lost", `"2022-05-01@`, `"2022-05-02@`)
}

func TestARollBackIsAFindingUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	old := files(t, e.dir)
	e.Write(e.config("2022-05-04"))
	e.Apply()
	newest := files(t, e.dir)
	_, before := e.Head()

	restore(t, e.dir, old)
	e.Finds("Warning: Archive was rolled back")
	said, _ := e.Plan()
	token := tokenIn(t, said) // the plan knows it
	contains(t, token, "rollback:")
	succeeds(e.Workspace, "apply", "-refresh-only", "-auto-approve", "-input=false")
	if _, head := e.Head(); head != before {
		t.Errorf("a refresh replaced the head %s by %s", before, head)
	}
	e.Refused("Error: Archive was rolled back")

	// Restored, there is nothing to do.
	restore(t, e.dir, newest)
	e.Unchanged()

	restore(t, e.dir, old)
	e.Write(e.config("2022-05-04", accepts(token, "The newer copy burnt.")))
	e.Apply()
	e.Unchanged()
	e.verified()
	contains(t, fmt.Sprint(files(t, filepath.Join(e.dir, ".teo-archive", "ledger"))), token, "The newer copy burnt.", `"abandoned"`)

	// The token accepts no other roll-back.
	restore(t, e.dir, old)
	if again := tokenIn(t, e.Refused("Error: Archive was rolled back")); again == token {
		t.Errorf("the token %s is accepted twice", token)
	}
}

func TestAnUnmountedFolderIsNoNewArchive(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), filepath.Join(t.TempDir(), "disk")
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir)+"?create_dir=true", "2022-05-03"))
	w.Apply()
	saved := files(t, dir)
	_, head := w.Head()
	for name, empty := range map[string]bool{"no folder": false, "an empty folder": true} {
		remove(t, dir)
		if empty {
			writeFile(t, filepath.Join(dir, "lost+found", "x"), nil)
		}
		w.Finds("Warning: No archive at the destination")
		contains(t, w.Refused("Error: No archive at the destination"), "mounted?")
		if found, err := filepath.Glob(filepath.Join(dir, "dt=*")); err != nil || len(found) > 0 {
			t.Errorf("%s: a new archive was begun: %v (%v)", name, found, err)
		}
		succeeds(w, "apply", "-refresh-only", "-auto-approve", "-input=false")
		if _, now := w.Head(); now != head {
			t.Errorf("%s: a refresh replaced the head", name)
		}
	}
	for name, data := range saved {
		writeFile(t, filepath.Join(dir, filepath.FromSlash(name)), []byte(data))
	}
	w.Unchanged()

	// A destroy goes on, whatever became of the archive.
	remove(t, dir)
	succeeds(w, "destroy", "-auto-approve", "-input=false")
}

func TestADamagedLedgerStopsAnApplyWithTheNumberOfTheEntry(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	sequence, _ := e.Head()
	path := e.entry(sequence)
	saved := readFile(t, path)
	for name, change := range map[string]func(){
		"changed": func() { writeFile(t, path, []byte(strings.Replace(string(saved), "2022-05-0", "2022-04-0", 1))) },
		"cut":     func() { writeFile(t, path, saved[:len(saved)/2]) },
	} {
		change()
		e.Finds("Warning:")
		said := e.Refused("Error:")
		contains(t, said, fmt.Sprint(sequence))
		if len(files(t, filepath.Join(e.dir, ".teo-archive", "ledger"))) != int(sequence) {
			t.Errorf("%s: an entry was written", name)
		}
		writeFile(t, path, saved)
	}
	remove(t, e.entry(1))
	e.Finds("Warning: Ledger of the archive is damaged")
	contains(t, e.Refused("Error: Ledger of the archive is damaged"), "entry 1", "begin another one at another prefix")
	succeeds(e.Workspace, "destroy", "-auto-approve", "-input=false") // it keeps, and always succeeds
}

func TestObjectsPlantedInTheLedgerAreNamedAndStopNothing(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	planted := []string{"9999999999.json", "notes.txt", "0000000100.json", "-rf"}
	for _, name := range planted {
		writeFile(t, filepath.Join(e.dir, ".teo-archive", "ledger", name), []byte("{}"))
	}
	if err := truncate(filepath.Join(e.dir, ".teo-archive", "ledger", "0000000101.json"), 2<<30); err != nil {
		t.Fatal(err)
	}
	said, changes := e.Plan()
	contains(t, said, "Warning: Foreign objects in the ledger", "9999999999.json", "0000000101.json", "-rf")
	if changes {
		t.Errorf("the plan has changes:\n%s", said)
	}
	e.Write(e.config("2022-05-04"))
	e.Apply()
	if got := attribute(e.Workspace, "package_count"); fmt.Sprint(got) != "9" {
		t.Errorf("package_count is %v", got)
	}
}

func TestForeignFilesAreNamedAndBlockNothing(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	for _, name := range []string{"-rf", "data/x.txt"} {
		writeFile(t, filepath.Join(e.bag("2022-05-01"), filepath.FromSlash(name)), []byte("mine"))
	}
	writeFile(t, filepath.Join(e.dir, "lost+found", "x"), []byte("mine")) // not the archive's business
	said, changes := e.Plan()
	contains(t, said, "Warning: Foreign files in the archive", "-rf", "x.txt")
	lacks(t, said, "lost+found")
	if changes {
		t.Errorf("foreign files make a diff:\n%s", said)
	}
	e.Write(e.config("2022-05-04"))
	e.Apply()
}

// A link in the place of a package may lead out of the destination.
func TestALinkInThePlaceOfAPackageIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	path := e.payload("2022-05-01")
	outside := filepath.Join(t.TempDir(), "outside")
	writeFile(t, outside, readFile(t, path))
	remove(t, path)
	link(t, outside, path)
	e.Finds("it is a symbolic link, which may lead out of the destination")
	contains(t, e.Refused("Error: Archive is incomplete"), e.key(path)+": it is a symbolic link")
	remove(t, path)
	e.Apply()
	e.Unchanged()
	e.verified()
}

func TestAPackageThatFailsUntilItIsGoneIsMissedAndNeedsAToken(t *testing.T) {
	t.Parallel()
	sim := clocked(t, "2022-05-07T12:00:00Z")
	dir := t.TempDir()
	config := func(lines ...string) string {
		return providertest.ProviderBlock(sim, "max_retries = 0") + archiveBlock(fileURL(dir), "2022-05-03", lines...)
	}
	w := providertest.NewWorkspace(t, config())
	name := teosim.PackageName("www0.site0.example", at(t, "2022-05-01T08:00:00Z"), 3600e9)
	sim.Inject(teosim.Fault{Name: teosim.Forbidden403, Action: teosim.DownloadAction, Package: name})
	contains(t, applied(w), "Warning: Archive is incomplete", name) // a Create is not tainted
	contains(t, w.Refused("Error: Archive is incomplete"), name)
	sim.ClearFaults()
	sim.Update(func(c *teosim.Catalogue) {
		for i := range c.L7 {
			if c.L7[i].Name == name {
				c.L7[i].Lost = true
			}
		}
	})
	contains(t, w.Refused("Error: Packages were never archived"), name)
	said := w.Refused("Error: Packages were never archived")
	token := tokenIn(t, said)
	w.Write(config(accepts(token, "EdgeOne lost it.")))
	said, _ = w.Plan()
	lacks(t, said, "has no effect")
	w.Apply()
	w.Unchanged()
	verified(t, dir)
	if attribute(w, "complete") != false {
		t.Error("an archive with a missed package is complete")
	}
}

func TestAPackageThatCannotBeDecompressedIsArchivedWithAWarning(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "2022-05-03"))
	name := teosim.PackageName("www0.site0.example", at(t, "2022-05-01T08:00:00Z"), 3600e9)
	sim.Inject(teosim.Fault{Name: teosim.TruncatedGzip, Action: teosim.DownloadAction, Package: name})
	contains(t, applied(w), "Warning: Packages that cannot be decompressed", "1 package archived as served", name)
	w.Unchanged()
	verified(t, dir)
}
