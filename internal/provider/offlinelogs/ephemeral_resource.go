package offlinelogs

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/ephemeral/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
)

var (
	_ ephemeral.EphemeralResource                   = (*ephemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithConfigure      = (*ephemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*ephemeralResource)(nil)
)

func NewL7EphemeralResource() ephemeral.EphemeralResource {
	return &ephemeralResource{family: l7Family}
}

func NewL4EphemeralResource() ephemeral.EphemeralResource {
	return &ephemeralResource{family: l4Family}
}

// ephemeralResource is ephemeral "teo_l7_offline_logs" or
// "teo_l4_offline_logs".
type ephemeralResource struct {
	family

	session *query.Session
}

func (e *ephemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + e.Name
}

func (e *ephemeralResource) Schema(ctx context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = e.ephemeralSchema(ctx)
}

func (e *ephemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.session = query.SessionOf[query.Session](req.ProviderData, &resp.Diagnostics)
}

func (e *ephemeralResource) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	e.decode(ctx, req.Config, &resp.Diagnostics)
}

func (e *ephemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	m := e.decode(ctx, req.Config, &resp.Diagnostics)
	resp.Result.Raw = req.Config.Raw
	e.read(ctx, e.session, m, &resp.Result, &resp.Diagnostics)
}

func (e *ephemeralResource) decode(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) model {
	var limits timeouts.Value
	diags.Append(config.GetAttribute(ctx, path.Root("timeouts"), &limits)...)
	return e.family.decode(ctx, config, limits.Open, diags)
}
