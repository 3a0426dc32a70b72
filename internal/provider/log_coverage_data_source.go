package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

var (
	_ datasource.DataSource                   = (*logCoverageDataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*logCoverageDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*logCoverageDataSource)(nil)
)

// coverageFamily holds the differences between the coverage of layer 7 and of
// layer 4.
type coverageFamily struct {
	logs family // whose packages are compared

	name  string // of the type, after the provider's name
	title string // in texts

	hosts, minCount, maxHosts string // arguments
	rows, host, count, total  string // results

	unit    string   // of the count
	grace   int      // hours by which a package may be early or late
	actions []string // of the second source, which CAM has to allow

	newModel func() coverageModel
}

var l7Coverage = coverageFamily{
	logs: l7Family, name: "l7_log_coverage", title: "L7 log coverage",
	hosts: "domain_names", minCount: "min_requests", maxHosts: "max_domains",
	rows: "domains", host: "domain", count: "requests", total: "total_requests",
	unit:    "requests",
	actions: []string{"DescribeTimingL7AnalysisData", "DescribeTopL7AnalysisData"},

	newModel: func() coverageModel { return new(l7CoverageModel) },
}

// l4Coverage allows for packages that are an hour off: the log of a long
// connection is written from time to time.
var l4Coverage = coverageFamily{
	logs: l4Family, name: "l4_log_coverage", title: "L4 log coverage",
	hosts: "proxy_ids", minCount: "min_bytes", maxHosts: "max_proxies",
	rows: "proxies", host: "proxy_id", count: "bytes", total: "total_bytes",
	unit: "bytes", grace: 1,
	actions: []string{"DescribeTimingL4Data", "DescribeL4Proxy"},

	newModel: func() coverageModel { return new(l4CoverageModel) },
}

func newL7LogCoverageDataSource() datasource.DataSource {
	return &logCoverageDataSource{coverageFamily: l7Coverage}
}

func newL4LogCoverageDataSource() datasource.DataSource {
	return &logCoverageDataSource{coverageFamily: l4Coverage}
}

// longestComparison bounds the memory of a comparison. The analytics look back for
// less than that.
const longestComparison = 2 * 366 * 24 * time.Hour

// logCoverageDataSource is data "teo_l7_log_coverage" or "teo_l4_log_coverage".
type logCoverageDataSource struct {
	coverageFamily

	session *session
}

func (d *logCoverageDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.name
}

func (d *logCoverageDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.schema(ctx)
}

func (d *logCoverageDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.session = sessionOf(req.ProviderData, &resp.Diagnostics)
}

func (d *logCoverageDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	d.decode(ctx, req.Config, &resp.Diagnostics)
}

func (d *logCoverageDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	m, a := d.decode(ctx, req.Config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeoutCause(ctx, a.timeout, timeoutError(a.timeout))
	defer cancel()
	c := newComparison(d.coverageFamily, d.session, a)
	report, err := c.run(limited)
	if err != nil {
		resp.Diagnostics.Append(d.readError(a, lateFor(err, a.timeout)))
		return
	}
	resp.Diagnostics.Append(c.warnings(report)...)
	m.setReport(report, report.Complete() && !c.cutOff())
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// decode returns the configuration, and its arguments without Terraform's types.
func (f coverageFamily) decode(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) (coverageModel, coverageArguments) {
	m := f.newModel()
	diags.Append(config.Get(ctx, m)...)
	if diags.HasError() {
		return m, coverageArguments{}
	}
	common, filters := m.arguments()
	a := coverageArguments{
		query: logQuery{
			startTime: common.StartTime, endTime: common.EndTime, zones: common.Zones, zoneIDs: common.ZoneIDs,
			hosts: filters.hosts, hostsName: f.hosts,
		}.decode(ctx, diags),
		archive:     common.Archive.ValueString(),
		stableAfter: stableAfter,
		least:       max(1, filters.minCount.ValueInt64()),
		maxRows:     defaultMaxDomains,
	}
	if !a.query.Start.IsZero() && a.query.End.Sub(a.query.Start) > longestComparison {
		diags.AddAttributeError(path.Root("end_time"), "Window too long to compare",
			fmt.Sprintf("The window has more than %d days. Split it with provider::teo::windows and for_each.", longestComparison/(24*time.Hour)))
	}
	if !common.StableAfter.IsNull() && !common.StableAfter.IsUnknown() {
		after, problems := common.StableAfter.ValueGoDuration()
		diags.Append(problems...)
		if after < 0 {
			diags.AddAttributeError(path.Root("stable_after"), "Negative stable_after",
				fmt.Sprintf("stable_after is %s, and an hour cannot be judged before it is over. The default is 24h, after which EdgeOne adds nothing to a package.", after))
		}
		a.stableAfter = after
	}
	if !filters.maxHosts.IsNull() && !filters.maxHosts.IsUnknown() {
		a.maxRows = int(filters.maxHosts.ValueInt64())
	}
	if common.Archive.ValueString() == "" && !common.Archive.IsNull() && !common.Archive.IsUnknown() {
		diags.AddAttributeError(path.Root("archive"), "Empty archive",
			"archive is empty. Leave it out (or set it to null) to compare the list of EdgeOne, or give the destination of an archive.")
	}
	a.timeout = decodeTimeout(ctx, common.Timeouts.Read, readTimeout, diags)
	return m, a
}

// layer is the layer of the packages.
func (f coverageFamily) layer() teo.Layer { return f.logs.layer }
