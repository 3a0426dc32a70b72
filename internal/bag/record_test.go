package bag

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

const (
	folder  = "dt=2022-05-04/bag=5f0c2a91"
	earlier = "dt=2022-05-04/bag=00000000"
)

var hashes = []string{strings.Repeat("a1", 32), strings.Repeat("b2", 32), strings.Repeat("c3", 32)}

// record returns a valid record of a package, with all fields but those that exclude
// others.
func record(domain string) Record {
	size, extends := int64(300), true
	p := teo.Package{
		Domain: domain, Area: "mainland", Name: "20220504-03-" + domain, URL: "https://logs.example.com/20220504/" + domain + ".log.gz?sign=x",
		Start: teo.Time{Time: firstDay.Add(3 * time.Hour)}, End: teo.Time{Time: firstDay.Add(4 * time.Hour)}, Size: &size, RequestID: "req-1",
	}
	r := NewRecord(teo.L7, &p)
	r.Bag, r.Path, r.RetrievedAt = folder, r.Identity().Path(), firstDay.AddDate(0, 0, 2)
	r.Supersedes = &Superseded{Path: earlier + "/" + r.Path, SHA256: hashes[2]}
	m := Measure{
		StoredBytes: 100, UncompressedBytes: 300, Lines: 3, GzipMembers: 2, TailBytes: 1, SHA256: hashes[0], ContentSHA256: hashes[1], Extends: &extends,
	}
	m.Into(&r)
	return r
}

func decodeAll(data []byte) (records []Record, err error) {
	for r, err := range Decode(bytes.NewReader(data)) {
		if err != nil {
			return records, err
		}
		records = append(records, r)
	}
	return records, nil
}

