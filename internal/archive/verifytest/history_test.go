// Package verifytest_test builds archives on disk, valid ones and changed ones, and
// checks what verify.sh and the verification of the provider say about them.
package verifytest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// clock is the time of every run of a history.
var clock = time.Date(2022, 8, 1, 12, 0, 0, 0, time.UTC)

const (
	firstID   = "0123456789abcdef0123456789abcdef"
	secondID  = "fedcba9876543210fedcba9876543210"
	archiveID = "00112233445566778899aabbccddeeff"
)

// history is an archive in a folder, and the log that continues it.
type history struct {
	testing.TB
	dir     string
	log     *ledger.Log
	scope   ledger.Scope
	commits int
	bags    int

	// records are those of all bags, in the order of the commits.
	records []bag.Record
}

// newHistory begins an archive.
func newHistory(t *testing.T, scope func(*ledger.Scope)) *history {
	t.Helper()
	h := &history{TB: t, dir: t.TempDir(), scope: ledger.Scope{Start: day("2022-05-01"), StableAfter: 86400, RecheckDays: 3}}
	if scope != nil {
		scope(&h.scope)
	}
	h.begin()
	return h
}

func (h *history) begin() {
	h.Helper()
	h.log = ledger.Begin(folder{dir: h.dir}, archiveID, clock)
	h.commit(func(e *ledger.Entry) {
		e.Joined, e.Scope, e.SealedThrough = []string{firstID}, &h.scope, new("")
	})
}

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// entry returns an entry with what every entry has.
func (h *history) entry() *ledger.Entry {
	h.commits++
	return &ledger.Entry{
		Format: ledger.Format, Archive: archiveID, Layer: teo.L7, Commit: fmt.Sprintf("%032x", h.commits),
		WrittenAt: clock, Agent: "terraform-provider-teo/test",
	}
}

// commit appends an entry. It must be valid.
func (h *history) commit(change func(*ledger.Entry), bags ...*builtBag) *ledger.Entry {
	h.Helper()
	e := h.entry()
	h.add(e, bags)
	if change != nil {
		change(e)
	}
	if err := h.log.Append(context.Background(), e, bucket.Lock{}); err != nil {
		h.Fatal(err)
	}
	return e
}

// tamper writes the next entry, whatever its fields are.
func (h *history) tamper(change func(*ledger.Entry), bags ...*builtBag) {
	h.Helper()
	h.tamperText(change, nil, nil, bags...)
}

// tamperText writes the next entry. links changes what links it to the ledger, and text
// its encoded form; nil changes nothing.
func (h *history) tamperText(change, links func(*ledger.Entry), text func(string) string, bags ...*builtBag) {
	h.Helper()
	e := h.entry()
	h.add(e, bags)
	if change != nil {
		change(e)
	}
	e.Sequence, e.Previous, e.Tree = h.log.Head.Sequence+1, h.log.Head.SHA256, slices.Clone(h.log.Tree)
	if ledger.HasSnapshot(e.Sequence) {
		after := *h.log.Replay
		after.State, after.Tree = after.State.Clone(), slices.Clone(after.Tree)
		_ = after.Apply(e, nil, clock)
		e.Snapshot = after.State
	}
	if links != nil {
		links(e)
	}
	data := e.Encode()
	if text != nil {
		data = []byte(text(string(data)))
	}
	h.write(ledger.Key(e.Sequence), data)
	_ = h.log.Apply(e, data, clock)
}

// add writes the files of bags, and the records of a commit that adds them.
func (h *history) add(e *ledger.Entry, bags []*builtBag) {
	h.Helper()
	if len(bags) == 0 {
		return
	}
	slices.SortFunc(bags, func(a, b *builtBag) int { return strings.Compare(a.folder, b.folder) })
	e.Bags = map[string]ledger.Bag{}
	var lines []byte
	for _, b := range bags {
		h.writeBag(b)
		lines = append(lines, b.tags.Files()["packages.jsonl"]...)
		e.Bags[b.folder] = ledger.Bag{
			Packages: int64(b.tags.Packages()), Superseding: b.superseding, Bytes: b.tags.Bytes(),
			TagmanifestSHA256: b.tags.SHA256(), ListingSHA256: b.tags.ListingSHA256(),
		}
		h.records = append(h.records, b.tags.Records()...)
	}
	e.Records = &ledger.Records{SHA256: hashOf(lines), Bytes: int64(len(lines))}
	h.write(ledger.RecordsKey(e.Commit), lines)
}

