package teo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// endless is a service of 2022-01-06 that answers every number past the end with its
// last page.
type endless struct {
	rows, base   int
	total, pages bool // rows and pages are counted
	refused      int  // number of a page that the caller may not read, if not 0
	sent         atomic.Int32
}

// client returns a client of the service that sends at most perSecond requests a second.
func (e *endless) client(perSecond float64, o teo.Options) *teo.Client {
	o.APIVersion = teo.Version20220106
	return served(e, perSecond, o)
}

// served returns a client whose requests a transport answers.
func served(service http.RoundTripper, perSecond float64, o teo.Options) *teo.Client {
	return teo.New(tcapi.New(tcapi.Config{
		Service: teo.Service, Endpoint: tcapi.Endpoint{Scheme: "https", Host: "teo.invalid"}, UserAgent: "terraform-provider-teo/test",
		Credentials: tcapi.StaticCredentials{SecretID: "id", SecretKey: "key"}, Limiters: &tcapi.Limiters{PerSecond: perSecond},
		Transport: service, Pace: simtest.Pace,
	}), o)
}

func (e *endless) RoundTrip(request *http.Request) (*http.Response, error) {
	e.sent.Add(1)
	var asked struct{ PageNo, PageSize int }
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil {
		return nil, err
	}
	if e.refused > 0 && asked.PageNo == e.refused {
		return response(request, `{"Response":{"Error":{"Code":"UnauthorizedOperation","Message":"no"},"RequestId":"r"}}`), nil
	}
	count := max(1, (e.rows+asked.PageSize-1)/asked.PageSize)
	page := min(max(0, asked.PageNo-e.base), count-1)
	var rows []string
	for i := page * asked.PageSize; i < min(e.rows, (page+1)*asked.PageSize); i++ {
		rows = append(rows, fmt.Sprintf(`{"LogPacketName":"20220501-%02d-a%02d.example","Domain":"a%02d.example"}`, i%24, i, i))
	}
	total, pages := "null", "null"
	if e.total {
		total = fmt.Sprint(e.rows)
	}
	if e.pages {
		pages = fmt.Sprint((e.rows + asked.PageSize - 1) / asked.PageSize)
	}
	return response(request, fmt.Sprintf(`{"Response":{"Data":[%s],"TotalSize":%s,"Pages":%s,"RequestId":"r"}}`, strings.Join(rows, ","), total, pages)), nil
}

func response(request *http.Request, body string) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: request,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// Without a total the end is an empty page, or one without new rows.
func TestWithoutATotalAPageWithoutNewRowsIsTheEnd(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 9, 10, 11, 20, 21, 45} {
		for _, base := range []int{0, 1} {
			for _, pages := range []bool{false, true} {
				t.Run(fmt.Sprintf("rows=%d,base=%d,pages=%t", rows, base, pages), func(t *testing.T) {
					t.Parallel()
					service := &endless{rows: rows, base: base, pages: pages}
					client := service.client(1e9, teo.Options{})
					q := everything(10)
					q.MaxPackages = max(1, rows)
					for n := range 3 {
						service.sent.Store(0)
						if l := list(t, client, q); len(l.Packages) != rows || l.TotalCount != int64(rows) {
							t.Errorf("%d packages of %d are listed, want %d", len(l.Packages), l.TotalCount, rows)
						}
						// Three readings, with smaller pages each time, and two pages too many in each.
						if most := 3 * (rows/5 + 3); int(service.sent.Load()) > most {
							t.Errorf("%d requests were sent, want at most %d", service.sent.Load(), most)
						}
						// A page that repeats the one before it may hide another one, which only a
						// reading with other pages shows.
						if least := 2 * ((rows + 9) / 10); !pages && rows > 0 && int(service.sent.Load()) < least {
							t.Errorf("%d requests were sent, want at least %d", service.sent.Load(), least)
						}
						// A count of pages shows that the repeated page is the end, once the base is known.
						if most := (rows+9)/10 + 2; pages && n == 2 && int(service.sent.Load()) > most {
							t.Errorf("%d requests were sent with a count of pages, want at most %d", service.sent.Load(), most)
						}
					}
				})
			}
		}
	}
}

// A list of one page does not show whether pages are numbered from 0 or 1. The next list
// finds that out, and is read once.
func TestAListOfOnePageShowsNoPageBase(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 5, 10} {
		for _, base := range []int{0, 1} {
			service := &endless{rows: rows, base: base, total: rows > 0}
			client := service.client(1e9, teo.Options{})
			list(t, client, everything(10))
			service.rows, service.total = 45, true
			service.sent.Store(0)
			if l := list(t, client, everything(10)); len(l.Packages) != 45 {
				t.Errorf("%d rows from page %d, then 45: %d packages are listed", rows, base, len(l.Packages))
			}
			if want := 5 + 1 - base; int(service.sent.Load()) != want {
				t.Errorf("%d rows from page %d, then 45: %d requests were sent, want %d", rows, base, service.sent.Load(), want)
			}
		}
	}
}

// A list of several pages shows the number of the first page, so that a later list without
// a count does not request page 0.
func TestAListOfSeveralPagesShowsThePageBase(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{15, 45} {
		service := &endless{rows: rows, base: 1, total: true, pages: true}
		client := service.client(1e9, teo.Options{})
		list(t, client, everything(10))
		service.total = false
		service.sent.Store(0)
		list(t, client, everything(10))
		if want := (rows+9)/10 + 1; int(service.sent.Load()) != want {
			t.Errorf("%d rows: %d requests were sent, want %d", rows, service.sent.Load(), want)
		}
	}
}

// Each page waits once for the rate limit.
func TestAListIsAsFastAsItsRateAllows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &endless{rows: 45, base: 1, total: true}
		begin := time.Now()
		list(t, service.client(1, teo.Options{}), everything(10))
		if took, want := time.Since(begin), 4*time.Second; took != want || service.sent.Load() != 5 {
			t.Errorf("%d requests at one a second took %s, want %s", service.sent.Load(), took, want)
		}
	})
}

// A page that fails ends the wait of those after it, and its error is that of the list.
func TestAPageThatFailsEndsTheWaitForTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &endless{rows: 45, base: 1, total: true, refused: 2}
		begin := time.Now()
		_, err := service.client(1, teo.Options{}).L7Logs(t.Context(), everything(10))
		if failure := tcapi.AsError(err); failure == nil || failure.Code != "UnauthorizedOperation" || time.Since(begin) != time.Second {
			t.Errorf("got %v after %s, want the error of the page", err, time.Since(begin))
		}
	})
}

// Duplicates can exceed max_packages, because the service's count does not include
// them, but not without bound.
func TestNumberedDuplicatesAreBounded(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]*teo.TooManyError{20: nil, 21: {Action: logs, Total: 21, AtLeast: true, Most: 10}} {
		row := strings.Repeat(`,{"LogPacketName":"20220501-01-a"}`, rows)[1:]
		client, _ := replayed(`{"Response":{"Data":[`+row+`],"TotalSize":1,"Pages":1,"RequestId":"r"}}`+"\n"+`{"Response":{"TotalSize":1,"RequestId":"r"}}`, teo.Version20220106)
		q := everything(300)
		q.MaxPackages = 10
		l, err := client.L7Logs(t.Context(), q)
		var many *teo.TooManyError
		if errors.As(err, &many) != (want != nil) || want != nil && *many != *want || want == nil && (err != nil || len(l.Packages) != 1) {
			t.Errorf("%d rows: got %v, want %v", rows, err, want)
		}
	}
}
