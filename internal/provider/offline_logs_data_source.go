package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
)

var (
	_ datasource.DataSource                   = (*offlineLogsDataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*offlineLogsDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*offlineLogsDataSource)(nil)
)

func newL7OfflineLogsDataSource() datasource.DataSource {
	return &offlineLogsDataSource{family: l7Family}
}

func newL4OfflineLogsDataSource() datasource.DataSource {
	return &offlineLogsDataSource{family: l4Family}
}

// offlineLogsDataSource is data "teo_l7_offline_logs" or "teo_l4_offline_logs".
type offlineLogsDataSource struct {
	family

	session *session
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
	m := d.decode(ctx, req.Config, &resp.Diagnostics)
	resp.State.Raw = req.Config.Raw
	d.read(ctx, d.session, m, &resp.State, &resp.Diagnostics)
}

func (d *offlineLogsDataSource) decode(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) offlineLogsModel {
	var limits timeouts.Value
	diags.Append(config.GetAttribute(ctx, path.Root("timeouts"), &limits)...)
	return d.family.decode(ctx, config, limits.Read, diags)
}
