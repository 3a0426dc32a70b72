package teosim

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var slot = time.Date(2022, 5, 4, 6, 0, 0, 0, time.UTC)

// onePackage is a catalogue with one L7 and one L4 package.
func onePackage(p Package) Catalogue {
	p.ZoneID, p.Host, p.Name = "zone-1", "www.example.com", PackageName("www.example.com", slot, time.Hour)
	p.Start, p.End = slot, slot.Add(time.Hour)
	q := p
	q.Host, q.Name = "sid-1", PackageName("sid-1", slot, time.Hour)
	return Catalogue{Zones: []Zone{{ID: "zone-1", Name: "example.com"}}, L7: []Package{p}, L4: []Package{q}}
}

func link(t *testing.T, sim *Sim, action string) *row {
	t.Helper()
	r := newCaller(t, sim).call(version20220901, action, body(`"ZoneIds":["zone-1"]`))
	if len(r.Data) != 1 {
		t.Fatalf("%s", r.raw)
	}
	return r.Data[0]
}

func get(t *testing.T, method, url string) (answer, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Range", "bytes=0-9")
	return do(req)
}

// countMembers reads gzip one member after the other.
func countMembers(t *testing.T, stored []byte) (members int, content []byte) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(stored))
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	for {
		z.Multistream(false)
		part, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		members, content = members+1, append(content, part...)
		if err := z.Reset(in); errors.Is(err, io.EOF) {
			return members, content
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPackageIsGzipOfItsLines(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pkg            Package
		action         string
		members, lines int // 0 lines: not asked
		want           []string
	}{
		"L7": {
			Package{Members: 3, LinesPerMember: 7},
			"DownloadL7Logs", 3, 21,
			[]string{"RequestID", "ClientIP", "RequestUrl", "RequestUA", "EdgeResponseStatusCode", "EdgeResponseBytes"},
		},
		"L4":           {Package{Members: 2, LinesPerMember: 5}, "DownloadL4Logs", 2, 10, []string{"ServiceID", "ClientRealIP", "SentBytes"}},
		"default":      {Package{}, "DownloadL7Logs", 1, 20, nil},
		"uncompressed": {Package{Uncompressed: true, LinesPerMember: 3}, "DownloadL7Logs", 1, 3, nil},
		"stored L7":    {Package{StoredBytes: 1 << 20}, "DownloadL7Logs", 3, 0, nil},
		"stored L4":    {Package{StoredBytes: 20 << 10}, "DownloadL4Logs", 1, 0, nil},
		"stored raw":   {Package{StoredBytes: 8 << 20, Uncompressed: true}, "DownloadL7Logs", 3, 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := start(t, Options{Catalogue: onePackage(test.pkg)})
			row := link(t, sim, test.action)
			got, err := get(t, http.MethodGet, row.URL)
			stored := got.body
			if err != nil || got.status != http.StatusOK || got.length != int64(len(stored)) {
				t.Fatalf("status %d, %v, %d of %d bytes", got.status, err, len(stored), got.length)
			}
			members, content := countMembers(t, stored)
			if members != test.members {
				t.Errorf("%d members, want %d", members, test.members)
			}
			if row.Size != int64(len(content)) {
				t.Errorf("Size %d, but %d bytes", row.Size, len(content))
			}
			if want := float64(test.pkg.StoredBytes); want > 0 && (float64(len(stored)) < 0.9*want || float64(len(stored)) > 1.1*want) {
				t.Errorf("%d bytes stored, want about %.0f: %f", len(stored), want, float64(len(stored))/want)
			}
			checkLines(t, content, test.lines, test.want)

			again, _ := get(t, http.MethodGet, link(t, sim, test.action).URL)
			if !bytes.Equal(stored, again.body) {
				t.Error("other bytes the second time")
			}
			head, err := get(t, http.MethodHead, row.URL)
			if err != nil || head.length != int64(len(stored)) || len(head.body) != 0 {
				t.Errorf("HEAD: %v, length %d, %d bytes", err, head.length, len(head.body))
			}
		})
	}
}

