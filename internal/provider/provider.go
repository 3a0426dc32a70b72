// Package provider is the Terraform provider "teo": its configuration, and how it is
// served. Each entity has a package below it. Only these packages depend on
// Terraform.
package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/functions"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/logarchive"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/logcoverage"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/offlinelogs"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/zones"
)

var (
	_ provider.Provider                       = (*teoProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*teoProvider)(nil)
	_ provider.ProviderWithFunctions          = (*teoProvider)(nil)
)

// newProvider returns the provider; NewServer serves it.
func newProvider(version string, options Options) provider.Provider {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &teoProvider{version: version, options: options}
}

type teoProvider struct {
	version string
	options Options
}

func (p *teoProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "teo"
	resp.Version = p.version
}

func (p *teoProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

func (p *teoProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	s := configure(ctx, p.version, p.options, req.Config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.DataSourceData, resp.EphemeralResourceData, resp.ResourceData = s, s, s
}

func (p *teoProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		offlinelogs.NewL7DataSource,
		offlinelogs.NewL4DataSource,
		zones.NewDataSource,
		logcoverage.NewL7DataSource,
		logcoverage.NewL4DataSource,
		logarchive.NewVerificationDataSource,
	}
}

func (p *teoProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		offlinelogs.NewL7EphemeralResource,
		offlinelogs.NewL4EphemeralResource,
	}
}

func (p *teoProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		functions.NewParseLogPacketName,
		functions.NewLastHours,
		functions.NewLastDays,
		functions.NewWindows,
		logcoverage.NewChartFunction,
	}
}

func (p *teoProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		logarchive.NewL7Resource,
		logarchive.NewL4Resource,
	}
}
