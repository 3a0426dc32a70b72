package ledger

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
)

// fullEntry returns an entry with every field.
func fullEntry(t testing.TB) *Entry {
	t.Helper()
	l := prepared(t)
	for l.Head.Sequence < 25 {
		appendEntry(t, l, nil)
	}
	e := newEntry(26)
	scope := window()
	scope.End, scope.Zones, scope.ZoneIDs, scope.Hosts, scope.Resolved = new(bag.DayStart("2023-05-01")), []string{"a", "b"}, []string{"c"}, []string{"d"}, []string{"e"}
	scope.Retention = &Retention{Mode: "COMPLIANCE", Days: 30}
	e.Format, e.Archive, e.Sequence, e.Previous, e.Tree = Format, archiveID, 26, l.Head.SHA256, slices.Clone(l.Tree)
	e.Agent, e.Actor, e.Joined, e.Left = "agent <é\u2028\U0001f600\x7f\"\\\b\n>", "qcs::cam::uin/1", []string{memberID}, []string{otherID}
	e.Scope, e.SealedThrough, e.ExpiredThrough = &scope, new(""), "2022-05-01"
	bagOf(e, thirdBag, 3, 1)
	e.Relisted, e.Failing, e.Missed, e.GivenUp = map[string]int64{firstKey: 1, keptKey: -1}, []string{failingKey, missedKey}, []string{missedKey}, []string{"dt=2022-05-01/bag=0000000e"}
	replaced := lostFile(keptKey, 1)
	replaced.ReplacedBy = thirdBag + "/" + pathA
	e.Lost, e.Recovered, e.Erased = []File{{Path: Key(3)}, {Path: Key(4), SHA256: ones}, {Path: RecordsKey(id(2)), SHA256: ones, Bytes: 5}, whole(3, 2), replaced}, []File{{Path: missedKey}, lostFile(lostKey, 1)}, []File{erasedFile(firstKey, 1)}
	slices.SortFunc(e.Recovered, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(e.Lost, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	e.Accepted, e.Abandoned = []Acceptance{{"a", "b"}, {"c", "d"}}, &Head{7, ones}
	e.Snapshot = l.State.Clone()
	return e
}

func TestAnEntryIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	e := fullEntry(t)
	v := reflect.ValueOf(e).Elem()
	for i := range v.NumField() {
		if v.Field(i).IsZero() && v.Type().Field(i).Name != "Destroyed" {
			t.Errorf("%s is not set", v.Type().Field(i).Name)
		}
	}
	data := e.Encode()
	for _, c := range data {
		if c != '\n' && (c < ' ' || c > '~') {
			t.Errorf("the form contains the byte %#x", c)
		}
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if got.Agent != e.Agent {
		t.Errorf("got the agent %q", got.Agent)
	}
	got.Snapshot, e.Snapshot = got.Snapshot.filled(), e.Snapshot.filled()
	if !reflect.DeepEqual(got, e) {
		t.Errorf("got %+v, want %+v", got, e)
	}
}

// TestEachLineHasOneKeyOrElement writes the form down.
func TestEachLineHasOneKeyOrElement(t *testing.T) {
	t.Parallel()
	e := newEntry(2)
	e.Format, e.Archive, e.Sequence, e.Previous, e.Tree = Format, archiveID, 2, zeros, []string{ones}
	bagOf(e, thirdBag, 3, 1)
	e.Failing, e.SealedThrough = []string{}, new("")
	want := `{
  "format": "teo-archive/2",
  "archive": "00112233445566778899aabbccddeeff",
  "layer": "l7",
  "sequence": 2,
  "commit": "00000000000000000000000000000002",
  "previous_sha256": "` + zeros + `",
  "tree": [
    "` + ones + `"
  ],
  "written_at": "2022-08-01T12:00:00Z",
  "agent": "test",
  "records": {"sha256":"` + ones + `","bytes":1000},
  "bags": {
    "dt=2022-05-03/bag=00000003": {"packages":3,"superseding":1,"bytes":300,"tagmanifest_sha256":"` + zeros + `","listing_sha256":"` + ones + `"}
  },
  "failing": [],
  "sealed_through": ""
}
`
	if got := string(e.Encode()); got != want {
		t.Errorf("got\n%s", got)
	}
	if got, err := Decode([]byte(want)); err != nil || got.Failing == nil || got.SealedThrough == nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDecodeRefusesEveryOtherForm(t *testing.T) {
	t.Parallel()
	data := string(fullEntry(t).Encode())
	for name, c := range map[string][2]string{
		"white space":       {`"layer": `, `"layer":  `},
		"indentation":       {`  "layer": `, `   "layer": `},
		"order":             {"  \"layer\": \"l7\",\n  \"sequence\": 26,\n", "  \"sequence\": 26,\n  \"layer\": \"l7\",\n"},
		"an unknown field":  {`  "layer"`, "  \"also\": 1,\n  \"layer\""},
		"a field twice":     {`  "layer": "l7",`, "  \"layer\": \"l7\",\n  \"layer\": \"l7\","},
		"case":              {`"layer"`, `"Layer"`},
		"a null":            {`  "layer"`, "  \"actor\": null,\n  \"layer\""},
		"an empty field":    {`  "written_at"`, "  \"joined\": [],\n  \"written_at\""},
		"zero in a bag":     {`"superseding":1`, `"superseding":0`},
		"a number":          {`"packages":3,"sup`, `"packages":3.0,"sup`},
		"an exponent":       {`"packages":3,"sup`, `"packages":3e0,"sup`},
		"a needless escape": {`"qcs`, `"\u0071cs`},
		"upper-case escape": {`\u00e9`, `\u00E9`},
		"raw UTF-8":         {`\u00e9`, `é`},
		"half a surrogate":  {`\ud83d\ude00`, `\ud83d`},
		"a carriage return": {"{\n", "{\r\n"},
		"a byte order mark": {"{\n", "\ufeff{\n"},
		"a time zone":       {`T12:00:00Z"`, `T12:00:00+00:00"`},
		"an offset":         {`T12:00:00Z"`, `T14:00:00+02:00"`},
		"another entry":     {"\n}\n", "\n}\n{}\n"},
		"no end":            {"\n}\n", "\n}"},
		"more white space":  {"\n}\n", "\n}\n\n"},
	} {
		if strings.Count(data, c[0]) == 0 {
			t.Fatalf("%s: no %q in\n%s", name, c[0], data)
		}
		if _, err := Decode([]byte(strings.Replace(data, c[0], c[1], 1))); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestDecodeEnforcesEachRuleOfTheForm(t *testing.T) {
	t.Parallel()
	file := func(list func(*Entry) *[]File, f File) func(*Entry) {
		return func(e *Entry) { *list(e) = []File{f} }
	}
	lost := func(e *Entry) *[]File { return &e.Lost }
	recovered := func(e *Entry) *[]File { return &e.Recovered }
	erased := func(e *Entry) *[]File { return &e.Erased }
	with := func(f File, change func(*File)) File { change(&f); return f }
	inBag := func(change func(*Bag)) func(*Entry) {
		return func(e *Entry) { b := e.Bags[thirdBag]; change(&b); e.Bags[thirdBag] = b }
	}
	scope := func(change func(*Scope)) func(*Entry) { return func(e *Entry) { change(e.Scope) } }
	for name, change := range map[string]func(*Entry){
		"format":                           func(e *Entry) { e.Format = "teo-archive/1" },
		"layer":                            func(e *Entry) { e.Layer = "l3" },
		"sequence 0":                       func(e *Entry) { e.Sequence = 0 },
		"a sequence without a name":        func(e *Entry) { e.Sequence = 10_000_000_001 },
		"archive":                          func(e *Entry) { e.Archive = "x" },
		"commit":                           func(e *Entry) { e.Commit = strings.ToUpper(otherID) },
		"no previous hash":                 func(e *Entry) { e.Previous = "" },
		"previous hash of the first":       func(e *Entry) { e.Sequence = 1 },
		"tree":                             func(e *Entry) { e.Tree[0] = "x" },
		"written_at is missing":            func(e *Entry) { e.WrittenAt = time.Time{} },
		"written_at with fractions":        func(e *Entry) { e.WrittenAt = e.WrittenAt.Add(1) },
		"no snapshot":                      func(e *Entry) { e.Snapshot = nil },
		"an unexpected snapshot":           func(e *Entry) { e.Sequence = 27 },
		"records without bags":             func(e *Entry) { e.Bags = nil },
		"bags without records":             func(e *Entry) { e.Records = nil },
		"records without a hash":           func(e *Entry) { e.Records.SHA256 = "x" },
		"empty records":                    func(e *Entry) { e.Records.Bytes = 0 },
		"large records":                    func(e *Entry) { e.Records.Bytes = MaxRecords + 1 },
		"a scope without sealed_through":   func(e *Entry) { e.SealedThrough = nil },
		"sealed_through":                   func(e *Entry) { e.SealedThrough = new("2022-02-30") },
		"expired_through":                  func(e *Entry) { e.ExpiredThrough = "2022-5-1" },
		"abandoned":                        func(e *Entry) { e.Abandoned.SHA256 = "x" },
		"abandoned in the first entry":     func(e *Entry) { e.Sequence, e.Previous = 1, "" },
		"abandoned without a sequence":     func(e *Entry) { e.Abandoned.Sequence = 0 },
		"a large abandoned sequence":       func(e *Entry) { e.Abandoned.Sequence = maxSequence + 1 },
		"destroyed and not left":           func(e *Entry) { e.Destroyed, e.Left, e.Bags, e.Records = true, nil, nil, nil },
		"destroyed with bags":              func(e *Entry) { e.Destroyed = true },
		"joined":                           func(e *Entry) { e.Joined = []string{"x"} },
		"joined is not sorted":             func(e *Entry) { e.Joined = []string{otherID, memberID} },
		"joined twice":                     func(e *Entry) { e.Joined = []string{memberID, memberID} },
		"left":                             func(e *Entry) { e.Left = []string{"x"} },
		"failing":                          func(e *Entry) { e.Failing = []string{"x"} },
		"missed":                           func(e *Entry) { e.Missed = []string{firstKey} },
		"given_up":                         func(e *Entry) { e.GivenUp = []string{firstBag + "/"} },
		"the folder of a bag":              func(e *Entry) { e.Bags["dt=2022-05-03/bag=0000000g"] = e.Bags[thirdBag] },
		"the day of a bag":                 func(e *Entry) { e.Bags["dt=2022-02-30/bag=00000003"] = e.Bags[thirdBag] },
		"no tagmanifest":                   inBag(func(b *Bag) { b.TagmanifestSHA256 = "" }),
		"no listing":                       inBag(func(b *Bag) { b.ListingSHA256 = "" }),
		"no packages":                      inBag(func(b *Bag) { b.Packages = 0; b.Superseding = 0 }),
		"too many packages":                inBag(func(b *Bag) { b.Packages = maxCount + 1 }),
		"no bytes":                         inBag(func(b *Bag) { b.Bytes = 0 }),
		"too many bytes":                   inBag(func(b *Bag) { b.Bytes = maxCount + 1 }),
		"negative superseding":             inBag(func(b *Bag) { b.Superseding = -1 }),
		"more superseding than packages":   inBag(func(b *Bag) { b.Superseding = 4 }),
		"relisted":                         func(e *Entry) { e.Relisted = map[string]int64{failingKey: 1} },
		"relisted with a negative size":    func(e *Entry) { e.Relisted = map[string]int64{firstKey: -2} },
		"relisted with a large size":       func(e *Entry) { e.Relisted = map[string]int64{firstKey: maxCount + 1} },
		"lost is not sorted":               func(e *Entry) { slices.Reverse(e.Lost) },
		"lost twice":                       func(e *Entry) { e.Lost = []File{e.Lost[0], e.Lost[0]} },
		"accepted without a token":         func(e *Entry) { e.Accepted[0].Token = "" },
		"accepted without a reason":        func(e *Entry) { e.Accepted[0].Reason = "" },
		"accepted is not sorted":           func(e *Entry) { slices.Reverse(e.Accepted) },
		"lost without a hash":              file(lost, File{Path: firstKey, Bytes: 1}),
		"lost without a length":            file(lost, File{Path: firstKey, SHA256: ones}),
		"lost with a negative length":      file(lost, with(lostFile(firstKey, 0), func(f *File) { f.Bytes = -1 })),
		"lost with a large length":         file(lost, with(lostFile(firstKey, 0), func(f *File) { f.Bytes = maxCount + 1 })),
		"a file that is current twice":     file(lost, lostFile(firstKey, 2)),
		"a file with packages":             file(lost, with(lostFile(firstKey, 0), func(f *File) { f.Packages = 1 })),
		"a bag with more current versions": file(lost, whole(2, 3)),
		"a bag without a hash":             file(lost, with(whole(3, 0), func(f *File) { f.SHA256 = "" })),
		"a tag file":                       file(lost, lostFile(firstBag+"/bagit.txt", 0)),
		"a missed package in lost":         file(lost, File{Path: failingKey}),
		"a recovered package with a hash":  file(recovered, lostFile(failingKey, 0)),
		"an entry with a length":           file(lost, File{Path: Key(3), SHA256: ones, Bytes: 5}),
		"an entry with another hash":       file(lost, File{Path: Key(3), SHA256: "x"}),
		"records without a hash of theirs": file(lost, File{Path: RecordsKey(id(2)), Bytes: 5}),
		"current records":                  file(lost, File{Path: RecordsKey(id(2)), SHA256: ones, Bytes: 5, Current: 1}),
		"a path outside":                   file(lost, lostFile("../x", 0)),
		"lost with a reason":               file(lost, erasedFile(firstKey, 1)),
		"erased without a reason":          file(erased, lostFile(firstKey, 1)),
		"erased records":                   file(erased, File{Path: RecordsKey(id(2)), SHA256: ones, Bytes: 5, Reason: "x"}),
		"a replaced bag":                   file(lost, with(whole(3, 0), func(f *File) { f.ReplacedBy = firstKey })),
		"replaced by no package":           file(lost, with(lostFile(firstKey, 0), func(f *File) { f.ReplacedBy = firstBag })),
		"recovered and replaced":           file(recovered, with(lostFile(firstKey, 0), func(f *File) { f.ReplacedBy = keptKey })),
		"a window without a start":         scope(func(s *Scope) { s.Start = time.Time{} }),
		"a window with fractions":          scope(func(s *Scope) { s.Start = s.Start.Add(1) }),
		"an end with fractions":            scope(func(s *Scope) { s.End = new(s.End.Add(1)) }),
		"a window that ends at its start":  scope(func(s *Scope) { s.End = &s.Start }),
		"negative stable_after":            scope(func(s *Scope) { s.StableAfter = -1 }),
		"large stable_after":               scope(func(s *Scope) { s.StableAfter = 7*86400 + 1 }),
		"large recheck_days":               scope(func(s *Scope) { s.RecheckDays = 367 }),
		"large expire_after_days":          scope(func(s *Scope) { s.ExpireAfterDays = 36501 }),
		"no days of retention":             scope(func(s *Scope) { s.Retention.Days = 0 }),
		"an unknown mode of retention":     scope(func(s *Scope) { s.Retention.Mode = "x" }),
		"zones are not sorted":             scope(func(s *Scope) { s.Zones = []string{"b", "a"} }),
		"zone_ids twice":                   scope(func(s *Scope) { s.ZoneIDs = []string{"a", "a"} }),
		"hosts are not sorted":             scope(func(s *Scope) { s.Hosts = []string{"b", "a"} }),
		"resolved twice":                   scope(func(s *Scope) { s.Resolved = []string{"a", "a"} }),
	} {
		e := fullEntry(t)
		change(e)
		if _, err := Decode(e.Encode()); err == nil {
			t.Errorf("%s: the entry is accepted", name)
		}
	}
}

func TestDecodeRefusesLargeEntries(t *testing.T) {
	t.Parallel()
	e := fullEntry(t)
	e.Sequence, e.Snapshot = 27, nil
	if err := e.check(MaxEntry); err != nil {
		t.Errorf("got %v", err)
	}
	if err := e.check(MaxEntry + 1); err == nil {
		t.Error("a large entry is accepted")
	}
	e = fullEntry(t)
	if err := e.check(MaxSnapshot); err != nil {
		t.Errorf("got %v", err)
	}
	if err := e.check(MaxSnapshot + 1); err == nil {
		t.Error("a large snapshot is accepted")
	}
}

// FuzzDecode checks that what Decode accepts is exactly what Encode writes.
func FuzzDecode(f *testing.F) {
	f.Add(fullEntry(f).Encode())
	e := newEntry(2)
	e.Format, e.Archive, e.Sequence, e.Previous = Format, archiveID, 2, zeros
	f.Add(e.Encode())
	f.Add([]byte("{}"))
	f.Add([]byte(`{"format": "teo-archive/2", "snapshot": null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Decode(data)
		if err != nil {
			return
		}
		if again := e.Encode(); !bytes.Equal(again, data) {
			t.Errorf("%q is accepted, and written as %q", data, again)
		}
		// A replay of any entry ends without a panic.
		_ = newReplay().Apply(e, data, now)
	})
}
