package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/ephemeral/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
)

var (
	_ ephemeral.EphemeralResource                   = (*offlineLogsEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithConfigure      = (*offlineLogsEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*offlineLogsEphemeralResource)(nil)
)

func newL7OfflineLogsEphemeralResource() ephemeral.EphemeralResource {
	return &offlineLogsEphemeralResource{family: l7Family}
}

func newL4OfflineLogsEphemeralResource() ephemeral.EphemeralResource {
	return &offlineLogsEphemeralResource{family: l4Family}
}

// offlineLogsEphemeralResource is ephemeral "teo_l7_offline_logs" or
// "teo_l4_offline_logs".
type offlineLogsEphemeralResource struct {
	family

	session *session
}

func (e *offlineLogsEphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + e.name
}

func (e *offlineLogsEphemeralResource) Schema(ctx context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = e.ephemeralSchema(ctx)
}

func (e *offlineLogsEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

func (e *offlineLogsEphemeralResource) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	e.decode(ctx, req.Config, &resp.Diagnostics)
}

func (e *offlineLogsEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	m := e.decode(ctx, req.Config, &resp.Diagnostics)
	resp.Result.Raw = req.Config.Raw
	e.read(ctx, e.session, m, &resp.Result, &resp.Diagnostics)
}

func (e *offlineLogsEphemeralResource) decode(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) offlineLogsModel {
	var limits timeouts.Value
	diags.Append(config.GetAttribute(ctx, path.Root("timeouts"), &limits)...)
	return e.family.decode(ctx, config, limits.Open, diags)
}
