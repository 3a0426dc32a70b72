package archive

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

func sampleEntry() *Entry {
	scope := Scope{Layer: teo.L7, Start: firstDay, ZoneIDs: []string{"zone-1"}, Hosts: []string{"caf\u00e9 \"x\" \U0001f600"}}
	hash := strings.Repeat("ab", 32)
	return &Entry{
		Archive: strings.Repeat("0", 32), Layer: teo.L7, Sequence: 51, Commit: strings.Repeat("1", 32), Previous: hash,
		WrittenAt: firstDay, Agent: "test", Snapshot: true, Scope: &scope, Scopes: []ScopeAt{{1, may()}, {51, scope}},
		Bags: map[string]*Bag{
			"2022-05-01": {Sequence: 7, TagmanifestSHA256: hash, Packages: 1, Bytes: 2, ListingSHA256: hash, SourceSHA256: hash},
			"2022-05-02": nil,
		},
		Superseded:  []Superseded{{"dt=2022-05-01/data/domain=a/area=b/hour=03/c.log.gz", hash, 1, hash, 2, true}},
		Lost:        []Lost{{"dt=2022-05-02/data/domain=a/area=b/hour=03/c.log.gz", hash, 1}},
		Recovered:   []Lost{{"dt=2022-05-01/data/domain=a/area=b/hour=04/c.log.gz", hash, 1}},
		Unrecovered: []Lost{{"dt=2022-05-02/data/domain=a/area=b/hour=03/c.log.gz", hash, 1}},
		Accepted:    []Acceptance{{"2022-05-02@7:0123456789abcdef", "a reason\nof two lines"}},
		Joined:      true, SealedThrough: "2022-05-02",
	}
}

func TestEntryIsCanonical(t *testing.T) {
	t.Parallel()
	data := sampleEntry().encode()
	e, err := decodeEntry(data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if again := e.encode(); !bytes.Equal(again, data) {
		t.Errorf("got %s\nwant %s", again, data)
	}
	for line := range strings.Lines(string(data)) {
		for _, r := range strings.TrimSuffix(line, "\n") {
			if r < ' ' || r > '~' {
				t.Errorf("%q is not printable ASCII", line)
			}
		}
	}
	if !strings.Contains(string(data), "\n    \"2022-05-01\": {\"sequence\": 7, ") || !strings.Contains(string(data), "\n    \"2022-05-02\": null\n") {
		t.Errorf("a bag does not have its line: %s", data)
	}
	// A byte more, less or other is not an entry.
	for _, change := range [][2]string{
		{`"sequence": 51`, `"sequence":  51`},
		{`"joined": true`, `"joined": true, "x": 1`},
		{"\n}\n", "\n}"},
		{`"area`, `"Area`},
		{`\u00e9`, "\u00e9"},
		{`abab", "packages"`, `ABAB", "packages"`},
		{`"packages": 1`, `"packages": 0`},
		{`"snapshot": true`, `"snapshot": false`},
		{"  \"layer\": \"l7\",\n", ""},
		{`"2022-05-02": null`, `"2022-02-30": null`},
		{`/c.log.gz", "old`, `/../c.log.gz", "old`},
	} {
		if !bytes.Contains(data, []byte(change[0])) && change[0] != `"area` {
			t.Fatalf("%q is not in the entry", change[0])
		}
		changed := bytes.ReplaceAll(data, []byte(change[0]), []byte(change[1]))
		if _, err := decodeEntry(changed); err == nil && !bytes.Equal(changed, data) {
			t.Errorf("%q instead of %q is accepted", change[1], change[0])
		}
	}
}

func TestSnapshotsAreWrittenAndChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Scopes change until entry 51 has passed.
	for i := range 52 {
		w.mustApply(func(c *Config) { c.Scope.Zones = []string{fmt.Sprint(i)} })
	}
	s := newState()
	snapshots := 0
	for n := int64(1); n <= w.head.Sequence; n++ {
		data := w.store.get(ledgerKey(n))
		e, err := decodeEntry(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.apply(e, hashOf(data)); err != nil {
			t.Fatal(err)
		}
		if e.Snapshot {
			snapshots++
			if n%snapshotEvery != 1 || n > 1 && (len(e.Bags) != 3 || len(e.Scopes) < 49) {
				t.Errorf("got %s", data)
			}
		}
	}
	if snapshots != 2 {
		t.Errorf("%d snapshots, want 2", snapshots)
	}
	// A reader that starts at the snapshot sees the same state.
	short, broken, err := newChain(w.store.bucket()).fold(t.Context(), w.head.Sequence)
	if err != nil || len(broken) > 0 || fmt.Sprint(*short) != fmt.Sprint(*s) {
		t.Errorf("got %v, %v\n%v\n%v", err, broken, short, s)
	}
	w.valid()
}

func TestTagsObjectIsATar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustApply(nil)
	for _, key := range w.store.keys() {
		m := tagsName.FindStringSubmatch(key)
		if m == nil {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "tar", "tf", "-")
		cmd.Stdin = bytes.NewReader(w.store.get(key))
		out, err := cmd.Output()
		if err != nil {
			t.Skipf("tar: %v", err)
		}
		var want []string
		for _, name := range tagNames() {
			want = append(want, bagFolder(m[1])+name)
		}
		if got := strings.Fields(string(out)); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPathsAreSafeAndDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]identity{}
	for _, host := range []string{"www.example.com", "WWW.example.com", "*.example.com", "..", "", "a/b", "a~x2fb", "例え", strings.Repeat("x", 300)} {
		for _, area := range []string{"", "mainland", "unknown", "Mainland"} {
			for _, name := range []string{"20220501-03-www.example.com", "20220501-0315-www.example.com", "", ".", "x~0123456789abcdef", "x\xab0123456789abcd"} {
				for _, start := range []int64{firstDay.Unix() + 3*3600, firstDay.Unix() + 3*3600 + 900} {
					id := identity{layer: teo.L7, host: host, area: area, name: name, start: start}
					if area == "" || name == "" {
						id.source = "/p"
					}
					path := id.path()
					if other, ok := seen[path]; ok {
						t.Errorf("%+v and %+v have the path %s", id, other, path)
					}
					seen[path] = id
					if !payloadName.MatchString(path) || firstPath(path) != path || firstPath(versionPath(path, strings.Repeat("a", 64))) != path {
						t.Errorf("%+v has the path %s", id, path)
					}
				}
			}
		}
	}
}

