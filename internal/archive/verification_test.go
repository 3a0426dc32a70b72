package archive

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// fixture is an archive in a folder, written by hand: it shows that Verify and
// verify.sh accept what the format says, and not what a run happens to write.
type fixture struct {
	t     *testing.T
	dir   string
	state *state
}

const (
	fixtureArchive = "0123456789abcdef0123456789abcdef"
	dayOne         = "2022-05-01"
	dayTwo         = "2022-05-02"
	dayThree       = "2022-05-03"
)

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir(), state: newState()}
	scope := Scope{Layer: teo.L7, Start: dayStart(dayOne), Zones: []string{`a "quoted" name`}}
	f.commit(func(e *Entry) { e.Scope = &scope })
	return f
}

// threeDays is an archive of three days in three entries.
func threeDays(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	for _, day := range []string{dayOne, dayTwo, dayThree} {
		f.commit(nil, f.bag(day, f.records(day, 3)))
	}
	return f
}

func (f *fixture) path(key string) string { return filepath.Join(f.dir, filepath.FromSlash(key)) }

func (f *fixture) write(key string, data []byte) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(f.path(key)), 0o750); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(f.path(key), data, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) read(key string) []byte {
	f.t.Helper()
	data, err := os.ReadFile(f.path(key))
	if err != nil {
		f.t.Fatal(err)
	}
	return data
}

func (f *fixture) remove(keys ...string) {
	f.t.Helper()
	for _, key := range keys {
		if err := os.RemoveAll(f.path(key)); err != nil {
			f.t.Fatal(err)
		}
	}
}

// records writes the packages of the first hours of a day.
func (f *fixture) records(day string, hours int) []Record {
	f.t.Helper()
	var records []Record
	for hour := range hours {
		start := dayStart(day).Add(time.Duration(hour) * time.Hour)
		r := Record{
			Layer: teo.L7, Domain: "www.example.com", Area: "mainland", Name: start.Format("20060102-15") + "-www.example.com",
			Start: start, End: start.Add(time.Hour), RetrievedAt: new(start.Add(48 * time.Hour)),
			SourceScheme: "https", SourceHost: "log.example", SourcePath: "/x.log.gz", RequestID: "r",
		}
		r.Path = identity{layer: r.Layer, area: r.Area, host: r.Domain, name: r.Name, start: start.Unix()}.path()
		f.store(&r, fmt.Sprintf("{\"n\":1}\n{\"hour\":%d}\n", hour))
		records = append(records, r)
	}
	return records
}

// store writes a package and measures it.
func (f *fixture) store(r *Record, text string) {
	f.t.Helper()
	data := fixtureGzip(f.t, text)
	c, err := newMeter().copy(nil, bytes.NewReader(data))
	if err != nil {
		f.t.Fatal(err)
	}
	c.into(r)
	f.write(r.Key(), data)
}

func fixtureGzip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bag writes the tag files of a day and the copy of them.
func (f *fixture) bag(day string, records []Record) *tagFiles {
	f.t.Helper()
	tags, err := newTagFiles(fixtureArchive, "test/1", teo.L7, day, records)
	if err != nil {
		f.t.Fatal(err)
	}
	for name, data := range tags.files {
		f.write(bagFolder(day)+name, data)
	}
	copied, err := tags.tar()
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(tagsKey(day, tags.sha256()), copied)
	return tags
}

// commit writes the next entry.
func (f *fixture) commit(edit func(*Entry), bags ...*tagFiles) {
	f.t.Helper()
	n := f.state.head.Sequence + 1
	e := &Entry{
		Archive: fixtureArchive, Layer: teo.L7, Sequence: n, Previous: f.state.head.SHA256,
		Commit: fmt.Sprintf("%032x", n), WrittenAt: dayStart(dayThree).Add(72 * time.Hour), Agent: "test/1",
	}
	for _, tags := range bags {
		if e.Bags == nil {
			e.Bags = map[string]*Bag{}
		}
		e.Bags[tags.day] = new(tags.bag(n))
	}
	if edit != nil {
		edit(e)
	}
	if isSnapshot(n) {
		e.snapshot(f.state)
	}
	data := e.encode()
	f.write(ledgerKey(n), data)
	_ = f.state.apply(e, hashOf(data))
}

