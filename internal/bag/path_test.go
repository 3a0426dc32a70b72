package bag

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

func TestSplitFindsTheBagOfAKey(t *testing.T) {
	t.Parallel()
	const folder = "dt=2022-05-04/bag=5f0c2a91"
	for _, c := range []struct {
		key, folder, path string
		ok                bool
	}{
		{folder + "/data/domain=a/b.log.gz", folder, "data/domain=a/b.log.gz", true},
		{folder + "/bagit.txt", folder, "bagit.txt", true},
		{folder + "/", folder, "", true},
		{folder + "//", folder, "/", true},
		{folder, "", "", false},
		{"", "", "", false},
		{"/" + folder + "/x", "", "", false},
		{folder + "0/x", "", "", false},
		{"dt=2022-05-04/bag=5F0C2A91/x", "", "", false},
		{"dt=2022-05-04/bag=5f0c2a9/xx", "", "", false},
		{"dt=2022-05-04/bag=5f0c2a9g/x", "", "", false},
		{"dt=2022-02-30/bag=5f0c2a91/x", "", "", false},
		{"dt=2022-5-004/bag=5f0c2a91/x", "", "", false},
		{"dt=2022-05-04/beg=5f0c2a91/x", "", "", false},
		{"dT=2022-05-04/bag=5f0c2a91/x", "", "", false},
		{"2022-05-04xxx/bag=5f0c2a91/x", "", "", false},
		{".teo-archive/ledger/0000000001.json", "", "", false},
	} {
		got, path, ok := Split(c.key)
		if got != c.folder || path != c.path || ok != c.ok {
			t.Errorf("Split(%q) = %q, %q, %t", c.key, got, path, ok)
		}
	}
	if got := FolderDay(folder); got != "2022-05-04" || Folder(got, "5f0c2a91") != folder {
		t.Errorf("got the day %q", got)
	}
}

