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
	e.Joined, e.Left, e.Relisted = []string{}, []string{}, map[string]int64{}
	e.Failing, e.SealedThrough, e.Agent = []string{}, new(""), "a <&> ~\x7f\u00e9\uffff\U00010000\"\\"
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
  "agent": "a <&> ~\u007f\u00e9\uffff\ud800\udc00\"\\",
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
	for name, test := range map[string]struct {
		change func(*Entry)
		want   string
	}{
		"format":                           {func(e *Entry) { e.Format = "teo-archive/1" }, "its format is not"},
		"layer":                            {func(e *Entry) { e.Layer = "l3" }, "its layer is unknown"},
		"sequence 0":                       {func(e *Entry) { e.Sequence = 0 }, "its sequence is out of range"},
		"a sequence without a name":        {func(e *Entry) { e.Sequence = 10_000_000_000 }, "its sequence is out of range"},
		"archive":                          {func(e *Entry) { e.Archive = "x" }, "its IDs are not 32 hexadecimal digits"},
		"commit":                           {func(e *Entry) { e.Commit = strings.ToUpper(otherID) }, "its IDs are not 32 hexadecimal digits"},
		"no previous hash":                 {func(e *Entry) { e.Previous = "" }, "previous_sha256 is not a hash"},
		"no previous hash of the second":   {func(e *Entry) { e.Sequence, e.Previous = 2, "" }, "previous_sha256 is not a hash"},
		"previous hash of the first":       {func(e *Entry) { e.Sequence = 1 }, "previous_sha256 is not a hash"},
		"tree":                             {func(e *Entry) { e.Tree[0] = "x" }, "tree contains something else than hashes"},
		"written_at is missing":            {func(e *Entry) { e.WrittenAt = time.Time{} }, "written_at is not a time in UTC and whole seconds"},
		"written_at with fractions":        {func(e *Entry) { e.WrittenAt = e.WrittenAt.Add(1) }, "written_at is not a time in UTC and whole seconds"},
		"no snapshot":                      {func(e *Entry) { e.Snapshot = nil }, "a snapshot belongs to entries 1, 26, 51, … and to no others"},
		"an unexpected snapshot":           {func(e *Entry) { e.Sequence = 27 }, "a snapshot belongs to entries 1, 26, 51, … and to no others"},
		"records without bags":             {func(e *Entry) { e.Bags = nil }, "it has records without bags, or bags without records"},
		"bags without records":             {func(e *Entry) { e.Records = nil }, "it has records without bags, or bags without records"},
		"records without a hash":           {func(e *Entry) { e.Records.SHA256 = "x" }, "its records have no hash or length"},
		"empty records":                    {func(e *Entry) { e.Records.Bytes = 0 }, "its records have no hash or length"},
		"large records":                    {func(e *Entry) { e.Records.Bytes = MaxRecords + 1 }, "its records have no hash or length"},
		"a scope without sealed_through":   {func(e *Entry) { e.SealedThrough = nil }, "it has a scope without sealed_through"},
		"sealed_through":                   {func(e *Entry) { e.SealedThrough = new("2022-02-30") }, "sealed_through is not a day"},
		"expired_through":                  {func(e *Entry) { e.ExpiredThrough = "2022-5-1" }, "expired_through is not a day"},
		"abandoned":                        {func(e *Entry) { e.Abandoned.SHA256 = "x" }, "abandoned is not a head"},
		"abandoned in the first entry":     {func(e *Entry) { e.Sequence, e.Previous = 1, "" }, "abandoned is not a head"},
		"abandoned without a sequence":     {func(e *Entry) { e.Abandoned.Sequence = 0 }, "abandoned is not a head"},
		"a large abandoned sequence":       {func(e *Entry) { e.Abandoned.Sequence = maxSequence + 1 }, "abandoned is not a head"},
		"destroyed and not left":           {func(e *Entry) { e.Destroyed, e.Left, e.Bags, e.Records = true, nil, nil, nil }, "it destroys the archive without leaving it, or adds bags"},
		"destroyed with bags":              {func(e *Entry) { e.Destroyed = true }, "it destroys the archive without leaving it, or adds bags"},
		"joined":                           {func(e *Entry) { e.Joined = []string{"x"} }, "joined contains \"x\""},
		"joined is not sorted":             {func(e *Entry) { e.Joined = []string{otherID, memberID} }, "joined is not a sorted set"},
		"joined twice":                     {func(e *Entry) { e.Joined = []string{memberID, memberID} }, "joined is not a sorted set"},
		"left":                             {func(e *Entry) { e.Left = []string{"x"} }, "left contains \"x\""},
		"failing":                          {func(e *Entry) { e.Failing = []string{"x"} }, "failing contains \"x\""},
		"missed":                           {func(e *Entry) { e.Missed = []string{firstKey} }, "missed contains"},
		"given_up":                         {func(e *Entry) { e.GivenUp = []string{firstBag + "/"} }, "given_up contains"},
		"the folder of a bag":              {func(e *Entry) { e.Bags["dt=2022-05-03/bag=0000000g"] = e.Bags[thirdBag] }, "is not the folder of a bag"},
		"the day of a bag":                 {func(e *Entry) { e.Bags["dt=2022-02-30/bag=00000003"] = e.Bags[thirdBag] }, "is not the folder of a bag"},
		"no tagmanifest":                   {inBag(func(b *Bag) { b.TagmanifestSHA256 = "" }), "has no hashes"},
		"no listing":                       {inBag(func(b *Bag) { b.ListingSHA256 = "" }), "has no hashes"},
		"no packages":                      {inBag(func(b *Bag) { b.Packages = 0; b.Superseding = 0 }), "has impossible counts"},
		"too many packages":                {inBag(func(b *Bag) { b.Packages = maxCount + 1 }), "has impossible counts"},
		"no bytes":                         {inBag(func(b *Bag) { b.Bytes = 0 }), "has impossible counts"},
		"too many bytes":                   {inBag(func(b *Bag) { b.Bytes = maxCount + 1 }), "has impossible counts"},
		"negative superseding":             {inBag(func(b *Bag) { b.Superseding = -1 }), "has impossible counts"},
		"more superseding than packages":   {inBag(func(b *Bag) { b.Superseding = 4 }), "has impossible counts"},
		"relisted":                         {func(e *Entry) { e.Relisted = map[string]int64{failingKey: 1} }, "relisted contains"},
		"relisted with a negative size":    {func(e *Entry) { e.Relisted = map[string]int64{firstKey: -2} }, "relisted contains"},
		"relisted with a large size":       {func(e *Entry) { e.Relisted = map[string]int64{firstKey: maxCount + 1} }, "relisted contains"},
		"lost is not sorted":               {func(e *Entry) { slices.Reverse(e.Lost) }, "lost is not sorted by path"},
		"lost twice":                       {func(e *Entry) { e.Lost = []File{e.Lost[0], e.Lost[0]} }, "lost is not sorted by path"},
		"accepted without a token":         {func(e *Entry) { e.Accepted[0].Token = "" }, "accepted is not sorted, or has no token or reason"},
		"accepted without a reason":        {func(e *Entry) { e.Accepted[0].Reason = "" }, "accepted is not sorted, or has no token or reason"},
		"accepted twice":                   {func(e *Entry) { e.Accepted[1] = e.Accepted[0] }, "accepted is not sorted, or has no token or reason"},
		"accepted is not sorted":           {func(e *Entry) { slices.Reverse(e.Accepted) }, "accepted is not sorted, or has no token or reason"},
		"lost without a hash":              {file(lost, File{Path: firstKey, Bytes: 1}), "cannot be an element"},
		"lost without a length":            {file(lost, File{Path: firstKey, SHA256: ones}), "cannot be an element"},
		"lost with negative packages":      {file(lost, with(whole(3, 0), func(f *File) { f.Packages, f.Current = -1, -2 })), "has impossible counts"},
		"lost with a negative count":       {file(lost, with(whole(3, 0), func(f *File) { f.Current = -1 })), "has impossible counts"},
		"lost with a large count":          {file(lost, whole(maxCount+1, 0)), "has impossible counts"},
		"lost with a negative length":      {file(lost, with(lostFile(firstKey, 0), func(f *File) { f.Bytes = -1 })), "has impossible counts"},
		"lost with a large length":         {file(lost, with(lostFile(firstKey, 0), func(f *File) { f.Bytes = maxCount + 1 })), "has impossible counts"},
		"a file that is current twice":     {file(lost, lostFile(firstKey, 2)), "cannot be an element"},
		"a file with packages":             {file(lost, with(lostFile(firstKey, 0), func(f *File) { f.Packages = 1 })), "cannot be an element"},
		"a bag with more current versions": {file(lost, whole(2, 3)), "cannot be an element"},
		"a bag without a slash":            {file(lost, with(whole(3, 0), func(f *File) { f.Path = firstBag })), "cannot be an element"},
		"a bag without a hash":             {file(lost, with(whole(3, 0), func(f *File) { f.SHA256 = "" })), "cannot be an element"},
		"a tag file":                       {file(lost, lostFile(firstBag+"/bagit.txt", 0)), "cannot be an element"},
		"a missed package in lost":         {file(lost, File{Path: failingKey}), "cannot be an element"},
		"a recovered package with a hash":  {file(recovered, lostFile(failingKey, 0)), "cannot be an element"},
		"an entry with a length":           {file(lost, File{Path: Key(3), SHA256: ones, Bytes: 5}), "cannot be an element"},
		"an entry with another hash":       {file(lost, File{Path: Key(3), SHA256: "x"}), "cannot be an element"},
		"records without a hash of theirs": {file(lost, File{Path: RecordsKey(id(2)), Bytes: 5}), "cannot be an element"},
		"current records":                  {file(lost, File{Path: RecordsKey(id(2)), SHA256: ones, Bytes: 5, Current: 1}), "cannot be an element"},
		"a path outside":                   {file(lost, lostFile("../x", 0)), "cannot be an element"},
		"lost with a reason":               {file(lost, erasedFile(firstKey, 1)), "has a reason that does not belong there, or none"},
		"erased without a reason":          {file(erased, lostFile(firstKey, 1)), "has a reason that does not belong there, or none"},
		"erased records":                   {file(erased, File{Path: RecordsKey(id(2)), SHA256: ones, Bytes: 5, Reason: "x"}), "cannot be an element"},
		"a replaced bag":                   {file(lost, with(whole(3, 0), func(f *File) { f.ReplacedBy = firstKey })), "has an impossible replacement"},
		"replaced by no package":           {file(lost, with(lostFile(firstKey, 0), func(f *File) { f.ReplacedBy = firstBag })), "has an impossible replacement"},
		"recovered and replaced":           {file(recovered, with(lostFile(firstKey, 0), func(f *File) { f.ReplacedBy = keptKey })), "has an impossible replacement"},
		"a window without a start":         {scope(func(s *Scope) { s.Start = time.Time{} }), "the window has no start, or is not in UTC"},
		"a window with fractions":          {scope(func(s *Scope) { s.Start = s.Start.Add(1) }), "the window is not in whole seconds"},
		"an end with fractions":            {scope(func(s *Scope) { s.End = new(s.End.Add(1)) }), "the window is not in whole seconds"},
		"a window that ends at its start":  {scope(func(s *Scope) { s.End = &s.Start }), "the window does not end after it starts"},
		"negative stable_after":            {scope(func(s *Scope) { s.StableAfter = -1 }), "stable_after_seconds is not within 7 days"},
		"large stable_after":               {scope(func(s *Scope) { s.StableAfter = 7*86400 + 1 }), "stable_after_seconds is not within 7 days"},
		"large recheck_days":               {scope(func(s *Scope) { s.RecheckDays = 367 }), "recheck_days is not within 366 days"},
		"large expire_after_days":          {scope(func(s *Scope) { s.ExpireAfterDays = 36501 }), "expire_after_days is not within 36500 days"},
		"no days of retention":             {scope(func(s *Scope) { s.Retention.Days = 0 }), "the retention is not within 36500 days"},
		"an unknown mode of retention":     {scope(func(s *Scope) { s.Retention.Mode = "x" }), "the retention has an unknown mode"},
		"zones are not sorted":             {scope(func(s *Scope) { s.Zones = []string{"b", "a"} }), "a filter is not a sorted set"},
		"zone_ids twice":                   {scope(func(s *Scope) { s.ZoneIDs = []string{"a", "a"} }), "a filter is not a sorted set"},
		"hosts are not sorted":             {scope(func(s *Scope) { s.Hosts = []string{"b", "a"} }), "a filter is not a sorted set"},
		"resolved twice":                   {scope(func(s *Scope) { s.Resolved = []string{"a", "a"} }), "a filter is not a sorted set"},
	} {
		e := fullEntry(t)
		test.change(e)
		if _, err := Decode(e.Encode()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestAnEntryAtItsLimitsIsAccepted(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Entry){
		"text that looks like an object": func(e *Entry) { e.Agent = strings.Repeat(`"{`, 10_000) },
		"the last sequence":              func(e *Entry) { e.Sequence, e.Snapshot = maxSequence, nil },
		"records of one byte":            func(e *Entry) { e.Records.Bytes = 1 },
		"the largest records":            func(e *Entry) { e.Records.Bytes = MaxRecords },
		"the first head is abandoned":    func(e *Entry) { e.Abandoned.Sequence = 1 },
		"the last head is abandoned":     func(e *Entry) { e.Abandoned.Sequence = maxSequence },
		"a bag of one byte":              func(e *Entry) { e.Bags[thirdBag] = Bag{1, 1, 1, ones, ones} },
		"the largest bag":                func(e *Entry) { e.Bags[thirdBag] = Bag{maxCount, 0, maxCount, ones, ones} },
		"an empty relisted file":         func(e *Entry) { e.Relisted[firstKey] = 0 },
		"the largest relisted file":      func(e *Entry) { e.Relisted[firstKey] = maxCount },
		"a lost bag of current versions": func(e *Entry) { e.Lost = []File{whole(3, 3)} },
		"a lost file of one byte":        func(e *Entry) { e.Lost = []File{{Path: firstKey, SHA256: ones, Bytes: 1}} },
		"the largest lost file":          func(e *Entry) { e.Lost = []File{{Path: firstKey, SHA256: ones, Bytes: maxCount}} },
		"destroyed":                      func(e *Entry) { e.Destroyed, e.Bags, e.Records = true, nil, nil },
	} {
		e := fullEntry(t)
		change(e)
		if _, err := Decode(e.Encode()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Empty elements need many times the memory of their text, so an object full of them is
// refused.
func TestManyEmptyElementsAreNoEntry(t *testing.T) {
	t.Parallel()
	const many = 30_000
	for text, want := range map[string]bool{
		strings.Repeat(",", many):                                false,
		strings.Repeat("{", many):                                false,
		strings.Repeat("[", many):                                false,
		strings.Repeat(`"",`, many):                              false,
		"\"" + strings.Repeat(",[{", many) + `\"` + `,[{` + "\"": true,
		strings.Repeat("    \"a\",\n", many):                     true,
		strings.Repeat(`,`, 100):                                 true,
	} {
		if got := isDense([]byte(text)); got != want {
			t.Errorf("%.10q…: %t", text, got)
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