func (f *fixture) verify(o VerifyOptions) *Report {
	f.t.Helper()
	b, err := bucket.Open(f.t.Context(), "file://"+filepath.ToSlash(f.dir), bucket.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	defer b.Close()
	report, err := Verify(f.t.Context(), b, o)
	if err != nil {
		f.t.Fatal(err)
	}
	return report
}

// script runs verify.sh.
func (f *fixture) script(shell []string, folder string, arguments ...string) (string, error) {
	f.t.Helper()
	command := append(slices.Clone(shell), filepath.Join("..", "..", "examples", "compliance", "verify.sh"), filepath.Join(f.dir, folder))
	out, err := exec.CommandContext(f.t.Context(), command[0], append(command[1:], arguments...)...).CombinedOutput()
	return string(out), err
}

// shells are those that run verify.sh.
func shells(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for name, command := range map[string][]string{"sh": {"sh"}, "busybox": {"busybox", "sh"}} {
		if _, err := exec.LookPath(command[0]); err == nil {
			found[name] = command
		}
	}
	if len(found) == 0 {
		t.Skip("there is no shell")
	}
	return found
}

// kinds are the kinds of the problems, each once.
func (r *Report) kinds() string {
	set := map[string]bool{}
	for _, p := range r.Problems {
		set[string(p.Kind)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), " ")
}

// tamperings are what an attacker or an accident does to an archive of three
// days. kinds are the problems of Verify, says is in the output of verify.sh.
func tamperings() map[string]struct {
	do       func(f *fixture)
	kinds    string
	onlyDeep bool   // not found with DepthLedger
	says     string // "": verify.sh does not find it
} {
	type tampering = struct {
		do       func(f *fixture)
		kinds    string
		onlyDeep bool
		says     string
	}
	payload := func(f *fixture, day string) string {
		f.t.Helper()
		found, err := filepath.Glob(f.path(bagFolder(day) + "data/*/*/*/*.log.gz"))
		if err != nil || len(found) == 0 {
			f.t.Fatalf("%v %v", found, err)
		}
		key, _ := filepath.Rel(f.dir, found[0])
		return filepath.ToSlash(key)
	}
	edit := func(f *fixture, key, from, to string) {
		f.t.Helper()
		data := f.read(key)
		if !bytes.Contains(data, []byte(from)) {
			f.t.Fatalf("%s does not contain %q", key, from)
		}
		f.write(key, bytes.ReplaceAll(data, []byte(from), []byte(to)))
	}
	return map[string]tampering{
		"flipped bit": {
			do: func(f *fixture) {
				key := payload(f, dayTwo)
				data := f.read(key)
				data[len(data)-9] ^= 1
				f.write(key, data)
			},
			kinds: "hash", onlyDeep: true, says: "Changed (its SHA-256 differs): dt=2022-05-02/data/",
		},
		"package removed": {
			do:    func(f *fixture) { f.remove(payload(f, dayTwo)) },
			kinds: "missing", says: "Missing: dt=2022-05-02/data/",
		},
		"package cut": {
			do:    func(f *fixture) { key := payload(f, dayTwo); f.write(key, f.read(key)[:20]) },
			kinds: "length", says: "Changed",
		},
		"extra package": {
			do:    func(f *fixture) { f.write(bagFolder(dayTwo)+"data/domain=x/area=y/hour=00/z.log.gz", []byte("x")) },
			kinds: "foreign", says: "Not named by a manifest: dt=2022-05-02/data/domain=x",
		},
		"foreign file": {
			do:    func(f *fixture) { f.write("notes.txt", []byte("x")) },
			kinds: "foreign", says: "Not named by a manifest: notes.txt",
		},
		"foreign file of the archive's folder": {
			do:    func(f *fixture) { f.write(".teo-archive/notes.txt", []byte("x")) },
			kinds: "foreign", says: "Not named by a manifest: .teo-archive/notes.txt",
		},
		"middle day removed": {
			do:    func(f *fixture) { f.remove(bagFolder(dayTwo)) },
			kinds: "missing unfinished", says: "Missing: dt=2022-05-02/tagmanifest-sha256.txt",
		},
		"newest two days removed with everything that names them": {
			do: func(f *fixture) {
				f.remove(bagFolder(dayTwo), bagFolder(dayThree), tagsFolder+dayTwo, tagsFolder+dayThree, ledgerKey(3), ledgerKey(4))
			},
			kinds: "head", says: "is not an entry of the ledger",
		},
		"entry removed": {
			do:    func(f *fixture) { f.remove(ledgerKey(2)) },
			kinds: "ledger", says: "An entry of the ledger is missing",
		},
		"entry edited": {
			do:    func(f *fixture) { edit(f, ledgerKey(3), `"packages": 3`, `"packages": 4`) },
			kinds: "ledger", says: "entry does not contain the hash of the entry before it",
		},
		"newest entry edited": {
			do:    func(f *fixture) { edit(f, ledgerKey(4), `"packages": 3`, `"packages": 4`) },
			kinds: "head ledger", says: "is not an entry of the ledger",
		},
		"entry in another form": {
			do: func(f *fixture) {
				edit(f, ledgerKey(4), `"packages": 3`, `"packages":3`)
			},
			kinds: "head ledger", says: "unknown form",
		},
		"entry appended that drops a day": {
			do: func(f *fixture) {
				f.commit(func(e *Entry) { e.Bags = map[string]*Bag{dayTwo: nil} })
				f.remove(bagFolder(dayTwo))
			},
			kinds: "ledger", says: "packages of 2022-05-02 are dropped",
		},
		"day forged consistently": {
			do: func(f *fixture) {
				records := f.records(dayTwo, 3)
				f.store(&records[1], "{\"forged\":true}\n")
				f.bag(dayTwo, records)
			},
			kinds: "hash tag_file", says: "Changed (its SHA-256 differs): dt=2022-05-02/tagmanifest-sha256.txt",
		},
		"day forged consistently, with an entry": {
			do: func(f *fixture) {
				f.state.head = Head{Sequence: 2, SHA256: hashOf(f.read(ledgerKey(2)))}
				delete(f.state.bags, dayTwo)
				records := f.records(dayTwo, 3)
				f.store(&records[1], "{\"forged\":true}\n")
				f.commit(nil, f.bag(dayTwo, records))
			},
			kinds: "ledger", says: "000004.json: the entry does not contain the hash",
		},
		"provenance edited": {
			do:    func(f *fixture) { edit(f, bagFolder(dayTwo)+packagesTxt, "log.example", "lug.example") },
			kinds: "tag_file", says: "Changed (its SHA-256 differs): dt=2022-05-02/packages.jsonl",
		},
		"copy of the tag files edited": {
			do: func(f *fixture) {
				edit(f, tagsKey(dayTwo, f.state.bags[dayTwo].TagmanifestSHA256), "log.example", "lug.example")
			},
			kinds: "tags", says: "",
		},
		"copy of the tag files removed": {
			do: func(f *fixture) {
				f.remove(tagsKey(dayTwo, f.state.bags[dayTwo].TagmanifestSHA256))
			},
			kinds: "tags", says: "Missing: .teo-archive/tags/2022-05-02/",
		},
		"tag file removed": {
			do:    func(f *fixture) { f.remove(bagFolder(dayTwo) + bagInfoTxt) },
			kinds: "tag_file", says: "Missing: dt=2022-05-02/bag-info.txt",
		},
		"superseded content edited": {
			do:    func(f *fixture) { f.write(supersededKey(hashOf([]byte("a"))), []byte("b")) },
			kinds: "hash", onlyDeep: true, says: "Changed (its SHA-256 differs): .teo-archive/superseded/",
		},
		"superseded content without a hash": {
			do:    func(f *fixture) { f.write(supersededFolder+"00ff", []byte("b")) },
			kinds: "foreign", says: "Not named by a manifest: .teo-archive/superseded/00ff",
		},
		"ledger removed": {
			do:    func(f *fixture) { f.remove(ledgerFolder) },
			kinds: "head no_ledger", says: "There is no ledger",
		},
		"everything removed": {
			do: func(f *fixture) {
				f.remove(".teo-archive", bagFolder(dayOne), bagFolder(dayTwo), bagFolder(dayThree))
			},
			kinds: "head no_ledger", says: "The folder is empty",
		},
		"everything of the archive's own removed": {
			do:    func(f *fixture) { f.remove(".teo-archive") },
			kinds: "head no_ledger", says: "neither an archive",
		},
		"loss of a day with its tag files accepted": {
			do: func(f *fixture) {
				sequence := f.state.bags[dayTwo].Sequence
				f.remove(bagFolder(dayTwo), tagsFolder+dayTwo)
				f.commit(func(e *Entry) {
					e.Bags = map[string]*Bag{dayTwo: nil}
					e.Accepted = []Acceptance{{Token: dayToken(dayTwo, sequence, listingHash(nil)), Reason: "ticket 1"}}
				})
			},
		},
		"unsafe name": {
			do:    func(f *fixture) { f.write(bagFolder(dayTwo)+"data/a b", []byte("x")) },
			kinds: "foreign", says: "unsafe characters",
		},
	}
}

// Every tampering is a problem, and an archive without one is valid.
func TestVerify(t *testing.T) {
	t.Parallel()
	f := threeDays(t)
	report := f.verify(VerifyOptions{ExpectedHead: f.state.head.SHA256})
	if report.ProblemCount != 0 || report.PackageCount != 9 || len(report.Bags) != 3 || *report.Head != f.state.head || report.Layer != teo.L7 {
		t.Fatalf("%+v", report)
	}
	for name, test := range tamperings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := threeDays(t)
			head := f.state.head.SHA256
			test.do(f)
			if got := f.verify(VerifyOptions{ExpectedHead: head}); got.kinds() != test.kinds {
				t.Errorf("got %q, want %q: %+v", got.kinds(), test.kinds, got.Problems)
			}
			if got := f.verify(VerifyOptions{ExpectedHead: head, Depth: DepthLedger}); test.onlyDeep != (got.ProblemCount == 0) && test.kinds != "" {
				t.Errorf("with depth ledger: %+v", got.Problems)
			}
		})
	}
}