func checkLines(t *testing.T, content []byte, want int, fields []string) {
	t.Helper()
	n := 0
	for line := range bytes.Lines(content) {
		n++
		if n > 100 && n%100 != 0 { // a sample of the many is enough
			continue
		}
		var values map[string]any
		if err := json.Unmarshal(line, &values); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		for _, field := range fields {
			if _, ok := values[field]; !ok {
				t.Fatalf("line %d has no %s", n, field)
			}
		}
		at, ok := values["RequestTime"]
		if !ok {
			at = values["LogTimeStamp"]
		}
		text, _ := at.(string)
		when, err := time.Parse(time.RFC3339, text)
		if err != nil || when.Before(slot) || !when.Before(slot.Add(time.Hour)) {
			t.Fatalf("line %d is of %v, outside its slot", n, at)
		}
	}
	if want > 0 && n != want {
		t.Errorf("%d lines, want %d", n, want)
	}
	if !bytes.HasSuffix(content, []byte("}\n")) {
		t.Error("the last line does not end")
	}
}

// Lines have the length that Size counts on, whatever the host is.
func TestLinesHaveTheLengthThatSizeCountsOn(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", "a.b", "пример.рф", "\"\\\n", strings.Repeat("x", 300)} {
		for _, l := range []layer{layer7, layer4} {
			e := newEntry(l, Package{Host: host, ZoneID: "zone-\"", Start: slot, End: slot.Add(time.Hour)})
			w := newLineWriter(&e)
			for n := range 500 {
				line := w.next(n, 500)
				if int64(len(line)) != e.lineLength() || !json.Valid(line) {
					t.Fatalf("%q %s line %d: %d bytes, want %d: %s", host, l, n, len(line), e.lineLength(), line)
				}
			}
		}
	}
}

// Packages are appended to: what was there stays as it was.
func TestPackagesAreAppendedTo(t *testing.T) {
	t.Parallel()
	sim := start(t, Options{Catalogue: onePackage(Package{Members: 2})})
	first := link(t, sim, "DownloadL7Logs")
	before, _ := get(t, http.MethodGet, first.URL)
	sim.Update(func(c *Catalogue) { c.L7[0].Members = 3 })
	second := link(t, sim, "DownloadL7Logs")
	after, _ := get(t, http.MethodGet, second.URL)
	if len(before.body) == 0 || len(after.body) != len(before.body)/2*3 || !bytes.HasPrefix(after.body, before.body) {
		t.Errorf("%d bytes, then %d", len(before.body), len(after.body))
	}
	if second.Size != first.Size/2*3 {
		t.Errorf("Size %d, then %d", first.Size, second.Size)
	}
}

func TestPathsAreDistinctAndHarmless(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	c := Demo()
	for _, host := range []string{"../../etc", "a/b", "a_b", "a\x00b", strings.Repeat("x", 500), strings.Repeat("x", 501), "é"} {
		c.L7 = append(c.L7, Package{Host: host, Name: host, Start: slot, End: slot.Add(time.Hour)})
	}
	ix := newIndex(c)
	for _, p := range ix.layers[layer7].sorted {
		if seen[p.path] {
			t.Errorf("%s twice", p.path)
		}
		seen[p.path] = true
		if strings.Contains(p.path, "..") && strings.Contains(p.path, "/..") || strings.Count(p.path, "/") != 4 || len(p.path) > 160 {
			t.Errorf("path %q", p.path)
		}
		if found, ok := ix.packageAt(p.path); !ok || found.Name != p.Name || found.Area != p.Area {
			t.Errorf("%s leads elsewhere", p.path)
		}
	}
	path := ix.layers[layer7].sorted[0].path
	for _, wrong := range []string{"", downloadPrefix, strings.Replace(path, appID, "1", 1), strings.TrimSuffix(path, packageSuffix)} {
		if _, ok := ix.packageAt(wrong); ok {
			t.Errorf("%q leads to a package", wrong)
		}
	}
	if len(seen) != len(c.L7) {
		t.Errorf("%d paths for %d packages", len(seen), len(c.L7))
	}
}