func TestARecordHasWhatIsListed(t *testing.T) {
	t.Parallel()
	start, size := firstDay.Add(3*time.Hour), int64(300)
	p := teo.Package{
		Domain: "www.example.com", ProxyID: "sid-1", Area: "mainland", Name: "20220504-03-x", URL: "https://logs.example.com/x.log.gz?sign=x",
		Start: teo.Time{Time: start}, Size: &size, RequestID: "req-1",
	}
	want := Record{
		Layer: teo.L7, Domain: "www.example.com", Area: "mainland", Name: "20220504-03-x", Start: start, End: start.Add(time.Hour), Size: &size,
		RequestID: "req-1", SourceScheme: "https", SourceHost: "logs.example.com", SourcePath: "/x.log.gz",
	}
	if got := NewRecord(teo.L7, &p); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	p.Domain, p.End = "", teo.Time{Time: start.Add(15 * time.Minute)}
	want.Layer, want.Domain, want.ProxyID, want.End = teo.L4, "", "sid-1", start.Add(15*time.Minute)
	if got := NewRecord(teo.L4, &p); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestARecordIsOneCanonicalLine(t *testing.T) {
	t.Parallel()
	data, err := Encode([]Record{record("www.example.com")})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"layer":"l7","domain":"www.example.com","area":"mainland","log_packet_name":"20220504-03-www.example.com",` +
		`"log_start_time":"2022-05-04T03:00:00Z","log_end_time":"2022-05-04T04:00:00Z","size":300,` +
		`"path":"data/domain=www.example.com/area=mainland/hour=03/20220504-03-www.example.com.log.gz",` +
		`"stored_bytes":100,"uncompressed_bytes":300,"lines":3,"gzip_members":2,"sha256":"` + hashes[0] + `",` +
		`"retrieved_at":"2022-05-06T00:00:00Z","source_scheme":"https","source_host":"logs.example.com",` +
		`"source_path":"/20220504/www.example.com.log.gz","request_id":"req-1","bag":"dt=2022-05-04/bag=5f0c2a91",` +
		`"content_sha256":"` + hashes[1] + `","supersedes":{"path":"dt=2022-05-04/bag=00000000/data/domain=www.example.com/area=mainland/hour=03/20220504-03-www.example.com.log.gz",` +
		`"sha256":"` + hashes[2] + `"},"extends":true,"tail_bytes":1}` + "\n"
	if string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
}

// others returns valid records of unusual packages.
func others(t testing.TB) []Record {
	t.Helper()
	var records []Record
	for i, domain := range []string{"", "*.example.com", "WWW.EXAMPLE.COM", "caf\u00e9 \"x\" \u202e\U0001f600", "a\x1b[2J\x7f\n\\<&>\u2028", "\ufffd", "\uffff\U00010000"} {
		r := record(domain)
		switch i {
		case 1:
			r.Supersedes, r.Extends, r.TailBytes, r.Size = nil, nil, 0, nil
		case 2:
			m := Measure{StoredBytes: 100, SHA256: hashes[0], Unreadable: "the package is damaged"}
			m.Into(&r)
		case 3:
			r.Path = r.Identity().PathOf("/first")
		case 4:
			r.Start = r.Start.Add(time.Nanosecond)
		}
		records = append(records, r)
	}
	proxy := record("sid-1")
	proxy.Layer, proxy.ProxyID, proxy.Domain, proxy.Supersedes, proxy.Extends = teo.L4, proxy.Domain, "", nil, nil
	proxy.Path = proxy.Identity().Path()
	return append(records, proxy)
}

func TestRecordsSurviveAndArePrintable(t *testing.T) {
	t.Parallel()
	records := others(t)
	data, err := Encode(records)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		for _, c := range bytes.TrimSuffix(line, []byte("\n")) {
			if c < ' ' || c > '~' {
				t.Errorf("%q is not printable ASCII", line)
			}
		}
	}
	if !bytes.Contains(data, []byte(`"domain":"a\u001b[2J\u007f\n\\<&>\u2028"`)) {
		t.Errorf("without what Go escapes for HTML only:\n%s", data)
	}
	got, err := decodeAll(data)
	if err != nil || !reflect.DeepEqual(got, records) {
		t.Errorf("got %v\n%v\nwant %v", err, got, records)
	}
}

func TestALineThatIsNotCanonicalIsRefused(t *testing.T) {
	t.Parallel()
	data, err := Encode([]Record{record("caf\u00e9.example.com")})
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"layer":"l7",`, ``},
		{`"layer":"l7"`, `"Layer":"l7"`},
		{`"layer":"l7"`, `"layer": "l7"`},
		{`"layer":"l7"`, `"layer":"l7","layer":"l7"`},
		{`"layer":"l7"`, `"layer":"l7","x":1`},
		{`"layer":"l7"`, `"layer":"l8"`},
		{`\u00e9`, "\u00e9"},
		{`\u00e9`, `\u00E9`},
		{`"lines":3`, `"lines":3.0`},
		{`T03:00:00Z`, `T03:00:00+00:00`},
		{`T04:00:00Z`, `T05:00:00+01:00`},
		{`"tail_bytes":1`, `"tail_bytes":1,"unreadable":""`},
		{"}\n", "} \n"},
		{"}\n", "}\r\n"},
		{"}\n", "}"},
		{"}\n", "}\n\n"},
		{"}\n", "}{}\n"},
		{"{", " {"},
	} {
		if !bytes.Contains(data, []byte(change[0])) {
			t.Fatalf("%q is not in the line", change[0])
		}
		changed := bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1)
		if _, err := decodeAll(changed); err == nil {
			t.Errorf("%q instead of %q is accepted", change[1], change[0])
		}
	}
	if _, err := decodeAll(data); err != nil {
		t.Error(err)
	}
	if _, err := decodeAll(data[:len(data)-1]); err == nil || err.Error() != "line 1: it is cut short" {
		t.Errorf("a cut line: %v", err)
	}
}