func TestVerifyScript(t *testing.T) {
	t.Parallel()
	for shell, command := range shells(t) {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			f := threeDays(t)
			head := f.state.head.SHA256
			out, err := f.script(command, "", head)
			if err != nil || !strings.Contains(out, "valid: 9 packages in 3 bags\nhead: "+head) {
				t.Fatalf("%v\n%s", err, out)
			}
			bag := hashOf(f.read(bagFolder(dayTwo) + tagManifest))
			if out, err = f.script(command, bagFolder(dayTwo), bag); err != nil || !strings.Contains(out, "valid: 3 packages in 1 bags\ntagmanifest: "+bag) {
				t.Fatalf("a bag alone: %v\n%s", err, out)
			}
			if out, err = f.script(command, bagFolder(dayTwo), head); err == nil {
				t.Fatalf("another bag passes:\n%s", out)
			}
			first := hashOf(f.read(ledgerKey(1)))
			if out, err = f.script(command, "", first); err != nil || !strings.Contains(out, "After the expected head (entry 1), entries have added or changed: dt=2022-05-01 dt=2022-05-02 dt=2022-05-03\n") {
				t.Fatalf("an older head: %v\n%s", err, out)
			}
			for name, test := range tamperings() {
				if shell != "sh" && !strings.Contains(name, "entry") && !strings.Contains(name, "forged") {
					continue // the rest does not depend on the shell and its awk
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					f := threeDays(t)
					test.do(f)
					out, err := f.script(command, "", head)
					if test.says == "" {
						if err != nil {
							t.Errorf("%v\n%s", err, out)
						}
						return
					}
					if err == nil || !strings.Contains(out, test.says) || !strings.Contains(out, "NOT VALID") {
						t.Errorf("want %q: %v\n%s", test.says, err, out)
					}
				})
			}
		})
	}
}

