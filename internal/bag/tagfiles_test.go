package bag

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// packages returns the records of a bag and the files that they describe, by path.
func packages(t testing.TB) (records []Record, files map[string][]byte) {
	t.Helper()
	files = map[string][]byte{}
	meter := NewMeter()
	for _, domain := range []string{"www.example.com", "a.example.com", "*.example.com"} {
		r := record(domain)
		r.Supersedes, r.Extends = nil, nil
		var data bytes.Buffer
		m, err := meter.Copy(&data, bytes.NewReader(compress(t, -1, []byte(domain+"\n"))), nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Into(&r)
		records, files[r.Path] = append(records, r), data.Bytes()
	}
	return records, files
}

func TestTagFilesAreAFunctionOfTheRecords(t *testing.T) {
	t.Parallel()
	records, _ := packages(t)
	tags, err := NewTagFiles(records)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		rand.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		order := []string{records[0].Path, records[1].Path}
		again, err := NewTagFiles(records)
		if err != nil || !reflect.DeepEqual(again, tags) {
			t.Errorf("other tag files of the same records: %v", err)
		}
		if records[0].Path != order[0] || records[1].Path != order[1] {
			t.Error("the caller's records were sorted")
		}
	}
	var decoded []Record
	for r, err := range Decode(bytes.NewReader(tags.Files()[packagesTxt])) {
		if err != nil {
			t.Fatal(err)
		}
		decoded = append(decoded, r)
	}
	if !reflect.DeepEqual(decoded, tags.Records()) {
		t.Errorf("packages.jsonl has the records %v", decoded)
	}
	if got := string(tags.Files()["bagit.txt"]); got != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" {
		t.Errorf("got %s", got)
	}
	want := "Bagging-Date: 2022-05-06\n" +
		"External-Identifier: dt=2022-05-04/bag=5f0c2a91\n" +
		"External-Description: Layer-7 offline logs of Tencent Cloud EdgeOne for 2022-05-04 (UTC), as served\n"
	if got := string(tags.Files()[bagInfoTxt]); !strings.HasPrefix(got, want) {
		t.Errorf("got %s", got)
	}
}

// A bag has one package or more, and the date of the last download.
func TestBagInfoDescribesTheWholeBag(t *testing.T) {
	t.Parallel()
	records, _ := packages(t)
	for i := range records {
		records[i].StoredBytes = int64(100 + i)
	}
	records[1].RetrievedAt = records[1].RetrievedAt.AddDate(0, 0, 2)
	for n, want := range map[int][2]string{
		1: {"Bagging-Date: 2022-05-06\n", "Payload-Oxum: 100.1\n"},
		3: {"Bagging-Date: 2022-05-08\n", "Payload-Oxum: 303.3\n"},
	} {
		tags, err := NewTagFiles(records[:n])
		if err != nil {
			t.Fatal(err)
		}
		if got := string(tags.Files()[bagInfoTxt]); !strings.HasPrefix(got, want[0]) || !strings.HasSuffix(got, want[1]) {
			t.Errorf("%d packages: got %s", n, got)
		}
	}
}

func TestNewTagFilesRefusesWhatIsNotOneBag(t *testing.T) {
	t.Parallel()
	records, _ := packages(t)
	for name, change := range map[string]func([]Record) []Record{
		"none":       func([]Record) []Record { return nil },
		"same path":  func(r []Record) []Record { r[1] = r[0]; r[1].RequestID = "other"; return r },
		"other bag":  func(r []Record) []Record { r[1].Bag = earlier; return r },
		"impossible": func(r []Record) []Record { r[1].SHA256 = ""; return r },
		"other layer": func(r []Record) []Record {
			r[1].Layer, r[1].Domain, r[1].ProxyID = teo.L4, "", r[1].Domain
			r[1].Path = r[1].Identity().Path()
			return r
		},
	} {
		if tags, err := NewTagFiles(change(append([]Record(nil), records...))); err == nil {
			t.Errorf("%s: got %q", name, tags.Files())
		}
	}
}

func TestListingSHA256IsOfLinesInOrderOfThePath(t *testing.T) {
	t.Parallel()
	got := ListingSHA256(map[string]int64{"b": 1, "a": 20, "a/b": 3, "B": 4})
	if want := hashOf([]byte("4 B\n20 a\n3 a/b\n1 b\n")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	records, files := packages(t)
	tags, err := NewTagFiles(records)
	if err != nil {
		t.Fatal(err)
	}
	lengths := map[string]int64{}
	total := int64(0)
	for path, data := range files {
		lengths[path] = int64(len(data))
		total += int64(len(data))
	}
	for name, data := range tags.Files() {
		lengths[name] = int64(len(data))
	}
	if tags.ListingSHA256() != ListingSHA256(lengths) || tags.Bytes() != total || tags.Packages() != len(files) || tags.SHA256() != hashOf(tags.Files()[tagmanifestTxt]) {
		t.Error("the bag is not described as it is")
	}
}

// The baseline is a program that knows nothing of archives.
func TestSha256sumVerifiesABag(t *testing.T) {
	t.Parallel()
	records, files := packages(t)
	tags, err := NewTagFiles(records)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(files, tags.Files())
	dir := t.TempDir()
	write := func(path string, data []byte) {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, data := range files {
		write(path, data)
	}
	verify := func(manifest string) error {
		cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "--quiet", manifest)
		cmd.Dir = dir
		return cmd.Run()
	}
	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Skip(err)
	}
	for _, manifest := range []string{manifestTxt, tagmanifestTxt} {
		if err := verify(manifest); err != nil {
			t.Errorf("%s: %v", manifest, err)
		}
	}
	write(records[0].Path, []byte("x"))
	write(bagInfoTxt, []byte("x"))
	for _, manifest := range []string{manifestTxt, tagmanifestTxt} {
		if verify(manifest) == nil {
			t.Errorf("%s: a changed file is not found", manifest)
		}
	}
}