func TestCheckRefusesImpossibleRecords(t *testing.T) {
	t.Parallel()
	text := strings.Repeat
	for name, change := range map[string]func(r *Record){
		"layer":                       func(r *Record) { r.Layer = "l3" },
		"proxy in layer 7":            func(r *Record) { r.ProxyID = "sid-1" },
		"no start":                    func(r *Record) { r.Start = time.Time{} },
		"late end":                    func(r *Record) { r.End = r.End.AddDate(9000, 0, 0) },
		"no time of the download":     func(r *Record) { r.RetrievedAt = time.Time{} },
		"not UTF-8":                   func(r *Record) { r.RequestID = "\xff" },
		"bag with a slash":            func(r *Record) { r.Bag += "/" },
		"bag of another day":          func(r *Record) { r.Bag = "dt=2022-05-05/bag=5f0c2a91" },
		"no bag":                      func(r *Record) { r.Bag = "" },
		"path of another package":     func(r *Record) { r.Path = record("a.example.com").Path },
		"path outside of the bag":     func(r *Record) { r.Path = "../" + r.Path },
		"path with half a mark":       func(r *Record) { r.Path = strings.Replace(r.Path, ".log.gz", "~h0123.log.gz", 1) },
		"tag file":                    func(r *Record) { r.Path = manifestTxt },
		"no hash":                     func(r *Record) { r.SHA256 = "" },
		"upper case hash":             func(r *Record) { r.SHA256 = text("A1", 32) },
		"no hash of the content":      func(r *Record) { r.ContentSHA256 = "" },
		"empty file":                  func(r *Record) { r.StoredBytes = 0 },
		"negative content":            func(r *Record) { r.UncompressedBytes = -1 },
		"negative lines":              func(r *Record) { r.Lines = -1 },
		"more lines than bytes":       func(r *Record) { r.Lines = 301 },
		"no members":                  func(r *Record) { r.GzipMembers = 0 },
		"negative tail":               func(r *Record) { r.TailBytes = -1 },
		"nothing but tail":            func(r *Record) { r.TailBytes = 100 },
		"unreadable with content":     func(r *Record) { r.Unreadable = "x" },
		"extends nothing":             func(r *Record) { r.Supersedes = nil },
		"supersedes itself":           func(r *Record) { r.Supersedes.Path = r.Key() },
		"supersedes without a hash":   func(r *Record) { r.Supersedes.SHA256 = "" },
		"supersedes another package":  func(r *Record) { r.Supersedes.Path = earlier + "/" + record("www.example.com.a").Path },
		"supersedes a longer name":    func(r *Record) { r.Supersedes.Path = strings.Replace(r.Supersedes.Path, ".log.gz", ".a.log.gz", 1) },
		"supersedes a wrong mark":     func(r *Record) { r.Supersedes.Path = strings.Replace(r.Supersedes.Path, ".log.gz", "~h0.log.gz", 1) },
		"supersedes outside of a bag": func(r *Record) { r.Supersedes.Path = "/" + r.Supersedes.Path },
		"supersedes another day":      func(r *Record) { r.Supersedes.Path = strings.Replace(r.Supersedes.Path, "-05-04/", "-05-05/", 1) },
		"long line":                   func(r *Record) { r.RequestID = text("x", 64<<10) },
	} {
		r := record("www.example.com")
		change(&r)
		if data, err := Encode([]Record{r}); err == nil {
			t.Errorf("%s: got %s", name, data)
		} else if len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// RFC 3339 has years of four digits, and the year 1 begins with the zero time.
func TestTimesOfARecordHaveAYearOfFourDigits(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]bool{
		{}: false,
		time.Date(0, 12, 31, 23, 59, 59, 0, time.UTC):    false,
		time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC):         true,
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC): true,
		time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC):     false,
	} {
		r := record("www.example.com")
		r.RetrievedAt = at
		if err := r.Check(); (err == nil) != want {
			t.Errorf("%s: %v", at, err)
		}
		if _, err := Encode([]Record{r}); (err == nil) != want {
			t.Errorf("%s: encoded with %v", at, err)
		}
	}
}

