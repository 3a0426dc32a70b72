// Command floor is the provider's floor: a provider with the same schema, whose
// data sources ask nobody and set rows made in memory. What Terraform takes
// with it is Terraform's own part. BENCH_ROWS says how many rows there are.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
)

func main() {
	rows, err := strconv.Atoi(os.Getenv("BENCH_ROWS"))
	if err != nil {
		log.Fatal("BENCH_ROWS: ", err)
	}
	made := func() fwprovider.Provider { return &floorProvider{provider.New("floor")(), rows} }
	if err := providerserver.Serve(context.Background(), made, providerserver.ServeOpts{Address: provider.Address}); err != nil {
		log.Fatal(err)
	}
}

type floorProvider struct {
	fwprovider.Provider

	rows int
}

func (p *floorProvider) Resources(context.Context) []func() resource.Resource { return nil }

func (p *floorProvider) DataSources(ctx context.Context) []func() datasource.DataSource {
	all := p.Provider.DataSources(ctx)
	for i, original := range all {
		all[i] = func() datasource.DataSource { return &floorDataSource{original(), p.rows} }
	}
	return all
}

// floorDataSource has only the schema of the data source in it.
type floorDataSource struct {
	datasource.DataSource

	rows int
}

func (d *floorDataSource) Read(_ context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	given := map[string]tftypes.Value{}
	if err := resp.State.Raw.As(&given); err != nil {
		resp.Diagnostics.AddError("Floor has no state", err.Error())
		return
	}
	list, isList := given["logs"].Type().(tftypes.List)
	element, isObject := list.ElementType.(tftypes.Object)
	if !isList || !isObject {
		resp.Diagnostics.AddError("Floor has no logs", "It is for data sources of offline logs.")
		return
	}
	rows := make([]tftypes.Value, d.rows)
	for i := range rows {
		rows[i] = tftypes.NewValue(element, makeRow(i, element))
	}
	given["logs"] = tftypes.NewValue(list, rows)
	resp.State.Raw = tftypes.NewValue(resp.State.Raw.Type(), given)
}

// first is the start of the simulator's first package.
var first = time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)

// makeRow makes a row that is as long as the simulator's, with as many
// different values, of the columns that there are.
func makeRow(i int, element tftypes.Object) map[string]tftypes.Value {
	start := first.Add(time.Duration(i/100) * time.Hour)
	domain := fmt.Sprintf("www%d.site0.example", i/2%50)
	name := start.Format("20060102-15-") + domain
	row := map[string]tftypes.Value{
		"domain":          tftypes.NewValue(tftypes.String, domain),
		"area":            tftypes.NewValue(tftypes.String, [2]string{"mainland", "overseas"}[i%2]),
		"log_packet_name": tftypes.NewValue(tftypes.String, name),
		"log_time":        tftypes.NewValue(tftypes.Number, start.Unix()),
		"log_start_time":  tftypes.NewValue(tftypes.String, start.Format(time.RFC3339)),
		"log_end_time":    tftypes.NewValue(tftypes.String, start.Add(time.Hour).Format(time.RFC3339)),
		"size":            tftypes.NewValue(tftypes.Number, int64(11_000+i%1000)),
	}
	if _, wanted := element.AttributeTypes["url"]; wanted {
		row["url"] = tftypes.NewValue(tftypes.String, fmt.Sprintf("http://127.0.0.1:40000/logs/1251234567/%s/%s-%016x.log.gz?sign=%064x&t=1667000000", start.Format("20060102"), name, i, i))
	}
	return row
}