func FuzzDecodeEntry(f *testing.F) {
	f.Add(sampleEntry().encode())
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decodeEntry(data)
		if err != nil {
			return
		}
		if !bytes.Equal(e.encode(), data) {
			t.Errorf("%q is not canonical", data)
		}
		_ = newState().apply(e, hashOf(data))
	})
}

func FuzzDecodeRecords(f *testing.F) {
	at, size := firstDay, int64(3)
	r := Record{
		Layer: teo.L7, Domain: "www.example.com", Area: "mainland", Name: "20220501-03-www.example.com", Start: firstDay, End: firstDay.Add(time.Hour),
		Size: &size, Path: "data/domain=www.example.com/area=mainland/hour=03/20220501-03-www.example.com.log.gz", StoredBytes: 1,
		SHA256: strings.Repeat("ab", 32), RetrievedAt: &at,
	}
	line, err := encodeRecords([]Record{r})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := decodeRecords(data)
		if err != nil {
			return
		}
		again, err := encodeRecords(records)
		if err != nil {
			t.Fatal(err)
		}
		third, err := decodeRecords(again)
		if err != nil || len(third) != len(records) {
			t.Errorf("%q: %v", again, err)
		}
		for i := range records {
			day, path, ok := bagDay(records[i].Key())
			if !ok || day != records[i].Day() || path != records[i].Path {
				t.Errorf("%q has the key %q", data, records[i].Key())
			}
		}
	})
}

func FuzzDecodeTags(f *testing.F) {
	w := newWorld(f)
	a := w.archive(nil)
	if _, err := a.Run(f.Context(), w.service.list(may(), firstDay, time.Time{}), time.Time{}); err != nil {
		f.Fatal(err)
	}
	for _, key := range w.store.keys() {
		if tagsName.MatchString(key) {
			f.Add(w.store.get(key))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, day := range []string{"2022-05-01", "2022-05-02"} {
			if tags, err := decodeTags(day, strings.Repeat("0", 64), data); err == nil {
				t.Errorf("got %v", tags)
			}
		}
	})
}