func (h *history) writeBag(b *builtBag) {
	for p, data := range b.content {
		h.write(b.folder+"/"+p, data)
	}
	for name, data := range b.tags.Files() {
		h.write(b.folder+"/"+name, data)
	}
}

// builtBag is a bag before its commit.
type builtBag struct {
	folder      string
	tags        *bag.TagFiles
	content     map[string][]byte // by path below the bag
	superseding int64
}

// pkg is a package of a bag.
type pkg struct {
	host    string
	hour    int
	content string
	former  *bag.Record // the version that it supersedes
	extends bool        // whether its content begins with that of former

	edit func(*bag.Record)
}

// bag builds a bag of a day.
func (h *history) bag(date string, packages ...pkg) *builtBag {
	h.Helper()
	h.bags++
	b := &builtBag{folder: bag.Folder(date, fmt.Sprintf("%08x", h.bags)), content: map[string][]byte{}}
	var records []bag.Record
	for _, p := range packages {
		r, data := record(h, b.folder, p)
		if p.former != nil {
			b.superseding++
		}
		records = append(records, r)
		b.content[r.Path] = data
	}
	var err error
	if b.tags, err = bag.NewTagFiles(records); err != nil {
		h.Fatal(err)
	}
	return b
}

func record(t testing.TB, folder string, p pkg) (bag.Record, []byte) {
	t.Helper()
	start := day(bag.FolderDay(folder)).Add(time.Duration(p.hour) * time.Hour)
	size := int64(100)
	r := bag.NewRecord(teo.L7, &teo.Package{
		Domain: p.host, Area: "mainland", Name: start.Format("20060102-15") + "-" + p.host, Start: teo.Time{Time: start}, End: teo.Time{Time: start.Add(time.Hour)},
		Size: &size, URL: "https://logs.example.com/" + p.host + "?sign=secret", RequestID: "request",
	})
	var data bytes.Buffer
	z := gzip.NewWriter(&data)
	_, _ = z.Write([]byte(p.content))
	_ = z.Close()
	m, err := bag.NewMeter().Copy(new(bytes.Buffer), bytes.NewReader(data.Bytes()), nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Into(&r)
	r.Bag, r.Path, r.RetrievedAt = folder, r.Identity().Path(), clock
	if p.former != nil {
		r.Supersedes, r.Extends = &bag.Superseded{Path: p.former.Key(), SHA256: p.former.SHA256}, new(p.extends)
	}
	if p.edit != nil {
		p.edit(&r)
	}
	return r, data.Bytes()
}

// day commits a bag of a day with a number of packages, and seals the day.
func (h *history) day(date string, packages int) *ledger.Entry {
	h.Helper()
	return h.commit(func(e *ledger.Entry) { e.SealedThrough = &date }, h.bag(date, hours(packages, "first")...))
}

func hours(n int, content string) []pkg {
	var packages []pkg
	for i := range n {
		packages = append(packages, pkg{host: "www.example.com", hour: i, content: fmt.Sprintf("%s %d\n", content, i)})
	}
	return packages
}

// last returns the newest record of an hour of a day.
func (h *history) last(date string, hour int) *bag.Record {
	h.Helper()
	for _, r := range slices.Backward(h.records) {
		if r.Day() == date && r.Start.Hour() == hour {
			return &r
		}
	}
	h.Fatalf("no record of %s, hour %d", date, hour)
	return nil
}

// file describes a package as lost, recovered or erased.
func file(r *bag.Record, current int64) ledger.File {
	return ledger.File{Path: r.Key(), SHA256: r.SHA256, Bytes: r.StoredBytes, Current: current}
}

// whole describes a bag as lost or recovered.
func (h *history) whole(folder string, current int64) ledger.File {
	b := h.log.State.Bags[folder]
	return ledger.File{Path: folder + "/", SHA256: b.TagmanifestSHA256, Bytes: b.Bytes, Packages: b.Packages, Current: current}
}

// lose appends an entry that loses files with the tokens that they need.
func (h *history) lose(files ...ledger.File) {
	h.Helper()
	h.commit(h.losing(files...))
}

func (h *history) losing(files ...ledger.File) func(*ledger.Entry) {
	return func(e *ledger.Entry) {
		slices.SortFunc(files, func(a, b ledger.File) int { return strings.Compare(a.Path, b.Path) })
		e.Lost = files
		h.accept(e)
	}
}

// accept adds the tokens that an entry needs.
func (h *history) accept(e *ledger.Entry) {
	e.Accepted = nil
	for _, token := range e.LossTokens(h.log.State) {
		e.Accepted = append(e.Accepted, ledger.Acceptance{Token: token, Reason: "the disk broke"})
	}
	slices.SortFunc(e.Accepted, func(a, b ledger.Acceptance) int { return strings.Compare(a.Token, b.Token) })
}

// supersede commits a bag that replaces the newest version of an hour.
func (h *history) supersede(date string, hour int) {
	h.Helper()
	former := h.last(date, hour)
	h.commit(nil, h.bag(date, pkg{host: "www.example.com", hour: hour, content: fmt.Sprintf("longer %d %s\n", hour, former.Bag), former: former}))
}

func (h *history) write(key string, data []byte) {
	h.Helper()
	if err := os.MkdirAll(filepath.Join(h.dir, path.Dir(key)), 0o777); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.dir, key), data, 0o666); err != nil {
		h.Fatal(err)
	}
}