// A file that cannot be decompressed has a length and a hash, and no content.
func TestAnUnreadableFileHasNoContent(t *testing.T) {
	t.Parallel()
	unreadable := func(change func(r *Record)) Record {
		r := record("www.example.com")
		m := Measure{StoredBytes: 1, SHA256: hashes[0], Unreadable: "it is empty"}
		m.Into(&r)
		change(&r)
		return r
	}
	for name, change := range map[string]func(r *Record){
		"uncompressed bytes": func(r *Record) { r.UncompressedBytes = 1 },
		"gzip members":       func(r *Record) { r.GzipMembers = 1 },
		"tail":               func(r *Record) { r.StoredBytes, r.TailBytes = 2, 1 },
		"hash":               func(r *Record) { r.ContentSHA256 = hashes[1] },
		"extends":            func(r *Record) { no := false; r.Extends = &no },
		"no bytes":           func(r *Record) { r.StoredBytes = 0 },
	} {
		if r := unreadable(change); r.Check() == nil {
			t.Errorf("%s: it is accepted", name)
		}
	}
	if r := unreadable(func(*Record) {}); r.Check() != nil {
		t.Error(r.Check())
	}
}

func TestARecordHasTheIdentityOfItsPackage(t *testing.T) {
	t.Parallel()
	p := teo.Package{ProxyID: "sid-1", Area: "overseas", Name: "20220504-0315-sid-1", Start: teo.Time{Time: firstDay.Add(3 * time.Hour)}}
	for _, layer := range []teo.Layer{teo.L7, teo.L4} {
		if layer == teo.L7 {
			p.Domain, p.ProxyID = "www.example.com", ""
		} else {
			p.Domain, p.ProxyID = "", "sid-1"
		}
		r := NewRecord(layer, &p)
		if got, want := r.Identity(), IdentityOf(layer, &p); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestALineIsBounded(t *testing.T) {
	t.Parallel()
	r := record("www.example.com")
	line, err := Encode([]Record{r})
	if err != nil {
		t.Fatal(err)
	}
	const most = 64 << 10
	r.RequestID += strings.Repeat("x", most-len(line))
	longest, err := Encode([]Record{r, r})
	if err != nil || len(longest) != 2*most {
		t.Fatalf("%d bytes: %v", len(longest), err)
	}
	if records, err := decodeAll(longest); err != nil || len(records) != 2 {
		t.Errorf("got %d records, %v", len(records), err)
	}
	// A reader of a line without an end stops.
	endless := io.MultiReader(bytes.NewReader(line), endlessReader{})
	count := 0
	for _, err = range Decode(endless) {
		count++
	}
	if err == nil || !strings.Contains(err.Error(), "line 2: it is longer than 65536 bytes") || count != 2 {
		t.Errorf("got %d values and %v", count, err)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestDecodePassesOnTheErrorOfItsReader(t *testing.T) {
	t.Parallel()
	cause := errors.New("the store is gone")
	data, err := Encode([]Record{record("www.example.com")})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", string(data), string(data) + "{"} {
		var last error
		for _, err := range Decode(io.MultiReader(strings.NewReader(text), failingReader{cause})) {
			last = err
		}
		if !errors.Is(last, cause) {
			t.Errorf("%q: got %v", text, last)
		}
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func TestRecordsHaveOneOrder(t *testing.T) {
	t.Parallel()
	records := others(t)
	slices.SortFunc(records, func(a, b Record) int { return Compare(&a, &b) })
	for i := range records {
		for j := range records {
			if got, want := Compare(&records[i], &records[j]), i-j; got < 0 != (want < 0) || got > 0 != (want > 0) {
				t.Errorf("Compare of %d and %d is %d", i, j, got)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	data, err := Encode(append(others(f), record("www.example.com")))
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		f.Add(line)
	}
	f.Add(data)
	f.Add([]byte("{}\n"))
	f.Add([]byte("null\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := decodeAll(data)
		if err != nil {
			if text := err.Error(); len(text) > 2000 || strings.ContainsFunc(text, isUnprintable) {
				t.Errorf("the error is %q", text)
			}
			return
		}
		again, err := Encode(records)
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q is not canonical: %v", data, err)
		}
		for i := range records {
			bag, path, ok := Split(records[i].Key())
			if !ok || FolderDay(bag) != records[i].Day() || path != records[i].Path {
				t.Errorf("%q has the key %q", data, records[i].Key())
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var records []Record
	for i := range 1000 {
		records = append(records, record(fmt.Sprintf("www%d.example.com", i)))
	}
	data, err := Encode(records)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := decodeAll(data); err != nil {
			b.Fatal(err)
		}
	}
}
