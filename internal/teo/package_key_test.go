package teo_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// short is the documented suffix for a text.
func short(text string) string { return fmt.Sprintf("~%x", sha256.Sum256([]byte(text)))[:9] }

func TestKeysAreUniqueAndReadable(t *testing.T) {
	t.Parallel()
	const name = "20220811-02-www.example.com"
	p := func(area, name, url string) teo.Package {
		return teo.Package{Domain: "www.example.com", Area: area, Name: name, URL: url}
	}
	const cn, overseas = "https://cn.example/2022/a.log.gz", "https://os.example/2022/b.log.gz"
	for title, test := range map[string]struct {
		packages []teo.Package
		want     []string
	}{
		"both areas": {
			[]teo.Package{p("mainland", name, cn), p("overseas", name, overseas)},
			[]string{"www.example.com/mainland/" + name, "www.example.com/overseas/" + name},
		},
		"no area": {
			[]teo.Package{p("", name, cn)},
			[]string{"www.example.com/unknown/" + name},
		},
		"both areas without an area": {
			[]teo.Package{p("", name, cn+"?sign=1"), p("", name, overseas+"?sign=2")},
			[]string{"www.example.com/unknown/" + name + short("/2022/a.log.gz"), "www.example.com/unknown/" + name + short("/2022/b.log.gz")},
		},
		"equal paths": {
			[]teo.Package{p("", name, "https://cn.example/a?1"), p("", name, "https://os.example/a?2")},
			[]string{"www.example.com/unknown/" + name + short("cn.example/a"), "www.example.com/unknown/" + name + short("os.example/a")},
		},
		"two equal paths of three": {
			[]teo.Package{p("", name, "https://cn.example/a"), p("", name, "https://os.example/a"), p("", name, "https://os.example/b")},
			[]string{"www.example.com/unknown/" + name + short("cn.example/a"), "www.example.com/unknown/" + name + short("os.example/a"), "www.example.com/unknown/" + name + short("/b")},
		},
		"without a name": {
			[]teo.Package{p("mainland", "", cn), p("overseas", name, overseas)},
			[]string{"www.example.com/mainland/" + short("/2022/a.log.gz"), "www.example.com/overseas/" + name},
		},
		"three equal rows": {
			[]teo.Package{p("mainland", "", cn), p("mainland", "", cn+"?x"), p("mainland", "", cn)},
			[]string{
				"www.example.com/mainland/" + short("cn.example/2022/a.log.gz") + "~1",
				"www.example.com/mainland/" + short("cn.example/2022/a.log.gz") + "~2",
				"www.example.com/mainland/" + short("cn.example/2022/a.log.gz") + "~3",
			},
		},
		"without anything": {
			[]teo.Package{{}, {}},
			[]string{"/unknown/" + short("") + "~1", "/unknown/" + short("") + "~2"},
		},
		"layer 4": {
			[]teo.Package{{ProxyID: "sid-1", Area: "mainland", Name: "20220811-02-sid-1"}},
			[]string{"sid-1/mainland/20220811-02-sid-1"},
		},
		"none": {nil, []string{}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			if got := teo.Keys(test.packages); !slices.Equal(got, test.want) {
				t.Errorf("got\n%q, want\n%q", got, test.want)
			}
		})
	}
}

// A key does not change with the signature of a URL or the order of the rows.
func TestAKeyDependsOnNeitherSignatureNorOrder(t *testing.T) {
	t.Parallel()
	row := func(url string) teo.Package { return teo.Package{Domain: "d", Name: "20220811-02-d", URL: url} }
	first := teo.Keys([]teo.Package{row("https://a/1?sign=x"), row("https://a/2?sign=x")})
	second := teo.Keys([]teo.Package{row("https://a/2?sign=y"), row("https://a/1?sign=y")})
	slices.Reverse(second)
	if !slices.Equal(first, second) {
		t.Errorf("got %q, then %q", first, second)
	}
}

// Keys are unique for every list of rows.
func FuzzKeys(f *testing.F) {
	f.Add("d", "d", "", "", "n", "n", "https://h/p", "https://g/p")
	f.Fuzz(func(t *testing.T, host1, host2, area1, area2, name1, name2, url1, url2 string) {
		packages := []teo.Package{
			{Domain: host1, Area: area1, Name: name1, URL: url1},
			{Domain: host2, Area: area2, Name: name2, URL: url2},
			{Domain: host1, Area: area1, Name: name1, URL: url1},
			{Domain: host1, Area: area1, Name: name1, URL: url2},
		}
		seen := map[string]bool{}
		for _, key := range teo.Keys(packages) {
			if seen[key] {
				t.Errorf("%q is the key of two of %+v", key, packages)
			}
			seen[key] = true
		}
	})
}