func (h *history) read(key string) []byte {
	h.Helper()
	data, err := os.ReadFile(filepath.Join(h.dir, key))
	if err != nil {
		h.Fatal(err)
	}
	return data
}

func (h *history) remove(key string) {
	h.Helper()
	if err := os.RemoveAll(filepath.Join(h.dir, key)); err != nil {
		h.Fatal(err)
	}
}

// replace replaces a text of a file.
func (h *history) replace(key, old, text string) {
	h.Helper()
	data := string(h.read(key))
	if strings.Count(data, old) == 0 {
		h.Fatalf("%s does not contain %q", key, old)
	}
	h.write(key, []byte(strings.Replace(data, old, text, 1)))
}

// folder is a bucket in a folder: what the ledger needs to append entries.
type folder struct {
	bucket.Bucket
	dir string
}

func (f folder) path(key string) string { return filepath.Join(f.dir, filepath.FromSlash(key)) }

func (f folder) List(_ context.Context, r bucket.Range) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		sizes := map[string]int64{}
		err := filepath.WalkDir(f.dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			key, _ := filepath.Rel(f.dir, name)
			key = filepath.ToSlash(key)
			info, err := d.Info()
			if err == nil && strings.HasPrefix(key, r.Prefix) {
				sizes[key] = info.Size()
			}
			return err
		})
		if err != nil {
			yield(bucket.Object{}, err)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(sizes)) {
			if !yield(bucket.Object{Key: key, Size: sizes[key]}, nil) {
				return
			}
		}
	}
}

func (f folder) Stat(_ context.Context, key string) (bucket.Object, error) {
	info, err := os.Stat(f.path(key))
	if err != nil {
		return bucket.Object{}, err
	}
	return bucket.Object{Key: key, Size: info.Size()}, nil
}

func (f folder) Open(_ context.Context, key string) (*bucket.Reader, error) {
	file, err := os.Open(f.path(key))
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &bucket.Reader{ReadCloser: file, Object: bucket.Object{Key: key, Size: info.Size()}}, nil
}

func (f folder) Create(_ context.Context, key string, _ bucket.WriteOptions) (bucket.Writer, error) {
	return &writer{path: f.path(key)}, nil
}

func (folder) Sync(context.Context, []string) error { return nil }

type writer struct {
	bytes.Buffer
	path string
}

func (w *writer) Commit() error {
	if _, err := os.Stat(w.path); err == nil {
		return bucket.ErrExist
	}
	if err := os.MkdirAll(filepath.Dir(w.path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(w.path, w.Bytes(), 0o666)
}

func (*writer) Abort() {}
