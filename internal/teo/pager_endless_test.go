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

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// endless is a service of 2022-01-06 without a total, that answers every number
// past the end with its last page.
type endless struct {
	rows, base int
	pages      bool // pages are counted
	sent       atomic.Int32
}

func (e *endless) RoundTrip(request *http.Request) (*http.Response, error) {
	e.sent.Add(1)
	var asked struct{ PageNo, PageSize int }
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil {
		return nil, err
	}
	count := max(1, (e.rows+asked.PageSize-1)/asked.PageSize)
	page := min(max(0, asked.PageNo-e.base), count-1)
	var rows []string
	for i := page * asked.PageSize; i < min(e.rows, (page+1)*asked.PageSize); i++ {
		rows = append(rows, fmt.Sprintf(`{"LogPacketName":"20220501-%02d-a%02d.example","Domain":"a%02d.example"}`, i%24, i, i))
	}
	pages := "null"
	if e.pages {
		pages = fmt.Sprint((e.rows + asked.PageSize - 1) / asked.PageSize)
	}
	body := fmt.Sprintf(`{"Response":{"Data":[%s],"TotalSize":null,"Pages":%s,"RequestId":"r"}}`, strings.Join(rows, ","), pages)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: request,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
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
					client := teo.New(tcapi.New(tcapi.Config{
						Service: teo.Service, Endpoint: tcapi.Endpoint{Scheme: "https", Host: "teo.invalid"}, UserAgent: "terraform-provider-teo/test",
						Credentials: tcapi.StaticCredentials{SecretID: "id", SecretKey: "key"}, Limiters: &tcapi.Limiters{PerSecond: 1e9},
						Transport: service, Pace: simtest.Pace,
					}), teo.Options{APIVersion: teo.Version20220106})
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