// Links lead out of the archive, so that what is verified is not what is there.
func TestVerifyScriptRefusesLinks(t *testing.T) {
	t.Parallel()
	f := threeDays(t)
	key := bagFolder(dayTwo) + bagitTxt
	elsewhere := filepath.Join(t.TempDir(), "bagit.txt")
	if err := os.WriteFile(elsewhere, f.read(key), 0o600); err != nil {
		t.Fatal(err)
	}
	f.remove(key)
	if err := os.Symlink(elsewhere, f.path(key)); err != nil {
		t.Skip(err)
	}
	for _, command := range shells(t) {
		if out, err := f.script(command, ""); err == nil || !strings.Contains(out, "symbolic link") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// The format is the same after more entries than lie between two snapshots.
func TestVerifySnapshots(t *testing.T) {
	t.Parallel()
	f := threeDays(t)
	for f.state.head.Sequence < 2*snapshotEvery+3 {
		f.commit(func(e *Entry) { e.SealedThrough = dayOne })
	}
	if report := f.verify(VerifyOptions{}); report.ProblemCount != 0 {
		t.Fatalf("%+v", report.Problems)
	}
	for _, command := range shells(t) {
		if out, err := f.script(command, ""); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	// A snapshot that forgets a day.
	e, err := decodeEntry(f.read(ledgerKey(2*snapshotEvery + 1)))
	if err != nil {
		t.Fatal(err)
	}
	delete(e.Bags, dayTwo)
	f.remove(ledgerKey(2*snapshotEvery+2), ledgerKey(2*snapshotEvery+3))
	f.write(ledgerKey(2*snapshotEvery+1), e.encode())
	if report := f.verify(VerifyOptions{}); report.kinds() != "ledger" {
		t.Errorf("%+v", report.Problems)
	}
	for _, command := range shells(t) {
		if out, err := f.script(command, ""); err == nil || !strings.Contains(out, "bag of 2022-05-02 is left out") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// What a run has not finished is unfinished, and nothing else.
func TestVerifyUnfinished(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(f *fixture){
		"new day without tag files": func(f *fixture) {
			f.remove(bagFolder(dayThree)+tagManifest, bagFolder(dayThree)+manifestTxt)
		},
		"former tag files": func(f *fixture) {
			former := map[string][]byte{}
			for _, name := range []string{tagManifest, packagesTxt} {
				former[name] = f.read(bagFolder(dayThree) + name)
			}
			f.commit(nil, f.bag(dayThree, f.records(dayThree, 4)))
			for name, data := range former {
				f.write(bagFolder(dayThree)+name, data)
			}
		},
		"package in a checkpoint": func(f *fixture) {
			records := f.records("2022-05-04", 1)
			lines, err := encodeRecords(records)
			if err != nil {
				f.t.Fatal(err)
			}
			f.write(checkpointFolder+"0123456789abcdef-1.jsonl", lines)
		},
		"replaced package": func(f *fixture) {
			records := f.records(dayThree, 3)
			old := records[0]
			f.write(supersededKey(old.SHA256), f.read(old.Key()))
			records[0].Path = versionPath(old.Path, hashOf(nil))
			f.store(&records[0], "{\"n\":1}\n{\"hour\":0}\n{\"more\":1}\n")
			f.commit(func(e *Entry) {
				e.Superseded = []Superseded{{
					Path: old.Key(), OldSHA256: old.SHA256, OldBytes: old.StoredBytes,
					NewSHA256: records[0].SHA256, NewBytes: records[0].StoredBytes, Extends: true,
				}}
			}, f.bag(dayThree, records))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := threeDays(t)
			prepare(f)
			if report := f.verify(VerifyOptions{}); report.kinds() != "unfinished" {
				t.Errorf("%+v", report.Problems)
			}
		})
	}
}

// Records without provenance and content that is not what the record says.
func TestVerifyRecords(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	records := f.records(dayOne, 3)
	records[0].RetrievedAt, records[0].SourceHost = nil, ""
	records[1].Lines++
	f.commit(nil, f.bag(dayOne, records))
	if report := f.verify(VerifyOptions{}); report.kinds() != "content provenance" || report.ProblemCount != 2 {
		t.Errorf("%+v", report.Problems)
	}
}

// Of many problems a bounded number is kept, and all are counted.
func TestVerifyManyProblems(t *testing.T) {
	t.Parallel()
	f := threeDays(t)
	for n := range MaxProblems + 5 {
		f.write(fmt.Sprintf("foreign-%04d", n), nil)
	}
	report := f.verify(VerifyOptions{})
	if len(report.Problems) != MaxProblems || report.ProblemCount != MaxProblems+5 || report.Problems[0].Path != "foreign-0000" {
		t.Errorf("%d of %d problems, the first is %+v", len(report.Problems), report.ProblemCount, report.Problems[0])
	}
}
