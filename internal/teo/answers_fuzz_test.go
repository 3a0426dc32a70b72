package teo_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// replay answers the n-th request with the n-th line of a text, and those after
// the last one with it again.
type replay struct {
	lines []string
	sent  atomic.Int32
}

func (r *replay) RoundTrip(request *http.Request) (*http.Response, error) {
	n := int(r.sent.Add(1)) - 1
	body := r.lines[min(n, len(r.lines)-1)]
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: request,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// replayed is a client of such a service.
func replayed(text, version string) (*teo.Client, *replay) {
	service := &replay{lines: strings.Split(text, "\n")}
	return teo.New(tcapi.New(tcapi.Config{
		Service: teo.Service, Endpoint: tcapi.Endpoint{Scheme: "https", Host: "teo.invalid"}, UserAgent: "terraform-provider-teo/test",
		Credentials: tcapi.StaticCredentials{SecretID: "id", SecretKey: "key"}, Limiters: &tcapi.Limiters{PerSecond: 1e9},
		Transport: service, Pace: simtest.Pace,
	}), teo.Options{APIVersion: version}), service
}

// fuzzed is the maximum number of rows of a list, so that each list ends.
const fuzzed = 20

// checkAnswer fails on results that no response may cause: neither a list nor an
// error, both, an undocumented error, or a list with contradictory counts.
func checkAnswer(t *testing.T, service *replay, l *teo.Listing, err error) {
	t.Helper()
	if (l == nil) == (err == nil) {
		t.Fatalf("got %v and %v", l, err)
	}
	// Four readings, each with pages of one row, among them duplicates, and the
	// first, the last or page 0 beside; and all the page sizes that are tried.
	if most := 4*(2*fuzzed+4) + 6; int(service.sent.Load()) > most {
		t.Errorf("%d requests were sent, want at most %d", service.sent.Load(), most)
	}
	if err != nil {
		var (
			incomplete *teo.IncompleteError
			tooMany    *teo.TooManyError
		)
		if tcapi.AsError(err) == nil && !errors.As(err, &incomplete) && !errors.As(err, &tooMany) {
			t.Errorf("got %v of no known kind", err)
		}
		return
	}
	named, bytes := map[string]bool{}, int64(0)
	for i := range l.Packages {
		p := &l.Packages[i]
		if i > 0 && teo.ByTime(l.Packages[i-1], *p) > 0 {
			t.Errorf("%q comes after %q", p.Name, l.Packages[i-1].Name)
		}
		key := fmt.Sprintf("%+v", p.Identity())
		if p.Area == "" {
			source, _, _ := strings.Cut(p.URL, "?")
			key += source
		}
		if p.Name != "" && named[key] {
			t.Errorf("%q is listed twice", p.Name)
		}
		named[key] = true
		if p.Size != nil {
			bytes += max(0, *p.Size)
		}
	}
	if l.TotalCount < int64(len(l.Packages)) || l.TotalBytes != bytes {
		t.Errorf("the totals are %d and %d, of %d packages with %d bytes", l.TotalCount, l.TotalBytes, len(l.Packages), bytes)
	}
}

func FuzzNumberedAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"Response":{"Data":null,"PageSize":null,"PageNo":null,"Pages":null,"TotalSize":null,"RequestId":"r"}}`,
		`{"Response":{"Data":[null,{"Url":null}],"TotalSize":2,"Pages":1,"RequestId":"r"}}`,
		`{"Response":{"Data":[{"LogPacketName":"20220811-02-a.example","Domain":"a.example","Size":3,"LogTime":1,"Url":"https://h/p?s"}],"PageSize":1,"PageNo":1,"Pages":2,"TotalSize":2,"RequestId":"r"}}` + "\n" +
			`{"Response":{"Data":[{"LogPacketName":"20220811-03-a.example"}],"PageSize":1,"PageNo":2,"Pages":2,"TotalSize":2,"RequestId":"r"}}`,
		`{"Response":{"Data":[{}],"PageSize":-1,"Pages":9223372036854775807,"TotalSize":-9223372036854775808,"RequestId":"r"}}` + "\n" + `{"Response":{}}`,
		`{"Response":{"Data":[{}],"PageSize":1,"Pages":9223372036854775807,"RequestId":"r"}}` + "\n" + `{"Response":{"RequestId":"r"}}`,
		`{"Response":{"TotalSize":9223372036854775807,"RequestId":"r"}}`,
		`{"Response":{"Error":{"Code":"InvalidParameterValue","Message":"PageNo"},"RequestId":"r"}}`,
		`null`, `{}`, `{"Response":null}`, `[]`, ``,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		client, service := replayed(text, teo.Version20220106)
		q := everything(0)
		q.MaxPackages = fuzzed
		for range 2 { // the second knows the page base
			service.sent.Store(0)
			l, err := client.L7Logs(t.Context(), q)
			checkAnswer(t, service, l, err)
		}
	})
}

func FuzzOffsetAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"Response":{"Data":null,"TotalCount":null,"RequestId":"r"}}`,
		`{"Response":{"Data":[null,{"Area":null}],"TotalCount":1,"RequestId":"r"}}` + "\n" + `{"Response":{"TotalCount":1}}`,
		`{"Response":{"Data":[{"LogPacketName":"20220811-02-a","ProxyId":"a","Area":"mainland","LogStartTime":"2022-08-11T02:00:00+08:00","LogEndTime":"?","Size":3}],"TotalCount":3,"RequestId":"r"}}`,
		`{"Response":{"TotalCount":9223372036854775807,"RequestId":"r"}}`,
		`{"Response":{"Error":{"Code":"InvalidParameterValue","Message":"Limit"},"RequestId":"r"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		client, service := replayed(text, teo.Version20220901)
		q := everythingByID(0)
		q.MaxPackages = fuzzed
		l, err := client.L4Logs(t.Context(), q)
		checkAnswer(t, service, l, err)
	})
}

func FuzzZonesAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"Response":{"Zones":null,"TotalCount":null,"RequestId":"r"}}`,
		`{"Response":{"Zones":[null,{"ZoneId":null,"Tags":[null],"Paused":null}],"TotalCount":2,"RequestId":"r"}}` + "\n" + `{"Response":{"TotalCount":2}}`,
		`{"Response":{"Zones":[{"ZoneId":"z","ZoneName":"a.example"}],"TotalCount":1,"RequestId":"r"}}` + "\n" + `{"Response":{"TotalCount":1}}`,
		`{"Response":{"TotalCount":9223372036854775807,"RequestId":"r"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// The last page is empty: a list without an end is what the bound on
		// zones is for, and takes long to reach.
		client, _ := replayed(text+"\n"+`{"Response":{"RequestId":"r"}}`, "")
		zones, err := client.Zones(t.Context(), nil, nil)
		if err != nil && zones != nil {
			t.Fatalf("got %v and %v", zones, err)
		}
		seen := map[string]bool{}
		for _, z := range zones {
			if z.ID != "" && seen[z.ID] {
				t.Errorf("%q is listed twice", z.ID)
			}
			seen[z.ID] = true
		}
	})
}
