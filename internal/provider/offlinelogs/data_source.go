// Package offlinelogs has the data sources and ephemeral resources
// "teo_l7_offline_logs" and "teo_l4_offline_logs", and the server that encodes their
// long lists.
package offlinelogs

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
)

var (
	_ datasource.DataSource                   = (*dataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*dataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*dataSource)(nil)
)

func NewL7DataSource() datasource.DataSource {
	return &dataSource{family: l7Family}
}

func NewL4DataSource() datasource.DataSource {
	return &dataSource{family: l4Family}
}

// dataSource is data "teo_l7_offline_logs" or "teo_l4_offline_logs".
type dataSource struct {
	family

	session *query.Session
}

func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.Name
}

func (d *dataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.dataSourceSchema(ctx)
}

func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = query.SessionOf[query.Session](req.ProviderData, &resp.Diagnostics)
}

func (d *dataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	d.decode(ctx, req.Config, &resp.Diagnostics)
}

func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	m := d.decode(ctx, req.Config, &resp.Diagnostics)
	resp.State.Raw = req.Config.Raw
	d.read(ctx, d.session, m, &resp.State, &resp.Diagnostics)
}

func (d *dataSource) decode(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) model {
	var limits timeouts.Value
	diags.Append(config.GetAttribute(ctx, path.Root("timeouts"), &limits)...)
	return d.family.decode(ctx, config, limits.Read, diags)
}