func TestInvalidDownloadsAreRefused(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	clock.Store(slot.Unix())
	sim := start(t, Options{
		Catalogue: onePackage(Package{}), URLLifetime: time.Minute,
		Now: func() time.Time { return time.Unix(clock.Load(), 0) },
	})
	url := link(t, sim, "DownloadL7Logs").URL
	status := func(method, url string) int {
		t.Helper()
		got, err := get(t, method, url)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != http.StatusOK && bytes.HasPrefix(got.body, []byte{0x1f, 0x8b}) {
			t.Error("a refusal with the package")
		}
		return got.status
	}
	path, query, _ := strings.Cut(url, "?")
	other := strings.Replace(url, "2022050406", "2022050407", 1)
	for name, test := range map[string]struct {
		method, url string
		want        int
	}{
		"right":           {http.MethodGet, url, 200},
		"POST":            {http.MethodPost, url, 405},
		"no query":        {http.MethodGet, path, 403},
		"no signature":    {http.MethodGet, path + "?t=" + strings.Split(query, "t=")[1], 403},
		"later":           {http.MethodGet, url + "0", 403},
		"another path":    {http.MethodGet, other, 403},
		"wrong signature": {http.MethodGet, strings.Replace(url, "sign=", "sign=00", 1), 403},
	} {
		if got := status(test.method, test.url); got != test.want {
			t.Errorf("%s: status %d, want %d", name, got, test.want)
		}
	}
	clock.Add(59)
	if got := status(http.MethodGet, url); got != 200 {
		t.Errorf("status %d in its last second", got)
	}
	clock.Add(1)
	if got := status(http.MethodGet, url); got != 403 {
		t.Errorf("status %d after its life", got)
	}
	fresh := link(t, sim, "DownloadL7Logs").URL
	sim.Update(func(c *Catalogue) { c.L7[0].Forbidden = true })
	if got := status(http.MethodGet, fresh); got != 403 {
		t.Errorf("status %d of a forbidden package", got)
	}
	sim.Update(func(c *Catalogue) { c.L7[0].Gone = true })
	if got := status(http.MethodGet, fresh); got != 404 {
		t.Errorf("status %d of a package that is gone", got)
	}
	sim.Update(func(c *Catalogue) { c.L7 = nil })
	if got := status(http.MethodGet, fresh); got != 404 {
		t.Errorf("status %d of no package", got)
	}
}

func TestFaultsApplyToDownloads(t *testing.T) {
	t.Parallel()
	tests := map[FaultName]string{
		Forbidden403:    "403",
		Gone404:         "404",
		BadGateway:      "502",
		TooManyRequests: "429",
		HTMLBody:        "200 html",
		NotGzip:         "200 not gzip",
		CutBody:         "200 cut",
		DropConnection:  "no response",
		TruncatedGzip:   "200 unexpected EOF",
		GzipEncoding:    "200 gzip encoding gzip",
		Slow:            "200 gzip",
	}
	for name, want := range tests {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			sim := start(t, Options{Catalogue: onePackage(Package{Members: 2})})
			url := link(t, sim, "DownloadL7Logs").URL
			fault := Fault{Name: name, Action: DownloadAction, Times: 1, Package: "20220504-06-www.example.com"}
			if name == Slow {
				fault.Value = "100000"
			}
			sim.Inject(Fault{Name: BadGateway, Action: DownloadAction, Package: "another"})
			sim.Inject(fault)
			before := time.Now()
			if got := fetched(t, url); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if took := time.Since(before); name == Slow && took < 10*time.Millisecond {
				t.Errorf("it took %s", took)
			}
			if got := fetched(t, url); got != "200 gzip" {
				t.Errorf("%q after the fault", got)
			}
			all := sim.Downloads()
			if len(all) != 2 || all[0].Name != "20220504-06-www.example.com" || len(all[0].Faults) != 1 || all[1].Status != 200 ||
				all[1].Bytes == 0 || all[1].Host != "www.example.com" || all[1].Method != http.MethodGet || strings.Contains(all[1].Path, "?") {
				t.Errorf("%+v", all)
			}
		})
	}
}

// fetched describes the result of a download.
func fetched(t *testing.T, url string) string {
	t.Helper()
	got, err := get(t, http.MethodGet, url)
	if got.status == 0 {
		return "no response"
	}
	status := strconv.Itoa(got.status)
	if got.status != http.StatusOK {
		return status
	}
	if err != nil {
		return status + " cut"
	}
	if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		return status + " html"
	}
	z, err := gzip.NewReader(bytes.NewReader(got.body))
	if err != nil {
		return status + " not gzip"
	}
	if _, err := io.Copy(io.Discard, z); err != nil {
		return status + " " + err.Error()
	}
	if encoding := got.header.Get("Content-Encoding"); encoding != "" {
		return status + " gzip encoding " + encoding
	}
	return status + " gzip"
}
