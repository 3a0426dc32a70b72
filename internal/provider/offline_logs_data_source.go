package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

var (
	_ datasource.DataSource                   = (*offlineLogsDataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*offlineLogsDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*offlineLogsDataSource)(nil)
)

// readTimeout is enough for the longest list at a hundredth of the rate.
const readTimeout = 20 * time.Minute

// offlineLogsDataSource is data "teo_l7_offline_logs" or "teo_l4_offline_logs",
// or an inventory of these.
type offlineLogsDataSource struct {
	family

	session *session
}

func newL7OfflineLogsDataSource() datasource.DataSource {
	return &offlineLogsDataSource{family: l7Family}
}

func newL4OfflineLogsDataSource() datasource.DataSource {
	return &offlineLogsDataSource{family: l4Family}
}

func newL7OfflineLogInventoryDataSource() datasource.DataSource {
	return &offlineLogsDataSource{family: l7Family.withoutURLs()}
}

func newL4OfflineLogInventoryDataSource() datasource.DataSource {
	return &offlineLogsDataSource{family: l4Family.withoutURLs()}
}

func (d *offlineLogsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.name
}

func (d *offlineLogsDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.dataSourceSchema(ctx)
}

func (d *offlineLogsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

func (d *offlineLogsDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	d.decode(ctx, req.Config, &resp.Diagnostics)
}

func (d *offlineLogsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var limit timeouts.Value
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("timeouts"), &limit)...)
	timeout, diags := limit.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	if value, ok := d.read(ctx, d.session, req.Config, timeout, &resp.Diagnostics); ok {
		resp.State.Raw = value
	}
}
