package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
)

// BenchmarkFlatten reads a list into a state, in process and without Terraform,
// by way of the protocol:
//
//	teo      this provider: pages from memory are signed for, decoded, put in
//	         order, verified and flattened
//	structs  the rows are in memory, and set as a slice of structs
//	tftypes  the rows are made as tftypes values, and assigned
//
// The floor of the framework is tftypes; what lists usually cost is structs.
func BenchmarkFlatten(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			pages := newPages(n)
			b.Run("via=teo", func(b *testing.B) {
				benchmarkRead(b, provider.NewWith("bench", isolated(b, provider.Options{Transport: pages}))(), n)
			})
			b.Run("via=structs", func(b *testing.B) { benchmarkRead(b, newFloor(b, n, setStructs), n) })
			b.Run("via=tftypes", func(b *testing.B) { benchmarkRead(b, newFloor(b, n, setTFTypes), n) })
		})
	}
}

func benchmarkRead(b *testing.B, p fwprovider.Provider, rows int) {
	b.Helper()
	server, err := providerserver.NewProtocol6WithError(p)()
	if err != nil {
		b.Fatal(err)
	}
	schema, err := server.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		b.Fatal(err)
	}
	w := &wire{t: b, server: server, schema: schema}
	if said := w.configure(arguments{"secret_id": "id", "secret_key": "key", "requests_per_second": 1e6}); said.failed() {
		b.Fatal(said.all())
	}
	kind := schema.DataSourceSchemas["teo_l7_offline_logs"].ValueType()
	config := w.encode(kind, arguments{"start_time": "2022-05-01T00:00:00Z", "end_time": "2023-05-01T00:00:00Z", "zone_ids": []string{"zone-1"}})
	b.ReportAllocs()
	for b.Loop() {
		answer, err := server.ReadDataSource(b.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "teo_l7_offline_logs", Config: config})
		if err != nil {
			b.Fatal(err)
		}
		if said := told(answer.Diagnostics); said.failed() {
			b.Fatal(said.all())
		}
		if len(answer.State.MsgPack) < rows*100 {
			b.Fatalf("the state of %d rows has %d bytes", rows, len(answer.State.MsgPack))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

// wireRow is a row as the service writes it, and as structs hold it.
type wireRow struct {
	Domain, Area, LogPacketName, Url, LogStartTime, LogEndTime string //nolint:revive // the service's spelling
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
				RequestId  string //nolint:revive // the service's spelling
			}
		}
		body.Response.TotalCount, body.Response.RequestId = n, "request-"+strconv.Itoa(offset)
		body.Response.Data = rows[min(offset, n):min(offset+300, n)]
		p.body[offset], _ = json.Marshal(body) //nolint:errchkjson // plain strings and numbers
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

// floorProvider has the schema of this provider, but for the type of its lists,
// and a data source that only sets rows that are in memory.
type floorProvider struct {
	fwprovider.Provider

	read func(context.Context, *datasource.ReadResponse, []wireRow)
	rows []wireRow
}

func newFloor(tb testing.TB, n int, read func(context.Context, *datasource.ReadResponse, []wireRow)) fwprovider.Provider {
	return &floorProvider{Provider: provider.NewWith("floor", isolated(tb, provider.Options{}))(), read: read, rows: wireRows(n)}
}

func (p *floorProvider) Resources(context.Context) []func() resource.Resource { return nil }

func (p *floorProvider) DataSources(ctx context.Context) []func() datasource.DataSource {
	original := p.Provider.DataSources(ctx)[0]
	return []func() datasource.DataSource{func() datasource.DataSource { return &floorDataSource{DataSource: original(), provider: p} }}
}

type floorDataSource struct {
	datasource.DataSource

	provider *floorProvider
}

// Schema has lists as the framework has them.
func (d *floorDataSource) Schema(ctx context.Context, req datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	d.DataSource.Schema(ctx, req, resp)
	logs := resp.Schema.Attributes["logs"].(datasourceschema.ListNestedAttribute)
	logs.CustomType = nil
	resp.Schema.Attributes["logs"] = logs
}

func (d *floorDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	d.provider.read(ctx, resp, d.provider.rows)
}

// setStructs is how lists are usually set.
func setStructs(ctx context.Context, resp *datasource.ReadResponse, rows []wireRow) {
	type row struct {
		Domain        types.String `tfsdk:"domain"`
		Area          types.String `tfsdk:"area"`
		LogPacketName types.String `tfsdk:"log_packet_name"`
		URL           types.String `tfsdk:"url"`
		LogTime       types.Int64  `tfsdk:"log_time"`
		LogStartTime  types.String `tfsdk:"log_start_time"`
		LogEndTime    types.String `tfsdk:"log_end_time"`
		Size          types.Int64  `tfsdk:"size"`
	}
	model := make([]row, len(rows))
	for i, r := range rows {
		model[i] = row{
			types.StringValue(r.Domain), types.StringValue(r.Area), types.StringValue(r.LogPacketName), types.StringValue(r.Url),
			types.Int64Value(r.LogTime), types.StringValue(r.LogStartTime), types.StringValue(r.LogEndTime), types.Int64Value(r.Size),
		}
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("logs"), model)...)
}

// setTFTypes is the fastest way that the framework has.
func setTFTypes(ctx context.Context, resp *datasource.ReadResponse, rows []wireRow) {
	attributes := map[string]tftypes.Value{}
	if err := resp.State.Raw.As(&attributes); err != nil {
		resp.Diagnostics.AddError("floor", err.Error())
		return
	}
	typ := attributes["logs"].Type().(tftypes.List)
	values := make([]tftypes.Value, len(rows))
	for i, r := range rows {
		values[i] = tftypes.NewValue(typ.ElementType, map[string]tftypes.Value{
			"domain": tftypes.NewValue(tftypes.String, r.Domain), "area": tftypes.NewValue(tftypes.String, r.Area),
			"log_packet_name": tftypes.NewValue(tftypes.String, r.LogPacketName), "url": tftypes.NewValue(tftypes.String, r.Url),
			"log_time": tftypes.NewValue(tftypes.Number, big.NewFloat(float64(r.LogTime))), "size": tftypes.NewValue(tftypes.Number, big.NewFloat(float64(r.Size))),
			"log_start_time": tftypes.NewValue(tftypes.String, r.LogStartTime), "log_end_time": tftypes.NewValue(tftypes.String, r.LogEndTime),
		})
	}
	attributes["logs"] = tftypes.NewValue(typ, values)
	resp.State.Raw = tftypes.NewValue(resp.State.Raw.Type(), attributes)
}
