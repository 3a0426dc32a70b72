// Package logcoverage has data "teo_l7_log_coverage" and "teo_l4_log_coverage", and the
// function coverage_chart.
package logcoverage

import (
	"context"
	"fmt"
	"time"

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
	return &dataSource{family: l7Coverage}
}

func NewL4DataSource() datasource.DataSource {
	return &dataSource{family: l4Coverage}
}

// longestComparison bounds the memory of a comparison. The analytics reach back
// less far.
const longestComparison = 2 * 366 * 24 * time.Hour

// dataSource is data "teo_l7_log_coverage" or "teo_l4_log_coverage".
type dataSource struct {
	family

	session *query.Session
}

func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.name
}

func (d *dataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.schema(ctx)
}

func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = query.SessionOf[query.Session](req.ProviderData, &resp.Diagnostics)
}

func (d *dataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	d.decode(ctx, req.Config, &resp.Diagnostics)
}

func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	m, a := d.decode(ctx, req.Config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeoutCause(ctx, a.timeout, query.TimeoutError(a.timeout))
	defer cancel()
	c := newComparison(d.family, d.session, a)
	report, err := c.run(limited)
	if err != nil {
		resp.Diagnostics.Append(d.readError(a, query.LateFor(err, a.timeout)))
		return
	}
	resp.Diagnostics.Append(c.warnings(report)...)
	m.setReport(report, report.Complete() && !c.cutOff())
	d.setModel(ctx, &resp.State, m, &resp.Diagnostics)
}

// decode returns the configuration, and its arguments without Terraform's types.
func (f family) decode(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) (model, arguments) {
	m := f.model(ctx, config, diags)
	if diags.HasError() {
		return m, arguments{}
	}
	a := arguments{
		query: query.Arguments{
			StartTime: m.StartTime, EndTime: m.EndTime, Zones: m.Zones, ZoneIDs: m.ZoneIDs,
			Hosts: m.Filter, HostsName: f.hosts,
		}.Decode(ctx, diags),
		archive:     m.Archive.ValueString(),
		stableAfter: query.StableAfter,
		least:       max(1, m.MinRequests.ValueInt64()),
		maxRows:     defaultMaxHosts,
	}
	if !a.query.Start.IsZero() && a.query.End.Sub(a.query.Start) > longestComparison {
		diags.AddAttributeError(path.Root("end_time"), "Window too long to compare",
			fmt.Sprintf("The window has more than %d days. Split it with provider::teo::windows and for_each.", longestComparison/(24*time.Hour)))
	}
	if !m.StableAfter.IsNull() && !m.StableAfter.IsUnknown() {
		after, problems := m.StableAfter.ValueGoDuration()
		diags.Append(problems...)
		if after < 0 {
			diags.AddAttributeError(path.Root("stable_after"), "Negative stable_after",
				fmt.Sprintf("stable_after is %s, and an hour cannot be classified before it is over. The default is 24h, after which EdgeOne adds nothing to a package.", after))
		}
		a.stableAfter = after
	}
	if !m.MaxHosts.IsNull() && !m.MaxHosts.IsUnknown() {
		a.maxRows = int(m.MaxHosts.ValueInt64())
	}
	if m.Archive.ValueString() == "" && !m.Archive.IsNull() && !m.Archive.IsUnknown() {
		diags.AddAttributeError(path.Root("archive"), "Empty archive",
			"archive is empty. Omit it or set it to null to compare the packages that EdgeOne lists, or set it to the destination of an archive.")
	}
	a.timeout = query.DecodeTimeout(ctx, m.Timeouts.Read, query.ReadTimeout, diags)
	return m, a
}
