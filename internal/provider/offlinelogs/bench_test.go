package offlinelogs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
)

// BenchmarkRead reads a list into a state in process, over the protocol and
// without Terraform: pages from memory are requested, decoded, sorted, verified
// and encoded.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		if testing.Short() && n > 1_000 {
			continue
		}
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) { benchmarkRead(b, n) })
	}
}

func benchmarkRead(b *testing.B, rows int) {
	b.Helper()
	w := providertest.Dial(b, provider.Options{Transport: newPages(rows)})
	if diags := w.Configure(providertest.Arguments{"secret_id": "id", "secret_key": "key", "requests_per_second": 1e6}); diags.Failed() {
		b.Fatal(diags.Text())
	}
	kind := w.Schema.DataSourceSchemas["teo_l7_offline_logs"].ValueType()
	config := w.Encode(kind, providertest.Arguments{"start_time": "2022-05-01T00:00:00Z", "end_time": "2023-05-01T00:00:00Z", "zone_ids": []string{"zone-1"}})
	b.ReportAllocs()
	for b.Loop() {
		answer, err := w.Server.ReadDataSource(b.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "teo_l7_offline_logs", Config: config})
		if err != nil {
			b.Fatal(err)
		}
		if diags := providertest.NewDiagnostics(answer.Diagnostics); diags.Failed() {
			b.Fatal(diags.Text())
		}
		if len(answer.State.MsgPack) < rows*100 {
			b.Fatalf("the state of %d rows has %d bytes", rows, len(answer.State.MsgPack))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

// wireRow is a row as the service writes it.
type wireRow struct {
	Domain, Area, LogPacketName, Url, LogStartTime, LogEndTime string
	LogTime, Size                                              int64
}

func wireRows(n int) []wireRow {
	rows := make([]wireRow, n)
	start := time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		at := start.Add(time.Duration(i/20) * time.Hour)
		domain, area := fmt.Sprintf("www%d.example.com", i/2%10), []string{"mainland", "overseas"}[i%2]
		name := at.Format("20060102-15-") + domain
		rows[i] = wireRow{
			Domain: domain, Area: area, LogPacketName: name,
			Url:     "https://log-down07-cn.edgeone.qcloud.com/" + at.Format("20060102/15/") + "1250000000/" + name + ".log.gz?sign=0123456789abcdef0123456789abcdef&t=1652400000",
			LogTime: at.Unix(), LogStartTime: at.Format(time.RFC3339), LogEndTime: at.Add(time.Hour).Format(time.RFC3339), Size: int64(100_000 + i),
		}
	}
	return rows
}

// pages answers DownloadL7Logs of 2022-09-01 from memory.
type pages struct {
	total int
	body  map[int][]byte // by offset
}

func newPages(n int) *pages {
	rows := wireRows(n)
	p := &pages{total: n, body: map[int][]byte{}}
	for offset := 0; offset == 0 || offset <= n; offset += 300 {
		var body struct {
			Response struct {
				TotalCount int
				Data       []wireRow
				RequestId  string
			}
		}
		body.Response.TotalCount, body.Response.RequestId = n, "request-"+strconv.Itoa(offset)
		body.Response.Data = rows[min(offset, n):min(offset+300, n)]
		p.body[offset], _ = json.Marshal(body) // plain strings and numbers
	}
	return p
}

func (p *pages) RoundTrip(req *http.Request) (*http.Response, error) {
	defer req.Body.Close()
	var asked struct{ Offset int }
	if err := json.NewDecoder(req.Body).Decode(&asked); err != nil {
		return nil, err
	}
	body := p.body[asked.Offset]
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}
