package bucket_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// lister is a store that lists in one of the ways in which stores are known to
// differ from Amazon S3.
type lister struct {
	keys     []string
	pageSize int

	noToken       bool // a truncated page says only that it is truncated
	sameToken     bool // each page has the same token
	noStartAfter  bool // start-after is ignored
	neverSays     bool // IsTruncated is always false
	noEncoding    bool // the keys are not encoded
	rawPlus       bool // the keys are encoded, but a plus is not
	emptyPages    bool // every other page is empty and has a token
	shuffled      bool // the keys of a page are in another order
	otherPrefix   bool // the prefix is ignored
	overlap       bool // a page begins with the last key of the one before
	folderMarkers bool // there are empty objects for folders

	requests atomic.Int32
}

func (l *lister) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := l.requests.Add(1)
	q := r.URL.Query()
	after := q.Get("continuation-token")
	if after == "same" {
		after = "" // it begins anew
	}
	if !l.noStartAfter {
		after = cmp.Or(after, q.Get("start-after"))
	}
	fmt.Fprint(w, `<ListBucketResult>`)
	defer fmt.Fprint(w, `</ListBucketResult>`)
	encode := url.QueryEscape
	switch {
	case l.noEncoding:
		encode = func(key string) string { return key }
	case l.rawPlus:
		encode = url.PathEscape
	}
	if !l.noEncoding {
		fmt.Fprint(w, `<EncodingType>url</EncodingType>`)
	}
	if l.emptyPages && n%2 == 0 {
		fmt.Fprintf(w, `<IsTruncated>true</IsTruncated><NextContinuationToken>%s </NextContinuationToken>`, after)
		return
	}
	size := l.pageSize
	if most, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		size = min(size, most)
	}
	var page []string
	for _, key := range l.keys {
		if (key > after || l.overlap && key == after) && (l.otherPrefix || strings.HasPrefix(key, q.Get("prefix"))) {
			page = append(page, key)
		}
	}
	if len(page) > size {
		page = page[:size]
		last := page[size-1]
		if !l.neverSays {
			fmt.Fprint(w, `<IsTruncated>true</IsTruncated>`)
		}
		if l.sameToken {
			last = "same"
		}
		if !l.noToken && !l.neverSays {
			fmt.Fprintf(w, `<NextContinuationToken>%s</NextContinuationToken>`, last)
		}
	}
	if l.shuffled {
		slices.Reverse(page)
	}
	for _, key := range page {
		fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>%d</Size><LastModified>2022-05-04T00:00:00Z</LastModified></Contents>`, encode(key), map[bool]int{true: 0, false: 1}[strings.HasSuffix(key, "/")])
	}
}

// A list is complete or an error, however the store lists.
func TestAListOfS3IsCompleteOrAnError(t *testing.T) {
	t.Parallel()
	var all []string
	for i := range 25 {
		all = append(all, fmt.Sprintf("teo+1/dt=%02d/a+b c", i))
	}
	many := make([]string, 2000)
	for i := range many {
		many[i] = fmt.Sprintf("teo+1/dt=%04d", i)
	}
	for name, test := range map[string]struct {
		*lister
		most int32 // requests
		fail string
	}{
		"one page":                        {&lister{pageSize: 1000}, 2, ""},
		"tokens":                          {&lister{pageSize: 10}, 4, ""},
		"a truncated page without token":  {&lister{pageSize: 10, noToken: true}, 4, ""},
		"neither token nor start-after":   {&lister{pageSize: 10, noToken: true, noStartAfter: true}, 4, "the store did not say where its listing continues"},
		"no start-after":                  {&lister{pageSize: 10, noStartAfter: true}, 5, ""},
		"the same token":                  {&lister{pageSize: 10, sameToken: true}, 9, ""},
		"keys without encoding":           {&lister{pageSize: 10, noEncoding: true}, 4, ""},
		"a plus that is not encoded":      {&lister{pageSize: 10, rawPlus: true}, 4, ""},
		"empty pages":                     {&lister{pageSize: 10, emptyPages: true}, 9, ""},
		"a page in another order":         {&lister{pageSize: 10, shuffled: true}, 4, ""},
		"a page that repeats a key":       {&lister{pageSize: 10, overlap: true}, 5, ""},
		"another prefix":                  {&lister{pageSize: 10, otherPrefix: true}, 4, "the store listed an object outside the prefix"},
		"marks of folders":                {&lister{pageSize: 10, folderMarkers: true}, 5, ""},
		"full pages that end the listing": {&lister{pageSize: 1000, neverSays: true, keys: many}, 4, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := test.lister
			want := all
			if l.keys != nil {
				want = l.keys
			}
			l.keys = slices.Clone(want)
			if l.otherPrefix {
				l.keys = append(l.keys, "zzz")
			}
			if l.folderMarkers {
				l.keys = append(l.keys, "teo+1/", "teo+1/dt=03/")
				slices.Sort(l.keys)
			}
			server := httptest.NewServer(l)
			defer server.Close()
			b := open(t, "s3://logs?region=us-east-1&prefix=teo+1&endpoint="+url.QueryEscape(server.URL), bucket.Options{})
			objects, err := list(t.Context(), b, bucket.Range{Prefix: "dt="})
			if n := l.requests.Load(); n > test.most {
				t.Errorf("%d requests", n)
			}
			if test.fail != "" {
				if !isError(err, nil) || !strings.Contains(err.Error(), "cannot list dt=: "+test.fail) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range objects {
				got = append(got, "teo+1/"+o.Key)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d of %d: %q", len(got), len(want), got)
			}
			// A range reads the pages that have its keys.
			if test.most == 4 && len(want) == 25 && !l.shuffled {
				l.requests.Store(0)
				objects, err := list(t.Context(), b, bucket.Range{Prefix: "dt=", After: "dt=11", Before: "dt=14"})
				if err != nil || len(objects) != 3 || objects[0].Key != "dt=11/a+b c" || l.requests.Load() != 1 {
					t.Errorf("%v, %v after %d requests", objects, err, l.requests.Load())
				}
			}
		})
	}
}
