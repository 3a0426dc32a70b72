package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/ephemeral/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

var (
	_ ephemeral.EphemeralResource                   = (*offlineLogsEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithConfigure      = (*offlineLogsEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*offlineLogsEphemeralResource)(nil)
)

// offlineLogsEphemeralResource is ephemeral "teo_l7_offline_logs" or
// "teo_l4_offline_logs".
type offlineLogsEphemeralResource struct {
	family

	session *session
}

func newL7OfflineLogsEphemeralResource() ephemeral.EphemeralResource {
	return &offlineLogsEphemeralResource{family: l7Family}
}

func newL4OfflineLogsEphemeralResource() ephemeral.EphemeralResource {
	return &offlineLogsEphemeralResource{family: l4Family}
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
	var limit timeouts.Value
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("timeouts"), &limit)...)
	timeout, diags := limit.Open(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	if value, ok := e.read(ctx, e.session, req.Config, timeout, &resp.Diagnostics); ok {
		resp.Result.Raw = value
	}
}