func TestADayHasTheFormOfDay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"2022-05-04": true, "2024-02-29": true, "2022-02-29": false, "2022-5-04": false, "2022-05-4": false, "22-05-04": false,
		"2022-05-04T": false, "2022-05-04.5": false, " 2022-05-04": false, "+022-05-04": false, "": false,
	} {
		if got := IsDay(text); got != want || got && Day(DayStart(text)) != text {
			t.Errorf("IsDay(%q) is %t", text, got)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("dt=2022-05-04/bag=5f0c2a91/data/x")
	f.Add("dt=2022-05-04/bag=5f0c2a91")
	f.Fuzz(func(t *testing.T, key string) {
		folder, path, ok := Split(key)
		switch {
		case !ok && folder+path != "":
			t.Errorf("%q has %q, %q", key, folder, path)
		case ok && (folder+"/"+path != key || !IsDay(FolderDay(folder)) || Day(DayStart(FolderDay(folder))) != FolderDay(folder)):
			t.Errorf("%q is split into %q and %q", key, folder, path)
		}
	})
}

var firstDay = time.Date(2022, 5, 4, 0, 0, 0, 0, time.UTC)

func TestPathsReadLikeThePackage(t *testing.T) {
	t.Parallel()
	three := firstDay.Add(3 * time.Hour).Unix()
	for _, c := range []struct {
		id   Identity
		want string
	}{
		{
			Identity{teo.L7, "www.example.com", "mainland", "20220504-03-www.example.com", three},
			"data/domain=www.example.com/area=mainland/hour=03/20220504-03-www.example.com.log.gz",
		},
		{
			Identity{teo.L4, "sid-1", "", "20220504-0315-sid-1", three + 900},
			"data/proxy=sid-1/area=unknown/hour=03/20220504-0315-sid-1.log.gz",
		},
		{
			Identity{teo.L7, "*.Example.com", "overseas", "20220504-03-*.Example.com", three},
			"data/domain=~x2a.~x45xample.com/area=overseas/hour=03/20220504-03-~x2a.~x45xample.com.log.gz",
		},
		{
			Identity{teo.L7, "`az{/09:", "ZA", "20220504-03-az09_=", three},
			"data/domain=~x60az~x7b~x2f09~x3a/area=~x5a~x41/hour=03/20220504-03-az09_=.log.gz",
		},
		{
			Identity{teo.L7, ".-a.", "-", "20220504-03-..", three},
			"data/domain=~x2e-a~x2e/area=~x2d/hour=03/20220504-03-.~x2e.log.gz",
		},
	} {
		if got := c.id.Path(); got != c.want {
			t.Errorf("%v: got  %s\nwant %s", c.id, got, c.want)
		}
	}
	id := Identity{teo.L7, "a", "mainland", "20220504-03-a", three}
	hash := sha256.Sum256([]byte("/x.log.gz"))
	if got, want := id.PathOf("/x.log.gz"), "data/domain=a/area=mainland/hour=03/20220504-03-a~h"+hex.EncodeToString(hash[:8])+".log.gz"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAPackageOwnsItsPathsOnly(t *testing.T) {
	t.Parallel()
	id := Identity{teo.L7, "a", "mainland", "20220504-03-a", firstDay.Add(3 * time.Hour).Unix()}
	whole := id.Path()
	begin := strings.TrimSuffix(whole, payloadSuffix)
	const mark = "~h0123456789abcdef"
	for path, want := range map[string]bool{
		whole:                                 true,
		begin + mark + payloadSuffix:          true,
		begin:                                 false,
		begin + mark:                          false,
		mark + payloadSuffix:                  false,
		payloadSuffix:                         false,
		"":                                    false,
		begin + mark[:17] + payloadSuffix:     false,
		begin + mark + mark + payloadSuffix:   false,
		"x" + whole:                           false,
		whole + payloadSuffix:                 false,
		id.folder() + "~hash" + payloadSuffix: false,
	} {
		if got := id.owns(path); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}

// safePath is what paths of packages look like: portable, below data/, and without
// anything that a shell, sha256sum, BagIt or a file system that ignores case reads
// otherwise.
var safePath = regexp.MustCompile(`^data(/[a-z0-9_=~][a-z0-9._=~-]{0,219}){4}$`)

func checkPath(t *testing.T, id Identity, path string) {
	t.Helper()
	if !safePath.MatchString(path) || !strings.HasSuffix(path, payloadSuffix) || strings.Contains(path, "./") || len(path) > 600 {
		t.Errorf("%v has the path %s", id, path)
	}
	if !IsPayload(path) {
		t.Errorf("%s is not the path of a package", path)
	}
	if !id.owns(path) {
		t.Errorf("%v does not own its path %s", id, path)
	}
}

func TestAListedPackageHasItsIdentity(t *testing.T) {
	t.Parallel()
	p := teo.Package{Domain: "www.example.com", Area: "mainland", Name: "20220504-03-www.example.com", Start: teo.Time{Time: firstDay.Add(3 * time.Hour)}}
	want := Identity{teo.L7, "www.example.com", "mainland", "20220504-03-www.example.com", firstDay.Add(3 * time.Hour).Unix()}
	if got := IdentityOf(teo.L7, &p); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A name of a path has at most 150 bytes before its marks.
func TestLongNamesEndInAHash(t *testing.T) {
	t.Parallel()
	id := Identity{teo.L7, strings.Repeat("x", 150), "mainland", "20220504-03-a", firstDay.Add(3 * time.Hour).Unix()}
	if got := id.Path(); !strings.HasPrefix(got, "data/domain="+id.Host+"/") {
		t.Errorf("got %s", got)
	}
	id.Host += "y"
	if got := id.Path(); !strings.HasPrefix(got, "data/domain="+id.Host[:150]+"~h") {
		t.Errorf("got %s", got)
	}
}

func TestAPathHasAtMost1024Bytes(t *testing.T) {
	t.Parallel()
	const begin = "data/domain=a/area=b/hour=03/"
	for length, want := range map[int]bool{1024: true, 1025: false} {
		if got := IsPayload(begin + strings.Repeat("x", length-len(begin)-len(payloadSuffix)) + payloadSuffix); got != want {
			t.Errorf("%d bytes: %t", length, got)
		}
	}
}

func TestPathsAreSafeAndDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]Identity{}
	long := strings.Repeat("x", 300)
	for _, layer := range []teo.Layer{teo.L7, teo.L4} {
		for _, host := range []string{"www.example.com", "WWW.example.com", "..", "", "a/b", "a~x2fb", "例え\n", long, long + "y"} {
			for _, area := range []string{"", "mainland", "unknown", "unknown~h0123456789abcdef"} {
				for _, name := range []string{
					"20220504-03-www.example.com", "20220504-0315-www.example.com", "", ".", "x~h0123456789abcdef", "20220504-03-a", "20220504-03-a.log.gz",
					"20220504-03-" + long, "20220504-03-" + long + "y", long,
				} {
					for _, start := range []int64{3 * 3600, 3*3600 + 900, 27 * 3600} {
						id := Identity{Layer: layer, Host: host, Area: area, Name: name, Start: firstDay.Unix() + start}
						for _, path := range []string{id.Path(), id.PathOf("/p"), id.PathOf("/q"), id.PathOf("")} {
							if other, ok := seen[path]; ok {
								t.Errorf("%+v and %+v have the path %s", id, other, path)
							}
							seen[path] = id
							checkPath(t, id, path)
						}
					}
				}
			}
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add("www.example.com", "mainland", "20220504-03-www.example.com", "www.example.com", "mainland", "20220504-0315-www.example.com", int64(900), "/p")
	f.Add("", "", "", "-", ".", "~x2e", int64(0), "")
	f.Fuzz(func(t *testing.T, host, area, name, host2, area2, name2 string, after int64, urlPath string) {
		start := firstDay.Unix()
		a := Identity{Layer: teo.L7, Host: host, Area: area, Name: name, Start: start}
		b := Identity{Layer: teo.L7, Host: host2, Area: area2, Name: name2, Start: start + after%(1<<36)}
		_, _, source := Source("https://h/" + urlPath)
		paths := map[string]bool{}
		for _, id := range []Identity{a, b} {
			for _, path := range []string{id.Path(), id.PathOf(source)} {
				checkPath(t, id, path)
				paths[path] = true
			}
		}
		if a != b && len(paths) != 4 || a == b && len(paths) != 2 {
			t.Errorf("%+v and %+v have the paths %v", a, b, paths)
		}
		if text := a.String(); len(text) > 1000 || strings.ContainsFunc(text, isUnprintable) {
			t.Errorf("%q is not short and printable", text)
		}
	})
}

func isUnprintable(r rune) bool { return !unicode.IsPrint(r) }

func TestSourceContainsNothingThatAuthorizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, scheme, host, path string }{
		{"https://h.example.com/a/b.log.gz?sign=SECRET#SECRET", "https", "h.example.com", "/a/b.log.gz"},
		{"HTTPS://user:SECRET@h.example.com:8443/a", "https", "h.example.com:8443", "/a"},
		{"https://h/a;token=SECRET/b%3fSECRET/c&SECRET", "https", "h", "/a/b/c"},
		{"https://h/auth_key=SECRET/q-sign=SECRET/a", "https", "h", "//q-/a"},
		{"https://h/Expires%3DSECRET/a", "https", "h", "//a"},
		{"https://h", "https", "h", ""},
		{"/a", "", "", "/a"},
		{"?SECRET", "", "", ""},
		{"@h/a", "", "h", "/a"},
		{"", "", "", ""},
	} {
		if scheme, host, path := Source(c.url); scheme != c.scheme || host != c.host || path != c.path {
			t.Errorf("%q: got %q, %q, %q", c.url, scheme, host, path)
		}
	}
}
